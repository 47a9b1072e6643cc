"""Intervals of a share: what is known of a rate when some rows have been looked at.

All are exact: they hold the true share at least as often as they say, whatever it is.
"""

from __future__ import annotations

import math

CONFIDENCE = 0.90
"""Of a two-sided interval: its upper end is a bound that holds 95 % of the time, one-sided."""


def exact_interval(
    bad: int, rows: int, population: int | None = None, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Which shares of bad rows are not surprising when `bad` of `rows` were found bad.

    Each end is exceeded at most (1 - confidence)/2 of the time, whatever the share is.

    Args:
        bad: in [0, rows].
        rows: looked at, > 0, drawn at random without looking.
        population: that they were drawn from, without putting any back; None: endless.
        confidence: of both ends together, in (0, 1).

    Source: Clopper and Pearson 1934; for a population, the same by the hypergeometric distribution
    (Buonaccorsi 1987, "A note on confidence intervals for proportions in finite populations").
    """
    tail = (1 + confidence) / 2
    if population is None:
        low = 1 - clopper_pearson_upper(rows - bad, rows, tail)
        return low, clopper_pearson_upper(bad, rows, tail)
    most = _most_bad(bad, rows, population, 1 - tail)
    most_sound = _most_bad(rows - bad, rows, population, 1 - tail)
    return (population - most_sound) / population, most / population


def _most_bad(bad: int, rows: int, population: int, surprise: float) -> int:
    """The most bad rows among all under which `bad` or fewer of those drawn are no surprise."""
    low, high = bad, population - (rows - bad)
    while low < high:
        middle = (low + high + 1) // 2
        if _at_most_of(bad, rows, middle, population) > surprise:
            low = middle
        else:
            high = middle - 1
    return low


def _at_most_of(bad: int, rows: int, all_bad: int, population: int) -> float:
    """P(X <= bad) where `rows` of `population` are drawn, of which `all_bad` are bad."""
    sound = population - all_bad
    whole = _log_choose(population, rows)
    return math.fsum(
        math.exp(_log_choose(all_bad, k) + _log_choose(sound, rows - k) - whole)
        for k in range(max(0, rows - sound), min(bad, all_bad) + 1)
    )


def _log_choose(of: int, some: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(some + 1) - math.lgamma(of - some + 1)


def clopper_pearson_upper(bad: int, rows: int, confidence: float = 0.95) -> float:
    """The largest share under which `bad` or fewer of `rows` would not be surprising (one-sided).

    0 of 59 give 4.95 %, 2 of 100 give 6.16 %.

    Source: Clopper and Pearson 1934; solved by bisection on the binomial distribution.
    """
    if bad >= rows:
        return 1.0
    low, high = bad / rows, 1.0
    for _ in range(60):
        share = (low + high) / 2
        if _at_most(bad, rows, share) > 1 - confidence:
            low = share
        else:
            high = share
    return high


def _at_most(bad: int, rows: int, share: float) -> float:
    """P(Bin(rows, share) <= bad)."""
    if share <= 0:
        return 1.0
    if share >= 1:
        return float(bad >= rows)
    yes, no = math.log(share), math.log1p(-share)
    whole = math.lgamma(rows + 1)
    return math.fsum(
        math.exp(whole - math.lgamma(k + 1) - math.lgamma(rows - k + 1) + k * yes + (rows - k) * no)
        for k in range(bad + 1)
    )
