"""The slider: the threshold by key, by mouse and typed, and a bar of the histogram as a filter."""

from __future__ import annotations

from engine.errors import StoreError
from engine.filter import Filter, Number, NumberTerm, parse_filter
from engine.session.matching import filter_names
from tui.desk.filters import FilterActions
from tui.widgets.threshold_slider import ThresholdSlider


class ThresholdActions(FilterActions):
    """What the brackets, the slider, t and F do."""

    def action_threshold_down(self) -> None:
        """A fine step down."""
        self._step_threshold(-self.slider.fine_step())

    def action_threshold_up(self) -> None:
        """A fine step up."""
        self._step_threshold(self.slider.fine_step())

    def action_threshold_far_down(self) -> None:
        """A coarse step down."""
        self._step_threshold(-self.slider.coarse_step())

    def action_threshold_far_up(self) -> None:
        """A coarse step up."""
        self._step_threshold(self.slider.coarse_step())

    def _step_threshold(self, step: float) -> None:
        threshold = self.session.threshold
        if threshold is None:
            self.say(f"no scores yet: type a threshold with {self.key('type_threshold')}")
            return
        grid = abs(step)
        value = round((threshold.value + step) / grid) * grid
        self._move_threshold(f"{threshold.direction.value} {value:.10g}")

    def on_threshold_slider_moved(self, event: ThresholdSlider.Moved) -> None:
        """Dragged or clicked."""
        sign = self.session.threshold_choice.direction.value
        self._move_threshold(f"{sign} {event.value:.10g}")
        if event.released:
            self.session.choices.keep_or_tell()

    def action_type_threshold(self) -> None:
        """Type it."""
        session = self.session
        now = session.threshold_choice.holding
        self.ask(
            "threshold",
            f"{f'now {now} · ' if now else ''}1.5 · top 1000 · 25% · <=0.3 keeps the low side",
            lambda text: self._set_threshold(text) if text.strip() else None,
            preview=lambda text: session.preview_threshold(text) if text.strip() else "",
        )

    def _set_threshold(self, text: str) -> None:
        """Set it, as a step that undo takes back."""
        try:
            self.session.set_threshold(text)
        except StoreError as error:
            self.say(str(error), severity="error", timeout=12)
            return
        self._threshold_moved()

    def _move_threshold(self, text: str) -> None:
        """Nudge it: what comes right after another nudge is one step with it."""
        self.session.move_threshold(text)
        self._threshold_moved()

    def _threshold_moved(self) -> None:
        self._draw_counts(recount=False)
        self.table.refresh_changed()
        self._show_sample_soon()

    # -- a bar of the histogram --------------------------------------------------------------

    def action_bar(self) -> None:
        """Choose a bar, beginning with that of the present sample."""
        row = self.table.cursor_row
        score = float("nan") if row is None else float(self.session.scores[row])
        if not self.slider.choose_bar(score):
            why = "scores are hidden while blind" if self.session.blind else "no scores yet"
            self.say(f"{why}: there are no bars to choose from")

    def on_threshold_slider_bar_left(self) -> None:
        """Back to the table."""
        self.table.focus()

    def on_threshold_slider_bar_chosen(self, event: ThresholdSlider.BarChosen) -> None:
        """Show the rows of a bar, within the rest of the filter."""
        self.table.focus()
        text = self.session.view.shown.filter_text
        present = parse_filter(text, filter_names(self.session))
        others = tuple(
            term
            for term in present.terms
            if not (isinstance(term, NumberTerm) and term.number is Number.SCORE)
        )
        bar = tuple(
            NumberTerm(Number.SCORE, comparison, value) for comparison, value in event.bounds
        )
        self._set_filter(str(Filter((*bar, *others))))
