"""What an export writes: the rows as they were, what is known of them, a manifest that holds."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.export.manifest import kept_digest
from engine.export.plan import Given, Keep, PendingRowsError, ReviewState, preview
from engine.export.run import export
from engine.review.decision import Verdict
from engine.review.policy import REASON_TEXT, Outcome, Reason
from engine.scoring.scorer import ScoreKey
from tests.engine.export.exporting import (
    DROPPED,
    KEPT,
    NAN,
    PENDING,
    ROWS,
    SCORES,
    plan,
    review,
    write_lines,
)

ODD_LINES = [
    b'{"instruction": "n\\u00fcmbers", "output": "x", "a": 1.0, "b": 1e5, "c": 0.10, "a": 2}',
    b'{"output":"key order","instruction":"second","z":{"y":[1, 2,3]}}',
    b'{ "instruction" : "spaces" , "output" : "tab\\t" }',
    b'{"instruction": "not UTF-8 \xff\xfe", "output": "kept as it is"}',
    b'{"instruction": "big 123456789012345678901234567890", "output": "\\/", "n": -0.0}',
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def manifest_of(out: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


# --- JSON sources, byte for byte


def test_json_lines_keep_their_bytes(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "odd.jsonl"
    source.write_bytes(b"\r\n".join(ODD_LINES))
    export(review(source, scores=[1.0] * 5, verdicts={}), plan(out))
    assert lines(out / "kept.jsonl") == ODD_LINES


@pytest.mark.parametrize("separator", [b",\n", b", ", b"\n  ,\n\n"])
def test_elements_of_an_array_become_lines_with_their_bytes(
    tmp_path: Path, out: Path, separator: bytes
) -> None:
    source = tmp_path / "odd.json"
    source.write_bytes(b"\xef\xbb\xbf[\n" + separator.join(ODD_LINES) + b"]\n")
    export(review(source, scores=[1.0] * 5, verdicts={}), plan(out))
    assert lines(out / "kept.jsonl") == ODD_LINES


def test_indented_elements_become_one_line_each(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "data.json"
    source.write_text(json.dumps(ROWS, indent=4, ensure_ascii=False))
    export(review(source), plan(out))
    kept = [json.dumps(ROWS[row], ensure_ascii=False, separators=(",", ":")) for row in KEPT]
    assert (out / "kept.jsonl").read_text().splitlines() == kept


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("kept", {"kept": KEPT}),
        ("dropped", {"dropped": DROPPED}),
        ("pending", {"pending": PENDING}),
        ("all", {"kept": KEPT, "dropped": DROPPED, "pending": PENDING}),
    ],
)
@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "hf"])
def test_the_rows_asked_for_are_written(
    tmp_path: Path, out: Path, form: str, keep: str, expected: dict[str, list[int]]
) -> None:
    export(review(write_lines(tmp_path / "data.jsonl")), plan(out, form, keep))
    written = {path.stem: read(path) for path in out.iterdir() if path.stem in set(Keep)}
    assert written == {name: [ROWS[row] for row in rows] for name, rows in expected.items()}
    assert set(manifest_of(out)["files"]) >= {path.name for path in out.iterdir()} - {
        "manifest.json"
    }


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    frame = (
        pl.read_parquet(path)
        if path.suffix == ".parquet"
        else pl.read_csv(path, infer_schema=False)
    )
    return frame.to_dicts()


# --- broken rows


BROKEN_LINES = [
    b'{"instruction": "fine", "output": "x"}',
    b'{"instruction": "cut of',
    b'["no", "object"]',
    b'{"instruction": "\xff cut',
]


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "hf"])
def test_unreadable_rows_are_dropped_and_their_text_saved_apart(
    tmp_path: Path, out: Path, form: str
) -> None:
    source = tmp_path / "broken.jsonl"
    source.write_bytes(b"\n".join(BROKEN_LINES))
    state = review(source, scores=[2.0], verdicts={1: Verdict.ACCEPT})
    assert state.dataset.broken.tolist() == [False, True, True, True]
    export(state, plan(out, form, "all"))
    saved = [json.loads(line) for line in lines(out / "unreadable.jsonl")]
    assert [(line["row"], line.get("text")) for line in saved] == [
        (1, BROKEN_LINES[1].decode()),
        (3, None),
    ]
    assert saved[1]["base64"] == "eyJpbnN0cnVjdGlvbiI6ICL/IGN1dA=="
    assert all(line["problem"] for line in saved)
    dropped = out / f"dropped.{'parquet' if form == 'hf' else form}"
    if form == "jsonl":
        assert lines(dropped) == [BROKEN_LINES[2]]
    else:
        assert read(dropped) == [
            {"value": '["no","object"]' if form == "csv" else ["no", "object"]}
        ]
    counts = manifest_of(out)["counts"]
    assert (counts["kept"], counts["dropped"], counts["dropped_broken"]) == (1, 3, 3)
    assert counts["unreadable"] == 2
    decided = pl.read_parquet(out / "decisions.parquet")
    assert decided["reason_text"][1] == "row could not be read"
    assert decided["problem"].is_not_null().to_list() == [False, True, True, True]


# --- other sources


TYPED = pl.DataFrame(
    {
        "instruction": ["a", "b", "c", "d", "e", "f"],
        "output": ["1", None, "", "4", "5", "6"],
        "small": pl.Series([1, 2, None, 4, 5, 6], dtype=pl.Int8),
        "share": pl.Series([0.1, None, float("inf"), 1.0, 2.0, 3.0], dtype=pl.Float32),
        "when": pl.Series([0, 1, 2, 3, 4, 5], dtype=pl.Datetime("us")),
        "turns": [[{"role": "user", "content": "x"}], [], None, [], [], []],
        "kind": pl.Series(["p", "q", "p", "q", "p", None], dtype=pl.Categorical),
        "bytes": [b"\xff\x00", b"", None, b"a", b"b", b"c"],
        "image": [{"bytes": b"\xff", "path": "p"}] * 6,
    }
)


@pytest.mark.parametrize("form", ["parquet", "hf"])
def test_parquet_keeps_its_schema_and_values(tmp_path: Path, out: Path, form: str) -> None:
    TYPED.write_parquet(tmp_path / "typed.parquet", metadata={"note": "from the source"})
    export(review(tmp_path / "typed.parquet"), plan(out, form))
    kept = pl.read_parquet(out / "kept.parquet")
    assert kept.schema == TYPED.schema
    assert kept.equals(TYPED[KEPT])
    assert pl.read_parquet_metadata(out / "kept.parquet")["note"] == "from the source"


def test_parquet_rows_as_json_lines_and_csv(tmp_path: Path, out: Path) -> None:
    TYPED.write_parquet(tmp_path / "typed.parquet")
    state = review(tmp_path / "typed.parquet")
    export(state, plan(out))
    first = json.loads(lines(out / "kept.jsonl")[0])
    assert first["turns"] == [{"role": "user", "content": "x"}]
    assert (first["small"], first["share"], first["bytes"]) == (1, 0.1, "/wA=")
    assert first["image"] == {"bytes": "/w==", "path": "p"}
    export(state, plan(out, "csv", overwrite=True))
    rows = read(out / "kept.csv")
    assert len(rows) == 3
    assert json.loads(rows[0]["turns"]) == [{"role": "user", "content": "x"}]
    assert (rows[0]["instruction"], rows[0]["bytes"], rows[1]["output"]) == ("a", "/wA=", None)


def test_csv_keeps_its_values(tmp_path: Path, out: Path) -> None:
    source = tmp_path / "data.csv"
    rows = [
        ["instruction", "output", "id"],
        ["line\nbreak", 'quote " here', "007"],
        ["comma, comma", " spaces ", "1.50"],
        ["carriage\rreturn", "NA", "1e5"],
    ]
    text = "".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows
    )
    source.write_bytes(text.encode())
    export(review(source, scores=[1.0] * 3, verdicts={}), plan(out, "csv"))
    kept = pl.read_csv(out / "kept.csv", infer_schema=False)
    assert [kept.columns, *map(list, kept.rows())] == rows


# --- JSON rows in columns


def test_json_rows_of_unlike_kinds_share_columns(tmp_path: Path, out: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"instruction": "a", "output": "x", "n": 1, "steps": [{"role": "u", "text": "t"}], "m": 1},
        {"instruction": "b", "output": "y", "n": 1.5, "steps": [{"role": "u"}], "m": "two"},
        {"instruction": "c", "output": "z", "late": True, "steps": [], "m": {"k": [3]}, "e": {}},
        {"instruction": "d", "output": "\ud800 alone", "big": 2**70},
    ]
    source = tmp_path / "mixed.jsonl"
    source.write_text("\n".join(json.dumps(row) for row in rows))
    export(review(source, scores=[1.0] * 4, verdicts={}), plan(out, "parquet"))
    kept = pl.read_parquet(out / "kept.parquet")
    assert kept["n"].to_list() == [1.0, 1.5, None, None]
    assert kept["m"].to_list() == ["1", "two", '{"k":[3]}', None]
    assert kept["steps"].to_list() == [
        [{"role": "u", "text": "t"}],
        [{"role": "u", "text": None}],
        [],
        None,
    ]
    assert kept["late"].to_list() == [None, None, True, None]
    assert kept["e"].to_list() == [None, None, "{}", None]
    assert kept["big"].to_list() == [None, None, None, str(2**70)]
    assert kept["output"].to_list()[3] == "\ufffd alone"


# --- folders of unlike files


def test_parquet_files_with_unlike_columns_share_a_table(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    first = {"instruction": ["a", "b"], "output": ["c", "d"], "n": [1, 2], "z": [[1], [2]]}
    second = {"instruction": ["e"], "output": ["f"], "n": [2.5], "extra": ["x"], "z": ["text"]}
    pl.DataFrame(first).write_parquet(folder / "a.parquet")
    pl.DataFrame(second).write_parquet(folder / "b.parquet")
    export(review(folder, scores=[1.0] * 3, verdicts={}), plan(out, "parquet"))
    kept = pl.read_parquet(out / "kept.parquet")
    assert kept["n"].to_list() == [1.0, 2.0, 2.5]
    assert kept["extra"].to_list() == [None, None, "x"]
    assert kept["z"].to_list() == ["[1]", "[2]", "text"]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_folder_of_json_and_parquet(tmp_path: Path, out: Path, form: str) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    write_lines(folder / "a.jsonl", ROWS[:3])
    pl.DataFrame(ROWS[3:]).write_parquet(folder / "b.parquet")
    export(review(folder), plan(out, form, "all"))
    assert read(out / f"kept.{form}") == [ROWS[row] for row in KEPT]
    assert read(out / f"dropped.{form}") == [ROWS[row] for row in DROPPED]


# --- what is known of each row


def test_decisions_speak_of_every_row_of_the_source(tmp_path: Path, out: Path) -> None:
    export(review(write_lines(tmp_path / "data.jsonl")), plan(out))
    decided = pl.read_parquet(out / "decisions.parquet")
    assert decided.columns == [
        *("row", "identity", "occurrence", "outcome", "reason", "reason_text", "score", "verdict"),
        "reviewer",
        *("reject_reason", "note", "tags", "matched_row", "similarity", "copies"),
        *("edited", "original_identity", "file", "split", "config", "problem"),
    ]
    assert decided["row"].to_list() == list(range(6))
    assert decided["identity"][1] == bytes(range(16, 32)).hex()
    assert decided["outcome"].to_list() == ["kept"] * 3 + ["dropped"] * 2 + ["pending"]
    gate = "gate:column:score"
    assert decided["reason"].to_list() == [
        *(gate, "accepted", gate, gate, "rejected", "not_scored"),
    ]
    assert decided["file"].to_list() == ["data.jsonl"] * 6
    assert decided["reason_text"].to_list() == [
        REASON_TEXT[reason]
        for reason in (
            *(Reason.THRESHOLD_KEEPS, Reason.ACCEPTED, Reason.THRESHOLD_KEEPS),
            *(Reason.THRESHOLD_DROPS, Reason.REJECTED, Reason.NOT_SCORED),
        )
    ]
    assert decided["score"].to_list() == [2.0, 0.5, 1.5, 0.25, 3.0, None]
    assert decided["verdict"].to_list() == [None, "accept", None, "skip", "reject", None]
    assert decided["reviewer"].to_list() == [None, "ada", None, "ada", "ada", None]
    assert decided["note"].to_list()[1] == "note on 1"
    assert decided["reject_reason"].to_list()[4] == "refusal"
    assert decided["tags"].to_list()[3:] == [["odd", "tag-3"], ["odd", "tag-4"], None]
    assert decided["similarity"].null_count() == 6


def test_preference_data_has_the_scores_of_both_sides(tmp_path: Path, out: Path) -> None:
    source = write_lines(tmp_path / "data.jsonl")
    state = review(source, scores=[SCORES, (1.0, 1.0, 1.0, 1.0, NAN, 1.0)])
    export(state, plan(out))
    decided = pl.read_parquet(out / "decisions.parquet")
    assert decided["margin"].to_list() == [1.0, -0.5, 0.5, -0.75, None, None]
    assert decided["score_rejected"].to_list() == [1.0, 1.0, 1.0, 1.0, None, 1.0]


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv"])
def test_annotations_stand_beside_the_row(tmp_path: Path, out: Path, form: str) -> None:
    state = review(write_lines(tmp_path / "data.jsonl"))
    export(state, plan(out, form, "all", annotate=True))
    rows = read(out / f"kept.{form}")
    assert [{name: row[name] for name in ROWS[0]} for row in rows] == [ROWS[row] for row in KEPT]
    assert [str(row["tamis_row"]) for row in rows] == ["0", "1", "2"]
    assert rows[1]["tamis_reason"] == "accepted"
    assert rows[0]["tamis_note"] is None
    if form == "jsonl":
        assert rows[2]["tamis_score"] == 1.5
        original = json.dumps(ROWS[0], ensure_ascii=False).encode()
        assert lines(out / "kept.jsonl")[0].startswith(original[:-1] + b",")


def test_a_note_may_hold_any_line_break(tmp_path: Path, out: Path) -> None:
    note = "one\u2028two\x85three\r\nfour"
    source = write_lines(tmp_path / "data.jsonl")
    state = review(source, given=lambda _: Given("ada", note=note))
    export(state, plan(out, annotate=True))
    written = (out / "kept.jsonl").read_bytes().split(b"\n")[:-1]
    assert [json.loads(line)["tamis_note"] for line in written] == [None, note, None]


def test_annotated_rows_of_joined_files_are_json(tmp_path: Path, out: Path) -> None:
    one = b"\xef\xbb\xbf" + json.dumps(ROWS[0]).encode() + b"\n"
    (tmp_path / "data.jsonl").write_bytes(one + one)
    state = review(tmp_path / "data.jsonl", scores=[1.0] * 2, verdicts={})
    export(state, plan(out, annotate=True))
    assert [row["tamis_row"] for row in read(out / "kept.jsonl")] == [0, 1]
    export(state, plan(out, overwrite=True))
    assert lines(out / "kept.jsonl") == [json.dumps(ROWS[0]).encode()] * 2


def test_a_number_of_thousands_of_digits_is_exported(tmp_path: Path, out: Path) -> None:
    rows = [{**ROWS[0], "n": 3}, {**ROWS[1], "n": 4}]
    text = "".join(json.dumps(row) + "\n" for row in rows).replace("4}", "9" * 4500 + "}")
    (tmp_path / "data.jsonl").write_text(text)
    state = review(tmp_path / "data.jsonl", scores=[1.0] * 2, verdicts={})
    export(state, plan(out, "parquet"))
    assert pl.read_parquet(out / "kept.parquet")["n"].to_list() == [3.0, float("inf")]
    assert "infinite" in pl.read_parquet(out / "decisions.parquet")["problem"][1]
    export(state, plan(out, annotate=True, overwrite=True))
    assert b"9" * 4500 in (out / "kept.jsonl").read_bytes()


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_annotations_give_way_to_columns_of_that_name(tmp_path: Path, out: Path, form: str) -> None:
    first = tmp_path / "first"
    export(review(write_lines(tmp_path / "data.jsonl")), plan(first, form, annotate=True))
    again = review(first / f"kept.{form}", scores=[1.0] * 3, verdicts={})
    export(again, plan(out, form, annotate=True))
    row = read(out / f"kept.{form}")[2]
    assert (row["tamis_reason"], row["tamis2_reason"]) == ("gate:column:score",) * 2
    assert row["tamis_reason_text"] == REASON_TEXT[Reason.THRESHOLD_KEEPS]


# --- pending


def test_pending_rows_block_the_kept_until_allowed(tmp_path: Path, out: Path) -> None:
    state = review(write_lines(tmp_path / "data.jsonl"))
    for keep in ("kept", "all"):
        with pytest.raises(PendingRowsError) as caught:
            export(state, plan(out, keep=keep, allow_pending=False))
        assert caught.value.exit_code == 4
        assert "--allow-pending" in caught.value.hint
    assert not out.exists()
    export(state, plan(out, keep="dropped", allow_pending=False))
    assert len(lines(out / "dropped.jsonl")) == 2


def test_without_a_threshold_nothing_is_kept_but_by_hand(tmp_path: Path, out: Path) -> None:
    state = review(write_lines(tmp_path / "data.jsonl"), threshold=None)
    export(state, plan(out))
    assert [json.loads(line) for line in lines(out / "kept.jsonl")] == [ROWS[1]]
    assert manifest_of(out)["threshold"] is None


def test_nothing_kept_is_an_empty_file(tmp_path: Path, out: Path) -> None:
    state = review(write_lines(tmp_path / "data.jsonl"), threshold=9.0, verdicts={})
    for form in ("jsonl", "parquet", "csv", "hf"):
        export(state, plan(out, form, overwrite=True))
        assert manifest_of(out)["files"][f"kept.{'parquet' if form == 'hf' else form}"]["rows"] == 0


# --- counts before, manifest after


def test_the_preview_is_what_gets_written(tmp_path: Path, out: Path) -> None:
    state = review(write_lines(tmp_path / "data.jsonl"))
    for keep in Keep:
        asked = plan(out, keep=keep.value, overwrite=True)
        foreseen = preview(state, asked)
        counts = export(state, asked).counts
        assert (foreseen.kept, foreseen.dropped, foreseen.pending) == (
            counts["kept"],
            counts["dropped"],
            counts["pending"],
        )
        files = manifest_of(out)["files"]
        assert foreseen.written == sum(
            files.get(f"{name}.jsonl", {"rows": 0})["rows"] for name in Keep
        )
        assert not foreseen.pending_blocks
    assert preview(state, plan(out, allow_pending=False)).pending_blocks


def check(out: Path, state: ReviewState) -> None:
    """Recount everything that a manifest says."""
    manifest = manifest_of(out)
    on_disk = {path.name for path in out.iterdir()}
    assert set(manifest["files"]) == on_disk - {"manifest.json"}
    for name, file in manifest["files"].items():
        content = (out / name).read_bytes()
        assert file["size_bytes"] == len(content)
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
    decided = pl.read_parquet(out / "decisions.parquet")
    counts = manifest["counts"]
    for outcome in Outcome:
        name = outcome.name.lower()
        assert counts[name] == (decided["outcome"] == name).sum()
    assert counts["rows"] == decided.height == state.dataset.rows
    assert counts["kept"] == counts["kept_by_hand"] + counts["kept_by_rule"]
    assert counts["dropped"] == sum(
        counts[f"dropped_{by}"] for by in ("by_hand", "by_rule", "broken")
    )
    told = {(entry["outcome"], entry["reason"]): entry["rows"] for entry in manifest["reasons"]}
    grouped = decided.group_by("outcome", "reason").len().rows()
    assert told == {(outcome, reason): rows for outcome, reason, rows in grouped}
    assert manifest["verdicts"]["count"] == decided["verdict"].is_not_null().sum()


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv", "hf"])
def test_the_manifest_agrees_with_the_disk(tmp_path: Path, out: Path, form: str) -> None:
    state = review(write_lines(tmp_path / "data.jsonl"))
    report = export(state, plan(out, form, "all", annotate=True))
    check(out, state)
    assert report.manifest == manifest_of(out)
    assert report.files == {path.name: path.stat().st_size for path in out.iterdir()}
    assert report.output == out


def test_the_manifest_says_how_the_rows_were_chosen(tmp_path: Path, out: Path) -> None:
    source = write_lines(tmp_path / "data.jsonl")
    export(review(source), plan(out))
    manifest = manifest_of(out)
    assert (manifest["tool"], manifest["state"]) == ("tamis", "complete")
    assert manifest["source"]["name"] == "data.jsonl"
    assert manifest["source"]["size_bytes"] == source.stat().st_size
    assert manifest["source"]["rows"] == 6
    assert str(tmp_path) not in (out / "manifest.json").read_text()
    assert manifest["threshold"] == {
        "text": "1.0",
        "value": 1.0,
        "direction": ">=",
        "says": "score >= 1 keeps",
        "guess": False,
        "rank": None,
    }
    assert (manifest["scorer"]["name"], manifest["scorer"]["revision"]) == ("column:score", "r1")
    assert manifest["scorer"]["key"]["digest"]
    assert manifest["verdicts"]["reviewers"] == ["ada"]
    assert manifest["options"]["allow_pending"]
    assert {"python", "polars", "tamis"} <= set(manifest["versions"])
    assert manifest["time"].endswith("+00:00")


@pytest.mark.parametrize(
    ("scorer", "published"),
    [
        ("hf:{}/deberta", "hf:deberta"),
        ("hf:{}/deberta#good/bad", "hf:deberta#good/bad"),
        ("hf:{}/gone", "hf:gone"),
        ("file:{}/scores.csv", "file:scores.csv"),
        ("file:{}/scores.csv:reward/mean", "file:scores.csv:reward/mean"),
        ("file:{}/gone.csv:score", "file:gone.csv:score"),
        ("hf:org/deberta", "hf:org/deberta"),
        ("column:/score", "column:/score"),
    ],
)
def test_where_a_scorer_lies_is_not_published(
    tmp_path: Path, out: Path, scorer: str, published: str
) -> None:
    (tmp_path / "deberta").mkdir()
    (tmp_path / "scores.csv").touch()
    name = scorer.format(tmp_path)
    key = ScoreKey(name, "r1")
    state = review(write_lines(tmp_path / "data.jsonl"))
    export(replace(state, scorer=name, score_key=key), plan(out))
    described = manifest_of(out)["scorer"]
    assert (described["name"], described["revision"]) == (published, "r1")
    assert described["key"]["scorer"] == published
    assert f"Scorer: `{published}`, revision `r1`" in (out / "README.md").read_text()
    for file in ("manifest.json", "README.md"):
        assert str(tmp_path) not in (out / file).read_text()


def test_the_card_says_it_to_people(tmp_path: Path, out: Path) -> None:
    odd = "da<b>|ta`\n---\nlicense: mit.jsonl"
    state = review(write_lines(tmp_path / odd), given=lambda _row: Given("a|b\nc"))
    export(state, plan(out))
    card = (out / "README.md").read_text()
    assert card.startswith("---\nlicense: unknown\n")
    assert card.count("\n---\n") == 1
    for said in ("by hand", "score >= 1 keeps", "column:score", "take it from the source", "taste"):
        assert said in card
    assert "<b>" not in card.split("## How")[0].split("\n# ")[1].split("\n")[0]
    assert "| kept | accepted by hand | hand | 1 |" in card


def test_progress_counts_every_row_once(tmp_path: Path, out: Path) -> None:
    seen: list[tuple[int, int]] = []
    state = review(write_lines(tmp_path / "data.jsonl"))
    export(state, plan(out, keep="all"), progress=lambda done, total: seen.append((done, total)))
    assert [total for _, total in seen] == [18] * len(seen)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == 18  # the rows, and what is known of each, twice


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, engine.export.run, engine.filter\n"
        "print([name for name in ('torch', 'transformers', 'datasets', 'pyarrow', 'textual')"
        " if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


CSVS = [
    "prompt;response\r\nWas ist K\u00e4se?;Milch, w\u00fcrzig\r\nBrot?;Mehl\r\n".encode("cp1252"),
    b"sep=;\nnote;prompt;note;response\n1;a;2;b\n3;c;4;d\n",
    '\ufeffprompt,response\na,"b ""x"""\nc,d'.encode(),
    "prompt\tresponse\nä\tb\nc\td\n".encode("utf-16"),
    b'prompt,response\na,\'b\n\n"c",d\n',
]


@pytest.mark.parametrize("data", CSVS, ids=range(len(CSVS)))
def test_a_csv_keeps_its_bytes(tmp_path: Path, out: Path, data: bytes) -> None:
    source = tmp_path / "data.csv"
    source.write_bytes(data)
    export(review(source, scores=[1.0, 1.0], verdicts={}), plan(out, "csv"))
    whole = (out / "kept.csv").read_bytes()
    tail = b"" if data.endswith(b"\n") or data[1:2] == b"\xfe" else b"\n"
    expected = data.replace(b"\n\n", b"\n") if b"'b" in data else data + tail
    assert whole == expected


def test_the_kept_set_is_known_wherever_its_rows_stand(tmp_path: Path) -> None:
    def kept(**changes: Any) -> str:
        state = review(write_lines(tmp_path / "data.jsonl"))
        return kept_digest(replace(state, **changes))

    state = review(write_lines(tmp_path / "data.jsonl"))
    assert kept() == kept() == kept_digest(state)
    other = state.identities.copy()
    other[0, 0] ^= 1
    assert kept(identities=other) != kept()
    assert kept(occurrences=np.ones(6, np.uint32)) != kept()
    assert kept(copies=np.array([2, 1, 1, 1, 1, 1], np.int32)) != kept()
    assert kept(copies=np.array([1, 1, 1, 2, 1, 1], np.int32)) == kept(), "that row is dropped"
