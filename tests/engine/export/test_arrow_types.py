"""Types of Arrow that polars has not: values stay, and what a reader gets otherwise is said."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import ipc

from engine.dataset.dataset import open_dataset
from engine.dataset.reading.arrow_schema import ArrowSchema, changed_types, ipc_schema
from engine.errors import InputError
from engine.export.run import export
from tests.engine.export.exporting import plan, review

STORED = ("parquet", "feather", "arrow")
HALF_PAST = dt.time(1, 30, 2)
MORNING_S = 1_577_860_200

ARRAYS: dict[str, Any] = {
    "time32[s]": pa.array([HALF_PAST, None], pa.time32("s")),
    "time32[ms]": pa.array([5_402_001, None], pa.time32("ms")),
    "time64[us]": pa.array([5_402_000_001, None], pa.time64("us")),
    "time64[ns]": pa.array([5_402_000_000_001, None], pa.time64("ns")),
    "date64": pa.array([dt.date(2020, 1, 1), None], pa.date64()),
    "timestamp[s]": pa.array([MORNING_S, None], pa.timestamp("s")),
    "timestamp zone": pa.array([3, None], pa.timestamp("us", "+02:00")),
    "duration[s]": pa.array([dt.timedelta(seconds=7), None], pa.duration("s")),
    "duration[ns]": pa.array([7, None], pa.duration("ns")),
    "decimal32": pa.array([Decimal("1.50"), None], pa.decimal32(5, 2)),
    "decimal128": pa.array([Decimal("1.50"), None], pa.decimal128(30, 2)),
    "fixed bytes": pa.array([b"ab", None], pa.binary(2)),
    "large string": pa.array(["ab", None], pa.large_string()),
    "view": pa.array(["ab", None], pa.string_view()),
    "dictionary": pa.array(["ab", None]).dictionary_encode(),
    "dictionary of numbers": pa.array([7, None]).dictionary_encode(),
    "uuid": pa.array([b"a" * 16, None], pa.uuid()),
    "bool8": pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1, None], pa.int8())),
    "json": pa.array(['{"a": 1.50}', None], pa.json_()),
    "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32())),
    "struct": pa.array([{"t": HALF_PAST}, None], pa.struct([("t", pa.time32("s"))])),
    "list": pa.array([[HALF_PAST], None], pa.list_(pa.time32("ms"))),
    "durations": pa.array(
        [[{"d": dt.timedelta(seconds=7)}], None], pa.list_(pa.struct([("d", pa.duration("s"))]))
    ),
}


def stored(folder: Path, table: Any, form: str) -> Path:
    path = folder / f"data.{form}"
    if form == "parquet":
        pq.write_table(table, path)
        return path
    new = ipc.new_file if form == "feather" else ipc.new_stream
    with new(path, table.schema) as writer:
        writer.write_table(table)
    return path


def with_column(values: Any) -> Any:
    return pa.table({"prompt": ["a", "b"], "response": ["x", "y"], "v": values})


def schema_in(data: bytes) -> ArrowSchema | None:
    return ipc_schema(lambda start, end: data[start:end])


def exported(path: Path, form: str, **options: Any) -> Path:
    out = path.parent / f"out-{form}"
    export(review(path, scores=[1.0, 1.0], verdicts={}), plan(out, form, **options))
    return out


def changes(out: Path) -> dict[str, list[str]]:
    manifest = json.loads((out / "manifest.json").read_text())
    return {each["what"]: each["columns"] for each in manifest["changes"]}


@pytest.mark.parametrize("form", STORED)
@pytest.mark.parametrize("name", ARRAYS)
def test_values_stay_and_another_type_is_told(tmp_path: Path, name: str, form: str) -> None:
    path = stored(tmp_path, with_column(ARRAYS[name]), form)
    before = pq.read_table(path) if form == "parquet" else with_column(ARRAYS[name])
    for to in ("parquet", "hf"):
        out = exported(path, to)
        after = pq.read_table(out / "kept.parquet")
        told = [what for what, columns in changes(out).items() if columns]
        card = (out / "README.md").read_text()
        if name == "uuid":
            assert after["v"].to_pylist() == [b"a" * 16, None]
        elif name == "date64":
            assert str(after["v"].to_pylist()[0]) == "2020-01-01 00:00:00"
        else:
            assert after["v"].to_pylist() == before["v"].to_pylist()
        if after.schema.field("v").type != before.schema.field("v").type:
            assert told, "the type changed"
        assert all(f"- {what}: `v" in card for what in told)
        assert (", unchanged." in card) == (form == "parquet" and not told)


@pytest.mark.parametrize("form", STORED)
@pytest.mark.parametrize(
    ("name", "json_value", "csv_value"),
    [
        ("time32[s]", "01:30:02", "01:30:02.000000000"),
        ("time64[ns]", "01:30:02.000000001", "01:30:02.000000001"),
        ("duration[s]", "PT7S", "PT7S"),
        ("duration[ns]", "PT0.000000007S", "PT0.000000007S"),
        ("decimal128", "1.50", "1.50"),
        ("fixed bytes", "YWI=", "YWI="),
        ("json", '{"a": 1.50}', '"{""a"": 1.50}"'),
        ("bool8", 1, "1"),
        ("map", {"a": 1}, '"{""a"":1}"'),
        ("struct", {"t": "01:30:02"}, '"{""t"":""01:30:02""}"'),
        ("durations", [{"d": "PT7S"}], '"[{""d"":""PT7S""}]"'),
    ],
)
def test_values_as_text(
    tmp_path: Path, name: str, json_value: object, csv_value: str, form: str
) -> None:
    path = stored(tmp_path, with_column(ARRAYS[name]), form)
    first, second = (exported(path, "jsonl") / "kept.jsonl").read_text().splitlines()
    assert json.loads(first)["v"] == json_value
    assert json.loads(second)["v"] is None
    lines = (exported(path, "csv") / "kept.csv").read_text().splitlines()
    assert lines == ["prompt,response,v", f"a,x,{csv_value}", "b,y,"]


def test_nested_nanoseconds_are_not_rounded_in_text(tmp_path: Path) -> None:
    values = pa.array([[1_000_000_001], [2]], pa.list_(pa.time64("ns")))
    path = stored(tmp_path, with_column(values), "parquet")
    lines = (exported(path, "csv") / "kept.csv").read_text().splitlines()
    assert lines[1:] == ['a,x,"[""00:00:01.000000001""]"', 'b,y,"[""00:00:00.000000002""]"']


def test_bytes_in_a_map_are_base64(tmp_path: Path) -> None:
    values = pa.array([[("a", b"\xff")], None], pa.map_(pa.string(), pa.binary()))
    out = exported(stored(tmp_path, with_column(values), "feather"), "jsonl")
    assert json.loads((out / "kept.jsonl").read_text().splitlines()[0])["v"] == {"a": "/w=="}


@pytest.mark.parametrize("form", ["feather", "arrow"])
def test_an_arrow_schema_goes_into_parquet(tmp_path: Path, form: str) -> None:
    table = with_column(ARRAYS["large string"])
    out = exported(stored(tmp_path, table, form), "parquet")
    assert pq.read_schema(out / "kept.parquet").types == table.schema.types
    assert changes(out) == {"Arrow became Parquet": []}


def test_added_columns_leave_the_values_of_seconds_right(tmp_path: Path) -> None:
    path = stored(tmp_path, with_column(ARRAYS["duration[s]"]), "parquet")
    out = exported(path, "parquet", annotate=True)
    kept = pq.read_table(out / "kept.parquet")
    assert kept["v"].to_pylist() == [dt.timedelta(seconds=7), None]
    assert kept["tamis_row"].to_pylist() == [0, 1]
    assert "duration[s] in the source: duration[ms]" in changes(out)


@pytest.mark.parametrize("form", ["feather", "arrow"])
def test_objects_without_members_are_json_text_in_parquet(tmp_path: Path, form: str) -> None:
    values = pa.array([[{}], None], pa.list_(pa.struct([])))
    path = stored(tmp_path, with_column(values), form)
    out = exported(path, "parquet")
    assert pl.read_parquet(out / "kept.parquet")["v"].to_list() == ["[{}]", None]
    assert changes(out)["list in the source: string"] == ["v"]
    first = json.loads((exported(path, "jsonl") / "kept.jsonl").read_text().splitlines()[0])
    assert first["v"] == [{}]


UNREADABLE: dict[str, Any] = {
    "decimal256(50, 2)": pa.array([Decimal("1.50"), None], pa.decimal256(50, 2)),
    "list_view": pa.array([[1], None], pa.list_view(pa.int32())),
    "run_end_encoded": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2], pa.int32()), ["x", "y"]),
    "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
    "union": pa.UnionArray.from_sparse(
        pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])]
    ),
}


@pytest.mark.parametrize("form", STORED)
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_type_that_cannot_be_read_is_named_with_its_column(
    tmp_path: Path, name: str, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if form == "parquet" and name not in ("decimal256(50, 2)", "list_view"):
        pytest.skip("Parquet cannot hold it")
    path = stored(tmp_path, with_column(UNREADABLE[name]), form)
    with pytest.raises(InputError, match="columns of types that cannot be read: v ") as told:
        open_dataset(path)
    assert f"v ({name})" in told.value.message
    assert capfd.readouterr().err == "", "polars panics, and prints where"


@pytest.mark.parametrize("name", [*ARRAYS, *UNREADABLE])
def test_the_schema_of_an_arrow_file_is_read_from_its_message(tmp_path: Path, name: str) -> None:
    table = with_column((ARRAYS | UNREADABLE)[name]).replace_schema_metadata({"k": "ü", "": ""})
    found = []
    for form in ("feather", "arrow"):
        data = stored(tmp_path, table, form).read_bytes()
        found.append(schema_in(data))
        for cut in range(0, 400, 7):
            assert schema_in(data[:cut]) in (None, found[0])
    assert found[0] == found[1]
    assert found[0] is not None
    assert found[0].metadata == {"k": "ü", "": ""}
    assert [field.name for field in found[0].fields] == ["prompt", "response", "v"]
    plain = str(table.schema.field("v").type)
    if plain.startswith(("time", "duration", "date", "decimal")):
        assert found[0].fields[2].type_name == plain
    assert list(changed_types(found[0], found[0])) == []


def test_a_message_whose_bytes_were_changed_is_no_schema_or_another_one(tmp_path: Path) -> None:
    data = stored(tmp_path, with_column(ARRAYS["struct"]), "arrow").read_bytes()[:600]
    found = [
        schema_in(data[:at] + bytes([byte]) + data[at + 1 :])
        for at in range(8, len(data))
        for byte in (0, 1, 0x7F, 0xFF)
    ]
    assert None in found
    assert len({each.fields for each in found if each is not None}) > 10


# --- the JSON type of `datasets`


@pytest.mark.parametrize("form", STORED)
@pytest.mark.parametrize("to", ["parquet", "hf", "jsonl"])
def test_lists_of_the_json_type_are_read_and_written_as_the_text_that_they_are(
    tmp_path: Path, form: str, to: str
) -> None:
    spoken = [
        ['{"role":"user","content":"hi", "n": 1.50}', '{"role":"assistant","content":"yo"}'],
        ['{"role":"user","content":"ho"}', '{"role":"assistant","content":"ya","x":[1,"a"]}'],
    ]
    flat = pa.ExtensionArray.from_storage(pa.json_(), pa.array([*spoken[0], *spoken[1]]))
    said = pa.ListArray.from_arrays(pa.array([0, 2, 4], pa.int32()), flat)
    table = pa.table({"messages": said, "meta": pa.array(['{"a": 1.50}', None], pa.json_())})
    path = stored(tmp_path, table, form)
    dataset = open_dataset(path)
    assert dataset.family == "messages"
    assert [turn.text for turn in dataset.sample(1).turns] == ["ho", "ya"]
    out = exported(path, to)
    if to == "jsonl":
        rows = [json.loads(line) for line in (out / "kept.jsonl").read_text().splitlines()]
        assert rows == [
            {"messages": spoken[0], "meta": '{"a": 1.50}'},
            {"messages": spoken[1], "meta": None},
        ]
        return
    kept = pq.read_table(out / "kept.parquet")
    assert kept["messages"].to_pylist() == spoken
    assert kept.schema.field("meta").type == pa.json_()
    assert kept.schema.field("messages").type.value_type == pa.json_()
    again = open_dataset(out / "kept.parquet")
    assert [turn.text for turn in again.sample(0).turns] == ["hi", "yo"]


@pytest.mark.parametrize("annotate", [False, True])
@pytest.mark.parametrize("kind", ["saved", "splits", "cached", "parquet"])
def test_features_of_datasets_survive_wherever_it_keeps_them(
    tmp_path: Path, kind: str, annotate: bool
) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "messages": datasets.List(datasets.Json()),
            "meta": {"any": datasets.Json()},
            "label": datasets.ClassLabel(names=["good", "bad"]),
            "at": datasets.Value("time32[s]"),
            "took": datasets.Value("duration[s]"),
        }
    )
    values: list[Any] = [{"a": 1}, [1, 2.5, "x"]]
    rows = [
        {
            "messages": [
                {"role": "user", "content": f"q{at}", "extra": values[at]},
                {"role": "assistant", "content": f"a{at}"},
            ],
            "meta": {"any": values[at]},
            "label": at,
            "at": HALF_PAST,
            "took": dt.timedelta(seconds=7),
        }
        for at in range(2)
    ]
    made = datasets.Dataset.from_list(rows, features=features)
    path = tmp_path / kind
    if kind == "saved":
        made.save_to_disk(path)
    elif kind == "splits":
        datasets.DatasetDict({"train": made}).save_to_disk(path)
    elif kind == "parquet":
        path = path.with_suffix(".parquet")
        made.to_parquet(path)
    else:
        path = path.with_suffix(".arrow")
        made.map(lambda row: row, cache_file_name=str(path), load_from_cache_file=False)
    state = review(path, scores=[1.0, 1.0], verdicts={})
    assert [state.dataset.sample(row).response for row in range(2)] == ["a0", "a1"]
    export(state, plan(tmp_path / "out", "hf", annotate=annotate))
    loaded = datasets.load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    train = loaded["train"].select_columns(list(features))
    assert train.features == features
    assert train.to_list() == rows
