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
class Upload:
    """What would be sent, and where to."""

    repository: str
    folder: Path
    sizes: Mapping[str, int]
    """Bytes of each file of the export."""
    rows: int
    private: bool
    """As it will be: an existing repository stays as it is."""
    exists: bool
    commit: str
    """The repository's last one; empty where it does not exist."""
    others: int
    """Files that the repository has beside these."""

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(self.sizes.values())

    @property
    def url(self) -> str:
        """Its page."""
        return f"{hub_endpoint()}/datasets/{self.repository}"

    def lines(self) -> list[str]:
        """What a person is asked about."""
        who = "private" if self.private else "public: everybody can read it"
        new = "exists" if self.exists else "new"
        noun = "row" if self.rows == 1 else "rows"
        size = size_text(self.size_bytes)
        lines = [
            f"to         {host_name()}",
            f"dataset    {self.repository} ({new}), {who}",
            f"to send    {len(self.sizes):,} files, {self.rows:,} {noun}, {size}",
        ]
        if self.exists:
            lines.append("           files that are there already are not sent again")
        if self.others:
            lines.append(f"stays      {self.others:,} other files that the dataset has")
        return lines


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push ended."""

    url: str
    commit: str
    is_new: bool
    """Whether anything was different from what was there."""


def plan_upload(
    repository: str,
    folder: Path,
    sizes: Mapping[str, int],
    rows: int,
    *,
    private: bool,
    cancelled: Callable[[], bool] | None = None,
) -> Upload:
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
    return Upload(
        repository,
        folder,
        sizes,
        rows,
        private=told["private"] if told["exists"] else private,
        exists=told["exists"],
        commit=told["commit"],
        others=len(set(told["files"]) - sizes.keys() - {".gitattributes"}),
    )


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
    wish: dict[str, Any] = {
        "repository": upload.repository,
        "folder": str(upload.folder),
        "files": sorted(upload.sizes),
        "size_bytes": upload.size_bytes,
        "exists": upload.exists,
        "private": upload.private,
    }
    told = on_the_network(
        "push",
        wish,
        progress=progress,
        cancelled=cancelled,
        stopped="the push was stopped; the next one sends what is missing",
    )
    return Pushed(upload.url, told["commit"], told["commit"] != upload.commit)
