"""Themes: colours read from TOML files, those that come with tamis and those of the person.

A theme file holds the fields of `textual.theme.Theme` and a table `[variables]`. Every colour and
text style that a widget uses beyond Textual's own is one of `VARIABLES`; a theme may leave any of
them out. A file that cannot be used is named and skipped: a colour is no reason not to start.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.css.constants import VALID_STYLE_FLAGS
from textual.theme import BUILTIN_THEMES, Theme

from engine.preferences.config import config_folder
from tui.terminal.display import sanitize

DEFAULT_THEME = "tamis-dark"
MONOCHROME_THEME = "tamis-mono"
ANSI_THEME = "tamis-ansi16"

VARIABLES: Mapping[str, str] = {
    "kept": "$success",
    "kept-style": "none",
    "dropped": "$foreground-muted",
    "dropped-style": "none",
    "accepted": "$success",
    "accepted-style": "bold",
    "rejected": "$error",
    "rejected-style": "bold",
    "pending": "$foreground-muted",
    "problem": "$warning",
    "dim-text": "$foreground-muted",
    "dim-text-style": "none",
    "muted": "$foreground-muted",
    "muted-style": "none",
    "cursor": "$foreground",
    "cursor-background": "$primary-muted",
    "cursor-style": "none",
    "cursor-blurred": "$foreground",
    "cursor-blurred-background": "$panel",
    "cursor-blurred-style": "none",
    "selected": "$foreground",
    "selected-background": "$surface-active",
    "selected-style": "none",
    "match": "$background",
    "match-background": "$warning",
    "match-style": "none",
    "bar-dropped": "$foreground-muted",
    "threshold-mark": "$accent",
    "heading": "$primary",
    "role-system": "$foreground-muted",
    "role-user": "$primary",
    "role-assistant": "$success",
    "role-tool": "$secondary",
    "code": "$foreground",
    "code-background": "$surface",
    "code-keyword": "$accent",
    "code-string": "$success",
    "code-number": "$warning",
    "code-comment": "$foreground-muted",
    "code-name": "$primary",
}
"""What tamis adds to Textual's variables. A value `$name` is Textual's variable of that name: it
is used where a theme, such as one of Textual's own, does not say."""

_COLOUR_FIELDS = (
    "primary", "secondary", "warning", "error", "success", "accent", "foreground", "background",
    "surface", "panel", "boost",
)  # fmt: skip
_BOOLEAN_FIELDS = ("dark", "ansi")
_PERCENT = re.compile(r"\d{1,3}%")
_PLAIN_TERMINALS = frozenset({"ansi", "dumb", "linux", "screen", "vt100", "xterm"})


@dataclass(frozen=True, slots=True)
class ThemeSet:
    """The themes that can be used, and a message for each file that cannot."""

    themes: dict[str, Theme]
    messages: tuple[str, ...]


def variable_defaults(theme: Theme) -> dict[str, str]:
    """Every variable that tamis or Textual's own widgets use and `theme` may not define.

    Textual follows no references between variables, so they are resolved here; and it gives an
    ANSI theme fewer variables than its widgets ask for.
    """
    known = theme.to_color_system().generate()
    defaults = {
        name: "none" if name.endswith("style") else known["foreground"]
        for name in BUILTIN_THEMES["textual-dark"].to_color_system().generate()
        if name not in known
    }
    for name, value in VARIABLES.items():
        reference = value.removeprefix("$")
        defaults[name] = known.get(reference, known["foreground"]) if value[0] == "$" else value
    return defaults


def user_theme_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Where a person's own themes lie."""
    return config_folder(environ) / "themes"


def load_themes(folder: Path | None = None) -> ThemeSet:
    """The themes that come with tamis, and those in `folder` (the person's own by default).

    A theme of the person's replaces one of the same name.
    """
    folder = user_theme_folder() if folder is None else folder
    themes: dict[str, Theme] = {}
    messages: list[str] = []
    for path in [*_theme_files(resources.files("themes")), *_theme_files(folder)]:
        try:
            theme = read_theme(path.read_text(encoding="utf-8"), path.name.removesuffix(".toml"))
        except (OSError, ValueError) as error:
            messages.append(f"theme {sanitize(str(path))} skipped: {sanitize(str(error))}")
        else:
            themes[theme.name] = theme
    return ThemeSet(themes, tuple(messages))


def _theme_files(folder: Traversable | Path) -> list[Traversable | Path]:
    try:
        files = [path for path in folder.iterdir() if path.name.endswith(".toml")]
    except OSError:
        return []
    return sorted(files, key=lambda path: path.name)


def read_theme(text: str, name: str) -> Theme:
    """A theme from the text of its TOML file.

    Args:
        text: the file's content.
        name: the theme's name where the file gives none.

    Raises:
        ValueError: not TOML, a field or variable that does not exist, or a value that is no
            colour; says which.
    """
    raw: dict[str, Any] = tomllib.loads(text)
    fields: dict[str, Any] = {"name": name}
    for key, value in raw.items():
        if key == "name":
            fields[key] = _text(key, value)
        elif key in _COLOUR_FIELDS:
            fields[key] = _colour(key, value)
        elif key in _BOOLEAN_FIELDS:
            if not isinstance(value, bool):
                raise ValueError(f"{key} is true or false, not {value!r}")
            fields[key] = value
        elif key != "variables":
            raise ValueError(f"no such field: {key}")
    if "primary" not in fields:
        raise ValueError("the field primary is missing")
    theme = Theme(**fields)
    theme.variables = _variables(raw.get("variables", {}), theme)
    return theme


def _variables(raw: Any, theme: Theme) -> dict[str, str]:
    if not isinstance(raw, dict):
        raise ValueError("[variables] is not a table")  # noqa: TRY004 - one error for all a file gets wrong
    known = set(theme.to_color_system().generate()) | set(variable_defaults(theme))
    unknown = sorted(set(raw) - known)
    if unknown:
        raise ValueError(f"no such variable: {unknown[0]}")
    return {
        name: _style(name, value) if name.endswith("style") else _colour(name, value)
        for name, value in raw.items()
    }


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} is a text, not {value!r}")
    return value


def _colour(name: str, value: Any) -> str:
    """A colour, optionally with an opacity (`#ffffff 60%`)."""
    words = _text(name, value).split()
    try:
        Color.parse(words[0])
    except ColorParseError as error:
        raise ValueError(f"{name} is a colour, not {value!r}") from error
    if len(words) > 2 or (len(words) == 2 and not _PERCENT.fullmatch(words[1])):
        raise ValueError(f"{name} is a colour, not {value!r}")
    return " ".join(words)


def _style(name: str, value: Any) -> str:
    words = _text(name, value).split()
    for word in words:
        if word not in VALID_STYLE_FLAGS:
            raise ValueError(f"{name} is a text style, not {value!r}")
    return " ".join(words)


def choose_theme(
    wanted: str | None = None,
    known: Collection[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> tuple[str, tuple[str, ...]]:
    """The theme to start with: none of colour where NO_COLOR asks so, else the one wanted.

    A terminal of 16 colours gets a theme made of them instead of badly rounded ones.

    Args:
        wanted: its name, with or without `tamis-`; None: what fits the terminal.
        known: the themes there are.
        environ: what the terminal says of itself.

    Returns:
        Its name, and what to tell where it is not the one wanted.

    Source: https://no-color.org (any value but the empty one).
    """
    if environ.get("NO_COLOR"):
        return MONOCHROME_THEME, ()
    for name in (wanted, f"tamis-{wanted}"):
        if wanted and name in known:
            return str(name), ()
    fitting = _fitting_theme(environ)
    if not wanted:
        return fitting, ()
    return fitting, (f"no theme {sanitize(wanted)}; there are {', '.join(sorted(known))}",)


def _fitting_theme(environ: Mapping[str, str]) -> str:
    if not environ.get("COLORTERM") and environ.get("TERM", "") in _PLAIN_TERMINALS:
        return ANSI_THEME
    return DEFAULT_THEME


def ascii_wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the terminal can be trusted with ASCII only: a Linux console, or no UTF-8 locale."""
    if environ.get("TERM") in {"linux", "dumb", "vt100"}:
        return True
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    return bool(locale) and "utf" not in locale.lower() and locale not in {"C", "POSIX"}
