"""A dataset read in another way, before it is: what its first rows would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.dataset.reading.facts import SAMPLED_VALUES, ColumnFacts
from engine.dataset.reading.mapping import choose
from engine.dataset.reading.options import ColumnMapping
from engine.dataset.reading.rows import Unreadable, read_row
from engine.dataset.reading.samples import sample_of
from engine.sample import Family, Sample, Side

MOST_NAMES = 200
"""Columns that are offered, nested ones among them."""


@dataclass(frozen=True, slots=True)
class ReadPreview:
    """How a row would be read."""

    family: Family
    sample: Sample | None
    cause: str = ""
    """Why it could not be read."""


class Previews:
    """Reads some rows under any mapping."""

    def __init__(self, records: Sequence[dict[str, Any]]) -> None:
        """Of the first rows of a dataset."""
        self._records = records
        names = list(dict.fromkeys(name for record in records for name in record))
        self._facts = ColumnFacts(names, self._values)

    def __len__(self) -> int:
        return len(self._records)

    def _values(self, name: str) -> list[Any]:
        found = [record[name] for record in self._records if record.get(name) is not None]
        return found[:SAMPLED_VALUES]

    def names(self) -> list[str]:
        """The columns, and the members of those that hold objects."""
        found = []
        for name in self._facts.names:
            found.append(name)
            if self._facts.kind(name) == "object":
                found += self._facts.inside(name).names
        return found[:MOST_NAMES]

    def example(self, name: str) -> str:
        """A value of a column, for a list of them."""
        column, _, rest = name.partition(".") if name not in self._facts.names else (name, "", "")
        facts = self._facts.inside(column) if rest else self._facts
        return next((str(value) for value in facts.values(name)), "")

    def read(self, mapping: ColumnMapping, row: int) -> ReadPreview:
        """One of the rows as it would be read.

        Raises:
            UsageError: the mapping makes no sample.
        """
        spelling = choose(self._facts, mapping)
        if spelling.family is Family.OTHER:
            return ReadPreview(spelling.family, None, "no family fits: name the prompt")
        content = read_row(self._records[row], spelling.family, spelling.columns)
        if isinstance(content, Unreadable):
            return ReadPreview(spelling.family, None, content.cause)
        return ReadPreview(spelling.family, sample_of(content, spelling.family, row, Side.CHOSEN))
