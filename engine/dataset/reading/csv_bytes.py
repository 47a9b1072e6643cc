"""The rows of a CSV as the bytes that they stand in, for an export that changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dataset.reading.csv_dialect import CsvDialect
from engine.dataset.reading.csv_rows import SURROGATES, fields_of, read_rows
from engine.dataset.reading.source import ReadProgress, open_source
from engine.dataset.reading.text_encoding import codec_of, decoded


@dataclass(frozen=True, slots=True)
class CsvBytes:
    """A CSV, cut into what stands before its rows and the rows."""

    head: bytes
    """Byte order mark, a line `sep=`, the line of names."""
    _text: str
    _spans: NDArray[np.int64]  # (rows, 2) first character of each, and the one behind its last
    _dialect: CsvDialect
    _codec: str
    _line_end: str
    """Of the line of names, for a last line that has none."""

    def rows(self, rows: NDArray[np.int64]) -> Iterator[bytes]:
        """Some rows, each with what ends it."""
        for start, end in self._spans[rows].tolist():
            yield self._encoded(self._ended(self._text[start:end]))

    def row_with(self, row: int, values: Sequence[str]) -> bytes:
        """A row with other values: fields that stay the same keep their characters.

        Raises:
            ValueError: its encoding or its quoting cannot hold them; the text is the cause.
        """
        start, end = self._spans[row].tolist()
        line = self._text[start:end]
        fields, places = fields_of(line, self._dialect, len(values))
        written = [line[first:last] for first, last in places]
        for at, value in enumerate(values):
            if at >= len(fields):
                written.append(self._field(value, quoted=False))
            elif SURROGATES.sub("\ufffd", fields[at]) != value:
                written[at] = self._field(value, quoted=written[at].startswith('"'))
        while len(written) > len(fields) and not written[-1]:
            written.pop()  # the row has fewer fields than there are columns
        if not self._dialect.delimiter.join(written).strip():
            written[0] = f'"{written[0]}"'  # a blank line would be no row
        return self._encoded(
            self._ended(self._dialect.delimiter.join(written) + line[places[-1][1] :])
        )

    def _field(self, value: str, *, quoted: bool) -> str:
        special = (self._dialect.delimiter, "\n", "\r", '"')
        if self._dialect.quoting == "none":
            if any(mark in value for mark in special[:3]):
                raise ValueError("a field without quotes holds no delimiter and no line break")
            return value
        if not quoted and not any(mark in value for mark in special):
            return value
        if self._dialect.quoting == "backslash":
            value = value.replace("\\", "\\\\").replace('"', '\\"')
        else:
            value = value.replace('"', '""')
        return f'"{value}"'

    def _ended(self, line: str) -> str:
        return line if line.endswith(("\n", "\r")) else line + self._line_end

    def _encoded(self, text: str) -> bytes:
        return _encoded(text, self._codec)


def _encoded(text: str, codec: str) -> bytes:
    return text.encode(codec, "surrogateescape" if codec == "utf-8" else "strict")


def csv_bytes(
    path: Path, name: str, dialect: CsvDialect, encoding: str, *, has_header: bool
) -> CsvBytes:
    """Read a CSV again, for its rows as they stand.

    Raises:
        InputError: it cannot be read any more.
    """
    source = open_source(path, name, ReadProgress())
    try:
        data = source.read(0, source.size)
    finally:
        source.close()
    text = decoded(data, encoding)
    found = read_rows(text, dialect)
    spans = np.stack([np.array(found.starts, np.int64), np.array(found.ends, np.int64)], axis=1)
    first = int(spans[1 if has_header else 0, 0]) if len(spans) > has_header else len(text)
    mark, codec = codec_of(data, encoding)
    head = text[:first]
    newline = text.find(dialect.end)
    line_end = "\r\n" if newline > 0 and text[newline - 1 : newline + 1] == "\r\n" else dialect.end
    if has_header and head and not head.endswith(("\n", "\r")):
        head += line_end
    rows = spans[1:] if has_header else spans
    return CsvBytes(mark + _encoded(head, codec), text, rows, dialect, codec, line_end)
