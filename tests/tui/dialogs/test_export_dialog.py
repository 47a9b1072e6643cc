"""A new export format is a row of the table: engine, dialog and command line know it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from textual.widgets import Input

from engine.export.formats import FORMATS, ExportFormat
from engine.export.plan import ReviewState, WrittenRows
from engine.export.table import Extra, Tick
from tests.tui.desk_app import open_desk, write_rows
from tui.cli.main import main
from tui.dialogs.export_dialog import ExportDialog


def write_responses(
    path: Path, state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick
) -> WrittenRows:
    """A format that holds nothing but the responses."""
    assert not extra
    path.write_text("".join(f"- {state.dataset.sample(row).response}\n" for row in rows.tolist()))
    tick(len(rows))
    return WrittenRows()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(FORMATS, "markdown", ExportFormat("markdown", ".md", write_responses))
    return write_rows(tmp_path / "rows.jsonl")


def test_the_command_line_takes_and_lists_a_registered_format(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = source.parent / "out"
    command = ["export", str(source), "--output", str(out), "--threshold", ">= 0", "--format"]
    with pytest.raises(SystemExit) as ended:
        main([*command, "markdown"])
    assert ended.value.code == 0
    manifest = json.loads((out / "manifest.json").read_text())
    written = (out / "kept.md").read_text().splitlines()
    assert len(written) == manifest["files"]["kept.md"]["rows"] == 30
    assert manifest["options"]["format"] == "markdown"
    assert "path: kept.md" in (out / "README.md").read_text()
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main([*command, "bogus"])
    assert "one of: jsonl, parquet, csv, hf, markdown" in capsys.readouterr().err


async def test_the_dialog_offers_and_writes_a_registered_format(source: Path) -> None:
    out = source.parent / "out"
    async with open_desk(source) as desk:
        await desk.scored()
        await desk.press("e")
        await desk.until(lambda: isinstance(desk.app.screen, ExportDialog), "the export dialog")
        offered = []
        await desk.press("home", "down")
        for _ in FORMATS:
            await desk.press("enter")
            offered += re.findall(r"format +(\w+)", desk.screen)
        assert offered == ["parquet", "csv", "hf", "markdown", "jsonl"]
        await desk.press(*["enter"] * 4)
        desk.app.screen.query_one(Input).value = str(out)
        await desk.press("y")
        await desk.until((out / "manifest.json").exists, "the export")
    assert (out / "kept.md").read_text().startswith("- ")


def test_help_names_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["export", "--help"])
    told = " ".join(re.sub("[│|]", " ", capsys.readouterr().out).split())
    *others, last = FORMATS
    assert f"{', '.join(others)} or {last};" in told
