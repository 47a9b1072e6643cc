"""The same kinds of data in other spellings: what is beside a prompt, lone rows, other names."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.editing import Part, with_text
from engine.errors import InputError
from engine.sample import Family, Message, Role

USER, BOT, SYSTEM, TOOL = Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.TOOL
ASKED = {"role": "user", "content": "Name a tree."}
OAK = {"role": "assistant", "content": "Oak."}
DOOR = {"role": "assistant", "content": "Door."}
TOOLS = [{"name": "seek"}]
TOOLS_TEXT = '[{"name": "seek"}]'


def lines(folder: Path, rows: list[Any], name: str = "rows.jsonl") -> Dataset:
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_dataset(path)


def table(folder: Path, rows: list[dict[str, Any]]) -> Dataset:
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(
            {k: v if isinstance(v, str) else json.dumps(v) for k, v in row.items()} for row in rows
        )
    return open_dataset(path)


def identity(dataset: Dataset) -> bytes:
    return bytes(dataset.identities(np.array([0]))[0])


BESIDE: list[tuple[dict[str, Any], Family, tuple[Message, ...]]] = [
    (
        {"messages": [ASKED, OAK], "reasoning": "hm"},
        Family.MESSAGES,
        (Message(USER, "Name a tree."), Message(BOT, "Oak.", reasoning="hm")),
    ),
    (
        {"messages": [ASKED], "thinking": "hm", "answer": "Oak."},
        Family.MESSAGES,
        (Message(USER, "Name a tree."), Message(BOT, "Oak.", reasoning="hm")),
    ),
    (
        {"conversations": [{"from": "human", "value": "q"}], "completion": [OAK]},
        Family.SHAREGPT,
        (Message(USER, "q"), Message(BOT, "Oak.")),
    ),
    (
        {"question": "q", "context": "c", "answer": "a"},
        Family.PROMPT_RESPONSE,
        (Message(USER, "q\nc"), Message(BOT, "a")),
    ),
    (
        {"query": "q", "passages": ["c", "d"], "response": "a"},
        Family.PROMPT_RESPONSE,
        (Message(USER, "q\nc\nd"), Message(BOT, "a")),
    ),
    (
        {"instruction": "q", "input": {"n": 1}, "output": "a"},
        Family.PROMPT_RESPONSE,
        (Message(USER, 'q\n{"n": 1}'), Message(BOT, "a")),
    ),
    (
        {"instruction": "Double it.", "input": 4, "output": 8},
        Family.ALPACA,
        (Message(USER, "Double it.\n4"), Message(BOT, "8")),
    ),
    (
        {"prompt": "q", "context": [ASKED, OAK], "response": "a"},
        Family.PROMPT_RESPONSE,
        (Message(USER, "Name a tree."), Message(BOT, "Oak."), Message(USER, "q"),
         Message(BOT, "a")),
    ),
    (
        {"prompt": "q", "previous_messages": [["q1", "a1"]], "response": "a"},
        Family.PROMPT_RESPONSE,
        (Message(USER, "q1"), Message(BOT, "a1"), Message(USER, "q"), Message(BOT, "a")),
    ),
    (
        {"problem": "q", "qwen_thinking_trajectory": ["hm"], "solution": "a", "answer": "4"},
        Family.PROMPT_RESPONSE,
        (Message(USER, "q"), Message(BOT, "a", reasoning="hm")),
    ),
    (
        {"question": "q", "imgPath": "oak.png", "image_caption": "no image", "answer": "a"},
        Family.PROMPT_RESPONSE,
        (Message(USER, "[image oak.png]\nq", media=("image oak.png",)), Message(BOT, "a")),
    ),
    (
        {"question": "q", "document_url": "https://x/y.pdf", "answer": "a"},
        Family.PROMPT_RESPONSE,
        (Message(USER, "[file https://x/y.pdf]\nq", media=("file https://x/y.pdf",)),
         Message(BOT, "a")),
    ),
    (
        {"system": [{"type": "text", "text": "Be brief."}], "messages": [ASKED, OAK]},
        Family.MESSAGES,
        (Message(SYSTEM, "Be brief."), Message(USER, "Name a tree."), Message(BOT, "Oak.")),
    ),
    (
        {"systemInstruction": {"parts": [{"text": "Be brief."}]},
         "contents": [{"role": "user", "parts": [{"text": "q"}]},
                      {"role": "model", "parts": [{"text": "a"}]}]},
        Family.MESSAGES,
        (Message(SYSTEM, "Be brief."), Message(USER, "q"), Message(BOT, "a")),
    ),
    (
        {"instructions": "Be brief.", "input": [
            {"role": "user", "content": "q"},
            {"type": "function_call", "name": "seek", "arguments": "{}", "call_id": "1"},
            {"type": "function_call_output", "output": "oak", "call_id": "1"},
            {"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": "a"}]}]},
        Family.MESSAGES,
        (Message(SYSTEM, "Be brief."), Message(USER, "q"),
         Message(BOT, "", ('{"arguments": {}, "name": "seek"}',)), Message(TOOL, "oak"),
         Message(BOT, "a")),
    ),
    (
        {"turns": {"speaker": ["user", "bot"], "utterance": ["q", "a"], "turn_id": ["0", "1"]}},
        Family.MESSAGES,
        (Message(USER, "q"), Message(BOT, "a")),
    ),
    (
        {"request": {"messages": [ASKED]}, "response": {"choices": [{"message": OAK}]}},
        Family.MESSAGES,
        (Message(USER, "Name a tree."), Message(BOT, "Oak.")),
    ),
    (
        {"conversation": {"messages": [ASKED, OAK]}, "id": "7"},
        Family.MESSAGES,
        (Message(USER, "Name a tree."), Message(BOT, "Oak.")),
    ),
    (
        {"texts": [{"user": "q", "assistant": "a"}, {"user": "q2", "assistant": "a2"}],
         "images": ["oak.png"]},
        Family.MESSAGES,
        (Message(USER, "[image oak.png]\nq", media=("image oak.png",)), Message(BOT, "a"),
         Message(USER, "q2"), Message(BOT, "a2")),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("row", "family", "turns"), BESIDE, ids=lambda each: str(each)[:50])
def test_what_stands_beside_a_prompt_is_part_of_the_sample(
    tmp_path: Path, row: dict[str, Any], family: Family, turns: tuple[Message, ...]
) -> None:
    dataset = lines(tmp_path, [row])
    assert (dataset.rows, dataset.family) == (1, family)
    assert dataset.sample(0).turns == turns


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASKED, OAK], "tools": [TOOLS_TEXT[1:-1]]},
        {"messages": [ASKED, OAK], "available_tools": TOOLS_TEXT},
        {"instruction": "q", "input": "", "output": "a", "tools": TOOLS},
        {"prompt": "q", "completion": "a", "function_definitions": TOOLS},
        {"prompt": "q", "chosen": "a", "rejected": "b", "tools": TOOLS},
        {"prompt": "q", "responses": ["a", "b"], "tools": TOOLS},
    ],
    ids=str,
)
def test_declared_tools_are_found_in_any_family(tmp_path: Path, row: dict[str, Any]) -> None:
    dataset = lines(tmp_path, [row])
    sample = dataset.sample(0)
    assert sample.tools == TOOLS_TEXT
    assert sample.prompt.startswith(f"tools: {TOOLS_TEXT}\n\nuser: ")
    assert sample.response in ("a", "Oak.")
    without = {name: value for name, value in row.items() if value not in (TOOLS, TOOLS_TEXT)}
    without.pop("tools", None)
    assert identity(lines(tmp_path, [without], "other.jsonl")) != identity(dataset)


def test_tools_that_are_objects_by_name_are_declared(tmp_path: Path) -> None:
    dataset = lines(tmp_path, [{"messages": [ASKED, OAK], "tools": {"seek": {"n": 1}}}])
    assert dataset.sample(0).tools == '{"seek": {"n": 1}}'


CHOICES: list[dict[str, Any]] = [
    {"question": "q", "A": "oak", "B": "door", "C": "cup", "answer": "B"},
    {"question": "q", "option_a": "oak", "option_b": "door", "answer": "B"},
    {"question": "q", "opa": "oak", "opb": "door", "opc": "cup", "cop": 1},
    {"question": "q", "options": {"A": "oak", "B": "door"}, "answer": "door"},
    {"question": "q", "options": '["oak", "door"]', "answer": "B"},
    {"question": "q", "options": "['oak', 'door']", "answer": "B"},
    {"question_stem": "q", "answerKey": "B",
     "choices": [{"label": "A", "text": "oak"}, {"label": "B", "text": "door"}]},
]  # fmt: skip


@pytest.mark.parametrize("row", CHOICES, ids=str)
def test_choices_are_part_of_the_question(tmp_path: Path, row: dict[str, Any]) -> None:
    for dataset in (lines(tmp_path, [row]), table(tmp_path, [row])):
        sample = dataset.sample(0)
        assert dataset.family is Family.PROMPT_RESPONSE
        assert sample.prompt.startswith("q\nA. oak\nB. door")
        assert sample.response == "B. door"
        assert dataset.problems_total == 0


PAIRS: list[dict[str, Any]] = [
    {"prompt": "q", "response_0": "b", "response_1": "a", "better_response_id": 1},
    {"prompt": "q", "response_1": "a", "response_2": "b", "preference_strength": -2},
    {"prompt": "q", "answer_a": "b", "answer_b": "a", "winner": "[[B]]"},
    {"prompt": "q", "answer_a": "a", "answer_b": "b", "preference": "A>>B"},
    {"prompt": "q", "response_1": "b", "response_2": "a", "choice": "Response 2 is better"},
    {"prompt": "q", "accepted": "a", "rejected": "b"},
    {"prompt": "q", "best_response": "a", "worst_response": "b"},
    {"prompt": "q", "response_win": "a", "response_lose": "b"},
    {"chosen": "Human: q\n\nAssistant: a", "rejected": "Human: q\n\nAssistant: b"},
]


@pytest.mark.parametrize("row", PAIRS, ids=str)
def test_pairs_by_other_names_and_labels(tmp_path: Path, row: dict[str, Any]) -> None:
    dataset = lines(tmp_path, [row])
    sample = dataset.sample(0)
    assert dataset.family is Family.PREFERENCE
    assert (sample.prompt, sample.response, sample.other) == ("q", "a", "b")


def test_names_that_only_look_like_sides_make_no_pair(tmp_path: Path) -> None:
    for row in (
        {"query": "q", "positive": "a", "negative": "b"},
        {"best_response": "a", "worst_response": "b"},
    ):
        assert lines(tmp_path, [row]).family is Family.OTHER
    row = {"prompt": "q", "completion_a": "a", "completion_b": "no", "chosen": "no"}
    assert lines(tmp_path, [row]).family is Family.CANDIDATES


CANDIDATES: list[dict[str, Any]] = [
    {"messages": [ASKED], "completions": ["Oak.", "Door."]},
    {"prompt": [ASKED], "generations": [[OAK], [DOOR]]},
    {"prompt": "Name a tree.", "choices": [{"message": OAK}, {"message": DOOR}]},
    {"prompt": "Name a tree.", "responses": '["Oak.", "Door."]'},
    {"prompt": "Name a tree.", "answers": "[{'text': 'Oak.'}, {'text': 'Door.'}]"},
    {"prompt": "Name a tree.", "response_0": "Oak.", "response_1": "Door."},
    {"instruction": "Name a tree.", "Output A": "Oak.", "Output B": "Door.", "Output C": None},
    {"messages": [ASKED], "answer1": [OAK], "answer2": [DOOR]},
    {"prompt": "Name a tree.", "chosen": "Oak.", "rejected": ["Door."]},
]


@pytest.mark.parametrize("row", CANDIDATES, ids=str)
def test_candidates_for_whatever_asks(tmp_path: Path, row: dict[str, Any]) -> None:
    dataset = lines(tmp_path, [row])
    sample = dataset.sample(0)
    assert dataset.family is Family.CANDIDATES
    assert (sample.prompt, sample.response) == ("Name a tree.", "Oak.")
    assert sample.candidates == ("Oak.", "Door.")


def test_answers_in_columns_of_their_own_are_all_part_of_the_sample(tmp_path: Path) -> None:
    row = {"prompt": "Name a tree.", "response_1": "Oak.", "response_2": "Elm.", "response_3": "?"}
    (tmp_path / "other").mkdir()
    first = identity(lines(tmp_path, [row]))
    assert identity(lines(tmp_path, [row | {"response_3": "!"}])) != first
    same = table(tmp_path / "other", [row])
    assert same.sample(0).candidates == ("Oak.", "Elm.", "?")
    assert identity(same) == first


QUOTED = ['say "hi"', "a,b", "line\nbreak", '"', 'mid"dle', "plain"]


@pytest.mark.parametrize("row", [{}, {"odd": 'a "bare" quote'}], ids=["regular", "row by row"])
def test_names_of_columns_may_hold_quotes(tmp_path: Path, row: dict[str, Any]) -> None:
    named = {name: str(at) for at, name in enumerate(QUOTED)}
    dataset = table(tmp_path, [{"prompt": "Name a tree.", "response": "Oak."} | named | row])
    assert dataset.column_names[2:8] == tuple(QUOTED)
    assert dataset.column('say "hi"').to_list() == ["0"]


def test_letters_may_be_columns(tmp_path: Path) -> None:
    sample = lines(tmp_path, [{"Q": "Name a tree.", "A": "Oak."}]).sample(0)
    assert (sample.prompt, sample.response) == ("Name a tree.", "Oak.")


def test_a_list_in_an_answer_that_is_text_stays_text(tmp_path: Path) -> None:
    dataset = lines(tmp_path, [{"prompt": "List two trees.", "response": '["oak", "elm"]'}])
    assert dataset.family is Family.PROMPT_RESPONSE
    assert dataset.sample(0).response == '["oak", "elm"]'


@pytest.mark.parametrize(
    "messages",
    [
        str([ASKED, OAK]),
        [["Name a tree.", "Oak."]][0],
        [{"input": "Name a tree.", "output": "Oak."}],
    ],
    ids=str,
)
def test_cells_of_a_csv_hold_conversations(tmp_path: Path, messages: Any) -> None:
    dataset = table(tmp_path, [{"id": "1", "conversation": messages}])
    assert dataset.family is Family.MESSAGES
    sample = dataset.sample(0)
    assert (sample.prompt, sample.response) == ("Name a tree.", "Oak.")


def test_arrays_printed_without_commas_are_not_guessed_at(tmp_path: Path) -> None:
    row = {"question": "q", "options": "['oak' 'door']", "answer": "B"}
    dataset = table(tmp_path, [row])
    assert dataset.sample(0).response == "B"


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASKED, OAK], "tools": [{"name": "a"}, {"name": "b"}]},
        {"prompt": "q", "completions": [{"text": "a"}, {"text": "b"}]},
        {"prompt": {"text": "q"}, "response": {"text": "a"}},
        {"instruction": "q", "instances": [{"input": "i", "output": "o"}] * 2},
        {"prompt": {"message_id": "m", "text": "q", "role": "prompter", "replies": [
            {"message_id": "n", "text": "a", "role": "assistant", "replies": []}]}},
    ],
    ids=str,
)  # fmt: skip
def test_a_lone_row_is_not_taken_for_a_wrapper(tmp_path: Path, row: dict[str, Any]) -> None:
    alone = lines(tmp_path, [row])
    assert alone.rows == 1
    two = lines(tmp_path, [row, {**row, "n": 2}], "two.jsonl")
    assert (alone.family, alone.sample(0).turns) == (two.family, two.sample(0).turns)


def test_rows_under_the_name_of_a_conversation_are_found(tmp_path: Path) -> None:
    row = {"instruction": "q", "input": "i", "output": "a"}
    dataset = lines(tmp_path, [{"conversations": [row, row]}])
    assert (dataset.rows, dataset.family) == (2, Family.ALPACA)


def test_bare_conversations_are_rows(tmp_path: Path) -> None:
    dataset = lines(tmp_path, [[ASKED, OAK], [ASKED, DOOR]])
    assert dataset.family is Family.MESSAGES
    assert [sample.response for sample in dataset.samples([0, 1])] == ["Oak.", "Door."]


BATCHES = [
    {"response": {"body": {"choices": [{"message": {
        "role": "assistant", "content": None,
        "tool_calls": [{"function": {"name": "seek", "arguments": "{}"}}]}}]}}},
    {"response": {"body": {"output": [
        {"type": "function_call", "name": "seek", "arguments": "{}"}]}}},
    {"result": {"message": {"role": "assistant", "content": [
        {"type": "tool_use", "id": "1", "name": "seek", "input": {}}]}}},
]  # fmt: skip


@pytest.mark.parametrize("row", BATCHES, ids=str)
def test_batch_output_holds_calls_too(tmp_path: Path, row: dict[str, Any]) -> None:
    dataset = lines(tmp_path, [{"custom_id": "1", **row}])
    assert dataset.family is Family.TEXT
    assert dataset.sample(0).turns == (Message(BOT, "", ('{"arguments": {}, "name": "seek"}',)),)


def test_an_answer_beside_its_conversation_can_be_edited(tmp_path: Path) -> None:
    row = {"messages": [ASKED], "answer": "Oak."}
    family, columns = lines(tmp_path, [row]).spelling_of(0)
    edited, reading = with_text(row, family, columns, Part.RESPONSE, "Elm.")
    assert edited == {"messages": [ASKED], "answer": "Elm."}
    assert reading.response == "Elm."


def test_columns_of_media_and_thought_are_found_in_any_order(tmp_path: Path) -> None:
    row = {"prompt": "q", "response": "a", "b_image": "no", "image_2": "2.png", "image_1": "1.png"}
    turned = dict(reversed(list(row.items())))
    one, other = (lines(tmp_path, [each], f"{n}.jsonl") for n, each in enumerate((row, turned)))
    assert one.sample(0).turns[0].media == ("image 1.png", "image 2.png")
    assert identity(one) == identity(other)


def test_parquet_says_the_same(tmp_path: Path) -> None:
    rows = [{"question": "q", "context": "c", "answer": "a", "audio_path": "a.wav"}]
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    assert identity(open_dataset(tmp_path / "a.parquet")) == identity(lines(tmp_path, rows))


def test_answers_under_another_name_are_read_in_their_rows(tmp_path: Path) -> None:
    rows = [
        {"instruction": "q", "output": "a"},
        {"instruction": "q", "response": "b"},
        {"instruction": "q", "output": None, "completion": "c"},
        {"instruction": "q", "output": None},
        {"instruction": "q", "completions": ["d", "e"]},
    ]
    dataset = lines(tmp_path, rows)
    assert dataset.texts["response"].to_list() == ["a", "b", "c", "", "d"]
    assert [dataset.problem(row) for row in range(5)] == ["", "", "", "the response is null", ""]
    assert dataset.sample(4).candidates == ("d", "e")
    apart = [identity(lines(tmp_path, [row], "one.jsonl")) for row in rows[:3]]
    assert [bytes(each) for each in dataset.identities(np.arange(3))] == apart


def test_one_open_conversation_among_answered_ones_has_its_answer(tmp_path: Path) -> None:
    rows = [{"messages": [ASKED, OAK]}] * 3 + [{"messages": [ASKED], "response": "Elm."}]
    dataset = lines(tmp_path, rows)
    assert dataset.sample(3).response == "Elm."
    assert dataset.problems_total == 0


def test_many_rows_without_an_answer_are_looked_through_or_left(tmp_path: Path) -> None:
    rows = [{"prompt": "q", "response": "a"}] * 1500 + [{"prompt": "q", "response": None}] * 1200
    dataset = lines(tmp_path, rows)
    assert dataset.problems_total == 1200
    late = lines(tmp_path, [*rows, *([{"prompt": "q", "output": "b"}] * 60)], "late.jsonl")
    assert late.problems_total == 1200
    assert late.sample(len(rows)).response == "b"


def test_nulls_of_a_union_of_columns_hide_no_family(tmp_path: Path) -> None:
    rows = [
        {"messages": [ASKED, OAK], "prompt": None, "response": None},
        {"messages": None, "prompt": "q", "response": "a"},
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    for dataset in (open_dataset(tmp_path / "a.parquet"), lines(tmp_path, rows)):
        assert dataset.families == {Family.MESSAGES: 1, Family.PROMPT_RESPONSE: 1}
        assert [sample.response for sample in dataset.samples([0, 1])] == ["Oak.", "a"]


LATE = [
    ({"instruction": "q", "output": "a"}, {"input": "i"}, "q\ni", Family.ALPACA),
    ({"prompt": "q", "response": "a"}, {"system": "s"}, "system: s\n\nuser: q",
     Family.PROMPT_RESPONSE),
    ({"messages": [ASKED, OAK]}, {"tools": TOOLS},
     f"tools: {TOOLS_TEXT}\n\nuser: Name a tree.", Family.MESSAGES),
]  # fmt: skip


@pytest.mark.parametrize(("row", "more", "prompt", "family"), LATE, ids=str)
def test_parts_that_begin_far_down_are_read(
    tmp_path: Path, row: dict[str, Any], more: dict[str, Any], prompt: str, family: Family
) -> None:
    dataset = lines(tmp_path, [*[row] * 2500, {**row, **more}])
    assert (dataset.family, dataset.rows) == (family, 2501)
    assert dataset.sample(2500).prompt == dataset.texts["prompt"][2500] == prompt
    first, last = dataset.identities(np.array([0, 2500]))
    assert bytes(first) == identity(lines(tmp_path, [row], "one.jsonl"))
    assert bytes(last) != bytes(first)


def test_rows_of_a_tree_are_read_from_any_table(tmp_path: Path) -> None:
    rows = [
        {"message_id": "a", "parent_id": None, "text": "Why?", "role": "prompter"},
        {"message_id": "b", "parent_id": "a", "text": "Because.", "role": "assistant"},
        {"message_id": "c", "parent_id": "a", "text": "No idea.", "role": "assistant"},
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame(rows).write_ipc(tmp_path / "a.arrow")
    pl.DataFrame(rows).write_csv(tmp_path / "a.csv")
    for name in ("a.parquet", "a.arrow", "a.csv"):
        dataset = open_dataset(tmp_path / name)
        assert (dataset.family, dataset.source_row_count) == (Family.MESSAGES, 3)
        said = [(sample.prompt, sample.response) for sample in dataset.samples([0, 1])]
        assert said == [("Why?", "Because."), ("Why?", "No idea.")]


def test_a_folder_without_data_says_how_deep_it_looked(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    (deep / "rows.jsonl").write_text('{"prompt": "q"}\n')
    with pytest.raises(InputError, match="nor in the folders in it") as raised:
        open_dataset(tmp_path)
    assert "name the folder that holds them" in raised.value.hint
    assert open_dataset(tmp_path / "a").rows == 1


SPELLED: list[list[Any]] = [
    [["q", "a"]],
    [{"Role": "user", "Content": "q"}, {"Role": "assistant", "Content": "a"}],
    [{"type": "user", "content": "q"}, {"type": "assistant", "content": "a"}],
    [{"user": "q"}, {"assistant": "a"}],
    [{"Human": "q"}, {"GPT": "a"}],
]


@pytest.mark.parametrize("talk", SPELLED, ids=str)
def test_messages_by_keys_of_any_case_or_by_who_speaks(tmp_path: Path, talk: list[Any]) -> None:
    for rows in ([{"messages": talk}], [{"messages": talk}, {"messages": talk}]):
        dataset = lines(tmp_path, rows, f"{len(rows)}.jsonl")
        assert (dataset.rows, dataset.family) == (len(rows), Family.MESSAGES)
        assert dataset.sample(0).turns == (Message(USER, "q"), Message(BOT, "a"))
        assert dataset.problems_total == 0


def test_what_was_thought_before_a_candidate_is_part_of_it(tmp_path: Path) -> None:
    row = {"prompt": "q", "responses": [{"text": "a", "reasoning": "x", "score": 1}, {"text": "b"}]}
    sample = lines(tmp_path, [row]).sample(0)
    assert sample.turns[-1] == Message(BOT, "a", reasoning="x")
    assert sample.candidates == ("<think>\nx\n</think>\n\na", "b")
    assert sample.candidate_details == ("score 1", "")


def test_candidates_may_call_tools_or_be_gemini_s(tmp_path: Path) -> None:
    call = {"role": "assistant", "content": "", "tool_calls": [{"name": "f", "arguments": "{}"}]}
    sample = lines(tmp_path, [{"prompt": "q", "responses": [call, OAK]}]).sample(0)
    assert sample.candidates == ('{"arguments": {}, "name": "f"}', "Oak.")
    parts = [{"content": {"role": "model", "parts": [{"text": text}]}} for text in ("a", "b")]
    asked = [{"role": "user", "parts": [{"text": "q"}]}]
    gemini = lines(tmp_path, [{"contents": asked, "candidates": parts}]).sample(0)
    assert (gemini.prompt, gemini.candidates) == ("q", ("a", "b"))


def test_choices_without_a_right_one_are_no_candidates(tmp_path: Path) -> None:
    row = {"question": "q", "choices": ["a", "b"], "answer": [0, 1]}
    assert lines(tmp_path, [row]).family is Family.OTHER


def test_roles_with_texts_are_no_questions_with_answers(tmp_path: Path) -> None:
    talk = [["user", "q"], ["assistant", "a"]]
    assert lines(tmp_path, [{"messages": talk}, {"messages": talk}]).family is Family.OTHER


def test_a_column_of_reasoning_without_a_text_breaks_its_row_alone(tmp_path: Path) -> None:
    rows = [{"messages": [ASKED, OAK], "reasoning": each} for each in ("hm", ["hm"], [{"n": 1}])]
    dataset = lines(tmp_path, rows)
    assert dataset.broken.tolist() == [False, False, True]
    assert dataset.problem(2) == "the reasoning holds no text"


def test_choices_and_histories_that_are_no_list_break_their_row_alone(tmp_path: Path) -> None:
    held: list[Any] = [*[["a", "b"]] * 30, 3, "ab"]
    dataset = lines(tmp_path, [{"question": "q", "options": each, "answer": 0} for each in held])
    assert np.flatnonzero(dataset.broken).tolist() == [30, 31]
    assert dataset.problem(30) == "the choices are a number where a list belongs"
    histories: list[Any] = [*[[["q", "a"]]] * 30, 3.5]
    rows = [{"prompt": "q", "response": "a", "history": each} for each in histories]
    dataset = lines(tmp_path, rows, "history.jsonl")
    assert dataset.problem(30) == "the history is a number where a list of turns belongs"
