"""Which datasets a session has seen, so that one that changed since is recognised."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from engine.store.events import instant, milliseconds, storable
from engine.store.packing import check_kinds

if TYPE_CHECKING:
    from engine.dataset.dataset import Fingerprint


class Bindable(Protocol):
    """The part of a Dataset that this module needs."""

    @property
    def fingerprint(self) -> Fingerprint:
        """What its files hold."""
        ...


@dataclass(frozen=True, slots=True)
class KnownDataset:
    """A dataset as it was when this session last had it open."""

    digest: str
    path: str
    files: int
    size_bytes: int
    rows: int
    first_seen: str
    last_seen: str
    reading: str = ""
    """Digest of how it was read; empty where `digest` is of that, too, as in format 1."""


@dataclass(frozen=True, slots=True)
class BindState:
    """How the dataset opened now stands to the one of the last opening."""

    digest: str
    """Of the dataset opened now: events that carry it have valid row numbers."""
    previous: KnownDataset | None
    """None where this session has seen no dataset before."""

    @property
    def changed(self) -> bool:
        """Whether there was a dataset before, and it held something else."""
        return self.previous is not None and self.previous.digest != self.digest


_ALL = (
    "SELECT digest, path, files, size_bytes, rows, first_seen, last_seen, reading "
    "FROM datasets ORDER BY last_seen DESC"
)


_KINDS = (str, str, int, int, int, int, int, str)


def known(connection: sqlite3.Connection) -> list[KnownDataset]:
    """Every dataset that was ever opened with this session, the latest first.

    Raises:
        ValueError: what is known of one is damaged.
    """
    found = []
    for values in connection.execute(_ALL):
        check_kinds(values, _KINDS)
        digest, path, files, size_bytes, rows, first_ms, last_ms, reading = values
        first, last = instant(first_ms), instant(last_ms)
        found.append(KnownDataset(digest, path, files, size_bytes, rows, first, last, reading))
    return found


def take_over(connection: sqlite3.Connection, known: KnownDataset) -> None:
    """Know a dataset as another session knows it; inside a transaction."""
    seen = (milliseconds(known.first_seen), milliseconds(known.last_seen))
    connection.execute(
        "INSERT INTO datasets "
        "(digest, path, files, size_bytes, rows, first_seen, last_seen, reading) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (known.digest, known.path, known.files, known.size_bytes, known.rows, *seen, known.reading),
    )


def remember(connection: sqlite3.Connection, fingerprint: Fingerprint, now_ms: int) -> None:
    """Make this the dataset of the last opening; inside a transaction."""
    (newest_ms,) = connection.execute("SELECT max(last_seen) FROM datasets").fetchone()
    # Never equal to another: the order of openings survives a clock set back.
    seen_ms = max(now_ms, (newest_ms or 0) + 1)
    connection.execute(
        "INSERT INTO datasets "
        "(digest, path, files, size_bytes, rows, first_seen, last_seen, reading) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET "
        "path = excluded.path, files = excluded.files, rows = excluded.rows, "
        "last_seen = excluded.last_seen, reading = excluded.reading",
        (
            fingerprint.digest,
            storable(fingerprint.path),
            fingerprint.files,
            fingerprint.size_bytes,
            fingerprint.rows,
            seen_ms,
            seen_ms,
            fingerprint.reading,
        ),
    )
