"""What a person says about how files are read; what is not said is detected."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.sample import Family

PLACEHOLDERS = (
    *("<noinput>", "<no input>", "<nooutput>", "noinput", "no input", "no input."),
    *("no input needed", "no input needed.", "no input required", "no input required."),
    *("n/a", "n.a.", "none", "null", "nil", "nan", "<na>", "-", "_noinput_", "not applicable"),
)
"""What an input says where it means that there is none, in lower case and without blanks around.

Source: Alpaca's and GPTeacher's inputs (`<noinput>`, `Noinput`, `N/A`, `None`, `nan`).
"""


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
