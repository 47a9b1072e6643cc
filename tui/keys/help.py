"""The help: long texts from `engine/help`, keys from the registry of actions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from types import MappingProxyType
from typing import Any

from textual.content import Content
from textual.screen import Screen

from engine.dataset.dataset import Dataset
from engine.help import page_names, page_text
from tui.keys.actions import ACTIONS, Action, Group, name_keys
from tui.terminal.display import STATE_TEXT, UNICODE_GLYPHS, Glyphs, sanitize

KEYS_CELLS = max(len(action.shown_keys) for action in ACTIONS)

LINE_CELLS = 68
"""Lines of the help, wrapped here so that they stay indented; they fit into 80 columns."""


def help_text(
    actions: Sequence[Action] = ACTIONS,
    *,
    obstacles: Mapping[str, str] = MappingProxyType({}),
    first: str | None = None,
    page: str = "desk",
    title: Sequence[tuple[str, str]] = (),
    glyphs: Glyphs = UNICODE_GLYPHS,
) -> Content:
    """The keys that work now by group, those that do not, the signs, and what the words mean.

    Args:
        actions: the registry, with a person's keys.
        obstacles: action -> why it cannot be done now.
        first: the group to begin with.
        page: the text on what the words mean.
        title: what is in the title line now, and what it means.
        glyphs: the signs of the table.
    """
    palette = next(action.shown_keys for action in actions if action.id == "palette")
    parts: list[Content] = []
    if title:
        parts.append(Content.styled("In the title\n", "bold"))
        parts += [Content(f"  {sign}\n") + _indented(text) for sign, text in title]
        parts.append(Content("\n"))
    groups = dict.fromkeys((*Group, *(action.group for action in actions)))
    for group in sorted(groups, key=lambda group: group != first):
        here = [action for action in actions if action.group == group]
        here = [action for action in here if action.id not in obstacles]
        if here:
            parts.append(Content.styled(f"{group}\n", "bold"))
            parts += [_line(action, action.help, palette) for action in here]
            parts.append(Content("\n"))
    if obstacles:
        parts.append(Content.styled("Not now\n", "bold"))
        parts += [
            _line(action, obstacles[action.id], palette)
            for action in actions
            if action.id in obstacles
        ]
        parts.append(Content("\n"))
    parts.append(Content.styled("Signs\n", "bold"))
    for state, sign in glyphs.states.items():
        parts.append(Content(f"  {sign:<{KEYS_CELLS}} {STATE_TEXT[state]}\n"))
    parts.append(Content(f"  {glyphs.skipped:<{KEYS_CELLS}} skipped\n\n"))
    parts.append(Content(name_keys(page_text(page), actions)))
    others = ", ".join(name for name in page_names() if name != page)
    more = f"Found by {palette} under the names Help: {others}."
    parts.append(Content.styled("\nOther pages\n", "bold"))
    return Content("").join([*parts, Content(fill(more, LINE_CELLS, initial_indent="  ",
                                                  subsequent_indent="  "))])  # fmt: skip


def _line(action: Action, text: str, palette: str) -> Content:
    """Keys and title, and under them a text; without keys, those of the palette."""
    keys = action.shown_keys or palette
    return Content(f"  {keys:<{KEYS_CELLS}} {action.title}\n") + _indented(text)


def _indented(text: str) -> Content:
    indent = " " * (KEYS_CELLS + 3)
    wrapped = fill(sanitize(text), LINE_CELLS, initial_indent=indent, subsequent_indent=indent)
    return Content.styled(f"{wrapped}\n", "dim")


def obstacle_on(screen: Screen[Any], action: Action) -> str:
    """Why `action` cannot be done on `screen` now; empty where it can, or where nobody knows."""
    asked = getattr(screen, "obstacle", None)
    return str(asked(action)) if asked is not None else ""


def problems_text(dataset: Dataset) -> str:
    """Every listed problem with its place, or that there is none."""
    if not dataset.problems_total:
        return "Every row could be read."
    lines = []
    for problem in dataset.problems:
        where = problem.file + (f":{problem.line}" if problem.line is not None else "")
        row = f" (row {problem.row})" if problem.row is not None else ""
        lines.append(f"{where}{row}: {problem.cause}")
    hidden = dataset.problems_total - len(dataset.problems)
    if hidden > 0:
        lines.append(f"… and {hidden:,} more")
    return sanitize("\n".join(lines))
