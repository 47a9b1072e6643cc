"""The search for duplicates: in steps, so that it can report, stop, and go on.

Rows are shingled and signed in batches; what belongs together is looked for when enough new rows
have come, so that the first clusters are there long before the last row. The result does not
depend on how the work was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.jaccard import PAIRS_AT_ONCE, ROWS_AT_ONCE
from engine.duplicates.matches import Matches
from engine.duplicates.matching import Matcher, complete_pairs
from engine.duplicates.prefetch import prefetched
from engine.duplicates.settings import SearchSettings
from engine.duplicates.shingles import shingle
from engine.duplicates.signatures import EMPTY, Bands, short_hashes, sign
from engine.duplicates.similarity import Verifier
from engine.duplicates.texts import first_with_same_text
from engine.errors import Cancelled

BATCH_BYTES = 1 << 22
"""Text signed between two looks at `cancelled`: about 80 ms."""

FIRST_LOOK_BYTES = 1 << 21
"""Text after which clusters are looked for the first time: some 200 ms in."""

GROWTH = 4
"""They are looked for again whenever the text has grown so many times, and at its end; not between
half of it and the end, where the second look would follow at once."""

EXACT_COLUMNS = 16
"""Permutations that tell texts which may be the same from those which are not."""

_Signed = NDArray[np.uint32] | None

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many rows of how many."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownSignatures:
    """Signatures of an earlier search under the same settings, but for the similarity."""

    rows: NDArray[np.bool_]  # (rows,) which rows have one
    signatures: NDArray[np.uint32]  # (known, permutations) of those rows, in their order


class Finder:
    """One search over one column of texts."""

    def __init__(
        self, texts: pl.Series, settings: SearchSettings, known: KnownSignatures | None = None
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            texts: a text for every row, null where there is none to compare.  (rows,)
            settings: how.
            known: rows that need not be signed again.
        """
        self.rows = rows = len(texts)
        self.settings = settings
        self._texts = texts
        self._compared = texts.is_not_null().to_numpy()
        self._sizes = texts.str.len_bytes().fill_null(0).to_numpy().astype(np.int64)
        self.signatures = np.empty((rows, settings.permutations), np.uint32)
        """(rows, permutations), as far as the search has come."""
        self._signed = np.zeros(rows, np.bool_)
        if known is not None:
            self._signed |= known.rows
            self.signatures[known.rows] = known.signatures
        self._shingled = np.zeros(rows, np.bool_)
        self._keys = np.zeros(rows, np.uint64)
        self._verify = Verifier(texts, settings)
        self._matcher = Matcher(
            settings.similarity,
            Bands.for_similarity(settings.similarity, settings.permutations),
            self._verify,
        )
        self.done = 0
        """Rows signed so far."""
        self._look_at = FIRST_LOOK_BYTES
        self._cancelled: Callable[[], bool] = lambda: False
        self._wait_for_ui: Callable[[], None] = lambda: None

    def run(
        self,
        *,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        found: Callable[[Matches], None] | None = None,
        wait_for_ui: Callable[[], None] | None = None,
    ) -> Matches:
        """Search, from where it was stopped if it was.

        Args:
            progress: told of every step.
            cancelled: asked between two steps.
            found: given what there is so far, from time to time.
            wait_for_ui: called between two steps, sleeps while the screen wants the interpreter.

        Raises:
            Cancelled: `cancelled` said so; `run` goes on from there.
        """
        self._cancelled = cancelled or self._cancelled
        self._wait_for_ui = wait_for_ui or self._wait_for_ui
        self._matcher.pause_point = self._pause_point
        tell = progress or (lambda _what, _done, _total: None)
        before = np.cumsum(self._sizes)
        for rows, signatures in prefetched(self._sign, self._batches(before)):
            self._pause_point()
            self._take(rows, signatures)
            tell("comparing", self.done, self.rows)
            reached = int(before[self.done - 1])
            if found is not None and self._look_at <= reached <= before[-1] / 2:
                self._look_at = reached * GROWTH
                found(self._look())
        tell("comparing", self.rows, self.rows)
        return self._look()

    def _pause_point(self) -> None:
        if self._cancelled():
            raise Cancelled("the search for duplicates was stopped", "start it again to go on")
        self._wait_for_ui()

    def _batches(self, before: NDArray[np.int64]) -> Iterator[slice]:
        start = self.done
        while start < self.rows:
            reached = int(before[start - 1]) if start else 0
            end = int(np.searchsorted(before, reached + BATCH_BYTES, side="right"))
            end = min(max(end, start + 1), start + ROWS_AT_ONCE)
            yield slice(start, end)
            start = end

    def _sign(self, rows: slice) -> _Signed:
        texts, unsigned = self._texts[rows], ~self._signed[rows]
        if not unsigned.any():
            return None
        found = shingle(texts if unsigned.all() else texts.filter(unsigned), self.settings)
        return sign(
            short_hashes(found), found.starts, self.settings.permutations, self.settings.seed
        )

    def _take(self, rows: slice, signatures: _Signed) -> None:
        own = self.signatures[rows]
        if signatures is not None:
            own[~self._signed[rows]] = signatures
        self._shingled[rows] = (own != EMPTY).any(axis=1)
        keys = np.zeros(len(own), np.uint64)
        for column in own[:, :EXACT_COLUMNS].T:
            keys = (keys ^ column) * np.uint64(0x9E3779B97F4A7C15)
            keys ^= keys >> np.uint64(31)
        self._keys[rows] = keys
        self.done = rows.stop

    # -- what belongs together -------------------------------------------------------------

    def _look(self) -> Matches:
        """Everything found among the rows signed so far."""
        first = self._first_of_each()
        own = np.flatnonzero(first == np.arange(self.rows))
        self._matcher.match(own[self._shingled[own]], self.signatures, self.rows)
        labels = self._matcher.labels
        sizes = np.bincount(labels[own], minlength=int(labels.max(initial=-1)) + 1)
        members = own[sizes[labels[own]] > 1]
        a, b, large = complete_pairs(members, labels[members])
        similarity = self._similarities(a, b)
        if large:
            inside = np.isin(self._matcher.first, np.concatenate(large))
            a = np.concatenate([a, self._matcher.first[inside]])
            b = np.concatenate([b, self._matcher.second[inside]])
            similarity = np.concatenate([similarity, self._matcher.found[inside]])
        return Matches(
            settings=self.settings,
            first=first,
            a=a,
            b=b,
            similarity=similarity,
            large=tuple(large),
            done=self.done,
            left_out=self._matcher.left_out,
        )

    def _similarities(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float32]:
        found = np.empty(len(a), np.float32)
        for start in range(0, len(a), PAIRS_AT_ONCE):
            self._pause_point()
            pairs = slice(start, start + PAIRS_AT_ONCE)
            found[pairs] = self._verify(a[pairs], b[pairs])
        return found

    def _first_of_each(self) -> NDArray[np.int64]:
        """For every row the first one with the same text and numbers; -1: nothing to compare."""
        rows = np.flatnonzero(self._compared[: self.done])
        first = np.full(self.rows, -1, np.int64)
        first[rows] = rows
        order = np.argsort(self._keys[rows], kind="stable")
        keys = self._keys[rows][order]
        same = np.zeros(len(rows) + 1, np.bool_)
        np.equal(keys[1:], keys[:-1], out=same[1:-1])
        candidates = np.sort(rows[order[np.flatnonzero(same[1:] | same[:-1])]])
        if len(candidates):
            raw = self._texts.gather(candidates)
            first[candidates] = first_with_same_text(raw, candidates, self.settings.normalisation)
        return first
