"""The three widgets of the simulator, and what is dragged and chosen in them.

It shows what the session's simulation says, and sets there what a person wants.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from engine.preferences.folded import fold, folded
from engine.session.simulation import Control, Shown, read_number
from tui.keys.actions import Action, Group
from tui.panel import Panel, PanelDesk
from tui.simulator.plots import FrontierPlot, SizePlot
from tui.simulator.readout import Readout
from tui.simulator.words import value_text
from tui.terminal.display import UNICODE_GLYPHS, Glyphs
from tui.widgets.sweep_line import SweepLine

if TYPE_CHECKING:
    from engine.simulator.cumulative_counts import CumulativeCounts
    from engine.simulator.duplication import DuplicateGroups

ROOMY_LINES = 30
"""With so many, the plots stand under the figures; else beside them."""

HINTS = {
    Control.SIZE: "10000, 52k or 1M rows",
    Control.NOISE: "percent of the rows: 17 or 2.5",
    Control.DUPLICATION: "percent of the rows: 25",
    Control.WHOLE_NOISE: "percent of all rows, before any threshold: 17",
    Control.AUC: "chance that a sound row scores better than a bad one: .5 to .999",
}


class SimulatorPanel(Panel):
    """Readout and plots; while it has the focus, motions choose a slider and move it."""

    opener = "simulate"
    group = Group.SIMULATOR
    place = "the simulator"
    page = "simulator"
    takes_digits = True

    def __init__(self, desk: PanelDesk, *, glyphs: Glyphs = UNICODE_GLYPHS) -> None:
        super().__init__(desk, glyphs=glyphs)
        self._shown: Shown | None = None
        self._index = 0
        self._following: tuple[DuplicateGroups | None, str, CumulativeCounts | None]
        self._following = (None, "", None)
        """The duplicates known before the panel was drawn, and the counts that it shows."""
        self._line: SweepLine | None = None

    def compose(self) -> ComposeResult:
        """Figures, and the two plots."""
        yield Readout(glyphs=self.glyphs, id="simulator-readout")
        with Container(id="simulator-plots"):
            yield SizePlot(glyphs=self.glyphs)
            yield FrontierPlot(glyphs=self.glyphs)

    # What the desk asks

    def opened(self) -> None:
        """Explain what is not folded; look for exact duplicates, if no search has found any."""
        self._explain(on=self.opener not in folded())
        self.desk.session.simulator_link.find_duplicates_in_background()

    def closed(self) -> None:
        """The line over the histogram goes, too."""
        self.screen.remove_class("-explained")
        self.desk.slider.set_sweep(None)

    def toggle_words(self) -> None:
        """Put a sentence to each number, or fold them for good."""
        on = not self.query_one(Readout).explained
        fold(self.opener, on=not on)
        self._explain(on=on)

    def _explain(self, *, on: bool) -> None:
        self.query_one(Readout).explained = on
        self.set_class(on, "-explained")
        self.screen.set_class(on, "-explained")

    def draw(self) -> None:
        """Show the numbers of now, and the sweep over the histogram."""
        # Before showing: what a thread finds in the middle of it is drawn at the next tick.
        link = self.desk.session.simulator_link
        known = link.clusters, link.uncounted
        shown = self.desk.session.simulation.show()
        self._following = *known, shown.live.counts if shown.live is not None else None
        self.show(shown)
        line = self._line
        if shown.sweep is None:
            line = None
        elif line is None or line.sweep is not shown.sweep:
            line = SweepLine(shown.sweep)
        self._line = line
        self.desk.slider.set_sweep(line)

    @property
    def is_drawn(self) -> bool:
        """Whether the panel shows all that threads have found."""
        link, (clusters, uncounted, counts) = self.desk.session.simulator_link, self._following
        return not self.desk.session.simulation.linked or (
            link.clusters is clusters and link.uncounted == uncounted and link.newest is counts
        )

    @property
    def is_at_rest(self) -> bool:
        """Whether all is counted and drawn."""
        link = self.desk.session.simulator_link
        return link.clusters is not None and not link.behind and self.is_drawn

    def obstacle(self, action: Action) -> str:
        """Sliders are moved from inside only, and a point of one's own has no best threshold."""
        if action.id.startswith("slider_") and not self.has_focus:
            return f"the table has the keys: {self.desk.key('next_pane')} goes to the sliders"
        if action.id == "take_best" and not self.desk.session.simulation.linked:
            return "the numbers are yours: link them to the data first"
        return ""

    def activate(self) -> None:
        """Type the number of the slider."""
        self.type_digit("")

    def type_digit(self, digit: str) -> None:
        """A digit at a slider begins its number, which is asked for."""
        control = self.control
        self.desk.ask(
            control.value,
            HINTS[control],
            lambda typed: self._typed(control, typed),
            value=digit,
            preview=lambda typed: (
                value_text(control, read_number(control, typed)) if typed.strip() else ""
            ),
            select=not digit,
        )

    def _typed(self, control: Control, text: str) -> None:
        if text.strip():
            self._set(partial(self.desk.session.simulation.set_text, control, text))

    def step(self, steps: int, *, coarse: bool = False) -> None:
        """Move the chosen slider up by steps, or down."""
        self._set(partial(self.desk.session.simulation.step, self.control, steps, coarse=coarse))

    def on_readout_dragged(self, event: Readout.Dragged) -> None:
        """A slider was dragged or clicked."""
        self.choose(event.slider)
        change = self.desk.session.simulation.set
        self._set(partial(change, event.slider, event.value, save=event.released))

    def _set(self, change: Callable[[], None]) -> None:
        """Change a number; the first one that is changed unlinks all from the data."""
        simulation = self.desk.session.simulation
        linked = simulation.linked
        change()
        self.draw()
        if linked and not simulation.linked:
            key = self.desk.key("link")
            self.desk.say(f"unlinked: the numbers are yours; {key} links them again")

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
        self.step(-direction, coarse=True)

    def go_first(self) -> None:
        """The first slider."""
        self.move(-len(Control))

    def go_last(self) -> None:
        """The last one."""
        self.move(len(Control))
