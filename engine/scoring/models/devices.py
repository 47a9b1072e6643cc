"""One model on several GPUs, and how much of a GPU's memory a batch may take.

Each GPU has its own copy of the model and its own thread; the worker hands them batches and reads
the scores when the next ones are on their way.

Not run on a GPU yet: what is here was tested with stand-ins for the devices.
"""
# ruff: noqa: PLC0415 - torch is imported with the first model

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from engine.review.threshold import Direction
from engine.sample import Sample, Side
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey, Scorer, ScorerOptions

MEMORY_SHARE = 0.6
"""Of what is free: attention grows with the square of the length, and others may want some."""
MOST_TOKENS = 262_144
LEAST_TOKENS = 1_024
BATCHES_EACH = 2
"""On their way to each GPU: one computes, one waits."""


class SeveralDevices:
    """The same model on several devices, as one scorer; see `Launching`."""

    def __init__(self, scorers: Sequence[Scorer]) -> None:
        """Take one scorer for each device, all of the same model and format."""
        self._scorers = list(scorers)
        self._threads = [
            ThreadPoolExecutor(1, thread_name_prefix=f"scoring-{each.device}") for each in scorers
        ]
        self._busy = [0] * len(self._scorers)
        first = self._scorers[0]
        self.name = first.name
        self.device = f"{len(self._scorers)} GPUs"
        self.label = f"{first.label.removesuffix(first.device)}{self.device}"
        self.start_threshold: float | None = first.start_threshold
        self.direction: Direction = first.direction
        self.warnings = tuple(dict.fromkeys(line for each in scorers for line in each.warnings))
        self.token_budget = min(each.token_budget for each in self._scorers)
        self.calibration: object = getattr(first, "calibration", None)

    @property
    def in_flight(self) -> int:
        """Enough that no device waits for the worker."""
        return BATCHES_EACH * len(self._scorers)

    def key(self, side: Side) -> ScoreKey:
        """As of one device: which of them scores makes no difference."""
        return self._scorers[0].key(side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        """Prepare samples; a tokenizer runs on the processor."""
        return self._scorers[0].encode(samples)

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        """Score a batch on one of them."""
        return self.launch(batch)()

    def launch(self, batch: Sequence[Encoded]) -> Callable[[], Sequence[Scored | Failed]]:
        """Start on a batch where the fewest wait."""
        at = min(range(len(self._scorers)), key=self._busy.__getitem__)
        self._busy[at] += 1
        future = self._threads[at].submit(self._scorers[at].score, batch)

        def wait() -> Sequence[Scored | Failed]:
            try:
                return future.result()
            finally:
                self._busy[at] -= 1

        return wait

    def close(self) -> None:
        """Let every copy go."""
        for thread in self._threads:
            thread.shutdown(wait=True, cancel_futures=True)
        for scorer in self._scorers:
            scorer.close()


def on_every_device(
    name: str, options: ScorerOptions, load: Callable[[str, ScorerOptions], Scorer]
) -> Scorer:
    """The model on each GPU that there is, unless one device is asked for.

    Raises:
        ScorerError: see `RewardModel`.
    """
    count = gpus() if options.device in ("", "cuda") else 0
    if count < 2:
        return load(name, options)
    scorers: list[Scorer] = []
    try:
        for at in range(count):
            scorers.append(load(name, replace(options, device=f"cuda:{at}")))  # noqa: PERF401 - those loaded are closed
    except BaseException:
        for scorer in scorers:
            scorer.close()
        raise
    return SeveralDevices(scorers)


def gpus() -> int:
    """How many CUDA devices torch sees."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def fitting_tokens(free_bytes: int, bytes_per_token: float, usual: int) -> int:
    """Tokens of a batch that fit into memory.

    Args:
        free_bytes: beside the weights.
        bytes_per_token: measured; below 1 where nothing was seen.
        usual: what holds where nothing was seen.
    """
    if bytes_per_token < 1:
        return usual
    fitting = int(free_bytes * MEMORY_SHARE / (BATCHES_EACH * bytes_per_token))
    return min(max(fitting, LEAST_TOKENS), MOST_TOKENS)


def gpu_memory(device: Any, forward: Callable[[], object]) -> tuple[int, int]:
    """Bytes that are free on a GPU, and those that one forward pass takes beside the weights."""
    import torch

    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    forward()
    torch.cuda.synchronize(device)
    taken = torch.cuda.max_memory_allocated(device) - before
    torch.cuda.empty_cache()
    return int(torch.cuda.mem_get_info(device)[0]), int(taken)
