"""From a line of text to a filter, and what is wrong with a line that is none.

    line   = [ all { "or" all } ]
    all    = one { ["and"] one }
    one    = "not" one | "(" line ")" | term

`not` binds closest, then `and` (or nothing but a space), then `or`. What a term is, is said in
`_Parser.term`. Nothing is ever handed to `eval`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import NoReturn

from engine.dataset.nested import has_column
from engine.dataset.text_search import Query
from engine.errors import UsageError
from engine.filter.columns import NAME, ColumnTerm, ColumnTextTerm
from engine.filter.terms import (
    ANYWHERE,
    BARE_TEXT,
    BARE_VALUE,
    RESERVED,
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
    Term,
    TextColumn,
    TextTerm,
    quoted,
)
from engine.filter.tree import AllOf, AnyOf, Filter, Not
from engine.filter.view import ANY, NO, YES, Mark, Names

MAX_DEPTH = 50
"""Parentheses and `not` within each other; more is a slip of the keyboard."""

_SPACE = re.compile(r"\s*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BACKQUOTED = re.compile(r"`((?:[^`]|``)+)`(?=\s*(?:[<>=~≤≥≠]|!=|!~))")
_FIELD = re.compile(r"@?[A-Za-z_][A-Za-z_0-9]*(?=:)")
_SIGN = re.compile(r"\s*(<=|>=|==|!=|=~|!~|=|<|>|≤|≥|≠|~)\s*")
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?=[\s)]|$)")
_RANGE = re.compile(r"(\d+)(?:-(\d+))?(?=[\s)]|$)")
_WORD = re.compile(r'[^\s"()]+')

_SPELLED = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!="}
_FIELDS = (
    "state:  problem:  row:  cluster:  note:  tag:  reason:  score<  margin<  before<  length<  "
    "words<  tokens<  prompt~  response~  @cut:  @split:  "
    "@config:  @file:"
)
_TEXTS = {column.value for column in ANYWHERE}


class FilterError(UsageError):
    """A line that is no filter; `place` is where it stops making sense, counted from 0."""

    def __init__(self, place: int, expected: str, hint: str) -> None:
        super().__init__(f"filter, column {place + 1}: expected {expected}", hint)
        self.place = place


def parse_filter(text: str, names: Names | None = None) -> Filter:
    """Read a filter line.

    Args:
        text: as typed.
        names: what the dataset has that can be named.

    Raises:
        FilterError: names the column where it stops making sense, and what could stand there.
    """
    return _Parser(text, names or Names()).filter()


class _Parser:
    """A position in a line, moving on."""

    def __init__(self, text: str, names: Names) -> None:
        self._text = text
        self._names = names
        self._at = 0
        self._depth = 0

    def filter(self) -> Filter:
        """The whole line."""
        self._skip_space()
        if self._at == len(self._text):
            return Filter()
        found = self._either()
        if self._at < len(self._text):
            self._fail(self._at, "a ( before this one", 'quote it to search for it: ")"')
        return Filter(found.terms if isinstance(found, AllOf) else (found,))

    def _either(self) -> Term:
        first = self._all()
        parts = [*first.terms] if isinstance(first, AnyOf) else [first]
        while (word := self._joint()) == "or":
            self._skip_word(word)
            self._require_more(word)
            part = self._all()
            parts += part.terms if isinstance(part, AnyOf) else (part,)
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def _all(self) -> Term:
        first = self._one()
        parts = [*first.terms] if isinstance(first, AllOf) else [first]
        while not self._ended():
            word = self._joint()
            if word == "or":
                break
            if word == "and":
                self._skip_word(word)
                self._require_more(word)
            part = self._one()
            parts += part.terms if isinstance(part, AllOf) else (part,)
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _one(self) -> Term:
        word = self._joint()
        if word in ("and", "or"):
            hint = f'quote it to search for the word: "{word}"'
            self._fail(self._at, f"a term before '{word}'", hint)
        if word == "not":
            self._skip_word(word)
            self._require_more(word)
            return Not(self._deeper(self._one))
        if self._text[self._at] == "(":
            return self._deeper(self._group)
        found = self._term()
        if not self._ended() and not self._text[self._at].isspace():
            self._fail(self._at, "a space between two terms")
        self._skip_space()
        return found

    def _group(self) -> Term:
        opened = self._at
        self._at += 1
        self._skip_space()
        if self._text[self._at : self._at + 1] in ("", ")"):
            self._fail(self._at, "a term after (", 'quote the text to search for it: "(x)"')
        found = self._either()
        if self._at == len(self._text):
            self._fail(opened, "a ) for this (", 'quote the text to search for it: "("')
        self._at += 1
        self._skip_space()
        return found

    def _deeper(self, read: Callable[[], Term]) -> Term:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._fail(self._at, f"at most {MAX_DEPTH} parentheses within each other")
        found = read()
        self._depth -= 1
        return found

    def _joint(self) -> str:
        """`and`, `or` or `not`, where one of them stands here as a word of its own."""
        word = _WORD.match(self._text, self._at)
        lowered = word[0].lower() if word else ""
        return lowered if lowered in RESERVED else ""

    def _skip_word(self, word: str) -> None:
        self._at += len(word)
        self._skip_space()

    def _require_more(self, word: str) -> None:
        if self._ended():
            self._fail(self._at, f"a term after '{word}'")

    def _ended(self) -> bool:
        return self._at == len(self._text) or self._text[self._at] == ")"

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at

    # Terms

    def _term(self) -> Term:
        text, at = self._text, self._at
        if text[at] == '"':
            return TextTerm(TextColumn.ANY, self._value(at))
        if field := _FIELD.match(text, at):
            return self._choice(at, field[0].lower(), field.end() + 1)
        if backquoted := _BACKQUOTED.match(text, at):
            sign = _SIGN.match(text, backquoted.end())
            assert sign is not None
            name = backquoted[1].replace("``", "`")
            return self._about_column(self._column(name, at), sign)
        if (name_found := NAME.match(text, at)) and (sign := _SIGN.match(text, name_found.end())):
            return self._compared(at, name_found[0], sign)
        word = _WORD.match(text, at)
        if word is None:
            self._fail(at, "a term", 'quote the text to search for brackets: "(x)"')
        if not BARE_TEXT.fullmatch(word[0]):
            hint = f"quote it to search for the text: {quoted(word[0])}"
            self._fail(at, "a word without : ~ < > =", hint)
        self._at = word.end()
        return TextTerm(TextColumn.ANY, word[0])

    def _choice(self, at: int, field: str, value_at: int) -> Term:
        """`state:`, `problem:`, `row:` and the marks, whose value starts at `value_at`."""
        if field == "row":
            return self._row_range(value_at)
        if field in set(Mark):
            name = self._value(value_at, "a name, or any")
            if field == Mark.CUT and name not in (YES, NO, ANY):
                self._fail(value_at, f"{YES} or {NO}")
            return MarkTerm(Mark(field), name)
        word = _WORD.match(self._text, value_at)
        value = word[0].lower() if word else ""
        self._at = word.end() if word else value_at
        if field == "state":
            if value not in set(RowStatus):
                self._fail(value_at, "one of " + ", ".join(RowStatus))
            return StateTerm(RowStatus(value))
        if field != "problem":
            hint = f"quote it to search for the text: {quoted(field + ':' + value)}"
            self._fail(at, f"a field before ':' ({_FIELDS})", hint)
        if value not in set(Problems):
            self._fail(value_at, "one of " + ", ".join(Problems))
        return ProblemTerm(Problems(value))

    def _row_range(self, value_at: int) -> Term:
        span = _RANGE.match(self._text, value_at)
        if span is None:
            self._fail(value_at, "rows such as 10 or 10-20")
        first, last = int(span[1]), int(span[2] or span[1])
        if last < first:
            self._fail(value_at, "the first row before the last", f"try row:{last}-{first}")
        self._at = span.end()
        return RowTerm(first, last)

    def _compared(self, at: int, name: str, sign: re.Match[str]) -> Term:
        """A name and a sign: a number of tamis, one of its texts, or a column."""
        field = name.lower()
        spelled = _SPELLED.get(sign[1], sign[1])
        if field in set(Number):
            if spelled not in {"!=", *Comparison}:
                self._fail(at, f"{field} compared with < <= > >= = or !=")
            number = self._number(field, sign.end())
            equal = Comparison.EQUAL if spelled == "!=" else Comparison(spelled)
            return _negated(spelled, NumberTerm(Number(field), equal, number))
        if field in _TEXTS:
            return self._about_text(at, TextColumn(field), sign)
        return self._about_column(self._column(name, at), sign)

    def _number(self, field: str, at: int) -> float:
        number = _NUMBER.match(self._text, at)
        if number is None or not math.isfinite(float(number[0])):
            self._fail(at, f"a number to compare {field} with")
        self._at = number.end()
        return float(number[0])

    def _about_text(self, at: int, column: TextColumn, sign: re.Match[str]) -> Term:
        spelled = _SPELLED.get(sign[1], sign[1])
        if spelled in ("=", "!="):
            value = self._value(sign.end(), 'a word or a quoted text; "" for none', empty=True)
            return _negated(spelled, SameTextTerm(column, value))
        if spelled not in ("~", "!~", "=~"):
            self._fail(at, f"{column.value}~ or {column.value}=", "a text has no size: try length<")
        is_regex = spelled == "=~"
        return _negated(spelled, TextTerm(column, self._needle(sign.end(), is_regex), is_regex))

    def _about_column(self, name: str, sign: re.Match[str]) -> Term:
        spelled = _SPELLED.get(sign[1], sign[1])
        if spelled in ("~", "!~", "=~"):
            is_regex = spelled == "=~"
            needle = self._needle(sign.end(), is_regex)
            return _negated(spelled, ColumnTextTerm(name, needle, is_regex))
        is_text = self._text[sign.end() : sign.end() + 1] == '"'
        value = self._value(sign.end(), f"a value to compare {name} with", empty=True)
        if not value and not is_text:
            self._fail(sign.end(), f"a value to compare {name} with", 'a number, a word, or "text"')
        comparison = Comparison.EQUAL if spelled == "!=" else Comparison(spelled)
        return _negated(spelled, ColumnTerm(name, comparison, value, is_text))

    def _column(self, name: str, at: int) -> str:
        """The column that is meant by `name`."""
        columns = self._names.columns
        if name in columns:
            return name
        same = [column for column in columns if column.lower() == name.lower()]
        if len(same) == 1:
            return same[0]
        if has_column(columns, name):
            return name
        near = get_close_matches(name.lower(), [*columns, *Number, *sorted(_TEXTS)], 1)
        known = f"; columns: {', '.join(columns[:8])}" if columns else ""
        return self._fail(
            at,
            "a field or a column" + (f", did you mean {near[0]}?" if near else ""),
            f"quote it to search for the text; fields: {_FIELDS}{known}",
        )

    def _needle(self, at: int, is_regex: bool) -> str:
        needle = self._value(at)
        if is_regex:
            try:
                Query(needle, is_regex=True).check()
            except UsageError as error:
                self._fail(at, f"a regular expression ({error.message})", error.hint)
        return needle

    def _value(
        self,
        at: int,
        expected: str = "a word or a quoted text to search for",
        *,
        empty: bool = False,
    ) -> str:
        """The word or quoted text at `at`."""
        if self._text[at : at + 1] == '"':
            found = _QUOTED.match(self._text, at)
            if found is None:
                self._fail(at, 'a closing " for this one')
            value, self._at = re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), found.end()
        else:
            word = BARE_VALUE.match(self._text, at)
            value, self._at = (word[0], word.end()) if word else ("", at)
        if not value and not empty:
            self._fail(at, expected)
        return value

    def _fail(self, at: int, expected: str, hint: str = "") -> NoReturn:
        raise FilterError(at, expected, hint or f"fields: {_FIELDS}")


def _negated(sign: str, term: Term) -> Term:
    return Not(term) if sign.startswith("!") else term
