"""Queues and spot checks of a real session: fixed when made, there again after a restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.review_orders import OrderKind
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.matching import rows_matching
from engine.session.table_columns import Sort, rows_in_order
from engine.statistics import exact_interval

ROWS = 60


def write(path: Path, order: list[int]) -> Path:
    rows = [{"instruction": f"ask {n}", "output": f"say {n}", "q": n / ROWS} for n in order]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "rows.jsonl", list(range(ROWS)))


def begin(path: Path, *, read_only: bool = False) -> Session:
    session = Session.open(path, OpenOptions(reviewer="ada", read_only=read_only))
    session.start_scoring("column:q")
    session.scoring.wait(lambda _: False)
    session.threshold_choice.resolve()
    return session


@pytest.fixture
def session(data: Path) -> Iterator[Session]:
    session = begin(data)
    session.set_threshold("0.5")
    yield session
    session.close()


def at(*rows: int) -> np.ndarray:
    return np.array(rows, np.int64)


def test_an_order_stays_as_it_was_made_until_it_is_made_again(session: Session) -> None:
    session.set_threshold("0.51")
    order = session.orders.make(OrderKind.NEAREST)
    assert order.rows[:3].tolist() == [31, 30, 32]
    session.set_threshold("0.26")
    session.decide(at(15), Verdict.ACCEPT)
    assert session.orders.current is order
    again = session.orders.again()
    assert again is not None
    assert again.rows[:3].tolist() == [16, 15, 17]


def test_progress_counts_verdicts_and_goes_back_with_undo(session: Session) -> None:
    assert session.orders.progress() is None
    session.decide(at(59), Verdict.ACCEPT)
    session.orders.make(OrderKind.HIGHEST, unreviewed=True)
    progress = session.orders.progress()
    assert progress is not None
    assert (progress.seen, progress.rows) == (0, 59)
    session.decide(at(58), Verdict.SKIP)
    progress = session.orders.progress()
    assert progress is not None
    assert progress.seen == 1
    assert session.orders.first_open() == 57
    session.undo()
    assert session.orders.first_open() == 58


def test_order_and_progress_survive_a_restart(session: Session, data: Path) -> None:
    rows = session.orders.make(OrderKind.HIGHEST, unreviewed=True).rows
    session.decide(at(59), Verdict.ACCEPT)
    session.close()
    again = begin(data)
    assert again.orders.current is not None
    assert again.orders.current.rows.tolist() == rows.tolist()
    assert str(again.orders.current) == "highest score, unreviewed"
    progress = again.orders.progress()
    assert progress is not None
    assert progress.seen == 1
    again.orders.leave()
    again.close()
    last = begin(data)
    assert last.orders.current is None
    last.close()


def test_only_the_last_order_is_kept_on_file(session: Session) -> None:
    for kind in (OrderKind.LOWEST, OrderKind.HIGHEST, OrderKind.LONGEST):
        session.orders.make(kind)
    session.orders.draw(5)
    session.orders.make(OrderKind.FILE)
    path = session.store.path
    session.close()
    with sqlite3.connect(path) as file:
        kinds = [kind for (kind,) in file.execute("SELECT kind FROM queues ORDER BY id")]
        with pytest.raises(sqlite3.IntegrityError, match="stays on file"):
            file.execute("DELETE FROM queues")
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            file.execute("UPDATE queues SET facts = '{}'")
    assert kinds == ["spot check", "file order"]


def test_an_order_of_another_dataset_is_let_go_with_a_word(session: Session, data: Path) -> None:
    session.orders.make(OrderKind.HIGHEST)
    session.close()
    write(data, list(range(ROWS + 5)))
    again = begin(data)
    assert again.orders.current is None
    assert any("review order" in notice for notice in again.notices)
    again.close()


def test_a_read_only_desk_has_orders_that_it_does_not_keep(session: Session, data: Path) -> None:
    session.close()
    beside = begin(data, read_only=True)
    assert len(beside.orders.make(OrderKind.LOWEST).rows) == ROWS
    with pytest.raises(UsageError, match="read-only"):
        beside.orders.draw(5)
    beside.close()


def test_an_order_without_rows_is_refused_and_the_one_in_hand_stays(session: Session) -> None:
    order = session.orders.make(OrderKind.LOWEST)
    session.decide(np.arange(ROWS), Verdict.ACCEPT)
    with pytest.raises(UsageError, match="no row is left"):
        session.orders.make(OrderKind.LOWEST, unreviewed=True)
    assert session.orders.current is order


def test_a_spot_check_is_of_rows_kept_by_rule_and_ends_with_an_interval(session: Session) -> None:
    session.decide(at(58, 59), Verdict.ACCEPT)
    check = session.orders.draw(10, seed=3)
    assert check.rows.min() >= 30
    assert check.rows.max() < 58
    assert (check.population, check.kept, check.seed) == (28, 30, 3)
    assert check.drawn_by == "ada"
    assert session.orders.result(check).interval is None
    session.decide(check.rows[:2], Verdict.REJECT)
    session.decide(check.rows[2:], Verdict.ACCEPT)
    result = session.orders.result(check)
    assert (result.bad, result.answered, result.stale) == (2, 10, False)
    assert result.interval is not None
    assert result.interval[0] < 0.2 < result.interval[1]


def test_what_was_skipped_before_the_draw_is_asked_again_and_a_skip_judges_nothing(
    session: Session, data: Path
) -> None:
    session.decide(np.arange(ROWS), Verdict.SKIP)
    check = session.orders.draw(10, seed=3)
    orders = session.orders
    result = orders.result(check)
    assert (result.seen, result.answered, result.under_way) == (0, 0, True)
    assert orders.first_open() == check.rows[0]
    assert orders.hidden == frozenset(check.rows.tolist())
    assert session.decide(check.rows[:1], Verdict.SKIP) is not None, "it is an answer now"
    assert session.decide(check.rows[:1], Verdict.SKIP) is None
    assert orders.result(check).seen == 1
    session.undo()
    assert orders.result(check).seen == 0
    session.decide(check.rows[:3], Verdict.SKIP)
    session.decide(check.rows[3:9], Verdict.ACCEPT)
    session.close()
    again = begin(data)
    check = again.orders.checks[-1]
    assert again.orders.result(check).seen == 9
    again.decide(check.rows[9:], Verdict.REJECT)
    result = again.orders.result(check)
    assert (result.sound, result.bad, result.skipped, result.complete) == (6, 1, 3, True)
    assert result.interval == exact_interval(1, 7, check.population)
    assert result.at_worst == exact_interval(4, 10, check.population)[1]
    assert exact_interval(4, 10, check.population)[1] > exact_interval(1, 7, check.population)[1]
    again.close()


def test_a_spot_check_is_there_again_with_its_sample(session: Session, data: Path) -> None:
    check = session.orders.draw(10)
    session.decide(check.rows[:4], Verdict.ACCEPT)
    session.close()
    again = begin(data)
    known = again.orders.check
    assert known is not None
    assert known.rows.tolist() == check.rows.tolist()
    assert (known.seed, known.kept_digest) == (check.seed, check.kept_digest)
    assert again.orders.current is not None
    assert again.orders.current.kind is OrderKind.SPOT_CHECK
    assert str(again.orders.result(known)) == "4 of 10 seen"
    again.close()


def test_a_spot_check_follows_its_samples_into_another_order(session: Session, data: Path) -> None:
    check = session.orders.draw(10)
    session.decide(check.rows, Verdict.ACCEPT)
    session.close()
    write(data, list(range(ROWS))[::-1])
    again = begin(data)
    known = again.orders.check
    assert known is not None
    assert known.rows.tolist() == (ROWS - 1 - check.rows).tolist()
    assert again.orders.result(known).answered == 10
    assert again.orders.result(known).stale
    again.close()


def test_another_kept_set_makes_it_stale_and_going_back_does_not(session: Session) -> None:
    check = session.orders.draw(10)
    assert not session.orders.result(check).stale
    session.set_threshold("0.4")
    assert session.orders.result(check).stale
    session.set_threshold("0.5")
    assert not session.orders.result(check).stale
    session.decide(at(0), Verdict.ACCEPT)
    assert session.orders.result(check).stale
    session.undo()
    session.decide(check.rows[:3], Verdict.REJECT)
    assert not session.orders.result(check).stale


def test_rows_of_a_check_under_way_are_hidden_everywhere(session: Session) -> None:
    check = session.orders.draw(10, seed=5)
    other = next(row for row in range(30, ROWS) if row not in check.rows)
    assert all(session.hides(int(row)) for row in check.rows)
    assert not session.hides(other)
    _, found = rows_matching(session, "score>=0")
    assert not found[check.rows].any()
    assert found[other]
    order = rows_in_order(session, Sort("score", descending=True))
    assert set(order[-10:].tolist()) == set(check.rows.tolist())
    session.orders.leave()
    assert session.hides(int(check.rows[0]))
    session.decide(check.rows, Verdict.ACCEPT)
    assert not session.hides(int(check.rows[0]))
    session.undo()
    assert session.hides(int(check.rows[0]))


def test_resuming_takes_the_last_check_in_hand(session: Session) -> None:
    assert session.orders.resume() is None
    check = session.orders.draw(10)
    session.orders.make(OrderKind.FILE)
    assert session.orders.resume() is check
    assert session.orders.current is not None
    assert session.orders.current.rows is check.rows
    assert session.orders.again() is session.orders.current


def test_checks_belong_to_a_side(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [{"prompt": f"ask {n}", "chosen": f"a {n}", "rejected": f"b {n}"} for n in range(20)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    session = Session.open(path)
    session.start_scoring("heuristic")
    session.scoring.wait(lambda _: False)
    session.set_threshold("top 20")
    check = session.orders.draw(5)
    session.review_side(Side.REJECTED)
    assert session.orders.current is None
    assert session.orders.check is None
    assert not session.orders.hidden
    assert session.orders.result(check).stale
    session.review_side(Side.CHOSEN)
    assert session.orders.check is check
    session.close()
