"""What was measured of a scorer that comes with tamis, as its own figures file says it.

The file is written by the evaluation that measured, never by hand; without it nothing is known.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from engine.scoring.kinds import find_kind

FILE = "figures.json"

CHANCE = 0.5
"""The AUC of a scorer that tells nothing; one that is worse cannot be simulated."""


@dataclass(frozen=True, slots=True)
class MeasuredAuc:
    """How well a scorer tells sound rows from bad ones, where that was measured."""

    value: float
    """Chance that a sound row scores better than a bad one."""
    low: float
    high: float
    """Ends of the interval, which is not of chance alone: what the bad rows are is not known."""
    source: str
    """What it was measured on, in words."""


@cache
def start_auc(spec: str) -> MeasuredAuc | None:
    """The AUC to start from for scorer `spec`; None where none was measured."""
    kind = find_kind(spec)
    if kind is None or not kind.figures:
        return None
    return read_start_auc(resources.files("engine.scoring").joinpath(kind.figures, FILE))


def read_start_auc(file: Traversable) -> MeasuredAuc | None:
    """The AUC in a figures file; None where there is no such file, or no usable AUC in it."""
    try:
        known = json.loads(file.read_text("utf-8"))["start_auc"]
        value, low, high = (float(known[name]) for name in ("value", "low", "high"))
        source = str(known.get("from", "its model card"))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if not (math.isfinite(value) and low <= value <= high <= 1 and value >= CHANCE):
        return None
    return MeasuredAuc(value, max(low, CHANCE), high, source)
