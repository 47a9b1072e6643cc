"""What the model card says of the shipped model beside its figures: shape, recipe, sources.

Written into `figures.json` under `model` when a candidate is chosen, so that the card can be
made anew from that one file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from engine.errors import InputError
from engine.workshop.builtin_model.sources import SOURCES


@dataclass(frozen=True, slots=True)
class ModelShape:
    """The classifier, as its folder has it."""

    architecture: str
    layers: int
    hidden: int
    intermediate: int
    heads: int
    vocabulary: int
    parameters: int
    max_tokens: int
    dtype: str
    size_bytes: int
    sha256: str
    """Of the weights."""


@dataclass(frozen=True, slots=True)
class Base:
    """The published model that this one was cut out of."""

    name: str
    """As on the Hugging Face hub: `sentence-transformers/all-MiniLM-L6-v2`."""
    licence: str
    origin: str
    """Where its files were taken from, in words."""


@dataclass(frozen=True, slots=True)
class TrainingSource:
    """Files that sound pairs were taken from, and how many of their pairs were."""

    name: str
    licence: str
    pairs: int
    files: Mapping[str, str]
    """Path → SHA-256."""


@dataclass(frozen=True, slots=True)
class Training:
    """How the model was made, as it happened."""

    command: str
    seed: int
    minutes: float
    machine: str
    recipe: tuple[str, ...]
    """Steps in order, one sentence each."""
    again: str
    """How far the figures of a second run were from those of the first."""
    chosen: str
    """Why this candidate and no other one."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything about the shipped model that was not measured by the evaluation."""

    shape: ModelShape
    base: Base | None
    """None: from scratch."""
    training: Training
    sources: tuple[TrainingSource, ...]
    start_threshold: float
    threshold_why: str
    """How the threshold was set, and what it keeps."""

    def record(self) -> dict[str, Any]:
        """As it stands in `figures.json`."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read back what `record` gave.

        Raises:
            InputError: a field is missing.
        """
        try:
            return cls(
                shape=ModelShape(**record["shape"]),
                base=Base(**record["base"]) if record["base"] else None,
                training=Training(
                    **{**record["training"], "recipe": tuple(record["training"]["recipe"])}
                ),
                sources=tuple(TrainingSource(**each) for each in record["sources"]),
                start_threshold=record["start_threshold"],
                threshold_why=record["threshold_why"],
            )
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the figures tell nothing of the shipped model: {error}",
                "choose a candidate first; see `Figures.ship`",
            ) from error


def shape_of(folder: Path) -> ModelShape:
    """Read the shape of a saved classifier.

    Raises:
        InputError: the folder holds no such model.
    """
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        weights = (folder / "model.safetensors").read_bytes()
        size = int.from_bytes(weights[:8], "little")
        tensors = json.loads(weights[8 : 8 + size])
        tensors.pop("__metadata__", None)
        dtypes = sorted({tensor["dtype"] for tensor in tensors.values()})
        return ModelShape(
            architecture=config["architectures"][0],
            layers=config["num_hidden_layers"],
            hidden=config["hidden_size"],
            intermediate=config["intermediate_size"],
            heads=config["num_attention_heads"],
            vocabulary=config["vocab_size"],
            parameters=sum(_elements(tensor["shape"]) for tensor in tensors.values()),
            max_tokens=config["max_position_embeddings"],
            dtype=", ".join(_DTYPES.get(str(dtype), str(dtype)) for dtype in dtypes),
            size_bytes=len(weights),
            sha256=sha256(weights).hexdigest(),
        )
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise InputError(f"no model to describe in {folder}: {error}") from error


def sources_of(pairs: Sequence[str]) -> tuple[TrainingSource, ...]:
    """The training sources that were used.

    Args:
        pairs: the source's name of every pair that was trained on.
    """
    return tuple(
        TrainingSource(source.name, source.licence, pairs.count(source.name), dict(source.files))
        for source in SOURCES
        if source.name in pairs
    )


_DTYPES = {"F16": "float16", "F32": "float32", "BF16": "bfloat16", "I64": "int64"}


def _elements(shape: Sequence[int]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
