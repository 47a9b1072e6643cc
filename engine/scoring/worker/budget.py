"""How much of the work is done in one step: what memory allows, and what time allows."""

from __future__ import annotations

from engine.scoring.scorer import ENCODE_ROWS
from engine.scoring.worker.batches import Batch, padded_tokens

BATCH_TARGET_S = 0.5
"""A batch should not take longer, so that a cancel or another view is looked at soon."""
SMALLEST_BUDGET = 256
"""Tokens to which the time target may shrink a batch; only memory shrinks it further."""
PLAIN_STEP_S = 0.002
"""A step of a scorer in plain Python, which holds the interpreter all along, is cut to this."""


class StepBudget:
    """Padded tokens of a batch; rows of a step where the scorer is plain Python."""

    def __init__(self, memory_tokens: int) -> None:
        """Start from what the scorer allows; 0: plain Python, for which length does not matter."""
        self.memory_tokens = memory_tokens
        """Padded tokens that memory is known to hold; shrinks where it ran out."""
        self.plain_rows = 8
        """Rows of a step of plain Python."""
        self._tokens_per_s = 0.0

    @property
    def plain(self) -> bool:
        """Whether the scorer is plain Python, and its steps are cut by time alone."""
        return self.memory_tokens == 0

    @property
    def tokens(self) -> int:
        """For the next batch: what memory allows, and what the time target allows."""
        if not self._tokens_per_s:
            return self.memory_tokens
        timely = max(SMALLEST_BUDGET, int(self._tokens_per_s * BATCH_TARGET_S))
        return min(self.memory_tokens, timely)

    def took(self, batch: Batch, elapsed_s: float) -> None:
        """Learn from how long a batch took."""
        elapsed_s = max(elapsed_s, 1e-6)
        if self.plain:
            timely = int(len(batch) * PLAIN_STEP_S / elapsed_s)
            self.plain_rows = min(max(timely, 1), 2 * self.plain_rows, ENCODE_ROWS)
            return
        speed = padded_tokens(batch) / elapsed_s
        self._tokens_per_s = 0.7 * self._tokens_per_s + 0.3 * speed if self._tokens_per_s else speed

    def exhausted(self, batch: Batch) -> None:
        """Learn that memory ran out at a batch: the next ones have half of its tokens at most."""
        if self.plain:
            return
        half = padded_tokens(batch) // 2 if len(batch) > 1 else self.memory_tokens
        self.memory_tokens = max(1, min(self.memory_tokens, half))
