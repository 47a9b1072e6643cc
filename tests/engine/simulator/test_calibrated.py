"""The calibrated model: golden values, properties, and closed forms against finite differences."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.help import page_text
from engine.simulator import Model, Point, calibrated, predict
from engine.simulator.band import SWEEP_DRAWS, band
from engine.simulator.prediction import Prediction, check_point, frontier, frontier_rows, size_curve

GOLDEN = [
    (1_000, 0.0, 0.0, 88.0061),
    (10_000, 0.1, 0.0, 90.7449),
    (10_000, 0.1, 0.25, 91.5321),
    (10_000, 0.1, 1.0, 54.4467),
    (52_002, 0.17, 0.0, 90.2791),
    (9_229, 0.03, 0.0, 91.8332),
    (100_000, 0.5, 0.0, 68.3371),
    (1_000, 0.5, 1.0, 37.3020),
]

rows_ = st.floats(100, 1e6)
noises = st.floats(0, 0.99)
duplications = st.floats(0, 1)
steps = st.floats(1e-3, 0.2)


def read(rows: float, noise: float, duplication: float = 0.0) -> Prediction:
    return predict(Model.CALIBRATED, Point(rows, noise, duplication))


def points(rows: float, noise: float, duplication: float = 0.0) -> float:
    return read(rows, noise, duplication).performance


@pytest.mark.parametrize(("rows", "noise", "duplication", "expected"), GOLDEN)
def test_golden_values(rows: float, noise: float, duplication: float, expected: float) -> None:
    assert points(rows, noise, duplication) == pytest.approx(expected, abs=1e-3)


@given(rows_, noises, duplications)
def test_performance_lies_between_its_ends(rows: float, noise: float, duplication: float) -> None:
    assert 0 < points(rows, noise, duplication) < 100


@given(rows_, noises, duplications, steps)
def test_performance_rises_with_rows(
    rows: float, noise: float, duplication: float, step: float
) -> None:
    assert points(rows * (1 + step), noise, duplication) > points(rows, noise, duplication)


@given(rows_, noises, duplications, steps)
def test_performance_falls_with_noise(
    rows: float, noise: float, duplication: float, step: float
) -> None:
    assert points(rows, noise + step, duplication) < points(rows, noise, duplication)


@given(rows_, noises, steps)
def test_doubling_brings_less_where_there_is_more_and_where_it_is_noisier(
    rows: float, noise: float, step: float
) -> None:
    def gain(size: float, share: float) -> float:
        return points(2 * size, share) - points(size, share)

    assert gain(rows * (1 + step), noise) < gain(rows, noise)
    assert gain(rows, noise + step) < gain(rows, noise)


def test_few_clean_rows_beat_many_noisy_ones_and_a_thousand_come_near() -> None:
    assert points(9_229, 0.03) > points(52_002, 0.17)
    assert abs(points(1_000, 0) - points(52_002, 0.17)) < 3


def test_the_worked_example_of_the_help_is_what_the_formula_says() -> None:
    text = " ".join(page_text("simulator").split())
    points = calibrated.performance(52_000, 0.17)
    some, none = (float(calibrated.frontier(points, noise)) / 1000 for noise in (0.03, 0.0))
    assert f"come out near {some:.1f}k ({none:.1f}k without any)" in text
    for rows, noise in ((some, 0.03), (none, 0.0)):
        assert calibrated.performance(1000 * rows, noise) == pytest.approx(float(points))


def test_duplication_helps_most_at_a_quarter_without_a_kink() -> None:
    shares = np.linspace(0, 1, 2001)
    effective = 10_000 * calibrated.phi(shares)
    curve = calibrated.performance(effective, 0.1, shares)
    best = int(curve.argmax())
    assert shares[best] == pytest.approx(0.25, abs=0.01)
    assert (np.diff(curve[: best + 1]) > 0).all()
    assert (np.diff(curve[best:]) < 0).all()
    # The far end of phi bends; up to there two neighbouring slopes never differ much.
    slopes = np.diff(curve[:1901]) / np.diff(shares[:1901])
    assert np.abs(np.diff(slopes)).max() < 1.0


def test_ratios_of_the_published_tables() -> None:
    clean = points(10_000, 0.1)
    assert points(10_000, 0.1, 0.25) / clean == pytest.approx(1.0087, abs=0.005)
    assert points(10_000, 0.1, 1.0) / clean == pytest.approx(0.600, abs=0.005)
    for noise, ratio in ((0.3, 0.896), (0.5, 0.701), (0.7, 0.542)):
        assert points(10_000, noise) / points(10_000, 0) == pytest.approx(ratio, abs=0.03)


def test_elasticity_and_slope_where_they_are_known() -> None:
    for rows, noise, expected in ((9_229, 0.03, 0.179), (10_000, 0.1, 1.864), (52_002, 0.17, 7.46)):
        assert read(rows, noise).elasticity == pytest.approx(expected, rel=3e-3)
    for rows, noise, expected in ((10_000, 0.1, 1_864), (52_002, 0.17, 22_825)):
        slope = read(rows, noise).slope
        assert slope is not None
        assert slope / 100 == pytest.approx(expected, abs=1)


def test_rows_for_88_points() -> None:
    point = Point(1_000, 0)
    rows = frontier_rows(Model.CALIBRATED, 88, point, [0, 0.1, 0.2, 0.291])
    assert rows[:3] == pytest.approx([997, 1_858, 20_849], abs=1)
    assert math.isinf(rows[3])
    line = frontier(Model.CALIBRATED, 88, point)
    assert line.limit == pytest.approx(0.290, abs=5e-4)
    assert line.noise.max() < 0.2902
    assert np.isfinite(line.rows).all()


@given(rows_, st.floats(0.001, 0.6), st.floats(0, 0.95))
def test_the_frontier_goes_through_its_own_point(
    rows: float, noise: float, duplication: float
) -> None:
    here = points(rows, noise, duplication)
    back = frontier_rows(Model.CALIBRATED, here, Point(rows, noise, duplication), noise)
    assert float(back) == pytest.approx(rows, rel=1e-6)


@given(rows_, st.floats(0.01, 0.6), st.floats(0, 0.95))
def test_closed_forms_agree_with_finite_differences(
    rows: float, noise: float, duplication: float
) -> None:
    prediction = read(rows, noise, duplication)
    effective = prediction.point.effective_rows
    h = 1e-5
    up, down = (points(rows * math.exp(s), noise, duplication) for s in (h, -h))
    by_rows = float(calibrated.gain_per_log_row(effective, noise, duplication))
    assert by_rows == pytest.approx((up - down) / (2 * h), rel=1e-4)
    up, down = (points(rows, noise + s, duplication) for s in (h, -h))
    by_noise = float(calibrated.gain_per_noise(effective, noise, duplication))
    assert by_noise == pytest.approx((up - down) / (2 * h), rel=1e-4)
    assert prediction.elasticity == pytest.approx(-by_noise * noise / by_rows, rel=1e-6)
    assert prediction.slope == pytest.approx(-by_noise / (by_rows / rows), rel=1e-6)


@given(rows_, st.floats(0.01, 0.5))
def test_the_chapters_derivation(rows: float, noise: float) -> None:
    """dE = 0 along E = A*N**-alpha + B*eps**beta: a small step along the slope keeps the error."""
    a, alpha, b, beta = calibrated.A, calibrated.ALPHA, calibrated.B, calibrated.BETA
    slope = (beta * b / (alpha * a)) * rows ** (alpha + 1) * noise ** (beta - 1)
    assert float(calibrated.slope(rows, noise)) == pytest.approx(slope, rel=1e-9)

    def error(size: float, share: float) -> float:
        return float(a * size**-alpha + b * share**beta)

    step = 1e-7 * min(noise, rows / slope)
    moved = error(rows + slope * step, noise + step)
    beside = error(rows, noise + step)
    assert abs(moved - error(rows, noise)) < 1e-3 * abs(beside - error(rows, noise))
    relative = slope * noise / rows
    assert float(calibrated.elasticity(rows, noise)) == pytest.approx(relative, rel=1e-9)


@pytest.mark.parametrize(
    ("rows", "noise", "low", "high"),
    [(10_000, 0.1, 87.3, 92.9), (52_002, 0.17, 85.2, 93.3), (300, 0.05, 82.8, 87.0)],
)
def test_the_band_where_it_is_published(rows: float, noise: float, low: float, high: float) -> None:
    assert read(rows, noise).band == pytest.approx((low, high), abs=0.06)
    ends = band(rows, noise, draws=SWEEP_DRAWS)
    assert [float(end) for end in ends] == pytest.approx([low, high], abs=0.35)


@given(rows_, noises, duplications)
def test_the_band_holds_the_point(rows: float, noise: float, duplication: float) -> None:
    prediction = read(rows, noise, duplication)
    assert prediction.band is not None
    assert 0 <= prediction.band[0] <= prediction.performance <= prediction.band[1] <= 100


def test_an_interval_of_the_noise_widens_the_band() -> None:
    known = predict(Model.CALIBRATED, Point(10_000, 0.1)).band
    doubted = predict(Model.CALIBRATED, Point(10_000, 0.1, 0, 0.02, 0.3)).band
    assert known is not None
    assert doubted is not None
    assert doubted[0] < known[0] - 1
    assert doubted[1] > known[1]


@given(rows_, noises, duplications)
def test_the_terms_add_up_to_what_is_lost(rows: float, noise: float, duplication: float) -> None:
    prediction = read(rows, noise, duplication)
    assert sum(astuple(prediction.terms)) == pytest.approx(100 - prediction.performance, abs=1e-9)
    assert prediction.terms.volume > 0
    assert prediction.terms.irreducible > 0


def test_a_quarter_of_duplicates_is_a_gain_and_all_of_them_a_loss() -> None:
    assert read(10_000, 0.1, 0.25).terms.duplication < 0
    assert read(10_000, 0.1, 0.9).terms.duplication > 5


def test_measured_clusters_replace_the_even_spread() -> None:
    spread = predict(Model.CALIBRATED, Point(1_000, 0.1, 0.5))
    hot = predict(Model.CALIBRATED, Point(1_000, 0.1, 0.5, measured_effective=516.0))
    assert hot.performance < spread.performance
    back = frontier_rows(Model.CALIBRATED, hot.performance, hot.point, 0.1)
    assert float(back) == pytest.approx(1_000)


def test_a_curve_over_sizes_passes_the_point_and_stays_in_its_band() -> None:
    sizes = np.geomspace(100, 1e6, 41)
    curve = size_curve(Model.CALIBRATED, Point(10_000, 0.1), sizes, draws=SWEEP_DRAWS)
    assert curve.low is not None
    assert curve.high is not None
    assert np.interp(np.log(1e4), np.log(sizes), curve.performance) == pytest.approx(
        90.7449, abs=1e-3
    )
    assert ((curve.low <= curve.performance) & (curve.performance <= curve.high)).all()


@pytest.mark.parametrize(
    ("point", "what", "hint"),
    [
        (Point(0, 0), "at least one row", "52k"),
        (Point(1000, 10), "noise is a share", "did you mean 0.10?"),
        (Point(1000, 1.0), "less than 1", "did you mean 0.01?"),
        (Point(1000, -0.1), "noise is a share", ""),
        (Point(1000, 0, 100), "duplication is a share", "did you mean 1.00?"),
        (Point(1000, math.nan), "noise is a share", ""),
    ],
)
def test_what_no_dataset_can_be_is_refused(point: Point, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_point(point)
    assert what in refused.value.message
    assert hint in refused.value.hint


def test_a_frontier_needs_points_between_its_ends() -> None:
    for target in (0, 100, -3):
        with pytest.raises(UsageError, match="between 0 and 100"):
            frontier(Model.CALIBRATED, target, Point(1000, 0))
    beyond = frontier(Model.CALIBRATED, 99.9, Point(1000, 0))
    assert len(beyond.rows) == 0
    assert beyond.limit is None
