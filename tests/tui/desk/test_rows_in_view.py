"""Which rows are shown is worked out in a thread: the desk draws and answers keys meanwhile."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dataset.dataset import Dataset
from engine.review.review_orders import ordered_rows
from engine.session import OpenOptions, Session, orders
from engine.session.table_columns import COLUMNS, Cell, Sort, TableColumn, ViewedSession
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tests.tui.screen import screen_lines


class Gate:
    """Where a thread is kept until a test lets it go."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()

    def keeping(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """`real`, behind the gate."""

        def kept(*arguments: Any, **named: Any) -> Any:
            self.reached.set()
            assert self.open.wait(60)
            return real(*arguments, **named)

        return kept


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Thirty rows with a column of their own."""
    path = write_rows(tmp_path / "rows.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for number, line in enumerate(lines):
        line["rating"] = number
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.jsonl"
    lines = [
        {"prompt": f"Ask {n}.", "chosen": f"Good {n}.", "rejected": f"Bad {n}.", "rating": n}
        for n in range(30)
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return path


def behind(gate: Gate) -> TableColumn:
    """A column that takes its time to sort by."""
    key = gate.keeping(lambda session: -np.arange(session.dataset.rows))
    return TableColumn("slow", "slow", Cell.NUMBER, lambda _room: 0, sort_key=key)


async def answers(desk: DeskDriver) -> None:
    """See that keys are answered and drawn while a thread is kept at the gate."""
    assert desk.session.view.at_work
    order, cursor = desk.desk.table.order, desk.desk.table.cursor
    await desk.pilot.press("j")
    await desk.until(lambda: desk.desk.table.cursor == cursor + 1, "the cursor")
    drawn = f"▌{order[cursor + 1]:>3}"
    await desk.until(lambda: any(line.startswith(drawn) for line in screen_lines(desk.app)))
    await desk.until(lambda: "filtering and sorting" in desk.screen, "what is being done")
    assert desk.session.view.at_work
    assert desk.desk.table.order is order


async def test_the_filter_of_the_last_visit_does_not_hold_up_the_desk(
    rows: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session.open(rows, OpenOptions(reviewer="ada"))
    session.view.filter_by("rating>=20").result()
    session.close()
    monkeypatch.setattr(Dataset, "column", gate.keeping(Dataset.column))
    async with open_desk(rows, restored=False) as desk:
        await desk.until(gate.reached.is_set, "the column")
        await answers(desk)
        gate.open.set()
        await desk.until(lambda: desk.desk.table.order.tolist() == list(range(20, 30)), "the rows")
        assert "10 of 30 rows" in desk.screen


async def test_a_sort_does_not_hold_up_the_desk(
    rows: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COLUMNS, "slow", behind(gate))
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.pilot.press("s", "end", "up", "enter")
        await desk.until(gate.reached.is_set, "the sort")
        await answers(desk)
        gate.open.set()
        await desk.until(lambda: desk.desk.table.order[0] == 29, "the order")
        assert desk.desk.table.cursor_row == 1
        assert "sort: slow ascending" in desk.screen


async def test_turning_to_the_other_side_does_not_hold_up_the_desk(
    pairs: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(pairs) as desk:
        await desk.scored()
        desk.session.view.filter_by("rating<20").result()
        await desk.until(lambda: len(desk.desk.table.order) == 20, "what another front end asked")
        monkeypatch.setattr(Dataset, "column", gate.keeping(Dataset.column))
        await desk.pilot.press("percent_sign")
        await desk.until(gate.reached.is_set, "the column")
        await answers(desk)
        gate.open.set()
        await desk.until(lambda: not desk.session.view.at_work, "the rows")


async def test_making_a_review_order_does_not_hold_up_the_desk(
    rows: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        monkeypatch.setattr(orders, "ordered_rows", gate.keeping(ordered_rows))
        await desk.pilot.press("o", "home", "j", "enter")
        await desk.until(gate.reached.is_set, "the order")
        await answers(desk)
        gate.open.set()
        await desk.until(lambda: "which stay in this order" in desk.said(), "the order")


async def test_the_newest_request_holds(
    rows: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COLUMNS, "slow", behind(gate))
    async with open_desk(rows) as desk:
        before = desk.session.view.version
        desk.desk._sort_by("slow")
        await desk.until(gate.reached.is_set, "the first sort")
        desk.desk._set_filter("row<5")
        desk.desk._sort_by("prompt")
        gate.open.set()
        await desk.until(lambda: len(desk.desk.table.order) == 5, "the last one")
        assert desk.session.view.shown.sort == Sort("prompt")
        assert desk.session.view.version == before + 1


async def test_the_next_key_means_the_rows_that_the_one_before_asked_for(
    rows: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.desk.base.PATIENCE_S", 60)
    monkeypatch.setitem(COLUMNS, "slow", behind(gate))
    async with open_desk(rows) as desk:
        await desk.pilot.press("s", "end", "up", "enter", "g", "x")
        await desk.until(gate.reached.is_set, "the sort")
        assert not desk.session.verdicts.any()
        gate.open.set()
        await desk.keys_done()
        assert np.flatnonzero(desk.session.verdicts).tolist() == [29]


async def test_escape_stops_it_and_what_was_shown_stays(
    rows: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(COLUMNS, "slow", behind(gate))
    async with open_desk(rows) as desk:
        order = desk.desk.table.order
        desk.desk._sort_by("slow")
        await desk.until(gate.reached.is_set, "the sort")
        await desk.desk.run_action("close")
        assert "stay as they were" in desk.said()
        gate.open.set()
        desk.session.view.filter_by("").result()
        await desk.pilot.pause()
        assert desk.session.view.shown.sort == Sort()
        assert desk.desk.table.order.tolist() == order.tolist()


async def test_a_column_is_one_row_of_the_table(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vowels(session: ViewedSession, row: int) -> int:
        return sum(map(session.edits.texts["prompt"][row].count, "aeiou"))

    column = TableColumn(
        "vowels", "vowels", Cell.COUNT, lambda _room: 6, vowels,
        lambda session: np.array([vowels(session, row) for row in range(session.dataset.rows)]),
        reveals=True,
    )  # fmt: skip
    monkeypatch.setitem(COLUMNS, "vowels", column)
    async with open_desk(rows) as desk:
        await desk.scored()
        counts = np.array([vowels(desk.session, row) for row in range(30)])
        assert screen_lines(desk.app)[1].endswith("vowels")
        assert screen_lines(desk.app)[2].split()[-1] == str(counts[0])
        await desk.press("s", "end", "up", "enter")
        assert (np.diff(counts[desk.desk.table.order]) >= 0).all()
        assert "sort: vowels ascending" in desk.screen
        await desk.press("b")
        assert desk.desk.table.order.tolist() == list(range(30))
        assert screen_lines(desk.app)[2].split()[-1] != str(counts[0])
        desk.desk._sort_by("vowels")
        assert "hidden while blind" in desk.said()
