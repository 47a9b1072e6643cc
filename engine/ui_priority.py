"""How threads that compute in plain Python let the screen go first.

The interpreter passes from thread to thread in turns, whoever waits for it. Beside one thread
that computes all the time the screen gets half of its time, beside two a third, and each time
it lets go (for the file, for a large array) it waits for the others' turn to end. So for a
moment after a key the others sleep.

Source: measured at a million rows with the heuristic scorer at work: p99 from key to frame 66 ms
without this.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time

KEY_S = 0.03
"""From a key to its frame, where nothing is in the way."""
BREATH_EVERY_S, BREATH_S = 0.004, 0.0005
"""A thread gives the interpreter away this often and this long; `sleep(0)` alone lets it take the
interpreter back before the waiting screen wakes up."""
NICENESS = 10
"""Of a thread that scores beside a screen.

Source: measured, it keeps the event loop's p95 lag at 0.2 ms with the throughput of an ordinary
one; torch and the tokenisers let go of the interpreter while they compute.
"""


class UiPriority:
    """The screen asks, threads in the background wait between two short steps of their work."""

    def __init__(self) -> None:
        self._until_s = 0.0
        self.has_screen = False
        """Whether anybody is looking: without a screen there is nothing to give way to."""

    def lower_thread(self) -> None:
        """Let the system prefer the screen to this thread and those it starts (Linux)."""
        if self.has_screen and sys.platform.startswith("linux"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)

    def ask(self, for_s: float = KEY_S) -> None:
        """Let the others wait from now on; from the screen's thread."""
        self._until_s = max(self._until_s, time.monotonic() + for_s)

    def wait(self) -> None:
        """Sleep while the screen wants the interpreter; at most as long as one `ask`.

        Who calls this before every step still gets on when a key is held down.
        """
        left_s = self._until_s - time.monotonic()
        if left_s > 0:
            time.sleep(min(left_s, KEY_S))


class Breaths:
    """Pauses of one background thread between its steps, so that the screen gets its turn."""

    def __init__(self, ui_priority: UiPriority) -> None:
        """None taken yet; `ui_priority` tells when the screen wants more than a moment."""
        self._ui_priority = ui_priority
        self._taken_at = time.monotonic()

    def take(self, *, yielding: bool) -> None:
        """Let the screen have the interpreter for a moment.

        Args:
            yielding: wait longer where the screen asks for it; for steps in plain Python.
        """
        if yielding:
            self._ui_priority.wait()
        if time.monotonic() - self._taken_at >= BREATH_EVERY_S:
            time.sleep(BREATH_S)
            self._taken_at = time.monotonic()
