"""A review: one dataset, one session file, one scorer at work, and what the reviewer said.

The screen and the command line both hold this and nothing below it. It owns the arrays that
they read (verdicts, scores, outcomes: one slot per row), and every change goes through it: what
a person decided is on disk when the call returns.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.edited_rows import Revision
from engine.dataset.identities import IdentityTable
from engine.dataset.reading.mapping_file import mapping_of, mapping_values
from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.duplicates.duplication_rate import KeptDuplication, kept_duplication
from engine.errors import InputError, StoreError, UsageError
from engine.hub.address import short_name
from engine.preferences.config import Config
from engine.review import histogram
from engine.review.decision import (
    BITMAP_ROWS,
    MOST_COPIES,
    Aspect,
    Event,
    Said,
    SampleTable,
    StoredEvent,
    Verdict,
)
from engine.review.policy import Outcome, Outcomes, Summary, Tally, decide, without_duplicates
from engine.review.rank import Population, Ranked, ranked_text
from engine.review.review import Change, Review
from engine.review.threshold import Threshold
from engine.sample import Family, Side
from engine.scoring import ScorerOptions
from engine.scoring.worker.board import ScoreBoard
from engine.session.annotations import Annotations
from engine.session.binding import FORMAT_1, Binding, Located
from engine.session.choices import SCORER, SIDE, Choices, as_json, chosen_in, of_json
from engine.session.cluster_review import ClusterReview
from engine.session.column_choice import ColumnChoice
from engine.session.duplication import Duplicates
from engine.session.edits import Edits
from engine.session.frequencies import frequent_values
from engine.session.live_scoring import LiveScoring
from engine.session.orders import ReviewOrders
from engine.session.other_columns import FrequentValues, OtherColumns
from engine.session.recorder import Recorder
from engine.session.settings import SavedFilters, SessionSettings
from engine.session.simulation import Simulation
from engine.session.simulator_link import SimulatorLink
from engine.session.threshold_choice import RankBasis, ThresholdChoice
from engine.session.view import SessionView
from engine.store import Store, session_path
from engine.ui_priority import UiPriority

ALL_ROWS = slice(None)

HASHING_S = 5.0
"""Closing waits so long for the hashing of rows."""

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it, and of how much (None: unknown)."""


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How to open a dataset and its session; what the command line's flags say."""

    reading: ReadOptions = field(default_factory=ReadOptions)
    """How rows are read, where that is not to be detected; a mapping is remembered."""
    columns_chosen: bool = False
    """A person has just chosen how columns are read, though that be as detected."""
    session: Path | None = None
    reviewer: str | None = None
    read_only: bool = False
    demo: bool = False
    fresh: bool = False
    config: Config = field(default_factory=Config)
    """Preferences, for what neither the flags above nor the session itself say."""


class Session:
    """See the module's docstring; made by `Session.open`, ended by `close`."""

    def __init__(
        self, dataset: Dataset, store: Store, reviewer: str, config: Config | None = None
    ) -> None:
        self.dataset = dataset
        self.store = store
        self.reviewer = reviewer
        self.title = short_name(dataset.name)
        """What the dataset is called."""
        self.notices: list[str] = list(store.warnings)
        """What a person should hear of, in the order it was found."""
        self.ui_priority = UiPriority()
        """Asked by the screen when a key is pressed."""
        self.identities = IdentityTable(dataset.rows, dataset.identities)
        self.config = config or Config()
        """What the person prefers; the session's own settings go before it."""
        self._settings = SessionSettings(store, self.notices, self.config)
        self.sides = 2 if dataset.has_sides else 1
        self.review = Review(store, self.identities, sides=self.sides, rows=dataset.rows)
        self.choices = Choices(
            self.review, self._settings, lambda: self._recorder.seen(self.side), self.notices,
            read_only=store.read_only,
        )  # fmt: skip
        """What was said of the review as a whole."""
        self.scoring = LiveScoring(
            dataset, store, self.identities, self._settings, self.choices, self.ui_priority
        )
        self.threshold_choice = ThresholdChoice(
            self.scoring, self.choices, self.config.threshold, dataset.broken, self.identities,
            RankBasis(
                lambda: Population.of(self.verdicts, dataset.broken, self.empty),
                lambda: self.duplicates.kept_after if self.duplicates.judging else None,
                lambda: (self.review.version, self.duplicates.rule_version),
            ),
        )  # fmt: skip
        self._recorder = Recorder(
            self.review, self.scoring, self.threshold_choice, self.choices,
            read_only=store.read_only,
        )  # fmt: skip
        self.annotations = Annotations(
            self.review, self.scoring, dataset.broken, self._recorder, self.config.reasons
        )
        """Reasons, notes and tags."""
        self.edits = Edits(dataset, self.review, self._recorder, self._revised)
        """Samples whose text was edited; the source stays as it is."""
        self.duplicates = Duplicates(
            dataset, store, self.scoring, self.review, self._settings, self.choices,
            self.ui_priority, self.notices, lambda: self.threshold, lambda: self.edits.texts,
            lambda: self.excluded, self.threshold_choice,
        )  # fmt: skip
        """Which rows are duplicates; the rule that drops them is off until it is set."""
        self.clusters = ClusterReview(self)
        """Which clusters are listed, and what is decided about them."""
        self.simulator_link = SimulatorLink(
            self, self.scoring, self.review, self._settings, dataset.broken, self._all_identities
        )
        """The simulator, fed with the rows kept now."""
        self.simulation = Simulation(self.simulator_link, self._settings)
        """What its panel shows."""
        self.orders = ReviewOrders(
            self, dataset, self.scoring, self.review, self.identities, store, self._settings
        )
        """Review orders and spot checks."""
        self._blind = bool(self._settings.get("blind", False))
        self.filters = SavedFilters(self._settings)
        """Filters kept under a name."""
        self.other_columns = OtherColumns(dataset)
        """The columns beside those that samples are read from."""
        self.frequent_values = FrequentValues(partial(frequent_values, self))
        """For the completion of filters."""
        self.column_choice = ColumnChoice(self, self._settings)
        """Which columns the table shows."""
        self.view = SessionView(self, self._settings)
        """Which rows are shown, and in what order."""
        self.reading = ReadOptions()
        """How the rows are read."""
        self._of_format_1: list[StoredEvent] = []
        """Events that have not been brought to this format, with their rows here."""
        self.found = Located()
        """How the samples of earlier events were found."""
        self._tally: tuple[object, Tally] | None = None
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
        reviewer = options.reviewer or options.config.reviewer or login_name()
        place = session_path(path, explicit=options.session, demo=options.demo)
        reading = replace(options.reading, placeholders=options.config.placeholders)
        named = options.columns_chosen or reading.mapping != ColumnMapping()
        if not named and not options.fresh:
            reading = replace(reading, mapping=remembered_mapping(place))
        dataset = open_dataset(path, reading, progress=progress, cancelled=cancelled)
        try:
            store = Store.open(
                place, reviewer=reviewer, read_only=options.read_only, fresh=options.fresh
            )
        except BaseException:
            dataset.close()
            raise
        try:
            session = cls(dataset, store, reviewer, options.config)
            session.title = "demo" if options.demo else short_name(dataset.name)
            session._restore(progress, reading)
            if named:
                session._read_as(reading.mapping, chosen=options.columns_chosen)
            elif reading.mapping != ColumnMapping():
                session.notices.append("columns are read as they were named the last time")
            session.reading = reading
        except BaseException:
            store.close()
            dataset.close()
            raise
        return session

    def _restore(self, progress: Progress | None, options: ReadOptions) -> None:
        binding = Binding(self.dataset, self.identities, self.store.datasets(), options)
        bound = self.store.bind(self.dataset)
        previous = bound.previous
        changed = previous is not None and not binding.same_rows(previous.digest, previous.reading)
        if changed and progress is not None:
            progress("the dataset changed: matching verdicts", 0, self.dataset.rows)
        history = list(self.store.events())
        places, self.found = binding.places(history, self.sides)
        self.review.replay(history, places, filter(binding.counts, history))
        self._of_format_1 = [
            replace(
                each, event=replace(each.event, rows=places.get(each.event.id, each.event.rows))
            )
            for each in history
            if each.identity_version == FORMAT_1
        ]
        if changed:
            self.notices.append(self._change_notice())
        if self.sides == 2:
            self.scoring.side = self._chosen_side
        self.duplicates.recall()
        self.edits.restore()
        if self.edits.unmade:
            self.notices.append(
                f"{self.edits.unmade:,} edits stay on file: their rows have no place for them now"
            )
        self.orders.restore(binding, self.notices)

    def _read_as(self, mapping: ColumnMapping, *, chosen: bool) -> None:
        """Keep how columns are read: chosen in the desk, or named by flags."""
        text = as_json(mapping_values(mapping))
        if chosen:
            self.choices.say(Aspect.MAPPING, text)
        else:
            self.choices.came(Aspect.MAPPING, text)
            self.choices.keep_or_tell()

    def _change_notice(self) -> str:
        kept = int(np.count_nonzero(self.review.verdicts))
        text = "the dataset has changed since the last time, or its columns are read as others"
        if kept or self.review.lost:
            text += f": {kept:,} verdicts still match"
        if self.review.lost:
            text += f", {self.review.lost:,} of samples that are gone stay on file"
        return text

    def hash_in_background(self) -> None:
        """Start hashing every row, so that an export need not wait for it.

        When it is done, the file learns which of identical samples the decisions are about.
        """
        self._hasher = threading.Thread(target=self._hash_all, name="hashing", daemon=True)
        self._hasher.start()

    def _hash_all(self) -> None:
        # A source that changes while it is open is told to whoever needs the rest of it.
        with contextlib.suppress(InputError):
            if self.identities.complete(self._closing.is_set):
                self.review.count_occurrences()
                self._bring_to_format_2()

    def _bring_to_format_2(self) -> None:
        """Keep on file which samples, as they are known now, the events of format 1 are about.

        Events of which a sample is not here stay as they are: another file may hold it.
        """
        identities, occurrences = self.identities.all(), self.identities.occurrences()
        digest, reading = self.dataset.source_digest, self.dataset.reading_digest
        here = [each for each in self._of_format_1 if (each.event.rows >= 0).all()]
        if self.read_only or not here:
            return
        with contextlib.suppress(StoreError):
            self.store.place(
                [
                    StoredEvent(
                        each.event, identities[each.event.rows], occurrences[each.event.rows],
                        digest, reading,
                    )
                    for each in here
                ]
            )  # fmt: skip
            self._of_format_1 = []

    def _all_identities(self) -> NDArray[np.uint8] | None:
        """Of every row, (rows, 16); None where closing or a changed source came first."""
        if self._hasher is not None:
            self._hasher.join()
        with contextlib.suppress(InputError):
            if self.identities.complete(self._closing.is_set):
                return self.identities.all()
        return None

    def close(self) -> None:
        """Stop scoring, write what is left, and let go of the files. Safe to call twice.

        Where decisions were made before every row was hashed, that is waited for a few seconds:
        before the next visit the dataset may be another one.
        """
        waits = self.review.uncounted or (self._of_format_1 and not self.read_only)
        if waits and not self._closing.is_set():
            if self._hasher is None:
                self.hash_in_background()
            self._join_hasher()
        self._closing.set()
        self.view.stop()
        self.frequent_values.stop()
        self.duplicates.stop()
        self.clusters.wait()
        self.scoring.stop()
        self.choices.keep_or_tell()
        self._join_hasher()
        self.store.close()
        self.dataset.close()

    def _join_hasher(self) -> None:
        if self._hasher is not None:
            self._hasher.join(timeout=HASHING_S)

    @property
    def read_only(self) -> bool:
        """Whether verdicts can be given at all."""
        return self.store.read_only

    @property
    def keeps_choices(self) -> bool:
        """Whether scorer and threshold of this visit are on file: some scorer can read the rows."""
        return not self.read_only and self.dataset.family is not Family.OTHER

    def remember(self, name: str, value: object) -> None:
        """Keep a setting for the next visit; where that fails, `notices` says so."""
        self._settings.remember(name, value)

    # -- the side under review ---------------------------------------------------------------

    @property
    def side(self) -> Side:
        """Which response of preference data is under review."""
        return self.scoring.side

    @property
    def reviews_rejected(self) -> bool:
        """Whether it is the rejected one."""
        return self.scoring.side_index == 1

    def review_side(self, side: Side) -> None:
        """Turn to the other response of preference data: its verdicts, scores and threshold.

        Raises:
            StoreError: it could not be written; nothing has changed.
        """
        self.choices.say(Aspect.FOCUS, str(side), SIDE)
        self._turn_to(side)

    def _turn_to(self, side: Side) -> None:
        self.scoring.side = side
        self.orders.leave()
        self.threshold_choice.recall()

    @property
    def _chosen_side(self) -> Side:
        return Side.named(self.choices.get(Aspect.FOCUS, SIDE) or str(Side.CHOSEN))

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """Of the side under review.  (rows,)."""
        verdicts: NDArray[np.int8] = self.review.verdicts[self.scoring.side_index]
        return verdicts

    @property
    def scores(self) -> NDArray[np.float32]:
        """Of the side under review, NaN where there is none.  (rows,)."""
        return self.scoring.scores

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Of the side under review.  (rows,)."""
        return self.scoring.failed

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Samples whose response, on the side under review, has nothing to train on.  (rows,)."""
        empty: NDArray[np.bool_] = self.edits.empty_responses(self.scoring.side_index)
        return empty

    @property
    def excluded(self) -> NDArray[np.bool_]:
        """Rows that no rule can keep: unreadable, or empty and not accepted by hand.  (rows,)."""
        empty = self.empty & (self.verdicts != Verdict.ACCEPT)
        excluded: NDArray[np.bool_] = self.dataset.broken | empty
        return excluded

    # -- verdicts ----------------------------------------------------------------------------

    def decide(self, rows: NDArray[np.int64], verdict: Verdict) -> Change | None:
        """Give `verdict` to `rows`, as one event; None where it changes nothing.

        Broken rows are left out: there is no sample to decide about.

        Raises:
            UsageError: the session is open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        rows = rows[~self.dataset.broken[rows]]
        changed = rows[(self.verdicts[rows] != verdict) | self.orders.awaits(rows)]
        again = verdict is Verdict.REJECT and not len(changed)
        self.annotations.rejected_again(rows if again else None)
        return self._recorder.say(Said(verdict), changed) if len(changed) else None

    def decide_each(
        self,
        rows: NDArray[np.int64],
        verdicts: NDArray[np.int8],
        *,
        reason: str = "",
        note: str = "",
    ) -> Change | None:
        """Give each of `rows` its own verdict, as one event; None where that changes nothing.

        Args:
            rows: each at most once; broken ones are left out.  (n,)
            verdicts: of each.  (n,)
            reason: code of the reason.
            note: of the decision, for all of them.

        Raises:
            UsageError: the session is open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        changes = (self.verdicts[rows] != verdicts) & ~self.dataset.broken[rows]
        rows, verdicts = rows[changes], verdicts[changes]
        if not len(rows):
            return None
        said = Said(Verdict(int(verdicts[0])), reason, note, values=verdicts.astype(np.int32))
        return self._recorder.say(said, rows)

    def take_over(self, given: Sequence[Event]) -> None:
        """Put verdicts on file that were given elsewhere, under the names of those who gave them.

        All of it is written at once, or nothing; one undo takes it back.

        Args:
            given: their rows ascending.

        Raises:
            UsageError: the session is open read-only.
            InputError: the source was changed in place since it was opened.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        self.choices.keep()
        self.annotations.rejected_again(None)
        samples = SampleTable(self.identities.all(), self.identities.occurrences())
        history = self.review.events
        group = (history[-1].id if history else 0) + 1  # the number that the first of them gets
        stored = [
            StoredEvent(
                replace(event, together=group), samples.identities[event.rows],
                samples.occurrences[event.rows],
                samples=samples if len(event.rows) > BITMAP_ROWS else None,
            )
            for event in given
        ]  # fmt: skip
        self.review.follow(self.store.append_given(stored))

    @property
    def copies(self) -> NDArray[np.int32]:
        """How often an export writes each row, where it keeps it; 1 unless set.  (rows,)."""
        return self.review.copies

    def set_copies(self, rows: NDArray[np.int64], times: int) -> Change | None:
        """Let an export write each of `rows` so often, as one event that `undo` knows.

        KeptDuplication, simulator and manifest count it. It says nothing of whether a row is kept.

        Args:
            rows: broken ones are left out.  (n,)
            times: 1 to `MOST_COPIES`.

        Returns:
            None where it changes nothing.

        Raises:
            UsageError: so often is not possible, or the session is open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        if not 1 <= times <= MOST_COPIES:
            raise UsageError(
                f"a sample is exported 1 to {MOST_COPIES} times, not {times}", "2 and 3 are usual"
            )
        rows = rows[(self.copies[rows] != times) & ~self.dataset.broken[rows]]
        if not len(rows):
            return None
        values = np.full(len(rows), times, np.int32)
        return self._recorder.say(Said(aspect=Aspect.COPIES, values=values), rows)

    def undo(self) -> Change | None:
        """Take back the last thing of any kind that changes what is exported; None: there is none.

        A run of nudges, and a switch to a scorer that is still being loaded, are such things.

        Raises:
            UsageError: the session is open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        if self.scoring.is_switching:
            self.choices.came(Aspect.FOCUS, self.scoring.asked_for, SCORER)
        self.choices.keep()
        return self._followed(self.review.undo())

    @property
    def undoable(self) -> bool:
        """Whether there is anything that `undo` can take back."""
        waits = self.choices.is_moving or self.scoring.is_switching
        return self.review.undoable > 0 or waits

    def redo(self) -> Change | None:
        """Give again what was undone last; None where there is nothing.

        Raises:
            UsageError: the session is open read-only.
            StoreError: it could not be written; nothing has changed.
        """
        self._recorder.check_writable()
        self.choices.keep()
        return self._followed(self.review.redo())

    def _followed(self, change: Change | None) -> Change | None:
        """`change`, once texts, scorer, side, threshold and duplicates are as it says.

        How columns are read takes opening the dataset anew: see `chosen_mapping`.
        """
        self.edits.follow(change)
        for event in () if change is None else change.decisions:
            match event.said.aspect, event.said.subject:
                case Aspect.THRESHOLD, _:
                    self.threshold_choice.recall()
                case Aspect.FOCUS, "side":
                    self._turn_to(self._chosen_side)
                case Aspect.FOCUS, _:
                    self.scoring.go_back()
                    self.threshold_choice.recall()
                case ((Aspect.RULE | Aspect.SIMILARITY | Aspect.KEEPER | Aspect.CUT), _):
                    self.duplicates.recall()
                    self.duplicates.require()
                case _:
                    continue
            self.threshold_choice.resolve()
        return change

    @property
    def chosen_mapping(self) -> ColumnMapping:
        """How columns are to be read; after an undo, unlike how they are."""
        return _mapping(self.choices.get(Aspect.MAPPING))

    def _revised(self, revisions: Mapping[int, Revision], rows: NDArray[np.int64]) -> None:
        """Score and compare again the rows whose text has changed."""
        self.scoring.revise(revisions, rows)
        self.duplicates.refresh()

    def last_decision(self, row: int) -> Event | None:
        """The decision behind the verdict that `row` has now."""
        return self.review.last(row, self.side)

    # -- scores and threshold ----------------------------------------------------------------

    @property
    def board(self) -> ScoreBoard:
        """Scores, failures and tokens of both sides."""
        return self.scoring.board

    def start_scoring(
        self, spec: str | None, options: ScorerOptions | None = None, *, retry_failed: bool = False
    ) -> None:
        """Score with another scorer, and decide by its threshold; see `LiveScoring.start`."""
        self.choices.keep_or_tell()
        self.scoring.start(spec, options, retry_failed=retry_failed)
        self.threshold_choice.recall()

    def fall_back(self) -> str:
        """Go back to the scorer before one that cannot be loaded; see `LiveScoring.fall_back`."""
        spec = self.scoring.fall_back()
        if spec:
            self.threshold_choice.recall()
        return spec

    @property
    def threshold(self) -> Threshold | None:
        """The threshold that decides now, as last resolved."""
        return self.threshold_choice.threshold

    def set_threshold(self, text: str, *, save: bool = True) -> Threshold | None:
        """Set what was typed; see `ThresholdChoice.set`."""
        return self.threshold_choice.set(text, save=save)

    def move_threshold(self, text: str) -> Threshold | None:
        """Nudge it; see `ThresholdChoice.move`."""
        return self.threshold_choice.move(text)

    def preview_threshold(self, text: str) -> str:
        """What a threshold would keep, in words, before it is set.

        Raises:
            UsageError: not understood.
        """
        bound = self.threshold_choice.bound_of(text)
        if bound is None:
            return "no scores yet"
        if isinstance(bound, Ranked):
            return f"{bound.threshold}: {ranked_text(bound)}"
        summary = self._summary(bound)
        return f"{bound}: {summary.kept:,} rows ({summary.share_kept:.1%})"

    # -- deciding blind ----------------------------------------------------------------------

    @property
    def blind(self) -> bool:
        """Whether scores, and what follows from them, are to be shown nowhere."""
        return self._blind

    def set_blind(self, *, on: bool) -> None:
        """Hide scores and suggestions from whoever decides, or show them; remembered."""
        self._blind = on
        self.remember("blind", on)

    def hides(self, row: int) -> bool:
        """Whether the score of `row`, and what the rules make of it, are not to be shown now.

        A verdict given by hand may be, the score behind it may not. Rows of a spot check are
        hidden until all of them have been seen.
        """
        return self._blind or row in self.orders.hidden

    def shown(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """`scores` to sort and filter by: NaN for the rows of a spot check under way.

        (..., rows) -> same
        """
        hidden = self.orders.hidden
        if not hidden:
            return scores
        shown = scores.copy()
        shown[..., list(hidden)] = np.nan
        return shown

    # -- what follows from them --------------------------------------------------------------

    def outcomes(self, rows: slice = ALL_ROWS) -> Outcomes:
        """The outcome of every row, or of a run of them, with its reason."""
        self._rank_anew()
        found = decide(
            self.verdicts[rows],
            self.threshold_choice.deciding[rows],
            self.failed[rows],
            self.dataset.broken[rows],
            self.threshold,
            self.empty[rows],
        )
        duplicates = self.duplicates.dropped()
        if duplicates is None:
            return found
        return without_duplicates(found, duplicates.matched[rows], duplicates.similarity[rows])

    def summary(self) -> Summary:
        """Rows and tokens kept, by hand and by rule."""
        self._rank_anew()
        return self._summary(self.threshold)

    def _rank_anew(self) -> None:
        """Let a rank rule follow what was decided since; any other threshold stays."""
        if self.threshold_choice.is_rank:
            self.threshold_choice.resolve()

    def _summary(self, threshold: Threshold | None) -> Summary:
        summary = self._tallied().summary(threshold)
        duplicates = self.duplicates.dropped(threshold)
        if duplicates is None or threshold is None:
            return summary
        rows = duplicates.rows
        lost = rows[threshold.keeps(self.threshold_choice.deciding[rows])]
        tokens = int(self.scoring.tokens[lost].sum(dtype=np.int64))
        return summary.without_duplicates(len(lost), tokens)

    def kept_duplication(self) -> KeptDuplication | None:
        """The duplication among the rows kept now, copies included; None while not known.

        Clusters are those of whole samples at the similarity shown; `hot` are their numbers.
        """
        clusters = self.duplicates.clusters
        if clusters is None:
            return None
        kept = self.outcomes().outcome == Outcome.KEPT
        return kept_duplication(clusters.label, kept, self.copies.astype(np.int64))

    def _tallied(self) -> Tally:
        choice = self.threshold_choice
        basis = (
            self.review.version, self.board.version, id(self.board), self.side, choice.version,
        )  # fmt: skip
        if self._tally is None or self._tally[0] != basis:
            scoring = self.scoring
            tally = Tally(
                self.verdicts, choice.deciding, self.failed, self.dataset.broken, scoring.tokens,
                scoring.estimated, self.empty,
            )  # fmt: skip
            self._tally = (basis, tally)
        return self._tally[1]

    def score_bins(self, bins: int) -> histogram.ScoreBins | None:
        """The scores counted into `bins`; None while there are none."""
        return histogram.count(self.scores, self.verdicts, self.dataset.broken, bins)


def remembered_mapping(session: Path) -> ColumnMapping:
    """The columns that were named when a session file was open the last time; none if it is new."""
    return _mapping(chosen_in(session, Aspect.MAPPING))


def _mapping(text: str | None) -> ColumnMapping:
    try:
        return mapping_of(of_json(text) or {})
    except (UsageError, AttributeError):  # of another version
        return ColumnMapping()


def login_name() -> str:
    """Who is at the keyboard; a number where the system knows no name (containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}"
