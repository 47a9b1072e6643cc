"""Comparing by meaning, with a small model that the tests build; needs the extra."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.duplicates import meaning
from engine.duplicates.clusters import cut
from engine.duplicates.meaning import INSTALL, MeaningFinder, load
from engine.duplicates.settings import ComparedUnit, default_settings
from engine.errors import Cancelled, ScorerError, UsageError
from tests.engine.scoring.built_models import sentence_model

TEXTS = [
    "how do i cook rice",
    "tell me a story about a bridge",
    "How do I cook rice?",
    "how do i cook rice",
    None,
    "write words that never end",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sentence_model(tmp_path_factory.mktemp("sentence-model"))


def searched(folder: Path, texts: list[str | None], cosine: float) -> MeaningFinder:
    settings = default_settings(ComparedUnit.MEANING, cosine)
    return MeaningFinder(pl.Series(texts, dtype=pl.String), settings, load(folder))


def embedded(folder: Path, texts: list[str]) -> Any:
    """By transformers alone: the mean over what is no padding, of length 1."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    rows = []
    for text in texts:
        with torch.no_grad():
            states = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0]
        rows.append(torch.nn.functional.normalize(states.mean(0), dim=0).numpy())
    return np.array(rows)


def test_pairs_are_those_of_brute_force(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"how do i cook rice {word}" for word in ("yes", "no", "maybe", "sorry", "cold", "do")]
    vectors = embedded(folder, texts)
    cosine = vectors @ vectors.T
    at = float(np.median(cosine[np.triu_indices(6, 1)]))
    expected = {
        (a, b): cosine[a, b] for a in range(6) for b in range(a + 1, 6) if cosine[a, b] >= at
    }
    monkeypatch.setattr(meaning, "BLOCK_ROWS", 4)
    monkeypatch.setattr(meaning, "BATCH_ROWS", 2)
    matches = searched(folder, [*texts], at - 1e-6).run()
    found = dict(
        zip(
            zip(matches.a.tolist(), matches.b.tolist(), strict=True),
            matches.similarity,
            strict=True,
        )
    )
    assert {pair: pytest.approx(alike, abs=1e-5) for pair, alike in expected.items()} == found
    assert matches.is_complete


def test_the_same_text_is_embedded_once_and_an_absent_one_not_at_all(folder: Path) -> None:
    finder = searched(folder, TEXTS, 0.9999)
    matches = finder.run()
    assert finder.done == 4
    assert matches.first.tolist() == [0, 1, 2, 0, -1, 5]
    clusters = cut(matches, 0.9999)
    assert [clusters.rows_of(n).tolist() for n in range(len(clusters))] == [[0, 3]]


def test_it_stops_and_goes_on_and_tells_how_far_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meaning, "BATCH_ROWS", 2)
    finder = searched(folder, TEXTS, 0.9)
    with pytest.raises(Cancelled):
        finder.run(cancelled=lambda: finder.done == 2)
    told: list[tuple[str, int, int]] = []
    finder.run(progress=lambda *seen: told.append(seen))
    assert told == [("embedding", 4, 4), ("comparing", 4, 4)]


def test_far_too_many_pairs_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "MOST_PAIRS", 2)
    with pytest.raises(UsageError, match="pairs have a cosine"):
        searched(folder, TEXTS, 0.01).run()


def test_nothing_to_compare_is_no_cluster(folder: Path) -> None:
    assert len(searched(folder, [None, None], 0.9).run().a) == 0
    assert len(searched(folder, [], 0.9).run().a) == 0


def test_without_the_extra_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("sentence_transformers"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ScorerError, match="extra 'semantic'") as told:
        load(tmp_path)
    assert told.value.hint == INSTALL


def test_a_folder_that_holds_no_model_is_a_message(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ScorerError, match="no embedding model"):
        load(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ScorerError, match="no safetensors"):
        load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ScorerError, match="cannot be loaded"):
        load(tmp_path)
    assert folder.is_dir()
