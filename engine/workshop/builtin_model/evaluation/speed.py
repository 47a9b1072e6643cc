"""How fast a model's folder scores, measured as the worker works: chunks, windows, batches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from engine.sample import Sample
from engine.scoring import make_scorer
from engine.scoring.scorer import ScorerOptions
from engine.workshop.builtin_model.evaluation.figures import SpeedFigures
from engine.workshop.builtin_model.evaluation.scoring import Score, score_with

THREADS = 2
MAX_LENGTH = 256
"""Tokens: what the project's bound of 1,000 rows a second is stated for."""
DTYPES = ("float32", "bfloat16")
WARM_ROWS = 256
ROUNDS = 3


def measure_speed(folder: Path, samples: Sequence[Sample]) -> tuple[SpeedFigures, ...]:
    """Rows a second in each dtype, encoding included; the best of three rounds.

    The rounds before the best one are those in which something else ran.
    """
    import torch  # noqa: PLC0415 - with the first model

    threads = torch.get_num_threads()
    try:
        return tuple(_measure(folder, samples, dtype) for dtype in DTYPES)
    finally:
        torch.set_num_threads(threads)


def _measure(folder: Path, samples: Sequence[Sample], dtype: str) -> SpeedFigures:
    options = ScorerOptions(device="cpu", dtype=dtype, max_length=MAX_LENGTH, threads=THREADS)
    scorer = make_scorer(f"hf:{folder}", options=options)
    try:
        score = score_with(scorer)
        score(samples[:WARM_ROWS])
        fastest_s = min(_seconds(score, samples) for _ in range(ROUNDS))
    finally:
        scorer.close()
    return SpeedFigures(dtype, THREADS, MAX_LENGTH, len(samples) / fastest_s, processor())


def processor() -> str:
    """The processor's name and whether it multiplies bfloat16 by itself; empty where unknown."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return ""
    lines = (line.partition(":") for line in text.splitlines())
    fields = {name.strip(): value.strip() for name, _, value in lines}
    flags = fields.get("flags", "").split()
    units = [flag for flag in ("amx_bf16", "avx512_bf16") if flag in flags]
    return ", ".join([fields.get("model name", ""), *units])


def _seconds(score: Score, samples: Sequence[Sample]) -> float:
    started = time.perf_counter()
    score(samples)
    return time.perf_counter() - started
