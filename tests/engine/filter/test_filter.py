"""The filter line: what it matches, how it prints, where it says it went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import Cancelled
from engine.filter import FilterError, FilterView, Mark, Names, complete, parse_filter
from engine.filter.columns import ColumnTerm, ColumnTextTerm
from engine.filter.terms import (
    Comparison,
    MarkTerm,
    Number,
    NumberTerm,
    Problems,
    ProblemTerm,
    RowStatus,
    RowTerm,
    SameTextTerm,
    StateTerm,
    TextColumn,
    TextTerm,
)
from engine.filter.tree import AllOf, AnyOf, Filter, Not
from engine.review.decision import Verdict
from engine.review.policy import Outcomes, decide
from engine.review.threshold import Threshold
from engine.sample import Side

NAN = float("nan")


COLUMNS = {
    "source": pl.Series(["wiki", "Forum", None, "wiki", "a b", None]),
    "rating": pl.Series([1, 2, 3, 9_007_199_254_740_993, None, 5]),
    "typed": pl.Series(["4", "x", " 5 ", "4.0", "", None]),
    "my column": pl.Series([0.5, NAN, None, -1.0, 2.0, 1.0]),
    "flag": pl.Series([True, False, None, True, False, True]),
    "score": pl.Series(["a", "b", "c", "d", "e", "f"]),
    "`odd": pl.Series([[1], [2], None, [1, 2], [], [3]]),
    "when": pl.Series(["2024-01-01", "2024-02-01", None, "2023-12-31", "2025", "x"]),
}


@dataclass
class View:
    """Columns given, the rest as little as there can be."""

    texts: pl.DataFrame
    scores: NDArray[np.float32]
    failed: NDArray[np.bool_]
    verdicts: NDArray[np.int8]
    outcomes: Outcomes
    lengths: NDArray[np.int32]
    tokens: NDArray[np.int32]
    remarked: NDArray[np.bool_]
    broken: NDArray[np.bool_]
    side: Side
    rows: int = 6
    before: NDArray[np.float32] = field(default_factory=lambda: np.full(6, NAN, np.float32))
    stopped: bool = False

    @property
    def words(self) -> NDArray[np.int32]:
        return (self.lengths // 10).astype(np.int32)

    def column(self, name: str) -> pl.Series:
        return COLUMNS[name]

    def marked(self, mark: Mark, name: str) -> NDArray[np.bool_]:
        marks = {Mark.TAG: {"good": [0], "two words": [1]}, Mark.REASON: {"refusal": [2]}}
        named = marks.get(mark, {})
        rows = (
            [row for each in named.values() for row in each]
            if name == "any"
            else named.get(name, [])
        )
        return np.isin(np.arange(self.rows), rows)

    def cancelled(self) -> bool:
        return self.stopped


NAMES = Names(tuple(COLUMNS), {Mark.TAG: ("good", "two words")})


def make_view(*, side: Side = Side.CHOSEN, sides: int = 2) -> View:
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
    return View(
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
    return np.flatnonzero(parse_filter(text, NAMES).rows(make_view(**options))).tolist()  # type: ignore[arg-type]


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
        ("words>3", [3, 4]),
        ("state:accepted or state:rejected", [0, 1]),
        ("state:accepted or score>1 and state:rejected", [0, 1]),
        ("(state:accepted or score>1) state:rejected", [1]),
        ("not state:undecided", [0, 1, 2]),
        ("not (state:accepted or state:undecided)", [1, 2]),
        ("NOT translate AND not problem:any", [1, 3, 4]),
        ("score!=0.1", [1, 2, 3, 4, 5]),
        ("score ≠ .1 and not state:pending", [1, 2, 3, 5]),
        ('prompt ~ "translate"', [0]),
        ("prompt!~translate", [1, 2, 3, 4, 5]),
        ("prompt=~^tr", [0]),
        ('prompt =~ "[ÉX]"', [3]),
        ('response=""', [2, 5]),
        ("response!=abc rejected=x", []),
        ("response=abc", [3]),
        ("source=wiki", [0, 3]),
        ("source=WIKI", []),
        ("source~WIKI or source~forum", [1]),
        ('source=""', [2, 5]),
        ("source=null", [2, 5]),
        ('source="null"', []),
        ("source!=wiki", [1, 2, 4, 5]),
        ("source=~^.o", [1]),
        ('source = "a b"', [4]),
        ("rating>=3", [2, 3, 5]),
        ("rating=9007199254740993", [3]),
        ("rating=9007199254740992", []),
        ("rating!=2", [0, 2, 3, 4, 5]),
        ("typed=4", [0, 3]),
        ('typed="4"', [0]),
        ("typed>4.5", [2]),
        ("`my column`>0", [0, 4, 5]),
        ("`my column` <= -1", [3]),
        ("flag=true", [0, 3, 5]),
        ("flag=False", [1, 4]),
        ("`score`=c", [2]),
        ("```odd`~1", [0, 3]),
        ('when>="2024-01-01" when<2025-01-01', [0, 1, 4]),
        ("tag:any", [0, 1]),
        ("tag:good", [0]),
        ('tag:"two words"', [1]),
        ("reason:refusal not tag:any", [2]),
        ("note:any or cluster:any", []),
        ("`abc", []),
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
        ("wrods>3", 1, "score"),
        ("foo:bar", 1, "state:"),
        ("a http://x", 3, "state:"),
        ("problem:none", 9, "any"),
        ("row:x", 5, "10-20"),
        ("row:9-3", 5, "first"),
        ("prompt~", 8, "word"),
        ("title~x", 1, "prompt~"),
        ('x "open', 3, "closing"),
        ('""', 1, "word"),
        ("a or", 5, "after"),
        ("a or or b", 6, "before"),
        ("not", 4, "after"),
        ("a not and b", 7, "before"),
        ("(a or b", 1, ")"),
        ("a)", 2, "("),
        ("()", 2, "term"),
        ("a(b)", 2, "space"),
        ("(" * 60, 51, "at most"),
        ("score~3", 1, "compared"),
        ("prompt<3", 1, "prompt~"),
        ("source<", 8, "value"),
        ("source =~ (", 11, "word"),
        ('source =~ "("', 11, "unclosed group"),
        ("tag:", 5, "name"),
        ("and x", 1, "before"),
        ("x and", 6, "after"),
        ("x and and y", 7, "before"),
        ('x"y"', 2, "space"),
        ("x=>3", 1, "score"),
        ("1:2", 1, "word"),
    ],
)
def test_errors_point_at_the_place_and_say_what_could_stand_there(
    text: str, column: int, expected: str
) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text, NAMES)
    assert f"column {column}:" in caught.value.message
    assert expected in str(caught.value)
    assert caught.value.hint


def _all_of(parts: list[Any]) -> AllOf:
    return AllOf(tuple(t for p in parts for t in (p.terms if isinstance(p, AllOf) else (p,))))


def _any_of(parts: list[Any]) -> AnyOf:
    return AnyOf(tuple(t for p in parts for t in (p.terms if isinstance(p, AnyOf) else (p,))))


needles = st.text(min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-999, 999).map(float)
comparisons = st.sampled_from(Comparison)
columns = st.sampled_from(sorted(COLUMNS))
terms = st.one_of(
    st.sampled_from(RowStatus).map(StateTerm),
    st.sampled_from(Problems).map(ProblemTerm),
    st.builds(NumberTerm, st.sampled_from(Number), comparisons, numbers),
    st.tuples(st.integers(0, 10**20), st.integers(0, 99)).map(lambda p: RowTerm(p[0], p[0] + p[1])),
    st.builds(TextTerm, st.sampled_from(TextColumn), needles),
    st.builds(
        TextTerm, st.just(TextColumn.PROMPT), st.sampled_from(["a.c", "[x] y"]), st.just(True)
    ),
    st.builds(TextTerm, st.sampled_from(TextColumn), st.sampled_from(["or", "and", "x and y"])),
    st.builds(SameTextTerm, st.just(TextColumn.RESPONSE), st.text(max_size=5)),
    st.builds(MarkTerm, st.sampled_from([mark for mark in Mark if mark is not Mark.CUT]), needles),
    st.builds(MarkTerm, st.just(Mark.CUT), st.sampled_from(["yes", "no"])),
    st.builds(ColumnTerm, columns, comparisons, st.text(max_size=5), st.just(True)),
    st.builds(ColumnTerm, columns, comparisons, st.sampled_from(["1.5", "x", "null"])),
    st.builds(ColumnTextTerm, columns, needles),
)
joined = st.recursive(
    terms,
    lambda parts: st.one_of(
        parts.filter(lambda part: not isinstance(part, Not)).map(Not),
        st.lists(parts, min_size=2, max_size=3).map(_all_of),
        st.lists(parts, min_size=2, max_size=3).map(_any_of),
    ),
    max_leaves=6,
)


@given(st.lists(joined, max_size=4))
def test_a_filter_parses_back_from_its_text(parts: list[Any]) -> None:
    line = Filter(_all_of(parts).terms)
    assert parse_filter(str(line), NAMES) == line


def test_parentheses_are_written_only_where_they_are_needed() -> None:
    assert str(parse_filter("(cat or (dog))")) == "cat or dog"
    assert str(parse_filter("(cat or dog) and (bird)")) == "(cat or dog) bird"


@given(joined)
def test_what_is_spared_changes_no_answer(part: Any) -> None:
    view = make_view()
    for term in (Filter((part,)), Filter((Not(Not(part)),))):
        rows = term.rows(view)
        for within in (np.ones(6, np.bool_), np.array([1, 0, 0, 0, 0, 1], np.bool_)):
            assert (part.rows(view, within)[within] == rows[within]).all()


@given(st.text(max_size=30))
def test_any_line_is_parsed_or_refused_with_its_place(text: str) -> None:
    try:
        parsed, place = parse_filter(text, NAMES), 0
    except FilterError as error:
        parsed, place = Filter(), error.place
    assert parse_filter(str(parsed), NAMES) == parsed
    assert 0 <= place <= len(text)
    parsed.rows(make_view())


def test_a_filter_that_is_not_wanted_any_more_stops() -> None:
    view = make_view()
    view.stopped = True
    with pytest.raises(Cancelled):
        parse_filter("translate").rows(view)


def test_a_view_of_a_test_is_a_view() -> None:
    view: FilterView = make_view()
    assert view.rows == 6


def test_a_slip_is_answered_with_the_word_that_may_be_meant() -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter("ratign>3", NAMES)
    assert "did you mean rating?" in caught.value.message


@pytest.mark.parametrize(
    ("line", "choices"),
    [
        ("sco", ("score", "`score`")),
        ("score<1 and ra", ("rating",)),
        ("state:ke", ("kept",)),
        ("tag:", ("any", "good", '"two words"')),
        ("`my", ("`my column`",)),
        ("(typ", ("typed",)),
        ("column", ("`my column`",)),
        ("prompt~sco", ()),
        ('"sco', ()),
        ("state:rejected", ()),
        ("score<", ()),
        ("score < 1", ()),
        ("", ()),
        ("xyzzy", ()),
    ],
)
def test_what_could_stand_at_the_cursor(line: str, choices: tuple[str, ...]) -> None:
    assert complete(line, len(line), NAMES).choices == choices


def test_completion_replaces_the_word_that_is_begun() -> None:
    found = complete("score<1 state:re and x", 16, NAMES)
    assert (found.start, found.choices) == (14, ("rejected",))
    assert complete("pro", 3, NAMES).common == "pro"
    assert complete("to", 2, NAMES).common == "tokens"
