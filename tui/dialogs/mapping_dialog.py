"""Which column plays which part: named one by one, with a row shown as it would be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.dataset.reading.options import ColumnMapping
from engine.dataset.reading.preview import Previews, ReadPreview
from engine.errors import UsageError
from engine.sample import Family, Sample, message_text
from tui.dialogs.dialogs import ChoiceDialog, ListDialog
from tui.terminal.display import one_line, sanitize

PARTS = {
    "family": "what kind of samples",
    "prompt": "several are joined",
    "system": "",
    "response": "or the chosen one",
    "rejected": "",
    "label": "which one is better",
    "messages": "a whole conversation",
}
"""Parts of a sample, and what is to be known of each."""

DETECTED = "as detected"
_TAKE = "take"
_CELLS = 56
"""Of a line of the dialog at 80 columns."""
_VALUE_CELLS = 24
_PREVIEW_TURNS = 6


class MappingDialog(ListDialog[ColumnMapping]):
    """Returns the mapping, or None where the person thought better of it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,right", "row(1)", show=False),
        Binding("p,left", "row(-1)", show=False),
        Binding("w", "save", show=False),
        Binding("delete,backspace", "forget", show=False),
    ]

    def __init__(
        self,
        previews: Previews,
        mapping: ColumnMapping,
        save: Callable[[ColumnMapping], None],
    ) -> None:
        """Start from `mapping`; `save` keeps one as a file."""
        super().__init__()
        self._previews, self._mapping, self._save = previews, mapping, save
        self._row = 0

    def compose(self) -> ComposeResult:
        """Parts, a row, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content("Columns"), classes="dialog-title")
            yield OptionList(id="mapping-parts")
            yield Static(id="mapping-preview", classes="dialog-body")
            yield Static(
                Content(
                    "enter choose    backspace as detected    esc cancel\n"
                    "n p other rows    w save as a file"
                ),
                classes="dialog-keys",
            )

    def on_mount(self) -> None:
        """Start on the prompt."""
        self._show(highlighted=list(PARTS).index("prompt"))

    def _show(self, highlighted: int | None = None) -> None:
        parts = self.query_one("#mapping-parts", OptionList)
        at = parts.highlighted if highlighted is None else highlighted
        parts.clear_options()
        for name, what in PARTS.items():
            line = one_line(
                f"{name:<9} {self._value(name) or DETECTED:<24} {what}".rstrip(), _CELLS
            )
            parts.add_option(Option(Content(sanitize(line)), id=name))
        parts.add_option(Option(Content("read it so"), id=_TAKE))
        parts.highlighted = at
        parts.focus()
        self.query_one("#mapping-preview", Static).update(Content("\n".join(self._preview())))

    def _value(self, part: str) -> str:
        value = getattr(self._mapping, part)
        if isinstance(value, tuple):
            return ", ".join(value)
        return "" if value is None else str(value)

    def _preview(self) -> list[str]:
        """The row as it would be read, each turn on a line."""
        where = f"row {self._row} as {{}}:"
        if not len(self._previews):
            return ["there is no row to look at"]
        try:
            found: ReadPreview = self._previews.read(self._mapping, self._row)
        except UsageError as error:
            return [sanitize(f"{error.message}: {error.hint}")]
        lines = [where.format(found.family.value)]
        if found.sample is None:
            return [*lines, sanitize(found.cause)]
        return [*lines, *_said(found.sample)]

    def action_row(self, step: int) -> None:
        """Another row."""
        if len(self._previews):
            self._row = (self._row + step) % len(self._previews)
            self._show()

    def action_save(self) -> None:
        """Keep the mapping as a file."""
        self._save(self._mapping)

    def action_forget(self) -> None:
        """Let the part under the cursor be detected."""
        part = self._part()
        if part in PARTS:
            empty: Any = () if part == "prompt" else None
            self._mapping = replace(self._mapping, **{part: empty})
            self._show()

    def _part(self) -> str:
        parts = self.query_one("#mapping-parts", OptionList)
        option = parts.highlighted_option
        return (option.id or "") if option is not None else ""

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose a column for a part, or take it all."""
        event.stop()
        part = event.option.id or ""
        if part == _TAKE:
            self.dismiss(self._mapping)
            return
        if part == "family":
            choices = [(each.value, each.value) for each in Family]
        else:
            names = self._previews.names()
            choices = [
                (name, f"{one_line(name, _VALUE_CELLS, pad=True)} {self._example(name)}")
                for name in names
            ]
        chosen = self._value(part).split(", ")[-1]
        self.app.push_screen(
            ChoiceDialog(f"Column of: {part}", choices, chosen),
            lambda name: self._take(part, name),
        )

    def _example(self, name: str) -> str:
        return one_line(self._previews.example(name), _CELLS - _VALUE_CELLS - 1)

    def _take(self, part: str, name: str | None) -> None:
        if name is None:
            return
        value: Any = name
        if part == "family":
            value = Family(name)
        elif part == "prompt":
            known = self._mapping.prompt
            value = known if name in known else (*known, name)
        self._mapping = replace(self._mapping, **{part: value})
        self._show()


def _said(sample: Sample) -> list[str]:
    turns = [(turn.role.value, message_text(turn)) for turn in sample.turns[:_PREVIEW_TURNS]]
    if sample.other is not None:
        turns.append(("rejected", sample.other))
    left = len(sample.turns) - _PREVIEW_TURNS
    more = [f"… and {left} turns more"] if left > 0 else []
    return [one_line(sanitize(f"{role}: {text}"), _CELLS) for role, text in turns] + more
