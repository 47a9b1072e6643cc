"""The state of a review: which verdict each row has now, and how it came to that.

The state is nothing but the replayed history. A decision, an undo and a redo are each appended
to the session file first and applied to the arrays after; opening the file again replays them.

What a decision is about is its topic: the verdict of one side, how often a sample is exported,
a note, a tag. A decision stands until it is undone, and again once it is redone. The verdict of a
row is that of the last decision about it that stands; so it does not matter in which version of a
dataset, with which of its rows missing, a decision was taken back. All topics share one undo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.decision import MOST_REPEATS, Aspect, Circumstances, Event, EventKind, Verdict
from engine.history import Entry, Opinion, value_of
from engine.identities import IdentityTable
from engine.layers import Layer
from engine.sample import IDENTITY_BYTES, Side
from engine.store import Store, StoredEvent

KEY_BYTES = IDENTITY_BYTES + 5
"""Identity, occurrence, side: what tells one verdict from every other."""

FEW_ROWS = 8
"""Up to this many rows, occurrences are looked up one by one instead of for the whole dataset."""


Topic = tuple[Aspect, str]
"""An aspect, and which one of it: the side of a verdict or reason, the name of a tag."""


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
        self.boosted = False
        """Whether any sample was ever given another number than 1."""
        self.version = 0
        """Grows with every change; tells the screen what to draw again."""
        self.lost = 0
        """Verdicts given to samples that the dataset open now does not hold; they stay on file."""
        self.events: list[Event] = []
        self._store = store
        self._identities = identities
        self._occurrence = occurrence
        self._layers: dict[Topic, Layer] = {}
        self._undo: list[int] = []  # positions of the decisions that stand
        self._redo: list[int] = []
        self._undone: set[int] = set()  # those on `_redo`, and those that a new decision buried
        self._by_id: dict[int, int] = {}
        self._merged: list[Event] = []  # what the merge of several sessions said

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
                    subject=event.subject,
                    text=event.text,
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
            sided = event.aspect in (Aspect.VERDICT, Aspect.REASON, Aspect.MERGE)
            if sided and _index(event.circumstances.side) >= len(self.verdicts):
                places[event.id] = np.full(len(event.rows), -1, np.int64)
        return places

    def _count_lost(self, history: list[StoredEvent]) -> int:
        """How many samples that are not here have a verdict."""
        parts: list[NDArray[np.uint8]] = []
        verdicts: list[NDArray[np.int8]] = []
        for stored in history:
            position = self._by_id[stored.id]
            absent = self.events[position].rows < 0
            stands = stored.kind is EventKind.DECIDE and position not in self._undone
            decides = stored.aspect in (Aspect.VERDICT, Aspect.MERGE)
            if not (stands and decides and absent.any()):
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
        said = Said(verdict, reason, note)
        return self.say(said, rows, scores=scores, circumstances=circumstances)

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
        said = Said(Verdict(int(verdicts[0])), reason, note, values=verdicts.astype(np.int32))
        return self.say(said, rows, scores=scores, circumstances=circumstances)

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
        values = np.full(len(rows), times, np.int32)
        said = Said(aspect=Aspect.REPEATS, values=values)
        return self.say(said, rows, scores=scores, circumstances=circumstances)

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
    def repeated(self) -> bool:
        """Whether any sample is exported more than once."""
        return bool(self.repeats.max(initial=1) > 1)

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

    # -- what stands -------------------------------------------------------------------------

    def last(self, row: int, side: Side = Side.CHOSEN) -> Event | None:
        """The decision that gave `row` the verdict it has; None for an undecided row."""
        event = self._holding((Aspect.VERDICT, side.value), row)
        return event if event is not None and event.verdict_of(row) else None

    def last_decision(self) -> Event | None:
        """The decision given last of those that stand; None where there is none."""
        steps = (self.events[position] for position in reversed(self._undo))
        return next((event for event in steps if event.aspect is Aspect.VERDICT), None)

    def reason(self, row: int, side: Side = Side.CHOSEN) -> str:
        """Why `row` is rejected; empty where it is not, or where nobody said."""
        positions = self._reasons_at(side, slice(row, row + 1))
        return reason_of(self.events[int(positions[0])]) if positions[0] >= 0 else ""

    def reasons(self, side: Side = Side.CHOSEN) -> dict[str, NDArray[np.int64]]:
        """The rejected rows of each reason that was given, by its name.  Each (n,)."""
        positions = self._reasons_at(side, slice(None))
        rows = np.flatnonzero(positions >= 0)
        said, which = np.unique(positions[rows], return_inverse=True)
        words = [reason_of(self.events[position]) for position in said.tolist()]
        names = sorted(set(words))
        codes = np.array([names.index(word) for word in words], np.int64)[which]
        return {name: rows[codes == code] for code, name in enumerate(names) if name}

    def _reasons_at(self, side: Side, rows: slice) -> NDArray[np.int32]:
        """Positions of the reasons that hold for `rows`; -1 where none does."""
        given = self._layers.get((Aspect.REASON, side.value))
        decided = self._layers.get((Aspect.VERDICT, side.value))
        rejected = self.verdicts[min(_index(side), len(self.verdicts) - 1), rows] == Verdict.REJECT
        if given is None or decided is None:
            return np.full(len(rejected), -1, np.int32)
        # A reason is of the rejection that it was given to, not of one that came later.
        holds = rejected & (given.latest[rows] >= decided.latest[rows])
        return np.where(holds, given.latest[rows], np.int32(-1))

    def note(self, row: int) -> str:
        """The reviewer's words on `row`."""
        event = self._holding((Aspect.NOTE, ""), row)
        return note_of(event) if event is not None else ""

    def noted(self) -> NDArray[np.bool_]:
        """Which rows have a note.  (rows,)."""
        return self._where((Aspect.NOTE, ""), lambda event: bool(note_of(event)))

    def tags(self, row: int) -> tuple[str, ...]:
        """The tags of `row`, sorted."""
        names = (name for aspect, name in list(self._layers) if aspect is Aspect.TAG)
        return tuple(sorted(name for name in names if self._has_tag(row, name)))

    def _has_tag(self, row: int, name: str) -> bool:
        event = self._holding((Aspect.TAG, name), row)
        return event is not None and bool(event.text)

    def tagged(self, name: str) -> NDArray[np.bool_]:
        """Which rows have the tag `name`.  (rows,)."""
        return self._where((Aspect.TAG, name), lambda event: bool(event.text))

    def tag_counts(self) -> dict[str, int]:
        """The tags in use and how many rows have each, the most used first."""
        names = [name for aspect, name in list(self._layers) if aspect is Aspect.TAG]
        counts = {name: int(np.count_nonzero(self.tagged(name))) for name in names}
        used = sorted((-count, name) for name, count in counts.items() if count)
        return {name: -count for count, name in used}

    def conflicts(self, side: Side = Side.CHOSEN) -> NDArray[np.bool_]:
        """Rows that merged sessions contradict each other about, adjudicated or not.  (rows,)."""
        mask = np.zeros(self.verdicts.shape[1], np.bool_)
        for event in self._contradictions(side):
            mask[event.rows[event.rows >= 0]] = True
        return mask

    def _contradictions(self, side: Side) -> list[Event]:
        """What merges left to be adjudicated on a side."""
        return [
            event
            for event in self._merged
            if event.verdict is Verdict.UNDECIDED and event.circumstances.side is side
        ]

    def opinions(self, row: int, side: Side = Side.CHOSEN) -> list[Opinion]:
        """What each reviewer of the merged sessions said about a row in conflict; else nothing."""
        if not any((event.rows == row).any() for event in self._contradictions(side)):
            return []
        found: dict[str, Opinion] = {}
        for entry in self.history(row):
            who, event = entry.event.who, entry.event
            # What was said after the merge is adjudication.
            if entry.undone is not None or entry.side is not side or event.id > self._merged[-1].id:
                continue
            if entry.aspect is Aspect.VERDICT:
                found[who] = Opinion(who, event.verdict_of(row), event.reason)
            elif entry.aspect is Aspect.REASON and who in found:
                found[who] = replace(found[who], reason=entry.new)
        return [each for each in found.values() if each.verdict is not Verdict.UNDECIDED]

    def edits(self, row: int) -> dict[str, str]:
        """The parts of `row` that were edited, and how they read."""
        names = [name for aspect, name in list(self._layers) if aspect is Aspect.EDIT]
        found = {name: self._holding((Aspect.EDIT, name), row) for name in names}
        return {name: event.text for name, event in found.items() if event is not None}

    def edited_rows(self) -> NDArray[np.int64]:
        """The rows that have edits.  (n,)."""
        mask = np.zeros(self.verdicts.shape[1], np.bool_)
        for topic in list(self._layers):
            if topic[0] is Aspect.EDIT:
                mask |= self._layers[topic].latest >= 0
        return np.flatnonzero(mask)

    def history(self, row: int) -> list[Entry]:
        """Everything that was said about `row`, the oldest first; what was undone is marked."""
        undone_by = {
            self._by_id[event.about]: event
            for event in self.events
            if event.kind is EventKind.UNDO and event.about is not None
        }
        found = []
        decided: dict[Side, int] = {}
        for position, event in enumerate(self.events):
            if event.kind is not EventKind.DECIDE or row not in event.rows:
                continue
            place = np.flatnonzero(event.rows == row)[0]
            before = self._layers[topics(event)[0]].below(position, row)
            if event.aspect in (Aspect.VERDICT, Aspect.MERGE):
                decided[event.circumstances.side] = position
            elif event.aspect is Aspect.REASON and before < decided[event.circumstances.side]:
                before = -1  # it was of an earlier rejection
            old = self.events[before] if before >= 0 else None
            told = value_of(old, event.aspect, row)
            if event.aspect is Aspect.VERDICT:  # in its own session, where several were merged
                told = Verdict(int(event.old[place])).name.lower()
            found.append(
                Entry(
                    event,
                    told,
                    value_of(event, event.aspect, row),
                    float(event.scores[place]),
                    undone_by.get(position) if position in self._undone else None,
                )
            )
        return sorted(found, key=lambda entry: entry.event.at)

    def reviewers(self) -> list[str]:
        """Everyone who decided anything, in order of their first decision."""
        return list(dict.fromkeys(event.who for event in self.events))

    def _holding(self, topic: Topic, row: int) -> Event | None:
        layer = self._layers.get(topic)
        position = int(layer.latest[row]) if layer is not None else -1
        return self.events[position] if position >= 0 else None

    def _where(self, topic: Topic, holds: Callable[[Event], bool]) -> NDArray[np.bool_]:
        layer = self._layers.get(topic)
        if layer is None:
            return np.zeros(self.verdicts.shape[1], np.bool_)
        return layer.where(lambda position: holds(self.events[position]))

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
        if said.aspect is Aspect.REPEATS:
            old = self.repeats[rows].astype(np.int8)
        else:
            old = self.verdicts[_index(circumstances.side), rows]
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
        self._apply(
            Event(
                stored.id, stored.at, stored.who, kind, said.verdict, rows, old, scores,
                circumstances, stored.reason, stored.note, about, said.aspect, said.values,
                stored.subject, stored.text,
            )
        )  # fmt: skip
        return Change(kind, said, rows, circumstances.side)

    def _occurrences(self, rows: NDArray[np.int64]) -> NDArray[np.uint32]:
        if len(rows) <= FEW_ROWS:
            return np.array([self._occurrence(int(row)) for row in rows], np.uint32)
        return self._identities.occurrences()[rows]

    def _apply(self, event: Event) -> None:
        position = len(self.events)
        self.events.append(event)
        self.boosted = self.boosted or event.aspect is Aspect.REPEATS
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
        if aspect not in (Aspect.VERDICT, Aspect.REPEATS) or not len(rows):
            return
        repeats = aspect is Aspect.REPEATS
        state = self.repeats if repeats else self.verdicts[_index(Side(side))]
        latest = self._layers[topic].latest[rows]
        order = np.argsort(latest, kind="stable")
        sources, starts = np.unique(latest[order], return_index=True)
        for source, held in zip(sources.tolist(), np.split(rows[order], starts[1:]), strict=True):
            state[held] = self._said_about(source, held) if source >= 0 else int(repeats)

    def _said_about(self, position: int, rows: NDArray[np.int64]) -> NDArray[np.int32] | Verdict:
        """What the decision at `position` gave to some of its rows.  (n,)."""
        event = self.events[position]
        if event.values is None:
            return event.verdict
        order = np.argsort(event.rows, kind="stable")
        return event.values[order[np.searchsorted(event.rows[order], rows)]]


def topics(event: Event) -> tuple[Topic, ...]:
    """What an event speaks of; a decision may bring its reason and a note along."""
    side = event.circumstances.side.value
    match event.aspect:
        case Aspect.VERDICT:
            found: list[Topic] = [(Aspect.VERDICT, side)]
            found += [(Aspect.REASON, side)] if event.reason else []
            found += [(Aspect.NOTE, "")] if event.note else []
            return tuple(found)
        case Aspect.REASON:
            return ((Aspect.REASON, side),)
        case Aspect.MERGE:
            return ((Aspect.VERDICT, side),)
        case _:
            return ((event.aspect, event.subject),)


def reason_of(event: Event) -> str:
    """The reason that an event gives, whether it is a decision or a remark on one."""
    return event.text if event.aspect is Aspect.REASON else event.reason


def note_of(event: Event) -> str:
    """The note that an event writes."""
    return event.text if event.aspect is Aspect.NOTE else event.note


def _move(position: int, source: list[int], target: list[int]) -> None:
    """Take a decision from one stack to the other; it is nearly always on top."""
    if source[-1] == position:
        source.pop()
    else:
        source.remove(position)
    target.append(position)


def _index(side: Side) -> int:
    return 0 if side is Side.CHOSEN else 1
