"""What can go wrong, as one tree.

    TamisError                  base: a message and a hint; every one is shown, none is a crash
    ├── UsageError              the person asked for something that does not exist      exit 2
    ├── InputError              a dataset cannot be read at all                        exit 3
    ├── ScorerError             a scorer or its model cannot be used                   exit 4
    ├── StoreError              the session file is damaged or newer than this version exit 3
    │   └── SessionLockedError  another process is writing to the session              exit 5
    ├── ExportError             the export cannot be written where it was asked for    exit 3
    │   └── PendingRowsError    rows without an outcome; `engine.export.plan` has it   exit 4
    └── Cancelled               the person stopped it; nothing half-done is left       exit 130

A sample that cannot be read or scored is never an exception: it is a value
(`engine.dataset.dataset.Problem`, a failed score) and the rest goes on.
"""

from __future__ import annotations

from typing import ClassVar


class TamisError(Exception):
    """What happened, where, and what to do about it.

    The message says what and where (path, line); the hint says what to do and may be empty.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UsageError(TamisError):
    """A flag, a column, a threshold or a filter that makes no sense."""

    exit_code = 2


class InputError(TamisError):
    """A dataset that cannot be opened: absent, unreadable, empty or of no known format."""


class ScorerError(TamisError):
    """A scorer that cannot be used: model absent, corrupt, headless, or refused for safety."""

    exit_code = 4


class StoreError(TamisError):
    """A session file that is damaged, unwritable, or written by a newer version."""


class SessionLockedError(StoreError):
    """Another process has the session open for writing."""

    exit_code = 5


class ExportError(TamisError):
    """An export that cannot be written where it was asked for."""


class Cancelled(TamisError):  # noqa: N818 - not an error to the person who asked for it
    """The person stopped a long operation; what was being written is gone, nothing else is."""

    exit_code = 130

    def __init__(self, message: str = "cancelled", hint: str = "") -> None:
        super().__init__(message, hint)
