"""The simulator linked to the dataset under review: what its kept rows are, with sources.

It follows scores, verdicts and the threshold while they change. What is counted once per change
(cumulative counts, the sweep) and what is looked up when the threshold moves are kept apart, so
that moving it over a million rows stays a matter of milliseconds.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.clusters import Clusters
from engine.duplicates.contradictions import AnswerFloor, Contradictions
from engine.errors import UsageError
from engine.review.decision import Aspect, EventKind, Verdict
from engine.review.policy import Summary
from engine.review.review import Review
from engine.review.threshold import Direction, Threshold
from engine.scoring.figures import start_auc
from engine.scoring.worker.status import one_line
from engine.session.duplication import Duplicates
from engine.session.live_scoring import LiveScoring
from engine.session.orders import ReviewOrders
from engine.session.settings import SessionSettings
from engine.session.threshold_choice import ThresholdChoice
from engine.simulator.advice import ReviewPace, review_pace
from engine.simulator.cost import Savings, TrainingRun, training_cost
from engine.simulator.cumulative_counts import CumulativeCounts
from engine.simulator.duplication import DuplicateGroups, Duplication, exact_duplicates
from engine.simulator.isotonic import BadByScore, Labels
from engine.simulator.noise import AUC_RANGE, Assumption, NoiseEstimate, mean_with_help
from engine.simulator.prediction import Model, Point
from engine.simulator.sweep import NoiseModel, Sweep, estimate, point, sweep
from engine.statistics import exact_interval

Made = TypeVar("Made", bound=TrainingRun)

ASSUMED = "assumed noise"
"""The setting that holds what was assumed."""

SLOW_DUPLICATES = 50_000
"""With more rows in clusters than this, counting takes longer than a frame: a thread does it."""

SLOW_ROWS = 250_000
"""The same for rows at all: a million take 12 ms."""

TIMED_DECISIONS = 500
"""The pace of review is taken from so many of the last decisions."""


class LinkedSession(Protocol):
    """The part of a session that this module needs."""

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """Of the side under review.  (rows,)."""
        ...

    @property
    def threshold(self) -> Threshold | None:
        """The one that decides now."""
        ...

    @property
    def threshold_choice(self) -> ThresholdChoice:
        """Whose deciding scores the threshold is held against."""
        ...

    @property
    def excluded(self) -> NDArray[np.bool_]:
        """Rows that no rule can keep.  (rows,)."""
        ...

    @property
    def duplicates(self) -> Duplicates:
        """Which rows are duplicates, and which of them are dropped."""
        ...

    @property
    def orders(self) -> ReviewOrders:
        """Spot checks: their verdicts say how noisy the kept rows are."""
        ...

    def summary(self) -> Summary:
        """Rows and tokens kept."""
        ...


@dataclass(frozen=True, slots=True)
class Live:
    """The kept rows as the simulator sees them now."""

    point: Point | None
    """None while nothing is kept."""
    noise: NoiseEstimate | None
    """What the point's noise rests on; None without a threshold."""
    duplication: Duplication | None
    """Among the kept rows; None until duplicates have been looked for."""
    found_by: str
    """What counts as a duplicate, in words."""
    savings: Savings
    counts: CumulativeCounts
    """What all of this was worked out from."""
    floor: float | None = None
    """Share of the kept rows that must be wrong where only one answer is right; None until
    answers to the same question have been compared."""
    unchecked_beyond: float | None = None
    """Where the threshold keeps rows that no spot check was drawn from: how far one reaches."""


@dataclass(slots=True)
class _Assumed:
    """What a person set: the noise of this dataset, and an AUC per scorer."""

    noise: float | None = None
    auc: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, remembered: object) -> _Assumed:
        """As an earlier visit left it; what another version wrote is no obstacle."""
        found = cls()
        if not isinstance(remembered, dict):
            return found
        noise, aucs = remembered.get("noise"), remembered.get("auc")
        with contextlib.suppress(TypeError, ValueError, UsageError):
            if noise is not None:
                Assumption(noise=float(noise)).check()
                found.noise = float(noise)
        for spec, auc in aucs.items() if isinstance(aucs, dict) else ():
            with contextlib.suppress(TypeError, ValueError, UsageError):
                Assumption(auc=float(auc)).check()
                found.auc[spec] = float(auc)
        return found


class SimulatorLink:
    """See the module's docstring; one per session."""

    def __init__(
        self,
        session: LinkedSession,
        scoring: LiveScoring,
        review: Review,
        settings: SessionSettings,
        broken: NDArray[np.bool_],
        identities: Callable[[], NDArray[np.uint8] | None],
    ) -> None:
        """Link the simulator to a session.

        Args:
            session: threshold, verdicts and counts.
            scoring: scores of the side under review.
            review: decisions with their times.
            settings: where what was assumed is kept.
            broken: rows that could not be read.  (rows,)
            identities: of every row, hashed by now or when asked for, (rows, 16); None where the
                session was closed in the middle of it.
        """
        self._session, self._scoring, self._review = session, scoring, review
        self._settings, self._broken, self._identities = settings, broken, identities
        self._assumed = _Assumed.read(settings.get(ASSUMED))
        self._given: Assumption | None = None
        self.run = _restored(settings.config.training, settings.get("training run"))
        self.clusters: DuplicateGroups | None = None
        """Which rows are duplicates; None until they have been looked for."""
        self.uncounted = "not counted yet"
        """What is said in place of a number while `clusters` is None."""
        self._taken: Clusters | None = None
        """What `clusters` was made from, where it was near duplicates."""
        self._finding: threading.Thread | None = None
        self._counting: threading.Thread | None = None
        self.counting = False
        """Whether a thread makes the counts that `wait=False` did not wait for."""
        self._counted: tuple[object, CumulativeCounts] | None = None
        self._answers: tuple[Contradictions, AnswerFloor] | None = None
        self._fitted: tuple[Labels, Direction, BadByScore] | None = None
        self._sweeps: dict[Model, tuple[CumulativeCounts, NoiseModel, Sweep]] = {}

    # -- what is assumed ---------------------------------------------------------------------

    @property
    def assumption(self) -> Assumption:
        """What is assumed while there are no labels.

        The noise is this dataset's, the AUC that of the scorer at work: as set for it, else as
        measured where it was made, else the usual guess.
        """
        if self._given is not None:
            return self._given
        known = Assumption() if self._assumed.noise is None else Assumption(self._assumed.noise)
        spec = self._scoring.spec
        if (auc := self._assumed.auc.get(spec)) is not None:
            return replace(known, auc=auc, auc_from="set by you")
        if (measured := start_auc(spec)) is not None:
            return replace(
                known, auc=min(measured.value, AUC_RANGE[1]), auc_low=measured.low,
                auc_high=measured.high, auc_from=measured.source,
            )  # fmt: skip
        return known

    def assume(
        self, *, noise: float | None = None, auc: float | None = None, save: bool = True
    ) -> None:
        """Set what is assumed while there are no labels.

        Args:
            noise: share of bad rows in the whole set.
            auc: of the scorer at work.
            save: remember it; False while a slider is still being dragged.

        Raises:
            UsageError: no such noise or AUC.
        """
        known = self.assumption
        replace(
            known,
            noise=known.noise if noise is None else noise,
            auc=known.auc if auc is None else auc,
        ).check()
        if noise is not None:
            self._assumed.noise = noise
        if auc is not None:
            self._assumed.auc[self._scoring.spec] = auc
        if save:
            self._settings.remember(ASSUMED, asdict(self._assumed))

    def assume_for_this_run(self, assumption: Assumption) -> None:
        """Assume this and nothing else; not remembered.

        Raises:
            UsageError: no such noise or AUC.
        """
        assumption.check()
        self._given = assumption

    def train_with(self, run: TrainingRun) -> None:
        """Set how fast and dear training is; remembered.

        Raises:
            UsageError: no such run.
        """
        run.check()
        self.run = run
        self._settings.remember("training run", asdict(run))

    # -- duplicates --------------------------------------------------------------------------

    def take_clusters(self) -> None:
        """Count near duplicates from now on, where a search has found them."""
        found = self._session.duplicates.clusters
        if found is not None and found is not self._taken:
            self._taken = found
            name = f"near duplicates at {found.similarity:.2f}"
            self.clusters = DuplicateGroups(found.label, len(found), name)

    def find_duplicates(self) -> None:
        """Look for exact duplicates, unless a search has found near ones already."""
        self.take_clusters()
        identities = self._identities() if self.clusters is None else None
        if identities is not None:
            found = exact_duplicates(identities)
            self.clusters = self.clusters or found
        elif self.clusters is None:
            self.uncounted = "not counted: the file has changed since it was opened"

    def find_duplicates_in_background(self) -> None:
        """The same in a thread of its own; `clusters` is there when it has ended.

        Where that fails, the panel says why, and the next call tries again.
        """
        at_work = self._finding is not None and self._finding.is_alive()
        if not at_work and self.clusters is None:
            self._finding = threading.Thread(
                target=self._find_or_say_why, name="exact duplicates", daemon=True
            )
            self._finding.start()

    def _find_or_say_why(self) -> None:
        try:
            self.find_duplicates()
        except Exception as error:  # noqa: BLE001 - the simulator does without
            uncounted = f"not counted: {one_line(error)}"
            self._finding, self.uncounted = None, uncounted  # whoever reads why can try again

    # -- what is known now -------------------------------------------------------------------

    @property
    def _basis(self) -> object:
        """Changes with everything that the counts depend on."""
        board, duplicates = self._scoring.board, self._session.duplicates
        return (
            id(board), board.version, self._review.version, self._scoring.side,
            id(self.clusters), self._direction, duplicates.version,
            self._session.threshold if duplicates.by_threshold else None,
            self._session.threshold_choice.version,
        )  # fmt: skip

    @property
    def threshold_value(self) -> float | None:
        """Of the threshold that holds; None where none does."""
        threshold = self._session.threshold
        return None if threshold is None else threshold.value

    @property
    def _direction(self) -> Direction:
        threshold = self._session.threshold
        return threshold.direction if threshold is not None else Direction.AT_LEAST

    @property
    def newest(self) -> CumulativeCounts | None:
        """The counts made last; None before the first."""
        known = self._counted
        return known[1] if known is not None else None

    @property
    def behind(self) -> bool:
        """Whether the counts are out of date: something has changed since."""
        known = self._counted
        return known is None or known[0] != self._basis

    def counts(self, *, wait: bool = True) -> CumulativeCounts:
        """What any threshold keeps.

        Args:
            wait: False: where many rows make counting slow, the counts of a moment ago, while a
                thread makes those of now (`counting` until then).
        """
        self.take_clusters()
        basis, known = self._basis, self._counted
        if known is not None and known[0] == basis:
            return known[1]
        slow = len(self._broken) > SLOW_ROWS or (
            self.clusters is not None and self.clusters.rows > SLOW_DUPLICATES
        )
        if wait or known is None or not slow:
            self._counter(basis)()
        elif not self.counting:
            self.counting = True
            count = self._counter(basis)
            self._counting = threading.Thread(target=count, name="counts", daemon=True)
            self._counting.start()
        assert self._counted is not None
        return self._counted[1]

    def _counter(self, basis: object) -> Callable[[], None]:
        """Counts what is under review now, whenever and in whichever thread it is called."""
        scores, verdicts = self._session.threshold_choice.deciding, self._session.verdicts
        direction, clusters, excluded = self._direction, self.clusters, self._session.excluded

        def count() -> None:
            try:
                duplicates = self._session.duplicates.dropped()
                out = excluded if duplicates is None else excluded | (duplicates.matched >= 0)
                copies = self._review.copies.astype(np.int64) if self._review.copied else None
                made = CumulativeCounts(
                    scores, verdicts, out, direction, clusters=clusters, copies=copies
                )
            finally:
                self.counting = False  # first: whoever sees the new counts may count on
            self._counted = (basis, made)

        return count

    def labels(self) -> Labels:
        """Verdicts of the spot checks drawn under the scorer at work, with the scores of now."""
        direction = self._direction
        checks = self._session.orders.checks_of(self._scoring.spec, direction)
        if not checks:
            return Labels(np.zeros(0), np.zeros(0, np.bool_))
        rows = np.unique(np.concatenate([check.rows for check in checks]))
        verdicts, scores = self._session.verdicts[rows], self._scoring.scores[rows]
        said = np.isin(verdicts, (Verdict.ACCEPT, Verdict.REJECT)) & ~np.isnan(scores)
        answers = map(self._session.orders.answers, checks)
        loosest = min if direction is Direction.AT_LEAST else max
        return Labels(
            scores[said].astype(np.float64),
            verdicts[said] == Verdict.REJECT,
            loosest(check.bound for check in checks),
            finished=any(len(said) and said.all() for said in answers),
        )

    def noise_model(self) -> NoiseModel:
        """The best source available: enough labels, else what is assumed."""
        labels = self.labels()
        if not labels.enough:
            return self.assumption
        known, direction = self._fitted, self._direction
        if known is None or known[1] is not direction or not known[0].same_as(labels):
            fit = BadByScore(labels, better_is_higher=direction is Direction.AT_LEAST)
            known = self._fitted = (labels, direction, fit)
        return known[2]

    def noise_basis(self) -> dict[str, object]:
        """What the noise rests on, as plain values: the assumption, or the labels.

        Beside the fit stand the share among the labels that the threshold keeps (exact), and the
        same with the scores' help (PPI++): where they disagree, the fit says too much.
        """
        model, threshold = self.noise_model(), self._session.threshold
        if isinstance(model, Assumption):
            return {"assumed": asdict(model)}
        labels = self.labels()
        values: dict[str, object] = {"labels": model.labels, "bad": model.bad}
        if threshold is None:
            return values
        kept = threshold.keeps(labels.scores.astype(np.float32))
        asked, bad = int(kept.sum()), int(labels.bad[kept].sum())
        values["kept_labels"], values["kept_bad"] = asked, bad
        if asked > 1:
            values["exact"] = list(exact_interval(bad, asked))
            better = 1.0 if self._direction is Direction.AT_LEAST else -1.0
            everyone = self._scoring.scores[threshold.keeps(self._scoring.scores)]
            share, error = mean_with_help(
                labels.bad[kept], -better * labels.scores[kept], -better * everyone
            )
            values["with_scores"] = {"share": share, "standard_error": error}
        return values

    def live(self, *, wait: bool = True) -> Live:
        """The kept rows as they are now; `wait` as for `counts`."""
        counts, threshold = self.counts(wait=wait), self._session.threshold
        kept = counts.at(threshold)
        noise, reach = None, None
        if threshold is not None:
            model = self.noise_model()
            noise = estimate(counts, kept, threshold, model)
            if isinstance(model, BadByScore) and model.beyond(np.array([threshold.value])).any():
                reach = self.labels().reach
        clusters = counts.clusters
        return Live(
            point=point(kept, noise),
            noise=noise,
            counts=counts,
            duplication=None
            if clusters is None
            else Duplication(
                round(float(kept.rows)), round(float(kept.distinct)), float(kept.effective)
            ),
            found_by=self.uncounted if clusters is None else clusters.found_by,
            savings=self.savings(),
            floor=self._floor(counts),
            unchecked_beyond=reach,
        )

    def _floor(self, counts: CumulativeCounts) -> float | None:
        """Kept rows that contradict kept ones, as a share; None where nobody has looked."""
        found = self._session.duplicates.contradictions
        if found is None:
            return None
        if self._answers is None or self._answers[0] is not found:
            self._answers = (found, AnswerFloor(found))
        answers = self._answers[1]
        wrong = answers.wrong(counts.keeps(self._session.threshold, answers.rows))
        return wrong / max(self._session.summary().kept, 1)

    def savings(self) -> Savings:
        """Training on what is kept, beside training on all of it."""
        summary = self._session.summary()
        return Savings(
            whole=training_cost(
                self.run,
                summary.rows - summary.broken,
                summary.tokens,
                estimated=summary.estimated,
            ),
            kept=training_cost(
                self.run, summary.kept, summary.tokens_kept, estimated=summary.kept_estimated
            ),
        )

    def sweep(self, model: Model = Model.CALIBRATED, *, wait: bool = True) -> Sweep | None:
        """Performance over all thresholds; None while nothing is scored; `wait` as for `counts`."""
        counts, noise = self.counts(wait=wait), self.noise_model()
        if not len(counts.edges):
            return None
        known = self._sweeps.get(model)
        if known is None or known[0] is not counts or known[1] != noise:
            known = self._sweeps[model] = (counts, noise, sweep(counts, noise, model))
        return known[2]

    def pace(self) -> ReviewPace:
        """How fast this person reviews, from the last single decisions."""
        recent = (
            event.at
            for event in reversed(self._review.events)
            if event.kind is EventKind.DECIDE
            and event.said.aspect is Aspect.VERDICT
            and len(event.rows) == 1
        )
        times = [datetime.fromisoformat(at).timestamp() for at in islice(recent, TIMED_DECISIONS)]
        return review_pace(times[::-1])


def _restored(made: Made, remembered: object) -> Made:
    """`made` with what an earlier visit set; a file that another version wrote is no obstacle."""
    if not isinstance(remembered, dict):
        return made
    known = {
        field.name: remembered[field.name] for field in fields(made) if field.name in remembered
    }
    try:
        found = replace(made, **known)
        found.check()
    except (TypeError, UsageError):
        return made
    return found
