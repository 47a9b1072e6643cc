"""Which models there are: those in the local hub cache, and those that are known by name.

Reads configs and the headers of weights, nothing else; no model is loaded and nothing is fetched.
"""
# ruff: noqa: PLC0415 - huggingface_hub is imported where it is used

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ScorerError
from engine.scoring.models.checks import ENCODERS, check_architecture
from engine.scoring.models.known_models import KNOWN_MODELS, known_model
from engine.scoring.models.model_files import (
    FLOAT32_BYTES,
    find_model,
    needed_bytes,
    prepare_environment,
    snapshots,
)
from engine.scoring.scorer import ScorerOptions

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
BFLOAT16_BYTES = 2


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One model that a person could score with."""

    name: str
    label: str
    """What it is; its class where it is not known by name."""
    on_disk: bool
    input_format: str
    """Empty where only loading, or nobody, can tell."""
    size_bytes: int
    """On the disk; 0 where it is not there."""
    memory_bytes: int
    """For the weights, in the format that they were saved in; 0 where that is not known."""
    licence: str = ""
    usual_range: tuple[float, float] | None = None
    start_threshold: float | None = None
    problem: str = ""
    """Why it cannot be used as it is; empty where it can."""
    hint: str = ""

    @property
    def spec(self) -> str:
        """As `--scorer` takes it."""
        return f"hf:{self.name}"


def list_models() -> list[ListedModel]:
    """Those on this disk first, then the known ones that are not, each sorted by name.

    Only classifiers are listed, and what names itself a reward model: language models, vision
    models and what else lies in the cache are not.
    """
    cached = [model for name in _cached_names() if (model := _on_disk(name))]
    names = {model.name for model in cached}
    absent = [
        ListedModel(
            name=known.repository,
            label=known.label,
            on_disk=False,
            input_format=known.input_format,
            size_bytes=0,
            memory_bytes=known.parameters * known.element_bytes,
            licence=known.licence,
            usual_range=known.usual_range,
            start_threshold=known.start_threshold,
            problem="runs Python code of its own" if known.own_code else "",
            hint="allow it with --trust-remote-code" if known.own_code else "",
        )
        for known in KNOWN_MODELS
        if known.repository not in names
    ]
    return [*sorted(cached, key=_by_name), *sorted(absent, key=_by_name)]


def _by_name(model: ListedModel) -> str:
    return model.name.casefold()


def _cached_names() -> list[str]:
    """Repositories of models in the hub's cache folder."""
    prepare_environment()
    from huggingface_hub import constants

    with suppress(OSError):
        folders = [each.name for each in Path(constants.HF_HUB_CACHE).iterdir() if each.is_dir()]
        return [
            name.removeprefix("models--").replace("--", "/")
            for name in folders
            if name.startswith("models--")
        ]
    return []


def _on_disk(name: str) -> ListedModel | None:
    """A model of the cache; None where it is none to score with."""
    known = known_model(name)
    try:
        # Allowed here to say what it is; it is refused, or asked about, when it is loaded.
        folder = find_model(name, ScorerOptions(allow_pickle=True, trust_remote_code=True))
        usable = find_model(name, ScorerOptions())
    except ScorerError as error:
        kind = _architecture(name)
        if known is None and "Reward" not in kind:
            return None
        size = max(map(_weights_bytes, snapshots(name)), default=0)
        return ListedModel(
            name=name,
            label=known.label if known else kind,
            on_disk=True,
            input_format=known.input_format if known else "",
            size_bytes=size,
            memory_bytes=0,
            licence=known.licence if known else "",
            problem=error.message,
            hint=error.hint or "",
        )
    kind = folder.architecture
    if known is None and not (kind.endswith("ForSequenceClassification") or "Reward" in kind):
        return None
    problem = hint = ""
    try:
        check_architecture(name, usable)
    except ScorerError as error:
        problem, hint = error.message, error.hint or ""
    half = "16" in folder.saved_dtype
    return ListedModel(
        name=name,
        label=known.label if known else kind,
        on_disk=True,
        input_format=known.input_format if known else _format_of(folder.path, folder.model_type),
        size_bytes=_weights_bytes(folder.path),
        memory_bytes=needed_bytes(folder, BFLOAT16_BYTES if half else FLOAT32_BYTES),
        licence=known.licence if known else "",
        usual_range=known.usual_range if known else None,
        start_threshold=known.start_threshold if known else None,
        problem=problem,
        hint=hint,
    )


def _format_of(path: Path, model_type: str) -> str:
    """What `detect_format` will say, as far as that is known without the tokenizer."""
    with suppress(OSError, ValueError):
        config = json.loads((path / "tokenizer_config.json").read_bytes())
        if isinstance(config, dict) and config.get("chat_template"):
            return "chat"
    if (path / "chat_template.jinja").is_file():
        return "chat"
    return "pair" if model_type in ENCODERS else ""


def _weights_bytes(path: Path) -> int:
    with suppress(OSError):
        return sum(file.stat().st_size for pattern in WEIGHTS for file in path.glob(pattern))
    return 0


def _architecture(name: str) -> str:
    for path in snapshots(name):
        with suppress(OSError, ValueError, AttributeError):
            names = json.loads((path / "config.json").read_bytes()).get("architectures")
            if isinstance(names, list) and names:
                return str(names[0])
    return ""


def size_text(size_bytes: int) -> str:
    """`1.7 GB`; `-` where it is not known."""
    if not size_bytes:
        return "-"
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e8 else f"{size_bytes / 1e6:.1f} MB"
