"""The log: everything that libraries would have printed on the screen.

It lies in the state folder, holds at most a megabyte and the megabyte before, and `tamis log`
shows its end.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from engine.paths import state_folder

MAX_LOG_BYTES = 1_000_000


def log_path() -> Path:
    """Where the log is."""
    return state_folder() / "tamis.log"


def earlier_log_path() -> Path:
    """Where it goes when it has become too long."""
    return state_folder() / "tamis.log.1"


def log_lines(count: int) -> list[str]:
    """The last `count` lines, oldest first; none where there is no log."""
    lines: list[str] = []
    for path in (log_path(), earlier_log_path()):
        with contextlib.suppress(OSError):
            text = path.read_bytes().decode("utf-8", "replace")
            lines = [*text.splitlines(), *lines]
        if len(lines) >= count:
            break
    return lines[-count:] if count else []


def bound_log() -> None:
    """Set the log aside where it has become too long; a desk that runs on writes to an empty one.

    Emptied, not renamed: the file descriptors of a desk point at it.
    """
    path = log_path()
    with contextlib.suppress(OSError):
        size = path.stat().st_size
        if size <= MAX_LOG_BYTES:
            return
        with path.open("rb") as log:
            log.seek(size - MAX_LOG_BYTES)
            tail = log.read(MAX_LOG_BYTES)
        earlier = os.open(earlier_log_path(), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(earlier, "wb") as file:
            file.write(tail)
        os.truncate(path, 0)


class _Terminal(io.TextIOWrapper):
    """The way to a terminal, which may be gone: then nobody reads, and nothing waits.

    Textual writes in a thread; one that ended on an error would leave the program waiting for it
    for ever, and the session locked.
    """

    def write(self, text: str, /) -> int:
        """Write, or do nothing."""
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        """Send what was written, or do nothing."""
        with contextlib.suppress(OSError):
            super().flush()


@contextlib.contextmanager
def quiet_libraries(what: str = "") -> Iterator[None]:
    """Send file descriptors 1 and 2 to the log, and give the screen its own way to the terminal.

    C code under torch and the tokenisers writes to the descriptors themselves, so redirecting
    `sys.stderr` is not enough. Textual draws on `sys.__stderr__`, which becomes a copy.

    Args:
        what: is being looked at; the log says so.
    """
    real_out, real_err = sys.__stdout__, sys.__stderr__
    if real_out is None or real_err is None:
        yield
        return
    log = _open_log(what)
    copies = os.dup(1), os.dup(2)
    terminal = os.dup(2 if os.isatty(2) else 1)
    screen = _Terminal(os.fdopen(terminal, "wb"), encoding="utf-8", errors="replace")
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    sys.__stderr__ = sys.__stdout__ = screen  # type: ignore[misc] # Textual draws where this points
    logging.captureWarnings(capture=True)
    reports_failure, threading.excepthook = threading.excepthook, _log_failure
    try:
        yield
    finally:
        threading.excepthook = reports_failure
        screen.flush()
        sys.__stdout__, sys.__stderr__ = real_out, real_err  # type: ignore[misc] # as it was
        for copy, number in zip(copies, (1, 2), strict=True):
            os.dup2(copy, number)
            os.close(copy)
        with contextlib.suppress(OSError):
            screen.close()
        logging.captureWarnings(capture=False)


def _log_failure(failed: threading.ExceptHookArgs) -> None:
    """Of a thread that nobody waits for; the screen keeps what is printed to `sys.stderr`."""
    told = traceback.format_exception(failed.exc_type, failed.exc_value, failed.exc_traceback)
    with contextlib.suppress(OSError):
        os.write(2, "".join(told).encode("utf-8", "replace"))


def _open_log(what: str) -> int:
    """A descriptor of the log; of nothing where it cannot be written."""
    bound_log()
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        os.write(log, f"--- {now} {what!r}, process {os.getpid()}\n".encode())
    except OSError:
        return os.open(os.devnull, os.O_WRONLY)
    return log
