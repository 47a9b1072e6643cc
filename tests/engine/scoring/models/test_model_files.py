"""Where models are found, what is refused, and which revision they are."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ScorerError
from engine.scoring.models.model_files import (
    CHAPTER_MODEL,
    available_bytes,
    find_model,
    needed_bytes,
    revision_of,
)
from engine.scoring.models.reward_model import RewardModel
from engine.scoring.scorer import ScorerOptions
from tests.engine.scoring.built_models import cache_model

PLAIN = ScorerOptions()


@pytest.fixture
def folder(deberta: Path, tmp_path: Path) -> Path:
    return shutil.copytree(deberta, tmp_path / "model")


@pytest.mark.usefixtures("hub")
def test_an_absent_model_says_how_to_get_it() -> None:
    with pytest.raises(ScorerError, match="not on disk: some/model") as caught:
        find_model("some/model", PLAIN)
    assert "hf download some/model`" in caught.value.hint
    assert "--download" in caught.value.hint
    with pytest.raises(ScorerError) as caught:
        find_model(CHAPTER_MODEL, PLAIN)
    assert "--revision refs/pr/3" in caught.value.hint


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("name", ["/no/such/folder", "a/b/c", "../x", "a b", "-/-"])
def test_names_that_are_none_are_messages(name: str) -> None:
    with pytest.raises(ScorerError, match="not on disk"):
        find_model(name, PLAIN)


@pytest.mark.usefixtures("hub")
def test_downloading_without_a_network_is_a_message() -> None:
    with pytest.raises(ScorerError, match="cannot be downloaded"):
        find_model("some/model", ScorerOptions(download=True))


def test_a_cached_model_is_found_by_name_and_its_commit_is_the_revision(
    hub: Path, folder: Path
) -> None:
    cache_model(hub, "some/model", folder, "a" * 40, "main")
    found = find_model("some/model", PLAIN)
    assert found.path.name == "a" * 40
    assert revision_of(found) == "a" * 40
    assert RewardModel("some/model", PLAIN).label.startswith("model · pair")


def test_the_chapters_model_resolves_to_its_safetensors_revision(hub: Path, folder: Path) -> None:
    cache_model(hub, CHAPTER_MODEL, folder, "a" * 40, "main")
    assert find_model(CHAPTER_MODEL, PLAIN).commit == "a" * 40
    cache_model(hub, CHAPTER_MODEL, folder, "b" * 40, "refs/pr/3")
    assert find_model(CHAPTER_MODEL, PLAIN).commit == "b" * 40
    model = RewardModel(CHAPTER_MODEL, PLAIN)
    assert model.start_threshold == 1.5
    assert model.warnings == ()


def test_a_pickle_in_the_cache_points_to_the_safe_revision(hub: Path, folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    cache_model(hub, CHAPTER_MODEL, folder, "a" * 40, "main")
    with pytest.raises(ScorerError, match="pickled") as caught:
        find_model(CHAPTER_MODEL, PLAIN)
    assert "--revision refs/pr/3" in caught.value.hint
    with pytest.raises(ScorerError, match="cannot be downloaded"):
        find_model(CHAPTER_MODEL, ScorerOptions(download=True))


def test_a_download_that_was_broken_off_says_so(hub: Path, folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    cache_model(hub, "some/model", folder, "a" * 40, "main")
    with pytest.raises(ScorerError, match="no weights") as caught:
        find_model("some/model", PLAIN)
    assert "start it again" in caught.value.hint


def test_pickled_weights_are_refused_unless_allowed(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file

    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    plain = find_model(str(folder), PLAIN)
    assert not plain.pickled, "safetensors beside it are what is used"
    (folder / "model.safetensors").unlink()
    with pytest.raises(ScorerError, match="pickled") as caught:
        find_model(str(folder), PLAIN)
    assert "--allow-pickle" in caught.value.hint
    assert RewardModel(str(folder), ScorerOptions(allow_pickle=True)).dtype == "float32"


class Exploit:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, ...]]:
        return os.mkdir, ("exploited",)


def test_an_allowed_pickle_still_runs_no_code(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save({"classifier.weight": Exploit()}, folder / "pytorch_model.bin")
    with pytest.raises(ScorerError, match="cannot be loaded"):
        RewardModel(str(folder), ScorerOptions(allow_pickle=True))
    assert not (tmp_path / "exploited").exists()


def test_remote_code_is_refused_unless_trusted(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoModelForSequenceClassification": "modeling.Reward"}
    (folder / "config.json").write_text(json.dumps(config))
    # transformers has a class of its own for this one: the code is never needed
    assert find_model(str(folder), PLAIN).has_remote_code
    config["architectures"] = ["Reward"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ScorerError, match="Python code of its own") as caught:
        find_model(str(folder), PLAIN)
    assert "--trust-remote-code" in caught.value.hint
    assert find_model(str(folder), ScorerOptions(trust_remote_code=True)).has_remote_code


def test_incomplete_folders_are_messages(folder: Path) -> None:
    weights = folder / "model.safetensors"
    index = folder / "model.safetensors.index.json"
    weights.rename(folder / "model-00001-of-00002.safetensors")
    files = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    index.write_text(json.dumps({"weight_map": files}))
    with pytest.raises(ScorerError, match=r"00002-of-00002.safetensors \(1 of 2\)"):
        find_model(str(folder), PLAIN)
    index.write_text("{")
    with pytest.raises(ScorerError, match="list of weight files"):
        find_model(str(folder), PLAIN)
    index.unlink()
    with pytest.raises(ScorerError, match="no weights"):
        find_model(str(folder), PLAIN)
    for text in ("{", "[]"):
        (folder / "config.json").write_text(text)
        with pytest.raises(ScorerError, match="config"):
            find_model(str(folder), PLAIN)
    (folder / "config.json").unlink()
    with pytest.raises(ScorerError, match=r"no config\.json"):
        find_model(str(folder), PLAIN)


def test_the_revision_follows_the_content_and_is_remembered(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = revision_of(find_model(str(folder), PLAIN))
    other = shutil.copytree(folder, tmp_path / "elsewhere")
    assert revision_of(find_model(str(other), PLAIN)) == first, "the place does not matter"

    def never(*_: object) -> None:
        raise AssertionError("read again")

    with monkeypatch.context() as patch:
        patch.setattr("engine.scoring.models.model_files.file_digest", never)
        assert revision_of(find_model(str(folder), PLAIN)) == first
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(data))
    os.utime(folder / "model.safetensors", ns=(1, 1))
    assert revision_of(find_model(str(folder), PLAIN)) != first


def test_a_memory_that_cannot_be_kept_is_no_error(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    first = revision_of(find_model(str(folder), PLAIN))
    assert revision_of(find_model(str(folder), PLAIN)) == first
    cache = tmp_path / "cache"
    (cache / "tamis").mkdir(parents=True)
    (cache / "tamis" / "revisions.json").write_text("[1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    assert revision_of(find_model(str(folder), PLAIN)) == first


def test_memory_needed_is_counted_from_the_header(folder: Path) -> None:
    from safetensors.torch import load_file

    found = find_model(str(folder), PLAIN)
    elements = sum(each.numel() for each in load_file(folder / "model.safetensors").values())
    assert needed_bytes(found) == 4 * elements
    (folder / "model.safetensors").write_bytes(b"\xff" * 32)
    assert needed_bytes(found) == 0
    free = available_bytes()
    assert free is None or free > 0
