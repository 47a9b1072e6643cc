"""Sessions that are damaged, or made by somebody who means ill: a message, or what is left."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.errors import StoreError, TamisError
from engine.review.decision import Verdict
from engine.session import OpenOptions, Session

ODD = (
    None, -1, 2**40, 2**62, b"\xff\xfe\x00", b"", "x" * 10, "\u00e9", 0, 1e300, b"\x80" * 16,
    "{}", "[]", '{"a": 1}', "-5",
)  # fmt: skip
"""Values that may stand where others belong."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    rows = ({"prompt": f"Ask {n}.", "response": f"Say {n}. " * 4} for n in range(60))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def whole(data: Path) -> Path:
    """A session with something in every table."""
    session = Session.open(data, OpenOptions(reviewer="ada", session=data.with_name("whole.db")))
    session.start_scoring("heuristic")
    session.scoring.wait(lambda _status: False)
    session.decide(np.array([1, 2, 3]), Verdict.ACCEPT)
    session.decide(np.array([5]), Verdict.REJECT)
    session.annotations.set_note(5, "odd")
    session.set_threshold("0.5")
    session.view.filter_by("score>0.1").result()
    session.close()
    return data.with_name("whole.db")


def use(data: Path, path: Path) -> None:
    """All that a desk does with a session when it is opened, and a decision."""
    session = Session.open(data, OpenOptions(reviewer="ada", session=path))
    try:
        session.start_scoring("heuristic")
        session.scoring.wait(lambda _status: False)
        session.decide(np.array([7]), Verdict.ACCEPT)
        session.undo()
        session.view.refresh().result()
        session.summary()
    finally:
        session.close()


def _bytes(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 30)):
        content[dice.randrange(100, len(content))] = dice.randrange(256)
    path.write_bytes(content)


def _cut(path: Path, dice: random.Random) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: dice.randrange(len(content))])


def _values(path: Path, dice: random.Random) -> None:
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA ignore_check_constraints = 1")
        named = "SELECT name FROM sqlite_master WHERE type = ?"
        for (trigger,) in file.execute(named, ("trigger",)).fetchall():
            file.execute(f"DROP TRIGGER {trigger}")
        tables = [name for (name,) in file.execute(named, ("table",))]
        for _ in range(dice.randint(1, 3)):
            table = dice.choice(tables)
            columns = [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
            value = dice.choice(ODD)
            text = isinstance(value, bytes) and dice.random() < 0.3
            given = "CAST(? AS TEXT)" if text else "?"
            one = f"SELECT rowid FROM {table} LIMIT 1 OFFSET {dice.randrange(3)}"
            try:
                file.execute(
                    f"UPDATE {table} SET {dice.choice(columns)} = {given} WHERE rowid IN ({one})",
                    (value,),
                )
            except sqlite3.Error:  # it may not stand there
                continue
        file.commit()


@pytest.mark.parametrize("damage", [_bytes, _cut, _values])
def test_a_damaged_session_opens_or_is_refused(
    data: Path, whole: Path, damage: Callable[[Path, random.Random], None]
) -> None:
    dice = random.Random(5)
    path = data.with_name("damaged.db")
    refused = 0
    for _ in range(60):
        shutil.copy(whole, path)
        damage(path, dice)
        try:
            use(data, path)
        except TamisError:
            refused += 1
        for each in data.parent.glob("damaged.db*"):
            each.unlink()
    assert refused


DAMAGED = {
    "a time that no year has": "UPDATE events SET at = 4611686018427387904",
    "a time that is a text": "UPDATE events SET at = 'soon'",
    "a name that is bytes": "UPDATE events SET who = x'fffe'",
    "a size that is a text": "UPDATE events SET n = 'many'",
    "a setting that is no JSON": "UPDATE settings SET value = x'80'",
    "a reading that is bytes": "UPDATE datasets SET reading = x'80'",
    "a time of a dataset": "UPDATE datasets SET first_seen = ''",
}


@pytest.mark.parametrize("change", DAMAGED.values(), ids=list(DAMAGED))
def test_what_cannot_be_is_said(data: Path, whole: Path, change: str) -> None:
    with closing(sqlite3.connect(whole)) as file:
        file.execute("PRAGMA ignore_check_constraints = 1")
        for (trigger,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            file.execute(f"DROP TRIGGER {trigger}")
        file.execute(change)
        file.commit()
    with pytest.raises(StoreError, match="damaged"):
        use(data, whole)


def test_a_schema_that_is_no_text_is_said(data: Path, whole: Path) -> None:
    content = whole.read_bytes()
    whole.write_bytes(content.replace(b"CREATE TABLE settings", b"CREATE TABLE sett\xff\xfe\x81"))
    with pytest.raises(StoreError, match="damaged"):
        use(data, whole)


def test_rows_that_the_dataset_has_not_are_found_by_what_they_say(data: Path, whole: Path) -> None:
    with closing(sqlite3.connect(whole)) as file:
        file.execute("DROP TRIGGER events_are_never_changed")
        (steps,) = file.execute("SELECT rows FROM events WHERE n = 1 LIMIT 1").fetchone()
        far = steps[:1] + (2**40).to_bytes(8, "little")
        file.execute("UPDATE events SET rows = ? WHERE n = 1", (far,))
        file.commit()
    session = Session.open(data, OpenOptions(reviewer="ada", session=whole))
    assert session.verdicts[:6].tolist() == [0, 1, 1, 1, 0, Verdict.REJECT]
    session.close()
