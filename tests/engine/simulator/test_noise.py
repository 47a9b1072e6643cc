"""Noise among the kept rows: assumed, from labels, and with its intervals."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.simulator.isotonic import BadByScore, Labels, isotonic
from engine.simulator.noise import (
    Assumption,
    mean_with_help,
    noise_among_best,
)
from engine.simulator.parsing import parse_percent, parse_rows
from engine.statistics import clopper_pearson_upper, exact_interval

shares = st.floats(0.001, 1.0)


@given(shares, st.floats(0, 0.9), st.floats(0.5, 0.99))
def test_the_binormal_cut_solves_its_equation(share: float, noise: float, auc: float) -> None:
    among = float(noise_among_best(share, noise, auc))
    phi = NormalDist()
    delta = 2**0.5 * phi.inv_cdf(auc)
    low, high = -8.0 - delta, 8.0
    for _ in range(80):
        cut = (low + high) / 2
        keeps = (1 - noise) * phi.cdf(-cut) + noise * phi.cdf(-cut - delta)
        low, high = (cut, high) if keeps > share else (low, cut)
    assert among == pytest.approx(noise * phi.cdf(-low - delta) / share, abs=2e-5)


@given(st.floats(0, 0.9), st.floats(0.5, 0.99))
def test_keeping_all_keeps_all_noise_and_chance_sorts_nothing(noise: float, auc: float) -> None:
    assert float(noise_among_best(1.0, noise, auc)) == pytest.approx(noise, abs=1e-9)
    assert float(noise_among_best(0.2, noise, 0.5)) == pytest.approx(noise, abs=1e-6)


@given(shares, shares, st.floats(0.01, 0.9), st.floats(0.51, 0.98), st.floats(0.001, 0.01))
def test_stricter_and_better_scores_are_cleaner(
    one: float, other: float, noise: float, auc: float, more: float
) -> None:
    few, many = sorted((one, other))
    assert noise_among_best(few, noise, auc) <= noise_among_best(many, noise, auc) + 1e-9
    assert noise_among_best(few, noise, auc + more) <= noise_among_best(few, noise, auc) + 1e-9


def test_simulated_scores_agree_with_the_binormal_model() -> None:
    dice = np.random.default_rng(3)
    noise, auc, number = 0.17, 0.8, 400_000
    bad = dice.random(number) < noise
    delta = 2**0.5 * NormalDist().inv_cdf(auc)
    scores = dice.standard_normal(number) - delta * bad
    for share in (0.9, 0.5, 0.18, 0.02):
        kept = scores >= np.quantile(scores, 1 - share)
        assert bad[kept].mean() == pytest.approx(
            float(noise_among_best(share, noise, auc)), abs=3e-3
        )


def test_an_assumption_has_an_interval_and_is_checked() -> None:
    share, low, high = (float(part) for part in Assumption().among_best(0.5))
    assert low < share < high
    known = Assumption(auc=0.8, auc_low=0.79, auc_high=0.81, auc_from="model card")
    narrow = [float(part) for part in known.among_best(0.5)]
    assert low < narrow[1] < narrow[2] < high
    Assumption(noise=0.0, auc=0.5).check()
    with pytest.raises(UsageError, match="noise is a share"):
        Assumption(noise=17).check()
    with pytest.raises(UsageError) as refused:
        Assumption(auc=80).check()
    assert "0.80" in refused.value.hint


def test_intervals_of_a_share() -> None:
    assert clopper_pearson_upper(0, 59) == pytest.approx(0.0495, abs=1e-4)
    assert clopper_pearson_upper(2, 100) == pytest.approx(0.0616, abs=1e-4)
    assert clopper_pearson_upper(5, 5) == 1.0
    low, high = exact_interval(10, 100, confidence=0.95)
    assert (low, high) == pytest.approx((0.0490, 0.1762), abs=1e-4)  # Newcombe 1998, Table I
    assert exact_interval(0, 30)[0] == 0
    assert exact_interval(3, 10, 10) == (0.3, 0.3), "all were looked at"
    assert exact_interval(0, 100, 10**7) == pytest.approx(exact_interval(0, 100), abs=1e-6)
    assert exact_interval(2, 100, 150)[1] < exact_interval(2, 100)[1]


@pytest.mark.parametrize(("population", "rows"), [(1, 1), (12, 5), (40, 15), (60, 59), (90, 30)])
def test_exact_bounds_hold_for_every_number_of_bad_rows(population: int, rows: int) -> None:
    """By brute force: every number of bad rows, every draw with its chance."""
    bounds = [exact_interval(bad, rows, population) for bad in range(rows + 1)]
    for all_bad in range(population + 1):
        chances = [
            math.comb(all_bad, bad)
            * math.comb(population - all_bad, rows - bad)
            / math.comb(population, rows)
            for bad in range(rows + 1)
        ]
        share = all_bad / population
        over = sum(c for c, (_, high) in zip(chances, bounds, strict=True) if share > high)
        under = sum(c for c, (low, _) in zip(chances, bounds, strict=True) if share < low)
        assert max(over, under) <= 0.05 + 1e-9


@pytest.mark.parametrize("rows", [1, 10, 59, 100, 300])
def test_bounds_without_a_population_hold_for_every_share(rows: int) -> None:
    bounds = np.array([exact_interval(bad, rows) for bad in range(rows + 1)])
    shares = np.r_[np.linspace(0, 1, 401), bounds.ravel() - 1e-9, bounds.ravel() + 1e-9]
    numbers = np.arange(rows + 1)
    ways = np.array(
        [math.lgamma(rows + 1) - math.lgamma(k + 1) - math.lgamma(rows - k + 1) for k in numbers]
    )
    for share in np.clip(shares, 1e-12, 1 - 1e-12):
        chances = np.exp(ways + numbers * np.log(share) + (rows - numbers) * np.log1p(-share))
        assert chances[share > bounds[:, 1]].sum() <= 0.05 + 1e-6
        assert chances[share < bounds[:, 0]].sum() <= 0.05 + 1e-6


@given(st.integers(1, 400), st.data())
def test_intervals_hold_the_share(rows: int, data: st.DataObject) -> None:
    bad = data.draw(st.integers(0, rows))
    low, high = exact_interval(bad, rows, data.draw(st.none() | st.integers(rows, 5000)))
    assert 0 <= low <= bad / rows + 1e-12
    assert bad / rows - 1e-12 <= high <= 1
    assert clopper_pearson_upper(bad, rows) >= bad / rows


def test_help_from_scores_narrows_and_useless_help_does_not_mislead() -> None:
    dice = np.random.default_rng(5)
    bad = dice.random(20_000) < 0.2
    guess = bad + 0.3 * dice.standard_normal(len(bad))
    asked = dice.choice(len(bad), 200, replace=False)
    rest = np.delete(np.arange(len(bad)), asked)
    share, error = mean_with_help(bad[asked], guess[asked], guess[rest])
    plain = bad[asked].std(ddof=1) / len(asked) ** 0.5
    assert abs(share - bad.mean()) < 3 * error
    assert error < 0.7 * plain
    useless = dice.standard_normal(len(bad))
    share, error = mean_with_help(bad[asked], -useless[asked] * 0, useless[rest])
    assert share == pytest.approx(bad[asked].mean())
    assert error == pytest.approx(plain)


def pool_adjacent(means: list[float], weights: list[float]) -> list[float]:
    """The textbook's way to a falling fit, as a check."""
    blocks: list[list[float]] = []
    for mean, weight in zip(means, weights, strict=True):
        blocks.append([mean, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            right, left = blocks.pop(), blocks.pop()
            total = left[1] + right[1]
            blocks.append(
                [(left[0] * left[1] + right[0] * right[1]) / total, total, left[2] + right[2]]
            )
    return [block[0] for block in blocks for _ in range(int(block[2]))]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.1, 5)), min_size=1, max_size=20))
def test_the_fit_is_the_isotonic_one(pairs: list[tuple[float, float]]) -> None:
    means, weights = [mean for mean, _ in pairs], [weight for _, weight in pairs]
    fitted = isotonic(means, weights)
    assert (np.diff(fitted) <= 1e-12).all()
    assert fitted == pytest.approx(pool_adjacent(means, weights), abs=1e-9)


def test_a_mean_without_weight_counts_for_nothing() -> None:
    assert isotonic([0.9, 0.1, 0.5, 0.9], [0, 1, 1, 0]) == pytest.approx([0.3, 0.3, 0.3, 0.3])
    assert isotonic([0.9, 0.6, 0.5, 0.2], [1, 0, 1, 0]) == pytest.approx([0.9, 0.5, 0.5, 0.5])


@pytest.mark.parametrize("higher", [True, False])
def test_labels_give_the_truth_back(higher: bool) -> None:
    dice = np.random.default_rng(11)
    sign = 1 if higher else -1
    scores = dice.random(3000)
    bad = dice.random(3000) < 0.6 * (1 - scores)
    fit = BadByScore(Labels(sign * scores, bad), better_is_higher=higher)
    asked = np.linspace(0.1, 0.9, 9)
    shares = fit.at(sign * asked)
    assert shares[0] == pytest.approx(0.6 * (1 - asked), abs=0.08)
    noise, low, high = fit.interval(shares, sign * asked)
    assert ((low <= noise) & (noise <= high)).all()
    inside = (low <= 0.6 * (1 - asked)) & (0.6 * (1 - asked) <= high)
    assert inside.mean() > 0.6


def test_no_bad_label_is_no_proof() -> None:
    labels = Labels(np.linspace(0, 1, 59), np.zeros(59, np.bool_))
    fit = BadByScore(labels, better_is_higher=True)
    at = np.array([0.0, 0.9, 2.0])
    noise, low, high = fit.interval(fit.at(at), at)
    assert noise.tolist() == [0, 0, 0]
    assert low.tolist() == [0, 0, 0]
    assert high[0] == pytest.approx(0.0495, abs=1e-4)
    assert high[1] > 0.3
    assert high[2] == 1.0  # nobody has looked there


@pytest.mark.parametrize(
    ("text", "rows"),
    [("10000", 10_000), ("52,002", 52_002), ("52k", 52_000), ("1.5M", 1_500_000), (" 7 ", 7)],
)
def test_sizes_as_people_type_them(text: str, rows: int) -> None:
    assert parse_rows(text) == rows


@pytest.mark.parametrize("text", ["", "0", "-5", "many", "1e", "k", "1 000 000 000 000 000 000"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        parse_rows(text)


def test_percent_as_people_type_it() -> None:
    assert parse_percent("17", "noise") == pytest.approx(0.17)
    assert parse_percent(" 2.5 %", "noise") == pytest.approx(0.025)
    for text in ("", "x", "101", "-1", "nan"):
        with pytest.raises(UsageError, match="noise"):
            parse_percent(text, "noise")
