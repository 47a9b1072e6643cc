"""Sound pairs in other forms: what is asked is answered by what the pair itself says."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from dataclasses import replace

import pytest

from engine.sample import Message, Role
from engine.workshop.builtin_model.corruption import foreign
from engine.workshop.builtin_model.examples import draw
from engine.workshop.builtin_model.fitting import as_sample
from engine.workshop.builtin_model.retelling import FROM_TEXT, in_dialogue, retold, sentences
from engine.workshop.builtin_model.sources import Pair

SUM = Pair(
    "Yesterday Nadia Brook sold 12 brown eggs to her neighbour Otis. Today she sold 30 of them. "
    "How many did she sell in both days?",
    "Nadia sold 12+30=<<12+30=42>>42 eggs in both days.\n"
    "That is 42/6=<<42/6=7>>7 boxes of them.\n#### 42",
    "gsm8k",
)
CODE = Pair(
    "Write a Python function that doubles every number of a list.",
    "def doubled(numbers):\n    return [2 * number for number in numbers]",
    "gpteacher-codegen",
)
TOOL = Pair(
    "toolformer: enabled\ntoolformer access: wiki\nSearches a wiki.\nFind facts about herons.",
    "Here is what I found: wiki('grey heron').",
    "gpteacher-toolformer",
)
TEXT = Pair(
    "What should I know about keeping bees in a town?",
    "Bees find 3 miles of gardens around them. They need water in summer. Ask Mrs Abel, who keeps "
    "14 hives on her roof. A swarm in May is worth a cart of hay.",
    "justeval-mistral",
)


def forms_of(pair: Pair, draws: int = 400) -> dict[str, list[Pair]]:
    found: dict[str, list[Pair]] = {}
    for seed in range(draws):
        told = retold(pair, random.Random(seed))
        found.setdefault(told.source, []).append(told)
    return found


def test_each_source_has_its_forms() -> None:
    general = {"taken_out", "fields", "quoted", "pointed", "wrapped"}
    assert {"final", "calculated"} <= set(forms_of(SUM))
    assert {"explained", "fenced"} <= set(forms_of(CODE))
    assert {"called", "bare"} <= set(forms_of(TOOL))
    assert general <= set(forms_of(TEXT)) <= general | {"corrected", TEXT.source}


def test_a_form_comes_from_the_dice_alone() -> None:
    assert retold(TEXT, random.Random(3)) == retold(TEXT, random.Random(3))


def test_what_is_taken_out_of_a_text_is_all_there_is_and_in_it() -> None:
    for told in forms_of(TEXT)["taken_out"]:
        if "number" in told.prompt.split("\n")[0]:
            asked = told.prompt
            numbers = [n for n in ("3", "14") if re.search(rf"\b{n}\b", asked)]
            assert all(re.search(rf"\b{n}\b", told.response) for n in numbers), told


def test_quoted_sentences_are_the_texts_own() -> None:
    for told in forms_of(TEXT)["quoted"]:
        assert told.response.strip('"') in sentences(TEXT.response)
        assert told.response.strip('"') in told.prompt


def test_calculations_are_written_as_asked() -> None:
    steps = [("12+30", "42"), ("42/6", "7")]
    for told in forms_of(SUM)["calculated"]:
        if told.prompt.endswith("as JSON."):
            read = json.loads(told.response)
            assert [tuple(record.values()) for record in read] == steps
        elif told.prompt.endswith("as CSV."):
            assert [tuple(row) for row in csv.reader(io.StringIO(told.response))][1:] == steps
        else:
            assert all(part in told.response for step in steps for part in step)


def test_the_result_alone_is_the_result() -> None:
    assert all("42" in told.response and len(told.response) < 25 for told in forms_of(SUM)["final"])


@pytest.mark.parametrize("pair", [SUM, CODE, TOOL, TEXT])
def test_json_that_is_asked_for_is_whole(pair: Pair) -> None:
    seen = 0
    for told in [each for found in forms_of(pair).values() for each in found]:
        if told.response[:1] in "[{" and "JSON" in told.prompt:
            json.loads(told.response)
            seen += 1
    assert seen or pair is CODE


def test_a_fence_closes_and_code_is_told_by_its_purpose() -> None:
    for told in forms_of(CODE)["fenced"]:
        assert told.response.count("```") == 2
        assert "```python\n" in told.response or "```\ndef" in told.response
    assert {told.response for told in forms_of(CODE)["explained"]} & {"Python", "Python."}
    assert any(
        "doubles every number of a list" in each.response for each in forms_of(CODE)["explained"]
    )


def test_an_answer_out_of_another_text_is_foreign_and_out_of_the_same_is_not() -> None:
    one = Pair("List the names\nAnna met Tom.", "Anna, Tom", "taken_out")
    assert one.source in FROM_TEXT
    other = replace(one, prompt="List the names\nLena met Tom.", response="Lena, Tom")
    assert foreign(one, other)
    assert not foreign(one, replace(other, response="Tom"))
    assert not foreign(one, replace(other, prompt=one.prompt))


def test_in_a_dialogue_the_pair_is_the_last_turn() -> None:
    earlier = [CODE, TOOL]
    for seed in range(20):
        told = in_dialogue(TEXT, earlier, random.Random(seed))
        roles = [turn.role for turn in told.before if turn.role is not Role.SYSTEM]
        assert roles == [Role.USER, Role.ASSISTANT] * 2
        assert told.prompt.endswith(TEXT.prompt)
        assert told.response == TEXT.response
        sample = as_sample(told)
        assert sample.turns[-1] == Message(Role.ASSISTANT, TEXT.response)
        assert sample.prompt.endswith(f"user: {told.prompt}")
    alone = in_dialogue(TEXT, [], random.Random(0))
    assert [turn.role for turn in alone.before] == [Role.SYSTEM]


def test_an_epoch_shows_pairs_as_they_are_in_other_forms_and_in_dialogues() -> None:
    pairs = [
        replace(pair, prompt=f"{pair.prompt} ({at})")
        for at in range(40)
        for pair in (SUM, CODE, TOOL, TEXT)
    ]
    examples = [each for group in draw(pairs, random.Random(0), 0.4) for each in group]
    shown = {example.pair.source for example in examples}
    assert {"gsm8k", "justeval-mistral", "calculated", "quoted", "fenced", "bare"} <= shown
    in_dialogues = [example for example in examples if example.pair.before]
    assert 0.15 < len(in_dialogues) / len(examples) < 0.45
