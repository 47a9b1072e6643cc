"""`tamis keys` and `tamis config`: which keys and settings hold, and where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli_options import JsonOption, KeysOption
from tui.streams import complain, print_json, print_text

if TYPE_CHECKING:
    from tui.preferences import Preferences


def keys(*, preset: KeysOption = None, as_json: JsonOption = False) -> None:
    """List every action with its keys and its name."""
    from tui.preferences import load_preferences
    from tui.settings_text import keys_json, keys_text

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
    from engine.config import config_path, sample_config

    if path:
        print_text(str(config_path()))
        return
    if sample:
        print_text(sample_config().rstrip("\n"))
        return
    from tui.preferences import load_preferences
    from tui.settings_text import config_json, config_text

    preferences = load_preferences()
    _tell(preferences)
    if as_json:
        print_json(config_json(preferences))
    else:
        print_text(config_text(preferences))


def _tell(preferences: Preferences) -> None:
    for problem in preferences.problems:
        complain(problem)
