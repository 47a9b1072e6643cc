"""JSON rows as typed columns: one schema that fits every row, whatever each row leaves out.

Two passes: `Shape.absorb` sees every value once, `Shape.dtype` says what holds them all, and
`Shape.fit` turns a value into it. Values of unlike types share a text column: texts stay as
they are, the others become their JSON text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

_MAX_DEPTH = 32
"""Deeper values become JSON text; no training format nests so deep, and hostile ones do."""
_MAX_MEMBERS = 1000
"""An object with more distinct keys is a map and no struct; it becomes JSON text."""
_INT64 = 2**63
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(slots=True)
class Shape:
    """What has been seen at one place of the rows so far."""

    kinds: set[type] = field(default_factory=set)
    members: dict[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    depth: int = 0

    def absorb(self, value: Any) -> None:
        """Take one more value into account; null fits everything."""
        if value is None:
            return
        kind = type(value)
        if kind is int and not -_INT64 <= value < _INT64:
            kind = object
        self.kinds.add(kind)
        if self.depth >= _MAX_DEPTH:
            return
        if kind is dict:
            for name, member in value.items():
                shape = self.members.get(name)
                if shape is None:
                    if self.depth and len(self.members) > _MAX_MEMBERS:
                        return
                    shape = self.members[name] = Shape(depth=self.depth + 1)
                shape.absorb(member)
        elif kind is list:
            if self.items is None:
                self.items = Shape(depth=self.depth + 1)
            for item in value:
                self.items.absorb(item)

    @property
    def is_text(self) -> bool:
        """Whether values are written as text, because no narrower type holds them all."""
        if self.depth >= _MAX_DEPTH or (self.depth and len(self.members) > _MAX_MEMBERS):
            return True
        if self.kinds == {dict}:
            return not self.members
        return self.kinds not in ({bool}, {int}, {float}, {int, float}, {list})

    def dtype(self) -> pl.DataType:
        """The polars type that holds every value seen."""
        if self.is_text:
            return pl.String()
        if self.kinds == {dict}:
            return pl.Struct({name: shape.dtype() for name, shape in self.members.items()})
        if self.kinds == {list}:
            return pl.List((self.items or Shape()).dtype())
        if self.kinds == {bool}:
            return pl.Boolean()
        return pl.Int64() if self.kinds == {int} else pl.Float64()

    def fit(self, value: Any) -> Any:
        """`value` as `dtype` takes it; a member that a row lacks is null."""
        if value is None:
            return None
        if self.is_text:
            return value if isinstance(value, str) else json_text(value)
        if isinstance(value, dict):
            return {name: shape.fit(value.get(name)) for name, shape in self.members.items()}
        if isinstance(value, list) and self.items is not None:
            return [self.items.fit(item) for item in value]
        return float(value) if isinstance(value, int) and float in self.kinds else value


def json_text(value: Any) -> str:
    """A value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def parse_row(raw: bytes) -> dict[str, Any]:
    """A JSON row as a mapping; one that is no object is the member `value` of one.

    Invalid UTF-8 and lone surrogates become U+FFFD, since no column of texts can hold them;
    line breaks inside strings are let pass.

    Raises:
        ValueError: no JSON even so.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        lenient = json.loads(raw.decode("utf-8", "replace"), strict=False)
        value = json.loads(_SURROGATE.sub("\ufffd", json_text(lenient)))
    return value if isinstance(value, dict) else {"value": value}


@dataclass(slots=True)
class RowShape:
    """The shape of whole rows: the members of each are columns."""

    root: Shape = field(default_factory=Shape)

    def absorb(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take rows into account."""
        for row in rows:
            self.root.absorb(row)

    def schema(self) -> pl.Schema:
        """The columns, in the order in which they were first seen; at least one."""
        if not self.root.members:
            self.root.members["value"] = Shape(depth=1)
        return pl.Schema({name: shape.dtype() for name, shape in self.root.members.items()})

    def frame(self, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
        """Rows that have been absorbed, as columns."""
        chunk = list(rows)
        schema = self.schema()
        columns = {
            name: pl.Series(name, [shape.fit(row.get(name)) for row in chunk], schema[name])
            for name, shape in self.root.members.items()
        }
        return pl.DataFrame(columns, schema=schema)
