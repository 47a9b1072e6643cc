"""The texts of a row that can be edited, and the row with another text in such a place.

An edit is made in the row as its dataset spells it, so that the edited row keeps the shape of its
family: a column, a message in a list of messages, one turn of a transcript. Pure functions; the
row given is never changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from engine.dataset.reading.cells import path_in
from engine.dataset.reading.parts import TEXT_KEYS, TEXT_PARTS, part_type
from engine.dataset.reading.roles import ROLES, role_name, spelled
from engine.dataset.reading.rows import Columns, RowContent, Unreadable, read_row, side_columns
from engine.dataset.reading.turns import is_transcript, transcript_spans, turns_in_text
from engine.errors import UsageError
from engine.sample import Family, Role


class Part(StrEnum):
    """What of a sample can be edited."""

    PROMPT = "prompt"
    """The prompt; of a conversation, its last turn of the user before the answer."""
    INPUT = "input"
    """Alpaca's second half of a prompt."""
    RESPONSE = "response"
    """The answer; of a preference pair, the chosen one."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands in a row: the way to a value, and where in it."""

    path: tuple[str | int, ...]
    start: int = 0
    end: int | None = None
    """None: up to the end."""


@dataclass(frozen=True, slots=True)
class Editable:
    """A part of a row, its text, and every place that holds it: a pair may repeat its prompt."""

    part: Part
    text: str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class _Turn:
    role: Role
    text: str
    place: Place


def editable(row: Mapping[str, Any], family: Family, columns: Columns) -> dict[Part, Editable]:
    """The parts of `row` that hold a text and can be edited; tool calls and numbers are none."""
    if family is Family.PREFERENCE:
        return _of_pair(row, columns)
    found: dict[Part, Editable] = {}
    if columns.messages is not None:
        turns = list(_turns(row, columns.messages, Role.USER))
        return _of_turns(turns + list(_turns(row, columns.response, Role.ASSISTANT)))
    prompt = list(_turns(row, columns.prompt, Role.USER))
    answer = list(_turns(row, columns.response, Role.ASSISTANT))
    _add(found, Part.PROMPT, _last(prompt, Role.USER))
    _add(found, Part.INPUT, _last(list(_turns(row, columns.input, Role.USER)), Role.USER))
    _add(found, Part.RESPONSE, _last(answer, Role.ASSISTANT))
    return found


def with_text(
    row: Mapping[str, Any], family: Family, columns: Columns, part: Part, text: str
) -> tuple[dict[str, Any], RowContent]:
    """`row` with `text` in the place of a part, and what it says then.

    Raises:
        UsageError: the row has no such text, or its form cannot hold this one.
    """
    parts = editable(row, family, columns)
    if part not in parts:
        raise UsageError(f"this row has no {part} that could be edited", _hint(parts))
    edited = dict(row)
    for place in parts[part].places:
        edited = _put(edited, place.path, place, text)
    reading = read_row(edited, family, columns)
    again = editable(edited, family, columns).get(part)
    if isinstance(reading, Unreadable) or again is None or again.text != text:
        raise UsageError(
            f"the {part} of this row cannot hold that text",
            "a transcript takes no line that begins another turn, and no text is no message",
        )
    return edited, reading


def _hint(parts: Mapping[Part, Editable]) -> str:
    names = ", ".join(parts)
    return f"it has: {names}" if names else "tool calls and numbers are no texts"


def _of_turns(turns: list[_Turn]) -> dict[Part, Editable]:
    found: dict[Part, Editable] = {}
    answers = [at for at, turn in enumerate(turns) if turn.role is Role.ASSISTANT]
    if answers:
        _add(found, Part.RESPONSE, turns[answers[-1]])
    _add(found, Part.PROMPT, _last(turns[: answers[-1]] if answers else turns, Role.USER))
    return dict(sorted(found.items(), key=lambda pair: list(Part).index(pair[0])))


def _of_pair(row: Mapping[str, Any], columns: Columns) -> dict[Part, Editable]:
    """Both answers; the prompt where every copy of it says the same."""
    chosen, rejected = side_columns(row, columns)
    context = [*_turns(row, columns.messages, Role.USER), *_turns(row, columns.prompt, Role.USER)]
    asked = [_last(context, Role.USER)]
    found: dict[Part, Editable] = {}
    answers: dict[Part, _Turn | None] = {}
    for part, column in ((Part.RESPONSE, chosen), (Part.REJECTED, rejected)):
        turns = list(_turns(row, column, Role.ASSISTANT))
        answers[part] = _last(turns, Role.ASSISTANT)
        asked.append(_last(turns, Role.USER))
    prompts = [turn for turn in asked if turn is not None]
    if prompts and len({turn.text for turn in prompts}) == 1:
        places = tuple(turn.place for turn in prompts)
        found[Part.PROMPT] = Editable(Part.PROMPT, prompts[0].text, places)
    for part, answer in answers.items():
        _add(found, part, answer)
    return found


def _add(found: dict[Part, Editable], part: Part, turn: _Turn | None) -> None:
    if turn is not None:
        found[part] = Editable(part, turn.text, (turn.place,))


def _last(turns: list[_Turn], role: Role) -> _Turn | None:
    return next((turn for turn in reversed(turns) if turn.role is role), None)


def _turns(row: Mapping[str, Any], column: str | None, role: Role) -> Iterator[_Turn]:
    """The turns in a column that are plain texts, with their places."""
    path = None if column is None else path_in(row, column)
    value: Any = row
    for step in path or ():
        if not isinstance(value, Mapping | list | tuple):
            return  # JSON text on the way: it would have to be written anew
        try:
            value = value[step]  # type: ignore[index] # a name into an object, a number into a list
        except (KeyError, IndexError, TypeError):
            return
    if path is not None:
        yield from _walk(value, path, role)


def _walk(value: Any, path: tuple[str | int, ...], role: Role) -> Iterator[_Turn]:
    if value is None:
        yield _Turn(role, "", Place(path))
    elif isinstance(value, str):
        if is_transcript(value):
            for speaker, start, end in transcript_spans(value):
                yield _Turn(speaker, value[start:end], Place(path, start, end))
        elif turns_in_text(value) is None:
            yield _Turn(role, value, Place(path))
    elif isinstance(value, list | tuple):
        for at, entry in enumerate(value):
            if isinstance(entry, dict | list | tuple):
                yield from _walk(entry, (*path, at), role)
    elif isinstance(value, dict):
        yield from _message(value, path, role)


def _message(entry: dict[str, Any], path: tuple[str | int, ...], role: Role) -> Iterator[_Turn]:
    name = role_name(entry)
    speaker = role if name is None else ROLES.get(spelled(str(name)))
    key = next((key for key in TEXT_KEYS if entry.get(key) is not None), None)
    if speaker is None or key is None:
        return
    content = entry[key]
    if isinstance(content, str):
        yield _Turn(speaker, content, Place((*path, key)))
    elif isinstance(content, list | tuple) and len(content) == 1:
        # Several parts in one message are joined when they are read: no one place holds them.
        (only,) = content
        if isinstance(only, str):
            yield _Turn(speaker, only, Place((*path, key, 0)))
        elif isinstance(only, dict) and part_type(only) in TEXT_PARTS:
            inner = next((name for name in TEXT_KEYS if isinstance(only.get(name), str)), None)
            if inner is not None:
                yield _Turn(speaker, only[inner], Place((*path, key, 0, inner)))


def _put(value: Any, path: tuple[str | int, ...], place: Place, text: str) -> Any:
    """A copy of `value` with `text` at `place`; what lies beside the way to it is shared."""
    if not path:
        whole = value or ""
        end = len(whole) if place.end is None else place.end
        return whole[: place.start] + text + whole[end:]
    step, *rest = path
    copied: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copied[step] = _put(copied[step], tuple(rest), place, text)
    return copied
