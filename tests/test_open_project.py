"""What an open project has besides code: a short README, checks, a security page, a bug form."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).resolve().parent.parent
GITHUB = CHECKOUT / ".github"
README_BYTES = 8_000


def parsed(path: Path) -> dict[Any, Any]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len((CHECKOUT / "README.md").read_bytes()) <= README_BYTES


def test_the_workflow_runs_the_readmes_test_command_on_every_supported_python() -> None:
    workflow = parsed(GITHUB / "workflows" / "checks.yml")
    (job,) = workflow["jobs"].values()
    commands = [step["run"].strip() for step in job["steps"] if "run" in step]
    assert commands == [".ci/run"]
    classifiers = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["classifiers"]
    named = [c.rpartition(" ")[2] for c in classifiers if re.search(r":: 3\.\d+$", c)]
    assert job["strategy"]["matrix"]["python"] == named == ["3.11", "3.12", "3.13", "3.14"]
    uses = {step["uses"].partition("@")[0]: step for step in job["steps"] if "uses" in step}
    assert uses["actions/setup-python"]["with"]["python-version"] == "${{ matrix.python }}"


def test_a_bug_report_comes_with_what_tamis_says_of_itself() -> None:
    form = parsed(GITHUB / "ISSUE_TEMPLATE" / "bug.yml")
    assert {"name", "description", "body"} <= set(form)
    asked = [field["attributes"]["label"] for field in form["body"]]
    assert any("tamis info" in label and "--json" in label for label in asked)
    assert any(label == "tamis log" for label in asked)
    names = [field["id"] for field in form["body"]]
    assert len(set(names)) == len(names)
    assert {field["type"] for field in form["body"]} <= {"textarea", "input"}


def test_the_security_page_says_what_is_promised_and_how_to_report() -> None:
    page = (GITHUB / "SECURITY.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == [
        "What is promised",
        "Which versions",
        "How to report",
    ]
