"""What is scored next: the rows in view, their neighbourhood, then windows sorted by tokens."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.sample import Sample, Side
from engine.scoring.scorer import ENCODE_ROWS, Encoded, Failed, Scorer
from engine.scoring.worker.batches import Batch, ScoringUnit, StepBudget, plan
from engine.scoring.worker.ledger import SIDES, Ledger
from engine.scoring.worker.status import one_line
from engine.ui_priority import Breaths

WINDOW_UNITS = 2_000
"""Sorted together. Source: windows of 2,000 rows keep padding under 4 %."""
VIEW_BATCH_UNITS = 8
"""Rows in view come in small batches: the first score should show before the last is known."""


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


class Agenda:
    """Encodes rows in short steps and hands out batches, the most wanted first."""

    def __init__(
        self,
        dataset: ScoredDataset,
        scorer: Scorer,
        ledger: Ledger,
        budget: StepBudget,
        breaths: Breaths,
    ) -> None:
        """Nothing is encoded yet.

        Args:
            dataset: its samples are asked for as they are encoded.
            scorer: loaded.
            ledger: which rows are left; receives those that cannot be encoded.
            budget: how large batches and steps may be.
            breaths: taken after each step.
        """
        self._dataset, self._scorer, self._ledger = dataset, scorer, ledger
        self._budget, self._breaths = budget, breaths
        self._queued = np.zeros_like(ledger.pending)  # (sides, rows) encoded, or about to be
        self._urgent: deque[Batch] = deque()
        self._near: deque[NDArray[np.int64]] = deque()
        self._window: deque[Batch] = deque()
        self._collected: list[ScoringUnit] = []
        self._cursor = 0

    def look_at(self, view: NDArray[np.int64], near: NDArray[np.int64]) -> None:
        """Put the rows of a new view before everything else, then those near them.  (n,) each."""
        self._near.clear()
        self._near.extend(_pieces(near))
        for batch in self._urgent:
            self._give_back(batch)
        self._urgent.clear()
        # Rows that a window already holds may be encoded twice; whichever comes first scores.
        self._queued[:, view] = self._queued[:, near] = False
        for rows in _pieces(view):
            self._queue(self._encode(rows), VIEW_BATCH_UNITS)

    def put_first(self, batches: Iterable[Batch]) -> None:
        """Batches to be handed out before all others, in their order."""
        self._urgent.extendleft(reversed(list(batches)))

    def again(self, side: int, row: int) -> None:
        """A row that was done is to be scored once more, in its turn."""
        self._queued[side, row] = False
        self._cursor = 0

    def encode_anew(self, rows: NDArray[np.int64]) -> None:
        """Forget how `rows` were encoded: they have another text now."""
        gone = set(rows.tolist())

        def left(batch: Batch) -> Batch:
            return [unit for unit in batch if unit.row not in gone]

        self._urgent = deque(batch for batch in map(left, self._urgent) if batch)
        self._window = deque(batch for batch in map(left, self._window) if batch)
        self._collected = list(left(self._collected))
        self._queued[:, rows] = False
        self._cursor = 0

    def urgent(self) -> Batch | None:
        """The next batch of rows in view, or of a batch that was cut."""
        return self._urgent.popleft() if self._urgent else None

    def encode_near(self) -> bool:
        """Encode some rows of the neighbourhood; False when none is left."""
        if not self._near:
            return False
        self._queue(self._encode(self._near.popleft()), VIEW_BATCH_UNITS * 4)
        return True

    def of_window(self) -> Batch | None:
        """The next batch of the window."""
        return self._window.popleft() if self._window else None

    def collect(self) -> bool:
        """Encode one chunk towards the next window; False when no row is left to encode."""
        bound = self._budget.interpreter_bound
        step = self._budget.bound_rows if bound else ENCODE_ROWS
        rows = self._next_rows(max(1, step // self._ledger.sides))
        if rows.size:
            units = self._encode(rows)
            if bound:
                self._urgent.append(units)
            else:
                self._collected += units
        if self._collected and (not rows.size or len(self._collected) >= WINDOW_UNITS):
            self._window.extend(plan(self._collected, self._budget.memory_tokens))
            self._collected = []
            return True
        return bool(rows.size)

    def _give_back(self, batch: Batch) -> None:
        """Let units be encoded anew in their turn, because the view has moved on."""
        for unit in batch:
            self._queued[unit.side, unit.row] = False
            self._cursor = min(self._cursor, unit.row)

    def _queue(self, units: list[ScoringUnit], most_rows: int) -> None:
        if self._budget.interpreter_bound:
            step = self._budget.bound_rows
            self._urgent.extend(units[at : at + step] for at in range(0, len(units), step))
        else:
            self._urgent.extend(plan(units, self._budget.tokens, most_rows))

    def _next_rows(self, count: int) -> NDArray[np.int64]:
        """The next rows in file order that nobody has encoded yet; may pass over a stretch."""
        while self._cursor < self._dataset.rows:
            stretch = slice(self._cursor, self._cursor + 4 * ENCODE_ROWS)
            free = (self._ledger.pending[:, stretch] & ~self._queued[:, stretch]).any(axis=0)
            rows = np.flatnonzero(free)[:count] + self._cursor
            if rows.size:
                self._cursor = int(rows[-1]) + 1
                return rows
            self._cursor += 4 * ENCODE_ROWS
        return np.empty(0, np.int64)

    def _encode(self, rows: NDArray[np.int64]) -> list[ScoringUnit]:
        """Encode what is pending of at most `ENCODE_ROWS` rows; failures go to the ledger."""
        units: list[ScoringUnit] = []
        for side in range(self._ledger.sides):
            wanted = rows[self._ledger.pending[side, rows] & ~self._queued[side, rows]]
            if not wanted.size:
                continue
            self._queued[side, wanted] = True
            fresh = []
            for row, encoded in self._encode_side(side, wanted):
                if isinstance(encoded, Failed):
                    self._ledger.fail(side, row, encoded.reason)
                else:
                    fresh.append(ScoringUnit(side, row, encoded))
            if fresh:
                self._ledger.measure(
                    side,
                    np.array([unit.row for unit in fresh], np.int64),
                    np.array(
                        [max(unit.encoded.tokens, unit.encoded.length) for unit in fresh], np.int32
                    ),
                )
            units += fresh
        self._breaths.take(yielding=self._budget.interpreter_bound)
        return units

    def _encode_side(
        self, side: int, rows: NDArray[np.int64]
    ) -> list[tuple[int, Encoded | Failed]]:
        """Each row with what became of it; a row that raises costs itself only."""
        try:
            encoded = self._scorer.encode(self._dataset.samples(rows, SIDES[side]))
            return list(zip(rows.tolist(), encoded, strict=True))
        except Exception as error:  # noqa: BLE001 - the row to blame is found below
            if len(rows) == 1:
                return [(int(rows[0]), Failed(one_line(error)))]
            return [pair for row in rows for pair in self._encode_side(side, np.array([row]))]


def _pieces(rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows as the tokeniser takes them."""
    return [rows[start : start + ENCODE_ROWS] for start in range(0, len(rows), ENCODE_ROWS)]
