"""Small classifiers with random weights, and how far their faster form is from the stock one."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from engine.scoring.models.fast import quicken


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
    model = make(made).eval()
    with torch.no_grad():
        for each in model.parameters():
            if each.ndim == 1:  # biases and norms, which all begin as 0 or 1
                each.add_(torch.randn_like(each) * 0.1)
    return model


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


def most_apart(model: Any, inputs: dict[str, Any]) -> float:
    """The most by which a logit of the faster form differs; the model is used up."""
    expected = logits(model, inputs)
    faster = quicken(model)
    assert faster is not None
    return float((logits(faster, inputs) - expected).abs().max())


def stays_near_in_bfloat16(make: Callable[..., Any]) -> None:
    """The faster form of models that `make` builds rounds hardly more than the stock model does.

    The weights are large, so that much depends on the attention; a wrong one would be off by
    twenty times as much.
    """
    import torch

    by_stock, by_ours = [], []
    for seed in range(3):
        model, inputs = (
            make(seed, initializer_range=0.3, num_labels=8),
            batch([70, 30, 5, 60], seed),
        )
        exact = logits(model, inputs)
        stock = copy.deepcopy(model).to(torch.bfloat16)
        by_stock.append(logits(stock, inputs) - exact)
        ours = logits(quicken(stock), inputs)
        assert ours.dtype == torch.bfloat16
        by_ours.append(ours - exact)
    assert torch.cat(by_ours).square().mean() <= 4 * torch.cat(by_stock).square().mean()


def stays_stock(model: Any, inputs: dict[str, Any]) -> None:
    """There is no faster form, and looking for one has changed nothing."""
    import torch

    before = logits(model, inputs)
    assert quicken(model) is None
    assert torch.equal(logits(model, inputs), before)
