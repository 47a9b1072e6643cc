"""Which rows are shown: the filter line, and filters kept under a name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from engine.errors import TamisError, UsageError
from engine.filter import Completion, complete
from engine.session.matching import filter_names
from engine.session.view import ShownRows
from tui.desk.base import DeskBase
from tui.dialogs.filter_dialog import FilterChoice, FilterDialog


class FilterActions(DeskBase):
    """What f and ctrl+f do."""

    def action_filter(self) -> None:
        """Ask for a filter."""
        self.ask_filter(self.session.view.shown.filter_text)

    def ask_filter(self, text: str, error: TamisError | None = None) -> None:
        """Ask for a filter, beginning with `text`, of which `error` says what is wrong with it."""
        names = filter_names(self.session)

        def completed(line: str, cursor: int) -> Completion:
            return complete(line, cursor, names)

        self.ask(
            "filter",
            "state:rejected score<1.5 words; or not ( ); empty shows all; tab completes",
            self._set_filter,
            value=text,
            count=self._count_filter,
            complete=completed,
            error=error,
        )

    def _count_filter(self, text: str, cancelled: Callable[[], bool]) -> str:
        """How many rows it would show; in a thread of its own."""
        if not text.strip():
            return ""
        complete(text, len(text), filter_names(self.session))  # asks for the values of a column
        self.session.frequent_values.settle(cancelled)
        matching = self.session.view.count(text, cancelled)
        return f"{np.count_nonzero(matching):,} of {len(matching):,} rows"

    def _set_filter(self, text: str) -> None:
        """Show the rows of a filter.

        Raises:
            FilterError: not understood, with the place.
        """
        asked = self.session.view.filter_by(text)
        self._show_when_ready(asked, self._filtered, failed=partial(self.ask_filter, text))

    def _filtered(self, shown: ShownRows) -> None:
        if shown.matching is not None and not shown.matching.any():
            self.say(f"no row matches; {self.key('filter')} changes the filter")

    # Saved filters

    def action_filters(self) -> None:
        """Choose one of the filters that were saved."""
        self.app.push_screen(
            FilterDialog(self.session.filters.all(), self.session.view.shown.filter_text),
            self._chosen_filter,
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
        rule = self.session.view.shown.filter_text
        if self.session.read_only:
            self.say("read-only: nothing can be saved here")
        elif not rule:
            self.say(f"there is no filter to save; {self.key('filter')} sets one")
        else:
            self.ask(
                "save filter as",
                f"a name for: {rule}",
                lambda name: self._save_filter(name, rule),
            )

    def _save_filter(self, name: str, rule: str) -> None:
        self.session.filters.save(name, rule)
        self.say(f"saved: {name.strip()}  {rule}")
