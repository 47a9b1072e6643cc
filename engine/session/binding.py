"""Which rows of the dataset open now the events of a session are about, however old they are.

Events on the same bytes find their rows by number, under any reading that cuts them alike. All
others are looked for by what the samples say: those of format 2 by identities as they are now,
those of format 1 by identities as they were computed then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.dataset.identities import IdentityTable
from engine.dataset.reading.options import ReadOptions
from engine.dataset.version1.reading import FirstReading, first_reading, readings_of
from engine.review.decision import Aspect, StoredEvent
from engine.store.datasets import KnownDataset

FORMAT_1 = 1
"""Identity version of events that were written before format 2."""

_SIDED = (Aspect.VERDICT, Aspect.REASON, Aspect.MERGE)


@dataclass(frozen=True, slots=True)
class Located:
    """How the samples of some events were found."""

    kept: int = 0
    """By their row numbers: the bytes are the same."""
    carried: int = 0
    """By what they say, in other bytes or other rows."""
    left: int = 0
    """Not at all: they stay on file."""
    unknown: int = 0
    """Events of an aspect that this version does not know: kept, listed and not applied."""

    def values(self) -> dict[str, int]:
        """By name, for programs."""
        return {
            "kept": self.kept, "carried": self.carried, "left": self.left, "unknown": self.unknown,
        }  # fmt: skip


class Binding:
    """Finds rows; what it needs of format 1 is worked out only if there are events of it."""

    def __init__(
        self,
        dataset: Dataset,
        identities: IdentityTable,
        known: Sequence[KnownDataset],
        options: ReadOptions,
    ) -> None:
        """Look at nothing yet.

        Args:
            dataset: as it is open now.
            identities: of its rows.
            known: the datasets that the session was opened with before.
            options: how a person says that it is to be read.
        """
        self._dataset, self._identities, self._options = dataset, identities, options
        self._rows = {each.digest: each.rows for each in known if not each.reading}
        self._explained: dict[str, FirstReading] = {}
        self._asked: set[str] = set()
        self._tables: list[IdentityTable] | None = None

    @cached_property
    def digest(self) -> str:
        """Of the bytes of the dataset."""
        return self._dataset.source_digest

    def explain(self, digests: set[str]) -> None:
        """Find out which digests of format 1 are of these bytes."""
        new = digests - self._asked - {""}
        if new:
            self._asked |= new
            self._explained |= readings_of(self._dataset, new)

    def same_rows(self, digest: str, reading: str) -> bool:
        """Whether row numbers of such a dataset are row numbers of this one.

        Args:
            digest: of its bytes; in format 1, of its reading as well.
            reading: how it was read; empty in format 1.
        """
        if reading:
            return digest == self.digest and _rows_of(reading) == self._dataset.rows
        self.explain({digest})
        return digest in self._explained and self._rows.get(digest) == self._dataset.rows

    def _by_number(self, each: StoredEvent) -> bool:
        """Whether an event's row numbers are of this dataset, and are in it."""
        rows = each.event.rows
        within = not len(rows) or (rows.min() >= 0 and rows.max() < self._dataset.rows)
        return bool(within) and self.same_rows(each.dataset_digest, each.reading)

    def locate(
        self, identities: NDArray[np.uint8], occurrences: NDArray[np.uint32], version: int
    ) -> NDArray[np.int64]:
        """The row of each sample, -1 where it is not here.  (n, 16), (n,) -> (n,)."""
        tables = [self._identities]
        if version == FORMAT_1:
            tables = [*self._first_tables(), self._identities]
        rows = np.full(len(identities), -1, np.int64)
        for table in tables:
            missing = rows < 0
            rows[missing] = table.locate(identities[missing], occurrences[missing])
        return rows

    def _first_tables(self) -> list[IdentityTable]:
        """Identities as format 1 had them: as detected, as named now, as named then."""
        if self._tables is None:
            mapping = self._options.mapping
            prompt = mapping.prompt[0] if mapping.prompt else None
            readings = [
                first_reading(self._dataset),
                first_reading(self._dataset, mapping.family, prompt, mapping.response),
                *self._explained.values(),
            ]
            distinct = {each.digest: each for each in readings if each is not None}
            self._tables = [_table(each.identities()) for each in distinct.values()]
        return self._tables

    def places(
        self, history: Sequence[StoredEvent], sides: int
    ) -> tuple[dict[int, NDArray[np.int64]], Located]:
        """By event, the rows of those that do not find them by number.

        Args:
            history: every event.
            sides: of the samples of this dataset: a verdict on another one stays on file.

        Returns:
            Rows by number of event, -1 where a sample is not here, each (n,); and how they were
            found.
        """
        self.explain({each.dataset_digest for each in history if not each.reading})
        places: dict[int, NDArray[np.int64]] = {}
        kept = carried = left = unknown = 0
        foreign: dict[int, list[StoredEvent]] = {}
        for each in history:
            unknown += not isinstance(each.event.said.aspect, Aspect)
            if not self._by_number(each):
                foreign.setdefault(each.identity_version, []).append(each)
            else:
                kept += len(each.identities)
        for version, some in foreign.items():
            located = self.locate(
                np.concatenate([each.identities for each in some]),
                np.concatenate([each.occurrences for each in some]),
                version,
            )
            cuts = np.cumsum([len(each.identities) for each in some])[:-1]
            for each, rows in zip(some, np.split(located, cuts), strict=True):
                places[each.event.id] = rows
        for event in (each.event for each in history):
            if event.said.aspect in _SIDED and event.circumstances.side >= sides:
                places[event.id] = np.full(len(event.rows), -1, np.int64)
        for rows in places.values():
            carried += int(np.count_nonzero(rows >= 0))
            left += int(np.count_nonzero(rows < 0))
        return places, Located(kept, carried, left, unknown)

    def counts(self, stored: StoredEvent) -> bool:
        """Whether an event's occurrences can be compared with this dataset's."""
        own = stored.identity_version != FORMAT_1
        return own and self.same_rows(stored.dataset_digest, stored.reading)


def _rows_of(reading: str) -> int:
    """How many rows a reading has, which is the last part of its digest."""
    rows = reading.rpartition("/")[2]
    return int(rows) if rows.isdigit() else -1


def _table(identities: NDArray[np.uint8]) -> IdentityTable:
    def known(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        return identities[rows]

    return IdentityTable(len(identities), known)
