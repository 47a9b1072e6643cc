"""`tamis keys`, `config` and `log`: which keys and settings hold, and what libraries said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.options import JsonOption, KeysOption
from tui.cli.streams import complain, print_json, print_text

if TYPE_CHECKING:
    from tui.preferences import Preferences


def keys(*, preset: KeysOption = None, as_json: JsonOption = False) -> None:
    """List every action with its keys and its name."""
    from tui.cli.settings_text import keys_json, keys_text
    from tui.preferences import load_preferences

    preferences = load_preferences(keys=preset)
    _tell(preferences)
    if as_json:
        print_json(keys_json(preferences))
    else:
        print_text(keys_text(preferences.keymap))


def config(
    *,
    path: Annotated[
        bool, typer.Option("--path", help="Print where the file is, or would be.")
    ] = False,
    sample: Annotated[
        bool, typer.Option("--sample", help="Print a commented file with every setting.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show every setting as it holds, and where that comes from."""
    from engine.preferences.config import config_path, sample_config

    if path:
        print_text(str(config_path()))
        return
    if sample:
        print_text(sample_config().rstrip("\n"))
        return
    from tui.cli.settings_text import config_json, config_text
    from tui.preferences import load_preferences

    preferences = load_preferences()
    _tell(preferences)
    if as_json:
        print_json(config_json(preferences))
    else:
        print_text(config_text(preferences))


def log(
    *,
    lines: Annotated[
        int, typer.Option("--lines", metavar="N", min=1, help="How many, from the end.")
    ] = 50,
    path: Annotated[bool, typer.Option("--path", help="Print where the file is.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what libraries had to say while a desk was open."""
    from tui.terminal.screen_log import log_lines, log_path

    if path:
        print_text(str(log_path()))
        return
    found = log_lines(lines)
    if as_json:
        print_json({"path": str(log_path()), "lines": found})
    elif found:
        print_text("\n".join(found))
    else:
        complain(f"nothing has been logged in {log_path()}")


def _tell(preferences: Preferences) -> None:
    for problem in preferences.problems:
        complain(problem)
