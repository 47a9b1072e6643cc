"""A loaded network: encoded samples in, raw logits out, in the fastest form that is exact."""
# ruff: noqa: PLC0415 - torch is imported with the first model

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.scoring.models.checks import alike
from engine.scoring.models.fast import quicken
from engine.scoring.scorer import Encoded

if TYPE_CHECKING:
    import torch

TIMED_TOKENS = 512
"""Enough that a forward pass is bound by arithmetic and not by reading the weights."""
TIMED_RUNS = 3


class Classifier:
    """A classifier on its device, whose answers belong to one of its outputs.

    Batches are padded on the right whatever the tokenizer says (absolute positions of GPT-2
    would shift otherwise), with an attention mask always.
    """

    def __init__(self, model: Any, device: Any, index: int, padding: int) -> None:
        """Take a model as transformers made it.

        Args:
            model: in evaluation mode, on its device.
            device: where the model is.
            index: which output is the score.
            padding: the token to pad an encoder with where its config names none.
        """
        self._model: Any = model
        self._device, self._index = device, index
        self._text_config = model.config.get_text_config()
        self.causal = hasattr(model, "score") or model.config.model_type == "gpt2"
        """Whether it reads the last token that is not padding."""
        self.padding: int | None = self._text_config.pad_token_id
        """The token to pad with; None: one that the batch does not contain."""
        if self.padding is None and not self.causal:
            self.padding = padding
        self.dtype = str(model.dtype).removeprefix("torch.")
        self.parameters = int(model.num_parameters())

    def quicken(self, probes: Sequence[Encoded]) -> bool:
        """Go over to a faster form of the model; False where that cannot be used any more.

        A form that scores the probes differently is not used, and the stock model is used up
        by then: load it again.

        Raises:
            Exception: what the stock model raises on the probes.
        """
        stock = self.logits(probes)
        faster = quicken(self._model)
        if faster is None:
            return True
        self._model = faster
        return alike(stock, self.logits(probes), self.dtype)

    def seconds(self, probes: Sequence[Encoded]) -> float:
        """The shortest of a few forward passes of the same tokens; to compare dtypes by."""
        longest = max(probes, key=lambda probe: probe.tokens)
        batch = [longest] * max(1, TIMED_TOKENS // longest.tokens)
        self.logits(batch)
        times = []
        for _ in range(TIMED_RUNS):
            began = time.perf_counter()
            self.logits(batch)
            times.append(time.perf_counter() - began)
        return min(times)

    def logits(self, batch: Sequence[Encoded]) -> list[float]:
        """The chosen output for each sample of one padded batch.  -> (batch,)."""
        return self.launch(batch)()

    def launch(self, batch: Sequence[Encoded]) -> Callable[[], list[float]]:
        """Start on a padded batch; what is returned waits for `logits`.

        On a GPU, tensors go over from pinned memory and the scores come back into it, both
        while the device computes; nothing waits before the scores are asked for.
        """
        import torch

        rows = [_tokens(encoded) for encoded in batch]
        pad = self.padding if self.padding is not None else unused_id(rows)
        if self.causal:
            # It reads the last token that is not this one; see `unused_id`.
            self._text_config.pad_token_id = pad
        arrays = padded(rows, pad)
        tensors = {name: self._over(torch.from_numpy(each)) for name, each in arrays.items()}
        with torch.inference_mode():
            logits = self._model(**tensors).logits[:, self._index].float()  # (batch,)
        if self._device.type != "cuda":
            return lambda: [float(logit) for logit in logits.tolist()]
        home = torch.empty(logits.shape, dtype=logits.dtype, pin_memory=True)
        home.copy_(logits, non_blocking=True)
        done = torch.cuda.Event()  # type: ignore[no-untyped-call] # torch says no types
        done.record(torch.cuda.current_stream(self._device))

        def wait() -> list[float]:
            done.synchronize()
            return [float(logit) for logit in home.tolist()]

        return wait

    def _over(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor on the device."""
        if self._device.type != "cuda":
            return tensor.to(self._device)
        return tensor.pin_memory().to(self._device, non_blocking=True)

    def close(self) -> None:
        """Free the weights; it cannot be used afterwards."""
        self._model = None
        gc.collect()
        if self._device.type == "cuda":
            import torch

            torch.cuda.empty_cache()


def padded(rows: Sequence[dict[str, list[int]]], pad: int) -> dict[str, NDArray[np.int64]]:
    """What the model takes, each row filled up on the right.  (rows, longest) each."""
    lengths = np.array([len(row["input_ids"]) for row in rows])
    shape = (len(rows), int(lengths.max()))
    inputs = {name: np.full(shape, pad if name == "input_ids" else 0, np.int64) for name in rows[0]}
    for at, row in enumerate(rows):
        for name, values in row.items():
            inputs[name][at, : len(values)] = values
    inputs["attention_mask"] = (np.arange(shape[1]) < lengths[:, None]).astype(np.int64)
    return inputs


def unused_id(rows: Sequence[dict[str, list[int]]]) -> int:
    """A token that no row of the batch contains, to pad with.

    A causal classifier reads the last token that is not padding. Where its config names no
    padding token, padding with the end token, as is usual, would make it read the token
    before the end (off by 3.4 to 3.8 standard deviations, measured).
    """
    used = {token for row in rows for token in row["input_ids"]}
    return next(token for token in range(len(used) + 1) if token not in used)


def _tokens(encoded: Encoded) -> dict[str, list[int]]:
    assert isinstance(encoded.payload, dict)
    return encoded.payload
