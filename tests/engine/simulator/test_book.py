"""The book's model, as it stands in the chapter, with its defects."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.simulator import Model, Point, book, predict
from engine.simulator.prediction import frontier


def chapter(thousands: float, noise: float, duplication: float) -> float:
    """The chapter's own lines, with its own units."""
    base = min(100, 18 * math.log10(1000 * thousands)) - 40
    penalty = noise / 100 * (0.8 * thousands + 10)
    if duplication <= 25:
        factor = 1 + 0.15 * duplication / 25
    else:
        factor = 1.15 - 0.6 * (duplication - 25) / 75
    return min(max((base - penalty) * factor, 0), 100)


@given(st.floats(1, 100), st.floats(0, 50), st.floats(0, 100))
def test_it_is_exact(thousands: float, noise: float, duplication: float) -> None:
    here = book.score(1000 * thousands, noise / 100, duplication / 100)
    assert float(here) == pytest.approx(chapter(thousands, noise, duplication), abs=1e-9)


def box() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    sizes, noises, copies = np.meshgrid(
        np.linspace(1, 100, 100), np.linspace(0, 50, 51), np.linspace(0, 100, 101), indexing="ij"
    )
    return 1000 * sizes, noises / 100, copies / 100


def test_its_largest_score_is_below_its_own_good() -> None:
    scores = book.score(*box())
    assert scores.max() == pytest.approx(57.5)
    assert book.grade(float(scores.max())) is book.Grade.FAIR


def test_at_high_noise_more_rows_lower_the_score() -> None:
    sizes = np.linspace(1_000, 100_000, 9_901)
    best = sizes[book.score(sizes, 0.5).argmax()]
    assert best == pytest.approx(19_500, abs=100)
    assert book.slope(30_000, 0.5) is None
    rate = book.slope(10_000, 0.1)
    assert rate is not None
    moved = book.score(10_000 + rate * 1e-4, 0.1 + 1e-4)
    assert float(moved) == pytest.approx(float(book.score(10_000, 0.1)), abs=1e-5)


def test_messages() -> None:
    assert book.message(85, 50_000, 0, 0.2) == "excellent balance"
    assert book.message(57, 100_000, 0, 0.25) == "good"
    assert book.message(20, 10_000, 0.4, 0.9) == "noise dominates"
    assert book.message(20, 10_000, 0.1, 0.9) == "duplication dominates"
    assert book.message(10, 2_000, 0.1, 0) == "too small"
    assert book.message(30, 10_000, 0.1, 0) == ""


def test_a_good_part_of_the_box_says_nothing() -> None:
    sizes, noises, copies = box()
    scores = book.score(sizes, noises, copies)
    silent = [
        book.message(*values) == ""
        for values in zip(
            scores[::7, ::5, ::5].ravel().tolist(),
            sizes[::7, ::5, ::5].ravel().tolist(),
            noises[::7, ::5, ::5].ravel().tolist(),
            copies[::7, ::5, ::5].ravel().tolist(),
            strict=True,
        )
    ]
    assert np.mean(silent) == pytest.approx(0.28, abs=0.06)


@pytest.mark.parametrize(
    ("points", "grade"), [(76, "good"), (75, "fair"), (41, "fair"), (40, "poor")]
)
def test_grades(points: float, grade: str) -> None:
    assert book.grade(points) == grade


def test_beyond_its_box_it_is_held_and_says_so() -> None:
    inside = predict(Model.BOOK, Point(100_000, 0.1))
    beyond = predict(Model.BOOK, Point(1_000_000, 0.1))
    assert beyond.performance == inside.performance
    assert beyond.clamped
    assert not inside.clamped
    assert predict(Model.BOOK, Point(10_000, 0.7)).clamped
    assert predict(Model.BOOK, Point(50, 0.1)).performance == 0.0


@given(st.floats(100, 1e5), st.floats(0, 0.5), st.floats(0, 1))
def test_the_terms_add_up_to_what_is_lost(rows: float, noise: float, duplication: float) -> None:
    prediction = predict(Model.BOOK, Point(rows, noise, duplication))
    assert sum(astuple(prediction.terms)) == pytest.approx(100 - prediction.performance, abs=1e-9)
    assert prediction.band is None


def test_its_frontier_is_reached_by_no_fewer_rows() -> None:
    line = frontier(Model.BOOK, 30, Point(10_000, 0.1))
    for noise, rows in zip(line.noise, line.rows, strict=True):
        assert book.score(rows, noise) >= 30 - 1e-6
        assert book.score(rows * 0.99, noise) < 30
    assert line.limit == pytest.approx(0.31)
    assert len(frontier(Model.BOOK, 70, Point(10_000, 0.1)).rows) == 0
