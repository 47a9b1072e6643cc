"""The events of a review, and what they add up to: verdicts, annotations, undo and redo.

The state is nothing but the replayed history. A decision, an undo and a redo are each appended
to the session file first and applied to the arrays after; opening the file again replays them.

What holds for a row then is in `engine.review.projection`; here is what is said, undone and
redone. All topics share one undo.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.dataset.identities import IdentityTable
from engine.errors import StoreError
from engine.review.decision import (
    BITMAP_ROWS,
    CHOICES,
    Aspect,
    Circumstances,
    Event,
    EventKind,
    Said,
    SampleTable,
    StoredEvent,
    Verdict,
)
from engine.review.latest_event import LatestEvent
from engine.review.projection import Projection, Topic, topics
from engine.sample import Side


class EventLog(Protocol):
    """Where events are written: the part of a session file that a review needs."""

    def append(
        self,
        event: Event,
        identities: NDArray[np.uint8],
        occurrences: NDArray[np.uint32],
        samples: SampleTable | None = None,
        /,
    ) -> StoredEvent:
        """Write an event and give it its number, time and reviewer; on disk when this returns.

        Args:
            event: what was said; its rows are those of the dataset under review.
            identities: of its samples.  (n, 16)
            occurrences: which of the identical samples each one is.  (n,)
            samples: all of the dataset, for a bulk; its rows are ascending then.
        """
        ...

    def correct_occurrences(self, right: Mapping[int, NDArray[np.uint32]], /) -> None:
        """Let the events of these numbers be read with other occurrences.  Each (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision, an undo or a redo did, for the message and the cursor."""

    kind: EventKind
    said: Said
    """What was said, or given again; after an undo, what was taken back."""
    rows: NDArray[np.int64]  # (n,) the rows of it that are in the dataset open now
    side: Side
    decisions: tuple[Event, ...] = ()
    """What was made, taken back or given again, as it was made, in that order."""

    @property
    def reason(self) -> str:
        """Why its rows were rejected, where that was said with the verdict."""
        said = [event.said for event in self.decisions]
        given = [each.text if each.aspect is Aspect.REASON else each.reason for each in said]
        return given[-1] if given else ""

    @property
    def verdict(self) -> Verdict:
        """The verdict that was given or taken back."""
        return self.said.verdict

    @property
    def aspect(self) -> Aspect | str:
        """What it is about."""
        return self.said.aspect

    @property
    def values(self) -> NDArray[np.int32] | None:
        """Of each row; None where all have `verdict`.  (n,)."""
        return self.said.values


class Review(Projection):
    """Verdicts per side and row, with undo and redo that know no limit and survive a restart."""

    def __init__(
        self,
        log: EventLog,
        identities: IdentityTable,
        *,
        sides: int,
        rows: int,
    ) -> None:
        """Nothing is known of earlier visits before `replay`."""
        super().__init__(sides, rows)
        self.version = 0
        """Grows with every change that is about rows; tells the screen what to draw again."""
        self.lost = 0
        """Verdicts given to samples that the dataset open now does not hold; they stay on file."""
        self._log = log
        self._identities = identities
        self._redo: list[int] = []
        self.uncounted = False
        """Whether a decision of this visit waits for `count_occurrences`."""
        self._to_count: list[StoredEvent] = []
        """Events of this dataset whose occurrences have not been compared with all of its rows."""
        self._counting = threading.Lock()
        self.writing = threading.RLock()
        """Held while something is said: a bulk says it in a thread of its own."""

    def replay(
        self,
        history: Sequence[StoredEvent],
        places: Mapping[int, NDArray[np.int64]],
        to_count: Iterable[StoredEvent] = (),
    ) -> None:
        """Rebuild the state from the file's history.

        Args:
            history: every event, oldest first.
            places: by number, where the samples of events of another dataset are in this one, -1
                for those that are not.  Each (n,)
            to_count: events of this dataset whose occurrences have not been compared with all rows.
        """
        for each in history:
            self._apply(replace(each.event, rows=places.get(each.event.id, each.event.rows)))
        self.lost = self._count_lost(history)
        self._to_count = list(to_count)

    def _count_lost(self, history: Sequence[StoredEvent]) -> int:
        """How many samples that are not here have a verdict."""
        keys: list[NDArray[np.void]] = []
        verdicts: list[NDArray[np.int8]] = []
        for position, (stored, event) in enumerate(zip(history, self.events, strict=True)):
            absent, said = event.rows < 0, event.said
            stands = event.kind is EventKind.DECIDE and position not in self._undone
            decides = said.aspect in (Aspect.VERDICT, Aspect.MERGE)
            if not (stands and decides and absent.any()):
                continue
            keys.append(stored.keys()[absent])
            given = np.full(len(absent), said.verdict) if said.values is None else said.values
            verdicts.append(given[absent].astype(np.int8))
        if not keys:
            return 0
        _, last = np.unique(np.concatenate(keys)[::-1], return_index=True)
        return int(np.count_nonzero(np.concatenate(verdicts)[::-1][last]))

    def say(
        self,
        said: Said,
        rows: NDArray[np.int64],
        *,
        scores: NDArray[np.float32],
        circumstances: Circumstances,
        together: int | None = None,
    ) -> Change:
        """Say something about `rows` as one event; on disk when this returns.

        Args:
            said: what.
            rows: at least one.  (n,)
            scores: of these rows at this moment, NaN where there is none.  (n,)
            circumstances: threshold, scorer and side on screen.
            together: the `Event.step` of what one undo takes back together with this.

        Raises:
            StoreError: it could not be written; nothing has changed.
        """
        with self.writing:
            return self._append(EventKind.DECIDE, said, rows, scores, circumstances, None, together)

    def follow(self, written: Sequence[StoredEvent]) -> None:
        """Let events hold that stand on file already, such as verdicts taken over from elsewhere.

        Args:
            written: about rows of this dataset, their occurrences counted.
        """
        with self.writing:
            for each in written:
                self._apply(each.event)

    def undo(self) -> Change | None:
        """Take back the last decision that still stands; None where there is none."""
        return self._step(EventKind.UNDO, self._undo)

    def redo(self) -> Change | None:
        """Give the last undone decision again; None where there is none."""
        return self._step(EventKind.REDO, self._redo)

    @property
    def copied(self) -> bool:
        """Whether any sample is exported more than once."""
        return bool(self.copies.max(initial=1) > 1)

    @property
    def undoable(self) -> int:
        """How many decisions `undo` can take back."""
        return len(self._undo)

    @property
    def redoable(self) -> int:
        """How many decisions `redo` can give again."""
        return len(self._redo)

    @property
    def next_undo(self) -> Event | None:
        """The decision that `undo` takes back first; None where there is none."""
        return self._next(self._undo)

    @property
    def next_redo(self) -> Event | None:
        """The decision that `redo` gives again first; None where there is none."""
        return self._next(self._redo)

    @property
    def largest_step(self) -> int:
        """Rows of the bigger one of what the next undo and the next redo would change."""
        steps = (self._next(stack) for stack in (self._undo, self._redo))
        return max((len(event.rows) for event in steps if event is not None), default=0)

    # -- how it came to that -----------------------------------------------------------------

    def _step(self, kind: EventKind, stack: list[int]) -> Change | None:
        """Undo or redo what is on top of `stack`, with all that was said together with it."""
        with self.writing:
            first = event = self._next(stack)
            changes = []
            while event is not None and first is not None and event.step == first.step:
                changes.append(self._take(kind, event))
                event = self._next(stack)
        if kind is EventKind.UNDO:
            changes.reverse()  # as they were made
        return _joined(changes) if changes else None

    def _take(self, kind: EventKind, event: Event) -> Change:
        """Undo or redo one event."""
        here = event.rows >= 0
        values = None if event.said.values is None else event.said.values[here]
        said = replace(event.said, values=values)
        return self._append(
            kind, said, event.rows[here], event.scores[here], event.circumstances, event.id,
            event.together,
        )  # fmt: skip

    def _next(self, stack: list[int]) -> Event | None:
        """The last event on `stack` that is about a row of this dataset."""
        steps = (self.events[position] for position in reversed(stack))
        return next((event for event in steps if _is_here(event)), None)

    def _append(
        self,
        kind: EventKind,
        said: Said,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        circumstances: Circumstances,
        about: int | None,
        together: int | None,
    ) -> Change:
        samples = None
        if len(rows) > BITMAP_ROWS:
            samples = SampleTable(self._identities.all(), self._identities.occurrences())
            order = np.argsort(rows, kind="stable")
            rows, scores = rows[order], scores[order]
            if said.values is not None:
                said = replace(said, values=said.values[order])
        if said.aspect is Aspect.COPIES:
            old = self.copies[rows].astype(np.int8)
        else:
            old = self.verdicts[circumstances.side, rows]
        written = said if kind is EventKind.DECIDE else replace(said, values=None)
        event = Event(kind, written, rows, old, scores, circumstances, about, together=together)
        identities = self._identities.identities(rows)
        counted = self._identities.counted
        occurrences = self._identities.occurrences_of(rows)
        if samples is None:
            stored = self._log.append(event, identities, occurrences)
        else:
            stored = self._log.append(event, identities, occurrences, samples)
        if not counted and len(rows):
            self.uncounted = True
            self._to_count.append(stored)
            if self._identities.counted:  # meanwhile: whoever counted cannot have seen this one
                self.count_occurrences()
        self._apply(stored.event)
        decision = stored.event if about is None else self.events[self._by_id[about]]
        return Change(kind, said, rows, circumstances.side, (decision,))

    def count_occurrences(self) -> None:
        """Put right on file which of identical samples each event of this dataset is about.

        A decision hashes only its own rows: that an earlier row is the identical sample may be
        known only when all are hashed. Until then the event has too small a number. That matters
        for another version of the dataset alone; in this one events find their rows by number.

        Hashes every row that is left, so it belongs in a thread. Where nothing can be written,
        the next visit does it.
        """
        with self._counting, contextlib.suppress(StoreError):
            occurrences = self._identities.occurrences()
            events = list(self._to_count)  # decisions may add to it meanwhile
            right = {each.event.id: occurrences[each.event.rows] for each in events}
            wrong = [e for e in events if not np.array_equal(right[e.event.id], e.occurrences)]
            if wrong:
                self._log.correct_occurrences({e.event.id: right[e.event.id] for e in wrong})
            del self._to_count[: len(events)]
            self.uncounted = bool(self._to_count)

    def _apply(self, event: Event) -> None:
        position = len(self.events)
        self.events.append(event)
        self.boosted = self.boosted or event.said.aspect is Aspect.COPIES
        self._by_id[event.id] = position
        if event.kind is EventKind.DECIDE:
            self._redo.clear()
            if event.said.aspect is Aspect.MERGE:
                self._merged.append(event)
                self._undo.clear()  # what other sessions said is history here
            else:
                self._undo.append(position)
            if event.said.aspect in CHOICES:
                self._before[event.id] = self.chosen(*topics(event)[0])
                self._choices.setdefault(topics(event)[0], []).append(position)
            for topic in _row_topics(event):
                latest = self._latest.setdefault(topic, LatestEvent(self.verdicts.shape[1]))
                self._follow(topic, latest.say(position, event.rows[event.rows >= 0]))
        else:
            assert event.about is not None
            position = self._by_id[event.about]
            about = _row_topics(self.events[position])
            if event.kind is EventKind.UNDO:
                _move(position, self._undo, self._redo)
                self._undone.add(position)
                for topic in about:
                    self._follow(topic, self._latest[topic].fall(position, self._undone))
            else:
                _move(position, self._redo, self._undo)
                self._undone.discard(position)
                for topic in about:
                    self._follow(topic, self._latest[topic].stand(position))
        if event.said.aspect not in CHOICES:
            self.version += 1

    def _follow(self, topic: Topic, rows: NDArray[np.int64]) -> None:
        """Bring the state of `rows` in line with the decisions that hold for them now."""
        aspect, side = topic
        if aspect not in (Aspect.VERDICT, Aspect.COPIES) or not len(rows):
            return
        copies = aspect is Aspect.COPIES
        state = self.copies if copies else self.verdicts[Side.named(side)]
        latest = self._latest[topic].position[rows]
        order = np.argsort(latest, kind="stable")
        sources, starts = np.unique(latest[order], return_index=True)
        for source, held in zip(sources.tolist(), np.split(rows[order], starts[1:]), strict=True):
            state[held] = self._said_about(source, held) if source >= 0 else int(copies)

    def _said_about(self, position: int, rows: NDArray[np.int64]) -> NDArray[np.int32] | Verdict:
        """What the decision at `position` gave to some of its rows.  (n,)."""
        event = self.events[position]
        if event.said.values is None:
            return event.said.verdict
        order = np.argsort(event.rows, kind="stable")
        return event.said.values[order[np.searchsorted(event.rows[order], rows)]]


def _row_topics(event: Event) -> tuple[Topic, ...]:
    """What an event says of rows; nothing where it is of the review, or in unknown words."""
    known = isinstance(event.said.aspect, Aspect) and event.said.aspect not in CHOICES
    return topics(event) if known else ()


def _joined(changes: list[Change]) -> Change:
    """What one step did: verdicts on one side as a whole, else the first of the changes."""
    decisions = tuple(decision for change in changes for decision in change.decisions)
    first = replace(changes[0], decisions=decisions)
    kinds = {(change.aspect, change.side, change.values is None) for change in changes}
    if len(changes) == 1 or kinds != {(Aspect.VERDICT, first.side, False)}:
        return first
    values = np.concatenate([each.values for each in changes if each.values is not None])
    rows = np.concatenate([each.rows for each in changes])
    return replace(first, said=replace(first.said, values=values), rows=rows)


def _is_here(event: Event) -> bool:
    """Whether an event is about this dataset, and in words that this version knows."""
    if event.said.aspect in CHOICES:
        return True
    return isinstance(event.said.aspect, Aspect) and bool((event.rows >= 0).any())


def _move(position: int, source: list[int], target: list[int]) -> None:
    """Take a decision from one stack to the other; it is nearly always on top."""
    if source[-1] == position:
        source.pop()
    else:
        source.remove(position)
    target.append(position)
