"""`tamis config`: every setting as it holds, and where that comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli import flags
from tui.cli.streams import complain, print_result, print_text

if TYPE_CHECKING:
    from engine.preferences.config import Config
    from tui.preferences import Preferences


def config(
    *,
    path: Annotated[
        bool, typer.Option("--path", help="Print where the file is, or would be.")
    ] = False,
    sample: Annotated[
        bool, typer.Option("--sample", help="Print a commented file with every setting.")
    ] = False,
    as_json: flags.Json = False,
) -> None:
    """Show every setting as it holds, and where that comes from."""
    from engine.preferences.config import config_path, sample_config

    if path:
        print_text(str(config_path()))
        return
    if sample:
        print_text(sample_config().rstrip("\n"))
        return
    from tui.preferences import load_preferences

    preferences = load_preferences()
    for problem in preferences.problems:
        complain(problem)
    print_result(config_json(preferences), config_text(preferences), as_json=as_json)


def config_text(preferences: Preferences) -> str:
    """Every setting, its value, and where that comes from."""
    from engine.preferences.config import KEYS, config_path
    from tui.keys.actions import ACTIONS

    values = _values(preferences.config)
    width = max(map(len, values))
    lines = [f"file: {preferences.config.path or f'none at {config_path()}'}", ""]
    for name, value in values.items():
        line = preferences.config.lines.get(name)
        origin = f"line {line}" if line else "built in"
        shown = ", ".join(value) if isinstance(value, tuple) else _word(value)
        lines.append(f"{name:<{width}}  {shown}  ({origin})")
    changed = len(preferences.keymap.changes())
    lines.append(f"{'keys.preset':<{width}}  {preferences.keymap.preset}")
    lines.append(
        f"{KEYS:<{width}}  {changed} of {len(ACTIONS)} actions changed; tamis keys lists all"
    )
    return "\n".join(lines)


def _word(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def config_json(preferences: Preferences) -> dict[str, Any]:
    """The same for programs."""
    from engine.preferences.config import config_path

    found = preferences.config
    return {
        "path": str(config_path()),
        "exists": found.path is not None,
        "settings": {
            name: {"value": value, "line": found.lines.get(name)}
            for name, value in _values(found).items()
        },
        "preset": preferences.keymap.preset,
        "keys": {action: text.split(",") for action, text in preferences.keymap.changes().items()},
        "problems": list(preferences.problems),
    }


def _values(found: Config) -> dict[str, Any]:
    from engine.preferences.config import SETTINGS

    training = asdict(found.training)
    return {
        name: training[name.partition(".")[2]]
        if name.startswith("simulator.")
        else getattr(found, name.partition(".")[2])
        for name in SETTINGS
    }
