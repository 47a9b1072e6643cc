"""From any scorer of tamis to one function from samples to scores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import ScorerError
from engine.review.threshold import Direction
from engine.sample import Sample
from engine.scoring.scorer import ENCODE_ROWS, Encoded, Failed, Scorer
from engine.scoring.worker.agenda import WINDOW_UNITS
from engine.scoring.worker.batches import ScoringUnit, plan

Score = Callable[[Sequence[Sample]], NDArray[np.float64]]
"""Samples to their scores, higher is better.  (rows,) -> (rows,)."""


def score_with(scorer: Scorer) -> Score:
    """The scorer as a function, in the worker's own chunks, windows and batches."""

    def score(samples: Sequence[Sample]) -> NDArray[np.float64]:
        scores = np.full(len(samples), np.nan)
        for start in range(0, len(samples), WINDOW_UNITS):
            units = list(_encode(scorer, samples, start))
            for batch in plan(
                units, scorer.token_budget or sum(u.encoded.tokens + 1 for u in units)
            ):
                results = scorer.score([unit.encoded for unit in batch])
                for unit, result in zip(batch, results, strict=True):
                    if isinstance(result, Failed):
                        raise _unscored(scorer, result)
                    scores[unit.row] = result.score
        return scores if scorer.direction is Direction.AT_LEAST else -scores

    return score


def _encode(scorer: Scorer, samples: Sequence[Sample], start: int) -> Iterator[ScoringUnit]:
    for first in range(start, min(start + WINDOW_UNITS, len(samples)), ENCODE_ROWS):
        last = min(first + ENCODE_ROWS, start + WINDOW_UNITS, len(samples))
        for row, encoded in enumerate(scorer.encode(samples[first:last]), first):
            if not isinstance(encoded, Encoded):
                raise _unscored(scorer, encoded)
            yield ScoringUnit(0, row, encoded)


def _unscored(scorer: Scorer, failed: Failed) -> ScorerError:
    """A row without a score would flatter or spoil a figure unseen, so there is no figure."""
    return ScorerError(f"{scorer.name} cannot score an evaluation row: {failed.reason}")
