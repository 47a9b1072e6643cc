"""Terms about the dataset's own columns, whatever their types."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.columns import as_text
from engine.dataset.text_search import Query, search
from engine.filter.terms import BARE_VALUE, OPERATIONS, WORDS, Comparison, quoted
from engine.filter.view import FilterView

NAME = re.compile(r"[^\W\d][\w.-]*")
"""A column's name that needs no backquotes."""

NULL = "null"
"""What stands for no value, unquoted."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_WHOLE = re.compile(r"[-+]?\d{1,18}")


@dataclass(frozen=True, slots=True)
class ColumnTerm:
    """`category="math"`, `rating>=4`, `date<"2024-05-01"`, `licence=null`.

    A number typed without quotes compares as a number, with a text column too where its texts
    are numbers (a CSV has nothing else). Everything else compares as text, letter by letter; no
    value counts as an empty text and as no number.
    """

    name: str
    comparison: Comparison
    value: str
    """As typed, without its quotes."""
    is_text: bool = False
    """It was quoted: text, even where it reads like a number or like null."""

    @property
    def cost(self) -> int:
        """The column may have to be read from the file."""
        return 3

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows compare so.  -> (rows,)."""
        column = view.column(self.name)
        equal = self.comparison is Comparison.EQUAL
        if equal and not self.is_text and self.value == NULL:
            return _mask(column.is_null())
        if self.is_text or not _NUMBER.fullmatch(self.value):
            return self._as_text(column)
        if column.dtype.is_integer() and _WHOLE.fullmatch(self.value):
            return self._compare(column, int(self.value))
        found = self._compare(_numbers(column), float(self.value))
        return found | self._as_text(column) if equal and column.dtype == pl.String else found

    def _as_text(self, column: pl.Series) -> NDArray[np.bool_]:
        text = as_text(column).fill_null("")
        value = self.value.lower() if column.dtype == pl.Boolean else self.value
        return self._compare(text, value)

    def _compare(self, column: pl.Series, value: str | float) -> NDArray[np.bool_]:
        return _mask(OPERATIONS[self.comparison](column, value))

    def __str__(self) -> str:
        value = quoted(self.value) if self.is_text else self.value
        return f"{column_name(self.name)}{self.comparison.value}{value}"


@dataclass(frozen=True, slots=True)
class ColumnTextTerm:
    """`source~wiki`: a column that contains a text; `source=~pattern`: a regular expression."""

    name: str
    needle: str
    is_regex: bool = False

    @property
    def cost(self) -> int:
        """The column may have to be read from the file."""
        return 4

    def rows(self, view: FilterView, _within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows contain the text.  -> (rows,)."""
        texts = as_text(view.column(self.name)).alias("text").to_frame()
        query = Query(self.needle, self.is_regex)
        return search(texts, query, ("text",), cancelled=view.cancelled)

    def __str__(self) -> str:
        sign = "=~" if self.is_regex else "~"
        return f"{column_name(self.name)}{sign}{quoted(self.needle, BARE_VALUE)}"


def value_term(name: str, comparison: Comparison, value: str) -> ColumnTerm:
    """A comparison with a number, a truth value or `null`."""
    return ColumnTerm(name, comparison, value)


def text_term(name: str, value: str) -> ColumnTerm:
    """A column that is this text to the letter, quoted only where it has to be."""
    bare = BARE_VALUE.fullmatch(value) and value != NULL and not _NUMBER.fullmatch(value)
    return ColumnTerm(name, Comparison.EQUAL, value, is_text=not bare)


def column_name(name: str) -> str:
    """A column's name as typed: in backquotes where it is no plain name or a word of its own."""
    if NAME.fullmatch(name) and name.lower() not in WORDS:
        return name
    return "`" + name.replace("`", "``") + "`"


def _numbers(column: pl.Series) -> pl.Series:
    """As numbers; NaN is none.  (rows,)."""
    if column.dtype.is_nested() or column.dtype in (pl.Object, pl.Binary):
        return pl.Series(column.name, [None] * len(column), dtype=pl.Float64)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
    return column.cast(pl.Float64, strict=False).fill_nan(None)


def _mask(found: pl.Series) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = found.fill_null(value=False).to_numpy()
    return mask
