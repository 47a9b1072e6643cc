"""Sort orders of the table: a column and a direction, as row numbers.

Every sort is stable over row numbers and puts what has no value last in both directions, so a
row that is still being scored never comes between the worst and the best.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray


class Column(StrEnum):
    """What the table shows, and can be sorted by."""

    ROW = "row"
    STATE = "state"
    SCORE = "score"
    REJECTED_SCORE = "rejected score"
    MARGIN = "margin"
    BEFORE = "score before"
    CLUSTER = "cluster"
    PROMPT = "prompt"
    RESPONSE = "response"
    REJECTED = "rejected"
    TOKENS = "tokens"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Sort:
    """A column and its direction."""

    column: Column = Column.ROW
    descending: bool = False

    def __str__(self) -> str:
        return f"{self.column.value} {'descending' if self.descending else 'ascending'}"


def by_number(values: NDArray[np.generic], *, descending: bool) -> NDArray[np.int64]:
    """Row numbers in order of `values`, NaN last.  (rows,) -> (rows,)."""
    keys = values.astype(np.float64)
    if descending:
        keys = -keys
    return np.argsort(keys, kind="stable")


def by_text(values: pl.Series, *, descending: bool) -> NDArray[np.int64]:
    """Row numbers in order of text (code points), nulls last.  (rows,) -> (rows,)."""
    frame = pl.DataFrame({"text": values}).with_row_index("row")
    ordered = frame.sort("text", descending=descending, nulls_last=True, maintain_order=True)
    return ordered["row"].to_numpy().astype(np.int64)
