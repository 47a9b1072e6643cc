"""The state of a review: which verdict each row has now, and how it came to that.

The state is nothing but the replayed history. A decision, an undo and a redo are each appended
to the session file first and applied to the arrays after; opening the file again replays them.

A decision stands until it is undone, and again once it is redone. The verdict of a row is that
of the last decision about it that stands; so it does not matter in which version of a dataset,
with which of its rows missing, a decision was taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decision import Circumstances, Event, EventKind, Verdict
from engine.identities import IdentityTable
from engine.sample import IDENTITY_BYTES, Side
from engine.store import Store, StoredEvent

KEY_BYTES = IDENTITY_BYTES + 5
"""Identity, occurrence, side: what tells one verdict from every other."""

FEW_ROWS = 8
"""Up to this many rows, occurrences are looked up one by one instead of for the whole dataset."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision, an undo or a redo did, for the message and the cursor."""

    kind: EventKind
    verdict: Verdict
    rows: NDArray[np.int64]  # (n,) the rows of it that are in the dataset open now
    side: Side


class Review:
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
        self.verdicts = np.zeros((sides, rows), np.int8)
        """(sides, rows) of Verdict."""
        self.version = 0
        """Grows with every change; tells the screen what to draw again."""
        self.lost = 0
        """Verdicts given to samples that the dataset open now does not hold; they stay on file."""
        self.events: list[Event] = []
        self._store = store
        self._identities = identities
        self._occurrence = occurrence
        self._latest = np.full((sides, rows), -1, np.int32)
        """(sides, rows) position in `events` of the last decision that stands."""
        self._undo: list[int] = []  # positions of the decisions that stand
        self._redo: list[int] = []
        self._undone: set[int] = set()  # those on `_redo`, and those that a new decision buried
        self._by_id: dict[int, int] = {}
        self._before: dict[int, NDArray[np.int32]] = {}
        """What `_latest` was for the rows of a decision that are here, when it was made."""

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
            self._apply(
                Event(
                    id=event.id,
                    at=event.at,
                    who=event.who,
                    kind=event.kind,
                    verdict=event.verdict,
                    rows=places.get(event.id, event.rows),
                    old=event.old,
                    scores=event.scores,
                    circumstances=event.circumstances,
                    reason=event.reason,
                    note=event.note,
                    about=event.about,
                )
            )
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
            if _index(event.circumstances.side) >= len(self.verdicts):
                places[event.id] = np.full(len(event.rows), -1, np.int64)
        return places

    def _count_lost(self, history: list[StoredEvent]) -> int:
        """How many samples that are not here have a verdict."""
        stands = set(self._undo)
        parts: list[NDArray[np.uint8]] = []
        verdicts: list[NDArray[np.int8]] = []
        for stored in history:
            position = self._by_id[stored.id]
            absent = self.events[position].rows < 0
            if position not in stands or not absent.any():
                continue
            keys = np.zeros((np.count_nonzero(absent), KEY_BYTES), np.uint8)
            keys[:, :IDENTITY_BYTES] = stored.identities[absent]
            occurrences = stored.occurrences[absent].astype("<u4")
            keys[:, IDENTITY_BYTES:-1] = occurrences[:, None].view(np.uint8)
            keys[:, -1] = _index(stored.circumstances.side)
            parts.append(keys)
            verdicts.append(np.full(len(keys), stored.verdict, np.int8))
        if not parts:
            return 0
        keys = np.ascontiguousarray(np.concatenate(parts)[::-1])
        _, last = np.unique(keys.view(f"V{KEY_BYTES}").ravel(), return_index=True)
        return int(np.count_nonzero(np.concatenate(verdicts)[::-1][last]))

    def decide(
        self,
        rows: NDArray[np.int64],
        verdict: Verdict,
        *,
        scores: NDArray[np.float32],
        circumstances: Circumstances,
        reason: str = "",
        note: str = "",
    ) -> Change:
        """Give `verdict` to `rows` as one event; on disk when this returns.

        Args:
            rows: at least one.  (n,)
            verdict: UNDECIDED takes the verdict away.
            scores: of these rows at this moment, NaN where there is none.  (n,)
            circumstances: threshold, scorer and side on screen.
            reason: code of the reason; empty where none was given.
            note: the reviewer's words.
        """
        return self._append(
            EventKind.DECIDE, verdict, rows, scores, circumstances, reason, note, None
        )

    def undo(self) -> Change | None:
        """Take back the last decision that still stands; None where there is none."""
        return self._step(EventKind.UNDO, self._undo)

    def redo(self) -> Change | None:
        """Give the last undone decision again; None where there is none."""
        return self._step(EventKind.REDO, self._redo)

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

    def last(self, row: int, side: Side = Side.CHOSEN) -> Event | None:
        """The decision that gave `row` the verdict it has; None for an undecided row."""
        position = int(self._latest[_index(side), row])
        event = self.events[position] if position >= 0 else None
        return event if event is not None and event.verdict else None

    def reviewers(self) -> list[str]:
        """Everyone who decided anything, in order of their first decision."""
        return list(dict.fromkeys(event.who for event in self.events))

    def _step(self, kind: EventKind, stack: list[int]) -> Change | None:
        event = self._next(stack)
        if event is None:
            return None
        present = event.rows >= 0
        return self._append(
            kind, event.verdict, event.rows[present], event.scores[present],
            event.circumstances, event.reason, event.note, event.id,
        )  # fmt: skip

    def _next(self, stack: list[int]) -> Event | None:
        """The last decision on `stack` that is about a row of this dataset."""
        steps = (self.events[position] for position in reversed(stack))
        return next((event for event in steps if (event.rows >= 0).any()), None)

    def _append(
        self,
        kind: EventKind,
        verdict: Verdict,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        circumstances: Circumstances,
        reason: str,
        note: str,
        about: int | None,
    ) -> Change:
        old = self.verdicts[_index(circumstances.side), rows]
        stored = self._store.append(
            kind=kind,
            verdict=verdict,
            identities=self._identities.identities(rows),
            occurrences=self._occurrences(rows),
            rows=rows,
            old=old,
            scores=scores,
            circumstances=circumstances,
            reason=reason,
            note=note,
            about=about,
        )
        self._apply(
            Event(
                stored.id, stored.at, stored.who, kind, verdict, rows, old, scores, circumstances,
                reason, note, about,
            )
        )  # fmt: skip
        return Change(kind, verdict, rows, circumstances.side)

    def _occurrences(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        if len(rows) <= FEW_ROWS:
            return np.array([self._occurrence(int(row)) for row in rows], np.uint32)
        return self._identities.occurrences()[rows]

    def _apply(self, event: Event) -> None:
        position = len(self.events)
        self.events.append(event)
        self._by_id[event.id] = position
        if event.kind is EventKind.DECIDE:
            self._undo.append(position)
            self._redo.clear()
            side, rows = self._here(position)
            self._before[position] = self._latest[side, rows]
            self._stand(position)
        else:
            assert event.about is not None
            position = self._by_id[event.about]
            if event.kind is EventKind.UNDO:
                _move(position, self._undo, self._redo)
                self._undone.add(position)
                self._fall(position)
            else:
                _move(position, self._redo, self._undo)
                self._undone.discard(position)
                self._stand(position)
        self.version += 1

    def _here(self, position: int) -> tuple[int, NDArray[np.int64]]:
        """Side and rows of the decision at `position`, those that are in this dataset."""
        event = self.events[position]
        side = min(_index(event.circumstances.side), len(self.verdicts) - 1)
        return side, event.rows[event.rows >= 0]

    def _stand(self, position: int) -> None:
        """Let a decision hold for its rows, but for those that were decided on later."""
        side, rows = self._here(position)
        rows = rows[self._latest[side, rows] < position]
        self.verdicts[side, rows] = self.events[position].verdict
        self._latest[side, rows] = position

    def _fall(self, position: int) -> None:
        """Give the rows of a decision back to what stands below it."""
        side, rows = self._here(position)
        held = self._latest[side, rows] == position
        rows, below = rows[held], self._before[position][held]
        for at in np.flatnonzero(np.isin(below, list(self._undone))):
            below[at] = self._standing(int(rows[at]), int(below[at]))
        sources, which = np.unique(below, return_inverse=True)
        verdicts = [self.events[at].verdict if at >= 0 else Verdict.UNDECIDED for at in sources]
        self.verdicts[side, rows] = np.array(verdicts, np.int8)[which]
        self._latest[side, rows] = below

    def _standing(self, row: int, position: int) -> int:
        """The last decision about `row` at or before `position` that stands; -1 for none."""
        while position in self._undone:
            _, rows = self._here(position)
            position = int(self._before[position][np.flatnonzero(rows == row)[0]])
        return position


def _move(position: int, source: list[int], target: list[int]) -> None:
    """Take a decision from one stack to the other; it is nearly always on top."""
    if source[-1] == position:
        source.pop()
    else:
        source.remove(position)
    target.append(position)


def _index(side: Side) -> int:
    return 0 if side is Side.CHOSEN else 1
