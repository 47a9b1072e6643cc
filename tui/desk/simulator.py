"""The panel of the simulator: opened, linked, compared, and what its keys do."""

from __future__ import annotations

from collections.abc import Callable

from textual.widget import Widget

from engine.errors import UsageError
from engine.session.simulation import Control, read_number
from engine.simulator.cost import TrainingRun
from engine.simulator.cumulative_counts import CumulativeCounts
from engine.simulator.duplication import DuplicateGroups
from tui.cli.simulate_text import UNDER_ASSUMPTIONS, about_text
from tui.desk.base import DeskBase
from tui.dialogs.dialogs import TextDialog
from tui.keys.actions import BY_ID, Group, actions_of
from tui.simulator import SimulatorPanel
from tui.simulator.readout import Readout
from tui.simulator.words import value_text
from tui.widgets.prompt_bar import PromptBar, Question
from tui.widgets.status import KeyBar
from tui.widgets.sweep_line import SweepLine

HINTS = {
    Control.SIZE: "10000, 52k or 1M rows",
    Control.NOISE: "percent of the rows: 17 or 2.5",
    Control.DUPLICATION: "percent of the rows: 25",
    Control.WHOLE_NOISE: "percent of all rows, before any threshold: 17",
    Control.AUC: "chance that a sound row scores better than a bad one: .5 to .999",
}


class SimulatorActions(DeskBase):
    """What S, L, P, M and O do, and the sliders' keys."""

    _following: tuple[DuplicateGroups | None, str, CumulativeCounts | None] = (None, "", None)
    """The duplicates known before the panel was drawn, and the counts that it shows."""
    _line: SweepLine | None = None

    @property
    def simulator(self) -> SimulatorPanel:
        """The panel."""
        return self.query_one(SimulatorPanel)

    @property
    def simulating(self) -> bool:
        """Whether the panel is open."""
        return self.has_class("-simulating")

    @property
    def at_sliders(self) -> bool:
        """Whether keys go to the panel; true at once, where a widget hears of it later."""
        return self.focused is self.simulator

    # -- opening and closing -----------------------------------------------------------------

    def action_simulate(self) -> None:
        """Open the panel and go to it; from inside it, close it."""
        if self.simulating and self.at_sliders:
            self.close_simulator()
            return
        if not self.simulating:
            if self._zoomed:
                self._zoomed = False
                self.remove_class("-zoomed")
            self.add_class("-simulating")
            self.session.simulator_link.find_duplicates_in_background()
            self.call_after_refresh(self._draw_simulator)
        self.enter_simulator()

    def enter_simulator(self) -> None:
        """Keys go to the sliders; on a short screen the panel takes the place of the table."""
        self.add_class("-at-panel")
        # At once, so that keys typed right behind this one belong to the sliders.
        self.app.stylesheet.update(self)
        self.set_focus(self.simulator)

    def close_simulator(self) -> None:
        """The table has the screen again."""
        self.remove_class("-simulating", "-at-panel")
        self.slider.set_sweep(None)
        self.table.focus()

    def watch_focused(self, focused: Widget | None) -> None:
        """Keys in the footer are those that work here."""
        if focused is None:
            return
        if isinstance(focused, SimulatorPanel):
            self.add_class("-at-panel")
        elif focused in (self.table, self.detail):
            self.remove_class("-at-panel")
        here = self.has_class("-at-panel")
        self.query_one(KeyBar).show_group(Group.SIMULATOR if here else None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Verdicts rest while the sliders have the keys: nobody looks at the row they go to."""
        if action == "code" and self.at_sliders:
            return True  # there a digit begins a number
        known = BY_ID.get(action)
        rests = known is not None and known.group is Group.VERDICTS and action not in UNDOING
        if rests and self.has_class("-at-panel"):
            return False
        return super().check_action(action, parameters)

    # -- following the data ------------------------------------------------------------------

    def _tick(self) -> None:
        """Also draw when a thread has found duplicates, or has counted."""
        super()._tick()
        if self.simulating and not self._is_drawn():
            self._draw_simulator()

    def _is_drawn(self) -> bool:
        """Whether the panel shows all that threads have found."""
        link, (clusters, uncounted, counts) = self.session.simulator_link, self._following
        return not self.session.simulation.linked or (
            link.clusters is clusters and link.uncounted == uncounted and link.newest is counts
        )

    def _draw_counts(self, *, recount: bool) -> None:
        """The panel follows scores, verdicts and threshold as the histogram does."""
        super()._draw_counts(recount=recount)
        if self.simulating:
            self._draw_simulator()

    def _draw_simulator(self) -> None:
        if not self.simulating:
            return
        # Before showing: what a thread finds in the middle of it is drawn at the next tick.
        link = self.session.simulator_link
        known = link.clusters, link.uncounted
        shown = self.session.simulation.show()
        self._following = *known, shown.live.counts if shown.live is not None else None
        self.simulator.show(shown)
        line = self._line
        if shown.sweep is None:
            line = None
        elif line is None or line.sweep is not shown.sweep:
            line = SweepLine(shown.sweep)
        self._line = line
        self.slider.set_sweep(line)

    # -- keys --------------------------------------------------------------------------------

    def _open_first(self) -> bool:
        if not self.simulating:
            self.say(f"{self.key('simulate')} opens the simulator")
        return self.simulating

    def action_link(self) -> None:
        """Follow the dataset, or play."""
        if self._open_first():
            simulation = self.session.simulation
            simulation.link(linked=not simulation.linked)
            self._draw_simulator()
            self.say(
                "linked: the numbers are those of the rows kept now"
                if simulation.linked
                else f"unlinked: the numbers are yours; {self.key('link')} links them again"
            )

    def action_pin(self) -> None:
        """Keep the point to compare with, or let it go."""
        if not self._open_first():
            return
        simulation = self.session.simulation
        simulation.pin()
        self._draw_simulator()
        self.say(
            "pinned: what comes is compared with it"
            if simulation.pinned is not None
            else "nothing is pinned"
        )

    def action_swap_model(self) -> None:
        """Calibrated, or the book's."""
        if self._open_first():
            self.session.simulation.swap_model()
            self._draw_simulator()

    def action_take_best(self) -> None:
        """Set the threshold where the sweep is highest."""
        if not self._open_first():
            return
        simulation = self.session.simulation
        best = simulation.best() if simulation.linked else None
        if best is None:
            self.say(
                "no scores, no best threshold"
                if simulation.linked
                else f"the numbers are yours: {self.key('link')} links them to the data first"
            )
            return
        value, assumed = best
        before = self.session.threshold
        self._take_threshold(f"{value:.10g}")
        under = f", {UNDER_ASSUMPTIONS}" if assumed else ""
        was = f" (it was {before.value:.4g})" if before is not None else ""
        self.say(f"threshold {value:.4g}, the best{under}{was}", timeout=8)

    def _take_threshold(self, text: str) -> None:
        self.session.set_threshold(text)
        self._draw_counts(recount=False)
        self.table.refresh_changed()
        self._show_sample_soon()

    def action_slider_less(self) -> None:
        """A fine step down."""
        self._step_slider(-1)

    def action_slider_more(self) -> None:
        """A fine step up."""
        self._step_slider(1)

    def action_slider_far_less(self) -> None:
        """A coarse step down."""
        self._step_slider(-1, coarse=True)

    def action_slider_far_more(self) -> None:
        """A coarse step up."""
        self._step_slider(1, coarse=True)

    def _step_slider(self, steps: int, *, coarse: bool = False) -> None:
        if self.simulating and self.at_sliders:
            control = self.simulator.control
            self._set_number(lambda: self.session.simulation.step(control, steps, coarse=coarse))

    def on_simulator_panel_stepped(self, event: SimulatorPanel.Stepped) -> None:
        """Move a number by coarse steps of its slider."""
        self._set_number(
            lambda: self.session.simulation.step(event.slider, event.steps, coarse=True)
        )

    def on_readout_dragged(self, event: Readout.Dragged) -> None:
        """Dragged or clicked."""
        self.simulator.choose(event.slider)
        self._set_number(
            lambda: self.session.simulation.set(event.slider, event.value, save=event.released)
        )

    def _set_number(self, change: Callable[[], None]) -> None:
        linked = self.session.simulation.linked
        change()
        self._draw_simulator()
        if linked and not self.session.simulation.linked:
            self.say(f"unlinked: the numbers are yours; {self.key('link')} links them again")

    def type_digit(self, digit: str) -> None:
        """A digit at a slider begins its number."""
        self.type_number(self.simulator.control, digit)

    def type_number(self, control: Control, text: str = "") -> None:
        """Type the number of a slider."""
        self.query_one(PromptBar).ask(
            Question(
                label=control.value,
                hint=HINTS[control],
                value=text,
                answer=lambda typed: self._typed(control, typed),
                preview=lambda typed: (
                    value_text(control, read_number(control, typed)) if typed.strip() else ""
                ),
                select=not text,
            )
        )

    def _typed(self, control: Control, text: str) -> None:
        if text.strip():
            self._set_number(lambda: self.session.simulation.set_text(control, text))

    def action_about_number(self) -> None:
        """What is calibrated on what."""
        self.app.push_screen(TextDialog("About this number", about_text(actions_of(self.app))))

    def action_training_run(self) -> None:
        """Type how fast and dear training is."""
        run = self.session.simulator_link.run
        self.query_one(PromptBar).ask(
            Question(
                label="training",
                hint="tokens a second, price an hour, epochs",
                value=f"{run.tokens_per_s:.0f} {run.price_per_hour:.2f} {run.epochs:g}",
                answer=self._train_with,
            )
        )

    def _train_with(self, text: str) -> None:
        if not text.strip():
            return
        try:
            speed, price, epochs = (float(word) for word in text.replace("$", " ").split())
        except ValueError:
            raise UsageError(
                f"not three numbers: {text!r}", "tokens a second, price an hour, epochs"
            ) from None
        self.session.simulator_link.train_with(TrainingRun(speed, price, epochs))
        self._draw_simulator()


UNDOING = ("undo", "redo")
