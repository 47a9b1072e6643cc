"""Splits at the desk and in an export: filtered, sorted, and written where they were."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.export.plan import ExportPlan, Keep
from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from engine.session.exporting import export_session
from engine.session.matching import filter_names, rows_matching
from engine.session.table_columns import COLUMNS, Sort, rows_in_order, sort_choices


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three splits and a file that belongs to none."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("train", "my-test set", "dev", "extra"):
        rows = [{"prompt": f"{name} {n}", "response": f"answer {n}"} for n in range(3)]
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_rows_are_filtered_and_sorted_by_where_they_come_from(data: Path) -> None:
    session = Session.open(data, OpenOptions())
    files = ["dev.jsonl", "extra.jsonl", "my-test set.jsonl", "train.jsonl"]
    for rule, rows in (
        ("@split:test", range(6, 9)),
        ("@split:any", [0, 1, 2, *range(6, 12)]),
        ("not @split:any", range(3, 6)),
        ('@file:"my-test set.jsonl"', range(6, 9)),
        ("@file:dev.jsonl prompt~1", [1]),
        ("@config:any", []),
    ):
        assert np.flatnonzero(rows_matching(session, rule)[1]).tolist() == list(rows)
    names = filter_names(session)
    assert {"@split", "@file"} <= {mark.value for mark, known in names.marks.items() if known}
    assert "@split" in sort_choices(session)
    assert "@config" not in sort_choices(session)
    ordered = rows_in_order(session, Sort("@split"))
    assert ordered.tolist() == [6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5], "no split comes last"
    assert [COLUMNS["@file"].value(session, row) for row in (0, 3, 6, 9)] == files
    session.close()


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "hf"])
def test_an_export_keeps_the_splits_apart(data: Path, tmp_path: Path, form: str) -> None:
    from datasets import load_dataset

    session = Session.open(data, OpenOptions())
    session.decide(np.array([0, 3, 4, 6, 9, 10, 11]), Verdict.ACCEPT)
    session.decide(np.array([1, 7, 8]), Verdict.REJECT)
    out = tmp_path / "out"
    plan = ExportPlan(out, format=form, keep=Keep.ALL, allow_pending=True)
    report = export_session(session, plan)
    session.close()
    decisions = pl.read_parquet(out / "decisions.parquet")
    assert decisions["split"].to_list() == [
        *["validation"] * 3, *[None] * 3, *["test"] * 3, *["train"] * 3,
    ]  # fmt: skip
    assert decisions["config"].null_count() == 12
    expected = {
        "train": ["train 0", "train 1", "train 2"],
        "test": ["my-test set 0"],
        "validation": ["dev 0"],
        "other": ["extra 0", "extra 1"],
    }
    cache = str(tmp_path / "cache")
    for split, prompts in expected.items():
        loaded = load_dataset(str(out), "kept", split=split, cache_dir=cache)
        assert loaded["prompt"] == prompts
    dropped = load_dataset(str(out), "dropped", cache_dir=cache)
    assert {split: rows["prompt"] for split, rows in dropped.items()} == {
        "validation": ["dev 1"], "test": ["my-test set 1", "my-test set 2"],
    }  # fmt: skip
    suffix = "parquet" if form == "hf" else form
    assert f"kept-test.{suffix}" in report.files
    assert report.manifest["source"]["splits"] == ["validation", "test", "train"]  # type: ignore[index]


def test_one_split_needs_no_file_of_its_own_but_keeps_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "test.jsonl").write_text('{"prompt": "a", "response": "b"}\n')
    session = Session.open(folder, OpenOptions())
    session.decide(np.array([0]), Verdict.ACCEPT)
    export_session(session, ExportPlan(tmp_path / "out"))
    session.close()
    card = (tmp_path / "out" / "README.md").read_text()
    assert "- split: test\n    path: kept.jsonl" in card
