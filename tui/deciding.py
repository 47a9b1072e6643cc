"""Verdict keys, undo and redo, for every screen with a sample to decide about."""

from __future__ import annotations

from collections.abc import Callable

from engine.review.decision import EventKind, Verdict
from engine.review.review import Change
from engine.session import Session
from tui.said_words import STEP_WORDS, step_words
from tui.working_screen import WorkingScreen

INLINE_ROWS = 2_000
"""A bulk of more rows runs in the background under a dialog."""


class DecidingScreen(WorkingScreen):
    """What a, x, space, c, U and R do; about which rows, the screen says."""

    session: Session

    def action_accept(self) -> None:
        """Accept what is under the cursor, or the range."""
        self._decide(Verdict.ACCEPT)

    def action_reject(self) -> None:
        """Reject it."""
        self._decide(Verdict.REJECT)

    def action_skip(self) -> None:
        """Skip it."""
        self._decide(Verdict.SKIP)

    def action_clear(self) -> None:
        """Clear its verdict."""
        self._decide(Verdict.UNDECIDED)

    def _decide(self, verdict: Verdict) -> None:
        raise NotImplementedError

    def action_undo(self) -> None:
        """Take the last thing back that changes what is exported."""
        self._step(EventKind.UNDO, self.session.undo)

    def action_redo(self) -> None:
        """Give it again."""
        self._step(EventKind.REDO, self.session.redo)

    def _step(self, kind: EventKind, step: Callable[[], Change | None]) -> None:
        def stepped(change: Change | None) -> None:
            if change is None:
                self.say(f"nothing to {kind.value}")
                return
            said = f"{STEP_WORDS[kind]}: {step_words(self.session, change)}"
            self.say(f"{said}{self._show_step(change)}")

        self._work("…", step, stepped, background=self.session.review.largest_step > INLINE_ROWS)

    def _show_step(self, change: Change) -> str:
        """Draw what an undo or redo has changed; what to add where it is not in view."""
        raise NotImplementedError

    def show_choice(self, change: Change) -> None:
        """Draw what an undo or redo of something that is about no row has changed."""
        raise NotImplementedError


STEPS = (1, 2, 3)
"""What the key goes through; more than that is typed."""


def next_boost(times: int) -> int:
    """What the key makes of a sample that is exported so often."""
    return STEPS[(STEPS.index(times) + 1) % len(STEPS)] if times in STEPS else 1
