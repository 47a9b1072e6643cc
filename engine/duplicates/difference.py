"""Where two texts differ, word by word: what a person looks at to tell duplicates apart.

The work is bounded whatever the texts are. What both begin with is set aside first; where single
words would take too long, lines are compared instead, and of giant texts only a part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from engine.duplicates.shingles import ALONE

Span = tuple[int, int]
"""First character of a part of a text, and the one behind its last."""

COMPARED_CHARACTERS = 100_000
"""Of either text, behind what both begin with; what follows is not compared."""

MOST_PARTS = 2_500
"""Words, or lines, of either text that are compared: `difflib` takes up to their square, .5 s."""

MOST_STEPS = 400_000
"""Pairs of equal parts that one pass of it may look at: about 50 ms."""

LONGEST_WORD = 100
"""A difference deeper in a word than this is shown from within it."""

_STANDS_ALONE = "".join(f"{chr(first)}-{chr(last)}" for first, last in ALONE)
_WORD = re.compile(rf"[{_STANDS_ALONE}]|[^\W{_STANDS_ALONE}]+|[^\w\s]")
_LINE = re.compile(r"\S[^\n]*")


@dataclass(frozen=True, slots=True)
class Difference:
    """The parts of two texts that the other one lacks, in order."""

    one: tuple[Span, ...]
    other: tuple[Span, ...]
    left_out: int = 0
    """Characters that were not compared, of the longer text."""

    @property
    def same(self) -> bool:
        """Whether every word stands in both, in the same order."""
        return not (self.one or self.other or self.left_out)


def difference(one: str, other: str) -> Difference:
    """Compare two texts by words; white space does not count.

    Source: Ratcliff and Metzener 1988, as `difflib` has it.
    """
    if one == other:
        return Difference((), ())
    start = _common_start(one, other)
    words = _Parts.of(_WORD, one, start), _Parts.of(_WORD, other, start)
    lines = _Parts.of(_LINE, one, start), _Parts.of(_LINE, other, start)
    pair = words
    if not _few(*words) and min(len(lines[0].spans), len(lines[1].spans)) > 1 and _few(*lines):
        pair = lines
    most = MOST_PARTS
    while not _few(*pair):
        pair = words[0].first(most), words[1].first(most)
        most //= 2
    return Difference(
        *_changes(*pair),
        max(pair[0].left_out(len(one), start), pair[1].left_out(len(other), start)),
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """A text cut up: where its parts stand, and what they say."""

    spans: Sequence[Span]
    texts: Sequence[str]
    cut: bool
    """Whether the text goes on behind them."""

    @classmethod
    def of(cls, pattern: re.Pattern[str], text: str, start: int) -> _Parts:
        end = start + COMPARED_CHARACTERS
        spans = [match.span() for match in pattern.finditer(text, start, end)]
        return cls(spans, [text[first:last] for first, last in spans], end < len(text))

    def between(self, first: int, last: int) -> tuple[Span, ...]:
        """One span for some parts; none for none."""
        return ((self.spans[first][0], self.spans[last - 1][1]),) if last > first else ()

    def first(self, most: int) -> _Parts:
        """The first so many of them."""
        return _Parts(self.spans[:most], self.texts[:most], self.cut or most < len(self.spans))

    def left_out(self, length: int, start: int) -> int:
        """Characters behind them that are not compared, of a text of `length`."""
        return length - (self.spans[-1][1] if self.spans else start) if self.cut else 0


def _changes(a: _Parts, b: _Parts) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """What either has and the other has not."""
    one: list[Span] = []
    other: list[Span] = []
    matcher = SequenceMatcher(None, a.texts, b.texts, autojunk=False)
    for kind, a_first, a_last, b_first, b_last in matcher.get_opcodes():
        if kind != "equal":
            one += a.between(a_first, a_last)
            other += b.between(b_first, b_last)
    return tuple(one), tuple(other)


def _few(a: _Parts, b: _Parts) -> bool:
    """Whether comparing them takes a moment only."""
    if max(len(a.texts), len(b.texts)) > MOST_PARTS:
        return False
    in_b = Counter(b.texts)
    steps = sum(count * in_b[text] for text, count in Counter(a.texts).items())
    return steps <= MOST_STEPS


def _common_start(one: str, other: str) -> int:
    """Characters that both begin with, up to the start of a line or word."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    for start in range(low, max(low - LONGEST_WORD, 0), -1):
        if not (one[start - 1].isalnum() or one[start - 1] == "_"):
            return start
    return low if low > LONGEST_WORD else 0
