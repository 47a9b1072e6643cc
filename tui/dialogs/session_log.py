"""The log of a session: everything that was said, by whom and when, the newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Static

from engine.review.decision import Event
from engine.review.history import LogLine
from tui.dialogs.dialogs import Dialog
from tui.sample.history import moment
from tui.terminal.display import Glyphs, one_line
from tui.widgets.line_pane import LineList

MOMENT_CELLS = 19
WHO_CELLS = 12
LEFT_CELLS = 7
"""Of a line, around these two and at its end."""


class LogList(LineList):
    """A line for each event; what it says is worked out when it comes into view."""

    STYLES = "log-list"

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"log-list--{name}" for name in ("header", "said", "undone", "cursor")
    }

    def __init__(
        self, lines: Sequence[LogLine], words: Callable[[LogLine], str], *, glyphs: Glyphs
    ) -> None:
        """Show `lines`, each in the words that `words` finds for it."""
        super().__init__(glyphs=glyphs, empty_text="nothing was said yet", id="log")
        self._lines, self._words = lines, words
        self._order = np.arange(len(lines))

    def on_mount(self) -> None:
        """As many lines as there are events."""
        self._set_height(len(self._lines) + 1)

    @property
    def line(self) -> LogLine | None:
        """The one under the cursor; None where there is none."""
        return None if self._current is None else self._lines[self._current]

    def _tell_moved(self) -> None:
        """Nothing follows the cursor."""

    def _said(self, number: int) -> LogLine:
        return self._lines[number]

    def on_click(self, event: events.Click) -> None:
        """A line takes the cursor."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 < offset.y <= len(self.visible_rows()):
            event.stop()
            self.cursor = self._top + offset.y - 1

    def render_line(self, y: int) -> Strip:
        """The header, an event, or that there is none."""
        if y == 0:
            return self._strip(" ", "when (UTC)", "who", "what", "header")
        at = self._top + y - 1
        if at >= len(self._lines):
            empty = self.empty_text if not len(self._lines) and y == 1 else ""
            return self._strip(" ", empty, "", "", "undone")
        line = self._lines[at]
        words = self._words(line) + ("" if line.stands else " (undone)")
        when, who = moment(line.event.at), line.event.who
        if at == self.cursor:
            return self._strip(self.glyphs.cursor, when, who, words, "cursor")
        return self._strip(" ", when, who, words, "said" if line.stands else "undone")

    def _strip(self, mark: str, when: str, who: str, what: str, name: str) -> Strip:
        width = self.scrollable_content_region.width
        known = one_line(who, WHO_CELLS, pad=True, ascii_only=self.glyphs.ascii_only)
        start = f"{mark} {when:<{MOMENT_CELLS}}  {known}  "
        room = max(width - MOMENT_CELLS - WHO_CELLS - LEFT_CELLS, 1)
        text = start + one_line(what, room, ascii_only=self.glyphs.ascii_only)
        return Strip([Segment(text, self._style(name))]).adjust_cell_length(
            width, self._style(name)
        )


class SessionLogDialog(Dialog[Event | None]):
    """Scrolled; `enter` takes the decision under the cursor, `esc` none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,H", "close", "Close"),
        Binding("enter", "take", "Go to the row"),
        Binding("j,down", "move(1)", show=False),
        Binding("k,up", "move(-1)", show=False),
        Binding("ctrl+d,pagedown", "half(1)", show=False),
        Binding("ctrl+u,pageup", "half(-1)", show=False),
        Binding("g,home", "ends(0)", show=False),
        Binding("G,end", "ends(1)", show=False),
    ]

    def __init__(
        self, lines: Sequence[LogLine], words: Callable[[LogLine], str], *, glyphs: Glyphs
    ) -> None:
        """Show `lines`, the newest first, each in the words that `words` finds for it."""
        super().__init__()
        self._list = LogList(lines, words, glyphs=glyphs)
        self._count = len(lines)

    def compose(self) -> ComposeResult:
        """Title, the list, keys."""
        with Vertical(classes="dialog -large"):
            yield Static(Content(f"Session log: {self._count:,} events"), classes="dialog-title")
            yield self._list
            yield Static(
                Content("j k scroll    enter go to the row    esc close"), classes="dialog-keys"
            )

    def on_mount(self) -> None:
        """Keys go to the list at once."""
        self._list.focus()

    def action_move(self, lines: int) -> None:
        """By lines."""
        self._list.move(lines)

    def action_half(self, direction: int) -> None:
        """By half a page."""
        self._list.half_page(direction)

    def action_ends(self, end: int) -> None:
        """To the newest or the oldest."""
        if end:
            self._list.go_last()
        else:
            self._list.go_first()

    def action_take(self) -> None:
        """Go to its row."""
        line = self._list.line
        self.dismiss(None if line is None else line.decision)

    def action_close(self) -> None:
        """Back to the desk."""
        self.dismiss(None)
