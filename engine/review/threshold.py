"""The threshold: a score bound that always states its direction.

It is set as a score, as a number of rows to keep, or as a share of them; the last two are rank
rules, see `engine.review.rank`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError


class Direction(StrEnum):
    """Which side of the threshold is kept; always said beside the number."""

    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score bound and the side of it that is kept.

    `guess` marks a value that nobody chose (the median of the scores so far).
    """

    value: float
    direction: Direction = Direction.AT_LEAST
    guess: bool = False

    def __str__(self) -> str:
        return f"score {self.direction.value} {self.value:.4g} keeps"

    def keeps(self, scores: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which scores are on the keeping side; NaN never is.  (rows,) -> (rows,)."""
        # Compared in float32, like the scores: 0.1 typed must equal 0.1 scored.
        bound = np.float32(self.value)
        kept: NDArray[np.bool_] = (
            scores >= bound if self.direction is Direction.AT_LEAST else scores <= bound
        )
        return kept


@dataclass(frozen=True, slots=True)
class ThresholdRequest:
    """What a person typed: a bound, a number of rows, or a share of them.

    Exactly one of `value`, `top` (rows, > 0) and `share` (in (0, 1]) is set.
    """

    direction: Direction
    value: float | None = None
    top: int | None = None
    share: float | None = None

    @property
    def is_rank(self) -> bool:
        """Whether it is a rank rule: a number of rows, or a share of them."""
        return self.value is None

    @property
    def share_or_zero(self) -> float:
        """`share`, or 0.0 where the request is not one of a share."""
        return self.share if self.share is not None else 0.0

    def __str__(self) -> str:
        if self.value is not None:
            return f"{self.direction.value} {self.value:g}"
        if self.top is not None:
            return f"top {self.top}"
        return f"{self.share_or_zero * 100:g}%"


_REQUEST = re.compile(
    r"(?P<direction>>=|<=|≥|≤)?\s*(?:top\s+(?P<top>[\d_,]+)|(?P<share>[\d.]+)\s*%"
    r"|(?P<value>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))",
    re.IGNORECASE,
)


def parse_threshold(text: str, direction: Direction = Direction.AT_LEAST) -> ThresholdRequest:
    """Read `1.5`, `top 1000` or `25%`, each optionally after `>=` or `<=`.

    Args:
        text: what was typed.
        direction: the direction where none is typed.

    Raises:
        UsageError: the text is none of these, or a share outside (0, 100] %.
    """
    hint = "type a score (1.5), a number of rows (top 1000) or a share (25%)"
    match = _REQUEST.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"threshold not understood: {text!r}", hint)
    if match["direction"]:
        direction = Direction.AT_LEAST if match["direction"] in (">=", "≥") else Direction.AT_MOST
    if match["top"]:
        top = int(match["top"].replace(",", "").replace("_", "") or 0)
        if top < 1:
            raise UsageError(f"threshold keeps no row: {text!r}", hint)
        return ThresholdRequest(direction, top=top)
    if match["share"]:
        try:
            share = float(match["share"]) / 100
        except ValueError:
            raise UsageError(f"threshold not understood: {text!r}", hint) from None
        if not 0 < share <= 1:
            raise UsageError(f"a share lies between 0 and 100 %, not {text!r}", hint)
        return ThresholdRequest(direction, share=share)
    value = float(match["value"])
    if not math.isfinite(value):
        raise UsageError(f"threshold is not a finite number: {text!r}", hint)
    return ThresholdRequest(direction, value=value)
