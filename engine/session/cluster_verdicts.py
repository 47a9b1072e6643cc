"""Decisions about clusters, as ordinary verdicts: each one is one event, and one undo.

Keeping a row accepts it and rejects the others of its cluster. A bulk is careful where a person
who looks need not be: it leaves alone whatever was decided by hand, clusters of which the rules so
far keep nothing, and rows that are not like the keeper itself or differ from it in their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.clusters import Clusters
from engine.review.decision import Verdict
from engine.review.review import Change
from engine.session.session import Session

REASON = "duplicate"
"""The code that these verdicts are given under."""


def keep_one(
    session: Session, keeper: int, others: NDArray[np.int64], *, firmly: bool = True
) -> Change | None:
    """Accept a row, and reject others of its cluster; None where that changes nothing.

    Args:
        session: whose rows.
        keeper: the row that is kept.
        others: what it is kept instead of.  (n,)
        firmly: reject those too that were accepted by hand.

    Raises:
        UsageError: the session is open read-only.
        StoreError: it could not be written; nothing has changed.
    """
    others = others[others != keeper]
    if not firmly:
        others = others[session.verdicts[others] != Verdict.ACCEPT]
    rows = np.append(others, keeper)
    verdicts = np.full(len(rows), Verdict.REJECT, np.int8)
    verdicts[-1] = Verdict.ACCEPT
    return session.decide_each(rows, verdicts, reason=REASON, note=f"like row {keeper}")


@dataclass(frozen=True, slots=True, eq=False)
class KeepPlan:
    """What a bulk would do; nothing is done before `carry_out`."""

    rows: NDArray[np.int64]  # (n,)
    verdicts: NDArray[np.int8]  # (n,) of each
    clusters: int
    """Of which one row is kept."""
    left: int
    """Clusters that are left alone: decided by hand in part or wholly, or with nothing to keep."""

    @property
    def accepted(self) -> int:
        """Rows that would be accepted."""
        return int(np.count_nonzero(self.verdicts == Verdict.ACCEPT))

    @property
    def rejected(self) -> int:
        """Rows that would be rejected."""
        return int(np.count_nonzero(self.verdicts == Verdict.REJECT))


def plan_keeping(session: Session, clusters: Clusters, chosen: NDArray[np.int64]) -> KeepPlan:
    """What keeping the suggested row of many clusters of whole samples would do.

    Args:
        session: whose rows.
        clusters: of whole samples, as they were shown: others may have been found since.
        chosen: numbers of those that are meant.  (n,)
    """
    table = session.duplicates.table_of(clusters)
    wanted = np.zeros(len(clusters), np.bool_)
    wanted[chosen] = True
    usable = wanted & table.untouched & (table.survivors > 0)
    keepers = table.keeper[usable]
    keeper = np.full(clusters.matches.rows, -1, np.int64)  # by first row, of usable clusters
    first = clusters.matches.first
    members = clusters.members[usable[clusters.label[clusters.members]]]
    keeper[members] = table.keeper[clusters.label[members]]
    same = (first[members] == first[keeper[members]]) & (members != keeper[members])
    edges = clusters.edges
    near = np.zeros(clusters.matches.rows, np.bool_)  # by first row: is like the keeper's text
    for one, other in ((edges.a, edges.b), (edges.b, edges.a)):
        chosen = keeper[one]
        like = (chosen >= 0) & edges.droppable
        like[like] = first[chosen[like]] == other[like]
        near[one[like]] = True
    lost = members[same | near[first[members]]]
    lost = lost[~session.dataset.broken[lost]]
    given = np.concatenate([keepers, lost])
    verdicts = np.full(len(given), Verdict.REJECT, np.int8)
    verdicts[: len(keepers)] = Verdict.ACCEPT
    order = np.argsort(given)
    return KeepPlan(
        given[order],
        verdicts[order],
        clusters=len(keepers),
        left=int(np.count_nonzero(wanted)) - len(keepers),
    )


def carry_out(session: Session, plan: KeepPlan) -> Change | None:
    """Decide what was planned, as one event; None where it changes nothing.

    Raises:
        UsageError: the session is open read-only.
        StoreError: it could not be written; nothing has changed.
    """
    return session.decide_each(plan.rows, plan.verdicts, reason=REASON)
