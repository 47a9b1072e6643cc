"""A dataset as its users see it: texts, samples, identities, original rows, fingerprint."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.identities import IdentityTable
from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.dataset.reading.problems import MAX_PROBLEMS
from engine.errors import InputError
from engine.sample import Family, Side, identify


def dataset_of(folder: Path, rows: list[Any], name: str = "a.jsonl", **options: Any) -> Dataset:
    file = folder / name
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_dataset(file, **options)


ALPACA = [{"instruction": f"Say {i}", "input": "x" * (i % 2), "output": f"{i}"} for i in range(6)]
CHAT = [
    {"messages": [{"role": "user", "content": f"q{i}"}, {"role": "assistant", "content": f"a{i}"}]}
    for i in range(6)
]
PAIRS = [{"prompt": f"q{i}", "chosen": f"a{i}", "rejected": f"b{i}"} for i in range(6)]
PAIR_CHAT = [
    {
        **row,
        "chosen": [{"role": "assistant", "content": row["chosen"]}],
        "rejected": [{"role": "assistant", "content": row["rejected"]}],
    }
    for row in PAIRS
]
SYSTEM = [
    {"system_prompt": "s" * (i % 2), "question": f"q{i}", "response": f"a{i}"} for i in range(6)
]
TEXTS = [{"text": f"t{i}"} for i in range(6)]
PROMPTS = [{"prompt": f"p{i}"} for i in range(6)]
EVERY = [ALPACA, CHAT, PAIRS, PAIR_CHAT, SYSTEM, TEXTS, PROMPTS]


@pytest.mark.parametrize("rows", EVERY)
def test_texts_samples_and_identities_agree(tmp_path: Path, rows: list[Any]) -> None:
    dataset = dataset_of(tmp_path, rows)
    asked = np.array([4, 0, 5, 0])
    samples = dataset.samples(asked)
    assert [sample.row for sample in samples] == asked.tolist()
    for sample, identity in zip(samples, dataset.identities(asked), strict=True):
        prompt, response, rejected = dataset.texts.row(sample.row)
        assert (sample.prompt, sample.response) == (prompt, response or "")
        assert sample.other == rejected
        assert identify(sample.turns, sample.other) == identity.tobytes()
    again = dataset_of(tmp_path, [{"id": 1, **row} for row in reversed(rows)], "b.jsonl")
    every = np.arange(6)
    assert (again.identities(every)[::-1] == dataset.identities(every)).all()


@pytest.mark.parametrize("rows", [PAIRS, PAIR_CHAT])
def test_the_other_side_of_a_pair_is_the_same_sample_turned(
    tmp_path: Path, rows: list[Any]
) -> None:
    dataset = dataset_of(tmp_path, rows)
    assert dataset.has_sides
    sample = dataset.sample(1, Side.REJECTED)
    assert (sample.response, sample.other, sample.turns[-1].text) == ("b1", "a1", "b1")


def test_flat_and_nested_spellings_of_a_sample_are_the_same_sample(tmp_path: Path) -> None:
    flat, nested = dataset_of(tmp_path, PAIRS), dataset_of(tmp_path, PAIR_CHAT, "b.jsonl")
    assert flat.texts.equals(nested.texts)
    assert (flat.identities(np.arange(6)) == nested.identities(np.arange(6))).all()


def test_a_system_prompt_is_a_turn_only_where_there_is_one(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, SYSTEM)
    assert [len(sample.turns) for sample in dataset.samples([0, 1])] == [2, 3]
    assert dataset.texts["prompt"].to_list()[:2] == ["q0", "system: s\n\nuser: q1"]


def test_lengths_count_characters_of_prompt_and_response(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, [{"prompt": "é", "response": "😀\n"}, {"prompt": 1.5}])
    assert dataset.lengths.tolist() == [3, 3]
    assert dataset.lengths.dtype == np.int32


def test_occurrence_counts_identical_samples_before(tmp_path: Path) -> None:
    for rows in (ALPACA, CHAT, TEXTS):
        dataset = dataset_of(tmp_path, [rows[0], rows[1], rows[0], {"x": 1}, rows[0], {"x": 1}])
        assert IdentityTable(dataset.rows, dataset.identities).occurrences().tolist() == [
            0,
            0,
            1,
            0,
            2,
            1,
        ]


def test_rows_of_an_unknown_family_are_told_apart(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, [{"a": 1, "b": 2}, {"a": 2}, {"b": 2, "a": 1}])
    assert dataset.family is Family.OTHER
    assert dataset.texts.null_count().row(0) == (3, 3, 3)
    assert not dataset.broken.any()
    assert IdentityTable(dataset.rows, dataset.identities).occurrences().tolist() == [0, 0, 1]
    assert dataset.column_names == ("a", "b")
    assert dataset.sample(0).turns == ()


def test_a_broken_row_has_an_identity_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"prompt": "a"}\n{"prompt": \n{"prompt": [\n')
    dataset = open_dataset(tmp_path / "a.jsonl")
    first = dataset.identities(np.arange(3))
    assert len({row.tobytes() for row in first}) == 3
    (tmp_path / "a.jsonl").write_text('{"prompt": [\n{"prompt": "a"}\n')
    moved = open_dataset(tmp_path / "a.jsonl").identities(np.arange(2))
    assert moved[0].tobytes() == first[2].tobytes()


def test_problems_are_listed_to_a_limit_and_counted_beyond(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "response": ""} for _ in range(MAX_PROBLEMS + 50)]
    dataset = dataset_of(tmp_path, rows)
    assert (len(dataset.problems), dataset.problems_total) == (MAX_PROBLEMS, MAX_PROBLEMS + 50)
    assert dataset.problem(MAX_PROBLEMS + 49) == "the response is empty"
    assert dataset.problems[-1].line == MAX_PROBLEMS


def test_several_causes_of_a_row_are_joined(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, [{"prompt": "", "response": "\0"}, PROMPTS[0]])
    assert dataset.problem(0) == ("the prompt is empty; the text holds NUL characters")
    assert dataset.problem(1) == "the response is null"


def test_parquet_and_json_note_the_same_problems(tmp_path: Path) -> None:
    rows = [
        {"prompt": "a", "response": ""},
        {"prompt": None, "response": "b"},
        {"prompt": "a\0", "response": "\nInstruction: x"},
        {"prompt": None, "response": None},
        {"prompt": " ", "response": "x"},
    ]
    json_lines = dataset_of(tmp_path, rows)
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    parquet = open_dataset(tmp_path / "a.parquet")
    causes = [json_lines.problem(row) for row in range(5)]
    assert causes == [parquet.problem(row) for row in range(5)]
    assert causes[3] == "nothing in prompt, response"
    assert parquet.broken.tolist() == [False, False, False, True, False]
    assert parquet.identities(np.arange(3)).tolist() == json_lines.identities(np.arange(3)).tolist()


def test_texts_share_the_memory_of_their_column(tmp_path: Path) -> None:
    long = [{"prompt": "p" * 100_000, "response": "r" * 100_000} for _ in range(20)]
    frame = pl.DataFrame(long)
    frame.write_parquet(tmp_path / "a.parquet")
    dataset = open_dataset(tmp_path / "a.parquet")
    newest = pl.CompatLevel.newest()
    source = dataset._shards[0]._data  # type: ignore[attr-defined]
    for part in ("prompt", "response"):
        own = dataset.texts[part].to_arrow(compat_level=newest).buffers()
        theirs = source[part].to_arrow(compat_level=newest).buffers()
        assert [buffer.address for buffer in own[1:]] == [b.address for b in theirs[1:]]


def test_frames_of_json_have_one_schema_whatever_rows_are_asked(tmp_path: Path) -> None:
    rows = [
        {"prompt": "a", "n": 1, "f": 1, "b": True, "nested": [1], "mixed": 1, "big": 10**30},
        {"prompt": "b", "n": None, "f": 2.5, "b": None, "nested": {"é": 1}, "mixed": "x"},
    ]
    dataset = dataset_of(tmp_path, rows)
    second, first = (dataset.frame(np.array([row])) for row in (1, 0))
    assert first.schema == second.schema
    assert first["n"].dtype == pl.Int64
    assert first["f"].dtype == pl.Float64
    assert first["b"].dtype == pl.Boolean
    both = dataset.frame(np.array([1, 0]))
    assert both["nested"].to_list() == ['{"é": 1}', "[1]"]
    assert both["mixed"].to_list() == ["x", "1"]


@pytest.mark.parametrize("late_row", [5, 1_500, 25_000])
def test_columns_are_those_of_all_rows(tmp_path: Path, late_row: int) -> None:
    rows: list[dict[str, Any]] = [
        {"instruction": f"Say {row}", "output": "x" * 100} for row in range(late_row)
    ]
    dataset = dataset_of(tmp_path, [*rows, {**ALPACA[0], "late": 7, "later": [1]}])
    assert dataset.column_names[:2] == ("instruction", "output")
    assert {"late", "later"} <= set(dataset.column_names)
    assert dataset.all_column_names == dataset.column_names
    assert dataset.column("late").dtype == pl.Int64
    assert dataset.column("late").drop_nulls().to_list() == [7]
    assert set(dataset.frame(np.array([0])).columns) == set(dataset.column_names)


def test_frames_join_shards_in_the_order_asked(tmp_path: Path) -> None:
    pl.DataFrame({"prompt": ["a", "b"], "x": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"prompt": ["c", "d"], "x": [[1], [2]]}).write_parquet(tmp_path / "b.parquet")
    dataset = open_dataset(tmp_path)
    frame = dataset.frame(np.array([3, 0, 2]))
    assert frame["prompt"].to_list() == ["d", "a", "c"]
    assert dataset.frame(np.array([], np.int64)).height == 0


def test_asking_for_rows_that_are_not_there_is_an_index_error(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, ALPACA)
    for ask in (dataset.sample, dataset.record, dataset.raw):
        with pytest.raises(IndexError):
            ask(6)
        with pytest.raises(IndexError):
            ask(-1)


def test_the_fingerprint_is_of_contents_and_the_quick_print_of_files(tmp_path: Path) -> None:
    first = dataset_of(tmp_path, ALPACA)
    assert (first.fingerprint.rows, first.fingerprint.files) == (6, 1)
    assert first.fingerprint.size_bytes == (tmp_path / "a.jsonl").stat().st_size
    os.utime(tmp_path / "a.jsonl", (1, 1))
    touched = open_dataset(tmp_path / "a.jsonl")
    assert touched.fingerprint.digest == first.fingerprint.digest
    assert touched.quick_print != first.quick_print
    changed = dataset_of(tmp_path, ALPACA[1:])
    assert changed.fingerprint.digest != first.fingerprint.digest


def test_replacing_the_file_does_not_disturb_an_open_dataset(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, CHAT)
    raw = dataset.raw(5)
    (tmp_path / "new").write_text("other\n")
    (tmp_path / "new").rename(tmp_path / "a.jsonl")
    assert dataset.raw(5) == raw
    assert dataset.sample(5).response == "a5"


def test_changing_the_file_in_place_is_noticed_and_texts_stay(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, CHAT)
    (tmp_path / "a.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="changed while it was open"):
        dataset.raw(5)
    assert dataset.record(5) == {}
    sample = dataset.sample(5)
    assert (sample.prompt, sample.response) == ("q5", "a5")


def test_a_closed_dataset_keeps_its_texts(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path, ALPACA)
    dataset.close()
    assert dataset.texts["response"].to_list() == [row["output"] for row in ALPACA]
    assert dataset.sample(0).response == "0"


def test_the_columns_used_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"c{n}" for n in range(5)]
    dataset = dataset_of(tmp_path, [{"prompt": "p", "response": "r"} | dict.fromkeys(names, 1)])
    read: list[str] = []
    real = Dataset._read_column

    def counted(self: Dataset, name: str, cancelled: Callable[[], bool] | None) -> pl.Series:
        read.append(name)
        return real(self, name, cancelled)

    monkeypatch.setattr(Dataset, "_read_column", counted)
    for name in [*names[:4], "c0", "c4", "c0", "c2", "c1"]:
        dataset.column(name)
    assert read == [*names, "c1"], "c0 was used after c1, which made room for c4"


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FLAT_ROWS = st.lists(
    st.fixed_dictionaries(
        {"instruction": WORDS, "input": WORDS | st.none(), "output": WORDS | st.none()}
    ),
    min_size=1,
    max_size=10,
)


@given(FLAT_ROWS)
def test_columns_and_rows_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    """What is read by column equals what `read_row` says, row by row."""
    from engine.dataset.reading.rows import RowContent, read_row

    dataset = (
        dataset_of(
            tmp_path_factory.mktemp("rows"), rows, options=ReadOptions(ColumnMapping(Family.ALPACA))
        )
        if any(row["output"] for row in rows)
        else None
    )
    if dataset is None or dataset.columns.input is None:
        return
    for index, row in enumerate(rows):
        reading = read_row(row, Family.ALPACA, dataset.columns)
        assert isinstance(reading, RowContent)
        assert dataset.texts.row(index) == (reading.prompt, reading.response, None)
        assert dataset.problem(index) == "; ".join(sorted(reading.remarks))
        assert dataset.sample(index).turns == reading.turns
