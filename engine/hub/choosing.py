"""The data files of a configuration and a split, out of all that a repository holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.dataset.reading.card_configs import card_configs
from engine.dataset.reading.configurations import DEFAULT, FilePart, configurations, some
from engine.errors import InputError, UsageError


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
        return tuple(each.name for each in self.parts)

    @property
    def parts(self) -> tuple[FilePart, ...]:
        """Every file once, with the first split that it is in."""
        config = self.config if len(self.configs) > 1 else ""
        found: dict[str, FilePart] = {}
        for split, names in self.splits.items():
            for name in names:
                found.setdefault(name, FilePart(name, split, config))
        return tuple(found.values())


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
    configs = configurations(card, ordered)
    if not configs:
        raise InputError("no data files are in it", _without_data(ordered))
    name = _named(configs, config, _defaults(card))
    splits = configs[name]()
    if not any(splits.values()):
        raise InputError(
            f"no file is there for the configuration {name}",
            "its card names files that the repository does not hold, or of no known format",
        )
    if split and split not in splits:
        raise UsageError(
            f"no split is called {split!r}", f"--split is one of: {some(list(splits))}"
        )
    chosen = {split: splits[split]} if split else splits
    kept = {each: tuple(names) for each, names in chosen.items() if names}
    if not kept:
        raise InputError(f"no file is there for the split {split}", "choose another one")
    return ChosenFiles(name, tuple(configs), kept)


def _defaults(card: str) -> list[str]:
    return [each.name for each in card_configs(card) if each.is_default]


def _named(configs: Mapping[str, object], config: str, defaults: Sequence[str]) -> str:
    if config:
        if config not in configs:
            raise UsageError(
                f"no configuration is called {config!r}",
                f"--config is one of: {some(list(configs))}",
            )
        return config
    for name in (*defaults, DEFAULT):
        if name in configs:
            return name
    if len(configs) == 1:
        return next(iter(configs))
    raise UsageError(
        f"there are {len(configs)} configurations, and none is the default",
        f"choose with --config: {some(list(configs))}",
    )


def _without_data(files: Sequence[str]) -> str:
    if any(name.endswith(".py") for name in files):
        return (
            "it is made by a script, and tamis runs none; "
            "@refs/convert/parquet after its name may have the hub's own conversion"
        )
    return "known are JSON, JSON lines, CSV, TSV, Parquet, Arrow, plain text, also compressed"
