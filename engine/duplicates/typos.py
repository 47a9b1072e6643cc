"""Words that are one word with a slip of the keyboard in it, and which words a dataset knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.content_words import DECISIVE, FUNCTION_WORDS, word_hashes
from engine.duplicates.prefetch import prefetched

LEAST_LETTERS = 5
"""Shorter words that are one letter apart are mostly two words: cat and car."""

MOST_EDITS = 2
"""Letters put in, left out, exchanged, or in the wrong order."""

MOST_WORDS = 24
"""Of either text, between what both begin and end with; where more differs, it is no slip."""

_ROWS_AT_ONCE = 1 << 13
_OPPOSITES = ("in", "de", "ex", "im", "un", "dis", "non", "re", "over", "under", "pre", "post", "")
"""Prefixes that make another word, however near: increase and decrease."""

Slip = tuple[str, str]
"""Two words that may be one."""


def may_be_slip(one: str, other: str) -> bool:
    """Whether two words are near enough; whether one of them is a word is for `Vocabulary`.

    Source: Damerau 1964, restricted to one edit a place (optimal string alignment).
    """
    if min(len(one), len(other)) < LEAST_LETTERS or abs(len(one) - len(other)) > MOST_EDITS:
        return False
    if not (one.isalpha() and other.isalpha()) or _opposed(one, other):
        return False
    closed = DECISIVE | FUNCTION_WORDS
    return not (one in closed and other in closed) and _distance(one, other) <= MOST_EDITS


def _opposed(one: str, other: str) -> bool:
    """Whether two words differ by their prefixes alone."""
    stems = {word: {word.removeprefix(prefix) for prefix in _OPPOSITES} for word in (one, other)}
    shared = stems[one] & stems[other]
    return any(len(stem) >= LEAST_LETTERS - 2 for stem in shared)


def _distance(one: str, other: str) -> int:
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, against in enumerate(other, 1):
            best = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                best = min(best, earlier[j - 2] + 1)
            row.append(best)
    return row[-1]


def slips(one: list[str], other: list[str]) -> list[Slip] | None:
    """What two lists of words differ in if it is function words and slips; None if it is more."""
    start = _common(one, other)
    end = _common(one[:start:-1], other[:start:-1]) if start < min(len(one), len(other)) else 0
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if len(one) == len(other):
        pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
        return pairs if all(may_be_slip(a, b) for a, b in pairs) else None
    if max(len(one), len(other)) > MOST_WORDS:
        return None
    found: list[Slip] = []
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    for kind, a, a_end, b, b_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        left = _content(one[a:a_end])
        right = _content(other[b:b_end])
        if len(left) != len(right):
            left, right = one[a:a_end], other[b:b_end]
        if len(left) != len(right) or not all(map(may_be_slip, left, right)):
            return None
        found += zip(left, right, strict=True)
    return found


def _common(one: list[str], other: list[str]) -> int:
    """How many words both begin with."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


def _content(some: list[str]) -> list[str]:
    return [word for word in some if word not in FUNCTION_WORDS]


class Vocabulary:
    """Which words stand in more than one text of a dataset; counted when they are asked for."""

    def __init__(self, texts: pl.Series) -> None:
        """Count nothing yet; `texts` are all that differ."""
        self._texts = texts
        self._often: dict[str, bool] = {}

    def once(
        self, some: Iterable[str], pause_point: Callable[[], None] = lambda: None
    ) -> dict[str, bool]:
        """Whether each of some words stands in one text at most; one pass for those not asked yet.

        Args:
            some: single words in lower case.
            pause_point: called between two steps; raises to stop.
        """
        wanted = set(some)
        if new := sorted(wanted - self._often.keys()):
            hashes = word_hashes(pl.Series(new, dtype=pl.String)).hashes
            order = np.argsort(hashes)
            counts = self._counts(hashes[order], pause_point)
            for place, count in zip(order.tolist(), counts.tolist(), strict=True):
                self._often[new[place]] = count > 1
        return {word: not self._often[word] for word in wanted}

    def _counts(
        self, wanted: NDArray[np.uint64], pause_point: Callable[[], None]
    ) -> NDArray[np.int64]:
        """How many texts hold each of some words, by hash, ascending.  (n,) -> (n,)."""
        marked = np.zeros(1 << _MARK_BITS, np.bool_)
        marked[_mark(wanted)] = True
        counts = np.zeros(len(wanted), np.int64)
        starts = range(0, len(self._texts), _ROWS_AT_ONCE)
        parts = (self._texts[start : start + _ROWS_AT_ONCE] for start in starts)
        for _, found in prefetched(word_hashes, parts):
            pause_point()
            at = np.flatnonzero(marked[_mark(found.hashes)])
            place = np.searchsorted(wanted, found.hashes[at])
            place = np.minimum(place, len(wanted) - 1)
            met = wanted[place] == found.hashes[at]
            row = np.searchsorted(found.starts, at[met], side="right")
            pairs = np.unique(np.stack([row, place[met]]), axis=1)
            counts += np.bincount(pairs[1], minlength=len(wanted))
        return counts


_MARK_BITS = 20


def _mark(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A small part of each hash: what is not marked need not be looked for."""
    return hashes >> np.uint64(64 - _MARK_BITS)


def only_slips(
    found: Sequence[list[Slip] | None],
    vocabulary: Vocabulary,
    pause_point: Callable[[], None] = lambda: None,
) -> NDArray[np.bool_]:
    """For each difference whether all of it is slips: of each two words one is known nowhere else.

    Args:
        found: of each pair of texts, as `slips` gives it.  (n,)
        vocabulary: of all texts of the dataset.
        pause_point: called between two steps; raises to stop.
    """
    every = {word for pairs in found if pairs for pair in pairs for word in pair}
    once = vocabulary.once(every, pause_point)
    return np.array(
        [
            pairs is not None and all(once[one] or once[other] for one, other in pairs)
            for pairs in found
        ],
        np.bool_,
    )
