"""Which split a file belongs to where the card does not say: by its folder, else by its name.

Source: Hugging Face datasets 5.2, `datasets.data_files` (the patterns and their order), and the
documentation "Structure your repository".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import cache

from engine.dataset.reading.card_configs import TRAIN
from engine.dataset.reading.suffixes import (
    JSON_SUFFIXES,
    METADATA_NAMES,
    TABLE_SUFFIXES,
    TEXT_SUFFIXES,
    inner_name,
)

_KEYWORDS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_BESIDE = r"[ ._\-0-9]"
"""What may stand beside a keyword in a name."""
_SHARD = re.compile(r"(?:.*/)?data/(?P<split>\w+(?:\.\w+)*)-\d{5}-of-\d{5}[^/]*\.[^/]*")
_CONVERTED = re.compile(r"(?P<config>[^/]+)/(?:partial-)?(?P<split>[^/]+)/\d{4}\.parquet")
"""How the hub's own conversion lays files out, on its branch refs/convert/parquet."""
_MAGIC = re.compile(r"[*?\[]")
_MOST_BRACES = 64


def data_files(files: Sequence[str]) -> list[str]:
    """Those that hold rows.

    Where some are Parquet only these, and text only where there is nothing else. Files and folders
    with a dot or two underscores in front are passed over.
    """
    shown = [each for each in files if not _is_hidden(each)]
    for suffixes in ((".parquet",), (*JSON_SUFFIXES, *TABLE_SUFFIXES), TEXT_SUFFIXES):
        found = [each for each in shown if has_rows(each, suffixes)]
        if found:
            return found
    return []


def has_rows(
    name: str, suffixes: tuple[str, ...] = (*JSON_SUFFIXES, *TABLE_SUFFIXES, *TEXT_SUFFIXES)
) -> bool:
    """Whether a file of this name is one of rows that can be opened."""
    last = inner_name(name.rpartition("/")[2])
    return last.endswith(suffixes) and last not in METADATA_NAMES


def converted(files: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Configuration -> split -> files, of the hub's own conversion; {} of any other layout."""
    found: dict[str, dict[str, list[str]]] = {}
    for name in files:
        match = _CONVERTED.fullmatch(name)
        if match is None:
            return {}
        found.setdefault(match["config"], {}).setdefault(match["split"], []).append(name)
    return found


def split_files(files: Sequence[str], folder: str = "") -> dict[str, list[str]]:
    """Split -> its files, as `datasets` has it: where no name says anything, all are `train`."""
    inside = [each for each in files if not folder or each.startswith(f"{folder}/")]
    return named_splits(inside, folder) or ({TRAIN: inside} if inside else {})


def named_splits(inside: Sequence[str], folder: str = "") -> dict[str, list[str]]:
    """Split -> its files, by the first convention that says something about any of them; else {}.

    Args:
        inside: files, as paths with `/` from the top.
        folder: the one that all of them are in; what its own name says does not count.
    """
    start = len(folder) + 1 if folder else 0
    shards: dict[str, list[str]] = {}
    for name in inside:
        if match := _SHARD.fullmatch(name[start:]):
            shards.setdefault(match["split"], []).append(name)
    if shards:
        return shards
    for in_folder in (True, False):
        found = {
            split: [each for each in inside if _is_of(each[start:], split, in_folder=in_folder)]
            for split in _KEYWORDS
        }
        if any(found.values()):
            return {split: names for split, names in found.items() if names}
    return {}


def _is_of(name: str, split: str, *, in_folder: bool) -> bool:
    *folders, last = name.split("/")
    return any(_keyword(split).search(part) for part in (folders if in_folder else [last]))


@cache
def _keyword(split: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|{_BESIDE})(?:{'|'.join(_KEYWORDS[split])})(?:{_BESIDE}|$)")


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__")) for part in name.split("/"))


def matching(pattern: str, files: Sequence[str], folder: str = "") -> list[str]:
    """The files that a pattern of a card means: `*` and `?` within a folder, `**` across them."""
    plain = pattern.removeprefix("./")
    wanted = [f"{folder}/{each}" if folder else each for each in _unbraced(plain)]
    if not _MAGIC.search(plain):
        return [name for name in wanted if name in files]
    parts = [each.split("/") for each in wanted]
    return [name for name in files if any(_matches(each, name.split("/")) for each in parts)]


def _matches(pattern: Sequence[str], name: Sequence[str]) -> bool:
    """Part by part, so that no pattern takes longer than the product of both lengths."""
    reached = _past_any({0}, pattern)
    for part in name:
        stepped = set()
        for at in reached - {len(pattern)}:
            if pattern[at] == "**":
                stepped.add(at)
            elif fnmatchcase(part, pattern[at]):
                stepped.add(at + 1)
        reached = _past_any(stepped, pattern)
    return len(pattern) in reached


def _past_any(reached: set[int], pattern: Sequence[str]) -> set[int]:
    """`**` may also stand for no folder at all."""
    found = set(reached)
    for at, part in enumerate(pattern):
        if at in found and part == "**":
            found.add(at + 1)
    return found


def _unbraced(pattern: str) -> list[str]:
    """`{a,b}.json` as `a.json` and `b.json`; at most so many."""
    done: list[str] = []
    left = [pattern]
    while left and len(done) + len(left) <= _MOST_BRACES:
        first = left.pop()
        match = re.search(r"\{([^{}]*)\}", first)
        if match is None:
            done.append(first)
            continue
        before, after = first[: match.start()], first[match.end() :]
        left += [f"{before}{choice}{after}" for choice in match[1].split(",")]
    return done
