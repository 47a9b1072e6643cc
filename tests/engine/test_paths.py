"""Where a session lies."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.paths import session_path, state_folder
from tests.engine.store.store_help import unprivileged


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a dataset that cannot be written to, and a state folder beside it."""
    top = Path(tempfile.mkdtemp(prefix="tamis-test-"))
    top.chmod(0o755)
    monkeypatch.setenv("XDG_STATE_HOME", str(top / "state"))
    folder = top / "data"
    folder.mkdir()
    (folder / "train.json").write_text("[]")
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(top)


def place(dataset: Path, *, explicit: Path | None = None, demo: bool = False) -> Path:
    with unprivileged():
        return session_path(dataset, explicit=explicit, demo=demo)


def test_beside_the_dataset_under_its_full_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shards").mkdir()
    assert session_path(tmp_path / "train.json") == tmp_path / "train.json.tamis.db"
    assert session_path(tmp_path / "shards/") == tmp_path / "shards.tamis.db"
    monkeypatch.chdir(tmp_path / "shards")
    assert session_path(Path()) == tmp_path / "shards.tamis.db"
    assert session_path(Path("../train.json")) == tmp_path / "train.json.tamis.db"


def test_beside_the_name_that_was_given_where_it_is_a_link(tmp_path: Path) -> None:
    (tmp_path / "blob").write_text("[]")
    (tmp_path / "train.json").symlink_to(tmp_path / "blob")
    assert session_path(tmp_path / "train.json") == tmp_path / "train.json.tamis.db"


def test_in_the_state_folder_where_the_dataset_lies_out_of_reach(closed: Path) -> None:
    found = place(closed / "train.json")
    assert found.parent == state_folder()
    assert found.name.startswith("train.json-")
    assert found.name.endswith(".tamis.db")
    assert found == place(closed / "train.json")
    assert found == place(closed / "deeper" / ".." / "train.json")


def test_links_to_one_dataset_share_its_place_in_the_state_folder(
    closed: Path, tmp_path: Path
) -> None:
    (tmp_path / "train.json").symlink_to(closed / "train.json")
    demo = session_path(tmp_path / "train.json", demo=True)
    assert demo == session_path(closed / "train.json", demo=True)


def test_a_session_in_either_place_is_found_again(closed: Path) -> None:
    away = place(closed / "train.json")
    away.parent.mkdir(parents=True)
    away.touch()
    closed.chmod(0o755)
    assert session_path(closed / "train.json") == away
    beside = closed / "train.json.tamis.db"
    beside.touch()
    closed.chmod(0o555)
    assert place(closed / "train.json") == beside


def test_a_state_folder_that_is_closed_holds_no_session(
    closed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))  # not `unprivileged`'s to look into
    assert place(closed / "train.json").parent == tmp_path / "tamis"


def test_what_is_named_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.json.tamis.db").touch()
    assert place(tmp_path / "train.json", explicit=Path("my.db"), demo=True) == tmp_path / "my.db"


def test_the_demo_never_writes_into_the_installation(tmp_path: Path) -> None:
    (tmp_path / "demo.jsonl.tamis.db").touch()
    assert session_path(tmp_path / "demo.jsonl", demo=True).parent == state_folder()


def test_a_name_too_long_for_a_suffix_goes_to_the_state_folder(tmp_path: Path) -> None:
    found = session_path(tmp_path / ("é" * 120 + ".json"))
    assert found.parent == state_folder()
    assert len(os.fsencode(found.name)) < 240


def test_the_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere")
    assert state_folder() == Path("/somewhere/tamis")
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/unset")
    monkeypatch.setenv("HOME", "/home/ann")
    assert state_folder() == Path("/home/ann/.local/state/tamis")


def test_nowhere_to_keep_a_session_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(StoreError, match="no home folder") as caught:
        state_folder()
    assert "--session" in caught.value.hint
