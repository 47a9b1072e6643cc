"""What the table asks of whoever has the rows, a line at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.session.table_columns import Room, TableColumn, Value
from tui.terminal.display import RowState


@dataclass(frozen=True, slots=True)
class RowMarks:
    """What changes about a row while it is reviewed: all of a line but its texts."""

    state: RowState
    values: tuple[Value, ...] = ()
    """What the columns that were asked for show; None is blank."""
    skipped: bool = False
    problem: bool = False
    noted: bool = False
    tagged: bool = False
    edited: bool = False
    reason: str = ""
    """The digit of the reason of a rejection."""


class RowSource(Protocol):
    """Where the table gets its rows; asked only for the lines that are drawn."""

    @property
    def rows(self) -> int:
        """Rows of the dataset."""
        ...

    @property
    def score_range(self) -> tuple[float, float] | None:
        """The scores that an empty and a full bar stand for; None while there are none."""
        ...

    def room(self, cells: int) -> Room:
        """What the widths of the columns depend on, in a table of so many cells."""
        ...

    def marks(self, row: int, columns: Sequence[TableColumn]) -> RowMarks:
        """The state of one row as of now, with what `columns` show of it."""
        ...

    def text(self, row: int, column: TableColumn) -> str:
        """What a text column shows of one row; raw text from the dataset."""
        ...
