"""Review orders, worked out from arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.review_orders import KIND_TEXT, OrderKind, OrderView, ordered_rows
from engine.review.threshold import Direction, Threshold

NONE = np.nan
U, A, X, S = Verdict.UNDECIDED, Verdict.ACCEPT, Verdict.REJECT, Verdict.SKIP


def view(
    scores: list[float],
    *,
    before: list[float] | None = None,
    verdicts: Sequence[int] | None = None,
    lengths: list[int] | None = None,
    broken: list[bool] | None = None,
    conflicts: list[bool] | None = None,
    threshold: Threshold | None = Threshold(0.5, Direction.AT_LEAST),  # noqa: B008 - frozen
) -> OrderView:
    count = len(scores)
    return OrderView(
        scores=np.array(scores, np.float32),
        before=np.array(before or [NONE] * count, np.float32),
        verdicts=np.array(verdicts or [0] * count, np.int8),
        lengths=np.array(lengths or [1] * count, np.int32),
        broken=np.array(broken or [False] * count, np.bool_),
        conflicts=np.array(conflicts or [False] * count, np.bool_),
        threshold=threshold,
    )


def rows(kind: OrderKind, of: OrderView, *, unreviewed: bool = False) -> list[int]:
    return [int(row) for row in ordered_rows(kind, of, unreviewed=unreviewed)]


def test_each_order_puts_its_rows_first_and_those_without_a_score_last() -> None:
    of = view([0.9, NONE, 0.45, 0.1, 0.45], lengths=[3, 9, 5, 5, 1])
    assert rows(OrderKind.FILE, of) == [0, 1, 2, 3, 4]
    assert rows(OrderKind.NEAREST, of) == [2, 4, 0, 3, 1]
    assert rows(OrderKind.LOWEST, of) == [3, 2, 4, 0, 1]
    assert rows(OrderKind.HIGHEST, of) == [0, 2, 4, 3, 1]
    assert rows(OrderKind.LONGEST, of) == [1, 2, 3, 0, 4]


def test_rows_that_cannot_be_decided_are_in_no_order() -> None:
    of = view([0.9, 0.1, 0.2], broken=[False, True, False])
    assert rows(OrderKind.LOWEST, of) == [2, 0]


def test_conflicts_come_as_the_dataset_has_them_settled_ones_too() -> None:
    of = view([0.9, NONE, 0.2, 0.1], verdicts=[U, A, U, U], conflicts=[True, True, False, True])
    assert rows(OrderKind.CONFLICTS, of) == [0, 1, 3]
    assert rows(OrderKind.CONFLICTS, of, unreviewed=True) == [0, 3]
    with pytest.raises(UsageError, match="no reviewers disagree"):
        rows(OrderKind.CONFLICTS, view([0.9]))


def test_unreviewed_leaves_out_skipped_rows_too() -> None:
    of = view([0.1, 0.2, 0.3, 0.4], verdicts=[A, U, S, X])
    assert rows(OrderKind.HIGHEST, of, unreviewed=True) == [1]
    assert rows(OrderKind.HIGHEST, of) == [3, 2, 1, 0]


def test_scorers_are_compared_by_rank_whatever_their_scales() -> None:
    of = view([1, 2, 3, 4, NONE], before=[100, 4_000, 300, 200, 5])
    assert rows(OrderKind.SCORERS, of) == [1, 3, 0, 2]
    with pytest.raises(UsageError, match="two scorers"):
        rows(OrderKind.SCORERS, view([1, 2], before=[NONE, NONE]))


def test_verdicts_against_the_threshold_come_widest_first() -> None:
    of = view([0.1, 0.35, 0.9, 0.6, 0.8, NONE], verdicts=[A, A, A, X, X, A])
    assert rows(OrderKind.REVIEWER, of) == [0, 4, 1, 3]
    low = view([0.1, 0.9], verdicts=[A, A], threshold=Threshold(0.5, Direction.AT_MOST))
    assert rows(OrderKind.REVIEWER, low) == [1]
    with pytest.raises(UsageError, match="against the threshold"):
        rows(OrderKind.REVIEWER, view([0.9], verdicts=[A]))


@pytest.mark.parametrize("kind", [OrderKind.NEAREST, OrderKind.LOWEST, OrderKind.HIGHEST])
def test_without_scores_there_is_nothing_to_order_by(kind: OrderKind) -> None:
    with pytest.raises(UsageError, match="no row has a score"):
        rows(kind, view([NONE, NONE]))


@pytest.mark.parametrize("kind", [OrderKind.NEAREST, OrderKind.REVIEWER])
def test_without_a_threshold_nothing_is_near_it(kind: OrderKind) -> None:
    with pytest.raises(UsageError, match="no threshold"):
        rows(kind, view([0.1], threshold=None))


def test_every_kind_says_what_it_is() -> None:
    assert set(KIND_TEXT) == set(OrderKind)


@given(
    st.lists(
        st.tuples(st.sampled_from([NONE, 0.1, 0.4, 0.5, 0.9]), st.sampled_from([U, A, X, S])),
        min_size=1,
    ),
    st.sampled_from([OrderKind.NEAREST, OrderKind.LOWEST, OrderKind.HIGHEST, OrderKind.LONGEST]),
    st.booleans(),
)
def test_an_order_holds_every_row_that_belongs_to_it_once(
    samples: list[tuple[float, Verdict]], kind: OrderKind, unreviewed: bool
) -> None:
    of = view([0.3] + [score for score, _ in samples], verdicts=[U] + [said for _, said in samples])
    wanted = [row for row, said in enumerate(of.verdicts) if not unreviewed or said == U]
    assert sorted(rows(kind, of, unreviewed=unreviewed)) == wanted
