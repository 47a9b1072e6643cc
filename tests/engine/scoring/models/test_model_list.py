"""Which models are offered, and how one is fetched."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.errors import Cancelled, ScorerError
from engine.scoring.models.fetching import fetch_model
from engine.scoring.models.known_models import KNOWN_MODELS
from engine.scoring.models.model_list import list_models
from engine.scoring.scorer import ScorerOptions
from tests.engine.scoring.built_models import cache_model


def test_an_empty_cache_lists_what_is_known(hub: Path) -> None:
    listed = list_models()
    assert not hub.exists()
    assert {model.name for model in listed} == {known.repository for known in KNOWN_MODELS}
    assert not any(model.on_disk or model.size_bytes for model in listed)
    assert all(model.memory_bytes > 0 for model in listed)
    assert any("--trust-remote-code" in model.hint for model in listed)


def test_what_is_in_the_cache_comes_first_with_its_size(
    hub: Path, deberta: Path, llama: Path, tmp_path: Path
) -> None:
    known = "OpenAssistant/reward-model-deberta-v3-base"
    cache_model(hub, known, deberta, "a" * 40, "main")
    cache_model(hub, "some/chat-model", llama, "b" * 40, "main")
    other = shutil.copytree(deberta, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "architectures": ["BertModel"]}))
    cache_model(hub, "some/language-model", other, "c" * 40, "main")
    (hub / "datasets--some--rows").mkdir()
    listed = list_models()
    here = [model for model in listed if model.on_disk]
    assert [model.name for model in here] == [known, "some/chat-model"]
    assert listed[:2] == here
    assert [model.input_format for model in here] == ["pair", "chat"]
    weights = (deberta / "model.safetensors").stat().st_size
    assert here[0].size_bytes == weights
    assert 0.8 * weights < here[0].memory_bytes <= weights
    assert here[0].licence == "mit"
    assert not any(model.problem for model in here)
    assert sum(model.name == known for model in listed) == 1


def test_what_cannot_be_used_says_why(hub: Path, deberta: Path, tmp_path: Path) -> None:
    pickled = shutil.copytree(deberta, tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    cache_model(hub, "some/Reward-pickle", pickled, "a" * 40, "main")
    custom = shutil.copytree(deberta, tmp_path / "custom")
    config = json.loads((custom / "config.json").read_text())
    config["architectures"] = ["LlamaRewardModel"]
    (custom / "config.json").write_text(json.dumps(config))
    cache_model(hub, "some/custom", custom, "b" * 40, "main")
    known = "OpenAssistant/reward-model-deberta-v3-base"
    cache_model(hub, known, pickled, "c" * 40, "main")
    problems = {model.name: (model.problem, model.hint) for model in list_models() if model.on_disk}
    assert "pickled" in problems[known][0]
    assert "--allow-pickle" in problems[known][1]
    assert "no sequence classifier" in problems["some/custom"][0]
    assert "file:PATH" in problems["some/custom"][1]


CHILD = """
import json, pathlib, sys, time
wish = json.loads(sys.argv[1])
blobs = pathlib.Path({blobs!r})
print(json.dumps({{"bytes": 300, "there": 50, "blobs": str(blobs)}}), flush=True)
for at in range(3):
    (blobs / f"{{at}}.incomplete").write_bytes(b"x" * 100)
{end}
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A process that fetches as the test says, instead of the one that asks the hub."""
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    (blobs / "old").write_bytes(b"y" * 50)
    real: Any = subprocess.Popen

    def make(end: str) -> Path:
        code = CHILD.format(blobs=str(blobs), end=end)

        def start(command: list[str], **how: object) -> object:
            return real([command[0], "-c", code, command[-1]], **how)

        monkeypatch.setattr(subprocess, "Popen", start)
        return blobs

    return make


def test_a_download_tells_how_far_it_is(child: Callable[[str], Path], tmp_path: Path) -> None:
    blobs = child(
        "while not (blobs / 'seen').exists(): time.sleep(0.01)\n"
        f"print(json.dumps({{'folder': {str(tmp_path)!r}}}), flush=True)"
    )
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if done == 300:
            (blobs / "seen").touch()

    found = fetch_model("a/b", ScorerOptions(), progress=progress, cancelled=lambda: False)
    assert found == tmp_path
    assert told[-1] == (300, 300)
    assert all(0 <= done <= total == 300 for done, total in told)


def test_a_download_can_be_stopped_while_it_waits(child: Callable[[str], Path]) -> None:
    child("time.sleep(600)")
    asked = iter([False, False, True])
    with pytest.raises(Cancelled, match="goes on from there"):
        fetch_model("a/b", ScorerOptions(), progress=lambda *_: None, cancelled=lambda: next(asked))


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ("print(json.dumps({'error': 'no such model'}), flush=True)", "no such model"),
        ("sys.exit(1)", "ended early"),
    ],
)
def test_a_download_that_fails_is_a_message(
    child: Callable[[str], Path], end: str, said: str
) -> None:
    child(end)
    with pytest.raises(ScorerError, match=said) as caught:
        fetch_model("a/b", ScorerOptions(), progress=lambda *_: None, cancelled=lambda: False)
    assert "hf download a/b" in caught.value.hint


def test_without_a_network_the_real_child_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    with pytest.raises(ScorerError, match="cannot be downloaded"):
        fetch_model("a/b", ScorerOptions(), progress=lambda *_: None, cancelled=lambda: False)
