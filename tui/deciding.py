"""Verdict keys, undo and redo, for every screen with a sample to decide about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from engine.review.decision import Aspect, Verdict
from engine.review.review import Change
from engine.session import Session
from tui.terminal.display import one_line
from tui.working_screen import WorkingScreen

INLINE_ROWS = 2_000
"""A bulk of more rows runs in the background under a dialog."""

NAME_CELLS = 24
"""Room for the name of a tag or a reason in a message."""

VERDICT_WORDS = {
    Verdict.ACCEPT: "accepted",
    Verdict.REJECT: "rejected",
    Verdict.SKIP: "skipped",
    Verdict.UNDECIDED: "cleared",
}


def change_words(change: Change) -> str:
    """What was decided about the rows of a change."""
    text = one_line(change.said.text, NAME_CELLS)
    match change.aspect:
        case Aspect.REASON:
            return f"reason {text or 'taken away'},"
        case Aspect.NOTE:
            return "note on" if text else "no note on"
        case Aspect.TAG:
            tag = one_line(change.said.subject, NAME_CELLS)
            return f"tag {tag} on" if text else f"taking tag {tag} off"
        case Aspect.EDIT:
            return f"edit of the {one_line(change.said.subject, NAME_CELLS)} of"
    if change.values is None:
        return VERDICT_WORDS[change.verdict]
    if change.aspect is Aspect.COPIES:
        return f"copies x{change.values[0]} for"
    told = Counter(change.values.tolist())
    return (
        ", ".join(f"{VERDICT_WORDS[Verdict(each)]} {told[each]:,}" for each in sorted(told)) + ":"
    )


def change_text(change: Change) -> str:
    """The same, with how many rows there are."""
    plural = "s" if len(change.rows) > 1 else ""
    return f"{change_words(change)} {len(change.rows):,} row{plural}"


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
        """Take the last decision back."""
        self._step(self.session.undo, "undone", "nothing to undo")

    def action_redo(self) -> None:
        """Give it again."""
        self._step(self.session.redo, "done again", "nothing to redo")

    def _step(self, step: Callable[[], Change | None], word: str, nothing: str) -> None:
        def stepped(change: Change | None) -> None:
            if change is None:
                self.say(nothing)
                return
            one = len(change.rows) == 1
            rows = f"row {change.rows[0]}" if one else f"{len(change.rows):,} rows"
            self.say(f"{word}: {change_words(change)} {rows}{self._show_step(change)}")

        self._work("…", step, stepped, background=self.session.review.largest_step > INLINE_ROWS)

    def _show_step(self, change: Change) -> str:
        """Draw what an undo or redo has changed; what to add where it is not in view."""
        raise NotImplementedError


STEPS = (1, 2, 3)
"""What the key goes through; more than that is typed."""


def next_boost(times: int) -> int:
    """What the key makes of a sample that is exported so often."""
    return STEPS[(STEPS.index(times) + 1) % len(STEPS)] if times in STEPS else 1
