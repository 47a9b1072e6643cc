"""The filters that were saved: choose one, forget one, save the present one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.dialogs.dialogs import ListDialog
from tui.terminal.display import sanitize

NAME_CELLS = 20


@dataclass(frozen=True, slots=True)
class FilterChoice:
    """What was chosen: a rule to use, a name to forget, or to save the present filter."""

    name: str = ""
    rule: str = ""
    delete: bool = False
    save: bool = False


class FilterDialog(ListDialog[FilterChoice]):
    """A list of names with their rules."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "cancel", show=False),
        Binding("d,delete", "delete", show=False),
        Binding("s", "save", show=False),
    ]

    def __init__(self, filters: Mapping[str, str], present: str) -> None:
        """Show `filters`, names and rules; `present` is the rule in use."""
        super().__init__()
        self._filters = list(filters.items())
        self._present = present

    def compose(self) -> ComposeResult:
        """Title, list, keys."""
        with Vertical(classes="dialog -wide"):
            yield Static(Content("Saved filters"), classes="dialog-title")
            yield OptionList(
                *(
                    Option(Content(sanitize(f"{name:<{NAME_CELLS}}  {rule}").replace("\n", " ")))
                    for name, rule in self._filters
                )
            )
            if not self._filters:
                text = "None yet. s saves the present filter under a name."
                yield Static(Content(text), classes="dialog-body")
            keys = "enter use    s save the present one    d forget    esc cancel"
            yield Static(Content(keys), classes="dialog-keys")

    def on_mount(self) -> None:
        """Start on the filter in use."""
        rules = [rule for _, rule in self._filters]
        if self._present in rules:
            self.query_one(OptionList).highlighted = rules.index(self._present)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Use it."""
        event.stop()
        name, rule = self._filters[event.option_index]
        self.dismiss(FilterChoice(name, rule))

    def action_delete(self) -> None:
        """Forget the one under the cursor."""
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.dismiss(FilterChoice(self._filters[at][0], delete=True))

    def action_save(self) -> None:
        """Save the present filter."""
        self.dismiss(FilterChoice(save=True))
