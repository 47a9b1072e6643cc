"""Exact similarities between rows of a column of texts."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.jaccard import ROWS_AT_ONCE, ShingleSets
from engine.duplicates.settings import Settings
from engine.duplicates.shingles import shingle


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
        for start in range(0, len(missing), ROWS_AT_ONCE):
            new = missing[start : start + ROWS_AT_ONCE]
            self._place[new] = np.arange(len(self._sets), len(self._sets) + len(new))
            self._sets.add(shingle(self._texts.gather(new), self._settings))
