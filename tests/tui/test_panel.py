"""A panel is a module and a row of the table: the desk does the rest."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.desk import panels
from tui.dialogs.palette import ActionProvider
from tui.keys.actions import Action
from tui.panel import Panel


class NotebookPanel(Panel):
    """What a later panel may be: a few keys, a text, and something that is not possible."""

    opener = "notebook"
    group = "Notebook"
    place = "the notebook"
    page = "clusters"
    cells_beside = 40
    actions: ClassVar[tuple[Action, ...]] = (
        Action("notebook", "Notebook", "Opens it.", ("Q",), "Notebook", "notebook"),
        Action("scribble", "Scribble", "Writes a line.", ("Z",), "Notebook", "scribble"),
        Action("tear_out", "Tear out", "Takes a line away.", ("B",), "Notebook", "tear out"),
    )

    lines = 0
    drawn = 0

    def compose(self) -> ComposeResult:
        yield Static("an empty page")

    def draw(self) -> None:
        self.drawn += 1

    def obstacle(self, action: Action) -> str:
        return "" if action.id != "tear_out" or self.lines else "the page is empty"

    def move(self, lines: int) -> None:
        self.lines += 10 * lines

    def action_notebook(self) -> None:
        assert isinstance(self.desk, panels.PanelActions)
        self.desk.toggle_panel(NotebookPanel)

    def action_scribble(self) -> None:
        self.lines += 1
        self.query_one(Static).update(f"{self.lines} lines")

    def action_tear_out(self) -> None:
        self.lines -= 1


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(panels, "PANELS", [*panels.PANELS, NotebookPanel])
    return write_rows(tmp_path / "rows.jsonl")


def footer(desk: DeskDriver) -> str:
    return desk.screen.splitlines()[-1]


async def test_a_row_of_the_table_is_a_panel_of_the_desk(rows: Path) -> None:
    async with open_desk(rows, size=(200, 40)) as desk:
        await desk.scored()
        assert "an empty page" not in desk.screen
        assert "Z scribble" not in footer(desk)
        await desk.press("Q")
        panel = desk.desk.query_one(NotebookPanel)
        await desk.until(lambda: "an empty page" in desk.screen, "the panel")
        assert panel.has_focus
        assert panel.outer_size.width == 40
        await desk.until(lambda: panel.drawn > 0, "drawn")
        await desk.until(lambda: "Z scribble" in footer(desk), "its keys")
        await desk.until(lambda: "B tear out" not in footer(desk), "what it cannot do")
        await desk.press("Z", "a", "j")
        await desk.until(lambda: "1 lines" in desk.screen, "its own key")
        assert panel.lines == 11, "motions are the panel's"
        assert not desk.session.verdicts.any(), "verdicts rest"
        assert desk.desk.table.cursor == 0
        await desk.press("tab")
        assert not panel.has_focus
        await desk.until(lambda: "Z scribble" not in footer(desk), "the keys of the table")
        await desk.press("Q", "escape")
        await desk.until(lambda: "lines" not in desk.screen, "closed by esc")
        await desk.press("Q", "Q")
        await desk.until(lambda: "1 lines" not in desk.screen, "closed by its key")
        assert desk.desk.table.has_focus


async def test_its_help_and_its_obstacles_are_known(rows: Path) -> None:
    async with open_desk(rows, size=(120, 40)) as desk:
        await desk.scored()
        scribble, tear_out = NotebookPanel.actions[1:]
        assert desk.desk.obstacle(scribble) == "Q opens the notebook"
        await desk.press("Q")
        assert desk.desk.obstacle(scribble) == ""
        assert desk.desk.obstacle(tear_out) == "the page is empty"
        hits = [hit async for hit in ActionProvider(desk.desk).search("scribble")]
        assert [hit.text for hit in hits][:1] == ["Scribble"]
        await desk.press("question_mark")
        await desk.until(lambda: "Help: the notebook" in desk.screen, "the help")
        shown = str(desk.app.screen._body)  # type: ignore[attr-defined]
        assert shown.startswith("Notebook")
        assert "Scribble" in shown
        assert "A cluster is two or more rows that are alike" in shown


async def test_one_panel_is_open_at_a_time(rows: Path) -> None:
    async with open_desk(rows, size=(120, 40)) as desk:
        await desk.scored()
        await desk.press("Q")
        await desk.until(lambda: "an empty page" in desk.screen, "the notebook")
        await desk.press("S")
        await desk.until(lambda: desk.desk.at_panel, "the sliders")
        await desk.until(lambda: "an empty page" not in desk.screen, "the notebook closed")
