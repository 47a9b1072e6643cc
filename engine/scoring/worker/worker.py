"""The thread that scores, beside a screen that must not notice.

It puts in what an earlier run scored, loads the scorer where anything is left, then scores what
the agenda says. All work is done in short steps; between two of them it looks at what was asked of
it meanwhile (pause, cancel, another view). Its interface is message-shaped (calls that set a wish,
a status that is a value), so a child process can take its place.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.errors import Cancelled, TamisError
from engine.review.threshold import Direction
from engine.sample import Side
from engine.scoring.scorer import Scorer, ScorerFacts
from engine.scoring.worker.agenda import Agenda, ScoredDataset
from engine.scoring.worker.batches import StepBudget
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.cached import CachedLookup, EarlierScores
from engine.scoring.worker.ledger import SIDES, Ledger, OnFailures, OnScores
from engine.scoring.worker.runner import BatchRunner
from engine.scoring.worker.status import FINISHED, WorkerState, WorkerStatus, one_line
from engine.ui_priority import Breaths, UiPriority

__all__ = ["FINISHED", "ScoringWorker", "WorkerState", "WorkerStatus"]

ENDED = (WorkerState.FAILED, WorkerState.CANCELLED)
NEAR_BEFORE, NEAR_AFTER = 64, 256
"""The neighbourhood where none is given: rows before and after those in view, in file order."""


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
        known: Callable[[], ScorerFacts | None] | None = None,
        on_loaded: Callable[[ScorerFacts], None] | None = None,
        cached: Callable[[ScorerFacts, Side], CachedLookup | None] | None = None,
        failed_before: Callable[[ScorerFacts, Side, NDArray[np.int64]], list[str]] | None = None,
        on_scores: OnScores | None = None,
        on_failures: OnFailures | None = None,
        ui_priority: UiPriority | None = None,
        interpreter_bound: bool = False,
    ) -> None:
        """Prepare; nothing is loaded before `start`.

        Args:
            dataset: its samples are asked for from the worker's thread.
            board: filled by this worker and by nothing else while it runs.
            load: makes the scorer, in the worker's thread; a `TamisError` becomes a message.
            known: gives what an earlier run knew of the scorer, None where that may be wrong; then
                it is not loaded before something is left to score.
            on_loaded: told of the scorer before the first score, and again where it was known
                before it is loaded; never after `cancel`.
            cached: gives a lookup of earlier scores for a side, or None where there are none.
            failed_before: gives why rows could not be scored in an earlier run, or an empty text
                for each that was not tried. Where nothing else is left, they wait for `retry`;
                None: they are tried again.
            on_scores: receives what was scored (never what was cached or failed) at least
                every second and at the end. All callbacks run in the worker's thread.
            on_failures: receives what could not be scored, at the same times.
            ui_priority: tells when the screen wants the interpreter.
            interpreter_bound: the scorer holds the interpreter while it works, so it waits for the
                screen and its steps are short; a model lets go of it while it computes.
        """
        self.error: TamisError | None = None
        """What a failed worker failed of, for those who raise it; None for other exceptions."""
        self._dataset, self._load = dataset, load
        self._known, self._on_loaded, self._cached = known, on_loaded, cached
        self._failed_before = failed_before
        self._ledger = Ledger(board, dataset.broken, on_scores, on_failures)
        self._ui_priority = ui_priority or UiPriority()
        self._interpreter_bound = interpreter_bound
        self._breaths = Breaths(self._ui_priority)
        self._changed = threading.Condition()
        self._state = WorkerState.IDLE
        self._paused = self._cancelled = self._view_changed = False
        self._view = self._near = np.empty(0, np.int64)
        self._retries: list[NDArray[np.int64]] = []
        self._renewals: list[tuple[NDArray[np.int64], Callable[[], None]]] = []
        self._message = ""
        self._scorer: ScorerFacts | None = None
        self._loaded: Scorer | None = None
        self._runner: BatchRunner | None = None
        self._earlier: EarlierScores | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread; once."""
        with self._changed:
            if self._thread is not None or self._state is not WorkerState.IDLE:
                return
            self._state = WorkerState.LOADING
            self._thread = threading.Thread(target=self._main, name="scoring", daemon=True)
        self._thread.start()

    @property
    def paused(self) -> bool:
        """Whether it rests, or will after what it has in hand, until `resume`."""
        return self._paused

    def pause(self) -> None:
        """Stop after the batch in hand; what is scored is saved. Nothing where all is done."""
        with self._changed:
            self._paused = self._state not in FINISHED
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on after `pause`."""
        with self._changed:
            self._paused = False
            self._changed.notify_all()

    def cancel(self) -> None:
        """Stop for good after the batch in hand; what is scored is saved."""
        with self._changed:
            self._cancelled = True
            if self._thread is None:
                self._state = WorkerState.CANCELLED
            self._changed.notify_all()

    def leave(self) -> None:
        """Cancel, and leave the board as it is from now on; what is scored is saved all the same.

        For a worker that is not the only one of its board.
        """
        self.cancel()
        self._ledger.leave_board()

    def check_cancelled(self) -> None:
        """For long steps, loading above all.

        Raises:
            Cancelled: the worker is to stop.
        """
        if self._cancelled:
            raise Cancelled

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

    def renew(self, rows: NDArray[np.int64], change: Callable[[], None]) -> None:
        """Score `rows` again, because they have another text from now on.

        While it is paused they wait without a score, and after its end they stay without one.

        Args:
            rows: row numbers.  (n,)
            change: lets the dataset give the new texts. Called in the worker's thread when all
                that was scored of the old ones is handed over, so that no score is taken for
                that of another text.
        """
        with self._changed:
            self._renewals.append((self._inside(np.asarray(rows, np.int64)), change))
            if self._state in ENDED:
                self._forget_renewed()
            elif self._state is WorkerState.DONE:
                self._state = WorkerState.SCORING
            self._changed.notify_all()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is scored, or the worker has failed or stopped; True if so.

        After `cancel` it waits until the scorer is let go.
        """
        with self._changed:
            return self._changed.wait_for(self._at_rest, timeout_s)

    def _at_rest(self) -> bool:
        if self._state is WorkerState.DONE:
            return not self._cancelled  # it is about to be cancelled
        return self._state in FINISHED

    @property
    def cache_applied(self) -> bool:
        """Whether everything that an earlier run scored is on the board."""
        return self._earlier is not None and self._earlier.applied

    def status(self) -> WorkerStatus:
        """Where the work stands; cheap enough for every frame."""
        scorer, ledger = self._scorer, self._ledger
        rate = ledger.pace.rate
        left = ledger.total - ledger.done
        return WorkerStatus(
            state=self._state,
            scorer=scorer.label if scorer else "",
            device=scorer.device if scorer else "",
            done=ledger.done,
            total=ledger.total,
            failed=ledger.failed,
            rows_per_s=rate,
            left_s=0.0 if left == 0 else left / rate if rate > 0 else None,
            message=self._message,
            start_threshold=scorer.start_threshold if scorer else None,
            direction=scorer.direction if scorer else Direction.AT_LEAST,
            warnings=scorer.warnings if scorer else (),
        )

    # From here on: the worker's own thread.

    def _main(self) -> None:
        ended, message = WorkerState.CANCELLED, ""
        try:
            self._ui_priority.lower_thread()
            known = self._known() if self._known is not None else None
            if known is not None:
                self._tell(known)
                self._show_earlier(known)
            scorer = self._loaded = self._load()
            if known is not None and any(known.key(side) != scorer.key(side) for side in SIDES):
                self._ledger.renew(np.arange(self._dataset.rows))
                self._earlier = None
            self._tell(scorer)
            self._work(scorer)
        except Cancelled:
            pass
        except TamisError as error:
            self.error = error
            ended, message = WorkerState.FAILED, str(error)
        except Exception as error:  # noqa: BLE001 - the review goes on whatever a callback does
            ended, message = WorkerState.FAILED, f"scoring stopped: {one_line(error)}"
        self._finish(ended, message)

    def _tell(self, scorer: ScorerFacts) -> None:
        with self._changed:  # `cancel` waits: what it makes way for is not told of this one
            self.check_cancelled()
            self._scorer = scorer
            if self._on_loaded:
                self._on_loaded(scorer)

    def _show_earlier(self, known: ScorerFacts) -> None:
        """Put in what an earlier run scored; returns when there is a need to load the scorer."""
        earlier = self._earlier = EarlierScores(
            self._lookups(known), self._dataset.rows, self._ledger
        )
        self._enter(WorkerState.SCORING)
        while earlier.step():
            self.check_cancelled()
            with self._changed:
                view = self._view
            earlier.use(view)
        self._show_failures(known)
        if not self._ledger.pending.any():
            self._rest()
            self.check_cancelled()
        with self._changed:
            self._state = WorkerState.LOADING
            self._ledger.pace.stop()
            self._changed.notify_all()

    def _show_failures(self, known: ScorerFacts) -> None:
        """Where only rows are left that failed in an earlier run, let them be failed."""
        if self._failed_before is None:
            return
        found: list[tuple[int, NDArray[np.int64], list[str]]] = []
        for side in range(self._ledger.sides):
            rows = np.flatnonzero(self._ledger.pending[side])
            reasons = self._failed_before(known, SIDES[side], rows) if rows.size else []
            if not all(reasons):
                return
            found.append((side, rows, reasons))
        for side, rows, reasons in found:
            for row, reason in zip(rows.tolist(), reasons, strict=True):
                self._ledger.fail(side, row, reason, known=True)

    def _work(self, scorer: Scorer) -> None:
        """Everything that is to be done with a loaded scorer, until it is cancelled."""
        ledger = self._ledger
        budget = StepBudget(scorer.token_budget, interpreter_bound=self._interpreter_bound)
        agenda = Agenda(self._dataset, scorer, ledger, budget, self._breaths)
        runner = BatchRunner(scorer, ledger, budget, self._breaths, agenda.put_first)
        self._runner = runner
        earlier = self._earlier
        if earlier is None:
            earlier = EarlierScores(self._lookups(scorer), self._dataset.rows, ledger)
            self._earlier = earlier
        self._enter(WorkerState.SCORING)
        while True:
            self._obey(scorer, agenda, runner)
            if self._step(agenda, runner, earlier):
                ledger.flush_when_due(scorer)
                continue
            ledger.flush(scorer)
            self._rest()

    def _lookups(self, scorer: ScorerFacts) -> dict[int, CachedLookup]:
        if self._cached is None:
            return {}
        found = {side: self._cached(scorer, SIDES[side]) for side in range(self._ledger.sides)}
        return {side: lookup for side, lookup in found.items() if lookup is not None}

    def _step(self, agenda: Agenda, runner: BatchRunner, earlier: EarlierScores) -> bool:
        """One short piece of work, the most wanted first; False when there is none."""
        if self._take_view(agenda, earlier):
            return True
        if batch := agenda.urgent():
            runner.run(batch)
        elif earlier.step() or agenda.encode_near():
            pass
        elif batch := agenda.of_window():
            runner.run(batch)
        elif not agenda.collect():
            if not runner.flying:
                return False
            runner.land()
        return True

    def _take_view(self, agenda: Agenda, earlier: EarlierScores) -> bool:
        """Put the rows of a new view before everything else."""
        with self._changed:
            if not self._view_changed:
                return False
            view, near, self._view_changed = self._view, self._near, False
        earlier.use(view)
        earlier.use(near)
        agenda.look_at(view, near)
        return True

    def _obey(self, scorer: Scorer, agenda: Agenda, runner: BatchRunner) -> None:
        """Do what was asked since the last step; waits here while paused."""
        self.check_cancelled()
        self._score_again(scorer, agenda, runner)
        while self._paused:
            runner.land_all()
            self._ledger.flush(scorer)
            with self._changed:
                self._ledger.pace.stop()
                self._state = WorkerState.PAUSED
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._asked() or not self._paused)
            self.check_cancelled()
            self._score_again(scorer, agenda, runner)
        self._enter(WorkerState.SCORING)

    def _asked(self) -> bool:
        """Whether there is something to do at once, paused or done."""
        return bool(self._retries or self._renewals or self._cancelled)

    def _score_again(self, scorer: Scorer, agenda: Agenda, runner: BatchRunner) -> None:
        """Put on the list what was asked to be scored once more."""
        with self._changed:
            retries, self._retries = self._retries, []
            renewals, self._renewals = self._renewals, []
        for rows in retries:
            for side, row in self._ledger.take_back(rows):
                agenda.again(side, row)
        if renewals:
            runner.land_all()
            self._ledger.flush(scorer)
        for rows, change in renewals:
            change()
            self._ledger.renew(rows)
            agenda.encode_anew(rows)

    def _rest(self) -> None:
        """Everything is scored: wait for something to try again."""
        with self._changed:
            if self._asked():
                return
            self._ledger.pace.stop()
            self._state, self._paused = WorkerState.DONE, False
            self._changed.notify_all()
            self._changed.wait_for(self._asked)

    def _finish(self, state: WorkerState, message: str) -> None:
        """Save what is scored, let the scorer go, and say how it ended."""
        if self._loaded is None:
            gc.collect()  # a half loaded model hangs together in circles
        else:
            try:
                with contextlib.closing(self._loaded):
                    if self._runner is not None:
                        self._runner.land_all()
                    self._ledger.flush(self._loaded)
            except Exception as error:  # noqa: BLE001 - it is ending; the message is what is left
                state = WorkerState.FAILED
                message = message or f"scoring stopped: {one_line(error)}"
        with self._changed:
            self._forget_renewed()
            self._ledger.pace.stop()
            self._message, self._state = message, state
            self._changed.notify_all()

    def _forget_renewed(self) -> None:
        """No score stays beside a text that it is not of, though it is not scored any more."""
        renewals, self._renewals = self._renewals, []
        for rows, _ in renewals:
            self._ledger.renew(rows)

    def _enter(self, state: WorkerState) -> None:
        with self._changed:
            self._state = state
            self._ledger.pace.go()
            self._changed.notify_all()

    def _inside(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows that exist, each once, in their order."""
        inside = rows[(rows >= 0) & (rows < self._dataset.rows)]
        _, first = np.unique(inside, return_index=True)
        return inside[np.sort(first)]
