"""Small files in which a machine remembers what it found out."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from engine.scoring.models.remembered import Remembered


def test_threads_that_save_at_once_do_not_write_into_each_others_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, replace = tmp_path / "known.json", Path.replace
    last, between = Remembered(file), Remembered(file)
    last.put("key", "last")
    between.put("key", "between")

    def meanwhile(draft: Path, place: Path) -> Path:
        monkeypatch.setattr(Path, "replace", replace)
        other = threading.Thread(target=between.save)
        other.start()
        other.join()
        return draft.replace(place)

    monkeypatch.setattr(Path, "replace", meanwhile)
    last.save()
    assert json.loads(file.read_text()) == {"key": "last"}
    assert list(tmp_path.iterdir()) == [file]
