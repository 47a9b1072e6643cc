"""Reward models of two sizes, scored in the ways that people use today and in ours.

    python -m tests.benchmarks.bench_scoring [--only small large lag embedded] [--quick]

Same weights, same rows, same pair format, each contender in a process of its own that waits for
its turn. The loop and the tuned CrossEncoder take the rows in parts and ours goes between two
parts, so a machine that becomes slower or faster meanwhile does so for all of them. Weights are
random: speed does not depend on them. Every figure is of this run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from engine.scoring.models.precision import MULTIPLIERS, processor_features
from engine.scoring.worker.agenda import WINDOW_UNITS
from tests.benchmarks.rows import alpaca_like
from tests.benchmarks.shapes import LARGE, SMALL, build, parameters

CHECKOUT = Path(__file__).resolve().parents[2]
ALPACA = CHECKOUT.parent / "shared" / "data" / "alpaca" / "alpaca_data.json"
LAG_ROWS = 52_002
PARTS = 3
"""In which the loop and the tuned CrossEncoder take the rows; ours goes after the first two."""
PEER_S = 12.0
"""Contenders that no target names stop after the piece in which this passed."""
EMBEDDED_ROWS, EMBEDDED_START_ROWS = 10_000, 64

NAMES = {
    "loop": "the chapter's loop, one row at a time",
    "batches": "stock batches of 32, dataset order",
    "pipeline": "transformers' pipeline, batches of 32",
    "cross": "CrossEncoder.predict, as it comes",
    "tuned": "CrossEncoder.predict, batches of 8",
    "ours": "tamis",
}
PEERS = (("batches", 32), ("pipeline", 32), ("cross", 256), ("tuned", 256))
"""Those that no target names, in float32, and how many rows they take at a time."""

Key = tuple[str, str]
"""A contender and its dtype."""


@dataclass
class Tally:
    """What one contender has done so far."""

    elapsed_s: list[float] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    given: int = 0
    padding: int = 0
    peak_bytes: int = 0
    scores: dict[int, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Rows a second over everything."""
        return sum(self.rows) / sum(self.elapsed_s)

    def rate_around(self, at: int) -> float:
        """Rows a second in the two parts between which another one ran: `at` and the next."""
        return sum(self.rows[at : at + 2]) / sum(self.elapsed_s[at : at + 2])

    def add(self, rows: Sequence[int], found: dict[str, Any]) -> None:
        """Count what was answered for `rows`."""
        self.elapsed_s.append(found["elapsed_s"])
        self.rows.append(len(rows))
        self.given += found["given"]
        self.padding += found["padding"]
        self.peak_bytes = found["peak_bytes"]
        self.scores.update(zip(rows, found["scores"], strict=True))


class Contender:
    """A way of scoring in a process of its own; see `contenders`."""

    def __init__(self, bench: Bench, key: Key, model: Path, rows: Path) -> None:
        """Start it and wait until its model is loaded and warm.

        Raises:
            RuntimeError: it ended instead; the message is its last line.
        """
        name, dtype = key
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.contenders", name, model, rows, dtype],
            cwd=CHECKOUT,
            env=bench.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self.first = self._answer()
        """Its first word: that it is ready, or of `desk` all that it has found."""

    def score(self, rows: Sequence[int]) -> dict[str, Any]:
        """Let it score those rows."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(list(rows)).encode() + b"\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._errors.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read().decode(errors="replace").strip().splitlines()
            raise RuntimeError((said or ["no word"])[-1][:160])
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass
class Bench:
    """Where models and rows lie, and what was found."""

    folder: Path
    pairs: list[tuple[str, str]]
    missed: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Of every process: nothing of the person's own, no network."""
        homes = {
            key: str(self.folder / "home" / key)
            for key in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HF_HOME")
        }
        return {**os.environ, **homes, "HF_HUB_OFFLINE": "1"}

    def hold(self, what: str, value: float, bound: float, *, at_most: bool = False) -> None:
        """Compare with a target and say so."""
        held = value <= bound if at_most else value >= bound
        sign = "<=" if at_most else ">="
        print(f"  {what}: {value:.3g} (target {sign} {bound:g}{'' if held else ', MISSED'})")
        if not held:
            self.missed.append(what)


def compare(bench: Bench, name: str, shape: dict[str, int], pairs: Sequence[Any]) -> None:
    """Every contender on the same rows and weights."""
    model = build(bench.folder / name, shape, bench.pairs)
    rows = bench.folder / f"{name}.json"
    rows.write_text(json.dumps(pairs))
    print(f"\n{name}: DeBERTa-v2, {parameters(model) / 1e6:.0f}M parameters, {len(pairs):,} rows")
    print(f"  {'':40} {'dtype':9} {'rows/s':>8} {'padding':>8} {'peak MB':>8} {'rows':>6}  load")
    found: dict[Key, Tally] = {}
    most = 32 if name == "large" else len(pairs)
    for peer, size in PEERS:
        found |= alone(bench, (peer, "float32"), model, rows, pieces(pairs, min(size, most)))
    found |= in_turn(bench, model, rows, pairs)
    whole = [NAMES[who] for (who, _), tally in found.items() if len(tally.scores) < len(pairs)]
    if whole:
        print("  fewer rows than all: rows/s of those, which are spread by length as all are")
    check_scores(bench, found)
    judge(bench, name, found)


def alone(
    bench: Bench, key: Key, model: Path, rows: Path, parts: Sequence[Sequence[int]]
) -> dict[Key, Tally]:
    """A contender that no target names: piece after piece, until it has had its time."""
    tally = Tally()
    try:
        contender = Contender(bench, key, model, rows)
    except RuntimeError as error:
        print(f"  {NAMES[key[0]]}, {key[1]}: not measured: {error}")
        return {}
    ends = time.monotonic() + PEER_S
    for part in parts:
        tally.add(part, contender.score(part))
        if time.monotonic() > ends:
            break
    contender.close()
    report(key, tally)
    return {key: tally}


def in_turn(bench: Bench, model: Path, rows: Path, pairs: Sequence[Any]) -> dict[Key, Tally]:
    """Those that the targets compare, so that what the machine does meanwhile meets all."""
    split: list[Key] = [("loop", "float32"), ("tuned", "bfloat16")]
    mine: list[Key] = [("ours", "float32"), ("ours", "bfloat16")]
    ready: dict[Key, Contender] = {}
    for key in (*split, *mine):
        try:
            ready[key] = Contender(bench, key, model, rows)
        except RuntimeError as error:
            print(f"  {NAMES[key[0]]}, {key[1]}: not measured: {error}")
    tallies = {key: Tally() for key in ready}
    order = list(range(len(pairs)))
    for part, between in zip(pieces(pairs, -(-len(pairs) // PARTS)), (*mine, None), strict=True):
        for key, wanted in [(each, part) for each in split] + (
            [(between, order)] if between else []
        ):
            if key in ready:
                tallies[key].add(wanted, ready[key].score(wanted))
    for key, contender in ready.items():
        contender.close()
        report(key, tallies[key])
    return tallies


def pieces(pairs: Sequence[Any], size: int) -> list[list[int]]:
    """The rows in pieces of about `size`, each spread by length as all are, in dataset order."""
    count = max(1, round(len(pairs) / size))
    by_length = sorted(range(len(pairs)), key=lambda row: len(pairs[row][0]) + len(pairs[row][1]))
    return [sorted(by_length[at::count]) for at in range(count)]


def report(key: Key, tally: Tally) -> None:
    """One line of the table."""
    name, dtype = key
    print(
        f"  {NAMES[name]:40} {dtype:9} {tally.rate:8.1f} "
        f"{tally.padding / max(tally.given, 1):8.1%} {tally.peak_bytes / 1e6:8.0f} "
        f"{len(tally.scores):6,}  {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def check_scores(bench: Bench, found: dict[Key, Tally]) -> None:
    """Speed counts only where the scores are the same."""
    if ("loop", "float32") not in found:
        return
    exact = found["loop", "float32"].scores
    spread = float(np.std(list(exact.values())))
    for (contender, dtype), tally in found.items():
        furthest = max(abs(score - exact[row]) for row, score in tally.scores.items())
        if contender == "ours" and dtype == "float32":
            bench.hold("furthest score from the loop's, float32", furthest, 1e-4, at_most=True)
        elif contender == "ours":
            print(f"  furthest score from the loop's, bfloat16: {furthest:.3g} (sd {spread:.3g})")


def judge(bench: Bench, name: str, found: dict[Key, Tally]) -> None:
    """Hold what was found against the targets."""
    loop, tuned = found.get(("loop", "float32")), found.get(("tuned", "bfloat16"))
    amx = "amx_bf16" in processor_features()
    for at, (dtype, bound) in enumerate(
        (("float32", 3.0 if name == "small" else 2.5), ("bfloat16", 8.0))
    ):
        mine = found.get(("ours", dtype))
        if mine is None or loop is None:
            continue
        ratio = mine.rate / loop.rate_around(at)
        if dtype == "bfloat16" and not amx:
            print(
                f"  {name}, bfloat16, over the loop: {ratio:.3g} (target >= 8 needs AMX: not here)"
            )
        else:
            bench.hold(f"{name}, {dtype}, over the loop", ratio, bound)
    mine = found.get(("ours", "bfloat16"))
    if name == "small" and tuned and mine:
        ratio = mine.rate / tuned.rate_around(1)
        if amx:
            bench.hold("small, bfloat16, over the tuned CrossEncoder", ratio, 3.0)
        else:
            print(
                f"  small, bfloat16, over the tuned CrossEncoder: {ratio:.3g} "
                "(target >= 3 with AMX: not here)"
            )
    for key in (("ours", "float32"), ("ours", "bfloat16")):
        if key in found and name == "small":
            padding = found[key].padding / max(found[key].given, 1)
            if len(found[key].scores) >= WINDOW_UNITS:
                bench.hold(f"padding, {key[1]}", padding, 0.03, at_most=True)
            else:
                print(f"  padding, {key[1]}: {padding:.3g} (target <= 0.03 from 2,000 rows on)")


def lag(bench: Bench) -> None:
    """The desk's event loop while the small model scores."""
    model = build(bench.folder / "small", SMALL, bench.pairs)
    rows = bench.folder / "lag.json"
    many = (bench.pairs * (LAG_ROWS // len(bench.pairs) + 1))[:LAG_ROWS]
    rows.write_text(json.dumps(many))
    print("\nlag of the desk's event loop, ms, beside the small model, loading apart")
    for dtype in ("float32", "bfloat16"):
        try:
            contender = Contender(bench, ("desk", dtype), model, rows)
        except RuntimeError as error:
            print(f"  {dtype}: not measured: {error}")
            continue
        found = contender.first
        contender.close()
        print(
            f"  {dtype}: p50 {found['p50']:.2f}, p95 {found['p95']:.2f}, p99 {found['p99']:.2f}, "
            f"longest {found['max']:.1f}, {found['ticks']:,} ticks, load {os.getloadavg()[0]:.1f}"
        )
        bench.hold(f"p99 in {dtype}, ms", found["p99"], 20.0, at_most=True)


def embedded(bench: Bench) -> None:
    """The scorer that comes with tamis, from the shell; its start is taken out by a short run."""
    print("\ntamis score with the embedded model")
    took: list[float] = []
    for count in (EMBEDDED_START_ROWS, EMBEDDED_START_ROWS + EMBEDDED_ROWS):
        data = bench.folder / f"embedded-{count}.jsonl"
        rows = (bench.pairs * (count // len(bench.pairs) + 1))[:count]
        data.write_text(
            "\n".join(
                json.dumps({"prompt": f"{row} {one}", "response": other})
                for row, (one, other) in enumerate(rows)
            )
        )
        tamis = str(Path(sys.executable).with_name("tamis"))
        command = [tamis, "score", str(data), "--scorer", "builtin"]
        session = bench.folder / f"embedded-{count}-{time.time_ns()}.db"
        began = time.perf_counter()
        subprocess.run(
            [*command, "--session", str(session)],
            env=bench.environment,
            check=True,
            capture_output=True,
        )
        took.append(time.perf_counter() - began)
    print(
        f"  {EMBEDDED_ROWS / (took[1] - took[0]):.0f} rows/s, read, scored and stored; "
        f"start-up with {EMBEDDED_START_ROWS} rows {took[0]:.1f} s, load {os.getloadavg()[0]:.1f}"
    )


def read_pairs(rows: int, data: Path) -> list[tuple[str, str]]:
    """Alpaca's rows where they lie beside the checkout, else generated ones of such lengths."""
    if data.is_file():
        found = json.loads(data.read_bytes())
        step = max(1, len(found) // rows)
        found = found[::step][:rows]
    else:
        found = alpaca_like(rows).to_dicts()
    return [
        ("\n".join(filter(None, (each["instruction"], each["input"]))), each["output"])
        for each in found
    ]


def stratified(pairs: Sequence[tuple[str, str]], count: int) -> list[tuple[str, str]]:
    """So many rows whose lengths are spread as those of all; in the order of the dataset."""
    by_length = sorted(range(len(pairs)), key=lambda row: len(pairs[row][0]) + len(pairs[row][1]))
    chosen = np.linspace(0, len(pairs) - 1, count).round().astype(int)
    return [pairs[row] for row in sorted(by_length[at] for at in chosen)]


def facts(data: Path) -> None:
    """What was measured on."""
    for package in ("torch", "transformers", "sentence-transformers", "numpy", "textual"):
        try:
            print(f"{package} {version(package)}", end="  ")
        except PackageNotFoundError:
            print(f"{package} absent", end="  ")
    has = ", ".join(sorted(MULTIPLIERS & processor_features())) or "none"
    print(
        f"\nPython {platform.python_version()}, {os.cpu_count()} cores, multiplies bfloat16: {has}"
    )
    print(f"load average {', '.join(f'{each:.1f}' for each in os.getloadavg())}")
    print(f"rows: {data}" if data.is_file() else "rows: generated")


def main() -> int:
    """Run what was asked for; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--large-rows", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="400 and 40 rows")
    every = ["small", "large", "lag", "embedded"]
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--keep", type=Path, help="a folder to keep the models in")
    parser.add_argument("--data", type=Path, default=ALPACA, help="rows in Alpaca's columns, JSON")
    wanted = parser.parse_args()
    small, large = (400, 40) if wanted.quick else (wanted.rows, wanted.large_rows)
    began = time.monotonic()
    facts(wanted.data)
    with tempfile.TemporaryDirectory(prefix="bench-scoring-") as scratch:
        bench = Bench(
            wanted.keep or Path(scratch), read_pairs(max(wanted.rows, 2_000), wanted.data)
        )
        bench.folder.mkdir(parents=True, exist_ok=True)
        if "small" in wanted.only:
            compare(bench, "small", SMALL, stratified(bench.pairs, small))
        if "large" in wanted.only:
            compare(bench, "large", LARGE, stratified(bench.pairs, large))
        if "lag" in wanted.only:
            lag(bench)
        if "embedded" in wanted.only:
            embedded(bench)
    print(f"\ntook {(time.monotonic() - began) / 60:.1f} minutes")
    print("all targets held" if not bench.missed else f"missed: {', '.join(bench.missed)}")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
