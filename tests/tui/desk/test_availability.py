"""Footer, help and palette say what can be done now, with the person's own keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.preferences.toml_lines import read_lined
from engine.session import OpenOptions
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.dialogs.dialogs import TextDialog
from tui.keys.actions import BY_ID
from tui.keys.keymap import make_keymap
from tui.preferences import Preferences


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


def footer(desk: DeskDriver) -> str:
    return desk.screen.splitlines()[-1]


def why(desk: DeskDriver, action: str) -> str:
    return desk.desk.obstacle(BY_ID[action])


async def help_of(desk: DeskDriver) -> tuple[str, str]:
    """What the help lists as possible, and what not."""
    await desk.press("question_mark")
    assert isinstance(desk.app.screen, TextDialog)
    shown = str(desk.app.screen._body)
    await desk.press("escape")
    possible, _, rest = shown.partition("Not now\n")
    return possible, rest.partition("Signs\n")[0]


async def test_the_footer_has_only_what_can_be_done(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.until(lambda: "U undo" not in footer(desk), "no undo before a decision")
        assert "esc close" not in footer(desk)
        await desk.press("v")
        assert why(desk, "close") == ""
        await desk.press("escape")
        assert why(desk, "undo") == "nothing to undo"
        await desk.press("a")
        await desk.until(lambda: "U undo" in footer(desk), "undo after a decision")


async def test_a_read_only_desk_offers_no_decision(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("a")
    async with open_desk(rows, options=OpenOptions(read_only=True)) as desk:
        await desk.scored()
        await desk.until(lambda: "a accept" not in footer(desk), "no accept")
        assert "U undo" not in footer(desk)
        assert "f filter" in footer(desk)
        possible, rest = await help_of(desk)
        assert "Accept" not in possible
        assert "read-only: a and x are refused" in rest


async def test_the_help_follows_the_focus(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        possible, rest = await help_of(desk)
        assert "  a " in possible
        assert "Slider down" not in possible
        assert "Next match" in rest
        assert "no search yet" in rest
        await desk.press("S")
        await desk.until(lambda: desk.desk.at_panel, "the sliders")
        possible, rest = await help_of(desk)
        assert possible.startswith("Simulator")
        assert "Slider down" in possible
        assert "  Accept" not in possible
        assert "the simulator has the keys" in rest


async def test_help_and_palette_show_the_persons_keys(rows: Path) -> None:
    own = make_keymap(read_lined('[keys]\naccept = "y"\nskip = ""\npalette = "ctrl+o"')[0])
    async with open_desk(rows, preferences=Preferences(keymap=own)) as desk:
        await desk.scored()
        possible, _ = await help_of(desk)
        lines = possible.splitlines()
        assert next(line for line in lines if line.endswith(" Accept")).split()[0] == "y"
        assert next(line for line in lines if line.endswith(" Skip")).split()[0] == "ctrl+o"
        await desk.press("ctrl+o")
        await desk.type("accept")
        await desk.until(lambda: "Accept  (y)" in desk.screen, "the palette's hit")


async def test_the_palette_says_why_not(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("ctrl+p")
        await desk.type("next match")
        await desk.until(lambda: "not now: no search yet" in desk.screen, "the reason")


async def test_obstacles_are_those_of_the_moment(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        assert why(desk, "side") == "only preference data has two sides"
        assert why(desk, "problems") == "every row could be read"
        assert why(desk, "retry") == "no row has failed"
        assert why(desk, "clear") == "there is no verdict here"
        assert why(desk, "pin") == "S opens the simulator"
        await desk.press("f")
        await desk.type("nowhere-to-be-found")
        await desk.press("enter")
        assert why(desk, "bulk_reject") == "no row is shown"
        assert why(desk, "accept") == "no sample is shown"


async def test_a_key_that_does_nothing_says_why(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("n")
        assert "Next match: no search yet" in desk.said()
        await desk.press("Z")
        assert "Z means nothing here: ? shows the keys" in desk.said()
        await desk.press("backspace")
        assert "backspace means nothing here" in desk.said()
        await desk.press("ctrl+c")
        assert "q quits" in desk.said()
        await desk.press("S")
        await desk.until(lambda: desk.desk.at_panel, "the sliders")
        await desk.press("a")
        assert "Accept: the simulator has the keys: tab goes back to the table" in desk.said()
        assert not desk.session.verdicts.any()


async def test_a_read_only_desk_says_which_keys_it_refuses(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("a")
    async with open_desk(rows, options=OpenOptions(read_only=True)) as desk:
        for key in ("a", "x", "i", "U"):
            await desk.press("f", "escape", key)
            assert "read-only: a and x are refused" in desk.said()
        assert "read-only" in desk.screen.splitlines()[0]
        await desk.press("D")
        await desk.press("asterisk")
        assert "read-only: a and x are refused" in desk.said()
