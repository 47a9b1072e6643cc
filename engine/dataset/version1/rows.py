"""What identities of version 1 are made of: the turns that a row had, as they were read then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from engine.dataset.version1.message import FirstMessage, message_text, prompt_text
from engine.dataset.version1.turns import (
    FirstMalformedError,
    FirstRemarks,
    canonical,
    is_transcript,
    text_of,
    transcript_turns,
    turns_of,
)
from engine.sample import Family, Role

UNKNOWN_LABEL = "the label is neither 1 nor 2"


@dataclass(frozen=True, slots=True)
class FirstColumns:
    """Which column plays which part; None where no column does.

    For preference data `response` is the chosen side's column (or the first of two outputs
    that `label` chooses between) and `messages` the conversation before the sides part.
    """

    system: str | None = None
    prompt: str | None = None
    input: str | None = None
    messages: str | None = None
    response: str | None = None
    rejected: str | None = None
    label: str | None = None
    tools: str | None = None

    def used(self) -> dict[str, str]:
        """The parts that have a column, in the order they are read."""
        named = ((part.name, getattr(self, part.name)) for part in fields(self))
        return {part: name for part, name in named if name is not None}


@dataclass(frozen=True, slots=True)
class FirstContent:
    """What one row said: all turns of the chosen side, and the other side's response."""

    turns: tuple[FirstMessage, ...]
    rejected: str | None = None


@dataclass(frozen=True, slots=True)
class FirstUnreadable:
    """Why no sample can be read from a row."""

    cause: str


def read_first(
    row: Mapping[str, Any], family: Family, columns: FirstColumns
) -> FirstContent | FirstUnreadable:
    """What `row` says under `family`; a row that says nothing is a value, not an exception."""
    remarks = FirstRemarks()
    try:
        if family is Family.PREFERENCE:
            return _read_pair(row, columns, remarks)
        turns = _turns(row, columns, remarks)
    except FirstMalformedError as error:
        return FirstUnreadable(str(error))
    except RecursionError:
        return FirstUnreadable("nested too deeply")
    if not turns:
        return FirstUnreadable(nothing_there(columns))
    return FirstContent(turns)


def _turns(
    row: Mapping[str, Any], columns: FirstColumns, remarks: FirstRemarks
) -> tuple[FirstMessage, ...]:
    """What the columns say one after the other, those of the parts that the family has."""
    if not any(row.get(name) is not None for name in columns.used().values()):
        return ()
    turns = _system(row, columns, remarks) + _conversation(row, columns, remarks)
    turns += _prompt(row, columns, remarks)
    if columns.response is None:
        return turns
    return turns + _answer(row, columns.response, "the response", remarks)


def _read_pair(
    row: Mapping[str, Any], columns: FirstColumns, remarks: FirstRemarks
) -> FirstContent | FirstUnreadable:
    chosen, rejected = side_columns(row, columns)
    if row.get(chosen) is None and row.get(rejected) is None:
        return FirstUnreadable(nothing_there(columns))
    context = _system(row, columns, remarks) + _conversation(row, columns, remarks)
    context += _prompt(row, columns, remarks)
    kept = _side(row.get(chosen), context, "the response", remarks)
    lost = _side(row.get(rejected), context, "the rejected response", remarks)
    shared = _common_turns(kept, lost)
    return FirstContent(kept, _tail(lost[shared:]))


def side_columns(row: Mapping[str, Any], columns: FirstColumns) -> tuple[str, str]:
    """The columns of the chosen and the rejected side; a label tells which is which."""
    first, second = columns.response or "", columns.rejected or ""
    if columns.label is None:
        return first, second
    label = str(row.get(columns.label))
    if label not in ("1", "2"):
        raise FirstMalformedError(UNKNOWN_LABEL)
    return (first, second) if label == "1" else (second, first)


def _side(
    value: Any, context: tuple[FirstMessage, ...], what: str, remarks: FirstRemarks
) -> tuple[FirstMessage, ...]:
    """All turns of one side: its own where it repeats the prompt, else after `context`."""
    if isinstance(value, str) and is_transcript(value):
        turns = transcript_turns(value)
        return turns if _starts_with(turns, context) else _without_open_turn(context) + turns
    turns = turns_of(value, remarks, role=Role.ASSISTANT, what=what)
    if isinstance(value, list | tuple) and _starts_with(turns, context):
        return turns
    return _without_open_turn(context) + turns


def _starts_with(turns: tuple[FirstMessage, ...], context: tuple[FirstMessage, ...]) -> bool:
    """Whether a side brings its own prompt: it opens with a question, not with an answer."""
    return not context or (bool(turns) and turns[0].role is not Role.ASSISTANT)


def _without_open_turn(turns: tuple[FirstMessage, ...]) -> tuple[FirstMessage, ...]:
    """`turns` without an empty last assistant turn, the opening that a transcript ends with."""
    opened = turns and turns[-1].role is Role.ASSISTANT and not message_text(turns[-1]).strip()
    return turns[:-1] if opened else turns


def _common_turns(kept: tuple[FirstMessage, ...], lost: tuple[FirstMessage, ...]) -> int:
    """How many turns the sides share, at least one being left to each."""
    limit = min(len(kept), len(lost)) - 1
    for index in range(limit):
        if kept[index] != lost[index]:
            return index
    return max(limit, 0)


def _tail(turns: tuple[FirstMessage, ...]) -> str:
    """A side's own part: its answer, or with roles where the sides part before the answer."""
    if len(turns) == 1 and turns[0].role is Role.ASSISTANT:
        return message_text(turns[0])
    return prompt_text(turns)


def _system(
    row: Mapping[str, Any], columns: FirstColumns, remarks: FirstRemarks
) -> tuple[FirstMessage, ...]:
    if columns.system is None or not row.get(columns.system):
        return ()
    return (FirstMessage(Role.SYSTEM, text_of(row[columns.system], "the system prompt", remarks)),)


def _conversation(
    row: Mapping[str, Any], columns: FirstColumns, remarks: FirstRemarks
) -> tuple[FirstMessage, ...]:
    if columns.messages is None:
        return ()
    value = row.get(columns.messages)
    if not value:
        return ()
    if not isinstance(value, list | tuple):
        what = "a string" if isinstance(value, str) else "not a list"
        raise FirstMalformedError(f"the messages are {what} where a list of messages belongs")
    return turns_of(value, remarks)


def _prompt(
    row: Mapping[str, Any], columns: FirstColumns, remarks: FirstRemarks
) -> tuple[FirstMessage, ...]:
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
    return (FirstMessage(Role.USER, join_input(text, extra)),)


def join_input(prompt: str, extra: str) -> str:
    """Alpaca's instruction and input as one prompt."""
    return f"{prompt}\n{extra}" if prompt and extra else prompt or extra


def _answer(
    row: Mapping[str, Any], column: str | None, what: str, remarks: FirstRemarks
) -> tuple[FirstMessage, ...]:
    value = row.get(column or "")
    if isinstance(value, list | tuple) and not _is_messages(value):
        return (FirstMessage(Role.ASSISTANT, "", tuple(canonical(call) for call in value)),)
    return turns_of(value, remarks, role=Role.ASSISTANT, what=what)


def _is_messages(value: list[Any] | tuple[Any, ...]) -> bool:
    return bool(value) and all(
        isinstance(entry, dict) and ("role" in entry or "from" in entry) for entry in value
    )


def nothing_there(columns: FirstColumns) -> str:
    """The cause of a row in which no column of the family holds anything."""
    return "nothing in " + ", ".join(ascii(name)[1:-1] for name in columns.used().values())
