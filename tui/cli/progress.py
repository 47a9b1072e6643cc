"""How far a command is: a line on stderr that is written over."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time

from tui.cli.streams import complain

SHOWN_EVERY_S = 0.1


class ProgressLine:
    """How far a command is: a line on stderr that is written over, if that is a terminal."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._last_s = 0.0
        self._width = 0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        """Show it, at most ten times a second."""
        now_s = time.monotonic()
        if not self._shown or (now_s - self._last_s < SHOWN_EVERY_S and done != total):
            return
        self._last_s = now_s
        share = f" of {total:,} ({done / total:.0%})" if total else ""
        self._write(f"{what}: {done:,}{share}")

    def show_bytes(self, what: str, done: int, total: int | None) -> None:
        """Show how much has been moved, in a unit that suits it."""
        from engine.hub.source import size_text

        now_s = time.monotonic()
        if self._shown and now_s - self._last_s >= SHOWN_EVERY_S:
            self._last_s = now_s
            share = f" of {size_text(total)} ({done / total:.0%})" if total else ""
            self._write(f"{what}: {size_text(done)}{share}   · stop with ctrl+c")

    def say(self, message: str) -> None:
        """A line that stays, terminal or not."""
        self.clear()
        complain(message)

    def clear(self) -> None:
        """Take the line away."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._shown and (text or self._width):
            from tui.terminal.display import one_line

            room = shutil.get_terminal_size().columns - 1
            shown = one_line(text, room)
            with contextlib.suppress(OSError):
                sys.stderr.write(f"\r{shown:<{min(self._width, room)}}" + ("" if text else "\r"))
                sys.stderr.flush()
            self._width = len(shown)
