"""Exact similarities between rows of a column of texts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.ahead import ahead
from engine.duplicates.jaccard import Sets, ShingleSets, as_sets
from engine.duplicates.settings import Settings
from engine.duplicates.shingles import shingle

ROWS_SHINGLED = 1 << 13
"""Rows whose shingles are made in one step: some megabytes."""


class Verifier:
    """Makes the shingles of a row when it is first asked for, and keeps them.

    Few rows are ever compared, so most need not be kept.
    """

    def __init__(self, texts: pl.Series, settings: Settings) -> None:
        self._texts = texts
        self._settings = settings
        self._sets = ShingleSets()
        self._place = np.full(len(texts), -1, np.int32)

    def __call__(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
        """The similarity of each pair.  (n,), (n,) -> (n,)."""
        self._add(first)
        self._add(second)
        return self._sets.similarities(
            self._place[first].astype(np.int64), self._place[second].astype(np.int64)
        )

    def _add(self, rows: NDArray[np.int64]) -> None:
        missing = np.unique(rows[self._place[rows] < 0])
        if not len(missing):
            return
        self._place[missing] = np.arange(len(self._sets), len(self._sets) + len(missing))
        runs = (missing[at : at + ROWS_SHINGLED] for at in range(0, len(missing), ROWS_SHINGLED))
        self._sets.take([sets for _, sets in ahead(self._made, runs)])

    def _made(self, rows: NDArray[np.int64]) -> Sets:
        return as_sets(shingle(self._texts.gather(rows), self._settings))
