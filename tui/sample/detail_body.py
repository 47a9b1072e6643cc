"""The body of a sample, wrapped and ready to draw; made ahead for the samples that come next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tui.sample.detail_content import DetailContent, body_lines
from tui.sample.document import Line, LineKind
from tui.sample.wrapping import Flow
from tui.terminal.display import Glyphs

SIDE_BY_SIDE_CELLS = 120

READY_LINES = 100
"""Screen lines whose styles are worked out ahead; more than a screen has."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A sample's own lines at one width."""

    basis: tuple[object, ...]
    """What it was made from; equal for the same sample, width and limit."""
    flow: Flow
    sides: tuple[Flow, Flow] | None
    """The two responses of a pair, side by side below `flow`; None where they stand in it."""
    left_out: int
    """Characters that are not loaded."""

    def __len__(self) -> int:
        return len(self.flow) + (max(map(len, self.sides)) if self.sides else 0)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """All of them, in the order in which they are read."""
        return (self.flow, *(self.sides or ()))


def basis_of(content: DetailContent, limit: int, width: int) -> tuple[object, ...]:
    """What the body of a sample depends on; its scores only where the sides show them."""
    paired = content.other is not None
    scores = (content.score, content.other_score) if paired else ()
    shown = tuple(None if math.isnan(score) else score for score in scores)
    return (
        content.row, content.side, content.turns, content.other, content.tools, content.columns,
        shown, limit, width,
    )  # fmt: skip


def make_body(content: DetailContent, limit: int, width: int, glyphs: Glyphs) -> Body:
    """Lay out a sample in `width` cells, up to `limit` characters of it.

    Safe to call from another thread.
    """
    found = body_lines(content, limit, glyphs)
    lines, sides = found.lines, None
    if found.sides is not None and width + 3 >= SIDE_BY_SIDE_CELLS:
        half = (width - 3) // 2
        left, right = found.sides
        sides = (Flow(left, half), Flow(right, width - 3 - half))
    elif found.sides is not None:
        lines = [*lines, *found.sides[0], Line("", LineKind.PLAIN), *found.sides[1]]
    return Body(basis_of(content, limit, width), Flow(lines, width), sides, found.left_out)


def warm(body: Body) -> None:
    """Work out the styles of the first screen: highlighting code takes longest of all."""
    for flow in body.flows:
        flow.style_lines(READY_LINES)
