"""Numbers of a JSON source, in every format: none is another one afterwards."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.export.run import export
from tests.engine.export.exporting import plan, review

WIDE, BIGGER = "9007199254740993", "12345678901234567890123"

COLUMNS: list[tuple[list[str], list[Any]]] = [
    ([WIDE, "1.5"], [WIDE, "1.5"]),
    (["1.5", "-" + WIDE], ["1.5", "-" + WIDE]),
    (["9223372036854775807", "-9223372036854775808"], [2**63 - 1, -(2**63)]),
    (["18446744073709551615", "5"], ["18446744073709551615", "5"]),
    ([BIGGER, "5"], [BIGGER, "5"]),
    ([BIGGER, "0.5"], [BIGGER, "0.5"]),
    (["-" + "7" * 308, "5"], ["-" + "7" * 308, "5"]),
    (["7" * 500, "null"], ["7" * 500, None]),
    ([f'"{BIGGER}"', BIGGER], [BIGGER, BIGGER]),
    ([f"[{BIGGER}]", "[1]"], [f"[{BIGGER}]", "[1]"]),
    ([f"[{WIDE}, 1.5]", "[1]"], [[WIDE, "1.5"], ["1"]]),
    ([f'[{BIGGER}, "x"]', "[]"], [f'[{BIGGER},"x"]', "[]"]),
    ([f'{{"n": {BIGGER}}}', '{"n": 1}'], [{"n": BIGGER}, {"n": "1"}]),
    ([f'[{{"n": {WIDE}}}, {{"n": 0.5}}]', "[]"], [[{"n": WIDE}, {"n": "0.5"}], []]),
    ([f'{{"a": {{"n": [{BIGGER}, 1]}}}}', "null"], [{"a": {"n": f"[{BIGGER},1]"}}, None]),
    (["-0.0", "1E5"], [-0.0, 100000.0]),
]


def source(tmp_path: Path, values: list[str], layout: str) -> tuple[Path, list[bytes]]:
    rows = [
        f'{{"prompt": "p{at}", "response": "r", "v": {value}}}' for at, value in enumerate(values)
    ]
    path = tmp_path / f"data.{layout}"
    path.write_text("\n".join(rows) if layout == "jsonl" else "[" + ",\n".join(rows) + "]")
    return path, [row.encode() for row in rows]


@pytest.mark.parametrize("layout", ["jsonl", "json"])
@pytest.mark.parametrize(("values", "expected"), COLUMNS, ids=range(len(COLUMNS)))
def test_numbers_are_the_same_in_every_format(
    tmp_path: Path, values: list[str], expected: list[Any], layout: str
) -> None:
    path, rows = source(tmp_path, values, layout)
    state = review(path, scores=[1.0] * len(rows), verdicts={})
    export(state, plan(tmp_path / "jsonl"))
    assert (tmp_path / "jsonl" / "kept.jsonl").read_bytes().splitlines() == rows
    for form in ("parquet", "hf"):
        export(state, plan(tmp_path / form, form))
        written = pl.read_parquet(tmp_path / form / "kept.parquet")["v"].to_list()
        assert repr(written) == repr(expected), "-0.0 equals 0.0, but is another number"
    export(state, plan(tmp_path / "csv", "csv"))
    fields = list(csv.reader(io.StringIO((tmp_path / "csv" / "kept.csv").read_text())))
    assert len(fields) == 1 + len(rows)
    for (*_, field), value in zip(fields[1:], expected, strict=True):
        if isinstance(value, str | int):
            assert field == str(value)


ODD = ["1e400", "-0.0", "1E5", "0.10", "1.0", "123456789012345678901234567890e-5", "9" * 5000]


@pytest.mark.parametrize("layout", ["jsonl", "json"])
def test_odd_numbers_keep_their_bytes_in_json_lines(tmp_path: Path, layout: str) -> None:
    path, rows = source(tmp_path, [*ODD, f"[{', '.join(ODD)}]"], layout)
    export(review(path, scores=[1.0] * len(rows), verdicts={}), plan(tmp_path / "out"))
    assert (tmp_path / "out" / "kept.jsonl").read_bytes().splitlines() == rows


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (pl.Series([2**53 + 1]), pl.Series([0.5]), ["9007199254740993", "0.5"]),
        (pl.Series([0.5]), pl.Series([-(2**60) - 1]), ["0.5", "-1152921504606846977"]),
        (pl.Series([2**53]), pl.Series([0.5]), [2.0**53, 0.5]),
        (pl.Series([2**60 + 1]), pl.Series([1], dtype=pl.Int8), [2**60 + 1, 1]),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), pl.Series([-1]), [str(2**64 - 1), "-1"]),
        (pl.Series([7], dtype=pl.UInt8), pl.Series([0.5], dtype=pl.Float32), [7.0, 0.5]),
    ],
)
@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_integers_and_floats_of_several_files_stay_what_they_are(
    tmp_path: Path, first: pl.Series, second: pl.Series, expected: list[Any], form: str
) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    for name, column in (("a", first), ("b", second)):
        frame = pl.DataFrame({"prompt": ["p"], "response": ["r"], "n": column})
        frame.write_parquet(folder / f"{name}.parquet")
    export(review(folder, scores=[1.0] * 2, verdicts={}), plan(tmp_path / "out", form))
    path = tmp_path / "out" / f"kept.{form}"
    kept = pl.read_parquet(path) if form == "parquet" else pl.read_ndjson(path)
    assert kept["n"].to_list() == expected
