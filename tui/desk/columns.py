"""The columns of the dataset: under the sample, in the table, and counted."""

from __future__ import annotations

from functools import partial

from engine.errors import TamisError
from engine.filter import parse_filter
from engine.sample import Family
from engine.session.column_choice import cells_now
from engine.session.frequencies import Frequencies, filter_of, frequencies
from engine.session.matching import filter_names
from engine.session.table_columns import FIELD, column_named, shown_name
from tui.desk.filters import FilterActions
from tui.dialogs.columns_dialog import About, ColumnsChoice, ColumnsDialog
from tui.dialogs.dialogs import WorkDialog
from tui.dialogs.frequency_dialog import FrequencyChoice, FrequencyDialog
from tui.sample.beside import Beside
from tui.terminal.display import one_line

TALL_LINES = 32
"""Of a screen on which the other columns are all shown if nobody says otherwise."""

NAME_CELLS = 30

BESIDE = "other columns"
"""The setting that holds how much of them is shown."""

_NEXT = {Beside.LINE: Beside.ALL, Beside.ALL: Beside.NONE, Beside.NONE: Beside.LINE}
_SAID = {
    Beside.LINE: "other columns: one line of them",
    Beside.ALL: "other columns: all of them, under the sample",
    Beside.NONE: "other columns: hidden",
}


class ColumnActions(FilterActions):
    """What the quotation mark, C and = do."""

    _beside: Beside | None = None
    """What was chosen; None: as the height allows."""

    # -- under the sample --------------------------------------------------------------------

    def restore_beside(self) -> None:
        """Show as much of the other columns as the last visit did."""
        kept = self.session.store.get_setting(BESIDE)
        self._beside = Beside(kept) if kept in list(Beside) else None
        self.draw_beside()

    def draw_beside(self) -> None:
        """As chosen, or as the height allows; in focus mode long values are whole."""
        chosen = self._beside
        if chosen is None:
            chosen = Beside.ALL if self.size.height >= TALL_LINES else Beside.LINE
        self.detail.show_beside(chosen, key=self.key("other_columns"), whole=self._zoomed)

    def action_other_columns(self) -> None:
        """Show them all, none, or one line of them."""
        if not self.session.other_columns.names:
            self.say("this dataset has no column beside those of its samples")
            return
        if self.session.dataset.family is Family.OTHER:
            self.say("all columns are shown as the sample: no family fits them")
            return
        self._beside = _NEXT[self.detail.beside]
        self.session.remember(BESIDE, self._beside.value)
        self.draw_beside()
        if self._beside is Beside.ALL:
            self.call_after_refresh(self.detail.scroll_to_beside)
        self.say(f"{_SAID[self._beside]}; {self.key('other_columns')} goes on")

    def _tick(self) -> None:
        """Also follow the size of the screen, and focus mode."""
        super()._tick()
        self.draw_beside()

    # -- in the table ------------------------------------------------------------------------

    def action_columns(self) -> None:
        """Choose the columns of the table."""
        choice = self.session.column_choice
        dialog = ColumnsDialog(choice.offered(), choice.chosen, self._about)
        self.app.push_screen(dialog, self._columns_chosen)

    def _about(self, name: str) -> About:
        column = column_named(self.session, name)
        room = self._rows.room(self.table.size.width)
        cells = 0 if column is None else cells_now(column, room)
        if not name.startswith(FIELD):
            return About(cells)
        return About(cells, self.session.other_columns.looks(shown_name(name)).example)

    def _columns_chosen(self, found: ColumnsChoice | None) -> None:
        if found is None:
            return
        if found.frequencies_of:
            self.count_column(found.frequencies_of)
            return
        self.session.column_choice.set(found.chosen)
        self.table.set_columns(self.session.column_choice.columns())

    # -- counted -----------------------------------------------------------------------------

    def action_frequencies(self) -> None:
        """Choose a column, and count it."""
        others = self.session.other_columns
        if not others.names:
            self.say("this dataset has no column beside those of its samples")
            return
        choices = []
        for name in others.names:
            shown = one_line(name, NAME_CELLS, pad=True)
            choices.append((name, f"{shown} {one_line(others.looks(name).example, 24)}"))
        at = self._counted or others.names[0]
        self.choose("Frequencies of", choices, self.count_column, at)

    _counted = ""
    """The column that was counted last."""

    def count_column(self, column: str, *, of_filter: bool = True) -> None:
        """Count a column in a thread and show it: the rows of the filter, where there is one."""
        self._counted = column
        within = self.session.view.shown.matching if of_filter else None
        title = f"counting {one_line(column, NAME_CELLS)}…"
        dialog = WorkDialog(title)

        def progress(_what: str, done: int, total: int | None) -> None:
            self.app.call_from_thread(dialog.show, title, done, total)

        def call() -> Frequencies:
            return frequencies(
                self.session, column, within,
                progress=progress, cancelled=lambda: dialog.cancelled,
            )  # fmt: skip

        self._work(title, call, self._show_frequencies, background=True, dialog=dialog)

    def _show_frequencies(self, found: Frequencies) -> None:
        has_filter = self.session.view.shown.matching is not None
        self.app.push_screen(
            FrequencyDialog(found, self._glyphs, has_filter=has_filter),
            partial(self._frequency_chosen, found),
        )

    def _frequency_chosen(self, found: Frequencies, choice: FrequencyChoice | None) -> None:
        if choice is None:
            return
        if choice.other_column:
            self.action_frequencies()
        elif choice.other_rows:
            self.count_column(found.column, of_filter=not found.of_filter)
        elif choice.line is not None and not choice.line.terms:
            self.say("no filter can ask for these rows")
        elif choice.line is not None:
            present = self.session.view.shown.filter_text if choice.adds else ""
            try:
                before = parse_filter(present, filter_names(self.session)) if present else None
                self._set_filter(filter_of(choice.line, before))
            except TamisError as error:
                self.say(str(error), severity="error")
