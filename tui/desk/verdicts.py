"""Verdicts: on a sample, on a range, on all rows shown; undo and redo."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.errors import TamisError
from engine.review.decision import Aspect, Verdict
from engine.review.review import Change
from tui.deciding import INLINE_ROWS, DecidingScreen
from tui.desk.base import Act, DeskBase
from tui.said_words import VERDICT_WORDS, change_text

ALL_ROWS = "all rows shown"


class VerdictActions(DeskBase, DecidingScreen):
    """What a, x, space, c, v, V and the full stop do; what U and R show."""

    def _decide(self, verdict: Verdict) -> None:
        if self.table.selection_anchor is not None:
            self._bulk(verdict, *self._selection())
        elif (row := self.table.cursor_row) is not None:
            self._decide_one(verdict, row)

    def _selection(self) -> tuple[NDArray[np.int64], str]:
        """The selected rows, and what to call them."""
        table = self.table
        return table.selected_rows(), ALL_ROWS if table.all_selected else "the range"

    def _decide_one(self, verdict: Verdict, row: int) -> None:
        table = self.table
        if self.session.dataset.broken[row]:
            self.say(f"row {row} could not be read: there is nothing to decide")
            return
        try:
            self.session.decide(np.array([row], np.int64), verdict)
        except TamisError as error:
            # It is not on disk, so the cursor does not go on.
            self.say(str(error), severity="error", timeout=12)
            return
        self.remember_for_repeat(1, partial(self._again, verdict))
        table.refresh_rows([row])
        line = table.cursor
        if verdict is not Verdict.UNDECIDED:
            table.move(1)
            if table.cursor == line:
                self.say(f"{VERDICT_WORDS[verdict]}; that was the last of the rows shown")
        self._unsaved_cursor = table.cursor_row
        self._save_cursor()
        self._show_sample()
        if self._zoomed:
            self._draw_title()

    # Again

    def remember_for_repeat(self, rows: int, act: Act) -> None:
        """Let the key that repeats do `act`, to as many rows as it is done to now.

        Args:
            rows: 0: to all rows shown.
            act: told the rows and what to call them.
        """
        self._last_done = rows, act

    def _again(self, verdict: Verdict, rows: NDArray[np.int64], what: str) -> None:
        if len(rows) == 1:
            self._decide_one(verdict, int(rows[0]))
        else:
            self._bulk(verdict, rows, what)

    def action_repeat(self) -> None:
        """Do again what was done last."""
        if self._last_done is None:
            self.say("nothing was done yet that could be repeated")
            return
        count, act = self._last_done
        cursor, order = self.table.cursor, self.table.order
        if self.table.selection_anchor is not None:
            act(*self._selection())
        elif not len(order):
            self.say("no row is shown")
        elif not count:
            act(order, ALL_ROWS)
        elif count == 1:
            act(order[cursor : cursor + 1], f"row {order[cursor]}")
        else:
            rows = order[cursor : cursor + count]
            act(rows, f"the next {len(rows):,} rows")

    def action_select_all(self) -> None:
        """Select every row shown, or none any more."""
        if self.table.all_selected:
            self.table.clear_selection()
        else:
            self.table.select_all()
            rows = len(self.table.order)
            keys = " ".join(map(self.key, ("accept", "reject", "clear")))
            self.say(
                f"{rows:,} rows selected: {keys} decide about all, after a count; "
                f"{self.key('close')} leaves"
            )

    def action_bulk_accept(self) -> None:
        """Accept every row of the view."""
        self._bulk(Verdict.ACCEPT, self.table.order, ALL_ROWS)

    def action_bulk_reject(self) -> None:
        """Reject every row of the view."""
        self._bulk(Verdict.REJECT, self.table.order, ALL_ROWS)

    def action_bulk_clear(self) -> None:
        """Clear every row of the view."""
        self._bulk(Verdict.UNDECIDED, self.table.order, ALL_ROWS)

    def _bulk(self, verdict: Verdict, rows: NDArray[np.int64], what: str) -> None:
        """Ask with the counts, then decide as one event."""
        if self.session.read_only:
            self.say("read-only: nothing can be decided here")
            return
        verdicts = self.session.verdicts[rows]
        readable = ~self.session.dataset.broken[rows]
        changed = int(np.count_nonzero(readable & (verdicts != verdict)))
        if not changed:
            self.say(f"nothing to change: {what} is {VERDICT_WORDS[verdict]} already")
            return
        manual = np.isin(verdicts, (Verdict.ACCEPT, Verdict.REJECT))
        overruled = int(np.count_nonzero(readable & manual & (verdicts != verdict)))
        lines = [
            f"{len(rows):,} rows, {changed:,} of them change.",
            f"{overruled:,} verdicts given by hand are overruled.",
            f"One undo ({self.key('undo')}) takes all of it back.",
        ]
        if len(rows) != np.count_nonzero(readable):
            lines.insert(1, f"{np.count_nonzero(~readable):,} could not be read: left out.")

        def decide() -> None:
            self.table.clear_selection()
            count = 0 if what == ALL_ROWS else len(rows)
            self.remember_for_repeat(count, partial(self._again, verdict))
            self._work(
                f"{VERDICT_WORDS[verdict]}: {changed:,} rows",
                lambda: self.session.decide(np.sort(rows), verdict),
                self._bulk_done,
                background=len(rows) > INLINE_ROWS,
            )

        word = {Verdict.UNDECIDED: "clear"}.get(verdict, verdict.name.lower())
        self.confirm(f"{word.capitalize()} {what}?", lines, f"{word} {changed:,} rows", decide)

    def _bulk_done(self, change: Change | None) -> None:
        if change is not None:
            self.say(f"{change_text(change)}; {self.taken_back}")
        self._show_changed()

    def _show_step(self, change: Change) -> str:
        one = len(change.rows) == 1
        hidden = one and not self.table.go_to_row(int(change.rows[0]))
        if change.aspect is Aspect.EDIT:
            self.table.forget_texts()
            self._focus_scoring()
        self._show_changed()
        return ", not in this view" if hidden else ""

    def action_range(self) -> None:
        """Start or end a range."""
        if self.table.selection_anchor is None:
            self.table.start_selection()
            keys = " ".join(map(self.key, ("accept", "reject", "skip", "clear")))
            self.say(f"range: move, then {keys}; {self.key('close')} leaves it")
        else:
            self.table.clear_selection()
