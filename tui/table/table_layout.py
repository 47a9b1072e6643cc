"""The table's columns: what they are called and how they share the width."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.session.sort_order import Column
from tui.terminal.display import Glyphs

SCORE_CELLS = 7


@dataclass(frozen=True, slots=True)
class Layout:
    """Cells per column at one width; 0 leaves a column out. Gaps are not counted in."""

    row: int
    score: int
    sides: bool
    bar: int
    lead: int
    prompt: int
    response: int
    rejected: int
    tokens: int
    spans: tuple[tuple[Column, int, int], ...] = field(default=())
    """(column, first cell, cells), from left to right."""


def plan_layout(width: int, rows: int, *, sides: bool, lead: int = 0) -> Layout:
    """Share `width` cells among the columns: what is least needed shrinks and goes first.

    `lead` cells before the texts say what a row belongs to.
    """
    row = max(3, len(str(max(rows - 1, 0))))
    tokens = 6 if width >= 60 else 0
    bar = 0 if width < 70 or (sides and width < 110) else 4 if width < 100 else 8
    spans: list[tuple[Column, int, int]] = [(Column.ROW, 1, row), (Column.STATE, row + 2, 2)]
    at = row + 5
    numbers = [Column.SCORE, Column.REJECTED_SCORE, Column.MARGIN] if sides else [Column.SCORE]
    for column in numbers:
        spans.append((column, at, SCORE_CELLS))
        at += SCORE_CELLS + 1
    if bar:
        at += bar + 1
    if lead:
        spans.append((Column.CLUSTER, at, lead))
        at += lead + 1
    at += 1
    tail = (tokens + 2 if tokens else 0) + 3
    free = max(width - at - tail, 0)
    texts = 3 if sides and free >= 90 else 2
    gaps = 2 * (texts - 1)
    prompt = max((free - gaps) * (28 if texts == 3 else 42) // 100, 0)
    rejected = (free - gaps - prompt) // 2 if texts == 3 else 0
    response = max(free - gaps - prompt - rejected, 0)
    for column, size in (
        (Column.PROMPT, prompt),
        (Column.RESPONSE, response),
        (Column.REJECTED, rejected),
    ):
        if size or column is not Column.REJECTED:
            spans.append((column, at, size))
            at += size + 2
    if tokens:
        spans.append((Column.TOKENS, at, tokens))
        at += tokens + 1
    spans.append((Column.PROBLEM, at, 2))
    return Layout(
        row, SCORE_CELLS, sides, bar, lead, prompt, response, rejected, tokens, tuple(spans)
    )


TITLES = {
    Column.ROW: "row",
    Column.STATE: "",
    Column.SCORE: "score",
    Column.REJECTED_SCORE: "reject",
    Column.MARGIN: "margin",
    Column.BEFORE: "before",
    Column.CLUSTER: "alike",
    Column.PROMPT: "prompt",
    Column.RESPONSE: "response",
    Column.REJECTED: "rejected",
    Column.TOKENS: "tokens",
    Column.PROBLEM: "",
}
SIDE_TITLES = {**TITLES, Column.SCORE: "chosen", Column.RESPONSE: "chosen"}
RIGHT_ALIGNED = frozenset(
    {Column.ROW, Column.SCORE, Column.REJECTED_SCORE, Column.MARGIN, Column.TOKENS}
)


def bar(score: float, score_range: tuple[float, float] | None, width: int, glyphs: Glyphs) -> str:
    """A bar of `width` cells for a score within a range; at least a sliver where it is above."""
    if not width or score_range is None or math.isnan(score):
        return " " * width
    low, high = score_range
    share = (score - low) / (high - low) if high > low else 1.0
    levels = glyphs.left_bar
    units = round(min(max(share, 0.0), 1.0) * width * len(levels))
    full, part = divmod(max(units, 1), len(levels))
    filled = levels[-1] * full + (levels[part - 1] if part else "")
    return filled.ljust(width)
