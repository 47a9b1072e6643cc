"""One line of input at the foot of the desk: search, filter, threshold, scorer.

While it is open it swallows all letters; `esc` closes it and decides nothing. What is wrong with
the input is said in the line itself, which stays open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Key
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.errors import TamisError
from tui.display import sanitize
from tui.simulator import SimulatorPanel


@dataclass(frozen=True, slots=True)
class Question:
    """What the bar asks, and what becomes of the answer.

    `answer` may raise a TamisError, which is shown while the bar stays open. `preview` is told of
    every change and returns a remark (how many rows match).
    """

    label: str
    hint: str
    value: str
    answer: Callable[[str], None]
    preview: Callable[[str], str] | None = None
    select: bool = True
    """Whether the next key replaces `value`; False where `value` is the start of it."""


class PromptBar(Horizontal):
    """Hidden until `ask` is called."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss_bar", show=False)]

    PREVIEW_AFTER_S = 0.25
    """A preview of a million rows costs a search: it waits for a pause in the typing."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._question: Question | None = None
        self._generation = 0
        self._asked_from: Widget | None = None

    def compose(self) -> ComposeResult:
        """Label, input, remark."""
        yield Static(id="prompt-label", markup=False)
        yield Input(id="prompt-input", compact=True, select_on_focus=False)
        yield Static(id="prompt-remark", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether a question is being asked."""
        return self._question is not None

    def ask(self, question: Question) -> None:
        """Show the bar and move the focus into it."""
        if not self.is_open:
            self._asked_from = self.screen.focused
        self._question = question
        self.add_class("-open")
        self.query_one("#prompt-label", Static).update(Content(question.label))
        field = self.query_one(Input)
        field.value = question.value
        if question.select:
            field.select_all()
        else:
            field.cursor_position = len(question.value)
        self._remark(question.hint)
        # At once, not `focus()`, which waits its turn: letters typed behind the key belong here.
        self.screen.set_focus(field)

    def close(self) -> None:
        """Hide the bar; the desk takes the focus back."""
        self._question = None
        self._generation += 1
        self.remove_class("-open")

    def _remark(self, text: str, *, error: bool = False) -> None:
        remark = self.query_one("#prompt-remark", Static)
        remark.set_class(error, "-error")
        remark.update(Content(sanitize(text).replace("\n", " · ")))

    def take(self, event: Key) -> bool:
        """Use a key that was on its way to the table when the bar opened; False where it is none.

        Textual hands a key to whatever has the focus when it is read: typed right behind the key
        that opens the bar, it has left for the table already and comes by on its way up.
        """
        if self._question is None:
            return False
        field = self.query_one(Input)
        if event.key == "enter":
            self._submit(field.value)
        elif event.is_printable and event.character is not None:
            field.replace(event.character, *sorted(field.selection))
        else:
            return False
        return True

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the answer; a wrong one is said and can be mended."""
        event.stop()
        self._submit(event.value)

    def _submit(self, text: str) -> None:
        if self._question is None:
            return
        try:
            self._question.answer(text)
        except TamisError as error:
            self._remark(str(error), error=True)
        else:
            self.action_dismiss_bar()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Preview after a pause in the typing."""
        event.stop()
        if self._question is None or self._question.preview is None:
            return
        self._generation += 1
        generation = self._generation
        self.set_timer(self.PREVIEW_AFTER_S, lambda: self._preview(generation, event.value))

    def _preview(self, generation: int, text: str) -> None:
        question = self._question
        if generation != self._generation or question is None or question.preview is None:
            return
        try:
            self._remark(question.preview(text) or question.hint)
        except TamisError as error:
            self._remark(str(error), error=True)

    def action_dismiss_bar(self) -> None:
        """Close, and give the focus back to the simulator, or else to the table."""
        self.close()
        back = self._asked_from if isinstance(self._asked_from, SimulatorPanel) else None
        self.screen.set_focus(back or self.screen.query_one("SampleTable"))
