"""What `tamis keys` and `tamis config` write, for people and for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.preferences.config import KEYS, SETTINGS, Config, config_path
from tui.keys.actions import ACTIONS, Group, name_keys
from tui.keys.keymap import Keymap
from tui.preferences import Preferences


def keys_text(keymap: Keymap) -> str:
    """A table by group: keys, what they do, and the name that the config file uses."""
    built_in = {action.id: action.keys for action in ACTIONS}
    width = max(len(action.shown_keys) for action in keymap.actions)
    titles = max(len(action.title) for action in keymap.actions)
    lines = [f"preset: {keymap.preset}"]
    for group in Group:
        lines += ["", group.value]
        for action in keymap.actions:
            if action.group is group:
                changed = "" if action.keys == built_in[action.id] else "  (changed)"
                keys_ = action.shown_keys or "-"
                lines.append(f"  {keys_:<{width}}  {action.title:<{titles}}  {action.id}{changed}")
    palette = name_keys("{palette}", keymap.actions)
    lines += ["", f"-: no key; the palette ({palette}) finds every action by words"]
    return "\n".join(lines)


def keys_json(preferences: Preferences) -> dict[str, Any]:
    """The same for programs."""
    built_in = {action.id: action.keys for action in ACTIONS}
    return {
        "preset": preferences.keymap.preset,
        "actions": [
            {
                "id": action.id,
                "title": action.title,
                "help": action.help,
                "group": action.group,
                "keys": list(action.keys),
                "changed": action.keys != built_in[action.id],
            }
            for action in preferences.keymap.actions
        ],
        "problems": list(preferences.problems),
    }


def config_text(preferences: Preferences) -> str:
    """Every setting, its value, and where that comes from."""
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
    training = asdict(found.training)
    return {
        name: training[name.partition(".")[2]]
        if name.startswith("simulator.")
        else getattr(found, name.partition(".")[2])
        for name in SETTINGS
    }
