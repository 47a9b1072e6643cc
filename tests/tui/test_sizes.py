"""Every screen at every size, and from one to another: narrow, tall, and hardly there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.desk_app import every_screen, open_desk, write_chats, write_rows
from tests.tui.screen import screen_lines
from tui.preferences import Preferences

SIZES = [(200, 60), (80, 24), (60, 15), (40, 8), (20, 5), (3, 2), (1, 1)]


async def test_every_screen_can_be_resized_to_anything(tmp_path: Path) -> None:
    path = write_chats(tmp_path / "rows.jsonl")
    async with open_desk(path, size=(120, 40)) as desk:
        async for where in every_screen(desk):
            for size in SIZES:
                await desk.pilot.resize_terminal(*size)
                await desk.until(lambda: len(screen_lines(desk.app)) == size[1], where)  # noqa: B023 - called before the next
            await desk.pilot.resize_terminal(120, 40)
        assert desk.app.is_running


async def test_in_ascii_every_screen_is(tmp_path: Path) -> None:
    path = write_chats(tmp_path / "rows.jsonl")
    preferences = Preferences(ascii_only=True)
    async with open_desk(path, size=(80, 24), preferences=preferences) as desk:
        async for where in every_screen(desk):
            signs = {sign for line in screen_lines(desk.app) for sign in line if not sign.isascii()}
            assert not signs, where
            for size in ((200, 60), (80, 24)):
                await desk.pilot.resize_terminal(*size)


@pytest.mark.parametrize("size", SIZES)
async def test_a_desk_opens_and_decides_at_any_size(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    async with open_desk(path, size=size) as desk:
        await desk.scored()
        await desk.press("a", "x", "U", "j", "enter", "escape", "v", "j", "escape", "question_mark")
        await desk.press("escape")
        assert desk.session.verdicts[:2].tolist() == [1, 0]


async def test_eighty_by_twenty_four_shows_everything_that_is_needed(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    async with open_desk(path, size=(80, 24)) as desk:
        await desk.scored()
        for needed in ("rows.jsonl", "scored 100%", "kept ", "keeps", "? help", "q quit", "row 0"):
            await desk.until(lambda: needed in desk.screen, needed)  # noqa: B023 - the same


async def test_a_window_without_room_says_so(tmp_path: Path) -> None:
    async with open_desk(write_rows(tmp_path / "rows.jsonl"), size=(60, 15)) as desk:
        await desk.scored()
        assert "too small" not in desk.screen
        for size in ((59, 15), (60, 14), (24, 6)):
            await desk.pilot.resize_terminal(*size)
            await desk.until(lambda: "too small: 60x15" in desk.screen, "that it is too small")
            await desk.pilot.resize_terminal(60, 15)
            await desk.until(lambda: "too small" not in desk.screen, "that there is room")
