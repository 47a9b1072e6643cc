"""What a reviewer said: verdicts, annotations, and the append-only events that carry them.

A verdict is never overwritten. Each decision is an event that records who, when, old → new and
the score that was on screen; so are reasons, notes and tags; undo and redo are events too. The
state of a review is what the events add up to.

`Said` is what is said, `Event` adds when, by whom and about which rows, `StoredEvent` which
samples these are in any dataset.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.review.threshold import Direction
from engine.sample import IDENTITY_BYTES, Side


class Verdict(IntEnum):
    """A reviewer's word on a sample, as stored (int8); UNDECIDED is the absence of one.

    SKIP is recorded, so that review orders and undo know of it; the outcome is left to the policy.
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
    """The text of one of its parts."""
    MERGE = "merge"
    """The verdict that several reviewers' sessions come to; UNDECIDED where they contradict each
    other."""
    THRESHOLD = "threshold"
    """Of the scorer and side that the subject names; as typed, empty for the scorer's own."""
    GATE = "gate"
    """Whether the threshold of the score that the subject names is on."""
    FORMULA = "formula"
    """How the score that the subject names is computed from others."""
    RULE = "rule"
    """Whether duplicates are dropped."""
    SIMILARITY = "similarity"
    """From which similarity on samples are duplicates."""
    SELECTION = "selection"
    """Which of the rows that pass are taken."""
    MAPPING = "mapping"
    """Which columns are read as what; JSON."""
    FOCUS = "focus"
    """The scorer, or the side, that the rules go by."""
    KEEPER = "keeper"
    """Which of several duplicates is kept."""
    CUT = "cut"
    """Clusters of duplicates that are cut higher than the others; JSON."""


CHOICES = frozenset(
    {
        Aspect.THRESHOLD, Aspect.GATE, Aspect.FORMULA, Aspect.RULE, Aspect.SIMILARITY,
        Aspect.SELECTION, Aspect.MAPPING, Aspect.FOCUS, Aspect.KEEPER, Aspect.CUT,
    }
)  # fmt: skip
"""Aspects of the review as a whole: their events concern no row, and say a text."""


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
class Said:
    """What an event says, without who said it, when and about which rows."""

    verdict: Verdict = Verdict.UNDECIDED
    reason: str = ""
    """Code of the reason that a decision brings along."""
    note: str = ""
    """The words that a decision brings along."""
    aspect: Aspect | str = Aspect.VERDICT
    """One that this version does not know is kept, listed and not applied."""
    values: NDArray[np.int32] | None = None  # (n,) new value of each row, of `aspect`
    """None where every row got `verdict`."""
    subject: str = ""
    """Which one of `aspect`: the name of a tag, the part that an edit is about."""
    text: str = ""
    """A reason, a note or a tag, each taken away by an empty text; or what an edit put there."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the history: something said about one or many rows, or the undoing of that.

    A bulk is one event: all of it is written, undone and redone, or none of it.
    """

    kind: EventKind
    said: Said
    """For undo and redo: what the event that they are about says, without its `values`."""
    rows: NDArray[np.int64]  # (n,) positions in the dataset; -1 where it has no such sample
    old: NDArray[np.int8]  # (n,) verdicts before; of `Aspect.COPIES`, the numbers before
    scores: NDArray[np.float32]  # (n,) scores at that moment, NaN where there was none
    circumstances: Circumstances = field(default_factory=Circumstances)
    about: int | None = None
    """The event that an undo or redo is about."""
    id: int = 0
    """Its number, given when it is written; 0 before, as `at` and `who` are empty."""
    at: str = ""
    """UTC, ISO 8601 with milliseconds."""
    who: str = ""
    together: int | None = None
    """The first of the events that one undo takes back together with this one, by its number."""

    @property
    def step(self) -> int:
        """Equal for decisions that one undo takes back: the number of the first of them."""
        return self.id if self.together is None else self.together

    def verdict_of(self, row: int) -> Verdict:
        """What this decision said about `row`, one of its rows."""
        if self.said.values is None or self.said.aspect is not Aspect.VERDICT:
            return self.said.verdict
        return Verdict(int(self.said.values[np.flatnonzero(self.rows == row)[0]]))


BITMAP_ROWS = 65_536
"""A bulk about more rows than that refers to the samples of the whole dataset by a bitmap."""


@dataclass(frozen=True, slots=True)
class SampleTable:
    """Every sample of a dataset under one reading, by row."""

    identities: NDArray[np.uint8]  # (rows, 16)
    occurrences: NDArray[np.uint32]  # (rows,)


KEY_BYTES = IDENTITY_BYTES + 5
"""Identity, occurrence and side."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the session file has it: with what finds its samples in any other dataset.

    The arrays are read-only where they were read from the file.
    """

    event: Event
    """Its rows are those of the dataset of `dataset_digest`."""
    identities: NDArray[np.uint8]  # (n, 16)
    occurrences: NDArray[np.uint32]  # (n,) how many earlier rows were the identical sample
    dataset_digest: str = ""
    """Of the bytes of the dataset under review at that moment; empty where there was none. Of
    events of format 1, of how they were read as well."""
    reading: str = ""
    """Digest of how it was read; empty for events of format 1."""
    identity_version: int = 2
    samples: SampleTable | None = None
    """All of the dataset, where the event is about more than `BITMAP_ROWS` of them; its rows are
    ascending then."""

    def keys(self) -> NDArray[np.void]:
        """Of each sample what tells a verdict on it from others: itself and the side.  (n,)."""
        keys = np.zeros((len(self.identities), KEY_BYTES), np.uint8)
        keys[:, :IDENTITY_BYTES] = self.identities
        keys[:, IDENTITY_BYTES:-1] = self.occurrences.astype("<u4")[:, None].view(np.uint8)
        keys[:, -1] = self.event.circumstances.side
        return keys.view(f"V{KEY_BYTES}").ravel()
