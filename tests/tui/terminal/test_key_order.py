"""Keys that are read at once: each does all that it does before the next one is looked at."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.events import Key, Paste
from textual.widgets import Input

from engine.review.review_orders import OrderKind
from engine.session.orders import ReviewOrder
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.dialogs.dialogs import TextDialog
from tui.dialogs.order_dialog import OrderDialog
from tui.dialogs.scorer_dialog import ScorerDialog
from tui.terminal.key_order import KeysInOrder
from tui.widgets.prompt_bar import PromptBar

NAMED = {"<": "less_than_sign", "?": "question_mark", " ": "space"}


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


def send(desk: DeskDriver, *keys: str) -> None:
    """Keys that arrive together, as from a fast hand or over a slow line."""
    for key in keys:
        character = key if len(key) == 1 else None
        desk.app.post_message(Key(NAMED.get(key, key), character))


@pytest.mark.parametrize("hops", range(0, 24, 3))
async def test_letters_behind_the_key_that_opens_a_line_are_its_text(rows: Path, hops: int) -> None:
    async with open_desk(rows, scorer="none") as desk:
        send(desk, "f", *"x", "ctrl+u", *"sc")
        for _ in range(hops):  # the rest is read while those are on their way
            await asyncio.sleep(0)
        send(desk, *"ore<1")
        field = desk.desk.query_one("#prompt-input", Input)
        await desk.until(lambda: field.value.endswith("1"), "the text")
        assert field.value == "score<1"
        assert not desk.session.verdicts.any()


async def test_pasted_text_keeps_its_place(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        send(desk, "f")
        desk.app.post_message(Paste("score"))
        send(desk, *"<1")
        field = desk.desk.query_one("#prompt-input", Input)
        await desk.until(lambda: field.value.endswith("1"), "the text")
        assert field.value == "score<1"


async def test_pasted_lines_are_one_line_and_nothing_of_them_is_lost(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        desk.app.post_message(Paste("axx\nxx"))
        send(desk, "i")
        desk.app.post_message(Paste("one\r\ntwo\x1b[2J\tthree\u2028"))
        send(desk, "!")
        field = desk.desk.query_one("#prompt-input", Input)
        await desk.until(lambda: field.value.endswith("!"), "the text")
        assert field.value == "one two\ufffd[2J three !"
        assert not desk.session.verdicts.any()


async def test_keys_behind_an_answer_go_to_the_table_again(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        send(desk, "f", *"row<9", "enter", "a", "x", "f", "escape", "a")
        await desk.until(lambda: desk.session.verdicts[2], "three verdicts")
        assert desk.session.verdicts[:4].tolist() == [1, 2, 1, 0]
        assert len(desk.desk.table.order) == 9
        assert not desk.desk.query_one(PromptBar).is_open


async def test_letters_behind_the_key_that_opens_a_dialog_are_its_text(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        send(desk, "m", "ctrl+u", *"heuristic", "enter", "a")
        await desk.until(lambda: desk.session.verdicts[0], "the verdict behind it")
        assert not isinstance(desk.app.screen, ScorerDialog)
        assert desk.session.scoring.spec == "heuristic"
        assert desk.session.verdicts[:2].tolist() == [1, 0]


async def test_the_key_of_a_dialog_twice_makes_the_order_anew(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        queues = desk.session.orders
        queues.make(OrderKind.LONGEST, unreviewed=False)
        before = queues.current
        assert isinstance(before, ReviewOrder)
        send(desk, "o", "o", "a")
        await desk.until(lambda: 1 in desk.session.verdicts, "the verdict behind it")
        assert not isinstance(desk.app.screen, OrderDialog)
        assert queues.current is not before


async def test_two_keys_that_close_a_dialog_leave_the_desk(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        send(desk, "s", "enter", "enter")
        await desk.until(lambda: desk.desk.has_class("-zoomed"), "the second one at the table")
        assert desk.at_desk
        dialog = TextDialog("a", "b")
        desk.app.push_screen(dialog)
        await desk.pilot.pause()
        dialog.dismiss(None)
        dialog.dismiss(None)
        await desk.pilot.pause()
        assert desk.at_desk


async def test_a_key_that_never_ends_holds_up_no_other(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows, scorer="none") as desk:
        monkeypatch.setattr(KeysInOrder, "_follow", lambda *_: None)
        await desk.pilot.press("j")
        monkeypatch.undo()
        send(desk, "a")
        await desk.pilot.pause()
        assert not desk.session.verdicts.any()
        monkeypatch.setattr("tui.terminal.key_order.PATIENCE_S", 0.0)
        send(desk, "x")
        await desk.until(lambda: desk.session.verdicts[2] == 2, "both")
        assert desk.session.verdicts[:4].tolist() == [0, 1, 2, 0]
