"""What was said, in the order in which it was: about one row, or in the whole session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.review.decision import Aspect, Event, Verdict
from engine.sample import Side


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that was said about a row, and what it changed."""

    event: Event
    """Who, when, and what was on the screen; its rows and scores are those of all its rows."""
    old: str
    new: str
    """A verdict, how often it is exported, a reason, a note, the text of a tag."""
    score: float
    """Of the row at that moment; NaN where there was none."""
    undone: Event | None
    """The undo that took it back, where it does not stand."""

    @property
    def aspect(self) -> Aspect | str:
        """What it is about."""
        return self.event.said.aspect

    @property
    def side(self) -> Side:
        """The side that was under review."""
        return self.event.circumstances.side


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a session, whatever it is about."""

    event: Event
    """Who, when, and whether it was said, taken back or given again."""
    decision: Event
    """What was: the event itself, or the one that it takes back or gives again."""
    stands: bool
    """False for a decision that was taken back."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one reviewer said about a row on which several contradict each other."""

    who: str
    verdict: Verdict
    reason: str = ""


def value_of(event: Event | None, aspect: Aspect | str, row: int) -> str:
    """What `event` says about `row`, in words; None: what holds before anything is said."""
    if aspect in (Aspect.VERDICT, Aspect.MERGE):
        return "undecided" if event is None else event.verdict_of(row).name.lower()
    if aspect is Aspect.COPIES:
        if event is None or event.said.values is None:
            return "x1"
        return f"x{event.said.values[np.flatnonzero(event.rows == row)[0]]}"
    return "" if event is None else event.said.text
