"""A line for every cluster: what a list of them shows, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.clusters import Clusters
from engine.duplicates.rule import Candidates, Ranking
from engine.review.decision import Verdict


class ClusterState(IntEnum):
    """How far a person has come with a cluster (int8)."""

    OPEN = 0
    """Nobody has accepted or rejected any of its rows."""
    PARTLY = 1
    DECIDED = 2
    """All of its rows are accepted or rejected by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class ClusterTable:
    """Figures of clusters, in their order; size and similarities are in `clusters` itself."""

    clusters: Clusters
    keeper: NDArray[np.int64]  # (clusters,) the row that is suggested
    survivors: NDArray[np.int64]  # (clusters,) rows that the rules before this one keep
    state: NDArray[np.int8]  # (clusters,) of ClusterState

    def __len__(self) -> int:
        return len(self.clusters)

    def state_of(self, cluster: int) -> ClusterState:
        """How far a person has come with one."""
        return ClusterState(int(self.state[cluster]))


def tabulate(
    clusters: Clusters, candidates: Candidates, ranking: Ranking, verdicts: NDArray[np.int8]
) -> ClusterTable:
    """Reckon the figures.

    Args:
        clusters: which.
        candidates: what the rules before have said.
        ranking: what makes a row the better one to keep.
        verdicts: of every row.  (rows,)
    """
    members, starts = clusters.members, clusters.starts[:-1]
    if not len(members):
        none = np.empty(0, np.int64)
        return ClusterTable(clusters, none, none, np.empty(0, np.int8))
    ordered = candidates.first_of(ranking.best_first(members))
    _, first = np.unique(clusters.label[ordered], return_index=True)
    said = verdicts[members]
    by_hand = (said == Verdict.ACCEPT) | (said == Verdict.REJECT)
    decided = np.add.reduceat(by_hand, starts, dtype=np.int64)
    state = np.full(len(clusters), ClusterState.PARTLY, np.int8)
    state[decided == 0] = ClusterState.OPEN
    state[decided == clusters.sizes] = ClusterState.DECIDED
    return ClusterTable(
        clusters,
        keeper=ordered[first],
        survivors=np.add.reduceat(candidates.survives[members], starts, dtype=np.int64),
        state=state,
    )
