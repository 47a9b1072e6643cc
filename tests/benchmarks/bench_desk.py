"""What the desk costs: until the first table, per key, per byte, per threshold step, in memory.

    python -m tests.benchmarks.bench_desk [--rows 1000000] [--quick] [--only NAME ...]

Everything runs as a person would run it, in a pseudo-terminal, unless it says otherwise. Every
figure is measured in this run; nothing is remembered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl

from tests.benchmarks.rows import alpaca_like, write_json, write_parquet
from tests.benchmarks.wire import CHECKOUT, TAMIS, Burst, Wire, plain

ALPACA = CHECKOUT.parent / "shared" / "data" / "alpaca" / "alpaca_data.json"
ALPACA_ROWS = 52_002
WIDE, NARROW = (120, 40), (80, 24)
BETWEEN_KEYS_S = (0.05, 0.15)
"""A fast reader's rhythm, irregular so that it does not fall in step with the desk's timer."""
FRAME_PAUSE_S = 0.02
"""The sample pane follows the cursor 50 ms later; a pause this long parts the two."""
CTRL_D = "\x04"
SEARCH = "search"
"""In place of a scorer: no scorer, and a search for duplicates beside the keys."""

Arrived = Callable[[bytes], bool]


@dataclass
class Bench:
    """Where data lies, how much is measured, and what was found."""

    folder: Path
    rows: int
    quick: bool
    keep: Path | None = None
    missed: list[str] = field(default_factory=list)
    _sessions: int = 0

    @property
    def big(self) -> Path:
        """The generated rows as Parquet, written on first use."""
        path = (self.keep or self.folder) / f"rows-{self.rows}.parquet"
        if not path.exists():
            write_parquet(alpaca_like(self.rows), path)
        return path

    def session(self) -> Path:
        """A session file that does not exist yet."""
        self._sessions += 1
        return self.folder / f"session-{self._sessions}.db"

    @contextmanager
    def desk(
        self, data: Path, *flags: str, size: tuple[int, int] = WIDE, module: Sequence[str] = TAMIS
    ) -> Iterator[Wire]:
        """A desk on a new session, in a home of its own."""
        homes = {
            name: str(self.folder / "home" / name)
            for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HF_HOME")
        }
        if module is TAMIS:
            command = [*module, str(data), "--session", str(self.session()), *flags]
        else:
            command = [*module, str(data), str(self.session())]
        with Wire(command, size, homes) as wire:
            yield wire

    def row(self, what: str, value: float, unit: str, target: float | None = None) -> None:
        """Print one figure, beside its target where there is one."""
        text = f"  {what:<58}{value:>10,.2f} {unit:<5}"
        if target is not None:
            held = value <= target
            text += f" target ≤ {target:g}: {'held' if held else 'MISSED'}"
            if not held:
                self.missed.append(what)
        print(text, flush=True)


def heading(text: str) -> None:
    """Print what comes, with the load that it is measured under."""
    print(f"\n{text}   (load {os.getloadavg()[0]:.1f})", flush=True)


def facts() -> None:
    """Print the machine and the versions."""
    names = ("textual", "polars", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()},"
        f" Python {platform.python_version()}, {versions}; {time.strftime('%Y-%m-%d')}"
    )


# -- a. until the first table ---------------------------------------------------------------


def second_prompt(data: Path) -> bytes:
    """The start of the second row's prompt: it stands in the table and nowhere else."""
    if data.suffix == ".json":
        text = json.loads(data.read_bytes())[1]["instruction"]
    else:
        text = pl.read_parquet(data, n_rows=2)["instruction"][1]
    return str(text)[:12].encode()


def first_table_s(bench: Bench, data: Path, *flags: str) -> float:
    """From starting the process to rows on the wire."""
    mark = second_prompt(data)
    with bench.desk(data, *flags) as wire:
        at, _ = wire.until(lambda came: mark in came)
        return at - wire.started_s


def baseline_s(data: Path) -> float:
    """Importing textual and reading the file with polars, and nothing else."""
    reader = "read_json" if data.suffix == ".json" else "read_parquet"
    code = f"import textual.app, polars; polars.{reader}({str(data)!r})"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=CHECKOUT)
    return time.perf_counter() - began


def bench_start(bench: Bench) -> None:
    """Time to the first painted table, beside a baseline measured in turn with it."""
    alpaca = ALPACA
    if not alpaca.exists():
        alpaca = bench.folder / "alpaca-like.json"
        write_json(alpaca_like(ALPACA_ROWS), alpaca)
    for data, target in ((alpaca, 1.5), (bench.big, 3.0)):
        rows = ALPACA_ROWS if data == alpaca else bench.rows
        heading(f"a. first table, {rows:,} rows, {data.suffix[1:]}, file cache warm, median of 3")
        first_table_s(bench, data)
        found = [(first_table_s(bench, data), baseline_s(data)) for _ in range(3)]
        desk = statistics.median(desk for desk, _ in found)
        base = statistics.median(base for _, base in found)
        bench.row("until rows are on the screen", desk, "s", target)
        bench.row("baseline: import textual, read with polars", base, "s")
        bench.row("ratio", desk / base, "x")


# -- b. from key to frame -------------------------------------------------------------------


class Reviewer:
    """Presses keys and knows what each must bring on screen.

    What it waits for cannot come from a streamed score: the cursor's sign at another row, a
    verdict's sign at a row, another threshold.
    """

    def __init__(self, wire: Wire, size: tuple[int, int], shown: str) -> None:
        self._wire = wire
        self._cursor = 0
        self._threshold = thresholds(shown)[-1]
        self._half = half_page(wire, size)
        self._cursor = self._half

    def press(self, key: str) -> float:
        """Press `key`; seconds until its frame is here."""
        arrived = self._expected(key)
        at = self._wire.send(key)
        came_at, data = self._wire.until(arrived, timeout_s=20)
        if key == "]":
            self._threshold = thresholds(plain(data))[-1]
        return came_at - at

    def _expected(self, key: str) -> Arrived:
        if key == "]":
            before = self._threshold
            return lambda came: any(seen != before for seen in thresholds(plain(came)))
        decided = self._cursor
        self._cursor += {"j": 1, "k": -1, CTRL_D: self._half, "a": 1, "x": 1}[key]
        mark = cursor_at(self._cursor)
        if key not in "ax":
            return lambda came: mark.search(plain(came)) is not None
        sign = re.compile(rf" {decided} {'✓' if key == 'a' else '✗'}")
        return lambda came: bool(mark.search(text := plain(came)) and sign.search(text))


def cursor_at(row: int) -> re.Pattern[str]:
    """The cursor's sign at a row."""
    return re.compile(rf"▌ *{row} ")


def thresholds(text: str) -> list[str]:
    """Every threshold in what was written."""
    return re.findall(r"score >= (\S+) keeps", text)


def half_page(wire: Wire, size: tuple[int, int]) -> int:
    """Press ctrl+d once and see how far it goes."""
    wire.send(CTRL_D)
    found: list[str] = []

    def arrived(came: bytes) -> bool:
        found[:] = [row for row in re.findall(r"▌ *(\d+) ", plain(came)) if row != "0"]
        return bool(found)

    wire.until(arrived, timeout_s=20)
    assert 0 < int(found[-1]) < size[1]
    return int(found[-1])


def key_mix(count: int, chance: random.Random) -> list[str]:
    """Keys as in triage: mostly verdicts and moves, some half pages and threshold steps."""
    return chance.choices(
        ["j", "k", CTRL_D, "a", "x", "]"], weights=[25, 10, 10, 25, 20, 10], k=count
    )


def bench_keys(bench: Bench) -> None:
    """Key to frame at full size, with the worker busy in its thread and without one."""
    count = 100 if bench.quick else 400
    for scorer, target in (("heuristic", 50.0), (SEARCH, 50.0), ("none", None)):
        state = {
            "heuristic": "heuristic scorer busy (plain Python, shares the interpreter)",
            SEARCH: "a search for duplicates runs",
            "none": "idle",
        }[scorer]
        heading(f"b. key to frame, {bench.rows:,} rows, 120x40, {state}")
        found: list[tuple[str, float]] = []
        sessions = 0
        while len(found) < count:
            found += triage(bench, scorer, count - len(found), seed=sessions)
            sessions += 1
        times_ms = np.array([spent for _, spent in found]) * 1e3
        bench.row(f"p50 of {len(found)} keys", float(np.percentile(times_ms, 50)), "ms")
        bench.row("p99", float(np.percentile(times_ms, 99)), "ms", target)
        bench.row("longest", float(times_ms.max()), "ms")
        for key in dict.fromkeys(key for key, _ in found):
            of_key = np.array([spent for each, spent in found if each == key]) * 1e3
            name = {CTRL_D: "ctrl+d"}.get(key, key)
            p50, p90 = np.percentile(of_key, (50, 90))
            print(f"    {name:<8}{len(of_key):>4} keys   p50 {p50:6.1f}   p90 {p90:6.1f} ms")


def triage(bench: Bench, scorer: str, count: int, *, seed: int) -> list[tuple[str, float]]:
    """Review until `count` keys are pressed, or everything is scored; (key, seconds)."""
    chance = random.Random(seed)
    flags = ("--scorer", scorer, "--threshold", "0.2")
    module = (
        TAMIS if scorer != SEARCH else (sys.executable, "-m", "tests.benchmarks.searching_desk")
    )
    with bench.desk(bench.big, *flags, module=module) as wire:
        _, data = wire.until(lambda came: bool(thresholds(plain(came))))
        data += wire.drain(2.0)
        reviewer = Reviewer(wire, WIDE, plain(data))
        found = []
        for key in key_mix(count, chance):
            came = plain(wire.drain(chance.uniform(*BETWEEN_KEYS_S)))
            if "scored 100%" in came:
                break
            found.append((key, reviewer.press(key)))
        return found


# -- c. bytes on the wire -------------------------------------------------------------------


class Compressed:
    """What `ssh -C` would send: one stream, flushed after each piece.

    Source: openssh packet.c, level 6 and Z_PARTIAL_FLUSH.
    """

    def __init__(self) -> None:
        self._stream = zlib.compressobj(6)

    def size(self, data: bytes) -> int:
        """Bytes that `data` adds."""
        return len(self._stream.compress(data) + self._stream.flush(zlib.Z_PARTIAL_FLUSH))


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of one kind of frame, each as written and as compressed."""

    plain: list[int] = field(default_factory=list)
    packed: list[int] = field(default_factory=list)


def bench_bytes(bench: Bench) -> None:
    """Bytes per key press, settled: everything is scored, nothing streams."""
    data = write_parquet(alpaca_like(5_000), bench.folder / "rows-5000.parquet")
    for size in (WIDE, NARROW):
        heading(f"c. bytes per key press at {size[0]}x{size[1]}, medians")
        weights = weigh_keys(bench, data, size) | weigh_scores(bench, data, size)
        for what, weight in weights.items():
            target = 500.0 if what == "cursor move" and size == WIDE else None
            bench.row(what, statistics.median(weight.plain), "B", target)
            print(f"    {'as ssh -C sends it':<56}{statistics.median(weight.packed):>10,.0f} B")


def weigh_keys(bench: Bench, data: Path, size: tuple[int, int]) -> dict[str, Weights]:
    """Press each key twenty times and part its frame from the sample pane's."""
    weights: dict[str, Weights] = {}
    with bench.desk(data, "--scorer", "heuristic", "--threshold", "0.2", size=size) as wire:
        packer = Compressed()
        packer.size(wire.until(lambda came: "scored 100%" in plain(came))[1] + wire.quiet(1.0))
        for what, keys in (
            ("cursor move", "j"),
            ("half page", CTRL_D),
            ("decision", "ax"),
            ("threshold step", "]"),
        ):
            for turn in range(6 if bench.quick else 20):
                wire.send(keys[turn % len(keys)])
                bursts = wire.bursts(0.4, FRAME_PAUSE_S)
                rest = "sample pane" if what == "cursor move" else f"{what}, what follows"
                weigh(weights, packer, what, bursts[:1])
                weigh(weights, packer, rest, bursts[1:])
    return {what: weight for what, weight in weights.items() if any(weight.plain)}


def weigh(
    weights: dict[str, Weights], packer: Compressed, what: str, bursts: Sequence[Burst]
) -> None:
    """Add the bytes of `bursts` to what is known of `what`."""
    data = b"".join(burst.data for burst in bursts)
    weight = weights.setdefault(what, Weights())
    weight.plain.append(len(data))
    weight.packed.append(packer.size(data) if data else 0)


def weigh_scores(bench: Bench, data: Path, size: tuple[int, int]) -> dict[str, Weights]:
    """Let one visible row after the other get its score, by a timer tick each."""
    weights: dict[str, Weights] = {}
    module = (sys.executable, "-m", "tests.benchmarks.one_score")
    name = "a visible score, with counts and histogram"
    with bench.desk(data, size=size, module=module) as wire:
        packer = Compressed()
        mark = second_prompt(data)
        packer.size(wire.until(lambda came: mark in came)[1] + wire.quiet(1.0))
        for turn in range(7):
            wire.signal(signal.SIGUSR1)
            bursts = wire.bursts(0.8, 1.0)
            if turn > 2:  # the first ones draw the axis, and the row under the cursor its sample
                weigh(weights, packer, name, bursts)
    return weights


# -- d. moving the threshold ----------------------------------------------------------------


def bench_threshold(bench: Bench) -> None:
    """What one step costs the loop: in the engine alone, and in the desk less the drawing."""
    from engine.session import OpenOptions, Session

    heading(f"d. moving the threshold over {bench.rows:,} scores, in this process")
    session = Session.open(bench.big, OpenOptions(session=bench.session(), reviewer="bench"))
    try:
        fill(session)
        times_ms = [engine_step_ms(session, step) for step in range(200)]
        tell(bench, "engine: threshold, counts, histogram", times_ms, 5.0)
        times_ms = []
        for step in range(50):
            session.board.version += 1  # scores came: what was counted before is of no use
            times_ms.append(engine_step_ms(session, step))
        tell(bench, "the same when scores came since the last step", times_ms, None)
    finally:
        session.close()
    work_ms, wall_ms = asyncio.run(desk_steps(bench))
    tell(bench, "desk: a press of ], all but painting, its work", work_ms, 5.0)
    tell(bench, "the same by the clock, beside whatever else runs", wall_ms, None)


def fill(session: object) -> None:
    """Scores for every row, and verdicts by hand on a thousand of them."""
    from engine.review.decision import Verdict
    from engine.session import Session

    assert isinstance(session, Session)
    chance = np.random.default_rng(1)
    rows = np.arange(session.dataset.rows)
    scores = chance.beta(5, 2, len(rows)).astype(np.float32)
    tokens = session.board.tokens[0]
    session.board.write(0, rows, scores, tokens, tokens)
    few = chance.choice(rows, min(1_000, len(rows)), replace=False)
    session.verdicts[few] = np.where(few % 2, Verdict.ACCEPT, Verdict.REJECT)
    session.review.version += 1


def engine_step_ms(session: object, step: int) -> float:
    """One move, as the desk would ask for it."""
    from engine.session import Session

    assert isinstance(session, Session)
    bins = session.score_bins(118)
    assert bins is not None
    began = time.perf_counter()
    session.set_threshold(f"{0.5 + step / 1000:.3f}", save=False)
    bins.split(session.threshold, session.summary().kept_by_rule)
    return (time.perf_counter() - began) * 1e3


async def desk_steps(bench: Bench) -> tuple[list[float], list[float]]:
    """Milliseconds of the action behind `]`, saved setting and repaint requests included.

    Returns:
        Processor time of the screen's thread, and time by the clock.
    """
    from engine.session import OpenOptions
    from tui.app import TamisApp
    from tui.desk import Desk

    options = OpenOptions(session=bench.session(), reviewer="bench")
    app = TamisApp(bench.big, options, scorer="none", threshold="0.3")
    work_ms, wall_ms = [], []
    async with app.run_test(size=WIDE) as pilot:
        while not isinstance(desk := app.screen, Desk):
            await pilot.pause(0.05)
        fill(desk.session)
        await asyncio.sleep(2.0)
        for _ in range(200):
            desk.session.ui_priority.ask()  # as the app does with every key
            await asyncio.sleep(0.005)
            began, worked = time.perf_counter(), time.thread_time()
            desk.action_threshold_up()
            work_ms.append((time.thread_time() - worked) * 1e3)
            wall_ms.append((time.perf_counter() - began) * 1e3)
            await asyncio.sleep(0.02)
        await pilot.pause()
    assert app.session is not None
    app.session.close()
    return work_ms, wall_ms


def tell(bench: Bench, what: str, times_ms: Sequence[float], target: float | None) -> None:
    """Print the median and the 99th percentile."""
    bench.row(f"{what}: p50", float(np.percentile(times_ms, 50)), "ms")
    bench.row(f"{what}: p99", float(np.percentile(times_ms, 99)), "ms", target)


# -- e. memory ------------------------------------------------------------------------------


def bench_memory(bench: Bench) -> None:
    """What the dataset adds to a desk without a scorer, over the size of its columns."""
    heading(f"e. memory added by {bench.rows:,} rows, no scorer, everything hashed")
    data_bytes = pl.read_parquet(bench.big).estimated_size()
    one = bench.folder / "one.jsonl"
    one.write_text(json.dumps({"instruction": "Say it.", "input": "", "output": "It."}) + "\n")
    empty, full = settled_memory(bench, one), settled_memory(bench, bench.big)
    bench.row("the data as polars holds it", data_bytes / 1e6, "MB")
    names = {"Rss": "RSS", "Pss": "PSS", "Private": "private pages", "VmHWM": "peak RSS"}
    for key, name in names.items():
        bench.row(f"{name} of a desk with one row", empty[key] / 1e6, "MB")
        bench.row(f"{name} with all rows", full[key] / 1e6, "MB")
        ratio = (full[key] - empty[key]) / data_bytes
        bench.row(f"{name} added, over the data", ratio, "x", 2.5 if key == "Rss" else None)


def settled_memory(bench: Bench, data: Path) -> dict[str, int]:
    """Memory once the process has nothing left to do."""
    with bench.desk(data, "--scorer", "none") as wire:
        wire.until(lambda came: "rows" in plain(came) and "accept" in plain(came))
        before = -1.0
        while (now := wire.cpu_s()) - before > 0.15:
            before = now
            wire.drain(2.0)
        return wire.memory()


PARTS: dict[str, Callable[[Bench], None]] = {
    "start": bench_start,
    "keys": bench_keys,
    "bytes": bench_bytes,
    "threshold": bench_threshold,
    "memory": bench_memory,
}


def main() -> int:
    """Run what was asked for; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="100,000 rows, fewer keys")
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--keep", type=Path, help="a folder to keep the generated rows in")
    wanted = parser.parse_args()
    rows = min(wanted.rows, 100_000) if wanted.quick else wanted.rows
    facts()
    with tempfile.TemporaryDirectory(prefix="bench-desk-") as scratch:
        bench = Bench(Path(scratch), rows, wanted.quick, wanted.keep)
        for name in wanted.only:
            PARTS[name](bench)
    print("\nall targets held" if not bench.missed else f"\nmissed: {', '.join(bench.missed)}")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
