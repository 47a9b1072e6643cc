"""Files in which not all rows spell their sample in the same way: a family for each row.

Most rows of a file share a spelling, which is found first. Rows in which it finds nothing, or no
answer, are looked at by the columns that they have themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.cells import value_at
from engine.dataset.reading.facts import SAMPLED_VALUES, ColumnFacts
from engine.dataset.reading.families import Spelling
from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.rows import (
    NO_ANSWER,
    PART_NAMES,
    RowContent,
    nothing_there,
    read_row,
)
from engine.dataset.reading.texts import SCHEMA, Texts
from engine.errors import UsageError
from engine.sample import Family

Chooser = Callable[[ColumnFacts], Spelling]
Row = Mapping[str, Any]

ROWS_AT_ONCE = 1000


class ReadShard(Protocol):
    """The part of a shard that this module needs."""

    log: ProblemLog

    def records(self, rows: NDArray[np.int64], /) -> list[dict[str, Any]]:
        """Some rows, parsed."""
        ...


def most_common(spelling: Spelling, records: Sequence[Row], choose: Chooser) -> Spelling:
    """The spelling that fits most of the first rows of a file.

    Args:
        spelling: what all of their columns together make.
        records: the rows.
        choose: finds the spelling of some columns.
    """
    if 2 * _readable(spelling, records) >= len(records):
        return spelling
    groups = Counter(_keys(record) for record in records)
    found = [spelling]
    for keys, _ in groups.most_common(3):
        own = [record for record in records if _keys(record) == keys]
        found.append(_spelling_of(own, choose) or spelling)
    return max(found, key=lambda each: _readable(each, records))


def _readable(spelling: Spelling, records: Sequence[Row]) -> int:
    """Rows in which a spelling finds its most telling part."""
    if spelling.family is Family.OTHER:
        return 0
    used = spelling.columns
    part = used.messages or used.prompt or used.response
    return sum(value_at(record, part) is not None for record in records)


def _keys(record: Row) -> frozenset[str]:
    return frozenset(name for name, value in record.items() if value is not None)


def _spelling_of(records: Sequence[Row], choose: Chooser) -> Spelling | None:
    names = tuple(
        dict.fromkeys(
            name for record in records for name, value in record.items() if value is not None
        )
    )
    facts = ColumnFacts(names, lambda name: _values(records, name))
    try:
        found = choose(facts)
    except UsageError:  # a column that the person named is not in these rows
        return None
    return found if found.family is not Family.OTHER else None


def _values(records: Sequence[Row], name: str) -> list[Any]:
    found = [record[name] for record in records if record.get(name) is not None]
    return found[:SAMPLED_VALUES]


_UNANSWERED = (f"{PART_NAMES['response']} is null", NO_ANSWER)
"""Remarks on rows that may have their answer under another name."""
_OF_A_READING = (
    *(f"{what} is {lack}" for what in PART_NAMES.values() for lack in ("null", "empty")),
    NO_ANSWER,
)
"""Remarks that hold of one reading of a row only."""


def _unanswered(spelling: Spelling, shard: ReadShard, choose: Chooser) -> NDArray[np.int64]:
    """The rows without an answer; of many some are looked at first, whether any has one."""
    found = [shard.log.rows_of(cause, broken=False) for cause in _UNANSWERED]
    rows = np.unique(np.concatenate(found))
    if len(rows) <= ROWS_AT_ONCE:
        return rows
    some = shard.records(rows[np.linspace(0, len(rows) - 1, ROWS_AT_ONCE).astype(np.int64)])
    for keys in dict.fromkeys(map(_keys, some)):
        own = _spelling_of([record for record in some if _keys(record) == keys], choose)
        if own is not None and _answers_elsewhere(own, spelling):
            return rows
    return rows[:0]


def _answers_elsewhere(own: Spelling, of_file: Spelling) -> bool:
    """Whether the spelling of some rows has their answer in a column that the file's has not."""
    known = of_file.columns.used().values()
    parts = (own.columns.response, own.columns.candidates, own.columns.messages, *own.columns.apart)
    return any(part is not None and part not in known for part in parts)


def rescued(texts: Texts, shard: ReadShard, choose: Chooser) -> Texts:
    """`texts`, with the rows in which nothing, or no answer, was found read by their own columns.

    Args:
        texts: of the file, as most of its rows are spelled.
        shard: gives the rows again, and notes what is odd about them.
        choose: finds the spelling of some columns.
    """
    if texts.spelling.family is Family.OTHER:
        return texts
    cause = nothing_there(texts.spelling.columns)
    lost = shard.log.rows_of(cause, broken=True)
    rows = np.union1d(lost, _unanswered(texts.spelling, shard, choose))
    are_lost = dict.fromkeys(lost.tolist())
    spellings: dict[frozenset[str], Spelling | None] = {}
    others: dict[int, Spelling] = {}
    found: dict[str, list[str | None]] = {name: [] for name in SCHEMA}
    remarks: list[tuple[str, int]] = []
    for start in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[start : start + ROWS_AT_ONCE]
        records = shard.records(some)
        for row, record in zip(some.tolist(), records, strict=True):
            keys = _keys(record)
            if keys not in spellings:
                own = [each for each in records if _keys(each) == keys]
                spellings[keys] = _spelling_of(own, choose) if keys else None
            spelling = spellings[keys]
            if spelling is None:
                continue
            if row not in are_lost and not _answers_elsewhere(spelling, texts.spelling):
                continue
            content = read_row(record, spelling.family, spelling.columns)
            if not isinstance(content, RowContent):
                continue
            if row not in are_lost and not (content.response or "").strip():
                continue
            others[row] = replace(spelling, flat=False)
            for name, text in zip(SCHEMA, content.texts, strict=True):
                found[name].append(text)
            remarks += [(remark, row) for remark in content.remarks]
    if not others:
        return texts
    at = np.array(list(others), np.int64)
    shard.log.remove(at, cause, broken=True)
    for remark in _OF_A_READING:
        shard.log.remove(at, remark, broken=False)
    for remark in dict.fromkeys(remark for remark, _ in remarks):
        rows_of = np.array([row for each, row in remarks if each == remark], np.int64)
        shard.log.add_rows(rows_of, remark, broken=False)
    frame = texts.frame.with_columns(
        texts.frame[name].clone().scatter(at, pl.Series(values, dtype=pl.String))
        for name, values in found.items()
    )
    return replace(texts, frame=frame, others=others)
