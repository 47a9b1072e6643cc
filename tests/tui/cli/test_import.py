"""`tamis import` as a person or a script meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from tests.tui.cli import test_command
from tests.tui.cli.test_command import Run, write

tamis = test_command.tamis

ANSWERS = ("accept", "accept", "reject", "ignore", "later")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [
        {
            "text": f"Moss {n} grows on the north wall.",
            "_input_hash": n,
            "_task_hash": n,
            "answer": answer,
            "_annotator_id": "walls-\x1b[31mmay" if n else None,
        }
        for n, answer in enumerate(ANSWERS)
    ]
    return write(tmp_path / "moss.jsonl", rows)


def test_a_dry_run_counts_and_begins_no_session(data: Path, tamis: Run) -> None:
    ran = tamis("import", data, "--dry-run")
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "4 rows carry a verdict (Prodigy `answer`: 2 accept, 1 reject, 1 skip)",
        "4 to import: 2 accept, 1 reject, 1 skip",
        "given by walls-\ufffd[31mmay 3, prodigy 1",
        "1 with another word: left out",
        "a dry run: nothing was written",
    ]
    assert list(data.parent.iterdir()) == [data]


def test_an_import_is_counted_for_programs_and_done_once(data: Path, tamis: Run) -> None:
    place = data.parent / "own.db"
    values = json.loads(tamis("import", data, "--session", place, "--json").out)
    assert values == {
        "carrier": "Prodigy",
        "column": "answer",
        "carried": 4,
        "accept": 2,
        "reject": 1,
        "skip": 1,
        "reviewers": {"walls-\x1b[31mmay": 3, "prodigy": 1},
        "kept": 0,
        "broken": 0,
        "not_understood": 1,
        "imported": 4,
        "dry_run": False,
        "session": str(place),
    }
    session = Session.open(data, OpenOptions(session=place))
    assert session.verdicts.tolist() == [
        Verdict.ACCEPT, Verdict.ACCEPT, Verdict.REJECT, Verdict.SKIP, 0,
    ]  # fmt: skip
    session.close()
    again = tamis("import", data, "--session", place)
    assert again.code == 0
    assert "4 decided in this session already: left as is" in again.out
    assert again.out.splitlines()[-1] == "nothing to import"
    looked = json.loads(tamis("import", data, "--session", place, "--json", "--dry-run").out)
    assert (looked["imported"], looked["accept"], looked["kept"]) == (0, 0, 4)


def test_a_dataset_without_verdicts_is_said_to_have_none(tmp_path: Path, tamis: Run) -> None:
    path = write(tmp_path / "none.jsonl", [{"text": "Ferns like shade."}])
    for more in ((), ("--dry-run",)):
        ran = tamis("import", path, *more)
        assert (ran.code, ran.out) == (3, "")
        assert "no verdict is known in the columns" in ran.err


def test_a_session_that_is_open_elsewhere_is_left_alone(data: Path, tamis: Run) -> None:
    session = Session.open(data, OpenOptions(reviewer="ann"))
    assert tamis("import", data).code == 5
    assert tamis("import", data, "--dry-run").code == 0
    session.close()


def test_info_says_that_there_are_verdicts(data: Path, tamis: Run) -> None:
    line = "verdicts  carried by 4 rows (Prodigy `answer`): tamis import takes them over"
    assert line in tamis("info", data).out.splitlines()
    found = json.loads(tamis("info", data, "--json").out)["verdicts"]
    assert (found["carrier"], found["accept"], found["carried"]) == ("Prodigy", 2, 4)
