"""Filters at the desk: typed, completed, counted, saved, and taken from a bar."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from textual.widgets import Input

from engine.session import matching, view
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.dialogs.filter_dialog import FilterDialog
from tui.widgets.prompt_bar import PromptBar
from tui.widgets.threshold_slider import ThresholdSlider

HOSTILE = "a]52;c;x\x07[/b] [@click=app.quit]`\u202e"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Thirty rows with columns of their own, some hostile."""
    path = write_rows(tmp_path / "rows.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, line in enumerate(lines):
        line["source"] = "wiki" if number % 2 else "forum"
        line["rating"] = number / 10
        line[HOSTILE] = HOSTILE if number == 7 else ""
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


async def set_filter(desk: DeskDriver, text: str) -> list[int]:
    await desk.press("f", "ctrl+u")
    await desk.type(text)
    await desk.press("enter")
    return [int(row) for row in desk.desk.table.order]


async def test_a_curator_narrows_by_what_she_knows_of_the_rows(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        refusals = list(range(0, 30, 3))
        assert await set_filter(desk, "score < 0.5 and source=forum") == refusals[::2]
        assert await set_filter(desk, "rating>=2.5 or (row<2 and not cannot)") == [
            1,
            *range(25, 30),
        ]
        assert await set_filter(desk, 'words > 10 response =~ "^As an?"') == refusals
        await desk.press("x", "g", "a")
        assert await set_filter(desk, "state:rejected or state:accepted") == [0, 27]
        assert await set_filter(desk, "problem:any or note:any or tag:any or reason:refusal") == []
        assert "no row matches" in desk.said()


async def test_an_error_points_at_its_place_and_the_line_stays_open(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("f")
        await desk.type("rating>1 and sorce=wiki")
        await desk.until(
            lambda: "column 14: expected a field or a column, did you mean source?" in desk.screen,
            "the place",
        )
        bar = desk.desk.query_one(PromptBar)
        assert bar._mark.place == 13
        await desk.press("enter")
        assert bar.is_open
        assert len(desk.desk.table.order) == 30
        await desk.press("escape", "f")
        await desk.until(lambda: bar.is_open and bar._mark.place is None, "a new line")


async def test_clusters_that_nobody_looked_for_are_no_silence(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("f")
        await desk.type("cluster:any")
        await desk.press("enter")
        assert "clusters are not known yet" in desk.screen
        assert desk.desk.query_one(PromptBar).is_open


async def test_tab_completes_columns_and_values(rows: Path) -> None:
    async with open_desk(rows, size=(160, 40)) as desk:
        field = desk.desk.query_one("#prompt-input", Input)
        await desk.press("f")
        await desk.type("sou")
        await desk.until(lambda: "tab: source" in desk.screen, "what tab would take")
        await desk.press("tab")
        assert field.value == "source"
        await desk.type("=wiki state:re")
        await desk.press("tab")
        assert field.value == "source=wiki state:rejected"
        await desk.type(" ro")
        await desk.press("tab")
        assert field.value.endswith(" row")
        await desk.press("tab")
        assert field.value.endswith(" row")
        await desk.press("tab")
        assert field.value.endswith(" row:")
        await desk.press("shift+tab")
        assert field.value.endswith(" row")
        await desk.press("ctrl+u")
        await desk.type("`a]")
        await desk.press("tab")
        assert field.value == "`" + HOSTILE.replace("`", "``") + "`"
        await desk.type("~click")
        await desk.press("enter")
        assert desk.desk.table.order.tolist() == [7]
        assert "\x1b" not in desk.screen
        assert "\u202e" not in desk.screen
        assert desk.app.is_running


async def test_typing_never_waits_for_a_count_and_the_newest_wins(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go, begun, counted = threading.Event(), threading.Event(), []
    real = matching.rows_matching

    def slow(session: object, text: str, cancelled: object = None) -> object:
        counted.append(text)
        begun.set()
        assert let_go.wait(30)
        return real(session, text, cancelled)  # type: ignore[arg-type]

    monkeypatch.setattr(view, "rows_matching", slow)
    async with open_desk(rows) as desk:
        await desk.press("f")
        await desk.press("r", "o", "w")
        await desk.until(begun.is_set, "the first count")
        for character in ("less_than_sign", "1", "2"):
            await desk.press(character)
        assert desk.desk.query_one("#prompt-input", Input).value == "row<12"
        let_go.set()
        await desk.until(lambda: "12 of 30 rows" in desk.screen, "the last count")
        assert counted[0] != "row<12"
        assert counted[-1] == "row<12"


async def test_what_was_counted_is_not_evaluated_again(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("f")
        await desk.type("cannot")
        await desk.until(lambda: "10 of 30 rows" in desk.screen, "the count")
        # What was typed so far may have been counted, too, and matches as many.
        rows_shown = desk.session.view
        await desk.until(lambda: (rows_shown._matched or ("",))[0] == "cannot", "the last count")
        monkeypatch.setattr(view, "rows_matching", None)
        await desk.press("enter")
        assert len(desk.desk.table.order) == 10


async def test_filters_are_saved_as_rules_and_come_back(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("ctrl+f")
        assert "None yet" in desk.screen
        await desk.press("s")
        assert "there is no filter to save" in desk.said()
        await set_filter(desk, "state:undecided cannot")
        await desk.press("ctrl+f", "s")
        await desk.type("refusals [/b]")
        await desk.press("enter")
        assert "saved: refusals [/b]" in desk.said()
        await set_filter(desk, "")
        await desk.press("g", "x")
    async with open_desk(rows) as desk:
        await desk.press("ctrl+f")
        assert isinstance(desk.app.screen, FilterDialog)
        assert "refusals [/b]" in desk.screen
        await desk.press("enter")
        assert desk.desk.table.order.tolist() == list(range(3, 30, 3)), "the rule, not its rows"
        await desk.press("ctrl+f", "k", "j", "d")
        assert desk.session.filters.all() == {}
        assert "forgotten: refusals" in desk.said()
        await desk.press("ctrl+f", "escape")
        assert desk.at_desk


async def test_a_name_is_needed_to_save(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await set_filter(desk, "cannot")
        await desk.desk.run_action("save_filter")
        await desk.press("space", "enter")
        assert "a filter's name has 1 to 40 characters" in desk.screen
        await desk.press("escape")
        assert desk.session.filters.all() == {}


async def test_a_bar_is_a_filter_by_key(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("F")
        assert desk.desk.slider.has_focus
        await desk.until(lambda: "10 rows   enter shows them" in desk.screen, "the refusals' bar")
        await desk.press("enter")
        assert desk.desk.table.order.tolist() == list(range(0, 30, 3))
        assert desk.desk.table.has_focus
        assert "filter: score>=" in desk.screen
        await set_filter(desk, f"cannot {desk.session.view.shown.filter_text}")
        await desk.press("F", "right", "escape")
        assert desk.desk.table.has_focus
        assert not desk.desk.slider.can_focus
        await desk.press("F", "right", "left", "right", "enter")
        assert desk.desk.table.order.tolist() == []
        assert desk.session.view.shown.filter_text.endswith("cannot"), (
            "another bar takes the place of the first"
        )
        assert desk.session.view.shown.filter_text.count("score") == 2


async def test_a_bar_is_a_filter_by_mouse(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        slider = desk.desk.slider
        assert slider._histogram is not None
        bar = int(np.flatnonzero(slider._histogram.dropped + slider._histogram.kept)[-1])
        threshold = desk.session.threshold
        column = slider._bin_of(float(slider._histogram.edges[bar])) + 1
        await desk.pilot.click(ThresholdSlider, offset=(column, 1), control=True)
        await desk.pilot.pause()
        assert len(desk.desk.table.order) == slider._histogram.kept[bar]
        assert desk.session.threshold == threshold


async def test_without_scores_there_are_no_bars(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        await desk.press("F")
        assert "there are no bars" in desk.said()
        assert desk.desk.table.has_focus
