"""Pictures of the desk, made by the command."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from engine.paths import state_folder
from tui.cli.main import main
from tui.cli.screenshot import SCENES
from tui.desk import Desk


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["screenshot", "--scorer", "heuristic", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out, err


def text_of(path: Path) -> str:
    svg = ET.fromstring(path.read_text())
    found = " ".join("".join(node.itertext()) for node in svg.iter() if node.tag.endswith("text"))
    return re.sub(r"\s+", " ", found)


@pytest.mark.parametrize(
    ("screen", "shown"),
    [
        ("table", "2,000 rows"),
        ("sample", "assistant"),
        ("simulator", "calibrated · linked"),
        ("export", "write it"),
        ("help", "Help: the table"),
        ("palette", "Accept"),
    ],
)
def test_each_screen_makes_its_picture(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, screen: str, shown: str
) -> None:
    path = tmp_path / "picture.svg"
    code, out, err = run(capsys, "--output", path, "--screen", screen, "--size", "100x30")
    assert (code, err) == (0, "")
    assert str(path) in out
    svg = path.read_text()
    assert shown in text_of(path)
    assert "url(http" not in svg
    assert "<script" not in svg
    assert not list(state_folder().glob("*.db")), "the demo's own session is left alone"


def test_every_scene_is_made_of_actions_that_exist() -> None:
    for actions in SCENES.values():
        for action in actions:
            assert hasattr(Desk, f"action_{action}")


def test_theme_size_and_keys(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "picture.svg"
    given = ("--output", path, "--theme", "light", "--size", "80x24")
    code, out, _ = run(capsys, *given, "--keys", "v j j")
    assert code == 0
    assert "table, 80x24, tamis-light" in out
    assert "#fbfaf7" in path.read_text()
    assert "│" in text_of(path)  # the range
    assert run(capsys, *given)[0] == 3  # it exists
    assert run(capsys, *given, "--overwrite", "--keys", "alt+x")[0] == 2
    assert run(capsys, *given, "--overwrite", "--screen", "nowhere")[0] == 2
    assert run(capsys, *given, "--overwrite", "--theme", "nowhere")[0] == 2
    for size in ("80", "0x24", "80x9999", "ax b"):
        assert run(capsys, "--output", path, "--overwrite", "--size", size)[0] == 2
