"""Rank rules: so many rows in all, those accepted by hand first, then the best-scored others.

Where more rows share the last score than are wanted, identities decide which of them are taken, so
that the same rows come out on every machine and in every order of the file. Everything here is
pure: arrays in, a value out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import Verdict
from engine.review.threshold import Direction, Threshold, ThresholdRequest

MOST_ROUNDS = 100
"""Of filling up after duplicates were dropped; each takes at least one row more."""


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """The rows among which a rank rule counts."""

    accepted: NDArray[np.bool_]  # (rows,) by hand
    undecided: NDArray[np.bool_]  # (rows,) neither accepted, rejected, broken nor empty

    @classmethod
    def of(
        cls, verdicts: NDArray[np.int8], broken: NDArray[np.bool_], empty: NDArray[np.bool_]
    ) -> Population:
        """Rows by verdict; all (rows,)."""
        accepted = (verdicts == Verdict.ACCEPT) & ~broken
        rejected = verdicts == Verdict.REJECT
        return cls(accepted, ~(accepted | rejected | broken | empty))

    @property
    def rows(self) -> int:
        """How many they are."""
        return int(np.count_nonzero(self.accepted) + np.count_nonzero(self.undecided))


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """What a rank rule takes, by the scores known now."""

    threshold: Threshold
    """The last score that is taken; what it keeps and is not taken is `left`."""
    wanted: int
    """Rows in all."""
    by_hand: int
    by_rule: int
    """Kept of those that were not decided by hand, after duplicates."""
    tied: int
    """Undecided rows with the last score."""
    tied_taken: int
    left: NDArray[np.int64]  # (n,) the tied rows that are not taken

    @property
    def ties(self) -> str:
        """How many of the tied rows were taken, in words; empty where no tie was cut."""
        if self.tied_taken == self.tied:
            return ""
        return f"{self.tied_taken:,} of {self.tied:,} tied at {self.threshold.value:.4g}"

    def deciding(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """`scores` by which the threshold keeps just what is taken.  (rows,) -> (rows,).

        The tied rows that are not taken are one step of float32 worse.
        """
        if not len(self.left):
            return scores
        worse = -np.inf if self.threshold.direction is Direction.AT_LEAST else np.inf
        decided = scores.copy()
        decided[self.left] = np.nextafter(np.float32(self.threshold.value), np.float32(worse))
        return decided


def rank(
    request: ThresholdRequest,
    scores: NDArray[np.float32],
    population: Population,
    *,
    identities: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
    kept_after: Callable[[NDArray[np.bool_]], int] | None = None,
) -> Ranked | None:
    """What `request` takes; None while no undecided row has a score.

    Args:
        request: of so many rows, or of a share of the population, rounded up.
        scores: NaN where there is none.  (rows,)
        population: whom it counts.
        identities: of some rows, which decide between equal scores; identical samples are taken
            in their order.  (n,) -> (n, 16)
        kept_after: of rows that are kept, how many are left when duplicates are dropped; None: all.
    """
    wanted = request.top or math.ceil(request.share_or_zero * population.rows)
    rows = np.flatnonzero(population.undecided & ~np.isnan(scores))
    if not len(rows):
        return None
    best_first = _best_first(rows, scores[rows], request.direction, identities)
    by_hand = int(np.count_nonzero(population.accepted))
    take = min(max(wanted - by_hand, 0), len(rows))
    kept = by_hand + take
    for _ in range(MOST_ROUNDS if kept_after is not None else 0):
        assert kept_after is not None
        mask = population.accepted.copy()
        mask[best_first(take)] = True
        kept = kept_after(mask)
        if kept >= wanted or take == len(rows):
            break
        take = min(take + wanted - kept, len(rows))
    taken = best_first(take)
    last = best_first(max(take, 1))[-1]
    tied = rows[scores[rows] == scores[last]]
    left = np.setdiff1d(tied, taken, assume_unique=True)
    return Ranked(
        Threshold(float(scores[last]), request.direction),
        wanted, by_hand, kept - by_hand, len(tied), len(tied) - len(left), left,
    )  # fmt: skip


def _best_first(
    rows: NDArray[np.int64],
    scores: NDArray[np.float32],
    direction: Direction,
    identities: Callable[[NDArray[np.int64]], NDArray[np.uint8]],
) -> Callable[[int], NDArray[np.int64]]:
    """Gives the best so many of `rows`, the last one at the end; ties are cut as said above."""
    keys = -scores if direction is Direction.AT_LEAST else scores
    order = np.argsort(keys, kind="stable")
    ordered, keys = rows[order], keys[order]

    def best(count: int) -> NDArray[np.int64]:
        if not count:
            return ordered[:0]
        edge = keys[count - 1]
        first = int(np.searchsorted(keys, edge, side="left"))
        behind = int(np.searchsorted(keys, edge, side="right"))
        if behind == count:
            return ordered[:count]
        tied = ordered[first:behind]
        halves = np.ascontiguousarray(identities(tied)).view(">u8")  # (n, 2) as bytes compare
        by_identity = tied[np.lexsort((tied, halves[:, 1], halves[:, 0]))]
        return np.concatenate([ordered[:first], by_identity[: count - first]])

    return best


def ranked_text(ranked: Ranked) -> str:
    """What a rank rule takes, as every report says it: `1,000 kept: 88 by hand, 912 by rule`."""
    kept = ranked.by_hand + ranked.by_rule
    text = f"{kept:,} kept: {ranked.by_hand:,} by hand, {ranked.by_rule:,} by rule"
    if ranked.ties:
        text += f" ({ranked.ties})"
    if kept < ranked.wanted:
        text += f"; {ranked.wanted - kept:,} fewer than asked for: no more are scored"
    if ranked.by_hand > ranked.wanted:
        text += f"; by hand alone more than the {ranked.wanted:,} asked for"
    return text
