"""The scores of a session while they come: the board, the scorer, and the worker between them.

Scores belong to a scorer and to the way it was used; they are kept in the session file, so those
of a scorer that was used before are back at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.dataset.edited_rows import RevisedRows, Revision
from engine.dataset.identities import IdentityTable, as_keys
from engine.dataset.reading.options import READER_VERSION
from engine.errors import ScorerError, UsageError
from engine.review.decision import Aspect
from engine.review.threshold import Threshold
from engine.sample import Family, Side
from engine.scoring.kinds import (
    DEFAULT_SCORER,
    NO_SCORER,
    ScorerKind,
    Work,
    find_kind,
    make_scorer,
    with_absolute_path,
)
from engine.scoring.known_scorer import KnownScorer
from engine.scoring.models.precision import FLOAT32
from engine.scoring.scorer import ScoreKey, Scorer, ScorerFacts, ScorerOptions
from engine.scoring.worker.agenda import ScoredDataset
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.cached import CachedLookup, ScoreLookup
from engine.scoring.worker.worker import FINISHED, ScoringWorker, WorkerState, WorkerStatus
from engine.session.choices import SCORER, Choices, of_json, scorer_text
from engine.session.float32_rescoring import (
    OnlyRows,
    SettledScores,
    calibration_of,
    check_settling,
    exact_key,
    uncertain_rows,
)
from engine.session.settings import SessionSettings
from engine.store import Store
from engine.store.cache import CachedScores, Failure, merge
from engine.ui_priority import UiPriority

REMEMBERED_OPTIONS = ("input_format", "max_length", "label", "dtype")
"""What moves the scores; what a person allows (pickles, code, network) holds for one run."""

STOP_WAIT_S = 2.0
"""Between two batches a worker ends within half a second."""

TICK_S = 0.1


@dataclass(frozen=True, slots=True)
class _Earlier:
    """A scorer that was at work, how, and the scores that stood before its own."""

    spec: str
    options: ScorerOptions
    before_label: str
    before: NDArray[np.float32]


class LiveScoring:
    """One scorer at work on one dataset, of which one side is under review."""

    def __init__(
        self,
        dataset: Dataset,
        store: Store,
        identities: IdentityTable,
        settings: SessionSettings,
        choices: Choices,
        ui_priority: UiPriority,
    ) -> None:
        self._choices = choices
        self._dataset = dataset
        self._store = store
        self._identities = identities
        self._revisions: Mapping[int, Revision] = {}
        """The edits that stand; what a worker reads follows when it has handed over the rest."""
        self._settings = settings
        self._ui_priority = ui_priority
        self.sides = 2 if dataset.has_sides else 1
        self.side = Side.CHOSEN
        """Whose scores `scores`, `failed` and `key` are."""
        self.spec = NO_SCORER
        """The scorer as it was named, with any path in it made absolute."""
        self.asked_for = ""
        """The scorer in use and how, as a choice says it; empty before the first."""
        self.board = ScoreBoard(dataset.rows, self.sides, dataset.side_lengths)
        self.worker: ScoringWorker | None = None
        self._filling: tuple[ScoringWorker, RevisedRows] | None = None
        """Who fills the board, a worker that was stopped too, and the rows as it reads them."""
        self.scorer: ScorerFacts | None = None
        """None while nothing is known of it: it is being loaded for the first time."""
        self.before_label = ""
        """The scorer whose scores `before` are; empty before the first switch."""
        self._before = np.full((self.sides, dataset.rows), np.nan, np.float32)
        self._options = ScorerOptions()
        self._earlier: _Earlier | None = None
        """To go back to where the next scorer cannot be loaded."""
        self._exact: NDArray[np.bool_] = np.zeros((self.sides, dataset.rows), np.bool_)
        """Scored in float32 over bfloat16.  (sides, rows)"""
        self._settling: ScoringWorker | None = None
        self._settled_rows: NDArray[np.int64] = np.empty(0, np.int64)
        self.new_scores = 0
        """Scored since the session was opened, not taken from an earlier run; both sides count."""

    # -- the scores --------------------------------------------------------------------------

    @property
    def side_index(self) -> int:
        """Where the side under review is in arrays of both."""
        return 1 if self.side is Side.REJECTED and self.sides == 2 else 0

    @property
    def scores(self) -> NDArray[np.float32]:
        """Of the side under review, NaN where there is none.  (rows,)."""
        scores: NDArray[np.float32] = self.board.scores[self.side_index]
        return scores

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Of the side under review.  (rows,)."""
        failed: NDArray[np.bool_] = self.board.failed[self.side_index]
        return failed

    @property
    def before(self) -> NDArray[np.float32]:
        """Scores of the scorer before, on the side under review; NaN where there is none.

        (rows,)
        """
        scores: NDArray[np.float32] = self._before[self.side_index]
        return scores

    @property
    def key(self) -> ScoreKey | None:
        """What exactly the scores were made with; None without a scorer."""
        scorer = self.scorer  # another thread may take it away meanwhile
        return self.key_of(scorer, self.side) if scorer is not None else None

    def key_of(self, scorer: ScorerFacts, side: Side) -> ScoreKey:
        """What exactly `scorer` makes scores with on this dataset, as it is read now."""
        return replace(
            scorer.key(side), placeholders=self._dataset.placeholders, reader=READER_VERSION
        )

    @property
    def kind(self) -> ScorerKind | None:
        """What kind of scorer it is; None for a name of another version of tamis."""
        return find_kind(self.spec)

    @property
    def tokens(self) -> NDArray[np.int32]:
        """Length of prompt and response of the side under review, before any cut.  (rows,)."""
        tokens: NDArray[np.int32] = self.board.tokens[self.side_index]
        return tokens

    @property
    def estimated(self) -> NDArray[np.bool_]:
        """Whether that is an estimate by characters: not counted by a tokeniser.  (rows,)."""
        scorer = self.scorer
        if scorer is None or not scorer.token_budget:
            return np.ones(self._dataset.rows, np.bool_)
        estimated: NDArray[np.bool_] = ~self.board.measured[self.side_index]
        return estimated

    def is_estimated(self, row: int) -> bool:
        """The same of one row."""
        scorer = self.scorer
        counts = scorer is not None and scorer.token_budget > 0
        return not (counts and self.board.measured[self.side_index, row])

    @property
    def cut(self) -> NDArray[np.bool_]:
        """Whether the scorer read only a part of the side under review.  (rows,)."""
        cut: NDArray[np.bool_] = self.board.read[self.side_index] > 0
        return cut

    def margin(self) -> NDArray[np.float32]:
        """Chosen minus rejected score of preference data; NaN elsewhere.  (rows,)."""
        if self.sides == 1:
            return np.full(self._dataset.rows, np.nan, np.float32)
        chosen, rejected = self.board.scores
        margin: NDArray[np.float32] = chosen - rejected
        return margin

    def explain(self, row: int) -> tuple[str, ...]:
        """Why the scorer scored `row` as it did, a line each; empty where it cannot say."""
        kind = self.kind
        if self.scorer is None or kind is None or kind.explain is None:
            return ()
        return tuple(map(str, kind.explain(self._as_read().samples(np.array([row]), self.side)[0])))

    def result(self) -> dict[str, object]:
        """What was scored, as counts of rows of the side under review."""
        key = self.key
        return {
            "scorer": self.spec,
            "revision": key.revision if key else "",
            "input_format": key.input_format if key else "",
            "rows": self._dataset.rows,
            "scored": int(np.count_nonzero(~np.isnan(self.scores))),
            "new_scores": self.new_scores,
            "failed": int(np.count_nonzero(self.failed)),
            "broken": int(np.count_nonzero(self._dataset.broken)),
            "truncated": int(np.count_nonzero(self.cut)),
        }

    # -- the work ----------------------------------------------------------------------------

    def start(
        self, spec: str | None, options: ScorerOptions | None = None, *, retry_failed: bool = False
    ) -> None:
        """Score everything with another scorer, in the background; loading it is part of that.

        Scores that are on file are there at once, and where nothing is left to score, nothing is
        loaded.

        The scores of the scorer before stay in the cache and are back at once when it returns. The
        same one, started again in the same way, does not come before itself.

        Args:
            spec: what to score with; None: what was used last, in the way it was used.
            options: how; see `ScorerOptions`.
            retry_failed: try rows again of which only a failure is on file, though no others are
                left.
        """
        chosen = options or ScorerOptions()
        if spec is None:
            spec, chosen = self.last_spec, self._as_last_time(chosen)
        lasting = with_absolute_path(spec)
        another = (lasting, chosen) != (self.spec, self._options)
        label = self.scorer.label if another and self.scorer is not None else ""
        if label:
            self._earlier = _Earlier(self.spec, self._options, self.before_label, self._before)
        self.stop()
        if label and np.isfinite(self.board.scores).any():
            self.before_label, self._before = label, self.board.scores
        self.spec, self._options = lasting, chosen
        used = {name: getattr(chosen, name) for name in REMEMBERED_OPTIONS}
        self.asked_for = scorer_text(lasting, used)
        self._exact = np.zeros_like(self._exact)
        self.board = ScoreBoard(self._dataset.rows, self.sides, self._dataset.side_lengths)
        self._filling = None
        if lasting == NO_SCORER:
            self._remember()
            return
        rows = self._as_read()
        self.worker = self._working(
            rows, rows, chosen, self._loaded, known=self._known, retry_failed=retry_failed
        )
        self._filling = self.worker, rows
        self.worker.start()

    def fall_back(self) -> str:
        """Start the scorer before this one again, where this one could not be loaded.

        Its scores are in the cache and are back at once.

        Returns:
            Its name; empty where this one could be loaded, or there was none before.
        """
        status = self.worker.status() if self.worker is not None else None
        failed = status is not None and status.state is WorkerState.FAILED
        earlier = self._earlier
        if not failed or self.scorer is not None or earlier is None:
            return ""
        self._earlier = None
        self.start(earlier.spec, earlier.options)
        self.before_label, self._before = earlier.before_label, earlier.before
        return earlier.spec

    def stop(self) -> None:
        """Stop the worker, if there is one, and wait until it has written what it has."""
        if self._settling is not None:
            _end(self._settling)
            self._settling.leave()
            self._settling = None
        if self.worker is not None:
            _end(self.worker)
            self.worker = None
            self.scorer = None

    def revise(self, revisions: Mapping[int, Revision], rows: NDArray[np.int64]) -> None:
        """Take over new texts of `rows`, and score those again.

        Scores of a column or a file belong to the row and stay.

        Args:
            revisions: of all rows that are edited.
            rows: those whose text has just changed.  (n,)
        """
        self._revisions = revisions
        if self._filling is None or self._looks_up:
            return
        self._note_settled()
        if self._settling is not None:
            self._settling.leave()
            self._settling = None
        (worker, read), exact = self._filling, self._exact

        def change() -> None:
            read.revisions = revisions
            exact[:, rows] = False

        worker.renew(rows, change)

    def status(self) -> WorkerStatus | None:
        """What the worker at work is doing; None without a scorer."""
        worker = self.at_work
        return worker.status() if worker is not None else None

    @property
    def at_work(self) -> ScoringWorker | None:
        """The worker that settles rows, while it does, else the other; None without a scorer."""
        if self._settling is not None and self._settling.status().state not in FINISHED:
            return self._settling
        return self.worker

    def wait(self, tick: Callable[[WorkerStatus], bool]) -> WorkerStatus | None:
        """Wait until the worker has ended; `tick` hears of it ten times a second.

        Args:
            tick: returns True to cancel.

        Raises:
            ScorerError: the scorer could not be loaded, or broke down.
        """
        worker = self.worker
        if worker is None:
            return None
        while (status := worker.status()).state not in FINISHED:
            if tick(status):
                worker.cancel()
            worker.join(timeout_s=TICK_S)
        if status.state is WorkerState.FAILED:
            raise worker.error or ScorerError(status.message)
        return status

    # -- rows near the threshold ---------------------------------------------------------------

    def uncertain(self, threshold: Threshold | None) -> NDArray[np.int64]:
        """Rows whose side of the threshold bfloat16 leaves open.  (n,)."""
        self._note_settled()
        exact: NDArray[np.bool_] = self._exact[self.side_index]
        return uncertain_rows(self.scores, exact, threshold, calibration_of(self.scorer))

    @property
    def settle_failure(self) -> str:
        """Why rows could not be settled; empty where nothing went wrong."""
        status = self._settling.status() if self._settling is not None else None
        if status is not None and status.state is WorkerState.DONE and status.failed:
            return f"{status.failed:,} scores could not be had in float32 and stay as they are"
        return status.message if status and status.state is WorkerState.FAILED else ""

    def settle(self, rows: NDArray[np.int64]) -> None:
        """Score `rows` again in float32, in the background, and keep to it in later visits.

        Raises:
            UsageError: scoring goes on, or there is nothing to settle.
        """
        if self.worker is None:
            raise UsageError("nothing is being scored")
        if self.at_work is not self.worker:
            raise UsageError("rows are being settled already")
        check_settling(self.worker, rows)
        read = self._as_read()
        exactly = replace(self._options, dtype=FLOAT32)
        self._settling = self._working(OnlyRows(read, rows), read, exactly)
        self._settling.start()
        self._settled_rows = rows
        if self.key is not None:
            self._settings.remember(_settled(self.key), value=True)

    def _note_settled(self) -> None:
        """Know the settled rows, when they are."""
        if self._settling is not None and self._settling.status().state is WorkerState.DONE:
            self._exact[:, self._settled_rows] = True

    @property
    def _looks_up(self) -> bool:
        """Whether the scores are read from a table: there is nothing to keep, nor to do again."""
        return self.kind is not None and self.kind.work is Work.LOOKS_UP

    # -- what a worker asks for and tells, in its own thread ---------------------------------

    def _as_read(self) -> RevisedRows:
        """The rows with their edits: what a scorer reads, and where its scores belong."""
        return RevisedRows(self._dataset, self._identities, self._revisions)

    def _working(
        self,
        dataset: ScoredDataset,
        rows: RevisedRows,
        options: ScorerOptions,
        on_loaded: Callable[[ScorerFacts], None] | None = None,
        *,
        known: Callable[[], ScorerFacts | None] | None = None,
        retry_failed: bool = True,
    ) -> ScoringWorker:
        """A worker for `dataset`, whose scores are kept under the identities of its own `rows`.

        So a batch that lands after an edit belongs to the text that was read.
        """
        spec, kind = self.spec, self.kind
        worker = ScoringWorker(
            dataset,
            self.board,
            lambda: make_scorer(
                spec,
                dataset=self._dataset,
                options=options,
                check_wanted=worker.check_cancelled,
            ),
            known=known,
            on_loaded=on_loaded,
            failed_before=None if retry_failed else partial(self._failed_before, rows),
            cached=None if self._looks_up else partial(self._cached, rows),
            on_scores=partial(self._keep_scores, rows, None if self._looks_up else self._store),
            on_failures=None if self._looks_up else partial(self._keep_failures, rows),
            ui_priority=self._ui_priority,
            interpreter_bound=kind is not None and kind.interpreter_bound,
        )
        return worker

    def _loaded(self, scorer: ScorerFacts) -> None:
        self.scorer = scorer
        self._remember()
        kind = self.kind
        if kind is not None and kind.revision is not None and not isinstance(scorer, KnownScorer):
            facts = KnownScorer.of(scorer).values()
            self._settings.remember(self._facts, {"options": _way(self._options), **facts})

    @property
    def _facts(self) -> str:
        """The setting that holds what is known of the scorer at work."""
        return f"facts of {self.spec}"

    def _known(self) -> KnownScorer | None:
        """The scorer as it was when it was loaded last, where that would give the same again.

        What made the scores may be out of reach now: they are what they are.
        """
        kind, facts = self.kind, self._settings.get(self._facts)
        if kind is None or kind.revision is None or not isinstance(facts, dict):
            return None
        try:
            if facts.pop("options") != _way(self._options):
                return None
            known = KnownScorer.from_values(facts)
        except (TypeError, ValueError, KeyError):  # of another version
            return None
        with contextlib.suppress(ScorerError):
            if kind.revision(self.spec.partition(":")[2], self._options) != known.revision:
                return None
        return known

    def _failed_before(
        self, read: RevisedRows, scorer: ScorerFacts, side: Side, rows: NDArray[np.int64]
    ) -> list[str]:
        failures = self._store.failures(self.key_of(scorer, side))
        if not failures:
            return [""] * len(rows)
        found = (failures.get(bytes(identity)) for identity in read.identities(rows))
        return [failure.reason if failure is not None else "" for failure in found]

    def _cached(self, rows: RevisedRows, scorer: ScorerFacts, side: Side) -> CachedLookup | None:
        key = self.key_of(scorer, side)
        coarse = self._lookup(rows, key)
        settled = (self._settings.get(_settled(each), False) for each in (key, key.earlier()))
        if calibration_of(scorer) is None or not any(settled):
            return coarse
        exact = self._exact[0 if side is Side.CHOSEN else 1]
        return SettledScores(coarse, self._lookup(rows, exact_key(key)), exact)

    def _lookup(self, rows: RevisedRows, key: ScoreKey) -> ScoreLookup:
        known = self._store.cached_scores(key)
        earlier = self._store.cached_scores(key.earlier())
        if len(earlier.scores):
            known = merge([self._unchanged(earlier), known])
        return ScoreLookup(rows, known.identities, known.scores, known.tokens, known.lengths)

    def _unchanged(self, scores: CachedScores) -> CachedScores:
        """Scores of an earlier version, of the samples whose text has stayed the same."""
        other = np.flatnonzero(self._dataset.restated)
        if not len(other):
            return scores
        restated = as_keys(self._identities.identities(other))
        return scores.take(~np.isin(as_keys(scores.identities), restated))

    def _keep_scores(
        self,
        read: RevisedRows,
        store: Store | None,
        scorer: Scorer,
        side: Side,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        lengths: NDArray[np.int32],
    ) -> None:
        if store is not None and not store.read_only:
            key, cut = self.key_of(scorer, side), lengths > tokens
            store.add_scores(key, read.identities(rows), scores, tokens, cut, lengths)
        self.new_scores += len(rows)

    def _keep_failures(
        self,
        read: RevisedRows,
        scorer: Scorer,
        side: Side,
        rows: NDArray[np.int64],
        reasons: Sequence[str],
    ) -> None:
        if not self._store.read_only:
            failures = [Failure(reason) for reason in reasons]
            self._store.add_failures(self.key_of(scorer, side), read.identities(rows), failures)

    # -- from visit to visit -----------------------------------------------------------------

    @property
    def last_spec(self) -> str:
        """The scorer used last on this dataset, else the person's, else the default one."""
        return str(self._last.get(SCORER, self._settings.config.scorer or DEFAULT_SCORER))

    @property
    def _last(self) -> Mapping[str, Any]:
        """The scorer used last and how, by name; nothing where there was none."""
        known = of_json(self._choices.get(Aspect.FOCUS, SCORER))
        return known if isinstance(known, dict) else {}

    @property
    def is_switching(self) -> bool:
        """Whether another scorer has been asked for than the one used last, and is not in use."""
        if self.scorer is not None or not self.asked_for or self._dataset.family is Family.OTHER:
            return False
        return self._choices.get(Aspect.FOCUS, SCORER) not in (None, self.asked_for)

    def _remember(self) -> None:
        """Only what could be used, and never for rows that no scorer can read."""
        if self._dataset.family is not Family.OTHER:
            self._choices.came(Aspect.FOCUS, self.asked_for, SCORER)

    def go_back(self) -> None:
        """Score with what was chosen before, after an undo; what a person allows still holds."""
        if self.asked_for and self.asked_for != self._choices.get(Aspect.FOCUS, SCORER):
            unsaid = {name: getattr(ScorerOptions(), name) for name in REMEMBERED_OPTIONS}
            self.start(None, replace(self._options, **unsaid))

    def _as_last_time(self, options: ScorerOptions) -> ScorerOptions:
        """`options`, and what is not said in them as it was when the scorer was used last."""
        known = self._last
        unsaid = [name for name in REMEMBERED_OPTIONS if not getattr(options, name)]
        return replace(options, **{name: known[name] for name in unsaid if name in known})


def _way(options: ScorerOptions) -> dict[str, object]:
    """What of the options a scorer's facts depend on."""
    return {name: getattr(options, name) for name in (*REMEMBERED_OPTIONS, "device")}


def _settled(key: ScoreKey) -> str:
    """The setting that says that some rows of `key` were scored again in float32."""
    return f"settled {replace(key, side=Side.CHOSEN).digest()}"


def _end(worker: ScoringWorker) -> None:
    """Cancel a worker and wait until it has written what it has.

    One whose model is still loading has nothing to write and ends by itself later.
    """
    worker.cancel()
    if worker.status().state is not WorkerState.LOADING:
        worker.join(timeout_s=STOP_WAIT_S)
