"""The export formats, one row each: adding one is a module that writes it and a row here.

The command line, the export dialog, the card and the manifest know a format by its row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dataset.reading.shard import SourceKind
from engine.errors import UsageError
from engine.export.csv_rows import write_csv, write_csv_table
from engine.export.jsonl import write_json_lines, write_json_lines_table
from engine.export.parquet import write_parquet_rows
from engine.export.plan import ReviewState, WrittenRows
from engine.export.table import Extra, Table, Tick

Writer = Callable[[Path, ReviewState, NDArray[np.int64], Extra, Tick], WrittenRows]
"""Creates a file from rows (ascending, as often as they are written, none of them unreadable),
with the columns they get besides their own. Calls `Tick` after every chunk. Returns what has
become of the rows in it."""


TableWriter = Callable[[Path, Table, NDArray[np.int64], NDArray[np.int32], Tick], None]
"""Creates a file from rows of a table, in chunks by their lengths; calls `Tick` after each."""


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A way to write rows."""

    name: str
    """As it is typed after --format, and stands in the manifest."""
    suffix: str
    """Of the files that hold rows."""
    write: Writer
    native_to: frozenset[SourceKind] = frozenset()
    """The sources whose rows it writes without conversion."""
    write_table: TableWriter | None = None
    """Writes the decisions once more, as rows are written: `datasets` takes one reader for all
    configurations of a folder. None: those of Parquet are read like the rows."""


FORMATS: dict[str, ExportFormat] = {
    row.name: row
    for row in (
        ExportFormat(
            "jsonl",
            ".jsonl",
            write_json_lines,
            frozenset({SourceKind.JSON, SourceKind.TEXT, SourceKind.MIXED}),
            write_json_lines_table,
        ),
        ExportFormat(
            "parquet",
            ".parquet",
            write_parquet_rows,
            frozenset({SourceKind.PARQUET, SourceKind.ARROW}),
        ),
        ExportFormat(
            "csv",
            ".csv",
            write_csv,
            frozenset({SourceKind.CSV}),
            write_csv_table,
        ),
        ExportFormat("hf", ".parquet", write_parquet_rows),
    )
}
"""By name. `hf` is what `datasets.load_dataset` reads from a folder: Parquet beside its card."""


def format_named(name: str) -> ExportFormat:
    """The row of a format.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in FORMATS:
        raise UsageError(f"--format {name!r} does not exist", f"one of: {', '.join(FORMATS)}")
    return FORMATS[name]


def native_format(kind: SourceKind) -> str:
    """The name of the format that needs no conversion of such a source."""
    return next(row.name for row in FORMATS.values() if kind in row.native_to)
