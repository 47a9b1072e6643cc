"""What the candidates and floors are measured on, and how.

    sets          the evaluation sets, read and planted with a fixed seed
    scoring       any scorer of tamis as one function, on the worker's own path
    statistics    AUC, pairwise accuracy and rank correlation, each with an interval
    candidates    one model or floor against all sets
    floors        what a model must beat: length, the heuristic scorer, n-grams
    speed         rows a second
    figures       the results as values, to JSON and back, and the simulator's start value

Run as `python -m engine.workshop.builtin_model.evaluation --data DIR --out FILE NAME=FOLDER ...`.
"""

from engine.workshop.builtin_model.evaluation.candidates import (
    evaluate_candidate,
    measure_planted,
)
from engine.workshop.builtin_model.evaluation.figures import (
    CandidateFigures,
    Figures,
    estimate_start,
    read_figures,
    write_figures,
)
from engine.workshop.builtin_model.evaluation.scoring import Score, score_with
from engine.workshop.builtin_model.evaluation.sets import (
    EvaluationData,
    Planted,
    evaluation_prompts,
    plant,
    plant_held_out,
    read_evaluation,
    sample_of,
)
from engine.workshop.builtin_model.evaluation.statistics import Figure

__all__ = [
    "CandidateFigures",
    "EvaluationData",
    "Figure",
    "Figures",
    "Planted",
    "Score",
    "estimate_start",
    "evaluate_candidate",
    "evaluation_prompts",
    "measure_planted",
    "plant",
    "plant_held_out",
    "read_evaluation",
    "read_figures",
    "sample_of",
    "score_with",
    "write_figures",
]
