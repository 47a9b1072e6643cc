"""Signs in ASCII, for terminals that have no others: borders, bars, scrollbars, dots and arrows.

The widgets of tamis choose their own signs; what is left is Textual's, and is exchanged in the
lines as they are drawn, sign for sign and of the same width. Letters of any script stay.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.filter import LineFilter

if TYPE_CHECKING:
    from textual.color import Color

_ACROSS = {"HORIZONTAL", "LEFT", "RIGHT"}
_ALONG = {"VERTICAL", "UP", "DOWN"}


def _box(name: str) -> str:
    """A box-drawing character by the words of its name."""
    words = set(name.split())
    if "DIAGONAL" in words:
        return "/" if "RIGHT" in words and "CROSS" not in words else "x"
    across, along = bool(words & _ACROSS), bool(words & _ALONG)
    if across and along:
        return "+"
    return "|" if along else "-"


def _signs() -> dict[str, str]:
    """Sign -> ASCII.  Source: the names of Unicode's blocks 2500-257F, 2580-259F and 25A0-25FF."""
    found = {chr(code): _box(unicodedata.name(chr(code))) for code in range(0x2500, 0x2580)}
    found |= {chr(code): "#" for code in range(0x2580, 0x25A0)}
    found |= dict.fromkeys("▁▂▃", "_") | dict.fromkeys("▔▀", "-") | {"░": ":"}
    found |= dict.fromkeys("▉▊▋▌▍▎▏▐▕", "|")
    found |= {chr(code): "*" for code in range(0x25A0, 0x2600)}
    found |= dict.fromkeys("▲△", "^") | dict.fromkeys("▼▽", "v") | dict.fromkeys("○◯", "o")
    found |= dict.fromkeys("►▶▸", ">") | dict.fromkeys("◄◀◂", "<")
    return found | {
        "…": "~", "·": ".", "•": "*", "←": "<", "→": ">", "↑": "^", "↓": "v", "≈": "~",
        "\u00d7": "x", "≤": "<", "≥": ">", "✓": "v", "✗": "x", "»": ">", "±": "+", "🔎": "> ",
    }  # fmt: skip


SIGNS = str.maketrans(_signs())


class AsciiSigns(LineFilter):
    """Exchanges the signs in what is drawn."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line in ASCII, as far as it is made of signs."""
        del background
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(SIGNS), segment.style, segment.control)
            for segment in segments
        ]
