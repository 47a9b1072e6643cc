"""The files of a revision as the hub told them: with their sizes, and remembered.

What the cache holds does not tell what it lacks. With the list beside it, a configuration of which
some file is missing is told from one that is whole, without asking anyone.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError

CARD = "README.md"
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file of a repository."""

    size_bytes: int
    blob: str
    """The name of its content in the cache: its SHA-256, or the hash that git gives it."""


@dataclass(frozen=True, slots=True)
class HubListing:
    """What a revision holds."""

    commit: str
    files: Mapping[str, ListedFile]
    card: str
    """The text of README.md; empty where there is none."""

    def values(self) -> dict[str, Any]:
        """As JSON holds it."""
        files = {name: [each.size_bytes, each.blob] for name, each in self.files.items()}
        return {"commit": self.commit, "card": self.card, "files": files}


def listing_of(values: Mapping[str, Any]) -> HubListing:
    """A listing from what JSON holds.

    Much of it becomes a part of paths: names that lead out of the repository are left out, and a
    hash that is none is empty.

    Raises:
        InputError: the commit is none.
    """
    commit = str(values["commit"])
    if not _HASH.fullmatch(commit):
        raise InputError("the hub names no commit", "try it again")
    files = {
        name: ListedFile(int(size_bytes), str(blob) if _HASH.fullmatch(str(blob)) else "")
        for name, (size_bytes, blob) in values["files"].items()
        if is_plain_name(name)
    }
    return HubListing(commit, files, str(values["card"]))


def is_plain_name(name: str) -> bool:
    """Whether it stays inside of the folder that it is joined to."""
    parts = name.split("/")
    return "\0" not in name and not any(part in ("", ".", "..") for part in parts)


def remember(repository: str, listing: HubListing) -> None:
    """Keep it; a folder that cannot be written keeps nothing, and nothing is lost by that."""
    place = _place(repository, listing.commit)
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f"{place.name}.{secrets.token_hex(4)}")
        draft.write_text(json.dumps(listing.values()), encoding="utf-8")
        draft.replace(place)


def remembered(repository: str, commit: str) -> HubListing | None:
    """What the hub told of this commit; None where nobody asked it here."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, InputError):
        return listing_of(json.loads(_place(repository, commit).read_bytes()))
    return None


def _place(repository: str, commit: str) -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tamis" / "hub" / repository.replace("/", "--") / f"{commit}.json"
