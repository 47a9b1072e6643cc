"""What is chosen for the review as a whole: on file when it should be, undone, there again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.duplicates.rule import Preference
from engine.duplicates.settings import ComparedUnit
from engine.errors import StoreError
from engine.review.decision import Aspect, EventKind, Verdict
from engine.review.threshold import Direction, Threshold
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.choices import SCORER, chosen_in
from engine.session.merge import merge
from engine.store import Store

ROWS = [
    {"prompt": f"ask {number}", "response": f"say {number}", "q": number / 10, "z": number}
    for number in range(10)
]


def at(*rows: int) -> Any:
    return np.array(rows, np.int64)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def opened(path: Path, scorer: str | None = None, **options: Any) -> Session:
    """A session, scored: with what it was scored with the last time, unless another is named."""
    session = Session.open(path, OpenOptions(**{"reviewer": "ann", **options}))
    session.start_scoring(scorer)
    session.scoring.wait(lambda _: False)
    session.threshold_choice.resolve()
    return session


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    session = opened(path, "column:q")
    yield session
    session.close()


def aspects(session: Session) -> list[str]:
    return [str(event.said.aspect) for event in session.review.events]


def test_a_nudge_is_taken_back_before_an_older_verdict(session: Session) -> None:
    session.decide(at(2), Verdict.REJECT)
    session.annotations.code("wrong")
    start = session.threshold
    session.move_threshold(">= 0.5")
    change = session.undo()
    assert change is not None
    assert change.aspect is Aspect.THRESHOLD
    assert session.threshold == start
    assert session.review.reason(2) == "wrong"
    change = session.undo()
    assert change is not None
    assert (change.verdict, change.reason, change.rows.tolist()) == (Verdict.REJECT, "wrong", [2])
    assert not session.verdicts.any()
    assert session.undo() is None
    change = session.redo()
    assert change is not None
    assert (change.reason, session.review.reason(2)) == ("wrong", "wrong")
    session.redo()
    assert session.threshold == Threshold(0.5)


def test_a_run_of_nudges_is_one_step_and_nothing_is_written_while_it_lasts(
    session: Session,
) -> None:
    for value in range(20):
        session.move_threshold(f">= {value / 20}")
    assert not session.review.events
    assert session.undoable
    session.choices.keep_if_due(now_s=0.0)
    assert not session.review.events, "it has not paused yet"
    session.choices.keep_if_due(now_s=float("inf"))
    assert [event.said.text for event in session.review.events] == [">= 0.95"]
    session.move_threshold(">= 0.1")
    session.move_threshold("<= 0.3")
    session.annotations.tag(at(1), "x")
    session.move_threshold("<= 0.3")
    session.annotations.set_note(1, "odd")
    assert aspects(session) == ["threshold", "threshold", "tag", "note"], "the last changed nothing"
    seen = session.review.events[1].circumstances
    assert (seen.threshold, seen.direction) == (0.95, Direction.AT_LEAST)


def test_a_run_that_has_not_ended_is_written_when_the_session_is_closed(path: Path) -> None:
    session = opened(path, "column:q")
    session.move_threshold(">= 0.25")
    session.close()
    session = opened(path)
    assert session.threshold == Threshold(0.25)
    assert session.undo() is not None
    assert session.threshold is not None
    assert session.threshold.guess
    session.close()


def test_a_start_value_is_no_event_and_a_scorer_of_the_first_visit_is_not_undone(
    session: Session,
) -> None:
    session.decide(at(1), Verdict.ACCEPT)
    assert aspects(session) == ["verdict"]
    session.undo()
    assert session.undo() is None
    assert session.scoring.spec == "column:q"


def test_another_scorer_is_a_step_and_each_has_its_own_threshold(path: Path) -> None:
    session = opened(path, "column:q")
    session.set_threshold("0.5")
    session.start_scoring("column:z")
    session.scoring.wait(lambda _: False)
    session.set_threshold("7")
    session.close()
    session = opened(path)
    assert (session.scoring.spec, session.threshold) == ("column:z", Threshold(7.0))
    for spec, threshold in (("column:z", None), ("column:q", 0.5), ("column:q", None)):
        session.undo()
        session.scoring.wait(lambda _: False)
        held = session.threshold_choice.resolve()
        assert session.scoring.spec == spec
        assert held is not None
        assert held.guess == (threshold is None)
        assert threshold in (None, held.value)
    for _ in range(3):
        session.redo()
    assert (session.scoring.spec, session.threshold_choice.text) == ("column:z", ">= 7")
    session.close()


def test_a_scorer_that_is_still_being_loaded_is_what_undo_takes_back(session: Session) -> None:
    session.decide(at(3), Verdict.ACCEPT)
    session.start_scoring("hf:no/such-model")
    assert session.scoring.is_switching
    change = session.undo()
    assert change is not None
    assert change.aspect is Aspect.FOCUS
    assert session.scoring.spec == "column:q"
    assert session.verdicts[3] == Verdict.ACCEPT


def test_a_scorer_that_cannot_be_loaded_is_not_chosen(path: Path) -> None:
    session = opened(path, "column:q")
    session.start_scoring("column:missing")
    assert session.scoring.worker is not None
    session.scoring.worker.join(60)
    session.close()
    assert json.loads(str(chosen_in(session.store.path, Aspect.FOCUS, SCORER))) == {
        "scorer": "column:q"
    }


def test_rule_and_similarity_are_switched_and_undone_as_one(session: Session) -> None:
    duplicates = session.duplicates
    duplicates.set_rule(0.9)
    assert aspects(session) == ["similarity", "rule"]
    duplicates.prefer(Preference.LAST)
    session.undo()
    assert duplicates.preferences[0] is Preference.SCORE
    assert (duplicates.rule_on, duplicates.at) == (True, 0.9)
    session.undo()
    assert (duplicates.rule_on, duplicates.at) == (False, 0.8)
    session.redo()
    assert (duplicates.rule_on, duplicates.at) == (True, 0.9)
    duplicates.wait(lambda _: None)


def test_a_cluster_that_was_cut_is_whole_again_after_undo(session: Session) -> None:
    duplicates = session.duplicates
    duplicates.search()
    duplicates.wait(lambda _: None)
    found = duplicates.clusters_of(ComparedUnit.PROMPT)
    assert found is not None
    duplicates.splits.split(ComparedUnit.BOTH, at(1, 2), 1, 0.95)
    session.decide(at(4), Verdict.ACCEPT)
    assert duplicates.splits.of(ComparedUnit.BOTH, 2) == 0.95
    session.undo()
    session.undo()
    assert duplicates.splits.of(ComparedUnit.BOTH, 2) is None
    session.redo()
    assert duplicates.splits.of(ComparedUnit.BOTH, 2) == 0.95


def test_the_side_is_a_step(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    row = {"prompt": "ask", "chosen": "good", "rejected": "bad"}
    path.write_text("".join(json.dumps({**row, "q": n}) + "\n" for n in range(3)))
    session = opened(path, "column:q")
    session.review_side(Side.REJECTED)
    session.decide(at(1), Verdict.REJECT)
    session.close()
    session = opened(path)
    session.undo()
    assert session.side is Side.REJECTED
    session.undo()
    assert session.side is Side.CHOSEN
    session.close()
    assert opened(path).side is Side.CHOSEN


def test_settings_of_earlier_versions_are_what_held_before_the_first_event(path: Path) -> None:
    file = path.with_name("old.db")
    with Store.open(file, reviewer="ann") as store:
        old = {
            "scorer": "column:q", "scorer options": {"max_length": 0, "dtype": ""},
            "threshold of column:q (chosen)": "<= 0.3", "duplicates dropped": True,
            "duplicates at": 0.9, "keeper": ["longest", "score", "first"],
        }  # fmt: skip
        for name, value in old.items():
            store.set_setting(name, value)
    session = opened(path, session=file)
    held = Threshold(0.3, Direction.AT_MOST)
    assert (session.scoring.spec, session.threshold) == ("column:q", held)
    duplicates = session.duplicates
    assert (duplicates.rule_on, duplicates.at) == (True, 0.9)
    assert duplicates.preferences[0] is Preference.LONGEST
    assert not session.review.events
    session.set_threshold("0.6")
    duplicates.set_rule(None)
    session.close()
    session = opened(path, session=file)
    assert session.threshold == Threshold(0.6)
    assert not session.duplicates.rule_on
    session.undo()
    assert session.duplicates.rule_on
    session.undo()
    assert session.threshold == held
    assert session.undo() is None
    session.close()


def test_whoever_looks_at_the_session_sees_the_same_threshold(path: Path) -> None:
    session = opened(path, "column:q")
    session.set_threshold("0.5")
    session.set_threshold("0.7")
    session.undo()
    file = session.store.path
    assert chosen_in(file, Aspect.THRESHOLD, "column:q (chosen)") == ">= 0.5"
    reader = opened(path, read_only=True, reviewer="bob")
    assert reader.threshold == Threshold(0.5)
    reader.close()
    session.close()
    other = opened(path, "column:q", reviewer="bob", session=path.with_name("bob.db"))
    other.decide(at(0), Verdict.ACCEPT)
    other.close()
    merged = path.with_name("both.db")
    merge([other.store.path, file], merged, reviewer="cy")
    both = opened(path, session=merged)
    assert both.scoring.spec == "column:q"
    assert both.threshold == Threshold(0.5)
    assert both.undo() is None, "what came before the merge is history"
    both.close()


def test_other_columns_are_a_step_that_opening_again_follows(path: Path) -> None:
    def columns(mapping: ColumnMapping, **more: Any) -> Session:
        return opened(path, "none", reading=ReadOptions(mapping=mapping), **more)

    named = ColumnMapping(prompt=("response",), response="prompt")
    opened(path, "none").close()
    session = columns(named, columns_chosen=True)
    session.decide(at(1), Verdict.ACCEPT)
    session.close()
    session = opened(path)
    assert session.dataset.sample(1).prompt == "say 1"
    session.undo()
    change = session.undo()
    assert change is not None
    assert change.aspect is Aspect.MAPPING
    assert session.chosen_mapping == ColumnMapping()
    session.close()
    session = opened(path)
    assert session.dataset.sample(1).prompt == "ask 1"
    session.redo()
    assert session.chosen_mapping == named
    session.close()
    session = columns(ColumnMapping(), columns_chosen=True)
    assert session.dataset.sample(1).prompt == "ask 1"
    assert aspects(session)[-1] == "mapping"
    session.close()


def test_what_cannot_be_written_is_told_and_not_taken_for_undone(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.decide(at(1), Verdict.ACCEPT)

    def full(*_: object) -> None:
        raise StoreError("decision not saved: disk full")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "append", full)
        session.move_threshold(">= 0.2")
        session.choices.keep_if_due(now_s=float("inf"))
        assert "decision not saved: disk full" in session.notices
        with pytest.raises(StoreError):
            session.undo()
        with pytest.raises(StoreError):
            session.set_threshold("0.9")
        with pytest.raises(StoreError):
            session.duplicates.set_rule(0.9)
    assert session.threshold == Threshold(0.2)
    assert not session.duplicates.rule_on
    assert session.verdicts[1] == Verdict.ACCEPT
    change = session.undo()
    assert change is not None
    assert change.aspect is Aspect.THRESHOLD


def test_the_log_has_everything_the_newest_first(session: Session) -> None:
    session.decide(at(1), Verdict.REJECT)
    session.set_threshold("0.4")
    session.undo()
    told = [
        (line.event.kind, str(line.decision.said.aspect), line.stands)
        for line in session.review.log()
    ]
    assert told == [
        (EventKind.UNDO, "threshold", True),
        (EventKind.DECIDE, "threshold", False),
        (EventKind.DECIDE, "verdict", True),
    ]
    assert {line.event.who for line in session.review.log()} == {"ann"}
