"""What holds for each row now: the last of what was said about it that stands.

What a decision is about is its topic: the verdict of one side, how often a sample is exported,
a note, a tag. A decision stands until it is undone, and again once it is redone. What holds for a
row is what the last decision on that topic that stands says; so it does not matter in which
version of a dataset, with which of its rows missing, a decision was taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import Aspect, Event, EventKind, Verdict
from engine.review.history import HistoryLine, LogLine, Opinion, value_of
from engine.review.latest_event import LatestEvent
from engine.sample import Side

Topic = tuple[Aspect | str, str]
"""An aspect, and which one of it: the side of a verdict or reason, the name of a tag."""


class Projection:
    """Verdicts, boosts, reasons, notes, tags and edits as they are now, and their history."""

    def __init__(self, sides: int, rows: int) -> None:
        self.verdicts = np.zeros((sides, rows), np.int8)
        """(sides, rows) of Verdict."""
        self.copies = np.ones(rows, np.int32)
        """(rows,) how often an export writes each sample, 1 to `MOST_COPIES`."""
        self.boosted = False
        """Whether any sample was ever given another number than 1."""
        self.events: list[Event] = []
        self._latest: dict[Topic, LatestEvent] = {}
        self._undo: list[int] = []  # positions of the decisions that stand
        self._undone: set[int] = set()  # of those that do not, buried by a new decision or not
        self._by_id: dict[int, int] = {}
        self._merged: list[Event] = []  # what the merge of several sessions said
        self._choices: dict[Topic, list[int]] = {}  # positions of what was said of no row
        self._before: dict[int, Event | None] = {}  # what stood when each of those was said

    def last(self, row: int, side: Side = Side.CHOSEN) -> Event | None:
        """The decision that gave `row` the verdict it has; None for an undecided row."""
        event = self._holding((Aspect.VERDICT, str(side)), row)
        return event if event is not None and event.verdict_of(row) else None

    def spoken_of(self, side: Side = Side.CHOSEN) -> NDArray[np.bool_]:
        """Rows about whose verdict something was said that stands: clearing it, too.  (rows,)."""
        return self._where((Aspect.VERDICT, str(side)), lambda _: True)

    def decided_after(self, number: int, side: Side = Side.CHOSEN) -> NDArray[np.bool_]:
        """Rows whose verdict was given by an event after number `number`.  (rows,)."""
        return self._where((Aspect.VERDICT, str(side)), lambda event: event.id > number)

    def last_decision(self) -> Event | None:
        """The decision given last of those that stand; None where there is none."""
        steps = (self.events[position] for position in reversed(self._undo))
        return next((event for event in steps if event.said.aspect is Aspect.VERDICT), None)

    def reason(self, row: int, side: Side = Side.CHOSEN) -> str:
        """Why `row` is rejected; empty where it is not, or where nobody said."""
        positions = self._reasons_at(side, slice(row, row + 1))
        return _reason_of(self.events[int(positions[0])]) if positions[0] >= 0 else ""

    def reasons(self, side: Side = Side.CHOSEN) -> dict[str, NDArray[np.int64]]:
        """The rejected rows of each reason that was given, by its name.  Each (n,)."""
        positions = self._reasons_at(side, slice(None))
        rows = np.flatnonzero(positions >= 0)
        said, which = np.unique(positions[rows], return_inverse=True)
        words = [_reason_of(self.events[position]) for position in said.tolist()]
        names = sorted(set(words))
        codes = np.array([names.index(word) for word in words], np.int64)[which]
        return {name: rows[codes == code] for code, name in enumerate(names) if name}

    def _reasons_at(self, side: Side, rows: slice) -> NDArray[np.int32]:
        """Positions of the reasons that hold for `rows`; -1 where none does."""
        given = self._latest.get((Aspect.REASON, str(side)))
        decided = self._latest.get((Aspect.VERDICT, str(side)))
        rejected = self.verdicts[min(side, len(self.verdicts) - 1), rows] == Verdict.REJECT
        if given is None or decided is None:
            return np.full(len(rejected), -1, np.int32)
        # A reason is of the rejection that it was given to, not of one that came later.
        holds = rejected & (given.position[rows] >= decided.position[rows])
        return np.where(holds, given.position[rows], np.int32(-1))

    def note(self, row: int) -> str:
        """The reviewer's words on `row`."""
        event = self._holding((Aspect.NOTE, ""), row)
        return _note_of(event) if event is not None else ""

    def noted(self) -> NDArray[np.bool_]:
        """Which rows have a note.  (rows,)."""
        return self._where((Aspect.NOTE, ""), lambda event: bool(_note_of(event)))

    def tags(self, row: int) -> tuple[str, ...]:
        """The tags of `row`, sorted."""
        names = (name for aspect, name in list(self._latest) if aspect is Aspect.TAG)
        return tuple(sorted(name for name in names if self._has_tag(row, name)))

    def _has_tag(self, row: int, name: str) -> bool:
        event = self._holding((Aspect.TAG, name), row)
        return event is not None and bool(event.said.text)

    def tagged(self, name: str) -> NDArray[np.bool_]:
        """Which rows have the tag `name`.  (rows,)."""
        return self._where((Aspect.TAG, name), lambda event: bool(event.said.text))

    def tag_counts(self) -> dict[str, int]:
        """The tags in use and how many rows have each, the most used first."""
        names = [name for aspect, name in list(self._latest) if aspect is Aspect.TAG]
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
            if event.said.verdict is Verdict.UNDECIDED and event.circumstances.side is side
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
                found[who] = Opinion(who, event.verdict_of(row), event.said.reason)
            elif entry.aspect is Aspect.REASON and who in found:
                found[who] = replace(found[who], reason=entry.new)
        return [each for each in found.values() if each.verdict is not Verdict.UNDECIDED]

    def edits(self, row: int) -> dict[str, str]:
        """The parts of `row` that were edited, and how they read."""
        names = [name for aspect, name in list(self._latest) if aspect is Aspect.EDIT]
        found = {name: self._holding((Aspect.EDIT, name), row) for name in names}
        return {name: event.said.text for name, event in found.items() if event is not None}

    def edited_rows(self) -> NDArray[np.int64]:
        """The rows that have edits.  (n,)."""
        mask = np.zeros(self.verdicts.shape[1], np.bool_)
        for topic in list(self._latest):
            if topic[0] is Aspect.EDIT:
                mask |= self._latest[topic].position >= 0
        return np.flatnonzero(mask)

    def choice(self, aspect: Aspect, subject: str = "") -> str | None:
        """What was said last of the review as a whole, and stands; None where nothing does.

        Args:
            aspect: one of `CHOICES`.
            subject: which one of it.
        """
        event = self.chosen(aspect, subject)
        return None if event is None else event.said.text

    def chosen(self, aspect: Aspect | str, subject: str = "") -> Event | None:
        """The event that said it; None where none stands."""
        said = self._choices.get((aspect, subject), [])
        standing = (position for position in reversed(said) if position not in self._undone)
        position = next(standing, None)
        return None if position is None else self.events[position]

    def chosen_before(self, choice: Event) -> Event | None:
        """What stood of the same thing when `choice` was made; None where nothing did."""
        return self._before.get(choice.id)

    def log(self) -> list[LogLine]:
        """Everything that was said, taken back and given again, of all rows, the newest first."""
        lines = []
        for position, event in enumerate(self.events):
            at = position if event.about is None else self._by_id[event.about]
            stands = event.kind is not EventKind.DECIDE or position not in self._undone
            lines.append(LogLine(event, self.events[at], stands))
        return sorted(lines, key=lambda line: (line.event.at, line.event.id), reverse=True)

    def history(self, row: int) -> list[HistoryLine]:
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
            before = self._latest[topics(event)[0]].below(position, row)
            if event.said.aspect in (Aspect.VERDICT, Aspect.MERGE):
                decided[event.circumstances.side] = position
            elif event.said.aspect is Aspect.REASON and before < decided[event.circumstances.side]:
                before = -1  # it was of an earlier rejection
            old = self.events[before] if before >= 0 else None
            told = value_of(old, event.said.aspect, row)
            if event.said.aspect is Aspect.VERDICT:  # in its own session, where several were merged
                told = Verdict(int(event.old[place])).name.lower()
            found.append(
                HistoryLine(
                    event,
                    told,
                    value_of(event, event.said.aspect, row),
                    float(event.scores[place]),
                    undone_by.get(position) if position in self._undone else None,
                )
            )
        return sorted(found, key=lambda entry: entry.event.at)

    def reviewers(self) -> list[str]:
        """Everyone who decided anything, in order of their first decision."""
        return list(dict.fromkeys(event.who for event in self.events))

    def _holding(self, topic: Topic, row: int) -> Event | None:
        latest = self._latest.get(topic)
        position = int(latest.position[row]) if latest is not None else -1
        return self.events[position] if position >= 0 else None

    def _where(self, topic: Topic, holds: Callable[[Event], bool]) -> NDArray[np.bool_]:
        latest = self._latest.get(topic)
        if latest is None:
            return np.zeros(self.verdicts.shape[1], np.bool_)
        return latest.where(lambda position: holds(self.events[position]))


def topics(event: Event) -> tuple[Topic, ...]:
    """What an event speaks of; a decision may bring its reason and a note along."""
    side = str(event.circumstances.side)
    match event.said.aspect:
        case Aspect.VERDICT:
            found: list[Topic] = [(Aspect.VERDICT, side)]
            found += [(Aspect.REASON, side)] if event.said.reason else []
            found += [(Aspect.NOTE, "")] if event.said.note else []
            return tuple(found)
        case Aspect.REASON:
            return ((Aspect.REASON, side),)
        case Aspect.MERGE:
            return ((Aspect.VERDICT, side),)
        case _:
            return ((event.said.aspect, event.said.subject),)


def _reason_of(event: Event) -> str:
    """The reason that an event gives, whether it is a decision or an annotation of one."""
    return event.said.text if event.said.aspect is Aspect.REASON else event.said.reason


def _note_of(event: Event) -> str:
    """The note that an event writes."""
    return event.said.text if event.said.aspect is Aspect.NOTE else event.said.note
