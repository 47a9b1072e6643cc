"""Where to write what: the settings of an export, with the counts they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import TamisError
from engine.export.formats import FORMATS
from engine.export.plan import Copies, Edited, ExportPlan, Keep
from engine.session.exporting import REFUSED
from tui.dialogs.dialogs import ListDialog
from tui.terminal.display import sanitize
from tui.widgets.line_input import LineInput

Choice = TypeVar("Choice", Keep, str, Copies, Edited)


WRITE_KEY = "y"
"""The only key that writes: as in every question, and no `enter` that was meant for the folder."""


class ExportDialog(ListDialog[ExportPlan]):
    """Returns the plan, or None where the person thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding(WRITE_KEY, "write", "Write")]

    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012 - Textual declares it so

    def __init__(self, plan: ExportPlan, describe: Callable[[ExportPlan], list[str]]) -> None:
        """Start from `plan`; `describe` says what a plan would write, and what speaks against."""
        super().__init__()
        self._plan = plan
        self._describe = describe
        self._refused = False

    def compose(self) -> ComposeResult:
        """Folder, settings, counts."""
        with Vertical(classes="dialog -wide"):
            yield Static(Content("Export"), classes="dialog-title")
            yield Static(Content("folder (new):"), classes="dialog-label")
            yield LineInput(str(self._plan.output), id="export-output", compact=True)
            yield Static(id="export-counts", classes="dialog-body")
            yield OptionList(id="export-settings")
            yield Static(id="export-keys", classes="dialog-keys")

    def on_mount(self) -> None:
        """No setting is chosen yet: `enter` changes none by accident."""
        self._show()
        self.query_one("#export-settings", OptionList).focus()

    def _show(self) -> None:
        plan = self._plan
        settings = self.query_one("#export-settings", OptionList)
        highlighted = settings.highlighted
        settings.clear_options()
        settings.add_options(
            [
                Option(f"rows       {plan.keep.value}", id="keep"),
                Option(f"format     {plan.format}", id="format"),
                Option(f"annotate   {_yes(plan.annotate)}  (tamis_* columns)", id="annotate"),
                Option(
                    f"pending    {'allowed' if plan.allow_pending else 'refused'}", id="pending"
                ),
                Option(f"edits      {_EDITS[plan.edits]}", id="edits"),
                Option(f"overwrite  {_yes(plan.overwrite)}  (an earlier export)", id="overwrite"),
                Option(f"copies     {plan.copies.value}  (written more than once)", id="copies"),
            ]
        )
        settings.highlighted = highlighted
        try:
            lines = self._describe(plan)
        except TamisError as error:
            lines = [f"{REFUSED}: {error}"]
        self._refused = any(line.startswith(REFUSED) for line in lines)
        self.query_one("#export-counts", Static).update(Content(sanitize("\n".join(lines))))
        writes = "refused as it stands" if self._refused else f"{WRITE_KEY} write it"
        keys = f"{writes}    j k enter change    tab folder    esc cancel"
        self.query_one("#export-keys", Static).update(Content(keys))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another folder."""
        event.stop()
        self._plan = replace(self._plan, output=Path(event.value).expanduser())
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """On to the counts and the settings; nothing is written."""
        event.stop()
        self.query_one("#export-settings", OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Give the setting its next value."""
        event.stop()
        self._plan = _CHANGES[event.option.id or ""](self._plan)
        self._show()

    def action_write(self) -> None:
        """Write it, unless something speaks against it: what, stands above the settings."""
        if not self._refused:
            self.dismiss(self._plan)


_CHANGES: Mapping[str, Callable[[ExportPlan], ExportPlan]] = {
    "keep": lambda plan: replace(plan, keep=_after(list(Keep), plan.keep)),
    "format": lambda plan: replace(plan, format=_after(list(FORMATS), plan.format)),
    "annotate": lambda plan: replace(plan, annotate=not plan.annotate),
    "pending": lambda plan: replace(plan, allow_pending=not plan.allow_pending),
    "edits": lambda plan: replace(plan, edits=_after(list(Edited), plan.edits)),
    "overwrite": lambda plan: replace(plan, overwrite=not plan.overwrite),
    "copies": lambda plan: replace(plan, copies=_after(list(Copies), plan.copies)),
}
"""Setting -> the plan with its next value."""

_EDITS = {Edited.APPLY: "applied", Edited.IGNORE: "left out"}


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _after(values: list[Choice], value: Choice) -> Choice:
    return values[(values.index(value) + 1) % len(values)]
