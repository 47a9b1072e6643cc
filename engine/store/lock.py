"""One writer per session, held by the kernel.

The lock lies on a file of its own: a second lock on the database file itself would be dropped
with SQLite's own whenever either is closed. It ends with the process, however that ends, so
there is nothing to clean up after a kill and no process number to be wrong about.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from engine.errors import SessionLockedError, StoreError


class WriterLock:
    """Holds a session for writing until `release`.

    `flock` and not `lockf`: it belongs to the open file, so it also excludes a second writer
    inside the same process.
    """

    def __init__(self, session: Path) -> None:
        """Take the lock.

        Raises:
            SessionLockedError: someone holds it.
            StoreError: the lock file cannot be written, or the file system has no locks.
        """
        self._path = session.with_name(f"{session.name}.lock")
        self._fd = self._acquire(session)

    def _acquire(self, session: Path) -> int:
        # The holder removes the file on release; a lock won on a file that is no longer the one
        # at the path excludes nobody, so it is tried again.
        while True:
            fd = self._open(session)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                raise SessionLockedError(
                    f"another tamis has this session open: {session}",
                    "--read-only opens beside it; closing the other one frees it for writing",
                ) from None
            except OSError as error:
                os.close(fd)
                raise StoreError(
                    f"the session cannot be locked here ({error.strerror}): {session}",
                    "keep it on a local disk with --session PATH, or open it with --read-only",
                ) from error
            if self._is_at_path(fd):
                return fd
            os.close(fd)

    def _open(self, session: Path) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"the session cannot be written ({error.strerror}): {session}",
                "name another place with --session PATH, or open it with --read-only",
            ) from error

    def _is_at_path(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the session free and remove the lock file; again is nothing."""
        if self._fd < 0:
            return
        if self._is_at_path(self._fd):
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self._fd)
        self._fd = -1
