"""The table of samples: a million rows as easily as fifty thousand.

Only the visible lines exist. The view is an array of row numbers, so filtering and sorting
replace one array; what a line shows is asked of the source when the line is drawn. Streaming
scores repaint only visible lines whose drawn state differs, and a cursor move repaints two.

Over a slow line every style change costs about forty bytes, so a line has at most four styles:
row number, state with score, text, and the muted tail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip

from engine.dataset.text_search import Query
from engine.session.table_columns import COLUMNS, Cell, Room, TableColumn, Value
from tui.table.row_source import RowMarks, RowSource
from tui.table.single_line import SingleLineTexts, highlighted
from tui.table.table_layout import FIELDS, Layout, Span, bar, plan_layout
from tui.terminal.display import (
    UNICODE_GLYPHS,
    Glyphs,
    RowState,
    cells,
    count_text,
    cut_index,
    one_line,
    score_text,
)
from tui.widgets.line_pane import LineList, merged


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

    class CursorMoved(Message):
        """The cursor is on another sample; only the last of a burst is delivered."""

        def can_replace(self, message: Message) -> bool:
            """A later move makes an earlier one pointless."""
            return isinstance(message, SampleTable.CursorMoved)

    class ViewChanged(Message):
        """Other rows are visible: scoring should turn to them."""

        def can_replace(self, message: Message) -> bool:
            """A later view makes an earlier one pointless."""
            return isinstance(message, SampleTable.ViewChanged)

    class RowActivated(Message):
        """The row under the cursor was double-clicked."""

    class HeaderClicked(Message):
        """A column title was clicked: the owner may sort by it."""

        def __init__(self, column: str) -> None:
            super().__init__()
            self.column = column

    def __init__(
        self,
        source: RowSource,
        *,
        glyphs: Glyphs = UNICODE_GLYPHS,
        columns: Sequence[TableColumn] | None = None,
        empty_text: str = "no rows",
        id: str | None = None,  # noqa: A002 - the name Textual's widgets use
    ) -> None:
        """Show the rows of `source` in `columns`, from left to right; None: in all there are."""
        super().__init__(glyphs=glyphs, empty_text=empty_text, id=id)
        self._source = source
        self._columns = tuple(COLUMNS.values()) if columns is None else columns
        self._order = np.arange(source.rows, dtype=np.int64)  # (lines,)
        self._range_start: int | None = None
        self._all_selected = False
        self._search: Query | None = None
        self._sort: tuple[str, bool] | None = None
        self._layout = Layout()
        self._room: Room | None = None
        """What `_layout` was planned for."""
        self._texts = SingleLineTexts(glyphs)

    # What is shown

    def set_columns(self, columns: Sequence[TableColumn]) -> None:
        """Show other columns, from left to right."""
        self._columns = tuple(columns)
        self._room = None  # the next drawing plans anew
        self.refresh()

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
        self.post_message(self.ViewChanged())
        if changed and moved_to is not None:
            self.post_message(self.CursorMoved())

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
        here = self.line_of(wanted)
        at = self.cursor if here is None else here
        present = np.zeros(int(max(order.max(), self._order.max())) + 1, np.bool_)
        present[order] = True
        after = np.flatnonzero(present[self._order[at:]])
        before = np.flatnonzero(present[self._order[:at]])
        if len(after):
            return int(np.flatnonzero(order == self._order[at + after[0]])[0])
        if len(before):
            return int(np.flatnonzero(order == self._order[before[-1]])[0])
        return 0

    def set_sort(self, column: str | None, *, descending: bool = False) -> None:
        """Mark the column that the view is sorted by; sorting itself is the owner's."""
        self._sort = (column, descending) if column else None
        self.refresh_header()

    def marks(self, row: int) -> RowMarks:
        """The state of one row as of now, with what the columns on screen show of it."""
        return self._source.marks(row, [span.column for span in self._layout.others])

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
        if len(self._order):
            self.post_message(self.CursorMoved())

    def half_page(self, direction: int) -> None:
        """Move cursor and view half a page down (1) or up (-1)."""
        lines = direction * max(self.page_lines // 2, 1)
        self._scroll_to_line(self._top + lines)
        self.move(lines)

    def go_to_row(self, row: int) -> bool:
        """To a row of the dataset; False where the view does not hold it."""
        line = self.line_of(row)
        if line is not None:
            self.cursor = line
        return line is not None

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell the owner that other rows are visible."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.ViewChanged())

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
        """Ask for the texts again: a sample was edited, or is hidden now."""
        self._texts.clear()
        self.refresh()

    def refresh_rows(self, rows: Iterable[int]) -> None:
        """Repaint those of `rows` that are on screen, after a verdict on them."""
        changed = np.fromiter(rows, np.int64)
        for line in np.flatnonzero(np.isin(self.visible_rows(), changed)):
            self._refresh_view_line(self._top + int(line))

    def refresh_changed(self) -> int:
        """Repaint the visible lines whose state or score is not what was drawn."""
        if self._source.room(self.scrollable_content_region.width - 1) != self._room:
            self.refresh()  # columns have come, gone, or have another width
            return self.page_lines
        return super().refresh_changed()

    def _said(self, number: int) -> tuple[int, list[str]]:
        return number, self._cells(number, self.marks(number))

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
        self.post_message(self.ViewChanged())

    # Mouse

    def on_click(self, event: events.Click) -> None:
        """A title tells the owner to sort, a line takes the cursor, a double click opens it."""
        event.stop()
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y == 0:
            for span in self._layout.spans:
                if span.column.sort_key and span.start <= offset.x < span.start + span.cells:
                    self.post_message(self.HeaderClicked(span.column.name))
            return
        line = self._top + offset.y - 1
        if line >= len(self._order):
            return
        self.cursor = line
        if event.chain == 2:
            self.post_message(self.RowActivated())

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
        room = self._source.room(width)
        if self._room != room:
            self._room = room
            self._layout = plan_layout(self._columns, room)
            self._texts.clear()

    def _header(self, width: int) -> Strip:
        sides = self._room is not None and self._room.sides == 2
        ascii_only = self.glyphs.ascii_only
        text = ""
        for span in self._layout.spans:
            column = span.column
            title = (sides and column.side_title) or column.title
            arrow = ""
            if self._sort and self._sort[0] == column.name:
                arrow = self.glyphs.descending if self._sort[1] else self.glyphs.ascending
            if column.kind in FIELDS:
                title = one_line(title, max(span.cells - len(arrow), 0), ascii_only=ascii_only)
            title = (title + arrow)[: span.cells]
            text += " " * (span.start - cells(text))
            blanks = " " * (span.cells - cells(title))
            text += blanks + title if column.kind in RIGHT_ALIGNED else title + blanks
        text = text[: cut_index(text, width)]
        text += " " * (width - cells(text))
        return Strip([Segment(text, self._style("header"))], width)

    def _sample(self, line: int, width: int) -> Strip:
        row = int(self._order[line])
        marks = self.marks(row)
        drawn = self._cells(row, marks)
        self._remember_drawn(line, (row, drawn))
        texts = iter(self._texts.get(self._source, row, self._layout, self._search))
        text_style = "text-dropped" if marks.state in _DROPPED else "text"
        style = _STATE_STYLE[marks.state]
        pieces = [(self._gutter(line), "row")]
        others = iter(drawn)
        for span in self._layout.spans:
            gap = " " * span.gap
            if span.column.kind is Cell.TEXT:
                style = "muted"  # of what follows the texts
                pieces += [*highlighted(next(texts), self._search, text_style), (gap, text_style)]
            else:
                kind = span.column.kind
                own_style = "row" if kind is Cell.ROW else text_style if kind in FIELDS else style
                pieces.append((next(others) + gap, own_style))
        return self._strip(pieces, line, width)

    def _strip(self, pieces: list[tuple[str, str]], line: int, width: int) -> Strip:
        """A line of `pieces` (text, style name)."""
        over = self._over(line)

        def laid_over(name: str) -> Style:
            style = self._style(name)
            if over is None or name == "match":
                return style
            return over if line == self.cursor else style + over

        segments = merged((text, laid_over(name)) for text, name in pieces)
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
        start, end = self._range_start, self.cursor
        return self._all_selected or (
            start is not None and min(start, end) <= line <= max(start, end)
        )

    def _gutter(self, line: int) -> str:
        if line == self.cursor:
            return self.glyphs.cursor
        if self._is_selected(line):
            return self.glyphs.selected
        return " "

    def _cells(self, row: int, marks: RowMarks) -> list[str]:
        """What of a line may change: all cells but the texts."""
        return [
            str(row).rjust(span.cells)
            if span.column.kind is Cell.ROW
            else self._cell(span, value, marks)
            for span, value in zip(self._layout.others, marks.values, strict=True)
        ]

    def _cell(self, span: Span, value: Value, marks: RowMarks) -> str:
        glyphs, kind = self.glyphs, span.column.kind
        if kind is Cell.STATE:
            sign = glyphs.skipped if marks.skipped else marks.reason or " "
            return glyphs.states[marks.state] + sign
        if kind is Cell.SIGNS:
            said = glyphs.note if marks.noted else glyphs.tag if marks.tagged else " "
            sign = glyphs.problem if marks.problem else " "
            return sign + (glyphs.edited if marks.edited else said)
        if value is None:
            word = _NO_SCORE.get(marks.state, "") if kind is Cell.SCORE else ""
            return word.rjust(span.cells)
        if kind is Cell.MARK:
            return str(value).ljust(span.cells)[: span.cells]
        if kind in FIELDS:
            shown = one_line(str(value), span.cells, ascii_only=glyphs.ascii_only)
            blanks = " " * (span.cells - cells(shown))
            return blanks + shown if kind is Cell.FIGURE else shown + blanks
        number = float(value)
        if kind is Cell.COUNT and isinstance(value, str):
            estimate = count_text(int(number), span.cells - 1).strip()
            return f"{glyphs.alike}{estimate}".rjust(span.cells)
        if kind is Cell.COUNT:
            return count_text(int(number), span.cells)
        if kind is Cell.BAR:
            return bar(number, self._source.score_range, span.cells, glyphs)
        return score_text(number, span.cells)


RIGHT_ALIGNED = (Cell.ROW, Cell.SCORE, Cell.NUMBER, Cell.COUNT, Cell.FIGURE)

_NO_SCORE = {RowState.FAILED: "failed", RowState.BROKEN: "broken"}
"""What stands for a score that will never come."""

_DROPPED = frozenset({RowState.REJECTED, RowState.DROPPED, RowState.BROKEN})

_STATE_STYLE = {state: state.value for state in RowState} | {
    RowState.BROKEN: "failed",
    RowState.HIDDEN: "pending",
}
