"""Verdicts that a dataset carries: whose they are, what they leave alone, how they are undone."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.dataset.dataset import open_dataset
from engine.errors import UsageError
from engine.export.plan import ExportPlan, Keep
from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from engine.session.carried_verdicts import carried_verdicts
from engine.session.exporting import export_session
from engine.session.merge import merge
from engine.session.verdict_import import import_verdicts, plan_for, plan_import

A, R, S = Verdict.ACCEPT, Verdict.REJECT, Verdict.SKIP
WHEN = 1_650_000_000  # 2022-04-15 05:20 UTC


def task(number: int, answer: str | None, who: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "text": f"Knot {number} holds when it is wet.",
        "_input_hash": -number,
        "_task_hash": 10 * number,
        "answer": answer,
        "_timestamp": WHEN + number,
        "_annotator_id": who,
        "_session_id": who,
        **more,
    }


TASKS = [
    task(0, "accept", "knots-ida"),
    task(1, "reject", "knots-ida"),
    task(2, "ignore", "knots-ida"),
    task(3, "accept", "knots-joe"),
    task(4, None),
    task(5, "reject"),
]
GIVEN = [A, R, S, A, 0, R]


def write(path: Path, rows: list[dict[str, Any]], end: str = "") -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + end, encoding="utf-8")
    return path


def opened(path: Path, session: Path | None = None) -> Session:
    return Session.open(path, OpenOptions(reviewer="kim", session=session))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "knots.jsonl", TASKS)


@pytest.fixture
def session(data: Path) -> Iterator[Session]:
    with contextlib.closing(opened(data)) as session:
        yield session


def take_over(session: Session) -> int:
    plan = plan_for(session)
    assert plan is not None
    return import_verdicts(session, plan)


def verdicts(path: Path) -> list[int]:
    with contextlib.closing(opened(path)) as session:
        found: list[int] = session.verdicts.tolist()
        return found


def test_they_stand_under_the_names_of_those_who_gave_them(data: Path, session: Session) -> None:
    plan = plan_for(session)
    assert plan is not None
    assert (
        str(plan.carried) == "5 rows carry a verdict (Prodigy `answer`: 2 accept, 2 reject, 1 skip)"
    )
    assert plan.reviewers == {"knots-ida": 3, "knots-joe": 1, "prodigy": 1}
    assert session.verdicts.tolist() == [0] * 6, "a plan does nothing"
    assert import_verdicts(session, plan) == 5
    assert session.verdicts.tolist() == GIVEN
    said = [session.last_decision(row) for row in range(6)]
    assert [event and event.who for event in said] == [
        *("knots-ida", "knots-ida", "knots-ida", "knots-joe", None, "prodigy")
    ]
    assert said[0] is not None
    assert said[0].at == "2022-04-15T05:20:02.000Z", "of the last one that day"
    assert said[5] is not None
    assert said[5].at == "2022-04-15T05:20:05.000Z"
    session.close()
    assert verdicts(data) == GIVEN


def test_one_undo_takes_all_of_it_back_and_redo_gives_it_again(
    data: Path, session: Session
) -> None:
    session.decide(np.array([4]), R)
    take_over(session)
    change = session.undo()
    assert change is not None
    assert sorted(change.rows.tolist()) == [0, 1, 2, 3, 5]
    assert change.values is not None
    assert sorted(change.values.tolist()) == [A, A, R, R, S]
    assert session.verdicts.tolist() == [0, 0, 0, 0, R, 0]
    session.close()
    with contextlib.closing(opened(data)) as again:
        assert again.verdicts.tolist() == [0, 0, 0, 0, R, 0]
        assert again.redo() is not None
        assert again.verdicts.tolist() == [A, R, S, A, R, R]
        assert again.redo() is None
        again.undo()
        again.undo()
        assert again.undo() is None


def test_what_was_decided_here_stands_and_a_second_import_does_nothing(session: Session) -> None:
    session.decide(np.array([0]), R)
    session.decide(np.array([1]), A)
    session.decide(np.array([1]), Verdict.UNDECIDED)
    plan = plan_for(session)
    assert plan is not None
    assert (plan.rows.tolist(), plan.kept) == ([2, 3, 5], 2)
    assert import_verdicts(session, plan) == 3
    assert session.verdicts.tolist() == [R, 0, S, A, 0, R]
    session.decide(np.array([3]), Verdict.UNDECIDED)
    again = plan_for(session)
    assert again is not None
    assert (len(again.rows), again.kept) == (0, 5)
    assert again.lines() == ["5 decided in this session already: left as is"]
    events = len(session.review.events)
    assert import_verdicts(session, plan) == 0, "nor does an old plan"
    assert len(session.review.events) == events


def test_a_digit_after_it_codes_nothing(session: Session) -> None:
    take_over(session)
    with pytest.raises(UsageError, match="rejects nothing"):
        session.annotations.code("wrong")


def test_a_session_that_is_read_only_refuses(data: Path) -> None:
    opened(data).close()
    session = Session.open(data, OpenOptions(reviewer="kim", read_only=True))
    with contextlib.closing(session), pytest.raises(UsageError, match="read-only"):
        take_over(session)


def test_identical_samples_keep_what_each_of_them_carries(tmp_path: Path) -> None:
    rows = [task(7, "accept", "ida"), task(7, "reject", "joe"), task(8, "ignore"), task(7, None)]
    path = write(tmp_path / "same.jsonl", rows)
    with contextlib.closing(opened(path)) as session:
        take_over(session)
        assert session.verdicts.tolist() == [A, R, S, 0]
    write(path, [rows[2], *rows[:2], rows[3]])  # another order: found by what they say
    assert verdicts(path) == [S, A, R, 0]


def test_broken_rows_and_other_words_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [task(0, "accept"), task(1, "reject", text=None), task(2, "maybe"), task(3, " Ignore ")]
    path = write(tmp_path / "odd.jsonl", rows, end="{broken\n")
    with contextlib.closing(opened(path)) as session:
        assert session.dataset.broken.tolist() == [False, True, False, False, True]
        plan = plan_for(session)
        assert plan is not None
        assert (plan.rows.tolist(), plan.broken, plan.carried.unread) == ([0, 3], 1, 1)
        import_verdicts(session, plan)
        assert session.verdicts.tolist() == [A, 0, 0, S, 0]


@pytest.mark.parametrize("when", [None, "soon", -5, 1e300, 1_650_000_000_000, float("nan")])
def test_a_time_that_is_none_is_that_of_the_import(tmp_path: Path, when: object) -> None:
    path = write(tmp_path / "when.jsonl", [task(0, "accept", _timestamp=when)])
    with contextlib.closing(opened(path)) as session:
        take_over(session)
        event = session.last_decision(0)
        assert event is not None
        assert event.at > "2025"


def test_each_day_of_a_reviewer_has_its_own_time(tmp_path: Path) -> None:
    rows = [task(day, "accept", "ida", _timestamp=WHEN + 86_400 * day) for day in (0, 0, 3)]
    with contextlib.closing(opened(write(tmp_path / "days.jsonl", rows))) as session:
        take_over(session)
        times = [event.at[:10] for row in range(3) if (event := session.last_decision(row))]
        assert times == ["2022-04-15", "2022-04-15", "2022-04-18"]
        session.undo()
        assert not session.verdicts.any()


def test_an_annotated_export_is_taken_over_with_its_reasons(tmp_path: Path) -> None:
    rows = [{"prompt": f"Tie knot {n}.", "response": f"Loop {n} times."} for n in range(4)]
    path = write(tmp_path / "ties.jsonl", rows)
    with contextlib.closing(opened(path)) as session:
        session.decide(np.array([1]), R)
        session.annotations.code("wrong")
        session.decide(np.array([0]), A)
        session.decide(np.array([2]), S)
        out = tmp_path / "out"
        export_session(session, ExportPlan(out, keep=Keep.ALL, annotate=True, allow_pending=True))
    files = ("kept", "dropped")
    lines = [(out / f"{name}.jsonl").read_text() for name in files]
    back = tmp_path / "back.jsonl"
    back.write_text("".join(lines))
    with contextlib.closing(Session.open(back, OpenOptions(reviewer="lee"))) as session:
        take_over(session)
        assert session.verdicts.tolist()[:2] == [A, R]
        assert session.review.reason(1, session.side) == "wrong"
        assert session.review.reason(0, session.side) == ""
        event = session.last_decision(0)
        assert event is not None
        assert event.who == "kim"


def test_what_was_reviewed_here_goes_before_what_came_from_prodigy(tmp_path: Path) -> None:
    rows = [task(0, "accept", tamis_verdict="reject", tamis_reviewer="lee")]
    plan = plan_import(open_dataset(write(tmp_path / "both.jsonl", rows)))
    assert plan is not None
    assert (plan.verdicts.tolist(), plan.reviewers) == ([R], {"lee": 1})


def test_a_column_of_verdicts_needs_their_words_and_names_who_imports(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"text": ["Bowline", "Reef", "Clove"], "Verdict": ["accept", None, "Skip"]}
    )
    frame.write_parquet(tmp_path / "plain.parquet")
    with contextlib.closing(opened(tmp_path / "plain.parquet")) as session:
        plan = plan_for(session)
        assert plan is not None
        assert plan.carried.label == "column `Verdict`"
        assert plan.lines()[1] == "given by whoever imports 2"
        import_verdicts(session, plan)
        event = session.last_decision(0)
        assert event is not None
        assert event.who == "kim"


@pytest.mark.parametrize(
    "row",
    [
        {"text": "Splice", "answer": "accept"},
        {"text": "Splice", "_task_hash": 1, "answer": "a rope"},
        {"text": "Splice", "_task_hash": 1},
        {"text": "Splice", "verdict": "guilty"},
        {"text": "Splice", "verdict": 1},
        {"text": "Splice", "verdict": {"accept": True}},
        {"text": "Splice", "tamis_verdict": None},
    ],
    ids=json.dumps,
)
def test_other_columns_carry_none(tmp_path: Path, row: dict[str, Any]) -> None:
    assert carried_verdicts(open_dataset(write(tmp_path / "no.jsonl", [row]))) is None


def test_a_csv_of_prodigy_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "knots.csv"
    pl.DataFrame(TASKS).write_csv(path)
    with contextlib.closing(opened(path)) as session:
        take_over(session)
        assert session.verdicts.tolist() == GIVEN
        event = session.last_decision(3)
        assert event is not None
        assert (event.who, event.at[:10]) == ("knots-joe", "2022-04-15")


def test_two_sessions_that_imported_the_same_agree_about_nothing(
    data: Path, tmp_path: Path
) -> None:
    files = [tmp_path / "one.db", tmp_path / "two.db"]
    for file in files:
        with contextlib.closing(opened(data, file)) as session:
            take_over(session)
    report = merge(files, tmp_path / "both.db", reviewer="ed")
    assert (report.decided, report.conflicts) == (5, 0)
    assert report.pairs[0].agreement.rows == 0


IMPORT = """
import os, signal, sqlite3, sys
from pathlib import Path
from engine.session import OpenOptions, Session
from engine.session.verdict_import import import_verdicts, plan_for

left = int(sys.argv[2])

def count(statement):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

session = Session.open(Path(sys.argv[1]), OpenOptions(reviewer="kim"))
session.store._connection.set_trace_callback(count)
import_verdicts(session, plan_for(session))
session.store._connection.set_trace_callback(None)
session.close()
"""


@pytest.mark.parametrize("statement", [3, 9, 14])
def test_an_import_that_is_killed_before_its_end_is_absent(data: Path, statement: int) -> None:
    opened(data).close()
    ended = subprocess.run(
        [sys.executable, "-c", IMPORT, str(data), str(statement)], check=False, timeout=120
    )
    assert ended.returncode == -signal.SIGKILL
    assert verdicts(data) == [0] * 6
