"""The state of a review: which verdict each row has now, and how it came to that.

The state is nothing but the replayed history. A decision, an undo and a redo are each appended
to the session file first and applied to the arrays after; opening the file again replays them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decision import Circumstances, Event, EventKind, Verdict
from engine.identities import IdentityTable
from engine.sample import Side
from engine.store import Store, StoredEvent

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
        self._latest = np.full((sides, rows), -1, np.int32)  # position in events
        self._undo: list[int] = []
        self._redo: list[int] = []
        self._by_id: dict[int, int] = {}
        self._latest_before: dict[int, NDArray[np.int32]] = {}

    def replay(self, stored: Iterable[StoredEvent], digest: str) -> None:
        """Rebuild the state from the file's history.

        Args:
            stored: every event, oldest first.
            digest: of the dataset open now. Events made on the same bytes find their rows by
                number, others by identity and occurrence.
        """
        history = list(stored)
        foreign = [event for event in history if event.dataset_digest != digest]
        places: dict[int, NDArray[np.int64]] = {}
        if foreign:
            located = self._identities.locate(
                np.concatenate([event.identities for event in foreign]),
                np.concatenate([event.occurrences for event in foreign]),
            )
            cuts = np.cumsum([len(event.rows) for event in foreign])[:-1]
            places = {
                event.id: rows for event, rows in zip(foreign, np.split(located, cuts), strict=True)
            }
        missing: set[bytes] = set()
        for event in history:
            rows = places.get(event.id, event.rows)
            self._apply(
                Event(
                    id=event.id,
                    at=event.at,
                    who=event.who,
                    kind=event.kind,
                    verdict=event.verdict,
                    rows=rows,
                    old=event.old,
                    scores=event.scores,
                    circumstances=event.circumstances,
                    reason=event.reason,
                    note=event.note,
                    about=event.about,
                )
            )
            if (rows < 0).any():
                keys = {bytes(key) for key in event.identities[rows < 0]}
                missing = missing | keys if self._gives_verdict(event) else missing - keys
        self.lost = len(missing)

    @staticmethod
    def _gives_verdict(event: StoredEvent) -> bool:
        return event.kind is not EventKind.UNDO and event.verdict is not Verdict.UNDECIDED

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
        return max(
            (len(self.events[stack[-1]].rows) for stack in (self._undo, self._redo) if stack),
            default=0,
        )

    def last(self, row: int, side: Side = Side.CHOSEN) -> Event | None:
        """The decision that gave `row` the verdict it has; None for an undecided row."""
        position = int(self._latest[_index(side), row])
        return self.events[position] if position >= 0 else None

    def reviewers(self) -> list[str]:
        """Everyone who decided anything, in order of their first decision."""
        return list(dict.fromkeys(event.who for event in self.events))

    def _step(self, kind: EventKind, stack: list[int]) -> Change | None:
        while stack:
            event = self.events[stack[-1]]
            present = event.rows >= 0
            if present.any():
                return self._append(
                    kind, event.verdict, event.rows[present], event.scores[present],
                    event.circumstances, event.reason, event.note, event.id,
                )  # fmt: skip
            # Nothing of it is in this dataset: it is stepped over here and stays on file.
            self._move(kind, stack[-1])
        return None

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
        present = event.rows >= 0
        rows = event.rows[present]
        side = min(_index(event.circumstances.side), len(self.verdicts) - 1)
        if event.kind is EventKind.DECIDE:
            self._latest_before[position] = self._latest[side, rows]
            self.verdicts[side, rows] = event.verdict
            self._latest[side, rows] = position if event.verdict else -1
            self._undo.append(position)
            self._redo.clear()
        else:
            assert event.about is not None
            self._move(event.kind, self._by_id[event.about], side, rows)
        self.version += 1

    def _move(
        self,
        kind: EventKind,
        position: int,
        side: int = 0,
        rows: NDArray[np.int64] | None = None,
    ) -> None:
        """Take the decision at `position` from one stack to the other, and its rows with it."""
        source, target = (
            (self._undo, self._redo) if kind is EventKind.UNDO else (self._redo, self._undo)
        )
        source.remove(position)
        target.append(position)
        event = self.events[position]
        there = event.rows >= 0
        if rows is None or not len(rows):
            return
        if kind is EventKind.UNDO:
            self.verdicts[side, event.rows[there]] = event.old[there]
            self._latest[side, event.rows[there]] = self._latest_before[position]
        else:
            self.verdicts[side, event.rows[there]] = event.verdict
            self._latest[side, event.rows[there]] = position if event.verdict else -1


def _index(side: Side) -> int:
    return 0 if side is Side.CHOSEN else 1
