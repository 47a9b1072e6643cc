"""The faster forms against the models they were made from."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.scoring.fast import quicken

KINDS = ("bert", "roberta", "xlm-roberta", "camembert", "electra")


def build(kind: str, seed: int = 0, **config: Any) -> Any:
    """A classifier of that kind with random weights."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.set_num_threads(1)  # faster for models this small
    torch.manual_seed(seed)
    sizes = {
        "vocab_size": 100,
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 40,
        "max_position_embeddings": 90,
        "type_vocab_size": 2,
        "pad_token_id": 1,
        "num_labels": 2,
        "initializer_range": 0.1,
    }
    made = AutoConfig.for_model(kind, **{**sizes, **config})
    make: Any = AutoModelForSequenceClassification.from_config
    return make(made).eval()


def batch(lengths: list[int], seed: int = 0) -> dict[str, Any]:
    """Random tokens of those lengths, padded on the right."""
    import torch

    torch.manual_seed(seed)
    shape = (len(lengths), max(lengths))
    mask = torch.arange(shape[1])[None, :] < torch.tensor(lengths)[:, None]
    return {
        "input_ids": torch.where(mask, torch.randint(2, 100, shape), 1),
        "attention_mask": mask.long(),
        "token_type_ids": torch.randint(0, 2, shape) * mask,
    }


def logits(model: Any, inputs: dict[str, Any]) -> Any:
    import torch

    with torch.inference_mode():
        return model(**inputs).logits


@given(
    kind=st.sampled_from(KINDS),
    heads=st.sampled_from([1, 2, 6]),
    size=st.sampled_from([4, 16]),
    layers=st.integers(1, 4),
    wide=st.sampled_from([8, 100]),
    labels=st.integers(1, 3),
    activation=st.sampled_from(["gelu", "relu", "gelu_new", "silu"]),
    narrow=st.booleans(),
    lengths=st.lists(st.integers(1, 80), min_size=1, max_size=5),
    seed=st.integers(0, 1_000),
)
@hypothesis_settings(max_examples=40)
def test_random_models_score_alike_in_both_forms(
    kind: str,
    heads: int,
    size: int,
    layers: int,
    wide: int,
    labels: int,
    activation: str,
    narrow: bool,
    lengths: list[int],
    seed: int,
) -> None:
    model = build(
        kind,
        seed,
        hidden_size=heads * size,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        intermediate_size=wide,
        num_labels=labels,
        hidden_act=activation,
        **({"embedding_size": 12 if narrow else heads * size} if kind == "electra" else {}),
    )
    inputs = batch(lengths, seed)
    expected = logits(model, inputs)
    faster = quicken(model)
    assert faster is not None
    assert (logits(faster, inputs) - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_long_inputs_take_torchs_attention_and_score_alike(kind: str) -> None:
    model = build(kind, max_position_embeddings=700)
    inputs = batch([600, 130, 2])
    expected = logits(model, inputs)
    assert (logits(quicken(model), inputs) - expected).abs().max() <= 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_bfloat16_is_as_near_to_float32_as_the_stock_model(kind: str) -> None:
    import torch

    model = build(kind, initializer_range=0.05)
    inputs = batch([70, 30, 5, 60])
    exact = logits(model, inputs)
    stock = copy.deepcopy(model).to(torch.bfloat16)
    by_stock = (logits(stock, inputs) - exact).abs().max()
    ours = logits(quicken(stock), inputs)
    assert ours.dtype == torch.bfloat16
    assert (ours - exact).abs().max() <= 3 * by_stock + 0.01


def test_without_token_types_the_first_kind_is_meant() -> None:
    model = build("bert")
    inputs = batch([20, 9])
    del inputs["token_type_ids"]
    expected = logits(model, inputs)
    assert (logits(quicken(model), inputs) - expected).abs().max() <= 1e-5


def test_what_has_no_faster_form_stays_as_it_is() -> None:
    import torch

    class Own(type(build("bert"))):  # type: ignore[misc]
        """A class of somebody's own, whatever it computes."""

    Own.__name__ = "BertForSequenceClassification"
    config = build("bert").config
    for model in (build("bert", is_decoder=True), build("distilbert"), Own(config).eval()):
        inputs = {k: v for k, v in batch([12, 4]).items() if k != "token_type_ids"}
        before = logits(model, inputs)
        assert quicken(model) is None
        assert torch.equal(logits(model, inputs), before)
