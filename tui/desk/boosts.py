"""Copies: how often an export writes a sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.decision import MOST_COPIES
from engine.review.review import Change
from tui.deciding import INLINE_ROWS, next_boost
from tui.desk.verdicts import VerdictActions
from tui.said_words import change_text


class BoostActions(VerdictActions):
    """What w does."""

    def action_boost(self) -> None:
        """Write the sample under the cursor once more; for a range, ask how often."""
        table = self.table
        if table.selection_anchor is not None:
            self._ask_boost(table.selected_rows(), "the range")
            return
        row = table.cursor_row
        if row is None:
            return
        if self.session.dataset.broken[row]:
            self.say(f"row {row} could not be read: there is nothing to export")
            return
        times = next_boost(int(self.session.copies[row]))
        rows = np.array([row], np.int64)
        self._work(
            "…", lambda: self.session.set_copies(rows, times), self._boosted, background=False
        )

    def action_boost_shown(self) -> None:
        """Ask how often to write every row of the view."""
        self._ask_boost(self.table.order, "all rows shown")

    def _ask_boost(self, rows: NDArray[np.int64], what: str) -> None:
        if self.session.read_only:
            self.say("read-only: nothing can be decided here")
            return
        self.ask(
            f"copies of {what}",
            "how often the export writes each: 2, or 1 for once",
            lambda text: self._boost_all(rows, what, _times(text)),
            value="2",
            preview=lambda text: self._boost_preview(rows, _times(text)),
        )

    def _boost_preview(self, rows: NDArray[np.int64], times: int) -> str:
        changed = int(np.count_nonzero(self.session.copies[rows] != times))
        return f"{len(rows):,} rows, {changed:,} of them change"

    def _boost_all(self, rows: NDArray[np.int64], what: str, times: int) -> None:
        def boost() -> None:
            self.table.clear_selection()
            self._work(
                f"setting copies of {len(rows):,} rows",
                lambda: self.session.set_copies(np.sort(rows), times),
                self._boosted,
                background=len(rows) > INLINE_ROWS,
            )

        lines = [
            f"{self._boost_preview(rows, times)}. Whether a row is kept does not change.",
            f"One undo ({self.key('undo')}) takes all of it back.",
        ]
        self.confirm(f"Write {what} {times}x in the export?", lines, f"copies x{times}", boost)

    def _boosted(self, change: Change | None) -> None:
        if change is None:
            self.say("nothing to change")
            return
        self.say(f"{change_text(change)}; {self.taken_back}")
        self._show_changed()


def _times(text: str) -> int:
    """A number typed, with or without its x.

    Raises:
        UsageError: none, or none that is possible.
    """
    try:
        times = int(text.strip().lstrip("x\u00d7"))
    except ValueError:
        raise UsageError(f"not a number of times: {text!r}", "2 and 3 are usual") from None
    if not 1 <= times <= MOST_COPIES:
        raise UsageError(f"between 1 and {MOST_COPIES} times, not {times}", "2 and 3 are usual")
    return times
