"""The house is as its maps say: every module is on its map, and no name is doubled."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGES = sorted(
    path.parent
    for room in ("engine", "tui")
    for path in (CHECKOUT / room).rglob("__init__.py")
    if "__pycache__" not in path.parts
)


def rooms(package: Path) -> set[str]:
    """The modules and packages inside a package, by name."""
    modules = {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}
    return modules | {path.parent.name for path in package.glob("*/__init__.py")}


def on_the_map(docstring: str) -> set[str]:
    """The first word of every indented line that says, after two blanks, what a module is for."""
    return set(re.findall(r"^ {4}(\w+)/? {2,}\S", docstring, re.MULTILINE))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.relative_to(CHECKOUT).as_posix())
def test_every_module_is_on_the_map_of_its_package(package: Path) -> None:
    source = (package / "__init__.py").read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    assert on_the_map(docstring) == rooms(package)


def test_no_two_classes_of_the_engine_have_one_name() -> None:
    places = defaultdict(list)
    for path in sorted((CHECKOUT / "engine").rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(CHECKOUT).as_posix())
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_module_is_called_queues_or_utils() -> None:
    names = {path.stem for room in ("engine", "tui") for path in (CHECKOUT / room).rglob("*.py")}
    assert not names & {"queues", "utils", "helpers", "misc", "common"}
