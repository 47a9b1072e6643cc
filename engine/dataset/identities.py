"""Where each sample of a dataset is: identities and occurrences for every row.

Filling the table for a million rows takes seconds, so it is done in chunks, on demand for the
rows that are asked for and in the background for the rest. The occurrence of a row, how many
earlier rows hold the identical sample, is certain only when all of them are hashed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.sample import IDENTITY_BYTES

CHUNK_ROWS = 1024
"""Rows hashed between two looks at `cancelled`: some 4 ms of work."""


class IdentityTable:
    """Identities of a dataset's rows, computed once each; safe to use from several threads."""

    def __init__(
        self, rows: int, identify: Callable[[NDArray[np.int64]], NDArray[np.uint8]]
    ) -> None:
        """Hash nothing yet; `identify` gives the identities of some of the `rows`, (n, 16)."""
        self._rows, self._identify = rows, identify
        self._table = np.zeros((rows, IDENTITY_BYTES), np.uint8)
        self._known = np.zeros(rows, np.bool_)
        self._lock = threading.Lock()
        self._sorted: NDArray[np.int64] | None = None
        self._occurrences: NDArray[np.uint32] | None = None

    def all(self) -> NDArray[np.uint8]:
        """The identity of every row.  (rows, 16)."""
        self.complete()
        return self._table

    def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The identity of each of `rows`, hashing those not known yet.  (n,) -> (n, 16)."""
        missing = rows[~self._known[rows]]
        for start in range(0, len(missing), CHUNK_ROWS):
            chunk = missing[start : start + CHUNK_ROWS]
            self._table[chunk] = self._identify(chunk)
            self._known[chunk] = True
        return self._table[rows]

    def complete(self, cancelled: Callable[[], bool] | None = None) -> bool:
        """Hash every row that is left; False where `cancelled` said to stop first."""
        for start in range(0, self._rows, CHUNK_ROWS):
            if cancelled is not None and cancelled():
                return False
            self.identities(np.arange(start, min(start + CHUNK_ROWS, self._rows), dtype=np.int64))
        return True

    @property
    def counted(self) -> bool:
        """Whether every row is hashed and its occurrence known."""
        return self._occurrences is not None

    def occurrences(self) -> NDArray[np.uint32]:
        """How many earlier rows are the identical sample, hashing what is left.  (rows,)."""
        with self._lock:
            if self._occurrences is None:
                self.complete()
                self._sorted, self._occurrences = ranked(self._table)
            return self._occurrences

    def occurrences_of(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        """The same for some rows, hashing no others: too small while identical ones are not hashed.

        A look-up once `counted`. Before that it takes some milliseconds at a million rows, and
        never waits for a thread that is hashing.  (n,) -> (n,)
        """
        known = self._occurrences
        if known is not None:
            return known[rows]
        self.identities(rows)
        halves = _halves(self._table)  # (rows, 2) zero where not hashed, as no identity is
        if len(rows) == 1:
            high, low = halves[: rows[0]].T
            own = halves[rows[0]]
            return np.array([np.count_nonzero((high == own[0]) & (low == own[1]))], np.uint32)
        marks = self._table.view("<u2")[:, 0]  # (rows,) shared by few rows that differ
        wanted = np.zeros(1 << 16, np.bool_)
        wanted[marks[rows]] = True
        near = np.flatnonzero(wanted[marks[: rows.max(initial=-1) + 1]])
        _, occurrences = ranked(self._table[near])
        return occurrences[np.searchsorted(near, rows)]

    def locate(
        self, identities: NDArray[np.uint8], occurrences: NDArray[np.uint32]
    ) -> NDArray[np.int64]:
        """The row of each (identity, occurrence), -1 where the dataset has no such sample.

        Args:
            identities: (n, 16)
            occurrences: (n,)

        Returns:
            (n,) rows.
        """
        self.occurrences()
        assert self._sorted is not None
        if self._rows == 0 or len(identities) == 0:
            return np.full(len(identities), -1, np.int64)
        keys = as_keys(self._table)[self._sorted]
        wanted = as_keys(identities)
        first = np.searchsorted(keys, wanted, side="left")
        last = np.searchsorted(keys, wanted, side="right")
        place = first + occurrences
        found = place < last
        rows = np.full(len(wanted), -1, np.int64)
        rows[found] = self._sorted[place[found]]
        return rows


def ranked(identities: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Their order by value, and how many before each are equal to it.  (n, 16) -> (n,), (n,).

    By halves, as integers: those sort ten times as fast as 16 bytes do.
    """
    high, low = np.ascontiguousarray(_halves(identities).T)
    order = np.lexsort((low, high)).astype(np.int64, copy=False)
    high, low = high[order], low[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (high[1:] != high[:-1]) | (low[1:] != low[:-1])
    starts = np.flatnonzero(new)
    lengths = np.diff(np.append(starts, len(order)))
    occurrences = np.empty(len(order), np.uint32)
    occurrences[order] = np.arange(len(order)) - np.repeat(starts, lengths)
    return order, occurrences


def as_keys(identities: NDArray[np.uint8]) -> NDArray[np.void]:
    """Identities as one sortable value each: two big-endian halves.  (n, 16) -> (n,)."""
    halves = _halves(identities)
    keys = np.empty(len(halves), dtype=[("high", "<u8"), ("low", "<u8")])
    keys["high"], keys["low"] = halves[:, 0], halves[:, 1]
    return keys


def _halves(identities: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Identities as two integers each.  (n, 16) -> (n, 2)."""
    return np.ascontiguousarray(identities).view("<u8").reshape(-1, 2)
