"""The line of input at the foot of the desk: nothing typed is lost, nothing typed decides."""

from __future__ import annotations

from typing import ClassVar

import pytest
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import AppBlur, AppFocus
from textual.widgets import Static

from engine.errors import UsageError
from tests.tui.screen import screen_text
from tests.tui.table.table_app import FakeRows, ThemedApp
from tui.table.sample_table import SampleTable
from tui.widgets.prompt_bar import PromptBar, Question


class BarApp(ThemedApp):
    """A table, a bar and a key that opens it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f", "ask")]

    def __init__(self, value: str = "") -> None:
        super().__init__()
        self.value = value
        self.answers: list[str] = []

    def compose(self) -> ComposeResult:
        yield SampleTable(FakeRows(20))
        yield PromptBar(id="prompt")

    def on_mount(self) -> None:
        self.query_one(SampleTable).focus()

    def action_ask(self) -> None:
        self.query_one(PromptBar).ask(Question("filter", "a hint", self.value, self.answer))

    def answer(self, text: str) -> None:
        if text.startswith("?"):
            raise UsageError("no question marks", "take them out")
        self.answers.append(text)


async def test_a_wrong_answer_is_said_and_the_bar_stays_open() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f", "question_mark", "x", "enter")
        assert "no question marks" in str(app.query_one("#prompt-remark", Static).content)
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


async def test_a_click_elsewhere_closes_the_line_and_answers_nothing() -> None:
    app = BarApp("score>1")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f", "x")
        await pilot.click(SampleTable, offset=(5, 5))
        await pilot.pause()
        assert not app.query_one(PromptBar).is_open
        assert app.focused is app.query_one(SampleTable)
        assert app.answers == []
        await pilot.press("f", "y", "enter")
        assert app.answers == ["y"]


async def test_a_terminal_that_loses_the_focus_leaves_the_line_open() -> None:
    app = BarApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f", "x")
        app.post_message(AppBlur())
        await pilot.pause()
        assert app.query_one(PromptBar).is_open
        app.post_message(AppFocus())
        await pilot.pause()
        await pilot.press("y", "enter")
        assert app.answers == ["xy"]
