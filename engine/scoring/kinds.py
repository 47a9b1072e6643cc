"""The kinds of scorers, a row each: all that the rest of the application knows of them.

A new kind is a module and a row here; command line, config file, desk, manifest and help read it
here. A row imports its module when it is used, since torch and transformers take seconds.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ScorerError, UsageError
from engine.sample import Sample
from engine.scoring.scorer import Scorer, ScorerOptions, always_wanted

if TYPE_CHECKING:
    from engine.scoring.column import DatasetWithColumns

# ruff: noqa: PLC0415 - a row pays for its module when it is used

DEFAULT_SCORER = "builtin"
NO_SCORER = "none"


class Work(StrEnum):
    """Where the scores of a kind come from."""

    COMPUTES = "computes"
    LOOKS_UP = "looks up"
    """They belong to rows whatever the text, and cost nothing to read again."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Making:
    """What a scorer may be made from."""

    dataset: DatasetWithColumns | None
    options: ScorerOptions
    check_wanted: Callable[[], None]
    """Asked while a model is loaded; raises `Cancelled` where nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class ScorerKind:
    """One way of naming a scorer, and what follows from it; see `KINDS`."""

    name: str
    """The whole name, or what stands before the colon."""
    label: str
    """What it is, for lists."""
    make: Callable[[str, Making], Scorer]
    """From what stands behind the colon; called in the thread that scores."""
    argument: str = ""
    """What has to follow the colon, as help shows it; empty: nothing may."""
    check: Callable[[str, Collection[str], ScorerOptions], None] | None = None
    """Sees in a moment whether what stands behind the colon can be meant, given the columns."""
    work: Work = Work.COMPUTES
    interpreter_bound: bool = False
    """It holds the interpreter while it works, so its steps are cut short for the screen's sake."""
    sends: bool = False
    """It sends samples to another machine."""
    explain: Callable[[Sample], Sequence[object]] | None = None
    """Says why a sample was scored as it was, a line each; None: it cannot."""
    revision: Callable[[str, ScorerOptions], str] | None = None
    """Tells which revision would be loaded, without loading it; None: loading takes no time."""
    after_path: str | None = None
    """The sign that ends a path behind the colon; None: what stands there is no path."""
    absent_model: Callable[[str], str] | None = None
    """Names the model that would have to be fetched first; None, or an empty name: none."""
    sees: str = ""
    """What its scores tell and what they don't, for people; empty: its name says it."""
    figures: str = ""
    """The folder beside this module that holds what was measured of it; empty: nothing was."""

    @property
    def spelled(self) -> str:
        """As help shows it: `file:PATH[:COLUMN]`."""
        return f"{self.name}:{self.argument}" if self.argument else self.name

    @property
    def line(self) -> str:
        """As a list shows it."""
        sends = " · sends samples to another machine" if self.sends else ""
        return f"{self.spelled} · {self.label}{sends}"


def _make_builtin(_what: str, making: Making) -> Scorer:
    from engine.scoring.builtin import BuiltinModel

    return BuiltinModel(making.options, making.check_wanted)


def _builtin_revision(_what: str, options: ScorerOptions) -> str:
    from engine.scoring.builtin import MODEL
    from engine.scoring.models.model_files import find_model, revision_of

    return revision_of(find_model(str(MODEL), options))


def _make_heuristic(_what: str, _making: Making) -> Scorer:
    from engine.scoring.heuristic import HeuristicScorer

    return HeuristicScorer()


def _explain_heuristic(sample: Sample) -> Sequence[object]:
    from engine.scoring.heuristic import explain

    return explain(sample)


def _make_model(what: str, making: Making) -> Scorer:
    from engine.scoring.models.devices import on_every_device
    from engine.scoring.models.reward_model import RewardModel

    load = partial(RewardModel, check_wanted=making.check_wanted)
    return on_every_device(what, making.options, load)


def _model_revision(what: str, options: ScorerOptions) -> str:
    from engine.scoring.models.model_files import find_model, revision_of

    return revision_of(find_model(what.partition("#")[0], replace(options, download=False)))


def _check_model(what: str, _columns: Collection[str], options: ScorerOptions) -> None:
    from engine.scoring.models.model_files import find_model

    if not options.download:
        find_model(what.partition("#")[0], options)


def _absent_model(what: str) -> str:
    from engine.scoring.models.model_files import is_absent

    name = what.partition("#")[0]
    return name if is_absent(name) else ""


def _make_column(what: str, making: Making) -> Scorer:
    from engine.scoring.column import column_scorer

    return column_scorer(_dataset("column", making), what)


def _check_column(what: str, columns: Collection[str], _options: ScorerOptions) -> None:
    from engine.dataset.nested import has_column

    if not has_column(columns, what):
        raise ScorerError(f"no column {what!r}", f"there are: {', '.join(list(columns)[:20])}")


def _make_file(what: str, making: Making) -> Scorer:
    from engine.scoring.column import file_scorer

    return file_scorer(_dataset("file", making), what)


def _check_file(what: str, _columns: Collection[str], _options: ScorerOptions) -> None:
    if not any(Path(place).expanduser().is_file() for place in (what, what.rpartition(":")[0])):
        raise ScorerError(f"no such file: {what}", "check the path")


def _make_nothing(_what: str, _making: Making) -> Scorer:
    raise UsageError(f"{NO_SCORER} scores nothing", "name another scorer")


def _dataset(name: str, making: Making) -> DatasetWithColumns:
    if making.dataset is None:
        raise ScorerError(f"the scorer {name} needs a dataset")
    return making.dataset


KINDS: tuple[ScorerKind, ...] = (
    ScorerKind(
        "builtin",
        "the embedded model, offline",
        _make_builtin,
        revision=_builtin_revision,
        sees="The builtin scorer sees what is broken in English rows: cut off, repeated, "
        "gibberish, refused, beside the question, wrong language or format. It does not see "
        "truth, quality, whether code runs, or other languages.",
        figures="builtin",
    ),
    ScorerKind(
        "heuristic",
        "surface checks, no model",
        _make_heuristic,
        interpreter_bound=True,
        explain=_explain_heuristic,
    ),
    ScorerKind(
        "hf",
        "a sequence classifier, from a folder or the local hub cache",
        _make_model,
        argument="NAME_OR_PATH",
        check=_check_model,
        revision=_model_revision,
        after_path="#",
        absent_model=_absent_model,
    ),
    ScorerKind(
        "column",
        "a numeric column of the dataset",
        _make_column,
        argument="NAME",
        check=_check_column,
        work=Work.LOOKS_UP,
        interpreter_bound=True,
    ),
    ScorerKind(
        "file",
        "scores in a file, joined by identity, content or row",
        _make_file,
        argument="PATH[:COLUMN]",
        check=_check_file,
        work=Work.LOOKS_UP,
        interpreter_bound=True,
        after_path=":",
    ),
    ScorerKind(NO_SCORER, "no scores, verdicts only", _make_nothing, work=Work.NOTHING),
)
"""In the order in which people read of them."""


def find_kind(spec: str) -> ScorerKind | None:
    """The kind that `spec` names; None where it names none."""
    name, colon, what = spec.partition(":")
    for kind in KINDS:
        if kind.name == name and bool(kind.argument) == bool(what) and (what or not colon):
            return kind
    return None


def kind_of(spec: str) -> ScorerKind:
    """The kind that `spec` names.

    Raises:
        UsageError: it names none.
    """
    kind = find_kind(spec)
    if kind is None:
        raise UsageError(f"no such scorer: {spec}", f"one of {known_scorers()}")
    return kind


def known_scorers() -> str:
    """Every kind as help spells it."""
    return ", ".join(kind.spelled for kind in KINDS)


def make_scorer(
    spec: str,
    *,
    dataset: DatasetWithColumns | None = None,
    options: ScorerOptions | None = None,
    check_wanted: Callable[[], None] = always_wanted,
) -> Scorer:
    """The scorer that `spec` names, loaded and checked; call it in the thread that scores.

    Args:
        spec: see `KINDS`.
        dataset: for the kinds that look scores up.
        options: for those that load a model.
        check_wanted: asked while a model is loaded; raises `Cancelled` where nobody waits for
            it any more.

    Raises:
        UsageError: no such scorer.
        ScorerError: the scorer, its model or its file cannot be used.
        Cancelled: `check_wanted` said so.
    """
    making = Making(dataset, options or ScorerOptions(), check_wanted)
    return kind_of(spec).make(spec.partition(":")[2], making)


def check_scorer(spec: str, *, columns: Collection[str], options: ScorerOptions) -> None:
    """See in a moment whether `spec` can be meant; what only loading shows is left to that.

    Args:
        spec: see `KINDS`.
        columns: names of the dataset's columns.
        options: how it would be made.

    Raises:
        UsageError: no such scorer.
        ScorerError: no such column, file or model, or one that is refused.
    """
    kind = kind_of(spec)
    if kind.check is not None:
        kind.check(spec.partition(":")[2], columns, options)


def with_absolute_path(spec: str) -> str:
    """`spec` with a path in it made absolute: it is remembered longer than the working folder."""
    kind, what = find_kind(spec), spec.partition(":")[2]
    if kind is None or kind.after_path is None:
        return spec
    path = os.path.abspath(os.path.expanduser(what))  # noqa: PTH100, PTH111 - links stay
    bare = path.rpartition(kind.after_path)[0]
    found = os.path.exists(path) or os.path.exists(bare)  # noqa: PTH110 - Path.exists() raises
    return f"{kind.name}:{path}" if found else spec


def without_folder(spec: str) -> str:
    """`spec` without the folders of a path in it: what may be published.

    The revision, a hash of the content, says which file or model it was.
    """
    kind, what = find_kind(spec), spec.partition(":")[2]
    if kind is None or kind.after_path is None or not os.path.isabs(what):  # noqa: PTH117 - text, with more behind it
        return spec
    path, mark, part = what.rpartition(kind.after_path)
    if path and os.path.exists(path) and not os.path.exists(what):  # noqa: PTH110 - Path.exists() raises
        return f"{kind.name}:{Path(path).name}{mark}{part}"
    return f"{kind.name}:{Path(what).name}"
