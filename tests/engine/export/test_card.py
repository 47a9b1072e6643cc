"""What the card says of the rows: unchanged only where they are, else what was made of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.dataset.edited_rows import Revision
from engine.dataset.editing import Part, with_text
from engine.export.plan import Copies, Edited, ReviewState
from engine.export.run import export
from tests.engine.export.exporting import ROWS, plan, review, write_lines

FRAME = pl.DataFrame(ROWS)


def json_lines(folder: Path) -> Path:
    return write_lines(folder / "data.jsonl")


def json_array(folder: Path) -> Path:
    (folder / "data.json").write_text("[" + ",\n".join(map(json.dumps, ROWS)) + "]")
    return folder / "data.json"


def indented(folder: Path) -> Path:
    (folder / "data.json").write_text(json.dumps(ROWS, indent=1))
    return folder / "data.json"


def by_column(folder: Path) -> Path:
    (folder / "data.json").write_text(json.dumps(FRAME.to_dict(as_series=False)))
    return folder / "data.json"


def wrapped(folder: Path) -> Path:
    (folder / "data.json").write_text(json.dumps({"data": ROWS}))
    return folder / "data.json"


def csv(folder: Path) -> Path:
    FRAME.write_csv(folder / "data.csv")
    return folder / "data.csv"


def several_csv(folder: Path) -> Path:
    (folder / "shards").mkdir()
    for name in "ab":
        FRAME.write_csv(folder / "shards" / f"{name}.csv")
    return folder / "shards"


def parquet(folder: Path) -> Path:
    FRAME.write_parquet(folder / "data.parquet")
    return folder / "data.parquet"


def joined_parquet(folder: Path) -> Path:
    (folder / "shards").mkdir()
    FRAME.with_columns(n=pl.lit(1, pl.Int64)).write_parquet(folder / "shards" / "a.parquet")
    FRAME.with_columns(n=1.5, m=2).write_parquet(folder / "shards" / "b.parquet")
    return folder / "shards"


def arrow(folder: Path) -> Path:
    FRAME.write_ipc_stream(folder / "data.arrow")
    return folder / "data.arrow"


def text(folder: Path) -> Path:
    (folder / "data.txt").write_text("one\ntwo\nthree\n")
    return folder / "data.txt"


def mixed(folder: Path) -> Path:
    (folder / "shards").mkdir()
    write_lines(folder / "shards" / "a.jsonl")
    FRAME.write_parquet(folder / "shards" / "b.parquet")
    return folder / "shards"


def said(state: ReviewState, form: str, **options: Any) -> tuple[str, dict[str, list[str]]]:
    """The sentence on the rows, and what was made of them with the columns."""
    out = state.dataset.path.parent / "out"
    export(state, plan(out, form, **options))
    manifest = json.loads((out / "manifest.json").read_text())
    changes = {each["what"]: each["columns"] for each in manifest["changes"]}
    card = (out / "README.md").read_text()
    for what, columns in changes.items():
        line = f"- {what}" + (
            "".join([": ", ", ".join(f"`{name}`" for name in columns)]) if columns else ""
        )
        assert line in card.splitlines()
    _, _, sentence = card.partition("one by one or by rule. The rows are those of the source")
    assert ("What is not as it was in the source:" in card) == bool(changes)
    return sentence.partition("\n")[0], changes


def of(make: Any, folder: Path) -> ReviewState:
    path = make(folder)
    return review(path, scores=[1.0] * 20, verdicts={})


@pytest.mark.parametrize(
    ("make", "form"),
    [
        (json_lines, "jsonl"),
        (json_array, "jsonl"),
        (wrapped, "jsonl"),
        (csv, "csv"),
        (parquet, "parquet"),
        (parquet, "hf"),
    ],
)
def test_rows_in_their_own_format_are_unchanged(tmp_path: Path, make: Any, form: str) -> None:
    assert said(of(make, tmp_path), form) == (", unchanged.", {})


JSON_OBJECTS = "rows became JSON objects, in UTF-8: bytes are Base64"
AS_CSV = "written as CSV in UTF-8, with commas"
COLUMNS = "JSON rows became columns: a member that a row lacks is null"


@pytest.mark.parametrize(
    ("make", "form", "begins"),
    [
        (json_lines, "parquet", [COLUMNS]),
        (json_lines, "hf", [COLUMNS]),
        (json_lines, "csv", [AS_CSV, COLUMNS]),
        (indented, "jsonl", ["white space between the tokens"]),
        (by_column, "jsonl", ["rows were put together"]),
        (csv, "jsonl", [JSON_OBJECTS]),
        (csv, "parquet", ["CSV became Parquet: every value is text"]),
        (several_csv, "csv", [AS_CSV]),
        (parquet, "jsonl", [JSON_OBJECTS]),
        (parquet, "csv", [AS_CSV]),
        (arrow, "parquet", ["Arrow became Parquet"]),
        (arrow, "hf", ["Arrow became Parquet"]),
        (arrow, "jsonl", [JSON_OBJECTS]),
        (text, "jsonl", [JSON_OBJECTS]),
        (text, "parquet", ["lines of text became the column `text`"]),
        (mixed, "jsonl", ["rows of files that are not JSON became JSON objects"]),
        (mixed, "parquet", [COLUMNS]),
    ],
)
def test_what_another_format_makes_of_rows_is_told(
    tmp_path: Path, make: Any, form: str, begins: list[str]
) -> None:
    sentence, changes = said(of(make, tmp_path), form)
    assert sentence == "."
    assert len(changes) == len(begins)
    assert all(what.startswith(begin) for what, begin in zip(changes, begins, strict=True))


@pytest.mark.parametrize(
    ("make", "form", "what"),
    [
        (json_lines, "jsonl", "members were added to every row"),
        (csv, "csv", "columns were added"),
        (parquet, "parquet", "columns were added"),
    ],
)
@pytest.mark.parametrize("options", [{"annotate": True}, {"copies": Copies.WEIGHT}])
def test_added_columns_are_told(
    tmp_path: Path, make: Any, form: str, what: str, options: dict[str, Any]
) -> None:
    sentence, changes = said(of(make, tmp_path), form, **options)
    assert "unchanged" not in sentence
    assert any(each.startswith(what) for each in changes)
    assert (AS_CSV in " ".join(changes)) == (form == "csv"), "it was written anew"


def test_columns_that_are_not_alike_in_all_files_are_named(tmp_path: Path) -> None:
    _, changes = said(of(joined_parquet, tmp_path), "parquet")
    assert changes == {
        "Float64 or Int64 in the files of the source: Float64": ["n"],
        "not in all files of the source: null where it is missing": ["m"],
    }


def test_columns_whose_values_became_text_are_named(tmp_path: Path) -> None:
    values: list[list[Any]] = [
        [1, 2**53 + 1, 2**70, 1, "a", {}, [1, "x"], {"b": 2**70}],
        [1.5, 0.5, 3, "T", "b", {}, [2], {"b": 1}],
    ]
    rows = [
        {"prompt": "p", "response": "r"} | dict(zip("abcdefgh", each, strict=True))
        for each in values
    ]
    path = write_lines(tmp_path / "data.jsonl", rows)
    _, changes = said(review(path, scores=[1.0] * 2, verdicts={}), "parquet")
    assert changes == {
        COLUMNS: [],
        "integers beside fractions: 64-bit floats": ["a"],
        "integers beside fractions, some too large to be exact as floats: text": ["b"],
        "integers, some of more than 64 bits: text": ["c", "h.b"],
        "values of unlike types: texts as they are, the others as JSON text": ["d"],
        "objects without members: JSON text": ["f"],
        "lists of unlike values: JSON text": ["g"],
    }


def test_a_name_in_the_list_of_columns_is_no_markup(tmp_path: Path) -> None:
    name = "a`b\n<script>|"
    rows = [{"prompt": "p", "response": "r", name: value} for value in (1, "x")]
    out = tmp_path / "out"
    state = review(write_lines(tmp_path / "data.jsonl", rows), scores=[1.0] * 2, verdicts={})
    export(state, plan(out, "parquet"))
    assert ": `a'b <script>/`" in (out / "README.md").read_text()


@pytest.mark.parametrize(
    ("edits", "form", "sentence"),
    [
        (Edited.APPLY, "jsonl", ", unchanged but for 1 that reviewers edited"),
        (Edited.APPLY, "parquet", " but for 1 that reviewers edited"),
        (Edited.IGNORE, "jsonl", ", unchanged; edits of 1 were left out"),
        (Edited.IGNORE, "csv", "; edits of 1 were left out"),
    ],
)
def test_edits_are_told(tmp_path: Path, edits: Edited, form: str, sentence: str) -> None:
    state = of(json_lines, tmp_path)
    family, columns = state.dataset.spelling_of(0)
    record, reading = with_text(state.dataset.record(0), family, columns, Part.RESPONSE, "new")
    revision = Revision(record, reading, family, bytes(16), (Part.RESPONSE,))
    told, _ = said(replace(state, revisions={0: revision}), form, edits=edits)
    assert told.startswith(sentence)
