"""Input that Textual would end on: no UTF-8, raw mouse reports, a terminal that is gone."""

from __future__ import annotations

import codecs
import re
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from textual.drivers import linux_driver

_LEGACY_MOUSE = re.compile(rb"\x1b\[M([\x20-\xff])([\x20-\xff])([\x20-\xff])")
_UNFINISHED = re.compile(rb"\x1b\[M[\x20-\xff]{0,2}\Z")
_RELEASE = 3
GONE_S = 0.05
"""Between two looks at a terminal that is gone."""


class LenientDecoder:
    """Decodes UTF-8 and what is none; turns a mouse report in raw bytes into one in digits.

    A raw report is three bytes: button, column and line, each plus 32. As text they would be keys,
    and some of them verdicts. Source: xterm control sequences, "Mouse Tracking" (normal and SGR
    mode).
    """

    def __init__(self, encoding: str, hung_up: Callable[[], None] = lambda: None) -> None:
        """Decode `encoding`; tell `hung_up`, once, when the terminal is gone."""
        self._hung_up, self._gone = hung_up, False
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._waiting = b""

    def decode(self, data: bytes, final: bool = False) -> str:
        """The text of `data`; a report that is not all there waits for the rest.

        A terminal that is gone reads as nothing, for ever and at once: it ends what reads it,
        and meanwhile takes no processor time.
        """
        if not data and not final:
            if not self._gone:
                self._gone = True
                self._hung_up()
            time.sleep(GONE_S)
        data = _LEGACY_MOUSE.sub(_in_digits, self._waiting + data)
        unfinished = None if final else _UNFINISHED.search(data)
        self._waiting = data[unfinished.start() :] if unfinished else b""
        return self._decoder.decode(data[: len(data) - len(self._waiting)], final)


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
