"""Every spelling of a conversation, normalised to turns.

OpenAI's `role`/`content` (content as text or typed parts, `tool_calls`), ShareGPT's
`from`/`value`, and hh-rlhf's transcripts in one string. Roles are reduced to the four that
matter for a verdict; a call to a tool is the assistant's turn, its result is the tool's.

Source: OpenAI chat completions API (messages, tool_calls); LLaMA-Factory data/README
(ShareGPT roles `function_call`, `observation`); anthropics/hh-rlhf README (transcripts).
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.sample import Message, Role

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


class MalformedRowError(ValueError):
    """A row that does not hold what its family needs; the text is the cause shown."""


class Remarks(list[str]):
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


def text_of(value: Any, what: str, remarks: Remarks) -> str:
    """`value` as the text that belongs there.

    Raises:
        MalformedRowError: it is a boolean, a list or an object.
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
    raise MalformedRowError(f"{what} is {kind_of(value)} where text belongs")


def turns_of(
    value: Any, remarks: Remarks, *, role: Role = Role.USER, what: str = "messages"
) -> tuple[Message, ...]:
    """The turns in `value`: a text (one turn of `role`), a message, or lists of messages.

    Raises:
        MalformedRowError: a message has no known role, or no text where text belongs.
    """
    if isinstance(value, dict):
        return (_message(value, remarks, role),)
    if isinstance(value, list | tuple):
        turns: list[Message] = []
        for entry in value:
            if not isinstance(entry, dict | list | tuple):
                raise MalformedRowError(f"{what} holds {kind_of(entry)} where a message belongs")
            turns.extend(turns_of(entry, remarks, role=role, what=what))
        return tuple(turns)
    return (Message(role, text_of(value, what, remarks)),)


def _message(entry: dict[str, Any], remarks: Remarks, default: Role) -> Message:
    name = _first_present(entry, ROLE_KEYS)
    role = default if name is None else _role(name)
    content = _first_present(entry, TEXT_KEYS)
    if isinstance(name, str) and name.lower() in CALL_ROLES:
        return Message(role, "", _calls_in_text(content, remarks))
    calls = _tool_calls(entry)
    if content is None and not calls:
        remarks.note("a message has no text")
    return Message(role, _content(content, remarks), calls)


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
        raise MalformedRowError(f"a message has the unknown role {quoted}")
    return role


def _content(content: Any, remarks: Remarks) -> str:
    if isinstance(content, list | tuple):
        return "\n".join(_part(part, remarks) for part in content)
    if isinstance(content, dict):
        remarks.note("a message's content is an object, read as JSON")
        return canonical(content)
    return "" if content is None else text_of(content, "a message's content", remarks)


def _part(part: Any, remarks: Remarks) -> str:
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


def _calls_in_text(content: Any, remarks: Remarks) -> tuple[str, ...]:
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
