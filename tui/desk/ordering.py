"""In what order rows are shown: sorts, review orders and the spot check."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from engine.audit import spotcheck
from engine.errors import TamisError, UsageError
from engine.review.review_orders import OrderKind
from engine.scoring.worker.worker import FINISHED
from engine.session.orders import ReviewOrder
from engine.session.table_columns import shown_name, sort_choices
from engine.session.view import ShownRows
from engine.statistics import exact_interval
from tui.desk.base import DeskBase
from tui.dialogs.order_dialog import OrderChoice, OrderDialog
from tui.keys.actions import actions_of
from tui.table.sample_table import SampleTable


class OrderActions(DeskBase):
    """What s, o and their relatives in the palette do."""

    # -- sorts -------------------------------------------------------------------------------

    def action_sort(self) -> None:
        """Choose a column."""
        now = self.session.view.shown.sort
        arrow = " (descending)" if now.descending else " (ascending)"
        choices = [
            (name, shown_name(name) + (arrow if name == now.column else ""))
            for name in sort_choices(self.session)
        ]

        self.choose("Sort by", choices, self._sort_by, now.column)

    def _sort_by(self, column: str) -> None:
        left = self.session.orders.current

        def sorted_(_shown: ShownRows) -> None:
            if left is not None:
                self.say(f"left the review order ({left}); {self.key('queue')} goes back to one")

        try:
            self._show_when_ready(self.session.view.sort_by(column), sorted_)
        except UsageError as error:
            self.say(str(error))

    def on_sample_table_header_clicked(self, event: SampleTable.HeaderClicked) -> None:
        """Sort by a column, or turn it round."""
        self._sort_by(event.column)

    # -- review orders -----------------------------------------------------------------------

    def action_queue(self) -> None:
        """Choose a review order."""
        orders = self.session.orders
        now = orders.current or ReviewOrder(OrderKind.FILE, self.table.order)
        check = orders.check
        said = "" if check is None else str(orders.result(check))
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
            self._show_when_ready(self.session.view.leave_order())
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
        orders = self.session.orders
        before = orders.current

        def place() -> int | None:
            self._told_end = True
            made = orders.current
            again = before is not None and made is not None and before.kind is made.kind
            return None if again else orders.first_open()

        def said(_shown: ShownRows) -> None:
            key, made = self.key("queue"), orders.current
            if made is not None:
                self.say(
                    f"{made}: {len(made.rows):,} rows, which stay in this order; "
                    f"{key} {key} makes it anew"
                )

        self._show_when_ready(self.session.view.show_order(make), said, place=place)

    # -- the spot check ----------------------------------------------------------------------

    def action_spot_check(self) -> None:
        """Go on with the spot check under way, or ask how many rows a new one takes."""
        orders = self.session.orders
        check = orders.check
        if check is None or not len(check.rows) or not orders.result(check).under_way:
            self._ask_check(str(spotcheck.ROWS))
            return

        def goes_on(_shown: ShownRows) -> None:
            result = orders.result(check)
            said = f"spot check of {len(check.rows):,} rows goes on: {result}"
            self.say(said, severity="warning" if result.stale else "information", timeout=8)

        self._show_check(orders.resume, goes_on)

    def _ask_check(self, text: str, error: TamisError | None = None) -> None:
        self.ask(
            "spot check, rows",
            "drawn from the rows kept by rule, scores hidden",
            self._draw_check,
            value=text,
            preview=self._preview_check,
            error=error,
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
        most = exact_interval(0, drawn, population)[1]
        return f"of {population:,} kept by rule; none bad: at most {most:.1%}"

    def _draw_check(self, text: str) -> None:
        rows = _rows(text)

        def drawn(_shown: ShownRows) -> None:
            check = self.session.orders.check
            seed = "" if check is None else f", seed {check.seed}"
            self.say(
                f"spot check{seed}: {self.key('accept')} sound, {self.key('reject')} bad; "
                "the share comes at the end",
                timeout=10,
            )

        draw = partial(self.session.orders.draw, rows)
        self._show_check(draw, drawn, failed=partial(self._ask_check, text))

    def _show_check(
        self,
        take: Callable[[], object],
        then: Callable[[ShownRows], None],
        failed: Callable[[TamisError], None] | None = None,
    ) -> None:
        """All rows of the check that `take` takes in hand, whatever the filter was."""

        def place() -> int | None:
            self._told_end = True
            return self.session.orders.first_open()

        asked = self.session.view.show_check(take)
        self._show_when_ready(asked, then, place=place, failed=failed)

    # -- how far it is -----------------------------------------------------------------------

    def _order_parts(self) -> list[str]:
        """The order in hand and how far it is; says so when its last row has been seen."""
        orders = self.session.orders
        order, progress = orders.current, orders.progress()
        if order is None or progress is None:
            return []
        if progress.seen < progress.rows:
            self._told_end = False
        elif not self._told_end:
            self._told_end = True
            self._say_end(order)
        if self._compact:
            return [f"{order.short} {progress.seen:,}/{progress.rows:,}"]
        return [f"{order.short}: {progress.seen:,} of {progress.rows:,} seen"]

    def _say_end(self, order: ReviewOrder) -> None:
        check = self.session.orders.check
        if order.kind is not OrderKind.SPOT_CHECK or check is None:
            self.say(f"{order}: all {len(order.rows):,} rows seen", timeout=10)
            return
        result = self.session.orders.result(check)
        self.say(f"spot check done: {result}", timeout=30)
        self._show_changed()


def _rows(text: str) -> int:
    try:
        rows = int(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise UsageError(f"not a number of rows: {text!r}", "type a number such as 100") from None
    spotcheck.check_rows(rows)
    return rows
