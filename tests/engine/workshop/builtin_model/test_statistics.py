from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.workshop.builtin_model.evaluation.statistics import (
    Floats,
    auc,
    mean_auc,
    mid_ranks,
    pairwise_accuracy,
    spearman,
)

SCORES = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30).map(np.array)


def counted(good: Floats, bad: Floats) -> float:
    """By its definition: the share of pairs that are in order, ties as one half."""
    above = (good[:, None] > bad[None, :]).sum()
    return float(above + (good[:, None] == bad[None, :]).sum() / 2) / (good.size * bad.size)


@given(SCORES, SCORES)
def test_auc_is_the_share_of_ordered_pairs_and_lies_in_its_interval(
    good: Floats, bad: Floats
) -> None:
    figure = auc(good, bad)
    assert figure.value == pytest.approx(counted(good, bad))
    assert 0 <= figure.low <= figure.value + 1e-12
    assert figure.value - 1e-12 <= figure.high <= 1
    assert figure.rows == bad.size
    swapped = auc(bad, good)
    assert swapped.value == pytest.approx(1 - figure.value)
    assert (swapped.low, swapped.high) == pytest.approx((1 - figure.high, 1 - figure.low), abs=1e-6)


@given(SCORES, st.lists(SCORES, min_size=1, max_size=4))
def test_every_kind_has_the_same_weight_in_the_mean(good: Floats, kinds: list[Floats]) -> None:
    expected = sum(counted(good, bad) for bad in kinds) / len(kinds)
    assert mean_auc(good, kinds).value == pytest.approx(expected)


def test_delongs_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    dice = np.random.default_rng(7)
    truth = 0.5 * math.erfc(-0.5)  # two normals one standard deviation apart
    held = 0
    for _ in range(400):
        figure = auc(dice.normal(1, 1, 120), dice.normal(0, 1, 60))
        held += figure.low <= truth <= figure.high
    assert 0.92 <= held / 400 <= 0.98


def test_the_spread_of_a_mean_is_that_of_repeated_draws() -> None:
    dice = np.random.default_rng(8)
    drawn = [
        mean_auc(dice.normal(0.8, 1, 80), [dice.normal(0, 1, 40), dice.normal(-0.7, 1, 20)])
        for _ in range(400)
    ]
    widths = np.array([figure.high - figure.low for figure in drawn]) / (2 * 1.96)
    spread = np.std([figure.value for figure in drawn])
    assert float(widths.mean()) == pytest.approx(float(spread), rel=0.12)


def test_telling_all_apart_still_leaves_doubt() -> None:
    few, many = auc(np.ones(5), np.zeros(5)), auc(np.ones(500), np.zeros(500))
    assert few.value == many.value == few.high == 1
    assert few.low < 0.8
    assert 0.99 < many.low < 1


def test_an_auc_of_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="good rows and bad rows"):
        auc(np.array([]), np.array([1.0]))


def test_wilsons_interval_and_ties_as_one_half() -> None:
    better = np.concatenate((np.ones(81), np.zeros(182)))
    figure = pairwise_accuracy(better, np.full(263, 0.5))
    # Newcombe 1998, table I: 81 of 263 is .2553 to .3662.
    assert (figure.low, figure.high) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert pairwise_accuracy(np.zeros(10), np.zeros(10)).value == 0.5


def test_mid_ranks_share_what_is_equal() -> None:
    assert mid_ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1, 3.5, 2]


@given(SCORES)
def test_spearman_of_a_rising_function_is_one(values: Floats) -> None:
    figure = spearman(values, values**3)
    assert figure.value == pytest.approx(1.0 if len(set(values.tolist())) > 1 else 0.0)
    assert -1 <= figure.low <= figure.value <= figure.high <= 1


def test_spearmans_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    dice = np.random.default_rng(6)
    slope = 0.8
    truth = 6 / math.pi * math.asin(slope / math.sqrt(1 + slope**2) / 2)  # of two normals
    held = 0
    for _ in range(400):
        first = dice.normal(size=80)
        figure = spearman(first, slope * first + dice.normal(size=80))
        held += figure.low <= truth <= figure.high
    assert 0.92 <= held / 400 <= 0.98


def test_spearman_by_groups_is_less_sure_than_by_rows() -> None:
    dice = np.random.default_rng(9)
    groups = np.repeat(np.arange(30), 8)
    of_group = dice.normal(size=30)[groups]
    first, second = of_group + dice.normal(0, 0.1, 240), of_group + dice.normal(0, 1, 240)
    by_row, by_group = spearman(first, second), spearman(first, second, groups)
    assert by_row.value == by_group.value
    assert by_row.low < by_row.value < by_row.high
    assert by_group.high - by_group.low > 1.5 * (by_row.high - by_row.low)
    assert spearman(first, second, groups) == by_group
