"""Edits in the form of every family, and what becomes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from engine.dataset.dataset import open_dataset
from engine.dataset.editing import Part, editable, with_text
from engine.errors import UsageError
from engine.export.formats import FORMATS
from engine.export.plan import Edited, ExportPlan
from engine.review.decision import Verdict
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.exporting import export_session


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


def at(*rows: int) -> NDArray[np.int64]:
    return np.array(rows, np.int64)


CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "u1"},
    {"role": "assistant", "content": "a1"},
    {"role": "user", "content": [{"type": "text", "text": "u2"}]},
    {"role": "assistant", "content": "a2"},
]
HH = "\n\nHuman: q1\n\nAssistant: a1\n\nHuman: q2\n\nAssistant: "

ROWS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"instruction": "do", "input": "it", "output": "done"},
     {"prompt": "do", "input": "it", "response": "done"}),
    ({"prompt": "p", "response": "r"}, {"prompt": "p", "response": "r"}),
    ({"messages": CHAT}, {"prompt": "u2", "response": "a2"}),
    ({"conversations": [{"from": "human", "value": "u"}, {"from": "gpt", "value": "a"}]},
     {"prompt": "u", "response": "a"}),
    ({"prompt": "p", "chosen": "c", "rejected": "r"},
     {"prompt": "p", "response": "c", "rejected": "r"}),
    ({"chosen": HH + "yes", "rejected": HH + "no"},
     {"prompt": "q2", "response": "yes", "rejected": "no"}),
    ({"prompt": "only"}, {"prompt": "only"}),
    ({"text": "some text"}, {"response": "some text"}),
]  # fmt: skip


@pytest.mark.parametrize(("row", "texts"), ROWS, ids="-".join)
def test_every_part_is_edited_in_the_shape_of_its_row(
    tmp_path: Path, row: dict[str, Any], texts: dict[str, str]
) -> None:
    dataset = open_dataset(write(tmp_path / "a.jsonl", row, row))
    spelling = dataset.spelling_of(0)
    parts = editable(dataset.record(0), *spelling)
    assert {part.value: found.text for part, found in parts.items()} == texts
    for part in parts:
        edited, reading = with_text(dataset.record(0), *spelling, part, "NEW\ntext")
        assert {p: f.text for p, f in editable(edited, *spelling).items()} == {
            **{p: f.text for p, f in parts.items()}, part: "NEW\ntext",
        }  # fmt: skip
        assert edited.keys() == row.keys()
        said = json.dumps([turn.text for turn in (*reading.turns, *reading.rejected_turns)])
        assert "NEW" in said
        assert dataset.record(0) == row, "the source stays as it is"
    dataset.close()


def test_what_a_row_cannot_hold_is_refused(tmp_path: Path) -> None:
    dataset = open_dataset(write(tmp_path / "a.jsonl", {"chosen": HH + "y", "rejected": HH + "n"}))
    spelling = dataset.spelling_of(0)
    with pytest.raises(UsageError, match="cannot hold"):
        with_text(dataset.record(0), *spelling, Part.RESPONSE, "a\n\nHuman: b")
    with pytest.raises(UsageError, match="no input"):
        with_text(dataset.record(0), *spelling, Part.INPUT, "a")
    dataset.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"prompt": f"say {n}", "response": f"it is {n}", "big": 1.10} for n in range(5)]
    return write(tmp_path / "rows.jsonl", *rows)


def scored(session: Session) -> list[float]:
    session.start_scoring("heuristic")
    session.scoring.wait(lambda _status: False)
    return [float(score) for score in session.scores]


def test_an_edit_reads_scores_and_exports_and_is_undone(data: Path, tmp_path: Path) -> None:
    source = data.read_bytes()
    session = Session.open(data, OpenOptions(reviewer="ann"))
    before = scored(session)
    original = session.edits.sample(2, Side.CHOSEN)
    bad = "As an AI language model, I cannot help with that."
    assert session.edits.revise(2, Part.RESPONSE, bad) is not None
    assert session.edits.revise(2, Part.RESPONSE, bad) is None
    session.scoring.wait(lambda _status: False)
    assert session.edits.sample(2, Side.CHOSEN).response == bad
    assert session.edits.texts["response"].to_list()[1:4] == ["it is 1", bad, "it is 3"]
    assert session.dataset.texts["response"][2] == "it is 2"
    assert session.scores[2] < before[2]
    edited_score = float(session.scores[2])
    session.close()

    session = Session.open(data, OpenOptions(reviewer="bob"))
    assert session.edits.sample(2, Side.CHOSEN).response == bad
    again = scored(session)
    assert session.scoring.new_scores == 0, "the score of the edited text was remembered"
    assert again == [*before[:2], edited_score, *before[3:]]
    session.decide(at(*range(5)), Verdict.ACCEPT)
    for edits, told in ((Edited.APPLY, bad), (Edited.IGNORE, "it is 2")):
        out = tmp_path / edits.value
        report = export_session(session, ExportPlan(out, edits=edits))
        kept = [json.loads(line) for line in (out / "kept.jsonl").read_text().splitlines()]
        assert [row["response"] for row in kept] == [
            "it is 0",
            "it is 1",
            told,
            "it is 3",
            "it is 4",
        ]
        assert kept[2]["big"] == 1.1
        known = pl.read_parquet(out / "decisions.parquet")
        assert known["edited"].to_list() == [None, None, ["response"], None, None]
        assert known["original_identity"].null_count() == 4
        same = known["identity"][2] == known["original_identity"][2]
        assert same == (edits is Edited.IGNORE)
        assert report.manifest["edits"] == {"rows": 1, "applied": edits is Edited.APPLY}
        assert "edit" in (out / "README.md").read_text()
    session.undo()  # the bulk
    change = session.undo()
    assert change is not None
    session.scoring.wait(lambda _status: False)
    assert session.edits.sample(2, Side.CHOSEN) == original
    assert float(session.scores[2]) == before[2]
    assert not session.edits.revisions
    session.redo()
    assert session.edits.sample(2, Side.CHOSEN).response == bad
    session.close()
    assert data.read_bytes() == source


@pytest.mark.parametrize("form", list(FORMATS))
@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_an_edit_is_written_in_every_format_from_every_source(
    tmp_path: Path, kind: str, form: str
) -> None:
    frame = pl.DataFrame(
        {"prompt": ["a", "b"], "response": ["c", "d"], "n": pl.Series([1, 2], dtype=pl.Int16)}
    )
    path = tmp_path / f"data.{kind}"
    if kind == "parquet":
        frame.write_parquet(path)
    elif kind == "csv":
        frame.write_csv(path)
    else:
        frame.write_ndjson(path)
    session = Session.open(path, OpenOptions(reviewer="ann"))
    session.edits.revise(1, Part.RESPONSE, 'x "y"\nz, ü')
    session.decide(at(0, 1), Verdict.ACCEPT)
    out = tmp_path / "out"
    export_session(session, ExportPlan(out, form))
    session.close()
    kept = out / f"kept{FORMATS[form].suffix}"
    if form == "jsonl":
        told = pl.read_ndjson(kept)
    else:
        told = pl.read_csv(kept) if form == "csv" else pl.read_parquet(kept)
    assert told["response"].to_list() == ["c", 'x "y"\nz, ü']
    assert [str(n) for n in told["n"].to_list()] == ["1", "2"]
    if kind == "parquet" and form == "parquet":
        assert told.schema == frame.schema


def test_nested_rows_keep_their_types(tmp_path: Path) -> None:
    chat = [{"role": turn["role"], "content": str(at)} for at, turn in enumerate(CHAT)]
    frame = pl.DataFrame({"messages": [chat]})
    frame.write_parquet(tmp_path / "chat.parquet")
    session = Session.open(tmp_path / "chat.parquet", OpenOptions(reviewer="ann"))
    session.edits.revise(0, Part.RESPONSE, "better")
    session.edits.revise(0, Part.PROMPT, "asked")
    session.decide(at(0), Verdict.ACCEPT)
    export_session(session, ExportPlan(tmp_path / "out", "parquet"))
    session.close()
    told = pl.read_parquet(tmp_path / "out" / "kept.parquet")
    assert told.schema == frame.schema
    assert [m["content"] for m in told["messages"][0].to_list()] == [
        "0",
        "1",
        "2",
        "asked",
        "better",
    ]


def test_an_edit_moves_with_its_sample_and_refusals_are_clear(data: Path) -> None:
    session = Session.open(data, OpenOptions(reviewer="ann"))
    session.edits.revise(4, Part.PROMPT, "moved")
    with pytest.raises(UsageError, match="no rejected"):
        session.edits.revise(4, Part.REJECTED, "x")
    with pytest.raises(UsageError, match="characters"):
        session.edits.revise(4, Part.PROMPT, "a\0b")
    session.close()
    lines = data.read_text().splitlines()
    data.write_text("\n".join([lines[4], "{broken", *lines[:4]]) + "\n")
    session = Session.open(data, OpenOptions(reviewer="ann"))
    assert list(session.edits.revisions) == [0]
    assert session.edits.sample(0, Side.CHOSEN).prompt == "moved"
    with pytest.raises(UsageError, match="could not be read"):
        session.edits.editable(1)
    session.close()
    session = Session.open(data, OpenOptions(reviewer="bob", read_only=True))
    assert session.edits.sample(0, Side.CHOSEN).prompt == "moved"
    with pytest.raises(UsageError, match="read-only"):
        session.edits.editable(0)
    session.close()


def test_an_edit_undone_while_the_texts_are_read_is_no_crash(tmp_path: Path) -> None:
    class UndoneMeanwhile(dict[Any, Any]):
        def __iter__(self) -> Any:
            session.edits.revisions = {}
            return super().__iter__()

    path = write(tmp_path / "rows.jsonl", {"prompt": "p", "response": "r"})
    session = Session.open(path, OpenOptions(reviewer="ada"))
    session.edits.revise(0, Part.RESPONSE, "edited")
    session.edits.revisions = UndoneMeanwhile(session.edits.revisions)
    assert session.edits.texts["response"].to_list() == ["edited"]
    assert session.edits.texts["response"].to_list() == ["r"]
    session.close()
