"""Lines drawn with cells: eight dots a cell where the terminal can, else one sign."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tui.terminal.display import Glyphs
from tui.widgets.cell_widget import Cell

Floats = NDArray[np.float64]

DOTS_ACROSS, DOTS_DOWN = 2, 4

_BRAILLE = 0x2800
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Of each dot, left column and right, from the top.  Source: Unicode, Braille Patterns."""

ASCII_LINE = "*"


def columns(width: int, glyphs: Glyphs) -> int:
    """How many values a line over `width` cells has."""
    return width if glyphs.ascii_only else width * DOTS_ACROSS


def line_cells(heights: Floats, height: int, glyphs: Glyphs) -> dict[tuple[int, int], str]:
    """The signs of a line, by column and row (from the top) of their cells.

    Neighbouring values are joined, so that steep pieces have no holes.

    Args:
        heights: from 0 (bottom) to 1 (top), for each of `columns(width)`; NaN leaves a gap, and
            what lies beyond is cut off.
        height: cells.
        glyphs: decides whether dots can be used.
    """
    across, down = (1, 1) if glyphs.ascii_only else (DOTS_ACROSS, DOTS_DOWN)
    dots = height * down
    places = (1 - heights) * (dots - 1)  # 0 is the topmost dot
    found: dict[tuple[int, int], int] = {}
    before = math.nan
    for x, place in enumerate(places.tolist()):
        if math.isnan(place):
            before = place
            continue
        top, bottom = _piece(before, place)
        before = place
        for y in range(max(top, 0), min(bottom, dots - 1) + 1):
            cell = (x // across, y // down)
            found[cell] = found.get(cell, 0) | _BITS[x % across][y % down]
    if glyphs.ascii_only:
        return dict.fromkeys(found, ASCII_LINE)
    return {cell: chr(_BRAILLE + bits) for cell, bits in found.items()}


def _piece(before: float, here: float) -> tuple[int, int]:
    """Top and bottom dot of a column: its own, and half the way to the one before."""
    own = round(here)
    if math.isnan(before) or abs(round(before) - own) <= 1:
        return own, own
    neighbour = round(before)
    return (own, neighbour - 1) if own < neighbour else (neighbour + 1, own)


def shade(lines: list[list[Cell]], low: Floats, high: Floats, style: str, glyphs: Glyphs) -> None:
    """Fill the cells between two lines; at least one cell in every column.

    Args:
        lines: to draw in.  (height) of (width)
        low: heights from 0 to 1.  (width,)
        high: the same.
        style: of the cells.
        glyphs: the sign.
    """
    height = len(lines)
    for x, (bottom, top) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        if math.isnan(bottom) or math.isnan(top) or bottom > 1 or top < 0:
            continue
        first, last = round((1 - top) * height), round((1 - bottom) * height) - 1
        for y in range(max(first, 0), min(max(last, first), height - 1) + 1):
            lines[y][x] = (glyphs.shade, style)


def trace(lines: list[list[Cell]], heights: Floats, style: str, glyphs: Glyphs) -> None:
    """Draw a line over whatever is there; heights from 0 to 1, one per `columns(width)`."""
    for (x, y), sign in line_cells(heights, len(lines), glyphs).items():
        lines[y][x] = (sign, style)


def spot(lines: list[list[Cell]], across: float, up: float, sign: str, style: str) -> None:
    """Set a mark at shares of width and height; beyond the plot it stands at its edge."""
    width, height = len(lines[0]), len(lines)
    x = min(max(int(across * width), 0), width - 1)
    y = min(max(int((1 - up) * height), 0), height - 1)
    lines[y][x] = (sign, style)
