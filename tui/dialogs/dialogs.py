"""Small windows over the desk: a question with its count, a list to choose from, long texts.

All text goes in as Content, never as markup: much of it quotes the dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import OptionList, ProgressBar, Static
from textual.widgets.option_list import Option

from tui.terminal.display import sanitize

Chosen = TypeVar("Chosen")


class ClosesOnce(Screen[Chosen]):
    """A screen over another one.

    Of two keys that both close it, read at once, the first counts: Textual closes at the second
    whatever is on top by then.
    """

    answered = False

    def dismiss(self, result: Chosen | None = None) -> AwaitComplete:
        """Close, and hand the result to whoever opened it."""
        if self.answered:
            return AwaitComplete()
        self.answered = True
        return super().dismiss(result)


class Dialog(ClosesOnce[Chosen], ModalScreen[Chosen]):
    """A window over the desk."""


class ConfirmDialog(Dialog[bool]):
    """A yes or no; only `y` and `enter` say yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "yes", "Yes"),
        Binding("n,escape,q", "no", "No"),
    ]

    def __init__(self, title: str, lines: Sequence[str], yes: str) -> None:
        super().__init__()
        self._title, self._lines, self._yes = title, lines, yes

    def compose(self) -> ComposeResult:
        """Title, what would happen, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(sanitize(self._title)), classes="dialog-title")
            yield Static(Content(sanitize("\n".join(self._lines))), classes="dialog-body")
            yield Static(Content(sanitize(f"y {self._yes}    n cancel")), classes="dialog-keys")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(result=True)

    def action_no(self) -> None:
        """Leave everything as it is."""
        self.dismiss(result=False)


class ListDialog(Dialog[Chosen | None]):
    """A list to choose from; `esc` chooses nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("j", "cursor(1)", show=False),
        Binding("k", "cursor(-1)", show=False),
    ]

    def action_cursor(self, step: int) -> None:
        """Move like in the table."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def action_cancel(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


class ChoiceDialog(ListDialog[str]):
    """One of a list, by its id."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "cancel", show=False)]

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], current: str = "") -> None:
        """Ask for one of `choices`, each an id and its text."""
        super().__init__()
        self._title, self._choices, self._current = title, choices, current

    def compose(self) -> ComposeResult:
        """Title and list."""
        with Vertical(classes="dialog"):
            yield Static(Content(sanitize(self._title)), classes="dialog-title")
            yield OptionList(
                *(Option(Content(sanitize(text)), id=name) for name, text in self._choices)
            )
            yield Static(Content("enter choose    esc cancel"), classes="dialog-keys")

    def on_mount(self) -> None:
        """Start on the present choice."""
        names = [name for name, _ in self._choices]
        if self._current in names:
            self.query_one(OptionList).highlighted = names.index(self._current)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take it."""
        event.stop()
        self.dismiss(event.option.id)


class ScrolledDialog(Dialog[Chosen]):
    """A text of any length, to scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("ctrl+d,space", "scroll(10)", show=False),
        Binding("ctrl+u", "scroll(-10)", show=False),
    ]

    def __init__(self, title: str, body: Content | str, keys: str) -> None:
        super().__init__()
        self._title, self._keys = title, keys
        self._body = Content(sanitize(body)) if isinstance(body, str) else body

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="dialog -large"):
            yield Static(Content(sanitize(self._title)), classes="dialog-title")
            with VerticalScroll():
                yield Static(self._body)
            yield Static(Content(self._keys), classes="dialog-keys")

    def on_mount(self) -> None:
        """Keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class TextDialog(ScrolledDialog[None]):
    """Help, problems."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,enter,h", "close", "Close"),
        Binding("g", "ends(0)", show=False),
        Binding("G", "ends(1)", show=False),
    ]

    def __init__(self, title: str, body: Content | str) -> None:
        super().__init__(title, body, "j k scroll    esc close")

    def action_ends(self, end: int) -> None:
        """To the first or last line."""
        scroll = self.query_one(VerticalScroll)
        if end:
            scroll.scroll_end(animate=False)
        else:
            scroll.scroll_home(animate=False)

    def action_close(self) -> None:
        """Back to the desk."""
        self.dismiss(None)


class WorkDialog(Dialog[None]):
    """Long work that has the desk to itself: progress, and `esc` to cancel it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,ctrl+c", "cancel", "Cancel")]

    def __init__(self, title: str, *, can_cancel: bool = True) -> None:
        super().__init__()
        self._title = title
        self._can_cancel = can_cancel
        self.cancelled = False

    def compose(self) -> ComposeResult:
        """Title, bar, keys."""
        with Vertical(classes="dialog"):
            yield Static(Content(sanitize(self._title)), id="work-title", classes="dialog-title")
            yield ProgressBar(show_eta=False)
            if self._can_cancel:
                yield Static(Content("esc cancel"), classes="dialog-keys")

    def show(self, title: str, done: int, total: int | None) -> None:
        """Update the title and the bar; from the screen's own thread."""
        if self.query("ProgressBar"):  # work may be quicker than the dialog
            self.query_one("#work-title", Static).update(Content(sanitize(title)))
            self.query_one(ProgressBar).update(total=total, progress=done)

    def action_cancel(self) -> None:
        """Ask the work to stop; it ends the dialog itself when it has."""
        if self._can_cancel:
            self.cancelled = True
            self.query_one("#work-title", Static).update(Content("cancelling…"))
