"""A finished export to a repository of the hub, after a count and a yes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import UsageError
from engine.hub.cache import host_name, hub_endpoint
from engine.hub.following import Progress, on_the_network
from engine.hub.source import size_text


@dataclass(frozen=True, slots=True)
class Standing:
    """How a repository stands before a push."""

    repository: str
    exists: bool
    private: bool
    """As it is, or as it will be where it is new."""
    files: frozenset[str]


@dataclass(frozen=True, slots=True)
class Upload:
    """What would be sent, and where to."""

    standing: Standing
    folder: Path
    sizes: Mapping[str, int]
    """Bytes of each file of the export."""
    rows: int

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(self.sizes.values())

    def lines(self) -> list[str]:
        """What a person is asked about."""
        standing = self.standing
        who = "private" if standing.private else "public: everybody can read it"
        new = "exists" if standing.exists else "new"
        noun = "row" if self.rows == 1 else "rows"
        size = size_text(self.size_bytes)
        lines = [
            f"to         {host_name()}",
            f"dataset    {standing.repository} ({new}), {who}",
            f"to send    {len(self.sizes):,} files, {self.rows:,} {noun}, {size}",
        ]
        if standing.exists:
            lines.append("           what is there already is not sent again")
        if others := len(standing.files - self.sizes.keys() - _OF_GIT):
            lines.append(f"stays      {others:,} files that the dataset has beside these")
        return lines


_OF_GIT = frozenset({".gitattributes", ".gitignore"})


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push ended."""

    url: str
    """The page of the dataset."""
    commit: str
    is_new: bool
    """Whether anything was different from what was there."""


def ask_standing(
    repository: str, *, private: bool, cancelled: Callable[[], bool] | None = None
) -> Standing:
    """Ask the hub how the repository stands; nothing is sent yet.

    Raises:
        UsageError: it is public, and a private one was asked for.
        InputError: no token, no permission, no connection.
        Cancelled: `cancelled` said so, or ctrl+c.
    """
    told = on_the_network(
        "standing",
        {"repository": repository},
        cancelled=cancelled,
        stopped="stopped; nothing was pushed",
    )
    if private and told["exists"] and not told["private"]:
        raise UsageError(
            f"{repository} exists and is public", "--private holds for new ones; name another one"
        )
    is_private = told["private"] if told["exists"] else private
    return Standing(repository, told["exists"], is_private, frozenset(told["files"]))


def push_export(
    upload: Upload,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Pushed:
    """Send it, in one commit.

    Raises:
        InputError: the connection broke, or the hub refused.
        Cancelled: `cancelled` said so, or ctrl+c; nothing of it shows in the repository.
    """
    standing = upload.standing
    wish: dict[str, Any] = {
        "repository": standing.repository,
        "folder": str(upload.folder),
        "files": sorted(upload.sizes),
        "size_bytes": upload.size_bytes,
        "exists": standing.exists,
        "private": standing.private,
    }
    told = on_the_network(
        "push",
        wish,
        progress=progress,
        cancelled=cancelled,
        stopped="the push was stopped; the next one sends what is missing",
    )
    url = f"{hub_endpoint()}/datasets/{standing.repository}"
    return Pushed(url, told["commit"], told["commit"] != told["before"])
