"""The sound pairs that the model is trained on: which files, and what is taken of them.

Everything here is under a permissive licence. What any evaluation set asks is left out, whoever
answered it, so that a figure in the model card is never one of memory.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.sample import Message

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt, a response, and the source that both are from.

    `before` are the turns of a dialogue before the prompt.
    """

    prompt: str
    response: str
    source: str
    before: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class TextSource:
    """Files of the training data: where they lie, what they are, how much of them is used."""

    name: str
    files: dict[str, str]
    """Path under the data folder → SHA-256 of the file."""
    licence: str
    pairs: Callable[..., Iterator[tuple[str, str]]]
    """Takes the rows of each file."""
    most: int
    """Pairs seen in an epoch at most, drawn anew for each, so that no source gives the model its
    style."""
    repeats: int = 1
    """Times that a pair is seen in an epoch, each time in another form and beside another fault:
    for the small sources, whose tasks are nearest to what datasets ask."""


REFUSES = re.compile(
    r"\b(I (cannot|can't|can not|am unable to|must (point out|inform)|apologi[sz]e)"
    r"|as an? (AI|responsible)|I'm (sorry|just an AI|not able)|unable to)\b",
    re.IGNORECASE,
)
SHORT_WORDS = 25
"""A response of this many words may well end without a full stop."""
ENDS = tuple(".!?:;)]}>\"'`*|~…\u201d\u2019")
PROMPT_CHARACTERS, RESPONSE_CHARACTERS = 6_000, 8_000
"""Longer texts are far beyond what the model reads."""


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _alpaca(rows: Rows) -> Iterator[tuple[str, str]]:
    for row in rows:
        response = row.get("response") or row.get("output") or ""
        yield _joined(row["instruction"], row["input"]), response


def _gsm8k(rows: Rows) -> Iterator[tuple[str, str]]:
    """Every second answer as its authors wrote it, the others without their calculator marks."""
    for number, row in enumerate(rows):
        answer = row["answer"]
        if number % 2:
            answer = re.sub(r"<<.*?>>", "", answer).replace("#### ", "The answer is ")
        yield row["question"], answer


def _justeval(rows: Rows) -> Iterator[tuple[str, str]]:
    """To refuse a harmful request is sound; what refuses a harmless one is left out."""
    for row in rows:
        if row["category"] == "safety" or not REFUSES.search(row["output"][:300]):
            yield row["instruction"], row["output"]


def _instances(rows: Rows) -> Iterator[tuple[str, str]]:
    for row in rows:
        for instance in row["instances"]:
            yield _joined(row["instruction"], instance["input"]), instance["output"]


def _predictions(rows: Rows) -> Iterator[tuple[str, str]]:
    for row in rows:
        yield _joined(row["instruction"], row["input"]), row["response"]


def _arena(questions: Rows, answers: Rows) -> Iterator[tuple[str, str]]:
    asked = {row["question_id"]: row["turns"][0]["content"] for row in questions}
    for row in answers:
        yield asked[row["question_id"]], row["choices"][0]["turns"][0]["content"]


HELD_OUT = 0.05
"""Share of the prompts that candidates are chosen on."""
MIT, APACHE = "MIT", "Apache-2.0"
SOURCES = (
    TextSource(
        "gsm8k",
        {"gsm8k/train.jsonl": "17f347dc51477c50d4efb83959dbb7c56297aba886e5544ee2aaed3024813465"},
        MIT,
        _gsm8k,
        most=1_800,
    ),
    TextSource(
        "gpteacher-codegen",
        {
            "gpteacher/codegen-instruct.json": (
                "8b0be81f22b86bccab30f573351b62efb3391da229d2ee817a65ce0abb08b29d"
            )
        },
        MIT,
        _alpaca,
        most=2_000,
    ),
    TextSource(
        "gpteacher-roleplay",
        {
            "gpteacher/roleplay-simple-deduped.json": (
                "b5d57a0d92162fd0b78988fe352e8512b435363919caf63efc3759d5a1555023"
            )
        },
        MIT,
        _alpaca,
        most=1_900,
    ),
    TextSource(
        "gpteacher-toolformer",
        {
            "gpteacher/toolformer-dedupe-only-dataset.json": (
                "4043876e98184eb628741c1948bc8627c3c2d0bb1eb6dea771e2dd40d5990e25"
            )
        },
        MIT,
        _alpaca,
        most=900,
    ),
    TextSource(
        "justeval-llama",
        {
            "justeval/example_data.json": (
                "3f718cd794c5049b44ab1f74b5bd4138e3e312da497b6d3bbfbde22baebf4134"
            )
        },
        MIT,
        _justeval,
        most=1_000,
        repeats=2,
    ),
    TextSource(
        "justeval-mistral",
        {
            "justeval/Mistral-7B-Instruct-v0.1.to_eval.json": (
                "823c16f7c50050c6438c8b73b7de4d8126bd2b6efaf8f9afe5ebeb008e739e3e"
            )
        },
        MIT,
        _justeval,
        most=1_000,
        repeats=2,
    ),
    TextSource(
        "seed-tasks",
        {
            "alpaca/seed_tasks.jsonl": (
                "7779004fa198fdf27cf70a159363879d8a26c53329e11b436af17b3941875f48"
            )
        },
        APACHE,
        _instances,
        most=1_000,
        repeats=4,
    ),
    TextSource(
        "self-instruct",
        {
            "selfinstruct/user_oriented_instructions.jsonl": (
                "81d60a117db495cecedecd9193504fd07c5b5a42f6699ef6b0f9da10fc22f42e"
            )
        },
        APACHE,
        _instances,
        most=1_000,
        repeats=4,
    ),
    TextSource(
        "self-instruct-davinci",
        {
            "selfinstruct/text-davinci-003_predictions.jsonl": (
                "9fbf9229c917f2c832399e4d474f0ed1a4f367fae61e5eee814f3db687e0d584"
            )
        },
        APACHE,
        _predictions,
        most=1_000,
        repeats=4,
    ),
    TextSource(
        "arena-hard",
        {
            "arena_hard/question.jsonl": (
                "4daad38811161c3ba5c248f26b90c3cef89634f4c772002ed9138c1e13f63e9f"
            ),
            "arena_hard/gpt-4-0314.jsonl": (
                "245109b8fe7c3bef0304f1c559d29da377f97f61535ad1170b46a61a08eb9ac7"
            ),
        },
        APACHE,
        _arena,
        most=1_000,
        repeats=2,
    ),
)
SHOWN = {source.name: (source.most, source.repeats) for source in SOURCES}
"""Pairs of a source in an epoch at most, and how often each."""


def read_pairs(data: Path, seed: int, evaluated: Collection[str]) -> list[Pair]:
    """All sound pairs, those of each source in an order that the seed decides.

    Args:
        data: the folder that the paths of `SOURCES` lead from.
        seed: of the order.
        evaluated: prompts of the evaluation sets; pairs that ask the same are left out.

    Raises:
        InputError: a file is missing or is not the one that the recipe names.
    """
    seen = Prompts(evaluated)
    pairs: list[Pair] = []
    for source in SOURCES:
        files = [_read(data / path, digest) for path, digest in source.files.items()]
        found = [
            Pair(prompt.strip(), response.strip(), source.name)
            for prompt, response in source.pairs(*files)
        ]
        sound = [pair for pair in found if usable(pair) and pair.prompt not in seen]
        dice = random.Random(f"{seed} {source.name}")  # noqa: S311 - a choice, not a secret
        pairs += dice.sample(sound, len(sound))
    return pairs


def usable(pair: Pair) -> bool:
    """Whether a pair can stand for a sound one: answered, of readable length, and ended."""
    words = len(pair.response.split())
    return (
        bool(pair.prompt)
        and words > 0
        and len(pair.prompt) <= PROMPT_CHARACTERS
        and len(pair.response) <= RESPONSE_CHARACTERS
        and (words <= SHORT_WORDS or pair.response.endswith(ENDS) or pair.response[-1].isdigit())
    )


def split(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Divide by prompt: no prompt is on both sides, however many answers it has.

    Returns:
        What is trained on, and what is held out: about `share` of the prompts.
    """
    kept: list[Pair] = []
    held: list[Pair] = []
    for pair in pairs:
        digest = hashlib.blake2b(f"{seed} {pair.prompt}".encode(), digest_size=8).digest()
        part = int.from_bytes(digest, "big") / 2**64
        (held if part < share else kept).append(pair)
    return kept, held


class Prompts:
    """Prompts known by their runs of words, to find those that ask the same.

    Source: the 13-gram test of Brown et al. 2020 (GPT-3), appendix C, with runs of eight words
    because prompts are short; a shorter prompt is known as a whole.
    """

    RUN = 8
    SHARE = 0.5

    def __init__(self, prompts: Iterable[str]) -> None:
        """Remember what `prompts` ask."""
        self._runs: set[int] = set()
        for prompt in prompts:
            self._runs |= self._of(prompt)

    def __contains__(self, prompt: str) -> bool:
        """Whether half of the prompt's runs of words are known."""
        runs = self._of(prompt)
        return len(runs & self._runs) >= self.SHARE * max(len(runs), 1)

    def _of(self, prompt: str) -> set[int]:
        words = re.findall(r"\w+", prompt.lower())
        if len(words) <= self.RUN:
            return {hash(tuple(words))}
        return {hash(tuple(words[at : at + self.RUN])) for at in range(len(words) - self.RUN + 1)}


def sha256(path: Path) -> str:
    """Of a file, in hex.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"training data cannot be read: {path}: {error.strerror}") from error


def _read(path: Path, digest: str) -> Rows:
    hint = "the recipe names its files by SHA-256; see the model card"
    if sha256(path) != digest:
        raise InputError(f"not the file that the recipe was made with: {path}", hint)
    text = path.read_text("utf-8")
    if path.suffix == ".json":
        return list(json.loads(text))
    return [json.loads(line) for line in text.split("\n") if line]
