"""What the simulator says, as plain values for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from engine.simulator.advice import Advice
from engine.simulator.cost import Savings
from engine.simulator.duplication import EXACT_ONLY, Duplication
from engine.simulator.noise import NoiseEstimate
from engine.simulator.prediction import Curve, Frontier, Prediction
from engine.simulator.sweep import Sweep

NOTE = (
    "a what-if aid fitted to published tables, not a forecast; what is illustrative in it: "
    "tamis simulate --about"
)


def prediction_values(prediction: Prediction, line: Frontier) -> dict[str, Any]:
    """A point, its performance, band, terms and rates, and the line of equal performance."""
    point = prediction.point
    return {
        "model": prediction.model.value,
        "rows": point.rows,
        "noise": point.noise,
        "duplication": point.duplication,
        "effective_rows": point.effective_rows,
        "performance": prediction.performance,
        "band": None if prediction.band is None else list(prediction.band),
        "terms": asdict(prediction.terms),
        "elasticity": prediction.elasticity,
        "slope": prediction.slope,
        "rows_for_next_point": None
        if prediction.next_point is None or not math.isfinite(prediction.next_point)
        else prediction.next_point,
        "frontier": [dict(zip(FRONTIER_COLUMNS, row, strict=True)) for row in frontier_table(line)],
        "frontier_performance": line.target,
        "frontier_noise_limit": line.limit,
        "message": prediction.message,
        "clamped": prediction.clamped,
        "note": NOTE,
    }


def noise_values(noise: NoiseEstimate, **more: object) -> dict[str, Any]:
    """A noise with its source and interval."""
    return {
        "share": noise.share,
        "interval": [noise.low, noise.high],
        "source": noise.source.value,
        **more,
    }


def duplication_values(duplication: Duplication, found_by: str) -> dict[str, Any]:
    """The duplicates among the kept rows."""
    return {
        "rate": duplication.rate,
        "distinct": duplication.distinct,
        "effective_rows": duplication.effective,
        "hot_clusters": duplication.hot,
        # Programs have read these words from the start.
        "found_by": "exact repeats only" if found_by == EXACT_ONLY else found_by,
    }


def cost_values(savings: Savings) -> dict[str, Any]:
    """Training on all rows, on the kept ones, and the difference."""
    return {
        "whole": asdict(savings.whole),
        "kept": asdict(savings.kept),
        "saved": asdict(savings.saved),
    }


SWEEP_COLUMNS = (
    "threshold",
    "rows",
    "noise",
    "noise_low",
    "noise_high",
    "duplication",
    "performance",
    "low",
    "high",
)


def sweep_table(line: Sweep) -> list[list[float]]:
    """A row of `SWEEP_COLUMNS` for each threshold that keeps anything."""
    names = ("thresholds", *SWEEP_COLUMNS[1:])
    table = np.column_stack([getattr(line, name) for name in names])
    rows: list[list[float]] = table[np.isfinite(line.performance)].tolist()
    return rows


def sweep_values(line: Sweep, threshold: float | None) -> dict[str, Any]:
    """The best point of a sweep, whether it is clearly better than `threshold`, and all of it."""
    table = [dict(zip(SWEEP_COLUMNS, row, strict=True)) for row in sweep_table(line)]
    best = line.best
    return {
        "best": None
        if best is None
        else {
            "threshold": float(line.thresholds[best]),
            "rows": float(line.rows[best]),
            "performance": float(line.performance[best]),
            "under_these_assumptions": line.assumed,
            "clearly_better_than_now": line.clearly_better(threshold) is not None,
        },
        "sweep": table,
    }


def advice_values(advice: Sequence[Advice]) -> list[dict[str, Any]]:
    """What could be done next, in points."""
    return [{**asdict(one), "step": one.step.value} for one in advice]


FRONTIER_COLUMNS = ("noise", "rows")
CURVE_COLUMNS = ("rows", "performance", "low", "high")


def frontier_table(line: Frontier) -> list[list[float]]:
    """A row of `FRONTIER_COLUMNS` for each noise."""
    return [
        [round(float(noise), 6), round(float(rows))]
        for noise, rows in zip(line.noise, line.rows, strict=True)
    ]


def curve_table(curve: Curve) -> list[list[float]]:
    """A row of `CURVE_COLUMNS` for each size; NaN where a model has no band."""
    nothing = np.full(len(curve.rows), np.nan)
    low = nothing if curve.low is None else curve.low
    high = nothing if curve.high is None else curve.high
    table: list[list[float]] = np.column_stack([curve.rows, curve.performance, low, high]).tolist()
    return table
