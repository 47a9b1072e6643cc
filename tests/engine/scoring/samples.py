"""Samples, a dataset in memory, and scorers that do what a test asks for."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.review.threshold import Direction
from engine.sample import Family, Message, Role, Sample, Side
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey
from tests.engine.scoring.built_models import WORDS


def sample(prompt: str, response: str, row: int = 0, family: Family = Family.ALPACA) -> Sample:
    turns = (Message(Role.USER, prompt), Message(Role.ASSISTANT, response))
    return Sample(row, family, turns, prompt, response)


def random_samples(count: int, seed: int = 0, longest: int = 60) -> list[Sample]:
    rng = random.Random(seed)

    def text() -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(1, longest)))

    return [sample(text(), text(), row) for row in range(count)]


@dataclass(frozen=True)
class FakeFingerprint:
    digest: str = "fake"


class FakeDataset:
    """Rows in memory; the rejected side answers in reverse."""

    def __init__(
        self,
        samples: Sequence[Sample],
        *,
        broken: Sequence[int] = (),
        has_sides: bool = False,
        columns: pl.DataFrame | None = None,
    ) -> None:
        self.rows = len(samples)
        self.has_sides = has_sides
        self.fingerprint = FakeFingerprint()
        self.broken = np.zeros(self.rows, np.bool_)
        self.broken[list(broken)] = True
        self.lengths = np.array([len(s.prompt) + len(s.response) for s in samples], np.int32)
        self.asked: list[int] = []
        self._samples = list(samples)
        self._columns = columns

    def samples(
        self, rows: Sequence[int] | NDArray[np.int64], side: Side = Side.CHOSEN
    ) -> list[Sample]:
        self.asked += [int(row) for row in rows]
        chosen = [self._samples[int(row)] for row in rows]
        if side is Side.CHOSEN:
            return chosen
        return [replace(each, response=each.response[::-1]) for each in chosen]

    def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        texts = [self._samples[int(row)] for row in rows]
        digests = [
            blake2b(f"{each.prompt}\0{each.response}".encode(), digest_size=16).digest()
            for each in texts
        ]
        return np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16)

    def frame(self, rows: NDArray[np.int64]) -> pl.DataFrame:
        assert self._columns is not None
        return self._columns[rows]


class FakeScorer:
    """Scores the length of the response; raises, waits or counts where a test says so."""

    name = "fake"
    label = "fake scorer"
    device = "cpu"
    start_threshold: float | None = 3.0
    direction = Direction.AT_LEAST
    warnings: tuple[str, ...] = ("a warning",)

    def __init__(self, token_budget: int = 64) -> None:
        self.token_budget = token_budget
        self.batches: list[list[Sample]] = []
        self.closed = False
        self.before: Callable[[list[Sample]], None] = lambda _batch: None
        self.before_encoding: Callable[[Sequence[Sample]], None] = lambda _samples: None
        self.nice: int | None = None
        self.gate = threading.Event()
        self.gate.set()

    def key(self, side: Side) -> ScoreKey:
        return ScoreKey("fake", "1", side=side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        assert len(samples) <= 64
        self.before_encoding(samples)
        return [Encoded(len(each.response.split()), payload=each) for each in samples]

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        samples = [each.payload for each in batch]
        assert all(isinstance(each, Sample) for each in samples)
        texts = [each for each in samples if isinstance(each, Sample)]
        assert self.gate.wait(100)
        self.before(texts)
        self.batches.append(texts)
        return [
            Scored(float(len(each.response)), encoded.tokens)
            for each, encoded in zip(texts, batch, strict=True)
        ]

    def close(self) -> None:
        self.closed = True

    @property
    def order(self) -> list[int]:
        """Rows in the order in which they were scored."""
        return [each.row for batch in self.batches for each in batch]
