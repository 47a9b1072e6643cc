"""Motions in the table and in the sample, and from one to the other."""

from __future__ import annotations

from engine.session.view import undecided_line
from tui.desk.reading import ReadingActions
from tui.desk.searching import SearchActions
from tui.desk.simulator import SimulatorActions
from tui.panel import Panel
from tui.sample.detail import SampleDetail
from tui.table.sample_table import SampleTable


class MovingActions(SimulatorActions, SearchActions, ReadingActions):
    """What ( and ), tab, enter and esc do, and where j, k and the page keys move."""

    @property
    def pane(self) -> SampleTable | SampleDetail | Panel:
        """The pane that the motions move in."""
        if self.panel is not None and self.at_panel:
            return self.panel
        return self.detail if self.detail.has_focus else self.table

    def action_next_undecided(self) -> None:
        """To the next row without a verdict."""
        self._go_to_undecided(1)

    def action_previous_undecided(self) -> None:
        """To the one before."""
        self._go_to_undecided(-1)

    def _go_to_undecided(self, step: int) -> None:
        table = self.table
        before = table.cursor
        line = undecided_line(self.session, table.order, before, step)
        if line is None:
            self.say("no row shown is undecided")
            return
        if line == before:
            self.say("this is the only undecided row shown")
            return
        table.cursor = line
        if self._zoomed:
            self._show_sample()
            self._draw_title()
        if (line - before) * step < 0:
            self.say("undecided again from the top" if step > 0 else "undecided again from the end")

    def action_next_pane(self) -> None:
        """Table, detail where it is shown, panel where one is open, table."""
        if self.at_panel:
            self.remove_class("-at-panel")
            self.table.focus()
        elif self.panel is not None and not self._zoomed and not self._detail_next:
            self.enter_panel()
        elif self.detail.has_focus and not self._zoomed:
            self.table.focus()
        else:
            self.detail.focus()

    @property
    def _detail_next(self) -> bool:
        return self.detail.display and not self.detail.has_focus

    def action_zoom(self) -> None:
        """The sample takes the whole screen, and gives it back; a panel does its own."""
        if self.panel is not None and self.at_panel:
            self.panel.activate()
            return
        self.set_zoom(on=not self._zoomed)

    def action_close(self) -> None:
        """Close what is open; decides nothing."""
        if self.session.view.at_work:
            self.session.view.cancel()
            self.say("stopped: the rows shown stay as they were")
        elif self._zoomed:
            self.action_zoom()
        elif self.at_panel:
            self.close_panel()
        elif self.table.selection_anchor is not None:
            self.table.clear_selection()
        elif self.detail.has_focus:
            self.table.focus()
        elif self._search is not None:
            if self.stop_search():
                return
            self._search = None
            self.table.set_search(None)
            self.detail.set_search(None)
        elif self.panel is not None:
            self.close_panel()

    def on_sample_table_row_activated(self) -> None:
        """Read it."""
        self.action_zoom()
