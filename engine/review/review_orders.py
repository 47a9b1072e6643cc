"""Review orders: which samples to look at first, and why.

A review order is a fixed sequence of rows. It is worked out when it is made, from scores and
verdicts as they are then, and doesn't change while scores arrive: nothing jumps under the cursor.
Made again, it follows them.

The rows of a spot check are drawn at random instead, see `engine.audit.spotcheck`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.threshold import Threshold

Rows = NDArray[np.int64]


class OrderKind(StrEnum):
    """What a review order puts first."""

    FILE = "file order"
    NEAREST = "nearest to the threshold"
    LOWEST = "lowest score"
    HIGHEST = "highest score"
    LONGEST = "longest"
    SCORERS = "scorers disagree"
    REVIEWER = "scorer and reviewer disagree"
    CONFLICTS = "reviewers disagree"
    SPOT_CHECK = "spot check"


KIND_TEXT = {
    OrderKind.FILE: "as the dataset has them",
    OrderKind.NEAREST: "where a verdict matters most",
    OrderKind.LOWEST: "what the scorer likes least",
    OrderKind.HIGHEST: "what the scorer likes best",
    OrderKind.LONGEST: "most characters first",
    OrderKind.SCORERS: "ranked most unlike by the last two scorers",
    OrderKind.REVIEWER: "verdicts against the threshold",
    OrderKind.CONFLICTS: "what a merge left to be adjudicated",
    OrderKind.SPOT_CHECK: "kept rows at random, scores hidden",
}


TELLING = frozenset({OrderKind.LOWEST, OrderKind.HIGHEST, OrderKind.REVIEWER})
"""Orders that tell on which side a sample is; nearest says only that its score is no argument."""


SHORT_TEXT = {
    OrderKind.NEAREST: "nearest",
    OrderKind.LOWEST: "lowest",
    OrderKind.HIGHEST: "highest",
    OrderKind.SCORERS: "scorers",
    OrderKind.REVIEWER: "disagreements",
    OrderKind.CONFLICTS: "conflicts",
}
"""For a line that says more than this; the others are short as they are."""


@dataclass(frozen=True, slots=True)
class OrderView:
    """What an order is worked out from; one slot per row."""

    scores: NDArray[np.float32]  # (rows,) of the side under review, NaN = none
    before: NDArray[np.float32]  # (rows,) of the scorer before, NaN = none
    verdicts: NDArray[np.int8]  # (rows,) of Verdict
    lengths: NDArray[np.int32]  # (rows,) characters
    broken: NDArray[np.bool_]  # (rows,) nothing can be decided about them
    conflicts: NDArray[np.bool_]  # (rows,) merged sessions contradict each other
    threshold: Threshold | None


def ordered_rows(kind: OrderKind, view: OrderView, *, unreviewed: bool = False) -> Rows:
    """The rows of a review order; equal ones as the dataset has them.

    Rows without a score come last where scores decide; the disagreements hold only rows that
    both scorers, or the scorer and the reviewer, have judged.

    Args:
        kind: any but the spot check.
        view: scores and verdicts as they are now.
        unreviewed: leave out rows with a verdict, skipped ones too.

    Returns:
        (n,) row numbers.

    Raises:
        UsageError: there is nothing yet to order by.
    """
    rows = _ordered(kind, view)
    taken = ~view.broken
    if unreviewed:
        taken &= view.verdicts == Verdict.UNDECIDED
    return rows[taken[rows]]


def _ordered(kind: OrderKind, view: OrderView) -> Rows:
    rows: Rows
    match kind:
        case OrderKind.NEAREST:
            threshold = _needed(view.threshold)
            rows = _rising(np.abs(_some(view.scores) - np.float32(threshold.value)))
        case OrderKind.LOWEST:
            rows = _rising(_some(view.scores))
        case OrderKind.HIGHEST:
            rows = _rising(-_some(view.scores))
        case OrderKind.LONGEST:
            rows = _rising(-view.lengths.astype(np.int64))
        case OrderKind.SCORERS:
            rows = _unlike(view)
        case OrderKind.REVIEWER:
            rows = _against(view, _needed(view.threshold))
        case OrderKind.CONFLICTS:
            rows = np.flatnonzero(view.conflicts)
            if not len(rows):
                raise UsageError(
                    "no reviewers disagree", "tamis merge brings their sessions together"
                )
        case _:
            rows = np.arange(len(view.verdicts), dtype=np.int64)
    return rows


def _rising(keys: NDArray[np.generic]) -> Rows:
    return np.argsort(keys, kind="stable").astype(np.int64, copy=False)


def _some(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    if np.isnan(scores).all():
        raise UsageError("no row has a score yet", "wait for the scorer, or choose one")
    return scores


def _needed(threshold: Threshold | None) -> Threshold:
    if threshold is None:
        raise UsageError("there is no threshold yet", "set one, or wait for scores")
    return threshold


def _unlike(view: OrderView) -> Rows:
    """By how far apart two scorers rank a row: their scales have nothing in common."""
    rows = np.flatnonzero(~np.isnan(view.scores) & ~np.isnan(view.before) & ~view.broken)
    if not len(rows):
        raise UsageError(
            "no row has scores of two scorers", "score with another one (m), then choose this again"
        )
    apart = np.abs(_ranks(view.scores[rows]) - _ranks(view.before[rows]))
    return rows[_rising(-apart)]


def _ranks(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Ranks from 0, equal scores sharing the middle of theirs.  (n,)."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts, dtype=np.float64)
    middles: NDArray[np.float64] = ends - (counts + 1) / 2
    return middles[inverse]


def _against(view: OrderView, threshold: Threshold) -> Rows:
    keeps, scored = threshold.keeps(view.scores), ~np.isnan(view.scores)
    against = ((view.verdicts == Verdict.ACCEPT) & ~keeps) | (
        (view.verdicts == Verdict.REJECT) & keeps
    )
    rows = np.flatnonzero(against & scored & ~view.broken)
    if not len(rows):
        raise UsageError("no verdict goes against the threshold", "nothing is left to compare")
    return rows[_rising(-np.abs(view.scores[rows] - np.float32(threshold.value)))]
