"""JSON rows as columns: any rows fit, and rows that agree come back as they were."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset.reading.columns import InferredSchema
from engine.dataset.reading.json_rows import parse_record
from tests.engine.export.test_jsonl import values

rows_of_any_kind = st.lists(st.dictionaries(st.text(), values, max_size=5), max_size=6)
uniform = st.fixed_dictionaries(
    {
        "text": st.text() | st.none(),
        "number": st.integers(-(2**63), 2**63 - 1) | st.none(),
        "share": st.floats(allow_nan=False) | st.none(),
        "flag": st.booleans() | st.none(),
        "turns": st.lists(st.fixed_dictionaries({"role": st.text(), "n": st.integers(0, 9)})),
        "nested": st.fixed_dictionaries({"deep": st.lists(st.lists(st.text()))}),
    }
)


def through_columns(rows: list[dict[str, Any]]) -> pl.DataFrame:
    inferred = InferredSchema()
    parsed = [parse_record(json.dumps(row).encode()) for row in rows]
    inferred.absorb(parsed)
    frame = inferred.frame(parsed)
    assert frame.schema == inferred.schema()
    return frame


@given(rows_of_any_kind)
def test_any_rows_become_as_many_rows_of_columns(rows: list[dict[str, Any]]) -> None:
    frame = through_columns(rows)
    assert frame.height == len(rows)
    for name in {name for row in rows for name in row}:
        if name.isprintable():
            present = [row.get(name) is not None for row in rows]
            assert frame[name].is_not_null().to_list() == present


@given(st.lists(uniform, min_size=1, max_size=5))
def test_rows_of_one_kind_come_back_as_they_were(rows: list[dict[str, Any]]) -> None:
    assert through_columns(rows).to_dicts() == rows


def test_a_map_with_countless_keys_becomes_text() -> None:
    rows = [{"scores": {f"id{row}-{key}": key for key in range(300)}} for row in range(5)]
    frame = through_columns(rows)
    assert frame.schema == {"scores": pl.String}
    assert json.loads(frame["scores"][4]) == rows[4]["scores"]


def test_values_nested_without_end_become_text() -> None:
    deep: Any = "x"
    for _ in range(198):
        deep = [deep]
    frame = through_columns([{"deep": deep}])
    assert frame.height == 1
    assert "[[[[" in json.dumps(frame.to_dicts())


@pytest.mark.parametrize(
    ("raw", "row"),
    [
        (b'"text"', {"value": "text"}),
        (b"[1]", {"value": [1]}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": "\\ud800", "\\udc00": 1}', {"a": "\ufffd", "\ufffd": 1}),
        (b'{"a": "x\ny"}', {"a": "x\ny"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_rows_as_mappings(raw: bytes, row: dict[str, object]) -> None:
    assert parse_record(raw) == row


def test_integers_beside_floats_stay_exact() -> None:
    schema = InferredSchema()
    rows: list[dict[str, Any]] = [{"n": 2**53 + 1, "m": 3}, {"n": 0.5, "m": 1.5}]
    schema.absorb(rows)
    frame = schema.frame(rows)
    assert frame["n"].to_list() == ["9007199254740993", "0.5"]
    assert frame["m"].to_list() == [3.0, 1.5]


def test_lists_of_unlike_values_are_json_text() -> None:
    schema = InferredSchema()
    rows: list[dict[str, Any]] = [{"a": [[0, 4, "T"]], "b": ["x", 7]}, {"a": [[1]], "b": []}]
    schema.absorb(rows)
    frame = schema.frame(rows)
    assert frame["a"].to_list() == [['[0,4,"T"]'], ["[1]"]]
    assert frame["b"].to_list() == ['["x",7]', "[]"]
