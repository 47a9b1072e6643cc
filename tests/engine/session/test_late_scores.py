"""What comes late: an edit while nobody looks, a batch after an edit, a model after a choice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.editing import Part
from engine.errors import Cancelled, ScorerError
from engine.sample import Sample
from engine.scoring.worker.worker import ScoringWorker, WorkerState
from engine.session import OpenOptions, Session, live_scoring
from tests.engine.scoring.samples import FakeScorer

WAIT_S = 60.0
LONGER = "an answer of quite another length"

Load = Callable[[Callable[[], None]], FakeScorer]
"""Makes a scorer; asks what it is given whether it is still wanted."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"prompt": "q", "response": "r" * n}) + "\n"
                            for n in range(1, 9)))  # fmt: skip
    return path


@pytest.fixture
def scorers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Load]:
    """What each spec loads."""
    found: dict[str, Load] = {}

    def make(spec: str, *, check_wanted: Callable[[], None], **_: object) -> FakeScorer:
        return found[spec](check_wanted)

    monkeypatch.setattr(live_scoring, "make_scorer", make)
    return found


def opened(path: Path) -> Session:
    return Session.open(path, OpenOptions(session=path.with_suffix(".db"), reviewer="t"))


def worker_of(session: Session) -> ScoringWorker:
    assert session.scoring.worker is not None
    return session.scoring.worker


def until(worker: ScoringWorker, condition: Callable[[], bool]) -> None:
    with worker._changed:
        assert worker._changed.wait_for(condition, WAIT_S)


def scored(session: Session, spec: str) -> list[float]:
    session.start_scoring(spec)
    assert worker_of(session).join(WAIT_S)
    return [float(score) for score in session.scores]


def test_an_edit_while_paused_takes_its_score_at_once_and_is_read_by_the_next_scorer(
    data: Path, scorers: dict[str, Load]
) -> None:
    first = FakeScorer()
    scorers.update({"one": lambda _: first, "two": lambda _: FakeScorer()})
    session = opened(data)
    first.before = lambda _batch: worker_of(session).pause()
    session.start_scoring("one")
    worker = worker_of(session)
    until(worker, lambda: worker.status().state is WorkerState.PAUSED)
    before = session.scores.copy()
    assert np.isfinite(before).any()
    row = int(np.flatnonzero(np.isfinite(before))[0])
    session.edits.revise(row, Part.RESPONSE, LONGER)
    until(worker, lambda: bool(np.isnan(session.scores[row])))
    assert worker.status().state is WorkerState.PAUSED
    assert scored(session, "two")[row] == len(LONGER)
    session.close()


def test_an_edit_while_a_scorer_loads_is_read_by_the_one_that_comes_back(
    data: Path, scorers: dict[str, Load]
) -> None:
    gate = threading.Event()

    def fail(_: Callable[[], None]) -> FakeScorer:
        assert gate.wait(WAIT_S)
        raise ScorerError("it is damaged")

    scorers.update({"one": lambda _: FakeScorer(), "two": fail})
    session = opened(data)
    assert scored(session, "one")[3] == 4.0
    session.start_scoring("two")
    failing = worker_of(session)
    session.edits.revise(3, Part.RESPONSE, LONGER)
    gate.set()
    assert failing.join(WAIT_S)
    assert session.fall_back() == "one"
    assert worker_of(session).join(WAIT_S)
    assert session.scores[3] == len(LONGER)
    session.close()


def test_an_edit_after_the_end_of_scoring_leaves_no_score(
    data: Path, scorers: dict[str, Load]
) -> None:
    scorers["one"] = lambda _: FakeScorer()
    session = opened(data)
    before = scored(session, "one")
    session.scoring.stop()
    session.edits.revise(3, Part.RESPONSE, LONGER)
    assert np.flatnonzero(np.isnan(session.scores)).tolist() == [3]
    session.undo()
    assert scored(session, "one") == before
    session.close()


def test_a_batch_that_lands_after_an_edit_is_kept_for_the_text_it_read(
    data: Path, scorers: dict[str, Load], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_scoring, "STOP_WAIT_S", 0.0)
    begun, gate = threading.Event(), threading.Event()

    def wait(_batch: list[Sample]) -> None:
        begun.set()
        assert gate.wait(WAIT_S)

    slow, quick = FakeScorer(10_000), FakeScorer()
    slow.before = wait
    scorers.update({"slow": lambda _: slow, "quick": lambda _: quick})
    session = opened(data)
    session.start_scoring("slow")
    late = worker_of(session)
    assert begun.wait(WAIT_S)
    session.scoring.stop()
    session.edits.revise(3, Part.RESPONSE, LONGER)
    gate.set()
    assert late.join(WAIT_S)
    assert np.isnan(session.scores[3]), "the text that was scored is not there any more"
    assert scored(session, "quick")[3] == len(LONGER)
    assert quick.order == [3], "the scores of the others were kept"
    for spec in ("slow", "slow"):  # the scorer, then the edit
        session.undo()
        assert session.scoring.spec == spec
    assert worker_of(session).join(WAIT_S)
    assert session.scores[3] == 4.0
    session.close()


@pytest.mark.parametrize("ends", ["close", "stop", "another"])
def test_a_model_that_comes_too_late_is_let_go_and_nobody_hears_of_it(
    data: Path, scorers: dict[str, Load], monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    crashed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", crashed.append)
    monkeypatch.setattr(live_scoring, "STOP_WAIT_S", WAIT_S)
    loading, gate, model = threading.Event(), threading.Event(), FakeScorer()
    wanted: list[bool] = []

    def load(check_wanted: Callable[[], None]) -> FakeScorer:
        check_wanted()
        loading.set()
        assert gate.wait(WAIT_S)
        try:
            check_wanted()
        except Cancelled:
            wanted.append(False)
        return model

    scorers.update({"late": load, "other": lambda _: FakeScorer()})
    session = opened(data)
    before = scored(session, "other")
    session.start_scoring("late")
    late = worker_of(session)
    assert loading.wait(WAIT_S)
    if ends == "close":
        session.close()
    elif ends == "stop":
        session.scoring.stop()
    else:
        assert scored(session, "other") == before
    assert not gate.is_set(), "nobody waited for it"
    gate.set()
    assert late.join(WAIT_S)
    assert late.status().state is WorkerState.CANCELLED
    assert late.status().message == ""
    assert model.closed
    assert wanted == [False]
    assert not model.batches
    assert crashed == []
    assert (session.scoring.scorer is model) is False
    assert (session.scoring.scorer is not None) == (ends == "another")
    session.close()
    session = opened(data)
    assert session.scoring.last_spec == "other"
    session.close()


def test_a_batch_that_lands_after_the_session_was_closed_ends_silently(
    data: Path, scorers: dict[str, Load], monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", crashed.append)
    monkeypatch.setattr(live_scoring, "STOP_WAIT_S", 0.0)
    begun, gate, slow = threading.Event(), threading.Event(), FakeScorer(10_000)

    def wait(_batch: list[Sample]) -> None:
        begun.set()
        assert gate.wait(WAIT_S)

    slow.before = wait
    scorers["slow"] = lambda _: slow
    session = opened(data)
    session.start_scoring("slow")
    late = worker_of(session)
    assert begun.wait(WAIT_S)
    session.close()
    gate.set()
    assert late.join(WAIT_S)
    assert slow.closed, "the memory is free though nothing could be saved"
    assert crashed == []


def test_an_explanation_is_told_though_the_scorer_is_taken_away_meanwhile(data: Path) -> None:
    session = opened(data)
    session.start_scoring("heuristic")
    assert worker_of(session).join(WAIT_S)
    scorer = session.scoring.scorer
    assert scorer is not None
    key = scorer.key(session.side)

    def taken_away(_: object) -> object:
        session.scoring.stop()
        return key

    scorer.key = taken_away  # type: ignore[method-assign, assignment]
    assert session.scoring.explain(0)
    session.close()
