"""What a reviewer said: verdicts, remarks, and the append-only events that carry them.

A verdict is never overwritten. Each decision is an event that records who, when, old → new and
the score that was on screen; so are reasons, notes and tags; undo and redo are events too. The
state of a review is what the events add up to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.review.threshold import Direction
from engine.sample import Side


class Verdict(IntEnum):
    """A reviewer's word on a sample, as stored (int8); UNDECIDED is the absence of one.

    SKIP is recorded, so that queues and undo know of it, and leaves the outcome to the policy.
    """

    UNDECIDED = 0
    ACCEPT = 1
    REJECT = 2
    SKIP = 3


class EventKind(StrEnum):
    """What an event did."""

    DECIDE = "decide"
    UNDO = "undo"
    REDO = "redo"


class Aspect(StrEnum):
    """What of a sample an event speaks about; each has a state of its own, all one undo."""

    VERDICT = "verdict"
    COPIES = "repeats"
    """How often an export writes the sample."""
    REASON = "reason"
    """Why it was rejected."""
    NOTE = "note"
    """The reviewer's words."""
    TAG = "tag"
    """Whether it has a tag; each tag is an aspect of its own."""
    EDIT = "edit"
    """How a part of it reads."""
    MERGE = "merge"
    """The verdict that several reviewers' sessions come to; UNDECIDED where they contradict each
    other."""


MOST_COPIES = 100
"""A sample that an export writes more often than that is a slip, not a wish."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the reviewer saw at the moment of a decision, kept with it for ever."""

    threshold: float | None = None
    direction: Direction = Direction.AT_LEAST
    scorer: str | None = None
    revision: str | None = None
    side: Side = Side.CHOSEN


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history: a decision on one or many rows, or the undoing of one.

    A bulk is one event: all of it is written, undone and redone, or none of it.
    """

    id: int
    at: str
    """UTC, ISO 8601 with milliseconds."""
    who: str
    kind: EventKind
    verdict: Verdict
    """The new verdict; for undo and redo, that of the event they are about."""
    rows: NDArray[
        np.int64
    ]  # (n,) positions in the dataset open now; -1 where it has no such sample
    old: NDArray[np.int8]  # (n,) verdicts before
    scores: NDArray[np.float32]  # (n,) scores at that moment, NaN where there was none
    circumstances: Circumstances = field(default_factory=Circumstances)
    reason: str = ""
    note: str = ""
    about: int | None = None
    """The event that an undo or redo is about."""
    aspect: Aspect = Aspect.VERDICT
    values: NDArray[np.int32] | None = None  # (n,) new value of each row, of `aspect`
    """None where every row got `verdict`."""

    subject: str = ""
    """Which one of `aspect`: the name of a tag, the part that an edit is about."""
    text: str = ""
    """What a remark says: a reason, a note, the tag, all of which an empty one takes away; or the
    text that an edit put there."""

    def verdict_of(self, row: int) -> Verdict:
        """What this decision said about `row`, one of its rows."""
        if self.values is None or self.aspect is not Aspect.VERDICT:
            return self.verdict
        return Verdict(int(self.values[np.flatnonzero(self.rows == row)[0]]))
