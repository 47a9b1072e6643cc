"""The evaluation sets: what each file holds, read into samples as the application reads them.

No row of them is trained on, and none of them takes part in choosing among models. Big sources
are sampled with a fixed seed, so that one model is measured in about two minutes on two cores.
"""

from __future__ import annotations

import inspect
import json
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dataset.dataset import open_dataset
from engine.demo import FILES, SPOILT, FaultKind, demo_folder, labels
from engine.errors import InputError
from engine.sample import Family, Message, Role, Sample, Side, prompt_text
from engine.workshop.builtin_model import phrases
from engine.workshop.builtin_model.corruption import Fault, corrupt
from engine.workshop.builtin_model.sources import Pair

SEED = 20_240
"""Of every sample drawn for evaluation."""


@dataclass(frozen=True, slots=True)
class Planted:
    """Sound rows of a source and spoilt ones, by kind; no row is spoilt twice by one kind."""

    name: str
    sound: tuple[Sample, ...]
    spoilt: dict[str, tuple[Sample, ...]]


@dataclass(frozen=True, slots=True)
class Preferred:
    """Pairs of responses to the same prompts, of which one is known to be the better."""

    name: str
    better: tuple[Sample, ...]
    worse: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Rated:
    """Responses with a rating; rows of the same group answer the same prompt."""

    name: str
    samples: tuple[Sample, ...]
    ratings: NDArray[np.float64]  # (rows,)
    groups: NDArray[np.int64] | None = None  # (rows,) None: every row has a prompt of its own


@dataclass(frozen=True, slots=True)
class Natural:
    """Good and bad responses as models wrote them and judges called them; nothing is planted."""

    name: str
    good: tuple[Sample, ...]
    bad: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class EvaluationFile:
    """What was read, so that a figure can be traced to its bytes."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """Everything that a candidate is measured on."""

    planted: tuple[Planted, ...]
    demo: Planted
    preferred: tuple[Preferred, ...]
    rated: tuple[Rated, ...]
    natural: tuple[Natural, ...]
    speed: tuple[Sample, ...]
    files: tuple[EvaluationFile, ...]


@dataclass(frozen=True, slots=True)
class _PlantedSource:
    """Where faults are planted, and in how many rows."""

    name: str
    path: str
    sound: int
    each_kind: int


PLANTED = (
    _PlantedSource("alpaca", "alpaca/alpaca_data.json", 2_000, 200),
    _PlantedSource("ecqa", "alpaca_cot/ecqa_train.json", 500, 80),
    _PlantedSource("strategyqa", "alpaca_cot/strategyqa_train.json", 500, 80),
    _PlantedSource("v1_sft", "llamafactory/v1_sft_demo.jsonl", 400, 60),
    _PlantedSource("dpo_en chosen", "llamafactory/dpo_en_demo.json", 250, 40),
)
"""Not openinstruct: its prompts are those of self-instruct, which is trained on."""
LLMBAR = (
    ("LLMBar Natural", "llmbar/LLMBar_Natural.json"),
    ("LLMBar Neighbor", "llmbar/LLMBar_Adversarial_Neighbor.json"),
    ("LLMBar GPTInst", "llmbar/LLMBar_Adversarial_GPTInst.json"),
    ("LLMBar GPTOut", "llmbar/LLMBar_Adversarial_GPTOut.json"),
    ("LLMBar Manual", "llmbar/LLMBar_Adversarial_Manual.json"),
    ("MT-Bench", "llmbar/Processed_MT-Bench.json"),
    ("dpo_en", "llamafactory/dpo_en_demo.json"),
)
PROMETHEUS = (
    ("prometheus mt_bench", "prometheus/mt_bench_eval.json"),
    ("prometheus vicuna", "prometheus/vicuna_eval.json"),
)
WILDBENCH = ("wildbench", "wildbench/reka-edge.json")
KTO = ("kto_en", "llamafactory/kto_en_demo.json")
RATED_BAD, RATED_GOOD = 2.0, 4.0
"""Mean ratings of 1 to 5 up to which a response counts as bad, and from which on as good."""
SPEED_ROWS = 2_000
_MADE_HERE = (
    *(demo_folder() / name for name in FILES),
    demo_folder().parent / "labels.json",
    Path(inspect.getfile(corrupt)),
    Path(phrases.__file__),
)
"""What the project itself brings: the demo with its faults, and the corrupter. Figures from
different versions of these can't be compared either."""

_TEMPLATE_MARK = "{{"
_AFTER_LATIN = "\u0250"
_RUBRIC = re.compile(
    r"###The instruction to evaluate:\n(.*?)\s*###Response to evaluate:\n(.*?)\s*"
    r"###Reference Answer",
    re.DOTALL,
)
_DIALOGUE = re.compile(
    r"Here is a previous dialogue[^\n]*\nUser: (.*?)\n\nAssistant:(.*)\n\nUser: (.*?)"
    r"\s*Assistant:\s*\Z",
    re.DOTALL,
)


def read_evaluation(data: Path) -> EvaluationData:
    """Read every set under `data`, sampled and planted with the fixed seed.

    Args:
        data: the folder of public datasets, laid out as in its MANIFEST.

    Raises:
        InputError: a file is absent or is not what it was.
    """
    names = [
        *(source.path for source in PLANTED),
        *(path for _, path in (*LLMBAR, *PROMETHEUS, WILDBENCH, KTO)),
    ]
    files = [_identified(data / path, path) for path in dict.fromkeys(names)]
    files += [_identified(path, f"tamis:{path.name}") for path in _MADE_HERE]
    sources = {source.name: english(samples_of(data / source.path)) for source in PLANTED}
    planted = tuple(
        plant(source.name, sources[source.name], source.sound, source.each_kind)
        for source in PLANTED
    )
    preferred = tuple(_preferred(name, data / path) for name, path in LLMBAR)
    rated = tuple(_prometheus(name, data / path) for name, path in PROMETHEUS)
    liked = _kto(KTO[0], data / KTO[1])
    llmbar = preferred[0]
    return EvaluationData(
        planted=planted,
        demo=demo(),
        preferred=preferred,
        rated=(*rated, _wildbench(WILDBENCH[0], data / WILDBENCH[1])),
        natural=(Natural(llmbar.name, llmbar.better, llmbar.worse), *map(_halves, rated), liked),
        speed=tuple(_drawn(sources["alpaca"], SPEED_ROWS, "speed")),
        files=tuple(files),
    )


def evaluation_prompts(data: Path) -> frozenset[str]:
    """Every prompt of every evaluation set, whole files, and every question inside a dialogue.

    For the training to leave out what asks the same.
    """
    found: set[str] = set()
    for path in dict.fromkeys(
        (*(each.path for each in PLANTED), *(path for _, path in LLMBAR), KTO[1])
    ):
        for sample in samples_of(data / path):
            found.update(_questions(sample))
    for name, path in PROMETHEUS:
        for sample in _prometheus(name, data / path).samples:
            found.update(_questions(sample))
    return frozenset(found)


def _questions(sample: Sample) -> set[str]:
    asked = {turn.text for turn in sample.turns if turn.role is Role.USER}
    return {text.strip() for text in (sample.prompt, *asked) if text.strip()}


def samples_of(path: Path) -> list[Sample]:
    """All samples of a file that have a response, as the application reads them."""
    dataset = open_dataset(path)
    try:
        rows = np.flatnonzero(~dataset.broken)
        return [sample for sample in dataset.samples(rows) if sample.response.strip()]
    finally:
        dataset.close()


def english(samples: Iterable[Sample]) -> list[Sample]:
    """Those in Latin letters, nearly all of them, and with nothing left to be filled in.

    Chinese and Hindi rows go; so do rows such as "I am {{name}}", whose format is broken as
    published.
    """
    return [
        sample
        for sample in samples
        if _TEMPLATE_MARK not in sample.response and _is_latin(sample.prompt + sample.response)
    ]


def plant(name: str, samples: Sequence[Sample], sound: int, each_kind: int) -> Planted:
    """Draw sound rows, and spoil others with the training corrupter.

    Rows are taken in one shuffled order, so that sound and spoilt rows are different ones for
    as long as there are enough; after that the order begins anew.
    """
    dice = random.Random(f"{SEED} {name}")  # noqa: S311 - draws rows, hides nothing
    order = list(samples)
    dice.shuffle(order)
    pairs = [Pair(sample.prompt, sample.response, name) for sample in order]
    return Planted(name, tuple(order[:sound]), _spoil(pairs, sound, each_kind, dice))


def plant_held_out(pairs: Sequence[Pair], each_kind: int = 100) -> Planted:
    """Held-out pairs of the training sources with faults: what models are chosen by.

    Each source has as many rows as it brought; a foreign answer is from the pair's own source.
    """
    dice = random.Random(f"{SEED} held out")  # noqa: S311 - draws rows, hides nothing
    order = list(pairs)
    dice.shuffle(order)
    sound = tuple(sample_of(pair.prompt, pair.response) for pair in order)
    return Planted("held out", sound, _spoil(order, 0, each_kind, dice))


def _spoil(
    pairs: Sequence[Pair], start: int, each_kind: int, dice: random.Random
) -> dict[str, tuple[Sample, ...]]:
    """Rows of every kind that can be planted, taken in turn from `start` on."""
    by_source: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.source, []).append(pair)
    at, spoilt = start, {}
    for fault in Fault:
        found: list[Sample] = []
        for _ in range(len(pairs)):
            sound = pairs[at % len(pairs)]
            at += 1
            bad = corrupt(sound, fault, dice, by_source[sound.source])
            if bad is not None:
                found.append(sample_of(bad.prompt, bad.response))
            if len(found) == each_kind:
                break
        if found:
            spoilt[fault.value] = tuple(found)
    return spoilt


def demo() -> Planted:
    """The demo with its own faults; a row with any other label is left out."""
    dataset = open_dataset(demo_folder())
    try:
        samples = dataset.samples(np.arange(dataset.rows))
    finally:
        dataset.close()
    marked = {label.row: label.kind for label in labels()}
    kinds: dict[FaultKind, list[Sample]] = {kind: [] for kind in FaultKind if kind in SPOILT}
    for row, kind in marked.items():
        if kind in SPOILT:
            kinds[kind].append(samples[row])
    sound = tuple(sample for row, sample in enumerate(samples) if row not in marked)
    return Planted("demo", sound, {kind.value: tuple(rows) for kind, rows in kinds.items() if rows})


def sample_of(prompt: str, response: str, before: Sequence[Message] = ()) -> Sample:
    """A sample of one question and its answer, after the turns `before`."""
    turns = (*before, Message(Role.USER, prompt), Message(Role.ASSISTANT, response))
    family = Family.MESSAGES if before else Family.PROMPT_RESPONSE
    return Sample(0, family, turns, prompt_text(turns[:-1]), response)


def _preferred(name: str, path: Path) -> Preferred:
    """Both sides of a preference set; where they are the same text, there is nothing to prefer."""
    dataset = open_dataset(path)
    try:
        rows = np.flatnonzero(~dataset.broken)
        sides = [dataset.samples(rows, side) for side in (Side.CHOSEN, Side.REJECTED)]
    finally:
        dataset.close()
    differing = [
        (better, worse)
        for better, worse in zip(*sides, strict=True)
        if better.response != worse.response
    ]
    return Preferred(name, *(tuple(side) for side in zip(*differing, strict=True)))


def _prometheus(name: str, path: Path) -> Rated:
    """The question and the response inside each rubric, and the mean of its three ratings."""
    samples, ratings, groups = [], [], []
    for row in _rows(path):
        parts = _RUBRIC.search(row["instruction"])
        if parts is None:
            raise InputError(f"{path}: row {row.get('idx')} has no instruction and response")
        dialogue = _DIALOGUE.match(parts[1])
        if dialogue:
            before = (
                Message(Role.USER, dialogue[1].strip()),
                Message(Role.ASSISTANT, dialogue[2].strip()),
            )
            samples.append(sample_of(dialogue[3].strip(), parts[2], before))
        else:
            samples.append(sample_of(parts[1], parts[2]))
        ratings.append(float(np.mean(row["gpt4_score"])))
        groups.append(int(row["idx"]))
    return Rated(name, tuple(samples), np.array(ratings), np.array(groups, np.int64))


def _wildbench(name: str, path: Path) -> Rated:
    """Responses and their ratings of 1 to 10. The file has no prompts, so they are scored bare."""
    rows = [row for row in _rows(path) if row["model_output"].strip()]
    ratings = np.array([float(row["score"]) for row in rows])
    samples = tuple(sample_of("", row["model_output"]) for row in rows)
    return Rated(name, samples, ratings)


def _kto(name: str, path: Path) -> Natural:
    labels_of = [bool(row["label"]) for row in _rows(path)]
    dataset = open_dataset(path)
    try:
        samples = dataset.samples(np.arange(dataset.rows))
    finally:
        dataset.close()
    good = tuple(each for each, label in zip(samples, labels_of, strict=True) if label)
    return Natural(
        name, good, tuple(each for each, label in zip(samples, labels_of, strict=True) if not label)
    )


def _halves(rated: Rated) -> Natural:
    """The rows rated well and those rated badly; what is between is left out."""
    rows = list(zip(rated.samples, rated.ratings, strict=True))
    good = tuple(sample for sample, rating in rows if rating >= RATED_GOOD)
    return Natural(rated.name, good, tuple(s for s, rating in rows if rating <= RATED_BAD))


def _drawn(samples: Sequence[Sample], count: int, what: str) -> list[Sample]:
    dice = random.Random(f"{SEED} {what}")  # noqa: S311 - draws rows, hides nothing
    return dice.sample(list(samples), min(count, len(samples)))


def _is_latin(text: str) -> bool:
    letters = [character for character in text if character.isalpha()]
    return sum(letter < _AFTER_LATIN for letter in letters) >= 0.98 * len(letters)


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return rows


def _identified(file: Path, path: str) -> EvaluationFile:
    try:
        return EvaluationFile(path, sha256(file.read_bytes()).hexdigest())
    except OSError as error:
        raise InputError(
            f"no evaluation file {file}", "give the folder of public datasets with --data"
        ) from error
