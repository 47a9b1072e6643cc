"""Every text on the screen can be read, in every theme that says its own colours."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.color import Color
from textual.screen import ModalScreen

from tests.tui.colours import contrast
from tests.tui.desk_app import DeskDriver, every_screen, open_desk, write_chats
from tui.preferences import Preferences

READABLE = 4.5
"""Source: WCAG 2.2, success criterion 1.4.3 (AA)."""


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
    rows = write_chats(tmp_path / "rows.jsonl")
    failures: dict[str, set[str]] = {}
    preferences = Preferences(theme=theme)
    async with open_desk(rows, size=(120, 45), preferences=preferences) as desk:
        desk.app._disable_notifications = False
        async for where in every_screen(desk):
            for failure in unreadable(desk):
                failures.setdefault(failure, set()).add(where)
    assert not failures, "\n".join(f"{text}: {places}" for text, places in failures.items())
