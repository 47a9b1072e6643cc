"""One model or floor against all evaluation sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from engine.sample import Sample
from engine.scoring import make_scorer
from engine.scoring.scorer import ScorerOptions
from engine.workshop.builtin_model.evaluation.figures import (
    CandidateFigures,
    LengthFigures,
    PlantedFigures,
)
from engine.workshop.builtin_model.evaluation.scoring import Score, score_with
from engine.workshop.builtin_model.evaluation.sets import SEED, EvaluationData, Planted
from engine.workshop.builtin_model.evaluation.speed import measure_speed
from engine.workshop.builtin_model.evaluation.statistics import (
    Figure,
    Floats,
    auc,
    mean_auc,
    mid_ranks,
    pairwise_accuracy,
    spearman,
)

DECILES = 10


def evaluate_candidate(
    name: str,
    folder_or_score: Path | Score,
    data: EvaluationData,
    *,
    description: str = "",
    validation: Planted | None = None,
    speed: bool = True,
) -> CandidateFigures:
    """Measure a model's folder, or a function that scores.

    Args:
        name: for the tables.
        folder_or_score: a folder is loaded as `hf:FOLDER`, the way the application does it, in
            float32, so that every machine measures the same.
        data: see `read_evaluation`.
        description: what it is, in a few words.
        validation: held-out pairs of the training sources.
        speed: whether to take the time of a folder; only meant on a machine at rest.

    Raises:
        ScorerError: the folder is no model, or a row can't be scored.
    """
    if not isinstance(folder_or_score, Path):
        return _measure(name, description, folder_or_score, data, validation)
    options = ScorerOptions(device="cpu", dtype="float32")
    scorer = make_scorer(f"hf:{folder_or_score}", options=options)
    try:
        figures = _measure(name, description, score_with(scorer), data, validation)
    finally:
        scorer.close()
    weights = sum(file.stat().st_size for file in folder_or_score.glob("*.safetensors"))
    fields = {field: getattr(figures, field) for field in CandidateFigures.__dataclass_fields__}
    fields |= {"size_bytes": weights}
    if speed:
        fields |= {"speed": measure_speed(folder_or_score, data.speed)}
    return CandidateFigures(**fields)


def measure_planted(score: Score, planted: Planted) -> PlantedFigures:
    """AUC by kind and overall; also the measure that models are chosen by, on held-out pairs."""
    return _planted_figures(score(planted.sound), _score_all(score, planted.spoilt))


def _measure(
    name: str, description: str, score: Score, data: EvaluationData, validation: Planted | None
) -> CandidateFigures:
    sound = {planted.name: score(planted.sound) for planted in data.planted}
    planted = {
        each.name: _planted_figures(sound[each.name], _score_all(score, each.spoilt))
        for each in data.planted
    }
    return CandidateFigures(
        name=name,
        description=description,
        size_bytes=0,
        planted=planted,
        demo=measure_planted(score, data.demo),
        preferred={
            each.name: pairwise_accuracy(score(each.better), score(each.worse))
            for each in data.preferred
        },
        rated={
            each.name: spearman(score(each.samples), each.ratings, each.groups, SEED)
            for each in data.rated
        },
        natural={each.name: auc(score(each.good), score(each.bad)) for each in data.natural},
        length={each.name: _length_figures(each.sound, sound[each.name]) for each in data.planted},
        validation=measure_planted(score, validation).overall if validation else None,
    )


def _score_all(score: Score, spoilt: Mapping[str, Sequence[Sample]]) -> dict[str, Floats]:
    """All kinds in one call, because batches of a few rows are slow."""
    together = score([sample for samples in spoilt.values() for sample in samples])
    ends = np.cumsum([len(samples) for samples in spoilt.values()])
    return dict(zip(spoilt, np.split(together, ends[:-1]), strict=True))


def _planted_figures(sound: Floats, spoilt: Mapping[str, Floats]) -> PlantedFigures:
    kinds: dict[str, Figure] = {kind: auc(sound, scores) for kind, scores in spoilt.items()}
    return PlantedFigures(sound.size, mean_auc(sound, list(spoilt.values())), kinds)


def _length_figures(samples: Sequence[Sample], scores: Floats) -> LengthFigures:
    characters = np.array([len(sample.response) for sample in samples], np.float64)
    words = np.array([len(sample.response.split()) for sample in samples], np.float64)
    standing = (mid_ranks(scores) - 0.5) / scores.size  # (rows,) in (0, 1)
    order = np.argsort(characters, kind="stable")
    deciles = tuple(float(standing[part].mean()) for part in np.array_split(order, DECILES))
    return LengthFigures(spearman(scores, characters), spearman(scores, words), deciles)
