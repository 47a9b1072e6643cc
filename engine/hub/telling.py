"""Lines of JSON to whoever started this process, and how far it is."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, TextIO

_EVERY_S = 0.1
_lock = threading.Lock()
_lines: list[TextIO] = []


def keep_stdout() -> None:
    """Lines alone go to stdout from now on; what a library prints goes nowhere."""
    _lines.append(os.fdopen(os.dup(sys.stdout.fileno()), "w"))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def say(value: Mapping[str, Any]) -> None:
    """One line, whole, whatever the other threads say."""
    with _lock:
        for out in _lines:
            out.write(json.dumps(value) + "\n")
            out.flush()


class ByteCount:
    """Counts bytes of several threads, and tells them about ten times a second."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._counting = threading.Lock()
        self._told_s = 0.0
        self.done = 0

    def add(self, size_bytes: int) -> None:
        """So many more; or fewer, where some have to come again."""
        with self._counting:
            self.done += size_bytes
            now_s = time.monotonic()
            if now_s - self._told_s < _EVERY_S:
                return
            self._told_s = now_s
            say({"what": self._what, "done": self.done, "total": self._total or None})
