"""Words that are one word with a slip of the keyboard in it, and which words a dataset knows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.content_words import DECISIVE, FUNCTION_WORDS, words
from engine.duplicates.shingles import text_hashes

LEAST_LETTERS = 5
"""Shorter words that are one letter apart are mostly two words: cat and car."""

MOST_EDITS = 2
"""Letters put in, left out, exchanged, or in the wrong order."""

ALIGNED_WORDS = 400
"""Of either text, between what both begin and end with; more are not aligned."""

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
    if max(len(one), len(other)) > ALIGNED_WORDS:
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
    """The words of a dataset, and which of them stand in one text only."""

    def __init__(self, texts: Iterable[pl.Series]) -> None:
        """Count them; some seconds for a million rows.

        Args:
            texts: all texts that differ, some at a time.
        """
        self._words = np.empty(0, np.uint64)
        self._often = np.empty(0, np.bool_)
        for part in texts:
            self._add(part)

    def _add(self, texts: pl.Series) -> None:
        table = pl.DataFrame({"row": np.arange(len(texts)), "word": words(texts).str.split(" ")})
        table = table.explode("word").unique()
        counted = table.group_by("word").len()
        hashes = text_hashes(counted["word"])
        order = np.argsort(hashes)
        hashes, often = hashes[order], counted["len"].to_numpy()[order] > 1
        place = np.searchsorted(self._words, hashes)
        known = np.zeros(len(hashes), np.bool_)
        inside = place < len(self._words)
        known[inside] = self._words[place[inside]] == hashes[inside]
        self._often[place[known]] = True
        self._words = np.concatenate([self._words, hashes[~known]])
        self._often = np.concatenate([self._often, often[~known]])
        order = np.argsort(self._words)
        self._words, self._often = self._words[order], self._often[order]

    def once(self, some: Iterable[str]) -> dict[str, bool]:
        """Whether each of some words stands in one text of the dataset at most."""
        wanted = pl.Series(sorted(set(some)), dtype=pl.String)
        hashes = text_hashes(wanted)
        place = np.minimum(np.searchsorted(self._words, hashes), max(len(self._words) - 1, 0))
        often = np.zeros(len(hashes), np.bool_)
        if len(self._words):
            often = (self._words[place] == hashes) & self._often[place]
        return dict(zip(wanted.to_list(), (~often).tolist(), strict=True))


def in_parts(texts: pl.Series) -> Iterator[pl.Series]:
    """`texts` some thousands at a time."""
    edges = [*range(0, len(texts), _ROWS_AT_ONCE), len(texts)]
    return (texts[start:end] for start, end in pairwise(edges))


def only_slips(found: list[list[Slip] | None], vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """For each difference whether all of it is slips: of each two words one is known nowhere else.

    Args:
        found: of each pair of texts, as `slips` gives it.  (n,)
        vocabulary: of all texts of the dataset.
    """
    every = {word for pairs in found if pairs for pair in pairs for word in pair}
    once = vocabulary.once(every)
    return np.array(
        [
            pairs is not None and all(once[one] or once[other] for one, other in pairs)
            for pairs in found
        ],
        np.bool_,
    )
