"""The embedded model: a small classifier that tells answers from the ways in which they fail.

It comes with tamis and is loaded like any other model; how it was made and what it is worth is in
README.md beside this file, the model card, and the figures of that card are in figures.json.
`engine/workshop/builtin_model/` makes both; it is in the repository and not in the wheel.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.scoring.models import precision
from engine.scoring.models.loading import choose_device
from engine.scoring.models.model_files import prepare_environment
from engine.scoring.models.reward_model import RewardModel
from engine.scoring.scorer import ScorerOptions, always_wanted

NAME = "builtin"
HERE = Path(__file__).parent
MODEL = HERE / "model"

SPOILT_SHARE = 0.1
"""Of the rows of a dataset, supposed as long as nobody has looked."""
START_THRESHOLD = round(math.log(SPOILT_SHARE / (1 - SPOILT_SHARE)), 1)
"""Where a row is as likely sound as spoilt, if that share of the rows is spoilt. The score is the
logarithm of the odds on an even mix, and such odds move by those of the shares (Bayes)."""


class BuiltinModel(RewardModel):
    """The embedded model as a scorer: what it reads and how is settled."""

    def __init__(
        self, options: ScorerOptions, check_wanted: Callable[[], None] = always_wanted
    ) -> None:
        """Load and check it.

        Raises:
            ScorerError: its files are damaged, or there is not enough memory.
            Cancelled: `check_wanted` said so.
        """
        prepare_environment()
        settled = replace(options, input_format="", label="", dtype=_dtype(options))
        super().__init__(str(MODEL), settled, check_wanted)
        self.name = NAME
        self.start_threshold = START_THRESHOLD


def _dtype(options: ScorerOptions) -> str:
    """What was asked for; else bfloat16 wherever the hardware multiplies it.

    It is known to be faster for this model, so nothing is measured: a busy moment must not decide.
    """
    wanted = precision.wanted_dtype(options.dtype)
    if wanted != precision.AUTO:
        return wanted
    multiplies = precision.multiplies_bfloat16(choose_device(options))
    return precision.BFLOAT16 if multiplies else precision.FLOAT32
