"""The table of samples: a million rows as easily as fifty thousand.

Only the visible lines exist. The view is an array of row numbers, so filtering and sorting
replace one array; what a line shows is asked of the source when the line is drawn. Streaming
scores repaint only visible lines whose drawn state differs, and a cursor move repaints two.

Over a slow line every style change costs about forty bytes, so a line has at most four styles:
row number, state with score, text, and the muted tail.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from engine.dataset.text_search import Query
from engine.session.sort_order import Column
from tui.table.line_pane import LineList
from tui.table.row_source import RowMarks, RowSource
from tui.table.single_line import FoldedTexts, highlighted
from tui.table.table_layout import RIGHT_ALIGNED, SIDE_TITLES, TITLES, bar, plan_layout
from tui.terminal.display import UNICODE_GLYPHS, Glyphs, RowState, count_text, one_line, score_text

MAX_DRAWN = 4096
"""Lines of which it is remembered how they were drawn; many screens' worth."""


class SampleTable(LineList):
    """The samples in view, one line each, under a header line."""

    STYLES = "sample-table"

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"sample-table--{name}"
        for name in (
            "header", "row", "text", "text-dropped", "muted", "accepted", "rejected", "kept",
            "dropped", "pending", "failed", "cursor", "selected", "match",
        )
    }  # fmt: skip

    class FromTable(Message):
        """A message of a table; `control` lets handlers choose by the table's id."""

        def __init__(self, table: SampleTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> SampleTable:
            """The table."""
            return self.table

    class CursorMoved(FromTable):
        """The cursor is on another sample; only the last of a burst is delivered."""

        def __init__(self, table: SampleTable, row: int) -> None:
            super().__init__(table)
            self.row = row

        def can_replace(self, message: Message) -> bool:
            """A later move makes an earlier one pointless."""
            return isinstance(message, SampleTable.CursorMoved)

    class ViewChanged(FromTable):
        """Other rows are visible: scoring should turn to them."""

        def can_replace(self, message: Message) -> bool:
            """A later view makes an earlier one pointless."""
            return isinstance(message, SampleTable.ViewChanged)

    class RowActivated(FromTable):
        """A row was double-clicked, or `activate` was called."""

        def __init__(self, table: SampleTable, row: int) -> None:
            super().__init__(table)
            self.row = row

    class HeaderClicked(FromTable):
        """A column title was clicked: the owner may sort by it."""

        def __init__(self, table: SampleTable, column: Column) -> None:
            super().__init__(table)
            self.column = column

    def __init__(
        self,
        source: RowSource,
        *,
        glyphs: Glyphs = UNICODE_GLYPHS,
        empty_text: str = "no rows",
        id: str | None = None,  # noqa: A002 - the name Textual's widgets use
        classes: str | None = None,
    ) -> None:
        super().__init__(glyphs=glyphs, empty_text=empty_text, id=id, classes=classes)
        self._source = source
        self._order = np.arange(source.rows, dtype=np.int64)  # (lines,)
        self._range_start: int | None = None
        self._all_selected = False
        self._search: Query | None = None
        self._sort: tuple[Column, bool] | None = None
        self._layout = plan_layout(80, 0, sides=False)
        self._layout_key: tuple[int, int, bool, int] | None = None
        self._texts = FoldedTexts(glyphs)
        self._drawn: dict[int, tuple[int, str]] = {}

    # What is shown

    @property
    def cursor_row(self) -> int | None:
        """The row under the cursor; None in an empty view."""
        return self._current

    def set_order(self, order: NDArray[np.int64], *, keep_row: int | None = None) -> None:
        """Show other rows, or the same in another order; the cursor stays on its sample.

        Where the sample is not in the view any more, the cursor goes to the nearest one that
        followed it, else to the nearest before it. The line it is drawn on stays too where
        possible. A range selection ends.

        Args:
            order: row numbers.  (lines,)
            keep_row: the row the cursor goes to instead of its own.
        """
        screen_line = self.cursor - self._top
        cursor = self._find(order, keep_row)
        moved_to = int(order[cursor]) if len(order) else None
        changed = moved_to != self.cursor_row
        self._order = order
        self._range_start = None
        self._all_selected = False
        self.set_reactive(SampleTable.cursor, cursor)
        self._sync_virtual_size()
        self._scroll_to_line(cursor - max(screen_line, 0))
        self._keep_cursor_in_view()
        self.refresh()
        self.post_message(self.ViewChanged(self))
        if changed and moved_to is not None:
            self.post_message(self.CursorMoved(self, moved_to))

    def _find(self, order: NDArray[np.int64], keep_row: int | None) -> int:
        """Where in `order` the cursor belongs."""
        wanted = self.cursor_row if keep_row is None else keep_row
        if wanted is None or not len(order):
            return 0
        hits = np.flatnonzero(order == wanted)
        if len(hits):
            return int(hits[0])
        if not len(self._order):
            return 0
        here = np.flatnonzero(self._order == wanted)
        at = int(here[0]) if len(here) else self.cursor
        present = np.zeros(int(max(order.max(), self._order.max())) + 1, np.bool_)
        present[order] = True
        after = np.flatnonzero(present[self._order[at:]])
        before = np.flatnonzero(present[self._order[:at]])
        if len(after):
            return int(np.flatnonzero(order == self._order[at + after[0]])[0])
        if len(before):
            return int(np.flatnonzero(order == self._order[before[-1]])[0])
        return 0

    def set_sort(self, column: Column | None, *, descending: bool = False) -> None:
        """Mark the column that the view is sorted by; sorting itself is the owner's."""
        self._sort = (column, descending) if column else None
        self.refresh_header()

    def set_search(self, query: Query | None) -> None:
        """Highlight what `query` finds in the texts; one beyond the cut is moved into view."""
        self._search = query
        self._texts.clear()
        self.refresh()

    # The cursor and the view

    def watch_cursor(self, old: int, new: int) -> None:
        """Repaint the two lines, and what the range selection gained or lost."""
        if self._range_start is not None:
            bottom = self._top + self.page_lines - 1
            for line in range(max(min(old, new), self._top), min(max(old, new), bottom) + 1):
                self._refresh_view_line(line)
        super().watch_cursor(old, new)

    def _tell_moved(self) -> None:
        if (row := self._current) is not None:
            self.post_message(self.CursorMoved(self, row))

    def half_page(self, direction: int) -> None:
        """Move cursor and view half a page down (1) or up (-1)."""
        lines = direction * max(self.page_lines // 2, 1)
        self._scroll_to_line(self._top + lines)
        self.move(lines)

    def go_to_row(self, row: int) -> bool:
        """To a row of the dataset; False where the view does not hold it."""
        hits = np.flatnonzero(self._order == row)
        if len(hits):
            self.cursor = int(hits[0])
        return bool(len(hits))

    def activate(self) -> None:
        """Post `RowActivated` for the row under the cursor."""
        row = self.cursor_row
        if row is not None:
            self.post_message(self.RowActivated(self, row))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell the owner that other rows are visible."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.ViewChanged(self))

    # Range selection

    @property
    def selection_anchor(self) -> int | None:
        """The line where the range selection began; None without one."""
        return 0 if self._all_selected else self._range_start

    @property
    def all_selected(self) -> bool:
        """Whether every row of the view is selected, wherever the cursor is."""
        return self._all_selected

    def select_all(self) -> None:
        """Select every row of the view; the cursor stays."""
        self._range_start = None
        self._all_selected = len(self._order) > 0
        self.refresh()

    def start_selection(self) -> None:
        """Begin a range at the cursor; moving the cursor extends it."""
        self._range_start = self.cursor if len(self._order) else None
        self._refresh_view_line(self.cursor)

    def clear_selection(self) -> None:
        """End the range selection."""
        if self.selection_anchor is not None:
            self._range_start = None
            self._all_selected = False
            self.refresh()

    def selected_rows(self) -> NDArray[np.int64]:
        """The selected rows, in view order; empty without a selection.  (selected,)."""
        if self._all_selected:
            return self._order
        if self._range_start is None:
            return np.zeros(0, np.int64)
        first, last = sorted((self._range_start, self.cursor))
        return self._order[first : last + 1]

    # Repainting

    def forget_texts(self) -> None:
        """Ask for the texts again: a sample reads otherwise now."""
        self._texts.clear()
        self.refresh()

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Repaint those of `rows` that are on screen, after a verdict on them."""
        changed = np.fromiter(rows, np.int64)
        for line in np.flatnonzero(np.isin(self.visible_rows(), changed)):
            self._refresh_view_line(self._top + int(line))

    def refresh_changed(self) -> int:
        """Repaint the visible lines whose state or score is not what was drawn.

        For the timer that follows streaming scores: what is off-screen or unchanged costs
        nothing.

        Returns:
            Lines repainted.
        """
        repainted = 0
        for offset, row in enumerate(self.visible_rows().tolist()):
            line = self._top + offset
            drawn = self._drawn.get(line)
            if drawn != (row, self._marks_text(self._source.marks(row))):
                self._refresh_view_line(line)
                repainted += 1
        return repainted

    def refresh_header(self) -> None:
        """Repaint the column titles."""
        self.refresh_line(self._top)

    def _sync_virtual_size(self) -> None:
        self._set_height(len(self._order) + 1)
        self._drawn.clear()

    def on_mount(self) -> None:
        """Take the size of the view."""
        self._sync_virtual_size()

    def on_resize(self) -> None:
        """Tell which rows are on screen; Textual also calls that of the list."""
        self.post_message(self.ViewChanged(self))

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A title tells the owner to sort, a line takes the cursor, a double click opens it."""
        event.stop()
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            for column, start, size in self._layout.spans:
                if start <= offset.x < start + size:
                    self.post_message(self.HeaderClicked(self, column))
            return
        line = self._top + offset.y - 1
        if line >= len(self._order):
            return
        self.cursor = line
        if event.chain == 2:
            self.activate()

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The header, a sample, or what an empty view says."""
        width = self.scrollable_content_region.width
        self._plan(width - 1)
        if y == 0:
            return self._header(width)
        line = self._top + y - 1
        if line >= len(self._order):
            text = self.empty_text if not len(self._order) and y == 2 else ""
            shown = one_line(text, width, ascii_only=self.glyphs.ascii_only).center(width)
            return Strip([Segment(shown, self._style("muted"))], width)
        return self._sample(line, width)

    def _plan(self, width: int) -> None:
        source = self._source
        key = (width, source.rows, source.has_sides, source.lead_cells)
        if self._layout_key != key:
            self._layout_key = key
            self._layout = plan_layout(width, key[1], sides=key[2], lead=key[3])
            self._texts.clear()

    def _header(self, width: int) -> Strip:
        titles = SIDE_TITLES if self._layout.sides else TITLES
        text = ""
        for column, start, size in self._layout.spans:
            title = titles[column]
            if self._sort and self._sort[0] is column:
                title += self.glyphs.descending if self._sort[1] else self.glyphs.ascending
            title = title[:size]
            text = text.ljust(start)
            text += title.rjust(size) if column in RIGHT_ALIGNED else title.ljust(size)
        return Strip([Segment(text.ljust(width)[:width], self._style("header"))], width)

    def _sample(self, line: int, width: int) -> Strip:
        row = int(self._order[line])
        marks = self._source.marks(row)
        marks_text = self._marks_text(marks)
        if len(self._drawn) > MAX_DRAWN:
            self._drawn.clear()
        self._drawn[line] = (row, marks_text)
        layout = self._layout
        pieces = [
            (self._gutter(line) + str(row).rjust(layout.row) + " ", "row"),
            (marks_text + "  ", _STATE_STYLE[marks.state]),
        ]
        pieces += self._body(row, marks.state)
        pieces.append((self._tail(marks), "muted"))
        return self._strip(pieces, line, width)

    def _strip(self, pieces: list[tuple[str, str]], line: int, width: int) -> Strip:
        """Segments of `pieces` (text, style name), neighbours of one style merged."""
        over = self._over(line)
        segments: list[Segment] = []
        for text, name in pieces:
            style = self._style(name)
            if over is not None and name != "match":
                style = over if line == self.cursor else style + over
            if segments and segments[-1].style == style:
                segments[-1] = Segment(segments[-1].text + text, style)
            elif text:
                segments.append(Segment(text, style))
        line_strip = Strip(segments).adjust_cell_length(width - 1, over or self._style("text"))
        return Strip([*line_strip, Segment(" ", self._style("text"))], width)

    def _over(self, line: int) -> Style | None:
        """What the cursor or the range selection lays over a line."""
        if line == self.cursor:
            return self._style("cursor")
        if self._is_selected(line):
            selected = self._style("selected")
            return Style(
                bgcolor=selected.bgcolor,
                reverse=selected.reverse or None,
                underline=selected.underline or None,
            )
        return None

    def _is_selected(self, line: int) -> bool:
        if self._all_selected:
            return True
        start = self._range_start
        return start is not None and _between(line, start, self.cursor)

    def _gutter(self, line: int) -> str:
        if line == self.cursor:
            return self.glyphs.cursor
        if self._is_selected(line):
            return self.glyphs.selected
        return " "

    def _marks_text(self, marks: RowMarks) -> str:
        """State, scores and bar: what of a line changes while scores stream in."""
        glyphs = self.glyphs
        layout = self._layout
        text = glyphs.states[marks.state]
        text += (glyphs.skipped if marks.skipped else marks.reason or " ") + " "
        text += self._score(marks)
        if layout.sides:
            text += " " + score_text(marks.other_score, layout.score)
            text += " " + score_text(marks.score - marks.other_score, layout.score)
        if layout.bar:
            text += " " + bar(marks.score, self._source.score_range, layout.bar, glyphs)
        if layout.lead:
            text += " " + marks.lead.ljust(layout.lead)[: layout.lead]
        return text

    def _score(self, marks: RowMarks) -> str:
        words = {RowState.FAILED: "failed", RowState.BROKEN: "broken"}
        if math.isnan(marks.score) and marks.state in words:
            return words[marks.state].rjust(self._layout.score)
        return score_text(marks.score, self._layout.score)

    def _body(self, row: int, state: RowState) -> list[tuple[str, str]]:
        layout = self._layout
        texts = self._texts.get(self._source, row, layout, self._search)
        style = "text-dropped" if state in _DROPPED else "text"
        shown = [(texts.prompt, layout.prompt), (texts.response, layout.response)]
        if layout.rejected:
            shown.append((texts.rejected or "", layout.rejected))
        pieces: list[tuple[str, str]] = []
        for text, _ in shown:
            pieces += [*highlighted(text, self._search, style), ("  ", style)]
        return pieces[:-1]

    def _tail(self, marks: RowMarks) -> str:
        glyphs, tokens = self.glyphs, self._layout.tokens
        text = "  " + count_text(marks.tokens, tokens) if tokens else ""
        text += " " + (glyphs.problem if marks.problem else " ")
        if marks.edited:
            return text + glyphs.edited
        return text + (glyphs.note if marks.noted else glyphs.tag if marks.tagged else " ")


_DROPPED = frozenset({RowState.REJECTED, RowState.DROPPED, RowState.BROKEN})

_STATE_STYLE = {state: state.value for state in RowState} | {
    RowState.BROKEN: "failed",
    RowState.HIDDEN: "pending",
}


def _between(line: int, one: int, other: int) -> bool:
    return min(one, other) <= line <= max(one, other)
