"""The faster forms against the models they were made from."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.engine.scoring.both_forms import (
    batch,
    build,
    most_apart,
    stays_near_in_bfloat16,
    stays_stock,
)

KINDS = ("bert", "roberta", "xlm-roberta", "camembert", "electra")


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
    assert most_apart(model, inputs) <= 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_long_inputs_take_torchs_attention_and_score_alike(kind: str) -> None:
    model = build(kind, max_position_embeddings=700)
    inputs = batch([600, 130, 2])
    assert most_apart(model, inputs) <= 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_bfloat16_is_as_near_to_float32_as_the_stock_model(kind: str) -> None:
    stays_near_in_bfloat16(partial(build, kind))


def test_without_token_types_the_first_kind_is_meant() -> None:
    model = build("bert")
    inputs = batch([20, 9])
    del inputs["token_type_ids"]
    assert most_apart(model, inputs) <= 1e-5


def test_what_has_no_faster_form_stays_as_it_is() -> None:
    class Own(type(build("bert"))):  # type: ignore[misc]
        """A class of somebody's own, whatever it computes."""

    Own.__name__ = "BertForSequenceClassification"
    config = build("bert").config
    inputs = {name: each for name, each in batch([12, 4]).items() if name != "token_type_ids"}
    for model in (build("bert", is_decoder=True), build("distilbert"), Own(config).eval()):
        stays_stock(model, inputs)
