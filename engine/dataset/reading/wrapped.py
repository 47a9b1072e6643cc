"""JSON files whose rows are not at the top: in a list inside, by columns, by their ids, in splits.

Lists are read where they stand, so that every row keeps its bytes; what is no list of rows becomes
JSON lines in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.dataset.reading.facts import SAMPLED_VALUES, ColumnFacts, normal
from engine.dataset.reading.families import MESSAGES_NAMES, PROMPT_NAMES, detect
from engine.dataset.reading.json_rows import BOM, parse_row, row_bytes
from engine.dataset.reading.source import ByteSource, HeldSource
from engine.dataset.reading.trees import is_tree
from engine.dataset.reading.turns import is_conversation
from engine.errors import InputError
from engine.sample import Family

MOST_BYTES = 2 << 30
"""A larger object is not looked into."""

MOST_DEPTH = 3
"""Objects within objects in which a list of rows is looked for."""

SPLITS = frozenset(
    {"train", "test", "validation", "valid", "val", "dev", "eval", "evaluation", "training"}
    | {"testing", "holdout", "unlabeled"}
)
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """The rows of a wrapped file: bytes that are an array, or lines, and where they were."""

    source: ByteSource
    is_array: bool
    note: str
    lines_before: int = 0


class PartSource:
    """Some bytes of another source."""

    def __init__(self, source: ByteSource, start: int, end: int) -> None:
        self._source, self._start = source, start
        self.name, self.trouble, self.member = source.name, source.trouble, source.member
        self.size = end - start

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end` of the part."""
        end = min(end, self.size)
        return self._source.read(self._start + start, self._start + end) if start < end else b""

    def close(self) -> None:
        """Close the whole."""
        self._source.close()


def unwrapped(source: ByteSource, rows_at: str = "") -> Unwrapped | None:
    """The rows inside a file that is one JSON object; None where it is a row itself, or no object.

    Args:
        source: the file.
        rows_at: where they are, as a person says: `data`, `result.items`.

    Raises:
        InputError: there are several lists that may be meant, or nothing at `rows_at`.
    """
    if source.size > MOST_BYTES:
        return None
    data = source.read(0, source.size)
    try:
        value, remarks = parse_row(data.removeprefix(BOM))
    except ValueError:
        return None
    if remarks or not isinstance(value, dict) or not value:
        return None
    if rows_at:
        return _at(source, data, value, tuple(rows_at.split(".")))
    if _is_one_row(value):
        return None
    if (rows := _by_column(value)) is not None:
        return _lines(source, rows, f"the rows are the entries of {_named(value)}, by column")
    if _is_sample([value]):
        return None
    if _are_splits(value):
        rows = [row for rows in value.values() for row in rows]
        return _lines(source, rows, f"the rows are in {_named(value)}, one after the other")
    lists = list(_lists(value, ()))
    known = [path for path, rows in lists if _is_sample(rows[:_LOOKED_AT])]
    # Rows of no known family are meant only where nothing else can be.
    wanted = known or [path for path, rows in lists if len(lists) == 1 and len(rows) > 1]
    if len(wanted) == 1:
        return _at(source, data, value, wanted[0])
    if len(wanted) > 1:
        choices = ", ".join(".".join(path) for path in wanted[:8])
        raise InputError(
            f"{source.name}: several lists in it may be the rows: {choices}",
            f"say which with --rows-at, such as --rows-at {'.'.join(wanted[0])}",
        )
    members = list(value.values())
    keyed = len(members) > 1 and all(isinstance(each, dict) for each in members)
    if keyed and _is_sample(members[:_LOOKED_AT]):
        return _lines(source, members, f"the rows are the {len(members):,} entries of one object")
    return None


def _is_one_row(value: dict[str, Any]) -> bool:
    """Whether an object is a row for certain, whatever lists of objects are in it.

    It holds a conversation, a tree or a question of its own; lists of one length beside them are
    its tools, candidates or instances.
    """
    if is_tree(value):
        return True
    names = {normal(name): each for name, each in value.items()}
    if any(is_conversation(names.get(normal(name))) for name in (*MESSAGES_NAMES, *_PARTS)):
        return True
    if any(_is_object_of_names(names.get(name)) for name in _PARTS):
        return True
    asks = any(isinstance(names.get(normal(name)), str) for name in PROMPT_NAMES)
    return asks and not any(name in names for name in _WRAPPERS)


_PARTS = ("prompt", "response", "completion", "request", "chosen", "rejected")
"""Names of columns that no split and no id has."""
_WRAPPERS = ("data", "rows", "records", "examples", "samples", "dataset")
"""Names under which rows stand, whatever else their object says."""


def _is_object_of_names(value: Any) -> bool:
    return isinstance(value, dict) and not all(map(str.isdigit, value))


def _by_column(value: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of an object of columns: lists of one length, or pandas' objects by index."""
    columns = list(value.values())
    if all(isinstance(each, list) for each in columns):
        lengths = {len(each) for each in columns}
        rows: list[dict[str, Any]] = []
        if len(lengths) == 1 and len(columns) > 1 and not _are_splits(value):
            rows = [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]
        return rows if rows and _is_sample(rows[:_LOOKED_AT]) else None
    if not all(isinstance(each, dict) and each for each in columns):
        return None
    keys = list(columns[0])
    same = all(each.keys() == columns[0].keys() for each in columns)
    if not same or not all(key.isdigit() for key in keys):
        return None
    rows = [{name: column[key] for name, column in value.items()} for key in keys]
    return rows if _is_sample(rows[:_LOOKED_AT]) else None


def _is_sample(rows: Sequence[Any]) -> bool:
    """Whether rows are of a family that is known."""
    records = [row for row in rows if isinstance(row, dict)]
    names = list(dict.fromkeys(name for record in records for name in record))

    def values(name: str) -> list[Any]:
        found = [record[name] for record in records if record.get(name) is not None]
        return found[:SAMPLED_VALUES]

    return bool(records) and detect(ColumnFacts(names, values)).family is not Family.OTHER


def _are_splits(value: dict[str, Any]) -> bool:
    named = all(name.lower().split("_")[0] in SPLITS for name in value)
    return named and all(map(_is_list_of_rows, value.values()))


def _is_list_of_rows(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) for each in value[:_LOOKED_AT])
    )


def _lists(
    value: dict[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    for name, member in value.items():
        if _is_list_of_rows(member):
            yield (*path, name), member
        elif isinstance(member, dict) and len(path) + 1 < MOST_DEPTH:
            yield from _lists(member, (*path, name))


def _at(source: ByteSource, data: bytes, value: dict[str, Any], path: tuple[str, ...]) -> Unwrapped:
    """The list at `path`, where it stands."""
    found: Any = value
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    name = ".".join(path)
    note = f"the rows are in {name}"
    if isinstance(found, dict):
        rows = _by_column(found) or [each for each in found.values() if isinstance(each, dict)]
        if rows:
            return _lines(source, rows, note)
    if not isinstance(found, list) or not found:
        lists = ", ".join(".".join(each) for each, _ in _lists(value, ())) or "none"
        raise InputError(f"{source.name}: there is no list of rows at {name}", f"lists: {lists}")
    start, end = _span(data.decode("latin-1"), path)
    return Unwrapped(PartSource(source, start, end), True, note, data.count(b"\n", 0, start))


def _span(text: str, path: tuple[str, ...]) -> tuple[int, int]:
    """Where the value at `path` begins and ends; `text` holds a character for each byte."""
    scan = json.JSONDecoder(strict=False).raw_decode
    blank = json.decoder.WHITESPACE.match  # type: ignore[attr-defined] # of the scanner itself
    at = text.index("{")
    for step in path:
        wanted = step.encode().decode("latin-1")
        at = blank(text, at + 1).end()
        while True:
            key, at = scan(text, at)
            at = blank(text, blank(text, at).end() + 1).end()
            if key == wanted:
                break
            _, at = scan(text, at)
            at = blank(text, blank(text, at).end() + 1).end()
    _, end = scan(text, at)
    return at, end


def _lines(source: ByteSource, rows: Sequence[Any], note: str) -> Unwrapped:
    data = b"\n".join(map(row_bytes, rows))
    return Unwrapped(HeldSource(data, source.name, source.trouble), False, note)


def _named(value: dict[str, Any]) -> str:
    names = list(value)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
