"""One opened file: its texts, its problems, and the way back to its original rows."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.source import ReadProgress
from engine.dataset.reading.texts import Texts


class SourceKind(StrEnum):
    """What a dataset is stored as. MIXED: a folder with more than one kind."""

    JSON = "json"
    PARQUET = "parquet"
    CSV = "csv"
    ARROW = "arrow"
    TEXT = "text"
    MIXED = "mixed"


class Shard(Protocol):
    """One file, read. Rows are the file's own, from 0."""

    path: Path
    name: str
    kind: SourceKind
    layout: str
    rows: int
    texts: Texts
    log: ProblemLog

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the file's columns, those of all rows."""
        ...

    def records(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Some rows as parsed, in the order given; {} for one that is unparsable."""
        ...

    def raw(self, row: int) -> bytes | None:
        """The bytes of a row, None where rows have none of their own."""

    def lines(self, rows: NDArray[np.int64]) -> list[int | None]:
        """The 1-based lines at which ascending rows start."""
        ...

    def frame(self, rows: NDArray[np.int64]) -> pl.DataFrame:
        """Some rows with their original columns, in the order given."""
        ...

    def column(self, name: str, progress: ReadProgress) -> pl.Series:
        """An original column of all rows, of type Null where the file has none such.

        Raises:
            Cancelled: the person asked to stop.
        """
        ...

    def close(self) -> None:
        """Give files and memory back."""
