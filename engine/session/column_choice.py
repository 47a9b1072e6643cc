"""Which columns the table shows, in what order and how wide; remembered with the session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.session.settings import SessionSettings
from engine.session.table_columns import (
    COLUMNS,
    FIELD,
    Cell,
    Room,
    TableColumn,
    ViewedSession,
    column_named,
)

LEAST_CELLS, MOST_CELLS = 2, 200
"""Of a column that was given a width."""


@dataclass(frozen=True, slots=True)
class ChosenColumn:
    """A column of the table."""

    name: str
    cells: int = 0
    """Its width; 0: as it comes."""


DEFAULT = tuple(ChosenColumn(column.name) for column in COLUMNS.values() if not column.optional)
"""What is shown where nothing was chosen."""


class ColumnChoice:
    """See the module's docstring; one per session."""

    def __init__(self, session: ViewedSession, settings: SessionSettings) -> None:
        """What the last visit ended with; what the dataset has no more is left out."""
        self._session, self._settings = session, settings
        self.chosen: tuple[ChosenColumn, ...] = self._remembered()
        """Nothing: the default."""

    def set(self, chosen: Sequence[ChosenColumn]) -> None:
        """Show these, from left to right; none, or those of the default: the default."""
        self.chosen = () if tuple(chosen) == DEFAULT else tuple(chosen)
        self._settings.remember("columns", [[each.name, each.cells] for each in self.chosen])

    def columns(self) -> tuple[TableColumn, ...]:
        """The columns of the table."""
        if not self.chosen:
            return tuple(COLUMNS.values())
        named = ((each, column_named(self._session, each.name)) for each in self.chosen)
        return tuple(_sized(column, each.cells) for each, column in named if column is not None)

    def offered(self) -> list[str]:
        """All that can be chosen, tamis' own first."""
        session = self._session
        own = [column.name for column in COLUMNS.values() if column.offered(session)]
        return [*own, *(FIELD + name for name in session.other_columns.names)]

    def _remembered(self) -> tuple[ChosenColumn, ...]:
        kept = self._settings.get("columns")
        found = []
        for each in kept if isinstance(kept, list) else ():
            match each:
                case [str(name), int(cells)] if column_named(self._session, name) is not None:
                    found.append(ChosenColumn(name, min(max(cells, 0), MOST_CELLS)))
        return tuple(found)


def _sized(column: TableColumn, cells: int) -> TableColumn:
    """`column` as wide as was chosen, and there at all where it is none of the default."""
    if cells:
        return replace(column, width=lambda _room: cells, fixed=True)
    if column.optional:
        return replace(column, width=lambda _room: column.optional)
    return column


def cells_now(column: TableColumn, room: Room) -> int:
    """What a column takes if nobody says otherwise; 0 where that follows from the others."""
    return 0 if column.kind is Cell.TEXT else column.width(room) or column.optional
