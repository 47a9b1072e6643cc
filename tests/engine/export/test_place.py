"""Where an export may go, and what is left when it may not or cannot."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import Cancelled, ExportError
from engine.export.place import check_place
from engine.export.run import export
from tests.engine.export.exporting import ROWS, plan, review, write_lines


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return write_lines(folder / "train.jsonl")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_folders_above_are_created(source: Path, tmp_path: Path) -> None:
    export(review(source), plan(tmp_path / "a" / "b" / "out"))
    assert (tmp_path / "a" / "b" / "out" / "kept.jsonl").is_file()
    assert names(tmp_path / "a" / "b") == ["out"]


def test_an_empty_folder_is_used(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    export(review(source), plan(tmp_path / "out"))
    assert (tmp_path / "out" / "kept.jsonl").is_file()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_with_something_else_is_left_alone(
    source: Path, tmp_path: Path, overwrite: bool
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years")
    with pytest.raises(ExportError) as caught:
        export(review(source), plan(out, overwrite=overwrite))
    assert caught.value.hint
    assert names(tmp_path) == ["data", "out"]
    assert (out / "thesis.txt").read_text() == "years"


@pytest.mark.parametrize(
    "manifest", ["{}", "[]", "{", '{"tool": "other", "files": {}}', '{"tool": "tamis"}']
)
def test_a_foreign_manifest_does_not_make_an_export(
    source: Path, tmp_path: Path, manifest: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "manifest.json").write_text(manifest)
    with pytest.raises(ExportError, match="not an export of tamis"):
        export(review(source), plan(out, overwrite=True))
    assert names(out) == ["manifest.json"]


def test_overwrite_is_asked_for_and_replaces_an_earlier_export(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    export(review(source), plan(out, "csv"))
    with pytest.raises(ExportError, match="not empty") as caught:
        export(review(source), plan(out))
    assert "--overwrite" in caught.value.hint
    export(review(source), plan(out, overwrite=True))
    assert names(out) == [
        "README.md", "decisions.jsonl", "decisions.parquet", "kept.jsonl", "manifest.json",
    ]  # fmt: skip
    assert names(tmp_path) == ["data", "out"]


def test_overwrite_spares_an_export_with_a_session_in_it(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(review(source), plan(out))
    (out / "kept.jsonl.tamis.db").write_text("verdicts")
    with pytest.raises(ExportError, match=r"kept\.jsonl\.tamis\.db"):
        export(review(source), plan(out, overwrite=True))
    assert (out / "kept.jsonl.tamis.db").read_text() == "verdicts"


def test_a_failed_overwrite_leaves_the_earlier_export(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(review(source), plan(out))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(Cancelled):
        export(review(source), plan(out, overwrite=True), cancelled=lambda: True)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert names(tmp_path) == ["data", "out"]


def test_the_source_is_never_replaced(source: Path, tmp_path: Path) -> None:
    state = review(source)
    for target in (source, source.parent):
        with pytest.raises(ExportError):
            export(state, plan(target, overwrite=True))
    assert source.is_file()
    assert names(tmp_path) == ["data"]


def test_an_export_that_is_the_source_is_never_replaced(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(review(source), plan(out))
    link = tmp_path / "link.jsonl"
    link.symlink_to(out / "kept.jsonl")
    for opened in (out / "kept.jsonl", link):
        with pytest.raises(ExportError, match="holds the dataset"):
            export(review(opened), plan(out, overwrite=True))
    assert len((out / "kept.jsonl").read_text().splitlines()) == 3


def test_a_folder_of_shards_takes_no_export_inside(tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    shards.mkdir()
    write_lines(shards / "a.jsonl", ROWS[:3])
    write_lines(shards / "b.jsonl", ROWS[3:])
    (tmp_path / "alias").symlink_to(shards)
    state = review(shards)
    for target in (shards / "out", tmp_path / "alias" / "out", shards / "new" / "out"):
        with pytest.raises(ExportError, match="inside the dataset"):
            export(state, plan(target))
    assert names(shards) == ["a.jsonl", "b.jsonl"]


def test_the_session_is_never_replaced(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(review(source), plan(out))
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"]["mine.tamis.db"] = {}
    (out / "manifest.json").write_text(json.dumps(manifest))
    session = out / "mine.tamis.db"
    session.write_text("verdicts")
    with pytest.raises(ExportError, match="session"):
        export(review(source, session_path=session), plan(out, overwrite=True))
    assert session.read_text() == "verdicts"


def test_a_link_in_place_of_the_folder_is_refused(source: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    export(review(source), plan(real))
    (tmp_path / "out").symlink_to(real)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for target in (tmp_path / "out", tmp_path / "dangling"):
        with pytest.raises(ExportError, match="symbolic link"):
            export(review(source), plan(target, overwrite=True))
    assert (real / "manifest.json").is_file()


@pytest.mark.parametrize("output", ["/", ".", "..", "x/..", "nul\0", "x" * 300])
def test_impossible_places_are_refused(source: Path, output: str) -> None:
    with pytest.raises(ExportError):
        export(review(source), plan(Path(output), overwrite=True))


def test_a_file_in_the_way_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match="not a folder"):
        check_place(review(source), plan(tmp_path / "file", overwrite=True))
    with pytest.raises(ExportError):
        export(review(source), plan(tmp_path / "file" / "out"))
    assert (tmp_path / "file").read_text() == "x"


def test_what_appears_during_the_export_is_not_replaced(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def intrude(_done: int, _total: int) -> None:
        out.mkdir(exist_ok=True)
        (out / "precious.txt").write_text("x")

    with pytest.raises(ExportError, match="not empty"):
        export(review(source), plan(out), progress=intrude)
    assert names(out) == ["precious.txt"]
    assert names(tmp_path) == ["data", "out"]


@pytest.mark.parametrize("ask", range(1, 5))
@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "hf"])
def test_cancelling_leaves_nothing(source: Path, tmp_path: Path, form: str, ask: int) -> None:
    asked = iter(range(1, 100))
    with pytest.raises(Cancelled):
        export(
            review(source),
            plan(tmp_path / "new" / "out", form, keep="all"),
            cancelled=lambda: next(asked) >= ask,
        )
    assert names(tmp_path) == ["data"]


@pytest.mark.parametrize("change", ["append", "touch", "replace", "delete"])
def test_a_source_that_changes_meanwhile_gives_no_export(
    source: Path, tmp_path: Path, change: str
) -> None:
    def meddle(done: int, _total: int) -> None:
        if done:
            _change(source, change)

    with pytest.raises(ExportError, match="changed while it was open"):
        export(review(source), plan(tmp_path / "out"), progress=meddle)
    assert names(tmp_path) == ["data"]


@pytest.mark.parametrize("change", ["append", "touch", "delete"])
def test_a_source_that_changed_since_it_was_opened_gives_no_export(
    source: Path, tmp_path: Path, change: str
) -> None:
    state = review(source)
    _change(source, change)
    with pytest.raises(ExportError, match="changed while it was open"):
        export(state, plan(tmp_path / "out"))
    assert names(tmp_path) == ["data"]


def _change(path: Path, how: str) -> None:
    if how == "append":
        with path.open("a") as file:
            file.write("{}\n")
    elif how == "touch":
        os.utime(path, (1, 1))
    elif how == "replace":
        copy = path.with_suffix(".copy")
        if not copy.exists() and path.exists():
            shutil.copy2(path, copy)
            copy.replace(path)
    else:
        path.unlink(missing_ok=True)


FULL_DISK = """
import resource, sys
from pathlib import Path
from engine.errors import ExportError
from engine.export.run import export
from tests.engine.export.exporting import plan, review
state = review(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), int(sys.argv[4])))
try:
    export(state, plan(Path(sys.argv[2]), sys.argv[3]))
except ExportError as error:
    print("refused:", error.message)
"""


@pytest.mark.parametrize(
    ("form", "limit"), [("jsonl", 10), ("jsonl", 500), ("parquet", 300), ("csv", 10)]
)
def test_a_full_disk_leaves_nothing(source: Path, tmp_path: Path, form: str, limit: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, source, tmp_path / "out", form, str(limit)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    assert ran.stdout.startswith("refused: cannot write")
    assert names(tmp_path) == ["data"]


def test_a_swap_that_fails_halfway_brings_the_earlier_export_back(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    export(review(source), plan(out))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    rename = Path.rename

    def fail_on_the_new_one(self: Path, target: Path) -> Path:
        if self.name.startswith(".tamis-export-"):
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_on_the_new_one)
    with pytest.raises(ExportError, match="Input/output error"):
        export(review(source), plan(out, overwrite=True))
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert names(tmp_path) == ["data", "out"]


KILLED = """
import os, sys
from pathlib import Path
from engine.export.run import export
from tests.engine.export.exporting import plan, review
kill = lambda done, total: os._exit(9) if done >= int(sys.argv[3]) else None
export(review(Path(sys.argv[1])), plan(Path(sys.argv[2]), "csv", overwrite=True), progress=kill)
"""


@pytest.mark.parametrize("rows", [0, 3, 9])
def test_a_killed_export_leaves_the_earlier_one_whole(
    source: Path, tmp_path: Path, rows: int
) -> None:
    out = tmp_path / "out"
    export(review(source), plan(out))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    ran = subprocess.run(
        [sys.executable, "-c", KILLED, source, out, str(rows)],
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert ran.returncode == 9
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_what_a_killed_export_left_goes_with_the_next_one(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", KILLED, str(source), str(out), "3"]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode == 9
    (left,) = tmp_path.glob(".tamis-export-*")
    live, halfway = tmp_path / ".tamis-export-0123456789ab", tmp_path / ".tamis-export-other"
    live.mkdir()
    halfway.mkdir()
    held = os.open(live, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        export(review(source), plan(out))
    finally:
        os.close(held)
    assert not left.exists()
    assert names(tmp_path) == sorted([live.name, halfway.name, "data", "out"])
    export(review(source), plan(out, overwrite=True))
    assert names(tmp_path) == sorted([halfway.name, "data", "out"])


def test_both_exports_of_a_swap_that_was_killed_halfway_stay(source: Path, tmp_path: Path) -> None:
    whole, earlier = tmp_path / ".tamis-export-0123456789ab", tmp_path / ".tamis-replaced-x"
    export(review(source), plan(whole))
    earlier.mkdir()
    export(review(source), plan(tmp_path / "out"))
    assert names(tmp_path) == sorted([whole.name, earlier.name, "data", "out"])
