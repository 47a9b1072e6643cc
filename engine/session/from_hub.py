"""A dataset of the hub as what a session opens: its files, what it is called, its session file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.dataset.reading.options import ReadOptions
from engine.hub.source import HubSource
from engine.paths import address_session_path


def hub_reading(reading: ReadOptions, source: HubSource) -> ReadOptions:
    """Read the chosen files of its snapshot, and call it by its address."""
    return replace(reading, files=source.chosen.parts, name=source.name)


def hub_session(source: HubSource, explicit: Path | None = None) -> Path:
    """Its session file: never inside of the cache, and the same for every state of the dataset."""
    return address_session_path(source.key, explicit=explicit)
