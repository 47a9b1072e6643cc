"""The samples of a whole dataset, kept once, for bulks that name theirs by a bitmap.

An event about many rows would carry 16 bytes for each of them, and every undo of it as many
again. Beyond `BITMAP_ROWS` it has one bit for each row of the dataset instead.
"""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import SampleTable, StoredEvent
from engine.sample import IDENTITY_BYTES
from engine.store.packing import pack, plain, unpack

_FIND = "SELECT id FROM identity_tables WHERE dataset = ? AND reading = ? AND identity_version = ?"
_INSERT = (
    "INSERT INTO identity_tables (dataset, reading, identity_version, n, identities, occurrences) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


def require(connection: sqlite3.Connection, stored: StoredEvent, samples: SampleTable) -> int:
    """The number of the table that `stored` refers to, written now where it is new.

    Inside a transaction: the table is there with the first event that needs it, or neither is.
    """
    key = (stored.dataset_digest, stored.reading, stored.identity_version)
    found = connection.execute(_FIND, key).fetchone()
    if found is not None:
        return int(found[0])
    identities = np.ascontiguousarray(samples.identities, "u1").tobytes()
    occurrences = pack(samples.occurrences, "<u4")
    values = (*key, len(samples.occurrences), identities, occurrences)
    return int(connection.execute(_INSERT, values).lastrowid or 0)


def read(connection: sqlite3.Connection, number: int) -> SampleTable:
    """The table of that number.

    Raises:
        ValueError: there is none, or it is damaged.
    """
    found = connection.execute(
        "SELECT n, identities, occurrences FROM identity_tables WHERE id = ?", (number,)
    ).fetchone()
    if found is None:
        raise ValueError(f"there is no identity table {number}")
    count, identities, occurrences = found
    return SampleTable(
        plain(identities, "u1", count * IDENTITY_BYTES).reshape(count, IDENTITY_BYTES),
        unpack(occurrences, "<u4", count),
    )


def pack_bitmap(rows: NDArray[np.int64], count: int) -> bytes:
    """Ascending, distinct row numbers as one bit for each of `count` rows.  (n,)."""
    marked = np.zeros(count, np.bool_)
    marked[rows] = True
    return pack(np.packbits(marked, bitorder="little"), "u1")


def unpack_bitmap(blob: bytes, count: int, expected: int) -> NDArray[np.int64]:
    """The rows of a blob that `pack_bitmap` made of `count` rows.  -> (expected,).

    Raises:
        ValueError: the blob is damaged, or has other than `expected` rows.
    """
    packed = unpack(blob, "u1", -(-count // 8))
    rows = np.flatnonzero(np.unpackbits(packed, count=count, bitorder="little"))
    if len(rows) != expected:
        raise ValueError(f"{len(rows)} rows where {expected} belong")
    return rows.astype(np.int64, copy=False)
