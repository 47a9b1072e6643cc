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
    """Scores, failures and token counts of a dataset; written by one worker thread only.

    Readers may see a row's score a moment before its token count, never half a value. A reader
    that has drawn `version` n has nothing to do until it changes.
    """

    def __init__(self, rows: int, sides: int, lengths: NDArray[np.int32]) -> None:
        """Start without any score.

        Args:
            rows: rows of the dataset.
            sides: 2 for preference data (0 chosen, 1 rejected), else 1.
            lengths: characters per row, for the token estimate until it is known.  (rows,)
        """
        self.scores: NDArray[np.float32] = np.full((sides, rows), np.nan, np.float32)
        """NaN where there is no score.  (sides, rows)"""
        self.failed: NDArray[np.bool_] = np.zeros((sides, rows), np.bool_)
        """The scorer tried and could not.  (sides, rows)"""
        self.truncated: NDArray[np.bool_] = np.zeros(rows, np.bool_)
        """The model read less than the whole sample, on either side.  (rows,)"""
        self.tokens: NDArray[np.int32] = (lengths // CHARACTERS_PER_TOKEN).astype(np.int32)
        """Tokens of the chosen side: an estimate at first, exact once tokenised.  (rows,)"""
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
        truncated: NDArray[np.bool_],
    ) -> None:
        """Put scores of one side in their slots.  All (n,)."""
        with self.still:
            if side == 0:
                self.tokens[rows] = tokens
            self.truncated[rows] |= truncated
            self.failed[side, rows] = False
            self.scores[side, rows] = scores
            self.version += 1

    def measure(self, rows: NDArray[np.int64], tokens: NDArray[np.int32]) -> None:
        """Replace the estimates of the chosen side by exact token counts.  (n,)."""
        with self.still:
            self.tokens[rows] = tokens
            self.version += 1

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
            self.truncated[row] = False
            self.forget_failure(side, row)

    def forget_failure(self, side: int, row: int) -> None:
        """Take a failure back, because the row is about to be tried again."""
        with self.still:
            self.reasons.pop((side, row), None)
            self.failed[side, row] = False
            self.version += 1
