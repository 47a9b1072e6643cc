"""What limits the view is on screen at every width; names give way first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.reading.options import ReadOptions
from engine.scoring import kinds
from engine.session import OpenOptions
from engine.session.live_scoring import LiveScoring
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.dialogs.dialogs import TextDialog

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
    options = OpenOptions(read_only=False, reading=ReadOptions(limit=12))
    async with open_desk(rows, size=(80, 24), options=options) as desk:
        await desk.scored()
        await desk.press("b")
        assert title(desk).startswith(" first 12 rows only · blind · scored 100%")


async def help_of(desk: DeskDriver) -> str:
    await desk.press("question_mark")
    assert isinstance(desk.app.screen, TextDialog)
    shown = " ".join(str(desk.app.screen._body).split())
    await desk.press("escape")
    return shown


async def test_what_bfloat16_leaves_open_is_a_sign_in_the_title_and_never_over_the_keys(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiveScoring, "uncertain", lambda _self, _threshold: np.arange(3))
    async with open_desk(rows, size=(80, 24)) as desk:
        await desk.scored()
        await desk.until(lambda: " · ~3 · " in title(desk), "the sign")
        assert not desk.said()
        assert "a accept" in desk.screen.splitlines()[-1]
        assert "~3 Scores in bfloat16 are rounded" in await help_of(desk)
        await desk.press("b")
        await desk.until(lambda: "~3" not in title(desk), "blind")


async def test_a_scorer_says_once_per_dataset_what_it_sees_and_always_in_the_help(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = "It sees refusals. It does not see truth."
    told = tuple(
        replace(kind, sees=seen) if kind.name == "heuristic" else kind for kind in kinds.KINDS
    )
    monkeypatch.setattr(kinds, "KINDS", told)
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.until(lambda: seen in desk.said(), "what it sees")
    async with open_desk(rows) as desk:
        await desk.scored()
        assert seen not in desk.said()
        assert (await help_of(desk)).startswith(f"In the title heuristic {seen}")


def test_the_builtin_scorer_claims_no_more_than_its_card() -> None:
    sees = kinds.kind_of("builtin").sees
    for found in ("cut off", "repeated", "refused", "English"):
        assert found in sees.partition("It does not see")[0]
    for not_found in ("truth", "quality", "code", "other languages"):
        assert not_found in sees.partition("It does not see")[2]
