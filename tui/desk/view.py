"""Going to what is looked for, and the order of rows: search and sort."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from engine.order import Column, Sort
from engine.search import Query, search
from tui.desk.base import DeskBase
from tui.dialogs import ChoiceDialog
from tui.prompt_bar import PromptBar, Question
from tui.sample_table import SampleTable


class ViewActions(DeskBase):
    """What /, n, N and s do."""

    def action_search(self) -> None:
        """Ask what to look for."""
        self.query_one(PromptBar).ask(
            Question(
                label="search",
                hint="in prompt and response; a capital letter makes it exact",
                value="",
                answer=self._search,
                preview=lambda text: (
                    f"{np.count_nonzero(self._matches(text)):,} rows" if len(text) > 1 else ""
                ),
            )
        )

    def _matches(self, text: str) -> NDArray[np.bool_]:
        return search(self.session.dataset.texts, Query(text))

    def _search(self, text: str) -> None:
        if not text:
            return
        self._search_text = text
        self._found = self._matches(text)
        exact = any(character.isupper() for character in text)
        pattern = re.compile(re.escape(text), 0 if exact else re.IGNORECASE)
        self.table.set_search(pattern)
        self.detail.set_search(pattern)
        self._next(1, from_cursor=True)

    def action_next_match(self) -> None:
        """To the next row that matches."""
        self._next(1)

    def action_previous_match(self) -> None:
        """To the one before."""
        self._next(-1)

    def _next(self, direction: int, *, from_cursor: bool = False) -> None:
        if self._found is None:
            self.say("no search yet: / starts one")
            return
        hits = np.flatnonzero(self._found[self.table.order])
        if not len(hits):
            self.say(f"not found in the rows shown: {self._search_text}")
            return
        cursor = self.table.cursor
        if direction > 0:
            place = int(np.searchsorted(hits, cursor, side="left" if from_cursor else "right"))
        else:
            place = int(np.searchsorted(hits, cursor, side="left")) - 1
        wrapped = not 0 <= place < len(hits)
        place %= len(hits)
        self.table.cursor = int(hits[place])
        note = " (wrapped)" if wrapped else ""
        self.say(f"{place + 1:,} of {len(hits):,} rows with {self._search_text}{note}")
        self._show_sample()
        self.detail.scroll_to_match()

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
        left = self.session.queues.current
        same = column is self._sort.column and left is None
        self.session.queues.leave()
        self._sort = Sort(column, descending=not self._sort.descending if same else False)
        self.session.remember("sort", [column.value, self._sort.descending])
        self._show_order()
        if left is not None:
            self.say(f"left the review order ({left}); o goes back to one")

    def on_sample_table_header_clicked(self, event: SampleTable.HeaderClicked) -> None:
        """Sort by a column, or turn it round."""
        self._sort_by(event.column)
