"""What a scorer is, and the values that go in and come out.

A scorer is used by one thread at a time: `encode` turns samples into what the model reads (so
that their lengths are known before batches are made), `score` turns a batch of those into
scores. A row that cannot be scored is a value, `Failed`, and never an exception.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import Any, Protocol, Self, runtime_checkable

import orjson

from engine.review.threshold import Direction
from engine.sample import Sample, Side

ENCODE_ROWS = 64
"""Most samples in one `encode` call: 64 hold the interpreter 3 ms, 2,000 would hold it 118 ms."""

PLAN_VERSION = 3
"""How samples are cut and batches are made. Part of the cache key: in bfloat16 the batch moves the
score."""


@dataclass(frozen=True, slots=True)
class ScoreKey:
    """Everything that a score depends on beside the sample itself; two keys never share scores."""

    scorer: str
    revision: str
    input_format: str = ""
    max_length: int = 0
    dtype: str = ""
    label: str = ""
    side: Side = Side.CHOSEN
    plan_version: int = PLAN_VERSION
    placeholders: str = ""
    """Digest of what is read as no input; empty for scores of before that was known."""
    reader: int = 1
    """Version of the reader of rows."""

    def fields(self) -> dict[str, Any]:
        """All of it as JSON values; what was not known then is left out of an earlier key."""
        found = {**asdict(self), "side": str(self.side)}
        if (self.placeholders, self.reader) == ("", 1):
            del found["placeholders"], found["reader"]
        return found

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """The key that `fields` is of.

        Raises:
            TypeError, ValueError, KeyError: it is of none.
        """
        return cls(**{**fields, "side": Side.named(fields["side"])})

    def earlier(self) -> Self:
        """The key under which sessions of format 1 kept such scores."""
        return replace(self, placeholders="", reader=1)

    def digest(self) -> str:
        """All fields as 32 hex digits, the same on every machine and in every run."""
        canonical = orjson.dumps(self.fields(), option=orjson.OPT_SORT_KEYS)
        return blake2b(canonical, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Scored:
    """A score and what it was read from; `why` is for scorers that can say it in words."""

    score: float
    tokens: int
    """Read by the scorer."""
    length: int = 0
    """Of the whole sample, in tokens; 0: it was read whole."""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """No score, and the reason, one line."""

    reason: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sample as the scorer will read it; only the scorer that made it looks at `payload`."""

    tokens: int
    """That will be read."""
    length: int = 0
    """Of the whole sample, in tokens; 0: it is read whole."""
    payload: object = field(default=None, repr=False)


class ScorerFacts(Protocol):
    """What is known of a scorer, whether it is loaded or not."""

    @property
    def name(self) -> str:
        """As the person named it: `heuristic`, `hf:some/model`."""
        ...

    @property
    def label(self) -> str:
        """For the screen: `reward-model-deberta-v3 · pair · float32 · cpu`."""
        ...

    @property
    def device(self) -> str:
        """Where it computes: `cpu`, `cuda:0`, `mps`."""
        ...

    @property
    def start_threshold(self) -> float | None:
        """The value that this scorer is known to be cut at; None: the median, as a guess."""

    @property
    def direction(self) -> Direction:
        """Which side of a threshold is the good one."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the checks at loading found that does not forbid scoring."""
        ...

    @property
    def token_budget(self) -> int:
        """Most tokens in one batch, padding included; 0: it counts none."""
        ...

    def key(self, side: Side) -> ScoreKey:
        """Under which key the scores of `side` are cached."""
        ...


class Scorer(ScorerFacts, Protocol):
    """One way of giving a number to a sample."""

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        """Prepare at most `ENCODE_ROWS` samples, in order."""
        ...

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        """Score a batch, in order. May raise: the worker finds the row that is to blame."""
        ...

    def close(self) -> None:
        """Let go of the model's memory; the scorer is not used afterwards."""


class WithoutModel:
    """What scorers have alike that load nothing and count no tokens."""

    device = "cpu"
    start_threshold: float | None = None
    direction = Direction.AT_LEAST
    warnings: tuple[str, ...] = ()
    token_budget = 0

    def close(self) -> None:
        """Nothing to let go of."""


@runtime_checkable
class Launching(Protocol):
    """A scorer that computes a batch while the next one is prepared: on a GPU, or on several.

    Reading a result waits for the device; so it is read when the next batch is on its way.
    """

    @property
    def in_flight(self) -> int:
        """How many batches are on their way before the first is read; 1: none beside it."""
        ...

    def launch(self, batch: Sequence[Encoded]) -> Callable[[], Sequence[Scored | Failed]]:
        """Start on a batch; what is returned waits for its scores. Both may raise."""
        ...


@dataclass(frozen=True, slots=True)
class ScorerOptions:
    """How a scorer is to be made; the defaults are the safe ones.

    Empty texts and zeros mean "as the model says".
    """

    device: str = ""
    """`cuda` (every GPU there is), `cuda:1`, `mps`, `cpu`."""
    input_format: str = ""
    """`pair`, `chat`, `text`, `hh`, `chapter` or `template:FILE`."""
    max_length: int = 0
    """Tokens."""
    label: str = ""
    """Which output of a classifier is the score: its name, or its index."""
    dtype: str = ""
    """`auto`, `float32` or `bfloat16`; auto takes bfloat16 where it is measured to be faster."""
    threads: int = 0
    """Torch threads on a CPU."""
    allow_pickle: bool = False
    download: bool = False
    trust_remote_code: bool = False


def always_wanted() -> None:
    """For a scorer that is waited for until it is loaded; see `make_scorer`."""


def length_in_tokens(sample: Sample) -> int:
    """A rough length for scorers without a tokeniser: four characters to a token."""
    return (len(sample.prompt) + len(sample.response)) // 4
