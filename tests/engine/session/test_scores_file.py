"""Scores as a file: what is in it, and where it may not go."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl
import pytest

from engine.errors import ExportError
from engine.session import Session
from engine.session.scores_file import check_output, write_scores


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def scored(path: Path, spec: str) -> Session:
    session = Session.open(path)
    session.start_scoring(spec)
    session.scoring.wait(lambda _: False)
    return session


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    rows = [{"prompt": f"ask {n}", "response": f"say {n}", "q": n or "no"} for n in range(4)]
    session = scored(write(tmp_path / "a.jsonl", rows), "column:q")
    yield session
    session.close()


def test_every_row_is_there_and_can_be_read_back_as_scores(
    session: Session, tmp_path: Path
) -> None:
    write_scores(session, tmp_path / "s.parquet")
    table = pl.read_parquet(tmp_path / "s.parquet")
    assert table["row"].to_list() == [0, 1, 2, 3]
    assert table["score"].to_list() == [None, 1.0, 2.0, 3.0]
    assert table["failed"].to_list() == ["not a finite number: 'no'", None, None, None]
    assert table["identity"].n_unique() == 4
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".parquet") == [
        "s.parquet"
    ]
    assert not any(path.name.startswith(".tamis-scores") for path in tmp_path.iterdir())
    session.start_scoring(f"file:{tmp_path / 's.parquet'}")
    session.scoring.wait(lambda _: False)
    assert session.scores[1:].tolist() == [1.0, 2.0, 3.0]
    assert session.failed.tolist() == [True, False, False, False]


def test_preference_data_has_both_sides(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "chosen": "A fine answer.", "rejected": ""}]
    session = scored(write(tmp_path / "a.jsonl", rows), "heuristic")
    write_scores(session, tmp_path / "s.parquet")
    session.close()
    row = pl.read_parquet(tmp_path / "s.parquet").row(0, named=True)
    assert row["score"] == row["score_chosen"]
    assert row["margin"] == pytest.approx(row["score_chosen"] - row["score_rejected"])
    assert row["margin"] > 0


def test_places_that_are_refused(session: Session, tmp_path: Path) -> None:
    (tmp_path / "there.parquet").touch()
    (tmp_path / "link").symlink_to(session.dataset.path)
    for place, why in {
        "there.parquet": "exists",
        "a.jsonl": "cannot be replaced",
        "a.jsonl.tamis.db": "cannot be replaced",
        "link": "cannot be replaced",
        ".": "cannot be replaced",
        "nowhere/s.parquet": "no such folder",
        "x" * 300 + "/s.parquet": "no such folder",
    }.items():
        with pytest.raises(ExportError, match=why):
            check_output(tmp_path / place, session, overwrite=place != "there.parquet")
    check_output(tmp_path / "there.parquet", session, overwrite=True)
    check_output(tmp_path / "new.parquet", session, overwrite=False)


def test_a_folder_of_data_takes_no_scores(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "a.jsonl", [{"prompt": "a", "response": "b"}])
    session = Session.open(tmp_path / "data")
    with pytest.raises(ExportError, match="inside the dataset"):
        check_output(tmp_path / "data" / "s.parquet", session, overwrite=True)
    session.close()


def test_a_folder_that_cannot_be_written_is_told_at_once(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    with pytest.raises(ExportError, match="nothing can be written"):
        check_output(tmp_path / "s.parquet", session, overwrite=False)


def test_a_file_that_cannot_be_written_leaves_nothing(session: Session, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    for place in (tmp_path / "gone" / "s.parquet", tmp_path / "taken"):
        with pytest.raises(ExportError, match="could not be written"):
            write_scores(session, place)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".tamis-scores")]
