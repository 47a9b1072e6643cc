"""A JSON row as one line of bytes, with nothing of it changed but white space between tokens.

Rows are never parsed and written anew: numbers keep their digits, strings their escapes,
objects their key order and their duplicate keys, and invalid UTF-8 stays what it is.

Source: RFC 8259, section 2 (insignificant white space); jsonlines.org.
"""

from __future__ import annotations

import json
import re

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[ \t\r\n]+', re.DOTALL)
_LINE_BREAK = re.compile(rb"[\r\n]")
_WHITE_SPACE = b" \t\r\n"


def one_line(raw: bytes) -> bytes:
    """The row on one line; the very same bytes where it already is on one.

    A row that spans lines loses the white space between its tokens. A line break inside a
    string, which only a lenient reader accepts, becomes its escape.
    """
    raw = raw.strip(_WHITE_SPACE)
    if _LINE_BREAK.search(raw) is None:
        return raw
    return _TOKENS.sub(_tightened, raw)


def _tightened(token: re.Match[bytes]) -> bytes:
    text = token[0]
    if not text.startswith(b'"'):
        return b""
    return text.replace(b"\r", rb"\r").replace(b"\n", rb"\n")


def is_line(raw: bytes) -> bool:
    """Whether `raw` can stand as a line that any JSON reader accepts."""
    if not raw or _LINE_BREAK.search(raw) is not None:
        return False
    try:
        json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        return False
    return True


def with_members(raw: bytes, members: bytes) -> bytes:
    """The object `raw` with `members` (`"a":1,"b":2`) inserted before its closing brace.

    A row that is no object becomes the member `value` of one.
    """
    if not raw.startswith(b"{"):
        return b'{"value":' + raw + b"," + members + b"}"
    body = raw[:-1]
    separator = b"" if body[1:].strip(_WHITE_SPACE) == b"" else b","
    return body + separator + members + b"}"
