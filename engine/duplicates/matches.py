"""What a search has found: which rows are the same, and how alike others are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.settings import SearchSettings


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Everything that clusters, at any similarity from the stored one on, are cut from.

    Rows with the same text and the same numbers are one: the first of them stands for all. Pairs
    are between such first rows. Of two rows in one component, connected by pairs at least
    `settings.similarity` alike, the pair is listed whatever its similarity; components of more
    than `engine.duplicates.matching.COMPLETE_ROWS` different texts are in `large`, and only have
    the pairs that connect them.
    """

    settings: SearchSettings
    first: NDArray[np.int64]  # (rows,) the row that stands for each; -1: has no text to compare
    a: NDArray[np.int64]  # (pairs,) lower row
    b: NDArray[np.int64]  # (pairs,) higher row
    similarity: NDArray[np.float32]  # (pairs,) exact
    same_content: NDArray[np.bool_] | None = None  # (pairs,) see `engine.duplicates.content`
    """None until somebody has looked: then no pair is one that the rule may act upon."""
    responses: NDArray[np.float32] | None = None  # (pairs,) similarity of the responses alone
    large: tuple[NDArray[np.int64], ...] = ()
    done: int = 0
    """Rows searched so far; less than `rows` while the search runs."""
    left_out: int = 0
    """Groups of candidates that were not tested to the end; see `matching.TESTS_PER_ROW`."""

    @property
    def rows(self) -> int:
        """Rows of the dataset."""
        return len(self.first)

    @property
    def is_complete(self) -> bool:
        """Whether all rows have been searched."""
        return self.done >= self.rows

    @property
    def rows_of_text(self) -> NDArray[np.int64]:
        """How many rows each row stands for; 0 where another one does.  (rows,)."""
        compared = self.first[self.first >= 0]
        return np.bincount(compared, minlength=self.rows)

    @property
    def exact(self) -> int:
        """Rows that are the same as an earlier one."""
        compared = self.first >= 0
        return int(np.count_nonzero(compared & (self.first != np.arange(self.rows))))
