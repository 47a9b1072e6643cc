"""No widget lets a control character or markup of anybody's text through: a property of all."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from rich.style import Style
from textual.content import Content

from engine.preferences.config import read_config
from tests.tui.desk_app import DeskDriver, open_desk
from tui.dialogs.dialogs import ChoiceDialog, ConfirmDialog, TextDialog, WorkDialog
from tui.keys.actions import ACTIONS
from tui.keys.help import help_text, problems_text
from tui.preferences import Preferences
from tui.theme import choose_theme
from tui.widgets.prompt_bar import PromptBar, Question

HOSTILE = (
    "\x1b]52;c;ZXZpbA==\x07", "\x1b[2J", "\x1b]2;owned\x1b\\", "\x9b31m", "\x9d52;c;x\x9c", "\x00",
    "\x08", "\x7f", "\r", "\u202egnp.exe\u202c", "\u2066x\u2069", "\u200f", "\ud800", "\u061c",
    "[INST] x [/INST]", "[/foo]", "[@click=app.quit]quit[/]", "[bold red]x", "[link=x]", "\\[b]",
    "$primary", "{x}", "%s", "\U000e0041", "e\u0301" * 3, "漢字", "👩\u200d👩", "\t", "\n",
)  # fmt: skip

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TEXTS = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), min_size=1, max_size=6
).map("".join)


def commands(desk: DeskDriver) -> Iterator[str]:
    """What on the screen a terminal, or Textual, would obey."""
    for strip in desk.app.screen._compositor.render_strips():
        for text, style, _ in strip:
            for character in text:
                if unicodedata.category(character) in ("Cc", "Cs") or character in BIDI:
                    yield f"{character!r} in {text!r}"
            yield from _obeyed(style)


def _obeyed(style: Style | None) -> Iterator[str]:
    if style is None:
        return
    if style.link:
        yield f"a link to {style.link}"
    for name in style.meta or {}:
        if name == "@click":
            yield f"an action on {name}: {style.meta[name]}"


async def everywhere(desk: DeskDriver, text: str) -> None:
    """Put `text` wherever somebody's text is shown, one after the other, and look."""

    async def look(where: str) -> None:
        await desk.pilot.pause()
        assert list(commands(desk)) == [], where

    await look("the desk")
    await desk.press("enter")
    await look("the sample")
    await desk.press("escape")
    desk.desk.say(text)
    await look("what was done")
    desk.desk.say(text, severity="error", timeout=60)
    await look("a toast")
    desk.app.clear_notifications()
    bar = desk.desk.query_one(PromptBar)
    bar.ask(Question(label=text, hint=text, value=text.replace("\n", " "), answer=lambda _: None))
    await look("the input line")
    bar.action_dismiss_bar()
    await desk.pilot.pause()
    screens = (
        ConfirmDialog(text, [text, text], text),
        ChoiceDialog(text, [("a", text), ("b", text)], "b"),
        TextDialog(text, text),
        TextDialog("Help", help_text(obstacles={action.id: text for action in ACTIONS[:3]})),
        TextDialog("Problems", problems_text(desk.session.dataset)),
        WorkDialog(text),
    )
    for screen in screens:
        await desk.app.push_screen(screen)
        if isinstance(screen, WorkDialog):
            screen.show(text, 1, 2)
        await look(type(screen).__name__)
        screen.dismiss(None)
        await desk.until(lambda: desk.at_desk, "the desk again")
    for action in ("export", "model", "queue", "sort", "theme", "history", "filters"):
        await desk.desk.run_action(action)
        await look(action)
        if not desk.at_desk:
            await desk.press("escape")
            await desk.until(lambda: desk.at_desk, "the desk again")


@settings(max_examples=4, phases=(Phase.explicit, Phase.generate))
@example(text="".join(HOSTILE[:15]), more="".join(HOSTILE[15:]))
@example(text="".join(HOSTILE[15:]), more="".join(HOSTILE[:15]))
@given(text=TEXTS, more=TEXTS)
def test_no_widget_lets_a_command_through(text: str, more: str, tmp_path_factory: Any) -> None:
    folder: Path = tmp_path_factory.mktemp("hostile")
    name = f"r {text} {more}".encode("utf-8", "replace").decode()
    path = folder / f"{name.replace('/', '_').replace(chr(0), '_')[:40]}.jsonl"
    chat = [
        {"role": "user", "content": text},
        {"role": "assistant", "content": more, "tool_calls": [{"x": text}]},
    ]
    rows = [{"messages": chat, "other": text}, {"messages": chat[::-1], "other": more}]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n{" + json.dumps(text) + "\n")

    async def drive() -> None:
        async with open_desk(path, size=(100, 30)) as desk:
            desk.app._disable_notifications = False
            await desk.scored()
            await everywhere(desk, text)
            await desk.press("i")
            desk.desk.query_one(PromptBar)._submit(more)
            await desk.press("number_sign")
            desk.desk.query_one(PromptBar)._submit(
                text.split(maxsplit=1)[0] if text.split() else "x"
            )
            await desk.press("escape", "a")
            assert list(commands(desk)) == [], "note and tag"

    asyncio.run(drive())


@given(text=TEXTS)
def test_no_message_about_a_persons_own_files_lets_a_command_through(text: str) -> None:
    config = read_config(f'[keys]\naccept = "{text}"\n[screen]\n{text} = 1\n', Path(text))
    said = "\n".join(Preferences(config).problems)
    _, messages = choose_theme(text or "x", ())
    for message in messages:
        assert "\x1b" not in message
    from tui.terminal.display import sanitize

    assert not {"\x1b", "\x9b", "\u202e"} & set(sanitize(said))


def test_the_look_finds_what_it_looks_for() -> None:
    """The property can fail: markup that is obeyed, and a control character, are both seen."""
    assert list(_obeyed(Style(meta={"@click": "app.quit"})))
    assert list(_obeyed(Style(link="x")))
    assert Content("[@click=app.quit]x[/]").plain == "[@click=app.quit]x[/]"
