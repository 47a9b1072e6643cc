"""The order of rows: by a column, one way or the other."""

from __future__ import annotations

from engine.session.sort_order import Column, Sort
from engine.session.view import TELLING_COLUMNS
from tui.desk.base import DeskBase
from tui.dialogs.dialogs import ChoiceDialog
from tui.table.sample_table import SampleTable


class ViewActions(DeskBase):
    """What s does."""

    def action_sort(self) -> None:
        """Choose a column."""
        usable = [
            column
            for column in Column
            if (
                self.session.sides == 2
                or column not in (Column.REJECTED_SCORE, Column.MARGIN, Column.REJECTED)
            )
            and (column is not Column.BEFORE or self.session.scoring.before_label)
            and (column is not Column.CLUSTER or self.session.clusters.whole is not None)
            and not (self.session.blind and column in TELLING_COLUMNS)
        ]
        arrow = " (descending)" if self._sort.descending else " (ascending)"
        choices = [
            (column.value, column.value + (arrow if column is self._sort.column else ""))
            for column in usable
        ]

        def chosen(name: str | None) -> None:
            if name is not None:
                self._sort_by(Column(name))

        self.app.push_screen(ChoiceDialog("Sort by", choices, self._sort.column.value), chosen)

    def _sort_by(self, column: Column) -> None:
        if self.session.blind and column in TELLING_COLUMNS:
            self.say(f"sorted by {column.value}, rows would tell what is hidden while blind")
            return
        left = self.session.orders.current
        same = column is self._sort.column and left is None
        self.session.orders.leave()
        self._sort = Sort(column, descending=not self._sort.descending if same else False)
        self.session.remember("sort", [column.value, self._sort.descending])
        self._show_order()
        if left is not None:
            self.say(f"left the review order ({left}); {self.key('queue')} goes back to one")

    def on_sample_table_header_clicked(self, event: SampleTable.HeaderClicked) -> None:
        """Sort by a column, or turn it round."""
        self._sort_by(event.column)
