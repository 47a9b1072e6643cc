"""Batches through the scorer; a row that cannot be scored costs itself and no other."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np

from engine.scoring.scorer import Failed, Launching, Scored, Scorer
from engine.scoring.worker.batches import Batch, StepBudget, padded_tokens, split
from engine.scoring.worker.ledger import Ledger
from engine.scoring.worker.status import is_out_of_memory, one_line
from engine.ui_priority import Breaths


class BatchRunner:
    """Scores one batch after the other; on a GPU the next is on its way before one is read."""

    def __init__(
        self,
        scorer: Scorer,
        ledger: Ledger,
        budget: StepBudget,
        breaths: Breaths,
        put_first: Callable[[Iterable[Batch]], None],
    ) -> None:
        """Nothing runs yet.

        Args:
            scorer: loaded.
            ledger: receives what becomes of each row.
            budget: learns how long batches take, and where memory ran out.
            breaths: taken after each batch that held the interpreter.
            put_first: receives the pieces of a batch that was too large or raised, to be run next.
        """
        self._scorer, self._ledger, self._budget = scorer, ledger, budget
        self._breaths, self._put_first = breaths, put_first
        self._flying: deque[tuple[Batch, float, Callable[[], Sequence[Scored | Failed]]]] = deque()
        self._in_air = np.zeros_like(ledger.pending)  # (sides, rows) being computed
        self._landed_at = 0.0

    @property
    def flying(self) -> bool:
        """Whether a batch is on its way whose scores are not read yet."""
        return bool(self._flying)

    def run(self, batch: Batch) -> None:
        """Score what is still pending of a batch."""
        waiting = {(each.side, each.row): each for each in batch}
        pending = self._ledger.pending
        batch = [unit for key, unit in waiting.items() if pending[key] and not self._in_air[key]]
        if not batch:
            return
        budget = self._budget
        if not budget.interpreter_bound and len(batch) > 1 and padded_tokens(batch) > budget.tokens:
            self._put_first(split(batch, budget.tokens))
            return
        encoded = [unit.encoded for unit in batch]
        began, scorer = time.monotonic(), self._scorer
        finish: Callable[[], Sequence[Scored | Failed]] = partial(scorer.score, encoded)
        in_flight = 1
        try:
            if isinstance(scorer, Launching) and scorer.in_flight > 1:
                finish, in_flight = scorer.launch(encoded), scorer.in_flight
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
            self.land_all()
            self._cut(batch, error)
            return
        self._mark(batch, flying=True)
        self._flying.append((batch, began, finish))
        if len(self._flying) >= in_flight:
            self.land()

    def land(self) -> None:
        """Wait for the batch that was launched first."""
        batch, began, finish = self._flying.popleft()
        self._mark(batch, flying=False)
        try:
            results = finish()
            if len(results) != len(batch):
                raise ValueError(f"{len(results)} scores for {len(batch)} samples")  # noqa: TRY301 - cut like any other
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others
            self._cut(batch, error)
            return
        now = time.monotonic()
        self._budget.took(batch, now - max(began, self._landed_at))
        self._landed_at = now
        self._ledger.accept(batch, results)
        if self._budget.interpreter_bound:
            self._breaths.take(yielding=True)

    def land_all(self) -> None:
        """Wait for every batch that was launched."""
        while self._flying:
            self.land()

    def _mark(self, batch: Batch, *, flying: bool) -> None:
        for unit in batch:
            self._in_air[unit.side, unit.row] = flying

    def _cut(self, batch: Batch, error: Exception) -> None:
        """Cut a batch that raised in two; a single row is the one to blame."""
        exhausted = is_out_of_memory(error)
        if exhausted:
            self._budget.exhausted(batch)
        if len(batch) == 1:
            unit = batch[0]
            reason = f"out of memory at {unit.encoded.tokens} tokens" if exhausted else ""
            self._ledger.fail(unit.side, unit.row, reason or one_line(error))
            return
        middle = len(batch) // 2
        self._put_first((batch[:middle], batch[middle:]))
