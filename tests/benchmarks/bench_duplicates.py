"""What finding near duplicates costs, beside its peers; and a million rows to the end.

    python -m tests.benchmarks.bench_duplicates [--rows 1000000] [--quick] [--only peers million]

Alpaca's rows, of which a quarter have become edited copies of others; word 3-grams, similarity .8,
128 permutations. Each contender runs in a process of its own and is given the same texts; reading
and imports are not counted. Needs the extra `bench`, and Alpaca beside the checkout.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from tests.benchmarks.bench_desk import ALPACA, Bench, facts, heading
from tests.benchmarks.duplicate_peers import PEERS, SIMILARITY
from tests.benchmarks.wire import CHECKOUT
from tests.engine.duplicates.truth import all_pairs, planted, words

QUICK_ROWS = 6_000
SEED = 11
EDITED = 0.25
"""Of the million, as of the 52,002."""
CPU_S, RECALL, MILLION_S, MILLION_MIB, FIRST_S = 1.0, 0.995, 30.0, 2048.0, 1.0
"""Targets: processor seconds at 52,002 rows; recall; seconds, memory and first clusters at 1M."""


def alpaca_texts() -> list[str]:
    """Whole samples of Alpaca."""
    rows = json.loads(ALPACA.read_text(encoding="utf-8"))
    prompts = [row["instruction"] + ("\n" + row["input"] if row["input"] else "") for row in rows]
    return [f"{prompt}\n{row['output']}" for prompt, row in zip(prompts, rows, strict=True)]


def million(texts: list[str], count: int) -> list[str]:
    """As many rows: halves of two rows each, a quarter of them copies with some words replaced."""
    chance = random.Random(SEED)
    split = [text.split(" ") for text in texts]
    made: list[list[str]] = []
    for number in range(count):
        if made and chance.random() < EDITED:
            parts = list(made[int(chance.random() * min(number, 60_000))])
            for _ in range(int(len(parts) * chance.choice((0.0, 0.01, 0.02, 0.04)))):
                parts[int(chance.random() * len(parts))] = chance.choice(split[number % len(split)])
        else:
            first, second = chance.choice(split), chance.choice(split)
            parts = first[: (len(first) + 1) // 2] + second[len(second) // 2 :]
        made.append(parts)
    chance.shuffle(made)
    return [" ".join(parts) for parts in made]


def run(name: str, data: Path, pairs: Path | None = None) -> dict[str, Any]:
    """What one contender says of itself, from a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.duplicate_peers", name, str(data)]
    done = subprocess.run(
        [*command, *([str(pairs)] if pairs else [])],
        capture_output=True, text=True, check=False, cwd=CHECKOUT,
    )  # fmt: skip
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def bench_peers(bench: Bench) -> None:
    """Time, memory, recall and precision over the same texts."""
    texts = alpaca_texts()[: QUICK_ROWS if bench.quick else None]
    rows = planted(texts)
    heading(f"peers, {len(rows):,} rows of which a quarter are edited copies")
    data = bench.folder / "planted.parquet"
    pl.DataFrame({"text": rows}).write_parquet(data)
    true = set(all_pairs([words(text) for text in rows], SIMILARITY))
    print(f"  {len(true):,} pairs by brute force")
    print(f"  {'':<26}{'CPU s':>8}{'peak MiB':>10}{'recall':>9}{'precision':>11}")
    for name in PEERS:
        output = bench.folder / f"{name}.parquet"
        told = run(name, data, output)
        if "error" in told:
            print(f"  {name:<26}{told['error']}")
            if name == "tamis":
                bench.missed.append(name)
            continue
        found = set(pl.read_parquet(output).iter_rows())
        right = len(found & true)
        recall, precision = right / len(true), right / max(len(found), 1)
        print(
            f"  {name:<26}{told['cpu_s']:>8.2f}{told['peak_mib']:>10.0f}"
            f"{recall:>9.4f}{precision:>11.4f}",
            flush=True,
        )
        if name == "tamis":
            bench.row("tamis: processor time", told["cpu_s"], "s", CPU_S)
            bench.row("tamis: share of pairs missed", 1 - recall, "", 1 - RECALL)
            bench.row("tamis: share of pairs that are none", 1 - precision, "", 0.0)


def bench_million(bench: Bench) -> None:
    """A search to its end: reading the texts, pairs, clusters, and what the rule drops."""
    heading(f"{bench.rows:,} rows made from Alpaca, end to end")
    data = (bench.keep or bench.folder) / f"duplicates-{bench.rows}.parquet"
    if not data.exists():
        pl.DataFrame({"text": million(alpaca_texts(), bench.rows)}).write_parquet(data)
    told = run("tamis-to-the-end", data)
    if "error" in told:
        bench.missed.append(str(told["error"]))
        print(f"  {told['error']}")
        return
    bench.row("by the clock, reading included", told["wall_s"], "s", MILLION_S)
    bench.row("then, to what the rule drops", told["rule_s"], "s")
    bench.row("processor time of both", told["cpu_s"], "s")
    bench.row("peak memory", told["peak_mib"], "MiB", MILLION_MIB)
    bench.row("first clusters, after the search began", told["first_s"], "s", FIRST_S)
    print(f"  {told['pairs']:,} pairs, {told['clusters']:,} clusters, {told['dropped']:,} dropped")


PARTS = {"peers": bench_peers, "million": bench_million}


def main() -> int:
    """Run; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="fewer rows; targets mean nothing")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--keep", type=Path, help="a folder to keep the million rows in")
    wanted = parser.parse_args()
    if not ALPACA.exists():
        print(f"needs {ALPACA}")
        return 1
    facts()
    with tempfile.TemporaryDirectory(prefix="bench-duplicates-") as scratch:
        bench = Bench(Path(scratch), wanted.rows, quick=wanted.quick, keep=wanted.keep)
        for name in wanted.only:
            PARTS[name](bench)
    print("\nall targets held" if not bench.missed else f"\nmissed: {', '.join(bench.missed)}")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
