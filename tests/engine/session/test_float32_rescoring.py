"""Rows near the threshold: found, settled in float32, and kept so."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.editing import Part
from engine.errors import Cancelled, ScorerError, UsageError
from engine.review.threshold import Threshold
from engine.sample import Side
from engine.scoring.models.precision import Calibration
from engine.scoring.scorer import Encoded, Scored, ScoreKey, ScorerOptions
from engine.scoring.worker.worker import FINISHED, ScoringWorker, WorkerState
from engine.session import OpenOptions, Session, live_scoring
from engine.session.float32_rescoring import REACH, OnlyRows, uncertain_rows
from tests.engine.scoring.samples import FakeDataset, FakeScorer, random_samples

WAIT_S = 100.0
SHIFT = 0.3


def test_only_rows_within_reach_of_the_threshold_are_open() -> None:
    scores = np.array([0.0, 0.8, 1.0, 1.2, 1.5, np.nan], np.float32)
    exact = np.array([False, False, True, False, False, False])
    calibration = Calibration("bfloat16", 2.0, 0.125, 1.0)
    assert uncertain_rows(scores, exact, Threshold(1.0), calibration).tolist() == [1, 3]
    assert uncertain_rows(scores, exact, None, calibration).size == 0
    assert uncertain_rows(scores, exact, Threshold(1.0), None).size == 0


def test_only_the_rows_asked_for_are_read_and_broken_ones_never() -> None:
    dataset = FakeDataset(random_samples(10), broken=(4,))
    some = OnlyRows(dataset, np.array([2, 4, 7]))
    assert np.flatnonzero(~some.broken).tolist() == [2, 7]
    assert some.rows == 10


class Rounding(FakeScorer):
    """Scores the number in the answer, a little off in bfloat16."""

    def __init__(self, options: ScorerOptions) -> None:
        super().__init__()
        self.dtype = options.dtype or "bfloat16"
        self.calibration = Calibration("bfloat16", 2.0, SHIFT / REACH, 1.0)
        self.start_threshold = 5.0
        self.warnings = ()

    def key(self, side: Side) -> ScoreKey:
        return ScoreKey("fake", "1", dtype=self.dtype, side=side)

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored]:
        off = 0.25 if self.dtype == "bfloat16" else 0.0
        return [
            Scored(float(each.payload.response) + off, 1)  # type: ignore[attr-defined]
            for each in batch
        ]


def open_review(path: Path) -> Session:
    review = Session.open(path, OpenOptions(session=path.with_suffix(".db"), reviewer="t"))
    review.start_scoring("hf:any", ScorerOptions())
    review.scoring.wait(lambda _status: False)
    review.threshold_choice.resolve()
    return review


def test_settled_rows_are_scored_in_float32_and_stay_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Rounding] = []

    def make(_spec: str, *, options: ScorerOptions, **_: object) -> Rounding:
        made.append(Rounding(options))
        return made[-1]

    monkeypatch.setattr(live_scoring, "make_scorer", make)
    path = tmp_path / "rows.jsonl"
    answers = [str(number / 10) for number in range(100)]
    path.write_text(
        "\n".join(json.dumps({"prompt": f"q {each}", "response": each}) for each in answers)
    )
    review = open_review(path)
    threshold = review.threshold
    assert threshold is not None
    assert threshold.value == 5.0
    rows = review.scoring.uncertain(threshold)
    assert rows.tolist() == [45, 46, 47, 48, 49, 50]
    coarse = review.scoring.scores.copy()
    review.scoring.settle(rows)
    settling = review.scoring._settling
    assert settling is not None
    assert settling.join(WAIT_S)
    assert settling.status().state in FINISHED
    assert review.scoring.uncertain(threshold).size == 0
    expected = coarse.copy()
    expected[rows] -= np.float32(0.25)
    assert review.scoring.scores == pytest.approx(expected)
    with pytest.raises(UsageError, match="no row stands so near"):
        review.scoring.settle(review.scoring.uncertain(threshold))
    review.close()

    again = open_review(path)
    assert again.scoring.scores == pytest.approx(expected)
    assert again.scoring.uncertain(again.threshold).size == 0
    assert again.scoring.new_scores == 0
    again.close()


@pytest.fixture
def near(tmp_path: Path) -> Path:
    """Three rows, of which the last two are near the threshold of 5."""
    path = tmp_path / "rows.jsonl"
    rows = [{"prompt": f"q {each}", "response": each} for each in ("1", "5", "5.1")]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def settling_of(review: Session) -> ScoringWorker:
    assert review.scoring._settling is not None
    return review.scoring._settling


class Slow(Rounding):
    """Waits in its first batch, when it scores in float32."""

    def __init__(self, options: ScorerOptions, begun: threading.Event) -> None:
        super().__init__(options)
        self.begun = begun

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored]:
        if self.dtype == "float32":
            self.begun.set()
            assert self.gate.wait(WAIT_S)
        return super().score(batch)


def make_slow(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, list[Slow]]:
    """Let every scorer be a slow one: what the first batch in float32 sets, and those made."""
    begun = threading.Event()
    made: list[Slow] = []

    def make(_spec: str, *, options: ScorerOptions, **_: object) -> Slow:
        made.append(Slow(options, begun))
        made[-1].gate.clear()
        return made[-1]

    monkeypatch.setattr(live_scoring, "make_scorer", make)
    return begun, made


def test_a_float32_batch_that_lands_after_an_edit_does_not_touch_the_new_score(
    near: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, made = make_slow(monkeypatch)
    review = open_review(near)
    review.scoring.settle(np.array([1, 2]))
    late = settling_of(review)
    assert begun.wait(WAIT_S)
    review.edits.revise(1, Part.RESPONSE, "4.5")
    assert not late.join(0), "the desk does not wait for the batch"
    review.scoring.wait(lambda _status: False)
    assert review.scoring.scores.tolist() == pytest.approx([1.25, 4.75, 5.35])
    made[-1].gate.set()
    assert late.join(WAIT_S)
    assert review.scoring.scores.tolist() == pytest.approx([1.25, 4.75, 5.35])
    review.close()
    review = open_review(near)
    assert review.scoring.scores.tolist() == pytest.approx([1.25, 4.75, 5.1])
    review.edits.revise(1, Part.RESPONSE, "5")
    review.scoring.wait(lambda _status: False)
    review.close()
    review = open_review(near)
    assert review.scoring.scores.tolist() == pytest.approx([1.25, 5.0, 5.1]), "of the old text"
    review.close()


def test_the_desk_never_waits_for_a_float32_copy_that_is_loading(
    near: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    asked: list[Callable[[], None]] = []

    def make(
        _spec: str, *, options: ScorerOptions, check_wanted: Callable[[], None], **_: object
    ) -> Rounding:
        if options.dtype == "float32":
            asked.append(check_wanted)
            assert gate.wait(WAIT_S)
            check_wanted()
        return Rounding(options)

    monkeypatch.setattr(live_scoring, "make_scorer", make)
    monkeypatch.setattr(live_scoring, "STOP_WAIT_S", WAIT_S)
    review = open_review(near)
    review.scoring.settle(np.array([1, 2]))
    edited = settling_of(review)
    review.edits.revise(1, Part.RESPONSE, "4.5")
    assert edited.status().state is WorkerState.LOADING
    review.scoring.wait(lambda _status: False)
    review.scoring.settle(np.array([1, 2]))
    stopped = settling_of(review)
    review.scoring.stop()
    assert stopped.status().state is WorkerState.LOADING
    gate.set()
    for late in (edited, stopped):
        assert late.join(WAIT_S)
        assert late.status().state is WorkerState.CANCELLED
    for check_wanted in asked:
        with pytest.raises(Cancelled):
            check_wanted()
    assert review.scoring.scores.tolist() == pytest.approx([1.25, 4.75, 5.35])
    review.close()


def test_a_settled_row_is_open_again_when_its_text_is_another(
    near: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_scoring, "make_scorer", lambda *_, options, **__: Rounding(options))
    review = open_review(near)
    review.scoring.settle(np.array([1, 2]))
    assert settling_of(review).join(WAIT_S)
    review.edits.revise(1, Part.RESPONSE, "4.9")
    review.scoring.wait(lambda _status: False)
    assert review.scoring.uncertain(Threshold(5.0)).tolist() == [1]
    review.close()


def test_a_row_that_fails_in_float32_keeps_its_score_and_is_no_failure(
    near: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(Rounding):
        def score(self, batch: Sequence[Encoded]) -> Sequence[Scored]:
            if self.dtype == "float32":
                raise MemoryError
            return super().score(batch)

    monkeypatch.setattr(live_scoring, "make_scorer", lambda *_, options, **__: Failing(options))
    review = open_review(near)
    before = review.scoring.scores.tolist()
    review.scoring.settle(np.array([1, 2]))
    assert settling_of(review).join(WAIT_S)
    assert review.scoring.settle_failure.startswith("2 scores could not be had in float32")
    assert review.scoring.scores.tolist() == before
    assert not review.failed.any()
    coarse = review.scoring.worker
    assert coarse is not None
    coarse.retry(np.array([1, 2]))
    assert coarse.join(WAIT_S)
    assert (coarse.status().done, coarse.status().failed) == (3, 0)
    review.close()


def test_what_is_paused_is_the_worker_that_settles(
    near: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, made = make_slow(monkeypatch)
    review = open_review(near)
    assert review.scoring.at_work is review.scoring.worker
    review.scoring.settle(np.array([1, 2]))
    settling = settling_of(review)
    assert begun.wait(WAIT_S)
    assert review.scoring.at_work is settling
    settling.pause()
    made[-1].gate.set()
    with settling._changed:
        assert settling._changed.wait_for(
            lambda: settling.status().state is WorkerState.PAUSED, WAIT_S
        )
    assert review.scoring.status() == settling.status()
    settling.resume()
    assert settling.join(WAIT_S)
    assert review.scoring.at_work is review.scoring.worker
    review.close()


def test_nothing_is_settled_while_scoring_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def make(_spec: str, *, options: ScorerOptions, **_: object) -> Rounding:
        assert gate.wait(WAIT_S)
        return Rounding(options)

    monkeypatch.setattr(live_scoring, "make_scorer", make)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "q", "response": "5.0"}))
    review = Session.open(path, OpenOptions(session=tmp_path / "s.db", reviewer="t"))
    with pytest.raises(UsageError, match="nothing is being scored"):
        review.scoring.settle(np.array([0]))
    review.start_scoring("hf:any", ScorerOptions())
    with pytest.raises(UsageError, match="not ended"):
        review.scoring.settle(np.array([0]))
    gate.set()
    review.close()


def test_a_float32_model_that_cannot_be_had_is_a_message_and_the_scores_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(_spec: str, *, options: ScorerOptions, **_: object) -> Rounding:
        if options.dtype == "float32":
            raise ScorerError("the model is too large")
        return Rounding(options)

    monkeypatch.setattr(live_scoring, "make_scorer", make)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "q", "response": "4.9"}))
    review = open_review(path)
    assert review.scoring.settle_failure == ""
    review.scoring.settle(np.array([0]))
    settling = review.scoring._settling
    assert settling is not None
    assert settling.join(WAIT_S)
    assert "too large" in review.scoring.settle_failure
    status = review.scoring.status()
    assert status is not None
    assert status.state is WorkerState.DONE
    assert review.scoring.scores.tolist() == [pytest.approx(5.15)]
    assert review.scoring.uncertain(review.threshold).tolist() == [0]
    review.close()
