"""What must stay lazy stays lazy: read from `sys.modules` of a fresh interpreter."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.demo import demo_folder

CHECKOUT = Path(__file__).resolve().parent.parent
HEAVY = {
    *("torch", "transformers", "datasketch", "datasets", "scipy", "sentence_transformers"),
    *("huggingface_hub", "yaml"),
}
SCREEN = {"textual", "rich"}


def loaded(code: str, *arguments: str) -> set[str]:
    """The top-level modules in memory after `code` has run in a new interpreter."""
    report = "\nimport json, sys; sys.stderr.write('\\n' + json.dumps(list(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code + report, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
    )
    assert result.returncode == 0, result.stderr
    return {name.split(".")[0] for name in json.loads(result.stderr.splitlines()[-1])}


RUN_COMMAND = """
import sys
from tui.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["score", "--help"],
        ["info", str(demo_folder()), "--json"],
        ["simulate", "--json"],
    ],
    ids=["version", "help", "score-help", "info", "simulate"],
)
def test_the_command_line_needs_neither_screen_nor_models(arguments: list[str]) -> None:
    modules = loaded(RUN_COMMAND, *arguments)
    assert "tui" in modules
    assert not modules & (HEAVY | SCREEN)


def test_importing_every_engine_module_loads_nothing_heavy_and_no_screen() -> None:
    modules = loaded(
        "import importlib, pkgutil, engine\n"
        "for module in pkgutil.walk_packages(engine.__path__, 'engine.'):\n"
        "    importlib.import_module(module.name)\n"
    )
    assert {"engine", "numpy", "polars"} <= modules
    assert not modules & (HEAVY | SCREEN)


def test_opening_a_dataset_and_a_session_loads_nothing_heavy() -> None:
    modules = loaded(
        "import sys\n"
        "from pathlib import Path\n"
        "from engine.dataset.dataset import open_dataset\n"
        "dataset = open_dataset(Path(sys.argv[1]))\n"
        "assert dataset.sample(0).response\n"
        "dataset.close()\n",
        str(demo_folder()),
    )
    assert not modules & (HEAVY | SCREEN)


def test_the_desk_itself_loads_no_models() -> None:
    modules = loaded("import tui.app, tui.desk")
    assert "textual" in modules
    assert not modules & HEAVY


@pytest.mark.parametrize("path", sorted((CHECKOUT / "engine").rglob("*.py")), ids=lambda p: p.stem)
def test_the_engine_never_prints_and_never_exits(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        assert called not in {"print", "exit", "quit", "sys.exit", "os._exit"}, (path, node.lineno)
