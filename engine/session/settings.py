"""What a session remembers from visit to visit: the scorer, thresholds, the view, the cursor."""

from __future__ import annotations

from typing import Any

from engine.errors import StoreError
from engine.preferences.config import Config
from engine.store import Store


class Settings:
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
