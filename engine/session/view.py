"""Which rows of a session are shown, and in what order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.filter import ANY, Filter, Mark, Names, Number, NumberTerm, parse_filter
from engine.filter.terms import State, StateTerm, Term
from engine.filter.tree import AllOf, AnyOf, Not
from engine.review.decision import Verdict
from engine.review.policy import Outcomes
from engine.sample import Side
from engine.session.annotations import ADJUDICATED, OPEN
from engine.session.session import Session
from engine.session.sort_order import Column, Sort, by_number, by_text


class SessionView:
    """A session as a filter sees it at one moment; columns are made when they are asked for."""

    def __init__(self, session: Session, cancelled: Callable[[], bool] | None = None) -> None:
        """Look at `session`.

        Args:
            session: whose rows.
            cancelled: whether the answer is not wanted any more.
        """
        self._session = session
        self._cancelled = cancelled
        self._outcomes: Outcomes | None = None
        dataset, board = session.dataset, session.board
        self.rows = dataset.rows
        self.texts: pl.DataFrame = session.edits.texts
        self.scores: NDArray[np.float32] = session.shown(board.scores)
        self.failed: NDArray[np.bool_] = session.failed
        self.verdicts: NDArray[np.int8] = session.verdicts
        self.lengths: NDArray[np.int32] = dataset.lengths
        self.tokens: NDArray[np.int32] = board.tokens
        self.broken: NDArray[np.bool_] = dataset.broken
        self.remarked: NDArray[np.bool_] = dataset.remarked
        self.before: NDArray[np.float32] = session.shown(session.scoring.before)
        self.side: Side = session.side

    @property
    def outcomes(self) -> Outcomes:
        """Of every row, worked out once."""
        if self._outcomes is None:
            self._outcomes = self._session.outcomes()
        return self._outcomes

    @property
    def words(self) -> NDArray[np.int32]:
        """Words of every row, counted when they are first asked for."""
        return self._session.dataset.words

    def column(self, name: str) -> pl.Series:
        """An original column of the dataset."""
        return self._session.dataset.column(name, self._cancelled)

    def cancelled(self) -> bool:
        """Whether the answer is not wanted any more."""
        return self._cancelled is not None and self._cancelled()

    def marked(self, mark: Mark, name: str) -> NDArray[np.bool_]:
        """Which rows carry a mark of that name, or of any.  (rows,)."""
        match mark:
            case Mark.CLUSTER:
                return self._clustered(name)
            case Mark.NOTE:
                return self._session.annotations.with_note(name)
            case Mark.REASON:
                return self._session.annotations.with_reason(name)
            case Mark.TAG:
                return self._session.annotations.with_tag(name)
            case Mark.CONFLICT:
                return self._session.annotations.in_conflict(name)

    def _clustered(self, name: str) -> NDArray[np.bool_]:
        clusters = self._session.duplicates.clusters
        if clusters is None:
            raise UsageError(
                "filter: clusters are not known yet", "find duplicates first, then filter by them"
            )
        label = clusters.label
        if name == ANY:
            return np.asarray(label >= 0)
        if not name.isdecimal():
            raise UsageError("filter: a cluster is cluster:any or cluster:NUMBER")
        return np.asarray(label == int(name))


def filter_names(session: Session) -> Names:
    """What can be named in a filter of this session."""
    remarks = session.annotations
    reasons = dict.fromkeys((*remarks.reasons, *remarks.counts().reject_reasons))
    marks = {
        Mark.REASON: list(reasons),
        Mark.TAG: list(session.review.tag_counts()),
        Mark.CONFLICT: [OPEN, ADJUDICATED],
    }
    return Names(session.dataset.all_column_names, marks)


def rows_matching(
    session: Session, text: str, cancelled: Callable[[], bool] | None = None
) -> tuple[Filter, NDArray[np.bool_]]:
    """A filter, and the rows it lets through. Safe to call from another thread.

    Raises:
        FilterError: not understood, with the place.
        UsageError: what it asks for is not known yet, or hidden while blind.
        Cancelled: `cancelled` said so.
    """
    chosen = parse_filter(text, filter_names(session))
    if session.blind and tells_scores(chosen):
        raise UsageError(
            "filter: scores and what the rules say are hidden while blind",
            "filter by verdict, text, note, tag or column",
        )
    return chosen, chosen.rows(SessionView(session, cancelled))


def tells_scores(term: Term | Filter) -> bool:
    """Whether the rows of a filter tell their scores, or what the rules make of them."""
    match term:
        case Filter(terms=terms) | AllOf(terms=terms) | AnyOf(terms=terms):
            return any(map(tells_scores, terms))
        case Not(term=inner):
            return tells_scores(inner)
        case NumberTerm(number=number):
            return number in (Number.SCORE, Number.MARGIN, Number.BEFORE)
        case StateTerm(state=state):
            return state in (State.KEPT, State.DROPPED, State.PENDING, State.FAILED)
    return False


TELLING_COLUMNS = frozenset(
    {Column.SCORE, Column.REJECTED_SCORE, Column.MARGIN, Column.BEFORE, Column.STATE}
)
"""Columns whose order tells scores, or what the rules make of them."""


def rows_shown(
    session: Session, sort: Sort, matching: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """The review order in hand, else the sort; of the rows of the filter only.

    Args:
        session: whose rows.
        sort: what holds while no review order does.
        matching: rows of the filter; None shows all.  (rows,)

    Returns:
        (shown,) row numbers.
    """
    order = session.orders.current
    if order is None:
        return rows_in_order(session, sort, matching)
    return order.rows if matching is None else order.rows[matching[order.rows]]


def rows_in_order(
    session: Session, sort: Sort, matching: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Row numbers as the table shows them.

    Args:
        session: whose rows.
        sort: column and direction; rows stay in their own order where it tells scores that are
            hidden while blind.
        matching: rows of the filter; None shows all.  (rows,)

    Returns:
        (shown,) row numbers.
    """
    hidden = session.blind and sort.column in TELLING_COLUMNS
    order = _sorted(session, Sort() if hidden else sort)
    return order if matching is None else order[matching[order]]


def _sorted(session: Session, sort: Sort) -> NDArray[np.int64]:
    dataset, down = session.dataset, sort.descending
    numbers: dict[Column, Callable[[], NDArray[np.generic]]] = {
        Column.STATE: lambda: session.verdicts * 3 + session.outcomes().outcome,
        Column.SCORE: lambda: session.shown(session.scores),
        Column.REJECTED_SCORE: lambda: session.shown(session.board.scores[-1]),
        Column.MARGIN: lambda: session.shown(session.scoring.margin()),
        Column.BEFORE: lambda: session.shown(session.scoring.before),
        Column.CLUSTER: session.clusters.by_cluster,
        Column.TOKENS: lambda: session.board.tokens,
        Column.PROBLEM: lambda: -(dataset.broken * 2 + dataset.remarked),
    }
    if sort.column is Column.ROW:
        rows = np.arange(dataset.rows, dtype=np.int64)
        return rows[::-1] if down else rows
    if sort.column in numbers:
        return by_number(numbers[sort.column](), descending=down)
    return by_text(session.edits.texts[sort.column.value], descending=down)


def undecided_line(session: Session, order: NDArray[np.int64], line: int, step: int) -> int | None:
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
