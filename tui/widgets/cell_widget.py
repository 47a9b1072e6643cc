"""Widgets that draw cell by cell: of what they showed before, only what differs is sent again."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.display import UNICODE_GLYPHS, Glyphs

Cell = tuple[str, str]
"""A character and the name of its style."""

BLANK: Cell = (" ", "")


class CellWidget(Widget):
    """Draws itself as lines of cells, whose styles are component classes."""

    STYLES: ClassVar[str]
    """What the component classes start with: style `mark` is the class `STYLES--mark`."""

    def __init__(self, *, glyphs: Glyphs = UNICODE_GLYPHS, id: str | None = None) -> None:  # noqa: A002 - the name Textual's widgets use
        super().__init__(id=id)
        self.glyphs = glyphs
        self._cells: list[list[Cell]] = []

    def draw(self, width: int, height: int) -> list[list[Cell]]:
        """`height` lines of `width` cells."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """One line of what was drawn."""
        width, height = self.size
        if len(self._cells) != height or any(len(line) != width for line in self._cells):
            self._cells = self.draw(width, height)
        if y >= len(self._cells):
            return Strip.blank(width, self.rich_style)
        own, styles = self.rich_style, self.get_component_rich_style
        segments = [
            Segment(text, styles(f"{self.STYLES}--{name}") if name else own)
            for text, name in _runs(self._cells[y])
        ]
        return Strip(segments, width)

    def repaint_changes(self) -> None:
        """Repaint of each line what differs between what is drawn and what is so now."""
        width, height = self.size
        if not self.is_mounted or not width or not height:
            return
        drawn, self._cells = self._cells, self.draw(width, height)
        if len(drawn) != height:
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(drawn, self._cells, strict=True)):
            if len(old) != len(new):
                self.refresh()
                return
            changed = [x for x in range(width) if old[x] != new[x]]
            if changed:
                self.refresh(Region(changed[0], y, changed[-1] - changed[0] + 1, 1))


def blank_lines(width: int, height: int) -> list[list[Cell]]:
    """Nothing yet."""
    return [[BLANK] * width for _ in range(height)]


def write(line: list[Cell], at: int, text: str, style: str) -> None:
    """Write `text`, of characters one cell wide, into a line as far as the line goes."""
    for x, character in enumerate(text, at):
        if 0 <= x < len(line):
            line[x] = (character, style)


def _runs(cells: list[Cell]) -> list[tuple[str, str]]:
    """Neighbouring cells of one style as one text."""
    runs: list[tuple[str, str]] = []
    for character, name in cells:
        if runs and runs[-1][1] == name:
            runs[-1] = (runs[-1][0] + character, name)
        else:
            runs.append((character, name))
    return runs
