"""Whether two samples that are alike differ in content: then the rule never drops one of them.

Asked of pairs that a search has found, in the order of what it costs: the numbers, signs and
decisive words of the whole, the indentation of code, how alike the responses alone are, the
content words of the prompts, and last, word by word, whether what is left are slips of the
keyboard.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.content_words import content_words, indentations, marks, numbers
from engine.duplicates.matches import Matches
from engine.duplicates.settings import ComparedUnit, SearchSettings
from engine.duplicates.shingles import text_hashes
from engine.duplicates.similarity import Verifier
from engine.duplicates.texts import unit_texts
from engine.duplicates.typos import Slip, Vocabulary, in_parts, only_slips, slips

PAIRS_AT_ONCE = 1 << 12
"""Pairs of which words are aligned between two looks at whether to stop."""

ROWS_AT_ONCE = 1 << 13
"""Rows read for their content in one step: some 50 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class ContentCheck:
    """What was found out about some pairs."""

    same: NDArray[np.bool_]  # (n,) nothing in the prompts, and no number or sign, tells them apart
    responses: NDArray[np.float32]  # (n,) similarity of the responses alone, exact


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
        least = self._settings.similarity
        unsure = np.flatnonzero(alike & ~same & (responses >= least))
        if first is not None and len(unsure):
            same[unsure] = self._slips(a[unsure], b[unsure], first, pause_point)
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
            "other numbers, signs or words such as “not”"
            if not same_marks
            else f"the answers alone are only {alike:.2f} alike"
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
        self._asked[rows] = text_hashes(content_words(prompts))
        if self._responses is not None:
            self._answered[rows] = text_hashes(self._responses.gather(rows))
        self._known[rows] = True

    def _verifier(self) -> Verifier:
        with self._lock:
            if self._verify is None:
                assert self._responses is not None
                self._verify = Verifier(self._responses, self._settings)
            return self._verify

    def _slips(
        self,
        a: NDArray[np.int64],
        b: NDArray[np.int64],
        first: NDArray[np.int64],
        pause_point: Callable[[], None],
    ) -> NDArray[np.bool_]:
        """Which of the pairs differ in slips of the keyboard and function words alone."""
        found: list[list[Slip] | None] = []
        for start in range(0, len(a), PAIRS_AT_ONCE):
            pause_point()
            pairs = slice(start, start + PAIRS_AT_ONCE)
            rows = np.unique(np.concatenate([a[pairs], b[pairs]]))
            lists = [text.split(" ") for text in content_words(self._prompts.gather(rows))]
            said = dict(zip(rows.tolist(), lists, strict=True))
            found += [
                slips(said[one], said[other])
                for one, other in zip(a[pairs].tolist(), b[pairs].tolist(), strict=True)
            ]
        if not any(found):
            return np.array([pairs is not None for pairs in found], np.bool_)
        return only_slips(found, self._words(first))

    def _words(self, first: NDArray[np.int64]) -> Vocabulary:
        with self._lock:
            if self._vocabulary is None:
                own = self._whole.filter(pl.Series(first == np.arange(len(first))))
                self._vocabulary = Vocabulary(in_parts(own))
            return self._vocabulary


def _told(texts: pl.Series) -> pl.Series:
    """Numbers, signs, decisive words, and the indentation of code."""
    both = pl.concat_str(marks(texts), indentations(texts), separator="\n")
    return pl.select(both).to_series()


def judged(
    matches: Matches, content: PairContent, pause_point: Callable[[], None] = lambda: None
) -> Matches:
    """`matches` with what was found out about the content of every pair."""
    check = content.compare(matches.a, matches.b, first=matches.first, pause_point=pause_point)
    return replace(matches, same_content=check.same, responses=check.responses)
