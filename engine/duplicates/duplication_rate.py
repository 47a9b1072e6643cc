"""How much of what is kept is repetition, and how many rows it is worth.

A small share of repeats may help; a set that is nothing but repeats teaches its own text. Both
marks come from the same study and are marks, not limits.

Source: arXiv 2411.15821 (duplication: +0.87 % at 25 %, -40 % at 100 %). What a repetition is worth:
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
class Gauge:
    """The duplication of a selection; an export multiplicity counts as repeats."""

    rows: int
    """Rows as exported, repeats included."""
    groups: int
    """Clusters among them; a row like no other is one."""
    effective_rows: float
    """Rows without any repeat that would be worth as much."""
    hot: NDArray[np.int64]  # (n,) clusters repeated so often that more of it is worth little
    hot_sizes: NDArray[np.int64]  # (n,) their rows, largest first

    @property
    def duplicate_rows(self) -> int:
        """Rows beyond one of each group."""
        return self.rows - self.groups

    @property
    def duplication_rate(self) -> float:
        """Share of rows beyond one of each group, in [0, 1]."""
        return self.duplicate_rows / self.rows if self.rows else 0.0


def gauge(
    labels: NDArray[np.int64],
    kept: NDArray[np.bool_],
    repeats: NDArray[np.int64] | None = None,
) -> Gauge:
    """The duplication among the kept rows.

    Args:
        labels: the cluster of every row, -1 for a row like no other.  (rows,)
        kept: which rows are exported.  (rows,)
        repeats: how often each is exported, 1 where nobody asked for more.  (rows,)
    """
    rows = np.flatnonzero(kept)
    times = np.ones(len(rows), np.int64) if repeats is None else repeats[rows]
    alone = labels[rows] < 0
    sizes = np.bincount(labels[rows][~alone], times[~alone]).astype(np.int64)
    present = np.flatnonzero(sizes)
    single = times[alone]
    hot = present[sizes[present] - 1 > R_STAR]
    hot = hot[np.argsort(-sizes[hot], kind="stable")]
    return Gauge(
        rows=int(times.sum()),
        groups=len(single) + len(present),
        effective_rows=float(worth(single).sum() + worth(sizes[present]).sum()),
        hot=hot,
        hot_sizes=sizes[hot],
    )
