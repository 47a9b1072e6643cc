"""The source chapter's function: keep the pairs that a reward model scores high enough."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypeVar

from engine.errors import ScorerError, UsageError
from engine.sample import Family, Message, Role, Sample
from engine.scoring.models.model_files import CHAPTER_MODEL
from engine.scoring.models.reward_model import RewardModel
from engine.scoring.scorer import ENCODE_ROWS, Encoded, Failed, Scored, ScorerOptions
from engine.scoring.worker.batches import ScoringUnit, plan

DECIMALS = 3
_Result = TypeVar("_Result", Encoded, Scored)


def filter_sft_data(
    prompts: Sequence[str],
    responses: Sequence[str],
    model_id: str = CHAPTER_MODEL,
    threshold: float = 1.5,
    *,
    input_format: str = "chapter",
) -> list[dict[str, Any]]:
    """Score every pair and keep those with a score of at least `threshold`, in their order.

    It decides as scoring one by one does, wherever a score is more than 1e-4 away from the
    threshold (float32); inside, the pairs go through the model in batches of like lengths.

    Args:
        prompts: what was asked.
        responses: what was answered, one for each prompt.
        model_id: a folder, or the name of a model in the local hub cache.
        threshold: raw score of the model.
        input_format: `chapter` writes the text as the chapter does and cuts it at 512 tokens;
            `pair` is what its model was trained with. Any other format of the scorers works too.

    Returns:
        `prompt`, `response` and `score` (three decimals) of every pair that is kept.

    Raises:
        UsageError: not as many responses as prompts.
        ScorerError: the model is not on disk (the hint says how to get it) or cannot be used,
            or a pair cannot be scored.
    """
    if len(prompts) != len(responses):
        raise UsageError(
            f"{len(prompts)} prompts but {len(responses)} responses", "give one for each"
        )
    model = RewardModel(model_id, ScorerOptions(input_format=input_format, dtype="float32"))
    try:
        if input_format == "chapter" and model.trained_format == "pair":
            warnings.warn(
                f"{model_id} was trained with pairs; the chapter's text lowers what its scores "
                'are worth. Pass input_format="pair" for the scores that it was trained to give.',
                stacklevel=2,
            )
        scores = _scores(model, prompts, responses)
    finally:
        model.close()
    return [
        {"prompt": prompt, "response": response, "score": round(score, DECIMALS)}
        for prompt, response, score in zip(prompts, responses, scores, strict=True)
        if score >= threshold
    ]


def _scores(model: RewardModel, prompts: Sequence[str], responses: Sequence[str]) -> list[float]:
    units: list[ScoringUnit] = []
    for start in range(0, len(prompts), ENCODE_ROWS):
        samples = [
            _sample(row, prompts[row], responses[row])
            for row in range(start, min(start + ENCODE_ROWS, len(prompts)))
        ]
        for sample, encoded in zip(samples, model.encode(samples), strict=True):
            units.append(ScoringUnit(0, sample.row, _checked(sample.row, encoded)))
    scores = [0.0] * len(prompts)
    for batch in plan(units, model.token_budget):
        for unit, scored in zip(batch, model.score([each.encoded for each in batch]), strict=True):
            scores[unit.row] = _checked(unit.row, scored).score
    return scores


def _checked(row: int, result: _Result | Failed) -> _Result:
    if isinstance(result, Failed):
        raise ScorerError(f"pair {row} cannot be scored: {result.reason}")
    return result


def _sample(row: int, prompt: str, response: str) -> Sample:
    turns = (Message(Role.USER, prompt), Message(Role.ASSISTANT, response))
    return Sample(row, Family.PROMPT_RESPONSE, turns, prompt, response)
