"""Clusters under review: which are listed, what is decided about them, what that comes to.

Cutting and counting clusters takes up to a second at a million rows, so threads do it: a key says
what is wanted, and the list follows when it is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.duplicates.clusters import Clusters
from engine.duplicates.contradictions import Contradictions
from engine.duplicates.duplication_rate import KeptDuplication, kept_duplication
from engine.duplicates.listing import Groups, Listing
from engine.duplicates.rule import Candidates, Ranking, suggested
from engine.duplicates.settings import ComparedUnit
from engine.duplicates.similarity import similarity_to
from engine.duplicates.texts import unit_texts
from engine.review.decision import Verdict
from engine.review.policy import Outcome, decide
from engine.review.review import Review
from engine.review.threshold import Direction
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.status import one_line
from engine.session.duplication import Duplicates
from engine.session.edits import Edits
from engine.session.orders import OrderedSession
from engine.session.threshold_choice import ThresholdChoice

SHARE_OF_TIME = 0.1
"""Counting what streams in takes no more of it; at a million rows the duplication rate follows
less often."""


class ClusteredSession(OrderedSession, Protocol):
    """The part of a session that this module needs; arrays are of the side under review."""

    dataset: Dataset
    review: Review
    edits: Edits
    duplicates: Duplicates
    threshold_choice: ThresholdChoice
    notices: list[str]

    @property
    def excluded(self) -> NDArray[np.bool_]:
        """Rows that no rule can keep.  (rows,)."""
        ...

    @property
    def scores(self) -> NDArray[np.float32]:
        """NaN where there is none.  (rows,)."""
        ...

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Where scoring failed.  (rows,)."""
        ...

    @property
    def copies(self) -> NDArray[np.int32]:
        """How often an export writes each row.  (rows,)."""
        ...

    @property
    def board(self) -> ScoreBoard:
        """Tells when scores have changed."""
        ...


class Kind(StrEnum):
    """What is listed."""

    WHOLE = "whole samples"
    PROMPTS = "prompts"
    RESPONSES = "responses"
    CONTRADICTIONS = "contradictions"
    MEANING = "meaning"

    @property
    def unit(self) -> ComparedUnit:
        """The part of a sample that is alike."""
        return _UNITS[self]


_UNITS = {
    Kind.WHOLE: ComparedUnit.BOTH,
    Kind.PROMPTS: ComparedUnit.PROMPT,
    Kind.RESPONSES: ComparedUnit.RESPONSE,
    Kind.CONTRADICTIONS: ComparedUnit.PROMPT,
    Kind.MEANING: ComparedUnit.MEANING,
}


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """What is listed of a kind."""

    kind: Kind
    clusters: Clusters
    """Of the unit; contradictions are inside clusters of prompts."""
    contradictions: Contradictions | None
    listing: Listing


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """Of one sample to each of some, itself among them."""

    similarity: NDArray[np.float32]  # (n,) exact; NaN where one of both is too long
    why_kept: tuple[str, ...]
    """Of each why the rule does not drop it for being so like; empty where it does, or where it
    is not like enough."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleEffect:
    """How many duplicates verdicts and threshold keep, before the rule and after it."""

    similarity: float
    before: KeptDuplication
    after: KeptDuplication
    dropped: int
    """Rows that the rule drops, or would drop if it were on."""


class ClusterReview:
    """See the module's docstring; one per session."""

    def __init__(self, session: ClusteredSession) -> None:
        """Nothing is listed before `refresh`."""
        self._session = session
        self.kind = Kind.WHOLE
        self.version = 0
        """Grows with every other list and count."""
        self.duplication: RuleEffect | None = None
        """As it was a moment ago; None until it has been counted."""
        self._listed: dict[Kind, Listed] = {}
        self._made_from: dict[Kind, object] = {}
        self._listing = _Latest("listing clusters", session.notices)
        self._counting = _Latest("counting duplicates", session.notices)
        self._followed: object = None
        self._counted: object = None
        self._count_due_s = 0.0

    # -- what is listed ----------------------------------------------------------------------

    @property
    def listed(self) -> Listed | None:
        """What is listed of this kind; None while nothing is known of it."""
        return self._listed.get(self.kind)

    @property
    def similarity(self) -> float:
        """From which on rows of this kind are in one cluster; by meaning, a cosine."""
        duplicates = self._session.duplicates
        return duplicates.cosine if self.kind is Kind.MEANING else duplicates.at

    @property
    def behind(self) -> bool:
        """Whether a list or a count of what is found and decided by now is still to come."""
        session, listed = self._session, self.listed
        return (
            self._listing.busy
            or self._counting.busy
            or any(self._made_from.get(kind) != session.duplicates.version for kind in self._kinds)
            or (listed is not None and self._followed != self._to_follow)
            or (self.whole is not None and self._counted != self._to_count)
        )

    @property
    def _kinds(self) -> Iterable[Kind]:
        """Those whose lists are kept up to date."""
        return dict.fromkeys((Kind.WHOLE, self.kind))

    @property
    def whole(self) -> Clusters | None:
        """The clusters of whole samples, as listed; None while none are known."""
        listed = self._listed.get(Kind.WHOLE)
        return None if listed is None else listed.clusters

    def whole_of(self, row: int) -> int:
        """The cluster of whole samples that a row is in; -1 for none."""
        clusters = self.whole
        return -1 if clusters is None else int(clusters.label[row])

    def by_cluster(self) -> NDArray[np.float32]:
        """The cluster of whole samples of every row, NaN for none: to sort by.  (rows,)."""
        clusters = self.whole
        if clusters is None:
            return np.full(self._session.dataset.rows, np.nan, np.float32)
        label = clusters.label.astype(np.float32)
        return np.where(label < 0, np.float32(np.nan), label)

    def show(self, kind: Kind) -> None:
        """List another kind."""
        self.kind = kind
        self.refresh()

    def show_next(self) -> None:
        """List the next kind; meaning is one where it has been compared."""
        kinds = list(Kind)
        if self._session.duplicates.clusters_of(ComparedUnit.MEANING) is None:
            kinds.remove(Kind.MEANING)
        at = kinds.index(self.kind) if self.kind in kinds else -1
        self.show(kinds[(at + 1) % len(kinds)])

    def refresh(self) -> None:
        """See that what is listed follows what is found and decided; costs little.

        To be called from time to time.
        """
        for kind in self._kinds:
            basis = self._session.duplicates.version
            if basis != self._made_from.get(kind) and not self._listing.busy:
                self._made_from[kind] = basis
                self._listing.call(partial(self._list, kind))
        self._follow()
        self._count_soon()

    def _list(self, kind: Kind) -> None:
        """Make a list; in a thread."""
        duplicates, known = self._session.duplicates, self._listed.get(kind)
        clusters = duplicates.clusters_of(kind.unit)
        if clusters is None:
            return
        conflicts = None
        groups = Groups.of_clusters(clusters)
        if kind is Kind.CONTRADICTIONS:
            conflicts = duplicates.contradictions
            if conflicts is None:
                return
            groups = Groups.of_contradictions(conflicts, clusters)
        same = known is not None and known.clusters is clusters
        if same and known is not None and known.contradictions is conflicts:
            return
        listing = Listing(groups, self._session.scores, self._session.verdicts)
        self._listed[kind] = Listed(kind, clusters, conflicts, listing)
        self.version += 1

    def _follow(self) -> None:
        """Let the list follow scores and verdicts."""
        session, listed, now = self._session, self.listed, self._to_follow
        if listed is None or now == self._followed:
            return
        listed.listing.follow_scores(session.scores)
        listed.listing.follow_verdicts(session.verdicts)
        self._followed = now
        self.version += 1

    @property
    def _to_follow(self) -> object:
        """What the list shows of scores and verdicts rests on."""
        board = self._session.board
        return self.listed, id(board), board.version, self._session.review.version

    def decided(self, rows: NDArray[np.int64]) -> None:
        """Let the list follow verdicts on some rows at once, at the cost of their clusters."""
        if self.listed is not None:
            self.listed.listing.follow_verdicts(self._session.verdicts, rows)

    # -- about one cluster ---------------------------------------------------------------------

    def similarity_to(self, listed: Listed, rows: NDArray[np.int64], reference: int) -> Similarity:
        """How alike some rows are to one of them, in the part that is compared; safe in a thread.

        Args:
            listed: whose clusters they are in.
            rows: a few.  (n,)
            reference: place in `rows` of the one to compare with.

        By meaning, it is the cosine of the pairs that were found, 0 for those below.
        """
        clusters, row = listed.clusters, int(rows[reference])
        if listed.kind is Kind.MEANING:
            alike = clusters.similarities_to(row, rows)
        else:
            texts = unit_texts(self._session.edits.texts[rows], listed.kind.unit)
            alike = similarity_to(texts, reference, clusters.matches.settings)
        return Similarity(alike, self._why_kept(clusters, row, rows, alike))

    def _why_kept(
        self, clusters: Clusters, row: int, rows: NDArray[np.int64], alike: NDArray[np.float32]
    ) -> tuple[str, ...]:
        """Of each of some rows why the rule leaves it beside `row`, however alike; "" if not."""
        found = self._session.duplicates.content_of(clusters)
        bar = np.maximum(clusters.bars[row], clusters.bars[rows])
        asked = np.flatnonzero(~clusters.droppable_for(row, rows) & (alike >= bar))
        why = [""] * len(rows)
        if found is not None:
            least = float(clusters.bars[row])
            for place, cause in zip(asked, found.why_kept(row, rows[asked], least), strict=True):
                why[place] = cause
        return tuple(why)

    def keeper(self, listed: Listed, group: int) -> tuple[int, str]:
        """The row to keep of a group of a list, and why that one.

        As the rule would choose it, at the cost of the members instead of all rows. While blind
        neither scores nor the threshold have a say in it: the suggestion would tell them.
        """
        session = self._session
        rows = np.sort(listed.listing.groups.rows_of(group))
        verdicts, threshold = session.verdicts[rows], session.threshold
        scores, broken = session.threshold_choice.deciding[rows], session.excluded[rows]
        if session.blind:
            scores = np.full_like(scores, np.nan)
            kept = ~broken & (verdicts != Verdict.REJECT)
        else:
            outcomes = decide(verdicts, scores, session.failed[rows], broken, threshold)
            kept = outcomes.outcome == Outcome.KEPT
        ranking = Ranking(
            scores,
            session.dataset.lengths[rows],
            Direction.AT_LEAST if threshold is None else threshold.direction,
            session.duplicates.preferences,
            session.duplicates.near,
        )
        candidates = Candidates(kept, verdicts == Verdict.ACCEPT)
        place, reason = suggested(np.arange(len(rows)), candidates, ranking)
        return int(rows[place]), reason

    def beaten(self, listed: Listed, group: int, keeper: int) -> NDArray[np.int64]:
        """The members of a group of a list that go when one of them is kept.

        Those at least so like it as the cluster is cut at, with the same content: of a chain the
        far end stays. Of a contradiction, those with another answer.
        """
        groups = listed.listing.groups
        rows, answers = groups.rows_of(group), groups.answers_of(group)
        place = int(np.flatnonzero(rows == keeper)[0])
        gone: NDArray[np.bool_]
        if answers is not None:
            gone = answers != answers[place]
        else:
            alike = self.similarity_to(listed, rows, place)
            bars = listed.clusters.bars
            gone = alike.similarity >= np.maximum(bars[keeper], bars[rows])
            gone &= (rows != keeper) & np.array([not why for why in alike.why_kept])
        beaten: NDArray[np.int64] = rows[gone]
        return beaten

    # -- how much of it there is -----------------------------------------------------------------

    @property
    def rate_kept(self) -> float | None:
        """The duplication rate among the rows kept now, in [0, 1], as it was a moment ago.

        None while it has not been counted.
        """
        found = self.duplication
        if found is None:
            return None
        now = found.after if self._session.duplicates.rule_on else found.before
        return now.duplication_rate

    def count(self) -> RuleEffect | None:
        """The duplication among the rows kept now, before the rule and after it; takes a while.

        None while whole samples have not been listed.
        """
        session, clusters = self._session, self.whole
        if clusters is None:
            return None
        candidates = session.duplicates.candidates()
        lost = session.duplicates.judge(clusters, candidates)
        kept, copies = candidates.survives, session.copies.astype(np.int64)
        return RuleEffect(
            clusters.similarity,
            kept_duplication(clusters.label, kept, copies),
            kept_duplication(clusters.label, kept & (lost.matched < 0), copies),
            lost.count,
        )

    def _count_soon(self) -> None:
        """Count anew in a thread where anything that it rests on has changed."""
        basis = self._to_count
        if self.whole is None or basis == self._counted or self._counting.busy:
            return
        if time.monotonic() >= self._count_due_s:
            self._counted = basis
            self._counting.call(self._count)

    @property
    def _to_count(self) -> object:
        """What the count rests on."""
        session, board = self._session, self._session.board
        return self.whole, id(board), board.version, session.review.version, session.threshold

    def _count(self) -> None:
        began = time.monotonic()
        self.duplication = self.count()
        self.version += 1
        now = time.monotonic()
        self._count_due_s = now + (now - began) / SHARE_OF_TIME

    def wait(self) -> None:
        """Until no thread of this is at work."""
        self._listing.wait()
        self._counting.wait()


class _Latest:
    """Runs one call at a time in a thread; of those that come meanwhile, only the last.

    What fails is told once in `notices`, and the next call runs.
    """

    def __init__(self, name: str, notices: list[str]) -> None:
        self._name, self._notices = name, notices
        self._lock = threading.Lock()
        self._next: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        """Whether something runs or waits."""
        return self._thread is not None

    def call(self, work: Callable[[], None]) -> None:
        """Run `work` as soon as what runs now has ended."""
        with self._lock:
            self._next = work
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                work, self._next = self._next, None
                if work is None:
                    self._thread = None
                    return
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the review goes on, and the next call
                notice = f"{self._name} failed: {one_line(error)}"
                if notice not in self._notices:
                    self._notices.append(notice)

    def wait(self) -> None:
        """Until nothing runs."""
        while (thread := self._thread) is not None and thread.is_alive():
            thread.join()
