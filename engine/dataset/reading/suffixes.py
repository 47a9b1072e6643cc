"""What names of files say about what is in them."""

from __future__ import annotations

from engine.dataset.reading.source import COMPRESSIONS

COMPRESSED = (*(suffix for each in COMPRESSIONS for suffix in each.suffixes), ".zip")
JSON_SUFFIXES = (".json", ".jsonl", ".ndjson", ".jsonlines")
TABLE_SUFFIXES = (".parquet", ".arrow", ".feather", ".ipc", ".csv", ".tsv")
TEXT_SUFFIXES = (".txt", ".text")
METADATA_NAMES = frozenset(
    {
        "dataset_info.json",
        "dataset_infos.json",
        "dataset_dict.json",
        "state.json",
        "manifest.json",
        "config.json",
        "package.json",
    }
)
"""Files beside the data that describe it."""


def inner_name(name: str) -> str:
    """The name of a file in lower case, without the suffix of its compression."""
    lower = name.lower()
    for suffix in COMPRESSED:
        lower = lower.removesuffix(suffix)
    return lower
