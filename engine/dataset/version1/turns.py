"""Spellings of a conversation as version 1 read them."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.dataset.version1.message import FirstMessage
from engine.sample import Role

ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "human": Role.USER,
    "prompter": Role.USER,
    "assistant": Role.ASSISTANT,
    "gpt": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT,
    "bot": Role.ASSISTANT,
    "bing": Role.ASSISTANT,
    "bard": Role.ASSISTANT,
    "model": Role.ASSISTANT,
    "function_call": Role.ASSISTANT,
    "tool_call": Role.ASSISTANT,
    "tool": Role.TOOL,
    "ipython": Role.TOOL,
    "function": Role.TOOL,
    "observation": Role.TOOL,
    "tool_response": Role.TOOL,
    "function_response": Role.TOOL,
}
CALL_ROLES = frozenset({"function_call", "tool_call"})
ROLE_KEYS = ("role", "from")
TEXT_KEYS = ("content", "value", "text")

_TRANSCRIPT_TURN = re.compile(r"\n\n(Human|Assistant): ?")
_QUOTED_CHARACTERS = 24


class FirstMalformedError(ValueError):
    """A row that does not hold what its family needs; the text is the cause shown."""


class FirstRemarks(list[str]):
    """What is odd about a row that can be read all the same."""

    def note(self, remark: str) -> None:
        """Add `remark` once."""
        if remark not in self:
            self.append(remark)


def canonical(value: Any) -> str:
    """`value` as JSON text with sorted keys, so that equal values compare equal."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def kind_of(value: Any) -> str:
    """The JSON name of a value's type, for messages."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list | tuple):
        return "a list"
    return "an object" if isinstance(value, dict) else f"a {type(value).__name__}"


def text_of(value: Any, what: str, remarks: FirstRemarks) -> str:
    """`value` as the text that belongs there.

    Raises:
        FirstMalformedError: it is a boolean, a list or an object.
    """
    if isinstance(value, str):
        return value
    if value is None:
        remarks.note(f"{what} is null")
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        remarks.note(f"{what} is a number, read as text")
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise FirstMalformedError(f"{what} is {kind_of(value)} where text belongs")


def turns_of(
    value: Any, remarks: FirstRemarks, *, role: Role = Role.USER, what: str = "messages"
) -> tuple[FirstMessage, ...]:
    """The turns in `value`: a text (one turn of `role`), a message, or lists of messages.

    Raises:
        FirstMalformedError: a message has no known role, or no text where text belongs.
    """
    if isinstance(value, dict):
        return (_message(value, remarks, role),)
    if isinstance(value, list | tuple):
        turns: list[FirstMessage] = []
        for entry in value:
            if not isinstance(entry, dict | list | tuple):
                raise FirstMalformedError(f"{what} holds {kind_of(entry)} where a message belongs")
            turns.extend(turns_of(entry, remarks, role=role, what=what))
        return tuple(turns)
    return (FirstMessage(role, text_of(value, what, remarks)),)


def _message(entry: dict[str, Any], remarks: FirstRemarks, default: Role) -> FirstMessage:
    name = _first_present(entry, ROLE_KEYS)
    role = default if name is None else _role(name)
    content = _first_present(entry, TEXT_KEYS)
    if isinstance(name, str) and name.lower() in CALL_ROLES:
        return FirstMessage(role, "", _calls_in_text(content, remarks))
    calls = _tool_calls(entry)
    if content is None and not calls:
        remarks.note("a message has no text")
    return FirstMessage(role, _content(content, remarks), calls)


def _first_present(entry: dict[str, Any], keys: tuple[str, ...]) -> Any:
    for key in keys:
        value = entry.get(key)
        if value is not None:
            return value
    return None


def _role(name: Any) -> Role:
    role = ROLES.get(name.strip().lower()) if isinstance(name, str) else None
    if role is None:
        quoted = ascii(name)[:_QUOTED_CHARACTERS]
        raise FirstMalformedError(f"a message has the unknown role {quoted}")
    return role


def _content(content: Any, remarks: FirstRemarks) -> str:
    if isinstance(content, list | tuple):
        return "\n".join(_part(part, remarks) for part in content)
    if isinstance(content, dict):
        remarks.note("a message's content is an object, read as JSON")
        return canonical(content)
    return "" if content is None else text_of(content, "a message's content", remarks)


def _part(part: Any, remarks: FirstRemarks) -> str:
    if not isinstance(part, dict):
        return text_of(part, "a content part", remarks)
    text = _first_present(part, TEXT_KEYS)
    if isinstance(text, str):
        return text
    kind = part.get("type")
    if kind in ("text", None):
        return text_of(text, "a content part", remarks)
    remarks.note("a content part is not text")
    return f"[{kind}]"


def _tool_calls(entry: dict[str, Any]) -> tuple[str, ...]:
    calls = entry.get("tool_calls") or entry.get("function_call")
    if not calls:
        return ()
    if isinstance(calls, str):
        calls = _parsed(calls)
    if not isinstance(calls, list | tuple):
        calls = (calls,)
    return tuple(_call(call) for call in calls)


def _calls_in_text(content: Any, remarks: FirstRemarks) -> tuple[str, ...]:
    value = _parsed(content) if isinstance(content, str) else content
    if value is None:
        remarks.note("a tool call is empty")
        return ()
    return tuple(_call(call) for call in (value if isinstance(value, list | tuple) else (value,)))


def _call(call: Any) -> str:
    """One tool call without its random id, its arguments parsed where they are JSON text."""
    if isinstance(call, str):
        return call
    if isinstance(call, dict) and isinstance(call.get("function"), dict):
        call = call["function"]
    if isinstance(call, dict) and isinstance(call.get("arguments"), str):
        call = {**call, "arguments": _parsed(call["arguments"])}
    return canonical(call)


def _parsed(text: str) -> Any:
    """`text` as JSON where it is an object or a list, else as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text


def is_transcript(text: str) -> bool:
    """Whether `text` is an hh-rlhf transcript rather than one answer."""
    return text.startswith(("\n\nHuman:", "\n\nAssistant:"))


def transcript_turns(text: str) -> tuple[FirstMessage, ...]:
    r"""The turns of a transcript `\n\nHuman: … \n\nAssistant: …`."""
    pieces = _TRANSCRIPT_TURN.split(text)
    return tuple(
        FirstMessage(Role.USER if who == "Human" else Role.ASSISTANT, said)
        for who, said in zip(pieces[1::2], pieces[2::2], strict=True)
    )
