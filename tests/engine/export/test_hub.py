"""What `datasets.load_dataset` makes of an exported folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.export.run import export
from engine.review.decision import Verdict
from tests.engine.export.exporting import DROPPED, KEPT, ROWS, plan, review, write_lines


def load(out: Path, name: str | None = None) -> Any:
    datasets = pytest.importorskip("datasets")
    return datasets.load_dataset(str(out), name, cache_dir=str(out.parent / "cache"))


@pytest.mark.parametrize("form", ["hf", "jsonl", "csv", "parquet"])
def test_the_train_split_is_the_kept_rows(tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    export(review(write_lines(tmp_path / "data.jsonl")), plan(out, form, "all"))
    loaded = load(out)
    assert list(loaded) == ["train"]
    rows = [{name: value or "" for name, value in row.items()} for row in loaded["train"].to_list()]
    expected = [{name: str(value) for name, value in ROWS[row].items()} for row in KEPT]
    if form != "csv":
        assert rows == expected
    assert len(rows) == len(expected)


def test_the_other_rows_are_other_configurations(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(review(write_lines(tmp_path / "data.jsonl")), plan(out, "hf", "all"))
    assert load(out, "dropped")["train"].to_list() == [ROWS[row] for row in DROPPED]
    assert len(load(out, "decisions")["train"]) == len(ROWS)


@pytest.mark.parametrize("form", ["hf", "jsonl", "csv", "parquet"])
@pytest.mark.parametrize("count", [3, 3000])
def test_the_decisions_load_whatever_the_format(tmp_path: Path, form: str, count: int) -> None:
    """Of many rows only the last has a reason: a reader that guesses types sees none at first."""
    rows = [{"instruction": f"ask {n}", "output": f"say {n}"} for n in range(count)]
    verdicts = {count - 1: Verdict.REJECT}
    state = review(
        write_lines(tmp_path / "data.jsonl", rows), scores=[1.0] * count, verdicts=verdicts
    )
    export(state, plan(tmp_path / "out", form))
    loaded = load(tmp_path / "out", "decisions")["train"]
    assert loaded["outcome"][-2:] == ["kept", "dropped"]
    assert loaded["row"][:] == list(range(count))
    assert loaded["verdict"][-1] == "reject"
    told = pl.read_parquet(tmp_path / "out" / "decisions.parquet")
    assert loaded["identity"][:] == told["identity"].to_list()
    if form != "csv":
        assert loaded.column_names == told.columns


def test_without_kept_rows_the_rows_asked_for_are_the_default(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(review(write_lines(tmp_path / "data.jsonl")), plan(out, "hf", "dropped"))
    assert load(out)["train"].to_list() == [ROWS[row] for row in DROPPED]


def test_rows_that_jsonl_readers_stumble_over_load_with_their_values(tmp_path: Path) -> None:
    """Dates, late columns and unlike kinds break or bend a JSON reader that guesses types."""
    rows: list[dict[str, Any]] = [
        {"instruction": "2020-01-01", "output": "2021-02-03", "extra": None},
        {"instruction": "2020-01-02", "output": "2021-02-04", "extra": "x"},
        {"instruction": "a", "output": "b", "notes": [{"by": "user", "said": "hi"}]},
    ]
    out = tmp_path / "out"
    state = review(write_lines(tmp_path / "data.jsonl", rows), scores=[1.0] * 3, verdicts={})
    export(state, plan(out, "hf"))
    train = load(out)["train"]
    assert train["instruction"][:] == ["2020-01-01", "2020-01-02", "a"]
    assert train["notes"][:] == [None, None, rows[2]["notes"]]
    assert str(train.features["output"]) == "Value('string')"


def test_features_of_the_source_survive(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "instruction": datasets.Value("string"),
            "output": datasets.Value("string"),
            "label": datasets.ClassLabel(names=["good", "bad"]),
            "turns": [{"role": datasets.Value("string")}],
        }
    )
    rows = [
        {"instruction": str(row), "output": "x", "label": row % 2, "turns": [{"role": "user"}]}
        for row in range(6)
    ]
    made = datasets.Dataset.from_list(rows, features=features)
    made.to_parquet(str(tmp_path / "data.parquet"))
    for number, annotate in enumerate((False, True)):
        out = tmp_path / f"out{number}"
        export(review(tmp_path / "data.parquet"), plan(out, "hf", annotate=annotate))
        loaded = load(out)["train"]
        kept = loaded.select_columns(list(features))
        assert kept.features == features
        assert kept.to_list() == [rows[row] for row in KEPT]
        assert ("tamis_reason" in loaded.features) is annotate


def test_a_column_without_a_sure_name_leaves_the_naming_to_arrow(tmp_path: Path) -> None:
    frame = pl.DataFrame({"instruction": ["a", "b"], "output": ["c", "d"], "when": [1, 2]})
    frame = frame.with_columns(pl.col("when").cast(pl.Datetime("us")))
    frame.write_parquet(tmp_path / "data.parquet")
    out = tmp_path / "out"
    state = review(tmp_path / "data.parquet", scores=[1.0, 1.0], verdicts={})
    export(state, plan(out, "hf"))
    assert load(out)["train"]["instruction"][:] == ["a", "b"]
    assert json.loads((out / "manifest.json").read_text())["files"]["kept.parquet"]["rows"] == 2
