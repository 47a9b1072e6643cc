from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from engine.dataset import open_dataset
from engine.demo import DEMO, FILES, SPOILT, FaultKind, Label, demo_folder, labels
from engine.demo.generate import build
from engine.demo.likeness import characters, jaccard, words
from engine.sample import Family

COPIED = {FaultKind.EXACT_DUPLICATE, FaultKind.NEAR_DUPLICATE}


@dataclass(frozen=True, slots=True)
class Row:
    prompt: str
    response: str
    source: str

    @property
    def whole(self) -> str:
        return f"{self.prompt}\n{self.response}"


@cache
def rows() -> tuple[Row, ...]:
    lines = [line for name in FILES for line in (demo_folder() / name).read_text().splitlines()]
    return tuple(read(line) for line in lines)


def read(line: str) -> Row:
    record = json.loads(line)
    if "messages" in record:
        *before, last = [turn["content"] for turn in record["messages"]]
        return Row("\n\n".join(before), last, line)
    prompt = f"{record['instruction']}\n{record['input']}" if record["input"] else None
    return Row(prompt or record["instruction"], record["output"], line)


@cache
def marked() -> dict[int, Label]:
    return {label.row: label for label in labels()}


def planted(kinds: set[FaultKind]) -> set[tuple[int, int]]:
    """Pairs of rows that were made alike on purpose, the lower row first."""
    return {
        (min(label.row, partner), max(label.row, partner))
        for label in labels()
        if label.kind in kinds
        for partner in label.partners
    }


def alike(shingled: list[frozenset[str]], least: float) -> set[tuple[int, int]]:
    """All pairs with a Jaccard similarity of at least `least`, compared by brute force."""
    numbers: dict[str, int] = {}
    columns = [numbers.setdefault(s, len(numbers)) for shingles in shingled for s in shingles]
    sizes = np.array([len(shingles) for shingles in shingled])
    ends = np.concatenate([[0], np.cumsum(sizes)])
    table = csr_matrix((np.ones(len(columns), np.int32), columns, ends))
    shared = (table @ table.T).tocoo()
    likeness = shared.data / (sizes[shared.row] + sizes[shared.col] - shared.data)
    found = (likeness >= least) & (shared.row < shared.col)
    return set(zip(shared.row[found].tolist(), shared.col[found].tolist(), strict=True))


def test_generator_writes_the_bundled_files_byte_for_byte() -> None:
    built = build()
    assert sorted(built) == ["data/chats.jsonl", "data/tasks.jsonl", "labels.json"]
    for name, content in built.items():
        assert (DEMO / name).read_bytes() == content, name


def test_demo_has_two_thousand_rows_in_two_families_and_stays_small() -> None:
    dataset = open_dataset(demo_folder())
    try:
        assert dataset.families == {Family.ALPACA: 1400, Family.MESSAGES: 600}
        assert dataset.rows == 2000
        assert dataset.problems == []
        for label in labels():
            sample = dataset.sample(label.row)
            assert sample.response == rows()[label.row].response, label
    finally:
        dataset.close()
    assert sum(path.stat().st_size for path in demo_folder().iterdir()) < 1_500_000


def test_every_kind_of_fault_is_planted_and_most_rows_are_sound() -> None:
    counts = Counter(label.kind for label in labels())
    assert set(counts) == set(FaultKind)
    assert min(counts.values()) >= 30
    assert len(marked()) == len(labels()), "one label a row"
    assert 0.70 <= 1 - len(labels()) / len(rows()) <= 0.75
    assert {label.row for label in labels()} <= set(range(len(rows())))


def test_whole_texts_are_alike_only_where_planted() -> None:
    shingled = [words(row.whole) for row in rows()]
    assert alike(shingled, 0.7) - planted({FaultKind.CONTRADICTION}) == planted(COPIED)


@pytest.mark.parametrize("shingles", [words, characters])
def test_prompts_are_alike_only_where_planted(
    shingles: Callable[[str], frozenset[str]],
) -> None:
    shingled = [shingles(row.prompt) for row in rows()]
    assert alike(shingled, 0.7) - planted({*COPIED, FaultKind.CONTRADICTION}) == set()


def test_exact_duplicates_are_identical_and_nothing_else_is() -> None:
    places: dict[str, list[int]] = {}
    for place, row in enumerate(rows()):
        places.setdefault(row.source, []).append(place)
    pairs = {pair for group in places.values() for pair in combinations(group, 2)}
    assert pairs == planted({FaultKind.EXACT_DUPLICATE})


def test_near_duplicates_are_edited_but_keep_their_digits() -> None:
    for one, other in planted({FaultKind.NEAR_DUPLICATE}):
        first, second = rows()[one], rows()[other]
        assert first.source != second.source
        assert 0.8 <= jaccard(words(first.whole), words(second.whole)) < 1
        assert re.findall(r"\d+", first.whole) == re.findall(r"\d+", second.whole)


def test_contradictions_come_in_pairs_with_one_question_and_two_answers() -> None:
    found = [label for label in labels() if label.kind is FaultKind.CONTRADICTION]
    assert len(found) >= 60
    for label in found:
        (partner,) = label.partners
        assert marked()[partner].partners == (label.row,)
        assert {label.detail, marked()[partner].detail} == {"sound answer", "contrary answer"}
        first, second = rows()[label.row], rows()[partner]
        assert jaccard(characters(first.prompt), characters(second.prompt)) >= 0.8
        assert jaccard(words(first.prompt), words(second.prompt)) >= 0.8
        assert jaccard(words(first.response), words(second.response)) < 0.3


def test_length_does_not_give_a_fault_away() -> None:
    sound = [len(row.response) for place, row in enumerate(rows()) if place not in marked()]
    faulty = [len(rows()[label.row].response) for label in labels() if label.kind in SPOILT]
    longer = np.sign(np.subtract.outer(np.array(sound), np.array(faulty)))
    assert 0.42 <= float((longer.mean() + 1) / 2) <= 0.58


def test_equations_in_sound_answers_hold() -> None:
    equation = re.compile(
        r"((?:\d+(?:\.\d+)?(?: euros)? [-+×÷] )+\d+(?:\.\d+)?(?: euros)?) = ([\d.]+\d|\d)"
    )
    checked = 0
    for place, row in enumerate(rows()):
        if place in marked() or "with a remainder" in row.response:
            continue
        for left, right in equation.findall(row.response):
            terms = left.replace(" euros", "").split()
            assert solve(terms) == pytest.approx(float(right), abs=0.006), row
            checked += 1
    assert checked > 400


def solve(terms: list[str]) -> float:
    """The value of terms and signs, with the usual precedence."""
    summands = [float(terms[0])]
    for sign, term in zip(terms[1::2], terms[2::2], strict=True):
        value = float(term)
        if sign == "×":
            summands[-1] *= value
        elif sign == "÷":
            summands[-1] /= value
        else:
            summands.append(value if sign == "+" else -value)
    return sum(summands)


def test_truncated_answers_end_inside_a_sentence_and_loops_repeat() -> None:
    for label in labels():
        response = rows()[label.row].response
        if label.kind is FaultKind.TRUNCATED:
            assert response[-1] not in ".!?", label
        if label.kind is FaultKind.REPEATED:
            tokens = response.split()
            pairs = list(pairwise(tokens))
            assert len(set(pairs)) <= 0.7 * len(pairs), label


def test_mismatched_answers_belong_to_no_other_row() -> None:
    answers = Counter(row.response for row in rows())
    for label in labels():
        if label.kind is FaultKind.MISMATCHED and len(rows()[label.row].response) > 60:
            assert answers[rows()[label.row].response] == 1
