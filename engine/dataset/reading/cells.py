"""One value of a row: what it is, as text, and what lies deeper in it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Container, Mapping
from hashlib import blake2b
from typing import Any

PATH_SIGN = "."
"""Between the names that lead into a nested value: `scores.quality`."""


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
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_json_of)


def _json_of(value: Any) -> str:
    """What JSON has no form for: bytes by their hash, as nobody reads them."""
    return f"blake2b:{bytes_hash(value)}" if isinstance(value, bytes) else str(value)


def bytes_hash(data: bytes) -> str:
    """What stands for the bytes of an image or the like.

    Source: RFC 7693 (BLAKE2), 128 bits.
    """
    return blake2b(data, digest_size=16).hexdigest()


def without_nulls(value: Any) -> Any:
    """`value` without the keys that hold null.

    A column of Parquet has one schema for all rows, so that every call gets the arguments of all
    the others, as nulls: nobody said them.
    """
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [without_nulls(each) for each in value]
    return value


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


def are_texts(value: Any) -> bool:
    """Whether `value` is a list of plain texts."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(each, str) for each in value)
    )


def joined_texts(value: Any, what: str, remarks: Remarks) -> str:
    """A list of plain texts as one, a line each; more than one is remarked."""
    if len(value) > 1:
        remarks.note(f"{what} is a list of texts, joined by lines")
    return "\n".join(value)


def first_present(entry: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """The first value of `keys` that is not null."""
    for key in keys:
        value = entry.get(key)
        if value is not None:
            return value
    return None


def parsed(text: str) -> Any:
    """`text` as JSON where it is an object or a list, else as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return text


_PYTHON = re.compile(r"[\[({]+\s*['\"]")
_JOINED = re.compile(r"['\"]\s+['\"]|[}\]]\s+[{\[]")
"""Texts side by side without a comma, as numpy prints them: Python would join them to one."""


def parsed_loosely(text: str) -> Any:
    """`text` as JSON, or as Python prints its lists and dictionaries; else as it is.

    Source: `pandas.DataFrame.to_csv`, which writes `str` of nested cells.
    """
    value = parsed(text)
    stripped = text.strip()
    if not isinstance(value, str) or not _PYTHON.match(stripped) or _JOINED.search(stripped):
        return value
    try:
        found = ast.literal_eval(stripped)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return found if isinstance(found, dict | list) else text


def value_at(row: Mapping[str, Any], name: str | None) -> Any:
    """The value of a column, or of what a name with dots leads to; None where there is none.

    A column of the full name goes first. JSON text on the way is parsed.
    """
    if name is None:
        return None
    if name in row or PATH_SIGN not in name:
        return row.get(name)
    path = path_in(row, name)
    value: Any = row
    for step in path or ():
        value = parsed(value) if isinstance(value, str) else value
        if isinstance(value, list | tuple) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value if path else None


def path_in(row: Container[str], name: str) -> tuple[str | int, ...] | None:
    """The steps from a row, or the names of its columns, to what `name` means; None for nothing.

    Columns may have dots in their own names (`quality.responses`): the longest that fits is taken.
    """
    if name in row:
        return (name,)
    steps = name.split(PATH_SIGN)
    for cut in range(len(steps) - 1, 0, -1):
        column = PATH_SIGN.join(steps[:cut])
        if column in row:
            rest = (int(step) if step.isdecimal() else step for step in steps[cut:])
            return (column, *rest)
    return None
