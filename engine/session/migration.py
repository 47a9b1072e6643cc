"""What opening an old session would do to it, said before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.dataset.dataset import Dataset
from engine.dataset.identities import IdentityTable
from engine.dataset.reading.options import ReadOptions
from engine.errors import StoreError
from engine.sample import Family
from engine.session.binding import Binding, Located
from engine.store import Store
from engine.store.opening import file_version
from engine.store.schema import CURRENT


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """A session file, and what becomes of what is in it."""

    path: Path
    version: int
    """Of the file now."""
    events: int
    found: Located
    """Samples of these events: kept, carried over, or left on file."""
    scores: int
    """Cached scores."""
    restated: int
    """Rows that are scored again: a placeholder that was part of their text is none any more."""

    @property
    def is_old(self) -> bool:
        """Whether the file is to be brought to this format; a backup is made first."""
        return self.version < CURRENT

    def values(self) -> dict[str, Any]:
        """By name, for programs."""
        return {
            "session": str(self.path),
            "format": self.version,
            "current_format": CURRENT,
            "backup": str(_backup_of(self.path, self.version)) if self.is_old else None,
            "events": self.events,
            "samples": self.found.values(),
            "cached_scores": self.scores,
            "scored_again": self.restated,
        }

    def text(self) -> str:
        """The same, for a person."""
        found = self.found
        moved = f"brought to format {CURRENT}" if self.is_old else "as this version writes it"
        lines = [
            f"session   {self.path}",
            f"format    {self.version}: {moved}",
        ]
        if self.is_old:
            lines.append(f"backup    {_backup_of(self.path, self.version)}, made first")
        lines += [
            f"events    {self.events:,} about {found.kept + found.carried + found.left:,} samples",
            f"kept      {found.kept:,}: the file's bytes are the same, so they stay at their rows",
            f"carried   {found.carried:,}: found again by what the samples say",
            f"on file   {found.left:,}: no sample of this dataset says that",
        ]
        if found.unknown:
            lines.append(f"unknown   {found.unknown:,} events of a newer tamis: kept, not applied")
        lines.append(f"scores    {self.scores:,} cached, {self.restated:,} rows scored again")
        return "\n".join(lines)


def migration_report(dataset: Dataset, session: Path, options: ReadOptions) -> MigrationReport:
    """Look at the session file `session` of an open dataset; nothing is written.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    if not session.exists():
        raise StoreError(f"there is no session: {session}", "nothing has been decided yet")
    version = file_version(session)
    identities = IdentityTable(dataset.rows, dataset.identities)
    with Store.open(session, reviewer="", read_only=True) as store:
        history = list(store.events())
        binding = Binding(dataset, identities, store.datasets(), options)
        sides = 2 if Family.PREFERENCE in dataset.families else 1
        _, found = binding.places(history, sides)
        scores = store.cached_score_count()
    old_scores = scores if version < CURRENT else 0
    restated = int(np.count_nonzero(dataset.restated)) if old_scores else 0
    return MigrationReport(session, version, len(history), found, scores, restated)


def _backup_of(path: Path, version: int) -> Path:
    return path.with_name(f"{path.name}.bak-v{version}")
