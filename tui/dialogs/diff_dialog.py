"""The difference that an edit makes, before it is taken."""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from tui.dialogs.dialogs import ScrolledDialog
from tui.terminal.display import sanitize

CONTEXT_LINES = 3

MOST_LINES = 5_000
"""Longer texts are not compared line by line: that takes too long to wait for."""


class DiffAnswer(StrEnum):
    """What becomes of the edit."""

    TAKE = "take"
    AGAIN = "again"
    DISCARD = "discard"


class DiffDialog(ScrolledDialog[DiffAnswer]):
    """Old and new by lines, with signs and not by colour alone; `y` takes it, `esc` does not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer('take')", "Take"),
        Binding("E,e", "answer('again')", "Edit again"),
        Binding("n,escape,q", "answer('discard')", "Discard"),
    ]

    def __init__(self, title: str, old: str, new: str) -> None:
        """Show what turns `old` into `new`; both may be raw data."""
        keys = "y take it    e edit again    n throw it away"
        super().__init__(title, difference(old, new), keys)

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
