"""Fitting a classifier to sound and spoilt responses, on a CPU, the same way each time."""
# ruff: noqa: PLC0415 - torch and transformers are imported where they are used

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.sample import Family, Message, Role, Sample, prompt_text
from engine.scoring.models.formats import Encoder, make_format
from engine.scoring.scorer import ENCODE_ROWS, Encoded
from engine.workshop.builtin_model.examples import MISMATCHED_SHARE, draw, weights
from engine.workshop.builtin_model.shapes import MAX_TOKENS
from engine.workshop.builtin_model.sources import Pair

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fit:
    """How long and how fast to learn.

    `warm_up` is a share of all steps; after it the rate falls to 0 along a straight line.
    """

    share: float = 1.0
    """Of the pairs that are used; less for a quick comparison of candidates."""
    epochs: int = 5
    matching_epochs: int = 1
    """At first, epochs of nothing but responses exchanged, all of them short: mixed with faults
    that are easily seen, matching is not learned at all."""
    learning_rate: float = 3e-4
    weight_decay: float = 0.01
    warm_up: float = 0.06
    batch_tokens: int = 4_096
    clip: float = 1.0
    smoothing: float = 0.05
    """Taken off the certainty of a label: what is seen often is not to be learned by heart."""
    seed: int = 0


HIDDEN = -1e4
"""Of padding, before the softmax: no share, in bfloat16 as well."""
NEWTON_STEPS = 20
"""Far more than it takes: each one squares what is left to go."""

Tokens = dict[str, list[int]]


def as_sample(pair: Pair) -> Sample:
    """The pair as the application would read it."""
    asked = (*pair.before, Message(Role.USER, pair.prompt))
    turns = (*asked, Message(Role.ASSISTANT, pair.response))
    return Sample(0, Family.MESSAGES, turns, prompt_text(asked), pair.response)


def encode(pairs: Sequence[Pair], tokenizer: Any) -> list[Tokens]:
    """Tokens exactly as they will be when the model is used."""
    encoder = Encoder(tokenizer, make_format("pair", tokenizer), MAX_TOKENS)
    tokens: list[Tokens] = []
    for start in range(0, len(pairs), ENCODE_ROWS):
        for encoded in encoder.encode(
            [as_sample(pair) for pair in pairs[start : start + ENCODE_ROWS]]
        ):
            assert isinstance(encoded, Encoded)
            assert isinstance(encoded.payload, dict)
            tokens.append(encoded.payload)
    return tokens


def batches(
    tokens: Sequence[Tokens], groups: Sequence[int], budget: int, dice: random.Random
) -> list[list[int]]:
    """Groups of about equal length together, at most `budget` padded tokens, in no order.

    Args:
        tokens: of the examples, those of a group one after the other.
        groups: how many examples each group has.
        budget: tokens of a batch, padding included.
        dice: mixes what is of equal length, and the batches.
    """
    starts = np.cumsum([0, *groups])
    spans = [range(start, stop) for start, stop in pairwise(starts)]
    longest = [max(len(tokens[row]["input_ids"]) for row in span) for span in spans]
    order = sorted(range(len(spans)), key=lambda at: longest[at] + dice.uniform(0, 6))
    found: list[list[int]] = [[]]
    width = 0
    for at in order:
        width = max(width, longest[at])
        if found[-1] and width * (len(found[-1]) + groups[at]) > budget:
            found.append([])
            width = longest[at]
        found[-1] += spans[at]
    dice.shuffle(found)
    return found


def padded(rows: Sequence[Tokens], pad: int) -> dict[str, Any]:
    """Tensors of a batch, (rows, longest) each."""
    import torch

    width = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), width), pad)
    kinds = torch.zeros_like(ids)
    mask = torch.zeros_like(ids)
    for at, row in enumerate(rows):
        size = len(row["input_ids"])
        ids[at, :size] = torch.tensor(row["input_ids"])
        kinds[at, :size] = torch.tensor(row["token_type_ids"])
        mask[at, :size] = 1
    return {"input_ids": ids, "token_type_ids": kinds, "attention_mask": mask}


def fit(model: Any, tokenizer: Any, pairs: Sequence[Pair], how: Fit, checkpoint: Path) -> float:
    """Train `model` in place; goes on from `checkpoint` where there is one.

    An epoch is drawn from the seed and its number alone, so that a run that was interrupted ends
    as one that was not.

    Returns:
        Seconds spent on what this call trained.
    """
    import torch

    started = time.monotonic()
    torch.manual_seed(how.seed)
    dice = random.Random(how.seed)  # noqa: S311 - a choice, not a secret
    pairs = dice.sample(pairs, round(len(pairs) * how.share))
    optimiser = torch.optim.AdamW(
        model.parameters(),
        lr=how.learning_rate,
        weight_decay=how.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["epochs"]
    for epoch in range(first, how.epochs):
        torch.manual_seed(how.seed * 1_000 + epoch)
        loss = _epoch(model, tokenizer, optimiser, pairs, how, epoch)
        log.info(
            "epoch %d of %d: loss %.4f, %.0f s",
            epoch + 1,
            how.epochs,
            loss,
            time.monotonic() - started,
        )
        part = checkpoint.with_suffix(".part")
        state = {
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epochs": epoch + 1,
        }
        torch.save(state, part)
        part.replace(checkpoint)
    return time.monotonic() - started


def _epoch(
    model: Any, tokenizer: Any, optimiser: Any, pairs: Sequence[Pair], how: Fit, epoch: int
) -> float:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    dice = random.Random(f"{how.seed} {epoch}")  # noqa: S311 - chance, not secrecy
    matching = epoch < how.matching_epochs
    groups = draw(pairs, dice, 1.0 if matching else MISMATCHED_SHARE, short=matching)
    examples = list(chain.from_iterable(groups))
    tokens = encode([example.pair for example in examples], tokenizer)
    sound = torch.tensor([float(example.fault is None) for example in examples])
    weight = torch.from_numpy(weights(examples))
    planned = batches(tokens, [len(group) for group in groups], how.batch_tokens, dice)
    model.train()
    total = 0.0
    for step, batch in enumerate(planned):
        done = (epoch + step / len(planned)) / how.epochs
        for group in optimiser.param_groups:
            rising, falling = done / how.warm_up, (1 - done) / (1 - how.warm_up)
            group["lr"] = how.learning_rate * min(rising, falling)
        inputs = padded([tokens[row] for row in batch], tokenizer.pad_token_id)
        rows = torch.tensor(batch)
        with torch.autocast("cpu", torch.bfloat16):
            logits = first_token_logits(model, **inputs).float()
        target = sound[rows] * (1 - 2 * how.smoothing) + how.smoothing
        loss = binary_cross_entropy_with_logits(logits, target, weight[rows])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), how.clip)
        optimiser.step()
        total += float(loss.detach()) * len(batch)
    return total / len(examples)


def first_token_logits(model: Any, input_ids: Any, token_type_ids: Any, attention_mask: Any) -> Any:
    """What `model` answers, its last layer computed for the first token only: a third less work.

    Attention is written out, because on a CPU the fused one takes several times as long to go
    back through.

    Args:
        model: a `BertForSequenceClassification`.
        input_ids: (batch, tokens), as are the other two.
        token_type_ids: 0 for the prompt, 1 for the response.
        attention_mask: 1 for a token, 0 for padding.

    Returns:
        (batch,)
    """
    bert = model.bert
    hidden = bert.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
    unseen = (attention_mask == 0)[:, None, None, :]  # (batch, 1, 1, tokens)
    *layers, last = bert.encoder.layer
    for layer in layers:
        hidden = _layer(layer, hidden, hidden, unseen)
    first = _layer(last, hidden[:, :1], hidden, unseen)  # (batch, 1, hidden)
    return model.classifier(bert.pooler(first))[:, 0]


def _layer(layer: Any, asking: Any, hidden: Any, unseen: Any) -> Any:
    """One layer for the tokens `asking`, which read all of `hidden`.

    (batch, asking, size), (batch, tokens, size) -> (batch, asking, size)
    """
    attention = layer.attention.self
    heads = attention.num_attention_heads
    query, key, value = (
        project(tokens).unflatten(-1, (heads, -1)).transpose(1, 2)  # (batch, heads, tokens, size)
        for project, tokens in (
            (attention.query, asking),
            (attention.key, hidden),
            (attention.value, hidden),
        )
    )
    nearness = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
    shares = nearness.masked_fill(unseen, HIDDEN).softmax(-1).to(value.dtype)
    read = layer.attention.output((shares @ value).transpose(1, 2).flatten(2), asking)
    return layer.output(layer.intermediate(read), read)


def calibrate(model: Any, scores: NDArray[np.float64], sound: NDArray[np.bool_]) -> None:
    """Stretch and shift the output: log odds of "sound" on an even mix of sound and spoilt.

    Source: Platt 1999, "Probabilistic outputs for support vector machines", without his smoothing
    of the labels, both classes weighing the same.

    Args:
        model: its last layer is changed in place.
        scores: raw outputs for pairs that were held out.  (pairs,)
        sound: which of these are.  (pairs,)
    """
    import torch

    weight = np.where(sound, 0.5 / sound.sum(), 0.5 / (~sound).sum())
    slope, shift = 1.0, 0.0
    for _ in range(NEWTON_STEPS):
        odds = 1 / (1 + np.exp(-(slope * scores + shift)))
        gap = weight * (odds - sound)
        bend = weight * odds * (1 - odds)
        gradient = np.array([gap @ scores, gap.sum()])
        mixed = bend @ scores
        hessian = np.array([[bend @ scores**2, mixed], [mixed, bend.sum()]])
        slope, shift = np.array([slope, shift]) - np.linalg.solve(hessian, gradient)
    with torch.no_grad():
        model.classifier.weight *= slope
        model.classifier.bias *= slope
        model.classifier.bias += shift
    log.info("calibrated: %.3f times the output, and %+.3f", slope, shift)


def score(model: Any, tokenizer: Any, pairs: Sequence[Pair]) -> NDArray[np.float64]:  # (pairs,)
    """The raw output for each pair."""
    import torch

    model.eval()
    tokens = encode(pairs, tokenizer)
    scores = np.zeros(len(pairs))
    with torch.inference_mode():
        for batch in batches(tokens, [1] * len(tokens), 4_096, random.Random(0)):  # noqa: S311 - any order will do
            inputs = padded([tokens[row] for row in batch], tokenizer.pad_token_id)
            scores[batch] = first_token_logits(model, **inputs).double().numpy()
    return scores
