"""SQLite's errors, said as what happened and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import StoreError

_FULL = (
    "the disk is full",
    "make room and do it again, or start with --session PATH on another disk",
)
_UNWRITABLE = (
    "the file or its folder cannot be written",
    "check its permissions, name another place with --session PATH, or open it with --read-only",
)
_DAMAGED = (
    "the file is damaged",
    "restore it from a copy (a .bak-v… beside it?), or start anew with --session PATH",
)
_FOREIGN = (
    "the file is not a tamis session",
    "it was left as it is: move it away, or name another place with --session PATH",
)
_BUSY = (
    "another program holds the file",
    "close what has it open (a database browser, a backup) and do it again",
)
_BROKEN_DISK = (
    "the disk or network reported an error",
    "check the disk; --session PATH keeps the session elsewhere",
)

_CAUSES = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: _UNWRITABLE,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _FOREIGN,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_IOERR: _BROKEN_DISK,
}


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code, 0 where the error came from Python's side."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def explain(error: sqlite3.Error, path: Path, doing: str) -> StoreError:
    """The error that a person sees.

    Args:
        error: what SQLite raised.
        path: the session file.
        doing: what was not done, as the start of a sentence: "decision not saved".
    """
    cause, hint = _CAUSES.get(primary_code(error), (str(error), ""))
    return StoreError(f"{doing}: {cause}: {path}", hint)


@contextmanager
def explained(path: Path, doing: str) -> Iterator[None]:
    """Turn SQLite's errors inside the block into a StoreError."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(error, path, doing) from error
