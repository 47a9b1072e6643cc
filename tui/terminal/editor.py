"""A text in the person's own editor: the desk steps aside until it is closed."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from textual.app import App

from engine.errors import TamisError, UsageError
from tui.terminal.display import sanitize

EDITORS = ("sensible-editor", "nano", "vi")
"""Tried in this order where neither VISUAL nor EDITOR says otherwise."""


def edited(app: App[Any], text: str, name: str) -> str | None:
    """`text` as the person left it in the editor; None where nothing was changed.

    Editors end a file with a line break: one that was not there before is taken off again.

    Args:
        app: steps aside meanwhile.
        text: to start from.
        name: of the file that the editor shows; its suffix tells the editor what it is.

    Raises:
        UsageError: there is no editor, or it failed.
        TamisError: what it left cannot be read as text.
    """
    command = _command()
    with tempfile.TemporaryDirectory(prefix="tamis-") as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        before = path.read_bytes()
        with _aside(app) as terminal:
            _run([*command, str(path)], terminal)
        try:
            left = path.read_bytes()
        except OSError as error:
            raise TamisError(
                f"the edited text is gone: {error.strerror}", "edit it again"
            ) from error
    if left == before:
        return None
    try:
        found = left.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TamisError(
            f"the edited text is no UTF-8 (byte {error.start})", "set the editor to UTF-8"
        ) from error
    if not text.endswith("\n"):
        found = found.removesuffix("\n").removesuffix("\r")
    return None if found == text else found


def _command() -> list[str]:
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        command = shlex.split(named)
    except ValueError as error:
        raise UsageError(f"$EDITOR cannot be understood: {error}", "set it to a command") from error
    if command:
        return command
    found = next((name for name in EDITORS if shutil.which(name)), None)
    if found is None:
        raise UsageError("there is no editor", "set EDITOR to the one you use")
    return [found]


def _run(command: list[str], terminal: IO[Any] | None) -> None:
    try:
        ended = subprocess.run(  # noqa: S603 - the person's own editor
            command, stdin=terminal, stdout=terminal, stderr=terminal, check=False
        )
    except OSError as error:
        raise UsageError(
            f"the editor {sanitize(command[0])} cannot be started: {error.strerror}",
            "set EDITOR to the one you use",
        ) from error
    if ended.returncode:
        raise UsageError(f"the editor ended with {ended.returncode}: nothing was taken from it")


@contextlib.contextmanager
def _aside(app: App[Any]) -> Iterator[IO[Any] | None]:
    """The terminal, given back for the length of the block.

    The file descriptors 1 and 2 go to a log while the desk runs, so the editor gets the terminal
    itself. Without one (a test's headless screen) there is nothing to step aside for.
    """
    if app.is_headless:
        yield None
        return
    with app.suspend(), open("/dev/tty", "r+b", buffering=0) as terminal:  # noqa: PTH123 - a device
        try:
            yield terminal
        finally:
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.flush()
