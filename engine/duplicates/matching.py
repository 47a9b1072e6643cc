"""Which rows belong together: candidates from bands, each verified, joined into components.

A pair that two rows of one component make needs no test to know that they belong together, so
bands are first used to find components, with few tests, and afterwards every pair inside a
component gets its exact similarity. That also finds the pairs that no band has brought up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.prefetch import prefetched
from engine.duplicates.signatures import Bands

FLUSH_PAIRS = 1 << 18
"""Candidates gathered before they are tested: what a test joins spares later candidates."""

SMALL_BUCKET = 48
"""In a bucket of up to so many rows, all pairs across components are tested."""

LEADERS = 4
"""In a larger bucket, so many rows are tested against all others."""

TESTS_PER_ROW = 64
"""Where candidates fail so often that more tests would be needed, the rest is left out: many
rows made from one template that lie just under the similarity."""

COMPLETE_ROWS = 512
"""A component of up to so many different texts has the similarity of every pair."""

COMPLETE_PAIRS = 1 << 22
"""All such pairs together, 48 MB; the largest components go without, if there are more."""

Similarities = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float64]]
"""The exact similarity of each pair of rows.  (n,), (n,) -> (n,)."""


def components(
    first: NDArray[np.int64], second: NDArray[np.int64], rows: int
) -> tuple[int, NDArray[np.int64]]:
    """How many connected components these pairs make of `rows` rows, and which each is in."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - 0.2 s
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - the same

    ones = np.ones(len(first), np.int8)
    graph = coo_array((ones, (first, second)), shape=(rows, rows))
    count, labels = connected_components(graph, directed=False)
    return int(count), labels.astype(np.int64)


@dataclass(slots=True)
class Matcher:
    """Joins rows whose texts are at least `similarity` alike; can be given more rows later."""

    similarity: float
    bands: Bands
    similarities: Similarities
    pause_point: Callable[[], None] = field(default=lambda: None)
    """Called between two steps; raises to stop."""
    first: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """(n,) one row of each verified pair."""
    second: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    found: NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))
    """(n,) their similarities."""
    left_out: int = 0
    """Buckets that were not tested to the end."""
    labels: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """(rows,) the component of every row, as far as is known."""
    _pending: list[NDArray[np.uint64]] = field(default_factory=list)
    _waiting: int = 0
    _tests: int = 0

    def match(self, rows: NDArray[np.int64], signatures: NDArray[np.uint32], total: int) -> None:
        """Find what belongs together among `rows`.

        Args:
            rows: one of every different text, ascending.  (n,)
            signatures: of all rows.  (rows, permutations)
            total: rows there are; every row number is below.
        """
        self._tests = TESTS_PER_ROW * len(rows) + FLUSH_PAIRS
        self._label(total)
        buckets = []
        reached = signatures[: int(rows[-1]) + 1 if len(rows) else 0]
        bands = prefetched(
            lambda band: _buckets(self.bands.keys(reached, band)[rows], rows),
            range(self.bands.count),
        )
        for _, (members, starts) in bands:
            self._test_leaders(members, starts)
            buckets.append((members, starts))
            self.pause_point()
        self._flush()
        large: list[NDArray[np.int64]] = []
        for members, starts in buckets:
            large += self._test_the_rest(members, starts)
            self.pause_point()
        self._flush()
        self._test_large(large)

    def _label(self, rows: int) -> None:
        _, self.labels = components(self.first, self.second, rows)

    def _test_leaders(self, members: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
        """Test the first row of every bucket against the others in it."""
        sizes = np.diff(starts)
        leaders = np.repeat(members[starts[:-1]], sizes)
        self._offer(leaders, members)

    def _test_the_rest(
        self, members: NDArray[np.int64], starts: NDArray[np.int64]
    ) -> list[NDArray[np.int64]]:
        """Test what is not joined yet, in buckets of more than two rows; the large ones, left."""
        sizes = np.diff(starts)
        labels = self.labels[members]
        low = np.minimum.reduceat(labels, starts[:-1])
        mixed = (sizes > 2) & (np.maximum.reduceat(labels, starts[:-1]) != low)
        large = np.flatnonzero(mixed & (sizes > SMALL_BUCKET))
        for size in np.unique(sizes[mixed & (sizes <= SMALL_BUCKET)]).tolist():
            chosen = starts[:-1][mixed & (sizes == size)]
            a, b = np.triu_indices(size, 1)
            step = max(FLUSH_PAIRS // len(a), 1)
            for at in range(0, len(chosen), step):
                if self._tests <= 0:
                    self.left_out += len(chosen) - at
                    break
                block = chosen[at : at + step, None]
                self._offer(members[block + a].ravel(), members[block + b].ravel())
        return [members[starts[at] : starts[at + 1]] for at in large.tolist()]

    def _test_large(self, buckets: list[NDArray[np.int64]]) -> None:
        """Let some rows of each large bucket lead in turn, each from what is not joined yet.

        Args:
            buckets: the rows of each.
        """
        if not buckets:
            return
        rows = np.concatenate(buckets)
        bucket = np.repeat(np.arange(len(buckets)), [len(each) for each in buckets])
        for _ in range(LEADERS):
            self.pause_point()
            leader, number = _leaders(rows, bucket)
            apart = self.labels[rows] != self.labels[leader[number]]
            rows, bucket = rows[apart], bucket[apart]
            if not len(rows):
                return
            leader, number = _leaders(rows, bucket)
            self._offer(leader[number], rows)
            self._flush()
            if self._tests <= 0:
                break
        leader, number = _leaders(rows, bucket)
        apart = self.labels[rows] != self.labels[leader[number]]
        self.left_out += len(np.unique(bucket[apart]))

    def _offer(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> None:
        """Put pairs aside for a test, those that are not joined yet."""
        apart = self.labels[first] != self.labels[second]
        first, second = first[apart], second[apart]
        if not len(first):
            return
        low, high = np.minimum(first, second), np.maximum(first, second)
        self._pending.append(low.astype(np.uint64) << np.uint64(32) | high.astype(np.uint64))
        self._waiting += len(first)
        if self._waiting >= FLUSH_PAIRS:
            self._flush()

    def _flush(self) -> None:
        """Test what was put aside, and join what is alike."""
        if not self._waiting:
            return
        packed = np.unique(np.concatenate(self._pending))
        self._pending, self._waiting = [], 0
        first = (packed >> np.uint64(32)).astype(np.int64)
        second = (packed & np.uint64(0xFFFFFFFF)).astype(np.int64)
        self._tests -= len(first)
        found = self.similarities(first, second)
        alike = found >= self.similarity
        self.first = np.concatenate([self.first, first[alike]])
        self.second = np.concatenate([self.second, second[alike]])
        self.found = np.concatenate([self.found, found[alike].astype(np.float32)])
        self._label(len(self.labels))


def _buckets(
    keys: NDArray[np.uint64], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows that share a key with others, side by side.

    Key and place are sorted as one number; the bits that the place takes from the key may let
    two keys fall together, which costs a test and no more.

    Returns:
        The rows (n,), and where each bucket begins and the last ends (buckets + 1,).
    """
    bits = np.uint64(max(len(rows) - 1, 1).bit_length())
    packed = keys >> bits << bits | np.arange(len(rows), dtype=np.uint64)
    packed.sort()
    high = packed >> bits
    same = np.zeros(len(rows) + 1, np.bool_)
    np.equal(high[1:], high[:-1], out=same[1:-1])
    shared = np.flatnonzero(same[1:] | same[:-1])
    place = (packed[shared] & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int64)
    starts = np.flatnonzero(~same[shared])
    return rows[place], np.append(starts, len(shared))


def _leaders(
    rows: NDArray[np.int64], bucket: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first row of every bucket, and which of these each row belongs to."""
    _, first, number = np.unique(bucket, return_index=True, return_inverse=True)
    return rows[first], number


def complete_pairs(
    rows: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[NDArray[np.int64]]]:
    """Every pair of rows of one component, and the components that are too large for that.

    Args:
        rows: ascending.  (n,)
        labels: their components.  (n,)

    Returns:
        Both rows of each pair, and the rows of each large component.
    """
    order = np.argsort(labels, kind="stable")
    rows = rows[order]
    starts = np.flatnonzero(np.append(True, np.diff(labels[order]) != 0))
    sizes = np.diff(np.append(starts, len(rows)))
    by_size = np.argsort(sizes, kind="stable")
    pairs_before = np.cumsum(sizes[by_size] * (sizes[by_size] - 1) // 2)
    small = np.zeros(len(sizes), np.bool_)
    small[by_size[pairs_before <= COMPLETE_PAIRS]] = True
    small &= sizes <= COMPLETE_ROWS
    first, second = [], []
    for size in np.unique(sizes[small & (sizes > 1)]).tolist():
        begin = starts[small & (sizes == size), None]
        a, b = np.triu_indices(size, 1)
        first.append(rows[begin + a].ravel())
        second.append(rows[begin + b].ravel())
    nothing = [np.empty(0, np.int64)]
    large = [rows[starts[at] : starts[at] + sizes[at]] for at in np.flatnonzero(~small)]
    return np.concatenate(first or nothing), np.concatenate(second or nothing), large
