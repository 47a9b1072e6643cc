"""Rows with the edits of the reviewers in them, and a dataset of such rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.dataset.editing import Part
from engine.dataset.identities import IdentityTable
from engine.dataset.reading.rows import RowContent
from engine.dataset.reading.samples import sample_of
from engine.sample import Family, Sample, Side


@dataclass(frozen=True, slots=True)
class Revision:
    """A row with its edits in it."""

    record: dict[str, Any]
    reading: RowContent
    family: Family
    identity: bytes
    parts: tuple[Part, ...]
    """Those whose text differs from the source."""

    def sample(self, row: int, side: Side) -> Sample:
        """The sample that the edited row holds."""
        return sample_of(self.reading, self.family, row, side)


class RevisedRows:
    """A dataset with its edits in it: the samples that a scorer gets, and their identities."""

    def __init__(
        self, dataset: Dataset, identities: IdentityTable, revisions: Mapping[int, Revision]
    ) -> None:
        self._dataset = dataset
        self._identities = identities
        self.revisions = revisions
        """Replaced as a whole, never changed: another thread reads it."""
        self.rows = dataset.rows
        self.broken = dataset.broken
        self.has_sides = dataset.has_sides

    def samples(self, rows: NDArray[np.int64], side: Side) -> list[Sample]:
        """The samples at `rows`, in that order."""
        revisions = self.revisions
        found = self._dataset.samples(rows, side)
        for at, row in enumerate(rows.tolist()) if revisions else ():
            if row in revisions:
                found[at] = revisions[row].sample(row, side)
        return found

    def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The identity of each of `rows` with its edits in it.  (n,) -> (n, 16)."""
        revisions = self.revisions
        found = self._identities.identities(rows)
        for at, row in enumerate(rows.tolist()) if revisions else ():
            if row in revisions:
                found[at] = np.frombuffer(revisions[row].identity, np.uint8)
        return found
