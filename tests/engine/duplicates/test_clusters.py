from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from engine.duplicates import matching
from engine.duplicates.clusters import cut
from engine.duplicates.content import PairContent, judged
from engine.duplicates.large import LargeComponents
from engine.duplicates.rule import drop
from engine.duplicates.settings import SearchSettings
from engine.errors import UsageError
from tests.engine.duplicates.making import (
    SINGLE_WORDS,
    TEXTS,
    candidates,
    clusters_of,
    find,
    in_prompts,
    members,
    ranking,
)
from tests.engine.duplicates.truth import jaccard, words

CHAIN = ["a b c d", "b c d e", "c d e f", "z"]
"""Neighbours share three words of five, the ends two of six."""


def test_a_chain_says_its_lowest_inner_similarity() -> None:
    clusters = clusters_of(CHAIN, 0.6)
    assert members(clusters) == [[0, 1, 2]]
    assert clusters.lowest[0] == pytest.approx(2 / 6)
    assert clusters.mean[0] == pytest.approx((3 / 5 + 3 / 5 + 2 / 6) / 3)
    assert not clusters.sampled[0]


def test_a_cluster_is_split_at_a_higher_similarity_and_others_stay() -> None:
    texts = [*CHAIN, "k l m n", "k l m o"]
    clusters = clusters_of(texts, 0.6)
    assert members(clusters) == [[0, 1, 2], [4, 5]]
    bars = np.zeros(len(texts), np.float32)
    bars[clusters.rows_of(0)] = 0.61
    assert members(cut(clusters.matches, 0.6, bars=bars)) == [[4, 5]]


def test_raising_the_similarity_cuts_what_is_stored() -> None:
    clusters = clusters_of(CHAIN, 0.3)
    assert members(cut(clusters.matches, 0.6)) == [[0, 1, 2]]
    assert members(cut(clusters.matches, 0.61)) == []


def test_below_the_stored_similarity_it_is_incomplete() -> None:
    matches = clusters_of(CHAIN, 0.6).matches
    assert cut(matches, 0.6).is_complete
    assert cut(matches, 0.7).is_complete
    assert not cut(matches, 0.5).is_complete


def test_a_similarity_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError):
        cut(clusters_of(CHAIN).matches, 0)


@settings(max_examples=40)
@given(TEXTS)
def test_counts_and_similarities_are_those_of_the_members(texts: list[str]) -> None:
    clusters = clusters_of(texts, 0.5)
    sets = [words(text, 1) for text in texts]
    grouped = members(clusters)
    assert clusters.duplicate_rows == sum(len(group) - 1 for group in grouped)
    for number, group in enumerate(grouped):
        assert all(clusters.label[row] == number for row in group)
        alike = [
            1.0 if texts[a].split() == texts[b].split() else jaccard(sets[a], sets[b])
            for a, b in itertools.combinations(group, 2)
        ]
        assert clusters.lowest[number] == pytest.approx(min(alike), abs=1e-6)
        assert clusters.mean[number] == pytest.approx(sum(alike) / len(alike), abs=1e-5)
    assert np.count_nonzero(clusters.label < 0) == len(texts) - sum(map(len, grouped))


def test_large_components_are_cut_and_dropped_like_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [
        " ".join(f"{family}{n}" for n in range(20) if n != left_out)
        for family in "pq"
        for left_out in range(20)
    ] + ["p0 p1 p2 p3 p4 p5 p6 p7 p8 p9 p10 x1 x2 x3 x4 x5 x6 x7"]
    how = SearchSettings(shingling=SINGLE_WORDS, similarity=0.3)
    content = PairContent(in_prompts(pl.Series(texts)), how)
    listed = judged(find(pl.Series(texts), how), content)
    monkeypatch.setattr(matching, "COMPLETE_ROWS", 8)
    matches = judged(find(pl.Series(texts), how), content)
    assert [len(rows) for rows in matches.large] == [21, 20]
    large = LargeComponents(pl.Series(texts), how, matches.large, content)
    for similarity in (0.3, 0.5, 0.9, 0.95):
        clusters = cut(matches, similarity, large=large)
        assert members(clusters) == members(cut(listed, similarity))
        assert clusters.sampled.all()
        everyone = candidates(len(texts))
        ranked = ranking(len(texts)).best_first(clusters.members)
        expected = drop(cut(listed, similarity), everyone, ranked)
        found = drop(clusters, everyone, ranked, large)
        assert np.array_equal(found.matched >= 0, expected.matched >= 0)
