"""What lies inside of columns: `a.b` is the member b of the objects in column a.

A column whose own name has the dot goes first, and JSON text on the way is parsed; `value_at` says
the same of one row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from engine.dataset.reading.cells import PATH_SIGN, parsed, path_in, value_at
from engine.dataset.reading.columns import as_text, plain_column
from engine.errors import Cancelled

DEEPEST = 3
"""Members are named down to here: what lies deeper is looked for by nobody in a list."""

MOST_MEMBERS = 40
"""An object with more members is a map, whose keys are values and no names."""

CHUNK_ROWS = 100_000
"""Between two of these somebody may change their mind."""


def has_column(names: Collection[str], name: str) -> bool:
    """Whether `name` is one of the columns, or leads into one."""
    return path_in(names, name) is not None


def member_column(
    column: pl.Series, root: str, name: str, cancelled: Callable[[], bool] | None = None
) -> pl.Series:
    """What `name` leads to in every row of the column `root`.  (rows,) -> (rows,).

    Raises:
        Cancelled: `cancelled` said so.
    """
    path = path_in((root,), name) or (root,)
    steps = list(path[1:])
    while steps and isinstance(column.dtype, pl.Struct):
        step = str(steps[0])
        if step not in {member.name for member in column.dtype.fields}:
            return pl.Series(name, [None] * len(column), dtype=pl.Null)
        column, steps = column.struct.field(step), steps[1:]
    if not steps:
        return column.alias(name)
    rest = PATH_SIGN.join([root, *map(str, steps)])
    found: list[Any] = []
    for start in range(0, len(column), CHUNK_ROWS):
        if cancelled is not None and cancelled():
            raise Cancelled
        piece = column[start : start + CHUNK_ROWS].to_list()
        found += [value_at({root: value}, rest) for value in piece]
    return plain_column(name, found)


def member_names(records: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The members of each column that holds objects, named in full, as seen in some rows."""
    found: dict[str, dict[str, None]] = {}
    for record in records:
        for name, value in record.items():
            members = found.setdefault(name, {})
            members.update(dict.fromkeys(_names_in(value, name, 1)))
    return {name: tuple(members) for name, members in found.items() if members}


def _names_in(value: Any, name: str, depth: int) -> Iterator[str]:
    value = parsed(value) if isinstance(value, str) else value
    if not isinstance(value, dict) or len(value) > MOST_MEMBERS or depth > DEEPEST:
        return
    for key, member in value.items():
        if not key or PATH_SIGN in key:
            continue
        inner = list(_names_in(member, f"{name}{PATH_SIGN}{key}", depth + 1))
        if not inner:
            yield f"{name}{PATH_SIGN}{key}"
        yield from inner


def sortable(column: pl.Series) -> pl.Series:
    """A column as its rows are sorted: numbers as numbers, also where they are written as text.

    What has no value (null, not a number) is null.
    """
    if column.dtype.is_float():
        return column.fill_nan(None)
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object, pl.Categorical, pl.Enum):
        column = as_text(column)
    if column.dtype != pl.String:
        return column
    numbers = numbers_in(column)
    return column if numbers is None else numbers


HEAD_ROWS = 1000


def numbers_in(texts: pl.Series) -> pl.Series | None:
    """The numbers that all of `texts` spell (an empty one spells none); None where one does not."""
    for piece in (texts.head(HEAD_ROWS), texts):
        trimmed = piece.str.strip_chars()
        numbers = trimmed.cast(pl.Float64, strict=False).fill_nan(None)
        said = (trimmed.str.len_bytes() > 0).fill_null(value=False)
        if not said.any() or (numbers.is_null() & said).any():
            return None
    return numbers
