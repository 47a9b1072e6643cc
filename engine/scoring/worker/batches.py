"""From a window of encoded samples to batches with little padding.

Sorting by tokens before batching takes the padding of Alpaca in dataset order from 69 % to
under 2 %; windows of 2,000 rows and more keep it under 4 %.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from engine.scoring.scorer import Encoded

WASTE_SHARE = 64
"""A batch ends where its padding would exceed this part of the budget: a batch more costs less.
Source: counted, 200 Alpaca rows at 2,048 tokens: 11 batches with 10.6 % padding without this, 27
with 3.7 % with it; 2,000 rows 1.5 and 1.1 %. A batch costs what 10 to 50 tokens cost (measured)."""
LEAST_SHARE = 8
"""But not before it holds this part of the budget: small products are slow."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One side of one row, encoded: what the worker scores."""

    side: int
    row: int
    encoded: Encoded


Batch = list[Unit]


def padded_tokens(batch: Sequence[Unit]) -> int:
    """Tokens of a batch with its padding."""
    return len(batch) * max((unit.encoded.tokens for unit in batch), default=0)


def plan(units: Sequence[Unit], token_budget: int, most_rows: int = 0) -> list[Batch]:
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
