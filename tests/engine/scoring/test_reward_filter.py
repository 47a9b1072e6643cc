"""The chapter's function against the chapter's loop."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.errors import ScorerError, UsageError
from tests.engine.scoring.samples import random_samples

PAIRS = random_samples(80, seed=40, longest=80)
PROMPTS = [each.prompt for each in PAIRS]
RESPONSES = [each.response for each in PAIRS]


def the_loop(folder: Path, threshold: float) -> tuple[list[dict[str, Any]], list[float]]:
    """One by one, as the chapter writes it."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    kept, scores = [], []
    for prompt, response in zip(PROMPTS, RESPONSES, strict=True):
        text = f"<|prompter|>{prompt}<|endoftext|><|assistant|>{response}<|endoftext|>"
        inputs = tokenizer(text, return_tensors="pt", truncation=True, max_length=512)
        with torch.no_grad():
            score = model(**inputs).logits[0].item()
        scores.append(score)
        if score >= threshold:
            kept.append({"prompt": prompt, "response": response, "score": round(score, 3)})
    return kept, scores


@pytest.mark.filterwarnings("ignore:.*was trained with pairs")
def test_it_keeps_what_the_loop_keeps(deberta: Path) -> None:
    _, scores = the_loop(deberta, 0.0)
    threshold = sorted(scores)[40] + 1e-3
    expected, _ = the_loop(deberta, threshold)
    sure = {
        prompt
        for prompt, score in zip(PROMPTS, scores, strict=True)
        if abs(score - threshold) > 1e-4
    }
    kept = engine.filter_sft_data(PROMPTS, RESPONSES, str(deberta), threshold)
    assert 0 < len(kept) < 80
    assert [e["prompt"] for e in kept if e["prompt"] in sure] == [
        e["prompt"] for e in expected if e["prompt"] in sure
    ]
    by_prompt = {each["prompt"]: each for each in expected}
    for each in kept:
        assert set(each) == {"prompt", "response", "score"}
        assert each["score"] == round(each["score"], 3)
        assert each["response"] == by_prompt[each["prompt"]]["response"]
        assert each["score"] == pytest.approx(by_prompt[each["prompt"]]["score"], abs=2e-3)


def test_it_warns_once_where_the_model_was_trained_with_pairs(deberta: Path) -> None:
    with pytest.warns(UserWarning, match="trained with pairs") as caught:
        engine.filter_sft_data(PROMPTS[:3], RESPONSES[:3], str(deberta), -99.0)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_pairs_are_scored_without_a_warning(deberta: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        kept = engine.filter_sft_data(
            PROMPTS[:5], RESPONSES[:5], str(deberta), -99.0, input_format="pair"
        )
    assert [each["response"] for each in kept] == RESPONSES[:5]


def test_an_empty_response_is_encoded_as_the_tokenizer_does_it(deberta: Path) -> None:
    """Of `tokenizer(prompt, "")` Hugging Face makes one segment, of a batch of such pairs two."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(deberta)
    model = AutoModelForSequenceClassification.from_pretrained(deberta).eval()
    responses = ["", RESPONSES[1], "", RESPONSES[3]]
    kept = engine.filter_sft_data(PROMPTS[:4], responses, str(deberta), -99.0, input_format="pair")
    for prompt, response, each in zip(PROMPTS, responses, kept, strict=False):
        with torch.no_grad():
            score = model(**tokenizer(prompt, response, return_tensors="pt")).logits[0].item()
        assert each["score"] == pytest.approx(score, abs=2e-3)


def test_a_model_that_is_not_on_disk_raises_with_the_way_to_get_it() -> None:
    with pytest.raises(ScorerError, match="not on disk") as caught:
        engine.filter_sft_data(["a"], ["b"])
    hint = caught.value.hint
    assert "hf download OpenAssistant/reward-model-deberta-v3-large-v2 --revision refs/pr/3" in hint


def test_lists_of_different_lengths_are_refused(deberta: Path) -> None:
    with pytest.raises(UsageError, match="2 prompts but 1 responses"):
        engine.filter_sft_data(["a", "b"], ["c"], str(deberta))


@pytest.mark.filterwarnings("ignore:.*was trained with pairs")
def test_nothing_in_nothing_out(deberta: Path) -> None:
    assert engine.filter_sft_data([], [], str(deberta)) == []


def test_other_names_are_not_there() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = engine.nothing
