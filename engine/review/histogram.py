"""True counts of scores in equal bins on one axis, split into what is kept and what is dropped.

Counting a million scores takes a few frames, moving the threshold over the counts takes none:
the bins are counted when scores or verdicts change, the split is made when the threshold moves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import Verdict
from engine.review.threshold import Direction, Threshold


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts per bin; bin i holds edges[i] <= score < edges[i + 1], the last its upper edge too."""

    edges: NDArray[np.float64]  # (bins + 1,)
    kept: NDArray[np.int64]  # (bins,)
    dropped: NDArray[np.int64]  # (bins,)


@dataclass(frozen=True, slots=True)
class ScoreBins:
    """Counts of readable, scored rows per bin, by what a person said of them."""

    edges: NDArray[np.float64]  # (bins + 1,)
    by_rule: NDArray[np.int64]  # (bins,) undecided or skipped: the threshold decides
    accepted: NDArray[np.int64]  # (bins,)
    rejected: NDArray[np.int64]  # (bins,)

    def split(self, threshold: Threshold | None, kept_by_rule: int) -> Histogram:
        """The kept and dropped part of every bin.

        Args:
            threshold: None drops nothing and keeps nothing by rule; all counts show as dropped.
            kept_by_rule: rows that the threshold keeps, from `policy.Tally`; it tells the kept
                part of the one bin that the threshold cuts through.
        """
        kept = np.zeros_like(self.by_rule)
        if threshold is not None:
            at_least = threshold.direction is Direction.AT_LEAST
            inside = (
                self.edges[:-1] >= threshold.value if at_least else self.edges[1:] < threshold.value
            )
            kept[inside] = self.by_rule[inside]
            cut = int(np.searchsorted(self.edges, threshold.value, side="right")) - 1
            if 0 <= cut < len(kept) and not inside[cut]:
                left = kept_by_rule - int(kept.sum())
                kept[cut] = min(max(left, 0), int(self.by_rule[cut]))
        return Histogram(self.edges, kept + self.accepted, self.by_rule - kept + self.rejected)


def axis(low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Edges of `bins` equal bins whose ends are round numbers at or beyond `low` and `high`.

    Round ends keep the axis still while new scores widen the range a little.
    """
    if high <= low:
        low, high = low - 0.5, high + 0.5
    step = nice_step((high - low) / 10)
    return np.linspace(math.floor(low / step) * step, math.ceil(high / step) * step, bins + 1)


def nice_step(width: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above `width` (> 0)."""
    power = 10.0 ** math.floor(math.log10(width))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= width * (1 + 1e-9))


def count(
    scores: NDArray[np.float32],
    verdicts: NDArray[np.int8],
    broken: NDArray[np.bool_],
    bins: int,
) -> ScoreBins | None:
    """Count the scored rows into `bins`; None while nothing is scored.

    Args:
        scores: NaN where there is none.  (rows,)
        verdicts: (rows,)
        broken: rows that could not be read; not counted.  (rows,)
        bins: how many, at least 1.
    """
    # NaN fails both comparisons, so one pass finds the range without a copy.
    low, high = (
        float(np.fmin.reduce(scores, initial=np.nan)),
        float(np.fmax.reduce(scores, initial=np.nan)),
    )
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    edges = axis(low, high, bins)
    scale = bins / (edges[-1] - edges[0])
    known = (scores == scores) & ~broken  # noqa: PLR0124 - NaN is the only value unlike itself
    place = ((scores[known] - np.float32(edges[0])) * np.float32(scale)).astype(np.int32)
    np.clip(place, 0, bins - 1, out=place)
    said = verdicts[known]
    groups = np.zeros(4, np.int32)
    groups[Verdict.ACCEPT], groups[Verdict.REJECT] = bins, 2 * bins
    if said.any():
        place += groups[said]
    counts = np.bincount(place, minlength=3 * bins).reshape(3, bins)
    return ScoreBins(edges, counts[0], counts[1], counts[2])
