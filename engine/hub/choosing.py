"""The data files of a configuration and a split, out of all that a repository holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from engine.errors import InputError, UsageError
from engine.hub.card_configs import CardConfig, card_configs
from engine.hub.conventions import converted, data_files, has_rows, matching, split_files

DEFAULT = "default"
_LISTED = 12
"""Names in a message."""


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """What is opened: a configuration, its splits, and the files of each in their order."""

    config: str
    configs: tuple[str, ...]
    """All there are."""
    splits: Mapping[str, tuple[str, ...]]
    """The chosen ones; a file may be in several."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file once, split by split."""
        return tuple(dict.fromkeys(name for names in self.splits.values() for name in names))


def chosen_files(card: str, files: Sequence[str], config: str = "", split: str = "") -> ChosenFiles:
    """The files to open.

    What the card's `configs` say goes first, else the conventions for names and folders. Scripts
    are never run: a repository that has nothing else is refused.

    Args:
        card: the text of README.md; empty where there is none.
        files: every file, as a path with `/` from the top of the repository.
        config: which configuration; empty: the only one, or the default one.
        split: which split; empty: all.

    Raises:
        UsageError: there is no such configuration or split, or one must be chosen.
        InputError: there are no data files.
    """
    ordered = sorted(files)
    configs = _configurations(card, ordered)
    name = _named(configs, config, _defaults(card))
    splits = configs[name]()
    if not any(splits.values()):
        raise InputError(
            f"no file is there for the configuration {name}",
            "its card names files that the repository does not hold, or of no known format",
        )
    if split and split not in splits:
        raise UsageError(
            f"no split is called {split!r}", f"--split is one of: {_some(list(splits))}"
        )
    chosen = {split: splits[split]} if split else splits
    kept = {each: tuple(names) for each, names in chosen.items() if names}
    if not kept:
        raise InputError(f"no file is there for the split {split}", "choose another one")
    return ChosenFiles(name, tuple(configs), kept)


Splits = dict[str, list[str]]
"""Split -> files."""


def _configurations(card: str, files: list[str]) -> dict[str, Callable[[], Splits]]:
    """Configuration -> what it is made of, found when it is asked for."""
    named = card_configs(card)
    if named:
        return {each.name: partial(_of_card, each, files) for each in named}
    data = data_files(files)
    if not data:
        raise InputError("no data files are in it", _without_data(files))
    found = converted(data) or {DEFAULT: split_files(data)}
    return {name: partial(dict, splits) for name, splits in found.items()}


def _of_card(config: CardConfig, files: list[str]) -> Splits:
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


def _defaults(card: str) -> list[str]:
    return [each.name for each in card_configs(card) if each.is_default]


def _named(configs: Mapping[str, object], config: str, defaults: Sequence[str]) -> str:
    if config:
        if config not in configs:
            raise UsageError(
                f"no configuration is called {config!r}",
                f"--config is one of: {_some(list(configs))}",
            )
        return config
    for name in (*defaults, DEFAULT):
        if name in configs:
            return name
    if len(configs) == 1:
        return next(iter(configs))
    raise UsageError(
        f"there are {len(configs)} configurations, and none is the default",
        f"choose with --config: {_some(list(configs))}",
    )


def _some(names: Sequence[str]) -> str:
    more = f" … ({len(names)})" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _without_data(files: Sequence[str]) -> str:
    if any(name.endswith(".py") for name in files):
        return (
            "it is made by a script, and tamis runs none; "
            "@refs/convert/parquet after its name may have the hub's own conversion"
        )
    return "known are JSON, JSON lines, CSV, TSV, Parquet, Arrow, plain text, .gz and .zst"
