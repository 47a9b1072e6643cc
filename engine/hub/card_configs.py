"""What a dataset card says about its configurations: the `configs` of its front matter.

Source: Hugging Face Hub documentation, "Manual Configuration".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TRAIN = "train"
_MARK = "---"
MOST_PATTERNS = 1000
"""Of one card; more are no card that a person wrote."""


@dataclass(frozen=True, slots=True)
class CardConfig:
    """A configuration as its card has it."""

    name: str
    patterns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Split -> patterns of its files; empty: what the names in `folder` say."""
    folder: str = ""
    """Where its files are (`data_dir`)."""
    is_default: bool = False


def card_configs(card: str) -> tuple[CardConfig, ...]:
    """The configurations that a card names; none where it names none, or cannot be read."""
    listed = _front_matter(card).get("configs")
    if not isinstance(listed, list):
        return ()
    return tuple(_config(each) for each in listed[:MOST_PATTERNS] if isinstance(each, dict))


def _front_matter(card: str) -> dict[str, Any]:
    lines = card.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != _MARK:
        return {}
    ends = [number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _MARK]
    if not ends:
        return {}
    import yaml  # noqa: PLC0415 - with the first card

    try:
        found = yaml.safe_load("\n".join(lines[1 : ends[0]]))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _config(entry: Mapping[Any, Any]) -> CardConfig:
    name = entry.get("config_name")
    folder = entry.get("data_dir")
    return CardConfig(
        str(name) if name is not None else "default",
        _patterns(entry.get("data_files")),
        folder.strip("/") if isinstance(folder, str) else "",
        entry.get("default") is True,
    )


def _patterns(given: Any) -> dict[str, tuple[str, ...]]:
    """`data_files` in any of its forms: a pattern, a list of them, or a list of splits."""
    entries = given if isinstance(given, list) else [given]
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries[:MOST_PATTERNS]:
        split, paths = TRAIN, entry
        if isinstance(entry, dict):
            split, paths = str(entry.get("split", TRAIN)), entry.get("path")
        texts = paths if isinstance(paths, list) else [paths]
        kept = tuple(each for each in texts[:MOST_PATTERNS] if isinstance(each, str))
        if kept:
            found[split] = (*found.get(split, ()), *kept)
    return found
