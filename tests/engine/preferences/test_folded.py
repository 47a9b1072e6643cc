from __future__ import annotations

from pathlib import Path

import pytest

from engine.preferences.folded import FILE_NAME, fold, folded


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "tamis"


def test_what_is_folded_is_remembered_and_can_be_unfolded(state: Path) -> None:
    assert folded() == frozenset()
    fold("clusters", on=True)
    fold("simulate", on=True)
    fold("simulate", on=True)
    assert folded() == {"clusters", "simulate"}
    fold("clusters", on=False)
    assert folded() == {"simulate"}
    assert [path.name for path in state.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("text", ["", "{", '"x"', "[1, null]", "\xff"])
def test_a_file_that_says_nothing_folds_nothing(state: Path, text: str) -> None:
    state.mkdir()
    (state / FILE_NAME).write_bytes(text.encode("latin-1"))
    assert folded() == frozenset()
    fold("clusters", on=True)
    assert folded() == {"clusters"}


def test_a_folder_that_cannot_be_written_is_no_obstacle(state: Path) -> None:
    state.write_text("no folder")
    fold("clusters", on=True)
    assert folded() == frozenset()
