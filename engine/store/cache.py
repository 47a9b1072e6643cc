"""The score cache: blocks of scores under a key, only ever added to.

A block is written with every flush of the scorer; where a sample was scored again, the later
block is right. Many small blocks are merged when the session is closed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
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


class CachedScores(NamedTuple):
    """Scores by identity; no identity is there twice."""

    identities: NDArray[np.uint8]  # (n, 16)
    scores: NDArray[np.float32]  # (n,) never NaN
    tokens: NDArray[np.int32]  # (n,)
    truncated: NDArray[np.bool_]  # (n,)

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> CachedScores:
        """The scores at `index`."""
        return CachedScores(
            self.identities[index], self.scores[index], self.tokens[index], self.truncated[index]
        )

    def blocks(self) -> Iterator[CachedScores]:
        """Parts of at most `BLOCK_ROWS`."""
        for start in range(0, len(self.scores), BLOCK_ROWS):
            yield self.take(slice(start, start + BLOCK_ROWS))


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
    """Add one block; inside a transaction."""
    connection.execute(
        "INSERT INTO score_blocks (key_id, n, identities, scores, tokens, truncated) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (
            key,
            len(block.scores),
            np.ascontiguousarray(block.identities, np.uint8).tobytes(),
            np.ascontiguousarray(block.scores, "<f4").tobytes(),
            np.ascontiguousarray(block.tokens, "<i4").tobytes(),
            pack(block.truncated, "u1"),
        ),
    )


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
        "SELECT n, identities, scores, tokens, truncated FROM score_blocks WHERE id = ?", (block,)
    ).fetchone()
    if found is None:
        raise LookupError(f"block {block} is gone")
    count, identities, scores, tokens, truncated = found
    return CachedScores(
        plain(identities, "u1", count * IDENTITY_BYTES).reshape(count, IDENTITY_BYTES),
        plain(scores, "<f4", count),
        plain(tokens, "<i4", count),
        unpack(truncated, "u1", count).astype(np.bool_),
    )


def merge(blocks: list[CachedScores]) -> CachedScores:
    """All blocks as one; where an identity is there more than once, the latest stands."""
    if not blocks:
        return CachedScores(
            np.empty((0, IDENTITY_BYTES), np.uint8),
            np.empty(0, np.float32),
            np.empty(0, np.int32),
            np.empty(0, np.bool_),
        )
    whole = CachedScores(
        np.concatenate([block.identities for block in blocks]),
        np.concatenate([block.scores for block in blocks]),
        np.concatenate([block.tokens for block in blocks]),
        np.concatenate([block.truncated for block in blocks]),
    )
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
