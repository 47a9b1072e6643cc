"""JSON rows with the exact bytes each came from: lines, arrays, and objects one after the other.

Two parsers: orjson for what is valid, the standard library's for what is nearly so (invalid
UTF-8, lone surrogates, raw control characters, NaN), with a remark, and for integers of more than
64 bits, which orjson reads as floats: no digit of them is lost. Rows of an array are
found by the standard library's C scanner over the bytes as Latin-1, where a character is a
byte, so that offsets need no translation. After a broken element reading goes on at the next
one that opens with a key that rows of this file open with.

Source: RFC 8259 (JSON), jsonlines.org (JSON lines).
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import numpy as np
import orjson

from engine.dataset.reading.columns import VALUE_COLUMN, json_text
from engine.dataset.reading.source import ByteSource, ReadProgress

MAX_ROW_BYTES = 64 << 20
"""A longer row is a problem row and is not parsed."""

CHUNK_BYTES = 2 << 20
"""How much is read, parsed and handed on at once: enough to be fast, little to hold."""

MAX_DEPTH = 200
"""Deeper nesting is refused: nothing that is read by a person goes this far."""

BOM = b"\xef\xbb\xbf"
TOO_LONG = "the row is too long to be read"
TOO_DEEP = "nested too deeply"
REPLACED_BYTES = "invalid UTF-8, replaced by U+FFFD"
REPLACED_SURROGATE = "a lone surrogate, replaced by U+FFFD"
NOT_STRICT = "not strictly JSON (control character, NaN or the like), read all the same"
TOO_MANY_DIGITS = "a number of more than 4,000 digits, read as infinite"
TOO_LARGE = "a number that is beyond 64-bit floats, read as infinite"
INNER_BOM = "a byte order mark precedes the row, as where files were joined; it is left out"
MISSING_COMMA = "a comma is missing before this row"
ARRAY_CUT = "the JSON array does not end: the file is truncated"
AFTER_ARRAY = "something follows the end of the JSON array and was not read"

_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89abAB-F]", re.IGNORECASE)
_MAX_DIGITS = 4000
_TOO_MANY_DIGITS = re.compile(rb"\d{%d}" % (_MAX_DIGITS + 1))
_LONG_NUMBER = re.compile(rb"\d{19}")
"""An integer that needs more than 64 bits has as many digits at least."""
_EVERY = 6
_SAMPLED_DIGITS = re.compile(rb"\d{3,}")
"""Of 19 digits in a row, every sixth byte hits three."""


@dataclass(slots=True)
class RowBatch:
    """Some consecutive rows. `values[i]` is None where `broken` has i."""

    spans: array[int] = field(default_factory=lambda: array("q"))
    """Of each row its first byte, the one behind its last, and its line."""
    values: list[Any] = field(default_factory=list)
    broken: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, tuple[str, ...]] = field(default_factory=dict)
    no_long_number: bool = False
    """Whether it is known that no integer in it needs more than 64 bits."""
    of_file: list[tuple[str, int]] = field(default_factory=list)

    def add(self, start: int, end: int, line: int, piece: bytes, *noted: str) -> None:
        """Parse `piece`, the bytes of one row, and append it; `noted`: what is odd around it."""
        try:
            value, remarks = parse_row(piece, no_long_number=self.no_long_number)
        except ValueError as error:
            self.add_broken(start, end, line, str(error))
            return
        if remarks or noted:
            self.remarks[len(self.values)] = (*remarks, *noted)
        self._append(start, end, line, value)

    def cut(self, rows: int) -> None:
        """Keep the first so many rows."""
        if len(self.values) > rows:
            del self.values[rows:], self.spans[3 * rows :]
            self.broken = {at: cause for at, cause in self.broken.items() if at < rows}
            self.remarks = {at: noted for at, noted in self.remarks.items() if at < rows}

    def add_broken(self, start: int, end: int, line: int, cause: str) -> None:
        """Append a row that cannot be read."""
        self.broken[len(self.values)] = cause
        self._append(start, end, line, None)

    def _append(self, start: int, end: int, line: int, value: Any) -> None:
        self.spans.extend((start, end, line))
        self.values.append(value)


def parse_row(piece: bytes, *, no_long_number: bool = False) -> tuple[Any, tuple[str, ...]]:
    """The value in `piece` and what is odd about it; no lone surrogate is left in it.

    Args:
        piece: the bytes of a row.
        no_long_number: it was looked for an integer of more than 64 bits, and there is none.

    Raises:
        ValueError: it is no JSON, however leniently read; the text is a short cause.
    """
    try:
        value = orjson.loads(piece)
    except orjson.JSONDecodeError:
        return _parse_leniently(piece)
    if not no_long_number and has_long_number(piece):
        value = _decoded(piece.decode())
    if piece.count(b"[") + piece.count(b"{") > MAX_DEPTH:
        _check_depth(value)
    return value, ()


def row_bytes(row: Any) -> bytes:
    """A row that was made of others, as JSON; its integers are whole, however long."""
    try:
        return orjson.dumps(row)
    except TypeError:
        return json_text(row).encode()


def has_long_number(data: bytes) -> bool:
    """Whether so many digits follow each other that they may be an integer beyond 64 bits.

    Most data has none: a sample of the bytes says where to look, at an eighth of the time.
    """
    return any(
        _LONG_NUMBER.search(data, max(0, _EVERY * (found.start() - 3)), _EVERY * (found.end() + 3))
        for found in _SAMPLED_DIGITS.finditer(data[::_EVERY])
    )


def parse_record(piece: bytes) -> dict[str, Any]:
    """A JSON row as columns; one that is no object is the column `value` of one.

    Raises:
        ValueError: `parse_row` cannot read it.
    """
    value, _ = parse_row(piece)
    return value if isinstance(value, dict) else {VALUE_COLUMN: value}


def _parse_leniently(piece: bytes) -> tuple[Any, tuple[str, ...]]:
    remarks: list[str] = []
    try:
        text = piece.removeprefix(BOM).decode("utf-8")
    except UnicodeDecodeError:
        text = piece.decode("utf-8", "replace")
        remarks.append(REPLACED_BYTES)
    try:
        value = _decoded(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"invalid JSON: {_lowered(error.msg)}") from error
    _check_depth(value)
    if _TOO_MANY_DIGITS.search(piece):
        remarks.append(TOO_MANY_DIGITS)
    if _SURROGATE_ESCAPE.search(piece):
        scrubbed = _scrubbed(value)
        if scrubbed != value:
            remarks.append(REPLACED_SURROGATE)
        value = scrubbed
    return value, tuple(remarks) or _why_lenient(text)


def _why_lenient(text: str) -> tuple[str, ...]:
    """What is odd about a text that orjson refuses: nothing, if it is a long integer alone."""
    infinite: list[str] = []

    def number(digits: str) -> float:
        found = float(digits)
        if math.isinf(found):
            infinite.append(digits)
        return found

    strict = json.JSONDecoder(
        parse_float=number, parse_int=_parse_integer, parse_constant=_refuse_constant
    )
    try:
        strict.decode(text)
    except ValueError:
        return (NOT_STRICT,)
    return (TOO_LARGE,) if infinite else ()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _decoded(text: str) -> Any:
    try:
        return _LENIENT.decode(text)
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def _parse_integer(digits: str) -> int | float:
    return int(digits) if len(digits.lstrip("-")) <= _MAX_DIGITS else float(digits)


_LENIENT = json.JSONDecoder(strict=False, parse_int=_parse_integer)


def _check_depth(value: Any) -> None:
    """Refuse nesting beyond `MAX_DEPTH`, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        deeper: list[Any] = []
        for entry in level:
            if isinstance(entry, dict):
                deeper.extend(entry.values())
            elif isinstance(entry, list):
                deeper.extend(entry)
        if not deeper:
            return
        level = deeper
    raise ValueError(TOO_DEEP)


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("�", value)
    if isinstance(value, list):
        return [_scrubbed(entry) for entry in value]
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(entry) for key, entry in value.items()}
    return value


def line_rows(
    source: ByteSource, progress: ReadProgress, *, max_row_bytes: int = MAX_ROW_BYTES
) -> Iterator[RowBatch]:
    """The rows of JSON lines; blank lines are none. A line over the limit is a broken row."""
    at = len(BOM) if source.read(0, len(BOM)) == BOM else 0
    line = 1
    while at < source.size:
        progress.step(f"reading {source.name}", at, source.size)
        chunk = source.read(at, at + CHUNK_BYTES)
        cut = chunk.rfind(b"\n") + 1
        if not cut and at + len(chunk) < source.size:
            end = _line_end(source, at, progress)
            chunk = b"" if end - at > max_row_bytes else source.read(at, end)
            if not chunk:
                batch = RowBatch()
                batch.add_broken(at, end, line, TOO_LONG)
                yield batch
                at, line = end + 1, line + 1
                continue
        if not chunk:
            return
        if cut and at + len(chunk) < source.size:
            chunk = chunk[:cut]
        yield _line_batch(chunk, at, line, max_row_bytes)
        at += len(chunk)
        line += chunk.count(b"\n")


def _line_end(source: ByteSource, at: int, progress: ReadProgress) -> int:
    """Where the line that starts at `at` ends, without holding it."""
    while at < source.size:
        progress.step(f"reading {source.name}", at, source.size)
        chunk = source.read(at, at + CHUNK_BYTES)
        found = chunk.find(b"\n")
        if found >= 0:
            return at + found
        at += max(len(chunk), 1)
    return source.size


def _line_batch(chunk: bytes, base: int, line: int, max_row_bytes: int) -> RowBatch:
    batch = RowBatch(no_long_number=not has_long_number(chunk))
    breaks = np.flatnonzero(np.frombuffer(chunk, np.uint8) == ord("\n")).tolist()
    start = 0
    for number, end in enumerate([*breaks, len(chunk)], line):
        piece = chunk[start:end].strip()
        noted: tuple[str, ...] = ()
        if piece.startswith(BOM):
            start, noted = chunk.index(BOM, start) + len(BOM), (INNER_BOM,)
            piece = chunk[start:end].strip()
        if len(piece) > max_row_bytes:
            batch.add_broken(base + start, base + end, number, TOO_LONG)
        elif piece:
            first = base + start + _leading(chunk, start, piece)
            batch.add(first, first + len(piece), number, piece, *noted)
        start = end + 1
    return batch


def _leading(chunk: bytes, start: int, piece: bytes) -> int:
    """How many blanks precede `piece`, which was stripped from `chunk[start:]`."""
    return 0 if chunk[start] == piece[0] else chunk.index(piece[:1], start) - start


_SEPARATOR = re.compile(r"(?:[\s,]+|\xef\xbb\xbf)*")
"""Between elements: blanks, commas, and the byte order marks of joined files."""
_NEXT_ELEMENT = re.compile(r"[,\n\]}]\s*(?=\{)")
_FIRST_KEY = re.compile(r'\{\s*"((?:[^"\\]|\\.){0,200})"')
_MAX_CANDIDATES = 20_000
_ROWS_TO_LEARN_FROM = 1000
_LONGEST_TOKEN = 32
"""Numbers, literals and escapes cut by the end of a window are reported where they start."""
_OPEN_ENDED = ("Unterminated string starting at",)


class ArrayReader:
    """The elements of a JSON array, or of objects one after the other, in batches.

    Holds a window of the file. An element that does not parse is broken only once the
    window reaches a full row's limit, or the end of the file, beyond its start.
    """

    def __init__(
        self, source: ByteSource, progress: ReadProgress, *, max_row_bytes: int = MAX_ROW_BYTES
    ) -> None:
        self._source = source
        self._progress = progress
        self._limit = max_row_bytes
        self._scan = json.JSONDecoder(strict=False, parse_int=len).raw_decode
        self._base = 0  # where the window starts in the file
        self._data = b""
        self._text = ""  # the window, one character a byte
        self._at = 0  # position in the window
        self._line = 1  # line at _line_at
        self._line_at = 0
        self._first_keys: set[str] = set()
        self._ended = False
        self._is_cut = False
        self._after_comma = True
        self._cause = ""

    def batches(self, *, array: bool) -> Iterator[RowBatch]:
        """All rows; `array` says that an opening bracket comes before the first."""
        self._refill(CHUNK_BYTES)
        self._at = len(BOM) if self._data.startswith(BOM) else 0
        self._skip_separators()
        if array:
            self._at += 1
        while not self._ended:
            self._progress.step(
                f"reading {self._source.name}", self._base + self._at, self._source.size
            )
            yield self._batch(array=array)

    def _batch(self, *, array: bool) -> RowBatch:
        batch = RowBatch()
        stop = self._base + self._at + CHUNK_BYTES
        while self._base + self._at < stop and not self._ended:
            self._skip_separators()
            if self._at >= len(self._text):
                self._ended = True
                if array:
                    batch.of_file.append((ARRAY_CUT, self._line_of(self._at)))
            elif array and self._text[self._at] == "]":
                self._close(batch)
            else:
                self._element(batch, array=array)
        return batch

    def _element(self, batch: RowBatch, *, array: bool) -> None:
        start = self._at
        end = self._value_end(start)
        if end is None and self._is_cut and self._grow():
            return
        if end is None:
            self._broken_element(batch, start)
            return
        self._at = end
        self._keep(batch, start, end, comma=self._after_comma or not array)
        self._after_comma = False

    def _value_end(self, start: int) -> int | None:
        """Where the value at `start` ends, None where there is no whole one.

        Notes in `_is_cut` whether more of the file could make it one: the error is at the end
        of the window, or an open string runs into it.
        """
        size = len(self._text)
        try:
            _, end = self._scan(self._text, start)
        except json.JSONDecodeError as error:
            self._cause = f"invalid JSON: {_lowered(error.msg)}"
            self._is_cut = error.pos + _LONGEST_TOKEN >= size or error.msg in _OPEN_ENDED
            return None
        except RecursionError:
            self._cause, self._is_cut = TOO_DEEP, False
            return None
        self._is_cut = end == size and not self._is_last() and self._text[start] not in '{["'
        return None if self._is_cut else int(end)

    def _keep(self, batch: RowBatch, start: int, end: int, *, comma: bool) -> None:
        line = self._line_of(start)
        where = self._base + start, self._base + end, line
        if end - start > self._limit:
            batch.add_broken(*where, TOO_LONG)
            return
        batch.add(*where, self._data[start:end])
        if not comma:
            last = len(batch.values) - 1
            batch.remarks[last] = (*batch.remarks.get(last, ()), MISSING_COMMA)
        if len(batch.values) < _ROWS_TO_LEARN_FROM:
            key = _FIRST_KEY.match(self._text, start)
            if key:
                self._first_keys.add(key[1])

    def _broken_element(self, batch: RowBatch, start: int) -> None:
        """Skip to the next element that looks like one; without any, the rest is lost."""
        first, line, cause = self._base + start, self._line_of(start), self._cause
        keys = self._keys_to_look_for(start)
        self._at, self._after_comma = start + 1, False
        following = self._next_separator(keys)
        while following is None and not self._is_last():
            self._at = max(self._at, len(self._text) - self._limit)
            self._refill(max(CHUNK_BYTES, self._limit))
            following = self._next_separator(keys)
        if following is None:
            self._lose_rest(batch, first, line, cause)
            return
        end = self._base + following
        batch.add_broken(first, end, line, TOO_LONG if end - first > self._limit else cause)
        self._at = following

    def _lose_rest(self, batch: RowBatch, first: int, line: int, cause: str) -> None:
        """Nothing follows a broken element: it is the last one, or the file is cut in it."""
        rest = self._text.rstrip()
        self._at, self._ended = len(self._text), True
        if rest.endswith("]"):
            batch.add_broken(first, self._base + len(rest) - 1, line, cause)
        else:
            batch.of_file.append((ARRAY_CUT, line))

    def _keys_to_look_for(self, start: int) -> set[str]:
        """The first keys of rows of this file, or of the broken one if it is the first."""
        own = _FIRST_KEY.match(self._text, start)
        return self._first_keys or ({own[1]} if own else set())

    def _next_separator(self, keys: set[str]) -> int | None:
        """Where, from `_at` on, the separator before the next whole element begins."""
        for found in islice(_NEXT_ELEMENT.finditer(self._text, self._at), _MAX_CANDIDATES):
            key = _FIRST_KEY.match(self._text, found.end())
            known = key is not None and (key[1] in keys or not keys)
            if known and self._value_end(found.end()) is not None:
                return found.start() + (found[0][0] in "]}")
        return None

    def _skip_separators(self) -> None:
        """Go to the next value, noting whether a comma was passed."""
        while True:
            found = _SEPARATOR.match(self._text, self._at)
            assert found is not None
            self._after_comma = self._after_comma or "," in found[0]
            self._at = found.end()
            if self._at < len(self._text) or not self._grow():
                return

    def _close(self, batch: RowBatch) -> None:
        self._ended = True
        line = self._line_of(self._at)
        rest_at = self._base + self._at + 1
        if self._source.read(rest_at, rest_at + CHUNK_BYTES).strip():
            batch.of_file.append((AFTER_ARRAY, line))

    def _is_last(self) -> bool:
        return self._base + len(self._data) >= self._source.size

    def _grow(self) -> bool:
        """Read on so that a whole row of the limit fits; False where it already does."""
        if self._is_last() or len(self._data) - self._at > self._limit:
            return False
        self._refill(max(CHUNK_BYTES, min(2 * (len(self._data) - self._at), 2 * self._limit)))
        return True

    def _refill(self, more: int) -> None:
        """Drop what was read before `_at` and append `more` bytes."""
        self._line_of(self._at)
        end = self._base + len(self._data)
        piece = self._source.read(end, end + more)
        if not piece and end < self._source.size:  # cut short since it was opened
            self._ended = True
        self._data = self._data[self._at :] + piece
        self._text = self._data.decode("latin-1")
        self._base += self._at
        self._line_at = 0
        self._at = 0

    def _line_of(self, at: int) -> int:
        """The line at a position of the window that is not before the last one asked for."""
        self._line += self._text.count("\n", self._line_at, at)
        self._line_at = max(self._line_at, at)
        return self._line
