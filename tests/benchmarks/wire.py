"""A program in a pseudo-terminal whose bytes are timed, and interpreted by nothing.

Interpreting them would take the processor that the program under test needs, so what has
arrived is told by looking for texts among the bytes.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

CHECKOUT = Path(__file__).resolve().parent.parent.parent
TAMIS = (sys.executable, "-m", "tui.cli.main")
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
SIZE_NAMES = ("COLUMNS", "LINES")
"""Where they are set they overrule the terminal's own size."""

_STYLE = re.compile(rb"\x1b\[[0-9;:?]*[a-zA-Z]")


@dataclass(frozen=True, slots=True)
class Burst:
    """What was written without a pause."""

    began_s: float
    data: bytes


class Wire:
    """Runs a command in a terminal until the block ends."""

    def __init__(
        self, command: Sequence[str], size: tuple[int, int], env: Mapping[str, str]
    ) -> None:
        columns, lines = size
        self.started_s = time.perf_counter()
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            window = struct.pack("HHHH", lines, columns, 0, 0)
            fcntl.ioctl(0, termios.TIOCSWINSZ, window)
            os.chdir(CHECKOUT)
            kept = {name: value for name, value in os.environ.items() if name not in SIZE_NAMES}
            os.execvpe(command[0], list(command), {**kept, **TERMINAL, **env})
        self._last = b""

    def send(self, keys: str) -> float:
        """Type; returns when, on the clock of `time.perf_counter`."""
        now = time.perf_counter()
        os.write(self._file, keys.encode())
        return now

    def read(self, limit_s: float) -> bytes:
        """What comes next, or nothing when `limit_s` (on the clock) has passed."""
        left_s = limit_s - time.perf_counter()
        if left_s <= 0 or not select.select([self._file], [], [], left_s)[0]:
            return b""
        try:
            piece = os.read(self._file, 1 << 16)
        except OSError as error:
            raise RuntimeError(f"the program has ended: {plain(self._last)}") from error
        self._last = (self._last + piece)[-2_000:]
        return piece

    def until(self, arrived: Callable[[bytes], bool], timeout_s: float = 60) -> tuple[float, bytes]:
        """Wait until `arrived` holds for what came since the call; when it did, and what came.

        Raises:
            TimeoutError: it never came.
        """
        limit_s = time.perf_counter() + timeout_s
        data = bytearray()
        while not arrived(bytes(data)):
            if time.perf_counter() > limit_s:
                raise TimeoutError(f"not on the wire: {plain(bytes(data))[-2000:]!r}")
            data += self.read(limit_s)
        return time.perf_counter(), bytes(data)

    def drain(self, for_s: float) -> bytes:
        """Read all there is for a while."""
        limit_s = time.perf_counter() + for_s
        data = bytearray()
        while time.perf_counter() < limit_s:
            data += self.read(limit_s)
        return bytes(data)

    def quiet(self, for_s: float, timeout_s: float = 60) -> bytes:
        """Read until nothing has come for a while."""
        limit_s = time.perf_counter() + timeout_s
        data = bytearray()
        while piece := self.read(time.perf_counter() + for_s):
            data += piece
            if time.perf_counter() > limit_s:
                raise TimeoutError("never quiet")
        return bytes(data)

    def bursts(self, for_s: float, pause_s: float) -> list[Burst]:
        """What comes within `for_s`, cut where nothing came for `pause_s`."""
        limit_s = time.perf_counter() + for_s
        found: list[Burst] = []
        last_s = 0.0
        while time.perf_counter() < limit_s:
            piece = self.read(limit_s)
            now = time.perf_counter()
            if not piece:
                continue
            if found and now - last_s < pause_s:
                found[-1] = Burst(found[-1].began_s, found[-1].data + piece)
            else:
                found.append(Burst(now, piece))
            last_s = now
        return found

    def memory(self) -> dict[str, int]:
        """Bytes of the process: Rss, Pss, Private, Shared_File (from smaps_rollup), VmHWM."""
        sizes: dict[str, int] = {}
        for name in ("smaps_rollup", "status"):
            text = Path(f"/proc/{self.pid}/{name}").read_text()
            for key, kilobytes in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE):
                sizes[key] = int(kilobytes) * 1024
        sizes["Private"] = sizes["Private_Clean"] + sizes["Private_Dirty"]
        return sizes

    def cpu_s(self) -> float:
        """Processor seconds used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._file)


def plain(data: bytes) -> str:
    """What was written, without styles and cursor moves."""
    return _STYLE.sub(b"", data).decode("utf-8", "replace")
