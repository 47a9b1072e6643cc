"""Search: the next match at once, the count while it comes, from match to match."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.dataset.text_search import Query, Search, search
from tui.desk.base import DeskBase
from tui.terminal.display import one_line

INLINE_ROWS = 10_000
"""So few rows are searched before the next frame; more of them in a thread."""

TEXT_CELLS = 30
"""Of what is looked for, in a message."""


class SearchActions(DeskBase):
    """What /, n and N do."""

    def action_search(self) -> None:
        """Ask what to look for."""
        self.ask(
            "search",
            "in prompt and response; a capital letter makes it exact, / before it a regex",
            self._begin_search,
            count=self._count_search,
        )

    def _count_search(self, text: str, cancelled: Callable[[], bool]) -> str:
        query = Query.read(text)
        if len(query.text) < 2:
            return ""
        found = search(self.session.edits.texts, query, cancelled=cancelled)
        return f"{np.count_nonzero(found):,} rows"

    def _begin_search(self, text: str) -> None:
        query = Query.read(text)
        if not query.text:
            return
        self.stop_search()
        texts = self.session.edits.texts
        began = self._search = Search(texts, query, self.table.order, self.table.cursor)
        self.table.set_search(query)
        self.detail.set_search(query)
        if texts.height <= INLINE_ROWS:
            began.run(lambda row: self._go_to_match(began, row))
            self._search_ended(began)
            return

        def work() -> None:
            began.run(lambda row: self.app.call_from_thread(self._go_to_match, began, row))
            self.app.call_from_thread(self._search_ended, began)

        self.run_worker(work, thread=True, group="search", exit_on_error=True)

    def stop_search(self) -> bool:
        """Stop a search at work; False where none is."""
        at_work = self._search is not None and not self._search.ended
        if self._search is not None:
            self._search.cancel()
        return at_work

    def _go_to_match(self, began: Search, row: int) -> None:
        if self.is_running and began is self._search and self.table.go_to_row(row):
            self._show_match()

    def _show_match(self) -> None:
        self._show_sample()
        self.detail.scroll_to_match()

    def _search_ended(self, began: Search) -> None:
        if began is self._search:
            self._say_match()

    def _tick(self) -> None:
        """Also say how far a search is."""
        super()._tick()
        if self._search is not None and not self._search.ended:
            self._say_match()

    def _say_match(self, note: str = "") -> None:
        """Which match the cursor is on, of how many in the rows shown."""
        began = self._search
        if began is None:
            return
        hits = np.flatnonzero(began.found[self.table.order])
        what = one_line(str(began.query), TEXT_CELLS)
        so_far = ""
        if not began.done:
            share = began.searched / max(len(began.found), 1)
            so_far = f" so far, {share:.0%} searched" + ("" if began.ended else "; esc stops")
        if not len(hits):
            self.say(f"not found in the rows shown{so_far}: {what}")
            return
        place = int(np.searchsorted(hits, self.table.cursor))
        on_one = place < len(hits) and hits[place] == self.table.cursor
        count = f"{place + 1:,} of {len(hits):,}" if on_one else f"{len(hits):,}"
        self.say(f"{count} rows with {what}{so_far}{note}")

    def action_next_match(self) -> None:
        """To the next row that matches."""
        self._next(1)

    def action_previous_match(self) -> None:
        """To the one before."""
        self._next(-1)

    def _next(self, direction: int) -> None:
        if self._search is None:
            self.say(f"no search yet: {self.key('search')} starts one")
            return
        hits = np.flatnonzero(self._search.found[self.table.order])
        if not len(hits):
            self._say_match()
            return
        cursor = self.table.cursor
        if direction > 0:
            place = int(np.searchsorted(hits, cursor, side="right"))
        else:
            place = int(np.searchsorted(hits, cursor, side="left")) - 1
        wrapped = not 0 <= place < len(hits)
        self.table.cursor = int(hits[place % len(hits)])
        self._say_match(" (wrapped)" if wrapped else "")
        self._show_match()
