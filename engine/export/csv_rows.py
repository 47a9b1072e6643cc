"""Rows as a CSV file: those of a CSV as they stand in it, byte for byte.

Of other sources nested values are JSON text, bytes are Base64, and every null is an empty field.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.edited_rows import Revision
from engine.dataset.reading.csv_bytes import CsvBytes
from engine.errors import ExportError
from engine.export.plan import Conversion, ReviewState, WrittenRows
from engine.export.table import Extra, Table, Tick, chunks, json_column, whole_table, without_bytes

WRITTEN_ANEW = Conversion(
    "written as CSV in UTF-8, with commas and doubled quotes: nested values are JSON text, bytes "
    "Base64, null an empty field"
)


def write_csv(
    path: Path, state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick
) -> WrittenRows:
    """Write `rows` to `path`, below a line with the names of their columns."""
    written = None if extra else state.dataset.csv_bytes()
    if written is not None:
        _write_as_it_stands(path, state, rows, written, tick)
        return WrittenRows()
    table = whole_table(state, rows, extra, tick)
    write_csv_table(path, table, rows, state.dataset.lengths, tick)
    return WrittenRows((WRITTEN_ANEW, *table.changes))


def write_csv_table(
    path: Path, table: Table, rows: NDArray[np.int64], lengths: NDArray[np.int32], tick: Tick
) -> None:
    """Write `rows` of `table` to `path`, cut into chunks by their lengths."""
    with path.open("wb") as file:
        pl.DataFrame(schema=dict.fromkeys(table.schema, pl.String)).write_csv(file)
        for piece in chunks(rows, lengths):
            flat = pl.DataFrame([_flat(column) for column in table.frame(piece)])
            if flat.width == 1:
                # A null alone on its line would be a blank line, which readers skip.
                flat = flat.select(pl.all().cast(pl.String).fill_null(""))
            flat.write_csv(file, include_header=False)
            tick(len(piece))


def _write_as_it_stands(
    path: Path, state: ReviewState, rows: NDArray[np.int64], written: CsvBytes, tick: Tick
) -> None:
    """Write rows of a CSV as the same CSV; those that were edited with their new values."""
    edited = state.revisions if state.applies_edits else {}
    with path.open("wb") as file:
        file.write(written.head)
        for piece in chunks(rows, state.dataset.lengths):
            for row, line in zip(piece.tolist(), written.rows(piece), strict=True):
                revision = edited.get(row)
                file.write(line if revision is None else _edited_row(written, row, revision))
            tick(len(piece))


def _edited_row(written: CsvBytes, row: int, revision: Revision) -> bytes:
    try:
        return written.row_with(row, [str(value) for value in revision.record.values()])
    except ValueError as error:
        raise ExportError(
            f"row {row} was edited, and its CSV cannot hold the new text: {error}",
            "export it as jsonl or parquet, or leave edits out with --edits ignore",
        ) from error


def _flat(column: pl.Series) -> pl.Series:
    """A column as CSV can hold it."""
    column = without_bytes(column)
    if column.dtype.is_nested():
        return json_column(column)
    return column.dt.to_string("iso") if column.dtype == pl.Duration else column
