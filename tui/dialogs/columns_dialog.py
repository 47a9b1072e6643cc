"""The columns of the table: which are shown, in what order, how wide."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.session.column_choice import DEFAULT, LEAST_CELLS, MOST_CELLS, ChosenColumn
from engine.session.table_columns import FIELD, shown_name
from tui.dialogs.dialogs import ListDialog
from tui.terminal.display import one_line

NAME_CELLS = 30
EXAMPLE_CELLS = 26


@dataclass(frozen=True, slots=True)
class ColumnsChoice:
    """What was chosen; nothing where the default is to be shown."""

    chosen: tuple[ChosenColumn, ...] = ()
    frequencies_of: str = ""
    """A column to count instead."""


@dataclass(frozen=True, slots=True)
class About:
    """What a line says of a column."""

    cells: int
    """What it takes if nobody says otherwise; 0: that follows from the others."""
    example: str = ""


class ColumnsDialog(ListDialog[ColumnsChoice]):
    """Those shown first, in their order; `esc` leaves them as they are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "cancel", show=False),
        Binding("space", "switch", show=False),
        Binding("J,shift+down", "shift(1)", show=False),
        Binding("K,shift+up", "shift(-1)", show=False),
        Binding("less_than_sign,left", "widen(-1)", show=False),
        Binding("greater_than_sign,right", "widen(1)", show=False),
        Binding("d", "default", show=False),
        Binding("equals_sign,F", "frequencies", show=False),
    ]

    def __init__(
        self,
        offered: Sequence[str],
        chosen: Sequence[ChosenColumn],
        about: Callable[[str], About],
    ) -> None:
        """Ask.

        Args:
            offered: every column that can be shown.
            chosen: those shown now; none: the default.
            about: what is known of one.
        """
        super().__init__()
        self._offered, self._about = offered, about
        self._columns: list[ChosenColumn] = []
        self._on: set[str] = set()
        self._take(chosen or DEFAULT)

    def _take(self, chosen: Sequence[ChosenColumn]) -> None:
        shown = [each for each in chosen if each.name in self._offered or each in DEFAULT]
        self._on = {each.name for each in shown}
        rest = [ChosenColumn(name) for name in self._offered if name not in self._on]
        self._columns = [*shown, *rest]

    def compose(self) -> ComposeResult:
        """Title, columns, keys."""
        with Vertical(classes="dialog -wide -long"):
            yield Static(Content("Columns of the table"), classes="dialog-title")
            yield OptionList()
            yield Static(
                Content(
                    "space show or hide    J K move    < > width    d default\n"
                    "= frequencies    enter take    esc cancel"
                ),
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        """Start on the first that is not shown: who comes here wants one more."""
        off = (at for at in self._visible() if not self._is_on(self._columns[at]))
        first = next(off, self._visible()[0])
        self._show(first)

    def _is_on(self, column: ChosenColumn) -> bool:
        return column.name in self._on

    def _visible(self) -> list[int]:
        """Places of those that have anything to show here; the others keep theirs, unseen."""
        return [at for at, each in enumerate(self._columns) if each.name in self._offered]

    def _show(self, at: int) -> None:
        """Draw the list, with the cursor on the column at a place."""
        visible = self._visible()
        options = self.query_one(OptionList)
        options.set_options([Option(Content(self._line(self._columns[i]))) for i in visible])
        options.highlighted = visible.index(at) if at in visible else 0
        options.focus()

    def _line(self, column: ChosenColumn) -> str:
        about = self._about(column.name)
        cells = str(column.cells or about.cells or "rest")
        name = one_line(shown_name(column.name), NAME_CELLS, pad=True)
        sign = "x" if self._is_on(column) else " "
        return f"[{sign}] {name} {cells:>4}  {one_line(about.example, EXAMPLE_CELLS)}"

    def _at(self) -> int:
        return self._visible()[self.query_one(OptionList).highlighted or 0]

    def action_switch(self) -> None:
        """Show or hide the one under the cursor; one that is shown now stands behind the others."""
        at = self._at()
        column = self._columns[at]
        if self._is_on(column):
            self._on.discard(column.name)
        else:
            last = max((i for i, each in enumerate(self._columns) if self._is_on(each)), default=-1)
            self._on.add(column.name)
            if at > last + 1:
                self._columns.insert(last + 1, self._columns.pop(at))
        visible = self._visible()
        self._show(visible[min(visible.index(at) + 1, len(visible) - 1)])

    def action_shift(self, step: int) -> None:
        """Move the one under the cursor."""
        at, visible = self._at(), self._visible()
        place = visible.index(at) + step
        if 0 <= place < len(visible):
            to = visible[place]
            self._columns.insert(to, self._columns.pop(at))
            self._show(to)

    def action_widen(self, step: int) -> None:
        """Wider or narrower."""
        at = self._at()
        column = self._columns[at]
        cells = column.cells or self._about(column.name).cells or FIRST_CELLS
        cells = min(max(cells + step, LEAST_CELLS), MOST_CELLS)
        self._columns[at] = replace(column, cells=cells)
        self._show(at)

    def action_default(self) -> None:
        """As it was before anybody chose."""
        at = self._at()
        self._take(DEFAULT)
        self._show(at)

    def action_frequencies(self) -> None:
        """Count the one under the cursor, where it is one of the dataset."""
        name = self._columns[self._at()].name
        if name.startswith(FIELD):
            self.dismiss(ColumnsChoice(frequencies_of=shown_name(name)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take them."""
        event.stop()
        self.dismiss(ColumnsChoice(tuple(filter(self._is_on, self._columns))))


FIRST_CELLS = 24
"""Of a text that had what the others left, once it is given a width."""
