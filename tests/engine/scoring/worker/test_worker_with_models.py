"""The worker with small real models: live scores are the scores."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.scoring import ScorerOptions, make_scorer
from engine.scoring.scorer import Scorer
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.worker import ScoringWorker, WorkerState
from tests.engine.scoring.models.test_reward_model import chat_texts, one_by_one
from tests.engine.scoring.samples import FakeDataset, random_samples

WAIT_S = 60.0


@pytest.fixture(scope="module")
def dataset() -> FakeDataset:
    return FakeDataset(random_samples(90, seed=50, longest=40))


def run(dataset: FakeDataset, spec: str) -> tuple[ScoringWorker, ScoreBoard]:
    board = ScoreBoard(dataset.rows, 1, dataset.lengths)
    worker = ScoringWorker(
        dataset, board, lambda: make_scorer(spec, options=ScorerOptions(device="cpu"))
    )
    worker.focus(np.arange(30, 50))
    worker.start()
    assert worker.join(WAIT_S)
    return worker, board


@pytest.mark.parametrize("kind", ["deberta", "llama", "bert"])
def test_live_scores_equal_transformers_one_by_one(
    dataset: FakeDataset, kind: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(kind)
    samples = dataset.samples(range(dataset.rows))
    worker, board = run(dataset, f"hf:{folder}#fair" if kind == "bert" else f"hf:{folder}")
    worker.cancel()
    pairs: list[tuple[str, ...]] = [(each.prompt, each.response) for each in samples]
    texts = chat_texts(folder, samples) if kind == "llama" else pairs
    expected = one_by_one(folder, texts, index=1 if kind == "bert" else 0)
    assert worker.status().failed == 0
    assert board.scores[0].tolist() == pytest.approx(expected, abs=1e-4)


def test_a_simulated_out_of_memory_of_torch_is_survived(
    dataset: FakeDataset, deberta: Path
) -> None:
    import torch

    def load() -> Scorer:
        scorer = make_scorer(f"hf:{deberta}", options=ScorerOptions(device="cpu"))
        classifier = scorer._classifier  # type: ignore[attr-defined]
        model = classifier._model

        def tight(**inputs: torch.Tensor) -> object:
            if inputs["input_ids"].numel() > 300:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return model(**inputs)

        classifier._model = tight
        return scorer

    board = ScoreBoard(dataset.rows, 1, dataset.lengths)
    worker = ScoringWorker(dataset, board, load)
    worker.start()
    assert worker.join(WAIT_S)
    worker.cancel()
    assert worker.status().failed == 0
    assert not np.isnan(board.scores).any()


def test_models_that_cannot_be_used_leave_the_review_alone(
    dataset: FakeDataset, deberta: Path, model_folder: Callable[[str], Path]
) -> None:
    folder = shutil.copytree(deberta, model_folder("damaged"))
    (folder / "model.safetensors").write_bytes(b"\x00" * 500)
    for spec, said in ((f"hf:{folder}", "cannot be loaded"), ("hf:/absent", "not on disk")):
        worker, board = run(dataset, spec)
        status = worker.status()
        assert status.state is WorkerState.FAILED
        assert said in status.message
        assert "\n" in status.message, "the hint is there too"
        assert np.isnan(board.scores).all()
