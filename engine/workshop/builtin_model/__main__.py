"""Train one candidate: `python -m engine.workshop.builtin_model NAME --data DIR --out DIR`.

A run that was stopped goes on after its last whole epoch. What is written is a folder that
`--scorer hf:FOLDER` reads; the one that is chosen becomes `engine/scoring/builtin/model`.
"""
# ruff: noqa: PLC0415 - torch and transformers are imported where they are used

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import InputError, TamisError
from engine.scoring.models.model_files import prepare_environment
from engine.workshop.builtin_model.evaluation import Planted, evaluation_prompts, plant_held_out
from engine.workshop.builtin_model.fitting import Fit, calibrate, fit, score
from engine.workshop.builtin_model.shapes import (
    BASE_SHA256,
    SHAPES,
    ClassifierShape,
    cut_classifier,
    cut_vocabulary,
    new_classifier,
    train_vocabulary,
)
from engine.workshop.builtin_model.sources import HELD_OUT, Pair, read_pairs, sha256, split

log = logging.getLogger(__name__)


def train(name: str, data: Path, base: Path | None, out: Path, how: Fit) -> Path:
    """Make, fit, calibrate and save the candidate of that name.

    Args:
        name: one of `SHAPES`.
        data: the folder of public datasets.
        base: MiniLM's folder; None for candidates from scratch.
        out: where the checkpoint and the folder of the model go.
        how: how long and how fast to learn.

    Returns:
        The model's folder.

    Raises:
        InputError: data or MiniLM is missing, or is not what the recipe names.
    """
    import torch

    pairs, held_out = split(
        read_pairs(data, how.seed, evaluation_prompts(data)), HELD_OUT, how.seed
    )
    torch.manual_seed(how.seed)
    model, tokenizer = _begin(SHAPES[name], base, pairs)
    out.mkdir(parents=True, exist_ok=True)
    elapsed_s = fit(model, tokenizer, pairs, how, out / f"{name}.checkpoint")
    _calibrate(model, tokenizer, plant_held_out(held_out))
    folder = out / name
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    log.info("%s: trained in %.0f s, %s", name, elapsed_s, folder)
    return folder


def _calibrate(model: Any, tokenizer: Any, held_out: Planted) -> None:
    spoilt = [sample for kind in held_out.spoilt.values() for sample in kind]
    samples = [*held_out.sound, *spoilt]
    pairs = [Pair(sample.prompt, sample.response, "held out") for sample in samples]
    sound = np.arange(len(pairs)) < len(held_out.sound)
    calibrate(model, score(model, tokenizer, pairs), sound)


def _begin(shape: ClassifierShape, base: Path | None, pairs: Sequence[Pair]) -> tuple[Any, Any]:
    """A classifier before training, and its tokenizer."""
    from transformers import AutoTokenizer, BertModel

    texts = [f"{pair.prompt}\n{pair.response}" for pair in pairs]
    if shape.from_scratch:
        tokenizer = train_vocabulary(texts, shape.vocabulary)
        return new_classifier(shape, len(tokenizer)), tokenizer
    if base is None or sha256(base / "model.safetensors") != BASE_SHA256:
        raise InputError(
            f"not the MiniLM that the recipe begins with: {base}",
            "--base is the folder with model.safetensors of all-MiniLM-L6-v2",
        )
    original = AutoTokenizer.from_pretrained(base)
    tokenizer = cut_vocabulary(original, texts, shape.vocabulary)
    numbers = original.get_vocab()
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().__getitem__)
    source = BertModel.from_pretrained(base)
    return cut_classifier(source, shape, [numbers[piece] for piece in pieces]), tokenizer


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    how = Fit()
    parser = argparse.ArgumentParser(
        prog="python -m engine.workshop.builtin_model", description=__doc__
    )
    parser.add_argument("name", choices=list(SHAPES))
    parser.add_argument("--data", type=Path, required=True, help="the folder of public datasets")
    parser.add_argument("--base", type=Path, help="MiniLM's folder")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=how.epochs)
    parser.add_argument("--share", type=float, default=how.share, help="of the pairs")
    parser.add_argument("--seed", type=int, default=how.seed)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    prepare_environment()
    try:
        train(
            chosen.name,
            chosen.data,
            chosen.base,
            chosen.out,
            Fit(share=chosen.share, epochs=chosen.epochs, seed=chosen.seed),
        )
    except TamisError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
