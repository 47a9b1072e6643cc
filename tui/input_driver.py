"""Bytes on the keyboard line that are no UTF-8, taken in stride."""

from __future__ import annotations

import codecs
from functools import partial
from typing import Any

from textual.drivers import linux_driver


def accept_any_bytes() -> None:
    """Keep a raw byte from ending Textual's input thread, and with it the program.

    Old terminals report the mouse in raw bytes. Source: Textual #6668; its driver asks `codecs`
    for a decoder by name and gets a strict one.
    """

    def lenient(encoding: str) -> Any:
        return partial(codecs.getincrementaldecoder(encoding), errors="replace")

    setattr(linux_driver, "getincrementaldecoder", lenient)  # noqa: B010 - it exports no such name
