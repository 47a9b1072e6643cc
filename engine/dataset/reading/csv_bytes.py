"""The rows of a CSV as the bytes that they stand in, for an export that changes nothing."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.dataset.reading.csv_dialect import CsvDialect
from engine.dataset.reading.csv_rows import read_rows
from engine.dataset.reading.source import ReadProgress, open_source
from engine.dataset.reading.text_encoding import decoded

_MARKS = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    codecs.BOM_UTF8: "utf-8",
}


@dataclass(frozen=True, slots=True)
class CsvBytes:
    """A CSV, cut into what stands before its rows and the rows."""

    head: bytes
    """Byte order mark, a line `sep=`, the line of names."""
    _text: str
    _spans: NDArray[np.int64]  # (rows, 2) first character of each, and the one behind its last
    _dialect: CsvDialect
    _codec: str

    def rows(self, rows: NDArray[np.int64]) -> Iterator[bytes]:
        """Some rows, each with what ends it."""
        for start, end in self._spans[rows].tolist():
            yield self._encoded(self._ended(self._text[start:end]))

    def row_of(self, values: Sequence[str]) -> bytes:
        """Other values as a row of this CSV.

        Raises:
            UnicodeEncodeError: its encoding has no such character.
        """
        file = io.StringIO()
        quoted = self._dialect.quoting
        csv.writer(
            file,
            delimiter=self._dialect.delimiter,
            quoting=csv.QUOTE_NONE if quoted == "none" else csv.QUOTE_MINIMAL,
            doublequote=quoted == "doubled",
            escapechar=None if quoted == "doubled" else "\\",
            lineterminator="",
        ).writerow(values)
        return self._encoded(self._ended(file.getvalue()))

    def _ended(self, line: str) -> str:
        return line if line.endswith(("\n", "\r")) else line + self._dialect.end

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
    mark = next((each for each in _MARKS if data.startswith(each)), b"")
    codec = _MARKS.get(mark, "utf-8" if encoding == "utf-8-sig" else encoding)
    head = text[:first]
    if has_header and head and not head.endswith(("\n", "\r")):
        head += dialect.end
    rows = spans[1:] if has_header else spans
    return CsvBytes(mark + _encoded(head, codec), text, rows, dialect, codec)
