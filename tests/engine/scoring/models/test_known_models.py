"""Models known by name, one of each kind built from its config, in the format of its card."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import ScorerError
from engine.sample import Side
from engine.scoring.models.formats import FORMATS
from engine.scoring.models.known_models import KNOWN_MODELS, known_model
from engine.scoring.models.reward_model import RewardModel
from engine.scoring.scorer import ScorerOptions
from tests.engine.scoring import built_models
from tests.engine.scoring.models.test_reward_model import chat_texts, close, one_by_one, scores_of
from tests.engine.scoring.samples import random_samples

PLAIN = ScorerOptions(dtype="float32")


def test_every_entry_is_found_by_its_own_name_and_can_be_used() -> None:
    for known in KNOWN_MODELS:
        assert known_model(known.repository) is known
        re.compile(known.pattern)
        assert known.input_format in FORMATS
        assert known.parameters > 1_000_000
        if known.usual_range and known.start_threshold is not None:
            low, high = known.usual_range
            assert low <= known.start_threshold <= high
    assert known_model("somebody/OpenAssistant/reward-model-deberta-v3-base") is None


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("llama", "Skywork/Skywork-Reward-V2-Llama-3.1-8B"),
        ("qwen3", "Skywork/Skywork-Reward-V2-Qwen3-0.6B"),
        ("gemma2", "Skywork/Skywork-Reward-Gemma-2-27B-v0.2"),
        ("mistral", "weqweasdas/RM-Mistral-7B"),
    ],
)
def test_chat_classifiers_read_their_template(
    kind: str, name: str, hub: Path, model_folder: Callable[[str], Path]
) -> None:
    folder = built_models.decoder(model_folder(kind), kind)
    built_models.cache_model(hub, name, folder, "a" * 40, "main")
    samples = random_samples(10, seed=30, longest=30)
    model = RewardModel(name, PLAIN)
    assert f"{name.split('/')[1]} · chat · float32" in model.label
    assert model.warnings == ()
    assert close(scores_of(model, samples), one_by_one(folder, chat_texts(folder, samples)))


def test_gpt2_classifiers_read_anthropics_dialogues(hub: Path, gpt2: Path) -> None:
    name = "Ray2333/gpt2-large-helpful-reward_model"
    built_models.cache_model(hub, name, gpt2, "a" * 40, "main")
    samples = random_samples(10, seed=31, longest=30)
    model = RewardModel(name, PLAIN)
    texts = [(f"\n\nHuman: {each.prompt} \n\nAssistant:{each.response}",) for each in samples]
    assert close(scores_of(model, samples), one_by_one(gpt2, texts))
    assert model.key(Side.CHOSEN).input_format == "hh"
    assert model.warnings == ()


def test_quality_classifiers_read_the_answer_alone(hub: Path, deberta: Path) -> None:
    name = "HuggingFaceFW/fineweb-edu-classifier"
    built_models.cache_model(hub, name, deberta, "a" * 40, "main")
    samples = random_samples(10, seed=32)
    model = RewardModel(name, PLAIN)
    assert close(scores_of(model, samples), one_by_one(deberta, [(s.response,) for s in samples]))
    assert model.start_threshold == 3.0
    assert model.warnings == ()


def test_a_known_model_in_another_format_is_warned_of(hub: Path, deberta: Path) -> None:
    name = "OpenAssistant/reward-model-deberta-v3-base"
    built_models.cache_model(hub, name, deberta, "a" * 40, "main")
    model = RewardModel(name, ScorerOptions(input_format="chapter"))
    assert any("trained with pair" in warning for warning in model.warnings)


@pytest.mark.parametrize("at", [0, 4])
def test_a_regressor_of_several_qualities_gives_the_chosen_one(
    model_folder: Callable[[str], Path], at: int
) -> None:
    names = ("helpfulness", "correctness", "coherence", "complexity", "verbosity")
    folder = built_models.regressor(model_folder("qualities"), names)
    samples = random_samples(10, seed=33, longest=40)
    model = RewardModel(f"{folder}#{names[at]}", PLAIN)
    pairs = [(each.prompt, each.response) for each in samples]
    assert close(scores_of(model, samples), one_by_one(folder, pairs, index=at))
    assert f"#{names[at]} · pair" in model.label
    assert any("5 outputs" in warning for warning in model.warnings)
    with pytest.raises(ScorerError, match="verbosity") as caught:
        RewardModel(str(folder), PLAIN)
    assert "#LABEL" in caught.value.hint


@pytest.mark.parametrize(
    ("kind", "way_out"),
    [
        ("GPTNeoXRewardModel", "file:PATH"),
        ("LlamaRewardModel", "file:PATH"),
        ("InternLM2ForRewardModel", "file:PATH"),
        ("LlamaForCausalLM", "writes text"),
        ("GPT2LMHeadModel", "writes text"),
        ("DebertaV2Model", "base model"),
    ],
)
def test_other_heads_are_refused_with_a_way_out(
    deberta: Path, tmp_path: Path, kind: str, way_out: str
) -> None:
    folder = shutil.copytree(deberta, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": [kind]}))
    with pytest.raises(ScorerError, match=f"no sequence classifier but a {kind}") as caught:
        RewardModel(str(folder), PLAIN)
    assert way_out in caught.value.hint
