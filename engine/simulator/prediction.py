"""What a model predicts of a dataset: performance, band, points lost by cause, rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import UsageError
from engine.simulator import book, calibrated
from engine.simulator.band import DRAWS, band
from engine.simulator.parsing import check_share

Floats = NDArray[np.float64]

SMALLEST_ROWS, LARGEST_ROWS = 100, 1_000_000
"""The slider's ends; a dataset under review may lie beyond them."""

LARGEST_NOISE = 0.5
"""The slider's end."""

POINT = 0.01
"""Of noise, as a share."""

FRONTIER_STEP = 0.01
FRONTIER_ROWS = 1e9
"""A frontier is listed in steps of one point of noise, up to this many rows."""


class Model(StrEnum):
    """Which of the two models is shown."""

    CALIBRATED = "calibrated"
    BOOK = "book"


@dataclass(frozen=True, slots=True)
class Point:
    """A dataset as the models see it."""

    rows: float
    """> 0."""
    noise: float
    """Share of noisy rows, in [0, 1)."""
    duplication: float = 0.0
    """Rate, in [0, 1]."""
    noise_low: float | None = None
    """Interval of the noise, where it is an estimate (90 %)."""
    noise_high: float | None = None
    measured_effective: float | None = None
    """Effective rows from real clusters; None: spread evenly, as the sliders have it."""

    @property
    def effective_rows(self) -> float:
        """N_eff."""
        if self.measured_effective is not None:
            return self.measured_effective
        return float(self.rows * calibrated.phi(self.duplication))

    @property
    def effective_share(self) -> float:
        """Effective rows per row."""
        return self.effective_rows / self.rows


@dataclass(frozen=True, slots=True)
class Terms:
    """Points lost, by cause; duplication may be negative, which is a gain."""

    volume: float
    noise: float
    duplication: float
    irreducible: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model predicts of a point."""

    model: Model
    point: Point
    performance: float
    """Points, 0 to 100."""
    band: tuple[float, float] | None
    """Where nine tenths of the draws lie; None for the book's model, which has none."""
    terms: Terms
    elasticity: float | None
    """dlnN/dlneps at equal performance; None where rows do not help."""
    slope: float | None
    """dN/deps at equal performance, in rows: a hundredth of it is rows per point, at the margin."""
    next_point: float | None
    """Rows that one whole point of noise more costs at equal performance, exactly: the slope grows
    along the way. Infinite where no number of rows makes up for it; None where rows do not help."""
    message: str
    """What the book says; empty where it says nothing, and for the other model."""
    clamped: bool
    """The book's model was held at the end of its box."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """Rows against noise at equal performance."""

    target: float
    """Points."""
    noise: Floats  # (n,) shares, rising
    rows: Floats  # (n,) finite
    limit: float | None
    """The noise beyond which no number of rows is enough; None: not even clean rows are."""


def check_point(point: Point) -> None:
    """Refuse what no dataset can be.

    Raises:
        UsageError: which number is wrong, and what was probably meant.
    """
    if not (math.isfinite(point.rows) and point.rows >= 1):
        raise UsageError(f"a dataset has at least one row, not {point.rows:g}", "10000, 52k or 1M")
    check_share("noise", point.noise, below=1.0)
    check_share("duplication", point.duplication)


def predict(model: Model, point: Point) -> Prediction:
    """What `model` predicts of `point`."""
    return _predict_by_book(point) if model is Model.BOOK else _predict_calibrated(point)


def _predict_calibrated(point: Point) -> Prediction:
    effective = point.effective_rows
    points = float(calibrated.performance(effective, point.noise, point.duplication))
    low, high = (float(end) for end in _band(point, effective, DRAWS))
    terms = (
        float(calibrated.volume_term(effective)),
        float(calibrated.noise_term(point.noise)),
        float(calibrated.duplication_term(point.duplication)),
        calibrated.E_INF,
    )
    each = (100 - points) / sum(terms)
    return Prediction(
        model=Model.CALIBRATED,
        point=point,
        performance=points,
        band=(low, high),
        terms=Terms(*(each * term for term in terms)),
        elasticity=float(calibrated.elasticity(effective, point.noise)),
        slope=float(calibrated.slope(point.rows, point.noise, point.effective_share)),
        next_point=_next_point(Model.CALIBRATED, points, point),
        message="",
        clamped=False,
    )


def _band(point: Point, effective_rows: ArrayLike, draws: int) -> tuple[Floats, Floats]:
    return band(
        effective_rows,
        point.noise,
        point.duplication,
        noise_low=point.noise_low,
        noise_high=point.noise_high,
        draws=draws,
    )


def _predict_by_book(point: Point) -> Prediction:
    rows, noise, duplication = point.rows, point.noise, point.duplication
    points = float(book.score(rows, noise, duplication))
    gross = max(float(book.base(rows)), 0.0)
    net = max(gross - float(book.penalty(rows, noise)), 0.0)
    rate = book.slope(rows, noise)
    return Prediction(
        model=Model.BOOK,
        point=point,
        performance=points,
        band=None,
        terms=Terms(100 - gross, gross - net, net - points, 0.0),
        elasticity=None if rate is None else rate * noise / rows,
        slope=rate,
        next_point=None if rate is None else _next_point(Model.BOOK, points, point),
        message=book.message(points, rows, noise, duplication),
        clamped=not book.SMALLEST_ROWS <= rows <= book.LARGEST_ROWS or noise > book.LARGEST_NOISE,
    )


def _next_point(model: Model, points: float, point: Point) -> float:
    """Rows beyond those of `point` for the same performance at one point of noise more."""
    if point.noise + POINT >= 1:
        return math.inf
    return float(frontier_rows(model, points, point, [point.noise + POINT])[0]) - point.rows


def frontier(model: Model, target: float, point: Point) -> Frontier:
    """Rows against noise for `target` points, at the duplication of `point`.

    Raises:
        UsageError: `target` is no number of points.
    """
    if not 0 < target < 100:
        raise UsageError(f"performance is between 0 and 100 points, not {target:g}")
    end = 0.5 if model is Model.BOOK else 1.0
    noise = np.arange(0.0, end + FRONTIER_STEP / 2, FRONTIER_STEP)
    noise = noise[noise < 1]
    rows = frontier_rows(model, target, point, noise)
    there = np.isfinite(rows) & (rows <= FRONTIER_ROWS)
    limit: float | None
    if model is Model.BOOK:
        limit = float(noise[there][-1]) if there.any() else None
    else:
        found = float(calibrated.noise_limit(target, point.duplication))
        limit = found if math.isfinite(found) else None
    return Frontier(target, noise[there], rows[there], limit)


def frontier_rows(model: Model, target: float, point: Point, noise: ArrayLike) -> Floats:
    """Rows for `target` points at each noise and the duplication of `point`, or infinity."""
    if model is Model.BOOK:
        return book.frontier(target, noise, point.duplication)
    return calibrated.frontier(
        target, noise, duplication=point.duplication, share=point.effective_share
    )


@dataclass(frozen=True, slots=True)
class Curve:
    """Performance over size at the noise and duplication of a point."""

    rows: Floats  # (n,) rising
    performance: Floats  # (n,)
    low: Floats | None  # (n,) None for the book's model
    high: Floats | None  # (n,)


def size_curve(model: Model, point: Point, rows: Floats, *, draws: int) -> Curve:
    """Performance over `rows` (n,), all else as at `point`; `draws` of the band, at most all."""
    if model is Model.BOOK:
        return Curve(rows, book.score(rows, point.noise, point.duplication), None, None)
    effective = rows * point.effective_share
    points = calibrated.performance(effective, point.noise, point.duplication)
    return Curve(rows, points, *_band(point, effective, draws))
