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
from textwrap import shorten
from typing import Any

_PLACE = re.compile(r" \(at (line \d+, column \d+|end of document)\)")
_BARE = re.compile(r"[A-Za-z0-9_-]+")

UNFINISHED = "(at end of document)"
"""What `tomllib` says of a text that is right as far as it goes."""
ENDINGS = ("]", '"""', "'''")
"""What can end a value over several lines."""
MAX_STATEMENT_LINES = 1000
"""Longest value over several lines; a bracket never closed is looked for no further."""

SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class TomlValue:
    """One value, where it is in the tables, and its line (from 1)."""

    path: tuple[str, ...]
    value: Any
    line: int

    @property
    def name(self) -> str:
        """As it is written: `defaults.theme`."""
        return _dotted(self.path)


def read_lined(text: str) -> tuple[list[TomlValue], list[tuple[int, str]]]:
    """The values of a TOML text, and what of it cannot be read, each with its line (from 1).

    Source: TOML 1.0.0, without arrays of tables. A key given twice counts the first time.
    """
    entries: dict[tuple[str, ...], TomlValue] = {}
    faults: list[tuple[int, str]] = []
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    table: tuple[str, ...] | None = ()
    at = 0
    while at < len(lines):
        start, at = at, at + 1
        statement = lines[start].strip()
        if not statement or statement.startswith("#"):
            continue
        try:
            parsed, at = _statement(lines, start)
        except (ValueError, RecursionError) as error:  # too many digits, or brackets
            faults.append((start + 1, _PLACE.sub("", str(error))))
            if statement.startswith("["):
                table = None  # nobody knows where what follows belongs
            continue
        if statement.startswith("["):
            table = _header(parsed)
            if table is None:
                faults.append((start + 1, "a list of tables has no meaning here"))
            continue
        if table is None:
            continue
        for path, value in _flat(parsed, table):
            if path in entries:
                first = entries[path].line
                faults.append((start + 1, f"{_dotted(path)} is given twice; line {first} counts"))
            else:
                entries[path] = TomlValue(path, value, start + 1)
    return list(entries.values()), faults


def shown(value: Any) -> str:
    """A value in what is said about it, in one short line."""
    try:
        return shorten(repr(value), SHOWN_CHARACTERS, placeholder="…")
    except ValueError:  # a number of more digits than Python writes
        return "so long a number"


def _statement(lines: list[str], start: int) -> tuple[dict[str, Any], int]:
    """The statement that begins in line `start`, and the line after it.

    More lines are taken only while the text is right as far as it goes, and only where one of them
    can end it: a list with blank lines and comments in it is read, a slip costs its own line.
    """
    try:
        return tomllib.loads(lines[start]), start + 1
    except tomllib.TOMLDecodeError as error:
        if UNFINISHED not in str(error):
            raise
        first = error
    for end in range(start + 2, min(len(lines), start + MAX_STATEMENT_LINES) + 1):
        if not any(ending in lines[end - 1] for ending in ENDINGS):
            continue
        try:
            return tomllib.loads("\n".join(lines[start:end])), end
        except tomllib.TOMLDecodeError as error:
            if UNFINISHED not in str(error):
                break
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
    """The values of a table, those of its tables too; an empty table is a value."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, (*above, name))
        else:
            yield (*above, name), value


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(name if _BARE.fullmatch(name) else repr(name) for name in path)
