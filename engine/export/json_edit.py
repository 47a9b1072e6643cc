"""An edited JSON row as its own bytes, but for the values that were edited.

Numbers keep their digits, strings their escapes, and objects their order and their white space,
wherever nobody touched them: a row is not parsed and written anew for one text in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.dataset.reading.columns import VALUE_COLUMN, json_text
from engine.dataset.reading.json_rows import BOM, parse_row

_BLANK = " \t\r\n"
_SCAN = json.JSONDecoder(strict=False, parse_int=len).raw_decode


def with_edits(raw: bytes, edited: dict[str, Any], *, ascii_only: bool) -> bytes:
    """`raw` with the values of `edited`, the same row with other texts in it.

    `ascii_only`: other characters are escaped, since the file is in another encoding than UTF-8.
    """
    raw = raw.removeprefix(BOM).strip(_BLANK.encode())
    old, _ = parse_row(raw)
    if not isinstance(old, dict):
        edited = edited[VALUE_COLUMN]  # a bare value is the one column of its row
    text = raw.decode("latin-1")  # a character for each byte
    pieces: list[str] = []
    done = 0
    for start, end, value in _replaced(text, 0, len(text), old, edited):
        pieces += [text[done:start], _spelled(value, ascii_only=ascii_only)]
        done = end
    return "".join([*pieces, text[done:]]).encode("latin-1")


def _spelled(value: Any, *, ascii_only: bool) -> str:
    if ascii_only:
        return json.dumps(value, separators=(",", ":"))
    return json_text(value).encode("utf-8", "replace").decode("latin-1")


def _replaced(
    text: str, start: int, end: int, old: Any, new: Any
) -> Iterator[tuple[int, int, Any]]:
    """What stands at other places of `text` in `new`: start, end, and the value."""
    if _is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        # Of a key that occurs twice, the last one counts.
        places = {key: (first, last) for key, first, last in _members(text, start)}
        if places.keys() == old.keys():
            for key, (first, last) in sorted(places.items(), key=lambda item: item[1]):
                yield from _replaced(text, first, last, old[key], new[key])
            return
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        items = list(_items(text, start))
        for (first, last), one, other in zip(items, old, new, strict=True):
            yield from _replaced(text, first, last, one, other)
        return
    yield start, end, new


def _is_same(old: Any, new: Any) -> bool:
    return bool(old == new or (old != old and new != new))  # noqa: PLR0124 # only NaN is not itself


def _members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """The members of the object at `start`: key, and where the value begins and ends."""
    at = _skip(text, start + 1)
    while text[at] != "}":
        _, after = _SCAN(text, at)
        first = _skip(text, _skip(text, after) + 1)
        _, last = _SCAN(text, first)
        yield parse_row(text[at:after].encode("latin-1"))[0], first, last
        at = _skip(text, last)
        at = _skip(text, at + 1) if text[at] == "," else at


def _items(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the items of the list at `start` begin and end."""
    at = _skip(text, start + 1)
    while text[at] != "]":
        _, last = _SCAN(text, at)
        yield at, last
        at = _skip(text, last)
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    """The next character that is not white space."""
    while text[at] in _BLANK:
        at += 1
    return at
