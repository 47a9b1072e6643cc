"""Rows as a Parquet file, with the schema and the metadata of a Parquet source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.io.plugins import register_io_source

from engine.dataset.dataset import Dataset
from engine.dataset.reading.shard import SourceKind
from engine.export import features
from engine.export.plan import ReviewState
from engine.export.table import CHUNK_ROWS, Extra, Table, Tick, chunks, whole_table

_ARROW_SCHEMA = "ARROW:schema"


def write_parquet_rows(
    path: Path, state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick
) -> str | None:
    """Write `rows` to `path`; the features are named where the file itself does not say them."""
    table = whole_table(state, rows, extra, tick)
    metadata = _metadata(state.dataset, table.schema)
    write_parquet(path, table, rows, state.dataset.lengths, tick, metadata)
    if _ARROW_SCHEMA in metadata:
        return None
    return features.card_features(table.schema, metadata.get(features.KEY))


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
