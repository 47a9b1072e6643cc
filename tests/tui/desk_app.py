"""The real application on a small dataset, with the real store and the real heuristic scorer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from engine.scoring.worker.worker import FINISHED
from engine.session import OpenOptions, Session
from tests.tui.screen import screen_text
from tui.app import TamisApp
from tui.desk import Desk
from tui.desk.base import NOTHING_SEEN
from tui.preferences import Preferences
from tui.widgets.prompt_bar import PromptBar
from tui.widgets.status import KeyBar

GOOD = (
    "The {0} method has three steps: prepare the {0} materials, combine them, and check the result."
)
BAD = "As an AI language model, I cannot help with {0}."


def write_rows(path: Path, count: int = 30) -> Path:
    """Alternating good answers and refusals: the heuristic tells them apart."""
    rows = [
        {
            "instruction": f"Explain the {word(number)} method, please.",
            "input": "",
            "output": (BAD if number % 3 == 0 else GOOD).format(word(number)),
        }
        for number in range(count)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def word(number: int) -> str:
    """A different plain word for each row."""
    syllables = ("ba", "ke", "mi", "lo", "tu")
    return "".join(syllables[int(digit)] for digit in f"{number + 25:b}"[1:]) + "n"


class DeskDriver:
    """A running desk, its session, and what is on its screen."""

    def __init__(self, app: TamisApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def desk(self) -> Desk:
        desk = next(screen for screen in self.app.screen_stack if isinstance(screen, Desk))
        assert isinstance(desk, Desk)
        return desk

    @property
    def at_desk(self) -> bool:
        """Whether no dialog is open."""
        return isinstance(self.app.screen, Desk)

    @property
    def session(self) -> Session:
        assert self.app.session is not None
        return self.app.session

    @property
    def screen(self) -> str:
        return screen_text(self.app)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.keys_done()

    async def type(self, text: str) -> None:
        names = {" ": "space"}
        await self.pilot.press(*(names.get(character, character) for character in text))
        await self.keys_done()

    async def keys_done(self) -> None:
        """Until every key has done all that it does, also in the view's thread."""
        await self.pilot.pause()
        if not self._keys_rest():
            await self.until(self._keys_rest, "the end of the keys")

    def _keys_rest(self) -> bool:
        return self.app._keys.at_rest or self.app.return_code is not None

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        limit = time.monotonic() + 120  # a loaded machine imports transformers in a minute
        while not condition():
            assert time.monotonic() < limit, f"never: {what}\n{self.screen}"
            await asyncio.sleep(0.02)
        await self.pilot.pause()

    async def scored(self) -> None:
        def settled() -> bool:
            status = self.session.scoring.status()
            return status is not None and status.state in FINISHED

        await self.until(settled, "scores")
        await self.until(
            lambda: self.desk._seen[0] == self.session.board.version, "scores on screen"
        )
        self.desk._status_due_s = 0.0  # the title is drawn twice a second
        await self.until(lambda: self.desk._status_due_s > 0, "the title")

    def said(self) -> str:
        """What there is to say now: the key line's message, and toasts."""
        toasts = [toast.message for toast in self.app._notifications]
        bars = self.app.screen.query(KeyBar) or self.desk.query(KeyBar)
        return "\n".join([bars.first().message, *toasts])


@asynccontextmanager
async def open_desk(
    path: Path,
    *,
    size: tuple[int, int] = (120, 40),
    scorer: str | None = "heuristic",
    threshold: str | None = None,
    options: OpenOptions | None = None,
    preferences: Preferences | None = None,
    restored: bool = True,
) -> AsyncIterator[DeskDriver]:
    """Run the application on `path` until the block ends; the session is closed after it.

    `restored` waits for the rows that the last visit ended with.
    """
    app = TamisApp(
        path,
        options or OpenOptions(reviewer="ada"),
        scorer=scorer,
        threshold=threshold,
        preferences=preferences,
    )
    try:
        async with app.run_test(size=size) as pilot:
            driver = DeskDriver(app, pilot)
            await driver.until(
                lambda: any(isinstance(screen, Desk) for screen in app.screen_stack), "the desk"
            )
            await driver.until(lambda: driver.desk._seen != NOTHING_SEEN, "the counts")
            if restored:
                await driver.until(lambda: not driver.session.view.at_work, "the rows")
            yield driver
    finally:
        if app.session is not None:
            app.session.close()


CODE = (
    '```python\ndef add(a, b):\n    # the sum\n    return "x" + str(1)\n```\n> quoted\n\n1. **one**'
)


def write_chats(path: Path) -> Path:
    turns = [("system", "Be short."), ("user", "Write the code."), ("assistant", CODE)]
    rows = [
        {"messages": [{"role": role, "content": f"{text} {number}"} for role, text in turns]}
        for number in range(30)
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{broken\n")
    return path


async def every_screen(desk: DeskDriver) -> AsyncIterator[str]:
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
    await desk.until(lambda: desk.desk.at_panel, "the sliders")
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
        desk.desk.say(f"said in {severity}", severity=severity, timeout=60)
    await desk.pilot.pause()
    yield "what is said"
