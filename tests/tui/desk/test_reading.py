"""Focus mode, blind mode, search and bulk at the desk, as a curator would use them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from textual.widgets import OptionList

from engine.dataset import text_search
from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.review_orders import OrderKind
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tests.tui.screen import style_of
from tui.desk import searching
from tui.dialogs.dialogs import ConfirmDialog

HOSTILE = "[INST] [/b] [@click=app.quit] \x1b]52;c;AAAA\x07 \x9b31m \u202eneedle"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


def shown_row(desk: DeskDriver) -> int | None:
    """The row in the sample pane."""
    content = desk.desk.detail.content
    return None if content is None else content.row


# Focus mode


async def test_a_hundred_decisions_in_focus_mode(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "many.jsonl", 130)
    async with open_desk(path, size=(80, 24)) as desk:
        await desk.scored()
        await desk.press("j", "enter")
        for table_part in ("#table", "#slider", "#summary"):
            assert not desk.desk.query_one(table_part).display
        assert "sample 2 of 130" in desk.screen
        given = ["a", "x", "space", "a", "x"] * 20
        for key in given:
            row = desk.desk.table.cursor_row
            assert row is not None
            await desk.press(key)
            assert shown_row(desk) == row + 1
        assert "sample 102 of 130" in desk.screen
        assert "100 decided, 30 left" in desk.screen
        codes = {"a": Verdict.ACCEPT, "x": Verdict.REJECT, "space": Verdict.SKIP}
        assert desk.session.verdicts[1:101].tolist() == [codes[key] for key in given]
        await desk.press("U")
        assert desk.session.verdicts[100] == Verdict.UNDECIDED
        assert shown_row(desk) == 100
        await desk.press("escape")
        table = desk.desk.table
        assert table.display
        assert table.has_focus
        assert table.cursor_row == 100
        assert 100 in table.visible_rows()
        assert "▌100" in desk.screen


async def test_the_neighbours_are_ready_before_they_are_asked_for(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("enter")
        detail = desk.desk.detail
        await desk.until(lambda: detail._ready.keys() >= {1, 2}, "the next two")
        ready = detail._ready[1]
        await desk.press("a")
        assert detail._body is ready
        await desk.until(lambda: 3 in detail._ready, "the one after")


async def test_going_on_in_focus_mode_decides_nothing(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("enter", "J", "J", "K")
        assert "sample 2 of 30" in desk.screen
        assert "row 1 " in desk.screen
        await desk.press("K", "K")
        assert "that is the first one" in desk.said()
        await desk.press("G", "escape", "G", "enter", "J")
        assert "that is the last of the rows shown" in desk.said()
        await desk.press("a")
        assert "accepted; that was the last of the rows shown" in desk.said()
        assert len(desk.session.review.events) == 1


async def test_a_long_sample_scrolls_and_code_is_highlighted(tmp_path: Path) -> None:
    code = "```python\ndef f():\n    return 1\n```\n" + "\n".join(f"line {n}" for n in range(200))
    path = tmp_path / "chat.jsonl"
    turns = [("user", "Write **code**."), ("assistant", "# First"), ("user", "more")]
    messages = [{"role": role, "content": text} for role, text in turns]
    rows = [{"messages": [*messages, {"role": "assistant", "content": code}]}] * 2
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    async with open_desk(path, size=(80, 24)) as desk:
        await desk.press("enter")
        assert [word in desk.screen for word in ("» user", "● assistant", "# First")] == [True] * 3
        assert style_of(desk.app, "def").color != style_of(desk.app, "Write ").color
        await desk.press("ctrl+d", "ctrl+d", "j")
        assert "line 20" in desk.screen
        await desk.press("G")
        assert "line 199" in desk.screen
        await desk.press("J")
        assert "# First" in desk.screen, "the next sample is shown from its top"


async def test_a_filter_in_focus_mode_stays_in_it(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("enter", "f")
        await desk.type("cannot")
        await desk.press("enter", "a", "a")
        assert desk.desk.detail.has_focus
        assert desk.session.verdicts[[0, 3]].tolist() == [1, 1]
        assert "sample 3 of 10" in desk.screen


async def test_hostile_text_fills_the_screen_as_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text((json.dumps({"prompt": HOSTILE, "response": HOSTILE}) + "\n") * 2)
    async with open_desk(path) as desk:
        await desk.press("enter", "slash")
        await desk.type("/[/b]. \\[@click")
        await desk.press("enter", "b", "x", "full_stop")
        assert "[INST] [/b] [@click=app.quit]" in desk.screen
        assert not any(ord(sign) < 32 and sign != "\n" for sign in desk.screen)
        assert not {"\x9b", "\u202e"} & set(desk.screen)
        assert desk.session.verdicts.tolist() == [2, 2]


async def test_the_next_undecided_row_is_one_key_away_in_table_and_focus_mode(rows: Path) -> None:
    async with open_desk(rows) as desk:
        table = desk.desk.table
        await desk.press("a", "space", "a", "g", "right_parenthesis")
        assert table.cursor == 3
        await desk.press("left_parenthesis")
        assert table.cursor == 29
        assert "from the end" in desk.said()
        await desk.press("right_parenthesis")
        assert table.cursor == 3
        assert "from the top" in desk.said()
        await desk.press("k", "k", "enter", "right_parenthesis")
        assert shown_row(desk) == 3
        assert "sample 4 of 30" in desk.screen
        await desk.press("escape", "f")
        await desk.type("row:0-3")
        await desk.press("enter", "g", "right_parenthesis")
        assert table.cursor_row == 3
        await desk.press("right_parenthesis")
        assert "only undecided row" in desk.said()
        await desk.press("a", "right_parenthesis")
        assert "no row shown is undecided" in desk.said()


# Blind


async def test_blind_hides_scores_and_suggestions_everywhere(rows: Path) -> None:
    async with open_desk(rows, size=(160, 48)) as desk:
        await desk.scored()
        score = f"{desk.session.scores[0]:.3f}"
        assert score in desk.screen
        await desk.press("b")
        screen = desk.screen
        for hidden in (score, "kept", "keeps", "dropped by rule", "score 0", "refusal"):
            assert hidden not in screen, hidden
        assert "0 accepted, 0 rejected by hand" in screen
        assert "blind" in screen
        await desk.press("F")
        assert "there are no bars" in desk.said()
        await desk.press("enter", "x")
        assert "sample 2 of 30" in desk.screen
        assert "kept" not in desk.screen
        await desk.press("escape")
        await desk.until(lambda: "1 rejected by hand" in desk.screen, "the count")
    async with open_desk(rows, size=(160, 48)) as desk:
        await desk.scored()
        assert score not in desk.screen
        await desk.press("b")
        assert score in desk.screen
        assert "kept by rule" in desk.screen


async def test_blind_no_sort_filter_or_order_tells_what_is_hidden(rows: Path) -> None:
    async with open_desk(rows, threshold="0.5") as desk:
        await desk.scored()
        table, by_row = desk.desk.table, list(range(30))
        desk.desk._sort_by("score")
        await desk.press("f")
        await desk.type("score<0.5 or not state:kept")
        await desk.press("enter", "j")
        sorted_rows, row = table.order.tolist(), table.cursor_row
        assert 0 < len(sorted_rows) < 30
        await desk.press("b")
        assert table.order.tolist() == by_row
        assert table.cursor_row == row
        assert "the sort (score ascending) and the filter are left" in desk.said()
        assert "sort:" not in desk.screen
        for text in ("score<0.5", "words>1 (state:kept or row:1)", "not before>1", "state:failed"):
            await desk.press("f")
            await desk.type(text)
            await desk.press("enter")
            assert "hidden while blind" in desk.screen
            await desk.press("escape", "escape")
        for column in ("score", "state"):
            desk.desk._sort_by(column)
            assert "hidden while blind" in desk.said()
        await desk.press("s")
        choices = desk.app.screen.query_one(OptionList).options
        assert [choice.id for choice in choices] == [
            "row",
            "prompt",
            "response",
            "tokens",
            "problem",
        ]
        await desk.press("escape", "f")
        await desk.type("state:undecided words>1")
        await desk.press("enter")
        assert "30 of 30" in desk.screen
        await desk.press("f", "ctrl+u", "enter", "b")
        assert table.order.tolist() == sorted_rows
        assert table.cursor_row == row


async def test_blind_leaves_and_refuses_orders_that_tell_the_side(rows: Path) -> None:
    async with open_desk(rows, threshold="0.5") as desk:
        await desk.scored()
        queues = desk.session.orders
        queues.make(OrderKind.LOWEST)
        await desk.press("b")
        assert queues.current is None
        assert desk.desk.table.order.tolist() == list(range(30))
        for kind in (OrderKind.LOWEST, OrderKind.HIGHEST, OrderKind.REVIEWER):
            with pytest.raises(UsageError, match="hidden while blind"):
                queues.make(kind)
        assert queues.make(OrderKind.NEAREST).kind is OrderKind.NEAREST
    async with open_desk(rows) as desk:  # the desk is blind still
        desk.session.remember("sort", ["score", True])
        desk.session.remember("filter", "score<0.5")
        desk.session.orders.leave()
    async with open_desk(rows) as desk:
        await desk.scored()
        assert desk.desk.table.order.tolist() == list(range(30))
        assert "left out" in desk.said()


# Search


async def test_a_regular_expression_is_found_and_highlighted(rows: Path) -> None:
    async with open_desk(rows, size=(160, 48)) as desk:
        await desk.press("slash")
        await desk.type("/explain the b[a-z]+n\\b")
        await desk.until(lambda: "rows" in desk.desk.query_one("#prompt-remark").render().plain)  # type: ignore[union-attr]
        await desk.press("enter")
        hits = np.flatnonzero(
            desk.session.dataset.texts["prompt"].str.contains(r"(?i)explain the b[a-z]+n\b")
        )
        assert desk.desk.table.cursor_row == hits[0]
        assert f"1 of {len(hits)} rows with /explain" in desk.said()
        assert style_of(desk.app, "Explain the b").bgcolor != style_of(desk.app, "The ").bgcolor
        await desk.press("n")
        assert desk.desk.table.cursor_row == hits[1]
        await desk.press("escape")
        await desk.press("n")
        assert "no search yet" in desk.said()


async def test_what_is_no_regular_expression_is_said_in_the_line(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("slash")
        await desk.type("/a(b")
        await desk.press("enter")
        assert "unclosed group, at its column 2" in desk.screen
        await desk.press("escape")
        assert desk.at_desk


def slowly(let_go: threading.Event) -> Callable[..., object]:
    """`found_in_rows` that stops after its first chunk until it is let go."""
    real, calls = text_search.found_in_rows, []

    def found(texts: pl.DataFrame, *rest: object) -> object:
        calls.append(texts.height)
        if len(calls) > 1:
            assert let_go.wait(30)
        return real(texts, *rest)  # type: ignore[arg-type]

    return found


async def begin_slow_search(
    desk: DeskDriver, monkeypatch: pytest.MonkeyPatch, let_go: threading.Event
) -> None:
    monkeypatch.setattr(searching, "INLINE_ROWS", 3)
    monkeypatch.setattr(text_search, "FIRST_ROWS", 6)
    monkeypatch.setattr(text_search, "CHUNK_ROWS", 12)
    await desk.press("slash")
    monkeypatch.setattr(text_search, "found_in_rows", slowly(let_go))
    desk.desk._begin_search("cannot")
    await desk.press("escape")


async def test_the_first_match_does_not_wait_for_the_count(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    async with open_desk(rows) as desk:
        await desk.press("j")
        await begin_slow_search(desk, monkeypatch, let_go)
        await desk.until(lambda: desk.desk.table.cursor == 3, "the first match")
        await desk.until(lambda: "1 of 2 rows with cannot so far, 20%" in desk.said(), "the count")
        assert "esc stops" in desk.said()
        let_go.set()
        await desk.until(lambda: "2 of 10 rows with cannot" in desk.said(), "all of them")


async def test_a_search_can_be_stopped_and_what_was_found_stays(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    async with open_desk(rows) as desk:
        await begin_slow_search(desk, monkeypatch, let_go)
        await desk.until(lambda: "so far" in desk.said(), "the count")
        await desk.press("escape")
        let_go.set()
        await desk.until(lambda: desk.desk._search.ended, "the end")  # type: ignore[union-attr]
        assert not desk.desk._search.done  # type: ignore[union-attr]
        await desk.press("n")
        assert desk.desk.table.cursor == 3
        await desk.press("escape")
        assert desk.desk._search is None


# Bulk and repeat


async def test_a_filter_is_rejected_as_a_whole_and_undone_as_one(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a", "f")
        await desk.type("cannot and score<0.5")
        await desk.press("enter", "V")
        assert "10 rows selected" in desk.said()
        await desk.press("j", "j", "x")
        assert isinstance(desk.app.screen, ConfirmDialog)
        assert "10 rows, 10 of them change" in desk.screen
        assert "1 verdicts given by hand are overruled" in desk.screen
        await desk.press("y")
        assert (desk.session.verdicts == Verdict.REJECT).sum() == 10
        assert not desk.desk.table.all_selected
        await desk.press("U")
        assert desk.session.verdicts[0] == Verdict.ACCEPT
        assert (desk.session.verdicts == Verdict.REJECT).sum() == 0
        await desk.press("R")
        assert (desk.session.verdicts == Verdict.REJECT).sum() == 10


async def test_the_full_stop_repeats_on_one_on_a_range_and_on_a_filter(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("full_stop")
        assert "nothing was done yet" in desk.said()
        await desk.press("x", "j", "full_stop")
        assert desk.session.verdicts[:4].tolist() == [2, 0, 2, 0]
        await desk.press("v", "j", "a", "y", "j", "full_stop")
        assert "Accept the next 2 rows?" in desk.screen
        await desk.press("y")
        assert desk.session.verdicts[3:8].tolist() == [1, 1, 1, 1, 0]
        await desk.press("f")
        await desk.type("row>20")
        await desk.press("enter", "V", "x", "y", "f", "ctrl+u")
        await desk.type("row:10-12")
        await desk.press("enter", "full_stop")
        assert "Reject all rows shown?" in desk.screen
        assert "3 rows, 3 of them change" in desk.screen
        await desk.press("n")
        assert desk.session.verdicts[10] == 0
        await desk.press("full_stop", "y")
        assert desk.session.verdicts[9:14].tolist() == [0, 2, 2, 2, 0]


async def test_escape_leaves_a_selection_of_all(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("V", "escape")
        assert desk.desk.table.selection_anchor is None
        await desk.press("V", "V", "a")
        assert desk.session.verdicts[:2].tolist() == [1, 0]


async def test_a_tag_is_repeated_too_and_goes_to_a_whole_filter(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("number_sign")
        await desk.type("odd")
        await desk.press("enter", "j", "full_stop", "f")
        await desk.type("cannot")
        await desk.press("enter", "V", "full_stop")
        assert "10 rows, 9 of them change" in desk.screen
        await desk.press("y", "f", "ctrl+u")
        await desk.type("tag:odd")
        await desk.press("enter")
        assert desk.desk.table.order.tolist() == [0, 1, *range(3, 30, 3)]
        await desk.press("U", "f", "enter")
        assert desk.desk.table.order.tolist() == [0, 1]
