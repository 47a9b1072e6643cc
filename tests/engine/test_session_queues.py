"""Queues and spot checks of a real session: fixed when made, there again after a restart."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.decision import Verdict
from engine.errors import UsageError
from engine.order import Column, Sort
from engine.queues import QueueKind
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.view import rows_in_order, rows_matching

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


def test_a_queue_stays_as_it_was_made_until_it_is_made_again(session: Session) -> None:
    session.set_threshold("0.51")
    queue = session.queues.make(QueueKind.NEAREST)
    assert queue.rows[:3].tolist() == [31, 30, 32]
    session.set_threshold("0.26")
    session.decide(at(15), Verdict.ACCEPT)
    assert session.queues.current is queue
    again = session.queues.again()
    assert again is not None
    assert again.rows[:3].tolist() == [16, 15, 17]


def test_progress_counts_verdicts_and_goes_back_with_undo(session: Session) -> None:
    assert session.queues.progress() is None
    session.decide(at(59), Verdict.ACCEPT)
    session.queues.make(QueueKind.HIGHEST, unreviewed=True)
    progress = session.queues.progress()
    assert progress is not None
    assert (progress.seen, progress.rows) == (0, 59)
    session.decide(at(58), Verdict.SKIP)
    progress = session.queues.progress()
    assert progress is not None
    assert progress.seen == 1
    assert session.queues.first_open() == 57
    session.undo()
    assert session.queues.first_open() == 58


def test_queue_and_progress_survive_a_restart(session: Session, data: Path) -> None:
    rows = session.queues.make(QueueKind.HIGHEST, unreviewed=True).rows
    session.decide(at(59), Verdict.ACCEPT)
    session.close()
    again = begin(data)
    assert again.queues.current is not None
    assert again.queues.current.rows.tolist() == rows.tolist()
    assert str(again.queues.current) == "highest score, unreviewed"
    progress = again.queues.progress()
    assert progress is not None
    assert progress.seen == 1
    again.queues.leave()
    again.close()
    last = begin(data)
    assert last.queues.current is None
    last.close()


def test_only_the_last_order_is_kept_on_file(session: Session) -> None:
    for kind in (QueueKind.LOWEST, QueueKind.HIGHEST, QueueKind.LONGEST):
        session.queues.make(kind)
    session.queues.draw(5)
    session.queues.make(QueueKind.FILE)
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
    session.queues.make(QueueKind.HIGHEST)
    session.close()
    write(data, list(range(ROWS + 5)))
    again = begin(data)
    assert again.queues.current is None
    assert any("review order" in notice for notice in again.notices)
    again.close()


def test_a_read_only_desk_has_orders_that_it_does_not_keep(session: Session, data: Path) -> None:
    session.close()
    beside = begin(data, read_only=True)
    assert len(beside.queues.make(QueueKind.LOWEST).rows) == ROWS
    with pytest.raises(UsageError, match="read-only"):
        beside.queues.draw(5)
    beside.close()


def test_an_order_without_rows_is_refused_and_the_one_in_hand_stays(session: Session) -> None:
    queue = session.queues.make(QueueKind.LOWEST)
    session.decide(np.arange(ROWS), Verdict.ACCEPT)
    with pytest.raises(UsageError, match="no row is left"):
        session.queues.make(QueueKind.LOWEST, unreviewed=True)
    assert session.queues.current is queue


def test_a_spot_check_is_of_rows_kept_by_rule_and_ends_with_an_interval(session: Session) -> None:
    session.decide(at(58, 59), Verdict.ACCEPT)
    check = session.queues.draw(10, seed=3)
    assert check.rows.min() >= 30
    assert check.rows.max() < 58
    assert (check.population, check.kept, check.seed) == (28, 30, 3)
    assert check.drawn_by == "ada"
    assert session.queues.result(check).interval is None
    session.decide(check.rows[:2], Verdict.REJECT)
    session.decide(check.rows[2:], Verdict.ACCEPT)
    result = session.queues.result(check)
    assert (result.bad, result.answered, result.stale) == (2, 10, False)
    assert result.interval is not None
    assert result.interval[0] < 0.2 < result.interval[1]


def test_a_spot_check_is_there_again_with_its_sample(session: Session, data: Path) -> None:
    check = session.queues.draw(10)
    session.decide(check.rows[:4], Verdict.ACCEPT)
    session.close()
    again = begin(data)
    known = again.queues.check
    assert known is not None
    assert known.rows.tolist() == check.rows.tolist()
    assert (known.seed, known.kept_digest) == (check.seed, check.kept_digest)
    assert again.queues.current is not None
    assert again.queues.current.kind is QueueKind.SPOT_CHECK
    assert str(again.queues.result(known)) == "4 of 10 seen"
    again.close()


def test_a_spot_check_follows_its_samples_into_another_order(session: Session, data: Path) -> None:
    check = session.queues.draw(10)
    session.decide(check.rows, Verdict.ACCEPT)
    session.close()
    write(data, list(range(ROWS))[::-1])
    again = begin(data)
    known = again.queues.check
    assert known is not None
    assert known.rows.tolist() == (ROWS - 1 - check.rows).tolist()
    assert again.queues.result(known).answered == 10
    assert again.queues.result(known).stale
    again.close()


def test_another_kept_set_makes_it_stale_and_going_back_does_not(session: Session) -> None:
    check = session.queues.draw(10)
    assert not session.queues.result(check).stale
    session.set_threshold("0.4")
    assert session.queues.result(check).stale
    session.set_threshold("0.5")
    assert not session.queues.result(check).stale
    session.decide(at(0), Verdict.ACCEPT)
    assert session.queues.result(check).stale
    session.undo()
    session.decide(check.rows[:3], Verdict.REJECT)
    assert not session.queues.result(check).stale


def test_rows_of_a_check_under_way_are_hidden_everywhere(session: Session) -> None:
    check = session.queues.draw(10, seed=5)
    other = next(row for row in range(30, ROWS) if row not in check.rows)
    assert all(session.hides(int(row)) for row in check.rows)
    assert not session.hides(other)
    _, found = rows_matching(session, "score>=0")
    assert not found[check.rows].any()
    assert found[other]
    order = rows_in_order(session, Sort(Column.SCORE, descending=True))
    assert set(order[-10:].tolist()) == set(check.rows.tolist())
    session.queues.leave()
    assert session.hides(int(check.rows[0]))
    session.decide(check.rows, Verdict.ACCEPT)
    assert not session.hides(int(check.rows[0]))
    session.undo()
    assert session.hides(int(check.rows[0]))


def test_resuming_takes_the_last_check_in_hand(session: Session) -> None:
    assert session.queues.resume() is None
    check = session.queues.draw(10)
    session.queues.make(QueueKind.FILE)
    assert session.queues.resume() is check
    assert session.queues.current is not None
    assert session.queues.current.rows is check.rows
    assert session.queues.again() is session.queues.current


def test_checks_belong_to_a_side(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [{"prompt": f"ask {n}", "chosen": f"a {n}", "rejected": f"b {n}"} for n in range(20)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    session = Session.open(path)
    session.start_scoring("heuristic")
    session.scoring.wait(lambda _: False)
    session.set_threshold("top 20")
    check = session.queues.draw(5)
    session.review_side(Side.REJECTED)
    assert session.queues.current is None
    assert session.queues.check is None
    assert not session.queues.hidden
    assert session.queues.result(check).stale
    session.review_side(Side.CHOSEN)
    assert session.queues.check is check
    session.close()
