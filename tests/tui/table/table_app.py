"""A table of made-up samples, alone on the screen; also started as a program through a pty."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

import themes
from engine.session.table_columns import Cell, Room, TableColumn, Value
from tui.table.row_source import RowMarks
from tui.table.sample_table import SampleTable
from tui.terminal.display import UNICODE_GLYPHS, Glyphs, RowState
from tui.theme import DEFAULT_THEME, load_themes, variable_defaults

BASE_CSS = str(Path(themes.__file__).with_name("base.tcss"))

WORDS = ("Describe", "the", "structure", "of", "an", "atom", "and", "how", "it", "was", "found")


class FakeRows:
    """Rows made up as they are asked for; remembers which were."""

    def __init__(self, rows: int, *, has_sides: bool = False) -> None:
        self.rows = rows
        self.sides = 2 if has_sides else 1
        self.score_range: tuple[float, float] | None = (-3.0, 3.0)
        self.scores = np.sin(np.arange(rows)) * 3  # (rows,)
        self.states: dict[int, RowState] = {}
        self.own_texts: dict[int, tuple[str, str]] = {}
        """Prompt and response of some rows."""
        self.asked: list[int] = []

    def room(self, cells: int) -> Room:
        """For these rows."""
        return Room(cells, self.rows, self.sides)

    def marks(self, row: int, columns: Sequence[TableColumn]) -> RowMarks:
        """Kept above zero, unless a test says otherwise."""
        score = float(self.scores[row])
        by_rule = RowState.KEPT if score >= 0 else RowState.DROPPED
        state = self.states.get(row, RowState.PENDING if math.isnan(score) else by_rule)
        values: dict[str, Value] = {"tokens": row % 1000}
        if not math.isnan(score):
            values |= {"score": score, "bar": score, "rejected score": score - 0.5, "margin": 0.5}
        return RowMarks(state, tuple(values.get(column.name) for column in columns))

    def text(self, row: int, column: TableColumn) -> str:
        """As long as real ones."""
        assert column.kind is Cell.TEXT
        self.asked.append(row)
        text = " ".join(WORDS[(row + i) % len(WORDS)] for i in range(30))
        prompt, response = self.own_texts.get(row, (f"prompt {row} {text}", text))
        return prompt if column.name == "prompt" else response


class ThemedApp(App[None]):
    """An app with tamis' themes and style sheet."""

    CSS_PATH = BASE_CSS
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, theme: str = DEFAULT_THEME) -> None:
        super().__init__()
        for known in load_themes(Path("no such folder")).themes.values():
            self.register_theme(known)
        self.theme = theme

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What themes leave out."""
        return variable_defaults(self.current_theme)


class TableApp(ThemedApp):
    """The table alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)"),
        Binding("k", "move(-1)"),
        Binding("q", "quit"),
    ]

    def __init__(
        self, source: FakeRows, *, glyphs: Glyphs = UNICODE_GLYPHS, theme: str = DEFAULT_THEME
    ) -> None:
        super().__init__(theme)
        self.table = SampleTable(source, glyphs=glyphs)
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        """Only the table."""
        yield self.table

    def on_mount(self) -> None:
        """Keys go to the table."""
        self.table.focus()

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        self.table.move(lines)

    def on_sample_table_cursor_moved(self, event: SampleTable.CursorMoved) -> None:
        """Remember."""
        self.heard.append(event)

    def on_sample_table_view_changed(self, event: SampleTable.ViewChanged) -> None:
        """Remember."""
        self.heard.append(event)

    def on_sample_table_row_activated(self, event: SampleTable.RowActivated) -> None:
        """Remember."""
        self.heard.append(event)

    def on_sample_table_header_clicked(self, event: SampleTable.HeaderClicked) -> None:
        """Remember."""
        self.heard.append(event)


if __name__ == "__main__":
    TableApp(FakeRows(int(sys.argv[1]))).run()
