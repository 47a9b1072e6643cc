"""How much a cluster of duplicates is worth: effective rows, and the duplication rate.

A cluster of n copies counts as f(n) = 1 + R*(1 - exp(-(n-1)/R)) rows: the second copy almost a
full row, the fiftieth next to nothing. A dataset is worth the sum over its clusters, rows without
a twin among them. So one hot cluster shows: 900 single rows and one cluster of 100 are worth 916
rows, which the even spread of `calibrated.phi` hides (999.6).

Source: R and the form from Muennighoff et al., arXiv 2305.16264; there over epochs, here over
copies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.simulator.calibrated import R_STAR, phi

Floats = NDArray[np.float64]

SINGLE = -1
"""The cluster of a row that has no twin."""

HOT_SHARE = 0.05
"""Clusters are called hot where the even spread promises this share of effective rows too many."""


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which rows are copies of each other, as some method found it."""

    of_row: NDArray[np.int64]  # (rows,) number of the cluster, from 0 without gaps; SINGLE if alone
    count: int
    """How many clusters there are."""
    found_by: str
    """What counts as a copy, in words: `exact repeats only`, `near duplicates at .80`."""

    @property
    def rows(self) -> int:
        """Rows that have a twin."""
        return int(np.count_nonzero(self.of_row != SINGLE))


@dataclass(frozen=True, slots=True)
class Duplication:
    """What duplicates make of a number of rows."""

    rows: int
    distinct: int
    """Clusters, rows without a twin included."""
    effective: float
    """What the rows are worth, in distinct rows."""

    @property
    def rate(self) -> float:
        """Rows beyond the first of their cluster, as a share; 0 without rows."""
        return 1 - self.distinct / self.rows if self.rows else 0.0

    @property
    def hot(self) -> bool:
        """Whether a few large clusters hold the copies, so that the rate alone misleads."""
        even = self.rows * float(phi(self.rate))
        return self.rows > 0 and even - self.effective > HOT_SHARE * even


def exact_clusters(identities: NDArray[np.uint8]) -> Clusters:
    """Rows that are the same sample to the character.

    Args:
        identities: (rows, 16)
    """
    # By halves, as integers: those sort ten times as fast as 16 bytes do.
    halves = np.ascontiguousarray(identities).view("<u8").reshape(-1, 2)
    order = np.lexsort((halves[:, 1], halves[:, 0]))
    ordered = halves[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    starts = np.flatnonzero(new)
    sizes = np.diff(np.r_[starts, len(order)])
    shared = sizes > 1
    numbers = np.full(len(sizes), SINGLE, np.int64)
    numbers[shared] = np.arange(int(shared.sum()))
    of_row = np.empty(len(order), np.int64)
    of_row[order] = np.repeat(numbers, sizes)
    return Clusters(of_row, int(shared.sum()), "exact repeats only")


def worth(copies: ArrayLike) -> Floats:
    """f(n): what `copies` (≥ 1, or 0 for none) of one row are worth, in rows."""
    size = np.asarray(copies, np.float64)
    value: Floats = np.where(size > 0, 1 - R_STAR * np.expm1(-(size - 1) / R_STAR), 0.0)
    return value


def duplication(sizes: ArrayLike) -> Duplication:
    """From the size of every cluster, rows without a twin as clusters of one."""
    counted = np.asarray(sizes, np.int64)
    counted = counted[counted > 0]
    return Duplication(int(counted.sum()), len(counted), float(worth(counted).sum()))


def marginal_worth(
    clusters: NDArray[np.int64], order: ArrayLike, copies: NDArray[np.int64] | None = None
) -> tuple[Floats, NDArray[np.bool_]]:
    """What each row adds when rows come in, in some order: f(copies with it) - f(copies before).

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
