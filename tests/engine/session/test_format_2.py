"""Sessions of format 1 on data of which more is read now: verdicts, by number and by identity.

The two sessions were written by the last commit before format 2: one on chats with reasoning,
tools and images, of which it read the text alone, one on columns that a person had named.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.dataset import open_dataset
from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.review.decision import Aspect, Circumstances, Event, EventKind, Said, Verdict
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.merge import merge
from engine.session.migration import MigrationReport, migration_report
from engine.store import Store
from engine.store.schema import CURRENT

DATA = Path(__file__).parents[2] / "data"
SAID = [1, 2, 1, 1, 2, 1, 0, 1, 3]
MAPPED = [1, 0, 2, 1, 0]


def brought(name: str, folder: Path) -> Path:
    path = folder / f"{name}.jsonl"
    shutil.copy(DATA / f"session-v5-{name}.jsonl", path)
    with contextlib.closing(sqlite3.connect(f"{path}.tamis.db")) as file:
        file.executescript((DATA / f"session-v5-{name}.sql").read_text(encoding="utf-8"))
    return path


def shuffled(path: Path, order: list[int]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("".join(f"{lines[row]}\n" for row in order), encoding="utf-8")


NAMED = ReadOptions(ColumnMapping(prompt=("Frage",), response="Antwort"))


def opened(path: Path, reading: ReadOptions | None = None) -> Session:
    return Session.open(path, OpenOptions(reviewer="bob", reading=reading or ReadOptions()))


def test_verdicts_stay_with_their_rows_whatever_is_read_now(tmp_path: Path) -> None:
    session = opened(brought("said", tmp_path))
    assert session.verdicts.tolist() == SAID
    assert session.copies.tolist() == [1, 1, 1, 1, 1, 1, 2, 1, 1]
    assert session.review.lost == 0
    assert session.found.values() == {"kept": 9, "carried": 0, "left": 0, "unknown": 0}
    assert not any("changed" in notice for notice in session.notices)
    assert len(set(map(bytes, session.identities.all()))) == 9, "told apart, as they were not"
    session.close()


def test_verdicts_are_carried_to_a_file_that_was_sorted(tmp_path: Path) -> None:
    path = brought("said", tmp_path)
    order = [8, 6, 5, 2, 0, 7, 3, 1, 4]
    shuffled(path, order)
    session = opened(path)
    # What was one sample to format 1 is told apart by its place among the equal ones.
    assert session.verdicts.tolist() == [SAID[row] for row in order]
    assert session.found.carried == 9
    session.close()
    again = opened(path)
    assert again.verdicts.tolist() == [SAID[row] for row in order]
    again.decide(np.array([1]), Verdict.ACCEPT)
    again.close()
    shuffled(path, list(range(8, -1, -1)))
    third = opened(path)
    expected = [SAID[row] for row in order]
    expected[1] = 1
    assert third.verdicts.tolist() == expected[::-1]
    third.close()


def test_columns_that_a_person_had_named_are_found_out(tmp_path: Path) -> None:
    path = brought("mapped", tmp_path)
    for reading in (ReadOptions(), NAMED):
        session = opened(path, reading)
        assert session.verdicts.tolist() == MAPPED
        session.close()


def test_under_the_same_names_they_are_carried_too(tmp_path: Path) -> None:
    path = brought("mapped", tmp_path)
    shuffled(path, [4, 3, 2, 1, 0])
    session = opened(path, NAMED)
    assert session.verdicts.tolist() == MAPPED[::-1]
    session.close()


def test_what_is_gone_stays_on_file(tmp_path: Path) -> None:
    path = brought("said", tmp_path)
    shuffled(path, [6, 7, 8])
    session = opened(path)
    assert session.verdicts.tolist() == [0, 1, 3]
    assert (session.found.carried, session.found.left, session.review.lost) == (3, 6, 6)
    session.close()


def test_the_old_file_is_kept_beside_it(tmp_path: Path) -> None:
    path = brought("said", tmp_path)
    before = Path(f"{path}.tamis.db").read_bytes()
    session = opened(path)
    assert any("the old one is" in notice for notice in session.notices)
    session.close()
    with contextlib.closing(sqlite3.connect(f"{path}.tamis.db.bak-v5")) as backup:
        assert backup.execute("SELECT count(*) FROM events").fetchone() == (7,)
        assert backup.execute("PRAGMA user_version").fetchone() == (5,)
    assert before[:16] == b"SQLite format 3\0"


def test_a_reader_leaves_an_old_session_as_it_is(tmp_path: Path) -> None:
    path = brought("said", tmp_path)
    file = Path(f"{path}.tamis.db")
    before = file.read_bytes()
    session = Session.open(path, OpenOptions(reviewer="bob", read_only=True))
    assert session.verdicts.tolist() == SAID
    session.close()
    assert file.read_bytes() == before


def test_an_unknown_aspect_is_kept_and_listed(tmp_path: Path) -> None:
    path = brought("said", tmp_path)
    opened(path).close()
    with Store.open(Path(f"{path}.tamis.db"), reviewer="later") as store:
        nothing = np.empty(0, np.int64)
        said = Said(aspect="audit", subject="quality", text=json.dumps({"bad": "wrong"}))
        event = Event(
            EventKind.DECIDE, said, nothing, nothing.astype(np.int8),
            nothing.astype(np.float32), Circumstances(side=Side(15)),
        )  # fmt: skip
        store.append(event, np.empty((0, 16), np.uint8), np.empty(0, np.uint32))
    session = opened(path)
    assert session.verdicts.tolist() == SAID
    assert session.found.unknown == 1
    last = session.review.events[-1]
    assert (last.said.aspect, last.said.subject, last.circumstances.side) == (
        "audit",
        "quality",
        15,
    )
    undoable = session.review.undoable
    change = session.undo()
    assert change is not None
    assert change.aspect is Aspect.COPIES
    assert session.review.undoable == undoable - 1
    session.close()


MIGRATE = """
import os, signal, sqlite3, sys
from pathlib import Path

left = int(sys.argv[2])
connect = sqlite3.connect

def count(statement):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

def traced(*given, **named):
    connection = connect(*given, **named)
    connection.set_trace_callback(count)
    return connection

sqlite3.connect = traced
from engine.store import Store
Store.open(Path(sys.argv[1]), reviewer="x").close()
"""
STATEMENTS = 130
"""More than opening an old session takes."""


@pytest.mark.parametrize("seed", range(50))
def test_a_migration_that_is_killed_is_whole_or_absent(tmp_path: Path, seed: int) -> None:
    path = brought("said", tmp_path)
    file = Path(f"{path}.tamis.db")
    statement = random.Random(seed).randrange(STATEMENTS)
    ended = subprocess.run(
        [sys.executable, "-c", MIGRATE, str(file), str(statement)], check=False, timeout=120
    )
    assert ended.returncode in (0, -signal.SIGKILL)
    with contextlib.closing(sqlite3.connect(file)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    assert version == CURRENT or (version == 5 and ended.returncode)
    assert ("identity_tables" in tables) is (version == CURRENT)
    assert not tables & {"events_2", "event_values_2", "queues_2"}
    session = opened(path)
    assert session.verdicts.tolist() == SAID
    session.close()


def test_an_old_session_is_merged_with_a_new_one(tmp_path: Path) -> None:
    path = brought("said", tmp_path)
    opened(path).close()
    other = tmp_path / "other.db"
    session = Session.open(path, OpenOptions(reviewer="cy", session=other))
    session.decide(np.array([6]), Verdict.REJECT)
    session.decide(np.array([0]), Verdict.ACCEPT)
    session.decide(np.array([1]), Verdict.ACCEPT)
    session.close()
    merged = tmp_path / "merged.db"
    report = merge([Path(f"{path}.tamis.db"), other], merged, reviewer="ed")
    assert (report.agreed, report.conflicts) == (1, 1)
    together = Session.open(path, OpenOptions(reviewer="ed", session=merged))
    expected = [*SAID]
    expected[1], expected[6] = 0, 2
    assert together.verdicts.tolist() == expected
    together.close()


def reported(path: Path) -> MigrationReport:
    dataset = open_dataset(path)
    try:
        return migration_report(dataset, Path(f"{path}.tamis.db"), ReadOptions())
    finally:
        dataset.close()


def test_a_dry_run_says_what_becomes_of_it_and_writes_nothing(tmp_path: Path) -> None:
    path = brought("said", tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    report = reported(path)
    assert report.is_old
    assert report.found.values() == {"kept": 9, "carried": 0, "left": 0, "unknown": 0}
    assert report.values()["backup"] == f"{path}.tamis.db.bak-v5"
    assert "made first" in report.text()
    shuffled(path, [3, 4, 8, 0])
    changed = reported(path)
    assert (changed.found.carried, changed.found.left) == (4, 5)
    after = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert after | {path.name: b""} == before | {path.name: b""}
    opened(path).close()
    again = reported(path)
    assert not again.is_old
    assert again.values()["backup"] is None
