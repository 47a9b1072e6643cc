"""Beside a verdict: why it was a rejection, a note, tags."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.errors import TamisError
from engine.filter import Completion
from engine.review.decision import Verdict
from engine.review.review import Change
from engine.session.annotations import tag_name
from tui.deciding import INLINE_ROWS
from tui.desk.verdicts import ALL_ROWS, VerdictActions
from tui.dialogs.dialogs import TextDialog
from tui.said_words import NAME_CELLS, VERDICT_WORDS
from tui.sample.history import history_text
from tui.terminal.display import one_line, sanitize
from tui.terminal.editor import edited

NO_REASON = "0"

TAGS_NAMED = 6
"""As many tags in use are named in the line that asks for one."""


class AnnotationActions(VerdictActions):
    """What the digits after x, i, I, # and h do."""

    # -- what they go to ---------------------------------------------------------------------

    _decided: tuple[NDArray[np.int64], Verdict, int | None] | None = None
    """The rows accepted or rejected last, and the row that the cursor went to; None once it has
    moved from there."""

    def _decide_one(self, verdict: Verdict, row: int) -> None:
        super()._decide_one(verdict, row)
        self._note_decided(np.array([row], np.int64), verdict)

    def _bulk_done(self, change: Change | None) -> None:
        super()._bulk_done(change)
        if change is not None and change.values is None:
            self._note_decided(change.rows, change.verdict)

    def _note_decided(self, rows: NDArray[np.int64], verdict: Verdict) -> None:
        judged = verdict in (Verdict.ACCEPT, Verdict.REJECT)
        stands = judged and len(rows) and (self.session.verdicts[rows] == verdict).all()
        self._decided = (rows, verdict, self.table.cursor_row) if stands else None

    @property
    def just_decided(self) -> NDArray[np.int64]:
        """The rows that a note or a reason is for before the cursor moves on.  (n,).

        Empty where nothing was just decided: then they are for the row under the cursor.
        """
        if self._decided is not None:
            rows, verdict, cursor = self._decided
            if cursor == self.table.cursor_row and (self.session.verdicts[rows] == verdict).all():
                return rows
        return np.empty(0, np.int64)

    def on_sample_table_cursor_moved(self) -> None:
        """Whoever moves on speaks of the row that they have moved to."""
        super().on_sample_table_cursor_moved()
        if self._decided is not None and self._decided[2] != self.table.cursor_row:
            self._decided = None

    # -- reasons -----------------------------------------------------------------------------

    def action_reject(self) -> None:
        """Reject, and name the digits that say why; whoever does not care goes on."""
        super().action_reject()
        rows = self.just_decided
        if len(rows) == 1 and self.session.verdicts[rows[0]] == Verdict.REJECT:
            self.say(f"row {rows[0]}: {self._digits()}")

    def _digits(self) -> str:
        words = enumerate(self.session.annotations.reasons[:9], 1)
        return " ".join(f"{digit} {word}" for digit, word in words)

    def action_code(self, key: str = "") -> None:
        """Say why a row was rejected; without a key, choose from the list."""
        if key:
            self._code(key)
            return
        words = self.session.annotations.reasons[:9]
        choices = [(str(digit), f"{digit} {word}") for digit, word in enumerate(words, 1)]
        choices.append((NO_REASON, f"{NO_REASON} no reason"))

        self.choose(f"Why {_which(self._to_code())} was rejected", choices, self._code)

    def _to_code(self) -> NDArray[np.int64]:
        """The rows just decided, else the one under the cursor; of these the rejected ones."""
        rows, cursor = self.just_decided, self.table.cursor_row
        if not len(rows) and cursor is not None:
            rows = np.array([cursor], np.int64)
        rejected: NDArray[np.int64] = rows[self.session.verdicts[rows] == Verdict.REJECT]
        return rejected

    @property
    def nothing_to_code(self) -> str:
        """Why a digit says nothing now; empty where it does."""
        if len(self._to_code()):
            return ""
        rows = self.just_decided
        if len(rows):
            return f"{_which(rows)} was just accepted, and a reason goes with a rejection"
        cursor = self.table.cursor_row
        where = "no row is shown" if cursor is None else f"row {cursor} is not rejected"
        return f"{where}: {self.key('reject')} first, then a digit"

    def _code(self, digit: str) -> None:
        annotations = self.session.annotations
        number = int(digit)
        if number > len(annotations.reasons):
            self.say(f"no reason has the digit {digit}: {self._digits()}")
            return
        reason = annotations.reasons[number - 1] if number else ""
        rows = self._to_code()

        def coded(change: Change | None) -> None:
            word = reason or "no reason"
            self.say(f"{_which(rows)}: {word}" + ("" if change is not None else " already"))
            self._show_changed()

        self._work(
            f"{reason}: {len(rows):,} rows",
            partial(annotations.code, reason, rows),
            coded,
            background=len(rows) > INLINE_ROWS,
        )

    # -- notes -------------------------------------------------------------------------------

    def action_note(self) -> None:
        """Ask for a note on the sample just decided, else on that under the cursor."""
        row = self._noted_row()
        if row is None:
            return
        note = self.session.review.note(row)
        shown = sanitize(note)
        if "\n" in shown:
            self.action_long_note()
            return

        def answer(text: str) -> None:
            if text != shown:
                self._set_note(row, text)

        hint = f"empty takes it away; {self.key('long_note')} opens the editor"
        label, cursor = f"note on row {row}", self.table.cursor_row
        if row != cursor:
            label += f", just {VERDICT_WORDS[Verdict(int(self.session.verdicts[row]))]}"
            hint = f"{self.key('close')} {self.key('note')}: on row {cursor}"
            self._decided = None  # whoever closes the line means the row under the cursor

        self.ask(
            label,
            hint,
            answer,
            value=shown,
            select=False,
        )

    def action_long_note(self) -> None:
        """Write the note in the editor."""
        row = self._noted_row()
        if row is None:
            return
        try:
            text = edited(self.app, self.session.review.note(row), f"note-{row}.txt")
            if text is not None:
                self._set_note(row, text)
        except TamisError as error:
            self.say(str(error), severity="error", timeout=12)

    def _set_note(self, row: int, text: str) -> None:
        change = self.session.annotations.set_note(row, text)
        if change is None:
            self.say("the note is as it was")
        else:
            self.say(f"noted on row {row}" if text.strip() else f"no note on row {row} any more")
        self._show_changed()

    def _noted_row(self) -> int | None:
        """The row just decided, else the one under the cursor; None, and why, for neither."""
        rows = self.just_decided
        return int(rows[0]) if len(rows) == 1 else self._readable_row("note")

    def _readable_row(self, what: str) -> int | None:
        """The row to remark on; None, and why, where there is none."""
        row = self.table.cursor_row
        if row is None:
            return None
        if self.session.read_only:
            self.say("read-only: nothing can be said here")
            return None
        if self.session.dataset.broken[row]:
            self.say(f"row {row} could not be read: there is nothing to {what}")
            return None
        return row

    # -- history -----------------------------------------------------------------------------

    def action_history(self) -> None:
        """Show everything that was said about the sample."""
        row = self.table.cursor_row
        if row is not None:
            self.app.push_screen(
                TextDialog(f"History of row {row}", history_text(self.session, row))
            )

    # -- tags --------------------------------------------------------------------------------

    def action_tag(self) -> None:
        """Ask for a tag for the sample, or for the range."""
        if self.table.selection_anchor is not None:
            self._ask_tag(*self._selection())
            return
        row = self._readable_row("tag")
        if row is not None:
            self._ask_tag(np.array([row], np.int64), f"row {row}")

    def action_bulk_tag(self) -> None:
        """Ask for a tag for every row of the view."""
        self._ask_tag(self.table.order, ALL_ROWS)

    def _ask_tag(self, rows: NDArray[np.int64], what: str) -> None:
        if self.session.read_only:
            self.say("read-only: nothing can be said here")
            return
        used = self.session.review.tag_counts()
        mine = self.session.review.tags(int(rows[0])) if len(rows) == 1 else ()
        named = [f"{_short(name)} {count:,}" for name, count in list(used.items())[:TAGS_NAMED]]
        has = f"has {' '.join(map(_short, mine))}; " if mine else ""
        hint = has + ("in use: " + ", ".join(named) if named else "a word; -word takes it off")

        def fitting(text: str) -> str:
            typed = text.strip().removeprefix("-").removeprefix("#").casefold()
            found = [name for name in used if typed and name.casefold().startswith(typed)]
            return ", ".join(f"{_short(name)} {used[name]:,}" for name in found[:TAGS_NAMED])

        self.ask(
            f"tag {what}",
            hint,
            lambda text: self._tag(rows, what, text),
            preview=fitting,
            complete=lambda text, place: _completion(text[:place], list(used)),
        )

    def _tag(self, rows: NDArray[np.int64], what: str, text: str) -> None:
        """Add or take off what was typed; more than one row after a count."""
        text = text.strip()
        if not text:
            return
        remove = text.startswith("-")
        name = tag_name(text.removeprefix("-"))
        annotations = self.session.annotations
        changed = annotations.changed_by(rows, name, remove=remove)
        if not len(changed):
            self.say(f"nothing to change: {what} has {'no' if remove else 'the'} tag {name}")
            return
        work = partial(annotations.tag, np.sort(changed), name, remove=remove)
        if len(rows) == 1:
            self._tagged(work())
            self._remember_tag(1, text)
            return
        doing = f"take the tag {name} off" if remove else f"tag {name}:"
        lines = [
            f"{len(rows):,} rows, {len(changed):,} of them change.",
            f"No verdict changes. One undo ({self.key('undo')}) takes all of it back.",
        ]

        doing_so = f"{doing} {len(changed):,} rows"

        def tag() -> None:
            self.table.clear_selection()
            self._remember_tag(0 if what == ALL_ROWS else len(rows), text)
            self._work(doing_so, work, self._tagged, background=len(changed) > INLINE_ROWS)

        # After the line of input has closed: it gives the focus back to the table.
        self.call_after_refresh(self.confirm, f"{doing.capitalize()} {what}?", lines, doing_so, tag)

    def _remember_tag(self, count: int, text: str) -> None:
        self.remember_for_repeat(count, lambda rows, what: self._tag(rows, what, text))

    def _tagged(self, change: Change | None) -> None:
        if change is not None:
            word = "tagged" if change.said.text else "untagged"
            count = len(change.rows)
            which = f"row {change.rows[0]}" if count == 1 else f"{count:,} rows; {self.taken_back}"
            self.say(f"{word} {_short(change.said.subject)}: {which}")
        self._show_changed()


def _which(rows: NDArray[np.int64]) -> str:
    return f"row {rows[0]}" if len(rows) == 1 else f"{len(rows):,} rows"


def _short(name: str) -> str:
    return one_line(name, NAME_CELLS)


def _completion(typed: str, names: list[str]) -> Completion:
    """The tags that begin with what was typed, behind a sign."""
    start = len(typed) - len(typed.lstrip("-#"))
    begun = typed[start:].casefold()
    return Completion(start, tuple(name for name in names if name.casefold().startswith(begun)))
