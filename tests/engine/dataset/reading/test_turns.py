"""Every spelling of what is said in a message, and what is not understood."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from engine.dataset.reading.cells import MalformedRowError, Remarks
from engine.dataset.reading.turns import is_turns, turns_of
from engine.sample import Message, Role, message_text

USER, BOT, SYSTEM, TOOL = Role.USER, Role.ASSISTANT, Role.SYSTEM, Role.TOOL
ASKED = {"role": "user", "content": "q"}
TALK = (Message(USER, "q"), Message(BOT, "a"))
CALL = '{"arguments": {"n": 1}, "name": "f"}'
PIXEL = b"no image at all, but bytes"
PIXEL_64 = base64.b64encode(PIXEL).decode()


def read(value: Any) -> tuple[tuple[Message, ...], list[str]]:
    remarks = Remarks()
    return turns_of(value, remarks), list(remarks)


TALKS: dict[str, Any] = {
    "usual": [ASKED, {"role": "assistant", "content": "a"}],
    "sharegpt": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}],
    "name": [{"name": "user", "content": "q"}, {"name": "assistant", "content": "a"}],
    "speaker": [{"speaker": "Human", "text": "q"}, {"speaker": "AI", "text": "a"}],
    "multiwoz": [{"speaker": "USER", "utterance": "q"}, {"speaker": "SYSTEM", "utterance": "a"}],
    "author": [
        {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["q"]}},
        {"author": {"role": "assistant"}, "content": {"content_type": "text", "parts": ["a"]}},
    ],
    "gemini": [{"role": "user", "parts": [{"text": "q"}]}, {"role": "model", "parts": ["a"]}],
    "langchain": [{"type": "human", "data": {"content": "q"}}, {"type": "ai", "content": "a"}],
    "serialised": [
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "HumanMessage"],
         "kwargs": {"content": "q", "additional_kwargs": {}}},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "AIMessage"],
         "kwargs": {"content": "a", "tool_calls": []}},
    ],
    "exchange": [{"input": "q", "output": "a"}],
    "human and assistant": [{"Human": "q", "Assistant": "a"}],
    "pairs": [["q", "a"]],
    "texts": ["q", "a"],
    "struct of lists": {"role": ["user", "assistant"], "content": ["q", "a"]},
    "nested": [{"messages": [ASKED, {"role": "assistant", "content": "a"}]}],
    "conversations": [[ASKED], [{"role": "assistant", "content": "a"}]],
    "JSON text": json.dumps([ASKED, {"role": "assistant", "content": "a"}]),
    "JSON texts": [json.dumps(ASKED), json.dumps({"role": "assistant", "content": "a"})],
    "responses": [
        {"role": "user", "content": [{"type": "input_text", "text": "q"}]},
        {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
         "content": [{"type": "output_text", "text": "a", "annotations": []}]},
    ],
    "parts": [
        {"role": "user", "content": [{"type": "text", "text": "q", "image": None}]},
        {"role": "assistant", "content": {"text": "a"}},
    ],
    "described": [
        {**ASKED, "id": 3, "weight": 0, "timestamp": 1.5, "token_count": 1, "msg_id": "x"},
        {"role": "assistant", "content": "a", "logprobs": {"x": [1]}, "train": True},
    ],
}  # fmt: skip


@pytest.mark.parametrize("talk", TALKS.values(), ids=TALKS.keys())
def test_every_spelling_of_a_conversation_reads_the_same(talk: Any) -> None:
    assert read(talk) == (TALK, [])


@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 2), ("1", "2"), (1, 0)])
def test_numbered_speakers_take_turns_from_the_user_on(first: object, second: object) -> None:
    talk = [{"role": first, "content": "q"}, {"role": second, "content": "a"}]
    turns, remarks = read(talk)
    assert turns == TALK
    assert remarks == ["roles are numbers: the first to speak is read as the user"]


def test_speakers_with_names_of_their_own_are_two_and_remarked() -> None:
    turns, remarks = read([{"speaker": "Ann", "text": "q"}, {"speaker": "Bo", "text": "a"}])
    assert turns == TALK
    assert len(remarks) == 1
    with pytest.raises(MalformedRowError, match="unknown role"):
        read([{"speaker": name, "text": "q"} for name in ("Ann", "Bo", "Cy")])


THOUGHTS: list[dict[str, Any]] = [
    *({"content": "a", key: "hm"} for key in ("reasoning_content", "reasoning", "thinking")),
    {"content": "a", "thought": ["hm"], "reasoning": "hm"},
    {"content": "a", "reasoning_details": [{"type": "reasoning.text", "text": "hm", "index": 0}]},
    {"content": [{"type": "thinking", "thinking": "hm", "signature": "x"}, "a"]},
    {"content": [{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "a"}]},
    {"parts": [{"text": "hm", "thought": True}, {"text": "a"}]},
]


@pytest.mark.parametrize("entry", THOUGHTS, ids=map(str, THOUGHTS))
def test_reasoning_is_read_wherever_it_stands(entry: dict[str, Any]) -> None:
    turns, remarks = read([ASKED, {"role": "assistant", **entry}])
    assert turns[1] == Message(BOT, "a", reasoning="hm")
    assert message_text(turns[1]) == "<think>\nhm\n</think>\n\na"
    assert remarks == []


@pytest.mark.parametrize(
    "thought",
    [
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "id": "rs_1"},
        {"role": "thinking", "content": "hm"},
        {"role": "assistant", "channel": "analysis", "content": "hm"},
    ],
)
def test_what_is_thought_on_its_own_belongs_to_the_turn_after_it(thought: dict[str, Any]) -> None:
    turns, remarks = read([ASKED, thought, {"role": "assistant", "content": "a"}])
    assert (turns, remarks) == ((Message(USER, "q"), Message(BOT, "a", reasoning="hm")), [])
    assert read([ASKED, thought])[0][1] == Message(BOT, "", reasoning="hm")


def test_a_tag_of_thinking_stays_in_the_text() -> None:
    said = "<think>hm</think>\n<tool_call>{}</tool_call>"
    assert read([{"role": "assistant", "content": said}])[0] == (Message(BOT, said),)


CALLS: list[dict[str, Any]] = [
    {"tool_calls": [{"id": "1", "type": "function",
                     "function": {"name": "f", "arguments": '{"n": 1}'}}]},
    {"tool_calls": [{"id": "2", "name": "f", "arguments": {"n": 1, "m": None}}]},
    {"tool_calls": [{"name": "f", "args": {"n": 1}, "id": "x", "type": "tool_call"}]},
    {"tool_calls": '[{"name": "f", "arguments": {"n": 1}}]', "function_call": None},
    {"function_call": {"name": "f", "arguments": '{"n": 1}'}},
    {"content": [{"type": "tool_use", "id": "3", "name": "f", "input": {"n": 1}}]},
    {"parts": [{"functionCall": {"name": "f", "args": {"n": 1}}}]},
]  # fmt: skip


@pytest.mark.parametrize("entry", CALLS, ids=map(str, CALLS))
def test_every_spelling_of_a_call_reads_the_same(entry: dict[str, Any]) -> None:
    turns, remarks = read([ASKED, {"role": "assistant", **entry}])
    assert (turns[1], remarks) == (Message(BOT, "", (CALL,)), [])


def test_items_without_a_role_are_calls_and_their_results() -> None:
    items = [
        ASKED,
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"n": 1}'},
        {"type": "function_call_output", "call_id": "c", "output": "5"},
    ]
    assert read(items) == (
        (Message(USER, "q"), Message(BOT, "", (CALL,)), Message(TOOL, "5")),
        [],
    )


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"type": "tool_result", "tool_use_id": "3", "content": "5"}, "5"),
        ({"type": "tool_result", "content": [{"type": "text", "text": "5"}]}, "5"),
        ({"functionResponse": {"name": "f", "response": {"r": 5}}}, '{"r": 5}'),
    ],
)
def test_a_result_among_the_parts_is_a_turn_of_its_own(part: dict[str, Any], said: str) -> None:
    turns, remarks = read([{"role": "user", "content": [part, {"type": "text", "text": "so?"}]}])
    assert (turns, remarks) == ((Message(TOOL, said), Message(USER, "so?")), [])


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": PIXEL},
        {"type": "image", "image": {"bytes": PIXEL, "path": None}},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL_64}"}},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL_64}", "detail": "low"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                     "data": PIXEL_64}},
        {"inlineData": {"mimeType": "image/png", "data": PIXEL_64}},
    ],
)  # fmt: skip
def test_the_same_bytes_are_the_same_image_however_they_are_written(part: dict[str, Any]) -> None:
    (turn,), remarks = read([{"role": "user", "content": [part, {"type": "text", "text": "q"}]}])
    (medium,) = turn.media
    assert medium.startswith("image blake2b:")
    assert turn.text == f"[image {medium.removeprefix('image blake2b:')[:12]}]\nq"
    assert remarks == []


@pytest.mark.parametrize(
    ("part", "mark"),
    [
        ({"type": "image", "image": "cats/a.png"}, "image cats/a.png"),
        ({"type": "image_url", "image_url": {"url": "http://x/a.png"}}, "image http://x/a.png"),
        ({"type": "input_audio", "audio": "a.wav"}, "audio a.wav"),
        ({"type": "video", "video": {"path": "a.mp4"}}, "video a.mp4"),
        ({"fileData": {"mimeType": "video/mp4", "fileUri": "gs://a"}}, "video gs://a"),
        ({"type": "file", "file": {"file_id": "f1"}}, "file f1"),
        ({"type": "image"}, "image"),
    ],
)
def test_a_reference_stands_in_the_text_as_written(part: dict[str, Any], mark: str) -> None:
    (turn,), remarks = read([{"role": "user", "content": [part, {"type": "text", "text": "q"}]}])
    assert (turn, remarks) == (Message(USER, f"[{mark}]\nq", media=(mark,)), [])


def test_long_references_that_differ_in_the_middle_look_different() -> None:
    marks = set()
    for name in ("one", "two"):
        url = f"http://x/{'a' * 60}{name}{'b' * 60}.png"
        (turn,), _ = read([{"role": "user", "content": [{"type": "image", "image": url}]}])
        assert turn.media == (f"image {url}",)
        assert len(turn.text) < 120
        marks.add(turn.text)
    assert len(marks) == 2


@pytest.mark.parametrize(
    ("entry", "raw"),
    [
        ({"content": "a", "mood": {"x": 1}}, 'mood: {"x": 1}'),
        ({"content": "a", "text": "b"}, 'text: "b"'),
        ({"content": ["a", {"type": "hologram", "data": [5]}, "b"]}, 'hologram: {"data": [5]}'),
        ({"content": [{"type": "text", "text": "a", "tone": "dry"}]}, 'tone: "dry"'),
        ({"content": "a", "reasoning": {"effort": "high"}}, 'reasoning: {"effort": "high"}'),
    ],
)
def test_what_is_not_understood_is_kept_and_remarked(entry: dict[str, Any], raw: str) -> None:
    (turn,), remarks = read([{"role": "assistant", **entry}])
    assert turn.raw == (raw,)
    assert raw in message_text(turn)
    assert len(remarks) == 1
    assert remarks[0].endswith("is not understood")
    empty = {key: None for key in entry if key != "content"}
    assert read([{"role": "assistant", "content": "a", **empty}])[1] == []


def test_a_list_of_texts_in_a_turn_is_text_and_remarked() -> None:
    (turn,), remarks = read([{"from": "gpt", "value": ["one", "two"]}])
    assert turn == Message(BOT, "one\ntwo")
    assert remarks == ["a message's content is a list of texts, joined by lines"]


@pytest.mark.parametrize("value", [[{"name": "f"}], [1], ["a"], {"a": 1}, "x", None, [], [[]]])
def test_what_holds_no_messages_is_told_apart(value: object) -> None:
    assert not is_turns(value)


def test_an_odd_type_is_no_crash() -> None:
    odds: tuple[Any, ...] = ([], {}, 3, True)
    for odd in odds:
        found = turns_of([{"type": odd, "content": [{"type": odd, "text": "x"}]}], Remarks())
        assert found == (Message(Role.USER, "x"),)
