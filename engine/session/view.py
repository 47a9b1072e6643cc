"""Which rows of a session are shown, and in what order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.filter import Filter, FilterView, parse_filter
from engine.order import Column, Sort, by_number, by_text
from engine.session.session import Session


def rows_matching(session: Session, text: str) -> tuple[Filter, NDArray[np.bool_]]:
    """A filter, and the rows it lets through.

    Raises:
        UsageError: not understood, with the place.
    """
    chosen = parse_filter(text)
    return chosen, chosen.rows(_filter_view(session))


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
    queue = session.queues.current
    if queue is None:
        return rows_in_order(session, sort, matching)
    return queue.rows if matching is None else queue.rows[matching[queue.rows]]


def rows_in_order(
    session: Session, sort: Sort, matching: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Row numbers as the table shows them.

    Args:
        session: whose rows.
        sort: column and direction.
        matching: rows of the filter; None shows all.  (rows,)

    Returns:
        (shown,) row numbers.
    """
    order = _sorted(session, sort)
    return order if matching is None else order[matching[order]]


def _filter_view(session: Session) -> FilterView:
    """What a filter is evaluated against, as it stands now."""
    dataset, board = session.dataset, session.board
    return FilterView(
        texts=dataset.texts,
        scores=session.shown(board.scores),
        failed=session.failed,
        verdicts=session.verdicts,
        outcomes=session.outcomes(),
        lengths=dataset.lengths,
        tokens=board.tokens,
        broken=dataset.broken,
        remarked=dataset.remarked,
        side=session.side,
        before=session.shown(session.scoring.before),
    )


def _sorted(session: Session, sort: Sort) -> NDArray[np.int64]:
    dataset, down = session.dataset, sort.descending
    numbers: dict[Column, Callable[[], NDArray[np.generic]]] = {
        Column.STATE: lambda: session.verdicts * 3 + session.outcomes().outcome,
        Column.SCORE: lambda: session.shown(session.scores),
        Column.REJECTED_SCORE: lambda: session.shown(session.board.scores[-1]),
        Column.MARGIN: lambda: session.shown(session.scoring.margin()),
        Column.BEFORE: lambda: session.shown(session.scoring.before),
        Column.TOKENS: lambda: session.board.tokens,
        Column.PROBLEM: lambda: -(dataset.broken * 2 + dataset.remarked),
    }
    if sort.column is Column.ROW:
        rows = np.arange(dataset.rows, dtype=np.int64)
        return rows[::-1] if down else rows
    if sort.column in numbers:
        return by_number(numbers[sort.column](), descending=down)
    return by_text(dataset.texts[sort.column.value], descending=down)
