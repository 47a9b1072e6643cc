"""Clusters as a list to work through: what each one is, how far it is decided, filter and order.

Everything is an array with a slot per cluster, so that a hundred thousand of them are filtered
and sorted at once; after a decision only the clusters of its rows are counted anew.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.clusters import Clusters
from engine.duplicates.contradictions import Contradictions
from engine.errors import UsageError
from engine.review.decision import Verdict


class ListedState(IntEnum):
    """How far a cluster is decided (int8)."""

    UNDECIDED = 0
    DECIDED = 1
    """All members have a verdict, or all but one that the rules may keep."""
    KEPT_ALL = 2
    """All members are accepted by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """What is listed: clusters of a unit, or contradictions."""

    members: NDArray[np.int64]  # (n,) rows by group
    starts: NDArray[np.int64]  # (groups + 1,) where each one's members begin
    label: NDArray[np.int64]  # (rows,) the group of every row, -1 for a row in none
    lowest: NDArray[np.float32]  # (groups,) similarity of the two members least alike
    mean: NDArray[np.float32]  # (groups,) similarity of two members
    sampled: NDArray[np.bool_]  # (groups,) not all pairs are known
    answers: NDArray[np.int64] | None = None  # (n,) which answer each member agrees with, from 0
    """None unless these are contradictions."""
    entropy: NDArray[np.float32] | None = None  # (groups,) bits

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows of each.  (groups,)."""
        return np.diff(self.starts)

    def size_of(self, group: int) -> int:
        """Rows of one."""
        return int(self.starts[group + 1] - self.starts[group])

    def rows_of(self, group: int) -> NDArray[np.int64]:
        """The members of one, ascending; of a contradiction, those that agree together."""
        return self.members[self.starts[group] : self.starts[group + 1]]

    def answers_of(self, group: int) -> NDArray[np.int64] | None:
        """Which answer each of them agrees with; None unless these are contradictions."""
        if self.answers is None:
            return None
        return self.answers[self.starts[group] : self.starts[group + 1]]

    @classmethod
    def of_clusters(cls, found: Clusters) -> Groups:
        """Clusters as they are."""
        return cls(
            found.members, found.starts, found.label, found.lowest, found.mean, found.sampled
        )

    @classmethod
    def of_contradictions(cls, found: Contradictions, prompts: Clusters) -> Groups:
        """Questions with several answers; how alike the questions are is that of their cluster."""
        groups = found.groups
        rows = [row for group in groups for answer in group.answers for row in answer]
        answers = [
            number
            for group in groups
            for number, answer in enumerate(group.answers)
            for _ in answer
        ]
        members = np.array(rows, np.int64)
        starts = np.zeros(len(groups) + 1, np.int64)
        np.cumsum([len(group.rows) for group in groups], out=starts[1:])
        label = np.full(len(prompts.label), -1, np.int64)
        label[members] = np.repeat(np.arange(len(groups)), np.diff(starts))
        asked = prompts.label[members[starts[:-1]]]
        return cls(
            members, starts, label, prompts.lowest[asked], prompts.mean[asked],
            prompts.sampled[asked], np.array(answers, np.int64),
            np.array([group.entropy for group in groups], np.float32),
        )  # fmt: skip


class Order(StrEnum):
    """What the list can be sorted by."""

    NUMBER = "number"
    SIZE = "size"
    LOWEST = "lowest similarity"
    MEAN = "mean similarity"
    SPREAD = "score range"
    STATE = "state"
    ENTROPY = "entropy"


class Listing:
    """Groups with what is known about their members now."""

    def __init__(
        self, groups: Groups, scores: NDArray[np.float32], verdicts: NDArray[np.int8]
    ) -> None:
        """Count everything once.

        Args:
            groups: what is listed.
            scores: NaN where there is none.  (rows,)
            verdicts: of `Verdict`.  (rows,)
        """
        self.groups = groups
        self.state = np.zeros(len(groups), np.int8)
        """(groups,) of ListedState."""
        self.worst = np.full(len(groups), np.nan, np.float32)
        """(groups,) lowest score of a member; NaN where none has one."""
        self.best = self.worst.copy()
        """(groups,) highest score of a member."""
        self.follow_scores(scores)
        self.follow_verdicts(verdicts)

    @property
    def spread(self) -> NDArray[np.float32]:
        """Between the best and the worst score of a group.  (groups,)."""
        return self.best - self.worst

    def state_of(self, group: int) -> ListedState:
        """How far one is decided."""
        return ListedState(int(self.state[group]))

    def scores_of(self, group: int) -> tuple[float, float] | None:
        """The lowest and the highest score of one; None where no member has one."""
        worst, best = float(self.worst[group]), float(self.best[group])
        return None if math.isnan(best) else (worst, best)

    def follow_scores(self, scores: NDArray[np.float32]) -> None:
        """Take the scores of now."""
        groups = self.groups
        if len(groups):
            held = scores[groups.members]
            self.worst = np.fmin.reduceat(held, groups.starts[:-1])
            self.best = np.fmax.reduceat(held, groups.starts[:-1])

    def follow_verdicts(
        self, verdicts: NDArray[np.int8], rows: NDArray[np.int64] | None = None
    ) -> None:
        """Take the verdicts of now.

        Args:
            verdicts: of every row.  (rows,)
            rows: those that have changed; None: any may have.
        """
        groups = self.groups
        if not len(groups):
            return
        if rows is None:
            self.state = _states(groups.sizes, verdicts[groups.members], groups.starts[:-1])
            return
        for group in np.unique(groups.label[rows]):
            if group >= 0:
                held = verdicts[groups.rows_of(group)]
                one = _states(np.array([len(held)]), held, np.zeros(1, np.int64))
                self.state[group] = one[0]

    def sorted(self, order: Order, *, descending: bool) -> NDArray[np.int64]:
        """Group numbers in an order; equals by number, what has no value last.  -> (groups,)."""
        groups = self.groups
        entropy = np.zeros(len(groups), np.float32) if groups.entropy is None else groups.entropy
        values: dict[Order, NDArray[np.generic]] = {
            Order.NUMBER: np.arange(len(groups)),
            Order.SIZE: groups.sizes,
            Order.LOWEST: groups.lowest,
            Order.MEAN: groups.mean,
            Order.SPREAD: self.spread,
            Order.STATE: self.state,
            Order.ENTROPY: entropy,
        }
        keys = values[order].astype(np.float64)
        return np.argsort(-keys if descending else keys, kind="stable")


def _states(
    sizes: NDArray[np.int64], held: NDArray[np.int8], starts: NDArray[np.int64]
) -> NDArray[np.int8]:
    accepted = np.add.reduceat(held == Verdict.ACCEPT, starts, dtype=np.int64)
    rejected = np.add.reduceat(held == Verdict.REJECT, starts, dtype=np.int64)
    state = np.full(len(sizes), ListedState.UNDECIDED, np.int8)
    state[(accepted + rejected == sizes) | (rejected == sizes - 1)] = ListedState.DECIDED
    state[accepted == sizes] = ListedState.KEPT_ALL
    return state


# -- the filter -----------------------------------------------------------------------------

NAMES = {
    "undecided": ListedState.UNDECIDED,
    "decided": ListedState.DECIDED,
    "kept": ListedState.KEPT_ALL,
}
"""What `is:` can ask for, besides `incomplete`."""

FIELDS = "size>2  lowest<0.8  mean<0.9  spread>1  entropy>0.9  is:undecided"

_TERM = re.compile(
    r"(?:^|(?<=\s))(?P<field>size|lowest|mean|spread|entropy)\s*(?P<how><=|>=|<|>|=)\s*(?P<number>\S*)"
    r"|(?:^|(?<=\s))is:(?P<state>\S*)"
)

_COMPARE: dict[str, Callable[..., NDArray[np.bool_]]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Terms about groups that must all hold, and a filter of rows, of which a member must pass."""

    terms: tuple[tuple[str, str, float], ...] = ()
    rows: str = ""
    """A filter of the table (see `engine.filter`); empty: any row."""

    def __str__(self) -> str:
        words = [
            f"is:{how}" if field == "is" else f"{field}{how}{number:g}"
            for field, how, number in self.terms
        ]
        return " ".join([*words, self.rows] if self.rows else words)

    def passes(self, listing: Listing, matching: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Which groups to show.

        Args:
            listing: all of them.
            matching: rows that pass `rows`; None where it asks for nothing.  (rows,)

        Returns:
            (groups,)
        """
        groups = listing.groups
        passed = np.ones(len(groups), np.bool_)
        for field, how, number in self.terms:
            if field == "is":
                wanted = NAMES.get(how)
                passed &= groups.sampled if wanted is None else listing.state == wanted
                continue
            figures: dict[str, NDArray[Any] | None] = {
                "size": groups.sizes, "lowest": groups.lowest, "mean": groups.mean,
                "spread": listing.spread, "entropy": groups.entropy,
            }  # fmt: skip
            values = figures[field]
            if values is None:
                passed[:] = False
            else:
                # Compared as it is stored: 0.8 typed equals a similarity of 0.8.
                value = np.float64(number) if field == "size" else np.float32(number)
                passed &= _COMPARE[how](values, value)
        if matching is not None and len(groups):
            passed &= np.logical_or.reduceat(matching[groups.members], groups.starts[:-1])
        return passed


def parse_group_filter(text: str) -> GroupFilter:
    """Read `size>2 is:undecided state:kept translate`.

    Raises:
        UsageError: a term about groups is not understood; the rest is not looked at here.
    """
    terms: list[tuple[str, str, float]] = []

    def taken(match: re.Match[str]) -> str:
        if match["field"] is None:
            state = match["state"].lower()
            if state not in NAMES and state != "incomplete":
                raise UsageError(
                    f"no such state of a cluster: {match['state']!r}",
                    "is:" + ", is:".join([*NAMES, "incomplete"]),
                )
            terms.append(("is", state, 0.0))
        else:
            terms.append((match["field"], match["how"], _number(match["number"], match["field"])))
        return ""

    parts = text.split('"')
    # What stands in quotes is searched for as it is.
    parts[::2] = [_TERM.sub(taken, part) for part in parts[::2]]
    return GroupFilter(tuple(terms), '"'.join(parts).strip())


def _number(text: str, field: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(
            f"{field} is compared with a number, not {text!r}", f"for instance {FIELDS}"
        )
    return number
