"""`tamis merge`, and the conflict that it leaves adjudicated in the desk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import OptionList

from engine.review.decision import Verdict
from engine.review.review_orders import OrderKind
from engine.session import OpenOptions
from tests.tui.cli import test_command
from tests.tui.cli.test_command import Run
from tests.tui.desk_app import open_desk, write_rows

tamis = test_command.tamis


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_rows(tmp_path / "rows.jsonl", 8)


def session_of(rows: Path, name: str) -> OpenOptions:
    return OpenOptions(reviewer=name, session=rows.parent / f"{name}.db")


async def reviewed(rows: Path) -> None:
    """Two reviewers in the desk: alike on rows 0 and 1, against each other on row 2."""
    async with open_desk(rows, options=session_of(rows, "ann")) as desk:
        await desk.press("x", "3", "a", "a")
    async with open_desk(rows, options=session_of(rows, "bob")) as desk:
        await desk.press("x", "a", "x", "1")


async def test_a_conflict_is_found_by_filter_read_and_adjudicated(rows: Path, tamis: Run) -> None:
    await reviewed(rows)
    ran = tamis("merge", "ann.db", "bob.db", "--output", "both.db", "--reviewer", "cy")
    assert ran.code == 0, ran.err
    assert "agree on 66.7%" in ran.out
    assert "conflicts: 1" in ran.out
    assert "--session both.db" in ran.out
    options = OpenOptions(reviewer="cy", session=rows.parent / "both.db")
    async with open_desk(rows, options=options) as desk:
        assert desk.session.verdicts[:3].tolist() == [Verdict.REJECT, Verdict.ACCEPT, 0]
        await desk.press("f")
        await desk.type("conflict:open")
        await desk.press("enter")
        await desk.until(lambda: "filter: conflict:open" in desk.screen, "the filter")
        assert desk.desk.table.order.tolist() == [2]
        await desk.press("f", "ctrl+u", "enter", "o")
        order = desk.app.screen.query_one(OptionList)
        order.highlighted = list(OrderKind).index(OrderKind.CONFLICTS)
        await desk.press("enter")
        await desk.until(lambda: "conflicts: 0 of 1 seen" in desk.screen, "the review order")
        assert desk.desk.table.order.tolist() == [2]
        await desk.until(
            lambda: "conflict: ann accepts, bob rejects wrong" in desk.screen, "who said what"
        )
        await desk.press("h")
        assert "undecided until adjudicated" in desk.screen
        await desk.press("h", "x", "6")
        assert desk.session.verdicts[2] == Verdict.REJECT
        assert desk.session.review.reason(2) == "format"
        assert not desk.session.annotations.in_conflict("open").any()
        await desk.press("U", "U", "U")
        assert "nothing to undo" in desk.said()
        assert desk.session.verdicts[:3].tolist() == [Verdict.REJECT, Verdict.ACCEPT, 0]


async def test_what_a_merge_says_to_programs_and_refuses(rows: Path, tamis: Run) -> None:
    await reviewed(rows)
    ran = tamis("merge", "ann.db", "bob.db", "--output", "both.db", "--json")
    told = json.loads(ran.out)
    assert (told["decided"], told["agreed"], told["conflicts"]) == (3, 2, 1)
    assert told["agreement"][0]["table"] == [[1, 1], [0, 1]]
    assert told["agreement"][0]["observed"] == pytest.approx(2 / 3)
    again = tamis("merge", "ann.db", "bob.db", "--output", "both.db")
    assert again.code == 3
    assert "--overwrite" in again.err
    assert tamis("merge", "ann.db", "bob.db", "--output", "both.db", "--overwrite").code == 0
    assert tamis("merge", "ann.db", "--output", "c.db").code == 2
    other = write_rows(rows.parent / "other.jsonl", 5)
    async with open_desk(other, options=session_of(rows, "cy")):
        pass
    refused = tamis("merge", "ann.db", "cy.db", "--output", "c.db")
    assert refused.code == 3
    assert "different datasets" in refused.err
