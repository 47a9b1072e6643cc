"""How a person wants the screen: flags, else the config file, else what fits the terminal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from engine.errors import UsageError
from engine.preferences.config import REJECT_REASONS, Config, load_config
from tui.keys.actions import Action
from tui.keys.keymap import PRESETS, Keymap, make_keymap


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the application needs to know about a person before it opens a session."""

    config: Config = field(default_factory=Config)
    keymap: Keymap = field(default_factory=Keymap)
    theme: str | None = None
    """A theme's name; None: what fits the terminal."""
    ascii_only: bool | None = None
    """None: where the terminal needs it."""
    mouse: bool = True

    @property
    def problems(self) -> tuple[str, ...]:
        """What was left out of the config file, each with file and line."""
        keys = (self.config.problem(line, text) for line, text in self.keymap.problems)
        return (*self.config.problems, *keys)


def load_preferences(
    *,
    keys: str | None = None,
    theme: str | None = None,
    ascii_only: bool | None = None,
    mouse: bool | None = None,
) -> Preferences:
    """The config file with flags over it; None: the flag was not given.

    Raises:
        UsageError: no such preset.
    """
    if keys is not None and keys not in PRESETS:
        raise UsageError(f"no such preset of keys: {keys}", f"one of: {', '.join(PRESETS)}")
    config = load_config()
    keymap = make_keymap(config.keys, keys)
    if config.reasons != REJECT_REASONS:
        keymap = replace(keymap, actions=_with_reasons(keymap.actions, config.reasons))
    return Preferences(
        config,
        keymap,
        theme or config.theme or None,
        config.ascii if ascii_only is None else ascii_only,
        config.mouse if mouse is None else mouse,
    )


def _with_reasons(actions: tuple[Action, ...], reasons: tuple[str, ...]) -> tuple[Action, ...]:
    """The registry whose help names the person's own reasons."""
    listed = ", ".join(f"{digit} {reason}" for digit, reason in enumerate(reasons, 1))
    text = f"Right after a reject, a digit says why: {listed}; 0 takes that back."
    text += " Once the cursor has moved on: of the rejected row under it."
    return tuple(
        replace(action, help=text) if action.id == "code" else action for action in actions
    )
