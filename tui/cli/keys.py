"""`tamis keys`: every action with its keys and its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.cli import flags
from tui.cli.streams import complain, print_result

if TYPE_CHECKING:
    from tui.keys.keymap import Keymap
    from tui.preferences import Preferences


def keys(*, preset: flags.Keys = None, as_json: flags.Json = False) -> None:
    """List every action with its keys and its name."""
    from tui.preferences import load_preferences

    preferences = load_preferences(keys=preset)
    for problem in preferences.problems:
        complain(problem)
    print_result(keys_json(preferences), keys_text(preferences.keymap), as_json=as_json)


def keys_text(keymap: Keymap) -> str:
    """A table by group: keys, what they do, and the name that the config file uses."""
    from tui.keys.actions import ACTIONS, Group, name_keys

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
    from tui.keys.actions import ACTIONS

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
