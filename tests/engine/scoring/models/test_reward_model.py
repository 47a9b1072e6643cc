"""Real classifiers, small: the same scores as one by one, whatever the batches."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.errors import ScorerError
from engine.sample import Family, Message, Role, Sample, Side, prompt_text
from engine.scoring.models.classifier import Classifier
from engine.scoring.models.known_models import known_model
from engine.scoring.models.reward_model import RewardModel
from engine.scoring.scorer import Encoded, Failed, Scored, ScorerOptions
from tests.engine.scoring import built_models
from tests.engine.scoring.samples import random_samples, sample


def one_by_one(
    folder: Path, texts: Sequence[tuple[str, ...]], index: int = 0, **how: Any
) -> list[float]:
    """The reference: transformers, one text at a time, nothing padded."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    scores = []
    with torch.no_grad():
        for text in texts:
            inputs = tokenizer(*text, return_tensors="pt", **how)
            scores.append(float(model(**inputs).logits[0, index]))
    return scores


def scores_of(model: RewardModel, samples: list[Sample], size: int = 8) -> list[float]:
    encoded = [each for each in model.encode(samples) if isinstance(each, Encoded)]
    assert len(encoded) == len(samples)
    results = [
        result
        for start in range(0, len(encoded), size)
        for result in model.score(encoded[start : start + size])
    ]
    return [result.score for result in results if isinstance(result, Scored)]


def close(left: list[float], right: list[float]) -> bool:
    return left == pytest.approx(right, abs=1e-4)


def test_pair_scores_equal_transformers_one_by_one(deberta: Path) -> None:
    samples = random_samples(24)
    model = RewardModel(str(deberta), ScorerOptions())
    expected = one_by_one(deberta, [(s.prompt, s.response) for s in samples])
    assert max(expected) - min(expected) > 0.1
    assert close(scores_of(model, samples), expected)
    assert "· pair · float32 · cpu" in model.label
    assert model.warnings == ()


def test_text_scores_equal_transformers_one_by_one(deberta: Path) -> None:
    samples = random_samples(12, seed=1)
    model = RewardModel(str(deberta), ScorerOptions(input_format="text"))
    assert close(scores_of(model, samples), one_by_one(deberta, [(s.response,) for s in samples]))
    assert any("trained with pair" in warning for warning in model.warnings)


def test_chapter_scores_equal_the_chapter_cut_at_512(model_folder: Callable[[str], Path]) -> None:
    from transformers import AutoTokenizer

    folder = built_models.deberta(model_folder("chapter"))
    samples = [*random_samples(6, seed=2), sample("how do i", "cook rice with water " * 300)]
    model = RewardModel(str(folder), ScorerOptions(input_format="chapter"))
    assert model.key(Side.CHOSEN).max_length == 512
    texts = [
        (f"<|prompter|>{s.prompt}<|endoftext|><|assistant|>{s.response}<|endoftext|>",)
        for s in samples
    ]
    expected = one_by_one(folder, texts, truncation=True, max_length=512)
    assert close(scores_of(model, samples), expected)
    encoded = [each for each in model.encode(samples) if isinstance(each, Encoded)]
    assert [each.length for each in encoded[:6]] == [0] * 6, "read whole"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert (encoded[6].tokens, encoded[6].length) == (512, len(tokenizer(*texts[6]).input_ids))
    assert encoded[6].length > 1200


def test_chosen_label_of_three_equals_transformers(bert: Path) -> None:
    samples = random_samples(16, seed=3, longest=40)
    expected = one_by_one(bert, [(s.prompt, s.response) for s in samples], index=2)
    by_name = RewardModel(f"{bert}#good", ScorerOptions())
    by_index = RewardModel(str(bert), ScorerOptions(label="2"))
    assert close(scores_of(by_name, samples), expected)
    assert close(scores_of(by_index, samples), expected)
    assert by_name.key(Side.CHOSEN).label == "good"


def test_several_outputs_and_none_chosen_names_them(bert: Path) -> None:
    with pytest.raises(ScorerError, match="bad, fair, good"):
        RewardModel(str(bert), ScorerOptions())
    with pytest.raises(ScorerError, match="no output 'great'"):
        RewardModel(f"{bert}#great", ScorerOptions())


def chat_texts(folder: Path, samples: list[Sample]) -> list[tuple[str, ...]]:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    rendered = [
        tokenizer.apply_chat_template(
            [{"role": turn.role.value, "content": turn.text} for turn in s.turns], tokenize=False
        )
        for s in samples
    ]
    return [(text.removeprefix("<s>"),) for text in rendered]


@pytest.mark.parametrize("pad", [None, 2, 3], ids=["no pad", "pad = eos", "own pad"])
@pytest.mark.parametrize(
    "template",
    [built_models.CHAT_TEMPLATE, built_models.STRICT_TEMPLATE],
    ids=["a line break after the end token", "the end token last"],
)
def test_chat_scores_equal_transformers_one_by_one(
    model_folder: Callable[[str], Path], pad: int | None, template: str
) -> None:
    folder = built_models.llama(model_folder("llama"), pad=pad, template=template)
    samples = random_samples(16, seed=4, longest=30)
    model = RewardModel(str(folder), ScorerOptions())
    assert model.key(Side.CHOSEN).input_format == "chat"
    assert close(scores_of(model, samples), one_by_one(folder, chat_texts(folder, samples)))
    assert any("end token" in warning for warning in model.warnings) == (pad == 2)
    assert not any("padding changes" in warning for warning in model.warnings)


def test_padding_with_the_end_token_would_read_another_token(
    model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # A text that ends with the end token, of a model whose config names no padding token.
    folder = built_models.llama(model_folder("llama"), template=built_models.STRICT_TEMPLATE)
    samples = random_samples(8, seed=5, longest=30)
    expected = one_by_one(folder, chat_texts(folder, samples))
    assert close(scores_of(RewardModel(str(folder), ScorerOptions()), samples), expected)
    monkeypatch.setattr("engine.scoring.models.classifier.unused_id", lambda _rows: 2)
    assert not close(scores_of(RewardModel(str(folder), ScorerOptions()), samples), expected)


@pytest.mark.parametrize("bos", [True, False], ids=["tokenizer adds it", "template only"])
def test_one_beginning_token_and_never_two(
    model_folder: Callable[[str], Path], *, bos: bool
) -> None:
    model = RewardModel(str(built_models.llama(model_folder("bos"), bos=bos)), ScorerOptions())
    (encoded,) = model.encode([sample("how do i cook", "wash the rice")])
    assert isinstance(encoded, Encoded)
    assert isinstance(encoded.payload, dict)
    assert encoded.payload["input_ids"].count(0) == 1
    assert encoded.payload["input_ids"][0] == 0


def test_gpt2_is_padded_on_the_right_whatever_its_tokenizer_says(gpt2: Path) -> None:
    samples = random_samples(16, seed=6, longest=40)
    model = RewardModel(str(gpt2), ScorerOptions(input_format="pair"))
    expected = one_by_one(gpt2, [(s.prompt, s.response) for s in samples])
    assert close(scores_of(model, samples), expected)
    assert model.warnings == ()


def test_unknown_format_is_asked_for(gpt2: Path) -> None:
    with pytest.raises(ScorerError, match="input format of the model") as caught:
        RewardModel(str(gpt2), ScorerOptions())
    assert "--input-format" in caught.value.hint


def test_the_chapters_marks_in_the_vocabulary_mean_its_format(
    model_folder: Callable[[str], Path],
) -> None:
    model = RewardModel(str(built_models.gpt2(model_folder("marked"), marks=True)), ScorerOptions())
    assert model.key(Side.CHOSEN).input_format == "chapter"


def test_a_tokenizer_of_another_model_is_a_message(
    gpt2: Path, model_folder: Callable[[str], Path]
) -> None:
    from transformers import AutoTokenizer

    folder = shutil.copytree(gpt2, model_folder("strange"))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["rice", "Please"])  # beyond the embeddings
    tokenizer.save_pretrained(folder)
    with pytest.raises(ScorerError, match="cannot score"):
        RewardModel(str(folder), ScorerOptions(input_format="pair"))


@given(plan=st.lists(st.integers(1, 9), min_size=1, max_size=12))
@hypothesis_settings(max_examples=15)
def test_no_batch_plan_changes_a_score(loaded: Any, plan: list[int]) -> None:
    for model, encoded, expected in loaded:
        at, scores = 0, []
        for size in plan:
            batch = encoded[at : at + size]
            scores += [result.score for result in model.score(batch)] if batch else []
            at += size
        assert close(scores, expected[: len(scores)])


@pytest.fixture(scope="module")
def loaded(deberta: Path, llama: Path, bert: Path) -> Any:
    samples = random_samples(60, seed=8, longest=40)
    entries = []
    for spec in (str(deberta), str(llama), f"{bert}#bad"):
        model = RewardModel(spec, ScorerOptions())
        encoded = model.encode(samples)
        expected = [model.score([each])[0].score for each in encoded]  # type: ignore[union-attr,list-item]
        entries.append((model, encoded, expected))
    return entries


def test_a_batch_dependent_model_falls_back_to_equal_lengths(
    deberta: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Classifier.launch

    def careless(self: Classifier, batch: Any) -> Any:
        padding = max(each.tokens for each in batch) * len(batch) - sum(e.tokens for e in batch)
        finish = started(self, batch)
        return lambda: [score + padding / 100 for score in finish()]

    samples = random_samples(10, seed=9)
    expected = one_by_one(deberta, [(s.prompt, s.response) for s in samples])
    monkeypatch.setattr(Classifier, "launch", careless)
    model = RewardModel(str(deberta), ScorerOptions())
    assert any("equal lengths" in warning for warning in model.warnings)
    assert close(scores_of(model, samples, size=10), expected)


def test_a_checkpoint_without_a_head_is_refused(
    deberta: Path, model_folder: Callable[[str], Path]
) -> None:
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(deberta, model_folder("headless"))
    weights = load_file(folder / "model.safetensors")
    kept = {name: tensor for name, tensor in weights.items() if "classifier" not in name}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ScorerError, match="no trained classification head") as caught:
        RewardModel(str(folder), ScorerOptions())
    assert "classifier" in caught.value.message


def test_a_head_of_another_size_is_refused(
    deberta: Path, model_folder: Callable[[str], Path]
) -> None:
    folder = shutil.copytree(deberta, model_folder("resized"))
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {"0": "a", "1": "b"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ScorerError):
        RewardModel(f"{folder}#a", ScorerOptions())


def test_another_kind_of_model_is_refused(
    deberta: Path, model_folder: Callable[[str], Path]
) -> None:
    folder = shutil.copytree(deberta, model_folder("causal"))
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["GPTNeoXRewardModel"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ScorerError, match="no sequence classifier but a GPTNeoXRewardModel"):
        RewardModel(str(folder), ScorerOptions())


def test_a_kind_that_transformers_does_not_know_is_refused(
    deberta: Path, model_folder: Callable[[str], Path]
) -> None:
    folder = shutil.copytree(deberta, model_folder("newer"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "wizard", "architectures": ["WizardForSequenceClassification"]}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ScorerError, match=r"transformers [\d.]+ does not know: wizard") as caught:
        RewardModel(str(folder), ScorerOptions())
    assert "newer transformers" in caught.value.hint


def test_corrupt_weights_are_a_message(deberta: Path, model_folder: Callable[[str], Path]) -> None:
    folder = shutil.copytree(deberta, model_folder("corrupt"))
    data = (folder / "model.safetensors").read_bytes()
    for damaged in (data[:200], b"\xff" * 64, b"", data[: len(data) // 2]):
        (folder / "model.safetensors").write_bytes(damaged)
        with pytest.raises(ScorerError, match="cannot be loaded") as caught:
            RewardModel(str(folder), ScorerOptions())
        assert str(folder) in caught.value.hint


def test_a_model_without_a_tokenizer_is_a_message(
    deberta: Path, model_folder: Callable[[str], Path]
) -> None:
    folder = shutil.copytree(deberta, model_folder("mute"))
    for file in folder.glob("*token*"):
        file.unlink()
    with pytest.raises(ScorerError, match="tokenizer"):
        RewardModel(str(folder), ScorerOptions())


def test_too_large_is_said_before_the_weights_are_read(
    deberta: Path, model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(deberta, model_folder("huge"))
    data = 300_000_000_000
    tensor = {"dtype": "F32", "shape": [data // 4], "data_offsets": [0, data]}
    header = json.dumps({"deberta.embeddings.word_embeddings.weight": tensor}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + data)  # a hole: nothing that could be read in time

    def read(*_: Any) -> str:
        raise AssertionError("the weights were read")

    monkeypatch.setattr("engine.scoring.models.reward_model.revision_of", read)
    monkeypatch.setattr("engine.scoring.models.loading.available_bytes", lambda: 64 * 2**30)
    with pytest.raises(
        ScorerError, match=r"too large: 279.4 GiB needed in float32, 64.0"
    ) as caught:
        RewardModel(str(folder), ScorerOptions(dtype="float32"))
    assert "bfloat16" in caught.value.hint


def test_no_such_device(deberta: Path) -> None:
    with pytest.raises(ScorerError, match="no such device"):
        RewardModel(str(deberta), ScorerOptions(device="cuda:99"))


def test_truncation_keeps_the_prompts_head_and_the_response(deberta: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(deberta)
    model = RewardModel(str(deberta), ScorerOptions(max_length=32))
    head, tail = "how do i cook", "wash the rice with cold water"
    (encoded,) = model.encode([sample(f"{head} {'long story ' * 40}", tail)])
    assert isinstance(encoded, Encoded)
    assert encoded.length > encoded.tokens
    assert encoded.tokens <= 32
    assert isinstance(encoded.payload, dict)
    text = tokenizer.decode(encoded.payload["input_ids"])
    assert head in text
    assert tail in text


def test_a_response_that_is_too_long_alone_loses_its_end(deberta: Path, llama: Path) -> None:
    for folder in (deberta, llama):
        model = RewardModel(str(folder), ScorerOptions(max_length=32))
        (encoded,) = model.encode([sample("how do i cook rice", "sorry " + "water please " * 99)])
        assert isinstance(encoded, Encoded)
        assert encoded.length > encoded.tokens
        assert encoded.tokens <= 32
        from transformers import AutoTokenizer

        assert isinstance(encoded.payload, dict)
        text = AutoTokenizer.from_pretrained(folder).decode(encoded.payload["input_ids"])
        assert "how" in text
        assert "sorry" in text


def test_long_chats_keep_their_last_answer(llama: Path) -> None:
    turns = (
        Message(Role.SYSTEM, "help me please"),
        Message(Role.USER, "tell me a story " * 30),
        Message(Role.ASSISTANT, "two friends"),
        Message(Role.USER, "go on " * 30),
        Message(Role.ASSISTANT, "the bridge never ends"),
    )
    talk = Sample(0, Family.MESSAGES, turns, "", "the bridge never ends")
    model = RewardModel(str(llama), ScorerOptions(max_length=64))
    (encoded,) = model.encode([talk])
    assert isinstance(encoded, Encoded)
    assert encoded.length > encoded.tokens
    assert encoded.tokens <= 64
    from transformers import AutoTokenizer

    assert isinstance(encoded.payload, dict)
    text = AutoTokenizer.from_pretrained(llama).decode(encoded.payload["input_ids"])
    assert "the bridge never ends" in text
    assert "help me please" in text


@pytest.mark.parametrize("form", ["pair", "hh"])
def test_a_long_dialogue_keeps_its_first_and_its_last_question(deberta: Path, form: str) -> None:
    from transformers import AutoTokenizer

    turns = (
        Message(Role.SYSTEM, "help me please"),
        Message(Role.USER, "how do i cook rice"),
        Message(Role.ASSISTANT, "wash the rice " * 20),
        Message(Role.USER, "go on " * 20),
        Message(Role.ASSISTANT, "two friends " * 20),
        Message(Role.USER, "tell me a story"),
        Message(Role.ASSISTANT, "the bridge never ends"),
    )
    talk = Sample(0, Family.MESSAGES, turns, prompt_text(turns[:-1]), "the bridge never ends")
    tokenizer = AutoTokenizer.from_pretrained(deberta)
    whole, cut = (
        RewardModel(str(deberta), ScorerOptions(max_length=length, input_format=form)).encode(
            [talk]
        )[0]
        for length in (512, 64)
    )
    assert isinstance(whole, Encoded)
    assert isinstance(cut, Encoded)
    assert (whole.length, cut.length) == (0, whole.tokens)
    assert cut.tokens <= 64
    assert isinstance(cut.payload, dict)
    text = tokenizer.decode(cut.payload["input_ids"])
    for kept in ("help me please", "how do i cook", "tell me a story", "the bridge never"):
        assert kept in text
    assert "two friends" not in text
    asked = prompt_text(turns[:-1])
    if form == "hh":
        asked = f"\n\nHuman: {asked} \n\nAssistant:"
    assert isinstance(whole.payload, dict)
    assert whole.payload["input_ids"] == tokenizer(asked, talk.response)["input_ids"]


def test_a_template_without_a_system_role_gets_it_in_the_question(
    model_folder: Callable[[str], Path],
) -> None:
    folder = built_models.llama(model_folder("strict"), template=built_models.STRICT_TEMPLATE)
    turns = (
        Message(Role.SYSTEM, "help"),
        Message(Role.USER, "how"),
        Message(Role.ASSISTANT, "yes"),
    )
    model = RewardModel(str(folder), ScorerOptions())
    (encoded,) = model.encode([Sample(0, Family.MESSAGES, turns, "how", "yes")])
    assert isinstance(encoded, Encoded)


def test_a_sample_that_the_template_refuses_fails_alone(
    model_folder: Callable[[str], Path],
) -> None:
    folder = built_models.llama(model_folder("strict2"), template=built_models.STRICT_TEMPLATE)
    late = (
        Message(Role.USER, "how"),
        Message(Role.SYSTEM, "help"),
        Message(Role.ASSISTANT, "yes"),
    )
    model = RewardModel(str(folder), ScorerOptions())
    bad, good = model.encode([Sample(0, Family.MESSAGES, late, "how", "yes"), sample("how", "yes")])
    assert isinstance(bad, Failed)
    assert "System role not supported" in bad.reason
    assert isinstance(good, Encoded)


def test_lone_surrogates_and_empty_answers_are_scored(deberta: Path, llama: Path) -> None:
    for folder in (deberta, llama):
        model = RewardModel(str(folder), ScorerOptions())
        samples = [sample("how \ud800 do", "rice \udfff"), sample("how", ""), sample("", "")]
        assert len(scores_of(model, samples)) == 3


def test_a_prompt_without_a_response_fails_with_a_reason(deberta: Path) -> None:
    alone = Sample(0, Family.PROMPT, (Message(Role.USER, "how"),), "how", "")
    pair = RewardModel(str(deberta), ScorerOptions())
    assert pair.encode([alone]) == [Failed("no response to score")]
    text = RewardModel(str(deberta), ScorerOptions(input_format="text"))
    assert isinstance(text.encode([alone])[0], Encoded)


def test_a_template_file_replaces_its_two_places_literally(deberta: Path, tmp_path: Path) -> None:
    file = tmp_path / "template.txt"
    file.write_text("{other} Q: {prompt}\nA: {response}\n")
    model = RewardModel(str(deberta), ScorerOptions(input_format=f"template:{file}"))
    samples = [sample("what {response} is", "a {prompt} answer"), *random_samples(3, seed=11)]
    texts = [(f"{{other}} Q: {s.prompt}\nA: {s.response}",) for s in samples]
    assert close(scores_of(model, samples), one_by_one(deberta, texts))
    assert model.key(Side.CHOSEN).input_format.startswith("template:")


def test_unusable_formats_are_messages(deberta: Path, tmp_path: Path) -> None:
    file = tmp_path / "t.txt"
    file.write_text("{prompt} only")
    for wanted in ("chat", "poem", "template:", f"template:{file}", "template:/absent"):
        with pytest.raises(ScorerError):
            RewardModel(str(deberta), ScorerOptions(input_format=wanted))


def test_the_key_tells_everything_that_moves_a_score(deberta: Path) -> None:
    one = RewardModel(str(deberta), ScorerOptions()).key(Side.CHOSEN)
    two = RewardModel(str(deberta), ScorerOptions(input_format="text")).key(Side.CHOSEN)
    three = RewardModel(str(deberta), ScorerOptions(max_length=64)).key(Side.CHOSEN)
    assert one.dtype == "float32"
    assert one.max_length == 128
    assert len({each.digest() for each in (one, two, three)}) == 3


def test_closing_frees_the_model_and_keeps_the_label(deberta: Path) -> None:
    model = RewardModel(str(deberta), ScorerOptions())
    before = model.label
    model.close()
    model.close()
    assert model._classifier._model is None
    assert model.label == before


def test_a_template_that_refuses_everything_is_a_message(
    model_folder: Callable[[str], Path],
) -> None:
    folder = built_models.llama(model_folder("no"), template="{{ raise_exception('not today') }}")
    with pytest.raises(ScorerError, match="not today"):
        RewardModel(str(folder), ScorerOptions())


def test_loading_and_scoring_write_nothing_on_the_screen(
    deberta: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = RewardModel(str(deberta), ScorerOptions())
    scores_of(model, [sample("how " * 900, "rice " * 900)])
    assert capfd.readouterr() == ("", "")


def test_models_known_by_name_bring_format_and_threshold() -> None:
    known = known_model("HuggingFaceFW/fineweb-edu-classifier")
    assert known is not None
    assert (known.input_format, known.start_threshold) == ("text", 3.0)
    assert known_model("OpenAssistant/reward-model-pythia-1b") is None


def test_a_loaded_encoder_is_quickened_and_scores_as_transformers_one_by_one(
    bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.scoring.models.fast.first_token import FirstTokenClassifier

    samples = random_samples(20, seed=60, longest=40)
    expected = one_by_one(bert, [(s.prompt, s.response) for s in samples])
    model = RewardModel(f"{bert}#bad", ScorerOptions())
    assert type(model._classifier._model).__name__ == "FirstTokenClassifier"
    assert close(scores_of(model, samples), expected)

    exact: Any = FirstTokenClassifier.__call__

    def wrong(*args: Any, **inputs: Any) -> Any:
        out = exact(*args, **inputs)
        out.logits = out.logits + 0.5
        return out

    monkeypatch.setattr(FirstTokenClassifier, "__call__", wrong)
    model = RewardModel(f"{bert}#bad", ScorerOptions())
    assert type(model._classifier._model).__name__ == "BertForSequenceClassification"
    assert close(scores_of(model, samples), expected)


def test_the_tokenizers_backend_is_trusted_only_where_it_gives_the_same(
    deberta: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import AutoTokenizer

    from engine.scoring.models.formats import Encoder, PairFormat

    tokenizer: Any = AutoTokenizer.from_pretrained(deberta)
    samples = random_samples(12, seed=61, longest=90)
    expected = [tokenizer(s.prompt, s.response, return_attention_mask=False).data for s in samples]
    tokenizer(["how do i"] * 2, truncation=True, max_length=2, padding=True)  # leaves settings

    def payloads(encoder: Encoder) -> list[object]:
        return [each.payload for each in encoder.encode(samples) if isinstance(each, Encoded)]

    encoder = Encoder(tokenizer, PairFormat(), 1_000)
    assert payloads(encoder) == expected
    assert encoder._backend is not None
    assert payloads(encoder) == expected

    wrong = Encoder(tokenizer, PairFormat(), 1_000)
    monkeypatch.setattr(wrong, "_by_backend", lambda texts: [{"input_ids": [1]}] * len(texts))
    assert payloads(wrong) == expected
    assert payloads(wrong) == expected
    assert wrong._backend is None
