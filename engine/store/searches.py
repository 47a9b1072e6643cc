"""Results of long searches, as named arrays; a cache that may be lost without losing a word.

One result per settings is kept: the newest. Arrays are written in parts, so that a decision never
waits for a large one, and count only when the last part is there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.store.packing import pack, unpack

PART_BYTES = 1 << 22
"""Written in one transaction: some ten milliseconds."""


@dataclass(frozen=True, slots=True)
class StoredSearch:
    """What is known of a result before its arrays are read."""

    id: int
    content: str
    """Digest of what was searched."""
    similarity: float
    """From where on it was searched, in (0, 1]."""
    fields: dict[str, Any]


def newest(connection: sqlite3.Connection, settings: str) -> StoredSearch | None:
    """The complete result under these settings."""
    row = connection.execute(
        "SELECT id, content, similarity, fields FROM searches "
        "WHERE settings = ? AND complete ORDER BY id DESC LIMIT 1",
        (settings,),
    ).fetchone()
    return None if row is None else StoredSearch(row[0], row[1], row[2], json.loads(row[3]))


def begin(
    connection: sqlite3.Connection,
    settings: str,
    content: str,
    similarity: float,
    fields: Mapping[str, Any],
) -> int:
    """Make room for a result, not complete yet; inside a transaction."""
    cursor = connection.execute(
        "INSERT INTO searches (settings, content, similarity, fields, complete) "
        "VALUES (?, ?, ?, ?, 0)",
        (settings, content, similarity, json.dumps(fields, sort_keys=True)),
    )
    return int(cursor.lastrowid or 0)


def parts(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """`array` along its first axis in pieces of about `PART_BYTES`; one at least."""
    step = max(PART_BYTES // max(array[:1].nbytes, 1), 1)
    for start in range(0, max(len(array), 1), step):
        yield array[start : start + step]


def add_part(
    connection: sqlite3.Connection, search: int, name: str, part: int, array: NDArray[Any]
) -> None:
    """Add one part of an array; inside a transaction."""
    dtype = array.dtype.newbyteorder("<").str
    connection.execute(
        "INSERT INTO search_arrays (search, name, part, dtype, shape, value) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (search, name, part, dtype, json.dumps(array.shape), pack(array, dtype)),
    )


def finish(connection: sqlite3.Connection, search: int, settings: str) -> None:
    """Let a result count, and forget the others under its settings; inside a transaction."""
    connection.execute("UPDATE searches SET complete = 1 WHERE id = ?", (search,))
    old = "SELECT id FROM searches WHERE settings = ? AND id <> ?"
    connection.execute(
        f"DELETE FROM search_arrays WHERE search IN ({old})",  # noqa: S608 - no data in it
        (settings, search),
    )
    connection.execute("DELETE FROM searches WHERE settings = ? AND id <> ?", (settings, search))


def array(connection: sqlite3.Connection, search: int, name: str) -> NDArray[Any]:
    """One array of a result, in one piece.

    Raises:
        ValueError: it is damaged, or there is none of that name.
    """
    rows = connection.execute(
        "SELECT dtype, shape, value FROM search_arrays WHERE search = ? AND name = ? ORDER BY part",
        (search, name),
    )
    found = []
    for dtype, shape, value in rows:
        size = tuple(json.loads(shape))
        found.append(unpack(value, dtype, int(np.prod(size))).reshape(size))
    if not found:
        raise ValueError(f"no array {name}")
    return found[0] if len(found) == 1 else np.concatenate(found)
