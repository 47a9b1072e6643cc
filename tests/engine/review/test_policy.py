from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.review import histogram
from engine.review.decision import Verdict
from engine.review.policy import Outcome, Reason, Tally, decide
from engine.review.threshold import Direction, Threshold


@dataclass
class Rows:
    verdicts: NDArray[np.int8]
    scores: NDArray[np.float32]
    failed: NDArray[np.bool_]
    broken: NDArray[np.bool_]
    tokens: NDArray[np.int32]


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    row = st.tuples(
        st.integers(0, 3),
        st.one_of(st.just(float("nan")), st.floats(-3, 3, width=16)),
        st.booleans(),
        st.booleans(),
        st.integers(0, 500),
    )
    drawn = draw(st.lists(row, max_size=50))
    verdicts, scores, failed, broken, tokens = zip(*drawn, strict=True) if drawn else ([],) * 5
    values = np.array(scores, np.float32)
    is_broken = np.array(broken, bool)
    values[is_broken] = np.nan
    return Rows(
        np.array(verdicts, np.int8),
        values,
        np.array(failed, bool) & np.isnan(values),
        is_broken,
        np.array(tokens, np.int32),
    )


thresholds = st.one_of(
    st.none(), st.builds(Threshold, st.floats(-3, 3, width=16), st.sampled_from(Direction))
)


def expected(given_rows: Rows, row: int, threshold: Threshold | None) -> tuple[Outcome, Reason]:
    """The rules of one row, in their order, written plainly."""
    if given_rows.broken[row]:
        return Outcome.DROPPED, Reason.BROKEN
    if given_rows.verdicts[row] == Verdict.ACCEPT:
        return Outcome.KEPT, Reason.ACCEPTED
    if given_rows.verdicts[row] == Verdict.REJECT:
        return Outcome.DROPPED, Reason.REJECTED
    if np.isnan(given_rows.scores[row]):
        failed = given_rows.failed[row]
        return Outcome.PENDING, Reason.SCORING_FAILED if failed else Reason.NOT_SCORED
    if threshold is None:
        return Outcome.PENDING, Reason.NO_THRESHOLD
    score = given_rows.scores[row]
    bound = np.float32(threshold.value)
    keeps = score >= bound if threshold.direction is Direction.AT_LEAST else score <= bound
    if keeps:
        return Outcome.KEPT, Reason.THRESHOLD_KEEPS
    return Outcome.DROPPED, Reason.THRESHOLD_DROPS


@given(rows(), thresholds)
def test_the_first_rule_that_speaks_decides(case: Rows, threshold: Threshold | None) -> None:
    outcomes = decide(case.verdicts, case.scores, case.failed, case.broken, threshold)
    for row in range(len(case.scores)):
        assert (outcomes.outcome[row], outcomes.reason[row]) == expected(case, row, threshold)


@given(rows(), thresholds)
def test_the_tally_counts_what_decide_does(case: Rows, threshold: Threshold | None) -> None:
    outcomes = decide(case.verdicts, case.scores, case.failed, case.broken, threshold)
    summary = Tally(case.verdicts, case.scores, case.failed, case.broken, case.tokens).summary(
        threshold
    )
    by_hand = np.isin(outcomes.reason, (Reason.ACCEPTED, Reason.REJECTED))
    kept = outcomes.outcome == Outcome.KEPT
    readable_drops = (outcomes.outcome == Outcome.DROPPED) & ~case.broken
    assert summary.rows == len(case.scores)
    assert summary.kept_by_hand == (kept & by_hand).sum()
    assert summary.kept_by_rule == (kept & ~by_hand).sum()
    assert summary.dropped_by_hand == (readable_drops & by_hand).sum()
    assert summary.dropped_by_rule == (readable_drops & ~by_hand).sum()
    assert summary.pending == (outcomes.outcome == Outcome.PENDING).sum()
    assert summary.broken == case.broken.sum()
    assert summary.tokens_kept == case.tokens[kept].sum()
    assert summary.tokens == case.tokens.sum()
    assert summary.kept + summary.dropped + summary.pending + summary.broken == summary.rows


@given(rows(), thresholds)
def test_contradictions_are_verdicts_that_the_threshold_alone_would_not_give(
    case: Rows, threshold: Threshold | None
) -> None:
    summary = Tally(case.verdicts, case.scores, case.failed, case.broken, case.tokens).summary(
        threshold
    )
    undecided = np.zeros_like(case.verdicts)
    alone = decide(undecided, case.scores, case.failed, case.broken, threshold)
    accepted = (case.verdicts == Verdict.ACCEPT) & ~case.broken
    rejected = (case.verdicts == Verdict.REJECT) & ~case.broken
    drops = alone.reason == Reason.THRESHOLD_DROPS
    keeps = alone.reason == Reason.THRESHOLD_KEEPS
    assert summary.accepted_but_dropped == (accepted & drops).sum()
    assert summary.rejected_but_kept == (rejected & keeps).sum()


@given(rows(), thresholds, st.integers(1, 30))
def test_the_histogram_holds_every_scored_row_once_and_splits_as_the_policy_does(
    case: Rows, threshold: Threshold | None, bins: int
) -> None:
    counted = histogram.count(case.scores, case.verdicts, case.broken, bins)
    known = ~np.isnan(case.scores) & ~case.broken
    if counted is None:
        assert not known.any()
        return
    outcomes = decide(case.verdicts, case.scores, case.failed, case.broken, threshold)
    summary = Tally(case.verdicts, case.scores, case.failed, case.broken, case.tokens).summary(
        threshold
    )
    shown = counted.split(threshold, summary.kept_by_rule)
    assert len(shown.kept) == len(shown.dropped) == bins
    assert (shown.kept >= 0).all()
    assert (shown.dropped >= 0).all()
    assert (shown.kept + shown.dropped).sum() == known.sum()
    assert shown.kept.sum() == ((outcomes.outcome == Outcome.KEPT) & known).sum()
    assert shown.edges[0] <= case.scores[known].min()
    assert shown.edges[-1] >= case.scores[known].max()


def test_the_axis_has_round_ends() -> None:
    edges = histogram.axis(-0.97, 4.31, 100)
    assert (edges[0], edges[-1]) == (-1.0, 4.5)
    assert histogram.axis(2.0, 2.0, 4).tolist() == [1.5, 1.75, 2.0, 2.25, 2.5]
