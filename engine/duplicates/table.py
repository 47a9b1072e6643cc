"""A line for every cluster: its keeper, its survivors, whether anyone has decided in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.clusters import Clusters
from engine.duplicates.rule import Candidates, Ranking
from engine.review.decision import Verdict


@dataclass(frozen=True, slots=True, eq=False)
class ClusterTable:
    """Figures of clusters, in their order; size and similarities are in the clusters."""

    keeper: NDArray[np.int64]  # (clusters,) the row that is suggested
    survivors: NDArray[np.int64]  # (clusters,) rows that the rules before this one keep
    untouched: NDArray[np.bool_]  # (clusters,) nobody has accepted or rejected any of its rows


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
        return ClusterTable(none, none, np.empty(0, np.bool_))
    ranked = ranking.best_first(members, clusters.label[members])
    ordered = candidates.first_of(ranked)
    _, first = np.unique(clusters.label[ordered], return_index=True)
    said = verdicts[members]
    by_hand = (said == Verdict.ACCEPT) | (said == Verdict.REJECT)
    return ClusterTable(
        keeper=ordered[first],
        survivors=np.add.reduceat(candidates.survives[members], starts, dtype=np.int64),
        untouched=~np.logical_or.reduceat(by_hand, starts),
    )
