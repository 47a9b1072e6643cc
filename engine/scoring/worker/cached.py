"""Scores from an earlier run, found by the identity of the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.scoring.worker.ledger import Ledger

STEP_ROWS = 4_096


class Known(NamedTuple):
    """What is cached of some rows."""

    scores: NDArray[np.float32]  # (n,) NaN where nothing is
    tokens: NDArray[np.int32]  # (n,) read by the scorer
    lengths: NDArray[np.int32]  # (n,) of the whole sample; negative where it was cut uncounted


CachedLookup = Callable[[NDArray[np.int64]], Known]
"""Rows to what is cached of them; see `ScoreLookup`."""


class HasIdentities(Protocol):
    """The part of a dataset that a lookup needs."""

    def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Identity of each row.  (n,) -> (n, 16)."""
        ...


class ScoreLookup:
    """A lookup from rows to the scores that the session already has.

    Identities are hashed for the rows asked about only, and not at all where nothing is cached.
    """

    def __init__(
        self,
        dataset: HasIdentities,
        identities: NDArray[np.uint8],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        lengths: NDArray[np.int32],
    ) -> None:
        """Index what is cached.  identities: (n, 16), the others (n,)."""
        self._dataset = dataset
        high, low = _halves(identities)
        order = np.argsort(high, kind="stable")
        self._high, self._low = high[order], low[order]
        self._known = Known(scores[order], tokens[order], lengths[order])

    def __call__(self, rows: NDArray[np.int64]) -> Known:
        """What is cached of `rows`.  (n,) each."""
        count = len(self._high)
        if count == 0:
            nothing = np.zeros(len(rows), np.int32)
            return Known(np.full(len(rows), np.nan, np.float32), nothing, nothing)
        high, low = _halves(self._dataset.identities(rows))
        at = np.minimum(np.searchsorted(self._high, high), count - 1)
        found = (self._high[at] == high) & (self._low[at] == low)
        known = self._known
        return Known(
            np.where(found, known.scores[at], np.float32(np.nan)).astype(np.float32),
            np.where(found, known.tokens[at], np.int32(0)),
            np.where(found, known.lengths[at], np.int32(0)),
        )


class EarlierScores:
    """Puts what an earlier run scored on the board: where it is looked at, then step by step."""

    def __init__(self, lookups: Mapping[int, CachedLookup], rows: int, ledger: Ledger) -> None:
        """Nothing is looked up yet.

        Args:
            lookups: one for each side that has earlier scores.
            rows: of the dataset.
            ledger: knows what is left, and receives what is found.
        """
        self._lookups, self._ledger = lookups, ledger
        starts = range(0, rows, STEP_ROWS) if lookups else range(0)
        self._steps: Iterator[NDArray[np.int64]] = (
            np.arange(start, min(start + STEP_ROWS, rows)) for start in starts
        )
        self.applied = False
        """Whether all of it is on the board."""

    def step(self) -> bool:
        """Look up the next stretch of the dataset; False when there is none."""
        rows = next(self._steps, None)
        if rows is None:
            self.applied = True
            return False
        self.use(rows)
        return True

    def use(self, rows: NDArray[np.int64]) -> None:
        """Take the scores of `rows`, as far as there are any."""
        for side, lookup in self._lookups.items():
            wanted = rows[self._ledger.pending[side, rows]]
            if not wanted.size:
                continue
            known = lookup(wanted)
            found = np.isfinite(known.scores)
            if found.any():
                scores, tokens, lengths = known.scores, known.tokens, known.lengths
                self._ledger.record(
                    side, wanted[found], scores[found], tokens[found], lengths[found]
                )


def _halves(identities: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The two 8-byte halves of each identity.  (n, 16) -> (n,), (n,)."""
    words = np.ascontiguousarray(identities, np.uint8).reshape(-1, 16).view(np.uint64)
    return words[:, 0], words[:, 1]
