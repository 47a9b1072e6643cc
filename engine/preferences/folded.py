"""Explanations on the screen that a person knows by now and has folded away, for all datasets.

One small file in the state folder. Nothing depends on it: where it cannot be read or written, the
explanations are there again.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from engine.errors import StoreError
from engine.paths import state_folder

FILE_NAME = "folded.json"


def folded() -> frozenset[str]:
    """The names of what is folded; none where nothing is known."""
    with contextlib.suppress(OSError, ValueError, StoreError):
        found = json.loads(_path().read_bytes())
        if isinstance(found, list):
            return frozenset(name for name in found if isinstance(name, str))
    return frozenset()


def fold(name: str, *, on: bool) -> None:
    """Fold an explanation, or unfold it, from now on."""
    names = folded() | {name} if on else folded() - {name}
    with contextlib.suppress(OSError, StoreError):
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{FILE_NAME}.{os.getpid()}")
        fresh.write_text(json.dumps(sorted(names)))
        fresh.replace(path)


def _path() -> Path:
    return state_folder() / FILE_NAME
