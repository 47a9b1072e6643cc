"""Parts of a row beside its turns: history, reasoning, media, candidates, labels, placeholders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.editing import Part, editable, with_text
from engine.dataset.reading.answers import which_side
from engine.dataset.reading.cells import MalformedRowError, value_at
from engine.dataset.reading.identify import row_identity
from engine.dataset.reading.options import PLACEHOLDERS, ReadOptions, is_placeholder
from engine.dataset.reading.rows import Columns, RowContent, Unreadable, read_row
from engine.errors import UsageError
from engine.sample import Family, Message, Role, identify

USER, BOT, SYSTEM, TOOL = Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.TOOL
ALPACA = Columns(prompt="instruction", input="input", response="output")


def read(row: dict[str, Any], family: Family, columns: Columns) -> RowContent:
    reading = read_row(row, family, columns)
    assert isinstance(reading, RowContent), reading
    return reading


def write(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return path


PINNED = [
    ((Message(USER, "q"), Message(BOT, "a")), None, "efc3e936bfd733d24c9ca1789b589e70"),
    (
        (Message(SYSTEM, "s"), Message(USER, ""), Message(BOT, "", ('{"name": "f"}',))),
        None,
        "ef7a76c590f07a5ec6b11da333e1a9cf",
    ),
    ((Message(USER, "q"), Message(BOT, "a")), "b", "aa2dfc1878fc72e7a82b38e4e81fc633"),
]


@pytest.mark.parametrize(("turns", "rejected", "known"), PINNED)
def test_texts_and_calls_alone_keep_the_identity_of_version_1(
    turns: tuple[Message, ...], rejected: str | None, known: str
) -> None:
    assert identify(turns, rejected).hex() == known


@pytest.mark.parametrize(
    "more",
    [
        {"turns": (Message(USER, "q"), Message(BOT, "a", reasoning="hm"))},
        {"turns": (Message(USER, "q", media=("image a",)), Message(BOT, "a"))},
        {"turns": (Message(USER, "q"), Message(BOT, "a", raw=("x: 1",)))},
        {"tools": "[1]"},
        {"candidates": ("a", "b")},
        {"rejected": "b", "rejected_turns": (Message(BOT, "b", reasoning="hm"),)},
    ],
)
def test_whatever_else_was_said_makes_another_sample(more: dict[str, Any]) -> None:
    turns = (Message(USER, "q"), Message(BOT, "a"))
    plain = {identify(turns), identify(turns, "b")}
    assert identify(**{"turns": turns, **more}) not in plain


def test_fields_of_an_identity_never_run_together() -> None:
    one = identify((Message(BOT, "", media=("a", "b")),))
    two = identify((Message(BOT, "", media=("ab",)),))
    three = identify((Message(BOT, "", raw=("a", "b")),))
    assert len({one, two, three}) == 3


@pytest.mark.parametrize(
    "history",
    [
        [["q1", "a1"]],
        [{"role": "user", "content": "q1"}, {"role": "assistant", "content": "a1"}],
        '[["q1", "a1"]]',
        [{"input": "q1", "output": "a1"}],
    ],
)
def test_history_is_turns_before_the_instruction(history: object) -> None:
    columns = Columns("s", "instruction", "input", history="history", response="output")
    row = {"s": "be", "instruction": "q2", "input": "", "output": "a2", "history": history}
    reading = read(row, Family.ALPACA, columns)
    assert reading.turns == (
        Message(SYSTEM, "be"),
        Message(USER, "q1"),
        Message(BOT, "a1"),
        Message(USER, "q2"),
        Message(BOT, "a2"),
    )
    assert reading.remarks == ()
    absent: tuple[Any, ...] = (None, [], "", "[]")
    for none in absent:
        assert len(read({**row, "history": none}, Family.ALPACA, columns).turns) == 3


def test_a_column_of_reasoning_belongs_to_the_answer() -> None:
    columns = Columns(prompt="p", reasoning="cot", response="r")
    for cot in ("hm", ["hm"], [{"text": "hm"}]):
        reading = read({"p": "q", "cot": cot, "r": "a"}, Family.PROMPT_RESPONSE, columns)
        assert reading.turns[-1] == Message(BOT, "a", reasoning="hm")
        assert reading.response == "<think>\nhm\n</think>\n\na"
    alone = read({"p": "q", "cot": "hm", "r": ""}, Family.PROMPT_RESPONSE, columns)
    assert alone.remarks == ("the response is empty",)


def test_columns_of_media_go_where_the_text_says() -> None:
    columns = Columns(messages="m", media=("images", "audio"))
    talk = [
        {"role": "user", "content": "<image>q"},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "and <image>?"},
        {"role": "assistant", "content": "b"},
    ]
    row = {"m": talk, "images": ["1.png", {"bytes": b"2", "path": "2.png"}], "audio": "s.wav"}
    turns = read(row, Family.MESSAGES, columns).turns
    assert turns[0].text == "[image 1.png]\n[audio s.wav]\n<image>q"
    assert turns[0].media == ("image 1.png", "audio s.wav")
    assert turns[2].media[0].startswith("image blake2b:")
    other = {**row, "images": ["1.png", {"bytes": b"3", "path": "2.png"}]}
    assert read(other, Family.MESSAGES, columns).turns[2] != turns[2]


def test_declared_tools_are_part_of_the_prompt_and_of_the_identity() -> None:
    columns = Columns(messages="m", tools="t")
    talk = [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}]
    row = {"m": talk, "t": [{"name": "f", "kind": None}]}
    reading = read(row, Family.MESSAGES, columns)
    assert reading.prompt == 'system: s\n\ntools: [{"name": "f"}]\n\nuser: q'
    as_text = read({**row, "t": '[{"name": "f"}]'}, Family.MESSAGES, columns)
    assert row_identity(as_text, {}) == row_identity(reading, {})
    bare = read({"m": talk}, Family.MESSAGES, columns)
    assert row_identity(bare, {}) != row_identity(reading, {})
    absent: tuple[Any, ...] = ([], "[]", "", "null", None, {})
    for none in absent:
        assert read({**row, "t": none}, Family.MESSAGES, columns) == bare


CANDIDATES: list[Any] = [
    ["a", "b", "c"],
    '["a", "b", "c"]',
    [{"model": "m", "response": "a", "score": 1}, {"answer": "b", "rank": 2}, {"text": "c"}],
    {"text": ["a", "b", "c"], "score": [1, 2, 3]},
    [[{"role": "assistant", "content": each}] for each in "abc"],
    [{"role": "assistant", "content": each} for each in "abc"],
    [{"message": {"role": "assistant", "content": each}} for each in "abc"],
]


@pytest.mark.parametrize("value", CANDIDATES, ids=str)
def test_candidates_are_listed_and_never_joined(value: Any) -> None:
    columns = Columns(prompt="p", candidates="c")
    reading = read({"p": "q", "c": value, "scores": [5, 6, 7]}, Family.CANDIDATES, columns)
    assert reading.turns == (Message(USER, "q"), Message(BOT, "a"))
    assert (reading.response, reading.candidates) == ("a", ("a", "b", "c"))
    assert reading.texts == ("q", "a", "candidate 2: b\n\ncandidate 3: c")
    assert all("score" in each for each in reading.candidate_details)


def test_a_lone_candidate_is_a_response_like_any_other() -> None:
    columns = Columns(prompt="p", candidates="c")
    one = read({"p": "q", "c": ["a"]}, Family.CANDIDATES, columns)
    assert (one.candidates, one.texts) == ((), ("q", "a", None))
    assert row_identity(one, {}) == identify((Message(USER, "q"), Message(BOT, "a")))
    null = read({"p": "q", "c": None}, Family.CANDIDATES, columns)
    assert null.remarks == ("the response is null",)
    many = read({"p": "q", "c": [str(n) for n in range(20)]}, Family.CANDIDATES, columns)
    assert len(many.candidates) == 16
    assert len(many.remarks) == 1


def test_lists_of_texts_are_text_and_never_calls() -> None:
    columns = Columns(prompt="p", response="r")
    reading = read({"p": ["q"], "r": ["a", "b"]}, Family.PROMPT_RESPONSE, columns)
    assert reading.turns == (Message(USER, "q"), Message(BOT, "a\nb"))
    assert reading.remarks == ("the response is a list of texts, joined by lines",)


def test_turns_after_the_answer_are_compared_and_not_judged() -> None:
    talk = [{"role": role, "content": role[0]} for role in ("user", "assistant", "user")]
    reading = read({"m": talk}, Family.MESSAGES, Columns(messages="m"))
    assert reading.response == "a"
    assert reading.texts == ("u", "a\n\nuser: u", None)


@pytest.mark.parametrize(
    ("label", "counts_from", "side"),
    [
        (1, 1, 0), (2, 1, 1), ("2", 1, 1), (" 1.0 ", 1, 0), (1.0000007, 1, 0), (0, 0, 0), (1, 0, 1),
        ("output_2", 1, 1), ("A", 1, 0), ("model_b", 0, 1), ("Response 1", 1, 0), ("chosen", 1, 0),
        ("tie", 1, None), ("tie (bothbad)", 1, None),
    ],
)  # fmt: skip
def test_a_label_is_a_number_or_a_name(label: object, counts_from: int, side: int | None) -> None:
    assert which_side(label, counts_from) == side


@pytest.mark.parametrize(
    ("label", "counts_from"),
    [(0, 1), (1.51, 1), (2, 0), (None, 1), (True, 1), ("x", 1), ([], 0), (float("nan"), 1)],
)
def test_a_label_that_chooses_nothing_breaks_the_row(label: object, counts_from: int) -> None:
    with pytest.raises(MalformedRowError, match=f"neither {counts_from} nor {counts_from + 1}"):
        which_side(label, counts_from)


def test_labels_of_a_flat_file_are_read_as_those_of_rows(tmp_path: Path) -> None:
    labels = [1, 2, "1.0000007", "output_2", "tie", 0, 1.51, None, 0]
    rows = [{"prompt": "q", "output_1": "a", "output_2": "b", "label": each} for each in labels]
    dataset = open_dataset(write(tmp_path / "pairs.jsonl", *rows))
    family, columns = dataset.spelling_of(0)
    for row, record in enumerate(rows):
        reading = read_row(record, family, columns)
        if isinstance(reading, Unreadable):
            assert dataset.problem(row) == reading.cause
            assert dataset.broken[row]
        else:
            assert dataset.texts.row(row) == reading.texts
            assert dataset.problem(row) == "; ".join(reading.remarks)
    assert dataset.texts["response"].to_list()[:5] == ["a", "b", "a", "b", "a"]
    dataset.close()


def test_names_lead_into_nested_values_and_full_names_go_first() -> None:
    row = {
        "in": {"messages": [1], "text": '{"deep": [{"x": 5}]}'},
        "in.messages": 2,
        "quality.responses": {"value": 3},
        "list": [{"x": 4}],
    }
    names = ("in.messages", "in.text.deep.0.x", "quality.responses.value", "list.0.x", "in.no.x")
    assert [value_at(row, name) for name in names] == [2, 5, 3, 4, None]
    assert [value_at(row, name) for name in ("no", "no.x", "list.9.x", None)] == [None] * 4
    pair = {"i": {"m": "q", "t": ["f"]}, "o": {"good": "a", "bad": "b"}}
    columns = Columns(prompt="i.m", response="o.good", rejected="o.bad")
    reading = read(pair, Family.PREFERENCE, columns)
    assert (reading.prompt, reading.response, reading.rejected) == ("q", "a", "b")
    edited, _ = with_text(pair, Family.PREFERENCE, columns, Part.REJECTED, "c")
    assert edited == {"i": pair["i"], "o": {"good": "a", "bad": "c"}}


@pytest.mark.parametrize(
    "cell", ["<noinput>", ' "<NoInput>". ', "N/A", "None", "nan", "(no input)"]
)
def test_cells_that_say_that_there_is_nothing(cell: str) -> None:
    assert is_placeholder(cell, PLACEHOLDERS)
    assert not is_placeholder(cell, ())


@pytest.mark.parametrize("cell", ["", " ", "-", "Na", "[None]", "none of them", "No.", 0, None])
def test_cells_that_are_what_they_say(cell: object) -> None:
    assert not is_placeholder(cell, PLACEHOLDERS)


def opened(path: Path, kind: str, placeholders: tuple[str, ...] = PLACEHOLDERS) -> Dataset:
    rows = [
        {"instruction": "do", "input": cell, "output": "done"}
        for cell in ("<noinput>", "N/A", "it", "", None, "none")
    ]
    file = path / f"a.{kind}"
    if not file.exists() and kind == "parquet":
        pl.DataFrame(rows).write_parquet(file)
    elif not file.exists():
        write(file, *rows)
    return open_dataset(file, ReadOptions(placeholders=placeholders))


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_placeholder_is_no_input_and_the_identity_that_of_the_cell(
    tmp_path: Path, kind: str
) -> None:
    dataset = opened(tmp_path, kind)
    assert dataset.texts["prompt"].to_list() == ["do", "do", "do\nit", "do", "do", "do"]
    assert dataset.sample(0).turns[0].text == "do"
    every = np.arange(dataset.rows)
    strict = opened(tmp_path, kind, ())
    assert strict.texts["prompt"][0] == "do\n<noinput>"
    assert (dataset.identities(every) == strict.identities(every)).all()
    for row in every.tolist():
        record = dataset.record(row)
        reading = read(record, *dataset.spelling_of(row))
        assert reading.texts == dataset.texts.row(row)
        assert row_identity(reading, record) == dataset.identities(every)[row].tobytes()
    own = opened(tmp_path, kind, ("it",))
    assert own.texts["prompt"].to_list()[:3] == ["do\n<noinput>", "do\nN/A", "do"]
    for each in (dataset, strict, own):
        each.close()


def test_further_columns_of_the_prompt_are_joined_in_order() -> None:
    columns = Columns(prompt="p", more=("a", "b"), response="r")
    row = {"p": "q", "a": ["x", "y"], "b": {"text": ["one"], "label": ["A"]}, "r": "a"}
    assert read(row, Family.PROMPT_RESPONSE, columns).prompt == "q\nx\ny\nA. one"
    assert read({**row, "a": "n/a", "b": None}, Family.PROMPT_RESPONSE, columns).prompt == "q"


TRACE: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"type": "image", "image": "a.png"}]},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a", "reasoning_content": "hm"},
    ]
}


def test_an_edit_leaves_trace_and_image_as_they_are() -> None:
    columns = Columns(messages="messages")
    edited, reading = with_text(TRACE, Family.MESSAGES, columns, Part.RESPONSE, "b")
    assert edited["messages"][:2] == TRACE["messages"][:2]
    assert edited["messages"][2] == {**TRACE["messages"][2], "content": "b"}
    assert reading.turns[-1] == Message(BOT, "b", reasoning="hm")
    for content in (
        [{"type": "tool_result", "content": "x"}],
        [{"type": "image", "image": "a.png", "text": "x"}],
        [{"type": "text", "text": "x"}, {"type": "image", "image": "a.png"}],
    ):
        row = {"messages": [{"role": "user", "content": content}]}
        assert editable(row, Family.MESSAGES, columns) == {}
    as_text = {"messages": json.dumps(TRACE["messages"])}
    assert editable(as_text, Family.MESSAGES, columns) == {}
    with pytest.raises(UsageError, match="no response"):
        with_text(as_text, Family.MESSAGES, columns, Part.RESPONSE, "b")


def test_parts_that_are_read_for_their_turns_make_no_flat_file() -> None:
    assert ALPACA.can_be_flat
    for part in ("history", "reasoning", "candidates", "messages", "tools"):
        named: dict[str, Any] = {part: "x"}
        assert not Columns(prompt="p", response="r", **named).can_be_flat
    assert not Columns(prompt="p", response="r", media=("x",)).can_be_flat
