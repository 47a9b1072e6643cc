"""Scores that somebody else computed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import ScorerError, UsageError
from engine.sample import Side
from engine.scoring import ScorerOptions, check_scorer, make_scorer
from engine.scoring.scorer import Encoded, Scored, ScoreKey, Scorer
from engine.scoring.worker.board import ScoreBoard
from engine.scoring.worker.worker import ScoringWorker
from tests.engine.scoring.samples import FakeDataset, random_samples

ROWS = 6


@pytest.fixture
def dataset() -> FakeDataset:
    columns = pl.DataFrame(
        {
            "quality": [0.5, 1.0, None, float("nan"), -2.0, 3.0],
            "text": ["1.5", "abc\x1b[31m", "", " 2 ", "1e400", "true"],
            "flag": [True, False, None, True, True, False],
        }
    )
    return FakeDataset(random_samples(ROWS, seed=30, longest=8), columns=columns)


def results(scorer: Scorer, dataset: FakeDataset) -> list[float | str]:
    found: list[float | str] = []
    for encoded in scorer.encode(dataset.samples(range(ROWS))):
        result = scorer.score([encoded])[0] if isinstance(encoded, Encoded) else encoded
        found.append(result.score if isinstance(result, Scored) else result.reason)
    return found


def test_a_column_gives_its_numbers_and_fails_the_rest_with_a_reason(dataset: FakeDataset) -> None:
    scorer = make_scorer("column:quality", dataset=dataset)
    empty, odd = "the score's cell is empty", "not a finite number: nan"
    assert results(scorer, dataset) == [0.5, 1.0, empty, odd, -2.0, 3.0]
    assert scorer.start_threshold is None
    assert scorer.key(Side.CHOSEN) == ScoreKey("column:quality", "fake")
    scorer.close()


def test_text_that_spells_a_number_counts_and_other_text_is_quoted_safely(
    dataset: FakeDataset,
) -> None:
    found = results(make_scorer("column:text", dataset=dataset), dataset)
    assert found[0] == 1.5
    assert found[1] == "not a finite number: 'abc\\x1b[31m'"
    assert found[3] == 2.0
    assert found[4] == "not a finite number: '1e400'"
    assert found[5] == "not a finite number: 'true'"


def test_truth_values_are_no_scores(dataset: FakeDataset) -> None:
    assert results(make_scorer("column:flag", dataset=dataset), dataset)[0] == (
        "not a finite number: True"
    )


def test_an_absent_column_lists_those_that_exist(dataset: FakeDataset) -> None:
    with pytest.raises(ScorerError, match="no column 'score'") as caught:
        make_scorer("column:score", dataset=dataset)
    assert "quality, text, flag" in caught.value.hint


def write(frame: pl.DataFrame, path: Path) -> Path:
    writers: dict[str, Callable[[Path], object]] = {
        ".parquet": frame.write_parquet,
        ".csv": frame.write_csv,
        ".jsonl": frame.write_ndjson,
        ".tsv": lambda file: frame.write_csv(file, separator="\t"),
        ".json": frame.write_json,
    }
    writers[path.suffix](path)
    return path


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".tsv", ".jsonl", ".json"])
def test_a_file_is_joined_by_identity_in_any_order(
    dataset: FakeDataset, tmp_path: Path, suffix: str
) -> None:
    hashes = [each.tobytes().hex() for each in dataset.identities(np.arange(ROWS))]
    frame = pl.DataFrame({"identity": hashes[::-1][:-1], "score": [5.0, 4.0, 3.0, 2.0, 1.0]})
    scorer = make_scorer(f"file:{write(frame, tmp_path / f's{suffix}')}", dataset=dataset)
    found = results(scorer, dataset)
    assert found == ["no score for this sample in the file", 1.0, 2.0, 3.0, 4.0, 5.0]


def test_a_file_is_joined_by_content(dataset: FakeDataset, tmp_path: Path) -> None:
    samples = dataset.samples(range(ROWS))[::2]
    frame = pl.DataFrame(
        {
            "prompt": [each.prompt for each in samples],
            "response": [each.response for each in samples],
            "reward": [1, 2, 3],
            "other": ["a", "b", "c"],
        }
    )
    scorer = make_scorer(f"file:{write(frame, tmp_path / 'a:b.csv')}", dataset=dataset)
    missing = "no score for this sample in the file"
    assert results(scorer, dataset) == [1.0, missing, 2.0, missing, 3.0, missing]


def test_a_file_is_joined_by_row_only_where_it_is_complete(
    dataset: FakeDataset, tmp_path: Path
) -> None:
    frame = pl.DataFrame({"row": list(range(ROWS))[::-1], "a": range(ROWS), "b": range(ROWS)})
    path = write(frame, tmp_path / "s.parquet")
    scorer = make_scorer(f"file:{path}:b", dataset=dataset)
    assert results(scorer, dataset) == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    with pytest.raises(ScorerError, match="which column"):
        make_scorer(f"file:{path}", dataset=dataset)
    with pytest.raises(ScorerError, match="no column 'c'"):
        make_scorer(f"file:{path}:c", dataset=dataset)
    write(frame[:3], path)
    with pytest.raises(ScorerError, match="cannot be joined"):
        make_scorer(f"file:{path}:a", dataset=dataset)


def test_a_changed_file_is_another_revision(dataset: FakeDataset, tmp_path: Path) -> None:
    frame = pl.DataFrame({"row": range(ROWS), "score": range(ROWS)})
    path = write(frame, tmp_path / "s.csv")
    before = make_scorer(f"file:{path}", dataset=dataset).key(Side.CHOSEN)
    write(frame.with_columns(score=pl.col("score") + 100), path)
    assert make_scorer(f"file:{path}", dataset=dataset).key(Side.CHOSEN).revision != before.revision


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.csv", None),
        ("s.xls", b"x"),
        ("s.parquet", b"PAR1"),
        ("s.json", b"{"),
        ("s.csv", b""),
    ],
)
def test_files_that_cannot_be_read_are_messages(
    dataset: FakeDataset, tmp_path: Path, name: str, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ScorerError):
        make_scorer(f"file:{tmp_path / name}", dataset=dataset)


def test_a_column_goes_through_the_worker(dataset: FakeDataset) -> None:
    board = ScoreBoard(ROWS, 1, dataset.lengths)
    worker = ScoringWorker(
        dataset,
        board,
        lambda: make_scorer("column:quality", dataset=dataset),
        interpreter_bound=True,
    )
    worker.start()
    assert worker.join(100)
    worker.cancel()
    assert np.flatnonzero(board.failed[0]).tolist() == [2, 3]
    assert board.scores[0, 5] == 3.0


def test_scorers_by_name(dataset: FakeDataset) -> None:
    assert make_scorer("heuristic").name == "heuristic"
    with pytest.raises(UsageError, match="none scores nothing"):
        make_scorer("none")
    with pytest.raises(ScorerError, match="needs a dataset"):
        make_scorer("column:x")
    for spec in ("", "hf:", "column:", "gpt", "heuristics", "builtin:x", "heuristic:"):
        with pytest.raises(UsageError, match="no such scorer"):
            make_scorer(spec, dataset=dataset)


def test_keys_differ_in_every_field() -> None:
    keys = [
        ScoreKey("a", "1"),
        ScoreKey("b", "1"),
        ScoreKey("a", "2"),
        ScoreKey("a", "1", input_format="pair"),
        ScoreKey("a", "1", max_length=512),
        ScoreKey("a", "1", dtype="float32"),
        ScoreKey("a", "1", label="good"),
        ScoreKey("a", "1", side=Side.REJECTED),
        ScoreKey("a", "1", plan_version=99),
    ]
    assert len({key.digest() for key in keys}) == len(keys)
    assert ScoreKey("a", "1").digest() == ScoreKey("a", "1").digest()


NESTED = pl.DataFrame(
    {
        "meta": [{"quality": {"help": float(n), "tags": [n, n]}} for n in range(ROWS)],
        "json": [f'{{"score": {n}, "list": [{n}, {n + 1}]}}' for n in range(ROWS)],
        "a.b": [10.0 + n for n in range(ROWS)],
        "a": [{"b": -1.0}] * ROWS,
    }
)


@pytest.fixture
def nested() -> FakeDataset:
    return FakeDataset(random_samples(ROWS, seed=30, longest=8), columns=NESTED)


@pytest.mark.parametrize(
    ("column", "first"),
    [
        ("meta.quality.help", [0.0, 1.0]),
        ("json.score", [0.0, 1.0]),
        ("json.list.1", [1.0, 2.0]),
        ("a.b", [10.0, 11.0]),
    ],
)
def test_a_name_with_dots_leads_into_objects_and_json_text(
    nested: FakeDataset, column: str, first: list[float]
) -> None:
    scorer = make_scorer(f"column:{column}", dataset=nested)
    assert results(scorer, nested)[:2] == first
    check_scorer(f"column:{column}", columns=NESTED.columns, options=ScorerOptions())


@pytest.mark.parametrize(
    ("column", "message", "hint"),
    [
        ("meta", "holds an object in a row, not a number", "column:meta.quality.help"),
        ("meta.quality.tags", "holds a list in a row", "column:meta.quality.tags.0"),
        ("json.list.x", "'json.list' is a list, whose members have numbers", "column:json.list.0"),
        ("json.nothing", "no 'json.nothing' in the dataset", "'json' has score, list"),
        ("a.b.c", "no 'a.b.c' in the dataset", "'a.b' holds no objects"),
    ],
)
def test_what_is_no_single_number_is_refused_before_scoring(
    nested: FakeDataset, column: str, message: str, hint: str
) -> None:
    with pytest.raises(ScorerError, match=message) as caught:
        make_scorer(f"column:{column}", dataset=nested)
    assert hint in caught.value.hint


def test_a_name_with_dots_whose_first_step_is_no_column_is_refused_at_once() -> None:
    with pytest.raises(ScorerError, match=r"no column 'b\.c'"):
        check_scorer("column:b.c", columns=NESTED.columns, options=ScorerOptions())
