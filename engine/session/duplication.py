"""Duplicates in a session: what is found, shown at a similarity, and the rule that drops rows.

Whole samples, prompts and responses are compared separately; only whole samples are dropped. One
similarity holds for what is shown and for the rule, which is off until it is switched on.

The rule looks at all rows that a threshold could keep, not only at those that it keeps now: rows
are taken from best to worst, so what a row is dropped for is always better than the row itself,
and survives wherever the row does. One judgement therefore holds at every threshold, and moving
the threshold costs nothing.

What a screen does with it:

    search()            start, or go on, in the background; `stop` stops; `status` says how far
    missing             whether there is something left to search
    version             grows with everything that may look different; poll it
    move(similarity)    up: cut anew at once; below what was searched for: incomplete, and searched
    clusters_of(unit)   the clusters now, of as many rows as were searched so far
    table_of(clusters)  a line for each: size, similarities, scores, keeper, state
    split(unit, row)    cut one cluster higher than the others
    contradictions      questions with several answers
    set_rule            switch the rule on or off

Decisions about clusters are made by `engine.session.cluster_verdicts`, through the ordinary
verdicts.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.duplicates.clusters import Clusters, cut
from engine.duplicates.content import PairContent
from engine.duplicates.contradictions import Contradictions, contradictions
from engine.duplicates.meaning import USUAL
from engine.duplicates.rule import (
    PREFERENCES,
    Candidates,
    Dropped,
    NearlyTied,
    Preference,
    Ranking,
    drop,
    near_scores,
)
from engine.duplicates.settings import (
    DROP_FROM,
    STORE_FROM,
    ComparedUnit,
    SearchSettings,
    check_similarity,
    default_settings,
)
from engine.duplicates.table import ClusterTable, tabulate
from engine.errors import UsageError
from engine.review.decision import Aspect, Verdict
from engine.review.review import Review
from engine.review.threshold import Direction, Threshold
from engine.session.choices import OFF, ON, Choices, as_json, of_json
from engine.session.live_scoring import LiveScoring
from engine.session.searching import Found, Searches, SearchState, SearchStatus
from engine.session.settings import SessionSettings
from engine.session.splits import Splits
from engine.session.threshold_choice import ThresholdChoice
from engine.store import Store
from engine.ui_priority import UiPriority

__all__ = ["Duplicates", "SearchState", "SearchStatus"]

UNITS = (ComparedUnit.BOTH, ComparedUnit.PROMPT, ComparedUnit.RESPONSE)
"""In the order in which they are searched."""


class Duplicates:
    """See the module's docstring; one per session."""

    def __init__(
        self,
        dataset: Dataset,
        store: Store,
        scoring: LiveScoring,
        review: Review,
        remembered: SessionSettings,
        choices: Choices,
        ui_priority: UiPriority,
        notices: list[str],
        threshold: Callable[[], Threshold | None],
        texts: Callable[[], pl.DataFrame],
        excluded: Callable[[], NDArray[np.bool_]],
        choice: ThresholdChoice,
    ) -> None:
        """Prepare; nothing is searched before it is asked for.

        Args:
            dataset: whose rows.
            store: keeps what was found.
            scoring: scores of the side under review: the best row is kept.
            review: what was accepted is kept first, what was rejected is out.
            remembered: how texts are compared.
            choices: similarity, rule, preferences and splits.
            ui_priority: lets the screen go first.
            notices: where it is told that something could not be kept.
            threshold: the one that decides now.
            texts: columns prompt, response, rejected of every row, as they read now.
            excluded: rows that no rule can keep.  (rows,)
            choice: whose deciding scores the threshold is held against.
        """
        self._excluded, self._choice = excluded, choice
        self._dataset, self._scoring, self._review = dataset, scoring, review
        self._remembered, self._threshold, self._texts = remembered, threshold, texts
        self.version = 0
        """Grows with every change of what is found, shown, or dropped."""
        self._choices = choices
        self.at: float = DROP_FROM
        """The similarity of everything that is shown, and of the rule."""
        self.cosine = USUAL
        """The similarity by meaning of what is shown of it."""
        self.rule_on = False
        """Whether rows are dropped."""
        self.preferences: Sequence[Preference] = PREFERENCES
        """What makes a row the one to keep, the first first."""
        self.splits = Splits(choices, dataset.fingerprint.digest)
        """Clusters that are cut higher than the others."""
        self._searches = Searches(
            dataset, store, ui_priority, notices, texts, self.settings_of, self._cut,
            self._compare_answers, self._changed,
        )  # fmt: skip
        self._settings = _settings(remembered.get("duplicates compared"))
        self._judged: tuple[object, tuple[Dropped, NearlyTied]] | None = None
        self._judged_at: tuple[object, Dropped] | None = None
        self._near: tuple[object, float] | None = None
        self._order: tuple[object, NDArray[np.int64]] | None = None
        self._answers: tuple[object, Contradictions] | None = None

    def _changed(self) -> None:
        self.version += 1

    def recall(self) -> None:
        """Back to what was chosen: when a session is opened, and after an undo."""
        choices = self._choices
        self.rule_on = choices.get(Aspect.RULE) == ON
        self.preferences = _preferences(of_json(choices.get(Aspect.KEEPER)))
        self.splits.recall()
        self._show_from(_similarity(of_json(choices.get(Aspect.SIMILARITY))))

    # -- the search --------------------------------------------------------------------------

    @property
    def status(self) -> SearchStatus:
        """How far the search is."""
        return self._searches.status

    def settings_of(self, unit: ComparedUnit) -> SearchSettings:
        """What is compared and how, from which similarity on."""
        if unit is ComparedUnit.MEANING:
            return default_settings(unit, self.cosine)
        return replace(self._settings[unit], similarity=min(self.at, STORE_FROM))

    def configure(self, settings: SearchSettings) -> None:
        """Compare one part in another way: other shingles, permutations, seed, normalisation.

        Settings. What was found of it is forgotten, `search` finds it anew. The similarity is
        that of `move`.
        """
        self.stop()
        self._settings[settings.unit] = settings
        changed = [known.fields() for known in self._settings.values()]
        self._remembered.remember("duplicates compared", changed)
        self._searches.forget(settings.unit)
        self._changed()

    def search(self, units: Sequence[ComparedUnit] = UNITS) -> None:
        """Search in the background, or go on; results of earlier visits are there at once.

        What is being searched already is finished, too. Contradictions are looked for after the
        prompts.
        """
        self._searches.start(units)
        self._changed()

    @property
    def missing(self) -> bool:
        """Whether `search` would find what is neither known at this similarity nor searched."""
        return not all(self._known(unit) or unit in self._searches.wanted for unit in UNITS)

    def _known(self, unit: ComparedUnit) -> bool:
        """Whether a search would find nothing new."""
        answered = unit is not ComparedUnit.PROMPT or self.contradictions is not None
        return self._reaches(unit) and unit not in self._searches.outdated and answered

    def refresh(self) -> None:
        """Search again after edits; only rows whose text has changed are signed anew.

        Until the search has ended, what was found before still holds; an export waits for it.
        """
        self._searches.outdate()
        self._changed()

    def search_meaning(self, folder: Path, cosine: float = USUAL) -> None:
        """Compare whole samples by meaning, in the background: clusters of `ComparedUnit.MEANING`.

        They are shown from this cosine on, whatever the similarity of the others is, and nothing
        is ever dropped for them. `status` says what keeps a model from being used.

        Args:
            folder: of a sentence-transformers model.
            cosine: in (0, 1].

        Raises:
            UsageError: no such cosine.
        """
        self.cosine = check_similarity(cosine)
        self._searches.model = folder
        self.search((ComparedUnit.MEANING,))

    def move_meaning(self, cosine: float) -> None:
        """Show clusters of meaning from another cosine on; below what was compared, compare again.

        Raises:
            UsageError: no such cosine, or nothing has been compared by meaning.
        """
        self.cosine = check_similarity(cosine)
        found = self._searches.found.get(ComparedUnit.MEANING)
        if found is None or not found.reaches(cosine):
            if self._searches.model is None:
                raise UsageError("nothing has been compared by meaning", "name a model first")
            self.search((ComparedUnit.MEANING,))
        self._changed()

    def stop(self) -> None:
        """Stop the search; `search` goes on with it. Safe to call at any time."""
        self._searches.stop()

    def wait(self, tick: Callable[[SearchStatus], None]) -> SearchStatus:
        """Wait for the search, telling how far it is.

        Args:
            tick: called from time to time, and at the end.
        """
        return self._searches.wait(tick)

    def _reaches(self, unit: ComparedUnit) -> bool:
        found = self._searches.found.get(unit)
        return found is not None and found.reaches(self.at)

    # -- the similarity and the rule -----------------------------------------------------------

    def move(self, similarity: float, *, save: bool = True) -> None:
        """Show, and where the rule is on, drop, from another similarity on.

        Above what was searched for, what is known is cut anew. Below, it is cut as far as it is
        known (`Clusters.is_complete` says so), and the rest is searched for in the background.

        Args:
            similarity: in (0, 1].
            save: keep it, a run of moves as one step that undo takes back; False for one run.

        Raises:
            UsageError: no such similarity.
        """
        check_similarity(similarity)
        if save:
            self._choices.move(Aspect.SIMILARITY, as_json(similarity))
        self._show_from(similarity)

    def _show_from(self, similarity: float) -> None:
        self.at = similarity
        self._changed()
        found, wanted = self._searches.found, self._searches.wanted
        begun = [unit for unit in UNITS if unit in found or unit in wanted]
        units = [unit for unit in begun if not self._known(unit)]
        if units:
            self.search(units)

    def set_rule(self, similarity: float | None, *, save: bool = True) -> None:
        """Drop rows at least so similar to a kept one; None switches the rule off.

        What was found before is used where it reaches so low; otherwise the search starts.

        Args:
            similarity: in (0, 1].
            save: keep it, as one step that undo takes back; False for one run.

        Raises:
            UsageError: no such similarity.
            StoreError: it could not be written; nothing has changed.
        """
        said = {(Aspect.RULE, ""): OFF if similarity is None else ON}
        if similarity is not None:
            check_similarity(similarity)
            said = {(Aspect.SIMILARITY, ""): as_json(similarity), **said}
        if save:
            self._choices.say_together(said)
        self.rule_on = similarity is not None
        if similarity is not None:
            self._show_from(similarity)
        self._changed()
        self.require()

    def require(self) -> None:
        """Start what the rule needs and nobody has searched for yet, if it is on."""
        if not self.ready and ComparedUnit.BOTH not in self._searches.wanted:
            self.search((ComparedUnit.BOTH,))

    @property
    def similarity(self) -> float | None:
        """Rows at least so similar to a kept one are dropped; None while the rule is off."""
        return self.at if self.rule_on else None

    @property
    def ready(self) -> bool:
        """Whether everything is known that the rule, as set now, needs; always while it is off."""
        searched = (
            self._reaches(ComparedUnit.BOTH) and ComparedUnit.BOTH not in self._searches.outdated
        )
        return not self.rule_on or searched

    def prefer(self, preference: Preference) -> None:
        """Choose keepers by this, then as where nothing was said; undo takes it back.

        Raises:
            StoreError: it could not be written; nothing has changed.
        """
        preferences = (preference, *(each for each in PREFERENCES if each is not preference))
        self._choices.say(Aspect.KEEPER, as_json([each.value for each in preferences]))
        self.preferences = preferences
        self._changed()

    # -- clusters ------------------------------------------------------------------------------

    @property
    def clusters(self) -> Clusters | None:
        """Of whole samples, at the similarity of now; None while they are not all known."""
        return self.clusters_of(ComparedUnit.BOTH) if self._reaches(ComparedUnit.BOTH) else None

    def clusters_of(self, unit: ComparedUnit) -> Clusters | None:
        """The clusters of one part as far as they are known; None before anything is.

        Numbers of clusters change from one result to the next: hold on to a row of it instead.
        """
        found = self._searches.found.get(unit)
        return None if found is None else self._cut(unit, found)

    def content_of(self, clusters: Clusters) -> PairContent | None:
        """What tells apart the rows of some clusters; None while they are being searched."""
        found = self._searches.found.get(clusters.matches.settings.unit)
        return None if found is None else found.content

    def _cut(self, unit: ComparedUnit, found: Found) -> Clusters:
        """Cut what was found; the search does it before it is seen, so that no screen waits."""
        at = self.cosine if unit is ComparedUnit.MEANING else self.at
        basis, known = (at, self.splits.version), found.cut
        if known is None or known[0] != basis:
            bars = self.splits.bars(unit, found.matches.rows)
            made = cut(found.matches, at, bars=bars, large=found.large)
            known = found.cut = (basis, made)
        return known[1]

    def table_of(self, clusters: Clusters) -> ClusterTable:
        """A line for every one of some clusters."""
        return tabulate(clusters, self.candidates(), self._ranking(), self._verdicts)

    def split(self, unit: ComparedUnit, row: int, similarity: float | None) -> None:
        """Cut the cluster of `row` at a higher similarity than the others; None undoes it.

        A cluster that was split is still one for this: another similarity takes the place of the
        earlier one.

        Raises:
            UsageError: no such similarity.
        """
        if similarity is None:
            self.splits.join(unit, row)
        else:
            check_similarity(similarity)
            clusters, inside = self.clusters_of(unit), np.empty(0, np.int64)
            if clusters is not None and clusters.label[row] >= 0:
                inside = clusters.rows_of(int(clusters.label[row]))
            self.splits.split(unit, inside, row, similarity)
        self._changed()

    # -- contradictions --------------------------------------------------------------------------

    @property
    def contradictions(self) -> Contradictions | None:
        """Questions with several answers, at the similarity of now; None while not known."""
        known = self._answers
        return known[1] if known is not None and known[0] == self._answers_basis() else None

    def _answers_basis(self) -> tuple[Found | None, float, int]:
        return (self._searches.found.get(ComparedUnit.PROMPT), self.at, self.splits.version)

    def _compare_answers(self, unit: ComparedUnit) -> None:
        """In the thread of the search, when all of a part is known."""
        if unit is not ComparedUnit.PROMPT or self.contradictions is not None:
            return
        found, _, split = self._answers_basis()
        prompts = self.clusters_of(ComparedUnit.PROMPT)
        assert prompts is not None
        assert found is not None
        assert found.content is not None
        made = contradictions(prompts, self._texts(), found.content)
        self._answers = ((found, prompts.similarity, split), made)

    # -- the rule's judgement --------------------------------------------------------------------

    @property
    def _rules_before_basis(self) -> object:
        board = self._scoring.board
        return (
            board, board.version, self._review.version, self._scoring.side, self._direction,
            self._choice.version,
        )  # fmt: skip

    @property
    def _direction(self) -> Direction:
        threshold = self._threshold()
        return Direction.AT_LEAST if threshold is None else threshold.direction

    @property
    def _verdicts(self) -> NDArray[np.int8]:
        verdicts: NDArray[np.int8] = self._review.verdicts[self._scoring.side_index]
        return verdicts

    def candidates(self) -> Candidates:
        """Which rows the rules before this one keep now, and which were accepted by hand."""
        accepted, could = self._accepted_and_keepable()
        threshold = self._threshold()
        if threshold is None:
            return Candidates(accepted.copy(), accepted)
        return Candidates(accepted | (could & threshold.keeps(self._choice.deciding)), accepted)

    def _accepted_and_keepable(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Rows accepted by hand, and rows that some threshold keeps.  both (rows,)."""
        readable = ~self._excluded()
        accepted = readable & (self._verdicts == Verdict.ACCEPT)
        scored = ~np.isnan(self._scoring.scores)
        return accepted, readable & (self._verdicts != Verdict.REJECT) & scored

    def _ranking(self) -> Ranking:
        return Ranking(
            self._scoring.scores, self._dataset.lengths, self._direction, self.preferences,
            self.near,
        )  # fmt: skip

    @property
    def near(self) -> float:
        """Scores that are less apart are nearly equal: the longer row is the better one."""
        board = self._scoring.board
        basis = (board, board.version, self._scoring.side)
        known = self._near
        if known is None or known[0] != basis:
            known = self._near = (basis, near_scores(self._scoring.scores))
        return known[1]

    @property
    def by_threshold(self) -> bool:
        """Whether other rows are dropped at another threshold.

        So it is where keepers are not the best, where a tie is cut (one of equal scores may be
        left out that would be the keeper of another), and where the threshold of now comes between
        a keeper and a row of a slightly better score.
        """
        return self._by_threshold(self._threshold())

    def _by_threshold(self, threshold: Threshold | None) -> bool:
        ranked = self._choice.ranked
        cut = ranked is not None and len(ranked.left) > 0
        if cut or self.preferences[0] is not Preference.SCORE:
            return True
        clusters = self.clusters if self.rule_on else None
        if clusters is None or threshold is None:
            return False
        return self._everywhere(clusters)[1].parts(threshold)

    def _everywhere(self, clusters: Clusters) -> tuple[Dropped, NearlyTied]:
        """What is dropped where all rows pass that some threshold keeps; and where it is not so."""
        basis = (clusters, self._rules_before_basis, tuple(self.preferences))
        known = self._judged
        if known is None or known[0] != basis:
            found = self._judge(clusters, None)
            accepted, _ = self._accepted_and_keepable()
            tied = found.nearly_tied(self._ranking(), accepted)
            known = self._judged = (basis, (found, tied))
        return known[1]

    def dropped(self, threshold: Threshold | None = None) -> Dropped | None:
        """Which rows are dropped wherever a threshold keeps them, and for which kept row.

        None while the rule is off, or while the search for it has not ended.

        Args:
            threshold: where `by_threshold`, the one that they are judged at; default that of now.
        """
        clusters = self.clusters if self.rule_on else None
        if clusters is None:
            return None
        at = threshold or self._threshold()
        if not self._by_threshold(at):
            return self._everywhere(clusters)[0]
        basis = (clusters, self._rules_before_basis, tuple(self.preferences), at)
        known = self._judged_at
        if known is None or known[0] != basis:
            known = self._judged_at = (basis, self._judge(clusters, at))
        return known[1]

    def _judge(self, clusters: Clusters, threshold: Threshold | None) -> Dropped:
        accepted, could = self._accepted_and_keepable()
        if threshold is not None:
            could &= threshold.keeps(self._choice.deciding)
        return self.judge(clusters, Candidates(accepted | could, accepted))

    @property
    def judging(self) -> bool:
        """Whether the rule drops rows now: it is on, and the search for it has ended."""
        return self.rule_on and self.clusters is not None

    @property
    def rule_version(self) -> object:
        """Unlike after every change of what the rule drops among given rows."""
        return (self.version, self.rule_on, self.at, tuple(self.preferences))

    def kept_after(self, kept: NDArray[np.bool_]) -> int:
        """How many of the rows that are kept before it the rule leaves.  (rows,)."""
        clusters = self.clusters
        assert clusters is not None
        accepted, _ = self._accepted_and_keepable()
        dropped = self.judge(clusters, Candidates(kept, accepted)).matched >= 0
        return int(np.count_nonzero(kept & ~dropped))

    def judge(self, clusters: Clusters, candidates: Candidates) -> Dropped:
        """Which of some rows the rule drops, or would drop if it were on.

        Args:
            clusters: of whole samples.
            candidates: the rows.
        """
        large = self._searches.found[ComparedUnit.BOTH].large
        return drop(clusters, candidates, self._ranked(clusters), large)

    def _ranked(self, clusters: Clusters) -> NDArray[np.int64]:
        """The members from best to worst: no verdict changes that."""
        board = self._scoring.board
        basis = (
            clusters, board, board.version, self._scoring.side, self._direction,
            tuple(self.preferences),
        )  # fmt: skip
        known = self._order
        if known is None or known[0] != basis:
            members = clusters.members
            ranked = self._ranking().best_first(members, clusters.label[members])
            known = self._order = (basis, ranked)
        return known[1]


def _settings(remembered: Any) -> dict[ComparedUnit, SearchSettings]:
    """As an earlier visit left them; what another version wrote is no obstacle."""
    known = {unit: default_settings(unit) for unit in UNITS}
    for fields in remembered if isinstance(remembered, list) else ():
        with contextlib.suppress(KeyError, TypeError, ValueError, UsageError):
            made = SearchSettings.of(fields)
            known[made.unit] = made
    return known


def _similarity(remembered: Any) -> float:
    usable = isinstance(remembered, int | float) and 0 < remembered <= 1
    return float(remembered) if usable else DROP_FROM


def _preferences(remembered: Any) -> Sequence[Preference]:
    """As an earlier visit left them; what another version wrote is no obstacle."""
    try:
        return tuple(Preference(name) for name in remembered) or PREFERENCES
    except (TypeError, ValueError):
        return PREFERENCES
