"""Data as people have it: the shapes of columns, rows and files that are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.reading.mapping_file import mapping_text, read_mapping
from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.errors import InputError, UsageError
from engine.sample import Family, Side

ASKED = [{"role": "user", "content": "Name a tree."}]
CHOSEN = [*ASKED, {"role": "assistant", "content": "Oak."}]
REJECTED = [*ASKED, {"role": "assistant", "content": "Door."}]


def lines(folder: Path, rows: list[Any], **options: Any) -> Dataset:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return open_dataset(path, ReadOptions(**options))


def whole(folder: Path, value: Any, indent: int | None = None, **options: Any) -> Dataset:
    path = folder / "whole.json"
    path.write_text(json.dumps(value, indent=indent), encoding="utf-8")
    return open_dataset(path, ReadOptions(**options))


PAIRS = [
    {"conversation_a": CHOSEN, "conversation_b": REJECTED, "winner": "model_a", "model_a": "x"},
    {"context": ASKED, "response1": "Oak.", "response2": "Door.", "overall_preference": -2},
    {"context": ASKED, "response1": "Door.", "response2": "Oak.", "overall_preference": 1},
    {"prompt": "Name a tree.", "output_1": "Oak.", "output_2": "Door.", "label": 1.0000007},
    {"prompt": "Name a tree.", "response_a": "Door.", "response_b": "Oak.", "winner": "B"},
    {"history": "Name a tree.", "human_ref_A": "Oak.", "human_ref_B": "Door.", "labels": 1},
    {"messages": CHOSEN, "rejected_response": "Door."},
    {"question": "Name a tree.", "answer": [CHOSEN, REJECTED]},
    {"input": {"messages": ASKED}, "preferred_output": CHOSEN[1:],
     "non_preferred_output": REJECTED[1:]},
    {"conversations": [{"from": "human", "value": "Name a tree."}],
     "chosen": {"from": "gpt", "value": "Oak."}, "rejected": {"from": "gpt", "value": "Door."}},
    {"Prompt ": "Name a tree.", "CHOSEN": "Oak.", "Rejected": "Door."},
]  # fmt: skip


@pytest.mark.parametrize("row", PAIRS, ids="-".join)
def test_pairs_have_a_chosen_and_a_rejected_side(tmp_path: Path, row: dict[str, Any]) -> None:
    dataset = lines(tmp_path, [row])
    assert dataset.family is Family.PREFERENCE
    sample = dataset.sample(0)
    assert (sample.prompt, sample.response, sample.other) == ("Name a tree.", "Oak.", "Door.")
    other = dataset.sample(0, Side.REJECTED)
    assert (other.response, other.other) == ("Door.", "Oak.")


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ([0, 1, 0], ["a", "b", "a"]),
        ([1, 2, 1], ["a", "b", "a"]),
        (["0", "1", "1"], ["a", "b", "b"]),
        ([2, 1, 0], ["b", "a", None]),
    ],
)
def test_labels_count_from_0_where_there_is_one(
    tmp_path: Path, labels: list[Any], chosen: list[str | None]
) -> None:
    rows = [{"prompt": "q", "output_1": "a", "output_2": "b", "label": each} for each in labels]
    dataset = lines(tmp_path, rows)
    assert dataset.texts["response"].to_list() == chosen
    assert dataset.broken.tolist() == [each is None for each in chosen]


SAMPLES = [
    ({"Instruction ": "q", "Output": "a"}, "q", "a"),
    ({"instruction": "q", "generation": "a"}, "q", "a"),
    ({"Question": "q", "Complex_CoT": "t", "Response": "a"}, "q", "<think>\nt\n</think>\n\na"),
    ({"question": "q", "context": "c", "answers": {"text": ["a", "b"], "answer_start": [0, 1]}},
     "q\nc", "a"),
    ({"definition": "d", "inputs": "i", "targets": "a"}, "d\ni", "a"),
    ({"question": "q", "choices": ["x", "y"], "answer": 1}, "q\nA. x\nB. y", "B. y"),
    ({"question": "q", "choices": {"text": ["x", "y"], "label": ["1", "2"]}, "answerKey": "2"},
     "q\n1. x\n2. y", "2. y"),
    ({"data": {"prompt": "q", "response": "a"}, "annotations": []}, "q", "a"),
    ({"human": "q", "assistant": "a"}, "q", "a"),
    ({"prompt": ["q"], "response": "a"}, "q", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "prompt", "response"), SAMPLES, ids=lambda each: str(each)[:24])
def test_prompts_and_responses(
    tmp_path: Path, row: dict[str, Any], prompt: str, response: str
) -> None:
    dataset = lines(tmp_path, [row, row])
    assert dataset.family is Family.PROMPT_RESPONSE
    sample = dataset.sample(1)
    assert (sample.prompt, sample.response) == (prompt, response)
    assert dataset.problems_total == 0


CHATS = [
    {"messages": json.dumps(CHOSEN)},
    {"messages": {"role": ["user", "assistant"], "content": ["Name a tree.", "Oak."]}},
    {"conversations": ["Name a tree.", "Oak."]},
    {"conversation": [{"input": "Name a tree.", "output": "Oak."}]},
    {"segments": [{"label": False, "text": "Name a "}, {"label": False, "text": "tree."},
                  {"label": True, "text": "Oak."}]},
    {"contents": [{"role": "user", "parts": [{"text": "Name a tree."}]},
                  {"role": "model", "parts": [{"text": "Oak."}]}]},
    {"messages": [{"type": "human", "data": {"content": "Name a tree."}},
                  {"type": "ai", "data": {"content": "Oak."}}]},
    {"dialog": [{"speaker": "user", "text": "Name a tree."}, {"speaker": "bot", "text": "Oak."}]},
]  # fmt: skip


@pytest.mark.parametrize("row", CHATS, ids=lambda row: str(row)[:40])
def test_conversations_in_any_spelling(tmp_path: Path, row: dict[str, Any]) -> None:
    dataset = lines(tmp_path, [row])
    assert dataset.family is Family.MESSAGES
    sample = dataset.sample(0)
    assert (sample.prompt, sample.response) == ("Name a tree.", "Oak.")


def test_candidates_are_listed_and_the_first_is_the_response(tmp_path: Path) -> None:
    rows = [
        {"instruction": "q", "completions": [{"response": "a", "score": 4.5}, {"response": "b"}]},
        {"instruction": "q", "completions": [{"response": "c"}, {"response": "d"}]},
    ]
    dataset = lines(tmp_path, rows)
    assert dataset.family is Family.CANDIDATES
    sample = dataset.sample(0)
    assert (sample.prompt, sample.response, sample.candidates) == ("q", "a", ("a", "b"))
    assert sample.candidate_details[0] == "score 4.5"
    listed = lines(tmp_path, [{"prompt": "q", "responses": ["a", "b"], "scores": [1, 2]}])
    assert listed.sample(0).candidates == ("a", "b")


def test_prompts_with_what_checks_their_answers_are_prompts(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pl.DataFrame(
        {
            "data_source": ["x"], "prompt": [ASKED], "ability": ["math"],
            "reward_model": [{"style": "rule", "ground_truth": "42"}], "extra_info": [{"n": 1}],
        }
    ).write_parquet(path)  # fmt: skip
    dataset = open_dataset(path)
    assert dataset.family is Family.PROMPT
    assert dataset.sample(0).prompt == "Name a tree."


def test_batch_output_is_answers_alone_and_says_so(tmp_path: Path) -> None:
    body = {"choices": [{"message": {"role": "assistant", "content": "A pear."}}]}
    dataset = lines(tmp_path, [{"custom_id": "1", "response": {"status_code": 200, "body": body}}])
    assert (dataset.family, dataset.sample(0).response) == (Family.TEXT, "A pear.")
    assert "prompts are in the file of requests" in dataset.problems[0].cause


def test_texts_with_a_score_or_a_reviewers_word_are_texts(tmp_path: Path) -> None:
    for row in (
        {"text": "Oaks live long.", "score": 3.1, "token_count": 4},
        {"text": "Oaks live long.", "label": 1},
        {
            "text": "What?",
            "_task_hash": 1,
            "options": [{"id": "A", "text": "x"}],
            "answer": "accept",
        },
    ):
        assert lines(tmp_path, [row]).family is Family.TEXT


def test_a_reviewers_word_is_no_answer_to_the_question(tmp_path: Path) -> None:
    row = {"question": "Is rye a grass?", "answer": "accept", "_input_hash": 1, "_task_hash": 2}
    dataset = lines(tmp_path, [row, row | {"answer": "ignore"}])
    assert dataset.family is Family.PROMPT
    said = lines(tmp_path, [row | {"answer": "Yes, it is."}])
    assert (said.family, said.sample(0).response) == (Family.PROMPT_RESPONSE, "Yes, it is.")
    both = lines(tmp_path, [row | {"response": "Yes, it is."}])
    assert (both.family, both.sample(0).response) == (Family.PROMPT_RESPONSE, "Yes, it is.")


def test_what_an_annotated_export_adds_hides_no_text(tmp_path: Path) -> None:
    row = {"text": "Oaks live long.", "tamis_row": 0, "tamis_verdict": "accept", "tamis_tags": None}
    assert lines(tmp_path, [row]).family is Family.TEXT


def test_translations_say_what_to_name(tmp_path: Path) -> None:
    row = {"translation": {"en": "Good day", "fr": "Bonjour"}}
    dataset = lines(tmp_path, [row])
    assert "--prompt-column translation.en" in dataset.problems[0].cause
    mapping = ColumnMapping(prompt=("translation.en",), response="translation.fr")
    named = lines(tmp_path, [row], mapping=mapping)
    assert (named.sample(0).prompt, named.sample(0).response) == ("Good day", "Bonjour")


MIXED: list[dict[str, Any]] = [
    {"instruction": "q1", "input": "", "output": "a1"},
    {"messages": CHOSEN},
    {"instruction": "q2", "input": "i", "output": "a2"},
    {"prompt": "p", "completion": "c"},
    {"nothing": "here"},
    {"conversations": [{"from": "human", "value": "h"}, {"from": "gpt", "value": "g"}]},
]


def test_every_row_has_its_own_family(tmp_path: Path) -> None:
    dataset = lines(tmp_path, MIXED)
    assert dataset.family is Family.ALPACA
    assert dataset.families == {
        Family.ALPACA: 3, Family.MESSAGES: 1, Family.PROMPT_RESPONSE: 1, Family.SHAREGPT: 1,
    }  # fmt: skip
    said = [(sample.prompt, sample.response) for sample in dataset.samples(range(6))]
    assert said == [
        ("q1", "a1"), ("Name a tree.", "Oak."), ("q2\ni", "a2"), ("p", "c"), ("", ""), ("h", "g"),
    ]  # fmt: skip
    assert np.flatnonzero(dataset.broken).tolist() == [4]
    identities = dataset.identities(np.arange(6))
    alone = lines(tmp_path, [MIXED[1]])
    assert bytes(identities[1]) == bytes(alone.identities(np.array([0]))[0])
    assert len(set(map(bytes, identities))) == 6


WRAPPED = [
    ({"version": "1", "data": [{"prompt": "a", "response": "b"}] * 2}, "data"),
    ({"result": {"items": [{"prompt": "a", "response": "b"}] * 2}}, "result.items"),
    ({"prompt": ["a", "a"], "response": ["b", "b"]}, "by column"),
    ({"prompt": {"0": "a", "1": "a"}, "response": {"0": "b", "1": "b"}}, "by column"),
    ({"train": [{"prompt": "a", "response": "b"}], "test": [{"prompt": "a", "response": "b"}]},
     "train, test"),
    ({"x7": {"prompt": "a", "response": "b"}, "x8": {"prompt": "a", "response": "b"}}, "2 entries"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "place"), WRAPPED, ids=lambda each: str(each)[:20])
@pytest.mark.parametrize("indent", [None, 2])
def test_rows_inside_of_a_file_are_found_and_it_is_said_where(
    tmp_path: Path, value: Any, place: str, indent: int | None
) -> None:
    dataset = whole(tmp_path, value, indent)
    assert dataset.rows == 2
    sample = dataset.sample(1)
    assert (sample.prompt, sample.response) == ("a", "b")
    assert place in dataset.problems[0].cause


def test_rows_of_a_list_inside_keep_their_bytes_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"n": 1,\n "data": [\n {"prompt":  "a", "response": "b"},\n {"x": 1}\n]}')
    dataset = open_dataset(path)
    assert dataset.raw(0) == b'{"prompt":  "a", "response": "b"}'
    broken = next(problem for problem in dataset.problems if problem.row == 1)
    assert broken.line == 4


def test_several_lists_are_a_question(tmp_path: Path) -> None:
    rows = [{"prompt": "a", "response": "b"}]
    value = {"good": rows, "more": rows * 2}
    with pytest.raises(InputError, match="good, more") as raised:
        whole(tmp_path, value)
    assert "--rows-at good" in raised.value.hint
    assert whole(tmp_path, value, rows_at="more").rows == 2
    with pytest.raises(InputError, match="no list of rows at bad"):
        whole(tmp_path, value, rows_at="bad")


def test_a_lone_object_that_is_a_sample_is_one_row(tmp_path: Path) -> None:
    dataset = whole(tmp_path, {"conversations": [{"from": "human", "value": "q"}], "id": 1}, 2)
    assert (dataset.rows, dataset.family) == (1, Family.SHAREGPT)


ROWS_OF_A_TREE: list[dict[str, Any]] = [
    {"message_id": "a", "parent_id": None, "text": "Why?", "role": "prompter", "rank": None},
    {"message_id": "b", "parent_id": "a", "text": "Because.", "role": "assistant", "rank": 0},
    {"message_id": "c", "parent_id": "a", "text": "No idea.", "role": "assistant", "rank": 1},
    {"message_id": "d", "parent_id": "b", "text": "Really?", "role": "prompter", "rank": None},
    {"message_id": "e", "parent_id": "gone", "text": "Lost.", "role": "assistant", "rank": 0},
]


def test_every_path_of_a_tree_is_a_sample(tmp_path: Path) -> None:
    dataset = lines(tmp_path, ROWS_OF_A_TREE)
    assert (dataset.rows, dataset.source_row_count, dataset.has_paths) == (3, 5, True)
    turns = [[turn.text for turn in sample.turns] for sample in dataset.samples(range(3))]
    assert turns == [["Why?", "Because.", "Really?"], ["Why?", "No idea."], ["Lost."]]
    assert [dataset.source_rows(row) for row in range(3)] == [(0, 1, 3), (0, 2), (4,)]
    assert dataset.path_of(0) == "a > b > d"
    assert dataset.column("rank").to_list() == [None, 1, 0]
    assert any("gone, is not there" in problem.cause for problem in dataset.problems)


def test_trees_in_one_row_each(tmp_path: Path) -> None:
    nested = {
        "message_tree_id": "t",
        "prompt": {"message_id": "a", "text": "Why?", "role": "prompter", "replies": [
            {"message_id": "b", "text": "So.", "role": "assistant", "replies": []},
            {"message_id": "c", "text": "Not.", "role": "assistant", "replies": []},
        ]},
    }  # fmt: skip
    dataset = lines(tmp_path, [nested])
    assert [sample.response for sample in dataset.samples(range(2))] == ["So.", "Not."]
    nodes = {
        "r": {"message": None, "parent": None, "children": ["u"]},
        "u": {"message": {"author": {"role": "user"}, "content": {"parts": ["Hi"]}}, "parent": "r"},
        "v": {"message": {"author": {"role": "assistant"}, "content": {"parts": ["Ho"]}},
              "parent": "u"},
    }  # fmt: skip
    chat = whole(tmp_path, [{"title": "A talk", "mapping": nodes}])
    sample = chat.sample(0)
    assert (sample.prompt, sample.response) == ("Hi", "Ho")
    assert chat.column("title").to_list() == ["A talk"]


def test_messages_in_a_circle_are_said_and_the_rest_is_read(tmp_path: Path) -> None:
    rows = [
        {**ROWS_OF_A_TREE[0], "message_id": "x", "parent_id": "y"},
        {**ROWS_OF_A_TREE[1], "message_id": "y", "parent_id": "x"},
        ROWS_OF_A_TREE[0],
    ]
    dataset = lines(tmp_path, rows)
    assert dataset.rows == 1
    assert any("in a circle" in problem.cause for problem in dataset.problems)


NAMED = [{"meta": {"q": "q1", "sys": "s"}, "more": "m", "good": "a", "bad": "b", "which": "B"}]


def test_columns_are_named_nested_ones_too(tmp_path: Path) -> None:
    mapping = ColumnMapping(prompt=("meta.q", "more"), system="meta.sys", response="good")
    sample = lines(tmp_path, NAMED, mapping=mapping).sample(0)
    assert [turn.text for turn in sample.turns] == ["s", "q1\nm", "a"]
    mapping = ColumnMapping(prompt=("meta.q",), response="good", rejected="bad", label="which")
    pair = lines(tmp_path, NAMED, mapping=mapping)
    assert (pair.family, pair.sample(0).response) == (Family.PREFERENCE, "b")
    with pytest.raises(UsageError) as raised:
        lines(tmp_path, NAMED, mapping=ColumnMapping(prompt=("goood",)))
    assert "did you mean good" in raised.value.hint


def test_a_mapping_is_kept_in_a_file(tmp_path: Path) -> None:
    mapping = ColumnMapping(Family.PREFERENCE, ("a b", "ü"), None, "c", "d", "e")
    file = tmp_path / "columns.toml"
    file.write_text(mapping_text(mapping), encoding="utf-8")
    assert read_mapping(file) == mapping
    for text in ("prompt = 3", "answer = 'x'", "family = 'odd'", "prompt = ["):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"columns\.toml"):
            read_mapping(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.json", "rows.csv", "rows.parquet"])
def test_the_first_rows_are_opened_for_a_look(tmp_path: Path, name: str) -> None:
    rows = [{"prompt": f"q{n}", "response": "a"} for n in range(9)]
    path = tmp_path / name
    frame = pl.DataFrame(rows)
    match path.suffix:
        case ".jsonl":
            frame.write_ndjson(path)
        case ".json":
            frame.write_json(path)
        case ".csv":
            frame.write_csv(path)
        case _:
            frame.write_parquet(path)
    dataset = open_dataset(path, ReadOptions(limit=4))
    assert dataset.texts["prompt"].to_list() == ["q0", "q1", "q2", "q3"]


def test_python_dictionaries_and_doubled_names_are_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{'prompt': 'a'}\n{'prompt': 'b'}\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no row could be read as JSON \(line 1: ") as raised:
        open_dataset(path)
    assert "json.dumps" in raised.value.hint


def test_a_lone_row_of_no_known_family_stays_one(tmp_path: Path) -> None:
    assert whole(tmp_path, {"shelf": "B", "parts": [{"n": 1}]}).rows == 1
    assert whole(tmp_path, {"rows": [{"n": 1}, {"n": 2}], "version": 3}).rows == 2


def test_a_number_in_a_further_column_of_the_prompt_is_read(tmp_path: Path) -> None:
    rows = [
        {"definition": "d", "inputs": "i", "targets": "t"},
        {"definition": "d", "inputs": 7, "targets": "t"},
        {"definition": "d", "inputs": {"a": 1}, "targets": "t"},
    ]
    dataset = lines(tmp_path, rows)
    assert dataset.texts["prompt"].to_list()[:2] == ["d\ni", "d\n7"]
    assert dataset.rows == 3


@pytest.mark.parametrize("name", ["responses", "segments", "conversation", "answer"])
def test_a_column_of_lists_with_something_else_in_it_is_read(tmp_path: Path, name: str) -> None:
    held = [["a", "b"], [{"label": True, "text": "x"}], [{"input": "q", "output": "a"}]]
    rows = [{"prompt": "q", name: value} for value in (*held, 3, None, "x", {"a": 1})]
    assert lines(tmp_path, rows).rows == len(rows)


@pytest.mark.parametrize("sides", [("a", "b"), (CHOSEN, REJECTED)])
def test_a_label_of_0_far_down_tells_what_all_count_from(tmp_path: Path, sides: Any) -> None:
    rows = [
        {"prompt": "q", "output_1": sides[0], "output_2": sides[1], "label": int(n < 200)}
        for n in range(201)
    ]
    dataset = lines(tmp_path, rows)
    chosen = dataset.texts["response"].to_list()
    assert len(set(chosen[:200])) == 1
    assert chosen[0] == ("b" if sides[0] == "a" else "Door.")
    assert chosen[200] == ("a" if sides[0] == "a" else "Oak.")
    assert not dataset.broken.any()
