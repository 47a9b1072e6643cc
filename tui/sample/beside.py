"""A row's other columns under its sample: a line for each, or one line for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from tui.sample.document import Line, LineKind, column_lines
from tui.terminal.display import Glyphs, cells, cut_index, one_line

Named = Sequence[tuple[str, str]]
"""Names and values; both may be raw data."""

NAME_CELLS = 20
VALUE_CELLS = 24
"""Of a value where all columns share one line."""

WHOLE_CHARACTERS = 20_000
"""Of a value where there is room for all of it."""


class Beside(StrEnum):
    """How much of the other columns is shown."""

    LINE = "line"
    ALL = "all"
    NONE = "none"


def beside_lines(columns: Named, width: int, glyphs: Glyphs, *, whole: bool) -> list[Line]:
    """Each column with its value: on two lines at most, unless `whole`."""
    if not columns:
        return []
    lines = [Line("other columns", LineKind.TITLE, "muted")]
    names = [one_line(name, min(NAME_CELLS, width // 3)) for name, _ in columns]
    indent = max(map(cells, names)) + 2
    for name, (_, value) in zip(names, columns, strict=True):
        label = name + " " * (indent - cells(name))
        room = max(width - indent, 8)
        if whole and (cells(one_line(value, 2 * room)) > room or "\n" in value):
            lines.append(Line(name, LineKind.PLAIN, "muted"))
            lines += column_lines(value[:WHOLE_CHARACTERS])
            if (left := len(value) - WHOLE_CHARACTERS) > 0:
                lines.append(Line(_hidden(left, glyphs), LineKind.PLAIN, "muted"))
            continue
        first, *rest = _folded(value, room, glyphs)
        lines.append(Line(label + first, LineKind.FIELD, label=len(label)))
        lines += [Line(" " * indent + each, LineKind.FIELD) for each in rest]
    return lines


def _folded(value: str, room: int, glyphs: Glyphs) -> list[str]:
    """A value on one line or two, the second of which says how much is hidden."""
    shown = one_line(value, 3 * room, ascii_only=glyphs.ascii_only)
    cut = cut_index(shown, room)
    first, rest = shown[:cut], shown[cut:]
    if cells(rest) <= room and len(value) <= 4 * room:
        return [first, rest] if rest else [first]
    left = len(value) - len(first)
    words = _hidden if room >= NOTED_CELLS else _hidden_in_short
    second = rest[: cut_index(rest, max(room - cells(words(left, glyphs)) - 1, 0))]
    return [first, f"{second} {words(left - len(second), glyphs)}"]


NOTED_CELLS = 40
"""In less room it is said in fewer words how much is hidden."""


def _hidden(characters: int, glyphs: Glyphs) -> str:
    return f"{_hidden_in_short(characters, glyphs)} characters"


def _hidden_in_short(characters: int, glyphs: Glyphs) -> str:
    return f"{glyphs.ellipsis} {characters:,} more"


def beside_line(columns: Named, width: int, key: str, glyphs: Glyphs) -> list[tuple[str, str]]:
    """(text, style name) of as many columns as one line holds, and the key that shows them all."""
    more = f"  {key} more"
    dot = " | " if glyphs.ascii_only else " · "
    room = width - len(more)
    runs: list[tuple[str, str]] = []
    used = 0
    for name, value in columns:
        shown = one_line(value, VALUE_CELLS, ascii_only=glyphs.ascii_only)
        if not shown or shown == "null":
            continue
        before = dot if runs else ""
        label = f"{before}{one_line(name, NAME_CELLS)} "
        if used + cells(label) + cells(shown) > room:
            shown = one_line(value, room - used - cells(label), ascii_only=glyphs.ascii_only)
            if cells(shown) < LEAST_CELLS:
                break
        runs += [(label, "muted"), (shown, "text")]
        used += cells(label) + cells(shown)
    return [*runs, (" " * (room - used) + more, "muted")]


LEAST_CELLS = 4
"""A value cut shorter than this says nothing."""
