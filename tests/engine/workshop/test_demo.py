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

from engine.dataset.dataset import open_dataset
from engine.demo import DEMO, FILES, SPOILT, FaultKind, Label, demo_folder, labels
from engine.sample import Family
from engine.workshop.demo.generate import build
from engine.workshop.demo.similarity import characters, jaccard, words

COPIED = {FaultKind.EXACT_DUPLICATE, FaultKind.NEAR_DUPLICATE}


@dataclass(frozen=True, slots=True)
class Row:
    prompt: str
    asked: str
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
        return Row("\n\n".join(before), before[-1], last, line)
    prompt = "\n".join(text for text in (record["instruction"], record["input"]) if text)
    return Row(prompt, prompt, record["output"], line)


@cache
def marked() -> dict[int, Label]:
    return {label.row: label for label in labels()}


def of_kind(kind: FaultKind) -> list[tuple[Label, Row]]:
    return [(label, rows()[label.row]) for label in labels() if label.kind is kind]


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


def test_every_spoilt_kind_is_in_both_files() -> None:
    assert len(SPOILT) == 9
    places = {(label.kind, label.row < 600) for label in labels() if label.kind in SPOILT}
    assert len(places) == 18


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


def longer(first: list[str], second: list[str]) -> float:
    """How often a text of the first list is longer than one of the second, ties as half."""
    sizes = [np.array([len(text) for text in texts]) for texts in (first, second)]
    return float((np.sign(np.subtract.outer(*sizes)).mean() + 1) / 2)


def test_length_does_not_give_a_fault_away() -> None:
    sound = [row.response for place, row in enumerate(rows()) if place not in marked()]
    spoilt = {kind: [row.response for _, row in of_kind(kind)] for kind in SPOILT}
    assert 0.45 <= longer(sound, [text for texts in spoilt.values() for text in texts]) <= 0.55
    for kind, texts in spoilt.items():
        assert 0.3 <= longer(sound, texts) <= 0.7, kind


def test_equations_hold_in_sound_answers_and_in_their_translations() -> None:
    equation = re.compile(
        r"((?:\d+(?:\.\d+)?(?: euros)? [-+×÷] )+\d+(?:\.\d+)?(?: euros)?) = ([\d.]+\d|\d)"
    )
    checked = 0
    for place, row in enumerate(rows()):
        label = marked().get(place)
        right_answer = label is None or label.kind is FaultKind.WRONG_LANGUAGE
        if not right_answer or "with a remainder" in row.response:
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


ENGLISH = re.compile(r"\b(the|and|that|with|you|are|from|which|because)\b", re.IGNORECASE)


def test_answers_in_the_wrong_language_are_foreign_and_were_not_asked_for() -> None:
    found = of_kind(FaultKind.WRONG_LANGUAGE)
    assert len({label.detail for label, _ in found}) >= 6, "languages"
    for label, row in found:
        assert not ENGLISH.search(row.response), row.response
        assert label.detail not in row.prompt
        assert not re.search(r"[Tt]ranslat|say in English", row.prompt)
        assert all(letter.isascii() for letter in row.prompt if letter.isalpha())


def test_empty_talk_says_nothing_and_some_of_it_mentions_the_prompt() -> None:
    sentences = Counter[str]()
    found = of_kind(FaultKind.EMPTY_TALK)
    quoting = 0
    for _, row in found:
        assert not re.search(r"[\d{}=]", row.response), row.response
        quoted = re.findall(r'"(.+?)"', row.response)
        assert all(word in row.asked for word in quoted)
        quoting += bool(quoted)
        sentences.update(re.split(r"(?<=[.!?])\s+", row.response))
    assert 0.1 * len(found) <= quoting <= 0.6 * len(found)
    assert max(sentences.values()) <= 0.15 * len(found)
    sound = "\n".join(row.response for place, row in enumerate(rows()) if place not in marked())
    assert not [sentence for sentence in sentences if sentence in sound]


def test_echoes_are_made_of_the_prompt() -> None:
    for label, row in of_kind(FaultKind.ECHOED):
        asked, said = (set(re.findall(r"\w+", text.lower())) for text in (row.asked, row.response))
        new = said - asked
        assert len(new) <= max(8, len(said) // 3), (label, new)
        if label.detail != "input":
            assert len(said & asked) >= 0.6 * len(asked), label
    whole = [row for label, row in of_kind(FaultKind.ECHOED) if label.detail == "whole"]
    assert whole
    assert all(row.response == row.asked for row in whole)


DEBRIS = {
    "code fence": r"`",
    "JSON": r"[{}\[\]]",
    "table": r"\|",
    "placeholder": r"\{\{|\[(INSERT|Your|PAD)|<[|/A-Zu]|\{output\}|\$\{result\}|%s|\[/INST\]",
    "HTML": r"&\w+;|<\w+",
    "escapes": r"\\n|\\\"|\\u[0-9a-f]{4}",
    "numbering": r"\d[.)]|- 1\.",
    "roles": r"(#+ |\b)(Response|Human|User|Assistant|HUMAN|Q|Question):|<\|user\|>",
    "object": r"undefined|None|nan|0x|b'|\('|meta=|generated_text|ChatMessage",
    "Markdown": r"[*_~`#>]|\]\(",
}


def reads_as(detail: str, text: str) -> bool:
    """Whether a response is well formed: JSON that parses, a closed block of Python, a table."""
    if detail == "JSON":
        try:
            json.loads(text)
        except json.JSONDecodeError:
            return False
        return True
    if detail == "table":
        return bool(re.fullmatch(r"\|.+\|.+\|\n\|---\|---\|(\n\|[^|\n]+\|[^|\n]+\|)+", text))
    block = re.search(r"^```python\n(.+?)\n```$", text, re.DOTALL | re.MULTILINE)
    try:
        compile(block[1] if block else "(", "answer", "exec")
    except SyntaxError:
        return False
    return True


@pytest.mark.parametrize(
    ("detail", "start"), [("JSON", "{"), ("table", "|"), ("code fence", "```")]
)
def test_structure_holds_in_sound_answers_and_not_in_broken_ones(detail: str, start: str) -> None:
    sound = [row.response for place, row in enumerate(rows()) if place not in marked()]
    assert all(reads_as(detail, text) for text in sound if text.startswith(start))
    broken = [row for label, row in of_kind(FaultKind.FORMAT_BROKEN) if label.detail == detail]
    assert broken
    assert not [row.response for row in broken if reads_as(detail, row.response)]


def test_broken_formats_hold_debris() -> None:
    found = of_kind(FaultKind.FORMAT_BROKEN)
    assert {label.detail for label, _ in found} == set(DEBRIS)
    for label, row in found:
        assert re.search(DEBRIS[label.detail], row.response), (label, row.response)


@pytest.mark.parametrize("kind", sorted(SPOILT))
def test_ways_of_a_fault_differ(kind: FaultKind) -> None:
    found = of_kind(kind)
    assert len({row.response for _, row in found}) >= 0.9 * len(found)
    if kind is not FaultKind.REFUSAL:
        assert len({label.detail for label, _ in found}) >= 4
