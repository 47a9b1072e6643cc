from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.duplicates import signatures as module
from engine.duplicates.settings import SCHEME
from engine.duplicates.signatures import Bands, sign

ROWS = st.lists(
    hnp.arrays(np.uint32, st.integers(0, 40), elements=st.integers(0, 2**32 - 1)), max_size=12
)


def datasketch_signature(hashes: np.ndarray, count: int, seed: int) -> np.ndarray:
    from datasketch import MinHash

    sketch = MinHash(num_perm=count, seed=seed, scheme=SCHEME, hashfunc=int)
    sketch.update_batch(hashes.tolist())
    return np.asarray(sketch.hashvalues)


def ragged(rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    starts = np.cumsum([0, *map(len, rows)])
    return np.concatenate([np.empty(0, np.uint32), *rows]), starts


@settings(max_examples=40)
@given(ROWS, st.sampled_from([1, 16, 128]), st.integers(0, 2**32 - 1))
def test_signatures_equal_those_of_datasketch_bit_for_bit(
    rows: list[np.ndarray], count: int, seed: int
) -> None:
    found = sign(*ragged(rows), count, seed)
    assert found.shape == (len(rows), count)
    for signature, hashes in zip(found, rows, strict=True):
        assert np.array_equal(signature, datasketch_signature(hashes, count, seed))


@settings(max_examples=40)
@given(ROWS)
def test_long_rows_and_small_blocks_change_nothing(rows: list[np.ndarray]) -> None:
    whole = sign(*ragged(rows), 16, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SEGMENT_SHINGLES", 3)
        patch.setattr(module, "BLOCK_SHINGLES", 8)
        assert np.array_equal(sign(*ragged(rows), 16, 1), whole)


@pytest.mark.parametrize(
    ("similarity", "count", "width"),
    [
        (0.5, 42, 3), (0.6, 42, 3), (0.7, 32, 4), (0.75, 25, 5), (0.8, 21, 6),
        (0.85, 18, 7), (0.9, 14, 9), (0.95, 9, 14), (1.0, 1, 128),
    ],
)  # fmt: skip
def test_bands_reach_the_recall(similarity: float, count: int, width: int) -> None:
    bands = Bands.for_similarity(similarity, 128)
    assert (bands.count, bands.width) == (count, width)
    assert bands.recall(similarity) >= 0.995


@given(st.floats(0.01, 1), st.integers(1, 256))
def test_bands_always_fit_and_no_wider_ones_would_do(similarity: float, count: int) -> None:
    bands = Bands.for_similarity(similarity, count)
    assert 1 <= bands.count * bands.width <= count
    if bands.width < count:
        wider = Bands(count // (bands.width + 1), bands.width + 1)
        assert wider.recall(similarity) < 0.995


def test_rows_agree_on_a_band_exactly_where_its_permutations_do() -> None:
    chance = np.random.default_rng(3)
    signatures = chance.integers(0, 3, (400, 12), dtype=np.uint32)
    bands = Bands(4, 3)
    for band in range(4):
        part = signatures[:, 3 * band : 3 * band + 3]
        keys = bands.keys(signatures, band)
        same = (part[:, None] == part[None]).all(axis=2)
        assert np.array_equal(keys[:, None] == keys[None], same)
