"""Rows near the threshold: found, settled in float32, and kept so."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ScorerError, UsageError
from engine.sample import Side
from engine.scoring.precision import Calibration
from engine.scoring.scorer import Encoded, Scored, ScoreKey, ScorerOptions
from engine.scoring.worker import SETTLED, WorkerState
from engine.session import OpenOptions, Session, live_scoring
from engine.session.exactness import REACH, OnlyRows, uncertain_rows
from engine.threshold import Threshold
from tests.engine.scoring.samples import FakeDataset, FakeScorer, random_samples

WAIT_S = 30.0
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
    assert settling.status().state in SETTLED
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
