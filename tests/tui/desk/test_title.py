"""What limits the view is on screen at every width; names give way first."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.session import OpenOptions
from tests.tui.desk_app import DeskDriver, open_desk, write_rows

LONG = 'method and words<1000 and not "no such words in here" and score>-100 and response~steps'


def title(desk: DeskDriver) -> str:
    return desk.screen.splitlines()[0]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 40), (200, 60)])
async def test_filter_and_sort_are_said_before_the_work_and_the_names(
    rows: Path, size: tuple[int, int]
) -> None:
    async with open_desk(rows, size=size) as desk:
        await desk.scored()
        await desk.press("f")
        await desk.type(LONG)
        await desk.press("enter", "s", "down", "enter")
        await desk.until(lambda: "sort: " in title(desk), "the sort")
        said = title(desk)
        assert "filter: method" in said
        assert "(20" in said
        for name in ("rows.jsonl", "alpaca", "cpu"):
            assert name not in said or said.index("sort: ") < said.index(name)


async def test_an_order_stays_on_a_narrow_screen_and_the_filter_is_cut(rows: Path) -> None:
    async with open_desk(rows, size=(60, 24)) as desk:
        await desk.scored()
        await desk.press("o", "j", "enter", "f")
        await desk.type(LONG)
        await desk.press("enter")
        await desk.until(lambda: "filter: " in title(desk), "the filter")
        assert title(desk).startswith(" nearest 0/")
        assert "… (" in title(desk)
        assert "rows.jsonl" not in title(desk)


async def test_what_was_opened_only_in_part_is_said(rows: Path) -> None:
    from engine.dataset.reading.options import ReadOptions

    options = OpenOptions(read_only=False, reading=ReadOptions(limit=12))
    async with open_desk(rows, size=(80, 24), options=options) as desk:
        await desk.scored()
        await desk.press("b")
        assert title(desk).startswith(" first 12 rows only · blind · scored 100%")
