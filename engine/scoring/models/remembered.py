"""What was found out about a model or a machine once, in small JSON files."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from pathlib import Path

from engine.errors import StoreError
from engine.paths import state_folder


class Remembered:
    """Texts by key in one file; a file that cannot be read or written is no error."""

    def __init__(self, file: Path) -> None:
        """Read what is there."""
        self._file = file
        self._known: dict[str, str] = {}
        self._changed = False
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(file.read_bytes())
            if isinstance(known, dict):
                self._known = {str(key): str(value) for key, value in known.items()}

    def get(self, key: str) -> str | None:
        """What is known under `key`."""
        return self._known.get(key)

    def put(self, key: str, value: str) -> None:
        """Know it from now on; `save` makes it last."""
        self._known[key] = value
        self._changed = True

    def save(self) -> None:
        """Write what is new beside its place and rename; each thread has a draft of its own."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            writer = f"{os.getpid()}.{threading.get_ident()}"
            draft = self._file.with_name(f"{self._file.name}.{writer}")
            draft.write_text(json.dumps(self._known, indent=0))
            draft.replace(self._file)


def cache_file(name: str) -> Path:
    """A file that may be lost: what is in it is found out again."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tamis" / name


def state_file(name: str) -> Path:
    """A file that stays when caches are emptied."""
    try:
        return state_folder() / name
    except StoreError:  # no home at all
        return cache_file(name)
