"""Editing in the running desk, with a real editor: a shell script."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from engine.session import OpenOptions
from tests.tui.desk.test_annotations import editor
from tests.tui.desk_app import open_desk, write_rows
from tests.tui.pty_terminal import TAMIS, Terminal
from tui.dialogs.dialogs import ChoiceDialog
from tui.dialogs.diff_dialog import DiffDialog
from tui.dialogs.export_dialog import ExportDialog

REFUSAL = "As an AI language model, I cannot help."


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", 6)


async def test_an_edit_is_shown_taken_scored_exported_and_undone(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = rows.read_bytes()
    monkeypatch.setenv("VISUAL", editor(tmp_path, f"echo '{REFUSAL}' > \"$1\""))
    async with open_desk(rows) as desk:
        await desk.scored()
        score = float(desk.session.scores[1])
        await desk.press("j", "E")
        assert isinstance(desk.app.screen, ChoiceDialog)
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, DiffDialog), "the difference")
        assert f"+ {REFUSAL}" in desk.screen
        assert "- The " in desk.screen
        await desk.press("y")
        assert desk.session.edits.texts["response"][1] == REFUSAL
        await desk.until(lambda: desk.session.scores[1] < score, "another score")
        await desk.until(lambda: "±" in desk.screen and REFUSAL[:20] in desk.screen, "the text")
        assert "edited: response" in desk.screen
        await desk.press("a", "e")
        await desk.until(lambda: isinstance(desk.app.screen, ExportDialog), "the export dialog")
        assert "1 edited samples, as they read now" in desk.screen
        await desk.press("y")
        out = rows.parent / "rows-kept"
        await desk.until((out / "manifest.json").exists, "the export")
        kept = [json.loads(line) for line in (out / "kept.jsonl").read_text().splitlines()]
        assert REFUSAL in [row["output"] for row in kept]
        known = pl.read_parquet(out / "decisions.parquet")
        assert known["edited"].to_list()[1] == ["response"]
    async with open_desk(rows, options=OpenOptions(reviewer="bob")) as desk:
        await desk.scored()
        assert desk.session.edits.texts["response"][1] == REFUSAL
        await desk.press("U", "U")
        assert "undone: edit of the response of row 1" in desk.said()
        assert not desk.session.edits.revisions
        await desk.until(lambda: desk.session.scores[1] == pytest.approx(score), "the old score")
        await desk.press("R", "h")
        assert "edited the response" in desk.screen
    assert rows.read_bytes() == source


async def test_an_edit_can_go_on_and_be_thrown_away(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "printf ' [bold]\\033[31m' >> \"$1\""))
    async with open_desk(rows) as desk:
        await desk.press("E", "enter", "e")
        assert desk.screen.count("[bold]") == 2
        assert "\x1b" not in desk.screen
        await desk.press("n")
        assert not desk.session.review.events
        assert "thrown away" in desk.said()
        monkeypatch.setenv("VISUAL", editor(tmp_path, "true"))
        await desk.press("E", "enter")
        assert "nothing was changed" in desk.said()
        assert desk.at_desk


async def test_what_cannot_be_edited_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, 'printf x >> "$1"'))
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"prompt": "say"}\n{"prompt": "more"}\n{broken\n')
    async with open_desk(path, scorer="none") as desk:
        await desk.press("E")
        assert isinstance(desk.app.screen, DiffDialog), "a prompt alone is opened at once"
        await desk.press("y")
        assert desk.session.edits.texts["prompt"][0] == "sayx"
        await desk.press("G", "E")
        assert "could not be read" in desk.said()
        async with open_desk(path, options=OpenOptions(reviewer="b", read_only=True)) as other:
            await other.press("E")
            assert "read-only" in other.said()
            assert "sayx" in other.screen


def test_the_editor_has_the_terminal_and_gives_it_back(rows: Path, tmp_path: Path) -> None:
    asks = editor(tmp_path, 'echo EDITOR HERE; read answer; echo "$answer" > "$1"')
    command = [*TAMIS, str(rows), "--scorer", "none"]
    with Terminal(command, size=(100, 30), env={"VISUAL": asks}) as terminal:
        terminal.wait_for("6 rows")
        terminal.wait_for("row 0 ")
        terminal.send("E")
        terminal.wait_for("Edit row 0")
        terminal.send("\r")
        terminal.wait_for("EDITOR HERE")
        terminal.send("typed by hand\r")
        terminal.wait_for("+ typed by hand")
        terminal.send("y")
        terminal.wait_for("±")
        terminal.send("a")
        terminal.wait_for("✓")
        terminal.quiet()
        terminal.send("q")
        assert terminal.wait() == 0
