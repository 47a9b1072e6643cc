"""What commands without a screen write: results on stdout, messages on stderr.

Whatever comes from data is shown as text: no control character reaches the terminal.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from engine.errors import ExportError


def print_text(text: str) -> None:
    """A result for people, on stdout."""
    from tui.terminal.display import plain_text

    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    _put((plain_text(text) + "\n").encode(encoding, "replace"))


def print_json(value: object) -> None:
    """A result for programs, on stdout: JSON in which all that cannot be seen is escaped."""
    try:
        data = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    except TypeError:  # the name of a file that is not UTF-8
        data = orjson.dumps(_of_characters(value), option=orjson.OPT_INDENT_2)
    _put(_UNSEEN.sub(_escaped, data.decode()).encode() + b"\n")


_UNSEEN = re.compile(r"[^\x20-\x7e\n]")
"""May be a control character, a mark of direction, a blank of another width."""


def _escaped(found: re.Match[str]) -> str:
    """A character of a JSON text, escaped unless it is a printable one."""
    character = found[0]
    if character.isprintable():
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _of_characters(value: Any) -> Any:
    """`value` without halves of characters, which no JSON can hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_of_characters(key): _of_characters(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_of_characters(each) for each in value]
    return value


def print_result(values: object, text: str, *, as_json: bool) -> None:
    """A result on stdout: its values for programs, or its text for people."""
    if as_json:
        print_json(values)
    else:
        print_text(text)


def print_csv(columns: Sequence[str], rows: Iterable[Iterable[float]]) -> None:
    """A table for programs, on stdout; what is not a number stays empty."""
    lines = [",".join(columns)]
    lines += [",".join("" if math.isnan(cell) else repr(cell) for cell in row) for row in rows]
    _put(("\n".join(lines) + "\n").encode())


def complain(message: str) -> None:
    """A message on stderr."""
    put_message(f"tamis: {message}".rstrip("\n") + "\n")


def _put(result: bytes) -> None:
    """A result on stdout, all of it.

    Raises:
        ExportError: there is no room for it. A reader who has seen enough is no error.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(result)
        sys.stdout.buffer.flush()
    except OSError as error:
        # What is left in the buffer would be tried again at exit, with a message of its own.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        if not isinstance(error, BrokenPipeError):
            raise ExportError(f"the result could not be written: {error.strerror}") from error


def put_message(text: str) -> None:
    """A message on stderr as it is, such as what the command line itself has to say."""
    from tui.terminal.display import plain_text

    with contextlib.suppress(OSError):
        sys.stderr.write(plain_text(text))
        sys.stderr.flush()
