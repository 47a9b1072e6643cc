"""JSON files of every layout, opened: texts in memory, rows read again from their bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.cells import canonical, kind_of
from engine.dataset.reading.columns import (
    VALUE_COLUMN,
    InferredSchema,
    joined_column,
    plain,
    plain_column,
)
from engine.dataset.reading.facts import SAMPLED_VALUES, ColumnFacts
from engine.dataset.reading.families import Spelling
from engine.dataset.reading.json_rows import (
    ARRAY_CUT,
    BOM,
    MAX_ROW_BYTES,
    ArrayReader,
    RowBatch,
    line_rows,
    parse_row,
)
from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.row_families import most_common, rescued
from engine.dataset.reading.shard import SourceKind
from engine.dataset.reading.source import ByteSource, ReadProgress
from engine.dataset.reading.texts import RowTexts, Texts, assemble, text_series
from engine.dataset.reading.trees import TREE_MARKS, is_tree
from engine.errors import InputError
from engine.sample import Family

HEAD_BYTES = 1 << 20
_HEAD_LINES = 100
_DETECTION_ROWS = 1000
_FIRST_ROWS, _SEEN_ROWS = 100, 200
"""Rows that are kept to look at columns again."""
_READ_TOGETHER_BYTES = 1 << 16

Chooser = Callable[[ColumnFacts], Spelling]


class JsonLayout(StrEnum):
    """How rows follow each other in a JSON file."""

    ARRAY = "json array"
    LINES = "json lines"
    OBJECTS = "json object"


def json_layout(head: bytes, size: int) -> JsonLayout | None:
    """How the rows of a JSON file follow each other, judged by its first bytes.

    None where it does not look like JSON. Names say nothing: JSON lines are often called
    `.json`.
    """
    text = head.removeprefix(BOM).lstrip()
    if not text or text[:1] not in b'{["':
        return None
    lines = [line.strip() for line in text.split(b"\n")]
    first = lines[0]
    whole_line = len(lines) > 1 or size <= len(head)
    parsed = _is_value(first) if whole_line else False
    if text[:1] == b"[":
        more = any(lines[1:]) or size > len(head)
        return JsonLayout.LINES if parsed and more else JsonLayout.ARRAY
    if parsed or not whole_line or text[:1] == b'"':
        return JsonLayout.LINES
    if first.endswith((b"{", b"[", b",", b":")) and not _looks_like_lines(lines):
        return JsonLayout.OBJECTS
    others = islice((line for line in lines[1:] if line), _HEAD_LINES)
    if any(line.startswith(b"{") and _is_value(line) for line in others):
        return JsonLayout.LINES
    seen = [line for line in lines[:_HEAD_LINES] if line]
    closed = sum(line.startswith(b"{") and line.endswith((b"}", b"},")) for line in seen)
    return JsonLayout.LINES if len(seen) == 1 or closed == len(seen) else JsonLayout.OBJECTS


def _looks_like_lines(lines: list[bytes]) -> bool:
    """Whether most lines are objects of their own, whatever the first one is."""
    seen = [line for line in lines[:_HEAD_LINES] if line]
    return 2 * sum(line.startswith(b"{") and _is_value(line) for line in seen) > len(seen)


def _is_value(line: bytes) -> bool:
    try:
        parse_row(line)
    except ValueError:
        return False
    return True


class JsonShard:
    """A JSON file. Rows are found by their byte spans and parsed again when asked for."""

    kind = SourceKind.JSON

    def __init__(self, path: Path, source: ByteSource, layout: JsonLayout) -> None:
        self.path = path
        self.name = source.name
        self.layout = layout.value
        self.log = ProblemLog(source.name)
        self.rows = 0
        self.texts: Texts
        self.bare = False
        self.column_names: tuple[str, ...] = ()
        self.source = source
        self.spans = np.empty((0, 3), np.int64)
        """(rows, 3) first byte, the one behind the last, line."""
        self.lines_before = 0
        """Lines before the rows, where they stand inside of something."""
        self.made_anew = False
        """Whether rows were put together from columns or entries of one object."""
        self.source_rows: tuple[tuple[int, ...], ...] = ()
        """Of each sample of a tree the rows of the file that it is made of; else empty."""
        self.paths: tuple[str, ...] = ()
        """Of each its messages, by their ids."""
        self.source_row_count: int | None = None
        self._inferred: InferredSchema | None = None

    def raw(self, row: int) -> bytes:
        """The bytes of a row."""
        start, end, _ = self.spans[row].tolist()
        return self.source.read(start, end)

    @cached_property
    def line_end(self) -> bytes:
        """What ends a row where each stands on a line of the file."""
        if self.layout != JsonLayout.LINES or self.made_anew or self.source_rows:
            return b"\n"
        head = self.source.read(0, HEAD_BYTES)
        return b"\r\n" if head[: head.find(b"\n") + 1].endswith(b"\r\n") else b"\n"

    def records(self, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
        """Some rows, parsed again; {} for one that is unparsable."""
        return [self._record(piece) for piece in self._pieces(rows)]

    def _pieces(self, rows: NDArray[np.int64]) -> Iterable[bytes]:
        """The bytes of `rows`; neighbours are read together."""
        spans = self.spans[rows].tolist()
        at = 0
        while at < len(rows):
            last, start = at, spans[at][0]
            while (
                last + 1 < len(rows)
                and rows[last + 1] == rows[last] + 1
                and spans[last + 1][1] - start <= _READ_TOGETHER_BYTES
            ):
                last += 1
            data = self.source.read(start, spans[last][1])
            for begin, end, _ in spans[at : last + 1]:
                yield data[begin - start : end - start]
            at = last + 1

    def _record(self, piece: bytes) -> dict[str, Any]:
        if len(piece) > MAX_ROW_BYTES:
            return {}
        try:
            value, _ = parse_row(piece)
        except ValueError:
            return {}
        return as_record(value, bare=self.bare) or {}

    def lines(self, rows: NDArray[np.int64]) -> list[int | None]:
        """The lines at which rows start; of rows that were made of others, none."""
        if self.source_rows:
            return [None] * len(rows)
        return list((self.spans[rows, 2] + self.lines_before).tolist())

    def frame(self, rows: NDArray[np.int64]) -> pl.DataFrame:
        """Some rows as columns; what has no one simple type becomes JSON text."""
        if self._inferred is None:
            # One type per column, over all rows, so that any two frames agree.
            self._inferred = InferredSchema()
            for chunk in self._chunks():
                self._inferred.absorb(_plain_row(record) for record in self.records(chunk))
        return self._inferred.frame(_plain_row(record) for record in self.records(rows))

    def _chunks(self) -> Iterator[NDArray[np.int64]]:
        """All rows, some at a time."""
        for start in range(0, self.rows, _DETECTION_ROWS):
            yield np.arange(start, min(start + _DETECTION_ROWS, self.rows), dtype=np.int64)

    def column(self, name: str, progress: ReadProgress) -> pl.Series:
        """A column, read from all rows again; what has no one simple type becomes JSON text."""
        parts = []
        for rows in self._chunks():
            progress.step(f"reading {name}", int(rows[0]), self.rows)
            parts.append(plain_column(name, (record.get(name) for record in self.records(rows))))
        return joined_column(parts, name).rechunk()

    def close(self) -> None:
        """Close the file."""
        self.source.close()


def _plain_row(record: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in record.items()}


def as_record(value: Any, *, bare: bool) -> dict[str, Any] | None:
    """A parsed value as a row; None where it is none."""
    if isinstance(value, dict):
        return value
    return {VALUE_COLUMN: value} if bare and value is not None else None


def is_one_object(source: ByteSource, layout: JsonLayout) -> bool:
    """Whether a file may be a single JSON object, over one line or several."""
    head = source.read(0, HEAD_BYTES).removeprefix(BOM).lstrip()
    if not head.startswith(b"{"):
        return False
    return layout is JsonLayout.OBJECTS or b"\n" not in head.rstrip()


def tree_records(
    source: ByteSource, layout: JsonLayout, progress: ReadProgress
) -> list[dict[str, Any] | None] | None:
    """All rows of a file of conversation trees; None where it is none."""
    head = source.read(0, HEAD_BYTES)
    if not any(mark in head for mark in TREE_MARKS):
        return None
    found: list[dict[str, Any] | None] = []
    for batch in _batches(source, layout, progress):
        records = [as_record(value, bare=False) for value in batch.values]
        known = [record for record in records if record is not None]
        if not any(map(is_tree, known[:_HEAD_LINES])):
            return None
        found += records
    return found or None


def _batches(source: ByteSource, layout: JsonLayout, progress: ReadProgress) -> Iterator[RowBatch]:
    if layout is JsonLayout.LINES:
        return line_rows(source, progress)
    return ArrayReader(source, progress).batches(array=layout is JsonLayout.ARRAY)


def open_json(
    path: Path,
    source: ByteSource,
    layout: JsonLayout,
    choose: Chooser,
    progress: ReadProgress,
    limit: int | None = None,
) -> JsonShard:
    """Read a JSON file, or its first `limit` rows.

    Raises:
        InputError: it has no row that can be read.
        UsageError: the person named a column that is not there.
        Cancelled: the person asked to stop.
    """
    shard, fuller = _loaded(JsonShard(path, source, layout), choose, progress, limit)
    if fuller is not None:  # a part of the samples begins far down: all is read again with it
        shard, _ = _loaded(JsonShard(path, source, layout), choose, progress, limit, fuller)
    return shard


def _loaded(
    shard: JsonShard,
    choose: Chooser,
    progress: ReadProgress,
    limit: int | None,
    spelling: Spelling | None = None,
) -> tuple[JsonShard, Spelling | None]:
    """A shard with its rows, and a spelling that says more than the one they were read by."""
    loader = _Loader(shard, choose, spelling)
    left = limit
    for batch in _batches(shard.source, JsonLayout(shard.layout), progress):
        if left is not None:
            batch.cut(left)
            left -= len(batch.values)
        loader.add(batch)
        if left == 0:
            break
    fuller = loader.fuller() if spelling is None else None
    if fuller is None:
        loader.finish()
    return shard, fuller


class _Loader:
    """Turns batches of rows into a shard's spans, texts and problems."""

    def __init__(self, shard: JsonShard, choose: Chooser, known: Spelling | None = None) -> None:
        self._shard = shard
        self._choose = choose
        self._known = known
        self._seen: list[dict[str, Any]] = []
        """The first rows, and some of those in which columns begin."""
        self._decided_by = 0
        self._log = shard.log
        self._spelling: Spelling | None = None
        self._numbers: set[str] = set()
        self._parts: dict[str, list[pl.Series]] = {}
        self._row_texts: RowTexts | None = None
        self._spans: list[NDArray[np.int64]] = []
        self._rows = 0
        self._waiting: list[RowBatch] = []
        self._first_cause = ""
        self._columns: dict[str, None] = {}

    def add(self, batch: RowBatch) -> None:
        """Take the next rows; they wait until one of them can be read."""
        if not self._first_cause and batch.broken:
            at, cause = next(iter(batch.broken.items()))
            self._first_cause = f"line {batch.spans[3 * at + 2]}: {cause}"
        for cause, line in batch.of_file:
            if not (cause == ARRAY_CUT and self._shard.source.trouble):
                self._log.add_file(cause, line=line)
        if self._spelling is None:
            self._waiting.append(batch)
            if len(batch.broken) < len(batch.values):
                self._decide(batch)
            return
        self._take(batch)

    def fuller(self) -> Spelling | None:
        """A spelling with further parts in columns that begin behind the first rows, if any.

        Rows that are spelled in quite another way have families of their own.
        """
        if self._spelling is None or len(self._columns) == self._decided_by:
            return None
        facts = ColumnFacts(tuple(self._columns), lambda name: _values(self._seen, name))
        found = self._choose(facts)
        parts, known = found.columns.used(), self._spelling.columns.used()
        more = known.items() < parts.items() and found.family is not Family.OTHER
        return found if more else None

    def finish(self) -> None:
        """Put everything together."""
        if self._spelling is None:
            if not any(batch.values for batch in self._waiting):
                raise InputError(
                    f"{self._shard.name}: the file holds no rows",
                    "choose a file that holds samples",
                )
            raise InputError(
                f"{self._shard.name}: no row could be read as JSON"
                + (f" ({self._first_cause})" if self._first_cause else ""),
                self._why_unreadable(),
            )
        self._shard.spans, self._shard.rows = np.concatenate(self._spans), self._rows
        self._shard.column_names = tuple(self._columns)
        if self._row_texts is not None:
            texts = self._row_texts.finish()
        else:
            columns = {part: pl.concat(series) for part, series in self._parts.items()}
            texts = assemble(columns, self._spelling, self._log)
        self._shard.texts = rescued(texts, self._shard, self._choose)

    def _why_unreadable(self) -> str:
        head = self._shard.source.read(0, HEAD_BYTES).lstrip()
        if re.match(rb"\{\s*'", head):
            return "they are Python's dictionaries: write them with json.dumps"
        return "check that it is a dataset: JSON, JSON lines, CSV, Parquet, Arrow or text"

    def _decide(self, batch: RowBatch) -> None:
        """Choose family and columns by the first rows that can be read."""
        values = [value for value in batch.values if value is not None]
        self._shard.bare = not any(isinstance(value, dict) for value in values)
        records = [
            record
            for value in values[:_DETECTION_ROWS]
            if (record := as_record(value, bare=self._shard.bare)) is not None
        ]
        names = tuple(dict.fromkeys(name for record in records for name in record))
        facts = ColumnFacts(names, lambda name: _values(records, name))
        self._columns = dict.fromkeys(names)
        self._seen, self._decided_by = records[:_FIRST_ROWS], len(names)
        self._spelling = self._known or most_common(self._choose(facts), records, self._choose)
        used = self._spelling.columns.used()
        self._numbers = {part for part, name in used.items() if facts.kind(name) == "number"}
        if not self._spelling.flat:
            self._row_texts = RowTexts(self._spelling, self._log)
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self._take(each)

    def _take(self, batch: RowBatch) -> None:
        self._spans.append(np.frombuffer(batch.spans, np.int64).reshape(-1, 3))
        for index, cause in batch.broken.items():
            self._log.add(self._rows + index, cause, broken=True)
        for index, remarks in batch.remarks.items():
            for remark in remarks:
                self._log.add(self._rows + index, remark, broken=False)
        records = self._records(batch)
        self._note_columns(records)
        if self._row_texts is not None:
            self._row_texts.add(records)
        else:
            self._take_parts(records)
        self._rows += len(batch.values)

    def _records(self, batch: RowBatch) -> list[dict[str, Any] | None]:
        if all(type(value) is dict for value in batch.values):
            return batch.values
        records = [as_record(value, bare=self._shard.bare) for value in batch.values]
        for index, record in enumerate(records):
            if record is None and index not in batch.broken:
                cause = f"the row is {kind_of(batch.values[index])} where an object belongs"
                self._log.add(self._rows + index, cause, broken=True)
        return records

    def _note_columns(self, records: list[dict[str, Any] | None]) -> None:
        """Learn of the columns that begin here; most batches bring none."""
        if not set().union(*filter(None, records)) <= self._columns.keys():
            for record in filter(None, records):
                if len(self._seen) < _SEEN_ROWS and not record.keys() <= self._columns.keys():
                    self._seen.append(record)
                self._columns |= dict.fromkeys(record)

    def _take_parts(self, records: list[dict[str, Any] | None]) -> None:
        assert self._spelling is not None
        rows = [{} if record is None else record for record in records]
        for part, name in self._spelling.columns.used().items():
            values = [row.get(name) for row in rows]
            series = text_series(values, part, self._rows, self._log, numbers=part in self._numbers)
            self._parts.setdefault(part, []).append(series)


def _values(records: list[dict[str, Any]], name: str) -> list[Any]:
    found = [record[name] for record in records if record.get(name) is not None]
    # Numbers may be labels: what they count from shows in many of them only.
    numbers = bool(found) and isinstance(found[0], int | float)
    return found if numbers else found[:SAMPLED_VALUES]


def record_bytes(record: dict[str, Any]) -> bytes:
    """A row as canonical bytes, for the identity of rows that hold no turns."""
    try:
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return canonical(record).encode("utf-8", "surrogatepass")
