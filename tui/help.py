"""The help: long texts from `engine/help`, keys from the registry of actions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from importlib import resources
from textwrap import fill
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from engine.dataset import Dataset
from tui.actions import ACTIONS, Group
from tui.display import STATE_TEXT, UNICODE_GLYPHS, Glyphs, sanitize

KEYS_CELLS = max(len(action.shown_keys) for action in ACTIONS)

LINE_CELLS = 68
"""Lines of the help, wrapped here so that they stay indented; they fit into 80 columns."""


def help_text(glyphs: Glyphs = UNICODE_GLYPHS) -> Content:
    """All keys by group, the signs of the table, and what the words mean."""
    parts: list[Content] = []
    for group in Group:
        parts.append(Content.styled(f"{group.value}\n", "bold"))
        for action in ACTIONS:
            if action.group is group:
                keys = action.shown_keys or "ctrl+p"
                parts.append(Content(f"  {keys:<{KEYS_CELLS}} {action.title}\n"))
                parts.append(Content.styled(_indented(action.help), "dim"))
        parts.append(Content("\n"))
    parts.append(Content.styled("Signs\n", "bold"))
    for state, sign in glyphs.states.items():
        parts.append(Content(f"  {sign:<{KEYS_CELLS}} {STATE_TEXT[state]}\n"))
    parts.append(Content(f"  {glyphs.skipped:<{KEYS_CELLS}} skipped\n\n"))
    parts.append(Content(resources.files("engine.help").joinpath("desk.md").read_text("utf-8")))
    return Content("").join(parts)


def _indented(text: str) -> str:
    indent = " " * (KEYS_CELLS + 3)
    return fill(text, LINE_CELLS, initial_indent=indent, subsequent_indent=indent) + "\n"


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


class ActionProvider(Provider):
    """Every action of the desk, found by the words of its title and its help."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for action in ACTIONS:
            yield DiscoveryHit(
                _titled(action.title, action.shown_keys),
                self._run(action.id),
                text=action.title,
                help=action.help,
            )

    async def search(self, query: str) -> Hits:
        """Those whose words match."""
        matcher = self.matcher(query)
        for action in ACTIONS:
            score = max(matcher.match(action.title), 0.8 * matcher.match(action.help))
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(action.title),
                    self._run(action.id),
                    text=action.title,
                    help=action.help,
                )

    def _run(self, action: str) -> Callable[[], Coroutine[Any, Any, None]]:
        screen = self.screen

        async def run() -> None:
            await screen.run_action(action)

        return run


def _titled(title: str, keys: str) -> str:
    return f"{title}  ({keys})" if keys else title
