"""The detail pane: one sample whole, with what is known about it.

A pinned line says which row it is and where it stands; below it the sample scrolls. Responses of
a preference pair stand side by side where there is room.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.sample import Message, Role, Side
from tui.display import STATE_TEXT, UNICODE_GLYPHS, Glyphs, RowState, cells, one_line
from tui.document import (
    Line,
    LineKind,
    Piece,
    column_lines,
    json_lines,
    line_styles,
    plain,
    turn_lines,
    wrap,
)

SIDE_BY_SIDE_CELLS = 120

LOAD_CHARACTERS = 200_000
"""Shown at first, and added at each wish for more; takes less than a tenth of a second."""


@dataclass(frozen=True, slots=True)
class DetailContent:
    """What the pane shows of a row; every text may be raw data.

    `turns` ends with the response under review. `other` is the other side's response of a
    preference pair, None elsewhere.
    """

    row: int
    state: RowState
    turns: tuple[Message, ...]
    reason: str = ""
    """Which rule or person decided, and with what."""
    score: float = math.nan
    scorer: str = ""
    tokens: int = 0
    problem: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    """The scorer's own explanation, a line each."""
    other: str | None = None
    other_score: float = math.nan
    before: float = math.nan
    """The score by the scorer before."""
    before_scorer: str = ""
    side: Side = Side.CHOSEN
    tools: str | None = None
    """The tools that the row offers, as JSON text."""
    columns: tuple[tuple[str, str], ...] = ()
    """Names and values of a row that no family fits, nested values as JSON text."""


class Flow:
    """Lines wrapped to a width, drawn one screen line at a time."""

    def __init__(self, lines: Sequence[Line], width: int) -> None:
        self.lines = lines
        self.width = width
        self.pieces: list[Piece] = wrap(lines, width)
        self._styles: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return len(self.pieces)

    def runs(self, y: int, search: re.Pattern[str] | None, glyphs: Glyphs) -> list[tuple[str, str]]:
        """(text, style name) of a screen line, filled up to the width."""
        if y >= len(self.pieces):
            return [(" " * self.width, "text")]
        piece = self.pieces[y]
        line = self.lines[piece.line]
        if line.kind is LineKind.TITLE:
            return _title(line, self.width, glyphs)
        if piece.line not in self._styles:
            self._styles[piece.line] = line_styles(line, search)
        styles = self._styles[piece.line][piece.start : piece.end]
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

    def find(self, search: re.Pattern[str]) -> int | None:
        """The first screen line that shows the start of a match."""
        found = -1
        for y, piece in enumerate(self.pieces):
            if piece.start == 0:
                match = search.search(self.lines[piece.line].text)
                found = match.start() if match and match.end() > match.start() else -1
            if found >= 0 and piece.start <= found < piece.end:
                return y
        return None

    def forget_styles(self) -> None:
        """After another search."""
        self._styles.clear()


def _used(runs: list[tuple[str, str]]) -> int:
    """Cells up to the last that is not a plain blank."""
    texts = [text if style in ("text", "muted") else text + "." for text, style in runs]
    return cells("".join(texts).rstrip(" "))


def _title(line: Line, width: int, glyphs: Glyphs) -> list[tuple[str, str]]:
    """A role's header: its sign and name, and a rule to the end."""
    text = one_line(line.text, max(width - 4, 1), ascii_only=glyphs.ascii_only) + " "
    rule = glyphs.rule * max(width - cells(text), 0)
    return [(text, line.style), (rule, "muted")]


class SampleDetail(ScrollView, can_focus=True, inherit_bindings=False):
    """The whole sample under a pinned line with its row, state and score."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"sample-detail--{name}"
        for name in (
            "head",
            "muted",
            "problem",
            "note",
            "match",
            "role-system",
            "role-user",
            "role-assistant",
            "role-tool",
            "heading",
            "strong",
            "emphasis",
            "marker",
            "quote",
            "code",
            "code-keyword",
            "code-string",
            "code-number",
            "code-comment",
            "code-name",
        )
    }

    DEFAULT_CSS = """
    SampleDetail {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(
        self,
        *,
        glyphs: Glyphs = UNICODE_GLYPHS,
        empty_text: str = "no sample",
        more_hint: str = "scroll on to load them",
        id: str | None = None,  # noqa: A002 - the name Textual's widgets use
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.glyphs = glyphs
        self.empty_text = empty_text
        self.more_hint = more_hint
        """Appended to the line that says how much of a long sample is left out."""
        self._content: DetailContent | None = None
        self._search: re.Pattern[str] | None = None
        self._limit = LOAD_CHARACTERS
        self._left_out = 0
        self._above: list[Line] = []
        self._sides: tuple[list[Line], list[Line]] | None = None
        self._flow = Flow([], 1)
        self._flows: tuple[Flow, Flow] | None = None
        self._width = 0
        self._style_cache: dict[str, Style] = {}
        self._drawn: dict[int, list[tuple[str, str]]] = {}

    # What is shown

    @property
    def content(self) -> DetailContent | None:
        """What is shown now."""
        return self._content

    @property
    def left_out(self) -> int:
        """Characters of the sample that are not loaded."""
        return self._left_out

    def show(self, content: DetailContent | None) -> None:
        """Show a sample, from its top unless it is the one already shown."""
        same = content and self._content and content.row == self._content.row
        if not same:
            self._limit = LOAD_CHARACTERS
        self._content = content
        self._build(keep=bool(same))

    def load_more(self) -> bool:
        """Load as much again of a long sample; False where it is all there."""
        if not self._left_out:
            return False
        self._limit += LOAD_CHARACTERS
        self._build(keep=True)
        return True

    def set_search(self, pattern: re.Pattern[str] | None) -> None:
        """Highlight what `pattern` finds."""
        self._search = pattern
        for flow in (self._flow, *(self._flows or ())):
            flow.forget_styles()
        self.refresh()

    def scroll_to_match(self) -> bool:
        """Bring the first match of the search into view; False where there is none."""
        if self._search is None:
            return False
        first = 0
        for flow in (self._flow, *(self._flows or ())):
            y = flow.find(self._search)
            if y is not None:
                if not self.scroll_offset.y <= first + y < self.scroll_offset.y + self.page_lines:
                    self._scroll_to_line(first + y - self.page_lines // 2)
                return True
            first = len(self._flow)
        return False

    def plain_text(self) -> str:
        """The whole sample as text, for the clipboard; raw, as it is in the dataset."""
        content = self._content
        if content is None:
            return ""
        parts = [f"{turn.role.value}:\n{turn.text}" for turn in content.turns]
        parts += [f"{name}:\n{value}" for name, value in content.columns]
        if content.other is not None:
            parts.append(f"{_other_side(content.side).value}:\n{content.other}")
        return "\n\n".join(parts)

    def _build(self, *, keep: bool) -> None:
        content = self._content
        above, sides, self._left_out = (
            _lines(content, self._limit, self.glyphs, self.more_hint) if content else ([], None, 0)
        )
        if not (keep and above == self._above and sides == self._sides):
            self._above, self._sides = above, sides
            self._reflow()
            if not keep and self.scroll_offset.y:
                self._scroll_to_line(0)
        self._refresh_changed()

    def _refresh_changed(self) -> None:
        """Repaint what reads differently: over a slow line most of a pane is blank both times."""
        width = self.scrollable_content_region.width
        for y, drawn in list(self._drawn.items()):
            now = self._runs(y, width)
            if now == drawn:
                continue
            used = max(_used(drawn), _used(now))
            self.refresh(Region(0, y, min(used + 1, width), 1))

    def _reflow(self) -> None:
        """Wrap to the present width."""
        # A margin of a cell on either side.
        width = self._width = self.scrollable_content_region.width - 2
        if width < 2:
            return
        self._flows = None
        lines = self._above
        if self._sides is not None:
            if width + 3 >= SIDE_BY_SIDE_CELLS:
                half = (width - 3) // 2
                left, right = self._sides
                self._flows = (Flow(left, half), Flow(right, width - 3 - half))
            else:
                lines = [*lines, *self._sides[0], Line("", LineKind.PLAIN), *self._sides[1]]
        self._flow = Flow(lines, width)
        # Set past the reactive: Textual would lay out the screen and repaint the whole pane.
        height = max(self._lines_total + 1, self.scrollable_content_region.height)
        size: Reactive[Size] = SampleDetail.virtual_size  # pyright: ignore[reportAssignmentType] # a descriptor
        self.set_reactive(size, Size(1, height))
        self.vertical_scrollbar.window_virtual_size = height

    @property
    def _lines_total(self) -> int:
        return len(self._flow) + (max(map(len, self._flows)) if self._flows else 0)

    # Scrolling

    @property
    def page_lines(self) -> int:
        """Lines of the sample that fit on the screen, without the pinned one."""
        return max(self.scrollable_content_region.height - 1, 0)

    def move(self, lines: int) -> None:
        """Scroll by lines; further down than the end loads more of a long sample."""
        if lines > 0 and self._left_out and self.scroll_offset.y >= self.max_scroll_y:
            self.load_more()
        self._scroll_to_line(self.scroll_offset.y + lines)

    def half_page(self, direction: int) -> None:
        """Scroll half a page down (1) or up (-1)."""
        self.move(direction * max(self.page_lines // 2, 1))

    def page(self, direction: int) -> None:
        """Scroll a page down (1) or up (-1)."""
        self.move(direction * max(self.page_lines - 1, 1))

    def go_first(self) -> None:
        """To the top."""
        self._scroll_to_line(0)

    def go_last(self) -> None:
        """To the end."""
        self._scroll_to_line(self._lines_total)

    def _scroll_to_line(self, line: int) -> None:
        self.scroll_to(y=max(line, 0), animate=False, force=True)

    def on_resize(self) -> None:
        """Wrap anew where the width is another."""
        if self.scrollable_content_region.width - 2 != self._width:
            self._reflow()
            self.refresh()

    # Drawing

    def notify_style_update(self) -> None:
        """Forget styles of the former theme."""
        super().notify_style_update()
        self._style_cache.clear()

    def _style(self, name: str) -> Style:
        style = self._style_cache.get(name)
        if style is None:
            style = (
                self.rich_style
                if name == "text"
                else self.get_component_rich_style(f"sample-detail--{name}")
            )
            self._style_cache[name] = style
        return style

    def render_line(self, y: int) -> Strip:
        """The pinned line, or a line of the sample."""
        width = self.scrollable_content_region.width
        if width < 3:
            return Strip.blank(width, self.rich_style)
        runs = self._drawn[y] = self._runs(y, width)
        return self._strip(runs, width)

    def _runs(self, y: int, width: int) -> list[tuple[str, str]]:
        """(text, style name) of a line of the pane."""
        if y == 0:
            return self._head(width)
        if self._content is None:
            return [(self.empty_text.center(width)[:width] if y == 2 else " " * width, "muted")]
        return [(" ", "text"), *self._line(self.scroll_offset.y + y - 1)]

    def _line(self, y: int) -> list[tuple[str, str]]:
        if y < len(self._flow) or self._flows is None:
            return self._flow.runs(y, self._search, self.glyphs)
        y -= len(self._flow)
        left, right = self._flows
        divider = (f" {self.glyphs.divider} ", "muted")
        return [
            *left.runs(y, self._search, self.glyphs),
            divider,
            *right.runs(y, self._search, self.glyphs),
        ]

    def _strip(self, runs: list[tuple[str, str]], width: int) -> Strip:
        segments: list[Segment] = []
        for text, name in runs:
            style = self._style(name)
            if segments and segments[-1].style == style:
                segments[-1] = Segment(segments[-1].text + text, style)
            elif text:
                segments.append(Segment(text, style))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _head(self, width: int) -> list[tuple[str, str]]:
        text = head_text(self._content, self.glyphs) if self._content else ""
        return [
            (" " + one_line(text, width - 1, pad=True, ascii_only=self.glyphs.ascii_only), "head")
        ]


def head_text(content: DetailContent, glyphs: Glyphs) -> str:
    """The pinned line: row, state, score with its scorer, size."""
    dot = " | " if glyphs.ascii_only else " · "
    parts = [
        f"row {content.row} {glyphs.states[content.state]} {STATE_TEXT[content.state]}",
    ]
    if not math.isnan(content.score):
        parts.append(f"score {content.score:.3f}")
        if not math.isnan(content.other_score):
            parts.append(f"margin {_margin(content):+.3f}")
    if content.tokens:
        parts.append(f"{content.tokens:,} tokens")
    if content.scorer:
        parts.append(content.scorer)
    if not math.isnan(content.before):
        parts.append(f"before {content.before:.3f} by {content.before_scorer}")
    return dot.join(parts)


def _margin(content: DetailContent) -> float:
    """Score of the chosen side less that of the rejected one, whichever is under review."""
    margin = content.score - content.other_score
    return margin if content.side is Side.CHOSEN else -margin


def _other_side(side: Side) -> Side:
    return Side.REJECTED if side is Side.CHOSEN else Side.CHOSEN


def _lines(
    content: DetailContent, limit: int, glyphs: Glyphs, more_hint: str
) -> tuple[list[Line], tuple[list[Line], list[Line]] | None, int]:
    """The sample's lines, those of the two sides of a pair, and the characters left out."""
    take = _Taker(limit)
    turns, response = content.turns, None
    if content.other is not None and turns and turns[-1].role is Role.ASSISTANT:
        turns, response = turns[:-1], turns[-1]
    above = _about(content, glyphs)
    for turn in turns:
        above += [*_titled(turn.role.value, turn.role, glyphs), *turn_lines(take(turn))]
        above.append(Line("", LineKind.PLAIN))
    for name, value in content.columns:
        lines = column_lines(take(Message(Role.TOOL, value)).text)
        above += [*_titled(name, Role.TOOL, glyphs), *lines, Line("", LineKind.PLAIN)]
    sides = None
    if content.other is not None:
        reviewed = take(response or Message(Role.ASSISTANT, ""))
        other = take(Message(Role.ASSISTANT, content.other))
        one = _side(content.side, content.score, reviewed, glyphs)
        two = _side(_other_side(content.side), content.other_score, other, glyphs)
        sides = (one, two) if content.side is Side.CHOSEN else (two, one)
    if content.tools:
        tools = take(Message(Role.TOOL, content.tools))
        above += [*_titled("tools", Role.TOOL, glyphs), *json_lines(tools.text)]
        above.append(Line("", LineKind.PLAIN))
    if take.left_out:
        hint = f", {more_hint}" if more_hint else ""
        text = f"{glyphs.ellipsis} {take.left_out:,} more characters{hint}"
        (sides[1] if sides else above).append(Line(text, LineKind.PLAIN, "problem"))
    return above, sides, take.left_out


def _about(content: DetailContent, glyphs: Glyphs) -> list[Line]:
    """What is known about the row beyond its pinned line, and a blank line after it."""
    lines: list[Line] = []
    if content.reason:
        lines += plain(content.reason)
    if content.problem:
        lines += plain(f"{glyphs.problem} {content.problem}", "problem")
    if content.note:
        lines += plain(f"{glyphs.note} {content.note}", "note")
    if content.tags:
        lines += plain(" ".join(f"{glyphs.tag}{tag}" for tag in content.tags), "note")
    for why in content.why:
        lines += plain(f"- {why}")
    return [*lines, Line("", LineKind.PLAIN)] if lines else []


def _titled(title: str, role: Role, glyphs: Glyphs) -> list[Line]:
    sign = glyphs.roles[role.value]
    return [Line(f"{sign} {title}", LineKind.TITLE, f"role-{role.value}")]


def _side(side: Side, score: float, message: Message, glyphs: Glyphs) -> list[Line]:
    role = Role.ASSISTANT if side is Side.CHOSEN else Role.TOOL
    title = side.value if math.isnan(score) else f"{side.value}  {score:.3f}"
    return [*_titled(title, role, glyphs), *turn_lines(message)]


class _Taker:
    """Hands out texts until a number of characters is used up, and counts what it holds back."""

    def __init__(self, limit: int) -> None:
        self._room = limit
        self.left_out = 0

    def __call__(self, message: Message) -> Message:
        shown = message.text[: self._room]
        self.left_out += len(message.text) - len(shown)
        self._room -= len(shown)
        calls: list[str] = []
        for call in message.tool_calls:
            calls.append(call[: self._room])
            self.left_out += len(call) - len(calls[-1])
            self._room -= len(calls[-1])
        if shown is message.text and not message.tool_calls:
            return message
        return replace(message, text=shown, tool_calls=tuple(calls))
