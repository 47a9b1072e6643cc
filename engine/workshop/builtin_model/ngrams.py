"""Texts as hashed n-grams: what the logistic regression among the floors reads.

Words and pairs of words of prompt and response, runs of three to five characters of the
response, and how the two overlap, each hashed into one of 2**18 places.

Source: Weinberger et al. 2009 (feature hashing).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

PLACES = 2**18
_SHIFT = np.uint64(64 - 18)
READ_CHARACTERS = 1_000
"""Of the beginning and of the end of a response; the middle of a long one is more of the same."""
CHARACTER_RUNS = (3, 4, 5)
OVERLAP_STEPS = 10
_MULTIPLIERS = np.array(
    [
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
    ],
    np.uint64,
)
_WORD = re.compile(r"\w+|[^\w\s]")


def hashed(prompt: str, response: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The places of a pair's n-grams and their weights, of length 1 together.

    A weight grows with the logarithm of the count, so that a word said ten times is not ten
    words.

    Returns:
        Places in [0, 2**18), each once, and their weights.  (features,), (features,)
    """
    if len(response) > 2 * READ_CHARACTERS:
        response = f"{response[:READ_CHARACTERS]}\n{response[-READ_CHARACTERS:]}"
    features = list(_features(prompt[:READ_CHARACTERS].lower(), response.lower()))
    of_words = np.array(
        [zlib.crc32(each.encode("utf-8", "replace")) for each in features], np.uint64
    )
    places = np.concatenate((_scattered(of_words), _character_runs(response)))
    found, counts = np.unique(places, return_counts=True)
    weights = 1 + np.log(counts.astype(np.float32))
    return found, (weights / np.sqrt(weights @ weights)).astype(np.float32)


def _features(prompt: str, response: str) -> Iterator[str]:
    asked, said = _WORD.findall(prompt), _WORD.findall(response)
    yield from (f"p {word}" for word in set(asked))
    yield from (f"r {word}" for word in said)
    yield from (f"r {first} {second}" for first, second in pairwise(said))
    shared = set(asked) & set(said)
    yield from (f"both {word}" for word in shared)
    yield f"of prompt {OVERLAP_STEPS * len(shared) // max(len(set(asked)), 1)}"
    yield f"of response {OVERLAP_STEPS * len(shared) // max(len(set(said)), 1)}"
    yield f"end {said[-1] if said else ''}"


def _character_runs(text: str) -> NDArray[np.int64]:
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32).astype(np.uint64)
    runs = [np.empty(0, np.uint64)]
    for size in CHARACTER_RUNS:
        if codes.size >= size:
            windows = np.lib.stride_tricks.sliding_window_view(codes, size)  # (runs, size)
            runs.append(
                (windows * _MULTIPLIERS[:size]).sum(axis=1, dtype=np.uint64) + np.uint64(size)
            )
    return _scattered(np.concatenate(runs))


def _scattered(numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
    """To places, by Fibonacci hashing. Source: Knuth, volume 3, section 6.4."""
    places: NDArray[np.int64] = ((numbers * _MULTIPLIERS[0]) >> _SHIFT).astype(np.int64)
    return places
