"""What was measured, as values that are written to `figures.json` and read back.

The model card's tables and the simulator's start value are made from this file and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from engine.errors import InputError
from engine.workshop.builtin_model.evaluation.sets import EvaluationFile
from engine.workshop.builtin_model.evaluation.statistics import Figure

FORMAT = 1
DIGITS = 4
"""Decimal places in the file: a second run of the same command writes the same bytes."""


@dataclass(frozen=True, slots=True)
class PlantedFigures:
    """How well spoilt rows of one source are told from its sound ones.

    `overall` gives every kind the same weight.
    """

    sound_rows: int
    overall: Figure
    kinds: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class LengthFigures:
    """What the score of untouched rows has to do with the length of their responses."""

    characters: Figure
    """Rank correlation with the characters of the response."""
    words: Figure
    deciles: tuple[float, ...]
    """Mean standing (share of rows scored lower) by length decile, shortest first; .5 is fair."""


@dataclass(frozen=True, slots=True)
class SpeedFigures:
    """Rows a second, encoded and scored as the worker does it."""

    dtype: str
    threads: int
    max_length: int
    rows_per_s: float
    processor: str


@dataclass(frozen=True, slots=True)
class CandidateFigures:
    """Everything measured of one model or floor."""

    name: str
    description: str
    size_bytes: int
    """Of the weights; 0 for what has none."""
    planted: Mapping[str, PlantedFigures]
    demo: PlantedFigures
    preferred: Mapping[str, Figure]
    """Pairwise accuracy."""
    rated: Mapping[str, Figure]
    """Rank correlation with the rating."""
    natural: Mapping[str, Figure]
    """AUC of responses called good against responses called bad."""
    length: Mapping[str, LengthFigures]
    speed: tuple[SpeedFigures, ...] = ()
    validation: Figure | None = None
    """On held-out prompts of the training sources: the only figure that models are chosen by."""


@dataclass(frozen=True, slots=True)
class StartAuc:
    """The AUC with which the simulator begins, before a person has labelled anything."""

    value: float
    low: float
    high: float
    planted: Figure
    natural: Figure


@dataclass(frozen=True, slots=True)
class Figures:
    """One evaluation of all candidates and floors."""

    seed: int
    files: tuple[EvaluationFile, ...]
    candidates: tuple[CandidateFigures, ...]
    chosen: str = ""
    """The shipped candidate's name; empty before one is chosen."""
    start_auc: StartAuc | None = None
    """The shipped candidate's."""
    model: Mapping[str, Any] = field(default_factory=dict)
    """What the training says of the shipped candidate; see `card.Facts`."""

    def with_candidate(self, measured: CandidateFigures) -> Figures:
        """The same with one candidate more, or anew where there is one of that name."""
        names = [each.name for each in self.candidates]
        candidates = list(self.candidates)
        if measured.name in names:
            candidates[names.index(measured.name)] = measured
        else:
            candidates.append(measured)
        return replace(self, candidates=tuple(candidates))

    def ship(self, name: str, model: Mapping[str, Any]) -> Figures:
        """The same with the candidate that is shipped, and what its training says of it."""
        start = estimate_start(self.candidate(name))
        return replace(self, chosen=name, start_auc=start, model=model)

    def candidate(self, name: str) -> CandidateFigures:
        """The candidate of that name.

        Raises:
            InputError: it was not measured.
        """
        for candidate in self.candidates:
            if candidate.name == name:
                return candidate
        known = ", ".join(each.name for each in self.candidates)
        raise InputError(f"no figures of {name!r}", f"there are: {known}")


NATURAL_NOISE = "LLMBar Natural"


def estimate_start(candidate: CandidateFigures) -> StartAuc:
    """The middle between what is easy and what is hard, with both ends as the interval.

    An AUC against a mixture of bad rows is the mixture of the AUCs. In a real dataset a part of
    the noise is broken in the ways that are planted here, and the rest is merely worse. Planted
    faults alone would promise too much: they are plain to see. Pairs that people had to compare
    with care would promise too little. The shares are unknown, so the value takes half of each,
    and the interval reaches from the lower bound of "all of it is subtle" to the upper bound of
    "all of it is broken".

    Planted: Alpaca, every kind with the same weight. Natural: the outputs of LLMBar Natural, the
    better against the worse, unpaired as the simulator's model has it; its labels are people's,
    and length does not give them away, as it does where GPT-4 rated.
    """
    planted, natural = candidate.planted["alpaca"].overall, candidate.natural[NATURAL_NOISE]
    return StartAuc(
        value=(planted.value + natural.value) / 2,
        low=min(planted.low, natural.low),
        high=max(planted.high, natural.high),
        planted=planted,
        natural=natural,
    )


def write_figures(figures: Figures, path: Path) -> None:
    """Write as JSON with few decimals, so that a difference is one of substance."""
    record = {"format": FORMAT, **_rounded(asdict(figures))}
    path.write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def read_figures(path: Path) -> Figures:
    """Read back what `write_figures` wrote.

    Raises:
        InputError: absent, no JSON, or of another format.
    """
    try:
        record: dict[str, Any] = orjson.loads(path.read_bytes())
        if record["format"] != FORMAT:
            raise InputError(f"{path}: figures of format {record['format']}, not {FORMAT}")
        return Figures(
            seed=record["seed"],
            files=tuple(EvaluationFile(**each) for each in record["files"]),
            candidates=tuple(_candidate(each) for each in record["candidates"]),
            chosen=record["chosen"],
            start_auc=_start(record["start_auc"]),
            model=record["model"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"figures cannot be read: {path}: {error}", "write them with the command `evaluate`"
        ) from error


def _candidate(record: dict[str, Any]) -> CandidateFigures:
    fields = {
        "planted": {name: _planted(each) for name, each in record["planted"].items()},
        "demo": _planted(record["demo"]),
        "length": {name: _length(each) for name, each in record["length"].items()},
        "speed": tuple(SpeedFigures(**each) for each in record["speed"]),
        "validation": Figure(**record["validation"]) if record["validation"] else None,
    }
    for name in ("preferred", "rated", "natural"):
        fields[name] = {key: Figure(**each) for key, each in record[name].items()}
    return CandidateFigures(**{**record, **fields})


def _planted(record: dict[str, Any]) -> PlantedFigures:
    kinds = {name: Figure(**each) for name, each in record["kinds"].items()}
    return PlantedFigures(record["sound_rows"], Figure(**record["overall"]), kinds)


def _length(record: dict[str, Any]) -> LengthFigures:
    characters, words = Figure(**record["characters"]), Figure(**record["words"])
    return LengthFigures(characters, words, tuple(record["deciles"]))


def _start(record: dict[str, Any] | None) -> StartAuc | None:
    if record is None:
        return None
    ends = {name: Figure(**record[name]) for name in ("planted", "natural")}
    return StartAuc(**{**record, **ends})


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(each) for each in value]
    return value
