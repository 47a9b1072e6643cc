"""Performance over the threshold: what each would keep, how noisy that is, what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.review.threshold import Threshold
from engine.simulator import book, calibrated
from engine.simulator.band import SWEEP_DRAWS, band, drawn, noise_drawn
from engine.simulator.cumulative_counts import CumulativeCounts, Kept
from engine.simulator.isotonic import BadByScore
from engine.simulator.noise import Assumption, NoiseEstimate, NoiseSource
from engine.simulator.prediction import Model, Point

Floats = NDArray[np.float64]

NoiseModel = Assumption | BadByScore
"""How noisy kept rows are: as assumed, or as labels say."""


FEWEST_KEPT_LABELS = 10
"""A threshold that keeps fewer of the labels is not compared by them."""

SURE = 0.95
"""How sure it is that a threshold which is called clearly better gains anything."""


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
    drawn: Floats
    """Performance in draws of all that is not known, each a whole line, the first one as the labels
    are; NaN where there is too little to compare by.  (1 + draws, n)"""
    by_chance: Floats | None
    """The same where the labels are dealt out anew among the scores, (draws, n); None without."""

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

    def place(self, threshold: float | None) -> int:
        """The threshold of the sweep that is nearest; the loosest where there is none."""
        if threshold is None:
            return int(np.nanargmax(np.where(np.isfinite(self.performance), self.rows, np.nan)))
        return int(np.argmin(np.abs(self.thresholds - threshold)))

    def clearly_better(self, threshold: float | None) -> int | None:
        """The best one, where its gain over `threshold` exceeds the band of the difference.

        It has to gain in 95 % of what noise and model leave open. The best of many thresholds by
        a few labels seems to gain even where scores tell nothing; so by labels it has to gain more
        than the best one does in 95 % of the cases in which the labels are dealt out anew among
        the scores (a permutation test of the largest gain).

        Source: Good 2005, Permutation, Parametric and Bootstrap Tests of Hypotheses.

        Args:
            threshold: that holds now; None: none does, so all rows are kept.

        Returns:
            Its number; None where no threshold is clearly better.
        """
        best = self.best
        if best is None or best == (now := self.place(threshold)):
            return None
        gains = self.drawn[:, best] - self.drawn[:, now]
        if not np.isfinite(gains).all() or np.quantile(gains, 1 - SURE) <= 0:
            return None
        if self.by_chance is not None:
            largest = np.nanmax(self.by_chance - self.by_chance[:, now][:, None], axis=1)
            if gains[0] <= np.quantile(largest, SURE):
                return None
        return best


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
    joint, by_chance = np.full((1 + draws, len(some)), np.nan), None
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
        joint, by_chance = _drawn(counts, kept, noise, model, (share, low, high), draws)
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
        drawn=joint,
        by_chance=by_chance,
    )


def _drawn(
    counts: CumulativeCounts,
    kept: Kept,
    noise: NoiseModel,
    model: Model,
    shares: tuple[Floats, Floats, Floats],
    draws: int,
) -> tuple[Floats, Floats | None]:
    """Performance at every threshold, in draws of what the noise and the model leave open.

    And, by labels, where these are dealt out anew.
    """
    size, rate, rows = np.maximum(kept.effective, 1.0), kept.duplication, np.maximum(kept.rows, 1.0)

    def points(eps: Floats, *, open_model: bool) -> Floats:
        if model is Model.BOOK:
            found = book.score(rows, eps, rate)
        elif open_model:
            first = calibrated.performance(size, eps[0], rate)
            found = np.vstack([first, drawn(size, eps[1:].T, rate).T])
        else:
            found = calibrated.performance(size, eps, rate)
        told: Floats = np.where(kept.rows >= 1, found, np.nan)
        return told

    if isinstance(noise, Assumption):
        eps = np.concatenate([shares[0][:, None], noise_drawn(*shares, draws)], axis=1).T
        return points(eps, open_model=True), None
    counted, by_chance, labels = noise.counted(counts.thresholds)
    told = (labels >= FEWEST_KEPT_LABELS) & ~noise.beyond(counts.inner_edges)
    by_rule = np.where(told, kept.by_rule / rows, np.nan)
    return (
        points(np.minimum(counted * by_rule, 0.999), open_model=True),
        points(np.minimum(by_chance * by_rule, 0.999), open_model=False),
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
