"""One way of scoring rows, alone in its process, which waits until it is its turn.

    python -m tests.benchmarks.contenders NAME FOLDER ROWS.json DTYPE

It loads the model, scores a few rows to warm up, and says so on a line. Then it answers each line
of standard input, a JSON list of row numbers, by a line of JSON: speed, padding, memory, scores.
`desk` measures the lag of the event loop of a running desk instead, and ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from engine.sample import Family, Message, Role, Sample, Side
from engine.scoring.models.model_files import prepare_environment

Pairs = Sequence[tuple[str, str]]
MAX_TOKENS = 512
WARM_ROWS = 4
TICK_S = 0.01
LAG_S = 20.0


class Padding:
    """Counts tokens that a model was given, and those of them that were padding."""

    def __init__(self) -> None:
        self.given = self.padding = 0

    def watch(self, model: Any) -> None:
        """Count what goes through `model`, whoever calls it and by whichever of its names."""
        exact = model.forward

        def counted(*args: Any, **inputs: Any) -> Any:
            mask = inputs["attention_mask"]
            self.given += mask.numel()
            self.padding += int((mask == 0).sum())
            return exact(*args, **inputs)

        model.forward = counted


Score = Callable[[Pairs], list[float]]
"""Rows to their scores, by a model that is loaded."""


def stock(folder: str, dtype: str) -> tuple[Any, Any]:
    """Tokenizer and model as transformers makes them."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=getattr(torch, dtype))
    return AutoTokenizer.from_pretrained(folder), model.eval()


def batched(folder: str, dtype: str, padding: Padding, size: int) -> Score:
    """Stock batches in the order of the dataset; of one row each, the chapter's loop."""
    import torch

    tokenizer, model = stock(folder, dtype)
    padding.watch(model)

    def score(pairs: Pairs) -> list[float]:
        scores: list[float] = []
        for start in range(0, len(pairs), size):
            batch = pairs[start : start + size]
            inputs = tokenizer(
                [prompt for prompt, _ in batch],
                [answer for _, answer in batch],
                return_tensors="pt",
                padding=True,
                truncation=True,
                max_length=MAX_TOKENS,
            )
            with torch.no_grad():
                scores.extend(model(**inputs).logits[:, 0].float().tolist())
        return scores

    return score


def pipeline(folder: str, dtype: str, padding: Padding) -> Score:
    """The pipeline of transformers, in batches of 32."""
    from transformers import pipeline as make

    tokenizer, model = stock(folder, dtype)
    padding.watch(model)
    build: Any = make
    pipe = build("text-classification", model=model, tokenizer=tokenizer, batch_size=32)

    def score(pairs: Pairs) -> list[float]:
        rows = [{"text": prompt, "text_pair": answer} for prompt, answer in pairs]
        out = pipe(rows, function_to_apply="none", truncation=True, max_length=MAX_TOKENS)
        return [float(each["score"]) for each in out]

    return score


def cross_encoder(folder: str, dtype: str, padding: Padding, size: int) -> Score:
    """The CrossEncoder of sentence-transformers."""
    import torch
    from sentence_transformers import CrossEncoder  # pyright: ignore[reportMissingImports] - the extra bench

    model = CrossEncoder(
        folder,
        max_length=MAX_TOKENS,
        device="cpu",
        local_files_only=True,
        model_kwargs={"dtype": getattr(torch, dtype)},
        activation_fn=torch.nn.Identity(),
    )
    padding.watch(model.model)

    def score(pairs: Pairs) -> list[float]:
        out = model.predict(list(pairs), batch_size=size, show_progress_bar=False)
        return [float(each) for each in np.asarray(out, np.float64).reshape(-1)]

    return score


class Rows:
    """Pairs in memory, as the worker takes a dataset."""

    has_sides = False

    def __init__(self, pairs: Pairs) -> None:
        self.rows = len(pairs)
        self.broken = np.zeros(self.rows, np.bool_)
        self.lengths = np.array([len(one) + len(other) for one, other in pairs], np.int32)
        self._pairs = pairs

    def samples(self, rows: Any, side: Side) -> list[Sample]:  # noqa: ARG002 - one side only
        return [_sample(int(row), *self._pairs[int(row)]) for row in rows]


def _sample(row: int, prompt: str, answer: str) -> Sample:
    turns = (Message(Role.USER, prompt), Message(Role.ASSISTANT, answer))
    return Sample(row, Family.PROMPT_RESPONSE, turns, prompt, answer)


def ours(folder: str, dtype: str, padding: Padding) -> Score:
    """The worker, as the desk uses it."""
    from engine.scoring import ScorerOptions, make_scorer
    from engine.scoring.models import classifier
    from engine.scoring.worker.board import ScoreBoard
    from engine.scoring.worker.worker import ScoringWorker

    options = ScorerOptions(input_format="pair", max_length=MAX_TOKENS, dtype=dtype, device="cpu")
    scorer = make_scorer(f"hf:{folder}", options=options)
    exact = classifier.padded

    def counted(rows: Sequence[dict[str, list[int]]], pad: int) -> Any:
        arrays = exact(rows, pad)
        mask = arrays["attention_mask"]
        padding.given += mask.size
        padding.padding += int((mask == 0).sum())
        return arrays

    classifier.padded = counted

    def score(pairs: Pairs) -> list[float]:
        rows = Rows(pairs)
        board = ScoreBoard(rows.rows, 1, rows.lengths)
        worker = ScoringWorker(rows, board, lambda: scorer)
        worker.start()
        worker.join()
        # Not cancelled: that would let the model go before the next rows.
        return [float(each) for each in board.scores[0]]

    return score


CONTENDERS: dict[str, Callable[[str, str, Padding], Score]] = {
    "loop": lambda folder, dtype, padding: batched(folder, dtype, padding, 1),
    "batches": lambda folder, dtype, padding: batched(folder, dtype, padding, 32),
    "pipeline": pipeline,
    "cross": lambda folder, dtype, padding: cross_encoder(folder, dtype, padding, 32),
    "tuned": lambda folder, dtype, padding: cross_encoder(folder, dtype, padding, 8),
    "ours": ours,
}


def serve(score: Score, pairs: Pairs, padding: Padding, out: TextIO) -> None:
    """Score what each line of standard input asks for, until it ends."""
    score(pairs[:WARM_ROWS])
    say(out, {"ready": True})
    for line in sys.stdin:
        rows = [pairs[row] for row in json.loads(line)]
        padding.given = padding.padding = 0
        began, worked = time.perf_counter(), time.process_time()
        scores = score(rows)
        found = {
            "elapsed_s": time.perf_counter() - began,
            "processor_s": time.process_time() - worked,
            "given": padding.given,
            "padding": padding.padding,
            "scores": scores,
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        say(out, found)


def say(out: TextIO, value: dict[str, Any]) -> None:
    """One line of JSON."""
    out.write(json.dumps(value) + "\n")
    out.flush()


def desk_lag(folder: str, pairs: Pairs, dtype: str) -> dict[str, Any]:
    """How late a ticker of the desk's event loop is while a model scores."""
    from engine.scoring import ScorerOptions
    from engine.scoring.worker.worker import WorkerState
    from engine.session import OpenOptions
    from tui.app import TamisApp

    options = ScorerOptions(input_format="pair", dtype=dtype, device="cpu")

    async def run(path: Path) -> list[float]:
        app = TamisApp(
            path,
            OpenOptions(session=path.with_suffix(".db"), reviewer="bench"),
            scorer=f"hf:{folder}",
            scorer_options=options,
        )
        lags: list[float] = []
        async with app.run_test(size=(120, 40)):
            while (  # noqa: ASYNC110 - the desk tells nobody
                app.session is None
                or (status := app.session.scoring.status()) is None
                or status.state is not WorkerState.SCORING
                or status.rows_per_s == 0
            ):
                await asyncio.sleep(0.1)
            await asyncio.sleep(3)  # the first rows, loading's last garbage
            ends = time.perf_counter() + LAG_S
            while time.perf_counter() < ends:
                began = time.perf_counter()
                await asyncio.sleep(TICK_S)
                lags.append(time.perf_counter() - began - TICK_S)
                if app.session.scoring.status().state is not WorkerState.SCORING:  # type: ignore[union-attr]
                    break
        return lags

    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "rows.jsonl"
        path.write_text(
            "\n".join(json.dumps({"prompt": one, "response": other}) for one, other in pairs)
        )
        lags = asyncio.run(run(path))
    p50, p95, p99 = np.percentile(np.array(lags) * 1e3, [50, 95, 99])
    return {"ticks": len(lags), "p50": p50, "p95": p95, "p99": p99, "max": max(lags) * 1e3}


def main() -> None:
    """Be one contender."""
    name, folder, rows, dtype = sys.argv[1:]
    prepare_environment()
    pairs = [(one, other) for one, other in json.loads(Path(rows).read_bytes())]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints
    if name == "desk":
        say(out, desk_lag(folder, pairs, dtype))
    else:
        padding = Padding()
        serve(CONTENDERS[name](folder, dtype, padding), pairs, padding, out)
    os._exit(0)  # the worker's thread waits for more


if __name__ == "__main__":
    main()
