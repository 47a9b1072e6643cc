"""Clusters: rows connected by pairs at least so similar; cut from what a search has found.

Such a cluster can be a chain: A is like B, B like C, and A not like C. So every cluster says
its lowest inner similarity, and can be cut at a higher similarity than the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.large import LargeComponents
from engine.duplicates.matches import Matches
from engine.duplicates.matching import components
from engine.duplicates.settings import check_similarity


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Pairs of rows at least so similar that they belong together; between first rows only.

    The least similar come first; of equals, those between later rows.
    """

    a: NDArray[np.int64]  # (n,) lower row
    b: NDArray[np.int64]  # (n,) higher row
    similarity: NDArray[np.float32]  # (n,)
    droppable: NDArray[np.bool_]  # (n,) nothing but their wording differs: the rule may drop one


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Groups of two or more rows that are alike, in the order of their first rows."""

    matches: Matches
    similarity: float
    bars: NDArray[np.float32]  # (rows,) from which similarity on each row is connected
    label: NDArray[np.int64]  # (rows,) the number of its cluster, -1 for a row in none
    members: NDArray[np.int64]  # (n,) rows by cluster, ascending within one
    starts: NDArray[np.int64]  # (clusters + 1,) where each one's members begin
    lowest: NDArray[np.float32]  # (clusters,) similarity of the two members least alike
    mean: NDArray[np.float32]  # (clusters,) similarity of two members
    sampled: NDArray[np.bool_]  # (clusters,) not all pairs are known: `lowest` may be lower yet
    edges: Edges

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each.  (clusters,)."""
        return np.diff(self.starts)

    @property
    def duplicate_rows(self) -> int:
        """Rows beyond one of each cluster."""
        return len(self.members) - len(self)

    @property
    def duplication_rate(self) -> float:
        """Of all rows of the dataset, in [0, 1]."""
        return self.duplicate_rows / len(self.label) if len(self.label) else 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every pair at this similarity has been looked for."""
        return self.matches.is_complete and self.similarity >= self.matches.settings.similarity

    def rows_of(self, cluster: int) -> NDArray[np.int64]:
        """The members of one cluster, ascending."""
        return self.members[self.starts[cluster] : self.starts[cluster + 1]]

    def similarities_to(self, row: int, others: NDArray[np.int64]) -> NDArray[np.float32]:
        """Of `row` to others of its cluster: of the pairs that were found, 0 for the rest.

        Rows of the same text stand for each other.  (n,) -> (n,).
        """
        first, edges = self.matches.first, self.edges
        own = first[row]
        at_a, at_b = edges.a == own, edges.b == own
        partners = np.concatenate([edges.b[at_a], edges.a[at_b], [own]])
        known = np.concatenate([edges.similarity[at_a], edges.similarity[at_b], [1.0]])
        order = np.argsort(partners, kind="stable")
        place = np.searchsorted(partners[order], first[others])
        place = np.minimum(place, len(partners) - 1)
        met = partners[order][place] == first[others]
        return np.where(met, known[order][place], 0).astype(np.float32)

    def droppable_for(self, row: int, others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which others of its cluster the rule may drop for being like `row`.  (n,) -> (n,).

        Rows of the same text stand for each other. Of components too large to list, only some
        pairs are known.
        """
        first, edges = self.matches.first, self.edges
        own = first[row]
        partners = np.concatenate(
            [
                edges.b[(edges.a == own) & edges.droppable],
                edges.a[(edges.b == own) & edges.droppable],
                [own],
            ]
        )
        return np.isin(first[others], partners)


def cut(
    matches: Matches,
    similarity: float,
    *,
    bars: NDArray[np.float32] | None = None,
    large: LargeComponents | None = None,
) -> Clusters:
    """The clusters at a similarity.

    Below the similarity that was searched for they are what is known so far, and say so.

    Args:
        matches: what was found.
        similarity: in (0, 1].
        bars: a higher similarity for some rows, whose cluster is to be split; 0 for all others.
            (rows,)
        large: of the same search; without it, components too large to list fall into smaller
            pieces than they should at a similarity above the one searched for.

    Raises:
        UsageError: the similarity is none.
    """
    bar = np.full(matches.rows, check_similarity(similarity), np.float32)
    if bars is not None:
        bar = np.maximum(bar, bars)
    edges = _edges(matches, bar, large)
    label, members, starts = _label(matches, edges)
    lowest, mean, sampled = _inner_similarity(matches, label, len(starts) - 1)
    return Clusters(matches, similarity, bar, label, members, starts, lowest, mean, sampled, edges)


def _edges(matches: Matches, bar: NDArray[np.float32], large: LargeComponents | None) -> Edges:
    a, b, similarity = matches.a, matches.b, matches.similarity
    droppable = _droppable(matches, bar)
    raised = float(bar.max(initial=0)) > matches.settings.similarity
    if matches.large and large is not None and raised:
        for level in np.unique(bar[np.concatenate(matches.large)]).tolist():
            more = large.connect(level)
            a, b = np.concatenate([a, more[0]]), np.concatenate([b, more[1]])
            similarity = np.concatenate([similarity, more[2]])
            # Unknown, and not needed: the rule asks `large` about these rows.
            droppable = np.concatenate([droppable, np.zeros(len(more[0]), np.bool_)])
    near = np.flatnonzero(similarity >= np.maximum(bar[a], bar[b]))
    near = near[np.lexsort((-b[near], -a[near], similarity[near]))]
    return Edges(a[near], b[near], similarity[near], droppable[near])


def _droppable(matches: Matches, bar: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The pairs of which the content is the same, and the responses are as alike as they must be.

    (pairs,)
    """
    if matches.same_content is None or matches.responses is None:
        return np.zeros(len(matches.a), np.bool_)
    return matches.same_content & (matches.responses >= np.maximum(bar[matches.a], bar[matches.b]))


def _label(
    matches: Matches, edges: Edges
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The cluster of every row, and the rows of every cluster."""
    compared = np.flatnonzero(matches.first >= 0)
    first = matches.first[compared]
    if len(edges.a):
        _, component = components(edges.a, edges.b, matches.rows)
        component = component[first]
    else:
        component = first
    order = np.argsort(component, kind="stable")
    members, component = compared[order], component[order]
    begins = np.flatnonzero(np.append(True, component[1:] != component[:-1])[: len(component)])
    sizes = np.diff(np.append(begins, len(component)))
    grouped = sizes > 1
    begins, sizes = begins[grouped], sizes[grouped]
    by_row = np.argsort(members[begins])
    begins, sizes = begins[by_row], sizes[by_row]
    starts = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=starts[1:])
    offsets = np.arange(int(starts[-1])) - np.repeat(starts[:-1], sizes)
    members = members[np.repeat(begins, sizes) + offsets]
    label = np.full(matches.rows, -1, np.int64)
    label[members] = np.repeat(np.arange(len(sizes)), sizes)
    return label, members, starts


def _inner_similarity(
    matches: Matches, label: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Lowest and mean similarity inside every cluster, and where not all pairs are known.

    Pairs of the same text count with similarity 1, as often as there are such rows.
    """
    rows_of_text = matches.rows_of_text
    a, b = matches.a, matches.b
    inside = (label[a] == label[b]) & (label[a] >= 0)
    a, b, similarity = a[inside], b[inside], matches.similarity[inside]
    lowest = np.ones(count, np.float32)
    np.minimum.at(lowest, label[a], similarity)
    identical = np.flatnonzero((rows_of_text > 1) & (label >= 0))
    cluster = np.concatenate([label[a], label[identical]])
    here, there, twins = rows_of_text[a], rows_of_text[b], rows_of_text[identical]
    pairs = np.concatenate([here * there, twins * (twins - 1) // 2])
    alike = np.concatenate([similarity, np.ones(len(identical), np.float32)])
    weight = np.bincount(cluster, pairs, count).astype(np.float64)
    total = np.bincount(cluster, pairs * alike, count).astype(np.float64)
    mean = np.divide(total, weight, out=np.ones(count), where=weight > 0).astype(np.float32)
    sampled = np.zeros(count, np.bool_)
    for rows in matches.large:
        held = label[rows]
        sampled[held[held >= 0]] = True
    return lowest, mean, sampled
