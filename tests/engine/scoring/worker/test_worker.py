"""The worker: order, pauses, failures; a scorer that does what the test says, no real model."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.errors import ScorerError
from engine.review.threshold import Direction
from engine.sample import Sample, Side
from engine.scoring.heuristic import HeuristicScorer
from engine.scoring.scorer import Encoded, Failed, Scored, Scorer, ScorerFacts
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.cached import ScoreLookup
from engine.scoring.worker.worker import ScoringWorker, WorkerState
from engine.ui_priority import NICENESS, UiPriority
from tests.engine.scoring.samples import FakeDataset, FakeScorer, random_samples, sample

WAIT_S = 100.0


class Saved:
    """Remembers what the worker handed over."""

    def __init__(self) -> None:
        self.rows: dict[Side, list[int]] = {Side.CHOSEN: [], Side.REJECTED: []}
        self.scores: dict[tuple[Side, int], float] = {}
        self.calls = 0

    def __call__(
        self,
        _scorer: Scorer,
        side: Side,
        rows: NDArray[np.int64],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        lengths: NDArray[np.int32],
    ) -> None:
        assert len(rows) == len(scores) == len(tokens) == len(lengths)
        self.calls += 1
        self.rows[side] += rows.tolist()
        for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
            self.scores[side, row] = score


def board_for(dataset: FakeDataset) -> ScoreBoard:
    return ScoreBoard(dataset.rows, 2 if dataset.has_sides else 1, dataset.lengths)


def wait_for(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.002)


@pytest.fixture
def dataset() -> FakeDataset:
    return FakeDataset(random_samples(300, seed=20, longest=12))


@pytest.mark.parametrize("budget", [0, 40])
def test_everything_is_scored_and_handed_over_once(dataset: FakeDataset, budget: int) -> None:
    board, saved, scorer = board_for(dataset), Saved(), FakeScorer(budget)
    loaded: list[ScorerFacts] = []
    worker = ScoringWorker(dataset, board, lambda: scorer, on_loaded=loaded.append, on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    status = worker.status()
    assert status.state is WorkerState.DONE
    assert (status.done, status.total, status.failed) == (300, 300, 0)
    assert status.left_s == 0.0
    assert (status.scorer, status.device, status.warnings) == ("fake scorer", "cpu", ("a warning",))
    assert (status.start_threshold, status.direction) == (3.0, Direction.AT_LEAST)
    expected = [len(each.response) for each in dataset.samples(range(300))]
    assert board.scores[0].tolist() == expected
    assert sorted(saved.rows[Side.CHOSEN]) == list(range(300))
    assert loaded == [scorer]
    assert sorted(scorer.order) == list(range(300))
    assert board.version > 0
    worker.cancel()
    assert worker.join(WAIT_S)
    assert worker.status().state is WorkerState.CANCELLED
    assert scorer.closed


def test_batches_hold_to_the_token_budget(dataset: FakeDataset) -> None:
    scorer = FakeScorer(40)
    worker = ScoringWorker(dataset, board_for(dataset), lambda: scorer)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    for batch in scorer.batches:
        longest = max(len(each.response.split()) for each in batch)
        assert len(batch) == 1 or longest * len(batch) <= 40


def test_tokens_on_the_board_become_exact(dataset: FakeDataset) -> None:
    board = board_for(dataset)
    assert board.tokens[0].tolist() == (dataset.lengths // 4).tolist()
    assert not board.measured.any()
    worker = ScoringWorker(dataset, board, FakeScorer)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert board.measured.all()
    assert board.tokens[0].tolist() == [
        len(each.response.split()) for each in dataset.samples(range(300))
    ]


def test_broken_rows_are_never_asked_for() -> None:
    dataset = FakeDataset(random_samples(100, seed=1, longest=5), broken=(0, 17, 99))
    board, scorer = board_for(dataset), FakeScorer()
    worker = ScoringWorker(dataset, board, lambda: scorer)
    worker.focus(np.arange(0, 20))
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert not {0, 17, 99} & set(dataset.asked)
    assert worker.status().total == 97
    assert np.flatnonzero(np.isnan(board.scores[0])).tolist() == [0, 17, 99]


def test_both_sides_of_preference_data_are_scored() -> None:
    dataset = FakeDataset(random_samples(70, seed=2, longest=8), has_sides=True)
    board, saved = board_for(dataset), Saved()
    worker = ScoringWorker(dataset, board, FakeScorer, on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert worker.status().total == 140
    assert not np.isnan(board.scores).any()
    assert sorted(saved.rows[Side.REJECTED]) == list(range(70))


def test_rows_in_view_come_first_then_their_neighbourhood() -> None:
    dataset = FakeDataset(random_samples(1_000, seed=3, longest=6))
    scorer = FakeScorer(64)
    worker = ScoringWorker(dataset, board_for(dataset), lambda: scorer)
    worker.focus(np.arange(500, 530))
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert sorted(scorer.order[:30]) == list(range(500, 530))
    near = scorer.order[30:350]
    assert set(near) == set(range(530, 786)) | set(range(436, 500))
    assert len(scorer.order) == len(set(scorer.order)) == 1_000


def test_another_view_is_looked_at_between_batches() -> None:
    dataset = FakeDataset(random_samples(1_000, seed=4, longest=6))
    scorer = FakeScorer(64)
    worker_box: list[ScoringWorker] = []

    def look_elsewhere(_batch: list[Sample]) -> None:
        if len(scorer.batches) == 5:
            worker_box[0].focus(np.arange(900, 920), np.empty(0, np.int64))

    scorer.before = look_elsewhere
    worker = ScoringWorker(dataset, board_for(dataset), lambda: scorer)
    worker_box.append(worker)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    begun = sum(map(len, scorer.batches[:6]))
    wanted = set(range(900, 920)) - set(scorer.order[:begun])
    assert len(wanted) > 10
    assert set(scorer.order[begun : begun + len(wanted)]) == wanted
    assert len(scorer.order) == len(set(scorer.order)) == 1_000


@given(
    views=st.lists(
        st.tuples(st.integers(0, 9), st.integers(-5, 130), st.integers(0, 40)), max_size=6
    ),
    budget=st.sampled_from([0, 1, 30]),
)
def test_whatever_is_looked_at_every_row_is_scored_once(
    views: list[tuple[int, int, int]], budget: int
) -> None:
    dataset = FakeDataset(random_samples(120, seed=5, longest=4), broken=(3,), has_sides=True)
    board, scorer, saved = board_for(dataset), FakeScorer(budget), Saved()
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    wishes = {at: np.arange(first, first + count) for at, first, count in views}

    def look(_batch: list[Sample]) -> None:
        if len(scorer.batches) in wishes:
            worker.focus(np.concatenate([wishes[len(scorer.batches)]] * 2))

    scorer.before = look
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    status = worker.status()
    assert (status.done, status.total) == (238, 238)
    assert np.isnan(board.scores).sum() == 2
    expected = sorted(set(range(120)) - {3})
    assert sorted(saved.rows[Side.CHOSEN]) == sorted(saved.rows[Side.REJECTED]) == expected


def test_pause_stops_and_resume_goes_on(dataset: FakeDataset) -> None:
    scorer, saved = FakeScorer(8), Saved()
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    scorer.before = lambda _batch: worker.pause() if len(scorer.batches) == 3 else None
    worker.start()
    wait_for(lambda: worker.status().state is WorkerState.PAUSED)
    scored = int((~np.isnan(board.scores)).sum())
    assert 0 < scored < 300
    assert len(saved.rows[Side.CHOSEN]) == scored, "what is scored is saved before it rests"
    time.sleep(0.05)
    assert int((~np.isnan(board.scores)).sum()) == scored
    worker.resume()
    assert worker.join(WAIT_S)
    assert worker.status().state is WorkerState.DONE
    worker.cancel()


def test_nothing_is_paused_when_everything_is_scored(dataset: FakeDataset) -> None:
    scorer = FakeScorer()

    def pause(*_: object) -> None:
        worker.pause()

    worker = ScoringWorker(dataset, board_for(dataset), lambda: scorer, on_scores=pause)
    worker.start()
    assert worker.join(WAIT_S), "the last scores were handed over, then came the pause"
    assert not worker.paused
    worker.pause()
    assert not worker.paused
    worker.renew(np.array([7]), lambda: None)
    assert worker.join(WAIT_S)
    assert worker.status().state is WorkerState.DONE
    assert scorer.order[-1] == 7
    worker.cancel()
    assert worker.join(WAIT_S)
    worker.pause()
    assert not worker.paused


def test_nobody_is_told_of_a_scorer_after_the_cancel(dataset: FakeDataset) -> None:
    held: list[bool] = []

    def loaded(_scorer: ScorerFacts) -> None:
        def cancel_at_once() -> None:
            held.append(not worker._changed.acquire(blocking=False))
            if not held[0]:
                worker._changed.release()

        other = threading.Thread(target=cancel_at_once)
        other.start()
        other.join()

    worker = ScoringWorker(dataset, board_for(dataset), FakeScorer, on_loaded=loaded)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert held == [True], "who cancels waits until it is told"


def test_rows_renewed_when_it_has_ended_have_no_score(dataset: FakeDataset) -> None:
    board, changed = board_for(dataset), threading.Event()
    worker = ScoringWorker(dataset, board, FakeScorer)
    worker.start()
    assert worker.join(WAIT_S)
    with worker._changed:  # it is cancelled before it looks at the first
        worker.renew(np.array([7]), changed.set)
        worker.cancel()
    assert worker.join(WAIT_S)
    assert np.flatnonzero(np.isnan(board.scores[0])).tolist() == [7]
    worker.renew(np.array([8]), changed.set)
    assert np.flatnonzero(np.isnan(board.scores[0])).tolist() == [7, 8]
    assert worker.status().done == 298
    assert not changed.is_set()


def test_one_that_leaves_writes_nothing_more_and_saves_what_it_has(dataset: FakeDataset) -> None:
    scorer, saved = FakeScorer(8), Saved()
    board = board_for(dataset)
    seen: list[int] = []

    def leave(_batch: list[Sample]) -> None:
        if len(scorer.batches) == 3:
            worker.leave()
            seen.append(board.version)

    scorer.before = leave
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    assert [board.version] == seen
    assert len(saved.rows[Side.CHOSEN]) > int((~np.isnan(board.scores)).sum()) > 0


def test_cancel_stops_after_the_batch_in_hand_and_saves(dataset: FakeDataset) -> None:
    scorer, saved = FakeScorer(8), Saved()
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    scorer.before = lambda _batch: worker.cancel() if len(scorer.batches) == 3 else None
    worker.start()
    assert worker.join(WAIT_S)
    assert worker.status().state is WorkerState.CANCELLED
    assert len(scorer.batches) == 4
    assert len(saved.rows[Side.CHOSEN]) == int((~np.isnan(board.scores)).sum()) > 0
    assert scorer.closed


def test_cancel_while_paused_loading_or_not_started(dataset: FakeDataset) -> None:
    never = ScoringWorker(dataset, board_for(dataset), FakeScorer)
    never.cancel()
    never.start()
    assert never.join(WAIT_S)
    assert never.status().state is WorkerState.CANCELLED

    gate = threading.Event()

    late = FakeScorer()

    def slow_load() -> Scorer:
        assert gate.wait(WAIT_S)
        return late

    loading = ScoringWorker(dataset, board_for(dataset), slow_load)
    loading.start()
    assert loading.status().state is WorkerState.LOADING
    assert not loading.join(0.01)
    loading.cancel()
    gate.set()
    assert loading.join(WAIT_S)
    assert loading.status().state is WorkerState.CANCELLED
    assert late.closed, "a model that came too late is let go"

    paused = ScoringWorker(dataset, board_for(dataset), FakeScorer)
    paused.pause()
    paused.start()
    wait_for(lambda: paused.status().state is WorkerState.PAUSED)
    paused.cancel()
    assert paused.join(WAIT_S)
    assert paused.status().done == 0


def test_a_row_that_raises_fails_alone_with_its_reason(dataset: FakeDataset) -> None:
    scorer, saved = FakeScorer(200), Saved()

    def stumble(batch: list[Sample]) -> None:
        if any(each.row in (7, 250) for each in batch):
            raise RuntimeError("a bad row\nwith a second line")

    scorer.before = stumble
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, lambda: scorer, on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    status = worker.status()
    assert (status.state, status.done, status.failed) == (WorkerState.DONE, 300, 2)
    assert np.flatnonzero(board.failed[0]).tolist() == [7, 250]
    assert np.flatnonzero(np.isnan(board.scores[0])).tolist() == [7, 250]
    assert board.reasons == {
        (0, 7): "RuntimeError: a bad row",
        (0, 250): "RuntimeError: a bad row",
    }
    assert not {7, 250} & set(saved.rows[Side.CHOSEN]), "a failure is never cached"
    scorer.before = lambda _batch: None
    worker.retry(np.array([7, 8, 250]))
    assert worker.join(WAIT_S)
    assert (worker.status().done, worker.status().failed) == (300, 0)
    assert not board.failed.any()
    assert not board.reasons
    assert board.scores[0, 7] == len(dataset.samples([7])[0].response)
    assert sorted(saved.rows[Side.CHOSEN]) == list(range(300))
    worker.cancel()


def test_a_row_that_cannot_be_encoded_fails_alone(dataset: FakeDataset) -> None:
    scorer = FakeScorer()

    def stumble(samples: Sequence[Sample]) -> None:
        if any(each.row == 41 for each in samples):
            raise ValueError("no such token")

    scorer.before_encoding = stumble
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, lambda: scorer)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert board.reasons == {(0, 41): "ValueError: no such token"}
    assert np.isnan(board.scores[0]).sum() == 1


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


@pytest.mark.parametrize(
    "error",
    [MemoryError(), OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: can't allocate")],
)
def test_out_of_memory_halves_the_batch_and_goes_on(dataset: FakeDataset, error: Exception) -> None:
    scorer = FakeScorer(4_096)
    sizes: list[int] = []

    def exhaust(batch: list[Sample]) -> None:
        tokens = len(batch) * max(len(each.response.split()) for each in batch)
        sizes.append(tokens)
        if tokens > 100:
            raise error

    scorer.before = exhaust
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, lambda: scorer)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert worker.status().failed == 0
    assert not np.isnan(board.scores).any()
    assert max(sizes[20:]) <= 100, "it learns, and does not try the large size again"


def test_a_single_row_without_memory_fails(dataset: FakeDataset) -> None:
    scorer = FakeScorer(4_096)

    def exhaust(batch: list[Sample]) -> None:
        if any(each.row == 5 for each in batch):
            raise MemoryError

    scorer.before = exhaust
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, lambda: scorer)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert worker.status().failed == 1
    assert board.reasons[0, 5].startswith("out of memory at ")


class OddScorer(FakeScorer):
    """Gives numbers that are none."""

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        odd = (float("nan"), float("inf"), -float("inf"), 1e300)
        results: list[Scored | Failed] = []
        for encoded in batch:
            assert isinstance(encoded.payload, Sample)
            row = encoded.payload.row
            results.append(
                Failed("on purpose") if row == 4 else Scored(odd[row] if row < 4 else 1.0, 1)
            )
        return results


def test_scores_that_are_no_numbers_are_failures(dataset: FakeDataset) -> None:
    board, saved = board_for(dataset), Saved()
    worker = ScoringWorker(dataset, board, OddScorer, on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert np.flatnonzero(board.failed[0]).tolist() == [0, 1, 2, 3, 4]
    assert board.reasons[0, 0] == "score is not a finite number: nan"
    assert board.reasons[0, 4] == "on purpose"
    assert len(saved.rows[Side.CHOSEN]) == 295


class ShortScorer(FakeScorer):
    """Returns fewer scores than it was asked for."""

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        return list(super().score(batch))[:-1]


def test_a_scorer_that_loses_rows_is_noticed(dataset: FakeDataset) -> None:
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, ShortScorer)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert worker.status().failed == 300
    assert "0 scores for 1 samples" in board.reasons[0, 0]


def test_a_scorer_that_cannot_be_loaded_is_a_message(dataset: FakeDataset) -> None:
    def load() -> Scorer:
        raise ScorerError("model not on disk: a/b", "get it with `hf download a/b`")

    worker = ScoringWorker(dataset, board_for(dataset), load)
    worker.start()
    assert worker.join(WAIT_S)
    status = worker.status()
    assert status.state is WorkerState.FAILED
    assert status.message == "model not on disk: a/b\nget it with `hf download a/b`"
    assert isinstance(worker.error, ScorerError)
    assert status.done == 0


def _broken_load() -> Scorer:
    raise KeyError("config")


def _broken_callback(*_: object) -> None:
    raise OSError("disk full")


def test_no_exception_leaves_the_thread(dataset: FakeDataset) -> None:
    for worker, said in (
        (ScoringWorker(dataset, board_for(dataset), _broken_load), "KeyError"),
        (
            ScoringWorker(dataset, board_for(dataset), FakeScorer, on_loaded=_broken_callback),
            "disk full",
        ),
        (
            ScoringWorker(dataset, board_for(dataset), FakeScorer, on_scores=_broken_callback),
            "disk full",
        ),
        (
            ScoringWorker(dataset, board_for(dataset), FakeScorer, cached=_broken_callback),
            "disk full",
        ),
    ):
        worker.start()
        assert worker.join(WAIT_S)
        assert worker.status().state is WorkerState.FAILED
        assert said in worker.status().message


def test_cached_scores_are_applied_first_and_not_saved_again(dataset: FakeDataset) -> None:
    rows = np.arange(0, 300, 2)
    lookup = ScoreLookup(
        dataset,
        dataset.identities(rows),
        np.full(len(rows), 42.0, np.float32),
        np.full(len(rows), 9, np.int32),
        np.where(np.arange(len(rows)) % 2, 1471, -1).astype(np.int32),
    )
    board, saved, scorer = board_for(dataset), Saved(), FakeScorer()
    worker = ScoringWorker(
        dataset, board, lambda: scorer, cached=lambda _scorer, _side: lookup, on_scores=saved
    )
    worker.focus(np.arange(10, 20))
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    hashes = dataset.identities(np.arange(300))
    known = {each.tobytes() for each in hashes[rows]}
    cached = [row for row in range(300) if hashes[row].tobytes() in known]
    assert (board.scores[0, cached] == 42).all()
    assert (board.read[0, cached] == 9).all()
    counted = board.measured[0, cached]
    assert 0 < counted.sum() < len(cached)
    assert (board.tokens[0, cached][counted] == 1471).all()
    estimate = np.maximum(dataset.lengths[cached] // 4, 9)
    assert board.tokens[0, cached][~counted].tolist() == estimate[~counted].tolist()
    assert not set(cached) & set(saved.rows[Side.CHOSEN])
    assert not set(cached) & set(scorer.order)
    assert worker.status().done == 300


def test_a_lookup_of_nothing_hashes_nothing() -> None:
    class NoHash:
        def identities(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
            assert rows.size
            raise AssertionError("hashed for nothing")

    empty = np.empty(0)
    lookup = ScoreLookup(
        NoHash(),
        np.empty((0, 16), np.uint8),
        empty.astype(np.float32),
        empty.astype(np.int32),
        empty.astype(np.int32),
    )
    scores, tokens, lengths = lookup(np.arange(5))
    assert np.isnan(scores).all()
    assert not tokens.any()
    assert not lengths.any()


def test_scores_are_handed_over_while_it_goes_on(
    dataset: FakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.scoring.worker.ledger.FLUSH_S", 0.0)
    saved = Saved()
    worker = ScoringWorker(dataset, board_for(dataset), FakeScorer, on_scores=saved)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert saved.calls > 3


def test_an_empty_dataset_is_done_at_once() -> None:
    dataset = FakeDataset([])
    worker = ScoringWorker(dataset, board_for(dataset), FakeScorer)
    worker.focus(np.arange(10))
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="niced by native id on Linux")
@pytest.mark.parametrize("has_screen", [True, False])
def test_it_gives_way_to_a_screen_before_it_loads(dataset: FakeDataset, has_screen: bool) -> None:
    ui_priority = UiPriority()
    ui_priority.has_screen = has_screen
    priorities: list[int] = []

    def load() -> Scorer:
        priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return FakeScorer()

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    worker = ScoringWorker(dataset, board_for(dataset), load, ui_priority=ui_priority)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert priorities == [max(before, NICENESS) if has_screen else before]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_the_rate_is_known_while_it_works(dataset: FakeDataset) -> None:
    scorer = FakeScorer(8)
    worker = ScoringWorker(dataset, board_for(dataset), lambda: scorer)
    scorer.before = lambda _batch: worker.pause() if len(scorer.batches) == 10 else None
    assert worker.status().left_s is None
    worker.start()
    wait_for(lambda: worker.status().state is WorkerState.PAUSED)
    status = worker.status()
    assert status.rows_per_s > 0
    assert status.left_s is not None
    assert status.left_s > 0
    worker.cancel()


def test_the_heuristic_goes_through_the_same_worker() -> None:
    dataset = FakeDataset([sample("Tell me.", "", 0), *random_samples(50, seed=6)[1:]])
    board = board_for(dataset)
    worker = ScoringWorker(dataset, board, HeuristicScorer, interpreter_bound=True)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert board.scores[0, 0] == 0.0
    assert ((board.scores >= 0) & (board.scores <= 1)).all()


def test_importing_scoring_imports_no_model_library() -> None:
    import subprocess

    code = (
        "import sys, engine, engine.scoring, engine.scoring.worker.worker,"
        "engine.scoring.models.reward_model,"
        "engine.scoring.reward_filter, engine.scoring.column, engine.scoring.heuristic;"
        "engine.filter_sft_data;"
        "bad = {'torch', 'transformers', 'huggingface_hub', 'datasketch', 'textual', 'rich'};"
        "sys.exit(', '.join(bad & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
