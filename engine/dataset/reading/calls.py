"""Calls to tools, however they are written, as JSON text with sorted keys.

A call is its name and its arguments: ids, places in a list and the word `function` say nothing
of what is called.

Source: OpenAI chat completions (tool_calls, function_call) and Responses API (function_call,
custom_tool_call), Anthropic Messages API (tool_use), Gemini API (functionCall), LangChain
(tool_calls with args), LLaMA-Factory (function_call turns as JSON text).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.dataset.reading.cells import Remarks, canonical, parsed, without_nulls

CALLS_KEYS = ("tool_calls", "function_call", "tool_call", "function_calls", "toolCalls")
CALL_PARTS = frozenset(
    {"tool_use", "tool_call", "tool-call", "function_call", "server_tool_use", "mcp_tool_use"}
    | {"mcp_call", "custom_tool_call", "functionCall", "toolCall", "tool-invocation", "toolUse"}
)
"""Types of content parts, and of items without a role, that are a call."""
RESULT_PARTS = frozenset(
    {"tool_result", "tool-result", "function_response", "functionResponse", "function_result"}
    | {"web_search_tool_result", "code_execution_tool_result", "mcp_tool_result", "tool_response"}
    | {"function_call_output", "custom_tool_call_output", "computer_call_output", "toolResult"}
    | {"local_shell_call_output", "mcp_call_output"}
)
RESULT_KEYS = ("content", "output", "result", "response", "text", "value")

_NO_PART = frozenset(
    {"id", "call_id", "tool_call_id", "index", "status", "cache_control", "toolUseId", "toolCallId"}
)
"""Keys of a call that are not what is called."""
_WRAPPERS = (
    *("function", "functionCall", "function_call", "custom", "tool_call", "toolUse"),
    "toolInvocation",
)
_ARGUMENTS = ("arguments", "input", "args", "parameters", "params", "tool_input")


def call_text(call: Any) -> str:
    """One call as JSON text, its arguments parsed where they are JSON text themselves."""
    if isinstance(call, str):
        value = parsed(call)
        return call if isinstance(value, str) else call_text(value)
    for wrapper in _WRAPPERS:
        if isinstance(call, dict) and isinstance(call.get(wrapper), dict):
            call = call[wrapper]
    if not isinstance(call, dict):
        return canonical(call)
    said = {key: value for key, value in call.items() if key not in _NO_PART}
    if _speaks_of_a_call(said.get("type")) and "name" in said:
        del said["type"]
    if "args" in said and said.keys() <= {"name", "args"}:
        said["arguments"] = said.pop("args")
    if isinstance(said.get("arguments"), str):
        said["arguments"] = parsed(said["arguments"])
    return canonical(without_nulls(said))


def block_text(block: Mapping[str, Any]) -> str:
    """A call that is a part of the content, in the words of `tool_calls`: name and arguments."""
    inner = next((block[key] for key in _WRAPPERS if isinstance(block.get(key), dict)), block)
    said = {key: value for key, value in inner.items() if key not in _NO_PART}
    if "name" in said or "tool_name" in said or "toolName" in said:
        said.pop("type", None)
        for key in ("tool_name", "toolName"):
            if key in said:
                said["name"] = said.pop(key)
        for key in _ARGUMENTS:
            if key in said and "arguments" not in said:
                said["arguments"] = said.pop(key)
    return call_text(said)


def calls_of(value: Any) -> tuple[str, ...]:
    """The calls in what stands under `tool_calls` or `function_call`."""
    value = parsed(value) if isinstance(value, str) else value
    if value is None or value in ("", [], {}):
        return ()
    return tuple(
        call_text(call) for call in (value if isinstance(value, list | tuple) else (value,))
    )


def calls_in_text(content: Any, remarks: Remarks) -> tuple[str, ...]:
    """The calls of a turn that is nothing else; one that is no JSON stays as written."""
    value = parsed(content) if isinstance(content, str) else content
    if value is None:
        remarks.note("a tool call is empty")
        return ()
    return tuple(
        each if isinstance(each, str) else call_text(each)
        for each in (value if isinstance(value, list | tuple) else (value,))
    )


def _speaks_of_a_call(kind: Any) -> bool:
    return isinstance(kind, str) and (kind in CALL_PARTS or kind in ("function", "custom"))
