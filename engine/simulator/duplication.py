"""How much a cluster of duplicates is worth: effective rows, and the duplication rate.

A cluster of n rows counts as f(n) = 1 + R*(1 - exp(-(n-1)/R)) rows: the second is worth almost a
full row, the fiftieth next to nothing. A dataset is worth the sum over its clusters; a row without
a duplicate is a cluster of one. So one large cluster shows: 900 single rows and one cluster of 100
are worth 916 rows, where `calibrated.phi`, which spreads duplicates evenly, says 999.6.

Source: R and the form from Muennighoff et al., arXiv 2305.16264; there over epochs, here over
duplicates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.dataset.identities import ranked
from engine.simulator.calibrated import R_STAR, phi

Floats = NDArray[np.float64]

SINGLE = -1
"""The cluster of a row that has no duplicate."""

EXACT_ONLY = "exact duplicates only"
"""What is said where only rows that are the same to the character count as duplicates."""

HOT_SHARE = 0.05
"""Clusters are called hot where the even spread promises this share of effective rows too many."""


@dataclass(frozen=True, slots=True)
class DuplicateGroups:
    """Which rows are duplicates of each other, as some method found it."""

    of_row: NDArray[np.int64]  # (rows,) number of the cluster, from 0 without gaps; SINGLE if alone
    count: int
    """How many clusters there are."""
    found_by: str
    """What counts as a duplicate, in words: `EXACT_ONLY`, `near duplicates at .80`."""

    @property
    def rows(self) -> int:
        """Rows that have a duplicate."""
        return int(np.count_nonzero(self.of_row != SINGLE))


@dataclass(frozen=True, slots=True)
class Duplication:
    """What duplicates make of a number of rows."""

    rows: int
    distinct: int
    """DuplicateGroups, rows without a twin included."""
    effective: float
    """What the rows are worth, in distinct rows."""

    @property
    def rate(self) -> float:
        """Rows beyond the first of their cluster, as a share; 0 without rows."""
        return 1 - self.distinct / self.rows if self.rows else 0.0

    @property
    def hot(self) -> bool:
        """Whether a few large clusters hold the duplicates, so that the rate alone misleads."""
        even = self.rows * float(phi(self.rate))
        return self.rows > 0 and even - self.effective > HOT_SHARE * even


def exact_duplicates(identities: NDArray[np.uint8]) -> DuplicateGroups:
    """Rows that are the same sample to the character.

    Args:
        identities: (rows, 16)
    """
    order, occurrences = ranked(identities)
    sizes = np.diff(np.append(np.flatnonzero(occurrences[order] == 0), len(order)))
    shared = sizes > 1
    numbers = np.full(len(sizes), SINGLE, np.int64)
    numbers[shared] = np.arange(int(shared.sum()))
    of_row = np.empty(len(order), np.int64)
    of_row[order] = np.repeat(numbers, sizes)
    return DuplicateGroups(of_row, int(shared.sum()), EXACT_ONLY)


def worth(times: ArrayLike) -> Floats:
    """f(n): what one row is worth that is there so many times (0: not at all), in rows."""
    size = np.asarray(times, np.float64)
    value: Floats = np.where(size > 0, 1 - R_STAR * np.expm1(-(size - 1) / R_STAR), 0.0)
    return value


def marginal_worth(
    clusters: NDArray[np.int64], order: ArrayLike, copies: NDArray[np.int64] | None = None
) -> tuple[Floats, NDArray[np.bool_]]:
    """What each row adds as rows are kept in some order: f(n with it) - f(n before).

    A threshold lets rows in from the best score downwards, so sums of these over the kept rows
    are the effective rows at any threshold, without looking at clusters again.

    Args:
        clusters: of each row; no `SINGLE` among them.  (n,)
        order: smaller comes first.  (n,)
        copies: how often each row is exported; once by default.  (n,)

    Returns:
        (worth, first): what a row adds, and whether it is the first of its cluster.  both (n,)
    """
    sequence = np.lexsort((np.asarray(order), clusters))
    grouped = clusters[sequence]
    times = np.ones(len(grouped), np.int64) if copies is None else copies[sequence]
    first = np.ones(len(grouped), np.bool_)
    first[1:] = grouped[1:] != grouped[:-1]
    running = np.cumsum(times)
    before_cluster = np.repeat(
        (running - times)[first], np.diff(np.r_[np.flatnonzero(first), len(grouped)])
    )
    after = running - before_cluster
    added = np.empty(len(grouped), np.float64)
    added[sequence] = worth(after) - worth(after - times)
    leads = np.empty(len(grouped), np.bool_)
    leads[sequence] = first
    return added, leads
