"""The sample, copied to the terminal's clipboard and into a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.dataset.editing import Part
from tests.tui.desk_app import open_desk, write_rows
from tui.desk.copying import CLIPBOARD_BYTES
from tui.widgets.prompt_bar import PromptBar


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_rows(tmp_path / "rows.jsonl")


async def test_the_clipboard_gets_the_sample(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("j", "Y")
        assert desk.app.clipboard.startswith("user:\nExplain the ")
        assert "\n\nassistant:\nThe " in desk.app.clipboard
        assert "if this terminal takes it; W writes a file" in desk.said()


async def test_a_file_gets_the_sample_and_none_is_overwritten(rows: Path, tmp_path: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("j", "W", "enter")
        path = tmp_path / "rows.jsonl-row-1.txt"
        assert path.read_text().startswith("user:\nExplain the ")
        assert "written to" in desk.said()
        path.write_text("mine")
        await desk.press("W", "enter")
        assert desk.desk.query_one(PromptBar).is_open
        assert "exists" in desk.screen
        assert path.read_text() == "mine"
        await desk.press("ctrl+u")
        await desk.type("no-folder/x")
        await desk.press("enter")
        assert "No such file" in desk.screen
        await desk.press("escape")


async def test_an_edited_sample_is_copied_as_edited(rows: Path, tmp_path: Path) -> None:
    async with open_desk(rows) as desk:
        desk.session.edits.revise(1, Part.RESPONSE, "edited by hand")
        await desk.press("j", "Y")
        assert desk.app.clipboard.endswith("\n\nassistant:\nedited by hand\n")
        await desk.press("W", "enter")
        path = tmp_path / "rows.jsonl-row-1.txt"
        assert path.read_text().endswith("\n\nassistant:\nedited by hand\n")


async def test_text_that_is_no_unicode_and_text_that_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [
        {"prompt": "odd", "response": "\ud800 \x1b]52;c;AAAA\x07"},
        {"prompt": "long", "response": "x" * (CLIPBOARD_BYTES + 1)},
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n")
    async with open_desk(path) as desk:
        await desk.press("Y")
        assert "assistant:" in desk.app.clipboard
        before = desk.app.clipboard
        await desk.press("j", "Y")
        assert "too long" in desk.said()
        await desk.press("j", "Y")
        assert "could not be read" in desk.said()
        assert desk.app.clipboard == before
