"""`tamis keys` and `tamis config`, and what the config file does to the other commands."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.preferences.config import config_path
from engine.session import OpenOptions
from tests.tui.desk_app import open_desk, write_rows
from tui.cli.main import main
from tui.keys.actions import ACTIONS
from tui.preferences import load_preferences


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(str(ended.value.code)), out, err


def write_config(text: str) -> Path:
    path = config_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_keys_lists_every_action_with_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "keys")
    assert (code, err) == (0, "")
    for action in ACTIONS:
        assert action.title in out
        assert action.id in out
    assert "(changed)" not in out


def test_keys_follow_preset_and_file(capsys: pytest.CaptureFixture[str]) -> None:
    path = write_config('[keys]\npreset = "prodigy"\naccept = ["y", "a"]\nreject = "n"\n')
    code, out, err = run(capsys, "keys", "--json")
    assert code == 0
    found: dict[str, Any] = json.loads(out)
    keys = {action["id"]: action for action in found["actions"]}
    assert found["preset"] == "prodigy"
    assert keys["accept"]["keys"] == ["y", "a"]
    assert keys["accept"]["changed"]
    assert keys["undo"]["keys"] == ["backspace", "delete", "U"]
    assert not keys["reject"]["changed"]
    assert f"{path}:4: keys.reject: n belongs to next_match" in err
    assert found["problems"] == [err.removeprefix("tamis: ").strip()]
    code, out, _ = run(capsys, "keys", "--keys", "visidata")
    assert "preset: visidata" in out
    assert "(changed)" in out
    code, _, err = run(capsys, "keys", "--keys", "emacs")
    assert code == 2
    assert "prodigy" in err


def test_config_says_what_holds_and_where_it_comes_from(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = run(capsys, "config", "--path")
    assert out.strip() == str(config_path())
    code, out, err = run(capsys, "config")
    assert (code, err) == (0, "")
    assert "none at" in out
    path = write_config('[screen]\ntheme = "light"\nmouse = 3\n')
    code, out, err = run(capsys, "config")
    assert code == 0
    assert f"file: {path}" in out
    assert "screen.theme" in out
    assert "light  (line 2)" in out
    assert f"{path}:3: screen.mouse: true or false, not 3" in err
    _, out, _ = run(capsys, "config", "--json")
    found = json.loads(out)
    assert found["settings"]["screen.theme"] == {"value": "light", "line": 2}
    assert found["settings"]["screen.mouse"] == {"value": True, "line": None}
    assert len(found["problems"]) == 1


def test_the_sample_is_a_config_file(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "config", "--sample")
    write_config(out)
    code, out, err = run(capsys, "config")
    assert (code, err) == (0, "")


def test_an_export_takes_scorer_and_threshold_of_the_file_and_flags_before_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 6)
    write_config('[defaults]\nscorer = "heuristic"\nthreshold = "top 2"\nreviwer = "x"\n')
    code, out, err = run(capsys, "export", str(rows), "--output", str(tmp_path / "a"), "--json")
    assert code == 0
    assert json.loads(out)["threshold"]["source"] == "the config file's"
    assert "reviwer" in err
    code, out, _ = run(
        capsys, "export", str(rows), "--output", str(tmp_path / "b"), "--json", "--threshold", "0"
    )
    found = json.loads(out)
    assert found["threshold"]["source"] == "given"
    assert found["counts"]["kept"] == 6


def test_flags_go_before_the_file() -> None:
    write_config('[screen]\ntheme = "light"\nascii = true\nmouse = false\n[keys]\npreset="prodigy"')
    found = load_preferences()
    assert (found.theme, found.ascii_only, found.mouse) == ("light", True, False)
    assert found.keymap.preset == "prodigy"
    found = load_preferences(theme="dark", ascii_only=False, mouse=True, keys="default")
    assert (found.theme, found.ascii_only, found.mouse) == ("dark", False, True)
    assert found.keymap.preset == "default"


@pytest.mark.parametrize("action", ["preset", "accept", "close"])
@pytest.mark.parametrize(
    "value", ['["visidata"]', "{}", "{ a = 1 }", "3", "[[]]", "1979-05-27", f"0x{'f' * 5000}"]
)
def test_a_key_of_any_type_is_named_with_its_line(action: str, value: str) -> None:
    write_config(f'[keys]\n{action} = {value}\nskip = "ctrl+g"\n')
    found = load_preferences()
    assert len(found.problems) == 1
    assert "config.toml:2: " in found.problems[0]
    assert next(each.keys for each in found.keymap.actions if each.id == "skip") == ("ctrl+g",)


async def test_reasons_of_the_file_code_a_reject_and_stand_in_the_help(tmp_path: Path) -> None:
    write_config('[reject]\nreasons = ["boring", "[/x] \\u001b[2J"]\n')
    rows = write_rows(tmp_path / "rows.jsonl")
    preferences = load_preferences()
    options = OpenOptions(reviewer="ada", config=preferences.config)
    async with open_desk(rows, options=options, preferences=preferences) as desk:
        await desk.press("x")
        assert "1 boring" in desk.said()
        await desk.press("1")
        assert desk.session.review.reasons(desk.session.side).keys() == {"boring"}
        await desk.press("question_mark")
        shown = str(desk.app.screen._body)  # type: ignore[attr-defined]
        assert "1 boring" in shown
        assert "\x1b" not in shown


async def test_the_desk_tells_what_of_the_file_it_left_out(tmp_path: Path) -> None:
    write_config('[screen]\ntheme = "nope"\nascii = true\n[keys]\naccept = "n"\nfoo = "y"\nx = 1\n')
    rows = write_rows(tmp_path / "rows.jsonl")
    async with open_desk(rows, preferences=load_preferences()) as desk:
        await desk.until(lambda: "no theme nope" in desk.said() or "more;" in desk.said(), "toasts")
        assert "config.toml:5: keys.accept: n belongs to next_match" in desk.said()
        assert desk.app.theme in ("tamis-dark", "tamis-ansi16")  # what fits the terminal
        assert desk.desk._glyphs.ascii_only
        await desk.press("a")
        assert desk.session.verdicts[0] == 1
