"""Looking for text: which rows hold it, where in them, and in what order it is told."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.dataset.text_search import CHUNK_ROWS, Query, Search, search
from engine.errors import Cancelled, UsageError

ascii_text = st.text(st.characters(max_codepoint=127), max_size=20)


@given(st.lists(ascii_text, min_size=1, max_size=5), st.text(min_size=1, max_size=4))
def test_search_is_literal_and_smart_about_case(rows: list[str], needle: str) -> None:
    texts = pl.DataFrame({"prompt": rows}, schema={"prompt": pl.String})
    fold = not any(letter.isupper() for letter in needle)
    expected = [
        (needle.lower() if fold else needle) in (row.lower() if fold else row) for row in rows
    ]
    if needle.isascii():
        assert search(texts, Query(needle)).tolist() == expected
    else:
        search(texts, Query(needle))


def test_search_of_nothing_finds_every_row_and_an_absent_text_none() -> None:
    texts = pl.DataFrame({"prompt": ["a", None]}, schema={"prompt": pl.String})
    assert search(texts, Query("")).tolist() == [True, True]
    assert search(texts, Query("a")).tolist() == [True, False]
    assert search(pl.DataFrame({"prompt": [None, None]}), Query("a")).tolist() == [False, False]


def test_a_slash_makes_it_a_regular_expression() -> None:
    texts = pl.DataFrame({"prompt": ["a.c", "abc", "ABC"], "response": ["", None, ""]})
    assert search(texts, Query.read("a.c")).tolist() == [True, False, False]
    assert search(texts, Query.read("/a.c")).tolist() == [True, True, True]
    assert search(texts, Query.read("/A.C")).tolist() == [False, False, True]
    assert search(texts, Query.read(r"/^\Wx|\Sb")).tolist() == [False, True, True]
    assert str(Query.read("/a.c")) == "/a.c"


@pytest.mark.parametrize("typed", ["/(", "/a(?=b)", r"/\w{1000}{1000}", "/[z-a]"])
def test_what_is_no_regular_expression_is_refused_with_the_cause(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        Query.read(typed)
    assert "no regular expression: " in caught.value.message
    assert "\n" not in caught.value.message


def test_the_place_in_a_pattern_is_named() -> None:
    with pytest.raises(UsageError, match="unclosed group, at its column 3"):
        Query.read("/ab(c")


@given(st.text(max_size=30), st.text(min_size=1, max_size=3), st.booleans())
def test_places_hold_what_was_looked_for(text: str, needle: str, pattern: bool) -> None:
    text = text.replace("\0", "").replace("\1", "")
    query = Query(r"[a-z]+|\d" if pattern else needle, is_regex=pattern)
    spans = query.spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    if pattern:
        assert all(query.found_in(pl.Series([text[a:b]])).all() for a, b in spans)
    elif needle in text:
        assert spans


def test_a_pattern_that_would_hang_another_engine_is_quick() -> None:
    text = "a" * 5_000 + "!"
    assert Query(r"(a+)+$", is_regex=True).spans(text) == []
    assert Query(r"(a*)*b", is_regex=True).spans(text) == []


def test_an_empty_match_is_no_place() -> None:
    assert Query("x*", is_regex=True).spans("axxb") == [(1, 3)]


def rows_with(count: int, hits: list[int]) -> pl.DataFrame:
    texts = np.full(count, "plain", dtype=object)
    texts[hits] = "a needle"
    return pl.DataFrame({"prompt": texts.tolist()}, schema={"prompt": pl.String})


def find(texts: pl.DataFrame, order: NDArray[np.int64], line: int) -> tuple[Search, list[int]]:
    told: list[int] = []
    found = Search(texts, Query("needle"), order, line)
    found.run(told.append)
    return found, told


@pytest.mark.parametrize(
    ("line", "first"), [(0, 5), (5, 5), (6, 70_000), (70_000, 70_000), (70_001, 5)]
)
def test_the_next_match_is_told_once_and_all_are_counted(line: int, first: int) -> None:
    texts = rows_with(80_000, [5, 70_000])
    found, told = find(texts, np.arange(80_000), line)
    assert told == [first]
    assert np.flatnonzero(found.found).tolist() == [5, 70_000]
    assert (found.searched, found.done) == (80_000, True)


def test_in_a_sorted_view_the_next_is_the_next_of_the_view() -> None:
    texts = rows_with(300_000, [5, 70_000])
    backwards = np.arange(300_000)[::-1]
    assert find(texts, backwards, 0)[1] == [70_000]
    assert find(texts, backwards, 299_990)[1] == [5]
    assert find(texts, backwards, 299_999)[1] == [70_000]


def test_only_what_is_shown_is_told_and_everything_is_found() -> None:
    texts = rows_with(1_000, [5, 700])
    found, told = find(texts, np.arange(600, 1_000), 0)
    assert told == [700]
    assert np.count_nonzero(found.found) == 2
    assert find(texts, np.arange(10, 20), 3)[1] == []
    assert find(texts, np.arange(0), 0)[1] == []


def test_a_search_is_cancelled_between_chunks() -> None:
    texts = rows_with(4 * CHUNK_ROWS, [0])
    begun = threading.Event()
    found = Search(texts, Query("needle"), np.arange(texts.height), 0)

    def tell(row: int) -> None:
        assert row == 0
        begun.set()
        found.cancel()

    found.run(tell)
    assert begun.is_set()
    assert found.ended
    assert not found.done
    assert 0 < found.searched < texts.height
    with pytest.raises(Cancelled):
        search(texts, Query("x"), cancelled=lambda: True)
