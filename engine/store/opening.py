"""From a path to a connection: checked, migrated and locked, or read-only beside a writer."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from engine.errors import StoreError
from engine.paths import state_folder
from engine.store import journal, schema
from engine.store.faults import explained, primary_code
from engine.store.lock import WriterLock

BUSY_S = 5.0
"""How long a write waits for a reader of a session that has no write-ahead log."""

SIDECARS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database while it is open, or after its process was killed."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection ready for use, and how to let go of it."""

    connection: sqlite3.Connection
    warnings: list[str]
    release: Callable[[], None]


def open_writer(path: Path, *, fresh: bool = False) -> Opened:
    """Lock, check, create or migrate the session at `path`; `fresh` removes it first.

    Raises:
        SessionLockedError: another process, or another Store of this one, is writing to it.
        StoreError: it is damaged, newer, another program's, or cannot be written.
    """
    _make_folder(path)
    lock = WriterLock(path)
    try:
        with explained(path, "session not opened"):
            if fresh:
                _remove(path)
            return _open_locked(path, lock)
    except OSError as error:
        lock.release()
        raise _unopened(path, error) from error
    except BaseException:
        lock.release()
        raise


def _open_locked(path: Path, lock: WriterLock) -> Opened:
    _create(path)
    _check_untouched(path)
    connection = _connect(path, "rw")
    with _closed_on_error(connection):
        schema.inspect(connection, path)
        backup = schema.migrate(connection, path)
        warning = journal.choose(connection, path)
    moved = f"the session was brought to this version's format; the old one is {backup}"
    warnings = ([moved] if backup else []) + ([warning] if warning else [])
    return Opened(connection, warnings, lock.release)


def _make_folder(path: Path) -> None:
    """The state folder is made on first use; any other folder that is absent is a slip."""
    if os.path.isdir(path.parent):  # noqa: PTH112 - Path.is_dir() raises in a closed folder
        return
    if not path.is_relative_to(os.path.realpath(state_folder())):
        raise StoreError(
            f"there is no folder for the session: {path.parent}",
            "make it first, or name another place with --session PATH",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unopened(path, error) from error


def _remove(path: Path) -> None:
    """Remove a session that nobody has open, damaged or not, but no other file.

    Its sidecars go first: left alone, they would be played into the next session of that name.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        header = file.read(schema.HEADER_BYTES)
    if header and not schema.is_session(header):
        raise StoreError(
            f"not a tamis session, so it was not removed: {path}",
            "move it away, or name another place with --session PATH",
        )
    for suffix in (*SIDECARS, ""):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def replace_session(new: Path, path: Path) -> None:
    """Put a session that nobody has open in the place of another, or where none is yet.

    What SQLite keeps beside the other one, for a reader that still has it open, goes with it:
    left alone, it would be played into the new one.

    Args:
        new: closed by its writer; no more there afterwards.
        path: its place, under a lock meanwhile.

    Raises:
        SessionLockedError: somebody writes to the session at `path`.
        StoreError: it is no session, cannot be replaced, or does not open in its place.
    """
    lock = WriterLock(path)
    try:
        if path.exists():
            with explained(path, "session not replaced"), closing(_connect(path, "rw")) as old:
                old.execute("PRAGMA wal_checkpoint(FULL)")  # whole by itself until it is replaced
        for suffix in SIDECARS:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        new.replace(path)
        with explained(path, "session not opened"), closing(_connect(path, "ro")) as connection:
            schema.inspect(connection, path)
    finally:
        lock.release()


def _create(path: Path) -> None:
    """An empty file that only its owner reads; SQLite gives its sidecars the same mode."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _check_untouched(path: Path) -> None:
    """Look at the file without being able to write, so that one that is refused stays as it is."""
    try:
        with closing(_connect(path, "ro")) as connection:
            schema.inspect(connection, path)
    except sqlite3.OperationalError as error:
        # A rollback journal left by a kill has to be played back first, which takes a writer.
        _require_unwritable(error)


def open_reader(path: Path) -> Opened:
    """Open beside whoever writes; where SQLite would have to write to read, from a copy.

    A copy is needed where a killed desk left its log and the folder cannot be written, and for
    a session of an older version, which is migrated in the copy only.

    Raises:
        StoreError: there is no session, or it is damaged, newer or another program's.
    """
    if not os.path.isfile(path):  # noqa: PTH113 - Path.is_file() raises in a closed folder
        raise StoreError(
            f"there is no session to read: {path}", "one is begun by opening without --read-only"
        )
    with explained(path, "session not opened"):
        connection = _read_in_place(path)
        if connection is not None:
            return Opened(connection, [], lambda: None)
        try:
            return _read_copy(path)
        except OSError as error:
            raise _unopened(path, error) from error


def file_version(path: Path) -> int:
    """The format of a session file.

    Raises:
        StoreError: it is damaged, newer, or another program's.
    """
    with explained(path, "session not read"), closing(_connect(path, "ro")) as connection:
        return schema.inspect(connection, path)


def peek_setting(path: Path, name: str) -> Any:
    """A setting of a session file that is not open yet; None where there is none to read."""
    try:
        with closing(_connect(path, "ro")) as connection:
            found = connection.execute("SELECT value FROM settings WHERE name = ?", (name,))
            row = found.fetchone()
            return None if row is None else json.loads(row[0])
    except (sqlite3.Error, ValueError):
        return None


def peek_choices(path: Path) -> dict[tuple[str, str], str]:
    """What stands of all that is said of no row, in a session file that is not open yet.

    Returns:
        The text by aspect and subject; nothing where there is none to read.
    """
    said: dict[int, tuple[tuple[str, str], str]] = {}
    undone: set[int] = set()
    with contextlib.suppress(sqlite3.Error), closing(_connect(path, "ro")) as connection:
        for number, kind, about, aspect, subject, text in connection.execute(
            "SELECT id, kind, about, aspect, subject, text FROM events "
            "JOIN remarks ON remarks.event = id WHERE n = 0 ORDER BY id"
        ):
            match kind:
                case "decide":
                    said[number] = (aspect, subject), text
                case "undo":
                    undone.add(about)
                case _:
                    undone.discard(about)
    return dict(each for number, each in said.items() if number not in undone)


def _read_in_place(path: Path) -> sqlite3.Connection | None:
    """A reading connection; None where SQLite would have to write, or the version is older."""
    try:
        connection = _connect(path, "ro")
        with _closed_on_error(connection):
            version = schema.inspect(connection, path)
    except sqlite3.OperationalError as error:
        _require_unwritable(error)
        return None
    if version == schema.CURRENT:
        return connection
    connection.close()
    return None


def _read_copy(path: Path) -> Opened:
    folder = TemporaryDirectory(prefix="tamis-")
    copy = Path(folder.name) / path.name
    try:
        for source in (path, *(path.with_name(path.name + suffix) for suffix in SIDECARS)):
            # The -shm is an index that SQLite builds anew.
            if source.exists() and not source.name.endswith("-shm"):
                shutil.copyfile(source, copy.with_name(source.name))
        connection = _connect(copy, "rw")
        with _closed_on_error(connection):
            schema.inspect(connection, path)
            schema.migrate(connection, copy)
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        folder.cleanup()
        raise
    warning = "read from a copy: what is decided elsewhere from now on does not show here"
    return Opened(connection, [warning], folder.cleanup)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection in SQLite's own thread-safe mode, transactions begun by hand."""
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path))}?mode={mode}",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in (
        "synchronous = FULL",
        "fullfsync = ON",  # macOS: fsync alone does not reach the platter
        "foreign_keys = ON",
        "trusted_schema = OFF",  # a session may come from a stranger
    ):
        try:
            connection.execute(f"PRAGMA {pragma}")
        except UnicodeDecodeError as error:  # SQLite's message quotes a schema that is no text
            connection.close()
            damaged = sqlite3.DatabaseError(str(error))
            damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
            raise damaged from error
    return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise


def _require_unwritable(error: sqlite3.OperationalError) -> None:
    """Raise again what is not about reading without being able to write."""
    if primary_code(error) not in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
        raise error


def _unopened(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"session not opened: {error.strerror or error}: {error.filename or path}",
        "check the permissions and the disk, or name another place with --session PATH",
    )
