"""What a session remembers from visit to visit: the scorer, thresholds, the view, the cursor."""

from __future__ import annotations

from typing import Any

from engine.errors import StoreError, UsageError
from engine.preferences.config import Config
from engine.store import Store

MAX_NAME_CHARACTERS = 40


class SessionSettings:
    """Named values in the session file; a failure to write one is told, not raised."""

    def __init__(self, store: Store, notices: list[str], config: Config | None = None) -> None:
        """Keep settings in `store`, and add to `notices` what keeps them from being written."""
        self.config = config or Config()
        """What the person prefers where this dataset remembers nothing."""
        self._store = store
        self._notices = notices

    def get(self, name: str, default: Any = None) -> Any:
        """The value of the last visit, else `default`."""
        return self._store.get_setting(name, default)

    def all(self) -> dict[str, Any]:
        """Every value of the last visit, by its name."""
        return self._store.settings()

    def remember(self, name: str, value: object) -> None:
        """Keep a setting for the next visit.

        A setting that cannot be written is no reason to stop: it becomes a notice, once.
        """
        if self._store.read_only:
            return
        try:
            self._store.set_setting(name, value)
        except StoreError as error:
            if str(error) not in self._notices:
                self._notices.append(str(error))


class SavedFilters:
    """Names and rules, kept in the session file."""

    def __init__(self, settings: SessionSettings) -> None:
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
