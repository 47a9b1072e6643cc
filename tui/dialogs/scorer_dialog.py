"""What `m` opens: type a scorer, or choose one from the list.

The list begins with what needs no model; models of the local hub cache and known ones that are
not there follow as soon as they have been found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import TamisError
from engine.scoring.models.model_list import ListedModel, list_models, size_text
from tui.dialogs.dialogs import ListDialog
from tui.terminal.display import one_line, sanitize
from tui.widgets.line_input import LineInput

NAME_CELLS = 47
HINT = "enter takes it    down the list    esc cancel"


class ScorerDialog(ListDialog[None]):
    """A line to type in and a list; what is wrong with the answer is said, and it stays open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor(1)", show=False),
        Binding("up", "cursor(-1)", show=False),
    ]

    def __init__(
        self,
        current: str,
        choices: Sequence[tuple[str, str]],
        answer: Callable[[str], None],
        find: Callable[[], list[ListedModel]] = list_models,
    ) -> None:
        """Ask for a scorer.

        Args:
            current: the one at work.
            choices: what can always be had, each as it is typed and in words.
            answer: takes what was chosen; a TamisError is shown.
            find: gives the models, in another thread.
        """
        super().__init__()
        self._current, self._choices, self._answer = current, list(choices), answer
        self._find = find

    def compose(self) -> ComposeResult:
        """Line, list, remark."""
        with Vertical(classes="dialog -wide"):
            yield Static(Content("Score with"), classes="dialog-title")
            yield LineInput(self._current, compact=True, id="scorer-input")
            yield OptionList(*(self._option(spec, text) for spec, text in self._choices))
            yield Static(Content(HINT), id="scorer-remark", classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        """Type at once; look for models meanwhile."""
        self.query_one(Input).focus()
        self.run_worker(self._look, thread=True, exit_on_error=False)

    def _look(self) -> None:
        found = self._find()
        if self.is_attached:
            self.app.call_from_thread(self._add, found)

    def _add(self, models: Sequence[ListedModel]) -> None:
        known = {spec for spec, _ in self._choices}
        fresh = [model for model in models if model.spec not in known]
        self.query_one(OptionList).add_options(
            [self._option(model.spec, model_line(model)) for model in fresh]
        )

    def _option(self, spec: str, text: str) -> Option:
        return Option(Content(sanitize(text)), id=spec)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take what was typed."""
        event.stop()
        self._take(event.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        event.stop()
        self._take(event.option.id or "")

    def _take(self, spec: str) -> None:
        if self.answered:
            return
        try:
            self._answer(spec)
        except TamisError as error:
            remark = self.query_one("#scorer-remark", Static)
            remark.update(Content(sanitize(str(error)).replace("\n", " · ")))
        else:
            self.dismiss(None)

    def action_cursor(self, step: int) -> None:
        """Into the list, and through it."""
        options = self.query_one(OptionList)
        if not options.has_focus:
            options.focus()
        else:
            super().action_cursor(step)


def model_line(model: ListedModel) -> str:
    """A model in one line of the list: name, format, memory, and what stands in the way."""
    name = one_line(model.name, NAME_CELLS, pad=True)
    memory = size_text(model.memory_bytes)
    obstacle = "refused" if model.problem else "" if model.on_disk else "download"
    return f"{name} {model.input_format or '?':<4} {memory:>8} {obstacle}".rstrip()
