"""DeBERTa's rewritten attention against the stock model, over random configs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.scoring.models.fast.deberta import fits
from tests.engine.scoring.both_forms import (
    batch,
    build,
    most_apart,
    stays_near_in_bfloat16,
    stays_stock,
)


def deberta(seed: int = 0, **config: Any) -> Any:
    """The default model's kind with random weights, small."""
    usual = {
        "type_vocab_size": 0,
        "relative_attention": True,
        "position_buckets": 16,
        "max_relative_positions": -1,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
    }
    return build("deberta-v2", seed, **{**usual, **config})


@given(
    heads=st.sampled_from([1, 2, 6]),
    size=st.sampled_from([4, 16]),
    layers=st.integers(1, 3),
    buckets=st.sampled_from([-1, 4, 16, 64]),
    furthest=st.sampled_from([-1, 20, 120]),
    shared=st.booleans(),
    terms=st.sampled_from([["c2p"], ["p2c"], ["c2p", "p2c"], ["p2c", "c2p"]]),
    normed=st.booleans(),
    biased=st.booleans(),
    types=st.sampled_from([0, 2]),
    labels=st.integers(1, 3),
    lengths=st.lists(st.integers(1, 80), min_size=1, max_size=5),
    seed=st.integers(0, 1_000),
)
@hypothesis_settings(max_examples=40)
def test_random_models_score_alike_in_both_forms(
    heads: int,
    size: int,
    layers: int,
    buckets: int,
    furthest: int,
    shared: bool,
    terms: list[str],
    normed: bool,
    biased: bool,
    types: int,
    labels: int,
    lengths: list[int],
    seed: int,
) -> None:
    model = deberta(
        seed,
        hidden_size=heads * size,
        num_attention_heads=heads,
        num_hidden_layers=layers,
        position_buckets=buckets,
        max_relative_positions=furthest,
        share_att_key=shared,
        pos_att_type=terms,
        norm_rel_ebd="layer_norm" if normed else "none",
        position_biased_input=biased,
        type_vocab_size=types,
        num_labels=labels,
    )
    assert fits(model)
    assert most_apart(model, batch(lengths, seed)) <= 1e-5


def test_long_inputs_score_alike() -> None:
    model = deberta(max_position_embeddings=512, position_buckets=32)
    inputs = batch([600, 130, 2])
    assert most_apart(model, inputs) <= 1e-5


def test_bfloat16_is_as_near_to_float32_as_the_stock_model() -> None:
    stays_near_in_bfloat16(deberta)


@pytest.mark.parametrize(
    "config",
    [
        {"conv_kernel_size": 3, "conv_act": "gelu"},
        {"relative_attention": False},
        {"pos_att_type": ["c2p", "p2p"]},
        {"pos_att_type": []},
    ],
    ids=["convolution", "absolute", "another term", "no term"],
)
def test_where_a_condition_does_not_hold_the_model_stays_stock(config: dict[str, Any]) -> None:
    stays_stock(deberta(**config), batch([20, 7]))
