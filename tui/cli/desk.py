"""`tamis open`, and what every command does that opens the desk."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from engine.errors import InputError, UsageError
from tui.cli import flags


@flags.grouped
def open_desk(
    context: typer.Context,
    data: flags.Data,
    *,
    scorer: flags.Scorer = None,
    threshold: flags.Threshold = None,
    parts: flags.Parts,
    reading: flags.Reading,
    session: flags.Session = None,
    reviewer: flags.Reviewer = None,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Look, beside a desk that is open, decide nothing.")
    ] = False,
    model: flags.Model,
    looks: flags.Desk,
) -> None:
    """Open the review desk on DATA; `tamis DATA` is the same."""
    from engine.hub.address import is_hub_address, parse_address
    from engine.session import OpenOptions
    from tui.preferences import load_preferences

    group = context.find_root().command
    assert isinstance(group, TyperGroup)
    if is_hub_address(data):
        parse_address(data)
    else:
        _check_there(data, group.list_commands(context))
    preferences = load_preferences(**asdict(looks))
    refuse_without_terminal()
    from tui.app import run_desk
    from tui.dialogs.hub_questions import HubWish

    hub = None
    if is_hub_address(data):
        hub = HubWish(parse_address(data), parts.config, parts.split, model.download)

    run_desk(
        data,
        OpenOptions(
            reading=replace(reading.options(), config=parts.config, split=parts.split),
            session=session,
            reviewer=reviewer,
            read_only=read_only,
        ),
        scorer=scorer,
        threshold=threshold,
        scorer_options=model.options(),
        preferences=preferences,
        hub=hub,
    )


def refuse_without_terminal() -> None:
    """The desk is drawn on a terminal, and read from it.

    Raises:
        UsageError: there is none.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "the desk needs a terminal",
            "without one, use tamis info, tamis score or tamis export",
        )


def _check_there(data: Path, commands: Sequence[str]) -> None:
    """Tell a slip in a command from a slip in a path, before a screen opens.

    Raises:
        UsageError: neither a file nor a command.
        InputError: no such file.
    """
    if os.path.lexists(data):
        return
    if data.name == str(data) and not data.suffix:
        raise UsageError(
            f"no file and no command of this name: {data}", f"commands: {', '.join(commands)}"
        )
    raise InputError(f"{data}: no such file or folder", "check the path")
