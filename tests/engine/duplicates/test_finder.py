from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.duplicates import finder as module
from engine.duplicates import matching
from engine.duplicates.clusters import cut
from engine.duplicates.finder import Finder
from engine.duplicates.matches import Matches
from engine.duplicates.settings import CHARACTERS, SearchSettings
from engine.errors import Cancelled
from tests.engine.duplicates.making import SINGLE_WORDS, TEXTS, clusters_of, find, members
from tests.engine.duplicates.truth import all_pairs, connected, planted, words

SENTENCES = [
    " ".join(f"word{(7 * row + 13 * place * (row % 11 + 1)) % 997}" for place in range(30))
    for row in range(600)
]


def same(first: Matches, second: Matches) -> bool:
    return all(
        np.array_equal(getattr(first, name), getattr(second, name))
        for name in ("first", "a", "b", "similarity")
    )


@settings(max_examples=40)
@given(TEXTS, st.sampled_from([0.3, 0.5, 0.75, 1.0]))
def test_clusters_are_those_of_brute_force(texts: list[str], similarity: float) -> None:
    sets = [words(text, 1) for text in texts]
    pairs = set(all_pairs(sets, similarity))
    folded = [" ".join(text.lower().split()) for text in texts]
    pairs |= {
        pair
        for pair in itertools.combinations(range(len(texts)), 2)
        if folded[pair[0]] == folded[pair[1]]
    }
    expected = [sorted(group) for group in connected(len(texts), pairs)]
    assert members(clusters_of(texts, similarity)) == expected


def test_a_planted_set_is_found_exactly_and_reproducibly() -> None:
    rows = planted(SENTENCES)
    sets = [words(text) for text in rows]
    matches = find(pl.Series(rows), SearchSettings())
    for similarity in (0.7, 0.8, 0.9):
        clusters = cut(matches, similarity)
        expected = [sorted(g) for g in connected(len(rows), all_pairs(sets, similarity))]
        assert members(clusters) == expected
    assert same(matches, find(pl.Series(rows), SearchSettings()))


def test_how_the_work_is_cut_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = pl.Series(planted(SENTENCES))
    whole = find(rows, SearchSettings())
    monkeypatch.setattr(module, "BATCH_BYTES", 2_000)
    monkeypatch.setattr(module, "FIRST_LOOK_BYTES", 20_000)
    monkeypatch.setattr(module, "GROWTH", 1)
    seen: list[Matches] = []
    pieces = Finder(rows, SearchSettings()).run(found=seen.append)
    assert same(whole, pieces)
    assert len(seen) > 1
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert not seen[0].is_complete
    assert pieces.is_complete
    assert 0 < len(cut(seen[0], 0.8)) < len(cut(pieces, 0.8))


def test_a_search_that_is_stopped_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES", 9_000)
    rows = pl.Series(planted(SENTENCES))
    finder = Finder(rows, SearchSettings())
    asked = itertools.count()
    with pytest.raises(Cancelled):
        finder.run(cancelled=lambda: next(asked) >= 4)
    reached = finder.done
    assert 0 < reached < len(rows)
    told: list[int] = []
    matches = finder.run(
        progress=lambda _what, done, _total: told.append(done), cancelled=lambda: False
    )
    assert min(told) > reached
    assert same(matches, find(rows, SearchSettings()))


def test_rows_without_text_are_not_compared() -> None:
    matches = find(pl.Series([None, "a b c d", None, "a b c d", ""]), SearchSettings())
    assert matches.first.tolist() == [-1, 1, -1, 1, 4]
    assert matches.exact == 1


def test_texts_without_a_word_are_the_same_only_as_they_stand() -> None:
    texts = ["", "🙂🙂", "🙂", "🙂🙂", "?!", "", "  "]
    assert members(clusters_of(texts)) == [[0, 5, 6], [1, 3]]
    matches = find(pl.Series(texts), SearchSettings(shingling=CHARACTERS))
    assert members(cut(matches, 0.7)) == [[0, 5, 6], [1, 3]]


def test_case_and_white_space_do_not_matter_but_numbers_do() -> None:
    matches = find(pl.Series(["x² is  it", "X² is it", "x2 is it"]), SearchSettings())
    assert matches.first.tolist() == [0, 0, 2]
    assert matches.similarity.tolist() == [1.0]


@pytest.mark.parametrize("rows", [0, 1])
def test_next_to_nothing_is_searched(rows: int) -> None:
    matches = find(pl.Series(["text"] * rows, dtype=pl.String), SearchSettings())
    clusters = cut(matches, 0.8)
    assert (len(clusters), clusters.duplicate_rows, clusters.duplication_rate) == (0, 0, 0.0)


def test_identical_rows_are_one_cluster_without_a_pair() -> None:
    matches = find(pl.Series(["The same text again and again."] * 52_000), SearchSettings())
    clusters = cut(matches, 0.8)
    assert len(matches.a) == 0
    assert clusters.sizes.tolist() == [52_000]
    assert clusters.duplication_rate == pytest.approx(51_999 / 52_000)


def test_near_identical_rows_are_one_cluster_without_all_their_pairs() -> None:
    shared = " ".join(f"word{n}" for n in range(60))
    names = itertools.islice(itertools.product("abcdefghijklmnop", repeat=4), 52_002)
    texts = pl.Series([f"{shared} {''.join(name)}" for name in names])
    matches = find(texts, SearchSettings())
    assert len(matches.a) < 3 * len(texts)
    clusters = cut(matches, 0.7)
    assert clusters.sizes.tolist() == [52_002]
    assert clusters.sampled.tolist() == [True]


def test_a_template_that_fills_the_set_does_not_grow_with_its_square() -> None:
    shared = " ".join(f"word{n}" for n in range(60))
    rows = [f"{shared} name{n}" for n in range(4000)]
    tests = 0
    finder = Finder(pl.Series(rows), SearchSettings())
    verify = finder._matcher.similarities

    def counted(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        nonlocal tests
        tests += len(a)
        return verify(a, b)

    finder._matcher.similarities = counted
    matches = finder.run()
    assert cut(matches, 0.8).sizes.tolist() == [4000]
    assert len(matches.large) == 1
    assert tests < 100 * len(rows)


def test_a_template_just_under_the_similarity_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "TESTS_PER_ROW", 4)
    monkeypatch.setattr(matching, "FLUSH_PAIRS", 1 << 10)
    shared = [f"word{n}" for n in range(40)]
    chance = np.random.default_rng(5)
    rows = [
        " ".join([*shared, *(f"own{n}" for n in chance.integers(0, 10**6, 14))])
        for _ in range(1500)
    ]
    how = SearchSettings(shingling=SINGLE_WORDS, similarity=0.75)
    matches = find(pl.Series(rows), how)
    assert len(cut(matches, 0.75)) == 0
    assert matches.left_out > 0
