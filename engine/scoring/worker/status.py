"""What the worker says of itself: its state, its rate, and what went wrong in one line."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from engine.review.threshold import Direction

RATE_WINDOW_S, MARK_EVERY_S = 30.0, 0.3


class WorkerState(StrEnum):
    """What the worker is doing."""

    IDLE = "idle"
    LOADING = "loading"
    SCORING = "scoring"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINISHED = (WorkerState.DONE, WorkerState.FAILED, WorkerState.CANCELLED)


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A snapshot for the screen. A unit is one side of one row."""

    state: WorkerState
    scorer: str
    """The scorer's label; empty until it is loaded."""
    device: str
    done: int
    """Units scored or failed, the ones from the cache too."""
    total: int
    """Units that can be scored: broken rows are not among them."""
    failed: int
    rows_per_s: float
    """Units a second over the last half minute of work; 0.0 before the first."""
    left_s: float | None
    """None while there is no rate yet."""
    message: str
    """What went wrong, with its hint; empty while nothing has."""
    start_threshold: float | None
    direction: Direction
    warnings: tuple[str, ...]


class RateMeter:
    """Units a second over the last half minute of work; pauses do not count."""

    def __init__(self) -> None:
        self.rate = 0.0
        self._marks: deque[tuple[float, int]] = deque([(0.0, 0)])
        self._worked_s = 0.0
        self._since: float | None = None
        self._units = 0

    def go(self) -> None:
        """Let the clock run; no effect where it does."""
        if self._since is None:
            self._since = time.monotonic()

    def stop(self) -> None:
        """Stop the clock."""
        self._worked_s, self._since = self._clock(), None

    def add(self, units: int) -> None:
        """Count units that are done."""
        self._units += units
        now = self._clock()
        began, before = self._marks[0]
        self.rate = (self._units - before) / max(now - began, 1e-6)
        if now - self._marks[-1][0] >= MARK_EVERY_S:
            self._marks.append((now, self._units))
        while len(self._marks) > 1 and now - self._marks[1][0] > RATE_WINDOW_S:
            self._marks.popleft()

    def _clock(self) -> float:
        running = time.monotonic() - self._since if self._since is not None else 0.0
        return self._worked_s + running


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on whatever device; told without importing torch."""
    text = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and ("out of memory" in text or "allocate" in text))
    )


def one_line(error: BaseException) -> str:
    """An error as a reason: its kind and the first line of its text."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
