"""Columns named in the desk: a row shown as it would be read, and the dataset read so."""

from __future__ import annotations

import json
from pathlib import Path

from textual.widgets import OptionList

from engine.dataset.reading.mapping_file import read_mapping
from engine.dataset.reading.options import ColumnMapping
from engine.sample import Family
from tests.tui.desk_app import DeskDriver, open_desk
from tui.dialogs.dialogs import ChoiceDialog
from tui.dialogs.mapping_dialog import MappingDialog

ROWS = [
    {"Frage": f"Name tree {n}.", "besser": "An oak.", "schlechter": "A door.", "n": {"who": "ann"}}
    for n in range(3)
]


def odd(folder: Path) -> Path:
    path = folder / "odd.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path


async def highlight(desk: DeskDriver, name: str) -> None:
    options = desk.app.screen.query_one(OptionList)
    options.highlighted = options.get_option_index(name)
    await desk.press("enter")


async def choose(desk: DeskDriver, part: str, column: str) -> None:
    await highlight(desk, part)
    await desk.until(lambda: isinstance(desk.app.screen, ChoiceDialog), "the columns")
    await highlight(desk, column)
    await desk.until(lambda: isinstance(desk.app.screen, MappingDialog), "the parts")


async def test_the_dialog_opens_by_itself_and_the_dataset_is_read_so(tmp_path: Path) -> None:
    path = odd(tmp_path)
    async with open_desk(path, size=(80, 24), restored=False) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, MappingDialog), "the dialog")
        assert "no family fits" in desk.screen
        await choose(desk, "prompt", "Frage")
        assert "user: Name tree 0." in desk.screen
        await choose(desk, "response", "besser")
        await choose(desk, "rejected", "schlechter")
        assert "row 0 as preference" in desk.screen
        assert "rejected: A door." in desk.screen
        await desk.press("n")
        assert "user: Name tree 1." in desk.screen
        before = desk.session
        await highlight(desk, "take")
        await desk.until(
            lambda: desk.app.session not in (None, before) and desk.at_desk, "the desk again"
        )
        assert desk.session.dataset.family is Family.PREFERENCE
        await desk.press("a")
        assert desk.session.verdicts.tolist()[0] == 1
    async with open_desk(path, size=(80, 24), restored=False) as desk:
        assert desk.session.dataset.family is Family.PREFERENCE, "it is remembered"
        assert desk.session.verdicts.tolist() == [1, 0, 0]
        await desk.press("ampersand")
        assert "besser" in desk.screen
        await desk.press("escape")
        assert desk.at_desk


async def test_a_mapping_is_saved_as_a_file_and_a_part_forgotten(tmp_path: Path) -> None:
    async with open_desk(odd(tmp_path), restored=False) as desk:
        await desk.until(lambda: isinstance(desk.app.screen, MappingDialog), "the dialog")
        await choose(desk, "prompt", "Frage")
        await choose(desk, "prompt", "n.who")
        assert "user: Name tree 0. ann" in desk.screen
        dialog = desk.app.screen
        assert isinstance(dialog, MappingDialog)
        file = tmp_path / "columns.toml"
        desk.desk._write(str(file), dialog._mapping)
        assert read_mapping(file) == ColumnMapping(prompt=("Frage", "n.who"))
        await desk.press("backspace")
        assert "no family fits" in desk.screen
        await desk.press("escape")
        assert "no family fits the columns" in desk.said()
