"""A dataset as sessions of format 1 read it: the digest they knew it by, and its identities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice, product
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.json_shard import record_bytes
from engine.dataset.reading.shard import Shard, SourceKind
from engine.dataset.reading.source import ReadProgress
from engine.dataset.version1.families import (
    SAMPLED_VALUES,
    FirstFacts,
    FirstSpelling,
    choose,
    detect,
)
from engine.dataset.version1.message import identify
from engine.dataset.version1.rows import FirstContent, FirstUnreadable, read_first
from engine.errors import UsageError
from engine.sample import IDENTITY_BYTES, IDENTITY_VERSION, Family

_DETECTION_ROWS = 1000
_DETECTION_BYTES = 2 << 20
"""Rows of a JSON file that were looked at: those of the first two megabytes, a thousand at most."""

MOST_CHOICES = 20_000
"""Ways to name columns that are tried to find out what an old digest stands for."""


class ReadDataset(Protocol):
    """The part of a Dataset that this module needs."""

    @property
    def shards(self) -> Sequence[Shard]:
        """Its files."""
        ...

    @property
    def rows(self) -> int:
        """Of all of them."""
        ...

    @property
    def source_digest(self) -> str:
        """Of the bytes of all files."""
        ...


class FirstReading:
    """One way in which version 1 would have read the files of a dataset."""

    def __init__(self, dataset: ReadDataset, spellings: Sequence[FirstSpelling]) -> None:
        """Of files with these spellings, one each."""
        self._shards, self._spellings = dataset.shards, spellings
        self.digest = _digest(dataset, spellings)
        """What sessions of format 1 knew the dataset by."""

    def identities(self, cancelled: Callable[[], bool] | None = None) -> NDArray[np.uint8]:
        """The identity of version 1 of every row.  (rows, 16).

        Raises:
            InputError: a file was changed since it was opened.
            Cancelled: `cancelled` said so.
        """
        step = ReadProgress(cancelled=cancelled)
        joined = b"".join(
            each
            for shard, spelling in zip(self._shards, self._spellings, strict=True)
            for each in _identities(shard, spelling, step)
        )
        return np.frombuffer(joined, np.uint8).reshape(-1, IDENTITY_BYTES)


def first_reading(
    dataset: ReadDataset,
    family: Family | None = None,
    prompt: str | None = None,
    response: str | None = None,
) -> FirstReading | None:
    """As version 1 read these files with these flags; None where it would have refused to."""
    try:
        spellings = [
            choose(facts_of(shard), family=family, prompt_column=prompt, response_column=response)
            for shard in dataset.shards
        ]
    except UsageError:
        return None
    return FirstReading(dataset, spellings)


def readings_of(dataset: ReadDataset, digests: set[str]) -> dict[str, FirstReading]:
    """The readings of the very same bytes that some digests of format 1 stand for.

    The columns that a person had named are not on file, so all are tried: by digest, those found.
    """
    facts = [facts_of(shard) for shard in dataset.shards]
    names: list[str | None] = [None, *dict.fromkeys(name for each in facts for name in each.names)]
    choices = product([None, *Family], names, names)
    found: dict[str, FirstReading] = {}
    for family, prompt, response in islice(choices, MOST_CHOICES):
        if len(found) == len(digests):
            break
        try:
            spellings = [
                choose(each, family=family, prompt_column=prompt, response_column=response)
                if (family, prompt, response) != (None, None, None)
                else detect(each)
                for each in facts
            ]
        except (UsageError, KeyError):
            continue
        reading = FirstReading(dataset, spellings)
        if reading.digest in digests:
            found.setdefault(reading.digest, reading)
    return found


def facts_of(shard: Shard) -> FirstFacts:
    """Names and values of a file's columns, of the rows that were looked at then."""
    if shard.kind is not SourceKind.JSON:
        step = ReadProgress()
        return FirstFacts(shard.column_names, lambda name: _column_values(shard.column(name, step)))
    rows = np.arange(min(_DETECTION_ROWS, shard.rows), dtype=np.int64)
    records, size = [], 0
    for row, record in zip(rows.tolist(), shard.records(rows), strict=True):
        if size > _DETECTION_BYTES:
            break
        size += len(shard.raw(row) or b"")
        records.append(record)
    names = tuple(dict.fromkeys(name for record in records for name in record))
    return FirstFacts(names, lambda name: _record_values(records, name))


def _record_values(records: list[dict[str, Any]], name: str) -> list[Any]:
    found = (record[name] for record in records if record.get(name) is not None)
    return list(islice(found, SAMPLED_VALUES))


def _column_values(column: pl.Series) -> list[Any]:
    head = column.head(_DETECTION_ROWS).drop_nulls()
    if not len(head):
        head = column.drop_nulls()
    return head.head(SAMPLED_VALUES).to_list()


def _digest(dataset: ReadDataset, spellings: Sequence[FirstSpelling]) -> str:
    counts: dict[Family, int] = {}
    for shard, spelling in zip(dataset.shards, spellings, strict=True):
        counts[spelling.family] = counts.get(spelling.family, 0) + shard.rows
    family = max(counts, key=lambda each: counts[each])
    columns = next(each.columns for each in spellings if each.family is family)
    reading = f"{dataset.source_digest} {family} {sorted(columns.used().items())}"
    return blake2b(reading.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _identities(shard: Shard, spelling: FirstSpelling, step: ReadProgress) -> Iterator[bytes]:
    for start in range(0, shard.rows, _DETECTION_ROWS):
        step.step(f"looking for earlier verdicts in {shard.name}", start, shard.rows)
        rows = np.arange(start, min(start + _DETECTION_ROWS, shard.rows), dtype=np.int64)
        for row, record in zip(rows.tolist(), shard.records(rows), strict=True):
            content = _read(record, spelling)
            if isinstance(content, FirstUnreadable):
                raw = shard.raw(row)
                yield _hash(b"broken", record_bytes(record) if raw is None else raw)
            elif not content.turns:
                yield _hash(b"other", record_bytes(record))
            else:
                yield identify(content.turns, content.rejected)


def _read(record: dict[str, Any], spelling: FirstSpelling) -> FirstContent | FirstUnreadable:
    if spelling.family is Family.OTHER and record:
        return FirstContent(())
    return read_first(record, spelling.family, spelling.columns)


def _hash(*fields: bytes) -> bytes:
    data = b"".join(len(field).to_bytes(8, "little") + field for field in fields)
    return blake2b(data, digest_size=IDENTITY_BYTES, person=IDENTITY_VERSION).digest()
