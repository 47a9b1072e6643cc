"""Rows of every family, and rows that hold something else than they should."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset.reading.cells import MalformedRowError, Remarks
from engine.dataset.reading.rows import Columns, RowContent, Unreadable, read_row
from engine.dataset.reading.turns import transcript_turns, turns_of
from engine.sample import Family, Message, Role

ALPACA = Columns(prompt="instruction", input="input", response="output")
CHAT = Columns(messages="messages")
PAIR = Columns(prompt="prompt", response="chosen", rejected="rejected")


def read(row: dict[str, Any], family: Family, columns: Columns) -> RowContent:
    reading = read_row(row, family, columns)
    assert isinstance(reading, RowContent), reading
    return reading


def cause(row: dict[str, Any], family: Family, columns: Columns) -> str:
    reading = read_row(row, family, columns)
    assert isinstance(reading, Unreadable)
    return reading.cause


def test_alpaca_joins_instruction_and_input() -> None:
    row = {"instruction": "Add.", "input": "1, 2", "output": "3"}
    reading = read(row, Family.ALPACA, ALPACA)
    assert (reading.prompt, reading.response) == ("Add.\n1, 2", "3")
    assert reading.turns == (Message(Role.USER, "Add.\n1, 2"), Message(Role.ASSISTANT, "3"))
    assert reading.remarks == ()


def test_an_absent_input_adds_nothing() -> None:
    for row in ({"instruction": "Hi", "output": "x"}, {"instruction": "Hi", "input": None}):
        assert read(row, Family.ALPACA, ALPACA).prompt == "Hi"


def test_an_empty_answer_is_a_remark_and_null_another() -> None:
    empty = read({"instruction": "Hi", "output": " \n"}, Family.ALPACA, ALPACA)
    null = read({"instruction": "Hi", "output": None}, Family.ALPACA, ALPACA)
    assert empty.remarks == ("the response is empty",)
    assert null.remarks == ("the response is null",)
    assert null.response == ""


@pytest.mark.parametrize(
    ("value", "kind"), [(True, "a boolean"), (["x"], "a list"), ({"x": 1}, "an object")]
)
def test_what_is_no_text_breaks_the_row(value: object, kind: str) -> None:
    row = {"instruction": "Hi", "input": value, "output": "x"}
    assert cause(row, Family.ALPACA, ALPACA) == f"the input is {kind} where text belongs"


def test_a_number_is_read_as_text_with_a_remark() -> None:
    reading = read({"instruction": "2+2?", "output": 4}, Family.ALPACA, ALPACA)
    assert reading.response == "4"
    assert reading.remarks == ("the response is a number, read as text",)


def test_a_row_without_any_of_the_columns_says_so() -> None:
    assert cause({"x": 1}, Family.ALPACA, ALPACA) == "nothing in instruction, input, output"
    assert cause({}, Family.PREFERENCE, PAIR) == "nothing in prompt, chosen, rejected"
    assert cause({"messages": []}, Family.MESSAGES, CHAT) == "nothing in messages"


def test_merged_instructions_and_nul_are_remarked() -> None:
    reading = read({"instruction": "a\0", "output": "b\nInstruction: c"}, Family.ALPACA, ALPACA)
    assert reading.remarks == (
        "the response holds another “Instruction:”",
        "the text holds NUL characters",
    )


def test_messages_end_with_the_last_assistant_turn() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Bye"},
        {"role": "assistant", "content": "See you"},
    ]
    reading = read({"messages": messages}, Family.MESSAGES, CHAT)
    assert reading.response == "See you"
    assert reading.prompt == "system: Be brief.\n\nuser: Hi\n\nassistant: Hello\n\nuser: Bye"


def test_turns_after_the_answer_and_no_answer_are_remarked() -> None:
    late = [{"role": "assistant", "content": "a"}, {"role": "user", "content": "b"}]
    reading = read({"messages": late}, Family.MESSAGES, CHAT)
    assert (reading.prompt, reading.response, len(reading.turns)) == ("", "a", 2)
    assert "turns follow the last answer" in reading.remarks
    silent = read({"messages": late[1:]}, Family.MESSAGES, CHAT)
    assert silent.response is None
    assert silent.remarks == ("no assistant turn",)


@pytest.mark.parametrize("key", ["text", "value", "content"])
def test_content_can_be_typed_parts(key: str) -> None:
    content = [{"type": "text", key: "one"}, {"type": "image_url", "image_url": {}}, "two"]
    remarks = Remarks()
    turns = turns_of([{"role": "user", "content": content}], remarks)
    assert turns[0] == Message(Role.USER, "one\n[image]\ntwo", media=("image",))
    assert remarks == []


def test_equal_tool_calls_compare_equal_whatever_their_order_and_id() -> None:
    def call(call_id: str, arguments: object) -> dict[str, Any]:
        function = {"name": "f", "arguments": arguments}
        entry = {"id": call_id, "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [entry]}

    first = turns_of([call("1", '{"b": 1, "a": 2}')], Remarks())
    second = turns_of([call("2", {"a": 2, "b": 1})], Remarks())
    assert first == second
    assert json.loads(first[0].tool_calls[0]) == {"name": "f", "arguments": {"a": 2, "b": 1}}


def test_sharegpt_function_calls_and_observations() -> None:
    remarks = Remarks()
    turns = turns_of(
        [
            {"from": "human", "value": "Weather?"},
            {"from": "function_call", "value": '{"name": "w", "arguments": {}}'},
            {"from": "observation", "value": "sunny"},
            {"from": "gpt", "value": "Sunny."},
        ],
        remarks,
    )
    roles = [turn.role for turn in turns]
    assert roles == [Role.USER, Role.ASSISTANT, Role.TOOL, Role.ASSISTANT]
    assert turns[1].tool_calls == ('{"arguments": {}, "name": "w"}',)
    assert not remarks


@pytest.mark.parametrize(
    "messages",
    [
        "hello",
        {"role": "user"},
        ["hello", 3],
        [{"role": "alien\x1b[31m", "content": "x"}],
        [{"role": 7, "content": "x"}],
        [{"role": "user", "content": True}],
    ],
)
def test_messages_that_are_none_break_the_row_and_quote_nothing_raw(messages: object) -> None:
    found = cause({"messages": messages}, Family.MESSAGES, CHAT)
    assert found
    assert found.isprintable()


def test_a_transcript_becomes_turns_and_sides_share_the_prompt() -> None:
    start = "\n\nHuman: Hi\n\nAssistant: Yes?\n\nHuman: Why\nso?"
    row = {
        "chosen": f"{start}\n\nAssistant: Because.",
        "rejected": f"{start}\n\nAssistant: Dunno.",
    }
    reading = read(row, Family.PREFERENCE, Columns(response="chosen", rejected="rejected"))
    assert reading.prompt == "user: Hi\n\nassistant: Yes?\n\nuser: Why\nso?"
    assert (reading.response, reading.rejected) == ("Because.", "Dunno.")
    assert reading.rejected_turns[:-1] == reading.turns[:-1]


def test_sides_that_part_early_keep_their_own_turns() -> None:
    row = {
        "chosen": "\n\nHuman: Hi\n\nAssistant: A\n\nHuman: More\n\nAssistant: B",
        "rejected": "\n\nHuman: Hi\n\nAssistant: C",
    }
    reading = read(row, Family.PREFERENCE, Columns(response="chosen", rejected="rejected"))
    assert reading.prompt == "Hi"
    assert reading.response == "assistant: A\n\nuser: More\n\nassistant: B"
    assert reading.rejected == "C"


def test_identical_sides_leave_an_answer_to_each() -> None:
    text = "\n\nHuman: Hi\n\nAssistant: A"
    row = {"chosen": text, "rejected": text}
    reading = read(row, Family.PREFERENCE, Columns(response="chosen", rejected="rejected"))
    assert (reading.prompt, reading.response, reading.rejected) == ("Hi", "A", "A")


@pytest.mark.parametrize(
    ("prompt", "chosen", "rejected"),
    [
        ("Hi", "A", "B"),
        (
            "Hi",
            [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "A"}],
            [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "B"}],
        ),
        (
            [{"role": "user", "content": "Hi"}],
            [{"role": "assistant", "content": "A"}],
            [{"role": "assistant", "content": "B"}],
        ),
        ("Hi", {"from": "gpt", "value": "A"}, {"from": "gpt", "value": "B"}),
        ("\n\nHuman: Hi\n\nAssistant:", "A", "B"),
        ("Hi", "\n\nHuman: Hi\n\nAssistant: A", "\n\nHuman: Hi\n\nAssistant: B"),
    ],
)
def test_every_spelling_of_a_pair_reads_the_same(
    prompt: object, chosen: object, rejected: object
) -> None:
    row = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    reading = read(row, Family.PREFERENCE, PAIR)
    assert (reading.prompt, reading.response, reading.rejected) == ("Hi", "A", "B")
    assert reading.turns == (Message(Role.USER, "Hi"), Message(Role.ASSISTANT, "A"))
    assert reading.rejected_turns == (Message(Role.USER, "Hi"), Message(Role.ASSISTANT, "B"))
    assert reading.remarks == ()


def test_a_label_says_which_output_is_chosen() -> None:
    columns = Columns(prompt="input", response="output_1", rejected="output_2", label="label")
    row = {"input": "Hi", "output_1": "A", "output_2": "B"}
    second = read({**row, "label": 2}, Family.PREFERENCE, columns)
    assert (second.response, second.rejected) == ("B", "A")
    assert read({**row, "label": "1"}, Family.PREFERENCE, columns).response == "A"
    assert cause({**row, "label": 0}, Family.PREFERENCE, columns) == (
        "the label is neither 1 nor 2"
    )


def test_function_descriptions_belong_to_the_prompt_and_are_no_turn() -> None:
    columns = Columns(prompt="question", tools="function")
    row = {"question": [[{"role": "user", "content": "Hi"}]], "function": [{"name": "f"}]}
    reading = read(row, Family.TOOL_CALL, columns)
    assert (reading.response, reading.tools) == (None, '[{"name": "f"}]')
    assert reading.prompt == 'tools: [{"name": "f"}]\n\nuser: Hi'
    assert reading.turns == (Message(Role.USER, "Hi"),)


def test_answers_that_are_calls_become_tool_calls() -> None:
    columns = Columns(prompt="query", response="answers", tools="tools")
    row = {"query": "Hi", "answers": [{"name": "f", "arguments": {}}], "tools": "[]"}
    reading = read(row, Family.TOOL_CALL, columns)
    assert reading.turns[-1].tool_calls == ('{"arguments": {}, "name": "f"}',)


def test_a_system_column_is_the_first_turn() -> None:
    columns = Columns(system="system", prompt="question", response="response")
    row = {"system": "Be brief.", "question": "Hi", "response": "A"}
    reading = read(row, Family.PROMPT_RESPONSE, columns)
    assert reading.turns[0] == Message(Role.SYSTEM, "Be brief.")
    assert reading.prompt == "system: Be brief.\n\nuser: Hi"


def test_nesting_without_end_is_a_cause_and_no_crash() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    assert cause({"messages": deep}, Family.MESSAGES, CHAT) == "nested too deeply"


SAID = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: "\n\nHuman:" not in text and "\n\nAssistant:" not in text
)


@given(st.lists(SAID, min_size=1, max_size=6))
def test_a_transcript_gives_back_what_was_said(said: list[str]) -> None:
    names = ("Human", "Assistant")
    text = "".join(f"\n\n{names[i % 2]}: {each}" for i, each in enumerate(said))
    assert [turn.text for turn in transcript_turns(text)] == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = st.sampled_from(["role", "content", "from", "value", "tool_calls", "type", "text"])
ANY_MESSAGES = JSON | st.lists(st.dictionaries(KEYS, JSON | st.sampled_from(["user", "gpt"])))


@given(ANY_MESSAGES, ANY_MESSAGES, st.sampled_from(list(Family)))
def test_no_row_whatever_it_holds_raises(first: object, second: object, family: Family) -> None:
    columns = {
        Family.MESSAGES: CHAT,
        Family.SHAREGPT: CHAT,
        Family.PREFERENCE: Columns(prompt="p", response="messages", rejected="b", label=None),
        Family.TEXT: Columns(response="messages"),
    }.get(family, Columns(prompt="messages", response="b", tools="p"))
    reading = read_row({"messages": first, "b": second, "p": first}, family, columns)
    assert isinstance(reading, RowContent | Unreadable)


def test_a_message_must_have_a_known_role() -> None:
    with pytest.raises(MalformedRowError, match="unknown role"):
        turns_of([{"role": "nobody", "content": "x"}], Remarks())
