"""Performance over the threshold: what each would keep, how noisy that is, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.review.threshold import Threshold
from engine.simulator import book, calibrated
from engine.simulator.band import SWEEP_DRAWS, band
from engine.simulator.cumulative_counts import CumulativeCounts, Kept
from engine.simulator.isotonic import BadByScore
from engine.simulator.noise import Assumption, NoiseEstimate, NoiseSource
from engine.simulator.prediction import Model, Point

Floats = NDArray[np.float64]

NoiseModel = Assumption | BadByScore
"""How noisy kept rows are: as assumed, or as labels say."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """One line over all thresholds; NaN where nothing is kept."""

    thresholds: Floats  # (n,) rising
    rows: Floats  # (n,)
    noise: Floats  # (n,)
    noise_low: Floats  # (n,)
    noise_high: Floats  # (n,)
    duplication: Floats  # (n,)
    performance: Floats  # (n,)
    low: Floats  # (n,) equal to performance where the model has no band
    high: Floats  # (n,)
    source: NoiseSource
    """What the noise rests on."""
    beyond: NDArray[np.bool_]  # (n,) thresholds looser than any that labels were drawn at

    @property
    def assumed(self) -> bool:
        """Whether its best point is one under assumptions only."""
        return self.source is NoiseSource.ASSUMED

    @property
    def best(self) -> int | None:
        """Where performance is largest, as far as the labels reach; None where nothing is kept."""
        known = np.where(self.beyond, np.nan, self.performance)
        if not np.isfinite(known).any():
            return None
        return int(np.nanargmax(known))


def sweep(
    counts: CumulativeCounts, noise: NoiseModel, model: Model, *, draws: int = SWEEP_DRAWS
) -> Sweep:
    """What the model predicts at every threshold of `counts`.

    Args:
        counts: what thresholds keep.
        noise: how noisy that is.
        model: whose performance.
        draws: of the band.
    """
    kept = counts.over()
    share, low, high = _noise_over(counts, kept, noise)
    some = kept.rows >= 1
    lines = np.full((3, len(some)), np.nan)
    if some.any():
        effective, rate = kept.effective[some], kept.duplication[some]
        if model is Model.BOOK:
            lines[:, some] = book.score(kept.rows[some], share[some], rate)
        else:
            lines[0, some] = calibrated.performance(effective, share[some], rate)
            lines[1:, some] = band(
                effective, share[some], rate,
                noise_low=low[some], noise_high=high[some], draws=draws,
            )  # fmt: skip
    return Sweep(
        thresholds=counts.thresholds,
        rows=kept.rows,
        noise=share,
        noise_low=low,
        noise_high=high,
        duplication=kept.duplication,
        performance=lines[0],
        low=lines[1],
        high=lines[2],
        source=_source(noise),
        beyond=np.zeros(len(some), np.bool_)
        if isinstance(noise, Assumption)
        else noise.beyond(counts.inner_edges),
    )


def estimate(
    counts: CumulativeCounts, kept: Kept, threshold: Threshold, noise: NoiseModel
) -> NoiseEstimate:
    """The noise among what one threshold keeps: `kept`, from `counts.at(threshold)`."""
    by_rule, rows = float(kept.by_rule), max(float(kept.rows), 1.0)
    if isinstance(noise, Assumption):
        parts = [float(part) for part in noise.among_best(max(float(kept.share), 1e-12))]
    else:
        parts = [
            float(np.interp(threshold.value, counts.thresholds, line))
            for line in _labelled(counts, noise)
        ]
    # Rows accepted by hand are sound: a person has said so.
    share, low, high = (part * by_rule / rows for part in parts)
    return NoiseEstimate(share, low, high, _source(noise))


def point(kept: Kept, noise: NoiseEstimate | None) -> Point | None:
    """Where `kept`, from `counts.at`, lies for the models; None where it is empty.

    Without a threshold, and so without `noise`, only what was accepted by hand is kept: sound.
    """
    if kept.rows < 1:
        return None
    return Point(
        rows=float(kept.rows),
        noise=noise.share if noise else 0.0,
        duplication=float(kept.duplication),
        noise_low=noise.low if noise else 0.0,
        noise_high=noise.high if noise else 0.0,
        measured_effective=float(kept.effective),
    )


def _source(noise: NoiseModel) -> NoiseSource:
    return NoiseSource.ASSUMED if isinstance(noise, Assumption) else NoiseSource.LABELS


def _noise_over(
    counts: CumulativeCounts, kept: Kept, noise: NoiseModel
) -> tuple[Floats, Floats, Floats]:
    if isinstance(noise, Assumption):
        parts = noise.among_best(np.maximum(kept.share, 1e-12))
    else:
        parts = _labelled(counts, noise)
    share, low, high = (part * kept.by_rule / np.maximum(kept.rows, 1.0) for part in parts)
    return share, low, high


def _labelled(counts: CumulativeCounts, noise: BadByScore) -> tuple[Floats, Floats, Floats]:
    """Noise among the rows that the rule keeps at each threshold, as the labels have it.

    Of rows beyond the labels' reach the fit only says that they are no better than the worst it
    knows; at the interval's high end all of them are bad.
    """
    per_bin = noise.at(counts.centres) * counts.rows_per_bin  # (1 + bootstraps, STEPS)
    rows = np.maximum(counts.from_best(counts.rows_per_bin), 1.0)
    share, low, high = noise.interval(counts.from_best(per_bin) / rows, counts.thresholds)
    outside = noise.beyond(counts.inner_edges)
    unknown = counts.from_best(np.where(outside, counts.rows_per_bin, 0.0)) / rows
    return share, low, np.minimum(high * (1 - unknown) + unknown, 1.0)
