"""What reviewing costs per key: cursor, page, decision, focus mode, filter, search; and VisiData.

    pip install -c constraints.txt -e '.[bench]'
    python -m tests.benchmarks.bench_review [--rows 1000000] [--quick] [--keep FOLDER]

Everything is typed in a pseudo-terminal of 120x40. VisiData opens, pages, searches and sorts the
same file in the same run.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from tests.benchmarks.bench_desk import (
    CTRL_D,
    WIDE,
    Arrived,
    Bench,
    Compressed,
    cursor_at,
    facts,
    half_page,
    heading,
    second_prompt,
)
from tests.benchmarks.wire import Wire, plain

ESCAPE, CTRL_F, CTRL_U = "\x1b", "\x06", "\x15"
BETWEEN_KEYS_S = 0.3
OPEN_BAR_S = 1.5
"""A line of input is never quiet: its cursor blinks."""
LIMIT_S = 90.0
"""Longer than this nobody waits; what takes longer is printed so."""

FILTER = "words>60 and prompt~sto"
COMMON = "sto"
"""In two rows of three."""


@dataclass
class Side:
    """What one program took, by what was done; None: longer than the limit."""

    seconds: dict[str, float | None] = field(default_factory=dict)

    def text(self, what: str) -> str:
        """For the table at the end."""
        if what not in self.seconds:
            return "-"
        found = self.seconds[what]
        return f"> {LIMIT_S:.0f} s" if found is None else f"{found:.3f} s"


@dataclass(frozen=True)
class Rows:
    """What is known of the generated rows."""

    first: str
    near: tuple[int, str]
    """A row a little further on, and its prompt, which no other row has."""
    far: tuple[int, str]
    """One nine tenths down."""
    paged: str
    """The start of a prompt that the second page shows, and the first does not."""
    smallest: str
    """The start of the prompt that a sort brings to the top."""

    @classmethod
    def of(cls, data: Path) -> Rows:
        """Read them."""
        prompts = pl.read_parquet(data, columns=["instruction"])["instruction"]
        far = len(prompts) * 9 // 10
        return cls(
            first=prompts[0][:10],
            near=(200, prompts[200]),
            far=(far, prompts[far]),
            paged=prompts[50][:10],
            smallest=str(prompts.min())[:10],
        )


class Keys:
    """Presses keys of one kind and prints what they took."""

    def __init__(self, bench: Bench, wire: Wire) -> None:
        self._bench, self._wire = bench, wire
        self._packer = Compressed()
        self._packer.size(b"")

    def press(
        self, what: str, presses: Sequence[tuple[str, Arrived]], target_ms: float | None
    ) -> None:
        """Press keys one by one, waiting for what each brings; print times and bytes."""
        times_ms, sizes, packed = [], [], []
        for key, arrived in presses:
            at = self._wire.send(key)
            came_at, data = self._wire.until(arrived, timeout_s=20)
            times_ms.append((came_at - at) * 1e3)
            data += self._wire.drain(BETWEEN_KEYS_S)
            sizes.append(len(data))
            packed.append(self._packer.size(data))
        self._bench.row(f"{what}: median of {len(times_ms)}", statistics.median(times_ms), "ms")
        self._bench.row(f"{what}: longest", max(times_ms), "ms", target_ms)
        print(
            f"    {'bytes, with what follows':<56}{statistics.median(sizes):>10,.0f} B"
            f"   as ssh -C {statistics.median(packed):,.0f} B",
            flush=True,
        )


def has(text: str) -> Arrived:
    """Whether a text has come."""
    return lambda came: text in plain(came)


def matches(pattern: str) -> Arrived:
    """Whether something like it has come."""
    compiled = re.compile(pattern)
    return lambda came: compiled.search(plain(came)) is not None


def cursor(row: int) -> Arrived:
    """Whether the cursor's sign has come at a row."""
    sign = cursor_at(row)
    return lambda came: sign.search(plain(came)) is not None


def calm(wire: Wire) -> None:
    """Wait until the program has nothing left to do."""
    before = -1.0
    while (now := wire.cpu_s()) - before > 0.1:
        before = now
        wire.drain(1.5)


def bench_keys(bench: Bench, wire: Wire, count: int) -> None:
    """Cursor, page, decision, and the same in focus mode."""
    keys = Keys(bench, wire)
    half = half_page(wire, WIDE)
    at = half
    wire.quiet(0.5)
    keys.press("cursor", [("j", cursor(at + n + 1)) for n in range(count)], None)
    at += count
    keys.press("half page", [(CTRL_D, cursor(at + half * (n + 1))) for n in range(count)], None)
    at += half * count
    keys.press("decision", [("ax"[n % 2], cursor(at + n + 1)) for n in range(count)], None)
    at += count
    wire.send("\r")
    wire.until(has(f"sample {at + 1:,} of"))
    wire.quiet(0.5)
    presses = [("ax"[n % 2], matches(rf"row {at + n + 1} \D")) for n in range(2 * count)]
    keys.press("decision in focus mode, to the next sample", presses, 50.0)
    wire.send(ESCAPE)
    wire.quiet(1.0)


def bench_filter(bench: Bench, wire: Wire) -> None:
    """Typing while rows are counted, the count, and the rows."""
    wire.send("f")
    wire.until(has("filter"))
    wire.drain(0.3)
    echoes_ms = []
    for character in FILTER:
        at = wire.send(character)
        came_at, _ = wire.until(bool, timeout_s=20)
        echoes_ms.append((came_at - at) * 1e3)
        wire.drain(0.12)
    at = time.perf_counter()
    came_at, _ = wire.until(matches(r"of [\d,]+ rows"), timeout_s=LIMIT_S)
    bench.row("a letter of the filter on screen: longest", max(echoes_ms), "ms", 50.0)
    bench.row(f"count of {FILTER!r}, words counted first", (came_at - at) * 1e3, "ms")
    wire.drain(0.3)
    bench.row("enter: rows of the filter", took_ms(wire, "\r", has("filter: words>60")), "ms")
    wire.quiet(0.5)
    wire.send("f")
    wire.drain(0.3)
    wire.send(CTRL_U)
    wire.drain(0.3)
    wire.send(f"{FILTER} row<500000")
    wire.until(matches(r"of [\d,]+ rows"), timeout_s=LIMIT_S)
    at = wire.send("0")
    came_at, _ = wire.until(matches(r"of [\d,]+ rows"), timeout_s=LIMIT_S)
    bench.row("count after one more key", (came_at - at) * 1e3, "ms")
    wire.send(CTRL_U)
    wire.drain(0.3)
    wire.send("\r")
    wire.quiet(1.0)


def took_ms(wire: Wire, keys: str, arrived: Arrived) -> float:
    """Milliseconds from `keys` until something has come."""
    at = wire.send(keys)
    return (wire.until(arrived, timeout_s=LIMIT_S)[0] - at) * 1e3


def bench_search(bench: Bench, wire: Wire, rows: Rows, tamis: Side) -> None:
    """First hit near and far, the whole count; exact, in either case, a regular expression."""
    counted = re.compile(r"(of [\d,]+ rows with|not found in the rows shown:)(?!.*so far)")
    for name, needle, first_ms, all_ms in (
        ("exact, 200 rows on", rows.near, 100.0, 500.0),
        ("exact, at nine tenths", rows.far, None, 500.0),
        ("either case, 200 rows on", (200, rows.near[1].lower()), 300.0, None),
        ("regex, at nine tenths", (rows.far[0], f"/{re.escape(rows.far[1])[:-2]}."), None, None),
    ):
        row, text = needle
        wire.send("g")
        wire.quiet(0.4)
        wire.send("/")
        wire.drain(0.3)
        wire.send(text)
        wire.drain(OPEN_BAR_S)
        at = wire.send("\r")
        hit_at, data = wire.until(cursor(row), timeout_s=LIMIT_S)
        bench.row(f"search, {name}: first hit", (hit_at - at) * 1e3, "ms", first_ms)
        all_at = hit_at
        if not counted.search(plain(data)):
            all_at, _ = wire.until(lambda came: bool(counted.search(plain(came))), LIMIT_S)
        bench.row(f"search, {name}: all counted", (all_at - at) * 1e3, "ms", all_ms)
        if name == "exact, at nine tenths":
            tamis.seconds["search: a text at nine tenths"] = hit_at - at
            tamis.seconds["search: all rows counted"] = all_at - at
        wire.send(ESCAPE)
        wire.quiet(0.5)
    wire.send(f"/{COMMON}")
    wire.drain(OPEN_BAR_S)
    took = took_ms(wire, "\r", lambda came: bool(counted.search(plain(came))))
    bench.row(f"search, {COMMON!r} in two rows of three: all counted", took, "ms")
    bench.row("n, to the next of them", took_ms(wire, "n", matches(r"[\d,]+ of [\d,]+ rows")), "ms")
    wire.send(ESCAPE)
    wire.quiet(0.5)


def bench_tamis(bench: Bench, rows: Rows) -> Side:
    """All of it at the desk."""
    tamis = Side()
    heading(f"tamis, {bench.rows:,} rows, 120x40")
    with bench.desk(bench.big, "--scorer", "none") as wire:
        mark = second_prompt(bench.big)
        at, _ = wire.until(lambda came: mark in came, timeout_s=LIMIT_S)
        tamis.seconds["open"] = at - wire.started_s
        calm(wire)
        bench_keys(bench, wire, 6 if bench.quick else 20)
        bench_filter(bench, wire)
        bench_search(bench, wire, rows, tamis)
        wire.send("g")
        wire.quiet(0.5)
        tamis.seconds["page"] = took_ms(wire, CTRL_D, lambda came: len(came) > 500) / 1e3
        wire.quiet(0.5)
        wire.send("s")
        wire.quiet(0.5)
        wire.send("jjj")
        wire.quiet(0.5)
        sorted_ms = took_ms(wire, "\r", has("sort: prompt ascending"))
        tamis.seconds["sort by the prompt"] = sorted_ms / 1e3
    return tamis


def bench_visidata(bench: Bench, rows: Rows) -> Side:
    """Open, page, search and sort in VisiData; `/` finds one, `g/` is all of them (`|`)."""
    found = Side()
    heading("VisiData on the same file")
    command = [
        sys.executable,
        "-m",
        "visidata",
        "--visidata-dir",
        str(bench.folder),
        str(bench.big),
    ]
    with Wire(command, WIDE, {"HOME": str(bench.folder), "TERM": "xterm-256color"}) as wire:

        def took(what: str, keys: str, arrived: Arrived) -> None:
            at = wire.send(keys)
            try:
                came_at, _ = wire.until(arrived, timeout_s=LIMIT_S)
            except TimeoutError:
                found.seconds[what] = None
                return
            found.seconds[what] = came_at - at

        at, _ = wire.until(has(rows.first), timeout_s=LIMIT_S)
        found.seconds["open"] = at - wire.started_s
        calm(wire)
        took("page", CTRL_F, has(rows.paged))
        wire.quiet(1.0)
        _, text = rows.far
        took("search: a text at nine tenths", f"/{re.escape(text[-10:])}\r", has(text[:10]))
        calm(wire)
        took("search: all rows counted", f"|{re.escape(text[-10:])}\r", matches("•1|selected 1"))
        calm(wire)
        wire.send("gk")
        wire.quiet(1.0)
        took("sort by the prompt", "[", has(rows.smallest))
    return found


def main() -> int:
    """Run both; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="100,000 rows, fewer keys")
    parser.add_argument("--keep", type=Path, help="a folder to keep the generated rows in")
    wanted = parser.parse_args()
    count = min(wanted.rows, 100_000) if wanted.quick else wanted.rows
    facts()
    with tempfile.TemporaryDirectory(prefix="bench-review-") as scratch:
        bench = Bench(Path(scratch), count, wanted.quick, wanted.keep)
        rows = Rows.of(bench.big)
        tamis = bench_tamis(bench, rows)
        visidata = bench_visidata(bench, rows)
    print(f"\n  {'':<36}{'tamis':>12}{'VisiData':>12}")
    for what in tamis.seconds:
        print(f"  {what:<36}{tamis.text(what):>12}{visidata.text(what):>12}")
    print("\nall targets held" if not bench.missed else f"\nmissed: {', '.join(bench.missed)}")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
