"""Columns to families, and the person's corrections."""

from __future__ import annotations

from typing import Any

import pytest

from engine.dataset.reading.facts import ColumnFacts
from engine.dataset.reading.families import FAMILIES, detect
from engine.dataset.reading.mapping import choose
from engine.dataset.reading.options import ColumnMapping
from engine.dataset.reading.rows import Columns
from engine.errors import UsageError
from engine.sample import Family

CHAT = [{"role": "user", "content": "Hi"}]
SHARE = [{"from": "human", "value": "Hi"}]


def facts(**columns: Any) -> ColumnFacts:
    return ColumnFacts(list(columns), lambda name: [columns[name]])


@pytest.mark.parametrize(
    ("columns", "family", "flat"),
    [
        ({"instruction": "a", "input": "", "output": "b"}, Family.ALPACA, True),
        ({"instruction": "a", "input": "", "response": "b"}, Family.ALPACA, True),
        ({"instruction": "a", "output": "b", "x": 1}, Family.PROMPT_RESPONSE, True),
        ({"prompt": "a", "completion": "b"}, Family.PROMPT_RESPONSE, True),
        ({"Question": "a", "Answer": "b"}, Family.PROMPT_RESPONSE, True),
        ({"system_prompt": "s", "question": "a", "response": "b"}, Family.PROMPT_RESPONSE, True),
        ({"prompt": CHAT, "completion": CHAT}, Family.PROMPT_RESPONSE, False),
        ({"messages": CHAT, "label": True}, Family.MESSAGES, False),
        ({"conversations": CHAT}, Family.MESSAGES, False),
        ({"conversations": SHARE, "tools": "[]"}, Family.SHAREGPT, False),
        ({"chosen": "a", "rejected": "b"}, Family.PREFERENCE, True),
        ({"prompt": "p", "chosen": "a", "rejected": "b"}, Family.PREFERENCE, True),
        ({"chosen": "\n\nHuman: a", "rejected": "b"}, Family.PREFERENCE, False),
        (
            {"conversations": SHARE, "chosen": SHARE[0], "rejected": SHARE[0]},
            Family.PREFERENCE,
            False,
        ),
        ({"chosen_messages": CHAT, "rejected_messages": CHAT}, Family.PREFERENCE, False),
        ({"input": "a", "output_1": "b", "output_2": "c", "label": 1}, Family.PREFERENCE, True),
        ({"id": 1, "question": [CHAT], "function": [{"name": "f"}]}, Family.TOOL_CALL, False),
        ({"query": "a", "answers": "[]", "tools": "[]"}, Family.TOOL_CALL, False),
        ({"prompt": "a", "task_id": "x", "source": "y"}, Family.PROMPT, True),
        ({"text": "a", "url": "x"}, Family.TEXT, True),
        ({"prompt": "a", "canonical_solution": "b"}, Family.OTHER, False),
        ({"prompt": "a", "completions": [{}]}, Family.OTHER, False),
        ({"messages": "no list"}, Family.OTHER, False),
        ({"text": "a", "role": "prompter"}, Family.OTHER, False),
        ({}, Family.OTHER, False),
    ],
)
def test_columns_tell_the_family(columns: dict[str, Any], family: Family, flat: bool) -> None:
    found = detect(facts(**columns))
    assert (found.family, found.flat) == (family, flat)


def test_used_columns_are_named_by_their_part() -> None:
    found = detect(facts(instruction="a", input="b", output="c"))
    assert found.columns.used() == {
        "prompt": "instruction",
        "input": "input",
        "response": "output",
    }


OTHER = {"a": "x", "b": "y", "c": CHAT, "n": 3}


def test_named_columns_make_a_family_of_other_columns() -> None:
    found = choose(facts(**OTHER), ColumnMapping(prompt=("a",)))
    assert (found.family, found.columns.prompt, found.flat) == (Family.PROMPT, "a", True)
    found = choose(facts(**OTHER), ColumnMapping(prompt=("a",), response="b"))
    assert (found.family, found.columns.response) == (Family.PROMPT_RESPONSE, "b")
    found = choose(facts(**OTHER), ColumnMapping(prompt=("a",), response="c"))
    assert not found.flat
    found = choose(facts(**OTHER), ColumnMapping(prompt=("c",), family=Family.MESSAGES))
    assert found.columns.messages == "c"
    found = choose(facts(**OTHER), ColumnMapping(response="b", family=Family.TEXT))
    assert found.columns.response == "b"


def test_a_named_column_replaces_the_detected_one() -> None:
    alpaca = facts(instruction="a", input="b", output="c", better="d")
    found = choose(alpaca, ColumnMapping(response="better"))
    assert (found.family, found.columns.input) == (Family.ALPACA, "input")
    assert found.columns.response == "better"
    found = choose(alpaca, ColumnMapping(prompt=("better",)))
    assert (found.family, found.columns.input) == (Family.PROMPT_RESPONSE, None)
    assert found.columns.response == "output"
    pair = facts(prompt="p", chosen="a", rejected="b", better="c")
    found = choose(pair, ColumnMapping(response="better"))
    assert found.family is Family.PREFERENCE
    assert found.columns == Columns(prompt="prompt", response="better", rejected="rejected")


def test_a_family_can_be_said() -> None:
    alpaca = facts(instruction="a", input="b", output="c")
    assert choose(alpaca, ColumnMapping(family=Family.PROMPT_RESPONSE)).columns.input is None
    assert choose(alpaca, ColumnMapping(family=Family.PROMPT)).columns.prompt == "instruction"
    assert choose(alpaca, ColumnMapping(family=Family.OTHER)).columns == Columns()
    assert choose(facts(value="x"), ColumnMapping(family=Family.TEXT)).columns.response == "value"
    plain = facts(question="a", answer="b")
    assert choose(plain, ColumnMapping(family=Family.ALPACA)).columns.prompt == "question"
    assert (
        choose(facts(messages=CHAT, x=1), ColumnMapping(family=Family.MESSAGES)).family
        is Family.MESSAGES
    )


@pytest.mark.parametrize(
    "family", [Family.MESSAGES, Family.PREFERENCE, Family.ALPACA, Family.PROMPT, Family.TEXT]
)
def test_a_family_whose_columns_are_not_there_is_a_usage_error(family: Family) -> None:
    with pytest.raises(UsageError, match="are not there") as caught:
        choose(facts(x="1", y="2"), ColumnMapping(family=family))
    assert "x, y" in caught.value.hint


def test_a_response_needs_its_prompt() -> None:
    with pytest.raises(UsageError, match="response column alone"):
        choose(facts(x="1", y="2"), ColumnMapping(response="x"))
    with pytest.raises(UsageError, match="no column 'z'"):
        choose(facts(x="1"), ColumnMapping(response="z"))


def test_many_columns_are_not_all_listed() -> None:
    many = ColumnFacts([f"c{i}" for i in range(10_000)], lambda _: ["x"])
    with pytest.raises(UsageError) as caught:
        choose(many, ColumnMapping(prompt=("z",)))
    assert "and 9960 more" in caught.value.hint


def test_every_family_has_its_row() -> None:
    assert set(FAMILIES) == set(Family)
