"""Conversations of nested columns, put together by column: most rows hold nothing but plain turns.

A list of `{role, content}` or `{from, value}` whose roles are known and whose texts are texts is
read with its neighbours at once. Every row in which anything else stands (a call, a part, an empty
answer, turns after it) is left to `engine.dataset.reading.rows`, which says the same of plain ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.families import Spelling
from engine.dataset.reading.parts import is_described
from engine.dataset.reading.rows import MERGED_MARK
from engine.dataset.reading.turns import PLAIN_ROLES
from engine.sample import TURNS_APART, Family, Role

SPELLINGS = (("role", "content"), ("from", "value"))
_TEXT = r"[^\s\x1c-\x1f]"
"""A character that is no blank, as Python sees it."""
_ODD = f"{MERGED_MARK}|\x00"
"""What is remarked about a text."""


@dataclass(frozen=True, slots=True)
class Talks:
    """The texts of the rows of a piece that are plain conversations."""

    plain: NDArray[np.bool_]  # (rows,)
    texts: pl.DataFrame  # (plain rows,) prompt, response


def plain_talks(piece: pl.DataFrame, spelling: Spelling) -> Talks | None:
    """The plain conversations among some rows; None where the columns can hold none."""
    name = spelling.columns.messages
    alone = list(spelling.columns.used()) == ["messages"]
    if spelling.family not in (Family.MESSAGES, Family.SHAREGPT) or not alone or name is None:
        return None
    turns = _turns(piece[name]) if name in piece.columns else None
    if turns is None or not turns.height:
        return None
    rows = turns["row"].to_numpy()
    plain = np.zeros(piece.height, np.bool_)
    plain[rows] = True
    plain[rows[~turns["plain"].to_numpy()]] = False
    ends = np.flatnonzero(np.diff(rows, append=-1))  # of each row that has turns
    plain[rows[ends[(turns["role"][ends] != Role.ASSISTANT.value).fill_null(True).to_numpy()]]] = (
        False
    )
    last = np.zeros(turns.height, np.bool_)
    last[ends] = True
    turns = turns.with_columns(pl.Series("last", last)).filter(pl.Series(plain[rows]))
    texts = _texts(turns)
    sound = texts["sound"].to_numpy()
    plain[texts["row"].to_numpy()[~sound]] = False
    return Talks(plain, texts.filter(pl.col("sound")).select("prompt", "response"))


def _turns(column: pl.Series) -> pl.DataFrame | None:
    """Every turn of a column: its row, role, text, and whether it holds nothing else."""
    inner = column.dtype.inner if isinstance(column.dtype, pl.List) else None
    fields = (
        {field.name: field.dtype for field in inner.fields} if isinstance(inner, pl.Struct) else {}
    )
    keys = next((keys for keys in SPELLINGS if all(fields.get(k) == pl.String for k in keys)), None)
    if keys is None:
        return None
    sizes = column.list.len().fill_null(0).to_numpy()
    turns = column.filter(pl.Series(sizes > 0)).explode().struct.unnest()
    beside = [key for key in fields if key not in keys and not is_described(key)]
    role = pl.col(keys[0]).replace_strict(_ROLE_NAMES, default=None, return_dtype=pl.String)
    nothing_else = [pl.col(key).is_null() for key in beside]
    return turns.select(
        role.alias("role"),
        pl.col(keys[1]).alias("text"),
        pl.all_horizontal(role.is_not_null(), pl.col(keys[1]).is_not_null(), *nothing_else).alias(
            "plain"
        ),
        pl.Series("row", np.repeat(np.arange(len(sizes)), sizes)),
    )


_ROLE_NAMES = {name: role.value for name, role in PLAIN_ROLES.items()}


def _texts(turns: pl.DataFrame) -> pl.DataFrame:
    """A row for each conversation: prompt and response in the words of `engine.sample`."""
    labelled = pl.format("{}: {}", pl.col("role"), pl.col("text"))
    asked = turns.filter(~pl.col("last")).select("row", "role", "text", labelled.alias("labelled"))
    alone = (pl.len() == 1) & (pl.col("role").first() == Role.USER.value)
    prompts = asked.group_by("row", maintain_order=True).agg(
        pl.when(alone)
        .then(pl.col("text").first())
        .otherwise(pl.col("labelled").str.join(TURNS_APART))
        .alias("prompt")
    )
    answers = turns.filter(pl.col("last")).select("row", response="text")
    texts = answers.join(prompts, on="row", how="left", maintain_order="left")
    said = [pl.col(name).str.contains(_TEXT) for name in ("prompt", "response")]
    odd = [pl.col(name).str.contains(_ODD) for name in ("prompt", "response")]
    sound = pl.all_horizontal(*said) & ~pl.any_horizontal(*odd)
    return texts.with_columns(sound.fill_null(value=False).alias("sound"))
