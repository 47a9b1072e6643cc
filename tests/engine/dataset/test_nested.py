"""Members of columns: found, read and sorted by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.dataset.dataset import open_dataset
from engine.dataset.nested import member_column, member_names, sortable
from engine.errors import Cancelled, UsageError


def test_members_are_read_from_structs_and_from_json_text(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "prompt": "a",
            "response": "b",
            "meta": None if n == 2 else {"score": n, "by": {"who": f"x{n}"}, "tags": [n, "t"]},
            "text": json.dumps({"length": n / 2}),
        }
        for n in range(4)
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    pl.DataFrame(
        [{**row, "meta": {**(row["meta"] or {}), "tags": []}} for row in rows]
    ).write_parquet(tmp_path / "a.parquet")
    for name in ("a.jsonl", "a.parquet"):
        dataset = open_dataset(tmp_path / name)
        assert dataset.column("meta.score").to_list() == [0, 1, None, 3]
        assert dataset.column("meta.by.who").to_list() == ["x0", "x1", None, "x3"]
        assert dataset.column("text.length").to_list() == [0.0, 0.5, 1.0, 1.5]
        assert dataset.column("meta.nothing").to_list() == [None] * 4
        assert dataset.column("meta.by.who.more").to_list() == [None] * 4
        with pytest.raises(UsageError, match=r"no column 'no\.thing'"):
            dataset.column("no.thing")
        dataset.close()


def test_reading_members_of_text_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        member_column(pl.Series("a", ["{}"]), "a", "a.b", lambda: True)


def test_members_are_named_in_full_but_those_of_maps_and_of_lists() -> None:
    records: list[dict[str, Any]] = [
        {"a": {"b": 1, "c": {"d": {"e": {"f": 1}}}}, "plain": "x", "list": [{"x": 1}]},
        {"a": {"g": 1}, "json": '{"k": 1}', "map": {str(n): n for n in range(99)}},
    ]
    assert member_names(records) == {"a": ("a.b", "a.c.d.e", "a.g"), "json": ("json.k",)}


@pytest.mark.parametrize(
    ("values", "sorted_so"),
    [
        (["10", "9", " ", None, "1e1"], [10.0, 9.0, None, None, 10.0]),
        (["10", "9", "x"], ["10", "9", "x"]),
        ([1.5, float("nan"), None], [1.5, None, None]),
        ([{"b": 1}, None], ['{"b": 1}', None]),
        ([True, False], [True, False]),
        (["", None], ["", None]),
    ],
)
def test_a_column_sorts_as_what_it_holds(values: list[object], sorted_so: list[object]) -> None:
    assert sortable(pl.Series(values)).to_list() == sorted_so
