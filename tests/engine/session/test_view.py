"""The rows in view without a screen: what a second front end holds."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import Cancelled, UsageError
from engine.filter import FilterError
from engine.review.review_orders import OrderKind
from engine.session import OpenOptions, Session
from engine.session.table_columns import COLUMNS, Cell, Sort, TableColumn, sort_choices

ROWS = 10


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    lines = [
        json.dumps({"prompt": f"ask {n}", "response": f"good {9 - n}", "rating": n})
        for n in range(ROWS)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def session(data: Path) -> Iterator[Session]:
    session = Session.open(data, OpenOptions(reviewer="ada"))
    yield session
    session.close()


def test_sort_and_filter_hold_together_and_are_there_again(session: Session, data: Path) -> None:
    view = session.view
    assert view.shown.rows.tolist() == list(range(ROWS))
    assert view.filter_by("rating >= 6").result().rows.tolist() == [6, 7, 8, 9]
    shown = view.sort_by("response").result()
    assert shown is view.shown
    assert shown.rows.tolist() == [9, 8, 7, 6]
    assert view.sort_by("response").result().rows.tolist() == [6, 7, 8, 9]
    assert view.version == 3
    assert session.store.get_setting("sort") == ["response", True]
    assert session.store.get_setting("filter") == "rating>=6"
    session.close()
    again = Session.open(data, OpenOptions(reviewer="ada"))
    restored = again.view.restore()
    assert restored is not None
    assert restored.result().rows.tolist() == [6, 7, 8, 9]
    assert again.view.shown.sort == Sort("response", descending=True)
    again.close()


def test_what_cannot_be_shown_is_told_and_leaves_what_was_shown(session: Session) -> None:
    view = session.view
    before = view.filter_by("row<3").result()
    with pytest.raises(FilterError):
        view.filter_by("rating>")
    with pytest.raises(UsageError, match="clusters are not known yet"):
        view.filter_by("cluster:any").result()
    with pytest.raises(UsageError, match="two scorers"):
        view.show_order(lambda: session.orders.make(OrderKind.SCORERS)).result()
    assert view.shown is before
    assert session.store.get_setting("filter") == "row<3"
    assert view.sort_by("response").result().rows.tolist() == [2, 1, 0]


def test_a_filter_that_cannot_be_restored_is_left_out_and_stays_on_file(session: Session) -> None:
    session.remember("filter", "cluster:any")
    session.remember("sort", ["no such column", True])
    restored = session.view.restore()
    assert restored is not None
    assert "clusters are not known yet" in restored.result().left_out
    assert session.view.shown.rows.tolist() == list(range(ROWS))
    assert session.store.get_setting("filter") == "cluster:any"


def test_a_review_order_goes_before_the_sort_until_it_is_left(session: Session) -> None:
    view = session.view
    view.sort_by("response").result()
    assert view.show_order(lambda: session.orders.make(OrderKind.FILE)).result().rows[0] == 0
    assert view.sort_by("response").result().rows[0] == 9, "not turned round"
    assert session.orders.current is None


def test_hidden_scores_put_aside_what_tells_them(session: Session) -> None:
    view = session.view
    view.sort_by("state").result()
    view.filter_by("state:pending row<3").result()
    session.set_blind(on=True)
    left, asked = view.hide_scores()
    assert left == ["the sort (state ascending)", "the filter"]
    assert asked is not None
    assert len(asked.result().rows) == ROWS
    with pytest.raises(UsageError, match="hidden while blind"):
        view.sort_by("score")
    with pytest.raises(UsageError, match="hidden while blind"):
        view.filter_by("score>1")
    assert sort_choices(session) == [
        *("row", "prompt", "response", "tokens", "problem"),
        "column:rating",
    ]
    session.set_blind(on=False)
    again = view.show_scores()
    assert again is not None
    assert again.result().sort == Sort("state")
    assert view.shown.filter_text == "state:pending row<3"
    assert view.show_scores() is None


def test_the_newest_request_holds_and_a_stopped_one_changes_nothing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, let_go = threading.Event(), threading.Event()

    def slow(_session: object) -> object:
        reached.set()
        assert let_go.wait(60)
        return session.dataset.lengths

    column = TableColumn("slow", "slow", Cell.NUMBER, lambda _room: 0, sort_key=slow)  # type: ignore[arg-type]
    monkeypatch.setitem(COLUMNS, "slow", column)
    first = session.view.sort_by("slow")
    assert reached.wait(60)
    assert session.view.at_work
    second = session.view.filter_by("row<2")
    third = session.view.sort_by("prompt")
    let_go.set()
    assert third.result().rows.tolist() == [0, 1]
    for superseded in (first, second):
        with pytest.raises(Cancelled):
            superseded.result()
    assert session.view.version == 1
    let_go.clear()
    reached.clear()
    stopped = session.view.sort_by("slow")
    assert reached.wait(60)
    session.view.cancel()
    assert not session.view.at_work
    let_go.set()
    with pytest.raises(Cancelled):
        stopped.result()
    assert session.view.shown.sort == Sort("prompt")
