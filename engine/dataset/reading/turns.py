"""Every spelling of a conversation, normalised to turns.

OpenAI's `role`/`content`, ShareGPT's `from`/`value` and their kin, items of the Responses API,
LangChain's and Gemini's messages, `{input, output}` turns, lists of plain texts, pairs of question
and answer, a struct of lists, several conversations in a list, messages as JSON text, and
hh-rlhf's transcripts in one string. Roles are reduced to the four that matter for a verdict; a
call to a tool is the assistant's turn, its result is the tool's.

Source: OpenAI chat completions and Responses API; LangChain messages (`type`, `data`, `kwargs`);
Gemini API (`contents`); LDJnr/Capybara (`input`, `output`); GAIR/lima (lists of texts);
ChatGLM's history (pairs); anthropics/hh-rlhf README (transcripts).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.dataset.reading.calls import CALL_PARTS, RESULT_PARTS, block_text, calls_in_text
from engine.dataset.reading.cells import (
    MalformedRowError,
    Remarks,
    first_present,
    kind_of,
    parsed_loosely,
    text_of,
)
from engine.dataset.reading.parts import (
    MORE_TEXT_KEYS,
    TEXT_KEYS,
    MessageReader,
    is_described,
    part_type,
)
from engine.dataset.reading.roles import (
    CALL_ROLES,
    REASONING_ROLES,
    ROLE_KEYS,
    ROLES,
    role_name,
    role_of,
    speakers_of,
    spelled,
)
from engine.sample import Message, Role

LANGCHAIN = {
    "human": Role.USER,
    "user": Role.USER,
    "ai": Role.ASSISTANT,
    "assistant": Role.ASSISTANT,
    "aimessagechunk": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "tool": Role.TOOL,
    "function": Role.TOOL,
    "humanmessage": Role.USER,
    "aimessage": Role.ASSISTANT,
    "systemmessage": Role.SYSTEM,
    "toolmessage": Role.TOOL,
}
CONVERSATION_KEYS = (
    *("messages", "conversations", "conversation", "contents", "turns", "dialogue", "dialog"),
)
PAIR_KEYS = (
    ("input", "output"),
    ("human", "assistant"),
    ("user", "assistant"),
    ("human", "gpt"),
    ("human", "bot"),
    ("user", "bot"),
    ("question", "answer"),
    ("prompt", "response"),
    ("instruction", "output"),
    ("query", "response"),
    ("q", "a"),
)
"""Both halves of an exchange in one object, whatever their case."""
_SYSTEM_KEYS = ("system", "system_prompt")
_OTHER_CALL = re.compile(r"[a-z_]+_call")
_LOOKED_AT = 8
"""Entries of a list that are looked at to tell what it holds."""

_TRANSCRIPT_TURN = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")


def is_turns(value: Any) -> bool:
    """Whether `value` holds messages: a list of them or of such lists, or a struct of lists."""
    if isinstance(value, dict):
        return _columns_in(value) is not None or any(
            is_turns(value.get(key)) for key in CONVERSATION_KEYS
        )
    if not isinstance(value, list | tuple) or not value:
        return False
    head = value[:_LOOKED_AT]
    return all(map(is_message, head)) or all(
        isinstance(each, list | tuple) and is_turns(each) for each in head
    )


def is_conversation(value: Any) -> bool:
    """Whether `value` is one conversation: a list of messages, and no list of conversations."""
    return isinstance(value, list | tuple) and bool(value) and all(map(is_message, value))


def is_message(entry: Any) -> bool:
    """Whether `entry` is one message, in a form that nothing else has."""
    if not isinstance(entry, dict):
        return False
    if any(key in entry for key in ROLE_KEYS) or _lowered(entry) is not entry:
        return True
    kind = entry.get("type")
    if not isinstance(kind, str):
        return _constructed(entry) is not None
    if kind.lower() in LANGCHAIN:
        return "content" in entry or isinstance(entry.get("data"), dict)
    return kind in ("function_call", "function_call_output", "reasoning", "custom_tool_call")


def _lowered(entry: dict[str, Any]) -> dict[str, Any]:
    """A message with its keys in lower case, where that is how it says who speaks."""
    if "role" in entry or "from" in entry or any(key in entry for key in ROLE_KEYS):
        return entry
    lower = {str(key).strip().lower(): value for key, value in entry.items()}
    return lower if any(key in lower for key in ROLE_KEYS) else entry


def is_said(entry: Any) -> bool:
    """Whether an object is a turn under the name of who speaks: `{"user": "…"}`."""
    if not isinstance(entry, dict) or len(entry) != 1:
        return False
    ((name, text),) = entry.items()
    return spelled(name) in PLAIN_ROLES and isinstance(text, str)


def is_pair(entry: Any) -> bool:
    """Whether an entry is a question and its answer as two texts, and no role with a text."""
    texts = isinstance(entry, list | tuple) and all(isinstance(each, str) for each in entry)
    return texts and len(entry) == 2 and spelled(entry[0]) not in ROLES


def turns_in_text(text: str) -> Any:
    """The messages that a JSON text holds, None where it holds none."""
    value = parsed_loosely(text)
    return value if not isinstance(value, str) and is_turns(value) else None


def turns_of(
    value: Any, remarks: Remarks, *, role: Role = Role.USER, what: str = "messages"
) -> tuple[Message, ...]:
    """The turns in `value`: a text (one turn of `role`), a message, or lists of messages.

    Raises:
        MalformedRowError: a message has no known role, or no text where text belongs.
    """
    if isinstance(value, str):
        held = turns_in_text(value)
        return (Message(role, value),) if held is None else turns_of(held, remarks, role=role)
    if isinstance(value, dict):
        return _in_order(_columns_in(value) or [value], remarks, role, what)
    if isinstance(value, list | tuple):
        return _in_order(value, remarks, role, what)
    return (Message(role, text_of(value, what, remarks)),)


def _in_order(value: Sequence[Any], remarks: Remarks, role: Role, what: str) -> tuple[Message, ...]:
    """The turns of a list; what is thought on its own goes to the assistant's turn after it."""
    if value and all(each is None or isinstance(each, str) for each in value):
        return _of_texts(value, remarks, role, what)
    turns: list[Message] = []
    thought: list[str] = []
    speakers: dict[Any, Role] | None = None
    looked = False
    for entry in value:
        plain = _plain(entry)
        if plain is not None and speakers is None:
            found: tuple[Message, ...] = (plain,)
        elif isinstance(entry, list | tuple):
            found = _in_order(entry, remarks, role, what)
        elif isinstance(entry, dict):
            message = _lowered(entry)
            if not looked:
                said = [_lowered(each) for each in value if isinstance(each, dict)]
                speakers, looked = speakers_of(said, remarks), True
            reader = MessageReader(Role.ASSISTANT, remarks)
            if _only_thinks(message, reader):
                thought += [turn.reasoning for turn in reader.turns() if turn.reasoning]
                continue
            found = _message(message, remarks, role, speakers)
        else:
            raise MalformedRowError(f"{what} holds {kind_of(entry)} where a message belongs")
        if thought:
            found, thought = _with_thought(found, thought), []
        turns += found
    if thought:
        turns.append(Message(Role.ASSISTANT, "", reasoning="\n\n".join(thought)))
    return tuple(turns)


def _plain(entry: Any) -> Message | None:
    """A message of one role and one text, which most are; None for every other."""
    if type(entry) is not dict or len(entry) != 2:
        return None
    name, text = entry.get("role"), entry.get("content")
    if name is None:
        name, text = entry.get("from"), entry.get("value")
    if type(name) is not str or type(text) is not str:
        return None
    role = PLAIN_ROLES.get(name)
    return None if role is None else Message(role, text)


PLAIN_ROLES = {name: role for name, role in ROLES.items() if name not in CALL_ROLES}
"""Roles of messages whose text is a text."""


def _with_thought(turns: tuple[Message, ...], thought: list[str]) -> tuple[Message, ...]:
    text = "\n\n".join(thought)
    if not turns or turns[0].role is not Role.ASSISTANT:
        return (Message(Role.ASSISTANT, "", reasoning=text), *turns)
    own = turns[0].reasoning
    joined = f"{text}\n\n{own}" if own else text
    return (replace(turns[0], reasoning=joined), *turns[1:])


def _of_texts(
    value: Sequence[str | None], remarks: Remarks, role: Role, what: str
) -> tuple[Message, ...]:
    """Plain texts: messages as JSON text each, or user and assistant by turns."""
    held = [parsed_loosely(each) for each in value if each is not None]
    if held and all(map(is_message, held)):
        return _in_order(held, remarks, role, what)
    answers = role is Role.ASSISTANT
    return tuple(
        Message(Role.ASSISTANT if (index % 2 == 1) != answers else Role.USER, text)
        for index, text in enumerate(value)
        if text is not None
    )


def _message(
    entry: dict[str, Any], remarks: Remarks, default: Role, speakers: dict[Any, Role] | None
) -> tuple[Message, ...]:
    """The turns of one object: most often one; two of an exchange, many of a conversation."""
    columns = _columns_in(entry)
    if columns is not None:
        return _in_order(columns, remarks, default, "messages")
    name = role_name(entry)
    if name is None:
        found = _without_role(entry, remarks, default)
        if found is not None:
            return found
    role = default if name is None else role_of(name, speakers)
    content = first_present(entry, TEXT_KEYS)
    if spelled(name) in CALL_ROLES:
        return (Message(role, "", calls_in_text(content, remarks)),)
    reader = MessageReader(role, remarks)
    reader.read(entry)
    return reader.turns()


def _without_role(
    entry: dict[str, Any], remarks: Remarks, default: Role
) -> tuple[Message, ...] | None:
    """Items that say by another way who speaks; None where it is a message like any other."""
    constructed = _constructed(entry)
    if constructed is not None:
        role, inner = constructed
        return _langchain(inner, role, remarks)
    kind = part_type(entry) or ""
    lower = kind.lower()
    if kind in RESULT_PARTS:
        reader = MessageReader(Role.TOOL, remarks)
        reader.result(entry)
        return reader.turns()
    if kind in CALL_PARTS:
        return (Message(Role.ASSISTANT, "", (block_text(entry),)),)
    if lower in LANGCHAIN and ("content" in entry or isinstance(entry.get("data"), dict)):
        data = entry.get("data")
        return _langchain(data if isinstance(data, dict) else entry, LANGCHAIN[lower], remarks)
    if _OTHER_CALL.fullmatch(lower):
        return (Message(Role.ASSISTANT, "", (block_text({**entry, "name": kind}),)),)
    for key in CONVERSATION_KEYS:
        if isinstance(entry.get(key), list | tuple) and len(entry[key]):
            inner_turns = _in_order(entry[key], remarks, default, key)
            return _with_left_over(inner_turns, entry, {key}, remarks)
    if is_said(entry):
        ((speaker, text),) = entry.items()
        return (Message(PLAIN_ROLES[spelled(speaker)], text),)
    return _exchange(entry, remarks)


def _langchain(entry: dict[str, Any], role: Role, remarks: Remarks) -> tuple[Message, ...]:
    """A LangChain message; what providers add stands in `additional_kwargs`."""
    more = entry.get("additional_kwargs")
    rest = {key: each for key, each in entry.items() if key not in ("additional_kwargs", "type")}
    for key, each in (more if isinstance(more, dict) else {}).items():
        if not rest.get(key):
            rest[key] = each
    reader = MessageReader(role, remarks)
    reader.read(rest)
    return reader.turns()


def _constructed(entry: dict[str, Any]) -> tuple[Role, dict[str, Any]] | None:
    """A message as LangChain serialises it: `id` ends with the class, `kwargs` holds it."""
    path, inner = entry.get("id"), entry.get("kwargs")
    if isinstance(path, list | tuple) and path and isinstance(inner, dict):
        role = LANGCHAIN.get(str(path[-1]).lower())
        if role is not None:
            return role, inner
    return None


def _exchange(entry: dict[str, Any], remarks: Remarks) -> tuple[Message, ...] | None:
    """Question and answer in one object; None where it holds no such two."""
    names = {str(key).strip().lower(): key for key in entry}
    for asked, answered in PAIR_KEYS:
        if asked not in names or answered not in names:
            continue
        turns: list[Message] = []
        used = {names[asked], names[answered]}
        for key, role in (
            *((key, Role.SYSTEM) for key in _SYSTEM_KEYS),
            (asked, Role.USER),
            (answered, Role.ASSISTANT),
        ):
            value = entry.get(names.get(key, ""))
            if value is None or (role is Role.SYSTEM and not value):
                continue
            used.add(names[key])
            reader = MessageReader(role, remarks)
            reader.content(value)
            turns += reader.turns()
        return _with_left_over(tuple(turns), entry, used, remarks)
    return None


def is_exchange(entry: Any) -> bool:
    """Whether an object holds question and answer, and is no row of another kind."""
    if not isinstance(entry, dict):
        return False
    names = {str(key).strip().lower() for key in entry}
    if {"instruction", "input"} <= names:
        return False
    return any(asked in names and answered in names for asked, answered in PAIR_KEYS)


def _with_left_over(
    turns: tuple[Message, ...], entry: dict[str, Any], used: set[str], remarks: Remarks
) -> tuple[Message, ...]:
    """`turns` with what else their object says, raw, in the last of them."""
    reader = MessageReader(Role.ASSISTANT, remarks)
    for key, value in entry.items():
        empty = isinstance(value, str | list | tuple | dict) and not value
        if key not in used and value is not None and not empty and not is_described(key):
            reader.keep(key, value)
    (left,) = reader.turns()
    if not left.raw or not turns:
        return turns
    return (*turns[:-1], replace(turns[-1], raw=turns[-1].raw + left.raw))


def _only_thinks(entry: dict[str, Any], reader: MessageReader) -> bool:
    """Whether `entry` is what was thought before the turn after it; `reader` has it then."""
    name = role_name(entry)
    spoken = spelled(name) in REASONING_ROLES
    item = name is None and entry.get("type") == "reasoning"
    analysed = entry.get("channel") == "analysis" and name == "assistant"
    if not (spoken or item or analysed):
        return False
    for key in ("summary", "content", "text", "value"):
        if entry.get(key):
            reader.think(key, entry[key])
    if entry.get("encrypted_content"):
        reader.keep("encrypted_content", entry["encrypted_content"])
    (turn,) = reader.turns()
    return not turn.raw


def _columns_in(entry: dict[str, Any]) -> list[dict[str, Any]] | None:
    """The messages of a struct of lists, `{"role": [...], "content": [...]}`; else None."""
    for role_key in ROLE_KEYS:
        roles = entry.get(role_key)
        if not isinstance(roles, list | tuple):
            continue
        length = len(roles)
        columns = {
            key: each
            for key, each in entry.items()
            if isinstance(each, list | tuple) and len(each) == length
        }
        if any(key in columns for key in (*TEXT_KEYS, *MORE_TEXT_KEYS)):
            return [{key: each[index] for key, each in columns.items()} for index in range(length)]
    return None


def is_transcript(text: str) -> bool:
    """Whether `text` is an hh-rlhf transcript rather than one answer."""
    if text.startswith(("\n\nHuman:", "\n\nAssistant:")):
        return True
    return text.startswith("Human:") and "\n\nAssistant:" in text


def transcript_spans(text: str) -> list[tuple[Role, int, int]]:
    """Who speaks in a transcript, and from where to where."""
    starts = list(_TRANSCRIPT_TURN.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    return [
        (Role.USER if match[1] == "Human" else Role.ASSISTANT, match.end(), end)
        for match, end in zip(starts, ends, strict=True)
    ]


def transcript_turns(text: str) -> tuple[Message, ...]:
    r"""The turns of a transcript `\n\nHuman: … \n\nAssistant: …`."""
    pieces = _TRANSCRIPT_TURN.split(text)
    return tuple(
        Message(Role.USER if who == "Human" else Role.ASSISTANT, said)
        for who, said in zip(pieces[1::2], pieces[2::2], strict=True)
    )


def are_segments(value: Sequence[Any]) -> bool:
    """Whether a list holds texts that are trained on or not, by a `label` that is true or false."""
    return bool(value) and all(
        isinstance(entry, dict) and isinstance(entry.get("label"), bool) and "text" in entry
        for entry in value
    )


def segments(value: Sequence[dict[str, Any]]) -> tuple[Message, ...]:
    """Such texts as turns: what is trained on is the answer, what precedes it the question.

    Source: axolotl's `input_output` format.
    """
    turns: list[Message] = []
    for entry in value:
        role = Role.ASSISTANT if entry["label"] else Role.USER
        text = "" if entry["text"] is None else str(entry["text"])
        if turns and turns[-1].role is role:
            turns[-1] = replace(turns[-1], text=turns[-1].text + text)
        else:
            turns.append(Message(role, text))
    return tuple(turns)
