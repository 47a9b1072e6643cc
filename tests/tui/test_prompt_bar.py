"""The line of input at the foot of the desk: nothing typed is lost, nothing typed decides."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.widgets import Input, Static

from engine.errors import UsageError
from tests.tui.screen import screen_text
from tests.tui.table_app import FakeRows, ThemedApp
from tui.prompt_bar import PromptBar, Question
from tui.sample_table import SampleTable


class BarApp(ThemedApp):
    """A table, a bar and a key that opens it; keys on their way up are offered to the bar."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "ask"),
        Binding("a,s", "decide"),
    ]

    def __init__(self, value: str = "") -> None:
        super().__init__()
        self.value = value
        self.answers: list[str] = []
        self.decided = 0

    def compose(self) -> ComposeResult:
        yield SampleTable(FakeRows(20))
        yield PromptBar(id="prompt")

    def on_mount(self) -> None:
        self.query_one(SampleTable).focus()

    def on_key(self, event: Key) -> None:
        if self.query_one(PromptBar).take(event):
            event.stop()
            event.prevent_default()

    def action_ask(self) -> None:
        self.query_one(PromptBar).ask(Question("filter", "a hint", self.value, self.answer))

    def action_decide(self) -> None:
        self.decided += 1

    def answer(self, text: str) -> None:
        if text.startswith("?"):
            raise UsageError("no question marks", "take them out")
        self.answers.append(text)

    def burst(self, text: str) -> None:
        """Keys that arrive together, as from a fast hand or over a slow line."""
        for character in text:
            key = {"\n": "enter", "<": "less_than_sign", "?": "question_mark"}.get(character)
            self.post_message(Key(key or character, None if character == "\n" else character))


async def until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < limit
        await asyncio.sleep(0.01)


async def test_letters_behind_the_key_that_opens_the_bar_belong_into_it() -> None:
    app = BarApp()
    async with app.run_test():
        app.burst("fscas<1")
        await until(lambda: app.query_one(Input).value == "scas<1")
        assert app.decided == 0


async def test_typing_replaces_the_former_value() -> None:
    app = BarApp("state:kept")
    async with app.run_test():
        app.burst("fas")
        await until(lambda: app.query_one(Input).value == "as")


async def test_keys_behind_the_answer_go_to_the_table_again() -> None:
    app = BarApp()
    async with app.run_test():
        app.burst("fsc\na")
        await until(lambda: app.decided == 1)
        assert app.answers == ["sc"]
        assert not app.query_one(PromptBar).is_open


async def test_a_wrong_answer_is_said_and_the_bar_stays_open() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 24)):
        app.burst("f?x\n")
        await until(
            lambda: "no question marks" in str(app.query_one("#prompt-remark", Static).content)
        )
        assert app.query_one(PromptBar).is_open
        assert app.answers == []


@pytest.mark.parametrize("width", [60, 80])
async def test_a_remark_that_does_not_fit_ends_with_an_ellipsis(width: int) -> None:
    app = BarApp()
    async with app.run_test(size=(width, 10)) as pilot:
        bar = app.query_one(PromptBar)
        bar.ask(Question("filter", "every word of it " * 9, "", app.answer))
        await pilot.pause()
        assert screen_text(app).rstrip().endswith("…")
