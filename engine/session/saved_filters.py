"""Filters kept under a name: as rules, evaluated anew whenever they are used."""

from __future__ import annotations

from engine.errors import UsageError
from engine.session.settings import Settings

MAX_NAME_CHARACTERS = 40


class SavedFilters:
    """Names and rules, kept in the session file."""

    def __init__(self, settings: Settings) -> None:
        """Keep them in `settings`."""
        self._settings = settings

    def all(self) -> dict[str, str]:
        """The rule of every name, in the order they were saved."""
        found = self._settings.get("filters", {})
        if not isinstance(found, dict):
            return {}
        return {str(name): rule for name, rule in found.items() if isinstance(rule, str)}

    def save(self, name: str, rule: str) -> None:
        """Keep `rule` under `name`, in place of what it stood for.

        Raises:
            UsageError: no name, or one that is too long to be read in a list.
        """
        name = " ".join(name.split())
        if not name or len(name) > MAX_NAME_CHARACTERS:
            raise UsageError(
                f"a filter's name has 1 to {MAX_NAME_CHARACTERS} characters", "such as: refusals"
            )
        self._settings.remember("filters", {**self.all(), name: rule})

    def delete(self, name: str) -> None:
        """Forget a name; one that is not there is nothing."""
        left = self.all()
        left.pop(name, None)
        self._settings.remember("filters", left)
