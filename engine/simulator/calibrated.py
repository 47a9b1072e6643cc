"""The calibrated model: performance from rows, noise and duplication, and its closed forms.

    P = 100 * exp(-(E_inf + A*N_eff**-alpha + B*eps**beta + D(d)))
    N_eff = N * phi(d)
    D(d) = c*d**p - b*(d/d0)*exp(1 - d/d0)

N is rows, eps the share of noisy rows in [0, 1), d the duplication rate in [0, 1]. Every function
works on numbers and on arrays that broadcast. What is known of a dataset's clusters replaces
N * phi(d); see `engine.simulator.duplication`.

It is a what-if aid and no forecast: see `engine/help/simulator.md` for what is calibrated on what.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

E_INF = 0.014
"""Error that no data removes. Illustrative: it makes 1,000 clean rows worth 88 points."""

A = 0.52
"""Error of volume at one row.

Source: anchored on AlpaGasus, arXiv 2307.08701 (9,229 of 52,002 rows kept; 3k < 6k < 9k)."""

ALPHA = 0.22
"""How fast the error of volume falls with rows.

Source: AlpaGasus as above, and LIMA, arXiv 2305.11206 (2k to 32k rows flat), which it misses: the
model still gains there."""

B = 1.24
"""Error of a dataset that is all noise.

Source: RobustFT, arXiv 2412.14922, Table 1, means over MMLU, ARC, PubMedQA, DROP and FPB after
fine-tuning with 30/50/70 % noise (72.32, 56.58, 43.78) against its denoised run (80.72)."""

BETA = 1.93
"""How sharply noise bites. Source: as `B`; against the untuned model (76.54) it would be 2.75."""

R_STAR = 15.387756
"""Duplicates of a row after which one more adds almost nothing.

Source: Muennighoff et al., data-constrained scaling, arXiv 2305.16264 (pre-training)."""

DUPLICATION_GAIN = 0.0088
"""b: error that the best duplication rate takes away.

Source: arXiv 2411.15821, abstract (TinyStories: +0.87 % at 25 % duplication)."""

DUPLICATION_HARM = 0.4795
"""c: error that full duplication adds. Source: as above (-40 % at 100 %, which it leaves
undefined)."""

DUPLICATION_BEST = 0.271
"""d0: where the gain term is largest. Illustrative, set so that the whole peaks at .25."""

DUPLICATION_POWER = 6.15
"""p: how late the harm sets in. Illustrative: only its two ends are published."""

DUPLICATION_REACH = 0.99
"""Share of `d` that counts as duplicates in `phi`: at 1 no row would be left that they
duplicate."""


def phi(duplication: ArrayLike) -> Floats:
    """Effective rows per row, if the duplicates are spread evenly over the distinct rows."""
    duplicated = DUPLICATION_REACH * np.asarray(duplication, np.float64)
    per_row = duplicated / (1 - duplicated)  # duplicates of each distinct row
    effective: Floats = (1 - duplicated) * (1 - R_STAR * np.expm1(-per_row / R_STAR))
    return effective


def duplication_term(duplication: ArrayLike) -> Floats:
    """D(d): error added by duplication; negative where a few duplicates help."""
    share = np.asarray(duplication, np.float64)
    gain = DUPLICATION_GAIN * (share / DUPLICATION_BEST) * np.exp(1 - share / DUPLICATION_BEST)
    harm: Floats = DUPLICATION_HARM * share**DUPLICATION_POWER - gain
    return harm


def volume_term(effective_rows: ArrayLike) -> Floats:
    """A*N_eff**-alpha: error for want of rows."""
    term: Floats = A * np.asarray(effective_rows, np.float64) ** -ALPHA
    return term


def noise_term(noise: ArrayLike) -> Floats:
    """B*eps**beta: error from noisy rows."""
    term: Floats = B * np.asarray(noise, np.float64) ** BETA
    return term


def performance(
    effective_rows: ArrayLike, noise: ArrayLike, duplication: ArrayLike = 0.0
) -> Floats:
    """P, in points from 0 to 100.

    Args:
        effective_rows: N_eff; `rows * phi(duplication)` where no clusters are known.
        noise: share of noisy rows, in [0, 1).
        duplication: rate, in [0, 1].
    """
    error = E_INF + volume_term(effective_rows) + noise_term(noise) + duplication_term(duplication)
    points: Floats = 100 * np.exp(-error)
    return points


def room(target: ArrayLike, duplication: ArrayLike = 0.0) -> Floats:
    """E0: the error that volume and noise may add together for `target` points."""
    left: Floats = (
        -np.log(np.asarray(target, np.float64) / 100) - E_INF - duplication_term(duplication)
    )
    return left


def noise_limit(target: ArrayLike, duplication: ArrayLike = 0.0) -> Floats:
    """The noise at which not even endless rows reach `target` points; NaN where none do."""
    left = room(target, duplication)
    limit: Floats = np.where(left > 0, np.maximum(left, 0) / B, np.nan) ** (1 / BETA)
    return limit


def frontier(
    target: ArrayLike,
    noise: ArrayLike,
    *,
    duplication: ArrayLike = 0.0,
    share: ArrayLike | None = None,
) -> Floats:
    """Rows that give `target` points at each noise: the iso-performance (Pareto) frontier.

    Args:
        target: points.
        noise: shares in [0, 1).
        duplication: rate.
        share: effective rows per row, where measured; `phi(duplication)` otherwise.

    Returns:
        Rows; infinite where no number of rows is enough.
    """
    left = room(target, duplication) - noise_term(noise)
    per_row = phi(duplication) if share is None else np.asarray(share, np.float64)
    with np.errstate(over="ignore", divide="ignore"):
        rows: Floats = np.where(left > 0, A / np.maximum(left, 1e-300), np.inf) ** (1 / ALPHA)
    needed: Floats = rows / per_row
    return needed


def elasticity(effective_rows: ArrayLike, noise: ArrayLike) -> Floats:
    """dlnN/dlneps at equal performance: per cent more rows for one per cent more noise."""
    relative: Floats = BETA * noise_term(noise) / (ALPHA * volume_term(effective_rows))
    return relative


def slope(rows: ArrayLike, noise: ArrayLike, share: ArrayLike = 1.0) -> Floats:
    """dN/deps at equal performance: rows for one unit of noise; a point of noise is .01 of it.

    Args:
        rows: N.
        noise: share.
        share: effective rows per row.
    """
    size, per_row = np.asarray(rows, np.float64), np.asarray(share, np.float64)
    steep: Floats = (
        (BETA * B / (ALPHA * A))
        * per_row**ALPHA
        * size ** (ALPHA + 1)
        * np.asarray(noise, np.float64) ** (BETA - 1)
    )
    return steep


def gain_per_log_row(
    effective_rows: ArrayLike, noise: ArrayLike, duplication: ArrayLike = 0.0
) -> Floats:
    """dP/dlnN: points for e times the rows, to first order."""
    points = performance(effective_rows, noise, duplication)
    gain: Floats = points * ALPHA * volume_term(effective_rows)
    return gain


def gain_per_noise(
    effective_rows: ArrayLike, noise: ArrayLike, duplication: ArrayLike = 0.0
) -> Floats:
    """dP/deps: points for one unit of noise, to first order; never positive."""
    points = performance(effective_rows, noise, duplication)
    loss: Floats = -points * BETA * B * np.asarray(noise, np.float64) ** (BETA - 1)
    return loss
