"""The tables of a session, as the list of steps that led to them.

A migration that has been released never changes; a new one is added to the end. Each runs in
one transaction together with the record of itself, after a backup where the file is not new:
a file is at one version or at the next, never between.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import StoreError

APPLICATION_ID = 0x74616D69
"""`tami` in ASCII, at byte 68 of the file: what tells a session from any other database.

Source: https://www.sqlite.org/fileformat2.html, "The Database Header".
"""

HEADER_BYTES = 100


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    name: str
    statements: tuple[str, ...]


def _append_only(table: str, key: str) -> tuple[str, ...]:
    """The triggers that keep what was said in `table` as it was said."""
    refuse = "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
    # INSERT OR REPLACE removes a row without asking the second of them.
    known = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - own names
    return (
        f"CREATE TRIGGER {table}_are_never_changed BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_are_never_removed BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_are_never_replaced BEFORE INSERT ON {table} {known} {refuse}",
    )


def _replaced(table: str, new: str, key: str) -> tuple[str, ...]:
    """The steps that put `new`, filled already, in the place of an append-only table."""
    triggers = (f"{table}_are_never_{what}" for what in ("changed", "removed", "replaced"))
    return (
        *(f"DROP TRIGGER {name}" for name in triggers),
        f"DROP TABLE {table}",
        f"ALTER TABLE {new} RENAME TO {table}",
        *_append_only(table, key),
    )


# A sample that could be changed or taken back after a look at it would prove nothing.
_QUEUE_TRIGGERS = (
    """
    CREATE TRIGGER queues_are_never_changed BEFORE UPDATE ON queues
    BEGIN SELECT RAISE(ABORT, 'queues are never changed'); END
    """,
    """
    CREATE TRIGGER lasting_queues_are_never_removed BEFORE DELETE ON queues WHEN OLD.lasting
    BEGIN SELECT RAISE(ABORT, 'this queue stays on file'); END
    """,
)

MIGRATIONS = (
    Migration(
        "decisions",
        (
            """
            CREATE TABLE migrations (
                version INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                at INTEGER NOT NULL
            )
            """,
            """
            CREATE TABLE datasets (
                digest TEXT PRIMARY KEY,
                path TEXT NOT NULL,
                files INTEGER NOT NULL,
                size_bytes INTEGER NOT NULL,
                rows INTEGER NOT NULL,
                first_seen INTEGER NOT NULL,
                last_seen INTEGER NOT NULL UNIQUE
            )
            """,
            "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
            # `old`, `rows`, ... are arrays of n values (engine.store.packing); the last columns
            # are the long ones, so that SQLite reads the others without them.
            """
            CREATE TABLE events (
                id INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                who TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('decide', 'undo', 'redo')),
                verdict INTEGER NOT NULL CHECK (verdict BETWEEN 0 AND 3),
                about INTEGER REFERENCES events (id),
                reason TEXT NOT NULL,
                note TEXT NOT NULL,
                threshold REAL,
                direction TEXT NOT NULL CHECK (direction IN ('>=', '<=')),
                scorer TEXT,
                revision TEXT,
                side TEXT NOT NULL CHECK (side IN ('chosen', 'rejected')),
                dataset TEXT NOT NULL,
                n INTEGER NOT NULL CHECK (n >= 0),
                old BLOB NOT NULL,
                occurrences BLOB NOT NULL,
                rows BLOB NOT NULL,
                scores BLOB NOT NULL,
                identities BLOB NOT NULL,
                CHECK (kind = 'decide' OR about IS NOT NULL)
            )
            """,
            *_append_only("events", "id"),
        ),
    ),
    Migration(
        "score cache",
        (
            """
            CREATE TABLE score_keys (
                id INTEGER PRIMARY KEY,
                digest TEXT NOT NULL UNIQUE,
                fields TEXT NOT NULL
            )
            """,
            """
            CREATE TABLE score_blocks (
                id INTEGER PRIMARY KEY,
                key_id INTEGER NOT NULL REFERENCES score_keys (id),
                n INTEGER NOT NULL CHECK (n > 0),
                identities BLOB NOT NULL,
                scores BLOB NOT NULL,
                tokens BLOB NOT NULL,
                truncated BLOB NOT NULL
            )
            """,
            # Finding one scorer's blocks must not walk through those of all others.
            "CREATE INDEX score_blocks_by_key ON score_blocks (key_id)",
        ),
    ),
    Migration(
        "values of events, found duplicates",
        (
            # What an event says beyond one verdict for all: a verdict for each row, or how often
            # each is exported. `value` is an array of the event's n values.
            """
            CREATE TABLE event_values (
                event INTEGER PRIMARY KEY REFERENCES events (id),
                aspect TEXT NOT NULL CHECK (aspect IN ('verdict', 'repeats')),
                value BLOB NOT NULL
            )
            """,
            *_append_only("event_values", "event"),
            # A cache: what a search for duplicates found, by content and settings.
            """
            CREATE TABLE searches (
                id INTEGER PRIMARY KEY,
                settings TEXT NOT NULL,
                content TEXT NOT NULL,
                similarity REAL NOT NULL,
                fields TEXT NOT NULL,
                complete INTEGER NOT NULL CHECK (complete IN (0, 1))
            )
            """,
            """
            CREATE TABLE search_arrays (
                search INTEGER NOT NULL REFERENCES searches (id),
                name TEXT NOT NULL,
                part INTEGER NOT NULL,
                dtype TEXT NOT NULL,
                shape TEXT NOT NULL,
                value BLOB NOT NULL,
                PRIMARY KEY (search, name, part)
            )
            """,
        ),
    ),
    Migration(
        "queues",
        (
            """
            CREATE TABLE queues (
                id INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                who TEXT NOT NULL,
                kind TEXT NOT NULL,
                side TEXT NOT NULL CHECK (side IN ('chosen', 'rejected')),
                dataset TEXT NOT NULL,
                facts TEXT NOT NULL,
                lasting INTEGER NOT NULL CHECK (lasting IN (0, 1)),
                n INTEGER NOT NULL CHECK (n >= 0),
                rows BLOB NOT NULL,
                occurrences BLOB,
                identities BLOB,
                CHECK (NOT lasting OR (identities IS NOT NULL AND occurrences IS NOT NULL))
            )
            """,
            *_QUEUE_TRIGGERS,
        ),
    ),
    Migration(
        "remarks",
        (
            # What an event says in words, about one aspect of its rows.
            """
            CREATE TABLE remarks (
                event INTEGER PRIMARY KEY REFERENCES events (id),
                aspect TEXT NOT NULL,
                subject TEXT NOT NULL,
                text TEXT NOT NULL
            )
            """,
            *_append_only("remarks", "event"),
        ),
    ),
    Migration(
        "format 2",
        (
            # The bytes of a source and how they were read are told apart: events on the same
            # bytes find their rows whatever the reading. Before, `digest` was of both.
            "ALTER TABLE datasets ADD COLUMN reading TEXT NOT NULL DEFAULT ''",
            # Identities of all rows of a source, for events about many of them.
            """
            CREATE TABLE identity_tables (
                id INTEGER PRIMARY KEY,
                dataset TEXT NOT NULL,
                reading TEXT NOT NULL,
                identity_version INTEGER NOT NULL,
                n INTEGER NOT NULL CHECK (n > 0),
                identities BLOB NOT NULL,
                occurrences BLOB NOT NULL,
                UNIQUE (dataset, reading, identity_version)
            )
            """,
            *_append_only("identity_tables", "id"),
            # `rows` are steps from one to the next, or a bitmap of `identity_table`'s rows, where
            # the event is of so many that it has no identities of its own.
            """
            CREATE TABLE events_2 (
                id INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                who TEXT NOT NULL,
                kind TEXT NOT NULL CHECK (kind IN ('decide', 'undo', 'redo')),
                verdict INTEGER NOT NULL CHECK (verdict >= 0),
                about INTEGER REFERENCES events (id),
                together INTEGER,
                reason TEXT NOT NULL,
                note TEXT NOT NULL,
                threshold REAL,
                direction TEXT NOT NULL CHECK (direction IN ('>=', '<=')),
                scorer TEXT,
                revision TEXT,
                side INTEGER NOT NULL CHECK (side BETWEEN 0 AND 15),
                dataset TEXT NOT NULL,
                reading TEXT NOT NULL,
                identity_version INTEGER NOT NULL,
                identity_table INTEGER REFERENCES identity_tables (id),
                n INTEGER NOT NULL CHECK (n >= 0),
                old BLOB NOT NULL,
                occurrences BLOB NOT NULL,
                rows BLOB NOT NULL,
                scores BLOB NOT NULL,
                identities BLOB NOT NULL,
                CHECK (kind = 'decide' OR about IS NOT NULL)
            )
            """,
            """
            INSERT INTO events_2
            SELECT id, at, who, kind, verdict, about, NULL, reason, note, threshold, direction,
                scorer, revision, CASE side WHEN 'chosen' THEN 0 ELSE 1 END, dataset, '', 1, NULL,
                n, old, occurrences, rows, scores, identities
            FROM events
            """,
            *_replaced("events", "events_2", "id"),
            # Where the samples of an event of format 1 are by what is read now: what it said
            # of several that looked alike then is about one of them.
            """
            CREATE TABLE event_places (
                event INTEGER PRIMARY KEY REFERENCES events (id),
                dataset TEXT NOT NULL,
                reading TEXT NOT NULL,
                rows BLOB NOT NULL,
                occurrences BLOB NOT NULL,
                identities BLOB NOT NULL
            )
            """,
            # Aspects that are not known yet may be said, too.
            """
            CREATE TABLE event_values_2 (
                event INTEGER PRIMARY KEY REFERENCES events (id),
                aspect TEXT NOT NULL,
                value BLOB NOT NULL
            )
            """,
            "INSERT INTO event_values_2 SELECT event, aspect, value FROM event_values",
            *_replaced("event_values", "event_values_2", "event"),
            """
            CREATE TABLE queues_2 (
                id INTEGER PRIMARY KEY,
                at INTEGER NOT NULL,
                who TEXT NOT NULL,
                kind TEXT NOT NULL,
                side INTEGER NOT NULL CHECK (side BETWEEN 0 AND 15),
                dataset TEXT NOT NULL,
                reading TEXT NOT NULL,
                identity_version INTEGER NOT NULL,
                facts TEXT NOT NULL,
                lasting INTEGER NOT NULL CHECK (lasting IN (0, 1)),
                n INTEGER NOT NULL CHECK (n >= 0),
                rows BLOB NOT NULL,
                occurrences BLOB,
                identities BLOB,
                CHECK (NOT lasting OR (identities IS NOT NULL AND occurrences IS NOT NULL))
            )
            """,
            """
            INSERT INTO queues_2
            SELECT id, at, who, kind, CASE side WHEN 'chosen' THEN 0 ELSE 1 END, dataset, '', 1,
                facts, lasting, n, rows, occurrences, identities
            FROM queues
            """,
            "DROP TRIGGER queues_are_never_changed",
            "DROP TRIGGER lasting_queues_are_never_removed",
            "DROP TABLE queues",
            "ALTER TABLE queues_2 RENAME TO queues",
            *_QUEUE_TRIGGERS,
            # Of each score whether it is one (a judge may not have judged), the full length of
            # the sample beside what was read of it, and what the scorer said about it.
            "ALTER TABLE score_blocks ADD COLUMN states BLOB",
            "ALTER TABLE score_blocks ADD COLUMN lengths BLOB",
            "ALTER TABLE score_blocks ADD COLUMN details BLOB",
            """
            CREATE TABLE score_failures (
                key_id INTEGER NOT NULL REFERENCES score_keys (id),
                identity BLOB NOT NULL,
                at INTEGER NOT NULL,
                reason TEXT NOT NULL,
                reply TEXT NOT NULL,
                PRIMARY KEY (key_id, identity)
            ) WITHOUT ROWID
            """,
        ),
    ),
)

CURRENT = len(MIGRATIONS)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or none of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_session(header: bytes) -> bool:
    """Whether a file that starts with `header` is a session, of whatever version."""
    return header.startswith(b"SQLite format 3\0") and header[68:72] == APPLICATION_ID.to_bytes(4)


def inspect(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a session file, 0 for an empty one; only reads.

    Raises:
        StoreError: it is another program's database, damaged, or newer than this version.
        sqlite3.Error: it cannot be read.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not application and not version and not tables:
        return 0
    if application != APPLICATION_ID or version < 1:
        raise StoreError(
            f"the file is a database of another program: {path}",
            "it was left as it is: name another place with --session PATH",
        )
    if version > CURRENT:
        raise StoreError(
            f"the session was written by a newer tamis (format {version}, "
            f"this one reads up to {CURRENT}): {path}",
            "update tamis (pip install --upgrade tamis), or start anew with --session PATH",
        )
    (finding,) = connection.execute("PRAGMA quick_check('events')").fetchone()
    if finding != "ok":
        raise sqlite3.DatabaseError(finding)
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Bring a file to the current schema; the backup that was made, where one was.

    Raises:
        sqlite3.Error: a step failed; the file is as it was before that step.
        OSError: the backup cannot be written; the file is as it was.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version >= CURRENT:
        return None
    backup = back_up(connection, path, version) if version else None
    for number in range(version + 1, CURRENT + 1):
        apply(connection, number)
    return backup


def apply(connection: sqlite3.Connection, number: int) -> None:
    """Run migration `number` (from 1) and record it, in one transaction."""
    migration = MIGRATIONS[number - 1]
    # Tables are replaced, and with them what others refer to; what comes in their place has it.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")
    try:
        _apply(connection, number, migration)
    finally:
        connection.execute("PRAGMA legacy_alter_table = OFF")
        connection.execute("PRAGMA foreign_keys = ON")


def _apply(connection: sqlite3.Connection, number: int, migration: Migration) -> None:
    with transaction(connection):
        for statement in migration.statements:
            connection.execute(statement)
        connection.execute(
            "INSERT INTO migrations (version, name, at) VALUES (?, ?, ?)",
            (number, migration.name, time.time_ns() // 1_000_000),
        )
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {number}")


def back_up(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Copy the session to `NAME.bak-vN` beside it, complete or not at all; nobody else reads it.

    Raises:
        StoreError: there is no room for it.
        OSError, sqlite3.Error: it cannot be written; nothing of it is left.
    """
    backup = path.with_name(f"{path.name}.bak-v{version}")
    partial = backup.with_name(f"{backup.name}.partial")
    partial.unlink(missing_ok=True)
    _require_room(connection, path)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with closing(sqlite3.connect(partial)) as copy:
            connection.backup(copy)
        partial.replace(backup)
    except BaseException:
        for suffix in ("", "-journal", "-wal", "-shm"):
            partial.with_name(partial.name + suffix).unlink(missing_ok=True)
        raise
    return backup


def _require_room(connection: sqlite3.Connection, path: Path) -> None:
    """Look that a copy of the session fits on its disk."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
    needed, free = pages * page_bytes, shutil.disk_usage(path.parent).free
    if free < needed:
        raise StoreError(
            f"session not opened: the disk is full: a copy of it takes {needed:,} bytes before it "
            f"is brought to this version's format, {free:,} are free: {path}",
            "make room and open it again, or open it with --read-only",
        )
