"""Scores from an earlier run, found by the identity of the sample."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class HasIdentities(Protocol):
    """The part of a dataset that a lookup needs."""

    def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Identity of each row.  (n,) -> (n, 16)."""
        ...


class CachedScores:
    """A lookup from rows to the scores that the session already has.

    Identities are hashed for the rows asked about only, and not at all where nothing is cached.
    """

    def __init__(
        self,
        dataset: HasIdentities,
        identities: NDArray[np.uint8],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        truncated: NDArray[np.bool_],
    ) -> None:
        """Index what is cached.  identities: (n, 16), the others (n,)."""
        self._dataset = dataset
        high, low = _halves(identities)
        order = np.argsort(high, kind="stable")
        self._high, self._low = high[order], low[order]
        self._scores, self._tokens, self._truncated = scores[order], tokens[order], truncated[order]

    def __call__(
        self, rows: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]:
        """Score, tokens and truncation of `rows`; NaN where nothing is cached.  (n,) each."""
        count = len(self._high)
        if count == 0:
            nothing = np.full(len(rows), np.nan, np.float32)
            return nothing, np.zeros(len(rows), np.int32), np.zeros(len(rows), np.bool_)
        high, low = _halves(self._dataset.identities(rows))
        at = np.minimum(np.searchsorted(self._high, high), count - 1)
        found = (self._high[at] == high) & (self._low[at] == low)
        scores = np.where(found, self._scores[at], np.float32(np.nan)).astype(np.float32)
        return scores, np.where(found, self._tokens[at], 0), found & self._truncated[at]


def _halves(identities: NDArray[np.uint8]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The two 8-byte halves of each identity.  (n, 16) -> (n,), (n,)."""
    words = np.ascontiguousarray(identities, np.uint8).reshape(-1, 16).view(np.uint64)
    return words[:, 0], words[:, 1]
