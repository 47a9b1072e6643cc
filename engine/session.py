"""A review: one dataset, one session file, one scorer at work, and what the reviewer said.

The screen and the command line both hold this and nothing below it. It owns the arrays that
they read (verdicts, scores, outcomes: one slot per row), and every change goes through it: what
a person decided is on disk when the call returns.
"""

from __future__ import annotations

import contextlib
import getpass
import itertools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import histogram
from engine.dataset import Dataset, SourceKind, open_dataset
from engine.decision import Circumstances, Event, Verdict
from engine.errors import ExportError, InputError, ScorerError, StoreError, UsageError
from engine.export import (
    ExportFormat,
    ExportPlan,
    ExportReport,
    Given,
    ReviewState,
    check_place,
    export,
    preview,
)
from engine.filter import Filter, FilterView, parse_filter
from engine.giving_way import GivingWay
from engine.identities import IdentityTable
from engine.order import Sort, SortColumn, by_number, by_text
from engine.policy import Outcomes, Summary, Tally, decide
from engine.review import Change, Review
from engine.sample import Family, Side
from engine.scoring import ScorerOptions, make_scorer
from engine.scoring.board import ScoreBoard
from engine.scoring.cached import CachedScores
from engine.scoring.heuristic import explain
from engine.scoring.scorer import Scorer
from engine.scoring.worker import SETTLED, ScoringWorker, WorkerState, WorkerStatus
from engine.store import Store, session_path
from engine.threshold import Direction, Threshold, ThresholdRequest, parse_threshold

DEFAULT_SCORER = "heuristic"

REMEMBERED_OPTIONS = ("input_format", "max_length", "label")
"""What moves the scores; what a person allows (pickles, code, network) holds for one run."""

ALL_ROWS = slice(None)

STOP_WAIT_S = 2.0
"""Between two batches a worker ends within half a second."""

TICK_S = 0.1

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it, and of how much (None: unknown)."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How to open a dataset and its session; what the command line's flags say."""

    family: Family | None = None
    prompt_column: str | None = None
    response_column: str | None = None
    session: Path | None = None
    reviewer: str | None = None
    read_only: bool = False
    demo: bool = False
    fresh: bool = False


class Session:
    """See the module's docstring; made by `Session.open`, ended by `close`."""

    def __init__(self, dataset: Dataset, store: Store, reviewer: str) -> None:
        self.dataset = dataset
        self.store = store
        self.reviewer = reviewer
        self.side = Side.CHOSEN
        self.sides = 2 if dataset.has_sides else 1
        self.identities = IdentityTable(dataset)
        self.review = Review(
            store, self.identities, dataset.occurrence, sides=self.sides, rows=dataset.rows
        )
        self.board = ScoreBoard(dataset.rows, self.sides, dataset.lengths)
        self.worker: ScoringWorker | None = None
        self.scorer: Scorer | None = None
        self.scorer_spec = "none"
        self.notices: list[str] = list(store.warnings)
        self.giving_way = GivingWay()
        """Asked by the screen when a key is pressed."""
        self.new_scores = 0
        """Scored since this was opened, not taken from an earlier run; both sides count."""
        self.threshold: Threshold | None = None
        self._request: ThresholdRequest | None = None
        self._resolved_at = -1  # board version
        self._guessed_from = 0  # scores behind the present guess
        self._tally: tuple[tuple[int, int, int, Side], Tally] | None = None
        self._closing = threading.Event()
        self._hasher: threading.Thread | None = None

    # -- opening and closing -----------------------------------------------------------------

    @classmethod
    def open(
        cls,
        path: Path,
        options: OpenOptions | None = None,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Session:
        """Open a dataset with everything that was decided about it before.

        Raises:
            InputError: the dataset cannot be read.
            UsageError: a column or family that it does not have.
            StoreError: the session file is damaged or newer than this version.
            SessionLockedError: another process reviews it; `read_only` opens beside it.
            Cancelled: `cancelled` said so.
        """
        options = options or OpenOptions()
        reviewer = options.reviewer or _login_name()
        place = session_path(path, explicit=options.session, demo=options.demo)
        dataset = open_dataset(
            path,
            family=options.family,
            prompt_column=options.prompt_column,
            response_column=options.response_column,
            progress=progress,
            cancelled=cancelled,
        )
        try:
            store = Store.open(
                place, reviewer=reviewer, read_only=options.read_only, fresh=options.fresh
            )
        except BaseException:
            dataset.close()
            raise
        try:
            session = cls(dataset, store, reviewer)
            session._restore(progress)
        except BaseException:
            store.close()
            dataset.close()
            raise
        return session

    def _restore(self, progress: Progress | None) -> None:
        bound = self.store.bind(_AsRead(self.dataset))
        if bound.changed and progress is not None:
            progress("the dataset changed: matching verdicts", 0, self.dataset.rows)
        self.review.replay(self.store.events(), bound.digest)
        if bound.changed:
            self.notices.append(self._change_notice())
        if self.sides == 2:
            self.side = Side(self.store.get_setting("side", Side.CHOSEN.value))

    def _change_notice(self) -> str:
        kept = int(np.count_nonzero(self.review.verdicts))
        text = f"the dataset changed since the last time: {kept:,} verdicts still match"
        if self.review.lost:
            text += f", {self.review.lost:,} belong to samples that are gone and stay on file"
        return text

    def hash_in_background(self) -> None:
        """Start hashing every row, so that a bulk or an export need not wait for it."""
        self._hasher = threading.Thread(target=self._hash_all, name="hashing", daemon=True)
        self._hasher.start()

    def _hash_all(self) -> None:
        # A source that changes while it is open is told to whoever needs the rest of it.
        with contextlib.suppress(InputError):
            self.identities.complete(self._closing.is_set)

    def close(self) -> None:
        """Stop scoring, write what is left, and let go of the files. Safe to call twice."""
        self._closing.set()
        self.stop_scoring()
        if self._hasher is not None:
            self._hasher.join(timeout=5)
        self.store.close()
        self.dataset.close()

    @property
    def read_only(self) -> bool:
        """Whether verdicts can be given at all."""
        return self.store.read_only

    def remember(self, name: str, value: object) -> None:
        """Keep a setting for the next visit.

        A setting that cannot be written is no reason to stop: it becomes one of `notices`, once.
        """
        if self.read_only:
            return
        try:
            self.store.set_setting(name, value)
        except StoreError as error:
            if str(error) not in self.notices:
                self.notices.append(str(error))

    def review_side(self, side: Side) -> None:
        """Turn to the other response of preference data: its verdicts, scores and threshold."""
        self.side = side
        self.remember("side", side.value)
        self._recall_threshold()

    # -- verdicts ----------------------------------------------------------------------------

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """Of the side under review.  (rows,)."""
        verdicts: NDArray[np.int8] = self.review.verdicts[self._side_index]
        return verdicts

    @property
    def reviews_rejected(self) -> bool:
        """Whether the rejected response of preference data is under review."""
        return self.side is Side.REJECTED and self.sides == 2

    @property
    def _side_index(self) -> int:
        return 1 if self.reviews_rejected else 0

    def decide(
        self, rows: NDArray[np.int64], verdict: Verdict, *, reason: str = "", note: str = ""
    ) -> Change | None:
        """Give `verdict` to `rows`, as one event; None where it changes nothing.

        Broken rows are left out: there is no sample to decide about.

        Raises:
            UsageError: the session is open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._refuse_read_only()
        rows = rows[~self.dataset.broken[rows]]
        if not reason and not note:
            rows = rows[self.verdicts[rows] != verdict]
        if not len(rows):
            return None
        return self.review.decide(
            rows,
            verdict,
            scores=self.scores[rows],
            circumstances=self._circumstances(),
            reason=reason,
            note=note,
        )

    def _circumstances(self) -> Circumstances:
        threshold = self.threshold
        key = self.scorer.key(self.side) if self.scorer is not None else None
        return Circumstances(
            threshold=threshold.value if threshold else None,
            direction=threshold.direction if threshold else Direction.AT_LEAST,
            scorer=key.scorer if key else None,
            revision=key.revision if key else None,
            side=self.side,
        )

    def undo(self) -> Change | None:
        """Take back the last decision; None where there is none.

        Raises:
            UsageError: the session is open read-only.
        """
        self._refuse_read_only()
        return self.review.undo()

    def redo(self) -> Change | None:
        """Give the last undone decision again; None where there is none.

        Raises:
            UsageError: the session is open read-only.
        """
        self._refuse_read_only()
        return self.review.redo()

    def last_decision(self, row: int) -> Event | None:
        """The decision behind the verdict that `row` has now."""
        return self.review.last(row, self.side)

    def _refuse_read_only(self) -> None:
        if self.read_only:
            raise UsageError(
                "this session is open read-only",
                "close the other desk, or open without --read-only",
            )

    # -- scores ------------------------------------------------------------------------------

    @property
    def scores(self) -> NDArray[np.float32]:
        """Of the side under review, NaN where there is none.  (rows,)."""
        scores: NDArray[np.float32] = self.board.scores[self._side_index]
        return scores

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Of the side under review.  (rows,)."""
        failed: NDArray[np.bool_] = self.board.failed[self._side_index]
        return failed

    def start_scoring(self, spec: str | None, options: ScorerOptions | None = None) -> None:
        """Score everything with another scorer, in the background; loading it is part of that.

        The scores of the scorer before stay in the cache and are back at once when it returns.

        Args:
            spec: what to score with; None: what was used last, in the way it was used.
            options: how; see `ScorerOptions`.
        """
        self.stop_scoring()
        chosen = options or ScorerOptions()
        if spec is None:
            spec, chosen = self.last_scorer, self._as_last_time(chosen)
        scorer_spec = self.scorer_spec = _lasting(spec)
        board = self.board = ScoreBoard(self.dataset.rows, self.sides, self.dataset.lengths)
        self._recall_threshold()
        if scorer_spec == "none":
            self._remember_scorer(chosen)
            return
        self.worker = ScoringWorker(
            self.dataset,
            board,
            lambda: make_scorer(scorer_spec, dataset=self.dataset, options=chosen),
            on_loaded=lambda scorer: self._loaded(scorer, board, chosen),
            cached=self._cached,
            on_scores=self._keep_scores,
            giving_way=self.giving_way,
        )
        self.worker.start()

    def stop_scoring(self) -> None:
        """Stop the worker, if there is one, and wait until it has written what it has."""
        if self.worker is not None:
            loading = self.worker.status().state is WorkerState.LOADING
            self.worker.cancel()
            # A model that is still loading has nothing to write and ends by itself later.
            if not loading:
                self.worker.join(timeout_s=STOP_WAIT_S)
            self.worker = None
            self.scorer = None

    def scoring_status(self) -> WorkerStatus | None:
        """What the worker is doing; None without a scorer."""
        return self.worker.status() if self.worker is not None else None

    def wait_for_scores(self, tick: Callable[[WorkerStatus], bool]) -> WorkerStatus | None:
        """Wait until the worker has ended; `tick` hears of it ten times a second.

        Args:
            tick: returns True to cancel.

        Raises:
            ScorerError: the scorer could not be loaded, or broke down.
        """
        worker = self.worker
        if worker is None:
            return None
        while (status := worker.status()).state not in SETTLED:
            if tick(status):
                worker.cancel()
            worker.join(timeout_s=TICK_S)
        if status.state is WorkerState.FAILED:
            raise worker.error or ScorerError(status.message)
        return status

    def _loaded(self, scorer: Scorer, board: ScoreBoard, options: ScorerOptions) -> None:
        if self.board is board:  # else another scorer was chosen while this one was loading
            self.scorer = scorer
            self._remember_scorer(options)

    def _remember_scorer(self, options: ScorerOptions) -> None:
        """Only what could be used, and never for rows that no scorer can read."""
        if self.dataset.family is Family.OTHER:
            return
        self.remember("scorer", self.scorer_spec)
        self.remember(
            "scorer options", {name: getattr(options, name) for name in REMEMBERED_OPTIONS}
        )

    def _as_last_time(self, options: ScorerOptions) -> ScorerOptions:
        """`options`, and what is not said in them as it was when the scorer was used last."""
        known = self.store.get_setting("scorer options", {})
        unsaid = [name for name in REMEMBERED_OPTIONS if not getattr(options, name)]
        return replace(options, **{name: known[name] for name in unsaid if name in known})

    def _cached(self, scorer: Scorer, side: Side) -> CachedScores | None:
        if _is_lookup(scorer):
            return None
        known = self.store.cached_scores(scorer.key(side))
        return CachedScores(
            self.identities, known.identities, known.scores, known.tokens, known.truncated
        )

    def _keep_scores(
        self,
        scorer: Scorer,
        side: Side,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        truncated: NDArray[np.bool_],
    ) -> None:
        if not self.read_only and not _is_lookup(scorer):
            self.store.add_scores(
                scorer.key(side), self.identities.identities(rows), scores, tokens, truncated
            )
        self.new_scores += len(rows)

    @property
    def last_scorer(self) -> str:
        """The scorer used last on this dataset, else the default one."""
        return str(self.store.get_setting("scorer", DEFAULT_SCORER))

    def scoring_result(self) -> dict[str, object]:
        """What was scored, as counts of rows of the side under review."""
        scored = int(np.count_nonzero(~np.isnan(self.scores)))
        key = self.scorer.key(self.side) if self.scorer is not None else None
        return {
            "scorer": self.scorer_spec,
            "revision": key.revision if key else "",
            "input_format": key.input_format if key else "",
            "rows": self.dataset.rows,
            "scored": scored,
            "new_scores": self.new_scores,
            "failed": int(np.count_nonzero(self.failed)),
            "broken": int(np.count_nonzero(self.dataset.broken)),
            "truncated": int(np.count_nonzero(self.board.truncated)),
        }

    def explain(self, row: int) -> tuple[str, ...]:
        """Why the scorer scored `row` as it did, a line each; empty where it cannot say."""
        if self.scorer is None or self.scorer.key(self.side).scorer != "heuristic":
            return ()
        sample = self.dataset.sample(row, self.side)
        return tuple(map(str, explain(sample)))

    # -- the threshold -----------------------------------------------------------------------

    @property
    def direction(self) -> Direction:
        """Which side of the threshold is kept."""
        if self.threshold is not None:
            return self.threshold.direction
        if self._request is not None:
            return self._request.direction
        return self.scorer.direction if self.scorer is not None else Direction.AT_LEAST

    @property
    def threshold_text(self) -> str:
        """The threshold as it was asked for; empty where it is the scorer's own or a guess."""
        return str(self._request) if self._request is not None else ""

    def set_threshold(self, text: str, *, save: bool = True) -> Threshold | None:
        """Set what was typed: `1.5`, `top 1000`, `25%`, each with a direction if one likes.

        Args:
            text: what was typed.
            save: remember it; False while the mark is still being dragged.

        Returns:
            The bound it means now; None while there is no score to count rows by.

        Raises:
            UsageError: not understood.
        """
        self._request = parse_threshold(text, self.direction)
        self._resolved_at = -1
        if save:
            self.remember(self._threshold_setting, _exact(self._request))
        return self.resolve_threshold()

    def preview_threshold(self, text: str) -> str:
        """What a threshold would keep, in words, before it is set.

        Raises:
            UsageError: not understood.
        """
        threshold = parse_threshold(text, self.direction).resolve(self.scores)
        if threshold is None:
            return "no scores yet"
        summary = self._tallied().summary(threshold)
        return f"{threshold}: {summary.kept:,} rows ({summary.share_kept:.1%})"

    def resolve_threshold(self) -> Threshold | None:
        """The bound for the scores known now; cheap unless scores came since the last call."""
        if self._request is not None and self._request.value is not None:
            self.threshold = Threshold(self._request.value, self._request.direction)
        elif self._resolved_at != self.board.version:
            self._resolved_at = self.board.version
            if self._request is not None:
                self.threshold = self._request.resolve(self.scores)
            elif self.scorer is not None and self.scorer.start_threshold is not None:
                self.threshold = Threshold(self.scorer.start_threshold, self.scorer.direction)
            else:
                self._guess()
        return self.threshold

    def forget_threshold(self) -> None:
        """Back to the scorer's own, for now; what is remembered stays."""
        self.threshold, self._request, self._resolved_at, self._guessed_from = None, None, -1, 0

    def _recall_threshold(self) -> None:
        """Back to what was set for this scorer and side the last time, if anything."""
        self.forget_threshold()
        remembered = self.store.get_setting(self._threshold_setting)
        if isinstance(remembered, str):
            with contextlib.suppress(UsageError):  # of a version that knows more kinds
                self._request = parse_threshold(remembered)

    def _guess(self) -> None:
        """Take the median, anew only when the scores have doubled: a guess must not wobble."""
        known = self.scores[~np.isnan(self.scores)]
        grown = known.size >= max(2 * self._guessed_from, 1)
        settled = known.size + int(np.count_nonzero(self.failed | self.dataset.broken))
        finished = settled >= self.dataset.rows
        if grown or (finished and known.size > self._guessed_from):
            self._guessed_from = known.size
            self.threshold = Threshold(float(np.median(known)), self.direction, guess=True)

    @property
    def _threshold_setting(self) -> str:
        return f"threshold of {self.scorer_spec} ({self.side.value})"

    # -- what follows from it ----------------------------------------------------------------

    def outcomes(self, rows: slice = ALL_ROWS) -> Outcomes:
        """The outcome of every row, or of a run of them, with its reason."""
        return decide(
            self.verdicts[rows],
            self.scores[rows],
            self.failed[rows],
            self.dataset.broken[rows],
            self.threshold,
        )

    def summary(self) -> Summary:
        """Rows and tokens kept, by hand and by rule."""
        return self._tallied().summary(self.threshold)

    def _tallied(self) -> Tally:
        basis = (self.review.version, self.board.version, id(self.board), self.side)
        if self._tally is None or self._tally[0] != basis:
            tally = Tally(
                self.verdicts, self.scores, self.failed, self.dataset.broken, self.board.tokens
            )
            self._tally = (basis, tally)
        return self._tally[1]

    def score_bins(self, bins: int) -> histogram.ScoreBins | None:
        """The scores counted into `bins`; None while there are none."""
        return histogram.count(self.scores, self.verdicts, self.dataset.broken, bins)

    def margin(self) -> NDArray[np.float32]:
        """Chosen minus rejected score of preference data; NaN elsewhere.  (rows,)."""
        if self.sides == 1:
            return np.full(self.dataset.rows, np.nan, np.float32)
        margin: NDArray[np.float32] = self.board.scores[0] - self.board.scores[1]
        return margin

    # -- the view ----------------------------------------------------------------------------

    def filter_view(self) -> FilterView:
        """What a filter is evaluated against, as it stands now."""
        return FilterView(
            texts=self.dataset.texts,
            scores=self.board.scores,
            failed=self.failed,
            verdicts=self.verdicts,
            outcomes=self.outcomes(),
            lengths=self.dataset.lengths,
            tokens=self.board.tokens,
            broken=self.dataset.broken,
            remarked=self.dataset.remarked,
            side=self.side,
        )

    def matching(self, text: str) -> tuple[Filter, NDArray[np.bool_]]:
        """A filter, and the rows it lets through.

        Raises:
            UsageError: not understood, with the place.
        """
        chosen = parse_filter(text)
        return chosen, chosen.rows(self.filter_view())

    def order(self, sort: Sort, matching: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Row numbers as the table shows them.

        Args:
            sort: column and direction.
            matching: rows of the filter; None shows all.  (rows,)

        Returns:
            (shown,) row numbers.
        """
        order = self._sorted(sort)
        return order if matching is None else order[matching[order]]

    def _sorted(self, sort: Sort) -> NDArray[np.int64]:
        down = sort.descending
        numbers: dict[SortColumn, Callable[[], NDArray[np.generic]]] = {
            SortColumn.STATE: lambda: self.verdicts * 3 + self.outcomes().outcome,
            SortColumn.SCORE: lambda: self.scores,
            SortColumn.REJECTED_SCORE: lambda: self.board.scores[-1],
            SortColumn.MARGIN: self.margin,
            SortColumn.TOKENS: lambda: self.board.tokens,
            SortColumn.PROBLEM: lambda: -(self.dataset.broken * 2 + self.dataset.remarked),
        }
        if sort.column is SortColumn.ROW:
            rows = np.arange(self.dataset.rows, dtype=np.int64)
            return rows[::-1] if down else rows
        if sort.column in numbers:
            return by_number(numbers[sort.column](), descending=down)
        return by_text(self.dataset.texts[sort.column.value], descending=down)

    # -- getting it out ----------------------------------------------------------------------

    def review_state(self) -> ReviewState:
        """Everything an export says, as it stands now; the arrays in it do not change any more."""
        self.resolve_threshold()
        key = self.scorer.key(self.side) if self.scorer is not None else None
        return ReviewState(
            dataset=self.dataset,
            outcomes=self.outcomes(),
            verdicts=self.verdicts.copy(),
            scores=self.board.scores.copy(),
            identities=self.identities.all(),
            given=self._given,
            reviewers=self.review.reviewers(),
            summary=self.summary(),
            threshold=self.threshold,
            threshold_text=self.threshold_text,
            scorer=self.scorer_spec,
            revision=key.revision if key else "",
            score_key=key,
            session_path=self.store.path,
            side=self.side,
        )

    def _given(self, row: int) -> Given:
        event = self.last_decision(row)
        return Given(event.who, event.reason, event.note) if event is not None else Given()

    def default_plan(self) -> ExportPlan:
        """Beside the dataset, in the format that keeps its rows as they are.

        Where the session could not lie beside the dataset, the export will not either: then in
        the folder the person is in.
        """
        path = Path(os.path.abspath(self.dataset.path))  # noqa: PTH100 - links stay
        folder = path.parent if self.store.path.parent == path.parent else Path.cwd()
        stem = path.name.split(".")[0] or path.name
        names = (f"{stem}-kept" + (f"-{number}" if number else "") for number in itertools.count())
        free = next(name for name in names if not (folder / name).exists())
        return ExportPlan(folder / free, format=self.native_format)

    @property
    def native_format(self) -> ExportFormat:
        """The export format that needs no conversion of the source."""
        kind = self.dataset.source_kind
        if kind in (SourceKind.PARQUET, SourceKind.ARROW):
            return ExportFormat.PARQUET
        return ExportFormat.CSV if kind is SourceKind.CSV else ExportFormat.JSONL

    def describe_plan(self, plan: ExportPlan) -> list[str]:
        """What an export would write, and what would stop it, in words."""
        counts = preview(self.review_state(), plan)
        lines = []
        try:
            self.check_place(plan)
        except ExportError as error:
            lines.append(f"refused: {error}")
        lines += [
            f"{counts.kept:,} kept, {counts.dropped:,} dropped, {counts.pending:,} pending",
            f"writes {counts.written:,} rows, about {counts.size_bytes / 1e6:,.1f} MB",
        ]
        if counts.pending_blocks:
            lines.append(f"refused: {counts.pending:,} rows are pending; allow it, or wait")
        if self.threshold is not None and self.threshold.guess:
            lines.append("the threshold is a guess (the median): set one with t")
        return lines

    def check_place(self, plan: ExportPlan) -> None:
        """See, before any long work, that an export may be written where it was asked for.

        Raises:
            ExportError: it may not.
        """
        check_place(self.review_state(), plan)

    def export(
        self,
        plan: ExportPlan,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ExportReport:
        """Write the subset; see `engine.export.export` for what is raised."""
        return export(self.review_state(), plan, progress=progress, cancelled=cancelled)


class _AsRead:
    """A dataset as these options read it: other columns give other samples at the same rows."""

    def __init__(self, dataset: Dataset) -> None:
        found = dataset.fingerprint
        reading = f"{found.digest} {dataset.family} {sorted(dataset.columns.used().items())}"
        digest = blake2b(reading.encode("utf-8", "replace"), digest_size=16).hexdigest()
        self.fingerprint = replace(found, digest=digest)


def _login_name() -> str:
    """Who is at the keyboard; a number where the system knows no name (containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}"


def _is_lookup(scorer: Scorer) -> bool:
    """Whether scores are read from a table: they belong to rows, and cost nothing to read again."""
    return scorer.name.startswith(("column:", "file:"))


def _lasting(spec: str) -> str:
    """`spec` with a path in it made absolute: it is remembered longer than the working folder."""
    kind, _, what = spec.partition(":")
    if kind not in ("file", "hf") or not what:
        return spec
    path = os.path.abspath(os.path.expanduser(what))  # noqa: PTH100, PTH111 - links stay
    bare = path.rpartition(":" if kind == "file" else "#")[0]
    found = os.path.exists(path) or os.path.exists(bare)  # noqa: PTH110 - Path.exists() raises
    return f"{kind}:{path}" if found else spec


def _exact(request: ThresholdRequest) -> str:
    """A request as text from which the same one is read: every digit, always the direction."""
    if request.value is not None:
        text = repr(request.value)
    else:
        text = f"top {request.top}" if request.top else f"{request.share_or_zero * 100!r}%"
    return f"{request.direction.value} {text}"
