"""Where a file of the cache lies while it is being fetched."""

from __future__ import annotations

from pathlib import Path


def partial_of(blob: Path) -> Path:
    """The beginning of `blob`, kept beside it until the rest has come."""
    return blob.with_name(f"{blob.name}.tamis.incomplete")
