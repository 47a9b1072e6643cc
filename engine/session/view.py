"""Which rows are shown, and in what order: sort, filter and review order, worked out in a thread.

Whoever changes one of them gets a future, and reads `shown` when it is done, or when `version` has
changed. Of several changes the newest holds; one that cannot be made leaves what was shown.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.errors import Cancelled, TamisError, UsageError
from engine.filter import parse_filter
from engine.review.decision import Verdict
from engine.review.review_orders import TELLING
from engine.session.matching import filter_names, read_filter, rows_matching, tells_scores
from engine.session.settings import SessionSettings
from engine.session.table_columns import (
    Sort,
    ViewedSession,
    column_named,
    reveals,
    rows_in_order,
)


@dataclass(frozen=True, slots=True, eq=False)
class ShownRows:
    """What is shown, and by which sort and filter."""

    rows: NDArray[np.int64]  # (shown,) row numbers
    sort: Sort = field(default_factory=Sort)
    """What holds while no review order is in hand."""
    filter_text: str = ""
    matching: NDArray[np.bool_] | None = None  # (rows,) rows of the filter; None: there is none
    left_out: str = ""
    """Why the filter of the last visit is not applied."""


class SessionView:
    """See the module's docstring; one per session."""

    def __init__(self, session: ViewedSession, settings: SessionSettings) -> None:
        """All rows in their own order, until `restore` or another change."""
        self._session, self._settings = session, settings
        self.shown = ShownRows(np.arange(session.dataset.rows, dtype=np.int64))
        """What holds now; replaced as a whole."""
        self.version = 0
        """Counts the changes of `shown`."""
        self._sort, self._filter_text = Sort(), ""
        """What was asked for last."""
        self._aside: tuple[Sort | None, str] = (None, "")
        """Sort and filter that were left when scores were hidden."""
        self._matched: tuple[str, tuple[object, ...], NDArray[np.bool_]] | None = None
        """The filter evaluated last, what its rows depend on, and its rows."""
        self._newest = 0
        self._lock = threading.Lock()
        self._thread = ThreadPoolExecutor(1, "view")
        self._asked: Future[ShownRows] | None = None

    @property
    def at_work(self) -> bool:
        """Whether a change is still being worked out."""
        return self._asked is not None and not self._asked.done()

    # -- changes -----------------------------------------------------------------------------

    def restore(self) -> Future[ShownRows] | None:
        """Show what the last visit ended with; a filter that cannot be applied is left out.

        Returns:
            None where that is all rows in their own order.
        """
        sort, text = self._settings.get("sort"), self._settings.get("filter")
        if isinstance(sort, list) and column_named(self._session, str(sort[0])) is not None:
            self._sort = Sort(str(sort[0]), bool(sort[1]))
        if self._session.blind:
            self._leave_telling()
        self._filter_text = text if isinstance(text, str) else ""
        ordered = self._sort != Sort() or self._session.orders.current is not None
        return self._ask(restores=True) if ordered or self._filter_text else None

    def sort_by(self, column: str) -> Future[ShownRows]:
        """Sort by a column, or turn its order round; the review order in hand is left.

        Raises:
            UsageError: the order would tell what is hidden while blind.
        """
        if self._session.blind and reveals(Sort(column)):
            raise UsageError(f"sorted by {column}, rows would tell what is hidden while blind")
        same = column == self._sort.column and self._session.orders.current is None
        return self._sort_so(Sort(column, same and not self._sort.descending))

    def leave_order(self) -> Future[ShownRows]:
        """Back from a review order to the rows' own."""
        return self._sort_so(Sort())

    def _sort_so(self, sort: Sort) -> Future[ShownRows]:
        self._sort = sort
        kept = [sort.column, sort.descending]
        return self._ask(
            self._session.orders.leave, then=lambda: self._settings.remember("sort", kept)
        )

    def filter_by(self, text: str) -> Future[ShownRows]:
        """Show the rows of a filter; an empty one shows all.

        Raises:
            FilterError: not understood, with the place.
            UsageError: it asks for what is hidden while blind.
        """
        self._filter_text = text = str(read_filter(self._session, text))
        return self._ask(then=lambda: self._settings.remember("filter", text))

    def show_order(self, take: Callable[[], object]) -> Future[ShownRows]:
        """Show the review order that `take` takes in hand; it is called in the thread."""
        return self._ask(take)

    def show_check(self, take: Callable[[], object]) -> Future[ShownRows]:
        """Show all rows of the spot check that `take` takes in hand, whatever the filter was."""
        if not self._filter_text:
            return self._ask(take)
        self._filter_text = ""
        return self._ask(take, then=lambda: self._settings.remember("filter", ""))

    def refresh(self) -> Future[ShownRows]:
        """Filter and sort as before, by scores and verdicts as they are now."""
        return self._ask()

    def hide_scores(self) -> tuple[list[str], Future[ShownRows] | None]:
        """Leave what would tell scores by the rows shown or their order.

        Sort and filter come back with the scores; the review order is made anew by whoever wants
        it.

        Returns:
            What was left, in words, and the change; None where there was nothing to leave.
        """
        left = self._leave_telling()
        text, names = self._filter_text, filter_names(self._session)
        if text and tells_scores(parse_filter(text, names)):
            self._filter_text = ""
            self._aside = self._aside[0], text
            left.append("the filter")
        return left, self._ask() if left else None

    def _leave_telling(self) -> list[str]:
        """Leave an order that tells scores; what that was, in words."""
        order, sort = self._session.orders.current, self._sort
        left = []
        if order is not None and order.kind in TELLING:
            self._session.orders.leave()
            left.append(f"the review order ({order})")
        self._aside = None, ""
        if reveals(sort):
            self._aside, self._sort = (sort, ""), Sort()
            left.append(f"the sort ({sort})")
        return left

    def show_scores(self) -> Future[ShownRows] | None:
        """Sort and filter as before scores were hidden, where nothing has taken their place."""
        (sort, text), self._aside = self._aside, (None, "")
        if sort is not None and self._sort == Sort():
            self._sort = sort
        if text and not self._filter_text:
            self._filter_text = text
        return self._ask() if sort is not None or text else None

    def cancel(self) -> None:
        """Let what is shown stay, whatever was asked for."""
        with self._lock:
            self._newest += 1
            self._sort, self._filter_text = self.shown.sort, self.shown.filter_text
        self._asked = None

    def stop(self) -> None:
        """Work out nothing any more; waits for the thread."""
        self.cancel()
        self._thread.shutdown(cancel_futures=True)

    # -- working it out ----------------------------------------------------------------------

    def count(self, text: str, cancelled: Callable[[], bool]) -> NDArray[np.bool_]:
        """The rows that a filter would show, from any thread.  (rows,).

        Raises:
            FilterError: not understood, with the place.
            UsageError: what it asks for is not known yet, or hidden while blind.
            Cancelled: `cancelled` said so.
        """
        session = self._session
        basis = (
            id(session.board), session.board.version, session.review.version,
            session.duplicates.version, session.side, session.threshold, session.blind,
        )  # fmt: skip
        known = self._matched
        if known is None or known[:2] != (text, basis):
            chosen, matching = rows_matching(session, text, cancelled)
            known = self._matched = str(chosen), basis, matching
        return known[2]

    def _ask(
        self,
        first: Callable[[], object] | None = None,
        *,
        then: Callable[[], None] | None = None,
        restores: bool = False,
    ) -> Future[ShownRows]:
        with self._lock:
            self._newest += 1
            number, sort, text = self._newest, self._sort, self._filter_text

        def cancelled() -> bool:
            return number != self._newest

        def work() -> ShownRows:
            try:
                if cancelled():
                    raise Cancelled
                if first is not None:
                    first()
                shown = self._evaluated(sort, text, cancelled, restores=restores)
            except TamisError:
                with self._lock:
                    if not cancelled():
                        self._sort, self._filter_text = self.shown.sort, self.shown.filter_text
                raise
            with self._lock:
                if cancelled():
                    raise Cancelled
                self.shown, self._filter_text = shown, shown.filter_text
                self.version += 1
            if then is not None:
                then()
            return shown

        self._asked = self._thread.submit(work)
        return self._asked

    def _evaluated(
        self, sort: Sort, text: str, cancelled: Callable[[], bool], *, restores: bool
    ) -> ShownRows:
        matching, left_out = None, ""
        if text:
            try:
                matching = self.count(text, cancelled)
            except Cancelled:
                raise
            except TamisError as error:
                if not restores:
                    raise
                text, left_out = "", str(error)
        order = self._session.orders.current
        if order is None:
            rows = rows_in_order(self._session, sort, matching, cancelled)
        else:
            rows = order.rows if matching is None else order.rows[matching[order.rows]]
        return ShownRows(rows, sort, text, matching, left_out)


def undecided_line(
    session: ViewedSession, order: NDArray[np.int64], line: int, step: int
) -> int | None:
    """The next line of a view whose row has no verdict, wrapping around; None where all have.

    Args:
        session: whose verdicts.
        order: row numbers of the view.  (shown,)
        line: to go on from; it comes last itself.
        step: 1 forwards, -1 backwards.
    """
    undecided = (session.verdicts == Verdict.UNDECIDED) & ~session.dataset.broken
    lines = np.flatnonzero(undecided[order])
    if not len(lines):
        return None
    if step > 0:
        place = int(np.searchsorted(lines, line, side="right"))
    else:
        place = int(np.searchsorted(lines, line, side="left")) - 1
    return int(lines[place % len(lines)])
