"""How noisy the rows are that a threshold keeps: estimates, each with its source and interval.

It is always the share among the rows *kept*, never the share of rows under the threshold: taken
for noise, that one makes "keep everything", or its opposite, win whatever the data. A mixture of
two components fitted to the scores is not used either: on skewed scores it said .547 where the
truth was .079.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import UsageError
from engine.simulator.parsing import check_share

Floats = NDArray[np.float64]

_NORMAL = NormalDist()
_ERFC = np.frompyfunc(math.erfc, 1, 1)

START_NOISE = 0.17
"""Noise of the whole set until a person says otherwise. Source: Alpaca's share in the fit."""

START_AUC = 0.8
"""How well scores tell sound from bad rows until a person or a model's card says otherwise."""

NOISE_FACTOR = 1.5
"""An assumed noise is given this factor of doubt either way."""

AUC_MARGIN = 0.05
"""An assumed AUC is given this margin either way, where no card gives its own interval."""

AUC_RANGE = (0.5, 0.999)

CUT_STEP = 0.01
"""Of the binormal table, in standard deviations: interpolating on it is off by less than 1e-5."""


class NoiseSource(StrEnum):
    """Where a noise comes from."""

    LABELS = "labels"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class NoiseEstimate:
    """A share of noisy rows with what it rests on."""

    share: float
    low: float
    """5 % quantile."""
    high: float
    """95 % quantile."""
    source: NoiseSource


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is assumed of a dataset that nobody has labelled: two numbers, both shown."""

    noise: float = START_NOISE
    """Share of bad rows in the whole set, before any threshold."""
    auc: float = START_AUC
    """Chance that a sound row scores better than a bad one."""
    auc_low: float | None = None
    auc_high: float | None = None
    """The AUC's own interval, where it was measured."""
    auc_from: str = "assumed"
    """Where the AUC comes from, in words."""

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            UsageError: which of the two numbers, and why.
        """
        check_share("noise", self.noise, below=1.0)
        low, high = AUC_RANGE
        if not low <= self.auc <= high:
            meant = f"did you mean {self.auc / 100:.2f}?" if 50 <= self.auc < 100 else ""
            raise UsageError(f"an AUC lies between {low:g} and {high:g}, not {self.auc:g}", meant)

    def among_best(self, share: ArrayLike) -> tuple[Floats, Floats, Floats]:
        """Noise among the best-scored `share` of the rows, with both ends of its interval.

        Args:
            share: in (0, 1].  (n,) or a number.

        Returns:
            (noise, low, high), each of the shape of `share`.
        """
        low_auc = self.auc - AUC_MARGIN if self.auc_low is None else self.auc_low
        high_auc = self.auc + AUC_MARGIN if self.auc_high is None else self.auc_high
        bottom, top = AUC_RANGE
        return (
            noise_among_best(share, self.noise, self.auc),
            noise_among_best(share, self.noise / NOISE_FACTOR, min(high_auc, top)),
            noise_among_best(share, min(self.noise * NOISE_FACTOR, 0.99), max(low_auc, bottom)),
        )


def upper_tail(value: ArrayLike) -> Floats:
    """Phi(-x): how much of a standard normal lies above x."""
    tail: Floats = np.asarray(_ERFC(np.asarray(value, np.float64) / math.sqrt(2)), np.float64) / 2
    return tail


def noise_among_best(share: ArrayLike, noise: float, auc: float) -> Floats:
    """Noise among the best-scored `share` of rows, both kinds of scores normal (binormal model).

    With sound rows scored N(0, 1) and bad ones N(-delta, 1), delta = sqrt(2)*PhiInv(AUC), the cut
    c solves (1-e)*Phi(-c) + e*Phi(-c-delta) = q, and e*Phi(-c-delta)/q of what is kept is bad.

    Args:
        share: q, in (0, 1].  (n,) or a number.
        noise: e, of the whole set, in [0, 1).
        auc: in [.5, 1).

    Returns:
        Noise among the kept, in [0, 1), of the shape of `share`.
    """
    log_kept, among = _binormal(noise, auc)
    kept = np.log(np.clip(np.asarray(share, np.float64), 1e-12, 1.0))
    found: Floats = np.asarray(np.interp(kept, log_kept, among), np.float64)
    return found


@lru_cache(maxsize=32)
def _binormal(noise: float, auc: float) -> tuple[Floats, Floats]:
    """Log of the share kept, rising, and the noise among it, over a fine grid of cuts."""
    delta = math.sqrt(2) * _NORMAL.inv_cdf(auc)
    cut = np.arange(8.0, -8.0 - delta, -CUT_STEP)
    bad = noise * upper_tail(cut + delta)
    kept = (1 - noise) * upper_tail(cut) + bad
    return np.log(kept), np.minimum(bad / kept, noise)


def mean_with_help(labels: ArrayLike, guesses: ArrayLike, others: ArrayLike) -> tuple[float, float]:
    """Share of bad rows from few labels and a guess for every row (PPI++), with its standard error.

        theta = lam*mean(f over unlabelled) + mean(y - lam*f over labelled)
        lam   = Cov(y, f) / ((1 + n/N) * Var f), clipped to [0, 1]
        se²   = Var(lam*f)/N + Var(y - lam*f)/n

    Guesses may be on any scale: useless ones get lam = 0, which leaves the labels' own mean.

    Args:
        labels: y, 1 for bad.  (n,) n ≥ 2
        guesses: f of the labelled rows.  (n,)
        others: f of the unlabelled rows.  (N,) N ≥ 1

    Source: Angelopoulos, Duchi and Zrnic, PPI++, arXiv 2311.01453.
    """
    bad, known, rest = (np.asarray(part, np.float64) for part in (labels, guesses, others))
    labelled, unlabelled = len(bad), len(rest)
    spread = float(np.var(np.concatenate([known, rest]), ddof=1))
    shared = float(np.cov(bad, known)[0, 1])
    lam = min(max(shared / ((1 + labelled / unlabelled) * spread), 0.0), 1.0) if spread > 0 else 0.0
    left = bad - lam * known
    share = lam * float(rest.mean()) + float(left.mean())
    error = math.sqrt(
        lam * lam * float(rest.var()) / unlabelled + float(left.var(ddof=1)) / labelled
    )
    return min(max(share, 0.0), 1.0), error
