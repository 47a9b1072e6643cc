"""What is scored and what is left: the board, the counts, and what is yet to be saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.sample import Side
from engine.scoring.scorer import Failed, Scored, Scorer
from engine.scoring.worker.batches import Batch
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.status import RateMeter

FLUSH_S = 1.0
LARGEST_SCORE = float(np.finfo(np.float32).max)

SIDES = (Side.CHOSEN, Side.REJECTED)
"""In the order of the board."""

OnScores = Callable[
    [
        Scorer,
        Side,
        NDArray[np.int64],
        NDArray[np.float32],
        NDArray[np.int32],
        NDArray[np.int32],
    ],
    None,
]
"""Receives (scorer, side, rows, scores, tokens read, lengths): new scores to be remembered."""

OnFailures = Callable[[Scorer, Side, NDArray[np.int64], Sequence[str]], None]
"""Receives (scorer, side, rows, reasons): what could not be scored now."""


class Ledger:
    """Which rows have a score, which failed and which are left; written by the scoring thread.

    Every row passes through here once, whether it was scored, failed, or was scored in an
    earlier run; only what was scored now is handed over to be saved.
    """

    def __init__(
        self,
        board: ScoreBoard,
        broken: NDArray[np.bool_],
        on_scores: OnScores | None,
        on_failures: OnFailures | None = None,
    ) -> None:
        """Start with everything left that can be read.

        Args:
            board: where the scores go.
            broken: rows without a readable sample.  (rows,)
            on_scores: receives what was scored, never what failed or was known before.
            on_failures: receives what failed.
        """
        self.pending: NDArray[np.bool_] = np.tile(~broken, (board.sides, 1))
        """Neither scored nor failed.  (sides, rows)"""
        self.total = int(self.pending.sum())
        """Sides of rows to be scored."""
        self.done = 0
        """Scored or failed of them."""
        self.failed = 0
        self.pace = RateMeter()
        self._board, self._on_scores, self._on_failures = board, on_scores, on_failures
        self._off_board = False
        self._unsaved: list[tuple[int, NDArray[np.int64], list[Scored]]] = []
        self._unsaved_failures: dict[tuple[int, int], str] = {}
        self._flushed_at = time.monotonic()

    @property
    def sides(self) -> int:
        """How many sides of a row are scored."""
        return self._board.sides

    def leave_board(self) -> None:
        """Write nothing to the board from now on; from another thread than the scoring one."""
        with self._board.still:
            self._off_board = True

    def measure(self, side: int, rows: NDArray[np.int64], lengths: NDArray[np.int32]) -> None:
        """Tell the board the lengths of a side as they were counted.  (n,)."""
        with self._board.still:
            if not self._off_board:
                self._board.measure(side, rows, lengths)

    def accept(self, batch: Batch, results: Sequence[Scored | Failed]) -> None:
        """Take the results of a batch, in its order."""
        for side in range(self.sides):
            rows: list[int] = []
            good: list[Scored] = []
            for unit, result in zip(batch, results, strict=True):
                if unit.side != side:
                    continue
                if isinstance(result, Failed):
                    self.fail(side, unit.row, result.reason)
                elif not abs(result.score) <= LARGEST_SCORE:  # NaN is not either
                    self.fail(side, unit.row, f"score is not a finite number: {result.score}")
                else:
                    rows.append(unit.row)
                    good.append(result)
            if rows:
                at = np.array(rows, np.int64)
                self.record(side, at, *_columns(good))
                self._unsaved.append((side, at, good))
                self.pace.add(len(rows))

    def record(
        self,
        side: int,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        lengths: NDArray[np.int32],
    ) -> None:
        """Put scores on the board and take their rows off the list.  All (n,), rows unique."""
        with self._board.still:
            if not self._off_board:
                self._board.write(side, rows, scores, tokens, lengths)
        self.pending[side, rows] = False
        self.done += len(rows)

    def fail(self, side: int, row: int, reason: str, *, known: bool = False) -> None:
        """Take a row off the list without a score; `known`: since an earlier run."""
        with self._board.still:
            if not self._off_board:
                self._board.fail(side, row, reason)
        self.pending[side, row] = False
        self.done += 1
        self.failed += 1
        if not known:
            self._unsaved_failures[side, row] = reason
            self.pace.add(1)

    def take_back(self, rows: NDArray[np.int64]) -> list[tuple[int, int]]:
        """Put the failed ones among `rows` on the list again; returns their (side, row)."""
        failed = self._board.failed[:, rows]
        again = [(int(side), int(rows[at])) for side, at in zip(*np.nonzero(failed), strict=True)]
        for side, row in again:
            self._board.forget_failure(side, row)
            self.pending[side, row] = True
        self.done -= len(again)
        self.failed -= len(again)
        return again

    def renew(self, rows: NDArray[np.int64]) -> None:
        """Put `rows` on the list again, whatever became of them: they have another text now."""
        for side in range(self.sides):
            for row in rows.tolist():
                was_failed = bool(self._board.failed[side, row])
                self._board.forget(side, row)
                if not self.pending[side, row]:
                    self.pending[side, row] = True
                    self.done -= 1
                    self.failed -= was_failed

    def flush_when_due(self, scorer: Scorer) -> None:
        """Hand over what was scored, where the last time was a second ago."""
        if time.monotonic() - self._flushed_at >= FLUSH_S:
            self.flush(scorer)

    def flush(self, scorer: Scorer) -> None:
        """Hand over what was scored, and what failed, since the last time."""
        self._flushed_at = time.monotonic()
        self._flush_failures(scorer)
        unsaved, self._unsaved = self._unsaved, []
        if self._on_scores is None:
            return
        for side in range(self.sides):
            blocks = [(rows, good) for at, rows, good in unsaved if at == side]
            if blocks:
                rows = np.concatenate([rows for rows, _ in blocks])
                columns = _columns([scored for _, good in blocks for scored in good])
                self._on_scores(scorer, SIDES[side], rows, *columns)

    def _flush_failures(self, scorer: Scorer) -> None:
        failures, self._unsaved_failures = self._unsaved_failures, {}
        if self._on_failures is None:
            return
        for side in range(self.sides):
            rows = [row for at, row in failures if at == side]
            if rows:
                reasons = [failures[side, row] for row in rows]
                self._on_failures(scorer, SIDES[side], np.array(rows, np.int64), reasons)


def _columns(
    scored: Sequence[Scored],
) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.int32]]:
    """Scores, tokens read and lengths as arrays.  (n,) each."""
    return (
        np.array([each.score for each in scored], np.float32),
        np.array([each.tokens for each in scored], np.int32),
        np.array([max(each.tokens, each.length) for each in scored], np.int32),
    )
