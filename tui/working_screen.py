"""What screens with panes have in common: motions, messages, long work under a dialog."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from textual.notifications import SeverityLevel

from engine.errors import Cancelled, TamisError
from engine.filter import Completion
from engine.session import Session
from tui.dialogs.dialogs import ChoiceDialog, ClosesOnce, ConfirmDialog, WorkDialog
from tui.keys.actions import BY_ID, Action, actions_of, key_of
from tui.panel import Panel
from tui.terminal.display import sanitize
from tui.widgets.line_pane import LinePane
from tui.widgets.prompt_bar import Cancel, PromptBar, Question
from tui.widgets.status import KeyBar

Result = TypeVar("Result")

LEAST_COLUMNS, LEAST_LINES = 60, 15
"""Below this nothing breaks, and much is cut off."""


class WorkingScreen(ClosesOnce[None]):
    """The desk, or a screen over it; has a `KeyBar` and a `PromptBar`."""

    session: Session
    """The one that it shows."""

    def __init__(self) -> None:
        super().__init__()
        self._toasts: dict[str, float] = {}  # text -> when it is gone

    def key(self, action: str) -> str:
        """The key that messages name for an action: the person's own."""
        return key_of(self.app, action)

    def obstacle(self, action: Action) -> str:
        """Why `action` cannot be done now, for footer, help, palette and its key; empty: it can."""
        raise NotImplementedError

    def refusal(self, name: str) -> str:
        """What to say instead of doing the action `name`; empty where it does something."""
        known = next((action for action in actions_of(self.app) if action.id == name), None)
        if known is None or self.is_asking:
            return ""
        why = self.obstacle(known)
        return f"{known.title}: {why}" if why else ""

    def means_nothing(self, key: str) -> bool:
        """Whether a key, by Textual's name, is bound to nothing on this screen."""
        if self.is_asking:
            return False
        known = (action for action in actions_of(self.app) if key in action.keys)
        here = any(hasattr(self, f"action_{action.id}") for action in known)
        return not here and key not in self.active_bindings

    @property
    def read_only_text(self) -> str:
        """Why nothing can be decided or said where a session is open to be read."""
        keys = f"{self.key('accept')} and {self.key('reject')}"
        return f"read-only: {keys} are refused, like all that changes the review"

    @property
    def is_asking(self) -> bool:
        """Whether the line of input is open, which takes the keys."""
        return self.query_one(PromptBar).is_open

    @property
    def taken_back(self) -> str:
        """How what was just done is undone, for the end of a message."""
        return f"{self.key('undo')} takes it back"

    @property
    def too_small(self) -> list[str]:
        """What the title begins with where the window has no room for the screen; else nothing."""
        if self.size.width >= LEAST_COLUMNS and self.size.height >= LEAST_LINES:
            return []
        return [f"too small: {LEAST_COLUMNS}x{LEAST_LINES} at least"]

    def say(
        self, text: str, *, severity: SeverityLevel = "information", timeout: float = 4
    ) -> None:
        """Say what was done in the key line, and what went wrong in a toast that stays longer.

        A toast that is still on screen is not shown twice.
        """
        now = time.monotonic()
        if severity == "information":
            self.query_one(KeyBar).say(text, timeout)
        elif self._toasts.get(text, 0.0) < now:
            self._toasts[text] = now + timeout
            self.notify(sanitize(text), severity=severity, timeout=timeout, markup=False)

    def ask(
        self,
        label: str,
        hint: str,
        answer: Callable[[str], None],
        *,
        value: str = "",
        preview: Callable[[str], str] | None = None,
        count: Callable[[str, Cancel], str] | None = None,
        complete: Callable[[str, int], Completion] | None = None,
        select: bool = True,
        error: TamisError | None = None,
    ) -> None:
        """Ask a `Question` in the line of input; `error` is what was wrong with the answer."""
        question = Question(label, hint, value, answer, preview, count, complete, select)
        self.query_one(PromptBar).ask(question, error)

    def confirm(self, title: str, lines: Sequence[str], yes: str, then: Callable[[], None]) -> None:
        """Say what would happen; `then` does it, where the answer is yes."""
        self.app.push_screen(
            ConfirmDialog(title, lines, yes), lambda answer: then() if answer else None
        )

    def choose(
        self,
        title: str,
        choices: Sequence[tuple[str, str]],
        chosen: Callable[[str], None],
        current: str = "",
    ) -> None:
        """Let one of `choices` be chosen, each an id and its text; `chosen` gets its id."""
        self.app.push_screen(
            ChoiceDialog(title, choices, current),
            lambda name: chosen(name) if name is not None else None,
        )

    def _work(
        self,
        title: str,
        call: Callable[[], Result],
        done: Callable[[Result], None],
        *,
        background: bool,
        dialog: WorkDialog | None = None,
    ) -> None:
        """Do something, under a dialog where it is long; then `done`, or a message why not."""
        if not background:
            try:
                result = call()
            except TamisError as error:
                self.say(str(error), severity="error", timeout=12)
            else:
                done(result)
            return
        shown = dialog or WorkDialog(title, can_cancel=False)

        def finish(result: Result | None, error: TamisError | None) -> None:
            shown.dismiss(None)
            if isinstance(error, Cancelled):
                self.say(f"{title.rstrip('…')}: {error}")
            elif error is not None:
                self.say(str(error), severity="error", timeout=12)
            else:
                done(cast("Result", result))

        def run() -> None:
            try:
                result = call()
            except TamisError as error:
                self.app.call_from_thread(finish, None, error)
            else:
                self.app.call_from_thread(finish, result, None)

        self.app.push_screen(shown)
        self.run_worker(run, thread=True, exit_on_error=True)

    @property
    def pane(self) -> LinePane | Panel:
        """The pane that the motions move in."""
        raise NotImplementedError

    def action_down(self) -> None:
        """One down, or scroll."""
        self.pane.move(1)

    def action_up(self) -> None:
        """One up."""
        self.pane.move(-1)

    def action_half_down(self) -> None:
        """Half a page down."""
        self.pane.half_page(1)

    def action_half_up(self) -> None:
        """Half a page up."""
        self.pane.half_page(-1)

    def action_first(self) -> None:
        """To the top."""
        self.pane.go_first()

    def action_last(self) -> None:
        """To the end."""
        self.pane.go_last()

    def action_palette(self) -> None:
        """Find an action by words."""
        self.app.action_command_palette()

    def action_suspend(self) -> None:
        """Back to the shell."""
        self.app.action_suspend_process()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys rest while a line of input is open."""
        rests = action in BY_ID and action not in ("close", "suspend")
        if rests and self.is_asking:
            return False
        return super().check_action(action, parameters)
