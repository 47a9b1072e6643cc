"""Which rows are shown: the filter line, saved filters, a bar of the histogram."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.filter import Completion, Filter, Number, NumberTerm, complete, parse_filter
from engine.session.view import filter_names, rows_matching
from tui.desk.base import DeskBase
from tui.dialogs.dialogs import WorkDialog
from tui.dialogs.filter_dialog import FilterChoice, FilterDialog
from tui.widgets.prompt_bar import PromptBar, Question
from tui.widgets.threshold_slider import ThresholdSlider

INLINE_ROWS = 100_000
"""A filter over more rows is evaluated in the background."""


class FilterActions(DeskBase):
    """What f, F and ctrl+f do."""

    _counted: tuple[str, tuple[object, ...], NDArray[np.bool_]] | None = None
    """The filter counted last, what it was counted on, and its rows."""

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.ask_filter(self._filter_text)

    def ask_filter(self, text: str) -> None:
        """Ask for a filter, beginning with `text`."""
        names = filter_names(self.session)

        def completed(line: str, cursor: int) -> Completion:
            return complete(line, cursor, names)

        self.query_one(PromptBar).ask(
            Question(
                label="filter",
                hint="state:rejected score<1.5 words; or not ( ); empty shows all; tab completes",
                value=text,
                answer=self._set_filter,
                count=self._count_filter,
                complete=completed,
            )
        )

    def _basis(self) -> tuple[object, ...]:
        """What the rows of a filter depend on beside its text."""
        session = self.session
        return (
            id(session.board), session.board.version, session.review.version,
            session.duplicates.version, session.side, session.threshold, session.blind,
        )  # fmt: skip

    def _count_filter(self, text: str, cancelled: Callable[[], bool]) -> str:
        """How many rows it would show; in a thread of its own."""
        if not text.strip():
            return ""
        basis = self._basis()
        _, matching = rows_matching(self.session, text, cancelled)
        self._counted = text, basis, matching
        return f"{np.count_nonzero(matching):,} of {len(matching):,} rows"

    def _set_filter(self, text: str) -> None:
        """Show the rows of a filter.

        Raises:
            FilterError: not understood, with the place.
        """
        chosen = parse_filter(text, filter_names(self.session))
        if not chosen.terms:
            self._show_filter("", None)
        elif self._counted is not None and self._counted[:2] == (text, self._basis()):
            self._show_filter(str(chosen), self._counted[2])
        else:
            self._evaluate(chosen)

    def _evaluate(self, chosen: Filter) -> None:
        text = str(chosen)
        if self.session.dataset.rows <= INLINE_ROWS:
            self._show_filter(text, rows_matching(self.session, text)[1])
            return
        dialog = WorkDialog("filtering…")
        self._work(
            "filtering…",
            lambda: rows_matching(self.session, text, lambda: dialog.cancelled)[1],
            lambda matching: self._show_filter(text, matching),
            background=True,
            dialog=dialog,
        )

    def _show_filter(self, text: str, matching: NDArray[np.bool_] | None) -> None:
        self._filter_text, self._matching = text, matching
        self.session.remember("filter", text)
        self._show_order(refilter=False)
        if matching is not None and not matching.any():
            self.say(f"no row matches; {self.key('filter')} changes the filter")

    # Saved filters

    def action_filters(self) -> None:
        """Choose one of the filters that were saved."""
        self.app.push_screen(
            FilterDialog(self.session.filters.all(), self._filter_text), self._chosen_filter
        )

    def _chosen_filter(self, choice: FilterChoice | None) -> None:
        if choice is None:
            return
        saved = self.session.filters
        if choice.save:
            self.action_save_filter()
        elif choice.delete:
            rule = saved.all().get(choice.name, "")
            saved.delete(choice.name)
            self.say(f"forgotten: {choice.name}  {rule}", timeout=12)
        else:
            try:
                self._set_filter(choice.rule)
            except UsageError as error:
                self.say(str(error), severity="warning")
                self.ask_filter(choice.rule)

    def action_save_filter(self) -> None:
        """Keep the present filter under a name."""
        rule = self._filter_text
        if self.session.read_only:
            self.say("read-only: nothing can be saved here")
        elif not rule:
            self.say(f"there is no filter to save; {self.key('filter')} sets one")
        else:
            self.query_one(PromptBar).ask(
                Question(
                    label="save filter as",
                    hint=f"a name for: {rule}",
                    value="",
                    answer=lambda name: self._save_filter(name, rule),
                )
            )

    def _save_filter(self, name: str, rule: str) -> None:
        self.session.filters.save(name, rule)
        self.say(f"saved: {name.strip()}  {rule}")

    # A bar of the histogram

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
        present = parse_filter(self._filter_text, filter_names(self.session))
        others = tuple(
            term
            for term in present.terms
            if not (isinstance(term, NumberTerm) and term.number is Number.SCORE)
        )
        bar = tuple(
            NumberTerm(Number.SCORE, comparison, value) for comparison, value in event.bounds
        )
        self._set_filter(str(Filter((*bar, *others))))
