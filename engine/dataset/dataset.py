"""Open a file or folder as a dataset: what its rows say, and what is wrong with them.

A `Dataset` is read-only. It holds the texts of all rows as columns (shared with the source
where they are the same), and finds everything else in the source again when asked: a row's
turns, its original columns, its bytes. Broken rows keep their place and count as rows.
"""

from __future__ import annotations

import os
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.nested import member_column
from engine.dataset.reading.cells import path_in
from engine.dataset.reading.columns import as_text, joined_column
from engine.dataset.reading.csv_bytes import CsvBytes, csv_bytes
from engine.dataset.reading.facts import ColumnFacts
from engine.dataset.reading.families import Spelling
from engine.dataset.reading.files import (
    FEW_SHARDS,
    DataFile,
    FoundFiles,
    find_files,
    open_shard,
    printable,
)
from engine.dataset.reading.frame_shard import FrameShard
from engine.dataset.reading.identify import broken_identity, flat_identities, row_identity
from engine.dataset.reading.json_shard import JsonShard
from engine.dataset.reading.mapping import choose
from engine.dataset.reading.options import READER_VERSION, ReadOptions
from engine.dataset.reading.problems import MAX_PROBLEMS, Problem
from engine.dataset.reading.rows import (
    NO_ANSWER,
    PART_NAMES,
    Columns,
    RowContent,
    Unreadable,
    read_row,
)
from engine.dataset.reading.samples import blank_sample, flat_samples, sample_of
from engine.dataset.reading.shard import Shard, SourceKind
from engine.dataset.reading.source import ReadProgress
from engine.dataset.reading.texts import Texts, count_words
from engine.errors import InputError, UsageError
from engine.sample import IDENTITY_BYTES, Family, Sample, Side

_DIGEST_CHUNK_BYTES = 8 << 20

_KEPT_COLUMNS = 4
"""Original columns of JSON files that are held once they were read; the last asked for."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a dataset was when it was read. `digest`: BLAKE2b-128 over all files in order."""

    path: str
    files: int
    size_bytes: int
    rows: int
    digest: str
    reading: str = ""
    """Digest of how they are read: families, columns, placeholders, version of the reader."""


@dataclass(frozen=True, slots=True)
class FilePrint:
    """Size and time of change of a file: cheap signs that it is still the same."""

    name: str
    size_bytes: int
    modified_ns: int
    rows: int


class Origin(StrEnum):
    """Where in a dataset of several files a row comes from."""

    SPLIT = "split"
    CONFIG = "config"
    FILE = "file"


class Dataset:
    """An opened dataset; see the module's docstring. Rows are counted from 0 over all files."""

    def __init__(
        self,
        path: Path,
        shards: Sequence[Shard],
        problems: Sequence[Problem],
        name: str = "",
        files: Sequence[DataFile] = (),
    ) -> None:
        self.path = path
        self.name = name or path.name
        """What it is called: the address that it came from, or the name of its file or folder."""
        self._named = name
        self._shards = tuple(shards)
        self._parts = tuple((each.split, each.config) for each in files)
        """Split and configuration of each file, in their order."""
        self._first_rows = np.cumsum([0, *(shard.rows for shard in shards)], dtype=np.int64)
        self.rows = int(self._first_rows[-1])
        self.files = tuple(shard.path for shard in shards)
        self.families = _families(shards)
        main = dict.fromkeys(each.texts.spelling.family for each in shards)
        self.family = max(main, key=lambda family: self.families[family])
        leading = next(s for s in shards if s.texts.spelling.family is self.family)
        self.columns: Columns = leading.texts.spelling.columns
        self.column_names: tuple[str, ...] = leading.column_names
        kinds = {shard.kind for shard in shards}
        self.source_kind = kinds.pop() if len(kinds) == 1 else SourceKind.MIXED
        layouts = dict.fromkeys(shard.layout for shard in shards)
        self.layout = ", ".join(layouts)
        self.texts: pl.DataFrame = pl.concat([s.texts.frame for s in shards], rechunk=False)
        self.has_sides = Family.PREFERENCE in self.families
        self.broken = self._mask(broken=True)
        self.remarked = self._mask(broken=False) & ~self.broken
        self.lengths = self._count_lengths()
        self.problems_total = len(problems) + sum(shard.log.total for shard in shards)
        self._file_problems = tuple(problems)
        self.quick_print = _quick_print(shards)
        self._columns: OrderedDict[str, pl.Series] = OrderedDict()
        """Columns that were asked for, the one used last at the end."""
        self._columns_lock = threading.Lock()

    def __len__(self) -> int:
        return self.rows

    @cached_property
    def problems(self) -> list[Problem]:
        """The first `MAX_PROBLEMS` problems; `problems_total` counts all."""
        found = list(self._file_problems)
        for shard, first in zip(self._shards, self._first_rows, strict=False):
            for problem in shard.log.listed(MAX_PROBLEMS - len(found), shard.lines):
                row = None if problem.row is None else problem.row + int(first)
                found.append(
                    Problem(row, problem.file, problem.line, problem.cause, problem.broken)
                )
        return found[:MAX_PROBLEMS]

    @property
    def fingerprint(self) -> Fingerprint:
        """What the files are, over all their bytes; read on the first call, about 1 s a GB."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> Fingerprint:
        digest = blake2b(digest_size=16)
        sizes = dict(zip(self.files, self.quick_print, strict=True))
        for path in sizes:  # of an archive once
            _digest_file(path, digest)
        return Fingerprint(
            self._named or printable(self.path),
            len(sizes),
            sum(file.size_bytes for file in sizes.values()),
            self.rows,
            digest.hexdigest(),
            self.reading_digest,
        )

    @property
    def shards(self) -> tuple[Shard, ...]:
        """Its files, opened, in their order."""
        return self._shards

    @property
    def source_digest(self) -> str:
        """Of the bytes of all files, however they are read."""
        return self.fingerprint.digest

    @cached_property
    def reading_digest(self) -> str:
        """Of how the files are read, and into how many rows: `DIGEST/ROWS`.

        Two readings with one digest give the same samples.
        """
        spellings = [
            (each.family.value, sorted(each.columns.used().items()))
            for each in (shard.texts.spelling for shard in self._shards)
        ]
        return f"{_hexdigest(READER_VERSION, spellings, self.placeholders)}/{self.rows}"

    @cached_property
    def placeholders(self) -> str:
        """Digest of what is read as no input."""
        counted = {each for shard in self._shards for each in _placeholders(shard)}
        return _hexdigest(sorted(counted))

    @cached_property
    def restated(self) -> NDArray[np.bool_]:
        """Rows whose text leaves out a placeholder, or may: it was in the text before.  (rows,)."""
        return np.concatenate([_restated(shard) for shard in self._shards])

    def sample(self, row: int, side: Side = Side.CHOSEN) -> Sample:
        """The sample at `row`; a broken row gives one without turns."""
        return self.samples([row], side)[0]

    def samples(
        self, rows: Sequence[int] | NDArray[np.int64], side: Side = Side.CHOSEN
    ) -> list[Sample]:
        """The samples at `rows`, in that order."""
        wanted = np.asarray(rows, np.int64)
        found: dict[int, Sample] = {}
        for shard, first, at, local in self._by_shard(wanted):
            samples = self._shard_samples(shard, first, local, side)
            found.update(zip(at.tolist(), samples, strict=True))
        return [found[index] for index in range(len(wanted))]

    def _shard_samples(
        self, shard: Shard, first: int, rows: NDArray[np.int64], side: Side
    ) -> list[Sample]:
        texts = shard.texts
        if texts.has_turns:
            samples = flat_samples(texts, rows, first, side)
            for index in np.flatnonzero(self._read_apart(texts, rows, first)):
                row = int(rows[index])
                samples[index] = _sample(self.record(first + row), texts, row, first, side)
            return samples
        try:
            records = shard.records(rows)
        except InputError:
            return flat_samples(texts, rows, first, side)
        return [
            _sample(record, texts, row, first, side)
            for row, record in zip(rows.tolist(), records, strict=True)
        ]

    def _read_apart(self, texts: Texts, rows: NDArray[np.int64], first: int) -> NDArray[np.bool_]:
        """Rows of a flat file that are not read from its columns.  (n,) -> (n,)."""
        apart = self.broken[rows + first]
        if texts.others:
            apart = apart | np.isin(rows, list(texts.others))
        return apart

    def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The identity of each of `rows` (n, 16), as `engine.sample.identify` gives it.

        Computed anew at every call and safe to call from another thread, so that whoever
        needs all of them asks in chunks.

        Raises:
            InputError: the file was changed in place since it was opened.
        """
        wanted = np.asarray(rows, np.int64)
        found = np.empty((len(wanted), IDENTITY_BYTES), np.uint8)  # (n, 16)
        for shard, first, at, local in self._by_shard(wanted):
            joined = b"".join(self._shard_identities(shard, first, local))
            found[at] = np.frombuffer(joined, np.uint8).reshape(-1, IDENTITY_BYTES)
        return found

    def _shard_identities(
        self, shard: Shard, first: int, rows: NDArray[np.int64]
    ) -> Iterator[bytes]:
        texts = shard.texts
        if not texts.has_turns:
            for row, record in zip(rows.tolist(), shard.records(rows), strict=True):
                yield _identity(shard, row, record)
            return
        apart = self._read_apart(texts, rows, first)
        found = zip(rows.tolist(), flat_identities(texts, rows), apart.tolist(), strict=True)
        for row, identity, is_apart in found:
            if is_apart:
                yield _identity(shard, row, _first(shard.records(np.array([row], np.int64))))
            else:
                yield identity

    def record(self, row: int) -> dict[str, Any]:
        """The original row as parsed; {} where it is unparsable."""
        shard, local = self._shard_of(row)
        try:
            return _first(shard.records(np.array([local], np.int64)))
        except InputError:
            return {}

    def raw(self, row: int) -> bytes | None:
        """The bytes of a row of a JSON source, exactly; None for other formats.

        Raises:
            InputError: the file was changed in place since it was opened.
        """
        shard, local = self._shard_of(row)
        return shard.raw(local)

    def problem(self, row: int) -> str:
        """Everything that is wrong or odd about `row`, "" if nothing."""
        if not (self.broken[row] or self.remarked[row]):
            return ""
        shard, local = self._shard_of(row)
        return shard.log.causes(local)

    def frame(self, rows: NDArray[np.int64]) -> pl.DataFrame:
        """The original columns of `rows`, in that order.

        Parquet, Arrow and CSV keep their schema. JSON columns of one simple type get it, all
        others become text, nested values as JSON. Shards that differ are joined by column name.

        Raises:
            InputError: the file was changed in place since it was opened.
        """
        wanted = np.asarray(rows, np.int64)
        frames, order = [], []
        for shard, _, at, local in self._by_shard(wanted):
            frames.append(shard.frame(local))
            order.append(at)
        if not frames:
            return self._shards[0].frame(wanted)
        if len(frames) == 1:
            return frames[0]
        joined = pl.concat(_aligned(frames), how="diagonal_relaxed")
        back = np.argsort(np.concatenate(order), kind="stable")
        return joined[back]

    @cached_property
    def side_lengths(self) -> NDArray[np.int32]:
        """Characters of the prompt and of each side's response.  (sides, rows)."""
        if not self.has_sides:
            return self.lengths[None]
        counted = self.texts.select(
            pl.col("prompt").str.len_chars().fill_null(0)
            + pl.col("rejected").str.len_chars().fill_null(0)
        )
        rejected = np.asarray(counted.to_series().to_numpy(), np.int32)
        return np.stack([self.lengths, rejected])

    @cached_property
    def empty_responses(self) -> NDArray[np.bool_]:
        """Samples whose response has nothing to train on: blanks, or reasoning alone.

        One that ends without an answer is such a sample where others of the dataset have one;
        where none has, they are prompts.  (sides, rows).
        """
        sides = [self._noted(Side.CHOSEN)]
        answered = ~(self.broken | self._noted_as(NO_ANSWER))
        if answered.any():
            sides[0] |= self._noted_as(NO_ANSWER)
        if self.has_sides:
            sides.append(self._noted(Side.REJECTED))
        return np.stack(sides)

    def _noted(self, side: Side) -> NDArray[np.bool_]:
        what = PART_NAMES["response" if side is Side.CHOSEN else "rejected"]
        return self._noted_as(f"{what} is empty") | self._noted_as(f"{what} is null")

    def _noted_as(self, cause: str) -> NDArray[np.bool_]:
        """Readable rows at which a cause was noted.  (rows,)."""
        mask = np.zeros(self.rows, np.bool_)
        for shard, first in zip(self._shards, self._first_rows, strict=False):
            mask[shard.log.rows_of(cause, broken=False) + first] = True
        return mask

    @cached_property
    def words(self) -> NDArray[np.int32]:
        """Words of prompt and response; counted on the first call.  (rows,)."""
        return count_words(self.texts["prompt"]) + count_words(self.texts["response"])

    def column(self, name: str, cancelled: Callable[[], bool] | None = None) -> pl.Series:
        """An original column over all rows, or a member of one (`a.b`); null where there is none.

        A JSON file is read again for it, about 2 s a GB; those used last are kept. Safe to call
        from another thread.

        Raises:
            InputError: the file was changed in place since it was opened.
            UsageError: no file has such a column.
            Cancelled: `cancelled` said so.
        """
        with self._columns_lock:
            if (known := self._columns.get(name)) is not None:
                self._columns.move_to_end(name)
                return known
        column = self._read_column(name, cancelled)
        with self._columns_lock:
            self._columns[name] = column
            while len(self._columns) > _KEPT_COLUMNS:
                self._columns.popitem(last=False)
        return column

    def _read_column(self, name: str, cancelled: Callable[[], bool] | None) -> pl.Series:
        path = path_in(self.all_column_names, name)
        if path is None:
            raise UsageError(
                f"the dataset has no column {name!r}",
                f"its columns: {', '.join(self.all_column_names)}",
            )
        if len(path) > 1:
            root = str(path[0])
            return member_column(self.column(root, cancelled), root, name, cancelled)
        step = ReadProgress(cancelled=cancelled)
        return joined_column([shard.column(name, step) for shard in self._shards], name)

    @cached_property
    def all_column_names(self) -> tuple[str, ...]:
        """The columns of all files, those of the first file first."""
        names = (name for shard in self._shards for name in shard.column_names)
        return tuple(dict.fromkeys((*self.column_names, *names)))

    def spelling_of(self, row: int) -> tuple[Family, Columns]:
        """How the file that `row` is in spells a sample."""
        shard, local = self._shard_of(row)
        spelling = shard.texts.spelling_of(local)
        return spelling.family, spelling.columns

    @property
    def first_rows(self) -> NDArray[np.int64]:
        """The first row of each file that has rows.  (n,)."""
        starts: NDArray[np.int64] = self._first_rows[:-1][np.diff(self._first_rows) > 0]
        return starts

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """The splits that its files belong to, in their order."""
        return tuple(dict.fromkeys(split for split, _ in self._parts if split))

    @cached_property
    def configs(self) -> tuple[str, ...]:
        """The configurations that its files belong to, in their order."""
        return tuple(dict.fromkeys(config for _, config in self._parts if config))

    def origin(self, of: Origin, rows: NDArray[np.int64] | None = None) -> pl.Series:
        """Which split, configuration or file each row comes from; null where there is none.

        Args:
            of: what is asked for.
            rows: of which rows; None: of all.  (n,)
        """
        shards = np.arange(len(self._shards))
        if of is Origin.FILE:
            names = pl.Series(map(self._file_name, shards.tolist()), dtype=pl.String)
        else:
            place = 0 if of is Origin.SPLIT else 1
            parts = [part[place] or None for part in self._parts] or [None] * len(shards)
            names = pl.Series(parts, dtype=pl.String)
        if rows is None:
            return names.gather(np.repeat(shards, np.diff(self._first_rows)))
        return names.gather(np.searchsorted(self._first_rows, rows, side="right") - 1)

    def _file_name(self, shard: int) -> str:
        """The name of a file below the path that was opened, or in the archive."""
        name = self._shards[shard].name
        return Path(name).name if name == printable(self.path) else name

    def file_names(self, rows: NDArray[np.int64]) -> list[str]:
        """The file that each of `rows` is in, below the path that was opened.  (n,)."""
        of = np.searchsorted(self._first_rows, rows, side="right") - 1
        return [self._file_name(index) for index in of.tolist()]

    def csv_bytes(self) -> CsvBytes | None:
        """The rows as they stand in a CSV, read again; None where the dataset is no single CSV.

        Raises:
            InputError: it cannot be read any more.
        """
        shard = self._shards[0]
        if len(self._shards) > 1 or not isinstance(shard, FrameShard) or shard.csv is None:
            return None
        written = shard.csv
        return csv_bytes(
            shard.path, shard.name, written.dialect, written.encoding, has_header=written.has_header
        )

    @property
    def has_paths(self) -> bool:
        """Whether samples are paths in trees of messages, and not rows of a file."""
        return any(_tree_of(shard) is not None for shard in self._shards)

    def line_end(self, row: int) -> bytes:
        """What ends the line of a JSON row in its file; a line feed where it has none."""
        shard, _ = self._shard_of(row)
        return shard.line_end if isinstance(shard, JsonShard) else b"\n"

    @property
    def made_anew(self) -> bool:
        """Whether rows of JSON were put together from columns or entries, not found as they are."""
        return any(isinstance(shard, JsonShard) and shard.made_anew for shard in self._shards)

    @cached_property
    def source_row_count(self) -> int:
        """Rows of the files; more or less than samples where these are paths in trees."""
        trees = ((shard, _tree_of(shard)) for shard in self._shards)
        counts = (each.rows if tree is None else tree.source_row_count or 0 for each, tree in trees)
        return sum(counts)

    def source_rows(self, row: int) -> tuple[int, ...]:
        """The rows of its file that the sample at `row` is made of: itself, if it is no path."""
        shard, local = self._shard_of(row)
        tree = _tree_of(shard)
        return (local,) if tree is None else tree.source_rows[local]

    def path_of(self, row: int) -> str:
        """The messages of a sample that is a path in a tree, by their ids; "" if it is none."""
        shard, local = self._shard_of(row)
        tree = _tree_of(shard)
        return "" if tree is None else tree.paths[local]

    def close(self) -> None:
        """Close all files; texts stay usable."""
        for shard in self._shards:
            shard.close()

    def _shard_of(self, row: int) -> tuple[Shard, int]:
        if not 0 <= row < self.rows:
            raise IndexError(row)
        index = int(np.searchsorted(self._first_rows, row, side="right")) - 1
        return self._shards[index], row - int(self._first_rows[index])

    def _by_shard(
        self, rows: NDArray[np.int64]
    ) -> Iterator[tuple[Shard, int, NDArray[np.int64], NDArray[np.int64]]]:
        """Each shard that has some of `rows`: it, its first row, where they stand, their own."""
        if len(rows) and (rows.min() < 0 or rows.max() >= self.rows):
            raise IndexError("row out of range")
        if len(self._shards) == 1:
            if len(rows):
                yield self._shards[0], 0, np.arange(len(rows)), rows
            return
        of = np.searchsorted(self._first_rows, rows, side="right") - 1
        for index in np.unique(of):
            at = np.flatnonzero(of == index)
            first = int(self._first_rows[index])
            yield self._shards[index], first, at, rows[at] - first

    def _mask(self, *, broken: bool) -> NDArray[np.bool_]:
        return np.concatenate([shard.log.mask(shard.rows, broken=broken) for shard in self._shards])

    def _count_lengths(self) -> NDArray[np.int32]:
        counted = self.texts.select(
            pl.col("prompt").str.len_chars().fill_null(0)
            + pl.col("response").str.len_chars().fill_null(0)
        )
        return np.asarray(counted.to_series().to_numpy(), np.int32)  # (rows,)


def _tree_of(shard: Shard) -> JsonShard | None:
    return shard if isinstance(shard, JsonShard) and shard.source_rows else None


def _first(records: list[dict[str, Any]]) -> dict[str, Any]:
    return records[0] if records else {}


def _sample(record: dict[str, Any], texts: Texts, row: int, first: int, side: Side) -> Sample:
    """The sample at `row` of a file whose first row is `first`, read from its record."""
    spelling = texts.spelling_of(row)
    reading = _read(record, spelling.family, spelling.columns)
    if isinstance(reading, Unreadable):
        return blank_sample(record, spelling, first + row)
    return sample_of(reading, spelling.family, first + row, side)


def _identity(shard: Shard, row: int, record: dict[str, Any]) -> bytes:
    spelling = shard.texts.spelling_of(row)
    reading = _read(record, spelling.family, spelling.columns)
    if isinstance(reading, Unreadable):
        return broken_identity(shard.raw(row), record)
    return row_identity(reading, record)


def _read(record: dict[str, Any], family: Family, columns: Columns) -> RowContent | Unreadable:
    if family is Family.OTHER and record:
        return RowContent((), "", None)
    return read_row(record, family, columns)


def _families(shards: Sequence[Shard]) -> dict[Family, int]:
    counts: dict[Family, int] = {}
    for shard in shards:
        texts = shard.texts
        others = Counter(each.family for each in texts.others.values())
        others[texts.spelling.family] += shard.rows - len(texts.others)
        for family, rows in others.items():
            counts[family] = counts.get(family, 0) + rows
    return counts


def _hexdigest(*parts: object) -> str:
    return blake2b(repr(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _placeholders(shard: Shard) -> frozenset[str]:
    return shard.texts.spelling.columns.placeholders


def _restated(shard: Shard) -> NDArray[np.bool_]:
    texts = shard.texts
    if texts.stated is not None and texts.user is not None:
        return np.asarray(texts.stated.ne_missing(texts.user).to_numpy(), np.bool_)
    reads_inputs = not texts.has_turns and texts.spelling.columns.input is not None
    return np.full(shard.rows, reads_inputs, np.bool_)


def _quick_print(shards: Sequence[Shard]) -> tuple[FilePrint, ...]:
    prints = []
    for shard in shards:
        status = shard.path.stat()
        prints.append(FilePrint(shard.name, status.st_size, status.st_mtime_ns, shard.rows))
    return tuple(prints)


def _digest_file(path: Path, digest: blake2b) -> None:
    try:
        with path.open("rb") as file:
            digest.update(os.fstat(file.fileno()).st_size.to_bytes(8, "little"))
            while chunk := file.read(_DIGEST_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise InputError(
            f"{printable(path)}: cannot be read: {error.strerror}", "check the path"
        ) from error


def _aligned(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """`frames` with columns of clashing types as text, so that they can be joined."""
    types: dict[str, set[pl.DataType]] = {}
    for frame in frames:
        for name, dtype in frame.schema.items():
            types.setdefault(name, set()).add(dtype)
    clashing = {
        name
        for name, found in types.items()
        if len(found) > 1 and any(d.is_nested() for d in found)
    }
    return [
        frame.with_columns(as_text(frame[name]) for name in frame.columns if name in clashing)
        for frame in frames
    ]


def open_dataset(
    path: Path,
    options: ReadOptions | None = None,
    *,
    progress: Callable[[str, int, int | None], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Dataset:
    """Open the dataset at `path`, a file or a folder of files.

    A file of a folder that cannot be opened is a problem of the dataset; a folder without any
    that can is an error.

    Raises:
        InputError: absent, unreadable, empty, or of no known format.
        UsageError: a column that does not exist, or a family whose columns are not there.
        Cancelled: `cancelled` said so.
    """
    path, options = Path(path), options or ReadOptions()
    found = _files(path, options)
    files = found.files
    watch = ReadProgress(progress, cancelled)
    shards: list[Shard] = []
    opened: list[DataFile] = []
    problems = [
        Problem(None, name, None, cause, broken=False)
        for name, _, cause in (each.partition(": ") for each in found.left_out)
    ]
    failure: InputError | None = None
    left = options.limit
    for file in files:
        if left == 0:
            break
        try:
            shards.append(
                open_shard(
                    file,
                    lambda facts: _spelling(facts, options),
                    watch,
                    replace(options, limit=left),
                    keep_open=len(files) <= FEW_SHARDS,
                )
            )
            opened.append(file)
            left = None if left is None else max(left - shards[-1].rows, 0)
        except InputError as error:
            failure = failure or error
            problems.append(Problem(None, file.name, None, _without_name(error, file), broken=True))
        except BaseException:
            _close(shards)
            raise
    if failure is not None and not shards:
        raise failure
    return Dataset(path, shards, problems, options.name, opened)


def _files(path: Path, options: ReadOptions) -> FoundFiles:
    if not options.files:
        return find_files(path, options.config, options.split)
    return FoundFiles(
        [
            DataFile(path / each.name, each.name, "", each.split, each.config)
            for each in options.files
        ]
    )


def _spelling(facts: ColumnFacts, options: ReadOptions) -> Spelling:
    """How a file spells its samples, with what this person counts as no input."""
    spelling = choose(facts, options.mapping)
    columns = spelling.columns
    placeholders = frozenset(each.strip().lower() for each in options.placeholders)
    whole = columns.can_be_flat and all(name in facts.names for name in columns.used().values())
    return replace(
        spelling,
        columns=replace(columns, placeholders=placeholders),
        flat=spelling.flat and whole,
    )


def _without_name(error: InputError, file: DataFile) -> str:
    return error.message.removeprefix(f"{file.name}: ")


def _close(shards: Sequence[Shard]) -> None:
    for shard in shards:
        shard.close()
