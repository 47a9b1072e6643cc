"""A screen that says what was done, and does long work under a dialog."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar, cast

from textual.notifications import SeverityLevel
from textual.screen import Screen

from engine.errors import Cancelled, TamisError
from tui.actions import key_of
from tui.dialogs import WorkDialog
from tui.display import sanitize
from tui.status import KeyBar

Result = TypeVar("Result")


class WorkingScreen(Screen[None]):
    """What the desk and the screens over it have in common; has a `KeyBar`."""

    def __init__(self) -> None:
        super().__init__()
        self._toasts: dict[str, float] = {}  # text -> when it is gone

    def key(self, action: str) -> str:
        """The key that messages name for an action: the person's own."""
        return key_of(self.app, action)

    @property
    def taken_back(self) -> str:
        """How what was just done is undone, for the end of a message."""
        return f"{self.key('undo')} takes it back"

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
