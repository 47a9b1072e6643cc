"""The values of a column, how often each is there, and the filter that each makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.session.frequencies import Frequencies, Frequency
from tui.dialogs.dialogs import ListDialog
from tui.table.table_layout import bar
from tui.terminal.display import Glyphs, one_line

LABEL_CELLS = 30
BAR_CELLS = 10


@dataclass(frozen=True, slots=True)
class FrequencyChoice:
    """What was chosen of a count."""

    line: Frequency | None = None
    """Its rows are to be shown; None: something else was asked for."""
    adds: bool = False
    """Within the rows of the present filter."""
    other_column: bool = False
    other_rows: bool = False
    """All rows instead of those of the filter, or the other way round."""


class FrequencyDialog(ListDialog[FrequencyChoice]):
    """A line for each value."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "cancel", show=False),
        Binding("plus,shift+enter", "add", show=False),
        Binding("a", "other_rows", show=False),
        Binding("c", "other_column", show=False),
    ]

    def __init__(self, found: Frequencies, glyphs: Glyphs, *, has_filter: bool) -> None:
        """Show what was found; `has_filter`: only some rows are in view."""
        super().__init__()
        self._found, self._glyphs, self._has_filter = found, glyphs, has_filter

    def compose(self) -> ComposeResult:
        """What was counted, a header, the lines, keys."""
        found = self._found
        name = one_line(found.column, LABEL_CELLS)
        what = f"{found.values:,} {'bins' if found.binned else 'values'}"
        if found.values == 1:
            what = what[:-1]
        rows = (
            f"the {found.rows:,} rows of the filter"
            if found.of_filter
            else (f"all {found.rows:,} rows")
        )
        with Vertical(classes="dialog -wide -long"):
            yield Static(Content(f"{name}: {what} in {rows}"), classes="dialog-title")
            yield Static(Content(self._header()))
            yield OptionList(*(Option(Content(self._line(each))) for each in found.lines))
            if not found.binned and found.values > len(found.lines):
                more = f"and {found.values - len(found.lines):,} rarer values"
                yield Static(Content(more), classes="dialog-keys")
            yield Static(Content(self._keys()), classes="dialog-keys")

    def _header(self) -> str:
        kept = "  kept" if self._found.kept_known else ""
        return f"{'value':<{LABEL_CELLS}} {'rows':>11} {'share':>7}{kept:>7}"

    def _line(self, line: Frequency) -> str:
        found, glyphs = self._found, self._glyphs
        label = line.label if line.label.strip() else '""' if not line.label else repr(line.label)
        share = line.rows / found.rows if found.rows else 0.0
        most = max((each.rows for each in found.lines), default=0)
        kept = f"{line.kept / line.rows if line.rows else 0:>7.1%}" if found.kept_known else ""
        drawn = bar(line.rows, (0.0, float(most)), BAR_CELLS, glyphs) if line.rows else ""
        shown = one_line(label, LABEL_CELLS, pad=True, ascii_only=glyphs.ascii_only)
        return f"{shown} {line.rows:>11,} {share:>7.1%}{kept} {drawn}"

    def _keys(self) -> str:
        if self._found.of_filter:
            keys = ["enter add to the filter", "a all rows"]
        elif self._has_filter:
            keys = ["enter filter", "+ add to the filter", "a of the filter"]
        else:
            keys = ["enter filter"]
        return "    ".join([*keys, "c other column", "esc close"])

    def _chosen(self) -> Frequency | None:
        at = self.query_one(OptionList).highlighted
        return None if at is None else self._found.lines[at]

    def on_mount(self) -> None:
        """Start on the most frequent one."""
        options = self.query_one(OptionList)
        options.highlighted = 0 if self._found.lines else None
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Show its rows, of those that were counted."""
        event.stop()
        line = self._found.lines[event.option_index]
        self.dismiss(FrequencyChoice(line, adds=self._found.of_filter))

    def action_add(self) -> None:
        """Show its rows, of those in view."""
        if (line := self._chosen()) is not None:
            self.dismiss(FrequencyChoice(line, adds=True))

    def action_other_rows(self) -> None:
        """Count all rows, or those of the filter."""
        if self._has_filter:
            self.dismiss(FrequencyChoice(other_rows=True))

    def action_other_column(self) -> None:
        """Count another column."""
        self.dismiss(FrequencyChoice(other_column=True))
