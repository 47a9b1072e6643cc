"""Rows as a CSV file: nested values as JSON text, bytes as Base64, every null an empty field."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.export.plan import ReviewState
from engine.export.table import Extra, Tick, chunks, json_column, whole_table, without_bytes


def write_csv(
    path: Path, state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick
) -> None:
    """Write `rows` to `path`, below a line with the names of their columns."""
    table = whole_table(state, rows, extra, tick)
    with path.open("wb") as file:
        pl.DataFrame(schema=dict.fromkeys(table.schema, pl.String)).write_csv(file)
        for piece in chunks(rows, state.dataset.lengths):
            flat = pl.DataFrame([_flat(column) for column in table.frame(piece)])
            if flat.width == 1:
                # A null alone on its line would be a blank line, which readers skip.
                flat = flat.select(pl.all().cast(pl.String).fill_null(""))
            flat.write_csv(file, include_header=False)
            tick(len(piece))


def _flat(column: pl.Series) -> pl.Series:
    """A column as CSV can hold it."""
    column = without_bytes(column)
    if column.dtype.is_nested():
        return json_column(column)
    return column.cast(pl.String) if column.dtype == pl.Duration else column
