"""The pane that shows two samples with their differences; long ones scroll."""

from __future__ import annotations

from typing import ClassVar

from textual.strip import Strip

from tui.clusters.comparison import Comparison, Laid, lay_out
from tui.terminal.display import UNICODE_GLYPHS, Glyphs, one_line
from tui.widgets.line_pane import LinePane

BESIDE_CELLS = 90
"""From this width on the two stand beside each other."""

CONTEXT_LINES = 2
"""Shown above a difference that is scrolled to, a pinned line among them."""

NOTHING = Laid((), ())


class ComparisonPane(LinePane):
    """Draws a comparison, and goes from one difference to the next."""

    STYLES = "comparison"
    PINNED = 0

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"comparison--{name}" for name in ("text", "changed", "title", "heading", "muted")
    }

    def __init__(self, *, glyphs: Glyphs = UNICODE_GLYPHS, id: str | None = None) -> None:  # noqa: A002 - the name Textual's widgets use
        super().__init__(glyphs=glyphs, id=id)
        self._found: Comparison | None = None
        self._says = ""
        self._laid = NOTHING
        self._laid_width = 0

    @property
    def text_cells(self) -> int:
        """The width that lines are wrapped to: a margin of a cell on either side."""
        return max(self.scrollable_content_region.width - 2, 2)

    def lay_out(self, found: Comparison, width: int) -> Laid:
        """Wrap a comparison as this pane shows it; safe in a thread."""
        return lay_out(found, width, self.glyphs, beside=width >= BESIDE_CELLS)

    def show(self, found: Comparison, laid: Laid, width: int) -> None:
        """Show a comparison, wrapped to `width` already, from where something differs."""
        self._found, self._says = found, ""
        self._put(laid if width == self.text_cells else self.lay_out(found, self.text_cells))
        first = self._laid.changes[0] if self._laid.changes else 0
        top = first - CONTEXT_LINES if first >= self.page_lines - CONTEXT_LINES else 0
        self._scroll_to_line(top)

    def say(self, text: str) -> None:
        """Show a line instead."""
        self._found, self._says = None, text
        self._put(NOTHING)

    def _put(self, laid: Laid) -> None:
        self._laid, self._laid_width = laid, self.text_cells
        self._set_height(max(len(laid.lines), 1))
        self.refresh()

    def on_resize(self) -> None:
        """Wrap anew where the width is another."""
        if self._found is not None and self._laid_width != self.text_cells:
            self._put(self.lay_out(self._found, self.text_cells))

    def go_to_change(self, direction: int) -> bool:
        """To the next (1) or previous (-1) line with a difference; False where there is none."""
        if direction > 0:
            lines = [line for line in self._laid.changes if line > self._top + CONTEXT_LINES]
        else:
            before = self._top + CONTEXT_LINES
            lines = [line for line in reversed(self._laid.changes) if line < before]
        if lines and self.max_scroll_y > 0:
            self._scroll_to_line(lines[0] - CONTEXT_LINES)
        return bool(lines)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line of the comparison."""
        width = self.scrollable_content_region.width
        line = y if y < self._laid.pinned else self._top + y
        if self._says and y == 0:
            said = one_line(self._says, width - 2, ascii_only=self.glyphs.ascii_only)
            runs: tuple[tuple[str, str], ...] = ((said, "muted"),)
        else:
            runs = self._laid.lines[line] if line < len(self._laid.lines) else ()
        segments = self._segments([(" ", "text"), *runs])
        return Strip(segments).adjust_cell_length(width, self._style("text"))
