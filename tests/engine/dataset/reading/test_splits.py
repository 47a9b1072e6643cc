"""Which split and configuration the rows of a folder belong to, by its card or by its names."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.dataset.dataset import Dataset, Origin, open_dataset
from engine.dataset.info import describe
from engine.dataset.reading.options import ReadOptions
from engine.errors import InputError, UsageError


def line(text: str) -> str:
    return json.dumps({"prompt": f"say {text}", "response": text}) + "\n"


def fill(folder: Path, *names: str) -> Path:
    """A row in each file, that says where it is."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".parquet"):
            pl.DataFrame({"prompt": [f"say {name}"], "response": [name]}).write_parquet(path)
        else:
            path.write_text(line(name), encoding="utf-8")
    return folder


def where(dataset: Dataset, of: Origin = Origin.SPLIT) -> dict[str, str | None]:
    """Response of each row -> where it comes from."""
    return dict(zip(dataset.texts["response"], dataset.origin(of), strict=True))


def opened(path: Path, **options: str) -> Dataset:
    return open_dataset(path, ReadOptions(**options))  # type: ignore[arg-type] # texts only


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train.jsonl", "test.jsonl"), {"train.jsonl": "train", "test.jsonl": "test"}),
        (
            ("my-dev.jsonl", "trainer.jsonl", "training_a.jsonl"),
            {"my-dev.jsonl": "validation", "trainer.jsonl": None, "training_a.jsonl": "train"},
        ),
        (
            ("data/train/a.jsonl", "data/train/b.jsonl", "data/eval/a.jsonl"),
            {
                "data/train/a.jsonl": "train",
                "data/train/b.jsonl": "train",
                "data/eval/a.jsonl": "test",
            },
        ),
        (
            ("data/gold-00000-of-00002.parquet", "data/gold-00001-of-00002.parquet"),
            {
                "data/gold-00000-of-00002.parquet": "gold",
                "data/gold-00001-of-00002.parquet": "gold",
            },
        ),
        (("a.jsonl", "b.jsonl"), {"a.jsonl": None, "b.jsonl": None}),
    ],
)
def test_names_say_the_split(
    tmp_path: Path, names: tuple[str, ...], splits: dict[str, str | None]
) -> None:
    dataset = opened(fill(tmp_path, *names))
    assert where(dataset) == splits
    assert set(dataset.splits) == set(filter(None, splits.values()))
    assert where(dataset, Origin.FILE) == {name: name for name in names}
    assert describe(dataset)["splits"] == {
        split: list(splits.values()).count(split) for split in dataset.splits
    }
    dataset.close()


CARD = """---
configs:
- config_name: easy
  data_files:
  - split: train
    path: easy/*.jsonl
  - split: test
    path: held/easy.jsonl
- config_name: hard
  data_files: hard/**
---
"""


def test_a_card_says_configurations_and_what_it_leaves_out_is_told(tmp_path: Path) -> None:
    fill(
        tmp_path, "easy/a.jsonl", "easy/b.jsonl", "held/easy.jsonl", "hard/x/c.jsonl", "more.jsonl"
    )
    (tmp_path / "README.md").write_text(CARD)
    dataset = opened(tmp_path)
    assert where(dataset, Origin.CONFIG) == {
        "easy/a.jsonl": "easy", "easy/b.jsonl": "easy", "held/easy.jsonl": "easy",
        "hard/x/c.jsonl": "hard",
    }  # fmt: skip
    assert where(dataset)["held/easy.jsonl"] == "test"
    assert (dataset.configs, dataset.splits) == (("easy", "hard"), ("train", "test"))
    (problem,) = dataset.problems
    assert (problem.file, problem.broken) == ("more.jsonl", False)
    assert "no configuration of README.md names it" in problem.cause
    dataset.close()
    dataset = opened(tmp_path, config="easy", split="train")
    assert list(dataset.texts["response"]) == ["easy/a.jsonl", "easy/b.jsonl"]
    dataset.close()
    with pytest.raises(UsageError, match="no configuration is called 'soft'") as caught:
        opened(tmp_path, config="soft")
    assert caught.value.hint == "--config is one of: easy, hard"
    with pytest.raises(UsageError, match="no split is called 'dev'"):
        opened(tmp_path, split="dev")


def test_what_lies_deeper_than_what_is_opened_is_told(tmp_path: Path) -> None:
    fill(tmp_path, "a.jsonl", "more/b.jsonl", "done/kept.jsonl", "done/decisions.parquet")
    (tmp_path / "done" / "manifest.json").write_text("{}")
    dataset = opened(tmp_path)
    assert list(dataset.texts["response"]) == ["a.jsonl"]
    assert [problem.file for problem in dataset.problems] == ["more/b.jsonl"]
    dataset.close()


def test_how_deep_was_looked_is_said_where_nothing_is_found(tmp_path: Path) -> None:
    fill(tmp_path, "a/b/c/d/deep.jsonl")
    with pytest.raises(InputError, match="3 levels deep"):
        opened(tmp_path)
    dataset = opened(tmp_path / "a")
    assert dataset.rows == 1
    dataset.close()


def test_a_single_file_has_no_split(tmp_path: Path) -> None:
    dataset = opened(fill(tmp_path, "train.jsonl") / "train.jsonl")
    assert (dataset.splits, where(dataset)) == ((), {"train.jsonl": None})
    dataset.close()
    with pytest.raises(UsageError, match="no split is called 'train'") as caught:
        opened(tmp_path / "train.jsonl", split="train")
    assert "leave --split out" in caught.value.hint


def test_the_folder_of_a_repository_in_the_hubs_cache_is_its_newest_state(tmp_path: Path) -> None:
    repository = tmp_path / "datasets--org--name"
    fill(repository / "snapshots" / "new", "train.jsonl", "test.jsonl")
    fill(repository / "snapshots" / "old", "rows.jsonl")
    blob = repository / "blobs" / "abc"
    blob.parent.mkdir()
    (repository / "snapshots" / "new" / "train.jsonl").rename(blob)
    (repository / "snapshots" / "new" / "train.jsonl").symlink_to(blob)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("new")
    dataset = opened(repository)
    assert where(dataset) == {"test.jsonl": "test", "train.jsonl": "train"}
    dataset.close()


def test_an_archive_of_several_files_is_opened_like_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/train.jsonl", line("one") + line("two"))
        archive.writestr("set/test.csv", "prompt,response\nask,three\n")
        archive.writestr("set/README.md", "# words")
        archive.writestr("__MACOSX/set/._train.jsonl", "junk")
    dataset = opened(path)
    assert where(dataset) == {"three": "test", "one": "train", "two": "train"}
    assert list(dataset.origin(Origin.FILE)) == ["set/test.csv", *["set/train.jsonl"] * 2]
    assert dataset.problems == []
    assert dataset.fingerprint.files == 1
    assert dataset.fingerprint.size_bytes == path.stat().st_size
    assert len(np.unique(dataset.identities(np.arange(3)), axis=0)) == 3
    dataset.close()
    dataset = opened(path, split="train")
    assert dataset.rows == 2
    dataset.close()


def test_an_archive_with_one_data_file_beside_others_is_that_file(tmp_path: Path) -> None:
    path = tmp_path / "one.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rows.jsonl", line("one"))
        archive.writestr("LICENSE", "free")
    dataset = opened(path)
    assert list(dataset.texts["response"]) == ["one"]
    dataset.close()
