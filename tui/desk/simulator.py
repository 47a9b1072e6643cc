"""What the keys of the simulator do: link, pin, swap the model, take the best, set a number."""

from __future__ import annotations

from engine.errors import UsageError
from engine.simulator.cost import TrainingRun
from tui.desk.panels import PanelActions
from tui.desk.thresholds import ThresholdActions
from tui.dialogs.dialogs import TextDialog
from tui.keys.actions import actions_of
from tui.simulation_text import UNDER_ASSUMPTIONS, about_text
from tui.simulator import SimulatorPanel


class SimulatorActions(PanelActions, ThresholdActions):
    """What S, L, P, M and O do, and the sliders' keys."""

    @property
    def simulator(self) -> SimulatorPanel:
        """The panel."""
        return self.query_one(SimulatorPanel)

    @property
    def simulating(self) -> bool:
        """Whether the panel is open."""
        return isinstance(self.panel, SimulatorPanel)

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
            if not simulation.linked:
                self.say(f"the numbers are yours: {self.key('link')} links them to the data first")
            elif self.session.simulator_link.sweep(simulation.model) is None:
                self.say("no scores, no best threshold")
            else:
                self.say("no threshold is clearly better than this one: it stays")
            return
        value, assumed = best
        before = self.session.threshold
        self._set_threshold(f"{value:.10g}")
        under = f", {UNDER_ASSUMPTIONS}" if assumed else ""
        was = f" (it was {before.value:.4g})" if before is not None else ""
        self.say(f"threshold {value:.4g}, the best{under}{was}", timeout=8)

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
        if self.simulating and self.at_panel:
            self.simulator.step(steps, coarse=coarse)

    def action_explain(self) -> None:
        """Put sentences to the numbers, or fold them."""
        if self._open_first():
            self.simulator.toggle_words()
            self.draw_panel()

    def action_about_number(self) -> None:
        """What is calibrated on what."""
        self.app.push_screen(TextDialog("About this number", about_text(actions_of(self.app))))

    def action_training_run(self) -> None:
        """Type how fast and dear training is."""
        run = self.session.simulator_link.run
        self.ask(
            "training",
            "tokens a second, price an hour, epochs",
            self._train_with,
            value=f"{run.tokens_per_s:.0f} {run.price_per_hour:.2f} {run.epochs:g}",
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
