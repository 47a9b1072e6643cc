"""Rank rules against the plainest reading of what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.review.decision import Verdict
from engine.review.rank import Population, Ranked, rank, ranked_text
from engine.review.threshold import Direction, Threshold, ThresholdRequest

DIRECTIONS = st.sampled_from(list(Direction))


def identity_of(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Made-up ones: several rows have the same one."""
    chance = [np.random.default_rng(int(row) // 2).integers(0, 256, 16) for row in rows]
    return np.array(chance, np.uint8).reshape(-1, 16)


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[np.float32], NDArray[np.int8], NDArray[np.bool_]]:
    count = draw(st.integers(1, 12))
    some = st.sampled_from([math.nan, -1.0, 0.0, 0.1, 2.5])
    scores = draw(st.lists(some, min_size=count, max_size=count))
    verdicts = draw(st.lists(st.sampled_from(list(Verdict)), min_size=count, max_size=count))
    out = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return np.array(scores, np.float32), np.array(verdicts, np.int8), np.array(out)


def taken(ranked: Ranked | None, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """What the threshold keeps by the scores that decide."""
    if ranked is None:
        return np.zeros(len(scores), np.bool_)
    return ranked.threshold.keeps(ranked.deciding(scores))


@given(cases(), DIRECTIONS, st.integers(1, 14), st.booleans())
def test_by_hand_first_then_the_best_undecided_by_identity_where_they_tie(
    case: tuple[NDArray[np.float32], NDArray[np.int8], NDArray[np.bool_]],
    direction: Direction,
    number: int,
    as_share: bool,
) -> None:
    scores, verdicts, out = case
    population = Population.of(verdicts, out, np.zeros(len(out), np.bool_))
    if as_share:
        request = ThresholdRequest(direction, share=number / 14)
        readable = [row for row in range(len(out)) if not out[row] and verdicts[row] != 2]
        number = math.ceil(request.share_or_zero * len(readable))
    else:
        request = ThresholdRequest(direction, top=number)
    ranked = rank(request, scores, population, identities=identity_of)
    hands = [row for row in range(len(out)) if verdicts[row] == Verdict.ACCEPT and not out[row]]
    others = [
        row
        for row in range(len(out))
        if not out[row] and verdicts[row] in (0, 3) and not math.isnan(scores[row])
    ]
    sign = -1 if direction is Direction.AT_LEAST else 1
    keys = {
        row: (sign * scores[row], bytes(identity_of(np.array([row]))[0]), row) for row in others
    }
    expected = sorted(others, key=keys.__getitem__)[: max(number - len(hands), 0)]
    kept = taken(ranked, scores) & population.undecided
    assert np.flatnonzero(kept).tolist() == sorted(expected)
    if ranked is not None:
        assert (ranked.by_hand, ranked.by_rule) == (len(hands), len(expected))
        tied = [row for row in others if scores[row] == np.float32(ranked.threshold.value)]
        assert ranked.tied == len(tied)
        assert ranked.tied_taken == len(set(tied) & set(expected))
    else:
        assert not others


def population(count: int, verdicts: Sequence[int] = ()) -> Population:
    said = np.zeros(count, np.int8)
    said[: len(verdicts)] = verdicts
    none = np.zeros(count, np.bool_)
    return Population.of(said, none, none)


@pytest.mark.parametrize("drops", [0, 1, 3, 7])
def test_it_is_filled_up_until_so_many_are_left_without_duplicates(drops: int) -> None:
    scores = np.arange(10, 0, -1).astype(np.float32)
    asked = []

    def kept_after(kept: NDArray[np.bool_]) -> int:
        """Of the best rows, `drops` are duplicates of the very best."""
        asked.append(int(kept.sum()))
        return int(kept.sum() - kept[1 : 1 + drops].sum())

    ranked = rank(
        ThresholdRequest(Direction.AT_LEAST, top=3),
        scores,
        population(10),
        identities=identity_of,
        kept_after=kept_after,
    )
    assert ranked is not None
    assert (ranked.by_rule, ranked.threshold) == (3, Threshold(11.0 - (3 + drops)))
    assert len(asked) <= 1 + drops


def test_where_no_more_are_to_be_had_it_says_so() -> None:
    scores = np.array([1, 2, np.nan, 3], np.float32)
    request = ThresholdRequest(Direction.AT_LEAST, top=5)
    ranked = rank(request, scores, population(4, [1]), identities=identity_of)
    assert ranked is not None
    assert ranked_text(ranked) == (
        "3 kept: 1 by hand, 2 by rule; 2 fewer than asked for: no more are scored"
    )


def test_more_by_hand_than_asked_for_leaves_nothing_to_the_rule() -> None:
    scores = np.array([1, 2, 5, 3], np.float32)
    request = ThresholdRequest(Direction.AT_LEAST, top=1)
    ranked = rank(request, scores, population(4, [1, 1]), identities=identity_of)
    assert ranked is not None
    assert not (taken(ranked, scores) & population(4, [1, 1]).undecided).any()
    assert ranked_text(ranked) == (
        "2 kept: 2 by hand, 0 by rule (0 of 1 tied at 5); by hand alone more than the 1 asked for"
    )


def test_the_largest_score_has_a_step_below_it() -> None:
    largest = np.finfo(np.float32).max
    scores = np.full(4, largest, np.float32)
    for direction, sign in ((Direction.AT_LEAST, 1), (Direction.AT_MOST, -1)):
        request = ThresholdRequest(direction, top=3)
        ranked = rank(request, sign * scores, population(4), identities=identity_of)
        assert taken(ranked, sign * scores).sum() == 3
