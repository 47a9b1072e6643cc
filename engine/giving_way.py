"""How threads that compute in plain Python let the screen go first.

The interpreter passes from thread to thread in turns, whoever waits for it. Beside one thread
that computes all the time the screen gets half of its time, beside two a third, and each time
it lets go (for the file, for a large array) it waits for the others' turn to end. So for a
moment after a key the others sleep.

Source: measured at a million rows with the heuristic scorer at work: p99 from key to frame 66 ms
without this.
"""

from __future__ import annotations

import time

KEY_S = 0.03
"""From a key to its frame, where nothing is in the way."""


class GivingWay:
    """The screen asks, threads in the background wait between two short steps of their work."""

    def __init__(self) -> None:
        self._until_s = 0.0

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
