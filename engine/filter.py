"""The filter line: which rows to look at, as terms that must all hold.

    state:pending score<1.5 prompt~translate "as an AI"

Terms are joined by spaces or `and`. A filter is parsed into values, evaluated by polars and
numpy over whole columns, and printed back as text that parses to the same filter; nothing is
ever handed to `eval`. `or`, `not` and parentheses are refused unless quoted: they are kept free
for a later grammar in which every line valid today means the same.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.decision import Verdict
from engine.errors import UsageError
from engine.policy import Outcome, Outcomes
from engine.sample import Side


class State(StrEnum):
    """What a row can be asked to be: an outcome, a verdict, or failed."""

    KEPT = "kept"
    DROPPED = "dropped"
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    UNDECIDED = "undecided"
    FAILED = "failed"


class Problems(StrEnum):
    """Which rows with problems: all of them, unreadable ones, or readable ones with a remark."""

    ANY = "any"
    BROKEN = "broken"
    REMARK = "remark"


class Number(StrEnum):
    """A number of a row that can be compared."""

    SCORE = "score"
    MARGIN = "margin"
    BEFORE = "before"
    LENGTH = "length"
    TOKENS = "tokens"
    ROW = "row"


class Comparison(StrEnum):
    """How a number is compared."""

    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="
    EQUAL = "="


class TextColumn(StrEnum):
    """A text that can be searched; `ANY` is the prompt and both responses."""

    PROMPT = "prompt"
    RESPONSE = "response"
    REJECTED = "rejected"
    ANY = ""


_OUTCOME_OF = {
    State.KEPT: Outcome.KEPT,
    State.DROPPED: Outcome.DROPPED,
    State.PENDING: Outcome.PENDING,
}
_VERDICT_OF = {
    State.ACCEPTED: Verdict.ACCEPT,
    State.REJECTED: Verdict.REJECT,
    State.SKIPPED: Verdict.SKIP,
    State.UNDECIDED: Verdict.UNDECIDED,
}


@dataclass(frozen=True, slots=True)
class FilterView:
    """The columns that a filter looks at, one slot per row."""

    texts: pl.DataFrame  # columns prompt, response, rejected (strings, nullable)
    scores: NDArray[np.float32]  # (sides, rows) NaN = no score
    failed: NDArray[np.bool_]  # (rows,) of the side under review
    verdicts: NDArray[np.int8]  # (rows,) of Verdict
    outcomes: Outcomes
    lengths: NDArray[np.int32]  # (rows,) characters
    tokens: NDArray[np.int32]  # (rows,)
    remarked: NDArray[np.bool_]  # (rows,)
    broken: NDArray[np.bool_]  # (rows,)
    side: Side = Side.CHOSEN
    before: NDArray[np.float32] | None = None  # (rows,) of the scorer before


class Term(Protocol):
    """One condition of a filter; `str()` of it is what a person would type."""

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows it holds for.  -> (rows,)."""
        ...


@dataclass(frozen=True, slots=True)
class StateTerm:
    """`state:kept`."""

    state: State

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows are in this state.  -> (rows,)."""
        mask: NDArray[np.bool_]
        if self.state in _OUTCOME_OF:
            mask = view.outcomes.outcome == _OUTCOME_OF[self.state]
        elif self.state in _VERDICT_OF:
            mask = view.verdicts == _VERDICT_OF[self.state]
        else:
            mask = view.failed.copy()
        return mask

    def __str__(self) -> str:
        return f"state:{self.state.value}"


@dataclass(frozen=True, slots=True)
class ProblemTerm:
    """`problem:any`."""

    problems: Problems

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows have such a problem.  -> (rows,)."""
        mask = np.zeros(len(view.broken), np.bool_)
        if self.problems is not Problems.REMARK:
            mask |= view.broken
        if self.problems is not Problems.BROKEN:
            mask |= view.remarked
        return mask

    def __str__(self) -> str:
        return f"problem:{self.problems.value}"


@dataclass(frozen=True, slots=True)
class RowTerm:
    """`row:10-20`: positions from first to last, both included, counted as the table shows them."""

    first: int
    last: int

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows lie in the range.  -> (rows,)."""
        mask = np.zeros(len(view.verdicts), np.bool_)
        mask[self.first : self.last + 1] = True
        return mask

    def __str__(self) -> str:
        return f"row:{self.first}" if self.first == self.last else f"row:{self.first}-{self.last}"


@dataclass(frozen=True, slots=True)
class NumberTerm:
    """`score<1.5`. A row without the number (no score, no margin) never matches."""

    number: Number
    comparison: Comparison
    value: float

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows compare so.  -> (rows,)."""
        numbers = _numbers(view, self.number)
        # Scores are compared as the threshold compares them: 0.1 typed equals 0.1 scored.
        value = np.float32(self.value) if numbers.dtype == np.float32 else np.float64(self.value)
        mask: NDArray[np.bool_]
        match self.comparison:
            case Comparison.LESS:
                mask = numbers < value
            case Comparison.AT_MOST:
                mask = numbers <= value
            case Comparison.GREATER:
                mask = numbers > value
            case Comparison.AT_LEAST:
                mask = numbers >= value
            case Comparison.EQUAL:
                mask = numbers == value
        return mask

    def __str__(self) -> str:
        return f"{self.number.value}{self.comparison.value}{_plain(self.value)}"


@dataclass(frozen=True, slots=True)
class TextTerm:
    """`prompt~text`, or a bare word or quoted text for anywhere in the sample."""

    column: TextColumn
    needle: str

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows contain the text.  -> (rows,)."""
        columns = _ANYWHERE if self.column is TextColumn.ANY else (self.column,)
        return search(view.texts, self.needle, columns)

    def __str__(self) -> str:
        field = f"{self.column.value}~" if self.column is not TextColumn.ANY else ""
        return field + _quoted(self.needle, bare=_BARE_TEXT if not field else _BARE_VALUE)


_ANYWHERE = (TextColumn.PROMPT, TextColumn.RESPONSE, TextColumn.REJECTED)


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold; no terms match every row."""

    terms: tuple[Term, ...] = ()

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows pass.  -> (rows,)."""
        mask = np.ones(len(view.verdicts), np.bool_)
        # Texts last: they cost the most, and an empty rest spares them.
        for term in sorted(self.terms, key=lambda term: isinstance(term, TextTerm)):
            if not mask.any():
                break
            mask &= term.rows(view)
        return mask

    def __str__(self) -> str:
        return " ".join(str(term) for term in self.terms)


def search(
    texts: pl.DataFrame, needle: str, columns: tuple[TextColumn, ...] = _ANYWHERE
) -> NDArray[np.bool_]:
    """Which rows contain `needle` in one of `columns`: literal, and smart about case.

    Without an upper-case letter in the needle, case is ignored. An empty needle is everywhere.

    Args:
        texts: columns prompt, response, rejected (strings, nullable).
        needle: what to look for; never a pattern.
        columns: where to look; a column that `texts` lacks counts as empty.
    """
    mask = np.full(texts.height, not needle)
    if not needle:
        return mask
    for column in columns:
        if column.value in texts.columns and texts.schema[column.value] == pl.String:
            mask |= _contains(texts[column.value], needle)
    return mask


def _contains(text: pl.Series, needle: str) -> NDArray[np.bool_]:
    if any(letter.isupper() for letter in needle):
        found = text.str.contains(needle, literal=True)
    else:
        # With an ASCII needle, Unicode case folding would only add the Kelvin sign and the long
        # s, and cost the regex engine its literal prefilters.
        flags = "i-u" if needle.isascii() else "i"
        found = text.str.contains(f"(?{flags}:{_escaped(needle)})")
    mask: NDArray[np.bool_] = found.fill_null(value=False).to_numpy()
    return mask


def _escaped(needle: str) -> str:
    """`needle` as a pattern of Rust's regex crate that matches it literally."""
    return "".join(
        f"\\{character}" if character in r"\.+*?()|[]{}^$#&-~/" else character
        for character in needle
    )


def _numbers(view: FilterView, number: Number) -> NDArray[Any]:
    numbers: NDArray[Any]
    match number:
        case Number.SCORE:
            numbers = view.scores[_reviewed(view)]
        case Number.MARGIN:
            paired = len(view.scores) > 1
            numbers = (
                view.scores[0] - view.scores[1] if paired else np.full_like(view.scores[0], np.nan)
            )
        case Number.BEFORE:
            before = view.before
            numbers = np.full_like(view.scores[0], np.nan) if before is None else before
        case Number.LENGTH:
            numbers = view.lengths
        case Number.TOKENS:
            numbers = view.tokens
        case Number.ROW:
            numbers = np.arange(len(view.verdicts), dtype=np.int64)
    return numbers


def _reviewed(view: FilterView) -> int:
    return 1 if view.side is Side.REJECTED and len(view.scores) > 1 else 0


# --- parsing

_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_COMPARISON = re.compile(r"\s*(<=|>=|==|=|<|>|≤|≥)\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?=\s|$)")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?(?=\s|$)")
_WORD = re.compile(r'[^\s"()]+')
_BARE_TEXT = re.compile(r'[^\s"():~<>=≤≥]+')
_BARE_VALUE = re.compile(r'[^\s"()]+')
_RESERVED = ("and", "or", "not")

_COMPARISONS = {"==": "=", "≤": "<=", "≥": ">="}
_FIELDS = "state:  problem:  row:  score<  margin<  before<  length<  tokens<  prompt~  response~"


def parse_filter(text: str) -> Filter:
    """Read a filter line.

    Raises:
        UsageError: names the column where it stops making sense, and what could stand there.
    """
    terms: list[Term] = []
    at = _skip_space(text, 0)
    joined = True  # a term must follow: at the start, or after "and"
    while at < len(text):
        name = _NAME.match(text, at)
        if name and name[0].lower() == "and" and _ends_word(text, name.end()):
            if joined:
                _fail(at, "a term before 'and'", 'quote it to search for the word: "and"')
            at, joined = _skip_space(text, name.end()), True
            continue
        term, at = _term(text, at)
        terms.append(term)
        if at < len(text) and not text[at].isspace():
            _fail(at, "a space between two terms")
        at, joined = _skip_space(text, at), False
    if joined and terms:
        _fail(len(text), "a term after 'and'")
    return Filter(tuple(terms))


def _term(text: str, at: int) -> tuple[Term, int]:
    """The term that starts at `at`, and where it ends."""
    if text[at] == '"':
        needle, end = _text_value(text, at)
        return TextTerm(TextColumn.ANY, needle), end
    name = _NAME.match(text, at)
    if name is not None:
        field, end = name[0].lower(), name.end()
        if field in _RESERVED and _ends_word(text, end):
            _fail(at, "a term", f'quote it to search for the word: "{name[0]}"')
        if text[end : end + 1] == ":":
            return _choice(text, at, field, end + 1)
        if text[end : end + 1] == "~":
            return _contained(text, at, field, end + 1)
        comparison = _COMPARISON.match(text, end)
        if comparison is not None:
            return _compared(text, at, field, comparison)
    word = _WORD.match(text, at)
    if word is None:
        _fail(at, "a term", 'quote the text to search for brackets: "(x)"')
    if not _BARE_TEXT.fullmatch(word[0]):
        _fail(
            at, "a word without : ~ < > =", f"quote it to search for the text: {_quoted(word[0])}"
        )
    return TextTerm(TextColumn.ANY, word[0]), word.end()


def _choice(text: str, at: int, field: str, value_at: int) -> tuple[Term, int]:
    """`state:`, `problem:` and `row:`, whose value starts at `value_at`."""
    if field == "row":
        span = _RANGE.match(text, value_at)
        if span is None:
            _fail(value_at, "rows such as 10 or 10-20")
        first, last = int(span[1]), int(span[2] or span[1])
        if last < first:
            _fail(value_at, "the first row before the last", f"try row:{last}-{first}")
        return RowTerm(first, last), span.end()
    word = _WORD.match(text, value_at)
    value = word[0].lower() if word else ""
    end = word.end() if word else value_at
    if field == "state":
        if value not in set(State):
            _fail(value_at, "one of " + ", ".join(State))
        return StateTerm(State(value)), end
    if field != "problem":
        hint = f"quote it to search for the text: {_quoted(field + ':' + value)}"
        _fail(at, f"a field before ':' ({_FIELDS})", hint)
    if value not in set(Problems):
        _fail(value_at, "one of " + ", ".join(Problems))
    return ProblemTerm(Problems(value)), end


def _contained(text: str, at: int, field: str, value_at: int) -> tuple[Term, int]:
    if field not in {column.value for column in _ANYWHERE}:
        _fail(at, "prompt~, response~ or rejected~", "other columns cannot be searched")
    needle, end = _text_value(text, value_at)
    return TextTerm(TextColumn(field), needle), end


def _compared(text: str, at: int, field: str, operator: re.Match[str]) -> tuple[Term, int]:
    if field not in set(Number):
        _fail(at, "a number: " + ", ".join(Number), "other columns cannot be compared")
    number = _NUMBER.match(text, operator.end())
    if number is None or not math.isfinite(float(number[0])):
        _fail(operator.end(), f"a number to compare {field} with")
    comparison = Comparison(_COMPARISONS.get(operator[1], operator[1]))
    return NumberTerm(Number(field), comparison, float(number[0])), number.end()


def _text_value(text: str, at: int) -> tuple[str, int]:
    """The word or quoted text at `at`, and where it ends."""
    if text[at : at + 1] == '"':
        quoted = _QUOTED.match(text, at)
        if quoted is None:
            _fail(at, 'a closing " for this one')
        needle, end = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL), quoted.end()
    else:
        word = _BARE_VALUE.match(text, at)
        needle, end = (word[0], word.end()) if word else ("", at)
    if not needle:
        _fail(at, "a word or a quoted text to search for")
    return needle, end


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _ends_word(text: str, at: int) -> bool:
    return at == len(text) or text[at].isspace() or text[at] in '"('


def _quoted(needle: str, bare: re.Pattern[str] | None = None) -> str:
    """`needle` as typed: as it is where `bare` allows it, quoted otherwise."""
    if bare is not None and bare.fullmatch(needle) and needle.lower() not in _RESERVED:
        return needle
    return '"' + needle.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _fail(at: int, expected: str, hint: str = "") -> NoReturn:
    raise UsageError(f"filter, column {at + 1}: expected {expected}", hint or f"fields: {_FIELDS}")
