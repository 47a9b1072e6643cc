"""Scorers: what gives each sample a number, in a thread that the screen does not notice.

A new kind of scorer is a module and a row in `kinds`.

    scorer          what a scorer is, and the values that go in and come out
    known_scorer    a scorer as an earlier visit knew it, without loading it
    kinds           the kinds of scorers, a row each
    heuristic       surface checks, each with its reason; no model
    column          scores that somebody else computed: a column, or a file beside the dataset
    builtin/        the embedded model and its card
    models/         reward models of transformers: finding, checking, loading, scoring
    worker/         the thread that scores, and the arrays that it fills
    figures         what was measured of a scorer that comes with tamis
    reward_filter   a reward model over lists of pairs, in one call and without a session
"""

from engine.scoring.kinds import DEFAULT_SCORER, check_scorer, make_scorer
from engine.scoring.scorer import Scorer, ScorerOptions

__all__ = [
    "DEFAULT_SCORER",
    "Scorer",
    "ScorerOptions",
    "check_scorer",
    "make_scorer",
]
