"""The state of a review: which verdict each row has now, and how it came to that.

The state is nothing but the replayed history. A decision, an undo and a redo are each appended
to the session file first and applied to the arrays after; opening the file again replays them.

What a decision is about is its lane: the verdict of one side, or how often a sample is exported.
A decision stands until it is undone, and again once it is redone. The verdict of a row is that
of the last decision about it that stands; so it does not matter in which version of a dataset,
with which of its rows missing, a decision was taken back. All lanes share one undo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decision import MOST_REPEATS, Aspect, Circumstances, Event, EventKind, Verdict
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
    aspect: Aspect = Aspect.VERDICT
    values: NDArray[np.int32] | None = None  # (n,) of each row; None: `verdict` for all


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
        self.repeats = np.ones(rows, np.int32)
        """(rows,) how often an export writes each sample, 1 to `MOST_REPEATS`."""
        self.version = 0
        """Grows with every change; tells the screen what to draw again."""
        self.lost = 0
        """Verdicts given to samples that the dataset open now does not hold; they stay on file."""
        self.events: list[Event] = []
        self._store = store
        self._identities = identities
        self._occurrence = occurrence
        self._latest = np.full((sides + 1, rows), -1, np.int32)
        """(lanes, rows) position in `events` of the last decision that stands."""
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
                    aspect=event.aspect,
                    values=event.values,
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
            sided = event.aspect is Aspect.VERDICT
            if sided and _index(event.circumstances.side) >= len(self.verdicts):
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
            if position not in stands or not absent.any() or stored.aspect is not Aspect.VERDICT:
                continue
            keys = np.zeros((np.count_nonzero(absent), KEY_BYTES), np.uint8)
            keys[:, :IDENTITY_BYTES] = stored.identities[absent]
            occurrences = stored.occurrences[absent].astype("<u4")
            keys[:, IDENTITY_BYTES:-1] = occurrences[:, None].view(np.uint8)
            keys[:, -1] = _index(stored.circumstances.side)
            parts.append(keys)
            said = np.full(len(absent), stored.verdict) if stored.values is None else stored.values
            verdicts.append(said[absent].astype(np.int8))
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

    def decide_each(
        self,
        rows: NDArray[np.int64],
        verdicts: NDArray[np.int8],
        *,
        scores: NDArray[np.float32],
        circumstances: Circumstances,
        reason: str = "",
        note: str = "",
    ) -> Change:
        """Give each of `rows` its own verdict, as one event; otherwise as `decide`.

        Args:
            rows: at least one.  (n,)
            verdicts: of each.  (n,)
            scores: of these rows at this moment, NaN where there is none.  (n,)
            circumstances: threshold, scorer and side on screen.
            reason: code of the reason; empty where none was given.
            note: the reviewer's words.
        """
        return self._append(
            EventKind.DECIDE, Verdict(int(verdicts[0])), rows, scores, circumstances, reason, note,
            None, values=verdicts.astype(np.int32),
        )  # fmt: skip

    def repeat(
        self,
        rows: NDArray[np.int64],
        times: int,
        *,
        scores: NDArray[np.float32],
        circumstances: Circumstances,
    ) -> Change:
        """Let an export write each of `rows` so often, as one event; on disk when this returns.

        Args:
            rows: at least one.  (n,)
            times: 1 to `MOST_REPEATS`; 1 takes it back.
            scores: of these rows at this moment, NaN where there is none.  (n,)
            circumstances: threshold, scorer and side on screen.
        """
        assert 1 <= times <= MOST_REPEATS
        return self._append(
            EventKind.DECIDE, Verdict.UNDECIDED, rows, scores, circumstances, "", "", None,
            aspect=Aspect.REPEATS, values=np.full(len(rows), times, np.int32),
        )  # fmt: skip

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
        return event if event is not None and event.verdict_of(row) else None

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
            event.circumstances, event.reason, event.note, event.id, event.aspect,
            None if event.values is None else event.values[present],
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
        aspect: Aspect = Aspect.VERDICT,
        values: NDArray[np.int32] | None = None,
    ) -> Change:
        lane = self._lane(aspect, circumstances.side)
        old = self._state(lane)[rows].astype(np.int8)
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
            aspect=aspect,
            values=values if kind is EventKind.DECIDE else None,
        )
        self._apply(
            Event(
                stored.id, stored.at, stored.who, kind, verdict, rows, old, scores, circumstances,
                reason, note, about, aspect, values,
            )
        )  # fmt: skip
        return Change(kind, verdict, rows, circumstances.side, aspect, values)

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
            lane, rows = self._here(position)
            self._before[position] = self._latest[lane, rows]
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
        """Lane and rows of the decision at `position`, those that are in this dataset."""
        event = self.events[position]
        return self._lane(event.aspect, event.circumstances.side), event.rows[event.rows >= 0]

    def _lane(self, aspect: Aspect, side: Side) -> int:
        if aspect is Aspect.REPEATS:
            return len(self.verdicts)
        return min(_index(side), len(self.verdicts) - 1)

    def _state(self, lane: int) -> NDArray[np.int8] | NDArray[np.int32]:
        """What is decided in a lane, for every row.  (rows,)."""
        return self.repeats if lane == len(self.verdicts) else self.verdicts[lane]

    def _said(self, position: int) -> NDArray[np.int32] | Verdict:
        """What the decision at `position` gave to each of its rows that are in this dataset."""
        event = self.events[position]
        return event.verdict if event.values is None else event.values[event.rows >= 0]

    def _said_about(self, position: int, rows: NDArray[np.int64]) -> NDArray[np.int32] | Verdict:
        """The same for some of those rows.  (n,)."""
        event = self.events[position]
        if event.values is None:
            return event.verdict
        order = np.argsort(event.rows, kind="stable")
        return event.values[order[np.searchsorted(event.rows[order], rows)]]

    def _stand(self, position: int) -> None:
        """Let a decision hold for its rows, but for those that were decided on later."""
        lane, rows = self._here(position)
        stands = self._latest[lane, rows] < position
        said = self._said(position)
        self._state(lane)[rows[stands]] = said if isinstance(said, Verdict) else said[stands]
        self._latest[lane, rows[stands]] = position

    def _fall(self, position: int) -> None:
        """Give the rows of a decision back to what stands below it."""
        lane, rows = self._here(position)
        held = self._latest[lane, rows] == position
        rows, below = rows[held], self._before[position][held]
        for at in np.flatnonzero(np.isin(below, list(self._undone))):
            below[at] = self._standing(int(rows[at]), int(below[at]))
        state, nothing = self._state(lane), int(lane == len(self.verdicts))
        order = np.argsort(below, kind="stable")
        sources, starts = np.unique(below[order], return_index=True)
        groups = np.split(rows[order], starts[1:])
        for source, back in zip(sources.tolist(), groups, strict=bool(len(sources))):
            state[back] = self._said_about(source, back) if source >= 0 else nothing
        self._latest[lane, rows] = below

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
