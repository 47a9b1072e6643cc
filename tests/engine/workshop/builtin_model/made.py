"""A small evaluation of made-up rows, and scorers whose figures are known in advance."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.sample import Sample
from engine.workshop.builtin_model.evaluation import EvaluationData, plant, sample_of
from engine.workshop.builtin_model.evaluation.sets import (
    EvaluationFile,
    Natural,
    Preferred,
    Rated,
)
from engine.workshop.builtin_model.sources import Pair

THINGS = ["bread", "rivers", "maps", "bees", "tides", "clocks", "glass", "salt", "wool", "iron"]
DOING = [
    "cool",
    "sort",
    "paint",
    "weigh",
    "carry",
    "store",
    "clean",
    "count",
    "melt",
    "fold",
    "label",
    "lift",
]


def question(thing: str, doing: str) -> str:
    return f"Explain to a beginner how one would {doing} {thing} at home, please."


def answer(thing: str, doing: str, dice: random.Random) -> str:
    steps = [
        f"First you take the {thing} and look at them for a while.",
        f"Then you {doing} them slowly, because {thing} do not like haste.",
        f"Nobody has to {doing} {thing} alone.",
        "A friend with steady hands is worth a lot here.",
        f"When all {thing} are done, you put them back in their box.",
    ]
    return " ".join(steps[: dice.randint(2, 5)])


def rows(count: int = 120) -> list[Sample]:
    dice = random.Random(5)
    pairs = [(thing, doing) for thing in THINGS for doing in DOING]
    dice.shuffle(pairs)
    return [sample_of(question(*pair), answer(*pair, dice)) for pair in pairs[:count]]


def held_out(count: int = 40) -> list[Pair]:
    return [Pair(sample.prompt, sample.response, "gsm8k") for sample in rows(count)]


def small_evaluation() -> EvaluationData:
    samples = rows()
    ratings = np.array([float(len(each.response)) for each in samples])
    halves = tuple(samples[:60]), tuple(samples[60:])
    return EvaluationData(
        planted=(plant("alpaca", samples, 60, 6), plant("ecqa", samples[:50], 50, 4)),
        demo=plant("demo", samples, 60, 6),
        preferred=(Preferred("LLMBar Natural", *halves), Preferred("LLMBar Manual", *halves)),
        rated=(Rated("wildbench", tuple(samples), ratings),),
        natural=(Natural("LLMBar Natural", *halves),),
        speed=tuple(samples),
        files=(EvaluationFile("made/rows.json", "0" * 64),),
    )


def by_overlap(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """A scorer that is good at what is mismatched and blind to the rest."""
    return np.array(
        [
            len(set(sample.prompt.lower().split()) & set(sample.response.lower().split()))
            for sample in samples
        ],
        np.float64,
    )


def nothing(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """The same score for all."""
    return np.zeros(len(samples))
