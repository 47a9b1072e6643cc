"""DeBERTa-v2 and v3 with their attention rewritten, and the last layer for the first token only.

The stock attention projects every relative position anew in each layer, repeats them for each
row, multiplies against all of them, and gathers. Here they are projected once per model; only the
2L-1 distances that a batch of L tokens has are multiplied; and what was a gather is a view: in
row i of a matrix whose columns are distances, the keys of query i stand next to each other, one
place further left in each row.

Source: He et al., "DeBERTa: Decoding-enhanced BERT with Disentangled Attention", 2021, section
3.1: content-to-position and position-to-content share the distance of query and key.
"""
# ruff: noqa: PLC0415 - torch and transformers are imported with the first model

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.scoring.models.fast.first_token import FeedForward
from engine.scoring.models.fast.kernels import PLAIN_KEYS, Linear, mask_bias

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
    from transformers.modeling_outputs import SequenceClassifierOutput

TERMS = frozenset({"c2p", "p2c"})


def fits(model: Any) -> bool:
    """Whether a model is transformers' own DeBERTa-v2 classifier, without what is not done here."""
    kind = type(model)
    if kind.__name__ != "DebertaV2ForSequenceClassification":
        return False
    if not kind.__module__.startswith("transformers.models."):
        return False
    encoder = model.deberta.encoder
    terms = model.config.pos_att_type or []
    return (
        bool(getattr(model.config, "relative_attention", False))
        and encoder.conv is None
        and model.deberta.z_steps <= 1
        and 0 < len(terms) == len(set(terms))
        and set(terms) <= TERMS
        and len(encoder.layer) > 0
    )


class DebertaClassifier:
    """A DeBERTa classifier; called and answering as the model it was made from."""

    def __init__(self, model: Any) -> None:
        """Take over the layers, one after the other; `model` cannot be used afterwards."""
        import torch
        from torch import nn

        self.config = model.config
        self.dtype: torch.dtype = model.dtype
        base = model.deberta
        self._embeddings: nn.Module = base.embeddings
        self._pooler: nn.Module = model.pooler
        self._head: nn.Module = model.classifier
        attention = base.encoder.layer[0].attention.self
        self._buckets = int(attention.position_buckets)
        self._furthest = int(attention.max_relative_positions)
        self._span = int(attention.pos_ebd_size)
        self._places: dict[int, Tensor] = {}
        stock = base.encoder.layer
        with torch.inference_mode():
            relative = base.encoder.get_rel_embedding()[: 2 * self._span]  # (2 * span, hidden)
            self._layers: list[_Layer] = []
            for at in range(len(stock) - 1):
                self._layers.append(_Layer(stock[at], relative))
                stock[at] = nn.Identity()
            self._last = _LastLayer(stock[-1], relative)
        stock[-1] = nn.Identity()

    def __call__(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> SequenceClassifierOutput:
        """Logits of a batch padded on the right.  (batch, tokens) -> (batch, labels)."""
        from transformers.modeling_outputs import SequenceClassifierOutput

        hidden = self._embeddings(
            input_ids=input_ids, token_type_ids=token_type_ids, mask=attention_mask
        )
        bias = mask_bias(attention_mask, hidden.dtype)  # (batch, 1, 1, tokens)
        places = self._places_of(hidden)
        for layer in self._layers:
            hidden = layer(hidden, bias, places)
        first = self._last(hidden, bias, places)  # (batch, 1, hidden)
        return SequenceClassifierOutput(logits=self._head(self._pooler(first)))

    def _places_of(self, hidden: Tensor) -> Tensor:
        """Which relative position each distance of query and key is, the smallest first.

        Returns:
            (2 * tokens - 1,), from 1 - tokens to tokens - 1
        """
        import torch
        from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

        tokens = hidden.shape[1]
        known = self._places.get(tokens)
        if known is None:
            distances = torch.arange(1 - tokens, tokens, device=hidden.device)
            if self._buckets > 0 and self._furthest > 0:
                distances = make_log_bucket_position(distances, self._buckets, self._furthest)
            known = (distances.long() + self._span).clamp_(0, 2 * self._span - 1)
            self._places[tokens] = known
        return known


class _Relative:
    """A layer's projected relative positions, ready to be multiplied with queries and keys."""

    def __init__(self, attention: Any, relative: Tensor) -> None:
        self.heads = int(attention.num_attention_heads)
        self.size = int(attention.attention_head_size)
        terms = attention.pos_att_type
        self.scale = (self.size * (1 + len(terms))) ** -0.5
        shared = attention.share_att_key
        self.keys: Tensor | None = None
        """For the queries.  (heads, size, 2 * span)"""
        self.queries: Tensor | None = None
        """For the keys, scaled.  (heads, size, 2 * span)"""
        if "c2p" in terms:
            project = attention.key_proj if shared else attention.pos_key_proj
            self.keys = self._by_head(project(relative))
        if "p2c" in terms:
            project = attention.query_proj if shared else attention.pos_query_proj
            self.queries = self._by_head(project(relative)) * self.scale

    def _by_head(self, projected: Tensor) -> Tensor:
        return projected.view(-1, self.heads, self.size).permute(1, 2, 0).contiguous()


class _Layer:
    """A whole layer, with one product for query, key and value."""

    def __init__(self, stock: Any, relative: Tensor) -> None:
        attention = stock.attention.self
        self._relative = _Relative(attention, relative)
        self._project = Linear([attention.query_proj, attention.key_proj, attention.value_proj])
        self._feed_forward = FeedForward(stock)

    def __call__(self, hidden: Tensor, bias: Tensor | None, places: Tensor) -> Tensor:
        """(batch, tokens, hidden) to the same."""
        batch, tokens, _ = hidden.shape
        heads, size = self._relative.heads, self._relative.size
        projected = self._project(hidden).view(batch, tokens, 3, heads, size)
        projected = projected.permute(2, 3, 0, 1, 4).contiguous()
        query, key, value = projected  # (heads, batch, tokens, size) each
        query = query * self._relative.scale
        attended = _attend(query, key, value, self._distances(query, key, bias, places))
        attended = attended.permute(1, 2, 0, 3).reshape(batch, tokens, heads * size)
        return self._feed_forward(attended, hidden)

    def _distances(self, query: Tensor, key: Tensor, bias: Tensor | None, places: Tensor) -> Tensor:
        """What distance and padding add to each score.  -> (heads, batch, tokens, tokens)."""
        relative = self._relative
        added: Tensor | None = None
        if relative.keys is not None:
            # Query i meets key j at distance i - j: from left to right it becomes smaller.
            added = _by_distance(query, relative.keys, places.flip(0))
        if relative.queries is not None:
            others = _by_distance(key, relative.queries, places).transpose(2, 3)
            added = others if added is None else added + others
        assert added is not None
        return added if bias is None else added + bias.transpose(0, 1)


class _LastLayer:
    """The last layer for the first token: one query per head; values are never projected."""

    def __init__(self, stock: Any, relative: Tensor) -> None:
        attention = stock.attention.self
        self._relative = _Relative(attention, relative)
        self._query = Linear([attention.query_proj])
        self._key = Linear([attention.key_proj])
        width = attention.value_proj.in_features
        value = attention.value_proj.weight.detach().view(self._relative.heads, -1, width)
        self._value = value.transpose(1, 2)  # (heads, hidden, size)
        self._value_bias = attention.value_proj.bias.detach()  # (heads * size,)
        self._feed_forward = FeedForward(stock)

    def __call__(self, hidden: Tensor, bias: Tensor | None, places: Tensor) -> Tensor:
        """(batch, tokens, hidden) -> (batch, 1, hidden)."""
        import torch
        from torch.nn import functional

        relative = self._relative
        batch, tokens, _ = hidden.shape
        heads, size = relative.heads, relative.size
        places = places[:tokens].flip(0)  # of key j to query 0: -j
        first = hidden[:, :1].contiguous()
        query = self._query(first).view(batch, heads, size) * relative.scale
        key = self._key(hidden).view(batch, tokens, heads, size)
        asked = query[:, None]  # (batch, 1, heads, size)
        if relative.queries is not None:
            asked = asked + relative.queries[:, :, places].permute(2, 0, 1)
        scores = (asked * key).sum(-1).transpose(1, 2)  # (batch, heads, tokens)
        if relative.keys is not None:
            near = torch.bmm(query.transpose(0, 1), relative.keys[:, :, places])
            scores = scores + near.transpose(0, 1)
        if bias is not None:
            scores = scores + bias[:, 0]
        read = torch.bmm(functional.softmax(scores, dim=-1), hidden)  # (batch, heads, hidden)
        value = torch.bmm(read.transpose(0, 1), self._value)  # (heads, batch, size)
        attended = value.transpose(0, 1).reshape(batch, 1, -1) + self._value_bias
        return self._feed_forward(attended, first)


def _by_distance(content: Tensor, relative: Tensor, places: Tensor) -> Tensor:
    """Products of each token with the relative position of every other one.

    Args:
        content: queries or keys.  (heads, batch, tokens, size)
        relative: (heads, size, 2 * span)
        places: of the distances, as they follow each other in the last token's row.
            (2 * tokens - 1,)

    Returns:
        A view into a larger product.  (heads, batch, tokens, tokens)
    """
    import torch

    heads, batch, tokens, size = content.shape
    content = content.reshape(heads, batch * tokens, size)
    if len(places) <= relative.shape[2]:
        product = torch.bmm(content, relative[:, :, places])
    else:
        product = torch.bmm(content, relative)[:, :, places]
    width = 2 * tokens - 1  # (heads, batch * tokens, width)
    product = product.contiguous()
    stride = product.stride(0)
    return product.as_strided(
        (heads, batch, tokens, tokens), (stride, tokens * width, width - 1, 1), tokens - 1
    )


def _attend(query: Tensor, key: Tensor, value: Tensor, added: Tensor) -> Tensor:
    """Softmax attention of scaled queries.  (heads, batch, tokens, size) -> the same."""
    import torch
    from torch.nn import functional

    heads, batch, tokens, size = query.shape
    if query.device.type != "cpu" or tokens > PLAIN_KEYS["torch.bfloat16"]:
        return functional.scaled_dot_product_attention(
            query, key, value, attn_mask=added, scale=1.0
        )
    shape = (heads * batch, tokens, size)
    scores = torch.baddbmm(
        added.reshape(heads * batch, tokens, tokens),
        query.reshape(shape),
        key.reshape(shape).transpose(1, 2),
    )
    weights = functional.softmax(scores, dim=-1)
    return torch.bmm(weights, value.reshape(shape)).view(heads, batch, tokens, size)
