"""Events in the file: what is written for a decision, and what is read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import Aspect, Circumstances, EventKind, Verdict
from engine.review.threshold import Direction
from engine.sample import IDENTITY_BYTES, Side
from engine.store import packing

KEY_BYTES = IDENTITY_BYTES + 5
"""Identity, occurrence and side."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COLUMNS = (
    "id, at, who, kind, verdict, about, reason, note, threshold, direction, scorer, revision, "
    "side, dataset, n, old, occurrences, rows, scores, identities"
)
INSERT = (
    f"INSERT INTO events ({_COLUMNS}) "  # noqa: S608 - names of columns, no data
    f"VALUES ({', '.join('?' * len(_COLUMNS.split(',')))})"
)
SIZES = "SELECT id, n FROM events WHERE id > ? ORDER BY id LIMIT 512"
SPAN = (
    f"SELECT {_COLUMNS}, event_values.aspect, value, "  # noqa: S608 - same
    "remarks.aspect, subject, text FROM events LEFT JOIN event_values ON event_values.event = id "
    "LEFT JOIN remarks ON remarks.event = id WHERE id > ? AND id <= ? ORDER BY id"
)
INSERT_REMARK = "INSERT INTO remarks (event, aspect, subject, text) VALUES (?, ?, ?, ?)"
INSERT_VALUES = "INSERT INTO event_values (event, aspect, value) VALUES (?, ?, ?)"


def milliseconds(at: str) -> int:
    """What `instant` makes a text of."""
    return round((datetime.fromisoformat(at) - _EPOCH) / timedelta(milliseconds=1))


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as the file has it: samples by identity, rows as they were in its dataset.

    The arrays are read-only where they were read from the file.
    """

    id: int
    at: str
    """UTC, ISO 8601 with milliseconds."""
    who: str
    kind: EventKind
    verdict: Verdict
    identities: NDArray[np.uint8]  # (n, 16)
    occurrences: NDArray[np.uint32]  # (n,) which of the identical samples
    rows: NDArray[np.int64]  # (n,) positions in the dataset of `dataset_digest`
    old: NDArray[np.int8]  # (n,) verdicts before
    scores: NDArray[np.float32]  # (n,) scores at that moment, NaN where there was none
    circumstances: Circumstances
    reason: str
    note: str
    about: int | None
    dataset_digest: str
    """Of the dataset bound at that moment, empty where none was."""
    aspect: Aspect = Aspect.VERDICT
    values: NDArray[np.int32] | None = None  # (n,) new value of each; None: `verdict` for all
    subject: str = ""
    text: str = ""

    def keys(self) -> NDArray[np.void]:
        """Of each sample what tells a verdict on it from others: itself and the side.  (n,)."""
        keys = np.zeros((len(self.rows), KEY_BYTES), np.uint8)
        keys[:, :IDENTITY_BYTES] = self.identities
        keys[:, IDENTITY_BYTES:-1] = self.occurrences.astype("<u4")[:, None].view(np.uint8)
        keys[:, -1] = list(Side).index(self.circumstances.side)
        return keys.view(f"V{KEY_BYTES}").ravel()


@dataclass(frozen=True, slots=True)
class TakenOver:
    """An event of another session, and the undo that took it back there."""

    event: StoredEvent
    undo: StoredEvent | None = None


def encode(event: StoredEvent, at_ms: int) -> tuple[object, ...]:
    """The values of `INSERT`; the number is left to the file.

    Raises:
        ValueError: the arrays are not of one length.
    """
    count = len(event.identities)
    arrays = (event.occurrences, event.rows, event.old, event.scores, event.values)
    for array in arrays:
        if array is not None and len(array) != count:
            raise ValueError(f"{len(array)} values for {count} samples")
    seen = event.circumstances
    return (
        None,
        at_ms,
        storable(event.who),
        event.kind.value,
        int(event.verdict),
        event.about,
        event.reason,
        event.note,
        seen.threshold,
        seen.direction.value,
        None if seen.scorer is None else storable(seen.scorer),
        None if seen.revision is None else storable(seen.revision),
        seen.side.value,
        event.dataset_digest,
        count,
        packing.pack(event.old, "i1"),
        packing.pack(event.occurrences, "<u4"),
        packing.pack_steps(event.rows),
        np.ascontiguousarray(event.scores, "<f4").tobytes(),
        np.ascontiguousarray(event.identities, "u1").reshape(count, IDENTITY_BYTES).tobytes(),
    )


def decode(values: tuple[Any, ...]) -> StoredEvent:
    """The event of one row of `SPAN`.

    Raises:
        ValueError: it is damaged.
    """
    number, at_ms, who, kind, verdict, about, reason, note, *seen = values[:13]
    threshold, direction, scorer, revision, side = seen
    dataset_digest, count, old, occurrences, rows, scores, identities, *more = values[13:]
    aspect, given, remarked, subject, text = more
    return StoredEvent(
        number,
        instant(at_ms),
        who,
        EventKind(kind),
        Verdict(verdict),
        packing.plain(identities, "u1", count * IDENTITY_BYTES).reshape(count, IDENTITY_BYTES),
        packing.unpack(occurrences, "<u4", count),
        packing.unpack_steps(rows, count),
        packing.unpack(old, "i1", count),
        packing.plain(scores, "<f4", count),
        Circumstances(threshold, Direction(direction), scorer, revision, Side(side)),
        reason,
        note,
        about,
        dataset_digest,
        Aspect(aspect or remarked or Aspect.VERDICT),
        None if given is None else packing.unpack(given, "<i4", count),
        subject or "",
        text or "",
    )


def encode_values(event: StoredEvent, number: int) -> tuple[object, ...] | None:
    """The values of `INSERT_VALUES` for the event of that number; None where it has none."""
    if event.values is None:
        return None
    return number, event.aspect.value, packing.pack(event.values, "<i4")


def encode_remark(event: StoredEvent, number: int) -> tuple[object, ...] | None:
    """The values of `INSERT_REMARK` for the event of that number; None where it is none."""
    if event.aspect not in REMARKS:
        return None
    return number, event.aspect.value, event.subject, event.text


REMARKS = frozenset({Aspect.REASON, Aspect.NOTE, Aspect.TAG, Aspect.EDIT, Aspect.MERGE})
"""Aspects that are said in words."""


def instant(at_ms: int) -> str:
    """UTC milliseconds since 1970 as ISO 8601."""
    moment = _EPOCH + timedelta(milliseconds=at_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def storable(text: str) -> str:
    """`text` as SQLite can hold it: a lone surrogate, as in an odd file name, becomes `?`."""
    return text.encode("utf-8", "replace").decode()
