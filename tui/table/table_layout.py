"""How the table's columns share its width, and the bar of a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.session.table_columns import Cell, Room, TableColumn
from tui.terminal.display import Glyphs

GUTTER_CELLS = 1
"""At the left, for the cursor's sign."""

FIELDS = (Cell.FIELD, Cell.FIGURE)
"""Columns of the dataset."""

TEXTS = (Cell.TEXT, *FIELDS)

LEAST_TEXT_CELLS, LEAST_FIELD_CELLS = 10, 4
"""Below that of the texts the columns of the dataset give way, down to this."""


@dataclass(frozen=True, slots=True)
class Span:
    """A column and its place in a line."""

    column: TableColumn
    start: int
    cells: int
    gap: int
    """Blanks behind it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns shown at one width, from left to right."""

    spans: tuple[Span, ...] = ()
    texts: tuple[Span, ...] = ()
    """Those of texts."""
    others: tuple[Span, ...] = ()
    """Those that may change while the row is reviewed."""


def plan_layout(columns: Sequence[TableColumn], room: Room) -> Layout:
    """Share the cells of the table among its columns.

    Texts get what the others leave, each its share. One blank stands between two columns, two
    where one of them is a text. Columns of the dataset give way where texts would have too little.
    """
    shown = [(column, width) for column in columns if (width := column.width(room))]
    is_text = [column.kind in TEXTS for column, _ in shown]
    gaps = [2 if one or other else 1 for one, other in pairwise(is_text)] + [0]
    shares_out = [column.kind is Cell.TEXT and not column.fixed for column, _ in shown]
    least = LEAST_TEXT_CELLS * sum(shares_out)
    free = room.cells - GUTTER_CELLS - sum(gaps)
    widths = _squeezed(shown, free - least, shares_out)
    taken = sum(width for width, text in zip(widths, shares_out, strict=True) if not text)
    left, shares = max(free - taken, 0), sum(widths) - taken
    spans: list[Span] = []
    start = GUTTER_CELLS
    for (column, _), width, text, gap in zip(shown, widths, shares_out, gaps, strict=True):
        cells = left * width // shares if text else width
        if text:
            left, shares = left - cells, shares - width
        spans.append(Span(column, start, cells, gap))
        start += cells + gap
    return Layout(
        tuple(spans),
        tuple(span for span in spans if span.column.kind is Cell.TEXT),
        tuple(span for span in spans if span.column.kind is not Cell.TEXT),
    )


def _squeezed(
    shown: Sequence[tuple[TableColumn, int]], free: int, shares_out: Sequence[bool]
) -> list[int]:
    """Widths of the columns, those of the dataset narrower where there are not so many cells."""
    widths = [width for _, width in shown]
    gives = [column.kind in FIELDS or column.fixed for column, _ in shown]
    if not any(gives):
        return widths
    taken = sum(width for width, text in zip(widths, shares_out, strict=True) if not text)
    while taken > free:
        widest = max(
            (at for at, gives_way in enumerate(gives) if gives_way), key=widths.__getitem__
        )
        if widths[widest] <= LEAST_FIELD_CELLS:
            break
        widths[widest] -= 1
        taken -= 1
    return widths


def bar(
    score: float | None, score_range: tuple[float, float] | None, width: int, glyphs: Glyphs
) -> str:
    """A bar of `width` cells for a score within a range; at least a sliver where it is above."""
    if score is None or score_range is None:
        return " " * width
    low, high = score_range
    share = (score - low) / (high - low) if high > low else 1.0
    levels = glyphs.left_bar
    units = round(min(max(share, 0.0), 1.0) * width * len(levels))
    full, part = divmod(max(units, 1), len(levels))
    filled = levels[-1] * full + (levels[part - 1] if part else "")
    return filled.ljust(width)
