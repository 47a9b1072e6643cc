"""TOML read statement by statement, so that every value knows its line.

A file that a person writes is wrong in one place more often than in all: what can be read is
used, and what cannot is named with its line. `tomllib` does the reading and stops at the first
error, so it is given one statement at a time.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_PLACE = re.compile(r" \(at (line \d+, column \d+|end of document)\)")

MAX_STATEMENT_LINES = 200
"""Longest value over several lines; a bracket never closed is looked for no further."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One value, where it is in the tables, and its line (from 1)."""

    path: tuple[str, ...]
    value: Any
    line: int

    @property
    def name(self) -> str:
        """As it is spoken of: `defaults.theme`."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and in which line (from 1)."""

    line: int
    text: str


def read_lined(text: str) -> tuple[list[Entry], list[Fault]]:
    """The values of a TOML text, and what of it cannot be read.

    Source: TOML 1.0.0, without arrays of tables. A key given twice counts the first time.
    """
    entries: dict[tuple[str, ...], Entry] = {}
    faults: list[Fault] = []
    lines = text.splitlines()
    table: tuple[str, ...] | None = ()
    at = 0
    while at < len(lines):
        start, at = at, at + 1
        statement = lines[start].strip()
        if not statement or statement.startswith("#"):
            continue
        try:
            parsed, at = _statement(lines, start)
        except tomllib.TOMLDecodeError as error:
            faults.append(Fault(start + 1, _PLACE.sub("", str(error))))
            if statement.startswith("["):
                table = None  # nobody knows where what follows belongs
            continue
        if statement.startswith("["):
            table = _header(parsed)
            if table is None:
                faults.append(Fault(start + 1, "a list of tables has no meaning here"))
            continue
        if table is None:
            continue
        for path, value in _flat(parsed, table):
            if path in entries:
                first = entries[path].line
                faults.append(
                    Fault(start + 1, f"{'.'.join(path)} is given twice; line {first} counts")
                )
            else:
                entries[path] = Entry(path, value, start + 1)
    return list(entries.values()), faults


def _statement(lines: list[str], start: int) -> tuple[dict[str, Any], int]:
    """The statement that begins in line `start`, and the line after it."""
    first: tomllib.TOMLDecodeError | None = None
    for end in range(start + 1, min(len(lines), start + MAX_STATEMENT_LINES) + 1):
        try:
            return tomllib.loads("\n".join(lines[start:end])), end
        except tomllib.TOMLDecodeError as error:
            first = first or error
            if lines[end - 1].strip() == "" and '"""' not in lines[start]:
                break
    assert first is not None
    raise first


def _header(parsed: dict[str, Any]) -> tuple[str, ...] | None:
    """The path of a table's header; None for a list of tables."""
    path: list[str] = []
    inner: Any = parsed
    while isinstance(inner, dict) and inner:
        name, inner = next(iter(inner.items()))
        path.append(name)
    return None if isinstance(inner, list) else tuple(path)


def _flat(table: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value
