"""The pane that shows two samples with their differences; long ones scroll."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.clusters.comparison import Comparison, Laid, lay_out
from tui.display import UNICODE_GLYPHS, Glyphs, one_line

BESIDE_CELLS = 90
"""From this width on the two stand beside each other."""

CONTEXT_LINES = 2
"""Shown above a difference that is scrolled to, a pinned line among them."""

NOTHING = Laid((), ())


class ComparisonPane(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws a comparison, and goes from one difference to the next."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"comparison--{name}" for name in ("text", "changed", "title", "heading", "muted")
    }

    DEFAULT_CSS = """
    ComparisonPane {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, *, glyphs: Glyphs = UNICODE_GLYPHS, id: str | None = None) -> None:  # noqa: A002 - the name Textual's widgets use
        super().__init__(id=id)
        self.glyphs = glyphs
        self._found: Comparison | None = None
        self._says = ""
        self._laid = NOTHING
        self._laid_width = 0
        self._styles_by_name: dict[str, Style] = {}

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
        self.scroll_to(y=top, animate=False, force=True)

    def say(self, text: str) -> None:
        """Show a line instead."""
        self._found, self._says = None, text
        self._put(NOTHING)

    def _put(self, laid: Laid) -> None:
        self._laid, self._laid_width = laid, self.text_cells
        size = Size(1, max(len(laid.lines), 1))
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def on_resize(self) -> None:
        """Wrap anew where the width is another."""
        if self._found is not None and self._laid_width != self.text_cells:
            self._put(self.lay_out(self._found, self.text_cells))

    # Scrolling

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def page_lines(self) -> int:
        """Lines that fit on the screen."""
        return max(self.scrollable_content_region.height, 1)

    def move(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=max(self._top + lines, 0), animate=False, force=True)

    def half_page(self, direction: int) -> None:
        """Scroll half a page down (1) or up (-1)."""
        self.move(direction * max(self.page_lines // 2, 1))

    def go_first(self) -> None:
        """To the top."""
        self.move(-self._top)

    def go_last(self) -> None:
        """To the end."""
        self.move(len(self._laid.lines))

    def go_to_change(self, direction: int) -> bool:
        """To the next (1) or previous (-1) line with a difference; False where there is none."""
        if direction > 0:
            lines = [line for line in self._laid.changes if line > self._top + CONTEXT_LINES]
        else:
            before = self._top + CONTEXT_LINES
            lines = [line for line in reversed(self._laid.changes) if line < before]
        if lines and self.max_scroll_y > 0:
            self.move(lines[0] - CONTEXT_LINES - self._top)
        return bool(lines)

    # Drawing

    def notify_style_update(self) -> None:
        """Forget styles of the former theme."""
        super().notify_style_update()
        self._styles_by_name.clear()

    def _style(self, name: str) -> Style:
        style = self._styles_by_name.get(name)
        if style is None:
            style = self.get_component_rich_style(f"comparison--{name}")
            self._styles_by_name[name] = style
        return style

    def render_line(self, y: int) -> Strip:
        """One line of the comparison."""
        width = self.scrollable_content_region.width
        line = y if y < self._laid.pinned else self._top + y
        if self._says and y == 0:
            said = one_line(self._says, width - 2, ascii_only=self.glyphs.ascii_only)
            runs: tuple[tuple[str, str], ...] = ((said, "muted"),)
        else:
            runs = self._laid.lines[line] if line < len(self._laid.lines) else ()
        segments = [Segment(" ", self._style("text"))]
        for text, name in runs:
            segments.append(Segment(text, self._style(name)))
        return Strip(segments).adjust_cell_length(width, self._style("text"))
