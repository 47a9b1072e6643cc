"""The dataset's own columns at the desk: under the sample, in the table, counted."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

import pytest
from textual.widgets import Input

from engine.errors import Cancelled
from tests.tui.desk_app import DeskDriver, open_desk, write_chats, write_rows
from tests.tui.screen import style_of
from tui.desk import columns
from tui.dialogs.columns_dialog import ColumnsDialog
from tui.dialogs.dialogs import ChoiceDialog, WorkDialog
from tui.dialogs.frequency_dialog import FrequencyDialog

HOSTILE = "a]52;c;x\x07[/b] [@click=app.quit]\x1b[31m\u202e"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Thirty rows with columns of their own, some hostile."""
    path = write_rows(tmp_path / "rows.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, line in enumerate(lines):
        line["source"] = "two words" if number % 3 else "forum"
        line["rating"] = None if number == 4 else number * 2
        line["meta"] = {"by": f"p{number % 4}", "why": "because " * 80}
        line[HOSTILE] = HOSTILE
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


async def choose(desk: DeskDriver, column: str) -> None:
    """Count a column, by the key."""
    await desk.press("equals_sign")
    await desk.until(lambda: isinstance(desk.app.screen, ChoiceDialog), "the columns")
    names = list(desk.session.other_columns.names)
    await desk.press("home", *["down"] * names.index(column), "enter")
    await desk.until(lambda: isinstance(desk.app.screen, FrequencyDialog), "the count")


async def test_a_low_screen_has_one_line_of_the_other_columns(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24)) as desk:
        await desk.until(lambda: '" more' in desk.screen, "the line")
        line = next(line for line in desk.screen.splitlines() if '" more' in line)
        assert line.startswith(" source forum · rating 0 · meta {")
        assert line.endswith('" more')


async def test_a_key_shows_all_other_columns_none_or_one_line_and_that_is_remembered(
    rows: Path,
) -> None:
    async with open_desk(rows, size=(80, 50)) as desk:
        await desk.until(lambda: "other columns ──" in desk.screen, "all of them, on a high screen")
        assert re.search(r" source  +forum", desk.screen)
        assert style_of(desk.app, "source  ") != style_of(desk.app, "forum")
        assert "more characters" in desk.screen
        assert "\x1b" not in desk.screen
        assert "\x07" not in desk.screen
        assert "\u202e" not in desk.screen
        await desk.press("quotation_mark")
        assert "other columns: hidden" in desk.said()
        assert "forum" not in desk.screen
        await desk.press("quotation_mark")
        assert '" more' in desk.screen
        await desk.press("quotation_mark", "quotation_mark")
    async with open_desk(rows, size=(80, 24)) as desk:
        assert "forum" not in desk.screen
        await desk.press("quotation_mark", "quotation_mark")
        await desk.until(lambda: "other columns ──" in desk.screen, "in view at once")
        await desk.press("enter")
        await desk.until(lambda: desk.desk._zoomed and desk.desk.detail._beside_whole, "focus mode")
        await desk.press("tab", "G")
        assert "more characters" not in desk.screen


async def test_columns_are_chosen_moved_widened_and_there_again(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("C")
        dialog = desk.app.screen
        assert isinstance(dialog, ColumnsDialog)
        assert "[x] score " in desk.screen
        assert "margin" not in desk.screen
        names = ["column:source", "column:rating"]
        await desk.press("space", "space")
        assert [each.name for each in dialog._columns if each.name in dialog._on][-2:] == names
        await desk.press("up", *["K"] * 8)
        await desk.press(*["greater_than_sign"] * 3, "enter")
        header = desk.screen.splitlines()[1]
        assert header.index("rating") < header.index("score") < header.index("prompt")
        assert header.index("tokens") < header.index("source")
        first = desk.screen.splitlines()[2]
        assert " forum" in first
        assert "two words" in desk.screen.splitlines()[3]
    async with open_desk(rows) as desk:
        assert desk.screen.splitlines()[1] == header.replace("▲", "")
        await desk.press("C", "d", "enter")
        assert "rating" not in desk.screen.splitlines()[1]
        assert desk.session.column_choice.chosen == ()


async def test_a_chosen_column_is_safe_text_and_sorts_by_its_title(rows: Path) -> None:
    async with open_desk(rows, size=(160, 40)) as desk:
        choice = desk.session.column_choice
        await desk.press("C", "space", "space", "down", "down", "down", "space", "enter")
        assert [each.name for each in choice.chosen][-1] == f"column:{HOSTILE}"
        assert "\x1b" not in desk.screen
        assert "\x07" not in desk.screen
        span = next(span for span in desk.desk.table._layout.spans if span.column.title == "rating")
        for line in (1, -1):
            await desk.pilot.click(desk.desk.table, offset=(span.start + 1, 0))
            await desk.until(lambda: not desk.session.view.at_work, "the sort")
            assert desk.session.view.shown.sort.column == "column:rating"
            assert desk.desk.table.order.tolist()[-1] == 4
            assert desk.desk.table.order.tolist()[:2] == ([0, 1] if line == 1 else [29, 28])
        await desk.until(lambda: "sort: rating descending" in desk.screen, "the title")


async def test_a_sort_by_what_lies_in_a_column_is_chosen_by_key(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("s")
        assert isinstance(desk.app.screen, ChoiceDialog)
        choices = [name for name, _ in desk.app.screen._choices]
        assert choices[-6:-1] == [
            "column:source", "column:rating", "column:meta", "column:meta.by", "column:meta.why",
        ]  # fmt: skip
        at = choices.index("column:meta.by")
        await desk.press("home", *["down"] * at, "enter")
        assert desk.desk.table.order.tolist()[:3] == [0, 4, 8]


async def test_a_column_is_counted_and_a_value_makes_the_filter(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("equals_sign", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, FrequencyDialog), "the count")
        assert "source: 2 values in all 30 rows" in desk.screen
        assert "two words" in desk.screen
        assert "66.7%" in desk.screen
        assert "100.0%" in desk.screen
        await desk.press("down", "enter")
        assert desk.session.view.shown.filter_text == "source=forum"
        assert len(desk.desk.table.order) == 10
        await choose(desk, "meta.by")
        assert "in the 10 rows of the filter" in desk.screen
        await desk.press("a")
        await desk.until(lambda: "in all 30 rows" in desk.screen, "all rows")
        await desk.press("a")
        await desk.until(lambda: "rows of the filter" in desk.screen, "the filter's")
        await desk.press("enter")
        assert desk.session.view.shown.filter_text == "source=forum meta.by=p0"
        assert desk.desk.table.order.tolist() == [0, 12, 24]
        await choose(desk, "source")
        await desk.press("a")
        await desk.until(lambda: "in all 30 rows" in desk.screen, "all rows")
        await desk.press("enter")
        assert desk.session.view.shown.filter_text == 'source="two words"'
        await choose(desk, "meta.by")
        await desk.press("a")
        await desk.until(lambda: "in all 30 rows" in desk.screen, "all rows")
        await desk.press("plus")
        assert desk.session.view.shown.filter_text.startswith('source="two words" meta.by=')
        await choose(desk, "source")
        await desk.press("c")
        await desk.until(lambda: isinstance(desk.app.screen, ChoiceDialog), "another column")
        await desk.press("escape")
        await choose(desk, HOSTILE)
        assert "\x1b" not in desk.screen
        await desk.press("escape")
        assert desk.at_desk


async def test_a_count_from_the_list_of_columns_and_none_of_tamis_own(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("C", "equals_sign")
        await desk.until(lambda: isinstance(desk.app.screen, FrequencyDialog), "the count")
        await desk.press("escape", "C", "home", "equals_sign")
        assert isinstance(desk.app.screen, ColumnsDialog)


async def test_a_count_says_how_far_it_is_and_can_be_stopped(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, dialogs = threading.Event(), []

    def slow(*_: object, progress: object, cancelled: object) -> None:
        assert callable(progress)
        assert callable(cancelled)
        progress("", 10, 30)
        begun.set()
        while not cancelled():
            pass
        raise Cancelled

    monkeypatch.setattr(columns, "frequencies", slow)
    async with open_desk(rows) as desk:
        await desk.press("equals_sign", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, WorkDialog) and begun.is_set(), "work")
        dialogs.append(desk.screen)
        assert "counting source…" in dialogs[0]
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.at_desk, "the desk")
        assert "counting source: " in desk.said()


async def test_blind_a_count_does_not_tell_what_is_kept(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("b")
        await choose(desk, "source")
        assert "kept" not in next(line for line in desk.screen.splitlines() if "share" in line)


async def test_a_filter_completes_frequent_values(rows: Path) -> None:
    async with open_desk(rows, size=(160, 40)) as desk:
        field = desk.desk.query_one("#prompt-input", Input)
        await desk.press("f")
        await desk.type("source=t")
        await desk.until(lambda: 'tab: "two words"' in desk.screen, "the value")
        await desk.press("tab")
        assert field.value == 'source="two words"'
        await desk.press("enter")
        assert len(desk.desk.table.order) == 20


async def test_the_cell_of_a_conversation_shows_what_was_asked_last(tmp_path: Path) -> None:
    async with open_desk(write_chats(tmp_path / "chats.jsonl")) as desk:
        first = desk.screen.splitlines()[2]
        assert "Write the code. 0" in first
        assert "Be short" not in first
        assert "Be short. 0" in desk.screen
        await desk.press("f")
        await desk.type('prompt~"Be short. 7"')
        await desk.press("enter")
        assert desk.desk.table.order.tolist() == [7]


async def test_a_dataset_without_other_columns_says_so(tmp_path: Path) -> None:
    async with open_desk(write_rows(tmp_path / "rows.jsonl")) as desk:
        await desk.press("equals_sign")
        assert "no column beside those of its samples" in desk.said()
        desk.desk.say("")
        await desk.press("quotation_mark")
        assert "no column beside those of its samples" in desk.said()


async def test_the_other_columns_stand_below_both_sides_of_a_pair(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    row = {"prompt": "Name a fruit.", "chosen": "Apple.", "rejected": "No.", "lang": "en"}
    path.write_text("\n".join([json.dumps(row)] * 3))
    for size in ((100, 60), (320, 48)):
        async with open_desk(path, size=size) as desk:
            await desk.until(lambda: "other columns ──" in desk.screen, "all of them")
            lines = desk.screen.splitlines()
            at = next(number for number, line in enumerate(lines) if "other columns ──" in line)
            assert "lang  en" in lines[at + 1]
            assert any("No." in line for line in lines[2:at])
            assert "No." not in lines[at - 1].rpartition("│")[2]


async def test_all_columns_of_an_unknown_family_are_the_sample_already(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text("\n".join(json.dumps({"x1": n, "x2": {"a": n}}) for n in range(5)))
    async with open_desk(path, scorer=None) as desk:
        await desk.until(lambda: not desk.at_desk, "the question for columns")
        await desk.press("escape", "quotation_mark")
        assert "no family fits" in desk.said()
        await choose(desk, "x2.a")
        assert "x2.a: 5 values" in desk.screen
