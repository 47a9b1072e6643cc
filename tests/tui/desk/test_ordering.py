"""Review orders and the spot check in the real application."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.review.decision import Verdict
from engine.review.review_orders import OrderKind
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.dialogs.order_dialog import OrderDialog
from tui.widgets.prompt_bar import PromptBar


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


async def choose(desk: DeskDriver, kind: OrderKind, *more: str) -> None:
    """Open the list and take an order by its place, from the top."""
    await desk.press("o")
    assert isinstance(desk.app.screen, OrderDialog)
    await desk.press("home", *["j"] * list(OrderKind).index(kind), *more, "enter")


async def draw(desk: DeskDriver, count: int) -> None:
    await choose(desk, OrderKind.SPOT_CHECK)
    assert desk.desk.query_one(PromptBar).is_open
    await desk.type(str(count))
    await desk.press("enter")


def progress(desk: DeskDriver, order: str, seen: int, rows: int) -> bool:
    """Whether the title says so, in the words there is room for."""
    title = desk.screen.splitlines()[0]
    return f"{order}: {seen} of {rows} seen" in title or f"{order} {seen}/{rows}" in title


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_an_order_is_chosen_and_its_progress_shown(rows: Path, size: tuple[int, int]) -> None:
    async with open_desk(rows, size=size) as desk:
        await desk.scored()
        await choose(desk, OrderKind.LOWEST)
        order = desk.desk.table.order
        assert (np.diff(desk.session.scores[order]) >= 0).all()
        assert desk.desk.table.cursor == 0
        await desk.press("x", "x", "space")
        await desk.until(lambda: progress(desk, "lowest", 3, 30), "progress")
        assert desk.desk.table.order is order


async def test_unreviewed_only_and_the_first_open_row(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a", "a", "j", "a")
        await choose(desk, OrderKind.FILE, "u")
        assert desk.desk.table.order.tolist() == [2, *range(4, 30)]
        assert desk.desk.table.cursor_row == 2
        await desk.until(lambda: progress(desk, "unreviewed", 0, 27), "progress")


async def test_rows_stay_until_a_key_makes_the_order_anew(rows: Path) -> None:
    async with open_desk(rows, threshold="0.9") as desk:
        await desk.scored()
        await choose(desk, OrderKind.FILE, "u")
        await desk.press("a", "a")
        assert desk.desk.table.order.tolist() == list(range(30))
        await desk.press("o", "o")
        assert desk.desk.table.order.tolist() == list(range(2, 30))
        assert desk.desk.table.cursor_row == 2


async def test_order_and_place_are_there_again(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await choose(desk, OrderKind.HIGHEST)
        await desk.press("a", "x", "a")
        order, row = desk.desk.table.order.tolist(), desk.desk.table.cursor_row
    async with open_desk(rows) as desk:
        assert desk.desk.table.order.tolist() == order
        assert desk.desk.table.cursor_row == row
        await desk.until(lambda: "highest: 3 of 30 seen" in desk.screen, "progress")


async def test_sorting_leaves_the_order_and_says_so(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await choose(desk, OrderKind.LONGEST)
        await desk.press("s", "enter")
        assert desk.session.orders.current is None
        assert "left the review order" in desk.said()
        assert desk.desk.table.order.tolist() == list(range(30))
        await choose(desk, OrderKind.LONGEST)
        await choose(desk, OrderKind.FILE)
        assert desk.session.orders.current is None


async def test_what_cannot_be_ordered_is_said(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await choose(desk, OrderKind.SCORERS)
        assert "two scorers" in desk.said()
        await choose(desk, OrderKind.REVIEWER)
        assert "against the threshold" in desk.said()
        await desk.press("o", "escape")
        assert desk.session.orders.current is None
        await desk.desk.run_action("queue_again")
        assert "no review order" in desk.said()


async def test_a_filter_narrows_the_order(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await choose(desk, OrderKind.HIGHEST)
        await desk.press("f")
        await desk.type("cannot")
        await desk.press("enter")
        order = desk.desk.table.order
        assert len(order) == 10
        assert (np.diff(desk.session.scores[order]) <= 0).all()


async def test_a_spot_check_hides_its_rows_and_tells_the_share_at_the_end(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("f")
        await desk.type("method")
        await desk.press("enter")
        await draw(desk, 5)
        check = desk.session.orders.check
        assert check is not None
        assert desk.desk.table.order.tolist() == check.rows.tolist()
        assert f"seed {check.seed}" in desk.said()
        score = f"{desk.session.scores[check.rows[0]]:.3f}"
        assert score not in desk.screen.split("threshold")[0].split("detail")[0]
        assert "undecided, scores hidden" in desk.screen
        await desk.press("x", "a", "a", "a")
        await desk.until(lambda: "spot check: 4 of 5 seen" in desk.screen, "progress")
        assert "bad" not in desk.said().replace("x bad", "")
        await desk.press("a")
        await desk.until(lambda: "1 of 5 judged are bad, 20.0%" in desk.said(), "the result")
        await desk.until(lambda: score in desk.screen, "scores again")
        result = desk.session.orders.result(check)
        assert (result.bad, result.stale) == (1, False)


async def test_a_spot_check_goes_on_after_other_work_and_after_a_restart(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await draw(desk, 4)
        await desk.press("a", "a")
        await choose(desk, OrderKind.FILE)
        await choose(desk, OrderKind.SPOT_CHECK)
        assert not desk.desk.query_one(PromptBar).is_open
        assert "goes on: 2 of 4 seen" in desk.said()
    async with open_desk(rows) as desk:
        check = desk.session.orders.check
        assert check is not None
        assert desk.desk.table.order.tolist() == check.rows.tolist()
        assert desk.desk.table.cursor_row == check.rows[2]
        await desk.scored()
        await desk.press("a", "x")
        await desk.until(lambda: "1 of 4 judged are bad" in desk.said(), "the result")
        await desk.press("o")
        assert "1 of 4 judged are bad" in desk.screen
        assert (desk.session.verdicts[check.rows] == Verdict.ACCEPT).sum() == 3


async def test_what_cannot_be_drawn_is_said_in_the_line(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await draw(desk, 0)
        bar = desk.desk.query_one(PromptBar)
        assert bar.is_open
        assert "at least one row" in desk.screen
        bar.query_one("#prompt-input").value = "many"  # type: ignore[attr-defined]
        await desk.press("enter")
        assert "not a number of rows" in desk.screen
        await desk.press("escape")
        assert desk.session.orders.check is None
