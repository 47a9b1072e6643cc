"""Two samples with what they differ in, as lines to draw.

What is compared is what is shown: the texts are made safe first, so that a place in them is a place
on the screen. Everything here may take a while for long texts; the pane has it done in a thread.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from engine.duplicates.difference import Difference, Span, difference
from tui.sample.document import Line, LineKind, wrap
from tui.terminal.display import Glyphs, cells, lines_of, one_line

Run = tuple[str, str]
"""A text and the name of its style."""

SHOWN_CHARACTERS = 40_000
"""Of each part of a sample; the sample pane of the desk shows the rest."""

LINE_CHARACTERS = 10_000
"""Longer lines are broken up, so that drawing one costs the same whatever it is part of."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the two samples; raw texts."""

    title: str
    """Which row it is, and what about it."""
    parts: tuple[str, ...]
    """Its prompt, its response, and so on, as the other one's."""


@dataclass(frozen=True, slots=True)
class Part:
    """The same part of both, ready to be wrapped."""

    title: str
    one: tuple[str, ...]
    """Safe lines."""
    other: tuple[str, ...]
    one_spans: tuple[Span, ...]
    """What the other lacks, by characters of the lines joined with newlines."""
    other_spans: tuple[Span, ...]
    note: str
    """What is not seen from the texts: that they are the same, that there is more."""

    @property
    def same(self) -> bool:
        """Whether it need not be shown twice."""
        return self.one == self.other


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two samples, part by part."""

    one: str
    """Title of the first, the one compared with."""
    other: str
    parts: tuple[Part, ...]


def compare(one: Shown, other: Shown, titles: Sequence[str]) -> Comparison:
    """Compare each part of two samples."""
    parts = [_part(title, a, b) for title, a, b in zip(titles, one.parts, other.parts, strict=True)]
    return Comparison(one.title, other.title, tuple(part for part in parts if part is not None))


def _part(title: str, one: str, other: str) -> Part | None:
    """None where neither has it."""
    if not one and not other:
        return None
    a, b = _safe_lines(one), _safe_lines(other)
    found = difference("\n".join(a), "\n".join(b))
    return Part(title, a, b, found.one, found.other, _note(one, other, found, shown_same=a == b))


def _safe_lines(text: str) -> tuple[str, ...]:
    lines = lines_of(text[:SHOWN_CHARACTERS]) if text else []
    return tuple(
        line[start : start + LINE_CHARACTERS]
        for line in lines
        for start in range(0, max(len(line), 1), LINE_CHARACTERS)
    )


def _note(one: str, other: str, found: Difference, *, shown_same: bool) -> str:
    notes = []
    if one == other:
        notes.append("the same in both")
    elif shown_same:
        notes.append("differs only in what cannot be shown, or behind what is shown")
    elif found.same:
        notes.append("the same words")
    hidden = max(len(one), len(other)) - SHOWN_CHARACTERS
    if hidden > 0:
        notes.append(f"{hidden:,} more characters")
    if found.left_out:
        notes.append(f"the last {found.left_out:,} characters shown are not compared")
    return ", ".join(notes)


# -- lines on the screen ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Laid:
    """Lines of one width, and where something differs."""

    lines: tuple[tuple[Run, ...], ...]
    changes: tuple[int, ...]
    """The screen lines on which a difference starts."""
    pinned: int = 0
    """Lines at the top that stay when the others scroll."""


def lay_out(found: Comparison, width: int, glyphs: Glyphs, *, beside: bool) -> Laid:
    """Wrap a comparison to a width: side by side, or one below the other."""
    lines: list[tuple[Run, ...]] = []
    changes: list[int] = []
    divider: Run = (f" {glyphs.divider} ", "muted")
    half = max((width - 3) // 2, 1)
    if beside:
        left, right = _cut(found.one, half, glyphs), _cut(found.other, width - 3 - half, glyphs)
        lines.append(((left, "title"), divider, (right, "title")))
    for part in found.parts:
        lines.append(_heading(part, width, glyphs))
        if part.same:
            lines += [line for line, _ in _flow(part.one, (), width)]
            continue
        if not beside:
            for title, texts, spans in (
                (found.one, part.one, part.one_spans), (found.other, part.other, part.other_spans)
            ):  # fmt: skip
                lines.append(((_cut(title, width, glyphs), "title"),))
                for line, starts in _flow(texts, spans, width):
                    if starts:
                        changes.append(len(lines))
                    lines.append(line)
            continue
        rest = width - 3 - half
        a, b = _flow(part.one, part.one_spans, half), _flow(part.other, part.other_spans, rest)
        for y in range(max(len(a), len(b))):
            one, here = a[y] if y < len(a) else ((_blank(half),), False)
            other, there = b[y] if y < len(b) else ((_blank(rest),), False)
            if here or there:
                changes.append(len(lines))
            lines.append((*one, divider, *other))
    return Laid(tuple(lines), tuple(changes), pinned=1 if beside else 0)


def _blank(width: int) -> Run:
    return " " * width, "text"


def _cut(text: str, width: int, glyphs: Glyphs) -> str:
    return one_line(text, width, pad=True, ascii_only=glyphs.ascii_only)


def _heading(part: Part, width: int, glyphs: Glyphs) -> tuple[Run, ...]:
    note = f" ({part.note})" if part.note else ""
    text = one_line(part.title + note, max(width - 2, 1), ascii_only=glyphs.ascii_only) + " "
    return ((text, "heading"), (glyphs.rule * max(width - cells(text), 0), "muted"))


def _flow(
    texts: Sequence[str], spans: Sequence[Span], width: int
) -> list[tuple[tuple[Run, ...], bool]]:
    """Screen lines filled up to the width, and whether a difference starts on each."""
    lines = [Line(text, LineKind.PLAIN) for text in texts]
    begins: list[int] = []
    at = 0
    for text in texts:
        begins.append(at)
        at += len(text) + 1
    starts = [start for start, _ in spans]
    flow: list[tuple[tuple[Run, ...], bool]] = []
    for piece in wrap(lines, width):
        first, last = begins[piece.line] + piece.start, begins[piece.line] + piece.end
        runs: list[Run] = [(" " * piece.indent, "text")] if piece.indent else []
        begun = False
        text = texts[piece.line]
        offset = begins[piece.line]
        # The span before may reach into this piece; later ones start within it or behind it.
        number = max(bisect_right(starts, first) - 1, 0)
        shown = first
        while number < len(spans) and spans[number][0] < last:
            start, end = max(spans[number][0], shown), min(spans[number][1], last)
            if end > start:
                runs += _runs(text[shown - offset : start - offset], "text")
                runs += _runs(text[start - offset : end - offset], "changed")
                begun = begun or spans[number][0] >= first
                shown = end
            number += 1
        runs += _runs(text[shown - offset : last - offset], "text")
        rest = width - sum(cells(text) for text, _ in runs)
        runs += _runs(" " * max(rest, 0), "text")
        flow.append((tuple(runs), begun))
    return flow


def _runs(text: str, style: str) -> list[Run]:
    return [(text, style)] if text else []
