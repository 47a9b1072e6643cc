"""Who speaks: names of roles, and speakers who are only numbered or have names of their own.

Source: OpenAI (system, developer, user, assistant, tool), LLaMA-Factory data/README (ShareGPT's
human, gpt, function_call, observation), Gemini API (model), Cohere (CHATBOT), LangChain (ai),
oasst1 (prompter), MultiWOZ (USER and SYSTEM, the system being the one who answers).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from engine.dataset.reading.cells import MalformedRowError, Remarks
from engine.sample import Role

ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "human": Role.USER,
    "prompter": Role.USER,
    "customer": Role.USER,
    "client": Role.USER,
    "usr": Role.USER,
    "assistant": Role.ASSISTANT,
    "gpt": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT,
    "bot": Role.ASSISTANT,
    "chatbot": Role.ASSISTANT,
    "bing": Role.ASSISTANT,
    "bard": Role.ASSISTANT,
    "claude": Role.ASSISTANT,
    "model": Role.ASSISTANT,
    "ai": Role.ASSISTANT,
    "llm": Role.ASSISTANT,
    "agent": Role.ASSISTANT,
    "function_call": Role.ASSISTANT,
    "tool_call": Role.ASSISTANT,
    "tool": Role.TOOL,
    "ipython": Role.TOOL,
    "function": Role.TOOL,
    "observation": Role.TOOL,
    "tool_response": Role.TOOL,
    "tool_result": Role.TOOL,
    "function_response": Role.TOOL,
    "environment": Role.TOOL,
    "tool_responses": Role.TOOL,
    "tool_results": Role.TOOL,
    "tool_output": Role.TOOL,
    "tool_outputs": Role.TOOL,
    "function_result": Role.TOOL,
    "function_output": Role.TOOL,
    "code_output": Role.TOOL,
    "api_response": Role.TOOL,
}
CALL_ROLES = frozenset({"function_call", "tool_call"})
REASONING_ROLES = frozenset({"thought", "thinking", "reasoning", "analysis"})
"""Who thinks, before the turn that follows."""

ROLE_KEYS = ("role", "from", "speaker", "author", "sender")
SPEAKER_KEYS = ("speaker", "author", "sender")
"""Keys under which people have names of their own."""

NUMBERED = "roles are numbers: the first to speak is read as the user"
NAMED = "speakers have names of their own: the first to speak is read as the user"
_QUOTED_CHARACTERS = 24
_MOST_NUMBER = 2


def role_name(entry: dict[str, Any]) -> Any:
    """What a message says of who speaks; None where it says nothing."""
    for key in ROLE_KEYS:
        value = entry.get(key)
        if value is not None:
            return value.get("role") if isinstance(value, dict) else value
    name = entry.get("name")
    return name if isinstance(name, str) and name.strip().lower() in ROLES else None


def spelled(name: Any) -> str:
    """A role's name in the spelling of `ROLES`: `Tool Response` and `tool-response` are one."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower()) if isinstance(name, str) else ""


def role_of(name: Any, speakers: dict[Any, Role] | None) -> Role:
    """The role that a name means; `speakers` are those of this conversation.

    Raises:
        MalformedRowError: nobody knows it.
    """
    if speakers is not None and _key(name) in speakers:
        return speakers[_key(name)]
    role = ROLES.get(spelled(name))
    if role is None:
        raise MalformedRowError(
            f"a message has the unknown role {ascii(name)[:_QUOTED_CHARACTERS]}"
        )
    return role


def speakers_of(entries: Sequence[Any], remarks: Remarks) -> dict[Any, Role] | None:
    """The roles of speakers who are numbers or names; None where the usual names are used."""
    said = [entry for entry in entries if isinstance(entry, dict)]
    names = [name for name in map(role_name, said) if name is not None]
    keys = list(dict.fromkeys(map(_key, names)))
    if not keys or all(isinstance(key, str) and key in ROLES for key in keys):
        odd = keys == ["user", "system"] and any(entry.get("speaker") for entry in said)
        return {"system": Role.ASSISTANT} if odd else None
    if all(type(key) is int for key in keys):
        if min(keys) < 0 or max(keys) > _MOST_NUMBER:
            return None
        remarks.note(NUMBERED)
        if keys == [0, 1, 2]:
            return {0: Role.SYSTEM, 1: Role.USER, 2: Role.ASSISTANT}
        return dict(zip(keys, (Role.USER, Role.ASSISTANT), strict=False)) if len(keys) < 3 else None
    named = all(any(entry.get(key) is not None for key in SPEAKER_KEYS) for entry in said)
    if named and len(keys) <= 2 and not any(key in ROLES for key in keys):
        remarks.note(NAMED)
        return dict(zip(keys, (Role.USER, Role.ASSISTANT), strict=False))
    return None


def _key(name: Any) -> Any:
    """A name without its case; a number, also where it is written as text."""
    if isinstance(name, str):
        lower = spelled(name)
        return int(lower) if lower.isdecimal() and len(lower) < 3 else lower
    if isinstance(name, bool):
        return str(name)
    if isinstance(name, float) and name.is_integer():
        return int(name)
    return name if isinstance(name, int) else ascii(name)
