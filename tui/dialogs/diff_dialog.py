"""The difference that an edit makes, before it is taken."""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.dialogs.dialogs import Dialog
from tui.terminal.display import sanitize

CONTEXT_LINES = 3

MOST_LINES = 5_000
"""Longer texts are not compared line by line: that takes too long to wait for."""


class DiffAnswer(StrEnum):
    """What becomes of the edit."""

    TAKE = "take"
    AGAIN = "again"
    DISCARD = "discard"


class DiffDialog(Dialog[DiffAnswer]):
    """Old and new by lines, with signs and not by colour alone; `y` takes it, `esc` does not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer('take')", "Take"),
        Binding("E,e", "answer('again')", "Edit again"),
        Binding("n,escape,q", "answer('discard')", "Discard"),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
        Binding("ctrl+d,pagedown,space", "scroll(10)", show=False),
        Binding("ctrl+u,pageup", "scroll(-10)", show=False),
    ]

    def __init__(self, title: str, old: str, new: str) -> None:
        """Show what turns `old` into `new`; both may be raw data."""
        super().__init__()
        self._title, self._old, self._new = title, old, new

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        with Vertical(classes="dialog -large"):
            yield Static(Content(sanitize(self._title)), classes="dialog-title")
            with VerticalScroll():
                yield Static(difference(self._old, self._new))
            yield Static(
                Content("y take it    e edit again    n throw it away"), classes="dialog-keys"
            )

    def on_mount(self) -> None:
        """Keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def action_scroll(self, lines: int) -> None:
        """Scroll by lines."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_answer(self, answer: str) -> None:
        """Take the edit, go on with it, or throw it away."""
        self.dismiss(DiffAnswer(answer))


def difference(old: str, new: str) -> Content:
    """Lines that go (`-`), come (`+`) and stay, with a few around each change."""
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        return Content(f"{len(before):,} lines before, {len(after):,} now: too many to compare")
    parts: list[Content] = []
    lines = difflib.unified_diff(before, after, n=CONTEXT_LINES, lineterm="")
    for line in list(lines)[2:]:
        sign, text = line[:1], sanitize(line[1:])
        if sign == "@":
            first = line.split("+")[1].split(",")[0].split(" ")[0]
            parts.append(Content.styled(f"  … from line {first}", "dim"))
        elif sign == "+":
            parts.append(Content.styled(f"+ {text}", "$text-success"))
        elif sign == "-":
            parts.append(Content.styled(f"- {text}", "$text-error"))
        else:
            parts.append(Content(f"  {text}"))
    if not parts:
        return Content("Only line breaks at the end differ.")
    return Content("\n").join(parts)
