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
    """Counts per bin; bin i holds edges[i] <= score < edges[i + 1], the last its upper edge too.

    The edges are float32 like scores and thresholds, so that a score lies in bin i or above it
    exactly where a threshold at that bin's lower edge keeps it.
    """

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
            value = float(np.float32(threshold.value))  # as scores are compared with it
            inside = self.edges[:-1] >= value if at_least else self.edges[1:] < value
            kept[inside] = self.by_rule[inside]
            cut = int(np.searchsorted(self.edges, value, side="right")) - 1
            if 0 <= cut < len(kept) and not inside[cut]:
                left = kept_by_rule - int(kept.sum())
                kept[cut] = min(max(left, 0), int(self.by_rule[cut]))
        return Histogram(self.edges, kept + self.accepted, self.by_rule - kept + self.rejected)


def axis(low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Edges of `bins` equal bins whose ends are round numbers at or beyond `low` and `high`.

    Round ends keep the axis still while new scores widen the range a little. All are values of
    float32: 0.1, 0.2, … would else lie on either side of the scores that are equal to them.
    """
    if high <= low:
        reach = max(0.5, 8 * float(np.spacing(np.float32(abs(low)))))
        low, high = low - reach, high + reach
    step = nice_step((high - low) / 10)
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    return np.linspace(first, last, bins + 1).astype(np.float32).astype(np.float64)


def bins_of(
    scores: NDArray[np.float32], edges: NDArray[np.float64], *, upper_edge: bool = False
) -> NDArray[np.int32]:
    """The bin of each score between `edges`; beyond an end, the bin at that end.  (n,) -> (n,).

    Args:
        scores: no NaN.  (n,)
        edges: rising, about equally far apart, values of float32.  (bins + 1,)
        upper_edge: a score on an edge lies below it, not above it.
    """
    bins, exact = len(edges) - 1, edges.astype(np.float32)
    if (np.diff(edges) < 4 * np.spacing(np.abs(exact).max())).any():
        # So narrow that rounding takes a score further than one bin.
        found = np.searchsorted(exact, scores, side="left" if upper_edge else "right") - 1
        held: NDArray[np.int32] = np.clip(found, 0, bins - 1).astype(np.int32)
        return held
    scale = np.float32(bins / (edges[-1] - edges[0]))
    place = ((scores - exact[0]) * scale).astype(np.int32)
    np.clip(place, 0, bins - 1, out=place)
    # Rounding may have put a score beside its bin, never further.
    over, under = (
        (scores > exact[1:][place], scores <= exact[:-1][place])
        if upper_edge
        else (scores >= exact[1:][place], scores < exact[:-1][place])
    )
    place += over
    place -= under
    clipped: NDArray[np.int32] = np.clip(place, 0, bins - 1, out=place)
    return clipped


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
    known = (scores == scores) & ~broken  # noqa: PLR0124 - NaN is the only value unlike itself
    place = bins_of(scores[known], edges)
    said = verdicts[known]
    groups = np.zeros(4, np.int32)
    groups[Verdict.ACCEPT], groups[Verdict.REJECT] = bins, 2 * bins
    if said.any():
        place += groups[said]
    counts = np.bincount(place, minlength=3 * bins).reshape(3, bins)
    return ScoreBins(edges, counts[0], counts[1], counts[2])
