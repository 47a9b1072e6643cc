"""MinHash signatures of many rows at once, the same ones that `datasketch.MinHash` computes.

datasketch takes one set at a time: a call, a matrix and a minimum for each. Here rows with about
as many shingles are laid side by side in a block that fits into the processor's cache, and each
permutation runs over the whole block.

Source: Broder 1997, "On the resemblance and containment of documents"; datasketch 2.0
(`datasketch/minhash.py`) for the permutations and the pre-mix of the scheme `affine32`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.settings import SCHEME
from engine.duplicates.shingles import Shingles

RECALL = 0.995
"""Of the pairs exactly at the similarity asked for, the share that must become candidates."""

BLOCK_SHINGLES = 1 << 15
"""Shingles permuted at once, 128 KiB: the call's own cost is small, and the cache holds it."""

SEGMENT_SHINGLES = 512
"""A longer row is signed in pieces of this size, whose minima are taken together."""

EMPTY = np.uint32(0xFFFFFFFF)
"""What a signature holds where there is no shingle, as in datasketch."""


@lru_cache(maxsize=4)
def permutations(count: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Factors and summands of `count` permutations, from datasketch.  both (count,)."""
    from datasketch import MinHash  # noqa: PLC0415 - 0.5 s, with scipy

    made: Any = MinHash(num_perm=count, seed=seed, scheme=SCHEME).permutations
    factors, summands = made
    return factors, summands


def short_hashes(shingles: Shingles) -> NDArray[np.uint32]:
    """The 32-bit hashes that are permuted.  (n,)."""
    return (shingles.hashes >> np.uint64(32)).astype(np.uint32)


def sign(
    hashes: NDArray[np.uint32], starts: NDArray[np.int64], count: int, seed: int
) -> NDArray[np.uint32]:
    """The signature of every row.

    Args:
        hashes: 32-bit shingle hashes, grouped by row; a second one changes nothing.  (n,)
        starts: where each row's hashes begin, and where the last ends.  (rows + 1,)
        count: permutations.
        seed: of the permutations.

    Returns:
        (rows, count); for a row without shingles all `EMPTY`.
    """
    rows = len(starts) - 1
    signatures = np.empty((rows, count), np.uint32)
    first, lengths, owner = _segments(starts)
    mixed = _premixed(hashes)
    order = np.argsort(lengths, kind="stable")
    ascending = lengths[order]
    pieces = np.bincount(owner, minlength=rows)
    split = pieces > 1
    signatures[pieces != 1] = EMPTY
    at = 0
    while at < len(order):
        block = order[at : at + _block_width(ascending[at:])]
        at += len(block)
        minima = _block_minima(mixed, first[block], lengths[block], count, seed)
        whole = ~split[owner[block]]
        signatures[owner[block][whole]] = minima[whole]
        if not whole.all():
            np.minimum.at(signatures, owner[block][~whole], minima[~whole])
    return signatures


def _block_width(lengths: NDArray[np.int64]) -> int:
    """How many of the next pieces fit into a block that is as high as the last of them."""
    widths = range(1, len(lengths) + 1)
    return max(bisect_right(widths, BLOCK_SHINGLES, key=lambda n: n * int(lengths[n - 1])), 1)


def _segments(
    starts: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows cut into pieces: where each begins, how long it is, whose it is."""
    counts = np.diff(starts)
    pieces = -(-counts // SEGMENT_SHINGLES)
    owner = np.repeat(np.arange(len(counts)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    first = starts[owner] + number * SEGMENT_SHINGLES
    lengths = np.minimum(counts[owner] - number * SEGMENT_SHINGLES, SEGMENT_SHINGLES)
    return first, lengths, owner


def _block_minima(
    mixed: NDArray[np.uint32],
    first: NDArray[np.int64],
    lengths: NDArray[np.int64],
    count: int,
    seed: int,
) -> NDArray[np.uint32]:
    """Signatures of pieces that lie side by side; shorter ones repeat their last shingle."""
    height = int(lengths.max())
    step = np.minimum(np.arange(height)[:, None], lengths - 1)  # (height, pieces)
    block = mixed[first + step]
    permuted = np.empty_like(block)
    minima = np.empty((count, len(first)), np.uint32)
    for number, (factor, summand) in enumerate(zip(*permutations(count, seed), strict=True)):
        np.multiply(block, factor, out=permuted)  # wraps: that is the modulo 2**32
        np.add(permuted, summand, out=permuted)
        np.minimum.reduce(permuted, axis=0, out=minima[number])
    return minima.T


def _premixed(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3's 32-bit finaliser, which `affine32` puts before its permutations.

    Source: Appleby, MurmurHash3.cpp, `fmix32`.
    """
    mixed = hashes ^ (hashes >> np.uint32(16))
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed


# --- bands


@dataclass(frozen=True, slots=True)
class Bands:
    """How a signature is cut: rows that agree on all of any band become candidates."""

    count: int
    width: int
    """Permutations of one band."""

    @classmethod
    def for_similarity(cls, similarity: float, permutations: int) -> Self:
        """The widest bands that still find `RECALL` of the pairs at `similarity`.

        Wider bands bring fewer candidates that are not alike. Where even single permutations do
        not reach the recall, they are what there is; `recall` says how far it gets.
        """
        for width in range(permutations, 1, -1):
            bands = cls(permutations // width, width)
            if bands.recall(similarity) >= RECALL:
                return bands
        return cls(permutations, 1)

    def recall(self, similarity: float) -> float:
        """The chance that a pair of this similarity becomes a candidate.

        Source: Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4.2.
        """
        missed: float = (1 - similarity**self.width) ** self.count
        return 1 - missed

    def keys(self, signatures: NDArray[np.uint32], band: int) -> NDArray[np.uint64]:
        """One value for what each row has in `band`.  (rows, permutations) -> (rows,)."""
        part = signatures[:, band * self.width : (band + 1) * self.width]
        keys = np.zeros(len(part), np.uint64)
        for column in part.T:
            keys ^= column
            keys *= np.uint64(0x9E3779B97F4A7C15)
            keys ^= keys >> np.uint64(29)
        return keys
