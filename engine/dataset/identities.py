"""Where each sample of a dataset is: identities and occurrences for every row.

Filling the table for a million rows takes seconds, so it is done in chunks, on demand for the
rows that are asked for and in the background for the rest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.sample import IDENTITY_BYTES

CHUNK_ROWS = 1024
"""Rows hashed between two looks at `cancelled`: some 4 ms of work."""


class Identifiable(Protocol):
    """The part of a Dataset that this module needs."""

    @property
    def rows(self) -> int:
        """How many rows it has."""
        ...

    def identities(self, rows: NDArray[np.int64], /) -> NDArray[np.uint8]:
        """The identity of each row.  (n,) -> (n, 16)."""
        ...


class IdentityTable:
    """Identities of a dataset's rows, computed once each; safe to use from several threads."""

    def __init__(self, dataset: Identifiable) -> None:
        self._dataset = dataset
        self._table = np.zeros((dataset.rows, IDENTITY_BYTES), np.uint8)
        self._known = np.zeros(dataset.rows, np.bool_)
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
            self._table[chunk] = self._dataset.identities(chunk)
            self._known[chunk] = True
        return self._table[rows]

    def complete(self, cancelled: Callable[[], bool] | None = None) -> bool:
        """Hash every row that is left; False where `cancelled` said to stop first."""
        for start in range(0, self._dataset.rows, CHUNK_ROWS):
            if cancelled is not None and cancelled():
                return False
            self.identities(
                np.arange(start, min(start + CHUNK_ROWS, self._dataset.rows), dtype=np.int64)
            )
        return True

    def occurrences(self) -> NDArray[np.uint32]:
        """How many earlier rows are the identical sample, for every row.  (rows,)."""
        with self._lock:
            if self._occurrences is None:
                self.complete()
                order = np.argsort(self._keys(), kind="stable")
                keys = self._keys()[order]
                starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
                lengths = np.diff(np.r_[starts, len(keys)])
                rank = np.arange(len(keys)) - np.repeat(starts, lengths)
                occurrences = np.empty(len(keys), np.uint32)
                occurrences[order] = rank
                self._sorted, self._occurrences = order.astype(np.int64), occurrences
            return self._occurrences

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
        if self._dataset.rows == 0 or len(identities) == 0:
            return np.full(len(identities), -1, np.int64)
        keys = self._keys()[self._sorted]
        wanted = _as_keys(identities)
        first = np.searchsorted(keys, wanted, side="left")
        last = np.searchsorted(keys, wanted, side="right")
        place = first + occurrences
        found = place < last
        rows = np.full(len(wanted), -1, np.int64)
        rows[found] = self._sorted[place[found]]
        return rows

    def _keys(self) -> NDArray[np.void]:
        return _as_keys(self._table)


def _as_keys(identities: NDArray[np.uint8]) -> NDArray[np.void]:
    """Identities as one sortable value each: two big-endian halves.  (n, 16) -> (n,)."""
    halves = _halves(identities)
    keys = np.empty(len(halves), dtype=[("high", "<u8"), ("low", "<u8")])
    keys["high"], keys["low"] = halves[:, 0], halves[:, 1]
    return keys


def _halves(identities: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Identities as two integers each.  (n, 16) -> (n, 2)."""
    return np.ascontiguousarray(identities).view("<u8").reshape(-1, 2)
