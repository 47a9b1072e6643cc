"""The walks of CONTRIBUTING.md are what happens: their files run, one after the other."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.tui.desk_app import DeskDriver, open_desk, write_rows

CHECKOUT = Path(__file__).resolve().parent.parent
ENTRY = "tui/cli/"
"""Where a command begins; the tests begin at the application."""


class Walker:
    """Goes on to the next file of a walk whenever a function of it runs, in whatever thread."""

    def __init__(self, files: list[str]) -> None:
        self._left = [str(CHECKOUT / file) for file in reversed(files)]
        self.started = False

    @property
    def left(self) -> list[str]:
        """What was not come to, in order."""
        return [Path(file).relative_to(CHECKOUT).as_posix() for file in reversed(self._left)]

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if (
            self.started
            and event == "call"
            and self._left
            and code.co_filename == self._left[-1]
            and code.co_name != "<module>"
        ):
            self._left.pop()


@contextmanager
def walking(title: str) -> Iterator[Walker]:
    """Follow this thread, and those that start meanwhile; the whole walk is to be gone."""
    walker = Walker([file for file in walks()[title] if not file.startswith(ENTRY)])
    threading.setprofile(walker)
    sys.setprofile(walker)
    try:
        yield walker
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    assert walker.left == []


def walks() -> dict[str, list[str]]:
    """Every walk of CONTRIBUTING.md by its title, as the files it names."""
    text = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("## A walk through the house\n")[2].partition("\n## ")[0]
    found = {}
    for part in section.split("\n### ")[1:]:
        title, _, body = part.partition("\n")
        found[title] = re.findall(r"^\d+\. `([^`]+)`", body, re.MULTILINE)
    return found


def test_the_walks_name_files_that_exist_and_none_twice() -> None:
    assert len(walks()) == 4
    for title, files in walks().items():
        assert len(files) > 4, title
        assert len(set(files)) == len(files), title
        for file in files:
            assert (CHECKOUT / file).is_file(), (title, file)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


@asynccontextmanager
async def desk_on(rows: Path, scorer: str = "heuristic") -> AsyncIterator[DeskDriver]:
    async with open_desk(rows, scorer=scorer) as desk:
        if scorer != "none":
            await desk.scored()
        yield desk


async def test_from_a_json_file_to_a_row_of_the_table(rows: Path) -> None:
    with walking("From a JSON file to a row of the table") as walker:
        walker.started = True
        async with desk_on(rows):
            pass


async def test_from_a_key_to_the_disk(rows: Path) -> None:
    with walking("From `a` to the disk") as walker:
        async with desk_on(rows) as desk:
            walker.started = True
            await desk.press("a")


async def test_from_a_streamed_score_to_a_cell(rows: Path) -> None:
    with walking("From a streamed score to a cell") as walker:
        async with desk_on(rows, scorer="none") as desk:
            walker.started = True
            desk.session.start_scoring("heuristic")
            await desk.scored()


async def test_from_the_threshold_to_an_export(rows: Path, tmp_path: Path) -> None:
    with walking("From the threshold to an export") as walker:
        async with desk_on(rows) as desk:
            walker.started = True
            await desk.press("right_square_bracket", "e")
            await desk.until(lambda: not desk.at_desk, "the export dialog")
            await desk.press("y")
            await desk.until(lambda: list(tmp_path.glob("*/manifest.json")), "the export")
