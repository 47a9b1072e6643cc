"""Rows that were edited or added after a search, matched against those that were searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.settings import SCHEME, Settings
from engine.duplicates.shingles import shingle
from engine.duplicates.signatures import Bands, short_hashes, sign
from engine.duplicates.texts import folded, normalised
from engine.duplicates.verifier import Verifier

if TYPE_CHECKING:
    from datasketch import MinHash


class Lookup:
    """A datasketch index over the signatures of a search, one text at a time.

    Filling it costs more than a search does, answering costs nothing: for the few rows that
    change while a desk is open.
    """

    def __init__(
        self, settings: Settings, signatures: NDArray[np.uint32], texts: pl.Series
    ) -> None:
        """Index every row that a search has signed.

        Args:
            settings: of the search.
            signatures: that it made, now or in an earlier visit.  (rows, permutations)
            texts: what it searched, null where there is nothing to compare.  (rows,)
        """
        from datasketch import MinHashLSH  # noqa: PLC0415 - 0.5 s, with scipy

        self._settings = settings
        self._texts: dict[int, str] = {}
        self._base = texts
        bands = Bands.for_similarity(settings.similarity, settings.permutations)
        self._index = MinHashLSH(num_perm=settings.permutations, params=(bands.count, bands.width))
        for row in np.flatnonzero(texts.is_not_null().to_numpy()).tolist():
            self._insert(row, signatures[row])

    def matches(self, text: str) -> list[tuple[int, float]]:
        """Rows at least as similar to `text` as was searched for, the most similar first."""
        found: list[Any] = self._index.query(self._minhash(self._signature(text)))
        alike = [(row, self._similarity(text, self.text(row))) for row in found]
        near = [pair for pair in alike if pair[1] >= self._settings.similarity]
        return sorted(near, key=lambda pair: (-pair[1], pair[0]))

    def put(self, row: int, text: str) -> None:
        """Let `row`, new or edited, have this text from now on."""
        if row in self._index:
            self._index.remove(row)
        self._texts[row] = text
        self._insert(row, self._signature(text))

    def text(self, row: int) -> str:
        """What a row says now."""
        return self._texts[row] if row in self._texts else str(self._base[row])

    def _insert(self, row: int, signature: NDArray[np.uint32]) -> None:
        self._index.insert(row, self._minhash(signature))

    def _minhash(self, signature: NDArray[np.uint32]) -> MinHash:
        from datasketch import MinHash  # noqa: PLC0415 - 0.5 s, with scipy

        return MinHash(seed=self._settings.seed, hashvalues=signature, scheme=SCHEME)

    def _signature(self, text: str) -> NDArray[np.uint32]:
        settings = self._settings
        found = shingle(pl.Series([text]), settings)
        signatures = sign(short_hashes(found), found.starts, settings.permutations, settings.seed)
        one: NDArray[np.uint32] = signatures[0]
        return one

    def _similarity(self, text: str, other: str) -> float:
        both = pl.Series([text, other])
        how = self._settings.normalisation
        first, second = folded(normalised(both, how), how)
        if first == second:
            return 1.0
        verify = Verifier(both, self._settings)
        return float(verify(np.array([0]), np.array([1]))[0])
