"""Review orders in the file: the order in hand, and every spot check that was ever drawn."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sample import IDENTITY_BYTES, Side
from engine.store import packing
from engine.store.events import instant, storable

_COLUMNS = (
    "id, at, who, kind, side, dataset, reading, identity_version, facts, lasting, n, rows, "
    "occurrences, identities"
)
_INSERT = (
    f"INSERT INTO queues ({_COLUMNS}) "  # noqa: S608 - names of columns, no data
    f"VALUES ({', '.join('?' * len(_COLUMNS.split(',')))})"
)
_ONE = f"SELECT {_COLUMNS} FROM queues WHERE id = ?"  # noqa: S608 - same
_LASTING = f"SELECT {_COLUMNS} FROM queues WHERE lasting ORDER BY id"  # noqa: S608 - same


@dataclass(frozen=True, slots=True)
class StoredOrder:
    """A sequence of samples as the file has it."""

    kind: str
    side: Side
    facts: dict[str, Any]
    """What it was made from, as JSON values."""
    rows: NDArray[np.int64]  # (n,) positions in the dataset of `dataset_digest`
    identities: NDArray[np.uint8] | None = None  # (n, 16)
    """Of one that lasts; None for an order that is only good for its own dataset."""
    occurrences: NDArray[np.uint32] | None = None  # (n,)
    id: int = 0
    at: str = ""
    """UTC, ISO 8601 with milliseconds."""
    who: str = ""
    dataset_digest: str = ""
    reading: str = ""
    identity_version: int = 2

    @property
    def lasting(self) -> bool:
        """Whether it stays on file when another one is made."""
        return self.identities is not None


def insert(
    connection: sqlite3.Connection,
    order: StoredOrder,
    *,
    at_ms: int,
    who: str,
    digest: str,
    reading: str,
) -> int:
    """Write a review order, and remove the ones that it takes the place of; its number."""
    if not order.lasting:
        connection.execute("DELETE FROM queues WHERE NOT lasting")
    # A review order has no pattern that deflating could find: four plain bytes a row.
    rows = np.ascontiguousarray(order.rows, "<u4").tobytes()
    cursor = connection.execute(
        _INSERT,
        (
            None,
            at_ms,
            storable(who),
            order.kind,
            int(order.side),
            digest,
            reading,
            order.identity_version,
            json.dumps(order.facts),
            order.lasting,
            len(order.rows),
            rows,
            None if order.occurrences is None else packing.pack(order.occurrences, "<u4"),
            None if order.identities is None else np.ascontiguousarray(order.identities).tobytes(),
        ),
    )
    return int(cursor.lastrowid or 0)


def one(connection: sqlite3.Connection, number: int) -> StoredOrder | None:
    """The review order `number`; None where it is not on file any more.

    Raises:
        ValueError: it is damaged.
    """
    found = connection.execute(_ONE, (number,)).fetchone()
    return None if found is None else _decode(found)


def lasting(connection: sqlite3.Connection) -> list[StoredOrder]:
    """Every review order that stays on file, oldest first.

    Raises:
        ValueError: one is damaged.
    """
    return [_decode(values) for values in connection.execute(_LASTING)]


def _decode(values: tuple[Any, ...]) -> StoredOrder:
    number, at_ms, who, kind, side, dataset, reading, version, facts, _, count, *more = values
    rows, occurrences, identities = more
    known = None
    if identities is not None:
        known = packing.plain(identities, "u1", count * IDENTITY_BYTES)
        known = known.reshape(count, IDENTITY_BYTES)
    return StoredOrder(
        kind=kind,
        side=Side(side),
        facts=json.loads(facts),
        rows=packing.plain(rows, "<u4", count).astype(np.int64),
        identities=known,
        occurrences=None if occurrences is None else packing.unpack(occurrences, "<u4", count),
        id=number,
        at=instant(at_ms),
        who=who,
        dataset_digest=dataset,
        reading=reading,
        identity_version=version,
    )
