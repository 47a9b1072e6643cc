"""The terms of a filter: one condition each, evaluated over whole columns.

`str()` of a term is what a person would type for it.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.dataset.text_search import Query, search
from engine.filter.view import FilterView, Mark
from engine.review.decision import Verdict
from engine.review.policy import Outcome
from engine.sample import Side


class RowStatus(StrEnum):
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
    WORDS = "words"
    TOKENS = "tokens"
    ROW = "row"


class Comparison(StrEnum):
    """How a value is compared."""

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


OPERATIONS = {
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.EQUAL: operator.eq,
}
"""Of whole columns, numpy's and polars' alike."""

ANYWHERE = (TextColumn.PROMPT, TextColumn.RESPONSE, TextColumn.REJECTED)

_OUTCOME_OF = {
    RowStatus.KEPT: Outcome.KEPT,
    RowStatus.DROPPED: Outcome.DROPPED,
    RowStatus.PENDING: Outcome.PENDING,
}
_VERDICT_OF = {
    RowStatus.ACCEPTED: Verdict.ACCEPT,
    RowStatus.REJECTED: Verdict.REJECT,
    RowStatus.SKIPPED: Verdict.SKIP,
    RowStatus.UNDECIDED: Verdict.UNDECIDED,
}


class Term(Protocol):
    """A condition of a filter, or several joined."""

    @property
    def cost(self) -> int:
        """How dear it is to evaluate; cheap ones go first and spare the others rows."""
        ...

    def rows(self, view: FilterView, within: NDArray[np.bool_], /) -> NDArray[np.bool_]:
        """Which rows it holds for; need be right only where `within` is set.  -> (rows,)."""
        ...


@dataclass(frozen=True, slots=True)
class StateTerm:
    """`state:kept`."""

    state: RowStatus

    cost = 1
    """One comparison; outcomes are made from several columns."""

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
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

    cost = 0
    """Two columns."""

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows have such a problem.  -> (rows,)."""
        mask = np.zeros(view.rows, np.bool_)
        if self.problems is not Problems.REMARK:
            mask |= view.broken
        if self.problems is not Problems.BROKEN:
            mask |= view.remarked
        return mask

    def __str__(self) -> str:
        return f"problem:{self.problems.value}"


@dataclass(frozen=True, slots=True)
class MarkTerm:
    """`tag:NAME`, `note:any`, `reason:refusal`, `cluster:any`."""

    mark: Mark
    name: str

    cost = 1
    """A look at the marks."""

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows carry it.  -> (rows,)."""
        return view.marked(self.mark, self.name)

    def __str__(self) -> str:
        return f"{self.mark.value}:{quoted(self.name, BARE_VALUE)}"


@dataclass(frozen=True, slots=True)
class RowTerm:
    """`row:10-20`: positions from first to last, both included, counted as the table shows them."""

    first: int
    last: int

    cost = 0
    """Nothing."""

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows lie in the range.  -> (rows,)."""
        mask = np.zeros(view.rows, np.bool_)
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

    @property
    def cost(self) -> int:
        """Words are counted when they are first asked for."""
        return 2 if self.number is Number.WORDS else 0

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows compare so.  -> (rows,)."""
        numbers = _NUMBERS[self.number](view)
        # Scores are compared as the threshold compares them: 0.1 typed equals 0.1 scored.
        value = np.float32(self.value) if numbers.dtype == np.float32 else np.float64(self.value)
        mask: NDArray[np.bool_] = OPERATIONS[self.comparison](numbers, value)
        return mask

    def __str__(self) -> str:
        return f"{self.number.value}{self.comparison.value}{plain(self.value)}"


@dataclass(frozen=True, slots=True)
class TextTerm:
    """`prompt~text`, or a bare word or quoted text for anywhere in the sample.

    `prompt=~pattern` is a regular expression.
    """

    column: TextColumn
    needle: str
    is_regex: bool = False

    @property
    def cost(self) -> int:
        """All texts are read."""
        return 4 if self.column is TextColumn.ANY else 3

    def rows(self, view: FilterView, within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows contain the text.  -> (rows,)."""
        columns = ANYWHERE if self.column is TextColumn.ANY else (self.column,)
        query = Query(self.needle, self.is_regex)
        if np.count_nonzero(within) * 2 > len(within):
            return search(view.texts, query, columns, cancelled=view.cancelled)
        mask = np.zeros(len(within), np.bool_)
        rows = np.flatnonzero(within)
        mask[rows] = search(view.texts[rows], query, columns, cancelled=view.cancelled)
        return mask

    def __str__(self) -> str:
        if self.column is TextColumn.ANY and not self.is_regex:
            return quoted(self.needle, BARE_TEXT)
        sign = "=~" if self.is_regex else "~"
        return f"{self.column.value}{sign}{quoted(self.needle, BARE_VALUE)}"


@dataclass(frozen=True, slots=True)
class SameTextTerm:
    """`response=""`: the whole text, to the letter; no text counts as an empty one."""

    column: TextColumn
    value: str

    cost = 2
    """One text is compared, most of it by its length."""

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows have exactly this text.  -> (rows,)."""
        same = view.texts[self.column.value].fill_null("") == self.value
        return np.asarray(same.to_numpy(), np.bool_)

    def __str__(self) -> str:
        return f"{self.column.value}={quoted(self.value)}"


def _margin(view: FilterView) -> NDArray[np.float32]:
    if len(view.scores) == 1:
        return np.full_like(view.scores[0], np.nan)
    margin: NDArray[np.float32] = view.scores[0] - view.scores[1]
    return margin


def _reviewed(view: FilterView) -> int:
    return 1 if view.side is Side.REJECTED and len(view.scores) > 1 else 0


_NUMBERS: dict[Number, Callable[[FilterView], NDArray[Any]]] = {
    Number.SCORE: lambda view: view.scores[_reviewed(view)],
    Number.MARGIN: _margin,
    Number.BEFORE: lambda view: view.before,
    Number.LENGTH: lambda view: view.lengths,
    Number.WORDS: lambda view: view.words,
    Number.TOKENS: lambda view: view.tokens,
    Number.ROW: lambda view: np.arange(view.rows, dtype=np.int64),
}

# --- how values are written

RESERVED = ("and", "or", "not")

WORDS = frozenset(
    (*RESERVED, *Number, *Mark, *(text.value for text in ANYWHERE), "state", "problem")
)
"""Names that mean something of their own: a column called so is typed in backquotes."""

BARE_TEXT = re.compile(r'[^\s"():~<>=≤≥≠]+')
"""A word that searches for itself."""

BARE_VALUE = re.compile(r'[^\s"()]+')
"""A word after a sign."""


def quoted(text: str, bare: re.Pattern[str] | None = None) -> str:
    """`text` as typed: as it is where `bare` allows it, quoted otherwise."""
    if bare is not None and bare.fullmatch(text) and text.lower() not in RESERVED:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(value: float) -> str:
    """A number that reads back as itself."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
