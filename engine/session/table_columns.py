"""The columns of the sample table, one row each: what a cell shows, its width, how it sorts.

A row added to `COLUMNS` is shown, can be sorted by, and is hidden where scores are: no other
module knows the columns by name. What a cell looks like is the screen's affair; a column only
says what kind of thing its cells hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset, Origin
from engine.dataset.nested import has_column, sortable
from engine.review.policy import Outcomes
from engine.review.review import Review
from engine.sample import TURNS_APART, Family, Role, Side
from engine.scoring.worker.board import ScoreBoard
from engine.session.annotations import Annotations
from engine.session.cluster_review import ClusterReview
from engine.session.duplication import Duplicates
from engine.session.edits import Edits
from engine.session.live_scoring import LiveScoring
from engine.session.orders import ReviewOrders
from engine.session.other_columns import FrequentValues, OtherColumns, cell_text


class ViewedSession(Protocol):
    """The part of a session that its columns, its filter and its view look at."""

    dataset: Dataset
    other_columns: OtherColumns
    frequent_values: FrequentValues
    sides: int
    edits: Edits
    scoring: LiveScoring
    review: Review
    annotations: Annotations
    duplicates: Duplicates
    clusters: ClusterReview
    orders: ReviewOrders

    @property
    def board(self) -> ScoreBoard:
        """Scores, failures and tokens of both sides."""
        ...

    @property
    def side(self) -> Side:
        """The side under review."""
        ...

    @property
    def scores(self) -> NDArray[np.float32]:
        """Of the side under review.  (rows,)."""
        ...

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Of the side under review.  (rows,)."""
        ...

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """Of the side under review.  (rows,)."""
        ...

    @property
    def copies(self) -> NDArray[np.int32]:
        """How often an export writes each row.  (rows,)."""
        ...

    @property
    def threshold(self) -> object:
        """The one that decides now."""
        ...

    @property
    def blind(self) -> bool:
        """Whether scores are hidden."""
        ...

    def shown(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """`scores` without those of a spot check under way."""
        ...

    def outcomes(self) -> Outcomes:
        """Of every row."""
        ...


class Cell(StrEnum):
    """What the cells of a column hold, by which the screen knows how to draw them."""

    ROW = "row"
    """The number of the row."""
    STATE = "state"
    """The sign of who decided what, which the screen knows itself."""
    SCORE = "score"
    """A score, or in words why there is none."""
    NUMBER = "number"
    BAR = "bar"
    """A score as its share of the range of all scores."""
    MARK = "mark"
    """A few characters."""
    TEXT = "text"
    """Text of any length; the text columns share the cells that the others leave."""
    COUNT = "count"
    """A number that is counted, or, as text, one that is estimated."""
    FIELD = "field"
    """The start of a text from the dataset, in a width of its own."""
    FIGURE = "figure"
    """The same of a number."""
    SIGNS = "signs"
    """Whether the row has a problem, an edit, a note or a tag, which the screen knows itself."""


Value = float | str | None
"""What a cell shows; None and NaN leave it blank."""


@dataclass(frozen=True, slots=True)
class Room:
    """What the widths of columns depend on."""

    cells: int
    """Of the whole table."""
    rows: int
    sides: int = 1
    clusters: int = 0
    boosts: bool = False
    """Whether an export writes any row more than once."""


def _nothing(_session: ViewedSession, _row: int) -> Value:
    return None


def _always(_session: ViewedSession) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of the sample table."""

    name: str
    """What a sort by it is called, on screen and in the session file."""
    title: str
    kind: Cell
    width: Callable[[Room], int]
    """Its cells, of a text its share of what is left; 0 leaves the column out."""
    value: Callable[[ViewedSession, int], Value] = _nothing
    """What the cell of a row shows."""
    sort_key: Callable[[ViewedSession], NDArray[Any] | pl.Series] | None = None
    """What rows are sorted by, numbers or texts; None: not by this column.  (rows,)."""
    reveals: bool = False
    """Whether cells and order tell scores, or what the rules make of them: hidden while blind."""
    side_title: str = ""
    """The title for preference data, where it is another."""
    offered: Callable[[ViewedSession], bool] = _always
    """Whether this session has anything to sort by."""
    optional: int = 0
    """Its cells where a person chose it; by default it is not shown."""
    fixed: bool = False
    """Whether a text takes its width and no share of what is left."""


SCORE_CELLS = 7

BOOST_CELLS = 4
"""A blank, the sign, and a number of up to two digits; three are cut."""

LEAST_CLUSTER_CELLS = 5
"""The column's title has so many."""

REJECTED_FROM_CELLS = 144
"""In a narrower table three texts are too little of each."""


def _cells(cells: int) -> Callable[[Room], int]:
    return lambda _room: cells


def _of_sides(cells: int) -> Callable[[Room], int]:
    return lambda room: cells if room.sides == 2 else 0


def _bar_cells(room: Room) -> int:
    if room.cells < (110 if room.sides == 2 else 70):
        return 0
    return 4 if room.cells < 100 else 8


def _cluster_cells(room: Room) -> int:
    if not room.clusters and not room.boosts:
        return 0
    numbers = len(str(room.clusters)) + 1 if room.clusters else 0
    return max(numbers + (BOOST_CELLS if room.boosts else 0), LEAST_CLUSTER_CELLS)


def _chosen_score(session: ViewedSession, row: int) -> float:
    return float(session.board.scores[0, row])


def _rejected_score(session: ViewedSession, row: int) -> float:
    return float(session.board.scores[-1, row])


def _score_before(session: ViewedSession, row: int) -> float:
    return float(session.scoring.before[row])


def _cluster(session: ViewedSession, row: int) -> str:
    """The number of its cluster, and how often it is exported where that is not once."""
    cluster, copies = session.clusters.whole_of(row), int(session.copies[row])
    words = [f"≈{cluster}"] if cluster >= 0 else []
    return " ".join([*words, f"\u00d7{copies}"] if copies > 1 else words)


def _prompt(session: ViewedSession, row: int) -> str:
    """The prompt, or in its place what is known of a row that has none."""
    dataset = session.dataset
    if dataset.broken[row]:
        return dataset.problem(row)
    if dataset.family is Family.OTHER:
        record = dataset.record(row)
        return "   ".join(f"{name} = {str(value)[:200]}" for name, value in record.items())
    text = session.edits.texts["prompt"][row] or ""
    return text if dataset.family in ONE_TURN else last_asked(text)


ONE_TURN = (Family.PROMPT, Family.TEXT, Family.OTHER)
"""Families whose prompts are a text, whatever it begins with."""

_TURN = re.compile(rf"(?:\A|{TURNS_APART})({'|'.join([*Role, 'tools'])}): ")
_ASKED = f"{TURNS_APART}{Role.USER}: "


def last_asked(prompt: str) -> str:
    """The last user turn of a prompt of several turns, which begins with the role of its first.

    A system prompt is the same in every row: in a column it tells nothing.
    """
    if _TURN.match(prompt) is None:
        return prompt
    start = prompt.rfind(_ASKED)
    if start >= 0:
        start += len(_ASKED)
    elif prompt.startswith(f"{Role.USER}: "):
        start = len(f"{Role.USER}: ")
    else:
        return prompt
    following = _TURN.search(prompt, start)
    return prompt[start : following.start() if following else None]


def _answer(name: str) -> Callable[[ViewedSession, int], str]:
    def text(session: ViewedSession, row: int) -> str:
        dataset = session.dataset
        unknown = dataset.broken[row] or dataset.family is Family.OTHER
        return "" if unknown else session.edits.texts[name][row] or ""

    return text


def _length(session: ViewedSession, row: int) -> Value:
    """Tokens of the side under review, as text where they are an estimate."""
    tokens = int(session.scoring.tokens[row])
    return str(tokens) if session.scoring.is_estimated(row) else tokens


def _origin(of: Origin, session: ViewedSession, row: int) -> Value:
    """Where a row comes from."""
    found: str | None = session.dataset.origin(of, np.array([row]))[0]
    return found


def _origins(of: Origin, session: ViewedSession) -> pl.Series:
    return session.dataset.origin(of)


def _is_told(of: Origin, session: ViewedSession) -> bool:
    """Whether rows differ in where they come from."""
    dataset = session.dataset
    if of is Origin.FILE:
        return len(dataset.files) > 1
    return bool(dataset.splits if of is Origin.SPLIT else dataset.configs)


def _tokens_read(session: ViewedSession) -> NDArray[np.int32]:
    """Tokens that the scorer read of the side under review.  (rows,)."""
    read, tokens = session.board.read[session.scoring.side_index], session.scoring.tokens
    return np.where(read > 0, read, tokens)


def _read(session: ViewedSession, row: int) -> Value:
    """The same of one row, where it is less than the whole."""
    read = int(session.board.read[session.scoring.side_index, row])
    return read or None


def _has_sides(session: ViewedSession) -> bool:
    return session.sides == 2


COLUMNS: dict[str, TableColumn] = {
    column.name: column
    for column in (
        TableColumn(
            "row", "row", Cell.ROW, lambda room: max(3, len(str(max(room.rows - 1, 0)))),
            sort_key=lambda session: np.arange(session.dataset.rows),
        ),
        TableColumn(
            "state", "", Cell.STATE, _cells(2), reveals=True,
            sort_key=lambda session: session.verdicts * 3 + session.outcomes().outcome,
        ),
        TableColumn(
            "score", "score", Cell.SCORE, _cells(SCORE_CELLS), _chosen_score, reveals=True,
            sort_key=lambda session: session.shown(session.scores), side_title="chosen",
        ),
        TableColumn(
            "rejected score", "reject", Cell.NUMBER, _of_sides(SCORE_CELLS), _rejected_score,
            sort_key=lambda session: session.shown(session.board.scores[-1]), reveals=True,
            offered=_has_sides,
        ),
        TableColumn(
            "margin", "margin", Cell.NUMBER, _of_sides(SCORE_CELLS),
            lambda session, row: _chosen_score(session, row) - _rejected_score(session, row),
            lambda session: session.shown(session.scoring.margin()), reveals=True,
            offered=_has_sides,
        ),
        TableColumn("bar", "", Cell.BAR, _bar_cells, _chosen_score, reveals=True),
        TableColumn(
            "score before", "before", Cell.NUMBER, _cells(0), _score_before, reveals=True,
            optional=SCORE_CELLS,
            sort_key=lambda session: session.shown(session.scoring.before),
            offered=lambda session: bool(session.scoring.before_label),
        ),
        TableColumn(
            "cluster", "alike", Cell.MARK, _cluster_cells, _cluster,
            lambda session: session.clusters.by_cluster(),
            offered=lambda session: session.clusters.whole is not None,
        ),
        TableColumn(
            "prompt", "prompt", Cell.TEXT, _cells(42), _prompt,
            lambda session: session.edits.texts["prompt"],
        ),
        TableColumn(
            "response", "response", Cell.TEXT, _cells(58), _answer("response"),
            lambda session: session.edits.texts["response"], side_title="chosen",
        ),
        TableColumn(
            "rejected", "rejected", Cell.TEXT,
            lambda room: 58 if room.sides == 2 and room.cells >= REJECTED_FROM_CELLS else 0,
            _answer("rejected"), lambda session: session.edits.texts["rejected"],
            offered=_has_sides,
        ),
        TableColumn(
            "tokens", "tokens", Cell.COUNT, lambda room: 6 if room.cells >= 60 else 0,
            _length,
            lambda session: session.scoring.tokens,
        ),
        TableColumn(
            "read", "read", Cell.COUNT, _cells(0), _read, _tokens_read, optional=6,
            offered=lambda session: bool(session.scoring.cut.any()),
        ),
        *(
            TableColumn(
                f"@{of.value}", of.value, Cell.FIELD, _cells(0), partial(_origin, of),
                partial(_origins, of), offered=partial(_is_told, of), optional=12,
            )
            for of in Origin
        ),
        TableColumn(
            "problem", "", Cell.SIGNS, _cells(2),
            sort_key=lambda session: -(session.dataset.broken * 2 + session.dataset.remarked),
        ),
    )
}  # fmt: skip
"""Every column by its name, from left to right."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A column and its direction."""

    column: str = "row"
    descending: bool = False

    def __str__(self) -> str:
        return f"{shown_name(self.column)} {'descending' if self.descending else 'ascending'}"


FIELD = "column:"
"""What the name of a column of the dataset begins with, so that it is none of tamis' own."""


def shown_name(name: str) -> str:
    """A column as people know it."""
    return name.removeprefix(FIELD)


def column_named(session: ViewedSession, name: str) -> TableColumn | None:
    """One of tamis' own columns, or `column:NAME` of the dataset; None where there is none such."""
    if not name.startswith(FIELD):
        return COLUMNS.get(name)
    own = name.removeprefix(FIELD)
    if not has_column(session.dataset.all_column_names, own):
        return None
    looks = session.other_columns.looks(own)
    cells = max(looks.cells, min(len(own), MOST_TITLE_CELLS))
    return TableColumn(
        name, own, Cell.FIGURE if looks.is_number else Cell.FIELD, lambda _room: cells,
        lambda session, row: cell_text(session.other_columns.value(row, own)),
        lambda session: sortable(session.dataset.column(own)),
    )  # fmt: skip


MOST_TITLE_CELLS = 12
"""A longer name does not make its column wider than its values."""


def reveals(sort: Sort) -> bool:
    """Whether rows in this order tell scores, or what the rules make of them."""
    return sort.column in COLUMNS and COLUMNS[sort.column].reveals


def sort_choices(session: ViewedSession) -> list[str]:
    """The columns that rows can be sorted by now: tamis' own, then those of the dataset."""
    own = [
        column.name
        for column in COLUMNS.values()
        if column.sort_key and column.offered(session) and not (session.blind and column.reveals)
    ]
    return [*own, *(FIELD + name for name in session.other_columns.names)]


def rows_in_order(
    session: ViewedSession,
    sort: Sort,
    matching: NDArray[np.bool_] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> NDArray[np.int64]:
    """Row numbers in the order of a sort: stable, and what has no value last in both directions.

    So a row that is still being scored never comes between the worst and the best.

    Args:
        session: whose rows.
        sort: column and direction; rows stay in their own order where it tells scores that are
            hidden while blind.
        matching: rows of the filter; None shows all.  (rows,)
        cancelled: whether the answer is not wanted any more; a column may have to be read.

    Returns:
        (shown,) row numbers.

    Raises:
        InputError: a column cannot be read any more.
        Cancelled: `cancelled` said so.
    """
    sort = Sort() if session.blind and reveals(sort) else sort
    order = np.arange(session.dataset.rows, dtype=np.int64)
    column = column_named(session, sort.column)
    key = None if column is None else column.sort_key
    if sort.column.startswith(FIELD):
        values = session.dataset.column(shown_name(sort.column), cancelled)
        order = _sorted(sortable(values), descending=sort.descending)
    elif sort.column == "row" or key is None:
        order = order[::-1] if sort.descending else order
    else:
        order = _sorted(key(session), descending=sort.descending)
    return order if matching is None else order[matching[order]]


def _sorted(values: NDArray[Any] | pl.Series, *, descending: bool) -> NDArray[np.int64]:
    """Row numbers in the order of numbers, or of texts by code points.  (rows,) -> (rows,)."""
    if isinstance(values, pl.Series):
        frame = pl.DataFrame({"value": values}).with_row_index("row")
        ordered = frame.sort("value", descending=descending, nulls_last=True, maintain_order=True)
        return ordered["row"].to_numpy().astype(np.int64)
    keys = values.astype(np.float64)
    return np.argsort(-keys if descending else keys, kind="stable")
