"""Runs every check and says how long each took: `python -m tests [STAGE ...]`.

All stages run even if one fails; the exit status is 1 if any did.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
SCRIPTS = Path(PYTHON).parent
"""Not resolved: the interpreter of a virtual environment is a link out of it."""

PYTEST = (PYTHON, "-m", "pytest", "-n", "4")
"""More processes than processors: half of the time a test waits for a screen."""

STAGES: dict[str, tuple[str, ...]] = {
    "lint": (str(SCRIPTS / "ruff"), "check", "."),
    "format": (str(SCRIPTS / "ruff"), "format", "--check", "."),
    "mypy": (PYTHON, "-m", "mypy"),
    "pyright": (str(SCRIPTS / "pyright"), "--pythonpath", PYTHON),
    "imports": (str(SCRIPTS / "lint-imports"), "--no-cache"),
    "tests": (*PYTEST, "--durations=8"),
    "wheel": (PYTHON, "-m", "tests.wheel"),
    "coverage": (*PYTEST, "--cov", "--cov-report", "term"),
}

BY_NAME_ONLY = frozenset({"coverage"})
"""Tracing every line nearly doubles what the tests take."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a stage ended."""

    name: str
    passed: bool
    elapsed_s: float
    last_line: str

    def __str__(self) -> str:
        mark = "ok    " if self.passed else "FAILED"
        return f"{mark} {self.name:8} {self.elapsed_s:7.1f} s  {self.last_line}"


def run_stage(name: str) -> Result:
    """Run a stage, pass its output on, and remember the last line."""
    print(f"── {name}", flush=True)
    started = time.perf_counter()
    last_line = ""
    with subprocess.Popen(
        STAGES[name], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            last_line = line.strip() or last_line
    return Result(name, process.returncode == 0, time.perf_counter() - started, last_line)


def main(names: Sequence[str]) -> int:
    """Run the stages named, or all but the coverage."""
    unknown = set(names) - set(STAGES)
    if unknown:
        print(f"no such stage: {', '.join(sorted(unknown))}; one of: {', '.join(STAGES)}")
        return 2
    everything = [name for name in STAGES if name not in BY_NAME_ONLY]
    results = [run_stage(name) for name in names or everything]
    print("── summary")
    for result in results:
        print(result)
    failed = [result.name for result in results if not result.passed]
    elapsed_s = sum(result.elapsed_s for result in results)
    print(f"{'failed: ' + ', '.join(failed) if failed else 'all passed'} in {elapsed_s:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
