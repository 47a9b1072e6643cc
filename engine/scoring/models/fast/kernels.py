"""Linear layers and attention in the way that is fastest where they run."""
# ruff: noqa: PLC0415 - torch is imported with the first model

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

PACKED_ROWS = 2_048
"""For which number of rows weights are packed; others work too. The usual batch has this many."""
PLAIN_KEYS = {"torch.float32": 128, "torch.bfloat16": 512}
"""Up to this many keys a plain product beats torch's blocked attention on a processor.
Source: measured, 12 heads of 32 and 6 of 64, 72 to 512 keys, Zen 4: 4.2 against 2.8 ms."""
_FUSED = {"gelu": "gelu", "relu": "relu"}
"""Activations that oneDNN applies while it writes the product; gelu is the exact one."""


class Linear:
    """One or several linear layers of the same input as one, with the activation after them."""

    def __init__(self, layers: Sequence[nn.Linear], activation: nn.Module | None = None) -> None:
        """Copy the weights, packed for oneDNN where that is possible.

        Source: torch's own compiler (inductor) packs with these two operators; measured 8 to
        15 % faster than handing over plain weights with each call.

        Args:
            layers: their outputs stand one after the other.
            activation: applied to the outputs.
        """
        import torch

        weights = [layer.weight.detach() for layer in layers]
        self._weight = torch.cat(weights)  # (out, in)
        biases = [layer.bias.detach() for layer in layers if layer.bias is not None]
        self._bias = torch.cat(biases) if biases else None  # (out,)
        self._activation = activation
        self._fused = _FUSED.get(_name(activation), "none")
        self._packed = self._pack()
        if self._packed is not None:
            self._weight = torch.empty(0)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Apply.  (..., in) -> (..., out)."""
        import torch
        from torch.nn import functional

        if self._packed is None:
            outputs = functional.linear(inputs, self._weight, self._bias)
            return outputs if self._activation is None else self._activation(outputs)
        exact = "none" if self._fused == "gelu" else ""
        outputs = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001 - see __init__
            inputs, self._packed, self._bias, self._fused, [], exact
        )
        if self._activation is None or self._fused != "none":
            return outputs  # type: ignore[no-any-return] # of an operator
        return self._activation(outputs)  # type: ignore[no-any-return] # the same

    def _pack(self) -> Tensor | None:
        import torch

        weight = self._weight
        if weight.device.type != "cpu" or str(weight.dtype) not in PLAIN_KEYS:
            return None
        if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call] # torch says no types
            return None
        try:
            return torch.ops.mkldnn._reorder_linear_weight(  # type: ignore[no-any-return]  # noqa: SLF001
                weight, PACKED_ROWS
            )
        except (AttributeError, RuntimeError):  # another torch, another processor
            return None


def attend(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None) -> Tensor:
    """Softmax attention, scaled by the size of a head.

    Args:
        query: (batch, heads, queries, size)
        key: (batch, heads, keys, size)
        value: (batch, heads, keys, size)
        bias: 0 where a key counts, very negative where it does not; None: all count.
            (batch, 1, 1, keys)

    Returns:
        (batch, heads, queries, size)
    """
    import torch
    from torch.nn import functional

    batch, heads, queries, size = query.shape
    keys = key.shape[2]
    if query.device.type != "cpu" or keys > PLAIN_KEYS.get(str(query.dtype), 0):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
    query = query.reshape(batch * heads, queries, size)
    key = key.reshape(batch * heads, keys, size)
    value = value.reshape(batch * heads, keys, size)
    scale = size**-0.5
    if bias is None:
        scores = torch.bmm(query * scale, key.transpose(1, 2))
    else:
        every_head = bias.expand(batch, heads, 1, keys).reshape(batch * heads, 1, keys)
        scores = torch.baddbmm(every_head, query, key.transpose(1, 2), alpha=scale)
    weights = functional.softmax(scores, dim=-1)  # (batch * heads, queries, keys)
    return torch.bmm(weights, value).view(batch, heads, queries, size)


def mask_bias(attention_mask: Tensor, dtype: torch.dtype) -> Tensor | None:
    """What to add to attention scores so that padding has no weight; None without padding.

    Args:
        attention_mask: 1 for a token, 0 for padding.  (batch, tokens)
        dtype: of the scores.

    Returns:
        (batch, 1, 1, tokens)
    """
    import torch

    padding = attention_mask == 0
    if attention_mask.device.type == "cpu" and not padding.any():
        return None
    bias = torch.zeros(attention_mask.shape, dtype=dtype, device=attention_mask.device)
    return bias.masked_fill_(padding, torch.finfo(dtype).min)[:, None, None, :]


def _name(activation: nn.Module | None) -> str:
    """`gelu` for the exact one, `relu`, else empty."""
    from torch.nn import functional

    kind = type(activation).__name__
    if kind == "GELUActivation" and getattr(activation, "act", None) is functional.gelu:
        return "gelu"
    return "relu" if kind == "ReLU" else ""
