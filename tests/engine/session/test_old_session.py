"""A session that the last commit before the rooms wrote: all of it is there and can go on.

Two reviewers made it with that commit's own `Session`: verdicts, a reason, a note, tags, an edit,
copies, undo and redo, scores, a saved filter, the duplicate rule, a spot check and an order.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.review.decision import Aspect, EventKind, Verdict
from engine.review.review_orders import OrderKind
from engine.sample import Side
from engine.scoring import ScorerOptions
from engine.scoring.heuristic import HeuristicScorer
from engine.session import OpenOptions, Session

DATA = Path(__file__).parents[2] / "data"
STEM = "session-v5-before-rooms"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    shutil.copy(DATA / f"{STEM}.jsonl", path)
    with contextlib.closing(sqlite3.connect(f"{path}.tamis.db")) as file:
        file.executescript((DATA / f"{STEM}.sql").read_text(encoding="utf-8"))
    return path


@pytest.fixture
def session(dataset: Path) -> Iterator[Session]:
    session = Session.open(dataset, OpenOptions(reviewer="cy"))
    yield session
    session.close()


def test_every_verdict_and_annotation_is_there(session: Session) -> None:
    review = session.review
    (moved,) = session.notices
    assert moved.startswith("the session was brought to this version's format")
    assert session.verdicts.tolist() == [
        1, 0, 0, 2, 3, 3, 3, 0, 0, 0, 0, 1, 1, 1, 2, 0, 2, 0, 0, 0,
    ]  # fmt: skip
    assert np.flatnonzero(session.copies == 3).tolist() == [8, 9]
    assert session.copies.sum() == 24
    reasons = {name: rows.tolist() for name, rows in review.reasons().items()}
    assert reasons == {"too short": [3], "too plain": [14]}
    assert review.note(1) == "ask again, with an em dash — and a line\nbreak"
    assert review.tag_counts() == {"kitchen": 3}
    assert np.flatnonzero(review.tagged("kitchen")).tolist() == [1, 2, 18]
    assert session.edits.sample(7, Side.CHOSEN).prompt == "Describe a violin in two sentences."
    assert session.dataset.sample(7).prompt == "Describe a violin in one sentence."


def test_the_history_tells_who_when_and_what_was_on_screen(session: Session) -> None:
    review = session.review
    assert review.reviewers() == ["ann", "bob"]
    lines = [(line.aspect, line.old, line.new, line.event.who) for line in review.history(1)]
    assert lines[0][0] is Aspect.NOTE
    assert lines[1:] == [
        (Aspect.TAG, "", "kitchen", "ann"),
        (Aspect.VERDICT, "undecided", "reject", "bob"),
    ]
    rejected = review.history(1)[-1]
    assert rejected.event.at == "2026-11-30T22:09:29.975Z"
    assert rejected.score == pytest.approx(0.92215)
    assert rejected.undone is not None
    assert rejected.undone.kind is EventKind.UNDO
    seen = rejected.event.circumstances
    assert (seen.scorer, seen.side) == ("heuristic", Side.CHOSEN)
    assert seen.threshold == pytest.approx(0.92215)
    bulk = [line.event for line in review.history(10) if line.aspect is Aspect.VERDICT]
    assert [event.said.note for event in bulk] == ["like row 10"]


def test_orders_filters_and_settings_are_there(session: Session) -> None:
    order, check = session.orders.current, session.orders.check
    assert order is not None
    assert order.kind is OrderKind.LOWEST
    assert len(order.rows) == 20
    assert check is not None
    assert (check.rows.tolist(), check.seed, check.drawn_by) == ([11, 12, 5], 7, "ann")
    assert check.population == 11
    assert session.filters.all() == {"refused ones": "is:rejected and reason:any"}
    assert session.blind
    assert (session.duplicates.rule_on, session.duplicates.at) == (True, 0.8)


def test_scores_come_from_the_file(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise AssertionError("a sample was scored again")

    monkeypatch.setattr(HeuristicScorer, "score", refuse)
    session.start_scoring("heuristic", ScorerOptions())
    session.scoring.wait(lambda _: False)
    assert not session.failed.any()
    assert session.scores[[0, 10, 17]] == pytest.approx([0.92215, 0.94422, 0.0], abs=1e-5)
    session.threshold_choice.resolve()
    assert session.threshold_choice.text == "top 12"


def test_it_can_be_gone_on_with_and_undone_to_the_first_word(
    session: Session, dataset: Path
) -> None:
    review = session.review
    assert (review.undoable, review.redoable) == (16, 1)
    session.redo()
    assert session.verdicts[1] == Verdict.REJECT
    session.decide(np.array([2]), Verdict.ACCEPT)
    session.close()
    again = Session.open(dataset, OpenOptions(reviewer="cy"))
    assert again.verdicts[[1, 2]].tolist() == [Verdict.REJECT, Verdict.ACCEPT]
    while again.undo() is not None:
        pass
    assert not again.verdicts.any()
    assert not again.edits.revisions
    assert (again.copies == 1).all()
    assert not again.annotations.annotated().any()
    again.close()


def test_samples_are_found_in_a_file_that_was_sorted(dataset: Path) -> None:
    lines = dataset.read_text(encoding="utf-8").splitlines()
    before = np.array([1, 0, 0, 2, 3, 3, 3, 0, 0, 0, 0, 1, 1, 1, 2, 0, 2, 0, 0, 0])
    order = sorted(range(len(lines)), key=lines.__getitem__)  # of equal samples the shelf differs
    dataset.write_text("\n".join(lines[row] for row in order) + "\n", encoding="utf-8")
    session = Session.open(dataset, OpenOptions(reviewer="cy"))
    assert session.review.lost == 0
    alike = [14, 16, 18]  # one sample three times: which one is told by its place among them
    expected = before[order]
    places = [place for place, row in enumerate(order) if row in alike]
    expected[places] = before[alike]
    twice = [place for place, row in enumerate(order) if row in (0, 15)]
    expected[twice] = before[[0, 15]]
    assert session.verdicts.tolist() == expected.tolist()
    session.close()
