"""What would bring most next: another threshold, an hour of review, or fewer duplicates.

Each is one step from where the dataset is, priced by the calibrated model; nothing here says that
training will gain as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from engine.simulator import calibrated
from engine.simulator.noise import NoiseEstimate, NoiseSource
from engine.simulator.prediction import Point
from engine.simulator.sweep import Sweep

REVIEW_S_PER_ROW = 15.0
"""Until there are decisions to time. Assumed, and said so."""

IDLE_S = 120.0
"""A longer pause between two decisions was not spent on a sample."""

ENOUGH_PAUSES = 20


class Step(StrEnum):
    """The three kinds of advice."""

    THRESHOLD = "threshold"
    REVIEW = "review"
    DUPLICATES = "duplicates"


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do, and what the model says it brings."""

    step: Step
    gain: float
    """Points; not positive where it does not pay."""
    threshold: float | None = None
    """For `THRESHOLD`: the score to take."""
    stricter: bool = False
    """For `THRESHOLD`: whether it keeps fewer rows than now."""
    rows: float = 0.0
    """Rows reviewed, or dropped."""
    assumed: bool = False
    """The noise it rests on is assumed, or the pace of review is."""


@dataclass(frozen=True, slots=True)
class ReviewPace:
    """How fast a person reviews."""

    rows_per_hour: float
    measured: bool


def review_pace(times_s: Sequence[float]) -> ReviewPace:
    """Rows per hour from the times of single decisions, oldest first; long pauses are left out."""
    gaps = np.diff(np.asarray(times_s, np.float64))
    gaps = gaps[(gaps > 0) & (gaps <= IDLE_S)]
    if len(gaps) < ENOUGH_PAUSES:
        return ReviewPace(3600 / REVIEW_S_PER_ROW, measured=False)
    return ReviewPace(3600 / float(gaps.mean()), measured=True)


def advise(
    point: Point,
    sweep: Sweep | None,
    pace: ReviewPace,
    noise: NoiseEstimate | None,
    threshold: float | None,
) -> list[Advice]:
    """What could be done next, the most rewarding first.

    Another threshold is advised only where it is clearly better.

    Args:
        point: where the dataset is.
        sweep: over its scores by the calibrated model; None without scores.
        pace: of review.
        noise: what the noise of `point` rests on; None where all was accepted by hand.
        threshold: that holds now; None: none does.
    """
    now = float(calibrated.performance(point.effective_rows, point.noise, point.duplication))
    assumed = noise is not None and noise.source is NoiseSource.ASSUMED
    found = [_review(point, pace, assumed=assumed)]
    if sweep is not None and (best := sweep.clearly_better(threshold)) is not None:
        found.append(
            Advice(
                Step.THRESHOLD,
                float(sweep.performance[best]) - now,
                threshold=float(sweep.thresholds[best]),
                stricter=float(sweep.rows[best]) < point.rows,
                rows=float(sweep.rows[best]),
                assumed=assumed,
            )
        )
    if point.duplication > 0:
        distinct = point.rows * (1 - point.duplication)
        gain = float(calibrated.performance(distinct, point.noise)) - now
        found.append(Advice(Step.DUPLICATES, gain, rows=point.rows - distinct))
    return sorted(found, key=lambda advice: -advice.gain)


def _review(point: Point, pace: ReviewPace, *, assumed: bool) -> Advice:
    """An hour of rows at random: the bad ones among them go; to first order."""
    rows = min(pace.rows_per_hour, point.rows)
    less_noise = rows * point.noise / point.rows
    fewer_rows = less_noise  # of them, as a share of all
    size, noise, rate = point.effective_rows, point.noise, point.duplication
    gain = -less_noise * float(calibrated.gain_per_noise(size, noise, rate))
    gain -= fewer_rows * float(calibrated.gain_per_log_row(size, noise, rate))
    return Advice(Step.REVIEW, gain, rows=rows, assumed=assumed or not pace.measured)
