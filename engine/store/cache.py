"""The score cache: blocks of scores under a key, only ever added to.

A block is written with every flush of the scorer; where a sample was scored again, the later
block is right. Many small blocks are merged when the session is closed.

What could not be scored stands beside them, in a table of its own: it is no score.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.sample import IDENTITY_BYTES
from engine.store.packing import pack, plain, unpack

if TYPE_CHECKING:
    from engine.scoring.scorer import ScoreKey

BLOCK_ROWS = 16_384
"""Largest block, about 0.4 MB: what a decision waits for at worst, while scores are flushed."""

_SPARE_BLOCKS = 8
"""Blocks beyond the fewest possible that are not worth merging."""


UNKNOWN_LENGTH = -1
"""Of a sample that an earlier version cut without counting the rest."""


class ScoreState(IntEnum):
    """What a stored score is (uint8)."""

    SCORED = 0
    NOT_JUDGED = 1
    """The scorer answered that it gives none; asking it again would give the same."""


class CachedScores(NamedTuple):
    """Scores by identity; no identity is there twice."""

    identities: NDArray[np.uint8]  # (n, 16)
    scores: NDArray[np.float32]  # (n,) NaN where not judged, nowhere else
    tokens: NDArray[np.int32]  # (n,) read by the scorer
    truncated: NDArray[np.bool_]  # (n,)
    lengths: NDArray[np.int32]  # (n,) tokens of the whole sample, or UNKNOWN_LENGTH
    states: NDArray[np.uint8]  # (n,) of ScoreState
    details: NDArray[np.object_]  # (n,) what the scorer said of each: a JSON object, or None

    @classmethod
    def of(
        cls,
        identities: NDArray[np.uint8],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        truncated: NDArray[np.bool_],
        lengths: NDArray[np.int32] | None = None,
        states: NDArray[np.uint8] | None = None,
        details: NDArray[np.object_] | None = None,
    ) -> CachedScores:
        """The fields, of which the last three may be missing, as those of format 1 are."""
        if lengths is None:
            lengths = np.where(truncated, np.int32(UNKNOWN_LENGTH), tokens).astype(np.int32)
        if states is None:
            states = np.zeros(len(scores), np.uint8)
        if details is None:
            details = np.full(len(scores), None, np.object_)
        return cls(identities, scores, tokens, truncated, lengths, states, details)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> CachedScores:
        """The scores at `index`."""
        return CachedScores(
            self.identities[index],
            self.scores[index],
            self.tokens[index],
            self.truncated[index],
            self.lengths[index],
            self.states[index],
            self.details[index],
        )

    def blocks(self) -> Iterator[CachedScores]:
        """Parts of at most `BLOCK_ROWS`."""
        for start in range(0, len(self.scores), BLOCK_ROWS):
            yield self.take(slice(start, start + BLOCK_ROWS))


class Failure(NamedTuple):
    """Why a sample could not be scored, and what the scorer answered where it answered at all."""

    reason: str
    reply: str = ""


def key_id(connection: sqlite3.Connection, key: ScoreKey) -> int | None:
    """The number of a key in this file, None where nothing was scored under it."""
    found = connection.execute("SELECT id FROM score_keys WHERE digest = ?", (key.digest(),))
    row = found.fetchone()
    return None if row is None else int(row[0])


def keys(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The fields of every key of this file."""
    rows = connection.execute("SELECT fields FROM score_keys ORDER BY id").fetchall()
    return [json.loads(fields) for (fields,) in rows]


def require_key(connection: sqlite3.Connection, key: ScoreKey) -> int:
    """The number of a key in this file, given now where it is new; inside a transaction."""
    known = key_id(connection, key)
    if known is not None:
        return known
    cursor = connection.execute(
        "INSERT INTO score_keys (digest, fields) VALUES (?, ?)",
        (key.digest(), json.dumps(key.fields(), sort_keys=True)),
    )
    return int(cursor.lastrowid or 0)


def insert(connection: sqlite3.Connection, key: int, block: CachedScores) -> None:
    """Add one block, and forget that any of its samples failed; inside a transaction."""
    identities = np.ascontiguousarray(block.identities, np.uint8)
    connection.execute(
        "INSERT INTO score_blocks "
        "(key_id, n, identities, scores, tokens, truncated, states, lengths, details) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key,
            len(block.scores),
            identities.tobytes(),
            np.ascontiguousarray(block.scores, "<f4").tobytes(),
            np.ascontiguousarray(block.tokens, "<i4").tobytes(),
            pack(block.truncated, "u1"),
            pack(block.states, "u1"),
            pack(block.lengths, "<i4"),
            _pack_details(block.details),
        ),
    )
    if connection.execute("SELECT 1 FROM score_failures WHERE key_id = ?", (key,)).fetchone():
        connection.executemany(
            "DELETE FROM score_failures WHERE key_id = ? AND identity = ?",
            ((key, identity.tobytes()) for identity in identities),
        )


def add_failures(
    connection: sqlite3.Connection,
    key: int,
    identities: NDArray[np.uint8],
    failures: Sequence[Failure],
    at_ms: int,
) -> None:
    """Note what could not be scored, the last attempt for each; inside a transaction.

    Args:
        connection: in a transaction.
        key: number of the score key.
        identities: of the samples.  (n, 16)
        failures: of each.  (n,)
        at_ms: when, UTC milliseconds since 1970.
    """
    connection.executemany(
        "INSERT OR REPLACE INTO score_failures (key_id, identity, at, reason, reply) "
        "VALUES (?, ?, ?, ?, ?)",
        (
            (key, identity.tobytes(), at_ms, each.reason, each.reply)
            for identity, each in zip(identities, failures, strict=True)
        ),
    )


def failures(connection: sqlite3.Connection, key: int) -> dict[bytes, Failure]:
    """What could not be scored under a key, by identity."""
    found = connection.execute(
        "SELECT identity, reason, reply FROM score_failures WHERE key_id = ?", (key,)
    )
    return {bytes(identity): Failure(reason, reply) for identity, reason, reply in found}


def _pack_details(details: NDArray[np.object_]) -> bytes | None:
    """Details as compressed JSON, None where no sample has any.  (n,)."""
    if not details.astype(np.bool_).any():
        return None
    return zlib.compress(json.dumps(details.tolist(), ensure_ascii=False).encode())


def _unpack_details(blob: bytes | None, count: int) -> NDArray[np.object_]:
    """The details of `count` samples.  -> (count,).

    Raises:
        ValueError: the blob is damaged.
    """
    found = np.full(count, None, np.object_)
    if blob is None:
        return found
    try:
        values = json.loads(zlib.decompress(blob))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"details of other than {count} samples")
    found[:] = values
    return found


def block_ids(connection: sqlite3.Connection, key: int) -> list[int]:
    """The blocks of a key in the order in which they were written."""
    rows = connection.execute("SELECT id FROM score_blocks WHERE key_id = ? ORDER BY id", (key,))
    return [int(number) for (number,) in rows]


def read(connection: sqlite3.Connection, block: int) -> CachedScores:
    """One block.

    Raises:
        LookupError: it is gone.
        ValueError: it is damaged.
    """
    found = connection.execute(
        "SELECT n, identities, scores, tokens, truncated, states, lengths, details "
        "FROM score_blocks WHERE id = ?",
        (block,),
    ).fetchone()
    if found is None:
        raise LookupError(f"block {block} is gone")
    count, identities, scores, tokens, truncated, states, lengths, details = found
    return CachedScores.of(
        plain(identities, "u1", count * IDENTITY_BYTES).reshape(count, IDENTITY_BYTES),
        plain(scores, "<f4", count),
        plain(tokens, "<i4", count),
        unpack(truncated, "u1", count).astype(np.bool_),
        None if lengths is None else unpack(lengths, "<i4", count),
        None if states is None else unpack(states, "u1", count),
        _unpack_details(details, count),
    )


def merge(blocks: list[CachedScores]) -> CachedScores:
    """All blocks as one; where an identity is there more than once, the latest stands."""
    if not blocks:
        return CachedScores.of(
            np.empty((0, IDENTITY_BYTES), np.uint8),
            np.empty(0, np.float32),
            np.empty(0, np.int32),
            np.empty(0, np.bool_),
        )
    whole = CachedScores(*map(np.concatenate, zip(*blocks, strict=True)))
    return whole.take(latest(whole.identities))


def latest(identities: NDArray[np.uint8]) -> NDArray[np.intp] | slice:
    """The last place of every identity, in order.

    Sorts by half the hash first: two identities that agree there and differ beyond are so rare
    that sorting by all of it is left for then.
    """
    high, low = np.ascontiguousarray(identities).view("<u8").T  # (n,), (n,)
    order = np.argsort(high, kind="stable")
    again = high[order][1:] == high[order][:-1]
    if not again.any():
        return slice(None)
    if (low[order][1:] != low[order][:-1])[again].any():
        order = np.lexsort((low, high))
        again = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
    last = np.append(~again, True)
    return np.sort(order[last])


def compact(connection: sqlite3.Connection) -> None:
    """Merge the blocks of every key that has many; inside a transaction.

    Raises:
        ValueError: a block is damaged.
    """
    counts = connection.execute(
        "SELECT key_id, count(*), sum(n) FROM score_blocks GROUP BY key_id"
    ).fetchall()
    for key, blocks, rows in counts:
        if blocks <= rows // BLOCK_ROWS + 1 + _SPARE_BLOCKS:
            continue
        old = block_ids(connection, key)
        merged = merge([read(connection, number) for number in old])
        for block in merged.blocks():
            insert(connection, key, block)
        connection.execute("DELETE FROM score_blocks WHERE key_id = ? AND id <= ?", (key, old[-1]))
