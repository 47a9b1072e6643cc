"""Rows of every known family to turns: pure functions, no I/O.

`Columns` says which column plays which part; `read_row` turns one row into a `RowContent`
(prompt, response, rejected, turns), or into the cause why it cannot be read. Which columns
and which family a file has is decided in `engine.dataset.reading.families`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.dataset.reading.turns import (
    MalformedRowError,
    Remarks,
    canonical,
    is_transcript,
    text_of,
    transcript_turns,
    turns_of,
)
from engine.sample import Family, Message, Role, message_text, prompt_text, split_turns

PART_NAMES = {
    "system": "the system prompt",
    "prompt": "the prompt",
    "input": "the input",
    "response": "the response",
    "rejected": "the rejected response",
    "label": "the label",
}
"""The parts of a row in words, as problems name them."""
UNKNOWN_LABEL = "the label is neither 1 nor 2"
MERGED_RESPONSE = "the response holds another “Instruction:”"
MERGED_MARK = "Instruction:"
NUL_CHARACTER = "the text holds NUL characters"
NO_ANSWER = "no assistant turn"
LATE_TURNS = "turns follow the last answer"


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column plays which part; None where no column does.

    For preference data `response` is the chosen side's column (or the first of two outputs
    that `label` chooses between) and `messages` the conversation before the sides part.
    """

    system: str | None = None
    prompt: str | None = None
    input: str | None = None
    more: tuple[str, ...] = ()
    """Further columns of the prompt, joined after it, a line each."""
    history: str | None = None
    """Earlier turns: pairs of question and answer, or messages."""
    messages: str | None = None
    reasoning: str | None = None
    """What was thought before the response."""
    response: str | None = None
    rejected: str | None = None
    label: str | None = None
    tools: str | None = None
    media: tuple[str, ...] = ()
    """Images, audio and video of the prompt."""
    candidates: str | None = None
    """Several responses, a list."""

    def used(self) -> dict[str, str]:
        """The parts that have a column, in the order they are read; `more_1`, `media_2`."""
        found: dict[str, str] = {}
        for part in fields(self):
            name = getattr(self, part.name)
            if isinstance(name, tuple):
                found |= {f"{part.name}_{number}": each for number, each in enumerate(name, 1)}
            elif name is not None:
                found[part.name] = name
        return found


@dataclass(frozen=True, slots=True)
class RowContent:
    """What one row says. `turns` is the chosen side; `response` None where there is no answer."""

    turns: tuple[Message, ...]
    prompt: str
    response: str | None
    rejected: str | None = None
    rejected_turns: tuple[Message, ...] = ()
    tools: str | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why no sample can be read from a row."""

    cause: str


def read_row(row: Mapping[str, Any], family: Family, columns: Columns) -> RowContent | Unreadable:
    """What `row` says under `family`; a row that says nothing is a value, not an exception."""
    remarks = Remarks()
    try:
        if family is Family.PREFERENCE:
            return _read_pair(row, columns, remarks)
        turns = _turns(row, columns, remarks)
    except MalformedRowError as error:
        return Unreadable(str(error))
    except RecursionError:
        return Unreadable("nested too deeply")
    if not turns:
        return Unreadable(nothing_there(columns))
    return _reading(turns, row, columns, remarks)


def _turns(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> tuple[Message, ...]:
    """What the columns say one after the other, those of the parts that the family has."""
    if not any(row.get(name) is not None for name in columns.used().values()):
        return ()
    turns = _system(row, columns, remarks) + _conversation(row, columns, remarks)
    turns += _prompt(row, columns, remarks)
    if columns.response is None:
        return turns
    return turns + _answer(row, columns.response, "the response", remarks)


def _reading(
    turns: tuple[Message, ...], row: Mapping[str, Any], columns: Columns, remarks: Remarks
) -> RowContent:
    before, answer = split_turns(turns)
    if answer is None and columns.messages is not None:
        remarks.note(NO_ANSWER)
    if answer is not None and answer is not turns[-1]:
        remarks.note(LATE_TURNS)
    prompt = prompt_text(before)
    response = None if answer is None else message_text(answer)
    asks = columns.prompt is not None or columns.messages is not None
    _remark_texts(remarks, prompt if asks else None, response)
    tools = _tools(row, columns)
    return RowContent(turns, prompt, response, tools=tools, remarks=tuple(remarks))


def _read_pair(
    row: Mapping[str, Any], columns: Columns, remarks: Remarks
) -> RowContent | Unreadable:
    chosen, rejected = side_columns(row, columns)
    if row.get(chosen) is None and row.get(rejected) is None:
        return Unreadable(nothing_there(columns))
    context = _system(row, columns, remarks) + _conversation(row, columns, remarks)
    context += _prompt(row, columns, remarks)
    kept = _side(row.get(chosen), context, "the response", remarks)
    lost = _side(row.get(rejected), context, "the rejected response", remarks)
    shared = _common_turns(kept, lost)
    response, other = _tail(kept[shared:]), _tail(lost[shared:])
    prompt = prompt_text(kept[:shared])
    _remark_texts(remarks, prompt, response, other)
    return RowContent(
        kept,
        prompt,
        response,
        rejected=other,
        rejected_turns=lost,
        tools=_tools(row, columns),
        remarks=tuple(remarks),
    )


def side_columns(row: Mapping[str, Any], columns: Columns) -> tuple[str, str]:
    """The columns of the chosen and the rejected side; a label tells which is which."""
    first, second = columns.response or "", columns.rejected or ""
    if columns.label is None:
        return first, second
    label = str(row.get(columns.label))
    if label not in ("1", "2"):
        raise MalformedRowError(UNKNOWN_LABEL)
    return (first, second) if label == "1" else (second, first)


def _side(
    value: Any, context: tuple[Message, ...], what: str, remarks: Remarks
) -> tuple[Message, ...]:
    """All turns of one side: its own where it repeats the prompt, else after `context`."""
    if isinstance(value, str) and is_transcript(value):
        turns = transcript_turns(value)
        return turns if _starts_with(turns, context) else _without_open_turn(context) + turns
    turns = turns_of(value, remarks, role=Role.ASSISTANT, what=what)
    if isinstance(value, list | tuple) and _starts_with(turns, context):
        return turns
    return _without_open_turn(context) + turns


def _starts_with(turns: tuple[Message, ...], context: tuple[Message, ...]) -> bool:
    """Whether a side brings its own prompt: it opens with a question, not with an answer."""
    return not context or (bool(turns) and turns[0].role is not Role.ASSISTANT)


def _without_open_turn(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """`turns` without an empty last assistant turn, the opening that a transcript ends with."""
    opened = turns and turns[-1].role is Role.ASSISTANT and not message_text(turns[-1]).strip()
    return turns[:-1] if opened else turns


def _common_turns(kept: tuple[Message, ...], lost: tuple[Message, ...]) -> int:
    """How many turns the sides share, at least one being left to each."""
    limit = min(len(kept), len(lost)) - 1
    for index in range(limit):
        if kept[index] != lost[index]:
            return index
    return max(limit, 0)


def _tail(turns: tuple[Message, ...]) -> str:
    """A side's own part: its answer, or with roles where the sides part before the answer."""
    if len(turns) == 1 and turns[0].role is Role.ASSISTANT:
        return message_text(turns[0])
    return prompt_text(turns)


def _system(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> tuple[Message, ...]:
    if columns.system is None or not row.get(columns.system):
        return ()
    return (Message(Role.SYSTEM, text_of(row[columns.system], "the system prompt", remarks)),)


def _conversation(
    row: Mapping[str, Any], columns: Columns, remarks: Remarks
) -> tuple[Message, ...]:
    if columns.messages is None:
        return ()
    value = row.get(columns.messages)
    if not value:
        return ()
    if not isinstance(value, list | tuple):
        what = "a string" if isinstance(value, str) else "not a list"
        raise MalformedRowError(f"the messages are {what} where a list of messages belongs")
    return turns_of(value, remarks)


def _prompt(row: Mapping[str, Any], columns: Columns, remarks: Remarks) -> tuple[Message, ...]:
    if columns.prompt is None:
        return ()
    value = row.get(columns.prompt)
    if isinstance(value, list | tuple | dict):
        return turns_of(value, remarks)
    text = text_of(value, "the prompt", remarks)
    if is_transcript(text):
        return _without_open_turn(transcript_turns(text))
    more = None if columns.input is None else row.get(columns.input)
    extra = "" if more is None else text_of(more, "the input", remarks)
    return (Message(Role.USER, join_input(text, extra)),)


def join_input(prompt: str, extra: str) -> str:
    """Alpaca's instruction and input as one prompt."""
    return f"{prompt}\n{extra}" if prompt and extra else prompt or extra


def _answer(
    row: Mapping[str, Any], column: str | None, what: str, remarks: Remarks
) -> tuple[Message, ...]:
    value = row.get(column or "")
    if isinstance(value, list | tuple) and not _is_messages(value):
        return (Message(Role.ASSISTANT, "", tuple(canonical(call) for call in value)),)
    return turns_of(value, remarks, role=Role.ASSISTANT, what=what)


def _is_messages(value: list[Any] | tuple[Any, ...]) -> bool:
    return bool(value) and all(
        isinstance(entry, dict) and ("role" in entry or "from" in entry) for entry in value
    )


def _tools(row: Mapping[str, Any], columns: Columns) -> str | None:
    value = None if columns.tools is None else row.get(columns.tools)
    if value is None or isinstance(value, str):
        return value
    return canonical(value)


def nothing_there(columns: Columns) -> str:
    """The cause of a row in which no column of the family holds anything."""
    return "nothing in " + ", ".join(ascii(name)[1:-1] for name in columns.used().values())


def _remark_texts(
    remarks: Remarks, prompt: str | None, response: str | None, rejected: str | None = None
) -> None:
    """Empty and merged texts, in the words that the vectorised reader uses too."""
    for part, text in (("prompt", prompt), ("response", response), ("rejected", rejected)):
        if text is not None and not text.strip():
            what = PART_NAMES[part]
            if f"{what} is null" not in remarks:
                remarks.note(f"{what} is empty")
    if response is not None and MERGED_MARK in response:
        remarks.note(MERGED_RESPONSE)
    if any("\0" in text for text in (prompt, response, rejected) if text is not None):
        remarks.note(NUL_CHARACTER)
