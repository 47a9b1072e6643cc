"""Whatever the reader accepts as a row, every format can write, and a plain reader read back."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dataset.dataset import Dataset
from engine.dataset.edited_rows import Revision
from engine.dataset.editing import Part, with_text
from engine.dataset.reading.json_rows import parse_row
from engine.errors import UsageError
from engine.export.formats import FORMATS
from engine.export.plan import Copies, ReviewState
from engine.export.run import export
from engine.review.decision import Verdict
from engine.review.policy import Outcome
from engine.session import OpenOptions, Session
from engine.session.exporting import export_session
from engine.session.matching import rows_matching
from tests.engine.export.exporting import plan, review, write_lines

BOM = b"\xef\xbb\xbf"

values = st.sampled_from(
    [
        b'"plain"',
        b"null",
        b"true",
        b"3",
        b"-0.0",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"1" * 25,
        b"-" + b"1" * 400,
        b"1" * 4500,
        b'"control \x00 \x01 \x1f tab\t"',
        b'"not UTF-8 \xff\xfe"',
        b'"surrogates \xed\xa0\x80 \\ud800 \\udc00x \\ud83d\\ude00"',
        b'"a \\"quoted\\" word, a\\nline and \xe2\x80\xa8\xc2\x85 others\\r"',
        b'""',
        b"[]",
        b"{}",
        b'{"deep": [1, "x", null, {"y": NaN}]}',
        b"[" * 40 + b"]" * 40,
        b'{"a":' * 150 + b"1" + b"}" * 150,
        b"[" * 300 + b"]" * 300,
        b"[" * 100_000,
    ]
)
names = st.sampled_from(
    [b"instruction", b"output", b"extra", b"", b"\\u0000", b"a\\nb", b"\\ud800", b"tamis_row"]
)
objects = st.lists(st.tuples(names, values), max_size=4).map(
    lambda members: (
        b'{"instruction": "do", "output": "done"'
        + b"".join(b', "' + name + b'": ' + value for name, value in members)
        + b"}"
    )
)
rows = st.tuples(st.sampled_from([b"", b"", BOM]), objects | values, st.sampled_from([b"", b"\r"]))
files = st.tuples(
    st.lists(rows.map(b"".join), min_size=1, max_size=6),
    st.sampled_from(["lines", "array", "commas missing"]),
)


def file_of(pieces: Sequence[bytes], layout: str) -> bytes:
    first = b'{"instruction": "first", "output": "row"}'
    if layout == "lines":
        return b"\n".join([first, *pieces])
    comma = b"," if layout == "array" else b""
    return b"[" + (comma + b"\n").join([first, *pieces]) + b"]"


def reviewed(path: Path, *, edited: bool) -> ReviewState:
    """Two thirds of the rows kept, the second of them twice, and every one edited if asked."""
    dataset_rows = review(path, scores=[]).dataset.rows
    verdicts = dict.fromkeys(range(2, dataset_rows, 3), Verdict.REJECT)
    state = review(path, scores=[1.0] * dataset_rows, verdicts=verdicts)
    copies = np.ones(dataset_rows, np.int32)
    copies[1:2] = 2
    return replace(state, copies=copies, revisions=edits_of(state.dataset) if edited else {})


def edits_of(dataset: Dataset) -> dict[int, Revision]:
    found = {}
    for row in np.flatnonzero(~dataset.broken).tolist():
        family, columns = dataset.spelling_of(row)
        try:
            record, reading = with_text(
                dataset.record(row), family, columns, Part.RESPONSE, "edited"
            )
        except UsageError:
            continue
        found[row] = Revision(record, reading, family, bytes(16), (Part.RESPONSE,))
    return found


def lines_of(path: Path, *, strict: bool) -> int:
    lines = path.read_bytes().removesuffix(b"\n").split(b"\n")
    for line in lines:
        if strict:
            value = json.loads(line.decode(), parse_int=len, parse_constant=pytest.fail)
            json.dumps(value, ensure_ascii=False).encode()
        else:
            parse_row(line)
    return len(lines)


def rows_in(path: Path, *, strict: bool) -> int:
    if path.suffix == ".jsonl":
        return lines_of(path, strict=strict)
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            by_line = sum(1 for _ in csv.reader(file)) - 1
        assert pl.read_csv(path, infer_schema=False).height == by_line
        return by_line
    assert pq.read_table(path).num_rows == pl.read_parquet(path).height
    return pl.read_parquet(path).height


@pytest.mark.parametrize("form", list(FORMATS))
@pytest.mark.parametrize("annotate", [False, True])
@given(files, st.booleans(), st.sampled_from(Copies))
@settings(derandomize=True, max_examples=40, deadline=None)
def test_every_row_is_written_and_read_back(
    form: str, annotate: bool, written: tuple[list[bytes], str], edited: bool, copies: Copies
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "data.json"
        source.write_bytes(file_of(*written))
        state = reviewed(source, edited=edited)
        out = Path(folder) / "out"
        report = export(state, plan(out, form, "all", annotate=annotate, copies=copies))
        described: Any = report.manifest["files"]
        found = 0
        for outcome in Outcome:
            path = out / f"{outcome.name.lower()}{FORMATS[form].suffix}"
            if described[path.name]["rows"]:
                strict = annotate or copies is Copies.WEIGHT
                assert rows_in(path, strict=strict) == described[path.name]["rows"]
            found += described[path.name]["rows"]
        unreadable = out / "unreadable.jsonl"
        apart = unreadable.read_bytes().splitlines() if unreadable.exists() else []
        assert all(orjson.loads(line)["problem"] for line in apart)
        repeated = 0
        if copies is Copies.ROWS and state.copies is not None:
            repeated = int(np.sum(state.copies[state.rows_of(Outcome.KEPT)] - 1))
        assert found + len(apart) == state.dataset.rows + repeated
        decided = pl.read_parquet(out / "decisions.parquet")
        assert decided.height == state.dataset.rows


def test_filter_and_exports_know_a_column_that_begins_late(tmp_path: Path) -> None:
    rows = [{"instruction": f"Say {row}", "output": "x"} for row in range(1200)]
    source = write_lines(tmp_path / "data.jsonl", [*rows, {**rows[0], "late": 7}])
    with closing(Session.open(source, OpenOptions(reviewer="ann"))) as session:
        _, found = rows_matching(session, "late>=5")
        assert np.flatnonzero(found).tolist() == [1200]
        session.decide(np.array([0, 1200]), Verdict.ACCEPT)
        for form, row in FORMATS.items():
            out = tmp_path / form
            export_session(session, plan(out, form))
            assert b"late" in (out / f"kept{row.suffix}").read_bytes()
