"""The detail pane: one sample whole, with what is known about it.

A pinned line says which row it is and where it stands; below it the sample scrolls. Responses of
a preference pair stand side by side where there is room.
"""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.strip import Strip

from engine.dataset.text_search import Query
from tui.sample.beside import Beside, beside_line, beside_lines
from tui.sample.detail_content import (
    Body,
    DetailContent,
    about_lines,
    basis_of,
    head_text,
    make_body,
    warm,
)
from tui.sample.document import Line, LineKind
from tui.sample.wrapping import Flow, used_cells
from tui.terminal.display import UNICODE_GLYPHS, Glyphs, one_line
from tui.widgets.line_pane import LinePane

READABLE_CELLS = 110
"""Longer lines lose the eye on its way back.  Source: 45 to 75 characters are advised for prose
(Bringhurst, The Elements of Typographic Style, 2.1.2); code and tables need more."""

READY_SAMPLES = 6
"""Samples that are kept laid out: the neighbours of the one shown, and where one came from."""

LOAD_CHARACTERS = 200_000
"""Shown at first, and added at each wish for more; takes less than a tenth of a second."""


EMPTY_TEXT = "no sample"


class SampleDetail(LinePane):
    """The whole sample under a pinned line with its row, state and score."""

    STYLES = "sample-detail"

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"sample-detail--{name}"
        for name in (
            "text", "head", "muted", "problem", "note", "match", "role-system", "role-user",
            "role-assistant", "role-tool", "heading", "strong", "emphasis", "marker", "quote",
            "code", "code-keyword", "code-string", "code-number", "code-comment", "code-name",
        )
    }  # fmt: skip

    def __init__(self, *, glyphs: Glyphs = UNICODE_GLYPHS, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(glyphs=glyphs, id=id)
        self._content: DetailContent | None = None
        self._search: Query | None = None
        self._limit = LOAD_CHARACTERS
        self._about_lines: list[Line] = []
        self._about = Flow([], 1)
        self._body = Body((), Flow([], 1), None, 0)
        self._ready: dict[int, Body] = {}
        """Bodies of samples that are likely to be shown next, by row."""
        self._width = 0
        self._drawn: dict[int, list[tuple[str, str]]] = {}
        self.beside = Beside.NONE
        """How much of the row's other columns is shown; set by `show_beside`."""
        self._beside_key = ""
        self._beside_whole = False
        self._beside: tuple[object, Flow] = (None, Flow([], 1))
        """The other columns under the sample, and what they were laid out from."""

    # What is shown

    @property
    def content(self) -> DetailContent | None:
        """What is shown now."""
        return self._content

    @property
    def left_out(self) -> int:
        """Characters of the sample that are not loaded."""
        return self._body.left_out

    def show(self, content: DetailContent | None) -> None:
        """Show a sample, from its top unless it is the one already shown."""
        same = content and self._content and content.row == self._content.row
        if not same:
            self._limit = LOAD_CHARACTERS
        self._content = content
        self._build(keep=bool(same))

    def show_beside(self, beside: Beside, *, key: str, whole: bool) -> None:
        """Show the row's other columns so from now on.

        Args:
            beside: how much of them.
            key: shows more of them.
            whole: long values are not folded.
        """
        if (beside, key, whole) == (self.beside, self._beside_key, self._beside_whole):
            return
        self.beside, self._beside_key, self._beside_whole = beside, key, whole
        self._reflow()
        self._scroll_to_line(min(self.scroll_offset.y, self.virtual_size.height))
        self.refresh()

    def scroll_to_beside(self) -> None:
        """Bring the other columns into view."""
        first = len(self._about) + len(self._body)
        if len(self._beside_flow) and first + len(self._beside_flow) > self._top + self.page_lines:
            self._scroll_to_line(first)

    @property
    def page_lines(self) -> int:
        """Lines that fit, without those that stay."""
        return max(super().page_lines - self._has_beside_line, 0)

    @property
    def _has_beside_line(self) -> bool:
        """Whether the last line is that of the other columns."""
        content = self._content
        return self.beside is Beside.LINE and content is not None and bool(content.beside)

    @property
    def _beside_flow(self) -> Flow:
        return self._beside[1]

    def load_more(self) -> bool:
        """Load as much again of a long sample; False where it is all there."""
        if not self.left_out:
            return False
        self._limit += LOAD_CHARACTERS
        self._build(keep=True)
        return True

    def prepare(self, content: DetailContent) -> None:
        """Lay out a sample that may be shown next. Called from a thread beside the screen's."""
        width = self._width_for(content)
        basis = basis_of(content, LOAD_CHARACTERS, width)
        known = self._ready.get(content.row)
        if width < 2 or (known is not None and known.basis == basis):
            return
        body = make_body(content, LOAD_CHARACTERS, width, self.glyphs)
        warm(body)
        self._ready[content.row] = body
        for row in list(self._ready)[:-READY_SAMPLES]:
            self._ready.pop(row, None)

    def set_search(self, query: Query | None) -> None:
        """Highlight what `query` finds."""
        self._search = query
        self.refresh()

    def scroll_to_match(self) -> bool:
        """Bring the first match of the search into view; False where there is none."""
        if self._search is None:
            return False
        first = 0
        for flow in (self._about, *self._body.flows):
            y = flow.find(self._search)
            if y is not None:
                if not self.scroll_offset.y <= first + y < self.scroll_offset.y + self.page_lines:
                    self._scroll_to_line(first + y - self.page_lines // 2)
                return True
            if flow in (self._about, self._body.flow):
                first += len(flow)
        return False

    def _build(self, *, keep: bool) -> None:
        content = self._content
        about = about_lines(content, self.glyphs) if content else []
        basis = basis_of(content, self._limit, self._width_for(content)) if content else ()
        same = about == self._about_lines and basis == self._body.basis
        if not (keep and same and self._beside_basis(content) == self._beside[0]):
            self._about_lines = about
            self._reflow()
            if not keep and self.scroll_offset.y:
                self._scroll_to_line(0)
        self._refresh_changed()

    def _refresh_changed(self) -> None:
        """Repaint what reads differently: over a slow line most of a pane is blank both times."""
        width = self.scrollable_content_region.width
        for y, drawn in list(self._drawn.items()):
            now = self._runs(y, width)
            if now == drawn:
                continue
            used = max(used_cells(drawn), used_cells(now))
            self.refresh(Region(0, y, min(used + 1, width), 1))

    def _reflow(self) -> None:
        """Lay out at the present width, or take what was laid out ahead."""
        # A margin of a cell on either side.
        self._width = self.scrollable_content_region.width - 2
        content = self._content
        width = self._width_for(content)
        if width < 2:
            return
        self._about = Flow(self._about_lines, width)
        if content is None:
            self._body = Body((), Flow([], width), None, 0)
        else:
            basis = basis_of(content, self._limit, width)
            known = self._ready.get(content.row)
            if known is not None and known.basis == basis:
                self._body = known
            elif self._body.basis != basis:
                self._body = make_body(content, self._limit, width, self.glyphs)
        self._lay_beside(content, width)
        # Set past the reactive: Textual would lay out the screen and repaint the whole pane.
        lines = len(self._about) + len(self._body) + len(self._beside_flow) + 1
        height = max(lines + self._has_beside_line, self.scrollable_content_region.height)
        size: Reactive[Size] = SampleDetail.virtual_size  # pyright: ignore[reportAssignmentType] # a descriptor
        self.set_reactive(size, Size(1, height))
        self.vertical_scrollbar.window_virtual_size = height

    def _beside_basis(self, content: DetailContent | None) -> object:
        if content is None or self.beside is not Beside.ALL:
            return None
        paired = content.other is not None  # their last line is text, all others end with a blank
        return content.beside, self._width_for(content), self._beside_whole, paired

    def _lay_beside(self, content: DetailContent | None, width: int) -> None:
        basis = self._beside_basis(content)
        if basis == self._beside[0]:
            return
        shown = () if basis is None or content is None else content.beside
        lines = beside_lines(shown, width, self.glyphs, whole=self._beside_whole)
        if lines and content is not None and content.other is not None:
            lines.insert(0, Line("", LineKind.PLAIN))
        self._beside = basis, Flow(lines, width)

    def _width_for(self, content: DetailContent | None) -> int:
        """Cells of a line: as many as can be read well; all where responses stand side by side."""
        paired = content is not None and content.other is not None
        return self._width if paired else min(self._width, READABLE_CELLS)

    # Scrolling

    def move(self, lines: int) -> None:
        """Scroll by lines; further down than the end loads more of a long sample."""
        if lines > 0 and self.left_out and self.scroll_offset.y >= self.max_scroll_y:
            self.load_more()
        self._scroll_to_line(self.scroll_offset.y + lines)

    def on_resize(self) -> None:
        """Wrap anew where the width is another."""
        if self.scrollable_content_region.width - 2 != self._width:
            self._reflow()
            self.refresh()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The pinned line, or a line of the sample."""
        width = self.scrollable_content_region.width
        if width < 3:
            return Strip.blank(width, self.rich_style)
        runs = self._drawn[y] = self._runs(y, width)
        return Strip(self._segments(runs)).adjust_cell_length(width, self._style("text"))

    def _runs(self, y: int, width: int) -> list[tuple[str, str]]:
        """(text, style name) of a line of the pane."""
        if y == 0:
            return self._head(width)
        if self._content is None:
            return [(EMPTY_TEXT.center(width)[:width] if y == 2 else " " * width, "muted")]
        if self._has_beside_line and y == self.scrollable_content_region.height - 1:
            columns, key = self._content.beside, self._beside_key
            return [(" ", "text"), *beside_line(columns, width - 2, key, self.glyphs)]
        return [(" ", "text"), *self._line(self.scroll_offset.y + y - 1)]

    def _line(self, y: int) -> list[tuple[str, str]]:
        """(text, style name) of a line of the sample and what is known about it."""
        search, glyphs = self._search, self.glyphs
        if y < len(self._about):
            return self._about.runs(y, search, glyphs)
        y -= len(self._about)
        if y >= len(self._body):
            return self._beside_flow.runs(y - len(self._body), search, glyphs)
        flow, sides = self._body.flow, self._body.sides
        if y < len(flow) or sides is None:
            return flow.runs(y, search, glyphs)
        y -= len(flow)
        divider = (f" {glyphs.divider} ", "muted")
        return [*sides[0].runs(y, search, glyphs), divider, *sides[1].runs(y, search, glyphs)]

    def _head(self, width: int) -> list[tuple[str, str]]:
        text = head_text(self._content, self.glyphs) if self._content else ""
        return [
            (" " + one_line(text, width - 1, pad=True, ascii_only=self.glyphs.ascii_only), "head")
        ]
