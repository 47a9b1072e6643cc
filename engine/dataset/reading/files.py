"""Which files a path means, and what each of them is, judged by content before name.

Source: Apache Parquet format (magic `PAR1`), Arrow IPC format (magic `ARROW1`, continuation
0xFFFFFFFF), Hugging Face datasets `save_to_disk` (state.json lists `_data_files`,
dataset_dict.json lists `splits`).
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from engine.dataset.reading.arrow_schema import read_as_plain, stored_schema, unreadable_types
from engine.dataset.reading.card_configs import card_configs
from engine.dataset.reading.configurations import (
    CARD,
    FilePart,
    chosen_parts,
    named_parts,
    parts_by_name,
)
from engine.dataset.reading.csv_dialect import CsvDialect
from engine.dataset.reading.csv_rows import read_csv
from engine.dataset.reading.frame_shard import FrameShard, read_polars, read_text
from engine.dataset.reading.json_rows import BOM
from engine.dataset.reading.json_shard import (
    HEAD_BYTES,
    Chooser,
    JsonLayout,
    is_one_object,
    json_layout,
    open_json,
    tree_records,
)
from engine.dataset.reading.options import ReadOptions
from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.shard import Shard, SourceKind
from engine.dataset.reading.source import (
    ByteSource,
    HeldSource,
    ReadProgress,
    archived_names,
    open_source,
)
from engine.dataset.reading.split_names import has_rows
from engine.dataset.reading.suffixes import (
    JSON_SUFFIXES,
    METADATA_NAMES,
    TABLE_SUFFIXES,
    TEXT_SUFFIXES,
    inner_name,
)
from engine.dataset.reading.text_encoding import detect_encoding
from engine.dataset.reading.trees import are_message_rows, as_lines, tree_paths
from engine.dataset.reading.wrapped import unwrapped
from engine.errors import InputError

PARQUET_MAGIC = b"PAR1"
ARROW_MAGIC = b"ARROW1"
ARROW_STREAM_MAGIC = b"\xff\xff\xff\xff"

EXPORT_MANIFEST, EXPORT_DECISIONS = "manifest.json", "decisions.parquet"

MOST_LEVELS = 4
"""A folder is looked through so deep, itself included: `data/CONFIG/SPLIT/` and its files."""
_CARD_BYTES = 1 << 20

FEW_SHARDS = 128
"""Up to this many files keep their descriptor open; more would exhaust a process's limit."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_LOCAL_ONLY = (
    "tamis opens local files only, and datasets of the hub as hf://datasets/ORG/NAME: "
    "download anything else first"
)
_KNOWN_FORMATS = (
    "known are JSON, JSON lines, CSV, TSV, Parquet, Arrow, plain text, "
    "also as .gz, .zst, .xz, .bz2 and .zip"
)


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file to open and the name it goes by. `layout` where the folder tells it."""

    path: Path
    name: str
    layout: str = ""
    split: str = ""
    """The split it belongs to; empty: none."""
    config: str = ""
    """The configuration it belongs to; empty: none."""
    member: str = ""
    """Of an archive of several files: which one."""


def printable(path: str | os.PathLike[str]) -> str:
    """A path as valid Unicode, bytes that are no UTF-8 replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files that a path means."""

    files: list[DataFile]
    left_out: list[str] = field(default_factory=list)
    """Data files that it could mean and that are not opened, with the reason."""


def find_files(path: Path, config: str = "", split: str = "") -> FoundFiles:
    """The files that `path` means: itself, or the shards of a folder or an archive.

    Args:
        path: what was named.
        config: of a folder, the configuration to open; empty: all.
        split: of a folder, the split to open; empty: all.

    Raises:
        InputError: it does not exist, is no local path, or is a folder without data.
        UsageError: it has no such configuration or split.
    """
    name = printable(path)
    if path.is_dir():
        folder = _snapshot(path) or path
        found = FoundFiles(_hugging_face_files(folder))
        found = found if found.files else _folder_files(folder)
        return FoundFiles(_chosen(found.files, config, split), found.left_out)
    if path.exists():
        members = _data_members(path) if path.suffix.lower() == ".zip" else []
        files = [
            DataFile(path, part.name, "", part.split, part.config, part.name)
            for part in parts_by_name(members)
        ]
        return FoundFiles(_chosen(files or [DataFile(path, name)], config, split))
    if _ADDRESS.match(name):
        raise InputError(f"{name}: an address, not a file", _LOCAL_ONLY)
    hint = "check the path"
    if len(path.parts) == 2 and not path.is_absolute() and not path.suffix:
        hint = f"if it is the name of a dataset on the hub: hf://datasets/{name}"
    raise InputError(f"{name}: no such file or folder", hint)


def _data_members(path: Path) -> list[str]:
    """The data files of an archive that holds several files; [] of any other."""
    names = archived_names(path)
    if len(names) < 2:
        return []
    tables = [name for name in names if has_rows(name, (*JSON_SUFFIXES, *TABLE_SUFFIXES))]
    return tables or [name for name in names if has_rows(name)]


def _chosen(files: list[DataFile], config: str, split: str) -> list[DataFile]:
    parts = [FilePart(each.name, each.split, each.config) for each in files]
    wanted = {each.name for each in chosen_parts(parts, config, split)}
    return [each for each in files if each.name in wanted]


def _snapshot(folder: Path) -> Path | None:
    """The newest state of a repository in the hub's cache; None where the folder is none.

    Source: huggingface_hub documentation, "Understand caching".
    """
    snapshots = folder / "snapshots"
    if not (folder.name.startswith("datasets--") and snapshots.is_dir()):
        return None
    with contextlib.suppress(OSError, ValueError):
        main = snapshots / (folder / "refs" / "main").read_text("utf-8").strip()
        if main.is_dir() and main.parent == snapshots:
            return main
    states = [each for each in snapshots.iterdir() if each.is_dir()]
    return max(states, key=lambda each: each.stat().st_mtime_ns, default=None)


def _hugging_face_files(folder: Path) -> list[DataFile]:
    """The Arrow streams of a `save_to_disk` folder or of all its splits; [] if it is none."""
    splits = _json_object(folder / "dataset_dict.json").get("splits")
    if isinstance(splits, list):
        return [
            DataFile(file.path, f"{printable(split)}/{file.name}", file.layout, printable(split))
            for split in splits
            if isinstance(split, str)
            for file in _hugging_face_files(folder / split)
        ]
    listed = _json_object(folder / "state.json").get("_data_files")
    entries = listed if isinstance(listed, list) else []
    names = [entry.get("filename") for entry in entries if isinstance(entry, dict)]
    return [
        DataFile(folder / name, printable(name), "arrow stream")
        for name in names
        if isinstance(name, str) and Path(name).name == name
    ]


def _json_object(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _folder_files(folder: Path) -> FoundFiles:
    """The shards of a folder in the order of their names, with their configurations and splits.

    Those that its card names, at any depth; else those of the first level that has any.
    """
    card = _card(folder)
    has_configs = bool(card_configs(card))
    everything: dict[str, Path] = {}
    opened: list[str] = []
    for depth in range(MOST_LEVELS):
        level = _data_files(folder, depth)
        names = [printable(path.relative_to(folder).as_posix()) for path in level]
        everything |= dict(zip(names, level, strict=True))
        if opened and not has_configs:
            break  # one level more than what is opened, to say what is not
        opened = opened or names
    named = named_parts(card, list(everything))
    if not opened:
        raise InputError(
            f"{printable(folder)}: no data files in this folder, nor in the folders in it, "
            f"{MOST_LEVELS - 1} levels deep",
            f"name the folder that holds them; {_KNOWN_FORMATS}",
        )
    if named:
        left = [name for name in everything if name not in named]
        reason = f"no configuration of {CARD} names it, so it was not read"
    else:
        named = {part.name: part for part in parts_by_name(opened)}
        left = [name for name in everything if name not in named]
        reason = "it lies deeper than the other data files, so it was not read"
    files = [
        DataFile(path, name, "", named[name].split, named[name].config)
        for name, path in everything.items()
        if name in named
    ]
    return FoundFiles(
        sorted(files, key=lambda each: each.path),
        [f"{name}: {reason}" for name in left if not _is_export(everything[name].parent)],
    )


def _is_export(folder: Path) -> bool:
    """Whether a folder is an export of tamis."""
    return (folder / EXPORT_MANIFEST).is_file() and (folder / EXPORT_DECISIONS).is_file()


def _card(folder: Path) -> str:
    """The beginning of its card, where its configurations are; empty where there is none."""
    try:
        with (folder / CARD).open("rb") as file:
            return file.read(_CARD_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _data_files(folder: Path, depth: int) -> list[Path]:
    """Data files so many folders below `folder`; those of finished exports but for their rows."""
    try:
        found = sorted(folder.glob("/".join(["*"] * (depth + 1))))
    except OSError as error:
        raise InputError(
            f"{printable(folder)}: cannot be listed: {error.strerror}", "check its permissions"
        ) from error
    files = [path for path in found if _is_shown(path, folder) and path.is_file()]
    data = [path for path in files if _has_suffix(path, (*JSON_SUFFIXES, *TABLE_SUFFIXES))]
    exported = {path.parent for path in files if path.name == EXPORT_MANIFEST}
    data = [
        path
        for path in data
        if path.name not in METADATA_NAMES
        and not (path.stem == Path(EXPORT_DECISIONS).stem and path.parent in exported)
    ]
    return data or [path for path in files if _has_suffix(path, TEXT_SUFFIXES)]


def _is_shown(path: Path, folder: Path) -> bool:
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)


def _has_suffix(path: Path, suffixes: tuple[str, ...]) -> bool:
    return inner_name(path.name).endswith(suffixes)


def _named_as(file: DataFile, source: ByteSource) -> Path:
    return Path(source.member) if source.member else file.path


def open_shard(
    file: DataFile,
    choose: Chooser,
    progress: ReadProgress,
    options: ReadOptions,
    *,
    keep_open: bool = True,
) -> Shard:
    """Open one file, whatever it is.

    Raises:
        InputError: it cannot be read, is empty, or of no known format.
        UsageError: the person named a column that is not there.
        Cancelled: the person asked to stop.
    """
    source = open_source(file.path, file.name, progress, keep_open=keep_open, member=file.member)
    try:
        shard = _open(file, source, choose, progress, options)
    except BaseException:
        source.close()
        raise
    if shard.kind is not SourceKind.JSON:
        source.close()
    if source.trouble:
        shard.log.add_file(source.trouble)
    if shard.texts.spelling.note:
        shard.log.add_file(shard.texts.spelling.note)
    return shard


def _open(
    file: DataFile,
    source: ByteSource,
    choose: Chooser,
    progress: ReadProgress,
    options: ReadOptions,
) -> Shard:
    head = source.read(0, HEAD_BYTES)
    may_be_utf16 = not inner_name(_named_as(file, source).name).endswith(JSON_SUFFIXES)
    _refuse_hopeless(head, source, may_be_utf16=may_be_utf16)
    layout = file.layout or _columnar_layout(head)
    progress.step(f"reading {file.name}", 0, source.size)
    if layout:
        held = isinstance(source, HeldSource)
        _check_types(source, file, layout)
        kind = SourceKind.PARQUET if layout == "parquet" else SourceKind.ARROW
        data = read_polars(
            io.BytesIO(source.read(0, source.size)) if held else file.path, file.name, layout
        )
        if are_message_rows(data.columns):
            return _open_tree(file, source, data.to_dicts(), choose, progress, options)
        data = data.head(options.limit) if options.limit is not None else data
        return FrameShard(file.path, kind, layout, data, choose, progress, ProblemLog(file.name))
    return _open_text(file, source, head, choose, progress, options)


def _open_text(
    file: DataFile,
    source: ByteSource,
    head: bytes,
    choose: Chooser,
    progress: ReadProgress,
    options: ReadOptions,
) -> Shard:
    name = inner_name(_named_as(file, source).name)
    json_like = json_layout(head, source.size)
    if name.endswith(JSON_SUFFIXES):
        json_like = json_like or JsonLayout.LINES
    elif not _is_certainly_json(head):
        json_like = None
    if isinstance(source, HeldSource) and source.trouble and json_like in (None, JsonLayout.LINES):
        source.cut_partial_line()
    if json_like:
        return _open_json(file, source, json_like, choose, progress, options)
    log = ProblemLog(file.name)
    lines = csv_table = None
    if name.endswith((".csv", ".tsv")):
        kind, layout = SourceKind.CSV, name[-3:]
        table = read_csv(source, log, options, is_tsv=layout == "tsv")
        data, lines = table.frame, table.lines
        csv_table = replace(table, frame=table.frame.clear())
        usual = "\t" if layout == "tsv" else ","
        if table.dialect != CsvDialect(usual) or table.encoding != "utf-8":
            layout = f"{layout} ({table.dialect.describe()}, {table.encoding})"
    elif name.endswith(TEXT_SUFFIXES) or "." not in name:
        kind, layout = SourceKind.TEXT, "text"
        data, lines = read_text(source, log, options.encoding)
    else:
        raise InputError(f"{file.name}: not a known format", _KNOWN_FORMATS)
    if csv_table is not None and are_message_rows(data.columns):
        return _open_tree(file, source, data.to_dicts(), choose, progress, options)
    if options.limit is not None:
        data = data.head(options.limit)
    shard = FrameShard(file.path, kind, layout, data, choose, progress, log, lines)
    shard.csv = csv_table
    return shard


def _open_json(
    file: DataFile,
    source: ByteSource,
    layout: JsonLayout,
    choose: Chooser,
    progress: ReadProgress,
    options: ReadOptions,
) -> Shard:
    lone = layout is not JsonLayout.ARRAY and is_one_object(source, layout)
    inside = unwrapped(source, options.rows_at) if lone else None
    if options.rows_at and inside is None:
        raise InputError(
            f"{file.name}: it is no JSON object with rows inside", "leave --rows-at out"
        )
    if inside is not None:
        source = inside.source
        layout = JsonLayout.ARRAY if inside.is_array else JsonLayout.LINES
    if (records := tree_records(source, layout, progress)) is not None:
        return _open_tree(file, source, records, choose, progress, options)
    shard = open_json(file.path, source, layout, choose, progress, options.limit)
    if inside is not None:
        shard.lines_before = inside.lines_before
        shard.made_anew = not inside.is_array
        shard.log.add_file(inside.note)
    return shard


def _open_tree(
    file: DataFile,
    source: ByteSource,
    records: Sequence[Mapping[str, Any] | None],
    choose: Chooser,
    progress: ReadProgress,
    options: ReadOptions,
) -> Shard:
    """The paths of the trees in some rows as the rows of a file."""
    paths, troubles = tree_paths(records)
    held = HeldSource(as_lines(paths), file.name, source.trouble)
    source.close()
    tree = open_json(file.path, held, JsonLayout.LINES, choose, progress, options.limit)
    tree.source_rows = tuple(each.source_rows for each in paths)
    tree.paths = tuple(each.path for each in paths)
    tree.source_row_count = len(records)
    tree.log.add_file(TREE_NOTE)
    for trouble in troubles:
        tree.log.add_file(trouble)
    return tree


TREE_NOTE = "trees of messages: each path from the first message to a last one is a sample"


def _refuse_hopeless(head: bytes, source: ByteSource, *, may_be_utf16: bool) -> None:
    if not source.size:
        raise InputError(f"{source.name}: the file is empty", source.trouble)
    if not may_be_utf16 and b"\0" in head and not _columnar_layout(head):
        encoding = detect_encoding(head).upper()
        if encoding.startswith(("UTF-16", "UTF-32")):
            raise InputError(
                f"{source.name}: the file is {encoding}, and JSON is UTF-8",
                f"convert it first: iconv -f {encoding} -t UTF-8",
            )
    if not head.removeprefix(BOM).strip() and len(head) == source.size:
        raise InputError(f"{source.name}: the file holds only blanks", source.trouble)


def _check_types(source: ByteSource, file: DataFile, layout: str) -> None:
    """Prepare for the types of a file: those that polars cannot read are refused by name."""
    try:
        _, schema = stored_schema(source, file.path, is_parquet=layout == "parquet")
    except (OSError, pl.exceptions.PolarsError):
        return  # what is wrong is said when the rows are read
    if schema is None:
        return
    read_as_plain(schema)
    found = unreadable_types(schema)
    if not found:
        return
    columns = ", ".join(f"{printable(name)} ({kind})" for name, kind in found[:_MOST_NAMED])
    raise InputError(
        f"{file.name}: columns of types that cannot be read: {columns}",
        "write them as another type (lists, 128-bit decimals, plain values), or leave them out",
    )


_MOST_NAMED = 8


def _columnar_layout(head: bytes) -> str:
    if head.startswith(PARQUET_MAGIC):
        return "parquet"
    if head.startswith(ARROW_MAGIC):
        return "arrow file"
    return "arrow stream" if head.startswith(ARROW_STREAM_MAGIC) else ""


def _is_certainly_json(head: bytes) -> bool:
    """Whether a file that is not called JSON opens with an object, or an array of them."""
    return re.match(rb'\s*(\[\s*)?\{\s*("|\})', head.removeprefix(BOM)) is not None
