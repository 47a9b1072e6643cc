"""The book's model: the chapter's "Data Quality vs. Quantity Simulator", exactly as it is there.

S is the size in thousands of rows, n the noise and d the duplication in percent:

    base  = min(100, 18*log10(1000*S)) - 40
    pen   = n/100 * (0.8*S + 10)
    mult  = 1 + 0.15*d/25  up to d = 25, then 1.15 - 0.6*(d-25)/75
    score = clamp((base - pen) * mult, 0, 100)

Its known defects are told in `engine/help/simulator.md`: the largest score in the whole box is
57.5, so that its own "good" cannot be reached; full duplication gives x 0.55, not the -40 % of the
study it quotes; a quarter of duplicates gives +15 % where that study found +0.87 %; and at high
noise the score falls with size (at 50 % beyond 19.5 thousand rows).

Source: the interactive simulator of the source chapter.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SMALLEST_ROWS, LARGEST_ROWS = 100.0, 100_000.0
"""Beyond these the model is held at its ends; whoever shows it says so."""

LARGEST_NOISE = 0.5
"""The end of the chapter's slider."""


class Grade(StrEnum):
    """The chapter's colours."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


def _thousands(rows: ArrayLike) -> Floats:
    size: Floats = np.clip(np.asarray(rows, np.float64), SMALLEST_ROWS, LARGEST_ROWS) / 1000
    return size


def base(rows: ArrayLike) -> Floats:
    """What size alone gives, in points; below zero for very few rows."""
    points: Floats = np.minimum(100, 18 * np.log10(1000 * _thousands(rows))) - 40
    return points


def penalty(rows: ArrayLike, noise: ArrayLike) -> Floats:
    """What noise takes, in points; more of it in a larger dataset."""
    share = np.clip(np.asarray(noise, np.float64), 0, LARGEST_NOISE)
    points: Floats = share * (0.8 * _thousands(rows) + 10)
    return points


def multiplier(duplication: ArrayLike) -> Floats:
    """What duplication makes of the rest: up to 1.15 at a quarter, 0.55 at full."""
    percent = 100 * np.asarray(duplication, np.float64)
    factor: Floats = np.where(
        percent <= 25, 1 + 0.15 * percent / 25, 1.15 - 0.6 * (percent - 25) / 75
    )
    return factor


def score(rows: ArrayLike, noise: ArrayLike, duplication: ArrayLike = 0.0) -> Floats:
    """Estimated performance, in points from 0 to 100."""
    points: Floats = np.clip(
        (base(rows) - penalty(rows, noise)) * multiplier(duplication), 0.0, 100.0
    )
    return points


def slope(rows: float, noise: float) -> float | None:
    """dN/deps at an equal score: rows for one unit of noise; None where rows do not help."""
    size = float(_thousands(rows))
    per_thousand = 18 / (size * np.log(10)) - 0.8 * min(noise, LARGEST_NOISE)
    if per_thousand <= 0 or not SMALLEST_ROWS < rows < LARGEST_ROWS:
        return None
    return float(1000 * (0.8 * size + 10) / per_thousand)


def frontier(target: float, noise: ArrayLike, duplication: float = 0.0) -> Floats:
    """The fewest rows that give `target` at each noise; infinite where none in the box do.

    Found on a fine grid of sizes: with this penalty the score rises and then falls again.
    """
    sizes = np.geomspace(SMALLEST_ROWS, LARGEST_ROWS, 3001)  # (sizes,)
    shares = np.atleast_1d(np.asarray(noise, np.float64))
    reached = score(sizes[None, :], shares[:, None], duplication) >= target - 1e-9
    first = reached.argmax(axis=1)
    rows: Floats = np.where(reached.any(axis=1), sizes[first], np.inf)
    return rows


def grade(points: float) -> Grade:
    """The chapter's colour for a score."""
    if points > 75:
        return Grade.GOOD
    return Grade.FAIR if points > 40 else Grade.POOR


def message(points: float, rows: float, noise: float, duplication: float) -> str:
    """What the chapter says about a point; empty where it says nothing (its default state, too)."""
    if points > 80:
        return "excellent balance"
    if points > 50:
        return "good"
    if noise > 0.3:
        return "noise dominates"
    if duplication > 0.5:
        return "duplication dominates"
    return "too small" if _thousands(rows) < 5 else ""
