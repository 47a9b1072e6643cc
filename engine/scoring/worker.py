"""The thread that scores, beside a screen that must not notice.

It loads the scorer, puts in what an earlier run scored, then scores the rows in view, their
neighbourhood, and everything else in windows sorted by tokens. All work is done in short
steps; between two of them it looks at what was asked of it meanwhile (pause, cancel, another
view). Its interface is message-shaped (calls that set a wish, a status that is a value), so a
child process can take its place.

Source: measured, a niced thread keeps the event loop's p95 lag at 0.2 ms with the throughput
of an ordinary one; torch and the tokenisers let go of the interpreter while they compute.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import Cancelled, TamisError
from engine.giving_way import GivingWay
from engine.sample import Sample, Side
from engine.scoring.batches import Batch, Unit, padded_tokens, plan, split
from engine.scoring.board import ScoreBoard
from engine.scoring.scorer import (
    ENCODE_ROWS,
    Encoded,
    Failed,
    Launching,
    NoScorer,
    Scored,
    Scorer,
)
from engine.scoring.status import (
    SETTLED,
    Pace,
    WorkerState,
    WorkerStatus,
    is_out_of_memory,
    one_line,
)
from engine.threshold import Direction

__all__ = [
    "SETTLED",
    "CachedLookup",
    "OnScores",
    "ScoredDataset",
    "ScoringWorker",
    "WorkerState",
    "WorkerStatus",
]

NICENESS = 10
WINDOW_UNITS = 2_000
"""Sorted together. Source: windows of 2,000 rows keep padding under 4 %."""
VIEW_BATCH_UNITS = 8
"""Rows in view come in small batches: the first score should show before the last is known."""
PLAIN_STEP_S = 0.002
"""A step of a scorer in plain Python, which holds the interpreter all along, is cut to this."""
CACHE_STEP_ROWS = 4_096
NEAR_BEFORE, NEAR_AFTER = 64, 256
"""The neighbourhood where none is given: rows before and after those in view, in file order."""
FLUSH_S = 1.0
BATCH_TARGET_S = 0.5
"""A batch should not take longer, so that a cancel or another view is looked at soon."""
SMALLEST_BUDGET = 256
"""Tokens to which the time target may shrink a batch; only memory shrinks it further."""
BREATH_EVERY_S, BREATH_S = 0.004, 0.0005
"""Plain Python gives the interpreter away this often and this long; `sleep(0)` alone lets the
worker take it back before the waiting screen wakes up."""
LARGEST_SCORE = float(np.finfo(np.float32).max)

SIDES = (Side.CHOSEN, Side.REJECTED)

CachedLookup = Callable[
    [NDArray[np.int64]], tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]
]
"""Rows to their cached scores (NaN: none), tokens and truncation; see `cached.CachedScores`."""

OnScores = Callable[
    [
        Scorer,
        Side,
        NDArray[np.int64],
        NDArray[np.float32],
        NDArray[np.int32],
        NDArray[np.bool_],
    ],
    None,
]
"""Receives (scorer, side, rows, scores, tokens, truncated): new scores to be remembered."""


class ScoredDataset(Protocol):
    """The part of a dataset that scoring needs."""

    @property
    def rows(self) -> int:
        """How many there are, the broken ones too."""
        ...

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Rows without a readable sample.  (rows,)."""
        ...

    @property
    def has_sides(self) -> bool:
        """Whether there are a chosen and a rejected response."""
        ...

    def samples(self, rows: NDArray[np.int64], side: Side) -> list[Sample]:
        """The samples at `rows`, in that order."""
        ...


class ScoringWorker:
    """Scores one dataset with one scorer in a background thread.

    Switching to another scorer means cancelling this worker and starting another one on a new
    board. After everything is scored the thread keeps the scorer and waits for `retry`, until
    it is cancelled. The thread is a daemon: a model that hangs while loading cannot hold the
    exit of the program.
    """

    def __init__(
        self,
        dataset: ScoredDataset,
        board: ScoreBoard,
        load: Callable[[], Scorer],
        *,
        on_loaded: Callable[[Scorer], None] | None = None,
        cached: Callable[[Scorer, Side], CachedLookup | None] | None = None,
        on_scores: OnScores | None = None,
        giving_way: GivingWay | None = None,
    ) -> None:
        """Prepare; nothing is loaded before `start`.

        Args:
            dataset: its samples are asked for from the worker's thread.
            board: filled by this worker and by nothing else while it runs.
            load: makes the scorer, in the worker's thread; a `TamisError` becomes a message.
            on_loaded: told of the scorer before the first score.
            cached: gives a lookup of earlier scores for a side, or None where there are none.
            on_scores: receives what was scored (never what was cached or failed) at least
                every second and at the end. All callbacks run in the worker's thread.
            giving_way: tells when the screen wants the interpreter. A scorer in plain Python
                waits then; a model lets go of the interpreter while it computes.
        """
        self.error: TamisError | None = None
        """What a failed worker failed of, for those who raise it; None for other exceptions."""
        self._dataset, self._board, self._load = dataset, board, load
        self._on_loaded, self._cached, self._on_scores = on_loaded, cached, on_scores
        self._giving_way = giving_way or GivingWay()
        self._changed = threading.Condition()
        self._state = WorkerState.IDLE
        self._paused = self._cancelled = self._view_changed = False
        self._view = self._near = np.empty(0, np.int64)
        self._retries: list[NDArray[np.int64]] = []
        self._message = ""
        self._scorer: Scorer | None = None
        self._thread: threading.Thread | None = None
        readable = ~dataset.broken
        self._pending = np.tile(readable, (board.sides, 1))  # (sides, rows)
        self._queued = np.zeros_like(self._pending)  # (sides, rows) encoded, or about to be
        self._total = int(self._pending.sum())
        self._done = self._failed = 0
        self._urgent: deque[Batch] = deque()
        self._window: deque[Batch] = deque()
        self._collected: list[Unit] = []
        self._near_left: deque[NDArray[np.int64]] = deque()
        self._cursor = 0
        self._lookups: dict[int, CachedLookup] = {}
        self._cache_steps: Iterator[NDArray[np.int64]] = iter(())
        self.cache_applied = False
        """Whether everything that an earlier run scored is on the board."""
        self._memory_budget = 0
        self._tokens_per_s = 0.0
        self._plain_units = 8
        self._pace = Pace()
        self._flying: deque[tuple[Batch, float, Callable[[], Sequence[Scored | Failed]]]] = deque()
        self._in_air = np.zeros_like(self._pending)  # (sides, rows) being computed
        self._landed_at = 0.0
        self._unsaved: list[tuple[int, NDArray[np.int64], list[Scored]]] = []
        self._flushed_at = self._breathed_at = time.monotonic()

    def start(self) -> None:
        """Start the thread; once."""
        with self._changed:
            if self._thread is not None or self._state is not WorkerState.IDLE:
                return
            self._state = WorkerState.LOADING
            self._thread = threading.Thread(target=self._main, name="scoring", daemon=True)
        self._thread.start()

    def pause(self) -> None:
        """Stop after the batch in hand; what is scored is saved."""
        self._wish(paused=True)

    def resume(self) -> None:
        """Go on after `pause`."""
        self._wish(paused=False)

    def cancel(self) -> None:
        """Stop for good after the batch in hand; what is scored is saved."""
        with self._changed:
            self._cancelled = True
            if self._thread is None:
                self._state = WorkerState.CANCELLED
            self._changed.notify_all()

    def focus(self, rows: NDArray[np.int64], near: NDArray[np.int64] | None = None) -> None:
        """Score `rows` (those in view) first, then `near`; looked at between two batches.

        Args:
            rows: row numbers in view.  (n,)
            near: row numbers around them in the view's order; None: around them in the file.
        """
        rows = np.asarray(rows, np.int64)
        if near is None and rows.size:
            low, high = int(rows.min()), int(rows.max())
            near = np.concatenate(
                (np.arange(high + 1, high + 1 + NEAR_AFTER), np.arange(low - NEAR_BEFORE, low))
            )
        with self._changed:
            self._view, self._view_changed = self._inside(rows), True
            self._near = self._inside(np.asarray([] if near is None else near, np.int64))
            self._changed.notify_all()

    def retry(self, rows: NDArray[np.int64]) -> None:
        """Score the failed ones among `rows` again."""
        with self._changed:
            self._retries.append(self._inside(np.asarray(rows, np.int64)))
            if self._state is WorkerState.DONE:
                self._state = WorkerState.SCORING
            self._changed.notify_all()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is scored, or the worker has failed or stopped; True if so.

        After `cancel` it waits until the scorer is let go.
        """
        with self._changed:
            return self._changed.wait_for(self._settled, timeout_s)

    def _settled(self) -> bool:
        if self._state is WorkerState.DONE:
            return not self._cancelled  # it is about to be cancelled
        return self._state in SETTLED

    def status(self) -> WorkerStatus:
        """Where the work stands; cheap enough for every frame."""
        scorer = self._scorer
        rate = self._pace.rate
        left = self._total - self._done
        return WorkerStatus(
            state=self._state,
            scorer=scorer.label if scorer else "",
            device=scorer.device if scorer else "",
            done=self._done,
            total=self._total,
            failed=self._failed,
            rows_per_s=rate,
            left_s=0.0 if left == 0 else left / rate if rate > 0 else None,
            message=self._message,
            start_threshold=scorer.start_threshold if scorer else None,
            direction=scorer.direction if scorer else Direction.AT_LEAST,
            warnings=scorer.warnings if scorer else (),
        )

    # From here on: the worker's own thread.

    def _main(self) -> None:
        try:
            _be_nice()
            self._open()
            self._work()
        except Cancelled:
            self._finish(WorkerState.CANCELLED)
        except TamisError as error:
            self.error = error
            self._finish(WorkerState.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - the review goes on whatever a callback does
            self._finish(WorkerState.FAILED, f"scoring stopped: {one_line(error)}")

    def _open(self) -> None:
        scorer = self._scorer = self._load()
        self._check_cancelled()
        self._memory_budget = scorer.token_budget
        if isinstance(scorer, NoScorer):
            self._pending[:] = False
            self._total = 0
        if self._on_loaded:
            self._on_loaded(scorer)
        for side in range(self._board.sides):
            lookup = self._cached(scorer, SIDES[side]) if self._cached else None
            if lookup:
                self._lookups[side] = lookup
        if self._lookups:
            rows = self._dataset.rows
            self._cache_steps = (
                np.arange(start, min(start + CACHE_STEP_ROWS, rows))
                for start in range(0, rows, CACHE_STEP_ROWS)
            )
        self._enter(WorkerState.SCORING)

    def _work(self) -> None:
        while True:
            self._obey()
            if self._step():
                self._flush_when_due()
                continue
            self._flush()
            with self._changed:
                if self._retries or self._cancelled:
                    continue
                self._pace.stop()
                self._state = WorkerState.DONE
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._retries or self._cancelled)

    def _step(self) -> bool:
        """One short piece of work, the most wanted first; False when there is none."""
        if self._take_view():
            return True
        if self._urgent:
            self._score(self._urgent.popleft())
        elif (rows := self._next_cached()) is not None:
            self._use_cache(rows)
        elif self._near_left:
            self._queue(self._encode(self._near_left.popleft()), VIEW_BATCH_UNITS * 4)
        elif self._window:
            self._score(self._window.popleft())
        elif not self._collect():
            if not self._flying:
                return False
            self._land()
        return True

    def _next_cached(self) -> NDArray[np.int64] | None:
        rows = next(self._cache_steps, None)
        self.cache_applied = rows is None
        return rows

    def _obey(self) -> None:
        """Do what was asked since the last step; waits here while paused."""
        with self._changed:
            paused_here = self._paused and not self._cancelled
        if paused_here:
            self._land_all()
            self._flush()
            with self._changed:
                self._pace.stop()
                self._state = WorkerState.PAUSED
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._cancelled or not self._paused)
        self._check_cancelled()
        self._enter(WorkerState.SCORING)
        with self._changed:
            retries, self._retries = self._retries, []
        for rows in retries:
            self._take_back(rows)

    def _take_back(self, rows: NDArray[np.int64]) -> None:
        for side, at in zip(*np.nonzero(self._board.failed[:, rows]), strict=True):
            row = int(rows[at])
            self._board.forget_failure(int(side), row)
            self._pending[side, row] = True
            self._queued[side, row] = False
            self._done -= 1
            self._failed -= 1
        self._cursor = 0

    def _take_view(self) -> bool:
        """Put the rows of a new view before everything else."""
        with self._changed:
            if not self._view_changed:
                return False
            view, near, self._view_changed = self._view, self._near, False
        self._use_cache(view)
        self._use_cache(near)
        self._near_left.clear()
        for start in range(0, len(near), ENCODE_ROWS):
            self._near_left.append(near[start : start + ENCODE_ROWS])
        for batch in self._urgent:
            self._give_back(batch)
        self._urgent.clear()
        # Rows that a window already holds may be encoded twice; whichever comes first scores.
        self._queued[:, view] = self._queued[:, near] = False
        for start in range(0, len(view), ENCODE_ROWS):
            self._queue(self._encode(view[start : start + ENCODE_ROWS]), VIEW_BATCH_UNITS)
        return True

    def _give_back(self, batch: Batch) -> None:
        """Let units be encoded anew in their turn, because the view has moved on."""
        for unit in batch:
            self._queued[unit.side, unit.row] = False
            self._cursor = min(self._cursor, unit.row)

    def _queue(self, units: list[Unit], most_rows: int) -> None:
        if self._memory_budget == 0:
            step = self._plain_units
            self._urgent.extend(units[at : at + step] for at in range(0, len(units), step))
        else:
            self._urgent.extend(plan(units, self._budget, most_rows))

    def _use_cache(self, rows: NDArray[np.int64]) -> None:
        for side, lookup in self._lookups.items():
            wanted = rows[self._pending[side, rows]]
            if not wanted.size:
                continue
            scores, tokens, truncated = lookup(wanted)
            found = np.isfinite(scores)
            if found.any():
                self._settle(side, wanted[found], scores[found], tokens[found], truncated[found])

    def _collect(self) -> bool:
        """Encode one chunk towards the next window; False when no row is left to encode."""
        step = self._plain_units if self._memory_budget == 0 else ENCODE_ROWS
        rows = self._next_rows(max(1, step // self._board.sides))
        if rows.size:
            units = self._encode(rows)
            if self._memory_budget == 0:
                self._urgent.append(units)
            else:
                self._collected += units
        if self._collected and (not rows.size or len(self._collected) >= WINDOW_UNITS):
            self._window.extend(plan(self._collected, self._memory_budget))
            self._collected = []
            return True
        return bool(rows.size)

    def _next_rows(self, count: int) -> NDArray[np.int64]:
        """The next rows in file order that nobody has encoded yet; may pass over a stretch."""
        while self._cursor < self._dataset.rows:
            stretch = slice(self._cursor, self._cursor + 4 * ENCODE_ROWS)
            free = (self._pending[:, stretch] & ~self._queued[:, stretch]).any(axis=0)
            rows = np.flatnonzero(free)[:count] + self._cursor
            if rows.size:
                self._cursor = int(rows[-1]) + 1
                return rows
            self._cursor += 4 * ENCODE_ROWS
        return np.empty(0, np.int64)

    def _encode(self, rows: NDArray[np.int64]) -> list[Unit]:
        """Encode what is pending of at most `ENCODE_ROWS` rows; failures go to the board."""
        units: list[Unit] = []
        for side in range(self._board.sides):
            wanted = rows[self._pending[side, rows] & ~self._queued[side, rows]]
            if not wanted.size:
                continue
            self._queued[side, wanted] = True
            fresh = []
            for row, encoded in self._encode_side(side, wanted):
                if isinstance(encoded, Failed):
                    self._fail(side, row, encoded.reason)
                else:
                    fresh.append(Unit(side, row, encoded))
            if side == 0 and fresh:
                self._board.measure(
                    np.array([unit.row for unit in fresh], np.int64),
                    np.array([unit.encoded.tokens for unit in fresh], np.int32),
                )
            units += fresh
        self._breathe()
        return units

    def _encode_side(
        self, side: int, rows: NDArray[np.int64]
    ) -> list[tuple[int, Encoded | Failed]]:
        """Each row with what became of it; a row that raises costs itself only."""
        assert self._scorer is not None
        try:
            encoded = self._scorer.encode(self._dataset.samples(rows, SIDES[side]))
            return list(zip(rows.tolist(), encoded, strict=True))
        except Exception as error:  # noqa: BLE001 - the row to blame is found below
            if len(rows) == 1:
                return [(int(rows[0]), Failed(one_line(error)))]
            return [pair for row in rows for pair in self._encode_side(side, np.array([row]))]

    def _score(self, batch: Batch) -> None:
        """Score a batch. One that is too large or raises is cut in two and queued again."""
        assert self._scorer is not None
        waiting = {(each.side, each.row): each for each in batch}
        batch = [
            unit for key, unit in waiting.items() if self._pending[key] and not self._in_air[key]
        ]
        if not batch:
            return
        if self._memory_budget and len(batch) > 1 and padded_tokens(batch) > self._budget:
            self._urgent.extendleft(reversed(split(batch, self._budget)))
            return
        began = time.monotonic()
        encoded = [unit.encoded for unit in batch]
        if isinstance(self._scorer, Launching) and self._scorer.in_flight > 1:
            try:
                finish = self._scorer.launch(encoded)
            except Exception as error:  # noqa: BLE001 - as below
                self._land_all()
                self._cut(batch, error)
                return
            self._mark(batch, flying=True)
            self._flying.append((batch, began, finish))
            if len(self._flying) >= self._scorer.in_flight:
                self._land()
            return
        try:
            results = self._scored(encoded, self._scorer.score(encoded))
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
            self._cut(batch, error)
            return
        self._measure_speed(batch, time.monotonic() - began)
        self._accept(batch, results)
        if self._memory_budget == 0:  # a model has let go of the interpreter while it computed
            self._breathe()

    def _scored(
        self, batch: Sequence[Encoded], results: Sequence[Scored | Failed]
    ) -> Sequence[Scored | Failed]:
        """The results, of which there must be one for each sample."""
        if len(results) != len(batch):
            raise ValueError(f"{len(results)} scores for {len(batch)} samples")
        return results

    def _land(self) -> None:
        """Wait for the batch that was launched first."""
        batch, began, finish = self._flying.popleft()
        self._mark(batch, flying=False)
        try:
            results = self._scored([unit.encoded for unit in batch], finish())
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
            self._cut(batch, error)
            return
        now = time.monotonic()
        self._measure_speed(batch, now - max(began, self._landed_at))
        self._landed_at = now
        self._accept(batch, results)

    def _land_all(self) -> None:
        while self._flying:
            self._land()

    def _mark(self, batch: Batch, *, flying: bool) -> None:
        for unit in batch:
            self._in_air[unit.side, unit.row] = flying

    def _cut(self, batch: Batch, error: Exception) -> None:
        exhausted = is_out_of_memory(error)
        if exhausted and self._memory_budget:
            half = padded_tokens(batch) // 2 if len(batch) > 1 else self._memory_budget
            self._memory_budget = max(1, min(self._memory_budget, half))
        if len(batch) == 1:
            unit = batch[0]
            reason = f"out of memory at {unit.encoded.tokens} tokens" if exhausted else ""
            self._fail(unit.side, unit.row, reason or one_line(error))
            return
        middle = len(batch) // 2
        self._urgent.extendleft((batch[middle:], batch[:middle]))

    def _accept(self, batch: Batch, results: Sequence[Scored | Failed]) -> None:
        for side in range(self._board.sides):
            rows: list[int] = []
            good: list[Scored] = []
            for unit, result in zip(batch, results, strict=True):
                if unit.side != side:
                    continue
                if isinstance(result, Failed):
                    self._fail(side, unit.row, result.reason)
                elif not abs(result.score) <= LARGEST_SCORE:  # NaN is not either
                    self._fail(side, unit.row, f"score is not a finite number: {result.score}")
                else:
                    rows.append(unit.row)
                    good.append(result)
            if rows:
                self._keep(side, np.array(rows, np.int64), good)

    def _keep(self, side: int, rows: NDArray[np.int64], good: list[Scored]) -> None:
        self._settle(side, rows, *_columns(good))
        self._unsaved.append((side, rows, good))
        self._pace.add(len(rows))

    def _settle(
        self,
        side: int,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        truncated: NDArray[np.bool_],
    ) -> None:
        """Put scores on the board and take their rows off the list.  All (n,), rows unique."""
        self._board.write(side, rows, scores, tokens, truncated)
        self._pending[side, rows] = False
        self._done += len(rows)

    def _fail(self, side: int, row: int, reason: str) -> None:
        self._board.fail(side, row, reason)
        self._pending[side, row] = False
        self._done += 1
        self._failed += 1
        self._pace.add(1)

    def _measure_speed(self, batch: Batch, elapsed_s: float) -> None:
        if self._memory_budget == 0:
            timely = int(len(batch) * PLAIN_STEP_S / max(elapsed_s, 1e-6))
            self._plain_units = min(max(timely, 1), 2 * self._plain_units, ENCODE_ROWS)
            return
        speed = padded_tokens(batch) / max(elapsed_s, 1e-6)
        self._tokens_per_s = 0.7 * self._tokens_per_s + 0.3 * speed if self._tokens_per_s else speed

    @property
    def _budget(self) -> int:
        """Tokens for the next batch: what memory allows, and what the time target allows."""
        if not self._tokens_per_s:
            return self._memory_budget
        timely = max(SMALLEST_BUDGET, int(self._tokens_per_s * BATCH_TARGET_S))
        return min(self._memory_budget, timely)

    def _flush_when_due(self) -> None:
        if time.monotonic() - self._flushed_at >= FLUSH_S:
            self._flush()

    def _flush(self) -> None:
        """Hand over what was scored since the last time."""
        self._flushed_at = time.monotonic()
        unsaved, self._unsaved = self._unsaved, []
        if self._on_scores is None or self._scorer is None:
            return
        for side in range(self._board.sides):
            blocks = [(rows, good) for at, rows, good in unsaved if at == side]
            if blocks:
                rows = np.concatenate([rows for rows, _ in blocks])
                columns = _columns([scored for _, good in blocks for scored in good])
                self._on_scores(self._scorer, SIDES[side], rows, *columns)

    def _breathe(self) -> None:
        """Let the screen have the interpreter for a moment, and longer where it asks for it."""
        if self._memory_budget == 0:
            self._giving_way.wait()
        now = time.monotonic()
        if now - self._breathed_at >= BREATH_EVERY_S:
            time.sleep(BREATH_S)
            self._breathed_at = time.monotonic()

    def _finish(self, state: WorkerState, message: str = "") -> None:
        """Save what is scored, let the scorer go, and say how it ended."""
        try:
            self._land_all()
            self._flush()
            if self._scorer is not None:
                self._scorer.close()
        except Exception as error:  # noqa: BLE001 - it is ending; the message is what is left
            state, message = WorkerState.FAILED, message or f"scoring stopped: {one_line(error)}"
        with self._changed:
            self._pace.stop()
            self._message, self._state = message, state
            self._changed.notify_all()

    def _enter(self, state: WorkerState) -> None:
        with self._changed:
            self._state = state
            self._pace.go()
            self._changed.notify_all()

    def _check_cancelled(self) -> None:
        if self._cancelled:
            raise Cancelled

    def _wish(self, *, paused: bool) -> None:
        with self._changed:
            self._paused = paused
            self._changed.notify_all()

    def _inside(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that exist, each once, in their order."""
        inside = rows[(rows >= 0) & (rows < self._dataset.rows)]
        _, first = np.unique(inside, return_index=True)
        return inside[np.sort(first)]


def _columns(
    scored: Sequence[Scored],
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.bool_]]:
    """Scores, tokens and truncation as arrays.  (n,) each."""
    return (
        np.array([each.score for each in scored], np.float32),
        np.array([each.tokens for each in scored], np.int32),
        np.array([each.truncated for each in scored], np.bool_),
    )


def _be_nice() -> None:
    """Give way to the screen. The threads that torch starts from here inherit it (Linux)."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
