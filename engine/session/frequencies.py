"""How often a column of the dataset has which value, and how many of those rows are kept now.

Numbers of many different values are counted in bins with round edges. Every line comes with the
filter that shows its rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.nested import HEAD_ROWS, numbers_in
from engine.dataset.reading.columns import as_text
from engine.errors import Cancelled
from engine.filter.columns import NULL, ColumnTerm, text_term, value_term
from engine.filter.terms import Comparison, Term, plain
from engine.filter.tree import AllOf, Filter, Not
from engine.review.policy import Outcome
from engine.session.table_columns import ViewedSession

CHUNK_ROWS = 1_000_000
"""Counted at once: a tenth of a second, after which somebody may have changed their mind."""

MANY_VALUES = 100_000
"""Different values in one chunk; joining chunks then takes longer than counting all at once."""

MOST_LINES = 1_000
"""The most frequent values; who wants more has a column that says something else in every row."""

MOST_NUMBERS = 40
"""Numbers of more different values than this are counted in bins."""

BINS = 20
SAMPLED_ROWS = 100_000
"""In which it is seen that there are so many."""

Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Frequency:
    """A value, or a bin of numbers."""

    label: str
    """As it stands in the dataset: raw text."""
    rows: int
    kept: int
    terms: tuple[Term, ...]
    """The filter that shows these rows; none: no filter can."""


@dataclass(frozen=True, slots=True)
class Frequencies:
    """What a column holds, the most frequent value first; bins in their order."""

    column: str
    rows: int
    """That were counted."""
    lines: tuple[Frequency, ...]
    values: int
    """How many different ones there are, those without a line too; of bins, how many bins."""
    binned: bool = False
    of_filter: bool = False
    """Whether only the rows of the present filter were counted."""
    kept_known: bool = True
    """Whether `kept` may be told; not while scores are hidden."""


def frequencies(
    session: ViewedSession,
    column: str,
    within: NDArray[np.bool_] | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Frequencies:
    """Count a column. Safe to call from another thread.

    Args:
        session: whose dataset.
        column: its name, or that of a member (`a.b`).
        within: rows to count; None counts all.  (rows,)
        progress: told how far it is.
        cancelled: whether the answer is not wanted any more.

    Raises:
        UsageError: no such column.
        InputError: the file was changed in place since it was opened.
        Cancelled: `cancelled` said so.
    """
    step = _Step(column, progress, cancelled)
    step(0, None)
    values = session.dataset.column(column, cancelled)
    if session.blind:
        kept = np.zeros(len(values), np.bool_)
    else:
        kept = np.asarray(session.outcomes().outcome == Outcome.KEPT)
    if within is not None:
        values, kept = values.filter(pl.Series(within)), kept[within]
    values = values if _stays(values.dtype) else as_text(values)
    numbers = _many_numbers(values)
    found = None if numbers is None else _binned(numbers, kept, column, step)
    if found is None:
        found = _counted(values, kept, column, step)
        if numbers is None and values.dtype.is_numeric() and found[1] > MOST_NUMBERS:
            found = _binned(values.cast(pl.Float64), kept, column, step) or found
    lines, different, binned = found
    return Frequencies(
        column, len(values), tuple(lines), different, binned, within is not None, not session.blind
    )


def frequent_values(
    session: ViewedSession, column: str, cancelled: Callable[[], bool]
) -> list[str]:
    """The most frequent values of a column, as they stand behind `=` in a filter.

    Raises:
        TamisError: the column cannot be read, or `cancelled` said so.
    """
    values = session.dataset.column(column, cancelled)
    values = values if _stays(values.dtype) else as_text(values)
    step = _Step(column, None, cancelled)
    lines, _, _ = _counted(values, np.zeros(len(values), np.bool_), column, step)
    terms = [line.terms[0] for line in lines[:MOST_OFFERED] if line.terms]
    written = [str(term).partition("=")[2] for term in terms if isinstance(term, ColumnTerm)]
    return [text for text in written if len(text) <= LONGEST_OFFERED and "\n" not in text]


MOST_OFFERED, LONGEST_OFFERED = 50, 40
"""Values that a line of input offers, and their characters."""


class _Step:
    """Says how far the counting is, and stops it."""

    def __init__(
        self, column: str, progress: Progress | None, cancelled: Callable[[], bool] | None
    ) -> None:
        self._title = f"counting {column}…"
        self._progress, self._cancelled = progress, cancelled

    def __call__(self, done: int, total: int | None) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        if self._progress is not None:
            self._progress(self._title, done, total)


def _stays(dtype: pl.DataType) -> bool:
    """Whether values are counted as they are, and not as their text."""
    return dtype.is_numeric() or dtype in (pl.Boolean, pl.String)


def _many_numbers(values: pl.Series) -> pl.Series | None:
    """The numbers of a column that has many different ones at its start; None for others."""
    sample = values.head(SAMPLED_ROWS)
    if values.dtype == pl.String:
        head = sample.drop_nulls().head(HEAD_ROWS)
        if numbers_in(head) is None or head.n_unique() <= MOST_NUMBERS:
            return None
        return numbers_in(values)
    if not values.dtype.is_numeric():
        return None
    return values.cast(pl.Float64) if sample.n_unique() > MOST_NUMBERS else None


_Found = tuple[list[Frequency], int, bool]


def _binned(numbers: pl.Series, kept: NDArray[np.bool_], column: str, step: _Step) -> _Found | None:
    """Counted in bins with round edges; None where there are no two different numbers."""
    known = numbers.fill_nan(None)
    low, high = known.min(), known.max()
    if not isinstance(low, float) or not isinstance(high, float) or not high - low > 0:
        return None
    if not math.isfinite(high - low):
        return None
    edges = _edges(low, high)
    values = numbers.to_numpy()
    rows, kept_rows = np.zeros(len(edges) + 1, np.int64), np.zeros(len(edges) + 1, np.int64)
    for start in range(0, len(values), CHUNK_ROWS):
        step(start, len(values))
        piece = values[start : start + CHUNK_ROWS]
        at = np.searchsorted(edges, piece, side="right")  # NaN, which null is too, comes last
        at[np.isnan(piece)] = 0
        rows += np.bincount(at, minlength=len(rows))
        kept_rows += np.bincount(at[kept[start : start + CHUNK_ROWS]], minlength=len(rows))
    lines = []
    for index in range(1, len(edges)):
        first, last = plain(float(edges[index - 1])), plain(float(edges[index]))
        terms = (
            value_term(column, Comparison.AT_LEAST, first),
            value_term(column, Comparison.LESS, last),
        )
        label = f"{first} … {last}"
        lines.append(Frequency(label, int(rows[index]), int(kept_rows[index]), terms))
    if rows[0]:
        label = "no number"
        lines.append(Frequency(label, int(rows[0]), int(kept_rows[0]), _no_number(column)))
    return lines, len(edges) - 1, True


def _no_number(column: str) -> tuple[Term, ...]:
    every = (
        value_term(column, Comparison.LESS, "0"),
        value_term(column, Comparison.AT_LEAST, "0"),
    )
    return tuple(Not(term) for term in every)


def _edges(low: float, high: float) -> NDArray[np.float64]:
    """Round numbers from below `low` to above `high`, about `BINS` steps.  (edges,)."""
    size = (high - low) / BINS
    power = 10.0 ** math.floor(math.log10(size))
    width = next(power * times for times in (1, 2, 5, 10) if power * times >= size)
    first, last = math.floor(low / width), math.floor(high / width) + 1
    return np.array([float(f"{number * width:.12g}") for number in range(first, last + 1)])


def _counted(values: pl.Series, kept: NDArray[np.bool_], column: str, step: _Step) -> _Found:
    """Counted one by one."""
    frame = pl.DataFrame({"value": values, "kept": kept})
    parts: list[pl.DataFrame] = []
    start = 0
    while start < frame.height:
        step(start, frame.height)
        many = bool(parts) and parts[0].height > MANY_VALUES
        piece = frame[start:] if many else frame[start : start + CHUNK_ROWS]
        parts.append(piece.group_by("value").agg(pl.len().alias("rows"), pl.col("kept").sum()))
        start += piece.height
    step(frame.height, frame.height)
    if not parts:
        return [], 0, False
    joined = parts[0]
    if len(parts) > 1:
        joined = pl.concat(parts).group_by("value").agg(pl.col("rows", "kept").sum())
    found = joined.sort(["rows", "value"], descending=[True, False]).head(MOST_LINES)
    has_null = bool(joined["value"].null_count())
    return [_line(column, *row, has_null=has_null) for row in found.rows()], joined.height, False


def _line(column: str, value: object, rows: int, kept: int, *, has_null: bool) -> Frequency:
    if value is None:
        term = value_term(column, Comparison.EQUAL, NULL)
        return Frequency(NULL, rows, kept, (term,))
    if isinstance(value, bool):
        text = str(value).lower()
        return Frequency(text, rows, kept, (value_term(column, Comparison.EQUAL, text),))
    if isinstance(value, int | float):
        text = plain(value) if isinstance(value, float) else str(value)
        terms = (value_term(column, Comparison.EQUAL, text),) if math.isfinite(value) else ()
        return Frequency(text, rows, kept, terms)
    text = str(value)
    same = text_term(column, text)
    if not text and has_null:  # an empty text and none are the same to a filter
        return Frequency(text, rows, kept, (same, Not(value_term(column, Comparison.EQUAL, NULL))))
    return Frequency(text, rows, kept, (same,))


def filter_of(line: Frequency, present: Filter | None = None) -> str:
    """The filter that shows the rows of a line, within those of another filter if there is one."""
    before = () if present is None else present.terms
    return str(Filter((*before, *line.terms)) if before else AllOf(line.terms))
