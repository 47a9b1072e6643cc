"""Conversations kept as trees: every path from the first message to a last one is a sample.

ChatGPT's export (`mapping`), Open Assistant's trees (`prompt` with `replies`) and its rows of
messages with the number of the one before. A sample is written as `messages`, with what the tree
says of its last message beside it.

Source: LAION-AI Open-Assistant, `oasst_data` (message trees, message rows); OpenAI data export.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.dataset.reading.json_rows import row_bytes

TREE_MARKS = (b'"mapping"', b'"replies"', b'"parent_id"', b'"parent_message_id"')
"""Names without one of which a file holds no tree: looked for before any row is parsed."""

MOST_DEPTH = 500
"""Messages on one path."""

_IDS = ("message_id", "user_message_id", "id")
_PARENTS = ("parent_id", "parent_message_id")
_DETAILS = ("rank", "lang", "message_tree_id", "title", "labels", "review_result", "synthetic")

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TreePath:
    """One sample of a tree."""

    record: dict[str, Any]
    """`messages`, and what is said of the last one."""
    source_rows: tuple[int, ...]
    path: str
    """The ids of its messages, from the first."""


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    message: Message | None
    row: int
    details: Mapping[str, Any]


def is_tree(record: Mapping[str, Any]) -> bool:
    """Whether a row is a tree, or a message of one."""
    return _has_mapping(record) or _has_replies(record) or _is_message_row(record)


def _has_mapping(record: Mapping[str, Any]) -> bool:
    nodes = record.get("mapping")
    return isinstance(nodes, dict) and any(
        isinstance(node, dict) and "message" in node for node in nodes.values()
    )


def _has_replies(record: Mapping[str, Any]) -> bool:
    prompt = record.get("prompt")
    return isinstance(prompt, dict) and "replies" in prompt and "text" in prompt


def _is_message_row(record: Mapping[str, Any]) -> bool:
    texts = "text" in record and "role" in record
    return texts and _name(record, _IDS) is not None and any(key in record for key in _PARENTS)


def are_message_rows(names: Container[str]) -> bool:
    """Whether columns of these names hold the messages of trees, a row each."""
    told = any(name in names for name in _IDS) and any(name in names for name in _PARENTS)
    return told and "text" in names and "role" in names


def tree_paths(records: Sequence[Mapping[str, Any] | None]) -> tuple[list[TreePath], list[str]]:
    """Every path of the trees in some rows, and what is wrong with them.

    Args:
        records: all rows of a file; None for one that could not be read.
    """
    troubles: list[str] = []
    nodes: dict[str, _Node] = {}
    children: dict[str, list[str]] = {}
    parents: dict[str, str | None] = {}
    for row, record in enumerate(records):
        for name, parent, node in _nodes(record or {}, row, troubles):
            if name in nodes:
                troubles.append(f"row {row}: a second message has the id {name}")
                continue
            nodes[name], parents[name] = node, parent
            children.setdefault(name, [])
    for name, parent in parents.items():
        if parent is not None and parent in nodes:
            children[parent].append(name)
        elif parent is not None:
            troubles.append(f"row {nodes[name].row}: the message before it, {parent}, is not there")
    roots = [name for name, parent in parents.items() if parent is None or parent not in nodes]
    found = list(_walk(roots, nodes, children))
    reached = {name for path in found for name in path}
    lost = [name for name in nodes if name not in reached]
    if lost:
        row = nodes[lost[0]].row
        troubles.append(f"row {row}: {len(lost):,} messages answer each other in a circle")
    return [_sample([nodes[name] for name in path]) for path in found if path], troubles


def _walk(
    roots: Iterable[str], nodes: Mapping[str, _Node], children: Mapping[str, list[str]]
) -> Iterator[list[str]]:
    for root in roots:
        waiting = [[root]]
        while waiting:
            path = waiting.pop()
            following = children[path[-1]]
            if following and len(path) < MOST_DEPTH:
                waiting += [[*path, name] for name in reversed(following)]
            elif any(nodes[name].message is not None for name in path):
                yield path


def _nodes(
    record: Mapping[str, Any], row: int, troubles: list[str]
) -> Iterator[tuple[str, str | None, _Node]]:
    """The messages of one row: their ids, the one before, and what they say."""
    if _has_mapping(record):
        yield from _of_mapping(record, row)
    elif _has_replies(record):
        yield from _of_replies(record, row)
    elif _is_message_row(record):
        name, parent = _name(record, _IDS), _name(record, _PARENTS)
        assert name is not None
        yield name, parent, _Node(name, _said(record), row, record)
    elif record:
        troubles.append(f"row {row}: no message of a tree")


def _of_mapping(record: Mapping[str, Any], row: int) -> Iterator[tuple[str, str | None, _Node]]:
    before: str | None = None
    linked = any(
        isinstance(node, dict) and ("parent" in node or "children" in node)
        for node in record["mapping"].values()
    )
    for key, node in record["mapping"].items():
        message = node.get("message") if isinstance(node, dict) else None
        name = f"{row}/{key}"
        parent = node.get("parent") if isinstance(node, dict) else None
        own = f"{row}/{parent}" if parent is not None else None
        yield name, own if linked else before, _Node(name, _said(message), row, record)
        before = name


def _of_replies(record: Mapping[str, Any], row: int) -> Iterator[tuple[str, str | None, _Node]]:
    tree = record.get("message_tree_id")
    waiting: list[tuple[Mapping[str, Any], str | None, str]] = [(record["prompt"], None, f"{row}")]
    while waiting:
        message, parent, place = waiting.pop(0)
        name = _name(message, _IDS) or place
        details = {**message, "message_tree_id": tree} if tree is not None else message
        yield name, parent, _Node(name, _said(message), row, details)
        replies = message.get("replies")
        for number, reply in enumerate(replies if isinstance(replies, list) else ()):
            if isinstance(reply, dict):
                waiting.append((reply, name, f"{place}.{number}"))


def _said(message: Any) -> Message | None:
    """A message as any reader of conversations knows it; None where nothing is said."""
    if not isinstance(message, dict):
        return None
    author = message.get("author")
    role = message.get("role", author.get("role") if isinstance(author, dict) else author)
    content = message.get("text", message.get("content"))
    if isinstance(content, dict):
        parts = content.get("parts")
        content = parts if isinstance(parts, list) else content.get("text", content)
    if isinstance(content, list) and all(isinstance(each, str) for each in content):
        content = "\n".join(content)
    if content in (None, "", []) or role is None:
        return None
    return {"role": role, "content": content}


def _name(record: Mapping[str, Any], keys: Sequence[str]) -> str | None:
    return next((str(record[key]) for key in keys if record.get(key) not in (None, "")), None)


def _sample(path: Sequence[_Node]) -> TreePath:
    last = path[-1].details
    messages = [node.message for node in path if node.message is not None]
    details = {key: last[key] for key in _DETAILS if last.get(key) is not None}
    record = {"messages": messages, **details, "message_id": path[-1].name}
    rows = tuple(dict.fromkeys(node.row for node in path))
    return TreePath(record, rows, " > ".join(node.name for node in path))


def as_lines(paths: Sequence[TreePath]) -> bytes:
    """The samples as JSON lines."""
    return b"\n".join(row_bytes(path.record) for path in paths)
