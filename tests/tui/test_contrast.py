"""Every text on the screen can be read, in every theme that says its own colours."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.color import Color
from textual.screen import ModalScreen

from tests.tui.colours import contrast
from tests.tui.desk_app import DeskDriver, open_desk
from tui.preferences import Preferences
from tui.prompt_bar import PromptBar

CODE = (
    '```python\ndef add(a, b):\n    # the sum\n    return "x" + str(1)\n```\n> quoted\n\n1. **one**'
)

READABLE = 4.5
"""Source: WCAG 2.2, success criterion 1.4.3 (AA)."""


def write_rows(path: Path) -> Path:
    turns = [("system", "Be short."), ("user", "Write the code."), ("assistant", CODE)]
    rows = [
        {"messages": [{"role": role, "content": f"{text} {number}"} for role, text in turns]}
        for number in range(30)
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n")
    return path


async def screens(desk: DeskDriver) -> AsyncIterator[str]:
    """The desk in every state that colours something, each said in words."""
    await desk.scored()
    yield "the table"
    await desk.press("a", "x", "space", "slash")
    await desk.type("code")
    await desk.press("enter")
    yield "verdicts, and a search"
    await desk.press("v", "j", "j")
    yield "a range"
    await desk.press("escape", "tab")
    yield "the sample has the focus"
    await desk.press("tab", "f")
    await desk.type("state:nothing")
    await desk.press("enter")
    assert desk.desk.query_one(PromptBar).is_open
    yield "a filter that is refused"
    await desk.press("escape", "S")
    await desk.until(lambda: desk.desk.at_sliders, "the sliders")
    yield "the simulator"
    await desk.press("S")
    for action in ("help", "export", "sort", "model", "queue", "theme", "problems", "bulk_reject"):
        await desk.desk.run_action(action)
        await desk.until(lambda: not desk.at_desk, action)
        yield action
        await desk.press("escape")
        await desk.until(lambda: desk.at_desk, "the desk again")
    await desk.press("ctrl+p")
    await desk.type("e")
    yield "the palette"
    await desk.press("escape")
    for severity in ("warning", "error", "information"):
        desk.desk.say(f"said in {severity}", severity=severity, timeout=60)  # type: ignore[arg-type]
    await desk.pilot.pause()
    yield "what is said"


def unreadable(desk: DeskDriver) -> list[str]:
    """Texts of the screen with less contrast than they need.

    Under a dialog the desk is dimmed on purpose: there only the dialog is looked at.
    """
    found = []
    screen = desk.app.screen
    strips = screen._compositor.render_strips()
    if isinstance(screen, ModalScreen):
        lit = screen.children[0].region
        strips = [strip.crop(lit.x, lit.right) for strip in strips[lit.y : lit.bottom]]
    for strip in strips:
        for text, style, _ in strip:
            if not any(character.isalnum() for character in text) or style is None:
                continue
            assert style.color is not None
            assert style.bgcolor is not None
            ink, paper = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
            if style.reverse:
                ink, paper = paper, ink
            ratio = contrast(ink, paper)
            if ratio < READABLE:
                found.append(f"{text.strip()[:40]!r} {ratio:.2f} ({ink.hex} on {paper.hex})")
    return found


@pytest.mark.parametrize(
    "theme", ["tamis-dark", "tamis-light", "tamis-high-contrast", "tamis-colour-blind"]
)
async def test_every_text_on_the_screen_can_be_read(tmp_path: Path, theme: str) -> None:
    rows = write_rows(tmp_path / "rows.jsonl")
    failures: dict[str, set[str]] = {}
    preferences = Preferences(theme=theme)
    async with open_desk(rows, size=(120, 45), preferences=preferences) as desk:
        desk.app._disable_notifications = False
        async for where in screens(desk):
            for failure in unreadable(desk):
                failures.setdefault(failure, set()).add(where)
    assert not failures, "\n".join(f"{text}: {places}" for text, places in failures.items())
