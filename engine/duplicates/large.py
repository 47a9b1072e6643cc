"""Components too large to list all their pairs: what is needed of them is worked out when asked.

Tens of thousands of rows made from one template would make a billion pairs. Their clusters at a
higher similarity are searched anew among them alone, and their similarities to a row that is kept
are computed for that row, once.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.content import PairContent
from engine.duplicates.matching import Matcher
from engine.duplicates.settings import SearchSettings
from engine.duplicates.shingles import shingle
from engine.duplicates.signatures import Bands, short_hashes, sign
from engine.duplicates.similarity import Verifier

REMEMBERED_VALUES = 1 << 24
"""Similarities kept for the next time, 64 MB."""


class LargeComponents:
    """The rows of all large components, and what can be asked about them, by any thread."""

    def __init__(
        self,
        texts: pl.Series,
        settings: SearchSettings,
        components: tuple[NDArray[np.int64], ...],
        content: PairContent,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            texts: of all rows.  (rows,)
            settings: of the search that found the components.
            components: the rows of each, ascending.
            content: tells which pairs differ in more than wording.
        """
        self.components = components
        self._settings = settings
        self._texts = texts
        self._verify = Verifier(texts, settings)
        self._known: OrderedDict[tuple[int, int], NDArray[np.float32]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()
        """Of what is remembered; nothing is worked out while it is held."""
        self._content = content

    def connect(
        self, similarity: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """Pairs that connect all that belong together at `similarity`.  three of (n,)."""
        rows = np.sort(np.concatenate(self.components))
        settings = self._settings
        found = shingle(self._texts.gather(rows), settings)
        signatures = sign(short_hashes(found), found.starts, settings.permutations, settings.seed)
        bands = Bands.for_similarity(similarity, settings.permutations)
        matcher = Matcher(similarity, bands, lambda a, b: self._verify(rows[a], rows[b]))
        matcher.match(np.arange(len(rows)), signatures, len(rows))
        return rows[matcher.first], rows[matcher.second], matcher.found

    def similarities(self, row: int, component: int) -> NDArray[np.float32]:
        """Of `row` to every row of its component: of the whole, and what the rule goes by.

        That is the lower one of the whole and of the responses, 0 where the content differs; no
        word passes for a slip here, where thousands of rows are made from one template.  (2, n)
        """
        key = (component, row)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        rows = self.components[component]
        found = self._verify(np.full(len(rows), row, np.int64), rows).astype(np.float32)
        check = self._content.compare(np.full(len(rows), row, np.int64), rows)
        least = np.where(check.same, np.minimum(found, check.responses), np.float32(0))
        found = np.stack([found, least])
        with self._lock:
            if key not in self._known:
                self._known[key] = found
                self._held += found.size
            while self._held > REMEMBERED_VALUES and len(self._known) > 1:
                _, oldest = self._known.popitem(last=False)
                self._held -= oldest.size
        return found
