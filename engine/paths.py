"""Where a session lives: beside its dataset, or in the person's state folder.

Nothing here writes: a path that is only looked at leaves no trace.
"""

from __future__ import annotations

import os
import re
from hashlib import blake2b
from pathlib import Path

from engine.errors import StoreError

SESSION_SUFFIX = ".tamis.db"

_UNSAFE = re.compile(r"[^A-Za-z0-9_.]+")

_NAME_BYTES = 200
"""Longest dataset name that still leaves room for suffixes: file names end at 255 bytes."""


def state_folder() -> Path:
    """The person's folder for sessions that cannot lie beside their dataset.

    Source: XDG Base Directory Specification 0.8 (a relative path counts as unset).

    Raises:
        StoreError: there is neither `XDG_STATE_HOME` nor a home folder.
    """
    named = os.environ.get("XDG_STATE_HOME", "")
    if named and Path(named).is_absolute():
        return Path(named) / "tamis"
    try:
        return Path.home() / ".local" / "state" / "tamis"
    except RuntimeError:
        raise StoreError(
            "no home folder is known to keep the session in",
            "name a place with --session PATH, or set XDG_STATE_HOME",
        ) from None


def session_path(dataset_path: Path, *, explicit: Path | None = None, demo: bool = False) -> Path:
    """The session file of a dataset, absolute, whether it exists already or not.

    `FULLNAME.tamis.db` beside the dataset; in the state folder, with a hash of the real path,
    where that folder cannot be written and for the demo. A session that exists in either place
    is found again, the one beside the dataset first.

    Args:
        dataset_path: the file or folder under review.
        explicit: the path given with `--session`, which wins.
        demo: the bundled dataset, whose folder belongs to the installation.
    """
    if explicit is not None:
        return _absolute(explicit)
    dataset = _absolute(dataset_path)
    away = _away(dataset)
    beside = dataset.parent / f"{dataset.name}{SESSION_SUFFIX}"
    if demo or len(os.fsencode(dataset.name)) > _NAME_BYTES:
        return away
    if _exists(beside):
        return beside
    return away if _exists(away) or not _writable(dataset.parent) else beside


def address_session_path(address: str, *, explicit: Path | None = None) -> Path:
    """The session file of a dataset that is named by an address; always in the state folder.

    Args:
        address: what is opened, all that tells it from others: revision, configuration, split.
        explicit: the path given with `--session`, which wins.
    """
    if explicit is not None:
        return _absolute(explicit)
    plain = _UNSAFE.sub("-", address.partition("://")[2] or address)
    digest = blake2b(address.encode(), digest_size=8).hexdigest()
    return state_folder() / f"{plain[:_NAME_BYTES]}-{digest}{SESSION_SUFFIX}"


def _absolute(path: Path) -> Path:
    """`path` without `.`, `..` or `~`; links stay, a session lies beside the name given."""
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() follows links


def _away(dataset: Path) -> Path:
    """The session's place in the state folder; the hash tells equal names apart."""
    real = os.fsencode(os.path.realpath(dataset))
    digest = blake2b(real, digest_size=8).hexdigest()
    name = os.fsencode(dataset.name)[:_NAME_BYTES].decode("utf-8", "ignore") or "dataset"
    return state_folder() / f"{name}-{digest}{SESSION_SUFFIX}"


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - Path.exists() raises in a closed folder


def _writable(folder: Path) -> bool:
    effective = os.access in os.supports_effective_ids
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=effective)
