"""Results read late, and one model on several devices; the devices are stand-ins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ScorerError
from engine.sample import Sample, Side
from engine.scoring.models import devices
from engine.scoring.models.devices import (
    LEAST_TOKENS,
    MOST_TOKENS,
    SeveralDevices,
    fitting_tokens,
    on_every_device,
)
from engine.scoring.scorer import Encoded, Failed, Scored, ScorerOptions
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.worker import ScoringWorker, WorkerState
from tests.engine.scoring.samples import FakeDataset, FakeScorer, random_samples
from tests.engine.scoring.worker.test_worker import Saved, board_for, wait_for

WAIT_S = 100.0


class Late(FakeScorer):
    """Computes a batch when its result is read, and notes the order of things."""

    def __init__(self, token_budget: int = 40, in_flight: int = 3) -> None:
        super().__init__(token_budget)
        self.in_flight = in_flight
        self.launched = self.read = self.most = 0
        self.at_launch: Callable[[Sequence[Encoded]], None] = lambda _batch: None

    def launch(self, batch: Sequence[Encoded]) -> Callable[[], Sequence[Scored | Failed]]:
        self.at_launch(batch)
        self.launched += 1
        self.most = max(self.most, self.launched - self.read)

        def wait() -> Sequence[Scored | Failed]:
            self.read += 1
            return self.score(batch)

        return wait


@pytest.fixture
def dataset() -> FakeDataset:
    return FakeDataset(random_samples(300, seed=20, longest=12))


def scored_once(dataset: FakeDataset, board: ScoreBoard, saved: Saved) -> None:
    assert board.scores[0].tolist() == [len(s.response) for s in dataset.samples(range(300))]
    assert sorted(saved.rows[Side.CHOSEN]) == list(range(300))


@pytest.mark.parametrize("in_flight", [1, 2, 3])
def test_results_are_read_when_the_next_batches_are_on_their_way(
    dataset: FakeDataset, in_flight: int
) -> None:
    scorer, board, saved = Late(in_flight=in_flight), board_for(dataset), Saved()
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    worker.focus(np.arange(50, 70))
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    scored_once(dataset, board, saved)
    assert worker.status().done == 300
    assert scorer.launched == scorer.read
    assert scorer.most == (in_flight if in_flight > 1 else 0)


@given(
    views=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 290)), max_size=6),
    in_flight=st.integers(2, 4),
)
def test_another_view_scores_nothing_twice(views: list[tuple[int, int]], in_flight: int) -> None:
    dataset = FakeDataset(random_samples(300, seed=20, longest=12))
    scorer, board, saved = Late(in_flight=in_flight), board_for(dataset), Saved()
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    wishes = dict(views)

    def look(_batch: Sequence[Encoded]) -> None:
        if scorer.launched in wishes:
            at = wishes[scorer.launched]
            worker.focus(np.arange(at, at + 30))

    scorer.at_launch = look
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert sorted(scorer.order) == list(range(300))
    scored_once(dataset, board, saved)


@pytest.mark.parametrize("late", [False, True], ids=["at launch", "at reading"])
def test_memory_that_runs_out_cuts_the_batch(dataset: FakeDataset, *, late: bool) -> None:
    scorer, board, saved = Late(4_096, in_flight=2), board_for(dataset), Saved()

    def tight(samples: Sequence[Sample]) -> None:
        if len(samples) * max(len(each.response.split()) for each in samples) > 100:
            raise RuntimeError("CUDA error: out of memory")

    if late:
        scorer.before = tight
    else:
        scorer.at_launch = lambda batch: tight([each.payload for each in batch])  # type: ignore[misc]
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert worker.status().failed == 0
    scored_once(dataset, board, saved)


def test_a_pause_and_a_cancel_wait_for_what_is_on_its_way(dataset: FakeDataset) -> None:
    scorer, board, saved = Late(8, in_flight=3), board_for(dataset), Saved()
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    scorer.at_launch = lambda _batch: worker.pause() if scorer.launched == 4 else None
    worker.start()
    wait_for(lambda: worker.status().state is WorkerState.PAUSED)
    assert scorer.launched == scorer.read == 5
    assert len(saved.rows[Side.CHOSEN]) == int((~np.isnan(board.scores)).sum()) > 0
    scorer.at_launch = lambda _batch: worker.cancel() if scorer.launched == 8 else None
    worker.resume()
    assert worker.join(WAIT_S)
    assert worker.status().state is WorkerState.CANCELLED
    assert scorer.launched == scorer.read == 9
    assert len(saved.rows[Side.CHOSEN]) == int((~np.isnan(board.scores)).sum())
    assert scorer.closed


def test_several_devices_work_at_the_same_time_and_score_alike(dataset: FakeDataset) -> None:
    together = threading.Barrier(2)
    met: list[int] = []

    def meet(_batch: Sequence[Sample]) -> None:
        if not met:
            together.wait(WAIT_S)
            met.append(1)

    copies = [FakeScorer(40), FakeScorer(40)]
    for copy in copies:
        copy.before = meet
    board, saved = board_for(dataset), Saved()
    worker = ScoringWorker(dataset, board, lambda: SeveralDevices(copies), on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert worker.join(WAIT_S)
    assert met
    scored_once(dataset, board, saved)
    assert all(copy.batches and copy.closed for copy in copies)
    assert sorted([*copies[0].order, *copies[1].order]) == list(range(300))
    assert worker.status().device == "2 GPUs"


def test_a_device_that_fails_costs_only_its_rows(dataset: FakeDataset) -> None:
    copies = [FakeScorer(40), FakeScorer(40)]

    def stumble(batch: Sequence[Sample]) -> None:
        if any(each.row == 7 for each in batch):
            raise RuntimeError("bad row")

    for copy in copies:
        copy.before = stumble
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, lambda: SeveralDevices(copies))
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert np.flatnonzero(board.failed[0]).tolist() == [7]
    assert np.flatnonzero(np.isnan(board.scores[0])).tolist() == [7]


def test_every_gpu_gets_a_copy_unless_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    made: list[FakeScorer] = []

    def load(_name: str, options: ScorerOptions) -> FakeScorer:
        asked.append(options.device)
        if options.device == "cuda:2":
            raise ScorerError("too large")
        made.append(FakeScorer())
        return made[-1]

    monkeypatch.setattr(devices, "gpus", lambda: 2)
    assert isinstance(on_every_device("m", ScorerOptions(), load), SeveralDevices)
    assert asked == ["cuda:0", "cuda:1"]
    assert on_every_device("m", ScorerOptions(device="cuda:1"), load) is made[-1]
    assert on_every_device("m", ScorerOptions(device="cpu"), load) is made[-1]
    made.clear()
    monkeypatch.setattr(devices, "gpus", lambda: 3)
    with pytest.raises(ScorerError, match="too large"):
        on_every_device("m", ScorerOptions(device="cuda"), load)
    assert [each.closed for each in made] == [True, True]
    monkeypatch.setattr(devices, "gpus", lambda: 1)
    assert on_every_device("m", ScorerOptions(), load) is made[-1]


@given(free=st.integers(0, 2**40), each=st.floats(0, 1e9))
def test_a_budget_fits_into_memory(free: int, each: float) -> None:
    tokens = fitting_tokens(free, each, 4_096)
    if each < 1:
        assert tokens == 4_096
    else:
        assert LEAST_TOKENS <= tokens <= MOST_TOKENS
        assert tokens == LEAST_TOKENS or 2 * tokens * each <= free
