"""Small saved models, built once, and a dataset that lives in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.scoring import built_models


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Models this small are slower with more; and nothing is asked of a network."""
    from engine.scoring.models.model_files import prepare_environment

    prepare_environment()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A folder for a model of that name, empty."""
    return lambda name: tmp_path_factory.mktemp("models") / name


@pytest.fixture(scope="session")
def deberta(model_folder: Callable[[str], Path]) -> Path:
    return built_models.deberta(model_folder("tiny-deberta"))


@pytest.fixture(scope="session")
def bert(model_folder: Callable[[str], Path]) -> Path:
    return built_models.bert(model_folder("tiny-bert"))


@pytest.fixture(scope="session")
def llama(model_folder: Callable[[str], Path]) -> Path:
    return built_models.llama(model_folder("tiny-llama"))


@pytest.fixture(scope="session")
def gpt2(model_folder: Callable[[str], Path]) -> Path:
    return built_models.gpt2(model_folder("tiny-gpt2"))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache; the library reads its place when it is imported."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"
