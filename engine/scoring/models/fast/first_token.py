"""BERT and its kin, with the last layer computed for the first token only.

Their classification heads read that token alone. With one query per head, keys and values need
not be computed for every token either: a score is q (W h) = (q W) h, and the weights sum to 1, so
the values can be projected after they are summed. What is left of the last layer costs hardly
more than reading its input. The other layers have query, key and value in one product.
"""
# ruff: noqa: PLC0415 - torch and transformers are imported with the first model

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.scoring.models.fast.kernels import Linear, attend, mask_bias

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from transformers.modeling_outputs import SequenceClassifierOutput

KINDS = {
    "BertForSequenceClassification": "bert",
    "RobertaForSequenceClassification": "roberta",
    "XLMRobertaForSequenceClassification": "roberta",
    "CamembertForSequenceClassification": "roberta",
    "ElectraForSequenceClassification": "electra",
}
"""Classes with the same layers, and under which name each keeps its encoder."""


def fits(model: Any) -> bool:
    """Whether a model is one of transformers' own classes of this kind, used as an encoder."""
    kind = type(model)
    base = getattr(model, KINDS.get(kind.__name__, ""), None)
    return (
        kind.__module__.startswith("transformers.models.")
        and base is not None
        and not getattr(model.config, "is_decoder", False)
        and not getattr(model.config, "add_cross_attention", False)
        and len(base.encoder.layer) > 0
        and _absolute(model.config)
    )


def _absolute(config: Any) -> bool:
    """Older versions of these models knew positions inside the attention too."""
    return getattr(config, "position_embedding_type", "absolute") in (None, "absolute")


class FirstTokenClassifier:
    """A classifier of this kind; called and answering as the model it was made from."""

    def __init__(self, model: Any) -> None:
        """Take over the layers, one after the other; `model` cannot be used afterwards."""
        from torch import nn

        self.config = model.config
        self.dtype: torch.dtype = model.dtype
        base = getattr(model, KINDS[type(model).__name__])
        self._embeddings: nn.Module = base.embeddings
        self._project: nn.Module | None = getattr(base, "embeddings_project", None)
        self._pooler: nn.Module | None = getattr(base, "pooler", None)
        self._head: nn.Module = model.classifier
        stock = base.encoder.layer
        self._layers: list[_Layer] = []
        for at in range(len(stock) - 1):
            self._layers.append(_Layer(stock[at]))
            stock[at] = nn.Identity()
        self._last = _LastLayer(stock[-1])
        stock[-1] = nn.Identity()

    def __call__(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> SequenceClassifierOutput:
        """Logits of a batch padded on the right.  (batch, tokens) -> (batch, labels)."""
        from transformers.modeling_outputs import SequenceClassifierOutput

        hidden = self._embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
        if self._project is not None:
            hidden = self._project(hidden)  # (batch, tokens, hidden)
        bias = mask_bias(attention_mask, hidden.dtype)
        for layer in self._layers:
            hidden = layer(hidden, bias)
        first = self._last(hidden, bias)  # (batch, 1, hidden)
        logits = self._head(first if self._pooler is None else self._pooler(first))
        return SequenceClassifierOutput(logits=logits)


class FeedForward:
    """What follows the attention: projection, two sums with their norms, the wide layer."""

    def __init__(self, stock: Any) -> None:
        self._after = Linear([stock.attention.output.dense])
        self._norm: nn.LayerNorm = stock.attention.output.LayerNorm
        self._widen = Linear([stock.intermediate.dense], stock.intermediate.intermediate_act_fn)
        self._narrow = Linear([stock.output.dense])
        self._last_norm: nn.LayerNorm = stock.output.LayerNorm

    def __call__(self, attended: Tensor, hidden: Tensor) -> Tensor:
        """(batch, tokens, hidden), twice, to the same."""
        hidden = self._norm(self._after(attended).add_(hidden))
        narrowed: Tensor = self._narrow(self._widen(hidden)).add_(hidden)
        output: Tensor = self._last_norm(narrowed)
        return output


class _Layer:
    """A whole layer, with one product for query, key and value."""

    def __init__(self, stock: Any) -> None:
        attention = stock.attention.self
        self._heads = int(attention.num_attention_heads)
        self._project = Linear([attention.query, attention.key, attention.value])
        self._feed_forward = FeedForward(stock)

    def __call__(self, hidden: Tensor, bias: Tensor | None) -> Tensor:
        """(batch, tokens, hidden) to the same."""
        batch, tokens, _ = hidden.shape
        projected = self._project(hidden).view(batch, tokens, 3, self._heads, -1)
        query, key, value = projected.permute(2, 0, 3, 1, 4)  # (batch, heads, tokens, size) each
        attended = attend(query, key, value, bias)
        return self._feed_forward(attended.transpose(1, 2).reshape(batch, tokens, -1), hidden)


class _LastLayer:
    """The last layer for the first token: one query per head, nothing projected per token."""

    def __init__(self, stock: Any) -> None:
        attention = stock.attention.self
        heads = int(attention.num_attention_heads)
        hidden = attention.query.in_features
        self._query = Linear([attention.query])
        # The bias of the keys adds the same to every score of a query: softmax takes it out.
        self._key = attention.key.weight.detach().view(heads, -1, hidden)  # (heads, size, hidden)
        value = attention.value.weight.detach().view(heads, -1, hidden)
        self._value = value.transpose(1, 2)  # (heads, hidden, size)
        self._value_bias = attention.value.bias.detach()  # (heads * size,)
        self._feed_forward = FeedForward(stock)

    def __call__(self, hidden: Tensor, bias: Tensor | None) -> Tensor:
        """(batch, tokens, hidden) -> (batch, 1, hidden)."""
        import torch
        from torch.nn import functional

        batch = len(hidden)
        heads, size, _ = self._key.shape
        first = hidden[:, :1].contiguous()
        query = self._query(first).view(batch, heads, size).transpose(0, 1) * size**-0.5
        asked = torch.bmm(query, self._key).transpose(0, 1)  # (batch, heads, hidden)
        scores = torch.bmm(asked, hidden.transpose(1, 2))  # (batch, heads, tokens)
        if bias is not None:
            scores += bias[:, 0]
        read = torch.bmm(functional.softmax(scores, dim=-1), hidden)  # (batch, heads, hidden)
        value = torch.bmm(read.transpose(0, 1), self._value)  # (heads, batch, size)
        attended = value.transpose(0, 1).reshape(batch, 1, -1) + self._value_bias
        return self._feed_forward(attended, first)
