"""The help stays legible on the smallest common screen."""

from __future__ import annotations

from pathlib import Path

from tests.tui.desk_app import open_desk, write_rows
from tui.dialogs.palette import HelpProvider
from tui.keys.actions import ACTIONS
from tui.keys.help import KEYS_CELLS, LINE_CELLS, help_text


def test_the_help_fits_into_80_columns_and_stays_indented() -> None:
    lines = help_text().plain.splitlines()
    assert max(map(len, lines)) <= LINE_CELLS
    longest = max(ACTIONS, key=lambda action: len(action.help))
    words = longest.help.split()
    second = next(line for line in lines if line.endswith(words[-1]) and words[-2] in line)
    assert second.startswith(" " * (KEYS_CELLS + 3))


def test_titles_stand_in_one_column() -> None:
    lines = help_text().plain.splitlines()
    for action in ACTIONS:
        assert any(line.find(action.title) == KEYS_CELLS + 3 for line in lines), action.title


async def test_every_page_of_the_help_is_found_by_its_name(tmp_path: Path) -> None:
    names = {path.stem for path in Path("engine/help").glob("*.md")}
    assert {"desk", "clusters", "simulator"} <= names
    async with open_desk(write_rows(tmp_path / "rows.jsonl")) as desk:
        await desk.press("question_mark")
        shown = str(desk.app.screen._body)  # type: ignore[attr-defined]
        assert "A verdict is yours" in shown
        others = " ".join(shown.partition("Other pages\n")[2].split())
        assert all(name in others for name in names - {"desk"})
        await desk.press("escape")
        for name in names:
            hits = [hit async for hit in HelpProvider(desk.desk).search(f"help: {name}")]
            assert [hit.text for hit in hits][:1] == [f"Help: {name}"]
        await desk.press("ctrl+p")
        await desk.type("help: clusters")
        await desk.until(lambda: "Help: clusters" in desk.screen, "the hit")
        await desk.press("enter")
        await desk.until(lambda: "A cluster is two or more rows" in desk.screen, "the page")
