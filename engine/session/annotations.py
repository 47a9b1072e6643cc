"""What a reviewer says beside a verdict: why it was a rejection, a note, tags."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.export.plan import AnnotationCounts
from engine.filter import ANY
from engine.review.decision import Aspect, Said, Verdict
from engine.review.review import Change, Review
from engine.sample import Side
from engine.session.live_scoring import LiveScoring
from engine.session.recorder import Recorder

OPEN, ADJUDICATED = "open", "adjudicated"
"""In a filter: rows on which merged sessions contradict each other, by whether anybody has
adjudicated."""

_ADJUDICATED_BEFORE = "settled"
"""The word for it in filters that were saved before it was called adjudicated."""

TAG_CHARACTERS = 64

NOTE_CHARACTERS = 20_000

_NOT_IN_TAGS = frozenset(',"()')
"""Commas tell tags apart in the line that asks for them; the others mean something in a filter."""


class Annotations:
    """Reasons, notes and tags of one session; each is an event that undo takes back."""

    def __init__(
        self,
        review: Review,
        scoring: LiveScoring,
        broken: NDArray[np.bool_],
        recorder: Recorder,
        reasons: Sequence[str],
    ) -> None:
        """Annotate the rows of a review.

        Args:
            review: what holds now.
            scoring: tells the side under review.
            broken: rows that hold no sample.  (rows,)
            recorder: puts on file what is said.
            reasons: the words that digits stand for, from 1.
        """
        self.reasons = reasons
        """The words that digits stand for, from 1."""
        self._review = review
        self._scoring = scoring
        self._broken = broken
        self._recorder = recorder
        self._rejected_again: tuple[NDArray[np.int64], Side] | None = None

    # -- reasons -----------------------------------------------------------------------------

    def rejected_again(self, rows: NDArray[np.int64] | None) -> None:
        """Remember that rows were rejected that were rejected already; None: something else."""
        self._rejected_again = None if rows is None else (rows, self._scoring.side)

    @property
    def last_rejected(self) -> NDArray[np.int64]:
        """The rows that a reason is for if none are named: those just rejected.  (n,)."""
        return self._last_rejected()[0]

    def _last_rejected(self) -> tuple[NDArray[np.int64], Side]:
        if self._rejected_again is not None:
            rows, side = self._rejected_again
            still = self._review.verdicts[side, rows] == Verdict.REJECT
            return rows[still], side
        event = self._review.last_decision()
        if event is None or event.said.verdict is not Verdict.REJECT:
            return np.empty(0, np.int64), self._scoring.side
        return event.rows[event.rows >= 0], event.circumstances.side

    def code(self, reason: str, rows: NDArray[np.int64] | None = None) -> Change | None:
        """Say why rows were rejected; "" takes the reason away. None: nothing changes.

        Args:
            reason: in words.
            rows: rejected ones of the side under review; None: those of the last decision.  (n,)

        Raises:
            UsageError: the last decision rejects nothing, or the session is open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        rows, side = self._last_rejected() if rows is None else (rows, self._scoring.side)
        together = self._step_of_reject(rows)
        if not len(rows):
            raise UsageError("the last decision rejects nothing", "reject first, then a digit")
        coded = self._review.reasons(side)
        alike = coded.get(reason, np.empty(0, np.int64))
        if reason:
            rows = np.setdiff1d(rows, alike)
        else:
            rows = np.intersect1d(rows, np.concatenate([alike, *coded.values()]))
        said = Said(aspect=Aspect.REASON, text=reason)
        return self._recorder.say(said, rows, side, together=together) if len(rows) else None

    def _step_of_reject(self, rows: NDArray[np.int64]) -> int | None:
        """The last rejection, if it is of `rows` and nothing came between: one step with it."""
        decision, last = self._review.last_decision(), self._review.next_undo
        if self._rejected_again is not None or decision is None or last is None:
            return None
        if not np.isin(rows, decision.rows).all():
            return None
        return decision.id if decision.id == last.id and decision.together is None else None

    # -- notes and tags ----------------------------------------------------------------------

    def set_note(self, row: int, text: str) -> Change | None:
        """Write a note on `row`, or take it away with an empty text; None: nothing changes.

        Raises:
            UsageError: a broken row, too long a note, or a session open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        text = text.strip()
        if len(text) > NOTE_CHARACTERS:
            raise UsageError(f"a note holds at most {NOTE_CHARACTERS:,} characters")
        if self._broken[row]:
            raise UsageError(f"row {row} could not be read: there is nothing to note")
        if text == self._review.note(row):
            return None
        return self._recorder.say(Said(aspect=Aspect.NOTE, text=text), np.array([row], np.int64))

    def changed_by(
        self, rows: NDArray[np.int64], name: str, *, remove: bool = False
    ) -> NDArray[np.int64]:
        """Those of `rows` that `tag` would change.  (n,) -> (m,)."""
        rows = rows[~self._broken[rows]]
        changed: NDArray[np.int64] = rows[self._review.tagged(name)[rows] == remove]
        return changed

    def tag(self, rows: NDArray[np.int64], name: str, *, remove: bool = False) -> Change | None:
        """Add a tag to `rows`, or remove it, as one event; None where it changes nothing.

        Raises:
            UsageError: no name for a tag, or a session open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        name = tag_name(name)
        rows = self.changed_by(rows, name, remove=remove)
        said = Said(aspect=Aspect.TAG, subject=name, text="" if remove else name)
        return self._recorder.say(said, rows) if len(rows) else None

    def annotated(self) -> NDArray[np.bool_]:
        """Rows with a note or a tag.  (rows,)."""
        return self._review.noted() | self.with_tag(ANY)

    def counts(self) -> AnnotationCounts:
        """How many rows have a reason, each tag, a note; of the side under review."""
        reasons = self._review.reasons(self._scoring.side)
        return AnnotationCounts(
            {name: len(rows) for name, rows in reasons.items()},
            self._review.tag_counts(),
            int(np.count_nonzero(self._review.noted())),
        )

    # -- for the filter ----------------------------------------------------------------------

    def with_note(self, text: str) -> NDArray[np.bool_]:
        """Rows whose note holds `text`, in either case; ANY: rows with a note.  -> (rows,)."""
        noted = self._review.noted()
        if text.casefold() == ANY:
            return noted
        needle = text.casefold()
        rows = np.flatnonzero(noted)
        found = [needle in self._review.note(row).casefold() for row in rows.tolist()]
        noted[rows] = np.array(found, np.bool_)
        return noted

    def with_tag(self, name: str) -> NDArray[np.bool_]:
        """Rows with the tag `name`, in either case; ANY: rows with a tag.  -> (rows,)."""
        wanted = name.casefold()
        mask = np.zeros(len(self._broken), np.bool_)
        for tag in self._review.tag_counts():
            if wanted in (ANY, tag.casefold()):
                mask |= self._review.tagged(tag)
        return mask

    def with_reason(self, name: str) -> NDArray[np.bool_]:
        """Rows rejected for the reason `name`; ANY: for a reason that was given.  -> (rows,)."""
        wanted = name.casefold()
        mask = np.zeros(len(self._broken), np.bool_)
        for reason, rows in self._review.reasons(self._scoring.side).items():
            if wanted in (ANY, reason.casefold()):
                mask[rows] = True
        return mask

    def in_conflict(self, name: str) -> NDArray[np.bool_]:
        """Rows that merged sessions contradict each other about, by state.  -> (rows,).

        Raises:
            UsageError: none of these.
        """
        side = self._scoring.side
        mask = self._review.conflicts(side)
        decided = np.isin(self._review.verdicts[side], (Verdict.ACCEPT, Verdict.REJECT))
        match name.casefold():
            case str(word) if word == ANY:
                return mask
            case str(word) if word == OPEN:
                return mask & ~decided
            case str(word) if word in (ADJUDICATED, _ADJUDICATED_BEFORE):
                return mask & decided
        raise UsageError(f"filter: a conflict is conflict:{ANY}, :{OPEN} or :{ADJUDICATED}")


def tag_name(text: str) -> str:
    """`text` as the name of a tag.

    Raises:
        UsageError: it is none: a tag is one printable word.
    """
    name = text.strip().removeprefix("#")
    if not name or len(name) > TAG_CHARACTERS:
        raise UsageError(f"a tag has 1 to {TAG_CHARACTERS} characters")
    if not name.isprintable() or any(letter.isspace() or letter in _NOT_IN_TAGS for letter in name):
        raise UsageError("a tag is one word without quotes or brackets", "join words with - or _")
    if name.casefold() == ANY:
        raise UsageError(f"a tag cannot be called {ANY}: in a filter that means every tag")
    return name
