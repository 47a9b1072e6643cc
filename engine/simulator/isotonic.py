"""P(bad | score) from labels: as free as it can be, except that a better score is never worse.

Labels come from a random sample of the rows (the spot-check queue), so they are few; the fit
pools them only as far as the order demands (isotonic regression), and a bootstrap over the labels
says how far it can be trusted.

Source: Barlow et al. 1972, the min-max formula of isotonic regression; Efron 1979 for the
bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.statistics import clopper_pearson_upper

Floats = NDArray[np.float64]

ENOUGH_LABELS = 30
"""Fewer of a check under way say less than an assumption does."""

FEWEST_LABELS = 2
"""That a fit takes."""

GROUPS = 40
"""Labels are pooled into at most so many neighbours of about equal number before the fit."""

BOOTSTRAPS = 300
SEED = 0

FEW_BAD = 3
"""With fewer bad labels among the kept ones a bootstrap is blind to the tail: the exact upper end
of the binomial holds."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a person said of rows drawn at random from those then kept."""

    scores: NDArray[np.float64]  # (n,) at the time of asking, or now; no NaN
    bad: NDArray[np.bool_]  # (n,)
    reach: float | None = None
    """The loosest threshold that they were drawn at: of rows beyond it they say nothing."""
    finished: bool = False
    """A spot check among them was judged to its end: however few, they say what it found."""

    @property
    def enough(self) -> bool:
        """Whether they are used at all."""
        return len(self.bad) >= (FEWEST_LABELS if self.finished else ENOUGH_LABELS)

    def same_as(self, other: Labels) -> bool:
        """Whether a fit to these is one to `other`."""
        return (
            self.reach == other.reach
            and np.array_equal(self.scores, other.scores)
            and np.array_equal(self.bad, other.bad)
        )


def isotonic(means: ArrayLike, weights: ArrayLike) -> Floats:
    """The falling sequence nearest to `means` (weighted least squares).

    By the min-max formula, so that many weightings are fitted at once: g_i is the smallest, over
    starts a ≤ i, of the largest average from a to any end b ≥ i. A mean without weight counts for
    nothing and takes its neighbours' value.

    Args:
        means: (..., n)
        weights: (..., n) ≥ 0, not all zero.

    Returns:
        (..., n)
    """
    weight = np.asarray(weights, np.float64)
    size = weight.shape[-1]
    total = np.cumsum(weight, axis=-1)
    summed = np.cumsum(weight * np.asarray(means, np.float64), axis=-1)
    zero = np.zeros((*weight.shape[:-1], 1))
    from_start = np.concatenate([zero, total[..., :-1]], axis=-1)
    sum_from_start = np.concatenate([zero, summed[..., :-1]], axis=-1)
    mass = total[..., None, :] - from_start[..., :, None]  # (..., a, b)
    with np.errstate(invalid="ignore", divide="ignore"):
        average = (summed[..., None, :] - sum_from_start[..., :, None]) / mass
    starts, ends = np.indices((size, size))
    empty = (mass <= 0) | (ends < starts)
    average = np.where(empty, -np.inf, average)
    # The largest average from a to any end at or after i: a running maximum from the right.
    largest = np.maximum.accumulate(average[..., ::-1], axis=-1)[..., ::-1]
    largest = np.where((starts > ends) | np.isneginf(largest), np.inf, largest)
    fitted: Floats = largest.min(axis=-2)
    # Behind the last weight no average exists: the last value goes on.
    known = np.isfinite(fitted)
    last = np.maximum.accumulate(np.where(known, np.arange(size), 0), axis=-1)
    filled: Floats = np.take_along_axis(fitted, last, axis=-1)
    return filled


class BadByScore:
    """P(bad | score), fitted, and as often again to resampled labels."""

    def __init__(self, labels: Labels, *, better_is_higher: bool) -> None:
        """Fit `labels`, at least two of them."""
        sign = 1.0 if better_is_higher else -1.0
        order = np.argsort(sign * labels.scores, kind="stable")
        self._sign = sign
        self._reach = labels.reach
        self._scores = sign * labels.scores[order]
        self._bad = labels.bad[order]
        number = len(order)
        group = np.arange(number) * min(GROUPS, number) // number
        # Labels of one score stand in one group, or their order among each other would matter.
        first = np.searchsorted(self._scores, self._scores, side="left")
        group = group[first]
        _, group = np.unique(group, return_inverse=True)
        groups = int(group.max()) + 1
        member = np.zeros((number, groups))
        member[np.arange(number), group] = 1.0
        counts = np.random.default_rng(SEED).multinomial(
            number, np.full(number, 1 / number), BOOTSTRAPS
        )
        drawn: Floats = np.vstack([np.ones(number), counts]).astype(np.float64)
        self._drawn: Floats = drawn  # (1 + bootstraps, number)
        dice = np.random.default_rng(SEED)
        self._shuffled = np.array([dice.permutation(self._bad) for _ in range(BOOTSTRAPS)])
        weights = drawn @ member
        bad = (drawn * self._bad) @ member
        with np.errstate(invalid="ignore"):
            means = np.where(weights > 0, bad / weights, 0.0)
        self._fitted = isotonic(means, weights)
        self._centres = (self._scores @ member) / member.sum(axis=0)

    def at(self, scores: Floats) -> Floats:
        """P(bad) at each score, of the fit and of every bootstrap.  (n,) -> (1 + bootstraps, n)."""
        ordered = self._sign * scores
        place = np.clip(
            np.searchsorted(self._centres, ordered, side="right") - 1, 0, len(self._centres) - 1
        )
        after = np.minimum(place + 1, len(self._centres) - 1)
        gap = self._centres[after] - self._centres[place]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(gap > 0, (ordered - self._centres[place]) / gap, 0.0)
        share = np.clip(share, 0.0, 1.0)
        between: Floats = self._fitted[:, place] * (1 - share) + self._fitted[:, after] * share
        return between

    def counted(self, thresholds: Floats) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """The share of bad labels that each threshold keeps, without a fit between them.

        The fit holds a better score for no worse, even of scores that tell nothing; what it gains
        by that is no evidence.

        Args:
            thresholds: (n,)

        Returns:
            The shares, of the labels and of every bootstrap, NaN where none is kept
            (1 + bootstraps, n); the same of labels dealt out anew among the scores, as if these
            told nothing (bootstraps, n); and how many labels each threshold keeps (n,).
        """
        start = np.searchsorted(self._scores, self._sign * thresholds, side="left")

        def kept(each: Floats) -> Floats:
            none = np.zeros((len(each), 1))
            return np.concatenate([np.cumsum(each[:, ::-1], axis=1)[:, ::-1], none], axis=1)[
                :, start
            ]

        left = (len(self._scores) - start).astype(np.int64)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = kept(self._drawn * self._bad) / kept(self._drawn)
            by_chance = kept(self._shuffled.astype(np.float64)) / left
        return share, by_chance, left

    def beyond(self, scores: Floats) -> NDArray[np.bool_]:
        """Whether each score lies where nothing was drawn.  (n,) -> (n,)."""
        if self._reach is None:
            return np.zeros(len(scores), np.bool_)
        outside: NDArray[np.bool_] = self._sign * scores < self._sign * self._reach
        return outside

    def interval(self, shares: Floats, thresholds: Floats) -> tuple[Floats, Floats, Floats]:
        """Noise and its interval from the shares of the fit and of every bootstrap.

        Args:
            shares: noise among the kept rows at each threshold.  (1 + bootstraps, n)
            thresholds: (n,) scores.

        Returns:
            (noise, low, high), each (n,).
        """
        noise = shares[0]
        low, high = np.quantile(shares[1:], (0.05, 0.95), axis=0)
        low, high = np.minimum(low, noise), np.maximum(high, noise)
        ordered = self._sign * thresholds
        start = np.searchsorted(self._scores, ordered, side="left")
        total = len(self._scores) - start
        bad = np.r_[np.cumsum(self._bad[::-1])[::-1], 0][start]
        for index in np.flatnonzero((bad < FEW_BAD) & (total > 0)):
            exact = clopper_pearson_upper(int(bad[index]), int(total[index]))
            high[index] = max(high[index], exact)
        high[total == 0] = 1.0
        return noise, low, high

    @property
    def labels(self) -> int:
        """How many there are."""
        return len(self._bad)

    @property
    def bad(self) -> int:
        """How many of them are bad."""
        return int(self._bad.sum())
