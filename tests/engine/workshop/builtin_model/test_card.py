from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.workshop.builtin_model.card import CARD, FAULTS, FIGURES, render, write_card
from engine.workshop.builtin_model.corruption import Fault
from engine.workshop.builtin_model.evaluation import (
    Figures,
    evaluate_candidate,
    plant_held_out,
    write_figures,
)
from engine.workshop.builtin_model.evaluation.figures import SpeedFigures
from engine.workshop.builtin_model.evaluation.floors import by_length
from engine.workshop.builtin_model.facts import (
    Base,
    Facts,
    Training,
    shape_of,
    sources_of,
)
from tests.engine.workshop.builtin_model import made


@pytest.fixture(scope="module")
def facts(bert: Path) -> Facts:
    return Facts(
        shape=shape_of(bert),
        base=Base("somebody/some-model", "Apache-2.0", "a package"),
        training=Training(
            command="python -m engine.workshop.builtin_model --data DIR --out DIR",
            seed=7,
            minutes=41.4,
            machine="two cores",
            recipe=("Cut it.", "Fit it."),
            again="A second run was the same.",
            chosen="It was the best.",
        ),
        sources=sources_of(["gsm8k", "gsm8k", "arena-hard"]),
        start_threshold=0.25,
        threshold_why="It keeps most.",
    )


@pytest.fixture(scope="module")
def figures(facts: Facts) -> Figures:
    data = made.small_evaluation()
    held_out = plant_held_out(made.held_out(), each_kind=5)
    overlap = evaluate_candidate("overlap", made.by_overlap, data, validation=held_out)
    timed = replace(overlap, speed=(SpeedFigures("float32", 2, 256, 1_234.0, "a processor"),))
    length = evaluate_candidate("length", by_length, data)
    return Figures(1, data.files, (timed, length)).ship("overlap", facts.record())


def test_the_bundled_card_is_what_the_bundled_figures_give(tmp_path: Path) -> None:
    write_card(FIGURES, tmp_path / "README.md")
    assert (tmp_path / "README.md").read_bytes() == CARD.read_bytes()


def test_the_card_has_what_is_in_the_file_in_the_order_of_the_kinds(
    figures: Figures, tmp_path: Path
) -> None:
    write_figures(figures, tmp_path / "figures.json")
    write_card(tmp_path / "figures.json", tmp_path / "README.md")
    card = (tmp_path / "README.md").read_text("utf-8")
    shown = re.findall(r"^\| AUC, alpaca: ([a-z ]+) \|", card, re.MULTILINE)
    assert shown == [fault.value for fault in Fault]
    truncated = figures.candidates[0].planted["alpaca"].kinds["truncated"].value
    assert f"| AUC, alpaca: truncated | {truncated:.3f} |" in card


def test_the_header_is_that_of_a_model_on_the_hub(figures: Figures, facts: Facts) -> None:
    card = render(figures)
    header = card.split("---\n")[1]
    assert "license: apache-2.0\n" in header
    assert "language:\n- en\n" in header
    assert "base_model:\n- somebody/some-model\n" in header
    scratch = replace(figures, model=replace(facts, base=None).record())
    assert "base_model" not in render(scratch)
    assert "trained from scratch" in render(scratch)


def test_every_candidate_and_measure_is_in_the_one_table(figures: Figures) -> None:
    section = render(figures).split("### All candidates and floors")[1].split("###")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert rows[0] == "|  | **overlap** | length |"
    assert {row.count("|") for row in rows} == {4}
    for name in ("rows/s, float32", "AUC, alpaca: mismatched", "AUC, planted in the demo"):
        assert sum(name in row for row in rows) == 1
    assert any("1,234 | - |" in row for row in rows)


def test_the_card_says_what_the_model_is_from_and_what_it_cannot_judge(figures: Figures) -> None:
    card = render(figures)
    assert "Start threshold: **0.25**" in card
    assert "gsm8k/train.jsonl" in card
    assert "| gsm8k | 2 | MIT |" in card
    assert "**Truth.**" in card
    assert re.search(
        r"adversarial sets, written to\s+look good and be wrong: Manual \d\.\d\d", card
    )
    for sentence in ("Cut it.", "A second run was the same.", "41 minutes on two cores"):
        assert sentence in card
    assert set(FAULTS) == {fault.value for fault in Fault}


def test_a_kind_that_is_not_found_is_not_claimed(figures: Figures) -> None:
    assert re.search(r"does not claim to find: .*truncated", render(figures))


def test_markdown_tables_are_whole(figures: Figures) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", render(figures), re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_without_a_chosen_candidate_there_is_no_card(figures: Figures) -> None:
    with pytest.raises(InputError, match="no candidate is chosen"):
        render(replace(figures, chosen=""))
    with pytest.raises(InputError, match="nothing of the shipped model"):
        render(replace(figures, model={}))


def test_a_shape_is_read_from_the_folder(bert: Path, tmp_path: Path) -> None:
    shape = shape_of(bert)
    assert (shape.architecture, shape.layers, shape.hidden) == (
        "BertForSequenceClassification",
        2,
        32,
    )
    assert shape.dtype == "float32"
    assert shape.size_bytes > 4 * shape.parameters
    with pytest.raises(InputError, match="no model to describe"):
        shape_of(tmp_path)


def test_facts_come_back_as_they_were_written(facts: Facts) -> None:
    assert Facts.from_record(facts.record()) == facts
