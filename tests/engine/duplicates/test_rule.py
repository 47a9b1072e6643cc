from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.duplicates.clusters import Clusters
from engine.duplicates.rule import (
    Candidates,
    Preference,
    Ranking,
    drop,
    near_scores,
    suggested,
)
from engine.review.threshold import Direction, Threshold
from tests.engine.duplicates.making import TEXTS, candidates, clusters_of, ranking
from tests.engine.duplicates.truth import jaccard, words

FAMILY = ["a b c d", "a b c e", "a b c f", "z"]


def greedy(
    texts: list[str], known: Candidates, order: Ranking, similarity: float
) -> dict[int, float]:
    """Rows dropped one after the other, best first, and the highest similarity to a better one."""
    sets = [words(text, 1) for text in texts]

    def alike(a: int, b: int) -> float:
        same = texts[a].split() == texts[b].split()
        return 1.0 if same else jaccard(sets[a], sets[b])

    rows = known.first_of(order.best_first(np.flatnonzero(known.survives))).tolist()
    kept: list[int] = []
    lost: dict[int, float] = {}
    for row in rows:
        most = max((alike(row, other) for other in kept), default=0.0)
        if most >= similarity and not known.accepted[row]:
            lost[row] = most
        else:
            kept.append(row)
    return lost


@settings(max_examples=40)
@given(TEXTS, st.data())
def test_the_rule_is_greedy_among_survivors(texts: list[str], data: st.DataObject) -> None:
    rows = len(texts)

    def flags() -> list[bool]:
        return data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows))

    scores = data.draw(st.lists(st.sampled_from([0.1, 0.5, 0.9]), min_size=rows, max_size=rows))
    survives, accepted = flags(), flags()
    accepted = [a and s for a, s in zip(accepted, survives, strict=True)]
    known = candidates(rows, survives=survives, accepted=accepted)
    order = ranking(rows, scores=scores)
    clusters = clusters_of(texts, 0.5)
    found = drop(clusters, known, order.best_first(clusters.members))
    expected = greedy(texts, known, order, 0.5)
    assert set(np.flatnonzero(found.matched >= 0).tolist()) == set(expected)
    for row, alike in expected.items():
        kept = int(found.matched[row])
        assert known.survives[kept]
        assert kept not in expected
        assert found.similarity[row] == pytest.approx(alike, abs=1e-6)
    # If any member of a cluster survives the earlier rules, at least one is exported.
    for number in range(len(clusters)):
        group = clusters.rows_of(number)
        if known.survives[group].any():
            assert (known.survives[group] & (found.matched[group] < 0)).any()


def dropped(
    clusters: Clusters, known: Candidates | None = None, order: Ranking | None = None
) -> dict[int, int]:
    count = len(clusters.label)
    found = drop(
        clusters,
        known or candidates(count),
        (order or ranking(count)).best_first(clusters.members),
    )
    rows = np.flatnonzero(found.matched >= 0).tolist()
    assert np.isnan(found.similarity[found.matched < 0]).all()
    return {row: int(found.matched[row]) for row in rows}


SCORES = ranking(4, scores=[0.1, 0.9, 0.5, 0.2])


def test_the_best_score_is_kept_and_named() -> None:
    assert dropped(clusters_of(FAMILY), order=SCORES) == {0: 1, 2: 1}


def test_the_keeper_is_chosen_anew_when_it_stops_surviving() -> None:
    known = candidates(4, survives=[True, False, True, True])
    assert dropped(clusters_of(FAMILY), known, SCORES) == {0: 2}


def test_what_was_accepted_by_hand_is_kept_first_and_never_dropped() -> None:
    known = candidates(4, accepted=[True, False, True, False])
    assert dropped(clusters_of(FAMILY), known, SCORES) == {1: 0}


def test_a_chain_does_not_take_its_far_end_along() -> None:
    clusters = clusters_of(["a b c d", "b c d e", "c d e f"], 0.6)
    assert clusters.sizes.tolist() == [3]
    assert dropped(clusters) == {1: 0}


def test_preferences_are_asked_in_their_order() -> None:
    clusters = clusters_of(FAMILY)

    def keeper(*preferences: Preference, direction: Direction = Direction.AT_LEAST) -> int:
        order = ranking(
            4, *preferences, scores=[0.5, 0.5, 0.1, 0], lengths=[10, 20, 30, 1],
            direction=direction,
        )  # fmt: skip
        row, _ = suggested(clusters.rows_of(0), candidates(4), order)
        assert row not in dropped(clusters, order=order)
        return row

    assert keeper(Preference.SCORE, Preference.LONGEST) == 1
    assert keeper(Preference.SCORE, Preference.SHORTEST) == 0
    assert keeper(Preference.LONGEST) == 2
    assert keeper(Preference.FIRST) == 0
    assert keeper(Preference.LAST) == 2
    assert keeper(Preference.SCORE, direction=Direction.AT_MOST) == 2


def test_the_suggestion_says_why() -> None:
    rows = clusters_of(FAMILY).rows_of(0)

    def why(order: Ranking, known: Candidates | None = None) -> str:
        return suggested(rows, known or candidates(4), order)[1]

    plain = ranking(4)
    assert why(ranking(4, scores=[0.5, 0.75, 0.1, 0])) == "highest score, 0.75"
    even = ranking(4, scores=[0.5, 0.5, 0.1, 0], lengths=[10, 20, 30, 1])
    assert why(even) == "longest, 20 characters"
    assert why(plain) == "first, all else equal"
    assert why(plain, candidates(4, accepted=[False, True, False, False])) == "accepted by hand"
    alone = candidates(4, survives=[False, True, False, True])
    assert why(plain, alone) == "the only one that is kept so far"
    none = candidates(4, survives=[False] * 4)
    assert why(plain, none) == "none of them is kept by the rules so far"


def near(*scores: float, lengths: list[int], direction: Direction = Direction.AT_LEAST) -> Ranking:
    order = ranking(len(scores), scores=list(scores), lengths=lengths, direction=direction)
    return replace(order, near=0.1)


def test_of_nearly_equal_scores_the_longer_row_is_kept_then_the_first() -> None:
    clusters = clusters_of(FAMILY)
    everyone = candidates(4)

    def kept(order: Ranking) -> tuple[int, str]:
        row, why = suggested(clusters.rows_of(0), everyone, order)
        others = {0, 1, 2} - {row}
        assert set(dropped(clusters, order=order)) == others, "the rule keeps what is suggested"
        return row, why

    assert kept(near(2.0, 2.05, 1.0, 9, lengths=[30, 20, 40, 1])) == (
        0, "longest, 30 characters, at nearly equal scores (2, 2.05)",
    )  # fmt: skip
    assert kept(near(2.0, 2.2, 1.0, 9, lengths=[30, 20, 40, 1])) == (1, "highest score, 2.2")
    assert kept(near(2.0, 2.05, 1.0, 9, lengths=[20, 20, 40, 1])) == (
        0, "first, at nearly equal scores (2, 2.05)",
    )  # fmt: skip
    assert kept(near(2.05, 2.0, 3.0, 9, lengths=[30, 20, 40, 1], direction=Direction.AT_MOST)) == (
        0,
        "longest, 30 characters, at nearly equal scores (2.05, 2)",
    )


def test_a_hundredth_of_the_spread_is_nearly_equal_whatever_an_outlier_says() -> None:
    scores = np.linspace(0, 10, 1001, dtype=np.float32)
    assert near_scores(scores) == pytest.approx(0.09)
    scores[0] = -1e6
    assert near_scores(scores) == pytest.approx(0.09, rel=0.01)
    assert near_scores(np.full(3, np.nan, np.float32)) == 0
    assert near_scores(np.full(3, 2, np.float32)) == 0


@settings(max_examples=60)
@given(TEXTS, st.data())
def test_what_is_dropped_is_judged_anew_only_where_a_threshold_parts_a_near_tie(
    texts: list[str], data: st.DataObject
) -> None:
    rows = len(texts)
    tenths = st.integers(0, 8).map(lambda number: number / 10)
    scores = data.draw(st.lists(tenths, min_size=rows, max_size=rows))
    lengths = data.draw(st.lists(st.integers(1, 4), min_size=rows, max_size=rows))
    accepted = data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows))
    direction = data.draw(st.sampled_from(Direction))
    order = replace(ranking(rows, scores=scores, lengths=lengths, direction=direction), near=0.25)
    clusters = clusters_of(texts, 0.5)
    ranked = order.best_first(clusters.members, clusters.label[clusters.members])
    known = candidates(rows, accepted=accepted)
    everywhere = drop(clusters, known, ranked)
    tied = everywhere.nearly_tied(order, known.accepted)
    for value in np.arange(-1, 10) / 10 + 0.05:
        threshold = Threshold(float(value), direction)
        passes = known.accepted | threshold.keeps(order.scores)
        here = drop(clusters, Candidates(passes, known.accepted), ranked)
        if not tied.parts(threshold):
            assert np.array_equal(here.matched >= 0, (everywhere.matched >= 0) & passes)
        for number in range(len(clusters)):
            group = clusters.rows_of(number)
            row, _ = suggested(group, Candidates(passes, known.accepted), order)
            assert here.matched[row] < 0, "what is suggested is never dropped"
