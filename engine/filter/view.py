"""What a filter is evaluated against: columns of a review, one slot per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


ANY = "any"
"""The name that stands for every name of a mark."""


@dataclass(frozen=True, slots=True)
class Names:
    """What can be named in a filter beside its own words; for the parser and for completion."""

    columns: Sequence[str] = ()
    """The original columns of the dataset."""
    marks: Mapping[Mark, Sequence[str]] = field(default_factory=dict)
    """Names in use: tags, codes of reasons."""


class FilterView(Protocol):
    """The columns that a filter looks at. Each is asked for only where a term needs it."""

    @property
    def rows(self) -> int:
        """Rows of the dataset."""
        ...

    @property
    def texts(self) -> pl.DataFrame:
        """Columns prompt, response, rejected (strings, nullable)."""
        ...

    @property
    def scores(self) -> NDArray[np.float32]:
        """NaN = no score.  (sides, rows)."""
        ...

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Of the side under review.  (rows,)."""
        ...

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """Of the side under review.  (rows,)."""
        ...

    @property
    def outcomes(self) -> Outcomes:
        """Of the side under review."""
        ...

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Characters.  (rows,)."""
        ...

    @property
    def words(self) -> NDArray[np.int32]:
        """Words.  (rows,)."""
        ...

    @property
    def tokens(self) -> NDArray[np.int32]:
        """Tokens.  (rows,)."""
        ...

    @property
    def remarked(self) -> NDArray[np.bool_]:
        """Readable rows with a remark.  (rows,)."""
        ...

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Rows that could not be read.  (rows,)."""
        ...

    @property
    def side(self) -> Side:
        """The side under review."""
        ...

    @property
    def before(self) -> NDArray[np.float32]:
        """Scores by the scorer before, NaN = none.  (rows,)."""
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
