"""What the table asks of whoever has the rows, a line at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from tui.terminal.display import RowState


@dataclass(frozen=True, slots=True, eq=False)
class RowMarks:
    """What changes about a row while it is reviewed: all of a line but its texts."""

    state: RowState
    score: float = math.nan
    """Of the side under review; NaN where there is none."""
    other_score: float = math.nan
    """Of the rejected side of a preference pair."""
    tokens: int = 0
    skipped: bool = False
    problem: bool = False
    noted: bool = False
    tagged: bool = False
    edited: bool = False
    reason: str = ""
    """The digit of the reason of a rejection."""
    lead: str = ""
    """What the row belongs to; as many cells as the source says, or fewer."""

    def __eq__(self, other: object) -> bool:
        """Whether nothing has changed: no score is like no score, though NaN is unlike NaN."""
        return isinstance(other, RowMarks) and self._comparable() == other._comparable()

    __hash__ = None  # type: ignore[assignment] # as Python does beside __eq__

    def _comparable(self) -> tuple[object, ...]:
        scores = (self.score, self.other_score)
        known = (None if math.isnan(score) else score for score in scores)
        said = (self.skipped, self.noted, self.tagged, self.edited, self.reason, self.lead)
        return (self.state, self.tokens, self.problem, *said, *known)


@dataclass(frozen=True, slots=True)
class RowTexts:
    """What does not change about a row; raw text from the dataset."""

    prompt: str
    response: str
    rejected: str | None = None


class RowSource(Protocol):
    """Where the table gets its rows; asked only for the lines that are drawn."""

    @property
    def rows(self) -> int:
        """Rows of the dataset."""
        ...

    @property
    def has_sides(self) -> bool:
        """Preference data: two scores, a margin and the rejected text are shown."""
        ...

    @property
    def score_range(self) -> tuple[float, float] | None:
        """The scores that an empty and a full bar stand for; None while there are none."""
        ...

    @property
    def lead_cells(self) -> int:
        """Cells of the column before the texts; 0 leaves it out."""
        ...

    def marks(self, row: int) -> RowMarks:
        """The state of one row as of now."""
        ...

    def texts(self, row: int) -> RowTexts:
        """The texts of one row."""
        ...
