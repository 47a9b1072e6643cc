"""Rows as a Parquet file, with the schema and the metadata of a Parquet source."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.io.plugins import register_io_source

from engine.dataset.dataset import Dataset
from engine.dataset.reading.arrow_schema import (
    PARQUET_KEY,
    ArrowSchema,
    changed_types,
    polars_arrow_schema,
    stored_schema,
)
from engine.dataset.reading.shard import SourceKind
from engine.dataset.reading.source import ReadProgress, open_source
from engine.export import features
from engine.export.plan import Conversion, ReviewState, WrittenRows
from engine.export.table import (
    CHUNK_ROWS,
    Extra,
    Table,
    Tick,
    chunks,
    grouped,
    holds,
    json_column,
    whole_table,
    without_bytes,
)

NOT_PARQUET: dict[SourceKind, Conversion] = {
    SourceKind.ARROW: Conversion("Arrow became Parquet"),
    SourceKind.CSV: Conversion("CSV became Parquet: every value is text"),
    SourceKind.TEXT: Conversion("lines of text became the column `text` of Parquet"),
}
UNTOLD = "of the type that polars gives it: the source says nothing of Arrow's types"
_RESTORED = ("timestamp[us", "timestamp[ms", "timestamp[ns", "decimal")
"""Types that polars turns into others (a zone, a width), and readers back again, by the Arrow
schema of the source; so are extension types, where what they hold is the same.

Source: pyarrow 26, read back from Parquet; not so `time32`, `date64`, `fixed_size_binary`, whose
values polars stores in another form, nor `duration[s]`, whose values they would misread."""
_SAME_IN_PARQUET = ("timestamp[s", "dictionary<")
"""Types that an Arrow schema in Parquet may name, and that its readers get as others anyway."""


def write_parquet_rows(
    path: Path, state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick
) -> WrittenRows:
    """Write `rows` to `path`; the features are named where the file itself does not say them."""
    dataset = state.dataset
    table = _storable(whole_table(state, rows, extra, tick))
    metadata, types = _said_of_columns(dataset, table.schema)
    write_parquet(path, table, rows, dataset.lengths, tick, metadata)
    known = NOT_PARQUET.get(dataset.source_kind)
    told = {name for change in table.changes for name in change.columns}
    types = [(name, what) for name, what in types if name not in told]
    changes = (*((known,) if known else ()), *table.changes, *grouped(types))
    if PARQUET_KEY in metadata:
        return WrittenRows(changes)
    named = features.card_features(table.schema, metadata.get(features.KEY))
    return WrittenRows(changes, named)


def _said_of_columns(
    dataset: Dataset, schema: pl.Schema
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """What the source says of its columns besides polars' types, and those whose type changes.

    With the Arrow schema of the source, unless columns were added or types are not what they were,
    readers that go by it get the very types that they got from the source.
    """
    if dataset.source_kind not in (SourceKind.PARQUET, SourceKind.ARROW):
        return {}, []
    is_parquet = dataset.source_kind is SourceKind.PARQUET
    said = [_of_file(path, is_parquet=is_parquet) for path in dataset.files]
    changed: dict[tuple[str, str], None] = {}
    keeps = True
    for _, before in said:
        if before is None:
            keeps = False
            changed |= {(name, UNTOLD): None for name in schema if holds(schema[name], _is_odd)}
            continue
        for name, was, now in changed_types(before, polars_arrow_schema(schema)):
            changed[name, f"{was} in the source: {now}"] = None
            restored = was.startswith(_RESTORED) or was.endswith(f" ({now})")
            keeps = keeps and (restored or (is_parquet and was.startswith(_SAME_IN_PARQUET)))
        keeps = keeps and [each.name for each in before.fields] == schema.names()
    metadata, first = said[0]
    if keeps and first is not None:
        return {**metadata, PARQUET_KEY: base64.b64encode(first.message).decode()}, []
    return {key: text for key, text in metadata.items() if key != PARQUET_KEY}, list(changed)


def _is_odd(dtype: object) -> bool:
    """Whether other types of Parquet are read as this one."""
    return dtype in (pl.Time, pl.Binary, pl.Datetime("ns"))


def _of_file(path: Path, *, is_parquet: bool) -> tuple[dict[str, str], ArrowSchema | None]:
    source = open_source(path, path.name, ReadProgress())
    try:
        return stored_schema(source, path, is_parquet=is_parquet)
    finally:
        source.close()


def _storable(table: Table) -> Table:
    """A table without structs that have no members, which Parquet does not know: JSON text."""
    odd = [name for name, dtype in table.schema.items() if holds(dtype, _has_no_members)]
    if not odd:
        return table

    def frame(rows: NDArray[np.int64]) -> pl.DataFrame:
        piece = table.frame(rows)
        return piece.with_columns(json_column(without_bytes(piece[name])) for name in odd)

    schema = pl.Schema({**table.schema, **dict.fromkeys(odd, pl.String())})
    return Table(schema, frame, table.changes)


def _has_no_members(dtype: object) -> bool:
    return isinstance(dtype, pl.Struct) and not dtype.fields


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
