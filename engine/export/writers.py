"""Rows into files, a chunk at a time: source bytes where the source is JSON, columns elsewhere."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray
from polars.io.plugins import register_io_source

from engine.dataset.dataset import Dataset, SourceKind
from engine.errors import ExportError
from engine.export import features
from engine.export.decisions import decisions, decisions_schema
from engine.export.jsonline import is_line, one_line, with_members
from engine.export.plan import ExportFormat, ReviewState
from engine.export.shapes import RowShape, json_text, parse_row

CHUNK_ROWS = 20_000
CHUNK_CHARACTERS = 32_000_000
"""A chunk ends at whichever comes first; this bounds the memory that an export takes."""

WEIGHT = "weight"
"""The column that says how often a row counts, where rows are not repeated."""

Tick = Callable[[int], None]
"""Called with the number of rows just written; raises Cancelled to stop."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as columns: a schema, and the frame of any chunk in that schema."""

    schema: pl.Schema
    frame: Callable[[NDArray[np.int64]], pl.DataFrame]


def chunks(rows: NDArray[np.int64], lengths: NDArray[np.int32]) -> Iterator[NDArray[np.int64]]:
    """`rows` in pieces that are neither too many rows nor too much text."""
    start = 0
    while start < len(rows):
        piece = rows[start : start + CHUNK_ROWS]
        characters = np.cumsum(lengths[piece], dtype=np.int64)
        fitting = int(np.searchsorted(characters, CHUNK_CHARACTERS, side="right"))
        piece = piece[: max(fitting, 1)]
        yield piece
        start += len(piece)


def unreadable_rows(dataset: Dataset) -> NDArray[np.int64]:
    """Broken rows of a JSON source that cannot even stand as a line of JSON."""
    broken = np.flatnonzero(dataset.broken) if _has_lines(dataset) else np.zeros(0, np.int64)
    return np.array([row for row in broken.tolist() if not _can_stand(dataset, row)], np.int64)


def _has_lines(dataset: Dataset) -> bool:
    """Whether rows are JSON in the source; in a mixed folder those that are not become it."""
    return dataset.source_kind in (SourceKind.JSON, SourceKind.MIXED)


def _can_stand(dataset: Dataset, row: int) -> bool:
    raw = dataset.raw(row)
    return raw is None or is_line(one_line(raw))


def write_unreadable(path: Path, dataset: Dataset, rows: NDArray[np.int64], tick: Tick) -> None:
    """One JSON object a line for every unreadable row, its bytes as Base64 where not UTF-8."""
    with path.open("wb") as file:
        for row in rows.tolist():
            raw = dataset.raw(row) or b""
            line: dict[str, object] = {"row": row, "problem": dataset.problem(row)}
            try:
                line["text"] = raw.decode()
            except UnicodeDecodeError:
                line["base64"] = base64.b64encode(raw).decode()
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            tick(1)


@dataclass(frozen=True, slots=True)
class Extra:
    """Columns that rows get besides their own."""

    prefix: str | None = None
    """Of those that say what tamis knows; None leaves them out."""
    weight: str | None = None
    """The one that says how often a row counts; None leaves it out."""

    def __bool__(self) -> bool:
        return self.prefix is not None or self.weight is not None

    def schema(self, state: ReviewState) -> dict[str, pl.DataType]:
        """The columns and their types."""
        known = decisions_schema(state) if self.prefix is not None else {}
        found = {f"{self.prefix}{name}": dtype for name, dtype in known.items()}
        if self.weight is not None:
            found[self.weight] = pl.Int32()
        return found

    def frame(self, state: ReviewState, rows: NDArray[np.int64]) -> pl.DataFrame:
        """The columns of `rows`."""
        columns = []
        if self.prefix is not None:
            columns += _prefixed(decisions(state, rows), self.prefix).get_columns()
        if self.weight is not None:
            columns.append(pl.Series(self.weight, state.times(rows)))
        return pl.DataFrame(columns)


def write_rows(
    path: Path,
    state: ReviewState,
    rows: NDArray[np.int64],
    form: ExportFormat,
    extra: Extra,
    tick: Tick,
) -> str | None:
    """Write `rows` to `path`, and name their features for the card where a reader needs that.

    Args:
        path: to create.
        state: the review; its dataset holds the rows.
        rows: positions, ascending, as often as they are written; none unreadable.  (n,)
        form: how to write.
        extra: columns that they get.
        tick: called for every chunk.
    """
    if form is ExportFormat.JSONL and _has_lines(state.dataset):
        _write_lines(path, state, rows, extra, tick)
        return None
    table = source_table(state, rows, tick)
    if extra:
        table = _annotated(table, state, extra)
    if form in (ExportFormat.PARQUET, ExportFormat.HF):
        metadata = _metadata(state.dataset, table.schema)
        write_parquet(path, table, rows, state.dataset.lengths, tick, metadata)
        if _ARROW_SCHEMA not in metadata:
            return features.card_features(table.schema, metadata.get(features.KEY))
    else:
        _write_text(path, table, rows, state.dataset.lengths, form, tick)
    return None


def free_prefix(state: ReviewState, rows: NDArray[np.int64], tick: Tick) -> str:
    """`tamis_`, or where the rows have such columns already, the first numbered one they lack."""
    prefix, number = "tamis_", 1
    taken = _column_names(state, rows, tick)
    while any(name.startswith(prefix) for name in taken):
        number += 1
        prefix = f"tamis{number}_"
    return prefix


def free_weight(state: ReviewState, rows: NDArray[np.int64], tick: Tick) -> str:
    """`weight`, or where the rows have such a column already, the first numbered one they lack."""
    taken = _column_names(state, rows, tick, WEIGHT.encode())
    numbered = (f"{WEIGHT}{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([WEIGHT], numbered) if name not in taken)


def _column_names(
    state: ReviewState, rows: NDArray[np.int64], tick: Tick, mark: bytes = b"tamis"
) -> set[str]:
    """Every column of `rows` that could collide with one whose name begins with `mark`."""
    dataset = state.dataset
    names = set(dataset.column_names)
    for piece in chunks(rows, dataset.lengths) if _has_lines(dataset) else ():
        for row in piece.tolist():
            if mark in (dataset.raw(row) or b""):
                names.update(_record(state, row))
        tick(0)
    return names


# --- JSON lines from a JSON source


def _write_lines(
    path: Path, state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick
) -> None:
    dataset = state.dataset
    with path.open("wb") as file:
        for piece in chunks(rows, dataset.lengths):
            lines = [_line(state, row) for row in piece.tolist()]
            if extra:
                added = extra.frame(state, piece).write_ndjson().splitlines()
                lines = [
                    with_members(line, members[1:-1].encode())
                    for line, members in zip(lines, added, strict=True)
                ]
            file.write(b"\n".join(lines) + b"\n")
            tick(len(piece))


def _line(state: ReviewState, row: int) -> bytes:
    revised = state.revised(row)
    if revised is not None:
        try:
            return json_text(revised).encode()
        except UnicodeEncodeError:  # a lone surrogate elsewhere in the row
            return json.dumps(revised, separators=(",", ":"), default=str).encode()
    raw = state.dataset.raw(row)
    return json_text(state.dataset.record(row)).encode() if raw is None else one_line(raw)


# --- columns


def source_table(state: ReviewState, rows: NDArray[np.int64], tick: Tick) -> Table:
    """The original columns of `rows`, in their own types, or in fitting ones for JSON."""
    dataset = state.dataset
    if not _has_lines(dataset):
        starts = _file_starts(dataset)
        schema = dataset.frame(starts).schema

        def frame(piece: NDArray[np.int64]) -> pl.DataFrame:
            parts = np.split(piece, np.searchsorted(piece, starts[1:]))
            frames = [
                _revised(state, _conformed(dataset.frame(part), schema), part)
                for part in parts
                if len(part)
            ]
            return pl.concat(frames)

        return Table(schema, frame)
    shape = RowShape()
    for piece in chunks(rows, dataset.lengths):
        shape.absorb(_record(state, row) for row in piece.tolist())
        tick(0)
    return Table(
        shape.schema(),
        lambda piece: shape.frame(_record(state, row) for row in piece.tolist()),
    )


def _revised(state: ReviewState, frame: pl.DataFrame, rows: NDArray[np.int64]) -> pl.DataFrame:
    """`frame` of `rows` with the edited texts in it, every column in its own type."""
    found = {at: state.revised(row) for at, row in enumerate(rows.tolist()) if state.revisions}
    edited = {at: record for at, record in found.items() if record is not None}
    for name in frame.columns if edited else ():
        column = frame[name]
        values = column.to_list()
        changed = [at for at, record in edited.items() if record.get(name) != values[at]]
        for at in changed:
            values[at] = edited[at][name]
        if changed:
            plain = isinstance(column.dtype, pl.Categorical | pl.Enum)
            dtype = pl.String() if plain else column.dtype
            frame = frame.with_columns(pl.Series(name, values, dtype=dtype))
    return frame


def _record(state: ReviewState, row: int) -> dict[str, Any]:
    revised = state.revised(row)
    if revised is not None:
        return revised
    dataset = state.dataset
    raw = dataset.raw(row)
    try:
        return dataset.record(row) if raw is None else parse_row(one_line(raw))
    except (ValueError, RecursionError) as error:
        raise ExportError(
            f"row {row} of {dataset.path} does not fit into columns: {error}",
            "export as jsonl, which copies it as it is",
        ) from error


def _file_starts(dataset: Dataset) -> NDArray[np.int64]:
    """The first row of every file that has rows."""
    rows = np.array([file.rows for file in dataset.quick_print], np.int64)
    starts: NDArray[np.int64] = (np.cumsum(rows) - rows)[rows > 0]
    return starts


def _conformed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """`frame` of one file with the columns of all of them."""
    if frame.schema == schema:
        return frame
    return pl.DataFrame(
        [
            _as(frame[name], dtype)
            if name in frame.columns
            else pl.repeat(None, frame.height, dtype=dtype, eager=True).alias(name)
            for name, dtype in schema.items()
        ]
    )


def _as(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    if dtype == pl.String and column.dtype.is_nested():
        return _json_column(column)
    return column.cast(dtype)


def _json_column(column: pl.Series) -> pl.Series:
    texts = [None if value is None else json_text(value) for value in column.to_list()]
    return pl.Series(column.name, texts, dtype=pl.String)


def decisions_table(state: ReviewState) -> Table:
    """The columns of `decisions.parquet`."""
    return Table(decisions_schema(state), lambda rows: decisions(state, rows))


def _annotated(table: Table, state: ReviewState, extra: Extra) -> Table:
    def frame(rows: NDArray[np.int64]) -> pl.DataFrame:
        return table.frame(rows).hstack(extra.frame(state, rows))

    return Table(pl.Schema({**table.schema, **extra.schema(state)}), frame)


def _prefixed(frame: pl.DataFrame, prefix: str) -> pl.DataFrame:
    return frame.rename(lambda name: prefix + name)


def _metadata(dataset: Dataset, schema: pl.Schema) -> dict[str, str]:
    """What the source's Parquet file says of its columns besides their types.

    With the Arrow schema of the source, unless columns were added, readers that go by it get
    the very types that they got from the source.
    """
    if dataset.source_kind is not SourceKind.PARQUET:
        return {}
    metadata = pl.read_parquet_metadata(dataset.files[0])
    if pl.read_parquet_schema(dataset.files[0]) != schema:
        metadata.pop(_ARROW_SCHEMA, None)
    return metadata


_ARROW_SCHEMA = "ARROW:schema"


def write_parquet(
    path: Path,
    table: Table,
    rows: NDArray[np.int64],
    lengths: NDArray[np.int32],
    tick: Tick,
    metadata: dict[str, str] | None = None,
) -> None:
    """Stream `rows` of `table` into one Parquet file."""

    def read(
        _columns: list[str] | None,
        _predicate: pl.Expr | None,
        _limit: int | None,
        _batch: int | None,
    ) -> Iterator[pl.DataFrame]:
        for piece in chunks(rows, lengths):
            yield table.frame(piece)
            tick(len(piece))

    register_io_source(read, schema=table.schema).sink_parquet(
        path, metadata=dict(metadata or {}), row_group_size=CHUNK_ROWS
    )


def _write_text(
    path: Path,
    table: Table,
    rows: NDArray[np.int64],
    lengths: NDArray[np.int32],
    form: ExportFormat,
    tick: Tick,
) -> None:
    with path.open("wb") as file:
        if form is ExportFormat.CSV:
            pl.DataFrame(schema=dict.fromkeys(table.schema, pl.String)).write_csv(file)
        for piece in chunks(rows, lengths):
            _append(file, table.frame(piece), form)
            tick(len(piece))


def _append(file: BinaryIO, frame: pl.DataFrame, form: ExportFormat) -> None:
    if form is ExportFormat.JSONL:
        frame.select(_spelled(column) for column in frame).write_ndjson(file)
        return
    flat = frame.select(_flat(column) for column in frame)
    # A null alone on its line would be a blank line, which readers skip.
    flat = flat.select(pl.all().cast(pl.String).fill_null("")) if flat.width == 1 else flat
    flat.write_csv(file, include_header=False)


def _flat(column: pl.Series) -> pl.Series:
    """A column as CSV can hold it: lists and structs as JSON text, bytes as Base64."""
    column = _spelled(column)
    if column.dtype.is_nested():
        return _json_column(column)
    return column.cast(pl.String) if column.dtype == pl.Duration else column


def _spelled(column: pl.Series) -> pl.Series:
    """A column as text formats can hold it: bytes, however deep, as Base64."""
    dtype = _without_bytes(column.dtype)
    if dtype == column.dtype:
        return column
    return pl.Series(column.name, [_encoded(value) for value in column.to_list()], dtype=dtype)


def _without_bytes(dtype: Any) -> Any:
    if dtype == pl.Binary:
        return pl.String()
    if isinstance(dtype, pl.List):
        return pl.List(_without_bytes(dtype.inner))
    if isinstance(dtype, pl.Array):
        return pl.Array(_without_bytes(dtype.inner), dtype.size)
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _without_bytes(field.dtype) for field in dtype.fields})
    return dtype


def _encoded(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, dict):
        return {name: _encoded(member) for name, member in value.items()}
    return value
