"""Every format and every way a path can be wrong."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from engine.dataset.dataset import open_dataset
from engine.dataset.reading.files import find_files
from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.dataset.reading.shard import SourceKind
from engine.errors import Cancelled, InputError, UsageError
from engine.sample import Family

ROWS = [{"prompt": f"Say {i}", "response": f"é\n{i}"} for i in range(30)]
TABLE = pl.DataFrame(ROWS)


def lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def write(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    inner = path.with_suffix("") if path.suffix in (".gz", ".zst") else path
    match inner.suffix:
        case ".parquet":
            TABLE.write_parquet(path)
            return path
        case ".arrow":
            TABLE.write_ipc(path)
            return path
        case ".feather":
            TABLE.write_ipc_stream(path)
            return path
        case ".csv" | ".tsv":
            data = TABLE.write_csv(separator="," if inner.suffix == ".csv" else "\t").encode()
        case ".json":
            data = json.dumps(ROWS).encode()
        case _:
            data = lines(ROWS)
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zst":
        data = zstandard.compress(data)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "layout"),
    [
        ("a.json", SourceKind.JSON, "json array"),
        ("a.jsonl", SourceKind.JSON, "json lines"),
        ("a", SourceKind.JSON, "json lines"),
        ("a.txt", SourceKind.JSON, "json lines"),
        ("a.json.gz", SourceKind.JSON, "json array"),
        ("a.jsonl.zst", SourceKind.JSON, "json lines"),
        ("a.csv", SourceKind.CSV, "csv"),
        ("a.tsv", SourceKind.CSV, "tsv"),
        ("a.csv.gz", SourceKind.CSV, "csv"),
        ("a.parquet", SourceKind.PARQUET, "parquet"),
        ("[a*].parquet", SourceKind.PARQUET, "parquet"),
        ("a.arrow", SourceKind.ARROW, "arrow file"),
        ("a.feather", SourceKind.ARROW, "arrow stream"),
    ],
)
def test_every_format_gives_the_same_samples(
    tmp_path: Path, name: str, kind: SourceKind, layout: str
) -> None:
    dataset = open_dataset(write(tmp_path, name))
    assert (dataset.source_kind, dataset.layout) == (kind, layout)
    assert dataset.family is Family.PROMPT_RESPONSE
    assert dataset.texts.select("prompt", "response").to_dicts() == ROWS
    assert [dataset.record(row) for row in range(dataset.rows)] == ROWS
    assert dataset.frame(pl.arange(0, 30, eager=True).to_numpy()).to_dicts() == ROWS
    assert (dataset.raw(0) is None) == (kind is not SourceKind.JSON)
    assert dataset.problems_total == 0


def test_values_of_a_csv_stay_the_strings_they_are(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b'prompt,response,n\r\n007,1e5,""\r\n"a\r\nb","say ""x""",NA\r\n true ,,\r\n')
    dataset = open_dataset(file)
    assert [list(dataset.record(row).values()) for row in range(3)] == [
        ["007", "1e5", ""],
        ["a\r\nb", 'say "x"', "NA"],
        [" true ", "", ""],
    ]
    (problem,) = dataset.problems
    assert (problem.row, problem.line, problem.cause) == (2, 5, "the response is empty")


def test_ragged_blank_and_invalid_rows_of_a_csv_are_read_with_remarks(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b'prompt,response\n"x\ny",1\na\n\nb,2,3\n\xc3\xa9\xc3\xa9\xff,4\nc,t\0u\n')
    dataset = open_dataset(file)
    assert dataset.texts["prompt"].to_list() == ["x\ny", "a", "b", "éé�", "c"]
    found = [(problem.line, problem.cause) for problem in dataset.problems]
    assert (4, "fewer fields than the header has") in found
    assert (6, "more fields than the header has; the last ones were not read") in found
    assert (7, "invalid UTF-8, replaced by U+FFFD") in found
    assert (8, "the text holds NUL characters") in found
    assert not dataset.broken.any()


def test_a_csv_with_semicolons_and_repeated_names_opens(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("prompt;response;x;x\na;b;1\n")
    assert open_dataset(file).texts.row(0) == ("a", "b", None)


def test_plain_text_is_one_row_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_bytes(b"\xef\xbb\xbfone\r\n\n  two \xff\n[INST]\n")
    dataset = open_dataset(file)
    assert (dataset.family, dataset.source_kind) == (Family.TEXT, SourceKind.TEXT)
    assert dataset.texts["response"].to_list() == ["one", "  two �", "[INST]"]
    (problem,) = dataset.problems
    assert (problem.row, problem.line) == (1, 3)


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.json.gz"])
def test_a_truncated_compressed_file_gives_the_rows_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    rows = [{"prompt": os.urandom(2000).hex(), "response": "x"} for _ in range(300)]
    pack = gzip.compress if name.endswith(".gz") else zstandard.compress
    packed = pack(json.dumps(rows).encode() if name == "a.json.gz" else lines(rows))
    path.write_bytes(packed[: len(packed) * 2 // 3])
    dataset = open_dataset(path)
    assert 1 < dataset.rows < 300
    assert dataset.texts["prompt"][0] == rows[0]["prompt"]
    (problem,) = dataset.problems
    assert (problem.row, "truncated" in problem.cause) == (None, True)


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "a.jsonl.xz": lzma.compress,
    "a.csv.bz2": bz2.compress,
    "a.jsonl": bz2.compress,
}


@pytest.mark.parametrize("name", PACKED)
def test_other_compressions_are_known_by_their_bytes(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    data = path.read_bytes() if name == "a.jsonl" else _inner(tmp_path, name)
    path.write_bytes(PACKED[name](data))
    dataset = open_dataset(path)
    assert dataset.texts["prompt"].to_list() == [row["prompt"] for row in ROWS]
    assert dataset.problems_total == 0
    path.write_bytes(PACKED[name](data)[:30])
    with pytest.raises(InputError, match="empty") as caught:
        open_dataset(path)
    assert "ends early" in caught.value.hint


def _inner(folder: Path, name: str) -> bytes:
    return write(folder, f"inner.{name.split('.')[1]}").read_bytes()


@pytest.mark.parametrize("inner", ["rows.jsonl", "rows.csv", "deep/rows.parquet"])
def test_an_archive_of_one_file_is_that_file(tmp_path: Path, inner: str) -> None:
    data = write(tmp_path, inner).read_bytes()
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("__MACOSX/._rows", b"x")
        archive.writestr(inner, data)
    assert open_dataset(path).texts["prompt"].to_list() == [row["prompt"] for row in ROWS]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model.bin", b"x")
        archive.writestr("weights.bin", b"y")
    with pytest.raises(InputError, match=r"an archive of 2 files, not of one \(.*weights\.bin"):
        open_dataset(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be unpacked"):
        open_dataset(path)


def test_a_text_that_begins_like_an_archive_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("BZh is how bzip2 begins\n")
    assert open_dataset(tmp_path / "a.txt").sample(0).response == "BZh is how bzip2 begins"


def test_members_and_frames_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    half = lines(ROWS[:15]), lines(ROWS[15:])
    for name, pack in (("a.gz", gzip.compress), ("a.zst", zstandard.compress)):
        file = tmp_path / f"jsonl.{name}"
        file.write_bytes(b"".join(pack(piece) for piece in half) + b"\0" * 64)
        dataset = open_dataset(file)
        assert dataset.rows == 30
        if name == "a.gz":
            assert dataset.problems_total == 0


def test_damaged_compressed_data_gives_what_comes_before(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(lines(ROWS)) + gzip.compress(lines(ROWS))[:12] + b"\xff" * 50)
    dataset = open_dataset(file)
    assert dataset.rows >= 30
    assert any("damaged" in p.cause or "truncated" in p.cause for p in dataset.problems)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow", "a.feather"])
def test_damaged_columns_are_an_input_error(tmp_path: Path, name: str) -> None:
    file = write(tmp_path, name)
    data = file.read_bytes()
    for cut in (12, len(data) // 3, len(data) // 2):
        file.write_bytes(data[:cut])
        with pytest.raises(InputError) as caught:
            open_dataset(file)
        assert caught.value.message.startswith(f"{file}: ")
        assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.jsonl", b"", "empty"),
        ("a.json", b" \n\t\n", "blanks"),
        ("a.json", '{"prompt": "x"}'.encode("utf-16"), "UTF-16"),
        ("a.xlsx", b"PK\x03\x04....", "not a known format"),
        ("a.csv", b"prompt,response\n", "no rows"),
        ("a.parquet", b"PAR1", "cannot be read"),
        ("a.jsonl.gz", b"\x1f\x8b", "empty"),
    ],
)
def test_what_cannot_be_opened_says_so(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(InputError, match=said) as caught:
        open_dataset(file)
    assert name in caught.value.message
    assert caught.value.exit_code == 3


def test_empty_columns_are_an_input_error(tmp_path: Path) -> None:
    TABLE.clear().write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no rows"):
        open_dataset(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    "path", ["https://example.org/a.jsonl", "s3://bucket/x", "hf://datasets/a/b", "org/name"]
)
def test_only_local_files_are_opened(path: str) -> None:
    with pytest.raises(InputError) as caught:
        open_dataset(Path(path))
    assert "hf://datasets/" in caught.value.hint


def test_pipes_and_absent_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError, match="not a regular file"):
        open_dataset(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError, match="no such file"):
        open_dataset(tmp_path / "absent.jsonl")


def test_a_folder_of_shards_is_read_in_order_and_only_its_data(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.parquet", "c.csv.gz"):
        write(tmp_path, name)
    for name in ("README.md", "notes.txt", ".hidden.jsonl", "b.jsonl.tamis.db"):
        (tmp_path / name).write_text("x")
    (tmp_path / "dataset_info.json").write_text("{}")
    dataset = open_dataset(tmp_path)
    assert [file.name for file in dataset.files] == ["a.parquet", "b.jsonl", "c.csv.gz"]
    assert (dataset.rows, dataset.source_kind) == (90, SourceKind.MIXED)
    assert dataset.record(31) == ROWS[1]
    assert (dataset.raw(0), dataset.raw(30)) == (None, lines(ROWS[:1]).strip())


def test_text_files_count_where_there_is_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    (tmp_path / "b.txt").write_text("three")
    assert open_dataset(tmp_path).rows == 3


def test_shards_one_folder_down_are_found(tmp_path: Path) -> None:
    write(tmp_path, "data/train-0.parquet")
    (tmp_path / "README.md").write_text("# x")
    dataset = open_dataset(tmp_path)
    assert dataset.rows == 30
    assert find_files(tmp_path).files[0].name == str(Path("data", "train-0.parquet"))


def test_shards_can_be_of_different_families(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl")
    chat = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "A"}]}
    (tmp_path / "b.jsonl").write_bytes(lines([chat]))
    dataset = open_dataset(tmp_path)
    assert dataset.families == {Family.PROMPT_RESPONSE: 30, Family.MESSAGES: 1}
    assert [sample.family for sample in dataset.samples([30, 0])] == [
        Family.MESSAGES,
        Family.PROMPT_RESPONSE,
    ]


def test_a_shard_that_cannot_be_opened_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "a.jsonl")
    (tmp_path / "b.jsonl").write_bytes(b"")
    dataset = open_dataset(tmp_path)
    (problem,) = dataset.problems
    assert (problem.file, problem.row, problem.cause) == ("b.jsonl", None, "the file is empty")
    (tmp_path / "a.jsonl").write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        open_dataset(tmp_path)


def test_an_export_beside_its_manifest_opens_without_the_decisions(tmp_path: Path) -> None:
    write(tmp_path, "kept.jsonl")
    write(tmp_path, "decisions.parquet")
    write(tmp_path, "decisions.jsonl")
    (tmp_path / "manifest.json").write_text("{}")
    assert [file.name for file in find_files(tmp_path).files] == ["kept.jsonl"]


def test_a_folder_without_data_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("x")
    with pytest.raises(InputError, match="no data files"):
        open_dataset(tmp_path)


def test_hugging_face_folders_open(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    table = datasets.Dataset.from_list(ROWS)
    table.save_to_disk(tmp_path / "one", num_shards=2)
    one = open_dataset(tmp_path / "one")
    assert (one.rows, len(one.files), one.source_kind) == (30, 2, SourceKind.ARROW)
    assert one.texts["response"].to_list() == [row["response"] for row in ROWS]
    chat = [[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "A"}]] * 3
    splits = {"train": table, "chat": datasets.Dataset.from_dict({"messages": chat})}
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "many")
    many = open_dataset(tmp_path / "many")
    assert many.families == {Family.PROMPT_RESPONSE: 30, Family.MESSAGES: 3}
    assert many.sample(30).response == "A"


def test_nested_columns_of_parquet_are_conversations(tmp_path: Path) -> None:
    messages = [
        {"role": "user", "content": "Hi", "tool_calls": None},
        {"role": "assistant", "content": None, "tool_calls": [{"name": "f", "arguments": "{}"}]},
    ]
    file = tmp_path / "a.parquet"
    pl.DataFrame({"messages": [messages, messages, None]}).write_parquet(file)
    dataset = open_dataset(file)
    assert dataset.family is Family.MESSAGES
    assert dataset.sample(1).turns[1].tool_calls == ('{"arguments": {}, "name": "f"}',)
    assert dataset.broken.tolist() == [False, False, True]
    assert dataset.problems[0].line is None


def test_columns_of_other_types_are_read_as_text(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    frame = pl.DataFrame({"prompt": ["a", "b"], "response": [1, None], "raw": [b"x", b"\xff"]})
    frame.write_parquet(file)
    assert open_dataset(file).texts["response"].to_list() == ["1", ""]
    binary = open_dataset(file, ReadOptions(ColumnMapping(response="raw")))
    assert binary.texts["response"].to_list() == ["x", "�"]
    nested = pl.DataFrame({"a": ["x"], "b": [[1, 2]]})
    nested.write_parquet(file)
    opened = open_dataset(file, ReadOptions(ColumnMapping(prompt=("a",), response="b")))
    assert opened.rows == 1


def test_reading_tells_how_far_it_is_and_can_be_stopped(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int | None]] = []
    for name in ("a.jsonl.gz", "a.json", "a.parquet"):
        path = write(tmp_path, name)
        open_dataset(path, progress=lambda *step: seen.append(step))
        with pytest.raises(Cancelled):
            open_dataset(path, cancelled=lambda: True)
    assert any(what.startswith("reading ") and what.endswith("a.json") for what, _, _ in seen)
    assert all(total is None or done <= total for _, done, total in seen)


def test_more_shards_than_descriptors_open(tmp_path: Path) -> None:
    for index in range(140):
        (tmp_path / f"{index:03}.jsonl").write_bytes(lines(ROWS[:2]))
    before = len(list(Path("/proc/self/fd").iterdir()))
    dataset = open_dataset(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
    assert dataset.record(279) == ROWS[1]


def test_a_column_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl")
    with pytest.raises(UsageError, match="'nope'") as caught:
        open_dataset(path, ReadOptions(ColumnMapping(prompt=("nope",))))
    assert "prompt, response" in caught.value.hint


def test_a_folder_of_a_hub_clone_and_unreadable_folders(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text('{"_data_files": [{"filename": "../x.arrow"}]}')
    write(tmp_path, "a.arrow")
    assert [file.name for file in find_files(tmp_path).files] == ["a.arrow"]
    (tmp_path / "dataset_dict.json").write_text("[" * 100_000)
    assert len(find_files(tmp_path).files) == 1


def test_a_parquet_file_inside_gzip_opens(tmp_path: Path) -> None:
    path = write(tmp_path, "a.parquet")
    packed = tmp_path / "b.parquet.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert open_dataset(packed).rows == 30
