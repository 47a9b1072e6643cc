"""Rows that are exported more than once: as lines, or with a weight."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.export.formats import FORMATS
from engine.export.plan import Copies, ExportPlan, Keep, ReviewState, preview
from engine.export.run import export
from tests.engine.export.exporting import ROWS, review, write_lines

TIMES = [1, 3, 2, 5, 1, 4]
"""Rows 0, 1, 2 are kept, 3 and 4 dropped, 5 is pending."""


@pytest.fixture(params=["jsonl", "json", "csv", "parquet"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> ReviewState:
    path = tmp_path / f"rows.{request.param}"
    if request.param == "jsonl":
        write_lines(path)
    elif request.param == "json":
        path.write_text(json.dumps(ROWS))
    elif request.param == "csv":
        pl.DataFrame(ROWS).write_csv(path)
    else:
        pl.DataFrame(ROWS).write_parquet(path)
    return replace(review(path), copies=np.array(TIMES, np.int32))


def written(
    state: ReviewState, output: Path, copies: Copies, form: str, keep: Keep = Keep.KEPT
) -> tuple[pl.DataFrame, dict[str, Any]]:
    plan = ExportPlan(output, form, keep, copies=copies, allow_pending=True)
    told = preview(state, plan)
    report = export(state, plan)
    path = output / f"kept{FORMATS[form].suffix}"
    match form:
        case "jsonl":
            frame = pl.read_ndjson(path)
        case "csv":
            frame = pl.read_csv(path)
        case _:
            frame = pl.read_parquet(path)
    if keep is Keep.KEPT:
        assert told.written == frame.height
    manifest = json.loads((output / "manifest.json").read_text())
    assert manifest["files"][path.name]["rows"] == frame.height
    assert report.counts["kept"] == manifest["counts"]["kept"] == 3
    return frame, manifest


@pytest.mark.parametrize("form", list(FORMATS))
def test_as_lines_one_after_the_other(state: ReviewState, tmp_path: Path, form: str) -> None:
    frame, manifest = written(state, tmp_path / "out", Copies.ROWS, form)
    expected = [
        row["instruction"]
        for row, times in zip(ROWS[:3], TIMES, strict=False)
        for _ in range(times)
    ]
    assert frame["instruction"].to_list() == expected
    assert frame.columns == ["instruction", "input", "output"]
    assert manifest["copies"] == {
        "as": "rows", "column": None, "repeated_rows": 2, "kept_counted": 6,
    }  # fmt: skip
    assert "2 kept rows count more than once" in (tmp_path / "out" / "README.md").read_text()


@pytest.mark.parametrize("form", list(FORMATS))
def test_as_a_weight_beside_the_rows(state: ReviewState, tmp_path: Path, form: str) -> None:
    frame, manifest = written(state, tmp_path / "out", Copies.WEIGHT, form)
    assert frame["instruction"].to_list() == [row["instruction"] for row in ROWS[:3]]
    assert frame["weight"].to_list() == TIMES[:3]
    assert (manifest["copies"]["column"], manifest["copies"]["kept_counted"]) == ("weight", 6)


def test_only_kept_rows_are_repeated(tmp_path: Path) -> None:
    state = replace(review(write_lines(tmp_path / "rows.jsonl")), copies=np.array(TIMES, np.int32))
    written(state, tmp_path / "out", Copies.ROWS, "jsonl", Keep.ALL)
    for name, rows in (("dropped", 2), ("pending", 1)):
        assert pl.read_ndjson(tmp_path / "out" / f"{name}.jsonl").height == rows
    told = pl.read_parquet(tmp_path / "out" / "decisions.parquet")
    assert told["copies"].to_list() == TIMES
    written(state, tmp_path / "again", Copies.WEIGHT, "jsonl", Keep.ALL)
    assert pl.read_ndjson(tmp_path / "again" / "dropped.jsonl")["weight"].to_list() == [1, 1]


def test_a_column_that_is_there_already_is_not_overwritten(tmp_path: Path) -> None:
    rows = [{**row, "weight": 70} for row in ROWS]
    state = replace(
        review(write_lines(tmp_path / "rows.jsonl", rows)), copies=np.array(TIMES, np.int32)
    )
    frame, manifest = written(state, tmp_path / "out", Copies.WEIGHT, "parquet")
    assert (frame["weight"].to_list(), frame["weight2"].to_list()) == ([70] * 3, [1, 3, 2])
    assert manifest["copies"]["column"] == "weight2"


def test_without_copies_nothing_is_said_of_them(tmp_path: Path) -> None:
    state = review(write_lines(tmp_path / "rows.jsonl"))
    frame, manifest = written(state, tmp_path / "out", Copies.ROWS, "jsonl")
    assert frame.height == manifest["copies"]["kept_counted"] == 3
    assert "Copies" not in (tmp_path / "out" / "README.md").read_text()
