"""The configurations and splits of a folder: what its card says, else what its names do.

Source: Hugging Face Hub documentation, "Manual Configuration"; see `split_names` for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.dataset.reading.card_configs import CardConfig, card_configs
from engine.dataset.reading.split_names import (
    converted,
    data_files,
    has_rows,
    matching,
    named_splits,
    split_files,
)
from engine.errors import UsageError

CARD = "README.md"
DEFAULT = "default"
_LISTED = 12
"""Names in a message."""

Splits = dict[str, list[str]]
"""Split -> files."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file of a folder, as a path from it with `/`, and the part of the dataset it belongs to."""

    name: str
    split: str = ""
    """Empty: of none."""
    config: str = ""


def configurations(card: str, files: Sequence[str]) -> dict[str, Callable[[], Splits]]:
    """Configuration -> what it is made of, found when it is asked for; {} where no file has rows.

    Args:
        card: the text of README.md; empty where there is none.
        files: every file, as a path with `/` from the top.
    """
    named = card_configs(card)
    if named:
        return {each.name: partial(_of_card, each, files) for each in named}
    data = data_files(files)
    if not data:
        return {}
    found = converted(data) or {DEFAULT: split_files(data)}
    return {name: partial(dict, splits) for name, splits in found.items()}


def _of_card(config: CardConfig, files: Sequence[str]) -> Splits:
    if not config.patterns:
        return split_files(data_files(files), config.folder)
    data = [name for name in files if has_rows(name)]
    return {
        split: list(
            dict.fromkeys(
                name for pattern in patterns for name in matching(pattern, data, config.folder)
            )
        )
        for split, patterns in config.patterns.items()
    }


def named_parts(card: str, files: Sequence[str]) -> dict[str, FilePart]:
    """File -> its part as a card names it, the first where it is in several; {} without any."""
    found: dict[str, FilePart] = {}
    if card_configs(card):
        for config, splits in configurations(card, files).items():
            for split, names in splits().items():
                for name in names:
                    found.setdefault(name, FilePart(name, split, config))
    return found


def parts_by_name(files: Sequence[str]) -> list[FilePart]:
    """Files with the split that folders and names say; of none where they say nothing."""
    parts = {
        name: FilePart(name, split, config)
        for config, splits in converted(files).items()
        for split, names in splits.items()
        for name in names
    } or {
        name: FilePart(name, split)
        for split, names in named_splits(files).items()
        for name in names
    }
    return [parts.get(name, FilePart(name)) for name in files]


def chosen_parts(parts: Sequence[FilePart], config: str, split: str) -> list[FilePart]:
    """Those of a configuration and a split; of all where one is empty.

    Raises:
        UsageError: there is none of that name.
    """
    for flag, wanted, names in (
        ("--config", config, [each.config for each in parts]),
        ("--split", split, [each.split for each in parts]),
    ):
        known = list(dict.fromkeys(filter(None, names)))
        if wanted and wanted not in known:
            what = "configuration" if flag == "--config" else "split"
            one_of = f"{flag} is one of: {some(known)}"
            none = f"nothing here names one: leave {flag} out"
            raise UsageError(f"no {what} is called {wanted!r}", one_of if known else none)
    return [
        each
        for each in parts
        if (not config or each.config == config) and (not split or each.split == split)
    ]


def some(names: Sequence[str]) -> str:
    """Names for a message, the first of many."""
    more = f" … ({len(names)})" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more
