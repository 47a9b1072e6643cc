"""Files that are columns already: Parquet, Arrow, CSV and plain text."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.cells import path_in
from engine.dataset.reading.columns import as_text
from engine.dataset.reading.csv_rows import LATIN, SURROGATES, CsvTable
from engine.dataset.reading.facts import SAMPLED_VALUES, ColumnFacts
from engine.dataset.reading.families import Spelling
from engine.dataset.reading.json_rows import REPLACED_BYTES
from engine.dataset.reading.json_shard import Chooser
from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.row_families import rescued
from engine.dataset.reading.shard import SourceKind
from engine.dataset.reading.source import ByteSource, ReadProgress
from engine.dataset.reading.talks import plain_talks
from engine.dataset.reading.text_encoding import check_encoding, decoded, detect_encoding
from engine.dataset.reading.texts import RowTexts, Texts, assemble
from engine.errors import InputError

TEXT_COLUMN = "text"
_ROWS_TOGETHER = 10_000
_FACT_ROWS = 1000


class FrameShard:
    """A file read into columns, which are kept: they are also what the texts share."""

    def __init__(
        self,
        path: Path,
        kind: SourceKind,
        layout: str,
        data: pl.DataFrame,
        choose: Chooser,
        progress: ReadProgress,
        log: ProblemLog,
        lines: NDArray[np.int64] | None = None,
    ) -> None:
        """Find the samples in `data`; `lines` where each row starts, if that is known.  (rows,).

        Raises:
            InputError: it has no rows.
            UsageError: the person named a column that is not there.
            Cancelled: the person asked to stop.
        """
        if not data.height:
            raise InputError(f"{log.file}: no rows in it", "check that it is the right file")
        self.path = path
        self.name = log.file
        self.kind = kind
        self.layout = layout
        self.log = log
        self.rows = data.height
        self._data = data
        self._row_lines = lines
        self.csv: CsvTable | None = None
        """How a CSV is written."""
        spelling = choose(ColumnFacts(data.columns, lambda column: _values(data, column)))
        if spelling.flat:
            used = spelling.columns.used()
            parts = {part: as_text(data[column]) for part, column in used.items()}
            self.texts = assemble(parts, spelling, log)
        else:
            self.texts = _read_rows(data, spelling, log, progress)
        self.texts = rescued(self.texts, self, choose)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(self._data.columns)

    def records(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Some rows as dictionaries."""
        return self._data[rows].to_dicts()

    def raw(self, row: int) -> bytes | None:
        """Columns have no bytes for one row."""
        del row
        return None

    def lines(self, rows: NDArray[np.int64]) -> list[int | None]:
        """The lines at which rows start, where the format has lines."""
        if self._row_lines is None and self.kind is SourceKind.CSV:
            self._row_lines = _csv_lines(self._data)
        if self._row_lines is None:
            return [None] * len(rows)
        return [int(line) for line in self._row_lines[rows]]

    def frame(self, rows: NDArray[np.int64]) -> pl.DataFrame:
        """Some rows with their own schema."""
        return self._data[rows]

    def column(self, name: str, progress: ReadProgress) -> pl.Series:
        """A column as it is."""
        del progress
        known = name in self._data.columns
        return self._data[name] if known else pl.Series(name, [None] * self.rows, dtype=pl.Null)

    def close(self) -> None:
        """Let go of the columns."""
        self._data = self._data.clear()


def _csv_lines(data: pl.DataFrame) -> NDArray[np.int64]:
    """Where each row of a CSV starts, counting the newlines inside its fields."""
    breaks = data.select(
        pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))
    ).to_series()
    before = breaks.cast(pl.Int64).cum_sum().shift(1, fill_value=0).to_numpy()
    header = sum(name.count("\n") for name in data.columns)
    return np.asarray(np.arange(data.height) + 2 + header + before, np.int64)


def _values(data: pl.DataFrame, column: str) -> list[Any]:
    head = data[column].head(_FACT_ROWS).drop_nulls()
    if not len(head):
        head = data[column].drop_nulls()
    return head.head(SAMPLED_VALUES).to_list()


def _read_rows(
    data: pl.DataFrame, spelling: Spelling, log: ProblemLog, progress: ReadProgress
) -> Texts:
    rows = RowTexts(spelling, log)
    paths = (path_in(data.columns, name) for name in spelling.columns.used().values())
    used = data.select(list(dict.fromkeys(str(path[0]) for path in paths if path)))
    if spelling.columns.candidates is not None:  # what lists beside them say of each
        used = data
    for start in range(0, data.height, _ROWS_TOGETHER):
        progress.step(f"reading {log.file}", start, data.height)
        piece = used[start : start + _ROWS_TOGETHER]
        talks = plain_talks(piece, spelling)
        if talks is not None:
            rows.add_talks(talks, piece.filter(pl.Series(~talks.plain)).to_dicts())
        elif used.width:
            rows.add(piece.to_dicts())
        else:
            rows.add([{}] * min(_ROWS_TOGETHER, data.height - start))
    return rows.finish()


def read_polars(where: Path | io.BytesIO, name: str, layout: str) -> pl.DataFrame:
    """A Parquet or Arrow file, or its bytes, as columns.

    Raises:
        InputError: it is damaged, or holds types that cannot be read.
    """
    try:
        if layout == "parquet":
            return pl.read_parquet(where, glob=False, hive_partitioning=False)
        return pl.read_ipc_stream(where) if layout == "arrow stream" else pl.read_ipc(where)
    except OSError as error:
        raise InputError(
            f"{name}: cannot be opened: {error.strerror or 'damaged'}", "check the path"
        ) from error
    except (Exception, pl.exceptions.PanicException) as error:
        if isinstance(error, MemoryError):
            raise
        doubled = isinstance(error, pl.exceptions.DuplicateError)
        raise InputError(
            f"{name}: cannot be read as {layout}: {_first_line(error)}",
            "two columns have one name: rename one of them"
            if doubled
            else "it may be truncated or damaged: fetch it again",
        ) from error


_CAUSE_CHARACTERS = 160


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return ascii(lines[0] if lines else type(error).__name__)[1:-1][:_CAUSE_CHARACTERS]


def read_text(
    source: ByteSource, log: ProblemLog, encoding: str = ""
) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Plain text: every line that is not blank is a row.

    Raises:
        InputError: it is not in the encoding that a person named.
    """
    data = source.read(0, source.size)
    encoding = check_encoding(encoding) if encoding else detect_encoding(data)
    text = decoded(data, encoding)
    if encoding not in ("utf-8", "utf-8-sig"):
        log.add_file(LATIN.format(encoding))
    texts: list[str] = []
    lines: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        said = line.removesuffix("\r")
        if SURROGATES.search(said):
            said = SURROGATES.sub("\ufffd", said)
            log.add(len(texts), REPLACED_BYTES, broken=False)
        texts.append(said)
        lines.append(number)
    return pl.DataFrame({TEXT_COLUMN: pl.Series(texts, dtype=pl.String)}), np.array(lines, np.int64)
