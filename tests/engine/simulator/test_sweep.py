"""From rows to a sweep: copies, ladders, and the story of AlpaGasus on planted data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.review.decision import Verdict
from engine.review.threshold import Direction, Threshold
from engine.simulator import Model, calibrated
from engine.simulator.advice import Step, advise, review_pace
from engine.simulator.cost import Savings, TrainingRun, training_cost
from engine.simulator.cumulative_counts import CumulativeCounts
from engine.simulator.duplication import (
    SINGLE,
    DuplicateGroups,
    Duplication,
    exact_duplicates,
    worth,
)
from engine.simulator.isotonic import BadByScore, Labels
from engine.simulator.noise import Assumption, NoiseSource
from engine.simulator.prediction import Point
from engine.simulator.sweep import Sweep, estimate, point, sweep


def duplication(sizes: Sequence[int]) -> Duplication:
    """From the size of every cluster; a row without a duplicate is a cluster of one."""
    counted = np.array([size for size in sizes if size], np.int64)
    return Duplication(int(counted.sum()), len(counted), float(worth(counted).sum()))


def clusters_of(groups: list[int]) -> DuplicateGroups:
    """Rows of one number are copies of each other."""
    numbers = np.array(groups, np.int64)
    names, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    shared = counts > 1
    new = np.where(shared, np.cumsum(shared) - 1, SINGLE)
    assert len(names) == len(new)
    return DuplicateGroups(new[place], int(shared.sum()), "test")


def ladder_of(
    scores: NDArray[np.float64] | list[float],
    *,
    verdicts: list[int] | None = None,
    clusters: DuplicateGroups | None = None,
    copies: list[int] | None = None,
    direction: Direction = Direction.AT_LEAST,
) -> CumulativeCounts:
    number = len(scores)
    return CumulativeCounts(
        np.array(scores, np.float32),
        np.zeros(number, np.int8) if verdicts is None else np.array(verdicts, np.int8),
        np.zeros(number, np.bool_),
        direction,
        clusters=clusters,
        copies=None if copies is None else np.array(copies, np.int64),
    )


def test_a_hot_cluster_is_worth_less_than_its_rate_says() -> None:
    hot = duplication([1] * 900 + [100])
    assert hot.effective == pytest.approx(916.36, abs=0.01)
    assert hot.hot
    even = 1000 * float(calibrated.phi(hot.rate))
    assert even == pytest.approx(999.6, abs=0.2)
    assert not duplication([2] * 100 + [1] * 800).hot
    assert duplication([]).rate == 0.0


@given(st.integers(1, 2000))
def test_another_copy_is_worth_less_than_the_one_before(copies: int) -> None:
    before, here, after = worth([copies - 1, copies, copies + 1])
    assert 0 <= after - here <= here - before + 1e-12
    assert here <= copies


def test_exact_repeats_are_found() -> None:
    dice = np.random.default_rng(2)
    table = dice.integers(0, 256, (50, 16), dtype=np.uint8)
    rows = np.r_[np.arange(50), [3, 3, 7], [9]]
    table[20, :8] = table[9, :8]  # half of a hash is not all of it
    found = exact_duplicates(table[rows])
    assert found.count == 3
    assert np.flatnonzero(found.of_row == found.of_row[3]).tolist() == [3, 50, 51]
    assert found.of_row[20] == SINGLE
    assert "exact" in found.found_by
    assert exact_duplicates(np.zeros((0, 16), np.uint8)).count == 0


@given(
    st.lists(
        st.tuples(
            st.integers(-9, 9), st.integers(0, 8), st.sampled_from([0, 1, 2, 3]), st.integers(1, 4)
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(-9, 9),
    st.sampled_from(list(Direction)),
)
def test_a_ladder_counts_what_a_threshold_keeps(
    rows: list[tuple[int, int, int, int]], bound: int, direction: Direction
) -> None:
    scores = np.array([row[0] for row in rows], np.float32)
    groups = [row[1] for row in rows]
    verdicts = np.array([row[2] for row in rows])
    copies = np.array([row[3] for row in rows])
    counts = ladder_of(
        scores.tolist(), verdicts=verdicts.tolist(), clusters=clusters_of(groups),
        copies=copies.tolist(), direction=direction,
    )  # fmt: skip
    threshold = Threshold(bound, direction)
    kept = threshold.keeps(scores) & (verdicts != Verdict.REJECT) | (verdicts == Verdict.ACCEPT)
    truth = duplication([copies[kept & (np.array(groups) == group)].sum() for group in range(9)])
    found = counts.at(threshold)
    assert found.rows == truth.rows
    assert found.distinct == truth.distinct
    assert float(found.effective) == pytest.approx(truth.effective, rel=1e-5)
    line = counts.over()
    at_edge = counts.at(Threshold(float(counts.thresholds[0]), direction))
    if direction is Direction.AT_LEAST:
        assert line.rows[0] == at_edge.rows
        assert float(line.effective[0]) == pytest.approx(float(at_edge.effective), rel=1e-5)


def planted(
    auc: float, *, noise: float = 0.17, number: int = 50_000
) -> tuple[CumulativeCounts, np.ndarray]:
    """Rows with known noise, and scores that tell it apart as well as `auc` says."""
    dice = np.random.default_rng(7)
    bad = dice.random(number) < noise
    delta = 2**0.5 * NormalDist().inv_cdf(auc)
    return ladder_of(dice.standard_normal(number) - delta * bad), bad


def best_of(line: Sweep) -> tuple[int, float]:
    best = line.best
    assert best is not None
    return best, float(line.performance[best])


def test_the_story_of_alpagasus() -> None:
    """Filtering pays, up to a point; and better scores make it pay more."""
    heights = []
    for auc in (0.65, 0.8, 0.95):
        counts, _ = planted(auc)
        line = sweep(counts, Assumption(noise=0.17, auc=auc), Model.CALIBRATED)
        best, height = best_of(line)
        assert 0 < line.rows[best] < 50_000
        assert height > line.performance[0] + 0.05
        assert height > line.performance[np.flatnonzero(line.rows >= 1)[-1]] + 1
        assert line.assumed
        heights.append(height)
    assert heights[0] < heights[1] < heights[2]


def test_the_sweep_agrees_with_the_planted_noise() -> None:
    counts, bad = planted(0.8)
    line = sweep(counts, Assumption(noise=0.17, auc=0.8), Model.CALIBRATED)
    scores = counts._scores
    for index in (20, 60, 100, 140):
        kept = scores >= np.float32(line.thresholds[index])
        assert line.rows[index] == pytest.approx(kept.sum(), abs=2)
        assert line.noise[index] == pytest.approx(bad[kept].mean(), abs=0.01)


def test_labels_lead_to_about_the_same_best_point_as_the_truth() -> None:
    counts, bad = planted(0.9)
    asked = np.random.default_rng(1).choice(50_000, 1_500, replace=False)
    fit = BadByScore(
        Labels(counts._scores[asked].astype(np.float64), bad[asked]), better_is_higher=True
    )
    line = sweep(counts, fit, Model.CALIBRATED)
    truth = sweep(counts, Assumption(noise=0.17, auc=0.9), Model.CALIBRATED)
    assert line.source is NoiseSource.LABELS
    assert not line.assumed
    assert 0 < line.rows[best_of(line)[0]] < 50_000
    assert truth.performance[best_of(line)[0]] == pytest.approx(best_of(truth)[1], abs=0.3)
    assert line.noise[0] == pytest.approx(bad.mean(), abs=0.03)


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("model", list(Model))
def test_a_sweep_is_whole_on_either_side(direction: Direction, model: Model) -> None:
    dice = np.random.default_rng(4)
    counts = ladder_of(dice.random(500), direction=direction)
    line = sweep(counts, Assumption(), model)
    known = np.isfinite(line.performance)
    assert known.sum() > 150
    assert (line.low[known] <= line.performance[known]).all()
    assert (line.high[known] >= line.performance[known]).all()
    order = line.rows if direction is Direction.AT_MOST else line.rows[::-1]
    assert (np.diff(order) >= 0).all()


def test_the_point_lies_on_the_sweep() -> None:
    counts, _ = planted(0.8)
    noise = Assumption(noise=0.2, auc=0.75)
    line = sweep(counts, noise, Model.CALIBRATED)
    threshold = Threshold(float(line.thresholds[90]))
    kept = counts.at(threshold)
    here = point(kept, estimate(counts, kept, threshold, noise))
    assert here is not None
    height = calibrated.performance(here.effective_rows, here.noise, here.duplication)
    assert float(height) == pytest.approx(float(line.performance[90]), abs=0.01)


def test_rows_accepted_by_hand_are_sound_and_without_scores_nothing_else_is_kept() -> None:
    counts = ladder_of([np.nan] * 4, verdicts=[1, 1, 2, 0])
    kept = counts.at(None)
    assert kept.rows == 2
    here = point(kept, None)
    assert here is not None
    assert here.noise == 0.0
    assert point(ladder_of([np.nan] * 3).at(None), None) is None
    half = ladder_of([0.5, 0.5, 0.5, 0.5], verdicts=[1, 1, 0, 0])
    threshold = Threshold(0.1)
    found = estimate(half, half.at(threshold), threshold, Assumption(noise=0.4))
    assert found.share == pytest.approx(0.2)
    nothing = sweep(ladder_of([0.2, 0.4], verdicts=[2, 2]), Assumption(), Model.CALIBRATED)
    assert nothing.best is None


def test_advice_is_ordered_by_what_it_brings() -> None:
    counts, _ = planted(0.9, number=5_000)
    noise = Assumption(noise=0.17, auc=0.9)
    line = sweep(counts, noise, Model.CALIBRATED)
    threshold = Threshold(-9.0)
    kept = counts.at(threshold)
    found = estimate(counts, kept, threshold, noise)
    here = point(kept, found)
    assert here is not None
    advice = advise(here, line, review_pace([]), found, threshold.value)
    assert [one.gain for one in advice] == sorted((one.gain for one in advice), reverse=True)
    strict = next(one for one in advice if one.step is Step.THRESHOLD)
    assert strict.stricter
    assert strict.assumed
    assert strict.gain > 0.5
    review = next(one for one in advice if one.step is Step.REVIEW)
    assert review.rows == pytest.approx(240)
    # An hour of review takes 240 * .17 bad rows away; the derivative is near the whole step.
    bad = 240 * here.noise
    after = calibrated.performance(here.rows - bad, here.noise - bad / here.rows)
    assert review.gain == pytest.approx(
        float(after - calibrated.performance(here.rows, here.noise)), rel=0.05
    )


def test_dropping_duplicates_pays_only_where_there_are_too_many() -> None:
    pace = review_pace([])
    few = advise(Point(10_000, 0.1, 0.2), None, pace, None, None)
    many = advise(Point(10_000, 0.1, 0.9), None, pace, None, None)
    gains = [
        next(one.gain for one in advice if one.step is Step.DUPLICATES) for advice in (few, many)
    ]
    assert gains[0] < 0 < gains[1]
    assert not any(
        one.step is Step.DUPLICATES for one in advise(Point(9, 0), None, pace, None, None)
    )


def test_the_pace_of_review_leaves_pauses_out() -> None:
    working = [10.0 * n for n in range(30)]
    assert review_pace(working).rows_per_hour == pytest.approx(360)
    after_lunch = [3600.0 + 10 * n for n in range(30)]
    assert review_pace(working + after_lunch).rows_per_hour == pytest.approx(360)
    assert review_pace(working).measured
    assert not review_pace(working[:5]).measured


def test_alpagasus_as_the_worked_example() -> None:
    run = TrainingRun()
    whole = training_cost(run, 52_002, 52_002 * 78)
    kept = training_cost(run, 9_229, 9_229 * 78)
    assert whole.seconds / 60 == pytest.approx(80)
    assert whole.price == pytest.approx(27.31)
    assert round(kept.seconds / 60) == 14
    assert 14 / 60 * run.price_per_hour == pytest.approx(4.78, abs=0.005)
    saved = Savings(whole, kept).saved
    assert saved.rows == 42_773
    assert saved.tokens == 42_773 * 78
    assert saved.seconds / 60 == pytest.approx(65.8, abs=0.1)
    assert saved.price == pytest.approx(22.46, abs=0.01)


def _labelled(
    seed: int, *, auc: float, labels: int = 100, rows: int = 4_000, noise: float = 0.15
) -> tuple[Sweep, NDArray[np.float64], NDArray[np.bool_]]:
    """A sweep by random labels, and what they were drawn from: every score, and who is bad."""
    dice = np.random.default_rng(seed)
    bad = dice.random(rows) < noise
    apart = math.sqrt(2) * NormalDist().inv_cdf(auc)
    scores = (dice.standard_normal(rows) - apart * bad).astype(np.float32)
    nobody, readable = np.zeros(rows, np.int8), np.zeros(rows, np.bool_)
    counts = CumulativeCounts(scores, nobody, readable, Direction.AT_LEAST)
    asked = dice.choice(rows, labels, replace=False)
    known = Labels(scores[asked].astype(np.float64), bad[asked], float(scores.min()))
    fit = BadByScore(known, better_is_higher=True)
    return sweep(counts, fit, Model.CALIBRATED), scores.astype(np.float64), bad


def test_of_scores_that_tell_nothing_no_threshold_is_called_better() -> None:
    """By simulation: rarely any is, though the fit always finds one that seems to be."""
    called, seems = 0, 0
    for seed in range(60):
        line, scores, _ = _labelled(seed, auc=0.5)
        loosest = float(scores.min())
        assert line.best is not None
        seems += line.performance[line.best] > line.performance[line.place(loosest)] + 0.1
        called += line.clearly_better(loosest) is not None
    assert seems > 30, "or the test shows nothing"
    assert called <= 6  # 5 % of 60 are 3; 7 or more have a chance of 1 in 100


def test_of_scores_that_tell_a_threshold_is_called_better_and_is() -> None:
    called = gained = 0
    for seed in range(30):
        line, scores, bad = _labelled(seed, auc=0.95, noise=0.3, labels=200)
        best = line.clearly_better(float(scores.min()))
        if best is None:
            continue
        called += 1
        kept = scores >= line.thresholds[best]
        true = calibrated.performance(kept.sum(), bad[kept].mean())
        gained += bool(true > calibrated.performance(len(scores), bad.mean()))
    assert called >= 20
    assert gained >= 0.95 * called


def test_nothing_is_clearly_better_than_itself_or_by_few_labels() -> None:
    line, scores, _ = _labelled(1, auc=0.95, noise=0.3, labels=200)
    assert line.best is not None
    assert line.clearly_better(float(line.thresholds[line.best])) is None
    few, _, _ = _labelled(1, auc=0.95, noise=0.3, labels=8)
    assert few.clearly_better(float(scores.min())) is None
