"""Every real dataset beside the checkout opens with its family and all of its rows."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.reading.options import ReadOptions
from engine.sample import Family, Role, Side, identify


def _manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.fixture
def alpaca(shared_data: Path) -> Dataset:
    return open_dataset(shared_data / "alpaca" / "alpaca_data.json")


OTHERWISE = {
    # Rows of messages that answer each other: a sample for each path.
    "oasst/realistic_seed_data.json": ("messages", 158),
    # One completion of each of several models for a prompt.
    "openinstruct/eval_instances_tulu_1.jsonl": ("candidates", 996),
}
"""Files that are read otherwise than as their manifest has it, which goes by flat columns."""


def test_every_file_of_the_manifest_has_its_family_and_rows(shared_data: Path) -> None:
    expected = {e["path"]: (e["family"], int(e["rows"])) for e in _manifest(shared_data)}
    expected |= {name: found for name, found in OTHERWISE.items() if name in expected}
    found = {}
    for path in expected:
        dataset = open_dataset(shared_data / path)
        found[path] = (dataset.family.value, dataset.rows)
        dataset.close()
    assert found == expected


def test_every_row_of_a_known_family_has_a_sample(shared_data: Path) -> None:
    for entry in _manifest(shared_data):
        # Placeholders are no input on the screen; an identity is that of the cell as it stands.
        dataset = open_dataset(shared_data / entry["path"], ReadOptions(placeholders=()))
        rows = np.arange(0, dataset.rows, max(1, dataset.rows // 50))
        samples = dataset.samples(rows)
        assert not dataset.broken.any(), entry["path"]
        if dataset.family is not Family.OTHER:
            assert all(sample.turns for sample in samples), entry["path"]
        identities = dataset.identities(rows)
        for sample, identity in zip(samples, identities, strict=True):
            if sample.turns:
                again = identify(
                    sample.turns, sample.other, tools=sample.tools, candidates=sample.candidates
                )
                assert again == identity.tobytes(), entry["path"]
        dataset.close()


def test_alpaca_reports_its_empty_answers_and_nothing_broken(alpaca: Dataset) -> None:
    empty = [p for p in alpaca.problems if p.cause == "the response is empty"]
    assert len(empty) == 28
    assert not alpaca.broken.any()
    assert alpaca.problem(empty[0].row or 0) == "the response is empty"


def test_a_pair_of_transcripts_shares_its_prompt(shared_data: Path) -> None:
    dataset = open_dataset(shared_data / "hh-rlhf" / "harmless-base_test.jsonl.gz")
    chosen, rejected = dataset.sample(0), dataset.sample(0, Side.REJECTED)
    assert chosen.turns[-1].role is Role.ASSISTANT
    assert chosen.turns[:-1] == rejected.turns[:-1]
    assert (chosen.response, chosen.other) == (rejected.other, rejected.response)
    assert dataset.texts["rejected"].null_count() == 0
    assert "Human:" not in chosen.prompt


def test_tool_turns_of_sharegpt_are_told_apart(shared_data: Path) -> None:
    dataset = open_dataset(shared_data / "llamafactory" / "glaive_toolcall_en_demo.json")
    turns = [turn for row in range(dataset.rows) for turn in dataset.sample(row).turns]
    assert sum(bool(turn.tool_calls) for turn in turns) == 211
    assert sum(turn.role is Role.TOOL for turn in turns) == 211
    assert dataset.sample(0).tools is not None


def test_labels_choose_the_better_output(shared_data: Path) -> None:
    dataset = open_dataset(shared_data / "llmbar" / "Processed_MT-Bench.json")
    for row in range(dataset.rows):
        record, sample = dataset.record(row), dataset.sample(row)
        assert sample.response == record[f"output_{record['label']}"]
        assert sample.other == record[f"output_{3 - record['label']}"]
