"""The palette: actions and pages of the help, found by words."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from engine.help import page_names, page_text
from tui.dialogs.dialogs import TextDialog
from tui.keys.actions import Action, actions_of, name_keys
from tui.keys.help import obstacle_on

PAGE_HELP = "A page of the help."

BY_SEARCH_WORD, IN_HELP = 0.02, 0.01
"""Scores of an action that other words than its title bring up: behind all whose title matches."""


class ActionProvider(Provider):
    """Every action of the screen, found by its title, its search words and the words of its help.

    One that cannot be done now is there, too, and says why.
    """

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for action, help_line in self._offered():
            yield DiscoveryHit(
                action.title + (f"  ({action.shown_keys})" if action.keys else ""),
                partial(self.screen.run_action, action.id),
                text=action.title,
                help=help_line,
            )

    def _offered(self) -> list[tuple[Action, str]]:
        """The actions that the screen has, each with its help or what stands in its way."""
        screen = self.screen
        return [
            (action, f"not now: {why}" if (why := obstacle_on(screen, action)) else action.help)
            for action in actions_of(screen.app)
            if hasattr(screen, f"action_{action.id}")
        ]

    async def search(self, query: str) -> Hits:
        """Those whose title matches, if only in part; then those known by other words."""
        matcher, words = self.matcher(query), query.lower().split()
        for action, help_line in self._offered():
            score = matcher.match(action.title)
            for text, found in ((action.search, BY_SEARCH_WORD), (action.help.lower(), IN_HELP)):
                if score <= 0 and words and all(word in text for word in words):
                    score = found
            if score > 0:
                title = matcher.highlight(action.title)
                yield Hit(
                    score,
                    title + f"  ({action.shown_keys})" if action.keys else title,
                    partial(self.screen.run_action, action.id),
                    text=action.title,
                    help=help_line,
                )


class HelpProvider(Provider):
    """Every long text of the help, found by its name."""

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for name in page_names():
            yield DiscoveryHit(f"Help: {name}", self._show(name), help=PAGE_HELP)

    async def search(self, query: str) -> Hits:
        """Those whose name matches, and all of them for `help`."""
        matcher = self.matcher(query)
        for name in page_names():
            title = f"Help: {name}"
            if (score := matcher.match(title)) > 0:
                yield Hit(score, matcher.highlight(title), self._show(name), help=PAGE_HELP)

    def _show(self, name: str) -> Callable[[], None]:
        app = self.app

        def show() -> None:
            app.push_screen(
                TextDialog(f"Help: {name}", name_keys(page_text(name), actions_of(app)))
            )

        return show
