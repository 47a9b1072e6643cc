"""A scorer as an earlier visit knew it: what its scores mean, without loading it.

A session that was scored to the end shows all of it before any model is on its way, and needs
none as long as nothing is left to score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from engine.review.threshold import Direction
from engine.sample import Side
from engine.scoring.models.precision import Calibration
from engine.scoring.scorer import ScoreKey, ScorerFacts

SIDES = (Side.CHOSEN, Side.REJECTED)


@dataclass(frozen=True, slots=True)
class KnownScorer:
    """The facts of a scorer, as values that a session file can hold."""

    name: str
    label: str
    device: str
    start_threshold: float | None
    direction: Direction
    token_budget: int
    keys: tuple[ScoreKey, ...]
    """Of each side."""
    warnings: tuple[str, ...] = ()
    calibration: Calibration | None = None
    """What bfloat16 did to its scores, where it was measured."""

    @classmethod
    def of(cls, scorer: ScorerFacts) -> Self:
        """What is to be remembered of a loaded scorer."""
        return cls(
            scorer.name, scorer.label, scorer.device, scorer.start_threshold, scorer.direction,
            scorer.token_budget, tuple(map(scorer.key, SIDES)), scorer.warnings,
            getattr(scorer, "calibration", None),
        )  # fmt: skip

    @property
    def revision(self) -> str:
        """Of the model that made the scores."""
        return self.keys[0].revision

    def key(self, side: Side) -> ScoreKey:
        """Under which key the scores of `side` are cached."""
        return self.keys[SIDES.index(side)]

    def values(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            **asdict(self),
            "direction": self.direction.value,
            "keys": [key.fields() for key in self.keys],
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The facts that `values` are of.

        Raises:
            TypeError, ValueError, KeyError: they are of another version, or of none.
        """
        calibration = values["calibration"]
        return cls(
            **{
                **values,
                "direction": Direction(values["direction"]),
                "keys": tuple(map(ScoreKey.of, values["keys"])),
                "warnings": tuple(values["warnings"]),
                "calibration": None if calibration is None else Calibration(**calibration),
            }
        )
