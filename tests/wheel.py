"""Builds the wheel, installs it into an empty environment and starts it there.

What runs is the wheel's code and data: the working directory is outside the checkout.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.tui.pty_terminal import Terminal

CHECKOUT = Path(__file__).resolve().parent.parent
CONSTRAINTS = CHECKOUT / "constraints.txt"


def build_wheel(folder: Path) -> Path:
    """Build into `folder` with the hatchling that is installed here, and return the wheel."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*command, str(CHECKOUT)], check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> None:
    """Build, install, and use what was installed."""
    with tempfile.TemporaryDirectory(prefix="tamis-wheel-") as name:
        folder = Path(name)
        wheel = build_wheel(folder)
        print(f"built {wheel.name}, {wheel.stat().st_size:,} bytes", flush=True)
        clean = install(wheel, folder / "clean")
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        use(clean, elsewhere)
    print("the wheel installs, describes and scores the demo, and opens the desk")


def install(wheel: Path, clean: Path) -> Path:
    """Make a virtual environment with nothing but the wheel and what it needs."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(clean)], check=True)
    pip = [str(clean / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--constraint", str(CONSTRAINTS), str(wheel)], check=True)
    print(f"installed in {time.perf_counter() - started:.0f} s", flush=True)
    return clean


def use(clean: Path, elsewhere: Path) -> None:
    """Run the command line and start the desk on the demo inside the wheel."""
    tamis = str(clean / "bin" / "tamis")
    home = {
        variable: str(elsewhere / variable.lower())
        for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HF_HOME")
    }
    environment = {**os.environ, **home, "HF_HUB_OFFLINE": "1"}
    environment.pop("PYTHONPATH", None)

    def said(*command: str) -> str:
        return subprocess.run(
            command, check=True, cwd=elsewhere, env=environment, capture_output=True, text=True
        ).stdout.strip()

    print(said(tamis, "--version"))
    demo = Path(
        said(
            str(clean / "bin" / "python"),
            "-c",
            "from engine.demo import demo_folder; print(demo_folder())",
        )
    )
    assert demo.is_relative_to(clean), f"{demo} is not the wheel's"
    described = json.loads(said(tamis, "info", str(demo), "--json"))
    assert described["rows"] == 2000, described
    assert described["problems_total"] == 0, described
    scored = json.loads(said(tamis, "score", str(demo), "--session", "demo.db", "--json"))
    assert (scored["scorer"], scored["scored"]) == ("builtin", 2000), scored
    with Terminal([tamis, "demo"], cwd=elsewhere, env=home) as terminal:
        terminal.wait_for("2,000 rows")
        terminal.send("a")
        terminal.wait_for("✓")
        terminal.send("q")
        assert terminal.wait() == 0, terminal.text


if __name__ == "__main__":
    main()
