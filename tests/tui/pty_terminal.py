"""A program in a real pseudo-terminal: its bytes, and what a terminal makes of them."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

CHECKOUT = Path(__file__).resolve().parent.parent.parent


class Terminal:
    """Runs a command until the block ends; a thread drains and interprets what it writes."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        size: tuple[int, int] = (120, 40),
        env: Mapping[str, str] | None = None,
        cwd: Path = CHECKOUT,
    ) -> None:
        """Start `command` in a terminal of `size` (columns, lines)."""
        columns, lines = size
        self.raw = bytearray()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.status: int | None = None
        self._open = True
        window = struct.pack("HHHH", lines, columns, 0, 0)
        child, self._file = pty.fork()
        if child == 0:
            # Before the program starts, or it may look at the size too early.
            fcntl.ioctl(0, termios.TIOCSWINSZ, window)
            os.chdir(cwd)
            os.execvpe(command[0], list(command), _environment(env or {}))
        self.pid = child
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while self._open:
            try:
                if not select.select([self._file], [], [], 0.5)[0]:
                    continue
                data = os.read(self._file, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.raw += data
                self._stream.feed(data)

    @property
    def text(self) -> str:
        """What is on the screen."""
        with self._lock:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def send(self, keys: str) -> None:
        """Type."""
        self.send_bytes(keys.encode())

    def send_bytes(self, data: bytes) -> None:
        """Send what no keyboard sends."""
        os.write(self._file, data)

    def resize(self, columns: int, lines: int) -> None:
        """Make the window larger or smaller."""
        with self._lock:
            self._screen.resize(lines, columns)
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """Close the terminal's own end, as a lost connection does."""
        if self._open:
            self._open = False
            self._reader.join()
            os.close(self._file)

    def wait_for(self, what: str | Callable[[str], bool], timeout_s: float = 100) -> str:
        """Wait until a text is on screen, or a condition holds for the screen; returns it."""
        holds = (lambda screen: what in screen) if isinstance(what, str) else what
        limit = time.monotonic() + timeout_s
        while not holds(screen := self.text):
            assert time.monotonic() < limit, f"never on screen: {what}\n{screen}"
            time.sleep(0.02)
        return screen

    def quiet(self, for_s: float = 0.4, timeout_s: float = 100) -> int:
        """Wait until nothing has been written for a while; the bytes written so far."""
        limit = time.monotonic() + timeout_s
        length, since = len(self.raw), time.monotonic()
        while time.monotonic() - since < for_s:
            assert time.monotonic() < limit, "the terminal never falls quiet"
            time.sleep(0.02)
            if len(self.raw) != length:
                length, since = len(self.raw), time.monotonic()
        return length

    def wait_until_stopped(self, timeout_s: float = 100) -> None:
        """Wait until the program is suspended."""
        limit = time.monotonic() + timeout_s
        while True:
            found, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(status):
                return
            assert not found, "ended instead"
            assert time.monotonic() < limit, f"never stopped\n{self.text}"
            time.sleep(0.02)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self, timeout_s: float = 100) -> int:
        """The exit status as a shell sees it; negative for a signal."""
        limit = time.monotonic() + timeout_s
        while self.status is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                self.status = os.waitstatus_to_exitcode(status)
                break
            assert time.monotonic() < limit, f"still running\n{self.text}"
            time.sleep(0.02)
        self._reader.join(timeout=10)  # all that was written has been read; or somebody else writes
        return self.status

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.status is None:
            self.kill()
            self.wait()
        self.hang_up()


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """The program's environment; the size comes from the terminal and from nowhere else."""
    inherited = {name: value for name, value in os.environ.items() if name not in SIZES}
    return {**inherited, **TERMINAL, **env}


SIZES = ("COLUMNS", "LINES")

TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}

TAMIS = (sys.executable, "-m", "tui.cli.main")
