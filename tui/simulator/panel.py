"""The three widgets of the simulator, and what is dragged and chosen in them.

It shows what it is given and posts what a person wants; the desk holds the session.
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from engine.session.simulation import Control, Shown
from tui.simulator.plots import FrontierPlot, SizePlot
from tui.simulator.readout import Readout
from tui.terminal.display import UNICODE_GLYPHS, Glyphs

ROOMY_LINES = 30
"""With so many, the plots stand under the figures; else beside them."""


class SimulatorPanel(Container, can_focus=True):
    """Readout and plots; while it has the focus, motions choose a slider and move it."""

    class Stepped(Message):
        """A slider is to go some coarse steps."""

        def __init__(self, control: Control, steps: int) -> None:
            super().__init__()
            self.slider, self.steps = control, steps

    def __init__(self, *, glyphs: Glyphs = UNICODE_GLYPHS, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._glyphs = glyphs
        self._shown: Shown | None = None
        self._index = 0

    def compose(self) -> ComposeResult:
        """Figures, and the two plots."""
        yield Readout(glyphs=self._glyphs, id="simulator-readout")
        with Container(id="simulator-plots"):
            yield SizePlot(glyphs=self._glyphs)
            yield FrontierPlot(glyphs=self._glyphs)

    def show(self, shown: Shown) -> None:
        """Show another state."""
        self._shown = shown
        self._index = min(self._index, len(shown.controls) - 1)
        self._draw()

    def _draw(self) -> None:
        if self._shown is None:
            return
        chosen = self.control if self.has_focus else None
        self.query_one(Readout).show(self._shown, chosen)
        self.query_one(SizePlot).show(self._shown)
        self.query_one(FrontierPlot).show(self._shown)

    @property
    def control(self) -> Control:
        """The slider that keys move."""
        return self._shown.controls[self._index] if self._shown is not None else Control.SIZE

    def choose(self, control: Control) -> None:
        """Make another slider the one that keys move."""
        if self._shown is not None and control in self._shown.controls:
            self._index = self._shown.controls.index(control)
            self._draw()

    def on_focus(self) -> None:
        """Mark the slider that keys move."""
        self._draw()

    def on_blur(self) -> None:
        """Keys move something else now."""
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Plots below the figures where there is the room."""
        self.set_class(event.size.height >= ROOMY_LINES, "-roomy")

    # The motions of a pane

    def move(self, lines: int) -> None:
        """Choose the slider above or below."""
        if self._shown is not None:
            self._index = min(max(self._index + lines, 0), len(self._shown.controls) - 1)
            self._draw()

    def half_page(self, direction: int) -> None:
        """A coarse step; down is less, as on the page."""
        self.post_message(self.Stepped(self.control, -direction))

    def go_first(self) -> None:
        """The first slider."""
        self.move(-len(Control))

    def go_last(self) -> None:
        """The last one."""
        self.move(len(Control))
