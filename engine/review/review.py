"""The events of a review, and what they add up to: verdicts, remarks, undo and redo.

The state is nothing but the replayed history. A decision, an undo and a redo are each appended
to the session file first and applied to the arrays after; opening the file again replays them.

What holds for a row then is in `engine.review.projection`; here is what is said, undone and
redone. All topics share one undo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dataset.identities import IdentityTable
from engine.review.decision import Aspect, Circumstances, Event, EventKind, Verdict
from engine.review.latest_event import Layer
from engine.review.projection import Projection, Topic, index_of, topics
from engine.sample import Side
from engine.store import Store, StoredEvent

FEW_ROWS = 8
"""Up to this many rows, occurrences are looked up one by one instead of for the whole dataset."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an event says, without who said it, when and about which rows."""

    verdict: Verdict = Verdict.UNDECIDED
    reason: str = ""
    note: str = ""
    aspect: Aspect = Aspect.VERDICT
    values: NDArray[np.int32] | None = None  # (n,) of each row; None: `verdict` for all
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision, an undo or a redo did, for the message and the cursor."""

    kind: EventKind
    said: Said
    """What stands now; after an undo, what stands no more."""
    rows: NDArray[np.int64]  # (n,) the rows of it that are in the dataset open now
    side: Side

    @property
    def verdict(self) -> Verdict:
        """The verdict that was given or taken back."""
        return self.said.verdict

    @property
    def aspect(self) -> Aspect:
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
        store: Store,
        identities: IdentityTable,
        occurrence: Callable[[int], int],
        *,
        sides: int,
        rows: int,
    ) -> None:
        super().__init__(sides, rows)
        self.version = 0
        """Grows with every change; tells the screen what to draw again."""
        self.lost = 0
        """Verdicts given to samples that the dataset open now does not hold; they stay on file."""
        self._store = store
        self._identities = identities
        self._occurrence = occurrence
        self._redo: list[int] = []

    def replay(self, stored: Iterable[StoredEvent], digest: str) -> None:
        """Rebuild the state from the file's history.

        Args:
            stored: every event, oldest first.
            digest: of the dataset open now. Events made on the same bytes find their rows by
                number, others by identity and occurrence.
        """
        history = list(stored)
        places = self._places(history, digest)
        for event in history:
            self._apply(_event(event, places.get(event.id, event.rows)))
        self.lost = self._count_lost(history)

    def _places(self, history: list[StoredEvent], digest: str) -> dict[int, NDArray[np.int64]]:
        """Where the samples of events that were made on another dataset are in this one."""
        foreign = [event for event in history if event.dataset_digest != digest]
        if not foreign:
            return {}
        located = self._identities.locate(
            np.concatenate([event.identities for event in foreign]),
            np.concatenate([event.occurrences for event in foreign]),
        )
        cuts = np.cumsum([len(event.rows) for event in foreign])[:-1]
        places = dict(zip((event.id for event in foreign), np.split(located, cuts), strict=True))
        for event in foreign:
            sided = event.aspect in (Aspect.VERDICT, Aspect.REASON, Aspect.MERGE)
            if sided and index_of(event.circumstances.side) >= len(self.verdicts):
                places[event.id] = np.full(len(event.rows), -1, np.int64)
        return places

    def _count_lost(self, history: list[StoredEvent]) -> int:
        """How many samples that are not here have a verdict."""
        keys: list[NDArray[np.void]] = []
        verdicts: list[NDArray[np.int8]] = []
        for stored in history:
            position = self._by_id[stored.id]
            absent = self.events[position].rows < 0
            stands = stored.kind is EventKind.DECIDE and position not in self._undone
            decides = stored.aspect in (Aspect.VERDICT, Aspect.MERGE)
            if not (stands and decides and absent.any()):
                continue
            keys.append(stored.keys()[absent])
            said = np.full(len(absent), stored.verdict) if stored.values is None else stored.values
            verdicts.append(said[absent].astype(np.int8))
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
    ) -> Change:
        """Say something about `rows` as one event; on disk when this returns.

        Args:
            said: what.
            rows: at least one.  (n,)
            scores: of these rows at this moment, NaN where there is none.  (n,)
            circumstances: threshold, scorer and side on screen.
        """
        return self._append(EventKind.DECIDE, said, rows, scores, circumstances, None)

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
    def largest_step(self) -> int:
        """Rows of the bigger one of what the next undo and the next redo would change."""
        steps = (self._next(stack) for stack in (self._undo, self._redo))
        return max((len(event.rows) for event in steps if event is not None), default=0)

    # -- how it came to that -----------------------------------------------------------------

    def _step(self, kind: EventKind, stack: list[int]) -> Change | None:
        event = self._next(stack)
        if event is None:
            return None
        present = event.rows >= 0
        values = None if event.values is None else event.values[present]
        said = Said(
            event.verdict, event.reason, event.note, event.aspect, values, event.subject, event.text
        )
        return self._append(
            kind, said, event.rows[present], event.scores[present], event.circumstances, event.id
        )

    def _next(self, stack: list[int]) -> Event | None:
        """The last event on `stack` that is about a row of this dataset."""
        steps = (self.events[position] for position in reversed(stack))
        return next((event for event in steps if (event.rows >= 0).any()), None)

    def _append(
        self,
        kind: EventKind,
        said: Said,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        circumstances: Circumstances,
        about: int | None,
    ) -> Change:
        if said.aspect is Aspect.COPIES:
            old = self.copies[rows].astype(np.int8)
        else:
            old = self.verdicts[index_of(circumstances.side), rows]
        stored = self._store.append(
            kind=kind,
            verdict=said.verdict,
            identities=self._identities.identities(rows),
            occurrences=self._occurrences(rows),
            rows=rows,
            old=old,
            scores=scores,
            circumstances=circumstances,
            reason=said.reason,
            note=said.note,
            about=about,
            aspect=said.aspect,
            values=said.values if kind is EventKind.DECIDE else None,
            subject=said.subject,
            text=said.text,
        )
        self._apply(_event(stored, rows))
        return Change(kind, said, rows, circumstances.side)

    def _occurrences(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        if len(rows) <= FEW_ROWS:
            return np.array([self._occurrence(int(row)) for row in rows], np.uint32)
        return self._identities.occurrences()[rows]

    def _apply(self, event: Event) -> None:
        position = len(self.events)
        self.events.append(event)
        self.boosted = self.boosted or event.aspect is Aspect.COPIES
        self._by_id[event.id] = position
        if event.kind is EventKind.DECIDE:
            self._redo.clear()
            if event.aspect is Aspect.MERGE:
                self._merged.append(event)
                self._undo.clear()  # what other sessions said is history here
            else:
                self._undo.append(position)
            for topic in topics(event):
                layer = self._layers.setdefault(topic, Layer(self.verdicts.shape[1]))
                self._settle(topic, layer.say(position, event.rows[event.rows >= 0]))
        else:
            assert event.about is not None
            position = self._by_id[event.about]
            about = topics(self.events[position])
            if event.kind is EventKind.UNDO:
                _move(position, self._undo, self._redo)
                self._undone.add(position)
                for topic in about:
                    self._settle(topic, self._layers[topic].fall(position, self._undone))
            else:
                _move(position, self._redo, self._undo)
                self._undone.discard(position)
                for topic in about:
                    self._settle(topic, self._layers[topic].stand(position))
        self.version += 1

    def _settle(self, topic: Topic, rows: NDArray[np.int64]) -> None:
        """Bring the state of `rows` in line with the decisions that hold for them now."""
        aspect, side = topic
        if aspect not in (Aspect.VERDICT, Aspect.COPIES) or not len(rows):
            return
        copies = aspect is Aspect.COPIES
        state = self.copies if copies else self.verdicts[index_of(Side(side))]
        latest = self._layers[topic].latest[rows]
        order = np.argsort(latest, kind="stable")
        sources, starts = np.unique(latest[order], return_index=True)
        for source, held in zip(sources.tolist(), np.split(rows[order], starts[1:]), strict=True):
            state[held] = self._said_about(source, held) if source >= 0 else int(copies)

    def _said_about(self, position: int, rows: NDArray[np.int64]) -> NDArray[np.int32] | Verdict:
        """What the decision at `position` gave to some of its rows.  (n,)."""
        event = self.events[position]
        if event.values is None:
            return event.verdict
        order = np.argsort(event.rows, kind="stable")
        return event.values[order[np.searchsorted(event.rows[order], rows)]]


def _move(position: int, source: list[int], target: list[int]) -> None:
    """Take a decision from one stack to the other; it is nearly always on top."""
    if source[-1] == position:
        source.pop()
    else:
        source.remove(position)
    target.append(position)


def _event(stored: StoredEvent, rows: NDArray[np.int64]) -> Event:
    """A line of the file, about `rows` of the dataset open now."""
    return Event(
        stored.id, stored.at, stored.who, stored.kind, stored.verdict, rows, stored.old,
        stored.scores, stored.circumstances, stored.reason, stored.note, stored.about,
        stored.aspect, stored.values, stored.subject, stored.text,
    )  # fmt: skip
