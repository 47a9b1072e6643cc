"""Duplicates in a session: the search in the background, and the rule that drops them.

The rule is off until a similarity is set. It looks at all rows that a threshold could keep, not
only at those that it keeps now: rows are taken from best to worst, so what a row is dropped for
is always better than the row itself, and survives wherever the row does. One judgement therefore
holds at every threshold, and moving the threshold costs nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset import Dataset
from engine.decision import Verdict
from engine.duplicates.clusters import Clusters, cut
from engine.duplicates.finder import Finder
from engine.duplicates.large import LargeComponents
from engine.duplicates.matches import Matches
from engine.duplicates.rule import Candidates, Dropped, Ranking, drop
from engine.duplicates.settings import STORE_FROM, Unit, check_similarity, default_settings
from engine.duplicates.texts import unit_texts
from engine.errors import Cancelled, TamisError
from engine.giving_way import GivingWay
from engine.review import Review
from engine.session.live_scoring import LiveScoring
from engine.threshold import Direction

WAIT_S = 0.05
"""How often someone who waits for the search is told how far it is."""


class SearchState(StrEnum):
    """Where the search is."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SearchStatus:
    """How far the search is."""

    state: SearchState
    what: str = ""
    """What is being done."""
    done: int = 0
    """Rows."""
    total: int = 0
    """Rows."""
    error: str = ""
    """Why it failed."""


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A search that has come to its end."""

    matches: Matches
    large: LargeComponents | None


class Duplicates:
    """See the module's docstring; one per session."""

    def __init__(
        self,
        dataset: Dataset,
        scoring: LiveScoring,
        review: Review,
        giving_way: GivingWay,
        direction: Callable[[], Direction],
    ) -> None:
        """Prepare; nothing is searched before a similarity is set.

        Args:
            dataset: whose rows.
            scoring: scores of the side under review: the best row is kept.
            review: what was accepted is kept first, what was rejected is out.
            giving_way: lets the screen go first.
            direction: which end of the scores is the better one now.
        """
        self._dataset, self._scoring, self._review = dataset, scoring, review
        self._giving_way, self._direction = giving_way, direction
        self.similarity: float | None = None
        """Rows at least so similar to a kept one are dropped; None while the rule is off."""
        self.version = 0
        """Grows with every change of the clusters or of the rule."""
        self.status = SearchStatus(SearchState.IDLE)
        self._finder: Finder | None = None
        self._found: _Found | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._clusters: tuple[_Found, float, Clusters] | None = None
        self._judged: tuple[object, Dropped] | None = None

    # -- the rule ----------------------------------------------------------------------------

    def set_rule(self, similarity: float | None) -> None:
        """Drop rows at least so similar to a kept one; None switches the rule off.

        What was found before is used where it reaches so low; otherwise the search starts.

        Raises:
            UsageError: no such similarity.
        """
        self.similarity = None if similarity is None else check_similarity(similarity)
        self.version += 1
        if similarity is not None and not self.ready:
            self.search(similarity)

    @property
    def ready(self) -> bool:
        """Whether everything is known that the rule, as set now, needs; always while it is off."""
        if self.similarity is None:
            return True
        found = self._found
        return found is not None and found.matches.settings.similarity <= self.similarity

    @property
    def clusters(self) -> Clusters | None:
        """Of whole samples, at the rule's similarity; None while they are not known."""
        found, similarity = self._found, self.similarity
        if found is None or similarity is None or not self.ready:
            return None
        known = self._clusters
        if known is None or known[0] is not found or known[1] != similarity:
            made = cut(found.matches, similarity, large=found.large)
            known = self._clusters = (found, similarity, made)
        return known[2]

    def dropped(self) -> Dropped | None:
        """Which rows are dropped wherever a threshold keeps them, and for which kept row.

        None while the rule is off, or while the search for it has not ended.
        """
        clusters = self.clusters
        if clusters is None:
            return None
        board, scoring = self._scoring.board, self._scoring
        direction = self._direction()
        basis = (
            self.version, id(board), board.version, self._review.version, scoring.side, direction
        )  # fmt: skip
        known = self._judged
        if known is None or known[0] != basis:
            known = self._judged = (basis, self._judge(clusters, direction))
        return known[1]

    def _judge(self, clusters: Clusters, direction: Direction) -> Dropped:
        scores = self._scoring.scores
        verdicts = self._review.verdicts[self._scoring.side_index]
        readable = ~self._dataset.broken
        accepted = readable & (verdicts == Verdict.ACCEPT)
        could = readable & (verdicts != Verdict.REJECT) & ~np.isnan(scores)
        ranking = Ranking(scores, self._dataset.lengths, direction)
        return drop(
            clusters,
            Candidates(accepted | could, accepted),
            ranking.best_first(clusters.members),
            self._found.large if self._found is not None else None,
        )

    # -- the search --------------------------------------------------------------------------

    def search(self, similarity: float) -> None:
        """Search in the background, from `STORE_FROM` or lower; goes on where it was stopped."""
        self.stop()
        wanted = min(similarity, STORE_FROM)
        settings = default_settings(Unit.BOTH, wanted)
        if self._finder is None or self._finder.settings != settings:
            self._finder = Finder(self._texts(), settings)
        self._stop.clear()
        self.status = SearchStatus(SearchState.RUNNING, "reading", 0, self._dataset.rows)
        self._thread = threading.Thread(
            target=self._run, args=(self._finder,), name="duplicates", daemon=True
        )
        self._thread.start()

    def _texts(self) -> pl.Series:
        """Of whole samples; rows that could not be read have nothing to compare.  (rows,)."""
        texts = unit_texts(self._dataset.texts, Unit.BOTH).rechunk()
        broken: NDArray[np.bool_] = self._dataset.broken
        return texts.scatter(np.flatnonzero(broken), None) if broken.any() else texts

    def _run(self, finder: Finder) -> None:
        try:
            matches = finder.run(
                progress=self._tell, cancelled=self._stop.is_set, give_way=self._giving_way.wait
            )
        except Cancelled:
            self.status = SearchStatus(
                SearchState.STOPPED, "stopped", finder.done, self._dataset.rows
            )
            return
        except (TamisError, MemoryError, pl.exceptions.PolarsError) as error:
            self._finder = None
            self.status = SearchStatus(SearchState.FAILED, error=str(error) or "out of memory")
            return
        large = None
        if matches.large:
            large = LargeComponents(self._texts(), matches.settings, matches.large)
        # Signatures are large, and nothing needs them after the search.
        self._finder = None
        self._found = _Found(matches, large)
        self.version += 1
        rows = self._dataset.rows
        self.status = SearchStatus(SearchState.DONE, "done", rows, rows)

    def _tell(self, what: str, done: int, total: int) -> None:
        self.status = SearchStatus(SearchState.RUNNING, what, done, total)

    def stop(self) -> None:
        """Stop the search; setting the rule again goes on with it. Safe to call at any time."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def wait(self, tick: Callable[[SearchStatus], None]) -> SearchStatus:
        """Wait for the search, telling how far it is.

        Args:
            tick: called from time to time, and at the end.
        """
        thread = self._thread
        while thread is not None and thread.is_alive():
            tick(self.status)
            thread.join(WAIT_S)
        tick(self.status)
        return self.status
