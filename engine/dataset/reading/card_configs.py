"""What a dataset card says about its configurations: the `configs` of its front matter.

Source: Hugging Face Hub documentation, "Manual Configuration".
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TRAIN = "train"
MOST_PATTERNS = 10_000
"""Of one configuration, and configurations of one card; more are no card that a person wrote."""
_MARK = "---"
_KEY = "configs"
_MOST_CHARACTERS = 1 << 20
_DEEPEST = 40
_BRACKETS = re.compile(r"[\[\]{}]")


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
    listed = _parsed(_block(card)).get(_KEY)
    if not isinstance(listed, list):
        return ()
    return tuple(_config(each) for each in listed[:MOST_PATTERNS] if isinstance(each, dict))


def _block(card: str) -> str:
    """The `configs` of the front matter, which may be long for other reasons."""
    lines = card.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != _MARK:
        return ""
    ends = [number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _MARK]
    front = lines[1 : ends[0]] if ends else []
    start = next((at for at, line in enumerate(front) if line.startswith(f"{_KEY}:")), len(front))
    inside = itertools.takewhile(lambda line: not line[:1].isalpha(), front[start + 1 :])
    return "\n".join([*front[start : start + 1], *inside])


def _parsed(block: str) -> dict[str, Any]:
    if not block or len(block) > _MOST_CHARACTERS or not _is_shallow(block):
        return {}
    import yaml  # noqa: PLC0415 - with the first card

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        found = yaml.load(block, Loader=loader)  # noqa: S506 - both loaders are safe ones
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_shallow(block: str) -> bool:
    """Whether nothing in it is nested deeply: libyaml recurses, and ends the process."""
    depth = 0
    for sign in _BRACKETS.findall(block):
        depth += 1 if sign in "[{" else -1
        if depth > _DEEPEST:
            return False
    return all(len(line) - len(line.lstrip(" -?:\t")) <= _DEEPEST for line in block.splitlines())


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
    left = MOST_PATTERNS
    for entry in entries[:MOST_PATTERNS]:
        split, paths = TRAIN, entry
        if isinstance(entry, dict):
            split, paths = str(entry.get("split", TRAIN)), entry.get("path")
        texts = paths if isinstance(paths, list) else [paths]
        kept = tuple(each for each in texts[:left] if isinstance(each, str))
        left -= len(kept)
        if kept:
            found[split] = (*found.get(split, ()), *kept)
    return found
