"""`hf://datasets/ORG/NAME@REVISION`: the address of a dataset on the hub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import unquote

from engine.errors import UsageError

SCHEME = re.compile(r"hf:/+", re.IGNORECASE)
"""A path keeps one slash of two."""

_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)?", re.ASCII)
_REVISION = re.compile(r"[\w.+-]+(/[\w.+-]+)*", re.ASCII)
_MOST_CHARACTERS = 96
"""Of a name or a revision; the hub's own limit for names."""
_FORM = "hf://datasets/ORG/NAME, or hf://datasets/ORG/NAME@REVISION"


@dataclass(frozen=True, slots=True)
class HubAddress:
    """A repository of datasets, and which revision of it; an empty one is its main branch."""

    repository: str
    revision: str = ""

    def __str__(self) -> str:
        revision = f"@{self.revision}" if self.revision else ""
        return f"hf://datasets/{self.repository}{revision}"

    @property
    def branch(self) -> str:
        """The revision by its name."""
        return self.revision or "main"


def is_hub_address(path: str | os.PathLike[str]) -> bool:
    """Whether this is meant as an address, and no file is there by that name."""
    return bool(SCHEME.match(os.fspath(path))) and not os.path.lexists(path)


def short_name(name: str) -> str:
    """A dataset's name for a title: `ORG/NAME@1234567` of an address, else as it is."""
    if not SCHEME.match(name):
        return name
    address = parse_address(name)
    return str(HubAddress(address.repository, address.revision[:7])).partition("datasets/")[2]


def parse_address(path: str | os.PathLike[str]) -> HubAddress:
    """The address in what was typed, or in the path that was made of it.

    Raises:
        UsageError: it is none of a dataset; the hint says what may have been meant.
    """
    given = os.fspath(path)
    body = SCHEME.sub("", given, count=1).rstrip("/")
    kind, _, rest = body.partition("/")
    name, at, revision = rest.partition("@")
    if kind != "datasets" or not rest:
        raise UsageError(f"{_typed(body)}: not the address of a dataset", _meant(kind, body))
    revision = unquote(revision)
    if name.count("/") > 1:
        repository = "/".join(name.split("/")[:2])
        raise UsageError(
            f"{_typed(body)}: a file of a dataset, not a dataset",
            f"open hf://datasets/{repository}, its files by --config and --split",
        )
    address = checked_repository(name)
    if at and not (_REVISION.fullmatch(revision) and _is_plain(revision)):
        raise UsageError(f"{_typed(body)}: not a revision: {revision!r}", f"write {_FORM}")
    return HubAddress(address, revision)


def checked_repository(name: str) -> str:
    """A repository's name as the hub allows it.

    Raises:
        UsageError: it does not.
    """
    if not _NAME.fullmatch(name) or not _is_plain(name) or name.endswith((".git", ".", "-")):
        raise UsageError(f"not the name of a repository: {name!r}", "write ORG/NAME")
    return name


def _is_plain(text: str) -> bool:
    """Whether it leads nowhere else where it becomes part of a path."""
    return len(text) <= _MOST_CHARACTERS and ".." not in text and "--" not in text


def _typed(body: str) -> str:
    return f"hf://{body}"


def _meant(kind: str, body: str) -> str:
    if kind in ("datasets", "models", "spaces", "buckets", "kernels") or not body:
        return f"write {_FORM}"
    name, at, revision = body.partition("@")
    if _NAME.fullmatch(name):
        return f"did you mean hf://datasets/{name}{at}{revision}?"
    return f"write {_FORM}"
