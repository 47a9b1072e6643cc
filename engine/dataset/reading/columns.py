"""Original columns: as text, and joined over files in the one type that holds all of them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from engine.dataset.reading.turns import canonical


def as_text(column: pl.Series) -> pl.Series:
    """A column as text, itself where it is text already."""
    if column.dtype == pl.String:
        return column
    if column.dtype.is_nested() or column.dtype == pl.Object:
        texts = [None if value is None else canonical(value) for value in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    if column.dtype == pl.Binary:
        texts = [None if v is None else v.decode("utf-8", "replace") for v in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column.cast(pl.String)


def joined_column(parts: Sequence[pl.Series], name: str) -> pl.Series:
    """Pieces of a column, joined: as they are, as numbers, else as text.

    Args:
        parts: in order; one of type Null has no values.
        name: the column's.
    """
    types = {part.dtype for part in parts} - {pl.Null()}
    if not types:
        wanted: pl.DataType = pl.String()
    elif len(types) == 1:
        wanted = types.pop()
    elif all(kind.is_numeric() for kind in types):
        wanted = pl.Float64()
    else:
        wanted = pl.String()
    if wanted == pl.String:
        parts = [part if part.dtype == pl.Null else as_text(part) for part in parts]
    return pl.concat([part.cast(wanted).alias(name) for part in parts], rechunk=False)
