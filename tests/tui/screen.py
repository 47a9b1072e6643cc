"""The screen of a running test as plain text, for comparisons that a person can read."""

from __future__ import annotations

from typing import Any

from rich.style import Style
from textual.app import App


def screen_lines(app: App[Any]) -> list[str]:
    """What is on screen, line by line, without trailing spaces."""
    return [
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips()
    ]


def screen_text(app: App[Any]) -> str:
    """What is on screen as one text."""
    return "\n".join(screen_lines(app))


def style_of(app: App[Any], text: str) -> Style:
    """The style of the first segment on screen that holds `text`."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if text in segment.text:
                return segment.style or Style()
    raise AssertionError(f"{text!r} is not on screen:\n{screen_text(app)}")
