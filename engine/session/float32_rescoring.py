"""Rows that bfloat16 may decide wrongly, and the way to settle them in float32.

bfloat16 moves a score a little; the measurement at loading says how far. Only a row that stands
nearer to the threshold than that can change sides, so those few are scored again where a person
wants it. Their float32 scores are kept under their own key and laid over the others.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.threshold import Threshold
from engine.sample import Sample, Side
from engine.scoring.models.precision import BFLOAT16, FLOAT32, Calibration
from engine.scoring.scorer import ScoreKey, ScorerFacts
from engine.scoring.worker.agenda import ScoredDataset
from engine.scoring.worker.cached import CachedLookup, Known
from engine.scoring.worker.worker import ScoringWorker, WorkerState

REACH = 2.0
"""A row is open up to so many times the furthest shift that the probes showed.
Source: measured, 1,000 Alpaca rows at three thresholds each with the embedded model and a 17M
DeBERTa: of 131 rows that changed sides, 15 stood beyond once the shift and none beyond twice."""


class OnlyRows:
    """A dataset of which only some rows are to be scored."""

    def __init__(self, dataset: ScoredDataset, rows: NDArray[np.int64]) -> None:
        """Take `rows` of `dataset`.  (n,)."""
        self._dataset = dataset
        self.rows = dataset.rows
        self.has_sides = dataset.has_sides
        self.broken: NDArray[np.bool_] = np.ones(dataset.rows, np.bool_)
        """Every row that is not to be scored.  (rows,)"""
        self.broken[rows] = dataset.broken[rows]

    def samples(self, rows: NDArray[np.int64], side: Side) -> list[Sample]:
        """The samples at `rows`, in that order."""
        return self._dataset.samples(rows, side)


class SettledScores:
    """A lookup of earlier scores in which those in float32 take the place of the others."""

    def __init__(
        self, coarse: CachedLookup, exact: CachedLookup, settled: NDArray[np.bool_]
    ) -> None:
        """Lay `exact` over `coarse`, and mark in `settled` where it does.  (rows,)."""
        self._coarse, self._exact, self._settled = coarse, exact, settled

    def __call__(self, rows: NDArray[np.int64]) -> Known:
        """What is cached of `rows`.  (n,) each."""
        coarse, exact = self._coarse(rows), self._exact(rows)
        found = np.isfinite(exact.scores)
        self._settled[rows[found]] = True
        better = (np.where(found, *both) for both in zip(exact, coarse, strict=True))
        return Known(*better)


def calibration_of(scorer: ScorerFacts | None) -> Calibration | None:
    """What bfloat16 does to a scorer that computes in it; None for any other."""
    if scorer is None or scorer.key(Side.CHOSEN).dtype != BFLOAT16:
        return None
    found = getattr(scorer, "calibration", None)
    return found if isinstance(found, Calibration) else None


def uncertain_rows(
    scores: NDArray[np.float32],
    exact: NDArray[np.bool_],
    threshold: Threshold | None,
    calibration: Calibration | None,
) -> NDArray[np.int64]:
    """Rows that float32 could put on the other side of the threshold.

    Args:
        scores: NaN where there is none.  (rows,)
        exact: already in float32.  (rows,)
        threshold: None while there is none.
        calibration: None where the scores are not in bfloat16.

    Returns:
        Row numbers, ascending.  (n,)
    """
    if threshold is None or calibration is None:
        return np.empty(0, np.int64)
    with np.errstate(invalid="ignore"):
        near = np.abs(scores - np.float32(threshold.value)) <= REACH * calibration.shift
    return np.flatnonzero(near & ~exact)


def exact_key(key: ScoreKey) -> ScoreKey:
    """Under which the same scorer's float32 scores are cached."""
    return replace(key, dtype=FLOAT32)


def check_settling(coarse: ScoringWorker, rows: NDArray[np.int64]) -> None:
    """See whether `rows` can be scored again, over what is on the board of the first worker.

    Raises:
        UsageError: scoring goes on, or there is nothing to settle.
    """
    if coarse.status().state is not WorkerState.DONE:
        raise UsageError("scoring has not ended yet", "settle the rows near the threshold then")
    if not rows.size:
        raise UsageError("no row stands so near the threshold that float32 could move it over")
