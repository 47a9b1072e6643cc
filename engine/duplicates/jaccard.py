"""Exact Jaccard similarity of the shingle sets of pairs of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.prefetch import prefetched
from engine.duplicates.shingles import Shingles

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PAIRS_AT_ONCE = 1 << 14
"""Pairs compared in one step: some megabytes, and a few milliseconds."""

HASH_BITS = 44
"""Kept of each shingle's hash. Two sets of a hundred different shingles then share one by
accident once in a billion pairs."""

Sets = tuple[NDArray[np.int64], NDArray[np.int64]]
"""(rows,) and (n,)."""

ROWS_AT_ONCE = 1 << (64 - HASH_BITS)
"""Rows that can be added in one step: row and hash are sorted as one number."""


def as_sets(shingles: Shingles) -> Sets:
    """The sets of some rows, at most `ROWS_AT_ONCE`: sizes, and hashes ascending within a row."""
    rows = len(shingles.starts) - 1
    owner = np.repeat(np.arange(rows, dtype=np.uint64), shingles.counts)
    packed = owner << np.uint64(HASH_BITS) | shingles.hashes >> np.uint64(64 - HASH_BITS)
    packed.sort()
    if len(packed):
        packed = packed[np.append(True, packed[1:] != packed[:-1])]
    sizes = np.bincount((packed >> np.uint64(HASH_BITS)).astype(np.int64), minlength=rows)
    return sizes, (packed & np.uint64((1 << HASH_BITS) - 1)).astype(np.int64)


class ShingleSets:
    """The sets of some rows; a shingle counts once. Never changed after it was made."""

    def __init__(self, sizes: NDArray[np.int64], hashes: NDArray[np.int64]) -> None:
        """Take sets as `as_sets` makes them.

        Args:
            sizes: shingles of each row.  (rows,)
            hashes: ascending within a row.  (n,)
        """
        self._sizes, self._hashes = sizes, hashes
        self._matrix: csr_array | None = None  # made when first asked for

    def __len__(self) -> int:
        return len(self._sizes)

    def and_more(self, sets: Sequence[Sets]) -> ShingleSets:
        """These, and those of further rows behind them."""
        return ShingleSets(
            np.concatenate([self._sizes, *(sizes for sizes, _ in sets)]),
            np.concatenate([self._hashes, *(hashes for _, hashes in sets)]),
        )

    def similarities(
        self, first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Of each pair of rows; two rows without shingles have nothing in common.  -> (n,)."""
        found = np.zeros(len(first))
        matrix, sizes = self._matrix, self._sizes
        if matrix is None:
            matrix = self._matrix = self._as_matrix()

        def count(pair: slice) -> NDArray[np.int64]:
            # Both sides are sorted within rows, so that scipy merges them.
            both = matrix[first[pair]].multiply(matrix[second[pair]])
            shared: NDArray[np.int64] = np.diff(both.indptr).astype(np.int64)
            return shared

        starts = range(0, len(first), PAIRS_AT_ONCE)
        for pair, shared in prefetched(count, (slice(at, at + PAIRS_AT_ONCE) for at in starts)):
            union = sizes[first[pair]] + sizes[second[pair]] - shared
            np.divide(shared, union, out=found[pair], where=union > 0)
        return found

    def _as_matrix(self) -> csr_array:
        from scipy.sparse import csr_array  # noqa: PLC0415 - 0.2 s

        starts = np.zeros(len(self._sizes) + 1, np.int64)
        np.cumsum(self._sizes, out=starts[1:])
        ones = np.ones(len(self._hashes), np.int8)
        shape = (len(self._sizes), 1 << HASH_BITS)
        matrix = csr_array((ones, self._hashes, starts), shape=shape)
        matrix.has_canonical_format = True
        return matrix
