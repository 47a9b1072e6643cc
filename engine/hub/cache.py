"""The hub's cache on this disk: which snapshot an address means, and what is in it.

Only looked at here. `HF_HUB_CACHE` and `HF_HOME` say where it is, as everywhere.

Source: huggingface_hub documentation, "Understand caching": `refs/NAME` holds a commit,
`snapshots/COMMIT/PATH` links to `blobs/HASH`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.hub.address import HubAddress
from engine.hub.listing import CARD

_CARD_BYTES = 1 << 20
_SHORTEST = 7
"""Characters of a commit, as short as git writes it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A revision of a repository in the cache."""

    folder: Path
    commit: str

    def names(self) -> list[str]:
        """Its files as paths with `/`; links without a file are none."""
        found = []
        for folder, _folders, names in os.walk(self.folder):
            inside = Path(folder)
            found += [inside / name for name in names if (inside / name).is_file()]
        return [path.relative_to(self.folder).as_posix() for path in found]

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that are not there."""
        return [name for name in names if not (self.folder / name).is_file()]

    def card(self) -> str:
        """The text of its card; empty where there is none to read."""
        return read_card(self.folder / CARD)


def read_card(path: Path) -> str:
    """The beginning of a card, where its configurations are."""
    try:
        with path.open("rb") as file:
            return file.read(_CARD_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def cache_folder() -> Path:
    """Where the hub keeps what it fetched."""
    from huggingface_hub import constants  # noqa: PLC0415 - with the first address

    return Path(constants.HF_HUB_CACHE)


def hub_endpoint() -> str:
    """The address of the hub, `HF_ENDPOINT` where that is set."""
    from huggingface_hub import constants  # noqa: PLC0415 - with the first address

    return constants.ENDPOINT


def host_name() -> str:
    """Who would be asked, as a person knows it."""
    return hub_endpoint().partition("://")[2] or hub_endpoint()


def is_offline() -> bool:
    """Whether `HF_HUB_OFFLINE` forbids all requests."""
    from huggingface_hub import constants  # noqa: PLC0415 - with the first address

    return constants.is_offline_mode()


def repository_folder(cache: Path, repository: str) -> Path:
    """The folder of a dataset in the cache."""
    return cache / f"datasets--{repository.replace('/', '--')}"


def find_snapshot(address: HubAddress) -> Snapshot | None:
    """The snapshot that an address means; None where the cache has none of it.

    Some programs fetch commits without writing down what was main then. Where nobody has, the
    newest snapshot stands for main.
    """
    folder = repository_folder(cache_folder(), address.repository)
    snapshots = folder / "snapshots"
    try:
        commit = (folder / "refs" / address.branch).read_text("utf-8").strip()
    except (OSError, ValueError):
        commit = address.revision
    if commit:
        exact = snapshots / commit
        if "/" not in commit and exact.is_dir():
            return Snapshot(exact, commit)
        return _only(snapshots, commit)
    return _newest(snapshots)


def _only(snapshots: Path, start: str) -> Snapshot | None:
    """The commit that begins so, where it is the only one."""
    if len(start) < _SHORTEST or "/" in start:
        return None
    found = [each for each in _folders(snapshots) if each.name.startswith(start)]
    return Snapshot(found[0], found[0].name) if len(found) == 1 else None


def _newest(snapshots: Path) -> Snapshot | None:
    found = max(_folders(snapshots), key=lambda each: each.stat().st_mtime_ns, default=None)
    return None if found is None else Snapshot(found, found.name)


def _folders(snapshots: Path) -> list[Path]:
    try:
        return [each for each in snapshots.iterdir() if each.is_dir()]
    except OSError:
        return []
