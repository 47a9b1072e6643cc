"""A sample as lines to read: turns told apart, Markdown and code legible, wrapped to a width.

The text stays what it is: styles are laid over it, no character of Markdown is taken away, so
what is reviewed is what is exported. Lines are built for the whole sample, styles only for those
that are drawn.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate

from rich.cells import get_character_cell_size

from engine.dataset.text_search import Query
from engine.sample import Message
from tui.terminal.display import lines_of, sanitize

Span = tuple[int, int, str]
"""Start, end and style of a part of a line."""

HIGHLIGHT_CHARACTERS = 12_000
"""Longer blocks of code are shown plain: a lexer may take a second for what nobody scrolls to."""

JSON_CHARACTERS = 200_000

LINE_CHARACTERS = 10_000
"""Longer lines are broken up, so that drawing one costs the same whatever it is part of."""


class LineKind(StrEnum):
    """How a line is styled and wrapped."""

    PROSE = "prose"
    CODE = "code"
    FENCE = "fence"
    FIELD = "field"
    TITLE = "title"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines of one language, highlighted together."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document before it is wrapped.

    `style` is the name of its base style. Of a code line, `block` and `index` say where it
    stands. `label` characters at its start are the name of what follows.
    """

    text: str
    kind: LineKind = LineKind.PROSE
    style: str = "text"
    block: CodeBlock | None = None
    index: int = 0
    label: int = 0


_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*([\w+#.-]*)")


def text_lines(text: str) -> list[Line]:
    """Lines of Markdown or plain text; fenced code becomes code of the named language."""
    lines: list[Line] = []
    code: list[str] = []
    fence = language = ""
    for raw in lines_of(text):
        match = _FENCE.match(raw)
        if fence and match and match[1].startswith(fence) and not match[2]:
            lines += [*code_lines("\n".join(code), language), Line(raw, LineKind.FENCE, "muted")]
            fence, code = "", []
        elif fence:
            code.append(raw)
        elif match:
            fence, language = match[1], match[2].lower()
            lines.append(Line(raw, LineKind.FENCE, "muted"))
        else:
            lines += [Line(part) for part in _parts(raw)]
    if code:
        # A fence that is never closed: a truncated answer, still code.
        lines += code_lines("\n".join(code), language)
    return lines


def code_lines(text: str, language: str) -> list[Line]:
    """Lines of code (safe text already)."""
    if not text:
        return []
    block = CodeBlock(language, text) if len(text) <= HIGHLIGHT_CHARACTERS else None
    return [
        Line(part, LineKind.CODE, "code", block if len(raw) <= LINE_CHARACTERS else None, index)
        for index, raw in enumerate(text.split("\n"))
        for part in _parts(raw)
    ]


def json_lines(text: str) -> list[Line]:
    """JSON indented to be read; as it is where it cannot be parsed."""
    shown = text
    if len(text) <= JSON_CHARACTERS:
        try:
            shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            shown = text
    return code_lines("\n".join(lines_of(shown)), "json")


def column_lines(text: str) -> list[Line]:
    """A value of an unknown column: JSON indented where it is a list or an object, else text."""
    return json_lines(text) if text[:1] in ("{", "[") else text_lines(text)


TAGS = {"think": "thought", "thinking": "thought", "reasoning": "thought", "thought": "thought",
        "tool_call": "call", "tool_response": "call", "tool_calls": "call"}  # fmt: skip
"""Tags that models write around what they think and what they call.

Source: DeepSeek R1 and QwQ (`<think>`); Hermes 2 Pro and Qwen (`<tool_call>`, `<tool_response>`).
"""
_TAG = re.compile(rf"<({'|'.join(TAGS)})>(.*?)(?:</\1>|\Z)", re.DOTALL)


def turn_lines(message: Message) -> list[Line]:
    """All of a turn: what was thought, its text, its tool calls, and what was not understood."""
    lines: list[Line] = []
    if message.reasoning:
        lines += [Line("reasoning", LineKind.PLAIN, "note"), *plain(message.reasoning)]
    alone = message.tool_calls or message.raw or message.reasoning
    if message.text or not alone:
        lines += [Line("answer", LineKind.PLAIN, "note")] if message.reasoning else []
        lines += said_lines(message.text)
    for call in message.tool_calls:
        lines += [Line("tool call", LineKind.PLAIN, "muted"), *json_lines(call)]
    for medium in message.media:
        if len(medium) > MARK_CHARACTERS or "blake2b:" in medium:
            lines += plain(medium)
    for raw in message.raw:
        name, _, value = raw.partition(": ")
        lines += [Line(f"not understood: {sanitize(name)}", LineKind.PLAIN, "problem")]
        lines += column_lines(value)
    return lines


MARK_CHARACTERS = 80
"""References up to this length stand in the text whole."""


def said_lines(text: str) -> list[Line]:
    """Lines of a text; what stands between tags of thinking and calling is told apart."""
    if "<" not in text:
        return text_lines(text)
    lines: list[Line] = []
    end = 0
    for match in _TAG.finditer(text):
        before = text[end : match.start()]
        lines += text_lines(before.removesuffix("\n")) if before.strip() else []
        inner, end = match[2], match.end()
        closing = match[0].removeprefix(f"<{match[1]}>").removeprefix(inner)
        lines.append(Line(f"<{match[1]}>", LineKind.FENCE, "note"))
        if TAGS[match[1]] == "thought":
            lines += plain(inner.strip("\n"))
        else:
            lines += json_lines(inner.strip())
        lines += [Line(closing, LineKind.FENCE, "note")] if closing else []
        text_after = text[end:].removeprefix("\n")
        end = len(text) - len(text_after)
    rest = text[end:]
    return [*lines, *text_lines(rest)] if rest or not lines else lines


def _parts(raw: str) -> list[str]:
    """`raw` in pieces of a bounded length, cut at spaces where there are any."""
    if len(raw) <= LINE_CHARACTERS:
        return [raw]
    parts: list[str] = []
    start = 0
    while len(raw) - start > LINE_CHARACTERS:
        end = raw.rfind(" ", start + LINE_CHARACTERS // 2, start + LINE_CHARACTERS) + 1
        end = end or start + LINE_CHARACTERS
        parts.append(raw[start:end])
        start = end
    return [*parts, raw[start:]]


# Wrapping

_HANGING = re.compile(r"\s*(?:(?:[-*+•>]|\d{1,3}[.)])\s+)?")


@dataclass(frozen=True, slots=True)
class Piece:
    """What one screen line shows: characters `start` to `end` of a line, after `indent` cells."""

    line: int
    start: int
    end: int
    indent: int = 0


def wrap(lines: Sequence[Line], width: int) -> list[Piece]:
    """Screen lines of at most `width` cells, in order."""
    pieces: list[Piece] = []
    for index, line in enumerate(lines):
        text = line.text
        if len(text) <= width and text.isascii():
            pieces.append(Piece(index, 0, len(text)))
            continue
        words = line.kind in (LineKind.PROSE, LineKind.PLAIN)
        indent = _hanging_indent(text, width) if words else 0
        for start, end in _breaks(text, max(width, 2), indent, words=words):
            pieces.append(Piece(index, start, end, indent if start else 0))
    return pieces


def _hanging_indent(text: str, width: int) -> int:
    """Cells by which the following lines of a list item are set in."""
    match = _HANGING.match(text)
    indent = match.end() if match else 0
    return indent if indent <= min(12, width // 3) else 0


def _breaks(text: str, width: int, indent: int, *, words: bool) -> list[tuple[int, int]]:
    """Where `text` is broken: at spaces where `words`, else wherever the line is full."""
    if text.isascii():
        ends = None
    else:
        ends = list(accumulate(map(get_character_cell_size, text)))
        if ends[-1] <= width:
            return [(0, len(text))]
    breaks: list[tuple[int, int]] = []
    start, room = 0, width
    while True:
        if ends is None:
            limit = start + room
        else:
            limit = bisect_right(ends, (ends[start - 1] if start else 0) + room)
        if limit >= len(text):
            breaks.append((start, len(text)))
            return breaks
        limit = max(limit, start + 1)
        space = text.rfind(" ", start + 1, limit + 1) if words else -1
        end = space if space > start and text[start:space].strip() else limit
        breaks.append((start, end))
        start = end + 1 if end == space else end
        room = max(width - indent, 2)
        if start >= len(text):
            return breaks


# Styles

_INLINE = re.compile(
    r"(?P<code>`[^`]+`)|(?P<strong>\*\*[^*]+\*\*|__[^_]+__)|(?P<emphasis>(?<![\w*])\*[^*\s][^*]*\*(?!\w))"
)
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_QUOTE = re.compile(r"\s{0,3}>")
_MARKER = re.compile(r"\s*([-*+•]|\d{1,3}[.)])\s")


def line_styles(line: Line, search: Query | None) -> list[str]:
    """The name of the style of each character of a line."""
    styles = [line.style] * len(line.text)
    if line.kind is LineKind.PROSE:
        _paint(styles, _markdown_spans(line.text))
    elif line.kind is LineKind.CODE and line.block is not None:
        highlighted = highlight(line.block.language, line.block.text)
        if line.index < len(highlighted):
            _paint(styles, highlighted[line.index])
    if line.label:
        _paint(styles, [(0, line.label, "muted")])
    if search is not None:
        _paint(styles, [(start, end, "match") for start, end in search.spans(line.text)])
    return styles


def _paint(styles: list[str], spans: Sequence[Span]) -> None:
    for start, end, style in spans:
        end = min(end, len(styles))  # noqa: PLW2901 - a span never makes a line longer
        styles[start:end] = [style] * (end - start)


def _markdown_spans(text: str) -> list[Span]:
    if _HEADING.match(text):
        return [(0, len(text), "heading")]
    if _QUOTE.match(text):
        return [(0, len(text), "quote")]
    spans: list[Span] = []
    marker = _MARKER.match(text)
    if marker:
        spans.append((marker.start(1), marker.end(1), "marker"))
    found = _INLINE.finditer(text, marker.end() if marker else 0)
    return spans + [(match.start(), match.end(), str(match.lastgroup)) for match in found]


_TOKEN_STYLES = {
    "Keyword": "code-keyword",
    "Operator.Word": "code-keyword",
    "Literal.String": "code-string",
    "Literal.Number": "code-number",
    "Comment": "code-comment",
    "Name.Function": "code-name",
    "Name.Class": "code-name",
    "Name.Tag": "code-name",
    "Name.Attribute": "code-name",
    "Name.Builtin": "code-name",
}


@lru_cache(maxsize=16)
def highlight(language: str, text: str) -> tuple[tuple[Span, ...], ...]:
    """Styled parts of each line of code; none for a language that is not known."""
    # Most samples hold no code, and this import costs as much as the first table.
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 - with the first block of code
    from pygments.util import ClassNotFound  # noqa: PLC0415 - the same

    try:
        lexer = get_lexer_by_name(language or "text", stripnl=False, ensurenl=False)
    except ClassNotFound:
        return ()
    rows: list[list[Span]] = [[]]
    column = 0
    for token, value in lexer.get_tokens(text):
        style = _token_style(str(token).removeprefix("Token."))
        for count, part in enumerate(value.split("\n")):
            if count:
                rows.append([])
                column = 0
            if style and part:
                rows[-1].append((column, column + len(part), style))
            column += len(part)
    return tuple(map(tuple, rows))


@lru_cache(maxsize=256)
def _token_style(token: str) -> str:
    while token:
        if token in _TOKEN_STYLES:
            return _TOKEN_STYLES[token]
        token = token.rpartition(".")[0]
    return ""


def plain(text: str, style: str = "muted") -> list[Line]:
    """Lines that are no Markdown: a reason, a problem, a note."""
    return [Line(part, LineKind.PLAIN, style) for part in lines_of(sanitize(text))]
