"""The duplicate rule: which survivors are too like one that is kept, and which one that is.

Rows are taken from best to worst. The best is kept, and whatever is at least so similar to it, and
differs from it in nothing that is content, is dropped; then comes the best of the rest. So no row
is dropped for being like a row that is itself dropped, and every cluster with a survivor keeps one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.clusters import Clusters
from engine.duplicates.large import LargeComponents
from engine.review.threshold import Direction, Threshold

MOST_LEADERS = 64
"""Rows of one large component that are compared with all others in it; what they leave is
decided by the known pairs alone."""


class Preference(StrEnum):
    """What makes a row the better one to keep."""

    SCORE = "score"
    LONGEST = "longest"
    SHORTEST = "shortest"
    FIRST = "first"
    LAST = "last"


PREFERENCES = (Preference.SCORE, Preference.LONGEST, Preference.FIRST)
"""Where nobody has said anything else."""


NEARLY_EQUAL_SHARE = 0.01
"""Scores are nearly equal that differ by less than this share of the spread of all of them.
Source: chosen. Between two sound answers to one prompt a hundredth of the scale tells next to
nothing (the embedded model: AUC .55 on LLMBar Natural), and more text is what there is to go by."""


def near_scores(scores: NDArray[np.float32]) -> float:
    """How far apart scores are at least that are not nearly equal; 0 where there is no spread.

    The spread is that between the 5th and the 95th percentile, so that an outlier changes nothing.
    (rows,), NaN where there is none.
    """
    known = scores[np.isfinite(scores)]
    if not len(known):
        return 0.0
    low, high = np.quantile(known, (0.05, 0.95))
    return NEARLY_EQUAL_SHARE * float(high - low)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """What makes one row better than another, whether it survives or not."""

    scores: NDArray[np.float32]  # (rows,) NaN where there is none
    lengths: NDArray[np.int32]  # (rows,) characters
    direction: Direction = Direction.AT_LEAST
    preferences: Sequence[Preference] = PREFERENCES
    near: float = 0.0
    """See `near_scores`: rows of a cluster so near its best score are told apart by the next
    preference; those below it by steps of as much."""

    def best_first(
        self, rows: NDArray[np.int64], clusters: NDArray[np.int64] | None = None
    ) -> NDArray[np.int64]:
        """`rows` from best to worst; in their own order where nothing tells them apart.

        Args:
            rows: any.  (n,)
            clusters: which cluster each is in: ranks tell only rows of one cluster apart.  (n,)
                None: they are all of one.
        """
        lengths = self.lengths[rows].astype(np.float64)
        keys = {
            Preference.SCORE: self.steps(rows, clusters),
            Preference.LONGEST: -lengths,
            Preference.SHORTEST: lengths,
            Preference.FIRST: rows.astype(np.float64),
            Preference.LAST: -rows.astype(np.float64),
        }
        wanted = [*self.preferences, Preference.FIRST]
        order = np.lexsort([keys[preference] for preference in reversed(wanted)])
        return rows[order]

    def steps(
        self, rows: NDArray[np.int64], clusters: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """How far each row is below the best score of its cluster; the same if nearly equal.

        (n,) -> (n,), infinite where there is no score.
        """
        below: NDArray[np.float64] = -self.goodness(rows)
        if self.near <= 0 or not len(rows):
            return below
        groups = np.zeros(len(rows), np.int64) if clusters is None else clusters
        order = np.argsort(groups, kind="stable")
        starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order][0] - 1))
        best = np.minimum.reduceat(below[order], starts)
        least = np.empty(len(rows))
        least[order] = np.repeat(best, np.diff(starts, append=len(rows)))
        known = np.isfinite(below)
        below[known] = np.floor((below[known] - least[known]) / self.near)
        return below

    def goodness(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """The scores, higher is better whatever the direction; -inf for none.  (n,) -> (n,)."""
        scores = self.scores[rows].astype(np.float64)
        if self.direction is Direction.AT_MOST:
            scores = -scores
        scores[np.isnan(scores)] = -np.inf
        return scores


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What the rules before this one, and the reviewer, have said; one slot per row."""

    survives: NDArray[np.bool_]  # (rows,) kept by the rules before this one
    accepted: NDArray[np.bool_]  # (rows,) by hand: kept whatever it is like

    def first_of(self, ranked: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows that are ranked already: survivors first, among them what was accepted."""
        rank = self.survives[ranked] * 2 + self.accepted[ranked].astype(np.int8)
        return np.concatenate([ranked[rank == level] for level in (3, 2, 1, 0)])


@dataclass(frozen=True, slots=True, eq=False)
class NearlyTied:
    """Scores of keepers that are slightly worse than those of rows dropped for them, ascending."""

    low: NDArray[np.float64]  # (n,) of the keepers, higher is better
    high: NDArray[np.float64]  # (n,) of the dropped rows
    direction: Direction

    def parts(self, threshold: Threshold) -> bool:
        """Whether a threshold keeps a dropped row and not its keeper: then all is judged anew."""
        value = float(np.float32(threshold.value))
        if self.direction is Direction.AT_MOST:
            value = -value
        return bool(np.searchsorted(self.low, value) > np.searchsorted(self.high, value))


@dataclass(frozen=True, slots=True, eq=False)
class Dropped:
    """Which rows the rule drops, and for being like which row that is kept."""

    matched: NDArray[np.int64]  # (rows,) the row that is kept; -1: this one is not dropped
    similarity: NDArray[np.float32]  # (rows,) to that row; NaN where none is matched

    def nearly_tied(self, ranking: Ranking, accepted: NDArray[np.bool_]) -> NearlyTied:
        """Which thresholds come between a dropped row and a keeper of a slightly worse score.

        Args:
            ranking: what chose the keepers.
            accepted: rows that are kept at every threshold.  (rows,)
        """
        lost = self.rows
        kept = self.matched[lost]
        good, chosen = ranking.goodness(lost), ranking.goodness(kept)
        inverted = (chosen < good) & ~accepted[kept]
        low, high = np.sort(chosen[inverted]), np.sort(good[inverted])
        return NearlyTied(low, high, ranking.direction)

    @property
    def rows(self) -> NDArray[np.int64]:
        """Those that are dropped, ascending."""
        return np.flatnonzero(self.matched >= 0)

    @property
    def count(self) -> int:
        """Rows dropped."""
        return int(np.count_nonzero(self.matched >= 0))


def drop(
    clusters: Clusters,
    candidates: Candidates,
    ranked: NDArray[np.int64],
    large: LargeComponents | None = None,
) -> Dropped:
    """Apply the rule to the rows that survived the rules before.

    Args:
        clusters: of whole samples.
        candidates: the rows.
        ranked: the members of all clusters from best to worst, by `Ranking.best_first`: the same
            ones serve while a threshold moves.  (n,)
        large: of the same search, where it has components too large to list.
    """
    rows = candidates.first_of(ranked[candidates.survives[ranked]])
    choice = _Choice(clusters, candidates, rows)
    for number in range(len(large.components) if large is not None else 0):
        assert large is not None
        choice.resolve_large(large, number)
    choice.resolve()
    return choice.dropped(rows)


class _Choice:
    """Decides about texts: of the rows that share one, the best survivor stands for all."""

    def __init__(
        self, clusters: Clusters, candidates: Candidates, best_first: NDArray[np.int64]
    ) -> None:
        rows = len(clusters.label)
        self._clusters = clusters
        self._accepted = candidates.accepted
        self._rank = np.full(rows, rows, np.int64)
        """(rows,) place of a survivor among all, from best to worst; the last for all others."""
        self._rank[best_first] = np.arange(len(best_first))
        self._active = np.full(rows, -1, np.int64)
        """(rows,) by the first row with a text: its best survivor; -1: none."""
        # Of several values for one place the last stays.
        self._active[clusters.matches.first[best_first[::-1]]] = best_first[::-1]
        self._kept = np.zeros(rows, np.bool_)  # by first row
        self._open = self._active >= 0
        forced = self._open.copy()
        forced[self._open] = self._accepted[self._active[self._open]]
        self._kept[forced], self._open[forced] = True, False
        self._matched = np.full(rows, -1, np.int64)
        self._similarity = np.full(rows, np.nan, np.float32)

    def _better(self, texts: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rank of the best survivor of each text."""
        return self._rank[self._active[texts]]

    def resolve(self) -> None:
        """Keep and drop in rounds: each keeps every open row that no better open row is like."""
        edges = self._clusters.edges
        usable = edges.droppable & (self._active[edges.a] >= 0) & (self._active[edges.b] >= 0)
        a, b, similarity = edges.a[usable], edges.b[usable], edges.similarity[usable]
        swap = self._better(a) > self._better(b)
        better, worse = np.where(swap, b, a), np.where(swap, a, b)
        left = np.arange(len(better))
        while True:
            beaten = worse[left][self._kept[better[left]] & self._open[worse[left]]]
            self._open[beaten] = False
            left = left[self._open[better[left]] & self._open[worse[left]]]
            waiting = np.zeros(len(self._open), np.bool_)
            waiting[worse[left]] = True
            chosen = self._open & ~waiting
            self._kept |= chosen
            self._open &= ~chosen
            if not len(left):
                break
        self._match(better, worse, similarity)

    def _match(
        self, kept: NDArray[np.int64], other: NDArray[np.int64], similarity: NDArray[np.float32]
    ) -> None:
        """Name the most similar better row that is kept, for every text that was dropped."""
        lost = self._kept[kept] & ~self._kept[other]
        kept, other, similarity = kept[lost], other[lost], similarity[lost]
        # Edges come in the order of their similarities, and the last value stays.
        self._matched[other] = self._active[kept]
        self._similarity[other] = similarity

    def resolve_large(self, large: LargeComponents, number: int) -> None:
        """The same for a component whose pairs are not listed: one leader after the other."""
        component = large.components[number]
        place = np.full(len(self._open), -1, np.int64)
        place[component] = np.arange(len(component))
        bars = self._clusters.bars
        order = component[self._active[component] >= 0]
        order = order[np.argsort(self._better(order))]
        leaders = 0
        for text in order.tolist():
            if not (self._open[text] or self._kept[text]):
                continue
            self._kept[text], self._open[text] = True, False
            waiting = component[self._open[component]]
            if not len(waiting):
                continue
            if leaders == MOST_LEADERS:
                break
            leaders += 1
            found, least = (each[place[waiting]] for each in large.similarities(text, number))
            near = least >= np.maximum(bars[text], bars[waiting])
            lost = waiting[near]
            self._open[lost] = False
            self._matched[lost] = self._active[text]
            self._similarity[lost] = found[near]

    def dropped(self, rows: NDArray[np.int64]) -> Dropped:
        """The decision about every survivor, from that about its text."""
        total = len(self._clusters.label)
        matched = np.full(total, -1, np.int64)
        similarity = np.full(total, np.nan, np.float32)
        text = self._clusters.matches.first[rows]
        active = self._active[text]
        same = self._kept[text] & (rows != active) & ~self._accepted[rows]
        matched[rows[same]] = active[same]
        similarity[rows[same]] = 1
        like = ~self._kept[text] & ~self._accepted[rows]
        matched[rows[like]] = self._matched[text[like]]
        similarity[rows[like]] = self._similarity[text[like]]
        return Dropped(matched, similarity)


def suggested(rows: NDArray[np.int64], candidates: Candidates, ranking: Ranking) -> tuple[int, str]:
    """The row of a cluster's `rows` to keep, and why it is that one, in words."""
    ordered = candidates.first_of(ranking.best_first(rows))
    best = int(ordered[0])
    if candidates.accepted[best]:
        return best, "accepted by hand"
    if not candidates.survives[best]:
        return best, "none of them is kept by the rules so far"
    others = ordered[1:][candidates.survives[ordered[1:]]]
    if not len(others):
        return best, "the only one that is kept so far"
    return best, _why(ranking, best, int(others[0]), rows)


EQUAL = ", all else equal"


def _why(ranking: Ranking, best: int, next_best: int, rows: NDArray[np.int64]) -> str:
    """The first preference in which two of `rows` differ; scores that are nearly equal do not."""
    scores, lengths, near = ranking.scores, ranking.lengths, ""
    steps = ranking.steps(rows)
    alike = steps[rows == best] == steps[rows == next_best]
    for preference in ranking.preferences:
        match preference:
            case Preference.SCORE:
                if scores[best] == scores[next_best] or np.isnan(scores[best]):
                    continue
                if alike.all():
                    near = f", at nearly equal scores ({scores[best]:.3g}, {scores[next_best]:.3g})"
                    continue
                side = "highest" if ranking.direction is Direction.AT_LEAST else "lowest"
                return f"{side} score, {scores[best]:.3g}"
            case Preference.LONGEST | Preference.SHORTEST:
                if lengths[best] == lengths[next_best]:
                    continue
                return f"{preference.value}, {lengths[best]:,} characters{near}"
            case _ if preference is ranking.preferences[0]:
                return preference.value
            case _:
                return preference.value + (near or EQUAL)
    return Preference.FIRST.value + (near or EQUAL)
