"""One key after the other: a key is handed on when the one before has done all that it does.

Textual hands a key to whatever has the focus when it is read, and a widget that does not use it
passes it up to the application, which finds the action. Of keys read at once the later ones are on
their way before the first has opened a line of input or a dialog: they went to the table, and could
be overtaken by others typed into the line.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from textual.app import App
from textual.events import Event
from textual.message_pump import MessagePump

ROUNDS = 2
"""Up from the widget to the application: the key itself, then the messages that it has caused, as
the choice in a list or the answer of a line of input."""

PATIENCE_S = 2.0
"""A key that has not come to its end by then does not hold up the next one."""

ASK_AGAIN_S = 0.005
"""How soon it is seen that what a key has asked of a thread is there."""


class KeysInOrder:
    """The keys of an application that wait for the one before."""

    def __init__(self, app: App[Any], hand_on: Callable[[Event], Awaitable[None]]) -> None:
        """Keep the order of what is given to `add`; `hand_on` gives it to the widgets of `app`."""
        self._app, self._hand_on = app, hand_on
        self.is_awaited: Callable[[], bool] = lambda: False
        """Whether something that a key has asked for, and the next one needs, is not there yet."""
        self._waiting: deque[Event] = deque()
        self._in_hand = 0
        """Number of the key at work; 0 for none."""
        self._count = 0
        self._since_s = 0.0

    @property
    def at_rest(self) -> bool:
        """Whether every key has done all that it does."""
        return not self._in_hand and not self._waiting

    async def add(self, event: Event) -> None:
        """Take a key, or pasted text, from the terminal."""
        self._waiting.append(event)
        if not self._in_hand or time.monotonic() - self._since_s > PATIENCE_S:
            await self._next()

    async def _next(self) -> None:
        self._in_hand = 0
        if not self._waiting:
            return
        self._count += 1
        self._in_hand, self._since_s = self._count, time.monotonic()
        screen = self._app.screen
        start = screen.focused or screen
        path: list[MessagePump] = [*start.ancestors_with_self]
        await self._hand_on(self._waiting.popleft())
        self._follow(self._in_hand, path * ROUNDS, screen)

    def _follow(self, key: int, path: list[MessagePump], screen: MessagePump) -> None:
        """Wait for the messages that lie before each of `path`, one after the other."""
        while path:
            pump, *path = path
            if pump.call_later(self._follow, key, path, screen):
                return
        now = self._app.screen
        if now is not screen:  # what has been opened makes itself, and takes the focus
            self._follow(key, [now, self._app], now)
        elif key == self._in_hand and self.is_awaited():
            self._app.set_timer(ASK_AGAIN_S, partial(self._follow, key, [], screen))
        elif key == self._in_hand:
            self._app.call_later(self._next)
