"""From hostile text to cells: what every widget does to text before it draws it.

A dataset is hostile: a cell can carry escape sequences that set the clipboard, bidi controls that
hide half of it, or characters that terminals measure differently. Everything that comes from data
passes `sanitize` or `one_line`, and is drawn as plain segments, never as markup.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import get_character_cell_size

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

TAB_CELLS = 4

_HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""C0 less newline and tab, DEL, C1, bidi controls, surrogates."""

_UNEVEN = re.compile(
    "[\u00ad\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
)
"""Joiners, variation selectors, skin tones and the like: no two terminals give them the same
width, and without them each character has one."""

_HIDDEN = re.compile("[\U000e0000-\U000e007f]")
"""Tag characters: invisible, and a known way to hide instructions; shown as a replacement."""

_SPACE = re.compile(r"\s+")

_LINE_BREAK = re.compile("\n|\u2028|\u2029")

_MAX_MARKS = re.compile(
    r"([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]{4})[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u20d0-\u20ff]+"
)
"""More than four combining marks in a row stack over the neighbouring lines."""


def sanitize(text: str) -> str:
    """`text` without anything that a terminal would obey: each such character becomes U+FFFD.

    Newlines and tabs stay; a carriage return before a newline goes.
    """
    if text.isprintable():
        return text
    return _HOSTILE.sub(REPLACEMENT, text.replace("\r\n", "\n"))


def _even(text: str) -> str:
    """`text` with one width on every terminal: what they measure differently is left out."""
    if text.isascii():
        return text
    return _MAX_MARKS.sub(r"\1", _HIDDEN.sub(REPLACEMENT, _UNEVEN.sub("", text)))


def plain_text(text: str) -> str:
    """`text` as it is printed outside the screen: safe, of even width, nothing hidden in it."""
    return _even(sanitize(text))


def cells(text: str) -> int:
    """The number of terminal cells that `text` takes (without tabs and newlines)."""
    if text.isascii():
        return len(text)
    return sum(map(get_character_cell_size, text))


def cut_index(text: str, width: int) -> int:
    """How many characters of `text` fit into `width` cells, with the marks that follow them."""
    if text.isascii():
        return min(len(text), width)
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return index
    return len(text)


def lines_of(text: str) -> list[str]:
    """`text` as safe lines of even width, with tabs expanded."""
    lines = _LINE_BREAK.split(plain_text(text))
    if "\t" in text:
        lines = [line.expandtabs(TAB_CELLS) if "\t" in line else line for line in lines]
    return lines


def _fold(text: str, width: int) -> tuple[str, bool]:
    """The start of `text` on one line, at least `width` cells of it where there are as many.

    Only as much is looked at as can be seen: a cell may hold megabytes.

    Returns:
        The folded text, and whether text was left over.
    """
    chunk = 4 * width + 64
    folded = ""
    start = 0
    for _ in range(16):
        piece = text[start : start + chunk]
        start += chunk
        if not piece.isprintable():
            # \r counts as a break here, or a row of CRLF lines would be a row of U+FFFD.
            piece = sanitize(piece.replace("\r", "\n"))
        folded = _SPACE.sub(" ", _even(folded + piece))
        if len(folded) > 2 * width or start >= len(text):
            break
    return folded.strip(" "), start < len(text)


def one_line(text: str, width: int, *, pad: bool = False, ascii_only: bool = False) -> str:
    """`text` on one line of at most `width` cells: white space folded, cut with an ellipsis.

    Args:
        text: anything, of any length.
        width: cells, ≥ 0.
        pad: fill up with spaces to exactly `width` cells.
        ascii_only: mark the cut with `~` instead of an ellipsis. The text itself stays.
    """
    if width <= 0:
        return ""
    line, more = _fold(text, width)
    end = cut_index(line, width)
    if end < len(line) or more:
        end = cut_index(line, width - 1)
        line = line[:end].rstrip(" ") + ("~" if ascii_only else "…")
    return line + " " * (width - cells(line)) if pad else line


def score_text(score: float, width: int = 7) -> str:
    """A score in `width` cells, right-aligned: three decimals where they fit; blank for NaN."""
    if math.isnan(score):
        return " " * width
    text = f"{score:.3f}"
    for form in (".2f", ".1f", ".0f", ".3g", ".1e", ".0e"):
        if len(text) <= width:
            break
        text = f"{score:{form}}"
    return text.rjust(width)


def count_text(count: int, width: int = 6) -> str:
    """A count in `width` cells, right-aligned, in thousands (k) or millions (M) where too long."""
    text = str(count)
    if len(text) > width:
        text = f"{count / 1e3:.0f}k"
    if len(text) > width:
        text = f"{count / 1e6:.0f}M"
    return text.rjust(width)


class RowState(StrEnum):
    """What a row's mark says: who decided, and what."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    KEPT = "kept"
    DROPPED = "dropped"
    PENDING = "pending"
    FAILED = "failed"
    BROKEN = "broken"
    HIDDEN = "hidden"
    """Undecided; what the rules say is kept from whoever decides blind."""


STATE_TEXT = {
    RowState.ACCEPTED: "accepted by hand",
    RowState.REJECTED: "rejected by hand",
    RowState.KEPT: "kept by rule",
    RowState.DROPPED: "dropped by rule",
    RowState.PENDING: "pending",
    RowState.FAILED: "scoring failed",
    RowState.BROKEN: "could not be read",
    RowState.HIDDEN: "undecided, scores hidden",
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Every sign the widgets draw, so that one switch changes them all.

    `left_bar` and `column` hold the fill levels of a cell, from almost empty to full.
    """

    states: dict[RowState, str]
    roles: dict[str, str]
    skipped: str = "»"
    problem: str = "!"
    note: str = "*"
    tag: str = "#"
    edited: str = "±"
    cursor: str = "▌"
    selected: str = "│"
    ascending: str = "▲"
    descending: str = "▼"
    left_bar: str = "╸━"
    column_kept: str = "▁▂▃▄▅▆▇█"
    column_dropped: str = ".╷│"
    axis_kept: str = "━"
    axis_dropped: str = "╌"
    mark: str = "▲"
    left: str = "◄"
    right: str = "►"
    at_least: str = "≥"
    at_most: str = "≤"
    rule: str = "─"
    divider: str = "│"
    ellipsis: str = "…"
    point: str = "●"
    pinned: str = "○"
    best: str = "◆"
    shade: str = "░"
    dot: str = "·"
    bar: str = "█"
    gain: str = "▒"
    alike: str = "≈"
    times: str = "\u00d7"
    ascii_only: bool = False


UNICODE_GLYPHS = Glyphs(
    states={
        RowState.ACCEPTED: "✓",
        RowState.REJECTED: "✗",
        RowState.KEPT: "+",
        RowState.DROPPED: "-",
        RowState.PENDING: "?",
        RowState.FAILED: "!",
        RowState.BROKEN: "∅",
        RowState.HIDDEN: "·",
    },
    roles={"system": "■", "user": "»", "assistant": "●", "tool": "◆"},
)

ASCII_GLYPHS = Glyphs(
    states={
        **UNICODE_GLYPHS.states,
        RowState.ACCEPTED: "A",
        RowState.REJECTED: "X",
        RowState.BROKEN: "#",
        RowState.HIDDEN: ".",
    },
    roles={"system": "#", "user": ">", "assistant": "*", "tool": "+"},
    skipped="s",
    edited="e",
    cursor=">",
    selected="|",
    ascending="^",
    descending="v",
    left_bar="=",
    column_kept=".o#",
    column_dropped=".:",
    axis_kept="=",
    axis_dropped="-",
    mark="^",
    left="<",
    right=">",
    at_least=">=",
    at_most="<=",
    rule="-",
    divider="|",
    ellipsis="~",
    point="@",
    pinned="P",
    best="O",
    shade=":",
    dot=".",
    bar="#",
    gain="+",
    alike="~",
    times="x",
    ascii_only=True,
)
