"""Review orders and the spot check: what `o` does, and how far the one in hand is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine import spotcheck
from engine.errors import TamisError, UsageError
from engine.order import Sort
from engine.queues import QueueKind
from engine.scoring.worker import SETTLED
from engine.session.queues import Queue
from engine.simulator.noise import wilson
from tui.actions import actions_of
from tui.desk.base import DeskBase
from tui.prompt_bar import PromptBar, Question
from tui.queue_dialog import QueueChoice, QueueDialog


class QueueActions(DeskBase):
    """What o and its relatives in the palette do."""

    def action_queue(self) -> None:
        """Choose a review order."""
        queues = self.session.queues
        now = queues.current or Queue(QueueKind.FILE, self.table.order)
        check = queues.check
        said = "" if check is None else str(queues.result(check))
        keys = next(action.keys for action in actions_of(self.app) if action.id == "queue")
        self.app.push_screen(
            QueueDialog(QueueChoice(now.kind, now.unreviewed), said, keys),
            self._queue_chosen,
        )

    def _queue_chosen(self, choice: QueueChoice | None) -> None:
        if choice is None:
            return
        if choice.kind is QueueKind.SPOT_CHECK:
            self.action_spot_check()
        elif choice == QueueChoice(QueueKind.FILE, unreviewed=False):
            self._leave_queue()
        else:
            self._make(partial(self.session.queues.make, choice.kind, unreviewed=choice.unreviewed))

    def action_queue_again(self) -> None:
        """Make the order in hand from scores and verdicts as they are now."""
        if self.session.queues.current is None:
            self.say(f"no review order is in hand: {self.key('queue')} chooses one")
            return
        self._make(self.session.queues.again)

    def _make(self, make: Callable[[], Queue | None]) -> None:
        """Take an order in hand; the cursor stays on its sample where that is still to be seen."""
        before = self.session.queues.current
        try:
            queue = make()
        except TamisError as error:
            self.say(str(error), severity="error", timeout=8)
            return
        if queue is None:
            return
        again = before is not None and before.kind is queue.kind
        self._show_queue(keep_row=None if again else self.session.queues.first_open())
        key = self.key("queue")
        self.say(
            f"{queue}: {len(queue.rows):,} rows, which stay in this order; "
            f"{key} {key} makes it anew"
        )

    def _leave_queue(self) -> None:
        self.session.queues.leave()
        self._sort = Sort()
        self.session.remember("sort", [self._sort.column.value, self._sort.descending])
        self._show_order()

    def _show_queue(self, *, keep_row: int | None) -> None:
        self._told_end = True
        self._show_order(keep_row=keep_row)
        self._show_sample()

    # -- the spot check ----------------------------------------------------------------------

    def action_spot_check(self) -> None:
        """Go on with the spot check under way, or ask how many rows a new one takes."""
        queues = self.session.queues
        check = queues.check
        if check is not None and queues.result(check).under_way and len(check.rows):
            result = queues.result(check)
            queues.resume()
            self._show_check()
            said = f"spot check of {len(check.rows):,} rows goes on: {result}"
            self.say(said, severity="warning" if result.stale else "information", timeout=8)
            return
        self.query_one(PromptBar).ask(
            Question(
                label="spot check, rows",
                hint="drawn from the rows kept by rule, scores hidden",
                value=str(spotcheck.ROWS),
                answer=self._draw_check,
                preview=self._preview_check,
            )
        )

    def _preview_check(self, text: str) -> str:
        rows = _rows(text)
        population = len(self.session.queues.population())
        drawn = min(rows, population)
        if not drawn:
            return "no row is kept by rule: nothing to check"
        status = self.session.scoring.status()
        going_on = status is not None and status.state not in SETTLED
        if going_on:
            return f"of {population:,} kept so far: scores still come, which makes it stale"
        return f"of {population:,} kept by rule; none bad: at most {wilson(0, drawn)[1]:.1%}"

    def _draw_check(self, text: str) -> None:
        check = self.session.queues.draw(_rows(text))
        self._show_check()
        self.say(
            f"spot check, seed {check.seed}: {self.key('accept')} sound, {self.key('reject')} bad; "
            "the share comes at the end",
            timeout=10,
        )

    def _show_check(self) -> None:
        """All rows of the check, whatever the filter was."""
        if self._filter_text:
            self._matching, self._filter_text = None, ""
            self.session.remember("filter", "")
        self._show_queue(keep_row=self.session.queues.first_open())

    # -- how far it is -----------------------------------------------------------------------

    def _queue_parts(self) -> list[str]:
        """The order in hand and how far it is; says so when its last row has been seen."""
        queues = self.session.queues
        queue, progress = queues.current, queues.progress()
        if queue is None or progress is None:
            return []
        if progress.seen < progress.rows:
            self._told_end = False
        elif not self._told_end:
            self._told_end = True
            self._say_end(queue)
        return [f"{queue.short}: {progress.seen:,} of {progress.rows:,} seen"]

    def _say_end(self, queue: Queue) -> None:
        check = self.session.queues.check
        if queue.kind is not QueueKind.SPOT_CHECK or check is None:
            self.say(f"{queue}: all {len(queue.rows):,} rows seen", timeout=10)
            return
        result = self.session.queues.result(check)
        self.say(f"spot check done: {result}", timeout=30)
        self.table.refresh_changed()
        self._show_sample()


def _rows(text: str) -> int:
    try:
        rows = int(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise UsageError(f"not a number of rows: {text!r}", "type a number such as 100") from None
    spotcheck.check_rows(rows)
    return rows
