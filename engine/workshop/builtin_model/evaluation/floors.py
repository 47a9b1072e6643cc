"""The naive baselines that a candidate has to beat: length, surface checks, a bag of n-grams."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sample import Sample
from engine.scoring.heuristic import HeuristicScorer
from engine.workshop.builtin_model.evaluation.scoring import Score, score_with
from engine.workshop.builtin_model.examples import MISMATCHED_SHARE, draw, weights
from engine.workshop.builtin_model.ngrams import PLACES, hashed
from engine.workshop.builtin_model.sources import Pair

EPOCHS = 3
BATCH_ROWS = 256
LEARNING_RATE = 0.05


def by_length(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Longer is better, in characters of the response."""
    return np.array([len(sample.response) for sample in samples], np.float64)


def by_heuristic() -> Score:
    """The scorer `heuristic` as the application has it."""
    return score_with(HeuristicScorer())


@dataclass(frozen=True, slots=True)
class NgramRegression:
    """A logistic regression on hashed n-grams; a score is the logarithm of the odds."""

    weights: NDArray[np.float32]  # (PLACES,)
    bias: float

    def __call__(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """The scores of `samples`."""
        scores = np.empty(len(samples))
        for row, sample in enumerate(samples):
            places, values = hashed(sample.prompt, sample.response)
            scores[row] = float(self.weights[places] @ values) + self.bias
        return scores


def fit_ngrams(
    pairs: Sequence[Pair],
    *,
    seed: int,
    epochs: int = EPOCHS,
    progress: Callable[[str], None] | None = None,
) -> NgramRegression:
    """Fit on the examples that the models are trained on, drawn and weighted as for them.

    Adam over batches in a seeded order; the same on every run.
    """
    import torch  # noqa: PLC0415 - with the first model

    torch.manual_seed(seed)
    bag = torch.nn.EmbeddingBag(PLACES, 1, mode="sum")
    torch.nn.init.zeros_(bag.weight)
    bias = torch.nn.Parameter(torch.zeros(1))
    steps = torch.optim.Adam([bag.weight, bias], lr=LEARNING_RATE)
    for epoch in range(epochs):
        dice = random.Random(f"{seed} {epoch}")  # noqa: S311 - chance, not secrecy
        examples = list(chain.from_iterable(draw(pairs, dice, MISMATCHED_SHARE)))
        read = [hashed(example.pair.prompt, example.pair.response) for example in examples]
        sound = torch.tensor([float(example.fault is None) for example in examples])
        weight = torch.from_numpy(weights(examples))
        order = list(range(len(examples)))
        dice.shuffle(order)
        lost = 0.0
        for start in range(0, len(order), BATCH_ROWS):
            rows = order[start : start + BATCH_ROWS]
            logits = _logits(bag, [read[row] for row in rows]) + bias  # (batch,)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                logits, sound[rows], weight[rows]
            )
            steps.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            steps.step()
            lost += float(loss.detach()) * len(rows)
        if progress:
            progress(f"n-grams: epoch {epoch + 1} of {epochs}, loss {lost / len(order):.4f}")
    return NgramRegression(bag.weight.detach().numpy()[:, 0].copy(), float(bias.detach()))


def _logits(bag: Any, batch: Sequence[tuple[NDArray[np.int64], NDArray[np.float32]]]) -> Any:
    """-> (batch,)."""
    import torch  # noqa: PLC0415 - with the first model

    starts = np.cumsum([0, *(places.size for places, _ in batch[:-1])])
    return bag(
        torch.from_numpy(np.concatenate([places for places, _ in batch])),
        torch.from_numpy(starts),
        per_sample_weights=torch.from_numpy(np.concatenate([values for _, values in batch])),
    )[:, 0]
