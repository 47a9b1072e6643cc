"""A score lies in the bin that a threshold at the bin's lower edge keeps, whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from engine.review.histogram import axis, bins_of, count
from engine.review.threshold import Direction, Threshold
from engine.simulator.cumulative_counts import CumulativeCounts

FEW_DIGITS = st.integers(-60, 60).map(lambda tenths: np.float32(tenths / 10))
ANY = st.floats(-1e6, 1e6, width=32).map(np.float32)
FAR = st.sampled_from([1e9, 1e9 + 64, 1e9 + 128, -3e9, 16777216.0, 16777218.0]).map(np.float32)
SCORES = st.one_of(
    *(arrays(np.float32, st.integers(1, 60), elements=each) for each in (FEW_DIGITS, ANY, FAR))
)


@given(scores=SCORES, bins=st.sampled_from([1, 7, 20, 78, 118, 512]))
def test_a_threshold_at_the_lower_edge_keeps_the_bin_and_those_above(
    scores: NDArray[np.float32], bins: int
) -> None:
    edges = axis(float(scores.min()), float(scores.max()), bins)
    assert edges[-1] > edges[0]
    place = bins_of(scores, edges)
    below = bins_of(scores, edges, upper_edge=True)
    for index in range(bins):
        keeps = Threshold(float(edges[index]), Direction.AT_LEAST).keeps(scores)
        inside = scores <= np.float32(edges[-1])
        if index:
            assert np.array_equal((place >= index)[inside], keeps[inside])
        keeps = Threshold(float(edges[index + 1]), Direction.AT_MOST).keeps(scores)
        if index < bins - 1:
            assert np.array_equal(below <= index, keeps)


@pytest.mark.parametrize("tenths", [3, 10, 47])
def test_scores_of_one_decimal_stand_in_their_own_bins(tenths: int) -> None:
    scores = (np.arange(-tenths, tenths + 1) / 10).astype(np.float32)
    first, last = axis(float(scores[0]), float(scores[-1]), 1)
    nobody = np.zeros(len(scores), np.int8)
    bins = count(scores, nobody, np.zeros(len(scores), np.bool_), round((last - first) * 20))
    assert bins is not None
    for threshold in scores[:-1].tolist():
        kept = int((scores >= threshold).sum())
        shown = bins.split(Threshold(threshold, Direction.AT_LEAST), kept)
        at = int(np.argmin(np.abs(shown.edges - threshold)))
        assert shown.edges[at] == pytest.approx(threshold, abs=1e-6)
        assert shown.kept[:at].sum() == 0
        assert shown.kept[at:].sum() == kept


@given(scores=SCORES, direction=st.sampled_from(Direction))
def test_the_sweep_counts_what_each_of_its_thresholds_keeps(
    scores: NDArray[np.float32], direction: Direction
) -> None:
    nobody, readable = np.zeros(len(scores), np.int8), np.zeros(len(scores), np.bool_)
    counts = CumulativeCounts(scores, nobody, readable, direction)
    swept = counts.over().rows
    for index in range(0, len(counts.thresholds), 37):
        threshold = Threshold(float(counts.thresholds[index]), direction)
        end = index == 0 if direction is Direction.AT_LEAST else index == len(swept) - 1
        if not end:
            assert swept[index] == counts.at(threshold).rows
    assert swept.max() == len(scores)
