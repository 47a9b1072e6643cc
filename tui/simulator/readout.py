"""Sliders above figures: what is asked, and what the model says of it."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.message import Message

from engine.session.simulation import Control, Shown
from tui.keys.actions import key_of
from tui.simulator import words
from tui.simulator.figures import about_line, figure_lines
from tui.simulator.sliders import dragged_to, slider_line
from tui.terminal.display import one_line
from tui.widgets.cell_widget import Cell, CellWidget, blank_lines, write

HEAD_LINES = 1


class Readout(CellWidget):
    """One line of title, one a slider, then figures."""

    STYLES = "simulator"

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"simulator--{name}"
        for name in (
            "head", "text", "label", "chosen", "value", "mark", "pinned", "filled", "track",
            "band", "loss", "gain", "warning",
        )
    }  # fmt: skip

    class Dragged(Message):
        """A slider was clicked or dragged; `released` is False while more may follow."""

        def __init__(self, control: Control, value: float, *, released: bool) -> None:
            super().__init__()
            self.slider, self.value, self.released = control, value, released

    shown: Shown | None = None
    explained = False
    """Whether each number has a sentence to it."""
    _chosen: Control | None = None
    _dragging: Control | None = None

    def show(self, shown: Shown, chosen: Control | None) -> None:
        """Show other numbers; `chosen` is the slider that keys move, None while they do not."""
        self.shown, self._chosen = shown, chosen
        self.repaint_changes()

    def draw(self, width: int, height: int) -> list[list[Cell]]:
        """Title, sliders, figures."""
        lines = blank_lines(width, height)
        shown = self.shown
        if shown is None or not height:
            return lines
        roomy = width >= words.ROOMY_CELLS
        keys = key_of(self.app, "help"), key_of(self.app, "explain")
        head = words.head(shown, *keys, roomy=roomy, explained=self.explained)
        write(lines[0], 1, one_line(head, width - 1, ascii_only=self.glyphs.ascii_only), "head")
        drawn = []
        for control in shown.controls:
            chosen = control is self._chosen
            drawn.append(slider_line(shown, control, width, self.glyphs, chosen=chosen))
            if self.explained:
                drawn.append(about_line(words.ABOUT_CONTROL[control], width, self.glyphs))
        room = height - HEAD_LINES - len(drawn)
        figures = figure_lines(
            shown, width, room, self.glyphs, key_of(self.app, "take_best"),
            explained=self.explained,
        )  # fmt: skip
        if len(figures) < room:
            drawn.append(blank_lines(width, 1)[0])
        for y, line in enumerate([*drawn, *figures][: height - HEAD_LINES], HEAD_LINES):
            lines[y] = line
        return lines

    def _control_at(self, y: int) -> Control | None:
        index = (y - HEAD_LINES) // (2 if self.explained else 1)
        controls = self.shown.controls if self.shown is not None else ()
        return controls[index] if 0 <= index < len(controls) else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a slider."""
        self._dragging = self._control_at(event.y) if event.button == 1 else None
        if self._dragging is not None:
            self.capture_mouse()
            self._drag_to(event.x, released=False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag it."""
        if self._dragging is not None:
            self._drag_to(event.x, released=False)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let it go."""
        if self._dragging is not None:
            self.release_mouse()
            self._drag_to(event.x, released=True)
            self._dragging = None

    def _drag_to(self, x: int, *, released: bool) -> None:
        assert self._dragging is not None
        value = dragged_to(self._dragging, x - self.gutter.left, self.size.width)
        self.post_message(self.Dragged(self._dragging, value, released=released))
