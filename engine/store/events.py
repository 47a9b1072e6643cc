"""Events in the file: what is written for a decision, and what is read back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from engine.review.decision import (
    Aspect,
    Circumstances,
    Event,
    EventKind,
    Said,
    SampleTable,
    StoredEvent,
    Verdict,
)
from engine.review.threshold import Direction
from engine.sample import IDENTITY_BYTES, Side
from engine.store import identity_tables, packing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COLUMNS = (
    "id, at, who, kind, verdict, about, together, reason, note, threshold, direction, scorer, "
    "revision, side, dataset, reading, identity_version, identity_table, n, old, occurrences, "
    "rows, scores, identities"
)
_OPTIONAL_INT, _OPTIONAL_STR = (int, packing.NULL), (str, packing.NULL)
_KINDS: tuple[packing.Kind, ...] = (
    *(int, int, str, str, int, _OPTIONAL_INT, _OPTIONAL_INT, str, str, (float, packing.NULL)),
    *(str, _OPTIONAL_STR, _OPTIONAL_STR, int, str, str, int, _OPTIONAL_INT, int),
    *((bytes,) * 5),
    *(_OPTIONAL_STR, (bytes, packing.NULL), _OPTIONAL_STR, _OPTIONAL_STR, _OPTIONAL_STR),
)
"""Of the columns of `SPAN`."""
_TABLE = _COLUMNS.split(", ").index("identity_table")
_INSERT = (
    f"INSERT INTO events ({_COLUMNS}) "  # noqa: S608 - names of columns, no data
    f"VALUES ({', '.join('?' * len(_COLUMNS.split(',')))})"
)
SIZES = "SELECT id, n FROM events WHERE id > ? ORDER BY id LIMIT 512"
SPAN = (
    f"SELECT {_COLUMNS}, event_values.aspect, value, "  # noqa: S608 - same
    "remarks.aspect, subject, text FROM events LEFT JOIN event_values ON event_values.event = id "
    "LEFT JOIN remarks ON remarks.event = id WHERE id > ? AND id <= ? ORDER BY id"
)
PLACES = (
    "SELECT event, n, event_places.dataset, event_places.reading, event_places.rows, "
    "event_places.occurrences, event_places.identities "
    "FROM event_places JOIN events ON events.id = event WHERE event > ? AND event <= ?"
)
PLACE = (
    "INSERT OR REPLACE INTO event_places (event, dataset, reading, rows, occurrences, identities) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
_INSERT_ANNOTATION = "INSERT INTO remarks (event, aspect, subject, text) VALUES (?, ?, ?, ?)"
_INSERT_VALUES = "INSERT INTO event_values (event, aspect, value) VALUES (?, ?, ?)"


_WITHOUT_WORDS = frozenset({Aspect.VERDICT, Aspect.COPIES})
"""Aspects that are said in numbers; all others are said in words."""


def milliseconds(at: str) -> int:
    """What `instant` makes a text of."""
    return round((datetime.fromisoformat(at) - _EPOCH) / timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class TakenOver:
    """An event of another session, and the undo that took it back there."""

    stored: StoredEvent
    undo: Event | None = None


def encode(stored: StoredEvent, at_ms: int) -> tuple[object, ...]:
    """The values of `_INSERT`; the numbers of event and identity table are left to the file.

    Raises:
        ValueError: the arrays are not of one length.
    """
    event = stored.event
    said, seen, count = event.said, event.circumstances, len(stored.identities)
    for array in (stored.occurrences, event.rows, event.old, event.scores, said.values):
        if array is not None and len(array) != count:
            raise ValueError(f"{len(array)} values for {count} samples")
    return (
        None,
        at_ms,
        storable(event.who),
        event.kind.value,
        int(said.verdict),
        event.about,
        event.together,
        said.reason,
        said.note,
        seen.threshold,
        seen.direction.value,
        None if seen.scorer is None else storable(seen.scorer),
        None if seen.revision is None else storable(seen.revision),
        int(seen.side),
        stored.dataset_digest,
        stored.reading,
        stored.identity_version,
        None,
        count,
        packing.pack(event.old, "i1"),
        *_encode_samples(stored, np.ascontiguousarray(event.scores, "<f4").tobytes()),
    )


def _encode_samples(stored: StoredEvent, scores: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """Occurrences, rows, `scores` and identities."""
    rows, count = stored.event.rows, len(stored.identities)
    if stored.samples is not None:
        bitmap = identity_tables.pack_bitmap(rows, len(stored.samples.occurrences))
        return b"", bitmap, scores, b""
    identities = np.ascontiguousarray(stored.identities, "u1").reshape(count, IDENTITY_BYTES)
    occurrences = packing.pack(stored.occurrences, "<u4")
    return occurrences, packing.pack_steps(rows), scores, identities.tobytes()


def insert(connection: sqlite3.Connection, stored: StoredEvent, encoded: tuple[object, ...]) -> int:
    """Write an event with all that belongs to it, and give it its number; in a transaction.

    Args:
        connection: in a transaction.
        stored: the event.
        encoded: what `encode` made of it.
    """
    said = stored.event.said
    if stored.samples is not None:
        table = identity_tables.require(connection, stored, stored.samples)
        encoded = (*encoded[:_TABLE], table, *encoded[_TABLE + 1 :])
    number = int(connection.execute(_INSERT, encoded).lastrowid or 0)
    if said.values is not None:
        values = packing.pack(said.values, "<i4")
        connection.execute(_INSERT_VALUES, (number, str(said.aspect), values))
    if said.aspect not in _WITHOUT_WORDS:
        words = (number, str(said.aspect), said.subject, said.text)
        connection.execute(_INSERT_ANNOTATION, words)
    return number


def decode(values: tuple[Any, ...], samples_of: Callable[[int], SampleTable]) -> StoredEvent:
    """The event of one row of `SPAN`.

    Args:
        values: the row.
        samples_of: the identity table of a number.

    Raises:
        ValueError: it is damaged.
    """
    packing.check_kinds(values, _KINDS)
    number, at_ms, who, kind, verdict, about, together, reason, note, *seen = values[:14]
    threshold, direction, scorer, revision, side = seen
    dataset_digest, reading, version, table, count, old, *more = values[14:]
    occurrences, places, scores, identities, *more = more
    aspect, given, annotated, subject, text = more
    samples = None if table is None else samples_of(table)
    if samples is None:
        rows = packing.unpack_steps(places, count)
        identities = packing.plain(identities, "u1", count * IDENTITY_BYTES)
        identities = identities.reshape(count, IDENTITY_BYTES)
        occurrences = packing.unpack(occurrences, "<u4", count)
    else:
        rows = identity_tables.unpack_bitmap(places, len(samples.occurrences), count)
        identities, occurrences = samples.identities[rows], samples.occurrences[rows]
    said = Said(
        Verdict(verdict),
        reason,
        note,
        _aspect(aspect or annotated or Aspect.VERDICT),
        None if given is None else packing.unpack(given, "<i4", count),
        subject or "",
        text or "",
    )
    event = Event(
        EventKind(kind),
        said,
        rows,
        packing.unpack(old, "i1", count),
        packing.plain(scores, "<f4", count),
        Circumstances(threshold, Direction(direction), scorer, revision, Side(side)),
        about,
        number,
        instant(at_ms),
        who,
        together,
    )
    return StoredEvent(event, identities, occurrences, dataset_digest, reading, version, samples)


def encode_place(stored: StoredEvent) -> tuple[object, ...]:
    """The values of `PLACE`: where the samples of an event are by what is read now."""
    return (
        stored.event.id,
        stored.dataset_digest,
        stored.reading,
        packing.pack_steps(stored.event.rows),
        packing.pack(stored.occurrences, "<u4"),
        np.ascontiguousarray(stored.identities, "u1").tobytes(),
    )


def placed(stored: StoredEvent, values: tuple[Any, ...]) -> StoredEvent:
    """An event of format 1 with its samples as one row of `PLACES` has them.

    Raises:
        ValueError: it is damaged.
    """
    packing.check_kinds(values, (int, int, str, str, bytes, bytes, bytes))
    _, count, dataset, reading, rows, occurrences, identities = values
    return StoredEvent(
        replace(stored.event, rows=packing.unpack_steps(rows, count)),
        packing.plain(identities, "u1", count * IDENTITY_BYTES).reshape(count, IDENTITY_BYTES),
        packing.unpack(occurrences, "<u4", count),
        dataset,
        reading,
    )


def _aspect(name: str) -> Aspect | str:
    """The aspect of that name; the name itself where this version knows none."""
    try:
        return Aspect(name)
    except ValueError:
        return name


def instant(at_ms: int) -> str:
    """UTC milliseconds since 1970 as ISO 8601.

    Raises:
        ValueError: no year has that moment.
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=at_ms)
    except OverflowError as error:
        raise ValueError(f"a time of {at_ms} ms") from error
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def storable_words(said: Said) -> Said:
    """`said` with its words as SQLite can hold them."""
    return replace(
        said,
        reason=storable(said.reason),
        note=storable(said.note),
        subject=storable(said.subject),
        text=storable(said.text),
    )


def storable(text: str) -> str:
    """`text` as SQLite can hold it: a lone surrogate, as in an odd file name, becomes `?`."""
    return text.encode("utf-8", "replace").decode()
