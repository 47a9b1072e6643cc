"""The filter line: what it matches, how it prints, where it says it went wrong."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import Verdict
from engine.errors import UsageError
from engine.filter import (
    Comparison,
    Filter,
    FilterView,
    Number,
    NumberTerm,
    Problems,
    ProblemTerm,
    RowTerm,
    State,
    StateTerm,
    TextColumn,
    TextTerm,
    parse_filter,
    search,
)
from engine.policy import decide
from engine.sample import Side
from engine.threshold import Threshold

NAN = float("nan")


def make_view(*, side: Side = Side.CHOSEN, sides: int = 2) -> FilterView:
    """Six rows: accepted, rejected, skipped, plain above and below 1.0, failed and broken."""
    texts = pl.DataFrame(
        {
            "prompt": ["Translate this", "write a poem", "a.c [x]", "ÉCOLE", "say (hi)", None],
            "response": ["bonjour", "As an AI I can't", None, "abc", "kelvin K", None],
            "rejected": ["translate", "roses", "", "x", "y", None],
        },
        schema=dict.fromkeys(("prompt", "response", "rejected"), pl.String),
    )
    scores = np.array([[0.1, 2.0, 1.5, 0.5, NAN, NAN], [1.0, 0.0, 1.5, 0.1, NAN, NAN]], np.float32)
    verdicts = np.array(
        [Verdict.ACCEPT, Verdict.REJECT, Verdict.SKIP, 0, 0, 0],
        np.int8,
    )
    failed = np.array([0, 0, 0, 0, 1, 0], np.bool_)
    broken = np.array([0, 0, 0, 0, 0, 1], np.bool_)
    reviewed = scores[1 if side is Side.REJECTED else 0]
    return FilterView(
        texts=texts,
        scores=scores[:sides],
        failed=failed,
        verdicts=verdicts,
        outcomes=decide(verdicts, reviewed, failed, broken, Threshold(1.0)),
        lengths=np.array([10, 20, 30, 40, 50, 0], np.int32),
        tokens=np.array([1, 2, 3, 4, 5, 0], np.int32),
        remarked=np.array([0, 0, 1, 0, 0, 0], np.bool_),
        broken=broken,
        side=side,
    )


def matches(text: str, **options: object) -> list[int]:
    return np.flatnonzero(parse_filter(text).rows(make_view(**options))).tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ("state:kept", [0, 2]),
        ("state:dropped", [1, 3, 5]),
        ("state:pending", [4]),
        ("state:accepted", [0]),
        ("state:rejected", [1]),
        ("state:skipped", [2]),
        ("state:undecided", [3, 4, 5]),
        ("STATE:Failed", [4]),
        ("problem:any", [2, 5]),
        ("problem:broken", [5]),
        ("problem:remark", [2]),
        ("score<1.5", [0, 3]),
        ("score <= 1.5", [0, 2, 3]),
        ("score ≤ 1.5", [0, 2, 3]),
        ("score > 1.5", [1]),
        ("score>=1.5", [1, 2]),
        ("score=0.1", [0]),
        ("score == .1", [0]),
        ("margin<0", [0]),
        ("margin > 0.3", [1, 3]),
        ("length>=40 tokens<5", [3]),
        ("row:1-3", [1, 2, 3]),
        ("row:4", [4]),
        ("row>3", [4, 5]),
        ("row:4-99999999999999999999", [4, 5]),
        ("prompt~translate", [0]),
        ("translate", [0]),
        ("rejected~translate", [0]),
        ("response~translate", []),
        ("Translate", [0]),
        ("TRANSLATE", []),
        ("école", [3]),
        ('"as an ai"', [1]),
        ('"As an AI" and score>1', [1]),
        ("a.c", [2]),
        ("prompt~[x]", [2]),
        ('"(hi)"', [4]),
        ("state:undecided and score<1 and prompt~école", [3]),
    ],
)
def test_what_each_term_matches(text: str, rows: list[int]) -> None:
    assert matches(text) == rows


def test_the_score_is_that_of_the_reviewed_side() -> None:
    assert matches("score>=1", side=Side.REJECTED) == [0, 2]


def test_a_margin_needs_two_sides() -> None:
    assert matches("margin<99", sides=1) == []


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("state:keep", 7, "kept"),
        ("state:", 7, "kept"),
        ("score<", 7, "number"),
        ("score<abc", 7, "number"),
        ("score<1e999", 7, "number"),
        ("score<1x", 7, "number"),
        ("words>3", 1, "score"),
        ("foo:bar", 1, "state:"),
        ("a http://x", 3, "state:"),
        ("problem:none", 9, "any"),
        ("row:x", 5, "10-20"),
        ("row:9-3", 5, "first"),
        ("prompt~", 8, "word"),
        ("title~x", 1, "prompt~"),
        ('x "open', 3, "closing"),
        ('""', 1, "word"),
        ("a or b", 3, "term"),
        ("not x", 1, "term"),
        ("and x", 1, "before"),
        ("x and", 6, "after"),
        ("x and and y", 7, "before"),
        ("(x)", 1, "term"),
        ('x"y"', 2, "space"),
        ("x=>3", 1, "score"),
        ("1:2", 1, "word"),
    ],
)
def test_errors_point_at_the_place_and_say_what_could_stand_there(
    text: str, column: int, expected: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(text)
    assert f"column {column}:" in caught.value.message
    assert expected in caught.value.message
    assert caught.value.hint


needles = st.text(min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-999, 999).map(float)
terms = st.one_of(
    st.sampled_from(State).map(StateTerm),
    st.sampled_from(Problems).map(ProblemTerm),
    st.builds(NumberTerm, st.sampled_from(Number), st.sampled_from(Comparison), numbers),
    st.tuples(st.integers(0, 10**20), st.integers(0, 99)).map(lambda p: RowTerm(p[0], p[0] + p[1])),
    st.builds(TextTerm, st.sampled_from(TextColumn), needles),
    st.builds(TextTerm, st.sampled_from(TextColumn), st.sampled_from(["or", "and", "x and y"])),
)


@given(st.lists(terms, max_size=5))
def test_a_filter_parses_back_from_its_text(parts: list[object]) -> None:
    line = Filter(tuple(parts))  # type: ignore[arg-type]
    assert parse_filter(str(line)) == line


@given(st.text(max_size=30))
def test_any_line_is_parsed_or_refused_with_its_place(text: str) -> None:
    try:
        parsed, complaint = parse_filter(text), ""
    except UsageError as error:
        parsed, complaint = Filter(), error.message
    assert parse_filter(str(parsed)) == parsed
    assert complaint == "" or complaint.startswith("filter, column ")


ascii_text = st.text(st.characters(max_codepoint=127), max_size=20)


@given(st.lists(ascii_text, min_size=1, max_size=5), st.text(min_size=1, max_size=4))
def test_search_is_literal_and_smart_about_case(rows: list[str], needle: str) -> None:
    texts = pl.DataFrame({"prompt": rows}, schema={"prompt": pl.String})
    fold = not any(letter.isupper() for letter in needle)
    expected = [
        (needle.lower() if fold else needle) in (row.lower() if fold else row) for row in rows
    ]
    if needle.isascii():
        assert search(texts, needle).tolist() == expected
    else:
        search(texts, needle)


def test_search_of_nothing_finds_every_row_and_an_absent_text_none() -> None:
    texts = pl.DataFrame({"prompt": ["a", None]}, schema={"prompt": pl.String})
    assert search(texts, "").tolist() == [True, True]
    assert search(texts, "a").tolist() == [True, False]
    assert search(pl.DataFrame({"prompt": [None, None]}), "a").tolist() == [False, False]
