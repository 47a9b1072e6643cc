"""Reasons, notes and tags: what stands, what undo takes back, what a filter finds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.export.plan import ExportPlan
from engine.review.decision import Aspect, Verdict
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.annotations import NOTE_CHARACTERS, tag_name
from engine.session.exporting import export_session

HOSTILE = "\x1b]52;c;AAAA\x07 [bold] [/x] \u202e \ud800 \x00"


def at(*rows: int) -> NDArray[np.int64]:
    return np.array(rows, np.int64)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": f"say {number}", "response": f"it is {number}"} for number in range(8)]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n")
    return path


@pytest.fixture
def session(data: Path) -> Iterator[Session]:
    opened = Session.open(data, OpenOptions(reviewer="ann"))
    yield opened
    opened.close()


def reason(session: Session, row: int) -> str:
    return session.review.reason(row, session.side)


def test_a_reason_is_of_the_last_rejection_and_of_no_later_one(session: Session) -> None:
    session.decide(at(2), Verdict.REJECT)
    change = session.annotations.code("refusal")
    assert change is not None
    assert (change.aspect, change.said.text, change.rows.tolist()) == (
        Aspect.REASON, "refusal", [2],
    )  # fmt: skip
    assert reason(session, 2) == "refusal"
    assert session.annotations.code("refusal") is None
    session.annotations.code("wrong")
    assert reason(session, 2) == "wrong"
    session.decide(at(2), Verdict.ACCEPT)
    assert reason(session, 2) == ""
    session.decide(at(2), Verdict.REJECT)
    assert reason(session, 2) == ""
    for expected in ("", "wrong"):  # the rejection, then the acceptance
        session.undo()
        assert reason(session, 2) == expected
    session.undo()
    assert reason(session, 2) == "refusal"


def test_a_reason_without_a_rejection_is_refused(session: Session) -> None:
    with pytest.raises(UsageError, match="rejects nothing"):
        session.annotations.code("wrong")
    session.decide(at(2), Verdict.REJECT)
    session.decide(at(3), Verdict.ACCEPT)
    with pytest.raises(UsageError, match="rejects nothing"):
        session.annotations.code("wrong")


def test_rejecting_again_lets_a_row_be_coded_again(session: Session) -> None:
    session.decide(at(2), Verdict.REJECT)
    session.decide(at(4), Verdict.REJECT)
    assert session.decide(at(2), Verdict.REJECT) is None
    session.annotations.code("format")
    assert (reason(session, 2), reason(session, 4)) == ("format", "")
    session.undo()
    session.annotations.code("wrong")
    assert (reason(session, 2), reason(session, 4)) == ("wrong", "")
    assert session.decide(at(5), Verdict.UNDECIDED) is None
    session.annotations.code("other")
    assert reason(session, 4) == "other"


def test_a_bulk_is_coded_as_one_and_a_reason_can_be_taken_away(session: Session) -> None:
    session.decide(at(1, 2, 3), Verdict.REJECT)
    session.annotations.code("wrong")
    assert session.annotations.with_reason("wrong").nonzero()[0].tolist() == [1, 2, 3]
    assert session.annotations.with_reason("any").sum() == 3
    session.annotations.code("")
    assert session.annotations.with_reason("any").sum() == 0
    session.undo()
    assert session.annotations.counts().reject_reasons == {"wrong": 3}


def test_each_side_has_its_own_reason(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"prompt": "a", "chosen": "b", "rejected": "c"}) + "\n")
    session = Session.open(path, OpenOptions(reviewer="ann"))
    session.decide(at(0), Verdict.REJECT)
    session.annotations.code("wrong")
    session.review_side(Side.REJECTED)
    session.decide(at(0), Verdict.REJECT)
    session.annotations.code("unsafe")
    found = [session.review.reason(0, side) for side in (Side.CHOSEN, Side.REJECTED)]
    session.close()
    assert found == ["wrong", "unsafe"]


def test_notes_and_tags_stand_beside_the_verdict(session: Session) -> None:
    session.annotations.set_note(1, "  look again\nlater ")
    session.annotations.tag(at(1, 2, 8), "#maths")
    session.decide(at(1), Verdict.ACCEPT)
    session.annotations.tag(at(1), "odd")
    assert session.review.note(1) == "look again\nlater"
    assert session.review.tags(1) == ("maths", "odd")
    assert session.review.tags(8) == (), "a broken row"
    assert session.review.tag_counts() == {"maths": 2, "odd": 1}
    assert session.annotations.tag(at(1, 2), "maths") is None
    session.annotations.tag(at(1), "maths", remove=True)
    assert session.review.tags(1) == ("odd",)
    assert session.annotations.with_tag("MATHS").nonzero()[0].tolist() == [2]
    assert session.annotations.with_note("Again").nonzero()[0].tolist() == [1]
    assert session.annotations.with_note("nowhere").sum() == 0
    for _ in range(2):
        session.undo()
    assert session.review.tags(1) == ("maths",)
    session.undo()  # the verdict
    session.undo()  # the tag on two rows
    assert session.review.tag_counts() == {}
    session.undo()
    assert not session.review.noted().any()


def test_remarks_are_there_after_a_restart_and_in_a_changed_dataset(data: Path) -> None:
    session = Session.open(data, OpenOptions(reviewer="ann"))
    session.decide(at(3), Verdict.REJECT)
    session.annotations.code("refusal")
    session.annotations.set_note(3, "why")
    session.annotations.tag(at(3, 5), "odd")
    session.undo()
    session.close()
    lines = data.read_text().splitlines()
    data.write_text("\n".join(lines[::-1][1:]) + "\n")
    session = Session.open(data, OpenOptions(reviewer="bob"))
    assert (reason(session, 4), session.review.note(4)) == ("refusal", "why")
    assert session.review.tag_counts() == {}
    session.redo()
    assert session.review.tags(4) == ("odd",)
    assert session.review.tags(2) == ("odd",)
    session.close()


@pytest.mark.parametrize(
    "name", ["", "#", "two words", "a,b", 'a"b', "(a)", "any", "x" * 65, "a\x1bb", "a\u202eb"]
)
def test_a_tag_is_one_printable_word(name: str) -> None:
    with pytest.raises(UsageError):
        tag_name(name)


def test_what_cannot_be_said_is_refused(session: Session, data: Path) -> None:
    with pytest.raises(UsageError, match="could not be read"):
        session.annotations.set_note(8, "x")
    with pytest.raises(UsageError, match="at most"):
        session.annotations.set_note(1, "x" * (NOTE_CHARACTERS + 1))
    assert session.annotations.set_note(1, " ") is None
    reader = Session.open(data, OpenOptions(reviewer="bob", read_only=True))
    with pytest.raises(UsageError, match="read-only"):
        reader.annotations.code("wrong")
    with pytest.raises(UsageError, match="read-only"):
        reader.annotations.set_note(1, "x")
    with pytest.raises(UsageError, match="read-only"):
        reader.annotations.tag(at(1), "x")
    reader.close()


@pytest.mark.parametrize("annotate", [False, True])
def test_the_export_says_them_all(session: Session, tmp_path: Path, annotate: bool) -> None:
    session.decide(at(1), Verdict.REJECT)
    session.annotations.code("refusal")
    session.decide(at(2), Verdict.ACCEPT)
    session.annotations.set_note(2, HOSTILE)
    session.annotations.tag(at(0, 2), "[x]")
    plan = ExportPlan(tmp_path / "out", annotate=annotate, allow_pending=True)
    report = export_session(session, plan)
    assert report.manifest["remarks"] == {
        "reject_reasons": {"refusal": 1}, "tags": {"[x]": 2}, "notes": 1,
    }  # fmt: skip
    told = pl.read_parquet(tmp_path / "out" / "decisions.parquet")
    assert told["reject_reason"].to_list()[:3] == [None, "refusal", None]
    assert told["reviewer"].to_list()[:3] == [None, "ann", "ann"]
    assert told["tags"].to_list()[:3] == [["[x]"], None, ["[x]"]]
    assert told["note"][2] == HOSTILE.strip().replace("\ud800", "?")
    assert "Reasons given: refusal 1" in (tmp_path / "out" / "README.md").read_text()
    if annotate:
        (kept,) = (tmp_path / "out" / "kept.jsonl").read_text().splitlines()
        assert json.loads(kept)["tamis_tags"] == ["[x]"]


def test_the_history_has_old_and_new_and_what_was_undone(session: Session) -> None:
    session.decide(at(1), Verdict.REJECT)
    session.annotations.code("wrong")
    session.annotations.code("format")
    session.decide(at(1), Verdict.ACCEPT)
    session.decide(at(1, 2), Verdict.REJECT)
    session.annotations.code("other")
    session.annotations.set_note(1, "one")
    session.annotations.set_note(1, "two")
    session.undo()
    told = [
        (str(entry.aspect), entry.old, entry.new, entry.undone is not None)
        for entry in session.review.history(1)
    ]
    assert told == [
        ("verdict", "undecided", "reject", False),
        ("reason", "", "wrong", False),
        ("reason", "wrong", "format", False),
        ("verdict", "reject", "accept", False),
        ("verdict", "accept", "reject", False),
        ("reason", "", "other", False),
        ("note", "", "one", False),
        ("note", "one", "two", True),
    ]
    assert len(session.review.history(2)) == 2
    assert session.review.history(3) == []
