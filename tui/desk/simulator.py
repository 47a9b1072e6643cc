"""What the keys of the simulator do: link, pin, swap the model, take the best, set a number."""

from __future__ import annotations

from collections.abc import Callable

from engine.errors import UsageError
from engine.session.simulation import Control, read_number
from engine.simulator.cost import TrainingRun
from tui.cli.simulate_text import UNDER_ASSUMPTIONS, about_text
from tui.desk.panels import PanelActions
from tui.dialogs.dialogs import TextDialog
from tui.keys.actions import actions_of
from tui.simulator import SimulatorPanel
from tui.simulator.readout import Readout
from tui.simulator.words import value_text
from tui.widgets.prompt_bar import PromptBar, Question

HINTS = {
    Control.SIZE: "10000, 52k or 1M rows",
    Control.NOISE: "percent of the rows: 17 or 2.5",
    Control.DUPLICATION: "percent of the rows: 25",
    Control.WHOLE_NOISE: "percent of all rows, before any threshold: 17",
    Control.AUC: "chance that a sound row scores better than a bad one: .5 to .999",
}


class SimulatorActions(PanelActions):
    """What S, L, P, M and O do, and the sliders' keys."""

    @property
    def simulator(self) -> SimulatorPanel:
        """The panel."""
        return self.query_one(SimulatorPanel)

    @property
    def simulating(self) -> bool:
        """Whether the panel is open."""
        return isinstance(self.panel, SimulatorPanel)

    @property
    def at_sliders(self) -> bool:
        """Whether keys go to the sliders."""
        return self.simulating and self.at_panel

    def action_simulate(self) -> None:
        """Open the panel and go to it; from inside it, close it."""
        self.toggle_panel(SimulatorPanel)

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
            self.draw_panel()
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
        self.draw_panel()
        self.say(
            "pinned: what comes is compared with it"
            if simulation.pinned is not None
            else "nothing is pinned"
        )

    def action_swap_model(self) -> None:
        """Calibrated, or the book's."""
        if self._open_first():
            self.session.simulation.swap_model()
            self.draw_panel()

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
        self.draw_panel()
        if linked and not self.session.simulation.linked:
            self.say(f"unlinked: the numbers are yours; {self.key('link')} links them again")

    def on_simulator_panel_number_wanted(self, event: SimulatorPanel.NumberWanted) -> None:
        """Ask for the number of a slider."""
        control, text = event.slider, event.text
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
        self.draw_panel()
