"""Scorers, and the worker that keeps them away from the screen's thread.

builtin                 the embedded model: a small classifier that comes with tamis
heuristic               surface checks, no model
hf:NAME_OR_PATH[#LABEL] a sequence classifier, from a folder or the local hub cache
column:NAME             a numeric column of the dataset
file:PATH[:COLUMN]      scores in a file, joined by identity, content or row
none                    no scorer
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ScorerError, UsageError
from engine.scoring.scorer import NoScorer, Scorer, ScorerOptions, always_wanted

if TYPE_CHECKING:
    from engine.scoring.column import DatasetWithColumns

__all__ = [
    "DEFAULT_SCORER",
    "SCORERS",
    "NoScorer",
    "Scorer",
    "ScorerOptions",
    "check_scorer",
    "make_scorer",
]

DEFAULT_SCORER = "builtin"
SCORERS = "builtin, heuristic, hf:NAME_OR_PATH, column:NAME, file:PATH[:COLUMN], none"


def make_scorer(
    spec: str,
    *,
    dataset: DatasetWithColumns | None = None,
    options: ScorerOptions | None = None,
    check_wanted: Callable[[], None] = always_wanted,
) -> Scorer:
    """The scorer that `spec` names, loaded and checked; call it in the thread that scores.

    Args:
        spec: see the list above.
        dataset: what `column:` and `file:` refer to.
        options: for `builtin` and `hf:`.
        check_wanted: asked while a model is loaded; raises `Cancelled` where nobody waits for
            it any more.

    Raises:
        UsageError: no such scorer.
        ScorerError: the scorer, its model or its file cannot be used.
        Cancelled: `check_wanted` said so.
    """
    kind, _, what = spec.partition(":")
    if spec == "none":
        return NoScorer()
    if spec == "builtin":
        from engine.scoring.builtin import BuiltinModel  # noqa: PLC0415 - only where used

        return BuiltinModel(options or ScorerOptions(), check_wanted)
    if spec == "heuristic":
        from engine.scoring.heuristic import HeuristicScorer  # noqa: PLC0415 - only where used

        return HeuristicScorer()
    if kind == "hf" and what:
        from engine.scoring.models.devices import on_every_device  # noqa: PLC0415 - only where used
        from engine.scoring.models.reward_model import RewardModel  # noqa: PLC0415 - only where used

        load = partial(RewardModel, check_wanted=check_wanted)
        return on_every_device(what, options or ScorerOptions(), load)
    if kind in ("column", "file") and what:
        return _from_data(kind, what, dataset)
    raise UsageError(f"no such scorer: {spec}", f"one of {SCORERS}")


def check_scorer(spec: str, *, columns: Collection[str], options: ScorerOptions) -> None:
    """See in a moment whether `spec` can be meant; what only loading shows is left to that.

    Args:
        spec: see the list above.
        columns: names of the dataset's columns, for `column:`.
        options: for `hf:`.

    Raises:
        UsageError: no such scorer.
        ScorerError: no such column, file or model, or one that is refused.
    """
    kind, _, what = spec.partition(":")
    if spec in ("none", "builtin", "heuristic"):
        return
    if kind == "column" and what:
        if what not in columns:
            raise ScorerError(f"no column {what!r}", f"there are: {', '.join(list(columns)[:20])}")
    elif kind == "file" and what:
        if not any(Path(place).expanduser().is_file() for place in (what, what.rpartition(":")[0])):
            raise ScorerError(f"no such file: {what}", "check the path")
    elif kind == "hf" and what:
        from engine.scoring.models.model_files import find_model  # noqa: PLC0415 - only where used

        if not options.download:
            find_model(what.partition("#")[0], options)
    else:
        raise UsageError(f"no such scorer: {spec}", f"one of {SCORERS}")


def _from_data(kind: str, what: str, dataset: DatasetWithColumns | None) -> Scorer:
    from engine.scoring.column import column_scorer, file_scorer  # noqa: PLC0415 - only where used

    if dataset is None:
        raise ScorerError(f"{kind}:{what} needs a dataset")
    make: Callable[[DatasetWithColumns, str], Scorer] = (
        column_scorer if kind == "column" else file_scorer
    )
    return make(dataset, what)
