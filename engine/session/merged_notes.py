"""Notes of several reviewers on one sample, brought together when their sessions are merged.

A session has one note for each sample, the last one written; of several sessions the last one
would silently take the place of the others. Notes that differ are joined, each under its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from engine.review.decision import Aspect, Event, StoredEvent
from engine.store import TakenOver


@dataclass(frozen=True, slots=True)
class MergedNote:
    """What several reviewers noted on a sample."""

    key: bytes
    """As `StoredEvent.keys` gives it."""
    row: int
    """In the dataset of the event that it is from."""
    digest: str
    """Of that dataset."""
    text: str
    """A line for each name, in the order of the sessions."""


@dataclass(frozen=True, slots=True)
class _Note:
    """The note that a session ends with."""

    token: int
    key: bytes
    row: int
    digest: str
    event: Event

    @property
    def text(self) -> str:
        said = self.event.said
        return said.text if said.aspect is Aspect.NOTE else said.note


def merged_notes(
    sessions: Sequence[Iterable[TakenOver]], token: Callable[[StoredEvent], int]
) -> list[MergedNote]:
    """The notes of samples on which sessions differ.

    A note that another session has held, too, and written over or taken back, is out of date: one
    of the two sessions is a copy of the other that went on.

    Args:
        sessions: what was said in each, in its order.
        token: equal for the same event in two copies of a session.
    """
    held: list[dict[bytes, _Note]] = []
    met: list[dict[bytes, set[int]]] = []
    for said in sessions:
        last: dict[bytes, _Note] = {}
        known: dict[bytes, set[int]] = {}
        for each in said:
            stored, event = each.stored, each.stored.event
            if event.said.aspect is not Aspect.NOTE and not event.said.note:
                continue
            mark = token(stored)
            for key, row in zip(stored.keys().tolist(), event.rows.tolist(), strict=True):
                sample = key[:-1]
                known.setdefault(sample, set()).add(mark)
                if each.undo is None:
                    last[sample] = _Note(mark, key, row, stored.dataset_digest, event)
        held.append(last)
        met.append(known)
    found = []
    for sample in dict.fromkeys(sample for last in held for sample in last):
        notes: dict[str, _Note] = {}
        for at, last in enumerate(held):
            note = last.get(sample)
            if note is None or not note.text or _is_old(note, sample, at, held, met):
                continue
            notes.setdefault(note.text, note)
        if len(notes) > 1:
            first = next(iter(notes.values()))
            text = "\n".join(f"{note.event.who}: {note.text}" for note in notes.values())
            found.append(MergedNote(first.key, first.row, first.digest, text))
    return found


def _is_old(
    note: _Note,
    sample: bytes,
    at: int,
    held: Sequence[dict[bytes, _Note]],
    met: Sequence[dict[bytes, set[int]]],
) -> bool:
    """Whether another session holds this very note as a thing of the past."""
    for other, known in enumerate(met):
        if other == at or note.token not in known.get(sample, ()):
            continue
        now = held[other].get(sample)
        if now is None or now.token != note.token:
            return True
    return False
