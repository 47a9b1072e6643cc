"""A session that was scored shows its scores before anything is loaded, and without it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dataset.editing import Part
from engine.errors import ScorerError
from engine.review.threshold import Direction, Threshold
from engine.sample import Sample, Side
from engine.scoring.kinds import ScorerKind, find_kind
from engine.scoring.models.precision import Calibration
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey, ScorerOptions
from engine.scoring.worker.worker import WorkerState
from engine.session import OpenOptions, Session, live_scoring

WAIT_S = 60.0


class Model:
    """Scores the number at the end of a response; fails where it is 3."""

    name = "hf:model"
    label = "model · float32"
    device = "cuda:0"
    start_threshold: float | None = 1.5
    direction = Direction.AT_MOST
    warnings: tuple[str, ...] = ("read with care",)
    token_budget = 100
    calibration: Calibration | None = None

    def __init__(self, revision: str = "one") -> None:
        self._revision = revision

    def key(self, side: Side) -> ScoreKey:
        return ScoreKey("hf:model", self._revision, side=side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        return [Encoded(3, payload=int(each.response.split()[-1])) for each in samples]

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        numbers = [int(str(each.payload)) for each in batch]
        return [Failed("no threes") if number == 3 else Scored(number, 3) for number in numbers]

    def close(self) -> None:
        pass


class Bench:
    """The one scorer that can be made here, and how often it was."""

    def __init__(self) -> None:
        self.loads = 0
        self.revision = "one"
        self.broken = ""
        self.unreachable = False
        self.gate = threading.Event()
        self.gate.set()

    def make(self, *_: Any, check_wanted: Callable[[], None], **__: Any) -> Model:
        while not self.gate.wait(0.01):
            check_wanted()
        if self.broken:
            raise ScorerError(self.broken)
        self.loads += 1
        return Model(self.revision)

    def kind(self, _spec: str) -> ScorerKind:
        found = find_kind("hf:model")
        assert found is not None

        def revision(*_: object) -> str:
            if self.unreachable:
                raise ScorerError("model not on disk")
            return self.revision

        return replace(found, revision=revision)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench()
    monkeypatch.setattr(live_scoring, "make_scorer", bench.make)
    monkeypatch.setattr(live_scoring, "find_kind", bench.kind)
    yield bench
    bench.gate.set()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return written(tmp_path / "a.jsonl", [0, 1, 2, 4])


def written(path: Path, numbers: Sequence[int]) -> Path:
    rows = [{"prompt": f"count {number}", "response": f"it is {number}"} for number in numbers]
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def opened(data: Path, *, retry_failed: bool = False, **options: Any) -> Session:
    session = Session.open(data, OpenOptions())
    session.start_scoring("hf:model", ScorerOptions(**options), retry_failed=retry_failed)
    return session


def finished(session: Session) -> Session:
    status = session.scoring.wait(lambda _: False)
    assert status is not None
    assert status.state is WorkerState.DONE
    session.threshold_choice.resolve()
    return session


def test_nothing_is_loaded_where_nothing_is_left_to_score(data: Path, bench: Bench) -> None:
    finished(opened(data)).close()
    assert bench.loads == 1
    bench.gate.clear()
    session = finished(opened(data))
    assert bench.loads == 1
    assert session.scores.tolist() == [0, 1, 2, 4]
    assert session.scoring.tokens.tolist() == [3] * 4
    assert not session.scoring.estimated.any()
    assert session.threshold == Threshold(1.5, Direction.AT_MOST)
    status = session.scoring.status()
    assert status is not None
    assert (status.scorer, status.done, status.warnings) == (Model.label, 4, Model.warnings)
    key = session.scoring.key
    assert key is not None
    assert (key.scorer, key.revision) == ("hf:model", "one")
    session.close()


def test_scores_are_there_while_the_model_loads_for_what_is_left(data: Path, bench: Bench) -> None:
    finished(opened(data)).close()
    written(data, [0, 7, 1, 2, 4])
    bench.gate.clear()
    session = opened(data)
    worker = session.scoring.worker
    assert worker is not None
    while worker.status().state is not WorkerState.LOADING or not worker.cache_applied:
        worker.join(0.01)
    assert np.isnan(session.scores).tolist() == [False, True, False, False, False]
    bench.gate.set()
    assert finished(session).scores.tolist() == [0, 7, 1, 2, 4]
    assert (bench.loads, session.scoring.new_scores) == (2, 1)
    session.close()


def test_an_edit_loads_it(data: Path, bench: Bench) -> None:
    finished(opened(data)).close()
    session = finished(opened(data))
    session.edits.revise(1, Part.RESPONSE, "it is 9")
    assert finished(session).scores.tolist() == [0, 9, 2, 4]
    assert bench.loads == 2
    session.close()


@pytest.mark.parametrize("change", ["another model there", "another length"])
def test_another_model_is_loaded(data: Path, bench: Bench, change: str) -> None:
    finished(opened(data)).close()
    if change == "another length":
        session = finished(opened(data, max_length=64))
        assert session.scoring.new_scores == 0, "this one has the same key all the same"
    else:
        bench.revision = "two"
        session = finished(opened(data))
        assert session.scoring.new_scores == 4
    assert bench.loads == 2
    session.close()


def test_scores_stand_where_the_model_is_gone(data: Path, bench: Bench) -> None:
    finished(opened(data)).close()
    bench.unreachable, bench.broken = True, "model not on disk"
    session = finished(opened(data))
    assert session.scores.tolist() == [0, 1, 2, 4]
    session.close()
    written(data, [0, 7, 1, 2, 4])
    session = opened(data)
    with pytest.raises(ScorerError, match="not on disk"):
        session.scoring.wait(lambda _: False)
    assert np.isnan(session.scores).tolist() == [False, True, False, False, False]
    assert session.fall_back() == ""
    session.close()


def test_one_that_turns_out_another_when_it_is_loaded_scores_everything(
    data: Path, bench: Bench
) -> None:
    finished(opened(data)).close()
    written(data, [0, 7, 1, 2, 4])
    bench.unreachable = True
    bench.revision = "two"
    session = finished(opened(data))
    assert session.scores.tolist() == [0, 7, 1, 2, 4]
    assert session.scoring.new_scores == 5
    session.close()


def test_rows_that_failed_wait_for_a_retry_where_nothing_else_is_left(
    data: Path, bench: Bench
) -> None:
    written(data, [0, 3, 2])
    finished(opened(data)).close()
    session = finished(opened(data))
    assert bench.loads == 1
    assert session.failed.tolist() == [False, True, False]
    assert session.board.reasons == {(0, 1): "no threes"}
    assert session.summary().failed == 1
    worker = session.scoring.worker
    assert worker is not None
    worker.retry(np.arange(3))
    finished(session)
    assert bench.loads == 2
    assert session.failed.tolist() == [False, True, False]
    session.close()
    finished(opened(data, retry_failed=True)).close()
    assert bench.loads == 3, "a command tries them again"


def test_one_that_is_only_known_can_be_cancelled(data: Path, bench: Bench) -> None:
    finished(opened(data)).close()
    session = finished(opened(data))
    worker = session.scoring.worker
    assert worker is not None
    worker.cancel()
    assert worker.join(WAIT_S)
    assert worker.status().state is WorkerState.CANCELLED
    assert bench.loads == 1
    session.close()


def test_facts_of_another_version_are_no_facts(data: Path, bench: Bench) -> None:
    finished(opened(data)).close()
    session = Session.open(data, OpenOptions())
    name = "facts of hf:model"
    facts = session.store.get_setting(name)
    assert facts["label"] == Model.label
    others: list[Any] = [{**facts, "more": 1}, {**facts, "keys": [{}]}, {"options": {}}, [], "x"]
    for damaged in others:
        session.store.set_setting(name, damaged)
        session.start_scoring("hf:model")
        finished(session)
    assert bench.loads == 6
    session.close()
