"""The duplication rate of the kept rows, and how many distinct rows they are worth.

A few duplicates may help; a set that is nothing but duplicates makes a model recite them. Both
marks come from one study and are no limits.

Source: arXiv 2411.15821 (duplication: +0.87 % at 25 %, -40 % at 100 %). What a duplicate is worth:
`engine.simulator.duplication`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.simulator.calibrated import R_STAR
from engine.simulator.duplication import worth

HELPFUL = 0.25
"""The duplication rate that did best in the study."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptDuplication:
    """How many of the kept rows are duplicates; copies in the export count as such."""

    rows: int
    """Rows as exported, with all copies."""
    groups: int
    """Clusters among them; a row like no other is one by itself."""
    effective_rows: float
    """Distinct rows that would be worth as much."""
    hot: NDArray[np.int64]  # (n,) clusters so large that one more row adds little
    hot_sizes: NDArray[np.int64]  # (n,) their rows, largest first

    @property
    def duplicate_rows(self) -> int:
        """Rows beyond one of each group."""
        return self.rows - self.groups

    @property
    def duplication_rate(self) -> float:
        """Share of rows beyond one of each group, in [0, 1]."""
        return self.duplicate_rows / self.rows if self.rows else 0.0


def kept_duplication(
    labels: NDArray[np.int64],
    kept: NDArray[np.bool_],
    copies: NDArray[np.int64] | None = None,
) -> KeptDuplication:
    """The duplication among the kept rows.

    Args:
        labels: the cluster of every row, -1 for a row like no other.  (rows,)
        kept: which rows are exported.  (rows,)
        copies: how often each is exported, 1 where nobody asked for more.  (rows,)
    """
    rows = np.flatnonzero(kept)
    times = np.ones(len(rows), np.int64) if copies is None else copies[rows]
    alone = labels[rows] < 0
    sizes = np.bincount(labels[rows][~alone], times[~alone]).astype(np.int64)
    present = np.flatnonzero(sizes)
    single = times[alone]
    hot = present[sizes[present] - 1 > R_STAR]
    hot = hot[np.argsort(-sizes[hot], kind="stable")]
    return KeptDuplication(
        rows=int(times.sum()),
        groups=len(single) + len(present),
        effective_rows=float(worth(single).sum() + worth(sizes[present]).sum()),
        hot=hot,
        hot_sizes=sizes[hot],
    )
