"""Input that Textual would stumble over: no UTF-8, raw mouse reports, escapes in what is pasted.

And a terminal that is gone.
"""

from __future__ import annotations

import codecs
import re
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from textual.drivers import linux_driver

from tui.terminal.display import REPLACEMENT

_LEGACY_MOUSE = re.compile(rb"\x1b\[M([\x20-\xff])([\x20-\xff])([\x20-\xff])")
_UNFINISHED = re.compile(rb"\x1b\[M[\x20-\xff]{0,2}\Z")
_RELEASE = 3
_PASTE, _PASTE_END = b"\x1b[200~", b"\x1b[201~"
"""Around what is pasted. Source: xterm control sequences, "Bracketed Paste Mode"."""
_PASTE_BEGINS = re.compile(rb"\x1b\[2(?:0(?:0)?)?\Z")
PASTE_PAUSE_S = 2.0
"""A paste that is not ended ends with a key that comes so much later."""
LONGEST_KEY_BYTES = 12
"""So much at once behind a pause is a key; more is the rest of a paste that was held up."""
GONE_S = 0.05
"""Between two looks at a terminal that is gone."""


class LenientDecoder:
    """Decodes UTF-8 and what is none; turns a mouse report in raw bytes into one in digits.

    A raw report is three bytes: button, column and line, each plus 32. As text they would be keys,
    and some of them verdicts. Source: xterm control sequences, "Mouse Tracking" (normal and SGR
    mode).

    What is pasted is handed on whole, with nothing in it that would end the paste for Textual,
    which would take the rest for keys: an escape in it is shown as a replacement.
    """

    def __init__(
        self,
        encoding: str,
        hung_up: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Decode `encoding`; tell `hung_up`, once, when the terminal is gone.

        Args:
            encoding: of the keys and of what is pasted.
            hung_up: called by `decode`.
            clock: gives the time in seconds.
        """
        self._hung_up, self._gone = hung_up, False
        self._encoding, self._clock = encoding, clock
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._waiting = b""
        self._pasted: bytes | None = None
        """What came of a paste that is not at its end; None outside of one."""
        self._came_s = 0.0
        self._begun = b""
        """An escape at the end of what was handed on: it may have been a key, or begin a paste."""

    def decode(self, data: bytes, final: bool = False) -> str:
        """The text of `data`; a report or a paste that is not all there waits for the rest.

        A terminal that is gone reads as nothing, for ever and at once: it ends what reads it,
        and meanwhile takes no processor time.
        """
        if not data and not final:
            if not self._gone:
                self._gone = True
                self._hung_up()
            time.sleep(GONE_S)
        found = ""
        now_s, came_s = self._clock(), self._came_s
        self._came_s = now_s
        if self._pasted is not None and (
            final or (now_s - came_s > PASTE_PAUSE_S and len(data) <= LONGEST_KEY_BYTES)
        ):
            found = self._end_of_paste(self._pasted)
        while data:
            if self._pasted is not None:
                held = self._pasted + data
                end = _end_in(held)
                if end < 0:
                    self._pasted = held
                    break
                found += self._end_of_paste(held[:end])
                data = held[end + len(_PASTE_END) :]
            else:
                data = self._waiting + data
                self._waiting = b""
                if self._begun and (self._begun + data).startswith(_PASTE):
                    data = self._begun + data
                before, begun, data = data.partition(_PASTE)
                found += self._keys(before, whole=bool(begun) or final)
                self._pasted = b"" if begun else None
                tails = (tail for tail in (b"\x1b[", b"\x1b") if before.endswith(tail))
                self._begun = b"" if begun else next(tails, b"")
        return found + (self._keys(b"", whole=True) if final else "")

    def _end_of_paste(self, pasted: bytes) -> str:
        self._pasted = None
        text = pasted.decode(self._encoding, "replace").replace("\x1b", REPLACEMENT)
        return f"{_PASTE.decode()}{text}{_PASTE_END.decode()}"

    def _keys(self, data: bytes, *, whole: bool) -> str:
        """Keys and reports of the mouse; what may go on waits, unless `whole`."""
        data = _LEGACY_MOUSE.sub(_in_digits, self._waiting + data)
        unfinished = None if whole else _UNFINISHED.search(data) or _PASTE_BEGINS.search(data)
        self._waiting = data[unfinished.start() :] if unfinished else b""
        return self._decoder.decode(data[: len(data) - len(self._waiting)], whole)


def _end_in(pasted: bytes) -> int:
    """Where a paste ends; -1 where its end is still to come.

    What is pasted may hold an end itself: the last one that came with it, before another paste
    begins, is the terminal's.
    """
    first = pasted.find(_PASTE_END)
    another = pasted.find(_PASTE, first) if first >= 0 else -1
    return pasted.rfind(_PASTE_END, 0, another if another >= 0 else len(pasted))


def _in_digits(report: re.Match[bytes]) -> bytes:
    button, column, line = (byte[0] - 32 for byte in report.groups())
    released = button & 0b1100_0011 == _RELEASE
    if released:
        button -= _RELEASE  # which button it was is not said
    return b"\x1b[<%d;%d;%d%s" % (button, column, line, b"m" if released else b"M")


def accept_any_bytes() -> None:
    """Keep a raw byte from ending Textual's input thread, and with it the program.

    And end as with a hang-up when the terminal is gone: the signal goes to the first program of
    the terminal alone, and that may be another one that stays (`sudo`, `script`, a shell under
    `nohup`).

    Source: Textual #6668; its driver asks `codecs` for a decoder by name and gets a strict one.
    For an end of input it asks again and again.
    """

    def lenient(encoding: str) -> Any:
        return partial(LenientDecoder, encoding, lambda: signal.raise_signal(signal.SIGHUP))

    setattr(linux_driver, "getincrementaldecoder", lenient)  # noqa: B010 - it exports no such name
