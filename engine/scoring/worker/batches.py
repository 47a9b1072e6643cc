"""From a window of encoded samples to batches with little padding, none too large for a step.

Sorting by tokens before batching takes the padding of Alpaca in dataset order from 69 % to
under 2 %; windows of 2,000 rows and more keep it under 4 %.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from engine.scoring.scorer import ENCODE_ROWS, Encoded

WASTE_SHARE = 64
"""A batch ends where its padding would exceed this part of the budget: a batch more costs less.
Source: counted, 200 Alpaca rows at 2,048 tokens: 11 batches with 10.6 % padding without this, 27
with 3.7 % with it; 2,000 rows 1.5 and 1.1 %. A batch costs what 10 to 50 tokens cost (measured)."""
LEAST_SHARE = 8
"""But not before it holds this part of the budget: small products are slow."""
BATCH_TARGET_S = 0.5
"""A batch should not take longer, so that a cancel or another view is looked at soon."""
SMALLEST_BUDGET = 256
"""Tokens to which the time target may shrink a batch; only memory shrinks it further."""
BOUND_STEP_S = 0.002
"""A step of a scorer that holds the interpreter all along is cut to this."""


@dataclass(frozen=True, slots=True)
class ScoringUnit:
    """One side of one row, encoded: what the worker scores."""

    side: int
    row: int
    encoded: Encoded


Batch = list[ScoringUnit]


def padded_tokens(batch: Sequence[ScoringUnit]) -> int:
    """Tokens of a batch with its padding."""
    return len(batch) * max((unit.encoded.tokens for unit in batch), default=0)


def plan(units: Sequence[ScoringUnit], token_budget: int, most_rows: int = 0) -> list[Batch]:
    """Sort by tokens and cut where the padded batch would exceed the budget, or hold much padding.

    The longest batch comes first, so that an out-of-memory shows at once. The others follow
    in a fixed shuffle: short and long mixed make an honest rate and an honest first histogram.

    Args:
        units: what to score, in any order.
        token_budget: padded tokens per batch; a longer sample is a batch of its own.
        most_rows: rows per batch; 0: as many as fit.
    """
    batches: list[Batch] = []
    batch: Batch = []
    longest = padding = 0
    for unit in sorted(units, key=lambda unit: -unit.encoded.tokens):
        padding += longest - unit.encoded.tokens
        full = (len(batch) + 1) * longest > token_budget or len(batch) == (most_rows or -1)
        wasteful = (
            padding * WASTE_SHARE > token_budget
            and len(batch) * longest * LEAST_SHARE >= token_budget
        )
        if not batch or full or wasteful:
            batch, longest, padding = [], unit.encoded.tokens, 0
            batches.append(batch)
        batch.append(unit)
    rest = batches[1:]
    random.Random(len(units)).shuffle(rest)  # noqa: S311 - mixes lengths, hides nothing
    return batches[:1] + rest


def split(batch: Batch, token_budget: int) -> list[Batch]:
    """Cut a batch that no longer fits the budget; order kept, at least one row each."""
    longest = max(unit.encoded.tokens for unit in batch)
    size = max(1, token_budget // max(longest, 1))
    return [batch[start : start + size] for start in range(0, len(batch), size)]


class StepBudget:
    """How much is done in one step: what memory allows, and what time allows."""

    def __init__(self, memory_tokens: int, *, interpreter_bound: bool) -> None:
        """Start from the tokens that the scorer allows.

        Args:
            memory_tokens: of a batch, padding included.
            interpreter_bound: the steps are cut by time alone, in rows.
        """
        self.memory_tokens = memory_tokens
        """Padded tokens that memory is known to hold; shrinks where it ran out."""
        self.interpreter_bound = interpreter_bound
        self.bound_rows = 8
        """Rows of a step that holds the interpreter."""
        self._tokens_per_s = 0.0

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
        if self.interpreter_bound:
            timely = int(len(batch) * BOUND_STEP_S / elapsed_s)
            self.bound_rows = min(max(timely, 1), 2 * self.bound_rows, ENCODE_ROWS)
            return
        speed = padded_tokens(batch) / elapsed_s
        self._tokens_per_s = 0.7 * self._tokens_per_s + 0.3 * speed if self._tokens_per_s else speed

    def exhausted(self, batch: Batch) -> None:
        """Learn that memory ran out at a batch: the next ones have half of its tokens at most."""
        if self.interpreter_bound:
            return
        half = padded_tokens(batch) // 2 if len(batch) > 1 else self.memory_tokens
        self.memory_tokens = max(1, min(self.memory_tokens, half))
