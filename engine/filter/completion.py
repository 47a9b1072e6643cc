"""What could stand at the cursor of a filter line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.filter.columns import column_name
from engine.filter.terms import ANYWHERE, WORDS, Number, Problems, RowStatus, quoted
from engine.filter.view import ANY, Mark, Names

_VALUE_AT_END = re.compile(
    r"""(?:`((?:[^`]|``)+)`|(?<![\w.`-])([^\W\d][\w.-]*))\s*(?:=|==|!=|≠)\s*("[^"]*|[^\s"()~=]*)$"""
)
_WORD_AT_END = re.compile(r'`[^`]*$|[^\s"()]*$')
_CHOICE = re.compile(r"([A-Za-z_]+):(.*)", re.DOTALL)

MAX_COMPLETIONS = 50


@dataclass(frozen=True, slots=True)
class Completion:
    """What could replace the text from `start` to the cursor, best first."""

    start: int
    choices: tuple[str, ...] = ()

    @property
    def common(self) -> str:
        """What all choices begin with."""
        if not self.choices:
            return ""
        first, last = min(self.choices), max(self.choices)
        same = (a == b for a, b in zip(first, last, strict=False))
        return first[: next((at for at, equal in enumerate(same) if not equal), len(first))]


def complete(text: str, cursor: int, names: Names) -> Completion:
    """The words that could stand where the cursor is; none within a quoted text.

    Of a column that is compared the frequent values are offered.

    Args:
        text: the line.
        cursor: where in it.
        names: what the dataset has that can be named.
    """
    before = text[:cursor]
    if (valued := _VALUE_AT_END.search(before)) and (column := _column(valued, names)):
        typed = valued[3]
        begun = _begin(names.values(column), typed.removeprefix('"'), quotes=True)
        return Completion(valued.start(3), begun if begun != (typed,) else ())
    if before.count('"') % 2:
        return Completion(cursor)
    found = _WORD_AT_END.search(before)
    start = found.start() if found else cursor
    word = before[start:]
    if choice := _CHOICE.fullmatch(word):
        field = choice[1].lower()
        begun = _begin(_values(field, names), choice[2])
        return Completion(start + len(field) + 1, begun if begun != (choice[2],) else ())
    if re.search(r"[<>=~≤≥≠!:]", word) or re.search(r"[<>=~≤≥≠]\s*$", before[:start]):
        return Completion(cursor)
    return Completion(start, _begin(_words(names), word) if word else ())


def _column(valued: re.Match[str], names: Names) -> str:
    """The column whose value is being typed; empty where the name means something else."""
    if valued[1] is not None:
        name = valued[1].replace("``", "`")
    else:
        name = valued[2]
        if name.lower() in WORDS:
            return ""
    same = [each for each in names.columns if each.lower() == name.lower()]
    return name if name in same else same[0] if len(same) == 1 else ""


def _values(field: str, names: Names) -> Sequence[str]:
    if field == "state":
        return list(RowStatus)
    if field == "problem":
        return list(Problems)
    if field in set(Mark):
        return [ANY, *(quoted(name, _PLAIN) for name in names.marks.get(Mark(field), ()))]
    return ()


_PLAIN = re.compile(r'[^\s"()]+')


def _words(names: Names) -> list[str]:
    texts = [f"{column.value}~" for column in ANYWHERE]
    fields = ["state:", "problem:", "row:", *(f"{mark.value}:" for mark in Mark)]
    return [*Number, *texts, *fields, *map(column_name, names.columns), "and", "or", "not"]


def _begin(words: Sequence[str], typed: str, *, quotes: bool = False) -> tuple[str, ...]:
    """Those that begin like `typed`, then those that hold it elsewhere."""
    opening = '"' if quotes else "`"
    wanted = typed.lower().lstrip(opening)
    plain = [(word, word.lower().lstrip(opening)) for word in dict.fromkeys(words)]
    first = [word for word, low in plain if low.startswith(wanted)]
    later = [word for word, low in plain if wanted in low and not low.startswith(wanted)]
    return tuple([*first, *(later if wanted and not first else [])][:MAX_COMPLETIONS])
