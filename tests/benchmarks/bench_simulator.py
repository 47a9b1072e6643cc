"""What a coupled threshold step costs: table, histogram, sweep, and the whole panel.

    python -m tests.benchmarks.bench_simulator [--rows 1000000] [--keep FOLDER]

In one process, all but painting: processor time of the screen's thread, and time by the clock.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.bench_desk import Bench, facts, fill, heading, tell

STEPS = 200
TARGET_MS = 20.0
TWINS = 0.1
"""Share of rows that have one, where copies are known."""

SIZES = ((80, 24), (160, 48))


async def steps(bench: Bench, size: tuple[int, int], *, copies: bool) -> None:
    """Steps of `]` with the panel open: settled, and while scores come."""
    from engine.session import OpenOptions
    from engine.simulator.duplication import SINGLE, DuplicateGroups
    from tui.app import TamisApp
    from tui.desk import Desk
    from tui.simulator import SimulatorPanel

    options = OpenOptions(session=bench.session(), reviewer="bench")
    app = TamisApp(bench.big, options, scorer="none", threshold="0.3")
    async with app.run_test(size=size) as pilot:
        while not isinstance(desk := app.screen, Desk):
            await pilot.pause(0.05)
        session = desk.session
        while not desk.query(SimulatorPanel):
            await pilot.pause(0.05)
        fill(session)
        rows = session.dataset.rows
        of_row = np.full(rows, SINGLE, np.int64)
        pairs = int(rows * TWINS / 2) if copies else 0
        of_row[: 2 * pairs] = np.arange(2 * pairs) // 2
        session.simulator_link.clusters = DuplicateGroups(of_row, pairs, "made up")
        desk.action_simulate()
        await asyncio.sleep(2.0)
        for scores_come in (False, True):
            work_ms, wall_ms = [], []
            for step in range(STEPS):
                if scores_come and step % 5 == 0:
                    session.board.version += 1  # what was counted before is of no use
                session.ui_priority.ask()  # as the app does with every key
                await asyncio.sleep(0.005)
                began, worked = time.perf_counter(), time.thread_time()
                desk.action_threshold_up() if step % 2 else desk.action_threshold_down()
                work_ms.append((time.thread_time() - worked) * 1e3)
                wall_ms.append((time.perf_counter() - began) * 1e3)
                await asyncio.sleep(0.02)
            while session.simulator_link.counting:  # noqa: ASYNC110 - a thread, not a task
                await asyncio.sleep(0.05)
            what = f"{size[0]}x{size[1]}, {'scores come' if scores_come else 'settled'}"
            tell(bench, f"{what}: a press of ], its work", work_ms, TARGET_MS)
            tell(bench, "the same by the clock, beside whatever else runs", wall_ms, None)
    if app.session is not None:
        app.session.close()


def main() -> int:
    """Run; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a folder to keep the generated rows in")
    wanted = parser.parse_args()
    facts()
    with tempfile.TemporaryDirectory(prefix="bench-simulator-") as scratch:
        bench = Bench(Path(scratch), wanted.rows, quick=False, keep=wanted.keep)
        for copies in (False, True):
            known = f"{TWINS:.0%} of the rows have a twin" if copies else "no copies"
            heading(f"coupled threshold steps at {wanted.rows:,} rows, {known}")
            for size in SIZES:
                asyncio.run(steps(bench, size, copies=copies))
    print("\nall targets held" if not bench.missed else f"\nmissed: {', '.join(bench.missed)}")
    return 1 if bench.missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
