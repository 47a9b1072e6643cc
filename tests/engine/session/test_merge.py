"""Several reviewers' sessions brought together: who agrees, what stands, what is in conflict."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audit.agreement import Agreement
from engine.dataset.editing import Part
from engine.errors import InputError, SessionLockedError, StoreError, UsageError
from engine.review import review as reviewing
from engine.review.decision import Aspect, Circumstances, Said, Verdict
from engine.sample import Side
from engine.scoring.scorer import ScoreKey
from engine.session import OpenOptions, Session
from engine.session.merge import merge
from engine.store import Store
from engine.store.cache import Failure

ACCEPT, REJECT, SKIP, NONE = Verdict.ACCEPT, Verdict.REJECT, Verdict.SKIP, Verdict.UNDECIDED


def at(*rows: int) -> NDArray[np.int64]:
    return np.array(rows, np.int64)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": f"say {n % 6}", "response": f"it is {n % 6}"} for n in range(8)]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


def open_as(data: Path, name: str, file: str = "") -> Session:
    session = data.parent / (file or f"{name}.db")
    return Session.open(data, OpenOptions(reviewer=name, session=session))


def test_agreement_by_the_book() -> None:
    found = Agreement(((90, 4), (4, 2)))
    assert found.observed == pytest.approx(0.92)
    assert found.kappa == pytest.approx(0.29, abs=0.005)
    assert found.pabak == pytest.approx(0.84)


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        (((0, 0), (0, 0)), None),
        (((5, 0), (0, 0)), None),
        (((5, 0), (0, 5)), 1.0),
        (((0, 5), (5, 0)), -1.0),
        (((25, 25), (25, 25)), 0.0),
    ],
)
def test_agreement_at_its_ends(
    table: tuple[tuple[int, int], tuple[int, int]], kappa: float | None
) -> None:
    assert Agreement(table).kappa == (None if kappa is None else pytest.approx(kappa))


def test_two_reviewers_come_together(data: Path) -> None:
    ann = open_as(data, "ann")
    ann.decide(at(0, 1, 2, 6), ACCEPT)  # 6 is a copy of 0
    ann.decide(at(3), REJECT)
    ann.annotations.code("refusal")
    ann.decide(at(4), ACCEPT)
    ann.decide(at(4), REJECT)
    ann.undo()
    ann.annotations.set_note(1, "from ann")
    ann.annotations.tag(at(1), "odd")
    ann.edits.revise(5, Part.RESPONSE, "by ann")
    ann.close()
    bob = open_as(data, "bob")
    bob.decide(at(0), ACCEPT)
    bob.decide(at(1), REJECT)
    bob.annotations.code("wrong")
    bob.decide(at(2), SKIP)
    bob.decide(at(3), REJECT)
    bob.decide(at(5), ACCEPT)
    bob.decide(at(7), REJECT)
    bob.undo()
    bob.edits.revise(5, Part.RESPONSE, "by bob")
    bob.close()
    before = [(data.parent / f"{name}.db").read_bytes() for name in ("ann", "bob")]
    out = data.parent / "both.db"
    report = merge([data.parent / "ann.db", data.parent / "bob.db"], out, reviewer="cy")
    assert [(data.parent / f"{name}.db").read_bytes() for name in ("ann", "bob")] == before
    assert (report.decided, report.agreed, report.conflicts) == (7, 2, 1)
    assert (report.notes, report.tags, report.edits, report.edit_conflicts) == (1, 1, 1, 1)
    assert report.reviewers == {"ann": 6, "bob": 5}
    (pair,) = report.pairs
    assert pair.agreement.table == ((1, 1), (0, 1))

    both = open_as(data, "cy", "both.db")
    assert not both.notices
    assert both.verdicts.tolist() == [ACCEPT, NONE, ACCEPT, REJECT, ACCEPT, ACCEPT, ACCEPT, NONE]
    assert both.review.reason(3) == "refusal", "a reason outlives an equal verdict after it"
    assert (both.review.note(1), both.review.tags(1)) == ("from ann", ("odd",))
    assert both.edits.sample(5, Side.CHOSEN).response == "by bob"
    assert both.annotations.in_conflict("open").nonzero()[0].tolist() == [1]
    opinions = both.review.opinions(1)
    assert [(each.who, each.verdict, each.reason) for each in opinions] == [
        ("ann", ACCEPT, ""), ("bob", REJECT, "wrong"),
    ]  # fmt: skip
    assert both.review.opinions(0) == []
    assert both.undo() is None, "what came before the merge is history"
    history = both.review.history(4)
    assert [(entry.new, entry.undone is not None) for entry in history] == [
        ("accept", False), ("reject", True),
    ]  # fmt: skip
    assert [entry.old for entry in both.review.history(1)][:2] == ["undecided", ""]
    both.decide(at(1), REJECT)
    assert both.annotations.in_conflict("open").sum() == 0
    for word in ("any", "adjudicated", "settled"):  # the last one in filters saved long ago
        assert both.annotations.in_conflict(word).nonzero()[0].tolist() == [1]
    both.close()

    again = open_as(data, "cy", "both.db")
    assert again.verdicts[1] == REJECT
    assert len(again.review.opinions(1)) == 2, "adjudication is no opinion"
    again.undo()
    assert again.verdicts[1] == NONE
    assert again.annotations.in_conflict("open").sum() == 1
    with pytest.raises(UsageError, match="conflict:any"):
        again.annotations.in_conflict("some")
    again.close()


def test_notes_that_differ_are_joined_under_their_names(data: Path) -> None:
    ann = open_as(data, "ann")
    for row, text in enumerate(("same", "of ann", "only ann", "", "old")):
        ann.annotations.set_note(row, text)
    ann.close()
    bob = open_as(data, "bob")
    for row, text in enumerate(("same", "of bob\nin lines", "", "only bob")):
        bob.annotations.set_note(row, text)
    bob.close()
    copy = data.parent / "copy.db"
    copy.write_bytes((data.parent / "ann.db").read_bytes())
    went_on = open_as(data, "dora", "copy.db")
    went_on.annotations.set_note(4, "newer")
    went_on.annotations.set_note(2, "")
    went_on.close()
    out = data.parent / "all.db"
    inputs = [data.parent / f"{name}.db" for name in ("ann", "bob", "copy")]
    report = merge(inputs, out, reviewer="cy")
    assert report.merged_notes == 1
    both = open_as(data, "cy", "all.db")
    notes = [both.review.note(row) for row in range(5)]
    assert notes == ["same", "ann (ann.db): of ann\nbob: of bob\nin lines", "", "only bob", "newer"]
    assert both.annotations.with_note("of ann").nonzero()[0].tolist() == [1]
    assert [entry.event.who for entry in both.review.history(1)] == ["ann (ann.db)", "bob", "cy"]
    assert both.undo() is None
    both.annotations.set_note(1, "settled")
    assert both.review.note(1) == "settled"
    both.undo()
    assert both.review.note(1) == notes[1]
    both.close()


def test_a_copied_session_agrees_with_nobody_about_what_it_copied(data: Path) -> None:
    ann = open_as(data, "ann")
    ann.decide(at(0), ACCEPT)
    ann.close()
    (data.parent / "more.db").write_bytes((data.parent / "ann.db").read_bytes())
    for file, row in (("ann.db", 1), ("more.db", 2)):
        session = open_as(data, "ann", file)
        session.decide(at(row), ACCEPT)
        session.decide(at(3), ACCEPT)
        session.close()
    out = data.parent / "out.db"
    report = merge([data.parent / "ann.db", data.parent / "more.db"], out, reviewer="cy")
    assert list(report.reviewers) == ["ann (ann.db)", "ann (more.db)"]
    assert report.pairs[0].agreement.rows == 1
    merged = open_as(data, "cy", "out.db")
    assert np.flatnonzero(merged.verdicts == ACCEPT).tolist() == [0, 1, 2, 3]
    assert len(merged.review.history(0)) == 1, "the same event is taken over once"
    merged.close()


def test_scores_come_along(data: Path) -> None:
    for name in ("ann", "bob"):
        session = open_as(data, name)
        session.start_scoring("heuristic")
        session.scoring.wait(lambda _status: False)
        session.close()
    out = data.parent / "out.db"
    merge([data.parent / "ann.db", data.parent / "bob.db"], out, reviewer="cy")
    merged = open_as(data, "cy", "out.db")
    merged.start_scoring(None)
    merged.scoring.wait(lambda _status: False)
    assert merged.scoring.spec == "heuristic"
    assert merged.scoring.new_scores == 0
    merged.close()


def test_failures_come_along_where_nobody_has_a_score(data: Path) -> None:
    key = ScoreKey(scorer="judge", revision="1")
    ids = np.arange(48, dtype=np.uint8).reshape(3, 16)
    for name, scored in (("ann", 1), ("bob", 0)):
        session = open_as(data, name)
        session.store.add_failures(key, ids[[0, 2]], [Failure(f"late for {name}"), Failure("no")])
        one = np.ones(scored)
        session.store.add_scores(
            key, ids[:scored], one.astype(np.float32), one.astype(np.int32), one > 1
        )
        session.close()
    out = data.parent / "out.db"
    merge([data.parent / "ann.db", data.parent / "bob.db"], out, reviewer="cy")
    with Store.open(out, reviewer="", read_only=True) as store:
        assert store.cached_scores(key).identities.tolist() == ids[:1].tolist()
        assert store.failures(key) == {bytes(ids[2]): Failure("no")}


def test_bulks_and_choices_come_along(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewing, "BITMAP_ROWS", 2)
    for name, verdict in (("ann", ACCEPT), ("bob", REJECT)):
        session = open_as(data, name)
        session.decide(at(7, 1, 2, 5), verdict)
        session.undo()
        session.redo()
        session.review.say(
            Said(aspect=Aspect.THRESHOLD, subject="builtin", text=f"top {len(name)}"),
            at(),
            scores=np.empty(0, np.float32),
            circumstances=Circumstances(),
        )
        session.close()
    out = data.parent / "out.db"
    report = merge([data.parent / "ann.db", data.parent / "bob.db"], out, reviewer="cy")
    assert (report.decided, report.conflicts) == (4, 4)
    merged = open_as(data, "cy", "out.db")
    assert np.flatnonzero(merged.review.conflicts()).tolist() == [1, 2, 5, 7]
    assert merged.review.choice(Aspect.THRESHOLD, "builtin") == "top 3"
    with closing(sqlite3.connect(out)) as file:
        bulks = "SELECT count(*), count(identity_table), max(length(identities)) FROM events"
        assert file.execute(f"{bulks} WHERE identity_table IS NOT NULL").fetchone() == (2, 2, 0)
    merged.close()


def test_a_merge_over_a_session_that_somebody_reads_leaves_nothing_of_it(
    data: Path, tmp_path: Path
) -> None:
    ann, bob, out = tmp_path / "ann.db", tmp_path / "bob.db", tmp_path / "out.db"
    for name in ("ann", "bob"):
        session = open_as(data, name)
        session.decide(np.array([0]), Verdict.ACCEPT)
        session.close()
    old = open_as(data, "me", "out.db")
    old.decide(np.arange(5), Verdict.REJECT)
    reader = Store.open(out, reviewer="", read_only=True)
    assert len(list(reader.events())) == 1
    old.close()
    assert out.with_name("out.db-wal").exists(), "the reader keeps the log"
    merge([ann, bob], out, reviewer="x", overwrite=True)
    assert not out.with_name("out.db-wal").exists()
    reader.close()
    merged = open_as(data, "me", "out.db")
    assert merged.verdicts[:5].tolist() == [Verdict.ACCEPT, *[Verdict.UNDECIDED] * 4]
    merged.close()


def test_what_cannot_be_merged_is_refused(data: Path, tmp_path: Path) -> None:
    ann, bob, out = tmp_path / "ann.db", tmp_path / "bob.db", tmp_path / "out.db"
    for name in ("ann", "bob"):
        open_as(data, name).close()
    other = tmp_path / "other.jsonl"
    other.write_text('{"prompt": "a", "response": "b"}\n')
    open_as(other, "cy").close()
    with pytest.raises(InputError, match=r"different datasets.*other\.jsonl \(1 rows\)"):
        merge([ann, tmp_path / "cy.db"], out, reviewer="x")
    with pytest.raises(UsageError, match="at least two"):
        merge([ann], out, reviewer="x")
    with pytest.raises(UsageError, match="named twice"):
        merge([ann, ann], out, reviewer="x")
    with pytest.raises(UsageError, match="one of the sessions"):
        merge([ann, bob], ann, reviewer="x", overwrite=True)
    with pytest.raises(StoreError, match="no session"):
        merge([ann, tmp_path / "none.db"], out, reviewer="x")
    out.write_text("mine")
    with pytest.raises(StoreError, match="already"):
        merge([ann, bob], out, reviewer="x")
    with pytest.raises(StoreError, match="not a tamis session"):
        merge([ann, bob], out, reviewer="x", overwrite=True)
    assert out.read_text() == "mine"
    out.unlink()
    merge([ann, bob], out, reviewer="x")
    merge([ann, bob], out, reviewer="x", overwrite=True)
    session = open_as(data, "me", "out.db")
    with pytest.raises(SessionLockedError):
        merge([ann, bob], out, reviewer="x", overwrite=True)
    session.close()
    assert not list(tmp_path.glob("*.partial*"))
