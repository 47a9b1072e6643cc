"""`tamis models`: which models are on this disk, which are known, and what they need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from tui.cli import flags
from tui.cli.streams import print_result

if TYPE_CHECKING:
    from engine.scoring.models.model_list import ListedModel


def models(*, as_json: flags.Json = False) -> None:
    """List models, on disk and known by name, with size and memory."""
    from engine.scoring.models.model_files import available_bytes
    from engine.scoring.models.model_list import list_models

    listed = list_models()
    free = available_bytes()
    values = {"models": [asdict(model) for model in listed], "memory_free_bytes": free}
    print_result(values, models_text(listed, free), as_json=as_json)


def models_text(models: Sequence[ListedModel], free_bytes: int | None) -> str:
    """A table for people."""
    from engine.scoring.models.model_list import size_text

    on_disk = [model for model in models if model.on_disk]
    absent = [model for model in models if not model.on_disk]
    lines = ["On this disk (--scorer hf:NAME)"]
    lines += (
        _table(on_disk) if on_disk else ["  none in the hub's cache; hf:FOLDER takes any folder"]
    )
    lines += ["", "Known, not on this disk (--download fetches, or m in the desk)", *_table(absent)]
    if free_bytes is not None:
        lines += ["", f"{size_text(free_bytes)} of memory are free here"]
    return "\n".join(lines)


def _table(models: Sequence[ListedModel]) -> list[str]:
    from engine.scoring.models.model_list import size_text

    rows = [("name", "format", "disk", "memory", "from", "licence", "")]
    rows += [
        (
            model.name,
            model.input_format or "?",
            size_text(model.size_bytes),
            size_text(model.memory_bytes),
            "" if model.start_threshold is None else f"{model.start_threshold:g}",
            model.licence or "unknown",
            model.problem or _range(model),
        )
        for model in models
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    padded = [
        [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)] for row in rows
    ]
    return [f"  {'  '.join(row)}".rstrip() for row in padded]


def _range(model: ListedModel) -> str:
    if model.usual_range is None:
        return model.label
    low, high = model.usual_range
    return f"{model.label}, {low:g} to {high:g}"
