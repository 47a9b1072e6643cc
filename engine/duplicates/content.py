"""Whether two samples that are alike differ in content: then the rule never drops one of them.

Asked of pairs that a search has found, in the order of what it costs: the numbers, signs and
decisive words of the whole, the indentation of code, the content words of the prompts, how alike
the responses alone are, and last, word by word, whether what is left are slips of the keyboard.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.content_words import asked, content_hashes, marks
from engine.duplicates.matches import Matches
from engine.duplicates.settings import ComparedUnit, SearchSettings
from engine.duplicates.shingles import Shingles, text_hashes, words_of
from engine.duplicates.similarity import Verifier
from engine.duplicates.texts import indentations, normalised, numbers, unit_texts
from engine.duplicates.typos import Slip, Vocabulary, only_slips, slips

PAIRS_AT_ONCE = 1 << 12
"""Pairs of which words are aligned between two looks at whether to stop."""

MOST_SLIPS = 8
"""In one prompt; more is another text."""

ROWS_AT_ONCE = 1 << 13
"""Rows read for their content in one step: some 50 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class ContentCheck:
    """What was found out about some pairs."""

    same: NDArray[np.bool_]  # (n,) nothing in the prompts, and no number or sign, tells them apart
    responses: NDArray[np.float32]  # (n,) similarity of the responses alone
    """Exact; 1 where they, too, differ in nothing that is content."""


class PairContent:
    """Answers about pairs of rows of one dataset; what it reads of a row it keeps.

    Any thread may ask.
    """

    def __init__(self, texts: pl.DataFrame, settings: SearchSettings) -> None:
        """Prepare; nothing is read yet.

        Args:
            texts: columns prompt, response, rejected (strings, nullable).  (rows,)
            settings: of the search. In prompts, or responses, only those count; by meaning, only
                numbers do.
        """
        self._settings = settings
        self._by_meaning = settings.unit is ComparedUnit.MEANING
        self._whole = unit_texts(texts, settings.unit)
        both = settings.unit is ComparedUnit.BOTH
        nothing = pl.repeat(None, len(texts), dtype=pl.String, eager=True)
        asks = both or settings.unit is ComparedUnit.PROMPT
        self._prompts = texts["prompt"].fill_null(self._whole) if asks else nothing
        """Where there is no prompt, what was said is all in one text."""
        self._responses: pl.Series | None = None
        if both:
            answers = pl.concat_str("response", "rejected", separator="\n", ignore_nulls=True)
            self._responses = texts.select(answers.alias("text")).to_series()
        rows = len(texts)
        self._known = np.zeros(rows, np.bool_)
        self._marks = np.zeros(rows, np.uint64)
        self._asked = np.zeros(rows, np.uint64)
        self._answered = np.zeros(rows, np.uint64)
        self._verify: Verifier | None = None
        self._vocabulary: Vocabulary | None = None
        self._lock = threading.RLock()

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Of each row a number: equal where marks and content words of the prompts are.  (n,)."""
        self._read(rows)
        return self._marks[rows] * np.uint64(31) ^ self._asked[rows]

    def compare(
        self,
        a: NDArray[np.int64],
        b: NDArray[np.int64],
        *,
        first: NDArray[np.int64] | None = None,
        pause_point: Callable[[], None] = lambda: None,
    ) -> ContentCheck:
        """Find out about pairs of rows.

        Args:
            a: one row of each.  (n,)
            b: the other.  (n,)
            first: the row that stands for each with the same text; without it no word passes for
                a slip.  (rows,)
            pause_point: called between two steps; raises to stop.
        """
        members = np.unique(np.concatenate([a, b]))
        for start in range(0, len(members), ROWS_AT_ONCE):
            pause_point()
            self._read(members[start : start + ROWS_AT_ONCE])
        alike = self._marks[a] == self._marks[b]
        same = alike & (self._asked[a] == self._asked[b])
        responses = np.ones(len(a), np.float32)
        near = np.flatnonzero(alike & (self._answered[a] != self._answered[b]))
        if len(near):
            responses[near] = self._verifier()(a[near], b[near])
        responses[~alike] = 0
        if first is not None:
            unsure = np.flatnonzero(alike & ~same)
            same[unsure] = self._slips(self._prompts, a[unsure], b[unsure], first, pause_point)
            unsure = np.flatnonzero(same & (responses < 1))
            if self._responses is not None:
                found = self._slips(self._responses, a[unsure], b[unsure], first, pause_point)
                responses[unsure[found]] = 1
        return ContentCheck(same, responses)

    def why_kept(self, row: int, others: NDArray[np.int64], least: float) -> list[str]:
        """In words, why the rule does not take some rows for duplicates of one of them.

        Args:
            row: the one.
            others: each at least `least` like it.  (n,)
            least: in (0, 1].
        """
        one = np.full(len(others), row, np.int64)
        check = self.compare(one, others)
        told = self._marks[others] == self._marks[row]
        return [
            "other numbers, signs or negations"
            if not same_marks
            else f"answers {alike:.2f} alike"
            if alike < np.float32(least)
            else "another question"
            for same_marks, alike in zip(told.tolist(), check.responses.tolist(), strict=True)
        ]

    def _read(self, rows: NDArray[np.int64]) -> None:
        """Know the keys of some rows."""
        rows = rows[~self._known[rows]]
        if not len(rows):
            return
        whole, prompts = self._whole.gather(rows), self._prompts.gather(rows)
        self._marks[rows] = text_hashes(numbers(whole) if self._by_meaning else _told(whole))
        self._asked[rows] = _sequence_hashes(content_hashes(asked(prompts)))
        if self._responses is not None:
            said = content_hashes(asked(self._responses.gather(rows)))
            self._answered[rows] = _sequence_hashes(said)
        self._known[rows] = True

    def _verifier(self) -> Verifier:
        with self._lock:
            if self._verify is None:
                assert self._responses is not None
                self._verify = Verifier(self._responses, self._settings)
            return self._verify

    def _slips(
        self,
        texts: pl.Series,
        a: NDArray[np.int64],
        b: NDArray[np.int64],
        first: NDArray[np.int64],
        pause_point: Callable[[], None],
    ) -> NDArray[np.bool_]:
        """Which pairs of `texts` differ in slips of the keyboard and function words alone."""
        near = np.zeros(len(a), np.bool_)
        found: list[list[Slip] | None] = []
        for start in range(0, len(a), PAIRS_AT_ONCE):
            pause_point()
            pairs = np.stack([a, b], axis=1)[start : start + PAIRS_AT_ONCE]
            some = near[start : start + PAIRS_AT_ONCE]
            content = _content(texts, np.unique(pairs))
            some[:] = [_nearly_the_same(content[one], content[two]) for one, two in pairs.tolist()]
            words = self._asked_words(texts, np.unique(pairs[some]))
            found += [slips(words[one], words[two]) for one, two in pairs[some].tolist()]
        if any(found):
            near[near] = only_slips(found, self._words(first), pause_point)
        else:
            near[near] = [differs is not None for differs in found]
        return near

    def _asked_words(self, texts: pl.Series, rows: NDArray[np.int64]) -> dict[int, list[str]]:
        found = normalised(asked(texts.gather(rows)), self._settings.normalisation)
        return dict(zip(rows.tolist(), words_of(found), strict=True))

    def _words(self, first: NDArray[np.int64]) -> Vocabulary:
        with self._lock:
            if self._vocabulary is None:
                own = self._whole.filter(pl.Series(first == np.arange(len(first))))
                self._vocabulary = Vocabulary(own)
            return self._vocabulary


def _content(texts: pl.Series, rows: NDArray[np.int64]) -> dict[int, NDArray[np.uint64]]:
    """The content words of some rows, as hashes."""
    found = content_hashes(asked(texts.gather(rows)))
    words = (found.hashes[start:end] for start, end in pairwise(found.starts.tolist()))
    return dict(zip(rows.tolist(), words, strict=True))


def _told(texts: pl.Series) -> pl.Series:
    """Numbers, signs, decisive words, and the indentation of code."""
    both = pl.concat_str(marks(texts), indentations(texts), separator="\n")
    return pl.select(both).to_series()


def _sequence_hashes(words: Shingles) -> NDArray[np.uint64]:
    """A hash of all words of each row, in their order.  (rows,)."""
    place = np.arange(len(words.hashes)) - np.repeat(words.starts[:-1], words.counts)
    weights = np.full(int(place.max(initial=0)) + 1, _FACTOR)
    weights = np.multiply.accumulate(weights)
    total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(words.hashes * weights[place])])
    sums: NDArray[np.uint64] = total[words.starts[1:]] - total[words.starts[:-1]]
    return sums + words.counts.astype(np.uint64)


_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that multiplying loses nothing.  Source: Steele et al. 2014, SplitMix."""


def _nearly_the_same(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> bool:
    """Whether what differs between two lists of words is short enough to be slips.

    A slip in a function word puts in or leaves out a content word.
    """
    if abs(len(one) - len(other)) > MOST_SLIPS:
        return False
    shorter = min(len(one), len(other))
    start = _common(one[:shorter], other[:shorter])
    rest = shorter - start
    end = _common(one[::-1][:rest], other[::-1][:rest])
    left = max(len(one), len(other)) - start - end
    if len(one) == len(other):
        return int(np.count_nonzero(one != other)) <= MOST_SLIPS
    return left <= MOST_SLIPS


def _common(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> int:
    differ = np.flatnonzero(one != other)
    return int(differ[0]) if len(differ) else len(one)


def judged(
    matches: Matches, content: PairContent, pause_point: Callable[[], None] = lambda: None
) -> Matches:
    """`matches` with what was found out about the content of every pair."""
    check = content.compare(matches.a, matches.b, first=matches.first, pause_point=pause_point)
    return replace(matches, same_content=check.same, responses=check.responses)
