"""Lines wrapped to a width, drawn one screen line at a time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from engine.dataset.text_search import Query
from tui.sample.document import Line, LineKind, Piece, line_styles, wrap
from tui.terminal.display import Glyphs, cells, one_line


class Flow:
    """Lines wrapped to a width, drawn one screen line at a time."""

    def __init__(self, lines: Sequence[Line], width: int) -> None:
        self.lines = lines
        self.width = width
        self.pieces: list[Piece] = wrap(lines, width)
        self._styles: dict[tuple[int, Query | None], list[str]] = {}

    def __len__(self) -> int:
        return len(self.pieces)

    def runs(self, y: int, search: Query | None, glyphs: Glyphs) -> list[tuple[str, str]]:
        """(text, style name) of a screen line, filled up to the width."""
        if y >= len(self.pieces):
            return [(" " * self.width, "text")]
        piece = self.pieces[y]
        line = self.lines[piece.line]
        if line.kind is LineKind.TITLE:
            return _title(line, self.width, glyphs)
        styles = self._styles_of(piece.line, search)[piece.start : piece.end]
        text = line.text[piece.start : piece.end]
        fill = "code" if line.kind is LineKind.CODE else "text"
        runs = [(" " * piece.indent, fill)] if piece.indent else []
        at = 0
        for style, group in groupby(styles):
            end = at + sum(1 for _ in group)
            runs.append((text[at:end], style))
            at = end
        rest = self.width - piece.indent - cells(text)
        return [*runs, (" " * rest, fill)] if rest > 0 else runs

    def _styles_of(self, index: int, search: Query | None) -> list[str]:
        found = self._styles.get((index, search))
        if found is None:
            found = self._styles[index, search] = line_styles(self.lines[index], search)
        return found

    def style_lines(self, count: int) -> None:
        """Work out the styles of the first screen lines."""
        for piece in self.pieces[:count]:
            if self.lines[piece.line].kind is not LineKind.TITLE:
                self._styles_of(piece.line, None)

    def find(self, search: Query) -> int | None:
        """The first screen line that shows the start of a match."""
        found = search.first_in([line.text for line in self.lines])
        if found is None:
            return None
        index, place = found
        for y, piece in enumerate(self.pieces):
            if piece.line == index and piece.start <= place < piece.end:
                return y
        return None


def used_cells(runs: list[tuple[str, str]]) -> int:
    """Cells up to the last that is not a plain blank."""
    texts = [text if style in ("text", "muted") else text + "." for text, style in runs]
    return cells("".join(texts).rstrip(" "))


def _title(line: Line, width: int, glyphs: Glyphs) -> list[tuple[str, str]]:
    """A role's header: its sign and name, and a rule to the end."""
    text = one_line(line.text, max(width - 4, 1), ascii_only=glyphs.ascii_only) + " "
    rule = glyphs.rule * max(width - cells(text), 0)
    return [(text, line.style), (rule, "muted")]
