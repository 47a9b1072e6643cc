"""One line of input at the foot of the desk: search, filter, threshold, scorer.

While it is open it swallows all letters; `esc` closes it and decides nothing. What is wrong with
the input is said in the line itself, which stays open, and marked where it is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.highlighter import Highlighter
from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from engine.errors import Cancelled, TamisError
from engine.filter import Completion, FilterError
from tui.terminal.display import sanitize
from tui.widgets.line_input import LineInput

Cancel = Callable[[], bool]

SHOWN_CHOICES = 6


@dataclass(frozen=True, slots=True)
class Question:
    """What the bar asks, and what becomes of the answer.

    `answer` may raise a TamisError, which is shown while the bar stays open.
    """

    label: str
    hint: str
    value: str
    answer: Callable[[str], None]
    preview: Callable[[str], str] | None = None
    """Told of every change; returns a remark."""
    count: Callable[[str, Cancel], str] | None = None
    """The same in a thread, for what takes its time; asks whether it is still wanted."""
    complete: Callable[[str, int], Completion] | None = None
    """What could stand at a place of the text; `tab` takes it."""
    select: bool = True
    """Whether the next key replaces `value`; False where `value` is the start of it."""


GETS_FOCUS_BACK = "-gets-focus-back"
"""A class of widgets that get the focus back when the line is closed."""

GIVEN_BACK = ("detail", "clusters-list", "clusters-comparison")
"""Panes that have the focus again when the bar closes, by their ids; so has a panel. Else it is the
table."""


class PromptBar(Horizontal):
    """Hidden until `ask` is called."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_bar", show=False),
        Binding("tab", "complete(1)", show=False),
        Binding("shift+tab", "complete(-1)", show=False),
    ]

    PREVIEW_AFTER_S = 0.25
    """A preview of a million rows takes a moment: it waits for a pause in the typing."""

    COUNT_AFTER_S = 0.1
    """A count does not hold up the typing, so it need not wait as long."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._question: Question | None = None
        self._generation = 0
        self._asked_from: Widget | None = None
        self._mark = _Mark()
        self._counting = False
        self._count_next: tuple[int, str] | None = None
        self._cycle: tuple[str, Completion, int] | None = None
        """The text that the last `tab` made, of which choices, and which one."""

    def compose(self) -> ComposeResult:
        """Label, input, remark."""
        yield Static(id="prompt-label", markup=False)
        yield LineInput(
            id="prompt-input", compact=True, select_on_focus=False, highlighter=self._mark
        )
        yield Static(id="prompt-remark", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether a question is being asked."""
        return self._question is not None

    def ask(self, question: Question, error: TamisError | None = None) -> None:
        """Show the bar and move the focus into it; `error` is what was wrong with the answer."""
        if not self.is_open:
            self._asked_from = self.screen.focused
        self._question = question
        self._cycle = None
        self._mark.place = None
        self.add_class("-open")
        self.query_one("#prompt-label", Static).update(Content(sanitize(question.label)))
        field = self.query_one(Input)
        field.value = question.value
        if question.select:
            field.select_all()
        else:
            field.cursor_position = len(question.value)
        self._remark(question.hint if error is None else str(error), error=error)
        # At once, not `focus()`, which waits its turn: letters typed behind the key belong here.
        self.screen.set_focus(field)

    def close(self) -> None:
        """Hide the bar; the desk takes the focus back."""
        self._question = None
        self._generation += 1
        self.remove_class("-open")

    def on_descendant_blur(self) -> None:
        """Whoever clicks elsewhere has left the line: the keys belong to what was clicked on.

        A terminal that loses the focus takes it from everything, and gives it back.
        """
        focused = self.screen.focused
        if self.is_open and focused is not None and focused is not self.query_one(Input):
            self.close()

    def _remark(self, text: str, *, error: TamisError | None = None) -> None:
        remark = self.query_one("#prompt-remark", Static)
        remark.set_class(error is not None, "-error")
        remark.update(Content(sanitize(text).replace("\n", " · ")))
        place = error.place if isinstance(error, FilterError) else None
        if place != self._mark.place:
            self._mark.place = place
            self.query_one(Input).refresh()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the answer; a wrong one is said and can be mended."""
        event.stop()
        self._submit(event.value)

    def _submit(self, text: str) -> None:
        question = self._question
        if question is None:
            return
        self._generation += 1  # a preview on its way would cover what is said about the answer
        try:
            question.answer(text)
        except TamisError as error:
            self._remark(str(error), error=error)
        else:
            # The answer may have asked the next question.
            if self._question is question:
                self.action_dismiss_bar()

    # What is known of the text before it is answered

    def on_input_changed(self, event: Input.Changed) -> None:
        """Preview after a pause in the typing; the newest text wins."""
        event.stop()
        question = self._question
        if question is None:
            return
        if self._cycle is not None and self._cycle[0] != event.value:
            self._cycle = None
        self._generation += 1
        generation = self._generation
        if question.preview is not None:
            self.set_timer(self.PREVIEW_AFTER_S, lambda: self._preview(generation, event.value))
        elif question.count is not None:
            self.set_timer(self.COUNT_AFTER_S, lambda: self._count(generation, event.value))

    def _preview(self, generation: int, text: str) -> None:
        question = self._question
        if generation != self._generation or question is None or question.preview is None:
            return
        try:
            self._remark(question.preview(text) or question.hint)
        except TamisError as error:
            self._remark(str(error), error=error)

    def _count(self, generation: int, text: str) -> None:
        question = self._question
        if generation != self._generation or question is None or question.count is None:
            return
        if self._counting:
            self._count_next = generation, text
            return
        self._counting = True
        count = question.count

        def work() -> None:
            found: str | TamisError | None
            try:
                found = count(text, lambda: generation != self._generation)
            except Cancelled:
                found = None
            except TamisError as error:
                found = error
            self.app.call_from_thread(self._counted, generation, found)

        self.run_worker(work, thread=True, group="count", exit_on_error=True)

    def _counted(self, generation: int, found: str | TamisError | None) -> None:
        if not self.is_running:  # the screen is going
            return
        self._counting = False
        question = self._question
        if generation == self._generation and question is not None:
            if isinstance(found, TamisError):
                self._remark(self._with_choices(str(found)), error=found)
            elif found is not None:
                self._remark(self._with_choices(found) or question.hint)
        if self._count_next is not None:
            waiting, self._count_next = self._count_next, None
            self._count(*waiting)

    def _with_choices(self, text: str) -> str:
        found = self._completion()
        if found is None or not found.choices:
            return text
        names = "  ".join(found.choices[:SHOWN_CHOICES])
        return f"tab: {names} · {text}" if text else f"tab: {names}"

    # Completion

    def _completion(self) -> Completion | None:
        if self._question is None or self._question.complete is None:
            return None
        field = self.query_one(Input)
        return self._question.complete(field.value, field.cursor_position)

    def action_complete(self, step: int) -> None:
        """Take what all choices begin with; again, one choice after the other."""
        field = self.query_one(Input)
        if self._cycle is not None and self._cycle[0] == field.value:
            _, found, index = self._cycle
            index = (index + step) % len(found.choices)
            self._take(found, index, found.choices[index])
            return
        completion = self._completion()
        if completion is None or not completion.choices:
            return
        typed = field.value[completion.start : field.cursor_position]
        first, *others = completion.choices
        if others and len(completion.common) > len(typed):
            field.replace(completion.common, completion.start, field.cursor_position)
        else:
            self._take(completion, 0, first)

    def _take(self, found: Completion, index: int, choice: str) -> None:
        field = self.query_one(Input)
        field.replace(choice, found.start, field.cursor_position)
        self._cycle = (field.value, found, index) if len(found.choices) > 1 else None

    def action_dismiss_bar(self) -> None:
        """Close, and give the focus back to where it came from."""
        self.close()
        back = self._asked_from
        kept = back is not None and (back.id in GIVEN_BACK or back.has_class(GETS_FOCUS_BACK))
        self.screen.set_focus(back if kept else self.screen.query_one("SampleTable"))


class _Mark(Highlighter):
    """Marks the word at which the text stops making sense, without colour."""

    def __init__(self) -> None:
        self.place: int | None = None

    def highlight(self, text: Text) -> None:
        """Underline from the place to the end of its word."""
        if self.place is None or self.place >= len(text.plain):
            return
        end = text.plain.find(" ", self.place + 1)
        text.stylize(_WRONG, self.place, len(text.plain) if end < 0 else end)


_WRONG = Style(bold=True, underline=True)
