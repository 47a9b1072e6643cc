"""`tamis screenshot`: a picture of the desk on the demo, made by the application itself.

The real application runs without a terminal, on the bundled rows and a session that is thrown
away; what is on its screen is written as SVG.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.errors import ExportError, ScorerError, UsageError
from tui.cli import flags
from tui.cli.streams import print_text

if TYPE_CHECKING:
    from textual.pilot import Pilot
    from textual.screen import Screen

    from tui.app import TamisApp

WAIT_S = 600
"""A model may take its time to load; a picture that never comes is an error, not a hang."""

FONT = "DejaVu Sans Mono, Menlo, Consolas, monospace"
"""What is on the reader's machine: a picture in a README fetches nothing."""

MOST_CELLS = 500


REVIEWED = ("accept", "accept", "reject", "accept", "skip", "reject", "accept")

SCENES: Mapping[str, tuple[str, ...]] = {
    "table": REVIEWED,
    "sample": (*REVIEWED, "zoom"),
    "simulator": (*REVIEWED, "simulate"),
    "clusters": (*REVIEWED, "clusters"),
    "export": (*REVIEWED, "export"),
    "help": ("help",),
    "palette": ("palette",),
}
"""What `--screen` can show: actions of the desk, one after the other, that lead to it."""


def screenshot(
    *,
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="An SVG file.")],
    size: Annotated[
        str, typer.Option("--size", metavar="WxH", help="Columns and lines of the terminal.")
    ] = "120x40",
    theme: flags.Theme = None,
    screen: Annotated[
        str, typer.Option("--screen", metavar="S", help=f"One of {', '.join(SCENES)}.")
    ] = "table",
    keys: Annotated[
        str, typer.Option("--keys", metavar="KEYS", help="Pressed then: 'j j x / enter'.")
    ] = "",
    scorer: flags.Scorer = None,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Draw the signs in ASCII.")] = False,
    overwrite: flags.Overwrite = False,
) -> None:
    """Write a picture of the desk on the demo, as SVG."""
    from tui.keys.keymap import read_key

    columns, lines = _size(size)
    if screen not in SCENES:
        raise UsageError(f"no such screen: {screen}", f"one of: {', '.join(SCENES)}")
    try:
        pressed = [key if key.isdigit() else read_key(key) for key in keys.split()]
    except ValueError as error:
        raise UsageError(f"--keys {keys!r}: {error}", "keys with spaces between them") from None
    if output.exists() and not overwrite:
        raise ExportError(f"{output} exists", "--overwrite replaces it")
    with tempfile.TemporaryDirectory() as folder:
        app = _app(Path(folder), theme, scorer or "builtin", ascii_only=ascii_only)
        # What libraries print belongs neither into the picture nor under it.
        with (Path(folder) / "log").open("w") as log, redirect_stdout(log), redirect_stderr(log):
            picture = asyncio.run(_picture(app, (columns, lines), SCENES[screen], pressed))
    try:
        output.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{output}: {error.strerror}") from error
    print_text(f"{output}: {screen}, {columns}x{lines}, {app.theme}")


def _size(text: str) -> tuple[int, int]:
    """Columns and lines.

    Raises:
        UsageError: no size, or none that a terminal has.
    """
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", text.strip().lower())
    sides = tuple(map(int, found.groups())) if found else (0, 0)
    if not all(1 <= side <= MOST_CELLS for side in sides):
        raise UsageError(f"--size {text!r} is no size", "columns x lines: 120x40")
    return sides[0], sides[1]


def _app(folder: Path, theme: str | None, scorer: str, *, ascii_only: bool) -> TamisApp:
    """The application on the demo, as it is for somebody who has changed nothing but the theme."""
    from engine.demo import demo_folder
    from engine.session import OpenOptions
    from tui.app import TamisApp
    from tui.preferences import Preferences
    from tui.theme import DEFAULT_THEME, choose_theme, load_themes

    known = load_themes().themes
    name, unknown = choose_theme(theme or DEFAULT_THEME, known)
    if unknown:
        raise UsageError(unknown[0])
    options = OpenOptions(reviewer="ada", demo=True, session=folder / "demo.tamis.db")
    preferences = Preferences(theme=name, ascii_only=ascii_only)
    return TamisApp(demo_folder(), options, scorer=scorer, preferences=preferences)


async def _picture(
    app: TamisApp, size: tuple[int, int], actions: Sequence[str], keys: list[str]
) -> str:
    """The screen as SVG, when everything has been scored and the keys have been pressed.

    Raises:
        ScorerError: nothing can be scored.
    """
    from engine.scoring.worker.worker import WorkerState
    from tui.desk import Desk
    from tui.desk.base import SAMPLE_SHOWN_AFTER_S
    from tui.widgets.status import KeyBar

    async with app.run_test(size=size) as pilot:
        await _until(pilot, lambda: app.failure is not None or isinstance(app.screen, Desk))
        if app.failure is not None:
            raise app.failure
        session, desk = app.session, app.screen
        assert session is not None
        assert isinstance(desk, Desk)
        try:
            await _until(pilot, lambda: session.scoring.status() is not None)
            await _until(pilot, lambda: not _working(session.scoring.status()))
            status = session.scoring.status()
            if status is not None and status.state is WorkerState.FAILED:
                raise ScorerError(status.message, "--scorer heuristic needs no model")
            for action in actions:
                await desk.run_action(action)
                await pilot.pause()
            await _until(pilot, lambda: _settled(app.screen))
            await pilot.press(*keys)
            await _until(pilot, lambda: _settled(app.screen))
            for bar in app.screen.query(KeyBar):
                bar.fall_silent()
            await pilot.pause(2 * SAMPLE_SHOWN_AFTER_S)
            return _own_fonts(app.export_screenshot(title="tamis", simplify=True))
        finally:
            session.close()


def _settled(screen: Screen[Any]) -> bool:
    """Whether a screen shows all that it is going to show; a dialog does at once."""
    asked = getattr(screen, "is_at_rest", None)
    return asked is None or bool(asked())


def _working(status: Any) -> bool:
    from engine.scoring.worker.worker import FINISHED

    return status.state not in FINISHED


async def _until(pilot: Pilot[None], condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > limit:
            raise ScorerError("the picture is never ready", "--scorer heuristic needs no model")
        await pilot.pause(0.05)


def _own_fonts(svg: str) -> str:
    """The picture without addresses of fonts."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: [^;]+;", f"font-family: {FONT};", svg)
