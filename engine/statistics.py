"""Intervals of a share: what is known of a rate when some rows have been looked at."""

from __future__ import annotations

import math

Z90 = 1.6448536269514722
"""Two-sided 90 %: the ends of every interval here are the 5 % and the 95 % quantile."""


def wilson(bad: int, rows: int, z: float = Z90) -> tuple[float, float]:
    """Wilson's interval of a share: `bad` of `rows` (> 0).

    Source: Wilson 1927; (p + z²/2n ± z*sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n).
    """
    share = bad / rows
    middle = share + z * z / (2 * rows)
    reach = z * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    scale = 1 + z * z / rows
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


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
    return (low + high) / 2


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
