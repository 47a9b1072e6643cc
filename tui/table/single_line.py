"""Texts of rows on one line of the table: cut, padded, and with what a search finds in view."""

from __future__ import annotations

from collections import OrderedDict

from engine.dataset.text_search import Query
from tui.table.row_source import RowSource
from tui.table.table_layout import Layout
from tui.terminal.display import Glyphs, cells, one_line, sanitize

SEARCH_LIMIT = 100_000
"""Characters of a cell in which a search match beyond the visible part is looked for."""

CACHED_TEXTS = 512


class SingleLineTexts:
    """The last few hundred rows as they are shown; cleared when layout or search change."""

    def __init__(self, glyphs: Glyphs) -> None:
        """Cut with the signs of `glyphs`."""
        self._glyphs = glyphs
        self._known: OrderedDict[int, tuple[str, ...]] = OrderedDict()

    def clear(self) -> None:
        """Forget all."""
        self._known.clear()

    def get(
        self, source: RowSource, row: int, layout: Layout, search: Query | None
    ) -> tuple[str, ...]:
        """The texts of a row in the text columns of `layout`."""
        known = self._known.get(row)
        if known is not None:
            self._known.move_to_end(row)
            return known
        lines = tuple(
            self._fold(source.text(row, span.column), span.cells, search) for span in layout.texts
        )
        self._known[row] = lines
        if len(self._known) > CACHED_TEXTS:
            self._known.popitem(last=False)
        return lines

    def _fold(self, text: str, width: int, search: Query | None) -> str:
        """One line of a text; it starts at the search match where that would be cut off."""
        ascii_only = self._glyphs.ascii_only
        shown = one_line(text, width, pad=True, ascii_only=ascii_only)
        if search is None or width < 8 or search.spans(shown.rstrip(" …~")):
            return shown
        safe = sanitize(text[:SEARCH_LIMIT])
        spans = search.spans(safe)
        if not spans:
            return shown
        lead = safe[max(spans[0][0] - width // 4, 0) :]
        mark = self._glyphs.ellipsis
        return mark + one_line(lead, width - cells(mark), pad=True, ascii_only=ascii_only)


def highlighted(text: str, search: Query | None, style: str) -> list[tuple[str, str]]:
    """`text` cut at what the search finds in it, as (text, style name)."""
    if search is None:
        return [(text, style)]
    pieces: list[tuple[str, str]] = []
    at = 0
    for start, end in search.spans(text.rstrip(" ")):
        pieces += [(text[at:start], style), (text[start:end], "match")]
        at = end
    return [*pieces, (text[at:], style)]
