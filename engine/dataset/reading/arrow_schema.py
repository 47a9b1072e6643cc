"""The schema of an Arrow or Parquet file as its writer meant it, with the metadata.

polars turns some types of Arrow into others of its own (`time32[s]` into `time64[ns]`) and says
nothing of it, nor of an Arrow file's metadata. Both stand in the schema message, a FlatBuffer at
the start of every Arrow file and in the metadata of most Parquet files.

Source: Arrow Columnar Format, "Encapsulated message format" and "IPC File Format"; Schema.fbs and
Message.fbs of Apache Arrow (order of fields, numbers of types and units); FlatBuffers, "Internals".
"""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from engine.dataset.reading.source import ByteSource, HeldSource

PARQUET_KEY = "ARROW:schema"
"""Under this key a Parquet file's metadata holds the message, as Base64."""

_FILE_MAGIC = b"ARROW1\0\0"
_CONTINUATION = b"\xff\xff\xff\xff"
_SCHEMA_MESSAGE = 1
_EXTENSION = "ARROW:extension:name"
_UNREADABLE = ("decimal256", "interval", "union", "run_end_encoded", "list_view")
"""Source: polars 2.1, which panics at them, or says that it is not yet implemented."""
_MOST_BYTES = 64 << 20
_MOST_DEPTH = 64
_UNITS = ("s", "ms", "us", "ns")
_SECOND, _MILLISECOND = 0, 1


@dataclass(frozen=True, slots=True)
class ArrowField:
    """A column or what is nested in one."""

    name: str
    type_name: str
    """As Arrow spells it, without what is nested: `time32[s]`, `list`. The wide and the viewed
    variants of strings, bytes and lists go by the plain name: their values are the same."""
    children: tuple[ArrowField, ...] = ()
    extension: str = ""
    """The name of the extension type that the values are of."""

    @property
    def spelled(self) -> str:
        """The type, and that of its values where it is an extension."""
        return f"{self.extension} ({self.type_name})" if self.extension else self.type_name


@dataclass(frozen=True, slots=True)
class ArrowSchema:
    """All columns of a file, and what else is said of them."""

    fields: tuple[ArrowField, ...]
    metadata: dict[str, str] = field(default_factory=dict)
    message: bytes = field(default=b"", repr=False, compare=False)
    """As it is written."""


def changed_types(before: ArrowSchema, after: ArrowSchema) -> Iterator[tuple[str, str, str]]:
    """Columns, and what is nested in them, whose type is another one: path, type before, after.

    Columns are found by name, what is nested in them by its place: lists call their items
    differently.
    """
    found = {each.name: each for each in after.fields}
    for column in before.fields:
        if column.name in found:
            yield from _changed(column, found[column.name], column.name)


def _changed(before: ArrowField, after: ArrowField, path: str) -> Iterator[tuple[str, str, str]]:
    if before.spelled != after.spelled:
        yield path, before.spelled, after.spelled
    if before.type_name != after.type_name:
        return
    for one, other in zip(before.children, after.children, strict=False):
        inner = f"{path}.{one.name}" if before.type_name == "struct" else f"{path}[]"
        yield from _changed(one, other, inner)


def parquet_arrow_schema(metadata: dict[str, str]) -> ArrowSchema | None:
    """The Arrow schema in a Parquet file's metadata; None where there is none that can be read."""
    try:
        return _parsed(base64.b64decode(metadata.get(PARQUET_KEY, "")))
    except ValueError:
        return None


def stored_schema(
    source: ByteSource, path: Path, *, is_parquet: bool
) -> tuple[dict[str, str], ArrowSchema | None]:
    """What a file says of its columns: metadata, and Arrow's types where they are known."""
    if not is_parquet:
        schema = ipc_schema(source.read)
        return ({} if schema is None else schema.metadata), schema
    held = isinstance(source, HeldSource)
    where = io.BytesIO(source.read(0, source.size)) if held else path
    metadata = pl.read_parquet_metadata(where)
    return metadata, parquet_arrow_schema(metadata)


def unreadable_types(schema: ArrowSchema) -> list[tuple[str, str]]:
    """Columns, and what is nested in them, of types that polars does not read: path and type."""
    return [
        (path, each.type_name)
        for path, each in _all_fields(schema)
        if each.type_name.startswith(_UNREADABLE)
    ]


def read_as_plain(schema: ArrowSchema) -> None:
    """Have polars read extension types (`arrow.json`) as the plain values that they hold.

    A nested column of such a type cannot be cast, and polars 2.1 panics when it writes one to
    Parquet. What the type was stays in the schema's message.
    """
    names = {each.extension for _, each in _all_fields(schema) if each.extension}
    for name in names:
        with suppress(pl.exceptions.ComputeError):  # it is registered already
            pl.register_extension_type(name, as_storage=True)


def _all_fields(schema: ArrowSchema) -> Iterator[tuple[str, ArrowField]]:
    """Columns and all that is nested in them, by their paths."""
    waiting = [(each.name, each) for each in schema.fields]
    while waiting:
        path, each = waiting.pop()
        yield path, each
        waiting += [(f"{path}.{child.name}", child) for child in reversed(each.children)]


def ipc_schema(read: Callable[[int, int], bytes]) -> ArrowSchema | None:
    """The schema of an Arrow file or stream; None where it cannot be read.

    Args:
        read: the bytes from one position of the file to another.
    """
    start = len(_FILE_MAGIC) if read(0, len(_FILE_MAGIC)) == _FILE_MAGIC else 0
    try:
        size = _message_size(read(start, start + 8))
    except struct.error:
        return None
    if not 0 < size <= _MOST_BYTES:
        return None
    data = read(start, start + size)
    return _parsed(data) if len(data) == size else None


def polars_arrow_schema(schema: pl.Schema) -> ArrowSchema:
    """What polars makes of its own types in an Arrow file."""
    found = _parsed(pl.DataFrame(schema=schema).write_ipc_stream(None).getvalue())
    return found or ArrowSchema(())


def _message_size(data: bytes) -> int:
    """Bytes of a message with its size; since version 0.15 of Arrow a mark precedes that."""
    at = 4 if data.startswith(_CONTINUATION) else 0
    return at + 4 + int(struct.unpack_from("<i", data, at)[0])


def _parsed(data: bytes) -> ArrowSchema | None:
    """The schema in an encapsulated message."""
    start = 8 if data.startswith(_CONTINUATION) else 4
    try:
        message = _root(data[start:])
        if message.number(1, "B") != _SCHEMA_MESSAGE:
            return None
        schema = message.table(2)
        if schema is None:
            return None
        seen: set[int] = set()
        fields = tuple(_field(each, seen, 0) for each in schema.tables(1))
        return ArrowSchema(fields, dict(_metadata(schema, 2)), data)
    except (struct.error, IndexError, UnicodeDecodeError, RecursionError):
        return None


def _metadata(table: _Table, slot: int) -> Iterator[tuple[str, str]]:
    for pair in table.tables(slot):
        yield pair.text(0), pair.text(1)


def _field(table: _Table, seen: set[int], depth: int) -> ArrowField:
    if table.at in seen or depth > _MOST_DEPTH:  # one that holds itself would never end
        raise IndexError("no tree of fields")
    seen.add(table.at)
    kind = table.number(2, "B")
    children = tuple(_field(each, seen, depth + 1) for each in table.tables(5))
    extension = dict(_metadata(table, 6)).get(_EXTENSION, "")
    described = table.table(3)
    type_name = _NAMES.get(kind, f"type {kind}")
    if kind in _SPELLED and described is not None:
        type_name = _SPELLED[kind](described)
    if table.table(4) is not None:
        type_name = f"dictionary<{type_name}>"
    return ArrowField(table.text(0), type_name, children, extension)


# -- types, by their numbers in Schema.fbs


def _integer(table: _Table) -> str:
    return f"{'' if table.number(1, '?') else 'u'}int{table.number(0, 'i')}"


def _decimal(table: _Table) -> str:
    precision, scale = table.number(0, "i"), table.number(1, "i")
    return f"decimal{table.number(2, 'i', 128)}({precision}, {scale})"


def _date(table: _Table) -> str:
    return "date64[ms]" if table.number(0, "h", _MILLISECOND) else "date32[day]"


def _time(table: _Table) -> str:
    return f"time{table.number(1, 'i', 32)}[{_UNITS[table.number(0, 'h', _MILLISECOND)]}]"


def _timestamp(table: _Table) -> str:
    zone = table.text(1)
    return f"timestamp[{_UNITS[table.number(0, 'h', _SECOND)]}{f', tz={zone}' if zone else ''}]"


def _duration(table: _Table) -> str:
    return f"duration[{_UNITS[table.number(0, 'h', _MILLISECOND)]}]"


_NAMES: dict[int, str] = {
    1: "null",
    4: "binary",
    5: "string",
    6: "bool",
    11: "interval",
    12: "list",
    13: "struct",
    14: "union",
    17: "map",
    19: "binary",
    20: "string",
    21: "list",
    22: "run_end_encoded",
    23: "binary",
    24: "string",
    25: "list_view",
    26: "list_view",
}
_SPELLED: dict[int, Callable[[_Table], str]] = {
    2: _integer,
    3: lambda table: ("halffloat", "float", "double")[table.number(0, "h")],
    7: _decimal,
    8: _date,
    9: _time,
    10: _timestamp,
    15: lambda table: f"fixed_size_binary[{table.number(0, 'i')}]",
    16: lambda table: f"fixed_size_list[{table.number(0, 'i')}]",
    18: _duration,
}


# -- FlatBuffers


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a FlatBuffer: its fields by their place in the definition, all optional."""

    data: bytes
    at: int

    def _where(self, slot: int) -> int:
        """The position of a field; 0 where it is left out."""
        fields = self.at - self._unpacked("i", self.at)
        if fields < 0 or 4 + 2 * slot >= self._unpacked("H", fields):
            return 0
        offset = self._unpacked("H", fields + 4 + 2 * slot)
        return self.at + offset if offset else 0

    def _unpacked(self, form: str, at: int) -> int:
        return int(struct.unpack_from("<" + form, self.data, at)[0])

    def number(self, slot: int, form: str, default: int = 0) -> int:
        where = self._where(slot)
        return self._unpacked(form, where) if where else default

    def _pointed(self, where: int) -> int:
        return where + self._unpacked("I", where)

    def table(self, slot: int) -> _Table | None:
        where = self._where(slot)
        return _Table(self.data, self._pointed(where)) if where else None

    def tables(self, slot: int) -> Iterator[_Table]:
        where = self._where(slot)
        if not where:
            return
        start = self._pointed(where)
        for number in range(self._unpacked("I", start)):
            yield _Table(self.data, self._pointed(start + 4 + 4 * number))

    def text(self, slot: int) -> str:
        where = self._where(slot)
        if not where:
            return ""
        start = self._pointed(where)
        return self.data[start + 4 : start + 4 + self._unpacked("I", start)].decode()


def _root(data: bytes) -> _Table:
    return _Table(data, int(struct.unpack_from("<I", data)[0]))
