"""What a CSV is written like: delimiter, quoting, a line that names the delimiter, a header."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from engine.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
QUOTINGS = ("doubled", "backslash", "none")
_LINES = 200
_SEP_LINE = re.compile(r"(\"?)sep=(.)\1[ \t]*(?:\r\n|\r|\n|$)", re.IGNORECASE)
_NAMES = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """How fields and rows are told apart."""

    delimiter: str = ","
    quoting: str = "doubled"
    """Quotes within quoted fields are doubled, or behind a backslash; `none`: they mean nothing."""
    start: int = 0
    """Characters before the header: a line `sep=;`."""
    end: str = "\n"
    """What ends a line."""

    @property
    def is_usual(self) -> bool:
        """Whether it is what everybody means by CSV."""
        return self == CsvDialect(self.delimiter)

    def describe(self) -> str:
        """In words, for `tamis info`."""
        name = _NAMES.get(self.delimiter, repr(self.delimiter))
        quotes = {"doubled": "quotes doubled", "backslash": "quotes behind a backslash"}
        return f"{name}, {quotes.get(self.quoting, 'no quoting')}"


def detect_dialect(
    text: str, *, delimiter: str = "", quoting: str = "", is_tsv: bool = False
) -> CsvDialect:
    """The dialect of a CSV, corrected by what a person says.

    Args:
        text: all of it.
        delimiter: one character; empty: to be detected.
        quoting: one of `QUOTINGS`; empty: to be detected.
        is_tsv: whether it is called so: then tabs go first.

    Raises:
        InputError: no such delimiter or quoting.
    """
    if delimiter and len(delimiter) != 1:
        raise InputError(f"a delimiter is one character, not {delimiter!r}", "such as ; or tab")
    if quoting and quoting not in QUOTINGS:
        raise InputError(f"there is no quoting {quoting!r}", f"one of: {', '.join(QUOTINGS)}")
    told = _SEP_LINE.match(text)
    start = told.end() if told else 0
    end = _line_end(text[: 1 << 16])
    if not delimiter:
        delimiter = told[2] if told else _delimiter(text[start : start + (1 << 18)], end, is_tsv)
    return CsvDialect(delimiter, quoting or _quoting(text, delimiter), start, end)


def _line_end(head: str) -> str:
    """What ends most lines; a line break inside of a quoted field ends none."""
    lines = _without_quoted(head)
    newlines = lines.count("\n")
    return "\r" if lines.count("\r") - lines.count("\r\n") > newlines else "\n"


def _delimiter(head: str, end: str, is_tsv: bool) -> str:
    """The mark that cuts most lines into the same number of fields, outside of quotes."""
    lines = _without_quoted(head).split(end)[:_LINES]
    lines = [line for line in lines if line.strip()]
    marks = ("\t", *(each for each in DELIMITERS if each != "\t")) if is_tsv else DELIMITERS

    def fitness(mark: str) -> tuple[int, int]:
        counts = [line.count(mark) for line in lines]
        first = counts[0] if counts else 0
        return (sum(count == first for count in counts) if first else 0, first)

    best = max(marks, key=fitness) if lines else marks[0]
    if fitness(best)[0]:
        return best
    common = Counter(mark for line in lines for mark in marks if mark in line)
    return max(marks, key=lambda mark: common[mark])


_QUOTED = re.compile(r'"(?:[^"\\]|\\.|"")*"')


def _without_quoted(text: str) -> str:
    """`text` with quoted fields taken out, so that marks inside of them are not counted."""
    return _QUOTED.sub('""', text)


def _quoting(text: str, delimiter: str) -> str:
    """How quotes within quoted fields are written."""
    mark = re.escape(delimiter)
    # A quote behind a backslash, in the middle of a field: before what ends none.
    escaped = len(re.findall(rf'(?<!\\)(?:\\\\)*\\"(?![{mark}\r\n]|$)', text))
    if not escaped:
        return "doubled"
    doubled = len(re.findall(rf'[^{mark}\n"]""[^{mark}\n"]', text))
    return "backslash" if escaped > doubled else "doubled"
