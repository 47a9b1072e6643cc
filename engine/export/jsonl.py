"""Rows as JSON lines; a row of a JSON source with its own bytes.

Such a row is not parsed and written anew: numbers keep their digits, strings their escapes,
objects their key order and their duplicate keys, and invalid UTF-8 stays what it is. White space
between tokens goes where a row spans lines. What only a lenient reader accepts is mended where
columns are added, since what tamis writes into a row has to be JSON.

Source: RFC 8259, sections 2 (insignificant white space) and 7 (strings); jsonlines.org.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from engine.dataset.reading.columns import json_text
from engine.dataset.reading.json_rows import REPLACED_BYTES
from engine.dataset.reading.shard import SourceKind
from engine.export.json_edit import with_edits
from engine.export.plan import Conversion, ReviewState, WrittenRows
from engine.export.table import (
    Extra,
    Table,
    Tick,
    chunks,
    encoded,
    has_lines,
    whole_table,
    without_bytes,
)

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[ \t\r\n]+', re.DOTALL)
_LINE_BREAK = re.compile(rb"[\r\n]")
_WHITE_SPACE = b" \t\r\n"
_STRING_OR_NUMBER_NAME = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)
_ESCAPE_OR_CONTROL = re.compile(
    r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u[dD][89a-fA-F]..|\\.|[\x00-\x1f]", re.DOTALL
)


NOT_JSON = Conversion(
    "rows became JSON objects, in UTF-8: bytes are Base64, times and decimals text, numbers that "
    "are not finite null"
)
MADE_ANEW = Conversion("rows were put together from an object of columns, entries or splits")
ON_ONE_LINE = Conversion("white space between the tokens of rows that span lines was left out")
MIXED_ROWS = Conversion("rows of files that are not JSON became JSON objects")
MEMBERS_ADDED = Conversion(
    "members were added to every row, and what is not strictly JSON in it (NaN, control "
    "characters, invalid UTF-8) was mended"
)


def write_json_lines(
    path: Path, state: ReviewState, rows: NDArray[np.int64], extra: Extra, tick: Tick
) -> WrittenRows:
    """Write `rows` to `path`, a line each."""
    spanning = False
    with path.open("wb") as file:
        if not has_lines(state.dataset):
            table = whole_table(state, rows, extra, tick)
            for piece in chunks(rows, state.dataset.lengths):
                frame = table.frame(piece)
                frame.select(without_bytes(column) for column in frame).write_ndjson(file)
                tick(len(piece))
            return WrittenRows((NOT_JSON, *table.changes))
        not_utf_8 = any(each.cause == REPLACED_BYTES for each in state.dataset.problems)
        for piece in chunks(rows, state.dataset.lengths):
            raws = [state.dataset.raw(row) for row in piece.tolist()]
            lines = [
                _line(state, row, raw, ascii_only=not_utf_8)
                for row, raw in zip(piece.tolist(), raws, strict=True)
            ]
            spanning = spanning or any(raw and _LINE_BREAK.search(raw) for raw in raws)
            if extra:
                added = extra.frame(state, piece).write_ndjson().split("\n")
                lines = [
                    with_members(strict(line), members[1:-1].encode())
                    for line, members in zip(lines, added[:-1], strict=True)
                ]
            ends = map(state.dataset.line_end, piece.tolist())
            file.writelines(line + end for line, end in zip(lines, ends, strict=True))
            tick(len(piece))
    found = {
        MADE_ANEW: state.dataset.made_anew,
        ON_ONE_LINE: spanning,
        MIXED_ROWS: state.dataset.source_kind is SourceKind.MIXED,
        MEMBERS_ADDED: bool(extra),
    }
    return WrittenRows(tuple(change for change, holds in found.items() if holds))


def _line(state: ReviewState, row: int, raw: bytes | None, *, ascii_only: bool) -> bytes:
    revised = state.revised(row)
    if revised is not None:
        return (
            _spelled(revised)
            if raw is None
            else one_line(with_edits(raw, revised, ascii_only=ascii_only))
        )
    return _spelled(encoded(state.dataset.record(row))) if raw is None else one_line(raw)


def write_json_lines_table(
    path: Path, table: Table, rows: NDArray[np.int64], lengths: NDArray[np.int32], tick: Tick
) -> None:
    """Write `rows` of `table` to `path`, cut into chunks by their lengths."""
    with path.open("wb") as file:
        for piece in chunks(rows, lengths):
            table.frame(piece).write_ndjson(file)
            tick(len(piece))


def _spelled(record: dict[str, Any]) -> bytes:
    """A row that has no bytes of its own as JSON, which knows no infinite numbers."""
    try:
        text = json.dumps(
            record, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False
        )
    except ValueError:
        text = json_text(_finite(record))
    return text.encode("utf-8", "replace")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_finite(item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(member) for name, member in value.items()}
    return value


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


def strict(line: bytes) -> bytes:
    """The row as JSON that any reader accepts; the very same bytes where it is that already.

    Invalid UTF-8 and lone surrogates become U+FFFD, as they do when the row is read; control
    characters their escapes, and NaN and infinity null. Everything else stays as it is spelled.
    """
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        text = line.decode("utf-8", "replace")
        return _STRING_OR_NUMBER_NAME.sub(_strict_token, text).encode()
    return line


def _strict_token(token: re.Match[str]) -> str:
    text = token[0]
    return _ESCAPE_OR_CONTROL.sub(_strict_escape, text) if text.startswith('"') else "null"


def _strict_escape(found: re.Match[str]) -> str:
    text = found[0]
    if not text.startswith("\\"):
        return f"\\u{ord(text):04x}"
    is_lone = len(text) == len(r"\ud800") and text[2] in "dD"
    return r"\ufffd" if is_lone else text


def with_members(raw: bytes, members: bytes) -> bytes:
    """The object `raw` with `members` (`"a":1,"b":2`) inserted before its closing brace.

    A row that is no object becomes the member `value` of one.
    """
    if not raw.startswith(b"{"):
        return b'{"value":' + raw + b"," + members + b"}"
    body = raw[:-1]
    separator = b"" if body[1:].strip(_WHITE_SPACE) == b"" else b","
    return body + separator + members + b"}"
