from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.dataset.reading.split_names import matching
from engine.errors import InputError, UsageError
from engine.hub.choosing import chosen_files
from tests.engine.hub.rows import CARD, dataset

FILES = list(dataset(1))
TEXT = CARD.decode()


def test_the_card_says_which_files_belong_to_a_configuration() -> None:
    chosen = chosen_files(TEXT, FILES)
    assert (chosen.config, chosen.configs) == ("plain", ("plain", "other"))
    assert chosen.splits == {
        "train": ("data/train-00000-of-00002.jsonl", "data/train-00001-of-00002.jsonl"),
        "test": ("data/test.jsonl",),
    }
    assert chosen_files(TEXT, FILES, "other").files == ("other/rows.jsonl",)
    assert chosen_files(TEXT, FILES, split="test").files == ("data/test.jsonl",)


def test_a_wrong_name_is_told_with_the_right_ones() -> None:
    with pytest.raises(UsageError) as caught:
        chosen_files(TEXT, FILES, "plan")
    assert caught.value.hint == "--config is one of: plain, other"
    with pytest.raises(UsageError) as caught:
        chosen_files(TEXT, FILES, split="tset")
    assert caught.value.hint == "--split is one of: train, test"


def test_of_several_configurations_without_a_default_one_must_be_chosen() -> None:
    with pytest.raises(UsageError) as caught:
        chosen_files(TEXT.replace("  default: true\n", ""), FILES)
    assert caught.value.hint == "choose with --config: plain, other"


def test_scripts_are_never_taken() -> None:
    with pytest.raises(InputError) as caught:
        chosen_files("", ["made.py", "README.md"])
    assert "tamis runs none" in caught.value.hint
    with pytest.raises(InputError):
        chosen_files("---\nconfigs:\n- data_files: '*.py'\n---\n", ["made.py"])


def test_parquet_goes_before_other_formats_of_the_same_rows() -> None:
    both = ["train.jsonl", "train.parquet", "notes.txt", "dataset_info.json"]
    assert chosen_files("", both).files == ("train.parquet",)
    assert chosen_files("", both[:1] + both[2:]).files == ("train.jsonl",)
    assert chosen_files("", both[2:]).files == ("notes.txt",)


def test_the_hubs_own_conversion_has_its_configurations_as_folders() -> None:
    files = ["a/train/0000.parquet", "a/test/0000.parquet", "b/partial-train/0000.parquet"]
    assert chosen_files("", files, "a", "test").files == ("a/test/0000.parquet",)
    assert chosen_files("", files, "b").splits == {"train": ("b/partial-train/0000.parquet",)}


@pytest.mark.parametrize(
    "card",
    [
        "",
        "no front matter",
        "---\nconfigs: [\n---\n",
        "---\nnever: ended\n",
        "---\nconfigs: 3\n---\n",
        "---\n- a list\n---\n",
        "---\nconfigs:\n- 1\n---\n",
        "---\nconfigs: " + "[" * 500_000 + "\n---\n",
        "---\nconfigs:\n" + "- " * 300_000 + "\n---\n",
        "---\nconfigs:\n" + "".join(" " * n + "a:\n" for n in range(1_000)) + "---\n",
    ],
)
def test_a_card_that_says_nothing_leaves_it_to_the_names(card: str) -> None:
    assert chosen_files(card, ["train.csv", "test.csv"]).splits == {
        "train": ("train.csv",),
        "test": ("test.csv",),
    }


@pytest.mark.parametrize(
    "files",
    [
        ["train.jsonl", "test.jsonl"],
        ["data/train-00000-of-00002.jsonl", "data/train-00001-of-00002.jsonl", "x.jsonl"],
        ["data/my_split-00000-of-00001.jsonl", "data/other-00000-of-00001.jsonl"],
        ["train/a.jsonl", "train/b.jsonl", "validation/a.jsonl", "test/deep/er/a.jsonl"],
        ["rows.jsonl", "more.jsonl"],
        ["my-dev.jsonl", "trainer.jsonl", "a_valid_b.jsonl"],
        ["eval.jsonl", "training.jsonl", ".hidden.jsonl", "__cache/train.jsonl"],
        ["sub/train.jsonl", "sub/test.jsonl"],
        ["train2.jsonl", "2test.jsonl", "strain.jsonl"],
    ],
    ids=lambda files: files[0],
)
def test_names_mean_the_splits_that_they_mean_to_datasets(files: list[str], tmp_path: Path) -> None:
    from datasets.data_files import DataFilesDict, get_data_patterns

    for name in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('{"text": "a"}\n')
    patterns = get_data_patterns(str(tmp_path))
    theirs = {
        str(split): sorted(str(Path(name).relative_to(tmp_path)) for name in names)
        for split, names in DataFilesDict.from_patterns(patterns, base_path=str(tmp_path)).items()
    }
    ours = {split: sorted(names) for split, names in chosen_files("", files).splits.items()}
    assert ours == theirs


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("*.jsonl", ["a.jsonl"]),
        ("**/*.jsonl", ["a.jsonl", "x/b.jsonl", "x/y/c.jsonl"]),
        ("x/**", ["x/b.jsonl", "x/y/c.jsonl", "x/d.csv"]),
        ("./x/*.{csv,jsonl}", ["x/b.jsonl", "x/d.csv"]),
        ("x/?.csv", ["x/d.csv"]),
        ("x/[!b]*", ["x/d.csv"]),
        ("**/**/c.jsonl", ["x/y/c.jsonl"]),
        ("../*", []),
        ("https://elsewhere/a.jsonl", []),
    ],
)
def test_patterns_of_a_card(pattern: str, meant: list[str]) -> None:
    files = ["a.jsonl", "x/b.jsonl", "x/y/c.jsonl", "x/d.csv"]
    assert matching(pattern, files) == meant
    assert matching(pattern, [f"in/{name}" for name in files], "in") == [
        f"in/{name}" for name in meant
    ]


def test_no_pattern_takes_long() -> None:
    begun_s = time.monotonic()
    matching("**/" * 50 + "*a" * 50 + "b", ["/".join("a" * 60), "a" * 200])
    matching("{a,b}" * 40, ["x"])
    assert time.monotonic() - begun_s < 2
