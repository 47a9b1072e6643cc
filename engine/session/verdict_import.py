"""Verdicts that a dataset carries, taken over into its session: an event for each reviewer and day.

What was said in the session stands: a row whose verdict was given here, or cleared, keeps it, so
a second import finds nothing to do. Everything is written at once, or nothing, under the names of
those who gave the verdicts; one undo takes all of it back.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.review.decision import Circumstances, Event, EventKind, Said, Verdict
from engine.sample import Side
from engine.session.carried_verdicts import GIVEN, CarriedVerdicts, carried_verdicts, counted
from engine.session.session import Session
from engine.store.events import instant

DAY_S = 86_400

NAMES_SHOWN = 4
"""Reviewers that a sentence names."""


@dataclass(frozen=True, slots=True, eq=False)
class ImportPlan:
    """What an import would do; nothing is done before `import_verdicts`."""

    carried: CarriedVerdicts
    rows: NDArray[np.int64]  # (n,) that get a verdict, ascending
    kept: int
    """Rows that carry a verdict, and keep what was said of them in the session."""
    broken: int
    """Rows that carry a verdict, and could not be read: left out."""

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """Of each of `rows`.  (n,)."""
        verdicts: NDArray[np.int8] = self.carried.verdicts[self.rows]
        return verdicts

    @property
    def reviewers(self) -> dict[str, int]:
        """How many of them each reviewer gave, the most first; "": nobody knows who."""
        names = self.carried.by["reviewer"].gather(self.rows)
        return dict(Counter(names.to_list()).most_common())

    def values(self) -> dict[str, Any]:
        """By name, for programs."""
        verdicts = self.verdicts
        return {
            "carrier": self.carried.carrier.name,
            "column": self.carried.column,
            "carried": int(np.count_nonzero(self.carried.verdicts)),
            **{each.name.lower(): int(np.count_nonzero(verdicts == each)) for each in GIVEN},
            "reviewers": self.reviewers,
            "kept": self.kept,
            "broken": self.broken,
            "not_understood": self.carried.unread,
        }

    def lines(self) -> list[str]:
        """What it would do, for a person."""
        names = [f"{name or 'whoever imports'} {count:,}" for name, count in self.reviewers.items()]
        if more := names[NAMES_SHOWN:]:
            names[NAMES_SHOWN:] = [f"{len(more):,} more"]
        counts = {
            f"to import: {counted(self.verdicts)}\ngiven by {', '.join(names)}": len(self.rows),
            "decided in this session already: left as is": self.kept,
            "in rows that could not be read: left out": self.broken,
            "with another word: left out": self.carried.unread,
        }
        return "\n".join(
            f"{count:,} {text}" for text, count in counts.items() if count
        ).splitlines()


def plan_import(
    dataset: Dataset,
    spoken_of: NDArray[np.bool_] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportPlan | None:
    """What taking over the verdicts of `dataset` would do; None where it carries none.

    Args:
        dataset: read for it, where it has columns that may carry them.
        spoken_of: rows whose verdict something was said about in the session; default none. (rows,)
        cancelled: stops the reading.

    Raises:
        InputError: the file was changed in place since it was opened.
        Cancelled: `cancelled` said so.
    """
    carried = carried_verdicts(dataset, cancelled)
    if carried is None:
        return None
    carries = carried.verdicts != Verdict.UNDECIDED
    readable = carries & ~dataset.broken
    new = readable if spoken_of is None else readable & ~spoken_of
    return ImportPlan(
        carried,
        np.flatnonzero(new),
        kept=int(np.count_nonzero(readable & ~new)),
        broken=int(np.count_nonzero(carries & dataset.broken)),
    )


def plan_for(session: Session, cancelled: Callable[[], bool] | None = None) -> ImportPlan | None:
    """The same for a session, on the side under review."""
    return plan_import(session.dataset, session.review.spoken_of(session.side), cancelled)


def import_verdicts(session: Session, plan: ImportPlan) -> int:
    """Give the rows of `plan` the verdicts that they carry, as one step; how many.

    Rows that were decided since it was made are left out.

    Raises:
        UsageError: the session is open read-only.
        InputError: the file was changed in place since it was opened.
        StoreError: it could not be written; nothing has changed.
    """
    side = session.side
    rows = plan.rows[~session.review.spoken_of(side)[plan.rows]]
    session.take_over(_events(plan.carried, rows, side))
    return len(rows)


def _events(carried: CarriedVerdicts, rows: NDArray[np.int64], side: Side) -> list[Event]:
    """An event for each reviewer, day and reason, at the time of the last verdict in it.

    An event has one time; that of every single verdict stays in the dataset.
    """
    rejected = pl.Series(carried.verdicts == Verdict.REJECT)
    possible = pl.col("seconds").is_between(0, time.time(), closed="right")
    said = carried.by.with_columns(
        pl.Series("row", np.arange(carried.by.height)),
        pl.when(rejected).then("reason"),
        pl.when(possible).then("seconds"),
        pl.when(possible).then(pl.col("seconds") // DAY_S).alias("day"),
    )
    found = []
    for _, group in said[rows].group_by("reviewer", "day", "reason", maintain_order=True):
        chosen, seconds = group["row"].to_numpy(), group["seconds"].max()
        values = carried.verdicts[chosen].astype(np.int32)
        event = Event(
            EventKind.DECIDE,
            Said(reason=group["reason"][0] or "", values=values),
            chosen,
            old=np.zeros(len(chosen), np.int8),
            scores=np.full(len(chosen), np.nan, np.float32),  # nobody saw one here
            circumstances=Circumstances(side=side),
            at=instant(round(seconds * 1000)) if isinstance(seconds, float) else "",
            who=group["reviewer"][0],
        )
        found.append(event)
    return found
