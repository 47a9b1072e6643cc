"""Exact similarities: between rows of a column, and of one text to some others.

The second is for what a person looks at, and is computed when it is shown.
"""

from __future__ import annotations

import threading

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.jaccard import Sets, ShingleSets, as_sets
from engine.duplicates.prefetch import prefetched
from engine.duplicates.settings import SearchSettings
from engine.duplicates.shingles import shingle
from engine.duplicates.texts import folded, normalised

ROWS_SHINGLED = 1 << 13
"""Rows whose shingles are made in one step: some megabytes."""

LONGEST_BYTES = 2_000_000
"""A longer text is not compared: nobody waits seconds for a number beside it."""


class Verifier:
    """Makes the shingles of a row when it is first asked for, and keeps them.

    Few rows are ever compared, so most need not be kept. Several threads may ask at once: the lock
    is held while sets are put in their places, not while they are made or compared.
    """

    def __init__(self, texts: pl.Series, settings: SearchSettings) -> None:
        self._texts = texts
        self._settings = settings
        self._sets = ShingleSets(np.empty(0, np.int64), np.empty(0, np.int64))
        self._place = np.full(len(texts), -1, np.int32)
        self._lock = threading.Lock()

    def __call__(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.float64]:
        """The similarity of each pair.  (n,), (n,) -> (n,)."""
        self._add(first)
        self._add(second)
        with self._lock:
            sets, a, b = self._sets, self._place[first], self._place[second]
        return sets.similarities(a.astype(np.int64), b.astype(np.int64))

    def _add(self, rows: NDArray[np.int64]) -> None:
        missing = np.unique(rows[self._place[rows] < 0])
        if not len(missing):
            return
        runs = (missing[at : at + ROWS_SHINGLED] for at in range(0, len(missing), ROWS_SHINGLED))
        made = [sets for _, sets in prefetched(self._made, runs)]
        with self._lock:
            # Another thread may have added some of them meanwhile: then their sets are there twice.
            self._place[missing] = len(self._sets) + np.arange(len(missing))
            self._sets = self._sets.and_more(made)

    def _made(self, rows: NDArray[np.int64]) -> Sets:
        return as_sets(shingle(self._texts.gather(rows), self._settings))


def similarity_to(
    texts: pl.Series, reference: int, settings: SearchSettings
) -> NDArray[np.float32]:
    """Compare every one of a few `texts` (nullable) with the one at place `reference`.

    Exact; NaN where one of both is too long.  (n,)
    """
    here = np.arange(len(texts))
    short = (texts.str.len_bytes().fill_null(0) <= LONGEST_BYTES).to_numpy()
    usable = np.flatnonzero(short & short[reference])
    shown = texts.clone().scatter(np.flatnonzero(~short), None) if not short.all() else texts
    verify = Verifier(shown, settings)
    similarity = np.full(len(texts), np.nan, np.float32)
    similarity[usable] = verify(np.full(len(usable), reference), here[usable])
    how = settings.normalisation
    same = folded(normalised(shown, how), how)
    similarity[usable[(same == same[reference]).to_numpy()[usable]]] = 1
    return similarity
