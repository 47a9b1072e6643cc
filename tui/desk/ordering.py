"""Review orders and the spot check: what `o` does, and how far the one in hand is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.audit import spotcheck
from engine.errors import TamisError, UsageError
from engine.review.review_orders import OrderKind
from engine.scoring.worker.worker import FINISHED
from engine.session.orders import ReviewOrder
from engine.session.sort_order import Sort
from engine.statistics import wilson
from tui.desk.base import DeskBase
from tui.dialogs.order_dialog import OrderChoice, OrderDialog
from tui.keys.actions import actions_of
from tui.widgets.prompt_bar import PromptBar, Question


class OrderActions(DeskBase):
    """What o and its relatives in the palette do."""

    def action_queue(self) -> None:
        """Choose a review order."""
        queues = self.session.orders
        now = queues.current or ReviewOrder(OrderKind.FILE, self.table.order)
        check = queues.check
        said = "" if check is None else str(queues.result(check))
        keys = next(action.keys for action in actions_of(self.app) if action.id == "queue")
        self.app.push_screen(
            OrderDialog(OrderChoice(now.kind, now.unreviewed), said, keys),
            self._order_chosen,
        )

    def _order_chosen(self, choice: OrderChoice | None) -> None:
        if choice is None:
            return
        if choice.kind is OrderKind.SPOT_CHECK:
            self.action_spot_check()
        elif choice == OrderChoice(OrderKind.FILE, unreviewed=False):
            self._leave_order()
        else:
            self._make(partial(self.session.orders.make, choice.kind, unreviewed=choice.unreviewed))

    def action_queue_again(self) -> None:
        """Make the order in hand from scores and verdicts as they are now."""
        if self.session.orders.current is None:
            self.say(f"no review order is in hand: {self.key('queue')} chooses one")
            return
        self._make(self.session.orders.again)

    def _make(self, make: Callable[[], ReviewOrder | None]) -> None:
        """Take an order in hand; the cursor stays on its sample where that is still to be seen."""
        before = self.session.orders.current
        try:
            queue = make()
        except TamisError as error:
            self.say(str(error), severity="error", timeout=8)
            return
        if queue is None:
            return
        again = before is not None and before.kind is queue.kind
        self._show_review_order(keep_row=None if again else self.session.orders.first_open())
        key = self.key("queue")
        self.say(
            f"{queue}: {len(queue.rows):,} rows, which stay in this order; "
            f"{key} {key} makes it anew"
        )

    def _leave_order(self) -> None:
        self.session.orders.leave()
        self._sort = Sort()
        self.session.remember("sort", [self._sort.column.value, self._sort.descending])
        self._show_order()

    def _show_review_order(self, *, keep_row: int | None) -> None:
        self._told_end = True
        self._show_order(keep_row=keep_row)
        self._show_sample()

    # -- the spot check ----------------------------------------------------------------------

    def action_spot_check(self) -> None:
        """Go on with the spot check under way, or ask how many rows a new one takes."""
        queues = self.session.orders
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
        population = len(self.session.orders.population())
        drawn = min(rows, population)
        if not drawn:
            return "no row is kept by rule: nothing to check"
        status = self.session.scoring.status()
        going_on = status is not None and status.state not in FINISHED
        if going_on:
            return f"of {population:,} kept so far: scores still come, which makes it stale"
        return f"of {population:,} kept by rule; none bad: at most {wilson(0, drawn)[1]:.1%}"

    def _draw_check(self, text: str) -> None:
        check = self.session.orders.draw(_rows(text))
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
        self._show_review_order(keep_row=self.session.orders.first_open())

    # -- how far it is -----------------------------------------------------------------------

    def _order_parts(self) -> list[str]:
        """The order in hand and how far it is; says so when its last row has been seen."""
        queues = self.session.orders
        queue, progress = queues.current, queues.progress()
        if queue is None or progress is None:
            return []
        if progress.seen < progress.rows:
            self._told_end = False
        elif not self._told_end:
            self._told_end = True
            self._say_end(queue)
        return [f"{queue.short}: {progress.seen:,} of {progress.rows:,} seen"]

    def _say_end(self, queue: ReviewOrder) -> None:
        check = self.session.orders.check
        if queue.kind is not OrderKind.SPOT_CHECK or check is None:
            self.say(f"{queue}: all {len(queue.rows):,} rows seen", timeout=10)
            return
        result = self.session.orders.result(check)
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
