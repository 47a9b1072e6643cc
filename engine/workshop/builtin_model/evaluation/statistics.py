"""The measures of the model card, each with a 95 % interval.

Ties count one half everywhere: a scorer that gives every row the same number has an AUC and a
pairwise accuracy of .5. Plain numpy, so that a figure can be checked without any other package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z = 1.959963984540054
"""The standard normal's 97.5 % quantile."""
BOOTSTRAP_DRAWS = 1_000
EDGE = 1e-12
"""Fisher's transformation is infinite at 1; this near to it, it is finite."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, its 95 % interval, and how many rows it is from.

    `rows` counts spoilt rows for an AUC, pairs for an accuracy, rows for a correlation.
    """

    value: float
    low: float
    high: float
    rows: int


def auc(good: Floats, bad: Floats) -> Figure:
    """P(a good row scores above a bad one); see `mean_auc`."""
    return mean_auc(good, [bad])


def mean_auc(good: Floats, kinds: Sequence[Floats]) -> Figure:
    """The mean of the AUCs of several kinds of bad rows against the same good ones.

    Every kind has the same weight, however many rows it has. The variance is DeLong's, the
    good rows' part taken jointly because all kinds share them; the interval is symmetric on the
    logit scale, so that it stays inside [0, 1]. Where DeLong's variance is zero (all or none
    told apart) or a kind is one row, the bound is Newcombe's.

    Source: DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014 for the ranks; Qin & Hotilovac
    2008 for the logit scale; Newcombe 2006, method 5.
    """
    if not good.size or not kinds or not all(bad.size for bad in kinds):
        raise ValueError("an AUC needs good rows and bad rows")
    of_good = np.zeros(good.size)  # (good,) share of bad rows below each good one
    value = bad_variance = 0.0
    for bad in kinds:
        below, above = _placements(good, bad)
        of_good += below / len(kinds)
        value += float(below.mean()) / len(kinds)
        if bad.size > 1:
            bad_variance += float(above.var(ddof=1)) / bad.size / len(kinds) ** 2
    rows = sum(bad.size for bad in kinds)
    good_variance = float(of_good.var(ddof=1)) / good.size if good.size > 1 else 0.0
    spread = math.sqrt(good_variance + bad_variance)
    if spread == 0.0 or not 0.0 < value < 1.0 or good.size == 1 or rows == len(kinds):
        return Figure(value, *_newcombe(value, good.size, rows), rows)
    centre, width = math.log(value / (1 - value)), Z * spread / (value * (1 - value))
    return Figure(value, _logistic(centre - width), _logistic(centre + width), rows)


def pairwise_accuracy(better: Floats, worse: Floats) -> Figure:
    """The share of pairs whose better side scores above the other one, with Wilson's interval.

    Source: Wilson 1927.
    """
    won = float(np.count_nonzero(better > worse) + np.count_nonzero(better == worse) / 2)
    pairs = better.size
    share = won / pairs
    middle = (share + Z**2 / (2 * pairs)) / (1 + Z**2 / pairs)
    half = Z * math.sqrt(share * (1 - share) / pairs + Z**2 / (4 * pairs**2)) / (1 + Z**2 / pairs)
    return Figure(share, max(0.0, middle - half), min(1.0, middle + half), pairs)


def spearman(
    first: Floats, second: Floats, groups: NDArray[np.int64] | None = None, seed: int = 0
) -> Figure:
    """The rank correlation and its interval.

    Answers to one prompt are not independent: where rows belong to groups, whole groups are
    drawn in a percentile bootstrap. Rows alone take Fisher's transformation. Ties have their
    mean rank; a constant side has no correlation, which is given as 0.

    Args:
        first: one value per row, four rows and more.  (rows,)
        second: the other.  (rows,)
        groups: which rows belong together; None: each is alone.  (rows,)
        seed: of the draws.

    Source: Bonett & Wright 2000 for the variance of Fisher's z; Davison & Hinkley 1997, section
    3.8, for groups.
    """
    value = _correlation(first, second)
    if groups is None:
        inside = min(max(value, -1 + EDGE), 1 - EDGE)
        width = Z * math.sqrt((1 + value**2 / 2) / max(first.size - 3, 1))
        ends = (math.tanh(math.atanh(inside) - width), math.tanh(math.atanh(inside) + width))
        return Figure(value, min(ends[0], value), max(ends[1], value), first.size)
    numbers = np.unique(groups, return_inverse=True)[1]
    members = np.split(np.argsort(numbers, kind="stable"), np.cumsum(np.bincount(numbers))[:-1])
    dice = np.random.default_rng(seed)
    drawn = np.empty(BOOTSTRAP_DRAWS)
    for draw in range(BOOTSTRAP_DRAWS):
        picked = dice.integers(0, len(members), len(members))
        rows = np.concatenate([members[each] for each in picked])
        drawn[draw] = _correlation(first[rows], second[rows])
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Figure(value, float(low), float(high), first.size)


def mid_ranks(values: Floats) -> Floats:
    """Ranks from 1 on, equal values sharing their mean rank.  (n,) -> (n,)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Floats = (last - (counts - 1) / 2)[inverse].astype(np.float64)
    return ranks


def _placements(good: Floats, bad: Floats) -> tuple[Floats, Floats]:
    """For each good row the share of bad ones below it; for each bad one of good ones above.

    -> (good,), (bad,)
    """
    joint = mid_ranks(np.concatenate((good, bad)))
    below = (joint[: good.size] - mid_ranks(good)) / bad.size
    above = 1 - (joint[good.size :] - mid_ranks(bad)) / good.size
    return below, above


def _newcombe(value: float, good: int, bad: int) -> tuple[float, float]:
    """The values whose own interval ends at `value`, found by halving."""
    rows = (good + bad) / 2 - 1

    def spread(at: float) -> float:
        variance = at * (1 - at) * (1 + rows * ((1 - at) / (2 - at) + at / (1 + at)))
        return math.sqrt(max(0.0, variance) / (good * bad))

    def end(inside: float, outside: float) -> float:
        for _ in range(60):
            middle = (inside + outside) / 2
            if abs(value - middle) <= Z * spread(middle):
                inside = middle
            else:
                outside = middle
        return inside

    return end(value, 0.0), end(value, 1.0)


def _correlation(first: Floats, second: Floats) -> float:
    a, b = mid_ranks(first), mid_ranks(second)
    a, b = a - a.mean(), b - b.mean()
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size else 0.0


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))
