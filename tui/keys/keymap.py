"""Which keys do what: the registry's own, a preset over them, and a person's own over both.

A keymap is checked as a whole. What cannot be in it is named and left out: a key that a terminal
cannot tell from another, one that belongs to something else, one that two actions want.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from textual.keys import KEY_NAME_REPLACEMENTS

from engine.preferences.toml_lines import TomlValue, shown
from tui.keys.actions import ACTIONS, BY_ID, Action, key_name, share_a_screen, with_keys

DEFAULT_PRESET = "default"

PRESETS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    DEFAULT_PRESET: {},
    "prodigy": {"undo": ("backspace", "delete", "U")},
    "visidata": {
        "accept": ("s", "a"),
        "reject": ("d", "x"),
        "clear": ("u", "c"),
        "skip": ("z",),
        "palette": ("space", "ctrl+p"),
        "sort": ("left_square_bracket", "right_square_bracket"),
        "list_sort": ("left_square_bracket", "right_square_bracket"),
        "threshold_down": ("minus",),
        "threshold_up": ("plus",),
        "similarity_down": ("minus",),
        "similarity_up": ("plus",),
        "rule": ("r",),
        "filter": ("vertical_line", "f"),
        "frequencies": ("F",),
        "bar": ("equals_sign",),
        "list_filter": ("vertical_line", "f"),
        "edit": ("e", "ctrl+o", "E"),
        "export": ("ctrl+s", "X"),
    },
}
"""Preset -> action -> keys, where they differ from the registry's.

prodigy: a accept, x reject, space ignore, backspace and del undo, digits choose; of these only the
    last but one is not tamis' own. Its f (flag), h (instructions) and ctrl+s (send what is
    buffered) have nothing to stand for here: f filters, h is the history, all is saved at once.
    Source: prodi.gy/docs/api-web-app, "Key bindings and swipe gestures".
visidata: s selects a row, u unselects and d deletes it; [ and ] sort, | selects by a pattern,
    space opens the command palette, e edits a cell and ctrl+o does in $EDITOR, ctrl+s saves, F
    counts a column (= filters by a bar then) and C lists the columns. U R (undo, redo), / n N
    (search), j k G, enter, Y (to the clipboard), q and ctrl+z are tamis' own.
    z, a prefix there, skips, since space is taken; r drops duplicates, since d is; X exports where
    ctrl+s stops the terminal. What has no like here keeps tamis' key: ? is help and not a search
    backwards.
    Source: visidata.org/man, vd(1) of June 2025, compared with what version 3.4 binds.
"""

UNBOUND = "unbound"
"""A key that no keyboard has: Textual's keymaps cannot take an action's last key away."""

NEEDED = ("palette", "close")
"""Without a key for these nobody finds, or leaves, the rest."""

_MODIFIERS = ("ctrl+", "shift+")

_SPECIAL = frozenset(
    [
        *("enter", "tab", "space", "escape", "up", "down", "left", "right", "home", "end"),
        *("pageup", "pagedown", "insert", "delete", "backspace"),
        *(f"f{number}" for number in range(1, 25)),
    ]
)

_ALIASES = {"esc": "escape", "pgup": "pageup", "pgdn": "pagedown", "del": "delete", "ins": "insert",
            "return": "enter"}  # fmt: skip

_RESERVED = {
    "ctrl+m": "is enter to a terminal",
    "ctrl+i": "is tab to a terminal",
    "ctrl+h": "is backspace to a terminal",
    "ctrl+j": "is enter to a terminal",
    "ctrl+a": "belongs to screen",
    "ctrl+b": "belongs to tmux",
    "ctrl+c": "is what people press to get out",
    "ctrl+q": "always quits",
}

_ONLY = {"escape": "close", "backspace": "undo"}
"""Keys that may do one thing only: escape decides nothing, and a slip of backspace loses
nothing."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """The actions with the keys that they have now."""

    preset: str = DEFAULT_PRESET
    actions: tuple[Action, ...] = ACTIONS
    problems: tuple[tuple[int, str], ...] = ()
    """What was left out, with its line in the config file."""

    def changes(self) -> dict[str, str]:
        """For `App.set_keymap`: the actions whose keys are not the registry's."""
        changed: dict[str, str] = {}
        for action, built_in in zip(self.actions, ACTIONS, strict=True):
            if action.keys == built_in.keys:
                continue
            if built_in.each:  # every key has a binding of its own: it stays or goes
                changed |= {
                    f"{action.id}-{key}": key if key in action.keys else UNBOUND
                    for key in built_in.keys
                }
            else:
                changed[action.id] = ",".join(action.keys) or UNBOUND
        return changed


def make_keymap(entries: Iterable[TomlValue] = (), preset: str | None = None) -> Keymap:
    """The keymap of a config file's `[keys]`.

    Args:
        entries: what the file says, in its order.
        preset: goes before the file's own choice; must exist.
    """
    problems: list[tuple[int, str]] = []
    own: list[tuple[TomlValue, tuple[str, ...]]] = []
    from_file = DEFAULT_PRESET
    for entry in entries:
        name = entry.path[-1]
        if name == "preset":
            if isinstance(entry.value, str) and entry.value in PRESETS:
                from_file = entry.value
            else:
                known = ", ".join(PRESETS)
                problems.append(
                    (entry.line, f"no such preset: {shown(entry.value)}; one of {known}")
                )
            continue
        try:
            own.append((entry, _keys_for(name, entry.value)))
        except ValueError as error:
            problems.append((entry.line, f"{entry.name}: {error}; left out"))
    chosen = preset or from_file
    keys = {action.id: action.keys for action in ACTIONS} | dict(PRESETS[chosen])
    wanted = {entry.path[-1]: found for entry, found in own}
    while taken := _clash(own, keys | wanted):
        entry, text = taken
        problems.append((entry.line, f"{entry.name}: {text}; left out"))
        own = [(other, found) for other, found in own if other is not entry]
        wanted = {other.path[-1]: found for other, found in own}
    keys |= wanted
    return Keymap(chosen, with_keys(keys), tuple(sorted(problems)))


def _clash(
    own: Sequence[tuple[TomlValue, tuple[str, ...]]], keys: Mapping[str, tuple[str, ...]]
) -> tuple[TomlValue, str] | None:
    """The last entry that wants a key of another action, and what to say about it."""
    for entry, found in reversed(own):
        mine = BY_ID[entry.path[-1]]
        for other in ACTIONS:
            both = set(found) & set(keys[other.id])
            if other is not mine and both and share_a_screen(mine, other):
                key = key_name(min(both))
                return entry, f"{key} belongs to {other.id} ({other.title}): give that another key"
    return None


def _keys_for(name: str, value: Any) -> tuple[str, ...]:
    """The keys that a file gives to an action.

    Raises:
        ValueError: no such action, or no such key.
    """
    if name not in BY_ID:
        near = get_close_matches(name, BY_ID, 1)
        raise ValueError("no such action" + (f"; did you mean {near[0]}?" if near else ""))
    if BY_ID[name].each:
        raise ValueError("its keys are fixed")
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a key in quotes, or a list of them")
    keys = tuple(dict.fromkeys(read_key(text) for text in texts if text != ""))
    for key in keys:
        if _ONLY.get(key, name) != name:
            raise ValueError(f"{key_name(key)} can only be {_ONLY[key]}")
    if not keys and name in NEEDED:
        raise ValueError("needs a key")
    if name == "close" and "escape" not in keys:
        raise ValueError("escape always closes; give it another key beside that")
    return keys


def read_key(text: str) -> str:
    """A key as people write it (`?`, `ctrl+k`, `esc`, `shift+left`) as Textual names it.

    Raises:
        ValueError: there is no such key, or it cannot be had.
    """
    if len(text) == 1 and not text.isspace():
        if text.isdigit():
            raise ValueError(f"{text}: digits code the reject before, and type numbers")
        return _character_key(text)
    lowered = "space" if text == " " else text.strip().lower()
    modifiers = ""
    while lowered.startswith(_MODIFIERS):
        modifier, _, lowered = lowered.partition("+")
        modifiers += f"{modifier}+"
    base = _ALIASES.get(lowered, lowered)
    if "alt+" in f"{modifiers}{base}+" or base.startswith("meta+"):
        raise ValueError(f"{text}: alt is an escape and a letter to a terminal")
    if modifiers == "shift+" and len(base) == 1:
        return _character_key(base.upper())
    key = modifiers + base
    if key in _RESERVED:
        raise ValueError(f"{key} {_RESERVED[key]}")
    letter = len(base) == 1 and base.isascii() and base.isalpha() and modifiers == "ctrl+"
    if not letter and base not in _SPECIAL and not _named(base):
        raise ValueError(f"no such key: {text!r}")
    return key


def _character_key(character: str) -> str:
    """Textual's name of the key that types `character`."""
    if character.isalnum():
        return character
    name = unicodedata.name(character, "").lower().replace("-", "_").replace(" ", "_")
    if not name:
        raise ValueError(f"no such key: {character!r}")
    return KEY_NAME_REPLACEMENTS.get(name, name)


def _named(base: str) -> bool:
    """Whether `base` is the name of a character's key, such as `question_mark`."""
    return len(base) > 1 and key_name(base) != base
