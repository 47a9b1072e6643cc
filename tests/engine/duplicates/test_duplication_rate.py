from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.duplicates.duplication_rate import kept_duplication
from engine.simulator.calibrated import R_STAR


def test_a_hot_cluster_counts_for_less_than_its_rows() -> None:
    labels = np.array([-1] * 900 + [0] * 100)
    found = kept_duplication(labels, np.ones(1000, np.bool_))
    assert found.effective_rows == pytest.approx(916, abs=0.5)
    assert (found.rows, found.groups, found.duplicate_rows) == (1000, 901, 99)
    assert found.duplication_rate == pytest.approx(0.099)
    assert (found.hot.tolist(), found.hot_sizes.tolist()) == ([0], [100])


def test_only_what_is_kept_counts_and_repeats_count() -> None:
    labels = np.array([0, 0, -1, -1, 1, 1])
    kept = np.array([True, False, True, False, True, True])
    found = kept_duplication(labels, kept)
    assert (found.rows, found.groups, found.duplicate_rows) == (4, 3, 1)
    boosted = kept_duplication(labels, kept, np.array([1, 1, 3, 9, 1, 1]))
    assert (boosted.rows, boosted.groups, boosted.duplication_rate) == (6, 3, 0.5)


def test_nothing_kept_is_no_duplication() -> None:
    found = kept_duplication(np.array([0, 0]), np.zeros(2, np.bool_))
    assert (found.rows, found.duplication_rate, found.effective_rows) == (0, 0.0, 0.0)


@given(st.lists(st.integers(-1, 3), max_size=40), st.data())
def test_the_worth_lies_between_the_groups_and_the_rows(
    labels: list[int], data: st.DataObject
) -> None:
    count = len(labels)
    repeats = data.draw(st.lists(st.integers(1, 50), min_size=count, max_size=count))
    found = kept_duplication(
        np.array(labels, np.int64), np.ones(count, np.bool_), np.array(repeats, np.int64)
    )
    assert found.rows == sum(repeats)
    assert found.groups == labels.count(-1) + len(set(labels) - {-1})
    assert found.groups <= found.effective_rows + 1e-9
    assert found.effective_rows <= found.rows + 1e-9
    assert found.effective_rows <= found.groups * (1 + R_STAR) + 1e-9
    assert all(size > 1 + R_STAR for size in found.hot_sizes.tolist())
