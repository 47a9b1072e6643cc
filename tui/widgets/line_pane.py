"""Panes of lines, of which only the visible ones exist: scrolling, and a cursor in a list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView

from tui.terminal.display import Glyphs

MAX_DRAWN = 4096
"""Lines of which it is remembered how they were drawn; many screens' worth."""


class LinePane(ScrollView, can_focus=True, inherit_bindings=False):
    """Scrolls by lines."""

    DEFAULT_CSS = """
    LinePane {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """

    STYLES: ClassVar[str]
    """What the component classes start with: style `mark` is the class `STYLES--mark`."""

    PINNED: ClassVar[int] = 1
    """Lines at the top that stay."""

    def __init__(self, *, glyphs: Glyphs, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.glyphs = glyphs

    @property
    def page_lines(self) -> int:
        """Lines that fit on the screen, without those that stay."""
        return max(self.scrollable_content_region.height - self.PINNED, 0)

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    def move(self, lines: int) -> None:
        """Scroll by lines."""
        self._scroll_to_line(self._top + lines)

    def half_page(self, direction: int) -> None:
        """Half a page down (1) or up (-1)."""
        self.move(direction * max(self.page_lines // 2, 1))

    def go_first(self) -> None:
        """To the top."""
        self._scroll_to_line(0)

    def go_last(self) -> None:
        """To the end."""
        self._scroll_to_line(self.virtual_size.height)

    def _scroll_to_line(self, line: int) -> None:
        self.scroll_to(y=max(line, 0), animate=False, force=True)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"{self.STYLES}--{name}")

    def _segments(self, runs: Iterable[tuple[str, str]]) -> list[Segment]:
        """Segments of `runs` (text, style name), neighbours of one style merged."""
        return merged((text, self._style(name)) for text, name in runs)

    def _set_height(self, lines: int) -> None:
        size = Size(1, lines)
        if size != self.virtual_size:
            self.virtual_size = size


def merged(runs: Iterable[tuple[str, Style]]) -> list[Segment]:
    """Segments of texts, neighbours of one style merged."""
    segments: list[Segment] = []
    for text, style in runs:
        if segments and segments[-1].style == style:
            segments[-1] = Segment(segments[-1].text + text, style)
        elif text:
            segments.append(Segment(text, style))
    return segments


class LineList(LinePane):
    """Numbered things, one line each, under a header line.

    Attributes:
        cursor: line of the view that the cursor is on (an index into `order`).
    """

    cursor: reactive[int] = reactive(0, repaint=False, init=False)

    def __init__(self, *, glyphs: Glyphs, empty_text: str, id: str | None) -> None:  # noqa: A002 - Textual's name
        super().__init__(glyphs=glyphs, id=id)
        self.empty_text = empty_text
        """What an empty list says."""
        self._order = np.zeros(0, np.int64)  # (lines,)
        self._drawn: dict[int, object] = {}
        """What lines said when they were drawn."""

    @property
    def order(self) -> NDArray[np.int64]:
        """The number of each line.  (lines,)."""
        return self._order

    def line_of(self, number: int) -> int | None:
        """Where a number is in the list; None where it is not."""
        hits = np.flatnonzero(self._order == number)
        return int(hits[0]) if len(hits) else None

    @property
    def _current(self) -> int | None:
        """The number under the cursor; None in an empty list."""
        return int(self._order[self.cursor]) if len(self._order) else None

    def visible_rows(self) -> NDArray[np.int64]:
        """The numbers on screen, from the top.  (visible lines,)."""
        return self._order[self._top : self._top + self.page_lines]

    def validate_cursor(self, cursor: int) -> int:
        """Within the list."""
        return min(max(cursor, 0), max(len(self._order) - 1, 0))

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two lines, and tell the owner."""
        self._refresh_view_line(old)
        self._refresh_view_line(new)
        self._keep_cursor_in_view()
        self._tell_moved()

    def _tell_moved(self) -> None:
        """Post that something else is under the cursor."""
        raise NotImplementedError

    def move(self, lines: int) -> None:
        """Move the cursor by lines; beyond an end it stops there."""
        self.cursor += lines

    def go_first(self) -> None:
        """To the first line."""
        self.cursor = 0

    def go_last(self) -> None:
        """To the last line."""
        self.cursor = len(self._order) - 1

    def _keep_cursor_in_view(self) -> None:
        """Scroll by half a page where the cursor has left: repainting once, not line by line."""
        page = self.page_lines
        if page and not self._top <= self.cursor < self._top + page:
            self._scroll_to_line(self.cursor - page // 2)

    def _refresh_view_line(self, line: int) -> None:
        if self._top <= line < self._top + self.page_lines:
            # The header is line 0 of the widget. The last cell is a margin that never changes:
            # were it repainted, Textual would send the scrollbar's cell along.
            width = max(self.scrollable_content_region.width - 1, 1)
            self.refresh(Region(0, line - self._top + 1, width, 1))

    def _said(self, number: int) -> object:
        """What a line says as of now, of all that may change; compared with what was drawn."""
        raise NotImplementedError

    def _remember_drawn(self, line: int, said: object) -> None:
        if len(self._drawn) > MAX_DRAWN:
            self._drawn.clear()
        self._drawn[line] = said

    def refresh_changed(self) -> int:
        """Repaint the visible lines that say something else than what was drawn.

        For the timer that follows streaming scores: what is off-screen or unchanged costs
        nothing.

        Returns:
            Lines repainted.
        """
        repainted = 0
        for line, number in enumerate(self.visible_rows().tolist(), self._top):
            if self._drawn.get(line) != self._said(number):
                self._refresh_view_line(line)
                repainted += 1
        return repainted

    def on_resize(self) -> None:
        """Keep the cursor on screen."""
        self._keep_cursor_in_view()
