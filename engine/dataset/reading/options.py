"""What a person says about how files are read; what is not said is detected."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from engine.dataset.reading.configurations import FilePart
from engine.sample import Family

PLACEHOLDERS = (
    *("noinput", "no input", "no input needed", "no input required", "no input provided"),
    *("no input necessary", "_noinput_", "input not required", "not applicable"),
    *("n/a", "n.a", "<na>", "nan", "none", "null"),
)
"""What an input says where it means that there is none, in lower case; signs around it (`<…>`,
`(…)`, quotes, a full stop) do not count. A sign or an abbreviation that is often meant as it
stands (`-`, `na`, `nil`) is none.

Source: counted in Alpaca's and GPTeacher's inputs (`<noinput>`, `Noinput`, `"<noinput>"`,
`(no input)`, `N/A`, `None`, `nan`).
"""

AROUND = " \t\r\n\"'`<>()."
"""Signs around a placeholder that do not count."""


def is_placeholder(value: Any, placeholders: Collection[str]) -> bool:
    """Whether a cell says that there is nothing in it; an empty one does not say so.

    The one place that decides: the columns of a whole file are narrowed to short cells first.
    """
    if not isinstance(value, str) or not placeholders or len(value) > LONGEST_PLACEHOLDER:
        return False
    lower = value.lower()
    return lower.strip() in placeholders or lower.strip(AROUND) in placeholders


LONGEST_PLACEHOLDER = 80
"""Characters of a cell, blanks included; longer ones are not looked at."""


READER_VERSION = 2
"""Grows when the same file, read in the same way, gives other texts."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which columns play which part, as a person names them; empty where it is to be detected.

    A name is a column's, or leads into nested ones with dots (`input.messages`); a column of the
    full name goes first.
    """

    family: Family | None = None
    prompt: tuple[str, ...] = ()
    """Joined in this order, a line each."""
    system: str | None = None
    response: str | None = None
    rejected: str | None = None
    label: str | None = None
    messages: str | None = None

    def names(self) -> tuple[str, ...]:
        """Every column that is named."""
        others = (self.system, self.response, self.rejected, self.label, self.messages)
        return (*self.prompt, *(name for name in others if name is not None))


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How files are read."""

    mapping: ColumnMapping = field(default_factory=ColumnMapping)
    placeholders: tuple[str, ...] = PLACEHOLDERS
    """Inputs that are read as no input, in lower case."""
    limit: int | None = None
    """The first rows only, for a first look."""
    rows_at: str = ""
    """Where in a wrapped JSON file the rows are: `data`, `result.items`."""
    delimiter: str = ""
    quoting: str = ""
    """Of a CSV: none, doubled, backslash; empty: detected."""
    encoding: str = ""
    config: str = ""
    """Of a folder: the configuration to open; empty: all."""
    split: str = ""
    """Of a folder: the split to open; empty: all."""
    files: tuple[FilePart, ...] = ()
    """Of a folder: these only, in this order."""
    name: str = ""
    """What the dataset is called, where its path does not say; an address of a hub."""
