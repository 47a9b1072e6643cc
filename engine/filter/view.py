"""What a filter is evaluated against: columns of a review, one slot per row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.review.policy import Outcomes
from engine.sample import Side


class Mark(StrEnum):
    """What a row can carry beside its verdict, asked for as `tag:NAME`."""

    CLUSTER = "cluster"
    NOTE = "note"
    TAG = "tag"
    REASON = "reason"
    CONFLICT = "conflict"
    CUT = "@cut"
    """Whether the scorer read only a part of it."""
    SPLIT = "@split"
    CONFIG = "@config"
    FILE = "@file"
    """The part of the dataset, or the file, that it comes from."""


YES, NO = "yes", "no"
"""The names of a mark that a row has or has not."""

ANY = "any"
"""The name that stands for every name of a mark."""


@dataclass(frozen=True, slots=True)
class Names:
    """What can be named in a filter beside its own words; for the parser and for completion."""

    columns: Sequence[str] = ()
    """The original columns of the dataset."""
    marks: Mapping[Mark, Sequence[str]] = field(default_factory=dict)
    """Names in use: tags, codes of reasons."""
    values: Callable[[str], Sequence[str]] = lambda _column: ()
    """Frequent values of a column, as they are typed."""


class FilterView(Protocol):
    """The columns that a filter looks at. Each is asked for only where a term needs it."""

    rows: int
    """Rows of the dataset."""
    texts: pl.DataFrame
    """Columns prompt, response, rejected (strings, nullable)."""
    scores: NDArray[np.float32]  # (sides, rows) NaN = no score
    failed: NDArray[np.bool_]  # (rows,) of the side under review
    verdicts: NDArray[np.int8]  # (rows,) of the side under review
    lengths: NDArray[np.int32]  # (rows,) characters
    tokens: NDArray[np.int32]  # (rows,) length of the side under review
    remarked: NDArray[np.bool_]  # (rows,) readable rows with a remark
    broken: NDArray[np.bool_]  # (rows,) rows that could not be read
    before: NDArray[np.float32]  # (rows,) scores by the scorer before, NaN = none
    side: Side
    """The side under review."""

    @property
    def outcomes(self) -> Outcomes:
        """Of the side under review."""
        ...

    @property
    def words(self) -> NDArray[np.int32]:
        """Words.  (rows,)."""
        ...

    def column(self, name: str) -> pl.Series:
        """An original column.  (rows,)."""
        ...

    def marked(self, mark: Mark, name: str) -> NDArray[np.bool_]:
        """Which rows carry a mark of that name; `any`: of whatever name.  (rows,)."""
        ...

    def cancelled(self) -> bool:
        """Whether the answer is still wanted; asked between two chunks of work."""
        ...
