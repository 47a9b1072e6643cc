"""What any threshold keeps, counted once: rows, distinct rows, effective rows.

A threshold lets rows in from the best score downwards, so everything that the simulator needs is
a running sum over equal bins of the score: counted when scores or verdicts change, read when the
threshold moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import Verdict
from engine.review.histogram import axis, bins_of
from engine.review.threshold import Direction, Threshold
from engine.simulator.duplication import SINGLE, DuplicateGroups, marginal_worth

Floats = NDArray[np.float64]

STEPS = 200
"""Thresholds that a sweep looks at: as many as the slider has fine steps."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one threshold keeps, or many: numbers, or arrays of one shape."""

    rows: Floats
    """Rows that an export would write, counting how often."""
    by_rule: Floats
    """Those of them that the threshold keeps; the others were accepted by hand."""
    distinct: Floats
    """Clusters among them, rows without a duplicate included."""
    effective: Floats
    """What they are worth in distinct rows."""
    share: Floats
    """Share that the threshold keeps of the scored rows that nobody decided, in [0, 1]."""

    @property
    def duplication(self) -> Floats:
        """Rows beyond the first of their cluster, as a share."""
        rate: Floats = np.clip(1 - self.distinct / np.maximum(self.rows, 1), 0.0, 1.0)
        return rate


class CumulativeCounts:
    """Sums over the rows that a threshold keeps, made anew when scores or verdicts change.

    Rows accepted by hand are kept at every threshold and come first in their clusters; rejected,
    unreadable and unscored rows are kept at none.
    """

    def __init__(
        self,
        scores: NDArray[np.float32],
        verdicts: NDArray[np.int8],
        broken: NDArray[np.bool_],
        direction: Direction,
        *,
        clusters: DuplicateGroups | None = None,
        copies: NDArray[np.int64] | None = None,
    ) -> None:
        """Count.

        Args:
            scores: NaN where there is none.  (rows,)
            verdicts: (rows,)
            broken: rows that could not be read.  (rows,)
            direction: which end of the scores is the better one.
            clusters: which rows are duplicates of each other; None: not known, all count in full.
            copies: how often each row is exported.  (rows,) None: once.
        """
        readable = ~broken
        accepted = readable & (verdicts == Verdict.ACCEPT)
        scored = scores == scores  # noqa: PLR0124 - NaN is not itself
        self._accepted = accepted
        self._by_rule = readable & ~accepted & (verdicts != Verdict.REJECT) & scored
        self._scores = scores
        self.direction, self.clusters = direction, clusters
        self._rows = None if copies is None else copies.astype(np.float64)
        self._worth, self._first = _worth(
            scores, accepted, self._by_rule, direction, clusters, copies
        )
        self._by_hand = tuple(
            float(np.count_nonzero(accepted) if part is None else part[accepted].sum())
            for part in (self._rows, self._first, self._worth)
        )
        self._candidates = float(np.count_nonzero(self._by_rule))
        self.edges = self._axis()  # (STEPS + 1,), empty without scores
        self._counts = self._count()  # rows, distinct, effective, plain: (4, STEPS)

    def _axis(self) -> Floats:
        low = float(np.fmin.reduce(self._scores, initial=np.nan))
        high = float(np.fmax.reduce(self._scores, initial=np.nan))
        if not (np.isfinite(low) and np.isfinite(high)):
            return np.empty(0)
        return axis(low, high, STEPS)

    def _count(self) -> Floats:
        if not len(self.edges):
            return np.zeros((4, STEPS))
        ours = self._scores[self._by_rule]
        place = bins_of(ours, self.edges, upper_edge=not self._at_least)
        plain = np.bincount(place, minlength=STEPS).astype(np.float64)
        weighed = [
            plain
            if part is None
            else np.bincount(place, weights=part[self._by_rule], minlength=STEPS)
            for part in (self._rows, self._first, self._worth)
        ]
        return np.array([*weighed, plain], np.float64)

    @property
    def thresholds(self) -> Floats:
        """What a sweep looks at, rising: it keeps the bins on its keeping side.  (STEPS,)."""
        return self.edges[:-1] if self._at_least else self.edges[1:]

    @property
    def inner_edges(self) -> Floats:
        """The better edge of each bin.  (STEPS,)."""
        return self.edges[1:] if self._at_least else self.edges[:-1]

    @property
    def centres(self) -> Floats:
        """The middle of each bin.  (STEPS,)."""
        return (self.edges[:-1] + self.edges[1:]) / 2

    @property
    def rows_per_bin(self) -> Floats:
        """Rows that the rule decides about in each bin, counting how often.  (STEPS,)."""
        rows: Floats = self._counts[0]
        return rows

    @property
    def _at_least(self) -> bool:
        return self.direction is Direction.AT_LEAST

    def from_best(self, per_bin: Floats) -> Floats:
        """Sums over the bins on the keeping side of each of `thresholds`.  (..., STEPS) -> same."""
        if self._at_least:
            return np.cumsum(per_bin[..., ::-1], axis=-1)[..., ::-1]
        return np.cumsum(per_bin, axis=-1)

    def over(self) -> Kept:
        """What each of `thresholds` keeps."""
        return self._kept(*self.from_best(self._counts))

    def keeps(self, threshold: Threshold | None, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of `rows` is kept, by hand or by a threshold.  (n,) -> (n,)."""
        kept: NDArray[np.bool_] = self._accepted[rows]
        if threshold is not None:
            kept = kept | (threshold.keeps(self._scores[rows]) & self._by_rule[rows])
        return kept

    def at(self, threshold: Threshold | None) -> Kept:
        """What one threshold keeps, counted row by row; None keeps what was accepted by hand."""
        if threshold is None:
            kept = np.zeros(len(self._scores), np.bool_)
        else:
            kept = threshold.keeps(self._scores)
            kept &= self._by_rule
        plain = float(np.count_nonzero(kept))
        rows, distinct, effective = (
            plain if part is None else float(np.dot(part, kept))
            for part in (self._rows, self._first, self._worth)
        )
        return self._kept(*map(np.asarray, (rows, distinct, effective, plain)))

    def _kept(self, rows: Floats, distinct: Floats, effective: Floats, plain: Floats) -> Kept:
        """With what was accepted by hand, beside what the rule keeps."""
        by_hand = self._by_hand
        return Kept(
            rows=rows + by_hand[0],
            by_rule=rows,
            distinct=distinct + by_hand[1],
            effective=effective + by_hand[2],
            share=plain / max(self._candidates, 1.0),
        )


def _worth(
    scores: NDArray[np.float32],
    accepted: NDArray[np.bool_],
    by_rule: NDArray[np.bool_],
    direction: Direction,
    clusters: DuplicateGroups | None,
    copies: NDArray[np.int64] | None,
) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    """What each row adds to effective and to distinct rows; None where each adds one."""
    if copies is None and (clusters is None or not clusters.count):
        return None, None
    group = np.full(len(scores), SINGLE, np.int64) if clusters is None else clusters.of_row
    worth = np.ones(len(scores), np.float32)
    first = np.ones(len(scores), np.float32)
    shared = (group != SINGLE) & (accepted | by_rule)
    if copies is not None:
        alone = (group == SINGLE) & (copies > 1)
        worth[alone] = marginal_worth(
            np.flatnonzero(alone), np.zeros(np.count_nonzero(alone)), copies[alone]
        )[0]
    rows = np.flatnonzero(shared)
    sign = -1.0 if direction is Direction.AT_LEAST else 1.0
    order = np.where(accepted[rows], -np.inf, sign * scores[rows].astype(np.float64))
    added, leads = marginal_worth(group[rows], order, None if copies is None else copies[rows])
    worth[rows], first[rows] = added, leads
    return worth, first
