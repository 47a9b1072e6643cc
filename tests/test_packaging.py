from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.__main__ import STAGES
from tests.__main__ import main as run_stages
from tests.wheel import build_wheel
from tui.cli.main import COMMANDS

CHECKOUT = Path(__file__).resolve().parent.parent
WORKSHOP = "engine/workshop/"
"""Makes the demo and the embedded model; in the repository only."""
APACHE_2_SHA256 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    return tomllib.loads(text("pyproject.toml"))["project"]  # type: ignore[no-any-return]


def package(requirement: str) -> str:
    """The normalised name in a requirement such as `pyright[nodejs]>=1`."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def readme_command(name: str) -> str:
    block = re.search(
        rf"<!-- {name} command -->\n```sh\n(.*)\n```\n<!-- end -->", text("README.md")
    )
    assert block, f"README.md has no {name} command on one line"
    return block[1]


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    wheel = build_wheel(tmp_path_factory.mktemp("wheel"))
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_all_modules_and_data_and_nothing_else(wheel_files: set[str]) -> None:
    tracked = {
        path.relative_to(CHECKOUT).as_posix()
        for name in ("engine", "tui", "themes")
        for path in (CHECKOUT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    tracked = {name for name in tracked if not name.startswith(WORKSHOP)}
    inside = {name for name in wheel_files if ".dist-info/" not in name}
    assert inside == tracked
    assert {"engine/demo/data/tasks.jsonl", "themes/base.tcss", "engine/help/desk.md"} <= inside
    assert "engine/scoring/builtin/model/model.safetensors" in inside


def test_the_wheel_carries_its_licence_and_the_command(wheel_files: set[str]) -> None:
    version = project()["version"]
    assert f"tamis-{version}.dist-info/licenses/LICENSE" in wheel_files
    assert f"tamis-{version}.dist-info/entry_points.txt" in wheel_files


def test_the_licence_is_the_whole_apache_2() -> None:
    assert hashlib.sha256((CHECKOUT / "LICENSE").read_bytes()).hexdigest() == APACHE_2_SHA256


def test_constraints_pin_every_dependency_exactly_and_name_no_place() -> None:
    pins = [line for line in text("constraints.txt").splitlines() if not line.startswith("#")]
    for pin in pins:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", pin), pin
    pinned = {package(pin) for pin in pins}
    assert len(pinned) == len(pins), "one pin a package"
    wanted = [*project()["dependencies"], *project()["optional-dependencies"]["test"]]
    assert {package(requirement) for requirement in wanted} <= pinned
    assert not [name for name in pinned if name.startswith(("nvidia", "cuda", "triton"))]


def test_pins_satisfy_the_lower_and_upper_bounds() -> None:
    from packaging.requirements import Requirement

    pins = dict(line.split("==") for line in text("constraints.txt").splitlines() if "==" in line)
    versions = {package(name): version for name, version in pins.items()}
    for line in project()["dependencies"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(versions[package(line)]), line


def test_the_changelog_begins_with_this_version() -> None:
    first = re.search(r"^## \[([^\]]+)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert first is not None
    assert first[1] in {"Unreleased", project()["version"]}
    assert f"[{project()['version']}]" in text("CHANGELOG.md")


def test_readme_commands_set_everything_up_in_one_line() -> None:
    assert readme_command("run").startswith("python3 -m venv .venv && ")
    assert readme_command("run").endswith(".venv/bin/tamis demo")
    assert readme_command("test").endswith(".venv/bin/python -m tests")
    for name in ("run", "test"):
        assert "-c constraints.txt" in readme_command(name)


def test_ci_runs_the_test_command_of_the_readme(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "run"
    script.write_bytes((CHECKOUT / ".ci" / "run").read_bytes())
    script.chmod(0o755)
    assert os.access(CHECKOUT / ".ci" / "run", os.X_OK)
    real = text("README.md")
    for ending, status in (("echo checked", 0), ("false", 1)):
        stand_in = real.replace(readme_command("test"), f"echo started && {ending}")
        (tmp_path / "README.md").write_text(stand_in, encoding="utf-8")
        result = subprocess.run([script], capture_output=True, text=True, check=False)
        assert result.returncode == status
        assert "started" in result.stdout
        assert re.search(r"^total: \d+ s$", result.stdout, re.MULTILINE)


def test_readme_or_help_names_every_command() -> None:
    told = text("README.md") + text("engine/help/commands.md")
    for name in COMMANDS:
        assert f"tamis {name}" in told, name


def test_readme_pictures_and_links_into_the_project_exist() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)]+)\)", text("README.md"))
    assert targets
    for target in targets:
        assert (CHECKOUT / target).exists(), target


def test_no_file_of_the_project_names_this_machine() -> None:
    strange = re.compile(r"/(?:work|root|home)/[a-z]+/|file:///")
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "constraints.txt",
        "pyproject.toml",
    ):
        assert not strange.search(text(name)), name


def test_a_failing_stage_fails_the_run_but_not_the_stages_after_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(STAGES, "lint", ("sh", "-c", "echo three errors; exit 3"))
    monkeypatch.setitem(STAGES, "format", ("echo", "12 files already formatted"))
    assert run_stages(["lint", "format"]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"FAILED lint .* three errors", printed)
    assert re.search(r"ok     format .* 12 files already formatted", printed)
    assert "failed: lint" in printed
    assert run_stages(["format"]) == 0


def test_an_unknown_stage_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_stages(["lnt"]) == 2
    assert "one of: lint, format, mypy" in capsys.readouterr().out
