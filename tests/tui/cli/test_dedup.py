"""Duplicates on the command line: found by `tamis dedup`, dropped by `tamis export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.tui.cli import test_command
from tests.tui.cli.test_command import Run

tamis = test_command.tamis

STORY = "the quick brown fox jumps over the lazy dog and runs into the green forest at night"
ROWS = [
    {"prompt": "tell a story", "response": STORY, "q": 3.0},
    {"prompt": "tell a story", "response": STORY, "q": 5.0},
    {"prompt": "tell a story", "response": STORY + " alone", "q": 1.0},
    {"prompt": "name a colour that you like", "response": "red", "q": 2.0},
    {"prompt": "name a colour that you like", "response": "blue", "q": 2.5},
]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


def told(out: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(out)
    return values


def test_dedup_counts_and_writes_pairs(tamis: Run, data: Path) -> None:
    ran = tamis("dedup", data, "--json", "--output", "pairs.parquet")
    assert ran.code == 0
    values = told(ran.out)
    elapsed_s, output = values.pop("elapsed_s"), values.pop("output")
    assert elapsed_s >= 0
    assert output == "pairs.parquet"
    assert values == {
        "rows": 5,
        "exact": 1,
        "pairs": 2,
        "clusters": 1,
        "duplicate_rows": 2,
        "dropped": 2,
        "contradictions": 1,
        "duplication_rate": 0.4,
    }
    pairs = pl.read_parquet(data.parent / "pairs.parquet")
    assert pairs.columns == ["row_a", "row_b", "jaccard"]
    assert pairs.select("row_a", "row_b").rows() == [(0, 1), (0, 2)]
    assert pairs["jaccard"][0] == 1
    assert not list(data.parent.glob("*.db"))
    again = tamis("dedup", data, "--output", "pairs.parquet")
    assert again.code != 0
    assert "--overwrite" in again.err
    assert tamis("dedup", data, "--output", "pairs.parquet", "--overwrite").code == 0
    assert tamis("dedup", data, "--output", data, "--overwrite").code != 0
    assert data.read_text().count("\n") == 5


def test_prompts_alone_are_shown_and_never_dropped(tamis: Run, data: Path) -> None:
    values = told(tamis("dedup", data, "--on", "prompt", "--json").out)
    assert (values["clusters"], values["duplicate_rows"], values["dropped"]) == (2, 3, 0)
    assert values["contradictions"] == 1
    said = tamis("dedup", data, "--on", "prompt", "--shingle", "word:2", "--similarity", "70%")
    assert "only whole samples are" in said.out


def test_by_meaning_without_a_model_or_without_the_extra_is_a_message(
    tamis: Run, data: Path
) -> None:
    ran = tamis("dedup", data, "--semantic", "no-such-folder")
    assert (ran.code, ran.out) == (4, "")
    assert "no such folder" in ran.err or "pip install 'tamis[semantic]'" in ran.err
    ran = tamis("dedup", data, "--semantic", "no-such-folder", "--shingle", "word:2")
    assert ran.code == 2
    ran = tamis("dedup", data, "--on", "meaning")
    assert (ran.code, "prompt, response, both" in ran.err) == (2, True)


def test_short_responses_repeat_by_right(tamis: Run, data: Path) -> None:
    data.write_text(
        "".join(json.dumps({"prompt": str(n), "response": "Yes."}) + "\n" for n in "ab")
    )
    assert told(tamis("dedup", data, "--on", "response", "--json").out)["clusters"] == 0


def test_an_export_drops_duplicates_where_it_is_told_to(tamis: Run, data: Path) -> None:
    flags = ("--scorer", "column:q", "--threshold", ">= 0", "--json")
    ran = tamis("export", data, "--output", "o", *flags, "--drop-duplicates", "0.8")
    assert ran.code == 0
    result = told(ran.out)
    assert result["counts"]["kept"] == 3
    assert result["duplicates"]["dropped"] == 2
    decisions = pl.read_parquet(data.parent / "o" / "decisions.parquet")
    assert decisions["matched_row"].to_list() == [1, None, 1, None, None]
    ran = tamis("export", data, "--output", "o2", *flags)
    assert (told(ran.out)["counts"]["kept"], told(ran.out)["duplicates"]) == (5, None)
    text = tamis("export", data, "--output", "o3", *flags[:-1], "--drop-duplicates", "80%")
    assert "repeats   2 dropped at a similarity of 0.8 or more" in text.out


def test_a_share_in_percent_is_asked_back_before_anything_is_read(
    tamis: Run,
    data: Path,
) -> None:
    ran = tamis("export", data, "--output", "o", "--drop-duplicates", "80")
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean 0.80?" in ran.err
    assert not list(data.parent.glob("*.db"))


def test_rows_of_no_family_cannot_be_compared(tamis: Run, data: Path) -> None:
    data.write_text('{"x": 1}\n{"x": 1}\n')
    ran = tamis("dedup", data)
    assert ran.code == 2
    assert "--prompt-column" in ran.err


def test_rows_without_text_are_no_trouble(tamis: Run, data: Path) -> None:
    odd = ["", "😀", "你好世界", "שלום", "", "x" * 100_000]
    data.write_text("".join(json.dumps({"prompt": text, "response": ""}) + "\n" for text in odd))
    ran = tamis("dedup", data, "--json")
    assert ran.code == 0
    assert told(ran.out)["exact"] == 1
