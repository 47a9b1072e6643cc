"""The list of clusters: states that follow verdicts, filter and order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.duplicates.listing import Groups, ListedState, Listing, Order, parse_group_filter
from engine.errors import UsageError
from engine.review.decision import Verdict

STARTS = np.array([0, 2, 5, 9])
MEMBERS = np.array([0, 4, 1, 5, 6, 2, 3, 7, 8])
SCORES = np.array([1, 2, 3, np.nan, 5, np.nan, np.nan, 0, 9, 4], np.float32)


def groups() -> Groups:
    label = np.full(10, -1)
    label[MEMBERS] = np.repeat(np.arange(3), np.diff(STARTS))
    return Groups(
        MEMBERS,
        STARTS,
        label,
        lowest=np.array([1.0, 0.8, 0.85], np.float32),
        mean=np.array([1.0, 0.9, 0.86], np.float32),
        sampled=np.array([False, True, False]),
    )


def listing(verdicts: dict[int, Verdict] | None = None) -> Listing:
    given_ = np.zeros(10, np.int8)
    for row, verdict in (verdicts or {}).items():
        given_[row] = verdict
    return Listing(groups(), SCORES, given_)


def test_states_say_how_far_a_cluster_is_decided() -> None:
    found = listing({0: Verdict.ACCEPT, 4: Verdict.ACCEPT, 1: Verdict.REJECT, 5: Verdict.REJECT})
    assert [found.state_of(group) for group in range(3)] == [
        ListedState.KEPT_ALL,
        ListedState.DECIDED,  # all but one are rejected: the rules may keep that one
        ListedState.UNDECIDED,
    ]
    assert listing({0: Verdict.SKIP, 4: Verdict.SKIP}).state_of(0) is ListedState.UNDECIDED


def test_score_ranges_leave_out_rows_without_a_score() -> None:
    found = listing()
    assert found.worst.tolist() == [1, 2, 0]
    assert found.best.tolist() == [5, 2, 9]
    assert found.spread.tolist() == [4, 0, 9]
    found.follow_scores(np.full(10, np.nan, np.float32))
    assert np.isnan(found.best).all()


VERDICTS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(list(Verdict))), min_size=1, max_size=20
)


@given(VERDICTS)
def test_following_some_rows_is_as_good_as_following_all(
    changes: list[tuple[int, Verdict]],
) -> None:
    verdicts = np.zeros(10, np.int8)
    found = Listing(groups(), SCORES, verdicts)
    for row, verdict in changes:
        verdicts[row] = verdict
        found.follow_verdicts(verdicts, np.array([row]))
    assert found.state.tolist() == Listing(groups(), SCORES, verdicts).state.tolist()


def test_orders_put_what_has_no_value_last() -> None:
    found = listing()
    assert found.sorted(Order.SIZE, descending=True).tolist() == [2, 1, 0]
    assert found.sorted(Order.LOWEST, descending=False).tolist() == [1, 2, 0]
    found.follow_scores(np.where(np.isin(np.arange(10), [0, 4]), np.nan, SCORES).astype("f4"))
    for down in (False, True):
        assert found.sorted(Order.SPREAD, descending=down)[-1] == 0


def passed(text: str, verdicts: dict[int, Verdict] | None = None) -> list[int]:
    chosen = parse_group_filter(text)
    assert parse_group_filter(str(chosen)) == chosen
    matching = np.arange(10) >= 7 if chosen.rows else None
    return np.flatnonzero(chosen.passes(listing(verdicts), matching)).tolist()


def test_filters_by_figures_states_and_rows() -> None:
    assert passed("") == [0, 1, 2]
    assert passed("size>2") == [1, 2]
    assert passed("size > 2 lowest<.85") == [1]
    assert passed("lowest>=0.8") == [0, 1, 2]
    assert passed("mean=1") == [0]
    assert passed("spread>3 size=4") == [2]
    assert passed("is:undecided size<4", {0: Verdict.ACCEPT, 4: Verdict.REJECT}) == [1]
    assert passed("is:decided", {0: Verdict.ACCEPT, 4: Verdict.REJECT}) == [0]
    assert passed("is:incomplete") == [1]
    assert passed("entropy>0") == []
    assert passed("row:7-9") == [2]
    assert passed("size>3 some words") == [2]


def test_terms_in_quotes_are_text() -> None:
    chosen = parse_group_filter('size>2 "size>3 is:big"')
    assert chosen.terms == (("size", ">", 2.0),)
    assert chosen.rows == '"size>3 is:big"'


@pytest.mark.parametrize("text", ["size>", "lowest<x", "is:done", "mean=nan", "spread>inf"])
def test_what_is_not_understood_is_said(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_group_filter(text)
    assert caught.value.hint


def test_nothing_found_is_no_error() -> None:
    nothing = np.zeros(0, np.float32)
    none = Groups(
        np.zeros(0, np.int64), np.zeros(1, np.int64), np.full(3, -1), nothing, nothing,
        np.zeros(0, np.bool_),
    )  # fmt: skip
    found = Listing(none, np.zeros(3, np.float32), np.zeros(3, np.int8))
    assert not len(found.sorted(Order.SIZE, descending=True))
    assert not len(parse_group_filter("size>2").passes(found, np.ones(3, np.bool_)))
