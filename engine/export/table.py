"""The rows of an export as columns: those of the source, and what tamis adds to them."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.dataset.reading.columns import EXACT_IN_FLOAT, InferredSchema, json_text
from engine.dataset.reading.json_rows import parse_record
from engine.dataset.reading.shard import SourceKind
from engine.export.decisions import decisions, decisions_schema
from engine.export.plan import Conversion, Copies, ExportPlan, ReviewState

CHUNK_ROWS = 20_000
CHUNK_CHARACTERS = 32_000_000
"""A chunk ends at whichever comes first; this bounds the memory that an export takes."""

WEIGHT = "weight"
"""The column that says how often a row counts, where its copies are not written out."""

AS_COLUMNS = Conversion("JSON rows became columns: a member that a row lacks is null")
COLUMNS_ADDED = Conversion("columns were added to those of the source")

Tick = Callable[[int], None]
"""Called with the number of rows just written; raises Cancelled to stop."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as columns: a schema, and the frame of any chunk in that schema."""

    schema: pl.Schema
    frame: Callable[[NDArray[np.int64]], pl.DataFrame]
    changes: tuple[Conversion, ...] = ()
    """What columns cannot hold as the source has it."""


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


def has_lines(dataset: Dataset) -> bool:
    """Whether rows are JSON in the source; in a mixed folder those that are not become it."""
    return dataset.source_kind in (SourceKind.JSON, SourceKind.MIXED)


@dataclass(frozen=True, slots=True)
class Extra:
    """Columns that rows get besides their own."""

    prefix: str | None = None
    """Before the names of the columns that say what tamis knows; None leaves them out."""
    weight: str | None = None
    """The name of the column that says how often a row counts; None leaves it out."""

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


def free_columns(dataset: Dataset, plan: ExportPlan) -> Extra:
    """The columns that `plan` adds, by names that no column of the dataset has yet.

    Those are `tamis_*` and `weight`, numbered where they are taken.
    """
    taken = dataset.all_column_names
    prefixes = (f"tamis{number}_" for number in _numbers())
    weights = (f"{WEIGHT}{number}" for number in _numbers())
    prefix = next(new for new in prefixes if not any(name.startswith(new) for name in taken))
    weight = next(new for new in weights if new not in taken)
    return Extra(
        prefix if plan.annotate else None, weight if plan.copies is Copies.WEIGHT else None
    )


def _numbers() -> Iterator[str]:
    """Nothing, then 2, 3 and so on."""
    return itertools.chain([""], map(str, itertools.count(2)))


def source_table(state: ReviewState, rows: NDArray[np.int64], tick: Tick) -> Table:
    """The original columns of `rows`, in their own types, or in fitting ones for JSON."""
    dataset = state.dataset
    if not has_lines(dataset):
        starts = _file_starts(dataset)
        schema = dataset.frame(starts).schema
        own = [dataset.frame(starts[at : at + 1]).schema for at in range(len(starts))]
        inexact = [name for name in schema if _is_inexact(dataset, name, starts, own, schema)]
        schema = pl.Schema({**schema, **dict.fromkeys(inexact, pl.String())})

        def frame(piece: NDArray[np.int64]) -> pl.DataFrame:
            parts = np.split(piece, np.searchsorted(piece, starts[1:]))
            frames = [
                _revised(state, _conformed(dataset.frame(part), schema), part)
                for part in parts
                if len(part)
            ]
            return pl.concat(frames)

        return Table(schema, frame, tuple(grouped(_joined(own, schema))))
    inferred = InferredSchema()
    for piece in chunks(rows, dataset.lengths):
        inferred.absorb(_record(state, row) for row in piece.tolist())
        tick(0)
    return Table(
        inferred.schema(),
        lambda piece: inferred.frame(_record(state, row) for row in piece.tolist()),
        (AS_COLUMNS, *grouped(inferred.conversions())),
    )


def grouped(found: Iterable[tuple[str, str]]) -> Iterator[Conversion]:
    """A change for each thing that is done, with all columns that it is done to."""
    columns: dict[str, list[str]] = {}
    for column, what in found:
        columns.setdefault(what, []).append(column)
    return (Conversion(what, tuple(names)) for what, names in columns.items())


def _is_inexact(
    dataset: Dataset,
    name: str,
    starts: NDArray[np.int64],
    own: Sequence[pl.Schema],
    schema: pl.Schema,
) -> bool:
    """Whether files hold integers that the column of all of them would round.

    One of 128 bits, which other readers of Parquet refuse, will not do either.
    """
    if schema[name] == pl.Int128():  # of 64 bits, with a sign here and without one there
        return any(name in types and types[name] != pl.Int128() for types in own)
    if schema[name] != pl.Float64():
        return False
    ends = [*starts[1:].tolist(), dataset.rows]
    for start, end, types in zip(starts.tolist(), ends, own, strict=True):
        if not types.get(name, pl.Null()).is_integer():
            continue
        for piece in chunks(np.arange(start, end), dataset.lengths):
            column = dataset.frame(piece)[name].cast(pl.Int128)
            if (column.abs() > EXACT_IN_FLOAT).any():
                return True
    return False


def _joined(own: Sequence[pl.Schema], schema: pl.Schema) -> Iterator[tuple[str, str]]:
    """Columns that are not the same in all files, and what they have become."""
    for name, dtype in schema.items():
        found = {each[name] for each in own if name in each}
        if found != {dtype}:
            before = " or ".join(sorted(str(each) for each in found))
            yield name, f"{before} in the files of the source: {dtype}"
        elif any(name not in each for each in own):
            yield name, "not in all files of the source: null where it is missing"


def _revised(state: ReviewState, frame: pl.DataFrame, rows: NDArray[np.int64]) -> pl.DataFrame:
    """`frame` of `rows` with the edited texts in it, every column in its own type."""
    found = {at: state.revised(row) for at, row in enumerate(rows.tolist()) if state.revisions}
    edited = {at: record for at, record in found.items() if record is not None}
    for name in frame.columns if edited else ():
        column = frame[name]
        values = column.to_list()
        changed = [at for at, record in edited.items() if record.get(name) != values[at]]
        if changed:
            plain = isinstance(column.dtype, pl.Categorical | pl.Enum)
            dtype = pl.String() if plain else column.dtype
            new = pl.Series(name, [edited[at][name] for at in changed], dtype=dtype)
            frame = frame.with_columns(_replaced(column.cast(dtype), changed, new))
    return frame


def _replaced(column: pl.Series, places: list[int], new: pl.Series) -> pl.Series:
    """`column` with other values at some places; Python's types would round those that stay."""
    order = np.arange(len(column))
    order[places] = len(column) + np.arange(len(places))
    return pl.concat([column, new])[order]


def _record(state: ReviewState, row: int) -> dict[str, Any]:
    revised = state.revised(row)
    if revised is not None:
        return revised
    raw = state.dataset.raw(row)
    return state.dataset.record(row) if raw is None else parse_record(raw)


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
        return json_column(column)
    return column.cast(dtype)


def json_column(column: pl.Series) -> pl.Series:
    """A nested column as JSON text."""
    if holds(column.dtype, lambda dtype: dtype.is_temporal()):
        # By polars: Python's own times and durations know no nanoseconds.
        lines = column.alias("").to_frame().write_ndjson().split("\n")[:-1]
        texts = [None if line == '{"":null}' else line[len('{"":') : -1] for line in lines]
    else:
        texts = [None if value is None else json_text(value) for value in column.to_list()]
    return pl.Series(column.name, texts, dtype=pl.String)


def holds(dtype: Any, wanted: Callable[[Any], bool]) -> bool:
    """Whether a type, or one nested in it, is of a kind."""
    if wanted(dtype):
        return True
    if isinstance(dtype, pl.List | pl.Array):
        return holds(dtype.inner, wanted)
    if isinstance(dtype, pl.Map):
        return holds(dtype.key, wanted) or holds(dtype.value, wanted)
    if isinstance(dtype, pl.Struct):
        return any(holds(field.dtype, wanted) for field in dtype.fields)
    return False


def decisions_table(state: ReviewState) -> Table:
    """The columns of `decisions.parquet`."""
    return Table(decisions_schema(state), lambda rows: decisions(state, rows))


def whole_table(state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick) -> Table:
    """The original columns of `rows` and those that they get."""
    table = source_table(state, rows, tick)
    if not extra:
        return table

    def frame(rows: NDArray[np.int64]) -> pl.DataFrame:
        return table.frame(rows).hstack(extra.frame(state, rows))

    changes = (*table.changes, COLUMNS_ADDED)
    return Table(pl.Schema({**table.schema, **extra.schema(state)}), frame, changes)


def _prefixed(frame: pl.DataFrame, prefix: str) -> pl.DataFrame:
    return frame.rename(lambda name: prefix + name)


def without_bytes(column: pl.Series) -> pl.Series:
    """A column as text formats can hold it: bytes, however deep, as Base64."""
    dtype = _text_type(column.dtype)
    if dtype == column.dtype:
        return column
    return pl.Series(column.name, [encoded(value) for value in column.to_list()], dtype=dtype)


def _text_type(dtype: Any) -> Any:
    if dtype == pl.Binary:
        return pl.String()
    if isinstance(dtype, pl.List):
        return pl.List(_text_type(dtype.inner))
    if isinstance(dtype, pl.Map):
        return pl.Map(_text_type(dtype.key), _text_type(dtype.value))
    if isinstance(dtype, pl.Array):
        return pl.Array(_text_type(dtype.inner), dtype.size)
    if isinstance(dtype, pl.Struct):
        return pl.Struct({field.name: _text_type(field.dtype) for field in dtype.fields})
    return dtype


def encoded(value: Any) -> Any:
    """A value with its bytes as Base64."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [encoded(item) for item in value]
    if isinstance(value, dict):
        return {encoded(name): encoded(member) for name, member in value.items()}
    return value
