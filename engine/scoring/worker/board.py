"""The arrays that the worker fills and the screen reads: one slot per row, no message per score.

Source: measured, shared arrays read on a timer carry 767k scores/s with the screen alive, a
message per score stops it at 17k.
"""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

CHARACTERS_PER_TOKEN = 4


class ScoreBoard:
    """Scores, failures and lengths of a dataset; written by one worker thread only.

    Readers may see a row's score a moment before its length, never half a value. A reader that
    has drawn `version` n has nothing to do until it changes.
    """

    def __init__(self, rows: int, sides: int, lengths: NDArray[np.int32]) -> None:
        """Start without any score.

        Args:
            rows: rows of the dataset.
            sides: 2 for preference data (0 chosen, 1 rejected), else 1.
            lengths: characters per row, for the token estimate until it is known.  (rows,) for
                all sides, or (sides, rows)
        """
        self.scores: NDArray[np.float32] = np.full((sides, rows), np.nan, np.float32)
        """NaN where there is no score.  (sides, rows)"""
        self.failed: NDArray[np.bool_] = np.zeros((sides, rows), np.bool_)
        """The scorer tried and could not.  (sides, rows)"""
        estimate = (lengths // CHARACTERS_PER_TOKEN).astype(np.int32)
        self.tokens: NDArray[np.int32] = np.array(np.broadcast_to(estimate, (sides, rows)))
        """Length of the whole sample: an estimate until it is measured.  (sides, rows)"""
        self.measured: NDArray[np.bool_] = np.zeros((sides, rows), np.bool_)
        """Whether the scorer has said how long the sample is.  (sides, rows)"""
        self.read: NDArray[np.int32] = np.zeros((sides, rows), np.int32)
        """What was read of a sample that was cut; 0 where it was not.  (sides, rows)"""
        self.version = 0
        self.still = threading.RLock()
        """Nothing is written while somebody else holds it: for readers of several arrays that must
        be of one moment. Whoever holds it computes, and waits for nobody."""
        self.reasons: dict[tuple[int, int], str] = {}
        """Why a (side, row) failed."""

    @property
    def sides(self) -> int:
        """How many sides are scored."""
        return len(self.scores)

    def write(
        self,
        side: int,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        lengths: NDArray[np.int32],
    ) -> None:
        """Put scores of one side in their slots.

        Args:
            side: 0 or 1.
            rows: each at most once.  (n,)
            scores: of them.  (n,)
            tokens: read by the scorer.  (n,)
            lengths: of the whole samples; negative where that is not known of one that was cut,
                whose estimate stays.  (n,)
        """
        with self.still:
            known = lengths >= 0
            self._measure(side, rows[known], lengths[known])
            cut = lengths != tokens
            if cut.any():
                self.read[side, rows[cut]] = tokens[cut]
            if not known.all():
                unknown = rows[~known]
                self.tokens[side, unknown] = np.maximum(self.tokens[side, unknown], tokens[~known])
            self.failed[side, rows] = False
            self.scores[side, rows] = scores
            self.version += 1

    def measure(self, side: int, rows: NDArray[np.int64], lengths: NDArray[np.int32]) -> None:
        """Replace the estimates of a side by what the scorer has counted.  (n,)."""
        with self.still:
            self._measure(side, rows, lengths)
            self.version += 1

    def _measure(self, side: int, rows: NDArray[np.int64], lengths: NDArray[np.int32]) -> None:
        self.tokens[side, rows] = lengths
        self.measured[side, rows] = True

    def fail(self, side: int, row: int, reason: str) -> None:
        """Mark a row as failed, with the reason; a score that it has of another worker stands."""
        with self.still:
            if np.isnan(self.scores[side, row]):
                self.reasons[side, row] = reason
                self.failed[side, row] = True
                self.version += 1

    def forget(self, side: int, row: int) -> None:
        """Take back whatever is known of a row, because its text is another now."""
        with self.still:
            self.scores[side, row] = np.nan
            self.read[side, row] = 0
            self.forget_failure(side, row)

    def forget_failure(self, side: int, row: int) -> None:
        """Take a failure back, because the row is about to be tried again."""
        with self.still:
            self.reasons.pop((side, row), None)
            self.failed[side, row] = False
            self.version += 1
