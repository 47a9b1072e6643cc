"""Which rows of a session a filter lets through."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Origin
from engine.errors import UsageError
from engine.filter import ANY, NO, YES, Filter, Mark, Names, Number, NumberTerm, parse_filter
from engine.filter.terms import RowStatus, StateTerm, Term
from engine.filter.tree import AllOf, AnyOf, Not
from engine.review.policy import Outcomes
from engine.session.annotations import ADJUDICATED, OPEN
from engine.session.table_columns import ViewedSession


class FilteredSession:
    """A session as a filter sees it at one moment; columns are made when they are asked for."""

    def __init__(self, session: ViewedSession, cancelled: Callable[[], bool] | None = None) -> None:
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
        self.texts = session.edits.texts
        self.scores = session.shown(board.scores)
        self.failed = session.failed
        self.verdicts = session.verdicts
        self.lengths = dataset.lengths
        self.tokens = session.scoring.tokens
        self.broken = dataset.broken
        self.remarked = dataset.remarked
        self.before = session.shown(session.scoring.before)
        self.side = session.side

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
            case Mark.SPLIT | Mark.CONFIG | Mark.FILE:
                origin = self._session.dataset.origin(Origin(mark.removeprefix("@")))
                found = origin.is_not_null() if name == ANY else origin.eq_missing(name)
                return np.asarray(found.to_numpy(), np.bool_)
            case Mark.CUT:
                cut = self._session.scoring.cut
                return cut if name in (YES, ANY) else ~cut

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


def filter_names(session: ViewedSession) -> Names:
    """What can be named in a filter of this session."""
    remarks = session.annotations
    reasons = dict.fromkeys((*remarks.reasons, *remarks.counts().reject_reasons))
    marks = {
        Mark.REASON: list(reasons),
        Mark.TAG: list(session.review.tag_counts()),
        Mark.CONFLICT: [OPEN, ADJUDICATED],
        Mark.CUT: [YES, NO],
        Mark.SPLIT: list(session.dataset.splits),
        Mark.CONFIG: list(session.dataset.configs),
        Mark.FILE: list(session.dataset.origin(Origin.FILE, session.dataset.first_rows)),
    }
    return Names(session.other_columns.all_names, marks, session.frequent_values.get)


def read_filter(session: ViewedSession, text: str) -> Filter:
    """A filter as typed, before any row is looked at.

    Raises:
        FilterError: not understood, with the place.
        UsageError: it asks for what is hidden while blind.
    """
    chosen = parse_filter(text, filter_names(session))
    if session.blind and tells_scores(chosen):
        raise UsageError(
            "filter: scores and what the rules say are hidden while blind",
            "filter by verdict, text, note, tag or column",
        )
    return chosen


def rows_matching(
    session: ViewedSession, text: str, cancelled: Callable[[], bool] | None = None
) -> tuple[Filter, NDArray[np.bool_]]:
    """A filter, and the rows it lets through. Safe to call from another thread.

    Raises:
        FilterError: not understood, with the place.
        UsageError: what it asks for is not known yet, or hidden while blind.
        Cancelled: `cancelled` said so.
    """
    chosen = read_filter(session, text)
    return chosen, chosen.rows(FilteredSession(session, cancelled))


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
            return state in (RowStatus.KEPT, RowStatus.DROPPED, RowStatus.PENDING, RowStatus.FAILED)
    return False
