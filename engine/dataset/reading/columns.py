"""Columns of one type each: what holds every value of JSON rows, as text, joined over files.

JSON says nothing of types, so they are inferred, in two passes: `InferredType.absorb` sees every
value once, `dtype` says what holds them all, and `fit` turns a value into it. Values of unlike
types share a text column: texts stay as they are, the others become their JSON text. The same
rule holds for what is filtered, sorted and exported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from engine.dataset.reading.cells import canonical

VALUE_COLUMN = "value"
"""The column of a row that is a bare string, number or list."""

_MAX_DEPTH = 32
"""Deeper values become JSON text; no training format nests so deep, and hostile ones do."""
_MAX_MEMBERS = 1000
"""An object with more distinct keys is a map and no struct; it becomes JSON text."""
_INT64 = 2**63
_WIDER_THAN_INT64: set[pl.DataType] = {pl.UInt64(), pl.Int128(), pl.UInt128()}
LONG_INTEGERS = "integers, some of more than 64 bits: text"
WIDE_INTEGERS = "integers beside fractions, some too large to be exact as floats: text"
FLOATS = "integers beside fractions: 64-bit floats"
UNLIKE = "values of unlike types: texts as they are, the others as JSON text"
UNLIKE_ITEMS = "lists of unlike values: JSON text"
NO_MEMBERS = "objects without members: JSON text"
TOO_DEEP = "nested too deeply, or of too many members, for columns: JSON text"

EXACT_IN_FLOAT = 2**53
"""Source: IEEE 754, binary64: integers up to here have a float of their own."""


@dataclass(slots=True)
class InferredType:
    """The type of what has been seen at one place of the rows so far."""

    kinds: set[type] = field(default_factory=set)
    members: dict[str, InferredType] = field(default_factory=dict)
    items: InferredType | None = None
    depth: int = 0
    is_wide: bool = False
    """Whether an integer was seen that a float cannot hold exactly."""

    def absorb(self, value: Any) -> None:
        """Take one more value into account; null fits everything."""
        if value is None:
            return
        kind = type(value)
        if kind is int and not -_INT64 <= value < _INT64:
            kind = object
        self.is_wide = self.is_wide or (kind is int and abs(value) > EXACT_IN_FLOAT)
        self.kinds.add(kind)
        if self.depth >= _MAX_DEPTH:
            return
        if kind is dict:
            for name, member in value.items():
                inferred = self.members.get(name)
                if inferred is None:
                    if self.depth and len(self.members) > _MAX_MEMBERS:
                        return
                    inferred = self.members[name] = InferredType(depth=self.depth + 1)
                inferred.absorb(member)
        elif kind is list:
            if self.items is None:
                self.items = InferredType(depth=self.depth + 1)
            for item in value:
                self.items.absorb(item)

    @property
    def is_text(self) -> bool:
        """Whether values are written as text, because no narrower type holds them all."""
        if self.depth >= _MAX_DEPTH or (self.depth and len(self.members) > _MAX_MEMBERS):
            return True
        if self.kinds == {dict}:
            return not self.members
        if self.kinds == {list} and self.items is not None and self.items.is_mixed:
            return True
        if self.kinds == {int, float} and self.is_wide:
            return True
        return self.kinds not in ({bool}, {int}, {float}, {int, float}, {list})

    @property
    def is_mixed(self) -> bool:
        """Whether unlike values stand here: 4 and "T" in one list would become the same text."""
        return len(self.kinds) > 1 and self.kinds != {int, float}

    def conversions(self, path: str) -> Iterator[tuple[str, str]]:
        """What `fit` makes other values of, here and further in: where, and what it does."""
        if not self.is_text:
            if self.kinds == {int, float}:
                yield path, FLOATS
            for name, inner in self.members.items():
                yield from inner.conversions(f"{path}.{name}")
            if self.items is not None:
                yield from self.items.conversions(f"{path}[]")
        elif not self.kinds <= {str}:
            yield path, self._why_text()

    def _why_text(self) -> str:
        items = self.items.kinds if self.kinds == {list} and self.items else set()
        if object in self.kinds | items and self.kinds | items <= {int, float, object, list}:
            return LONG_INTEGERS
        if self.kinds == {int, float}:
            return WIDE_INTEGERS
        if self.kinds == {dict} and not self.members:
            return NO_MEMBERS
        if self.kinds not in ({dict}, {list}):
            return UNLIKE
        return UNLIKE_ITEMS if self.items is not None and self.items.is_mixed else TOO_DEEP

    def dtype(self) -> pl.DataType:
        """The polars type that holds every value seen."""
        if self.is_text:
            return pl.String()
        if self.kinds == {dict}:
            return pl.Struct({name: inner.dtype() for name, inner in self.members.items()})
        if self.kinds == {list}:
            return pl.List((self.items or InferredType()).dtype())
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
            return {name: inner.fit(value.get(name)) for name, inner in self.members.items()}
        if isinstance(value, list) and self.items is not None:
            return [self.items.fit(item) for item in value]
        return float(value) if isinstance(value, int) and float in self.kinds else value

    def series(self, name: str, values: Sequence[Any]) -> pl.Series:
        """Values that have been absorbed, as a column."""
        if not self.kinds <= {str}:
            values = [self.fit(value) for value in values]
        return pl.Series(name, values, dtype=self.dtype())


@dataclass(slots=True)
class InferredSchema:
    """The types of whole rows: the members of each are columns."""

    root: InferredType = field(default_factory=InferredType)

    def absorb(self, rows: Iterable[dict[str, Any]]) -> None:
        """Take rows into account."""
        for row in rows:
            self.root.absorb(row)

    def schema(self) -> pl.Schema:
        """The columns, in the order in which they were first seen; at least one."""
        if not self.root.members:
            self.root.members[VALUE_COLUMN] = InferredType(depth=1)
        return pl.Schema({name: inner.dtype() for name, inner in self.root.members.items()})

    def conversions(self) -> Iterator[tuple[str, str]]:
        """Columns, and what is nested in them, whose values become others, and how."""
        for name, inner in self.root.members.items():
            yield from inner.conversions(name)

    def frame(self, rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
        """Rows that have been absorbed, as columns."""
        chunk, schema = list(rows), self.schema()
        columns = [
            inner.series(name, [row.get(name) for row in chunk])
            for name, inner in self.root.members.items()
        ]
        return pl.DataFrame(columns, schema=schema)


def json_text(value: Any) -> str:
    """A value as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def plain(value: Any) -> Any:
    """A JSON value as a column to filter and sort by holds it: nested ones as their JSON text."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def plain_column(name: str, values: Iterable[Any]) -> pl.Series:
    """JSON values as such a column, of type Null where there are none."""
    column = [plain(value) for value in values]
    inferred = InferredType()
    for value in column:
        inferred.absorb(value)
    return inferred.series(name, column) if inferred.kinds else pl.Series(name, column, pl.Null)


def as_text(column: pl.Series) -> pl.Series:
    """A column as text, itself where it is text already."""
    if column.dtype == pl.Binary:
        texts = [None if v is None else v.decode("utf-8", "replace") for v in column.to_list()]
    elif column.dtype.is_nested() or column.dtype == pl.Object:
        texts = [None if value is None else canonical(value) for value in column.to_list()]
    else:
        return column.cast(pl.String)
    return pl.Series(column.name, texts, dtype=pl.String)


def joined_column(parts: Sequence[pl.Series], name: str) -> pl.Series:
    """Pieces of a column, joined: as they are, as numbers, else as text.

    Args:
        parts: in order; one of type Null has no values.
        name: the column's.
    """
    types = {part.dtype for part in parts} - {pl.Null()}
    wanted: pl.DataType = pl.String()
    if len(types) == 1:
        wanted = types.pop()
    elif types and all(kind.is_numeric() for kind in types):
        # Whole numbers stay whole; UInt64 has no signed type that holds it.
        whole = all(kind.is_integer() for kind in types) and not types & _WIDER_THAN_INT64
        wanted = pl.Int64() if whole else pl.Float64()
    if wanted == pl.String:
        parts = [part if part.dtype == pl.Null else as_text(part) for part in parts]
    return pl.concat([part.cast(wanted).alias(name) for part in parts], rechunk=False)
