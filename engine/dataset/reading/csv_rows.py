"""CSV as people have it, as columns of text: no row swallows others, and none is lost.

What is regular is read by polars. Everything else is read row by row: a quote that is opened and
not properly closed is a character of its own line, so that one wrong quote costs one row at most.

Source: RFC 4180; a quote that closes is followed by a delimiter or the end of a line.
"""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.csv_dialect import CsvDialect, detect_dialect
from engine.dataset.reading.json_rows import BOM, REPLACED_BYTES
from engine.dataset.reading.options import ReadOptions
from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.source import ByteSource
from engine.dataset.reading.text_encoding import check_encoding, decoded, detect_encoding
from engine.errors import InputError

FEW_FIELDS = "fewer fields than the header has"
MANY_FIELDS = "more fields than the header has; the last ones were not read"
BARE_QUOTE = "a quote opens that is not closed; it was read as a character"
NO_HEADER = "no line of names: the first line looks like data, so columns are numbered"
LATIN = "the text is not UTF-8; it was read as {}"

SURROGATES = re.compile("[\udc80-\udcff]")
_SWALLOWED_LINES = 2
"""Whole lines inside of one field that make it likely that a quote was not closed."""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV as columns, with what its rows were written like."""

    frame: pl.DataFrame
    dialect: CsvDialect
    encoding: str
    has_header: bool = True
    lines: NDArray[np.int64] | None = None  # (rows,) where each starts
    """None: to be counted when it is asked for."""


def read_csv(
    source: ByteSource, log: ProblemLog, options: ReadOptions, *, is_tsv: bool
) -> CsvTable:
    """A CSV, every value as it stands in the file.

    Raises:
        InputError: it is not in the encoding or dialect that a person named.
    """
    data = source.read(0, source.size)
    encoding = check_encoding(options.encoding) if options.encoding else detect_encoding(data)
    told = {"delimiter": options.delimiter, "quoting": options.quoting}
    if encoding not in _UTF_8:
        log.add_file(LATIN.format(encoding))
    elif b'\\"' not in data:  # the rest of it says no more of the dialect than the beginning
        head = data.removeprefix(BOM)[:_HEAD_BYTES].decode("utf-8", "ignore")
        dialect = detect_dialect(head, **told, is_tsv=is_tsv)
        frame = _regular(data.removeprefix(BOM), dialect) if dialect.is_usual else None
        if frame is not None:
            return CsvTable(frame, dialect, encoding)
    text = decoded(data, encoding)
    return _row_by_row(text, detect_dialect(text, **told, is_tsv=is_tsv), encoding, log)


_UTF_8 = ("utf-8", "utf-8-sig")
_HEAD_BYTES = 1 << 18


def _regular(data: bytes, dialect: CsvDialect) -> pl.DataFrame | None:
    """A regular CSV, read by polars; None where it is not, or where a field swallowed rows."""
    if b"\r" in data and data.count(b"\r") != data.count(b"\r\n"):
        return None
    if b'"' in data and not _quotes_are_regular(data, dialect.delimiter):
        return None
    try:
        frame = pl.read_csv(
            data,
            separator=dialect.delimiter,
            infer_schema=False,
            empty_string_is_null=False,
            extra_columns="raise",
            glob=False,
        )
    except (Exception, pl.exceptions.PanicException) as error:
        if isinstance(error, MemoryError):
            raise
        return None
    first = data[: data.find(b"\n")] if b"\n" in data else data
    if _has_blank_rows(frame) or b"_duplicated_" in b"".join(map(str.encode, frame.columns)):
        return None
    if _looks_like_data(first.decode("utf-8", "replace").split(dialect.delimiter)):
        return None
    # Polars leaves the quotes within a quoted name doubled.
    frame.columns = _unique([name.replace('""', '"') for name in frame.columns])
    frame = frame.with_columns(pl.all().fill_null(""))
    return None if _swallows(frame, dialect) else frame


def _quotes_are_regular(data: bytes, delimiter: str) -> bool:
    """Whether every quote opens a field, closes one, or is one of two within one.

    Taken in turns, a quote that opens follows what ends a field, or another quote, and one that
    closes precedes it.
    """
    text = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(text == ord('"'))
    if len(quotes) % 2:
        return False
    opens, closes = quotes[0::2], quotes[1::2]
    before = text[opens[opens > 0] - 1]
    after = text[closes[closes + 1 < len(text)] + 1]
    ends = [ord('"'), ord("\n"), ord(delimiter)]
    return bool(np.isin(before, ends).all() and np.isin(after, [*ends, ord("\r")]).all())


def _has_blank_rows(frame: pl.DataFrame) -> bool:
    first = frame.columns[0] if frame.columns else None
    if first is None or not frame[first].is_in(["", None]).any():
        return False
    blank = frame.select(pl.all_horizontal(pl.all().fill_null("") == "")).to_series()
    return bool(blank.any())


def _swallows(frame: pl.DataFrame, dialect: CsvDialect) -> bool:
    """Whether a field holds lines that are whole rows: then a quote was not closed."""
    if frame.width < 2:
        return False
    for column in frame.iter_columns():
        several = column.filter(column.str.count_matches("\n", literal=True) > _SWALLOWED_LINES)
        if any(_holds_rows(text, dialect, frame.width) for text in several):
            return True
    return False


def _holds_rows(text: str, dialect: CsvDialect, width: int) -> bool:
    inner = text.split("\n")[1:-1]
    return len(inner) >= _SWALLOWED_LINES and all(
        line.count(dialect.delimiter) == width - 1 for line in inner
    )


def _looks_like_data(names: list[str]) -> bool:
    """Whether the first line is a row: nothing but long texts, sentences and numbers."""
    texts = [name.strip().strip('"') for name in names]
    return all(len(text) > _LONGEST_NAME or _NO_NAME.search(text) for text in texts if text)


_LONGEST_NAME = 40
_NO_NAME = re.compile(r"[.!?]$|^\d+(?:\.\d+)?$")


# -- row by row


@dataclass(slots=True)
class CsvRows:
    """The rows of a text, as they are found."""

    rows: list[list[str]] = field(default_factory=list)
    lines: array[int] = field(default_factory=lambda: array("q"))
    bare: list[tuple[int, int, int]] = field(default_factory=list)
    """Row, line and column of quotes that were not closed."""
    starts: array[int] = field(default_factory=lambda: array("q"))
    """The first character of each row."""
    ends: array[int] = field(default_factory=lambda: array("q"))
    """The one behind its last, the end of the line among them."""


def _row_by_row(text: str, dialect: CsvDialect, encoding: str, log: ProblemLog) -> CsvTable:
    reading = read_rows(text, dialect)
    if not reading.rows:
        raise InputError(f"{log.file}: no rows in it", "check that it is the right file")
    first = reading.rows[0]
    headless = _looks_like_data(first)
    if headless:
        log.add_file(NO_HEADER)
        header = [f"column_{number}" for number in range(1, len(first) + 1)]
    else:
        header = first
    skipped = 0 if headless else 1
    rows = reading.rows[skipped:]
    names = _unique(header)
    for at, fields in enumerate(rows):
        if len(fields) != len(names):
            cause = FEW_FIELDS if len(fields) < len(names) else MANY_FIELDS
            log.add(at, cause, broken=False)
    for row, line, column in reading.bare:
        if row >= skipped:
            log.add(row - skipped, f"{BARE_QUOTE} (line {line}, column {column})", broken=False)
    odd = [at for at, fields in enumerate(rows) if any(map(SURROGATES.search, fields))]
    for at in odd:
        log.add(at, REPLACED_BYTES, broken=False)
        rows[at] = [SURROGATES.sub("�", each) for each in rows[at]]
    width = len(names)
    cells = [(fields + [""] * width)[:width] for fields in rows]
    frame = pl.DataFrame(
        [pl.Series(name, [row[at] for row in cells], pl.String) for at, name in enumerate(names)]
    )
    lines = np.array(reading.lines[skipped:], np.int64)
    return CsvTable(frame, dialect, encoding, not headless, lines)


def read_rows(text: str, dialect: CsvDialect) -> CsvRows:
    """Every row of a text: blank lines are none."""
    found = CsvRows()
    end, at, line = dialect.end, dialect.start, 1 + text.count(dialect.end, 0, dialect.start)
    width = 0
    while at < len(text):
        stop = text.find(end, at)
        stop = len(text) if stop < 0 else stop
        raw = text[at:stop].removesuffix("\r") if end == "\n" else text[at:stop]
        if not raw.strip():
            at, line = stop + 1, line + 1
            continue
        fields, after, bare = _record(text, at, stop, raw, dialect, width)
        if bare is not None:
            found.bare.append((len(found.rows), line, bare))
        found.rows.append(fields)
        found.lines.append(line)
        found.starts.append(at)
        found.ends.append(min(after, len(text)))
        width = width or len(fields)
        line += text.count(end, at, after)
        at = after
    return found


def fields_of(
    line: str, dialect: CsvDialect, width: int
) -> tuple[list[str], list[tuple[int, int]]]:
    """The fields of one row, and where each stands in it, with its quotes.

    Args:
        line: the row, with what ends it.
        dialect: how fields are told apart.
        width: fields of the header.
    """
    stop = line.find(dialect.end)
    stop = len(line) if stop < 0 else stop
    raw = line[:stop].removesuffix("\r") if dialect.end == "\n" else line[:stop]
    places: list[tuple[int, int]] = []
    fields, _, _ = _record(line, 0, stop, raw, dialect, width, places)
    if not places:
        ends = np.cumsum([len(each) + 1 for each in fields]).tolist()
        places = [(end - 1 - len(each), end - 1) for end, each in zip(ends, fields, strict=True)]
    return fields, places


def _record(
    text: str,
    at: int,
    stop: int,
    raw: str,
    dialect: CsvDialect,
    width: int,
    places: list[tuple[int, int]] | None = None,
) -> tuple[list[str], int, int | None]:
    """The row that starts at `at`: its fields, where the next one does, where a bare quote is.

    Args:
        text: all of it.
        at: where it starts.
        stop: where its first line ends.
        raw: that line, without what ends it.
        dialect: how fields are told apart.
        width: fields of the header; 0 for the header itself.
        places: takes where the fields stand, if the row has quotes: else they follow each other.
    """
    places = [] if places is None else places
    if dialect.quoting == "none" or '"' not in raw:
        return raw.split(dialect.delimiter), stop + 1, None
    fields: list[str] = []
    place = at
    bare: int | None = None
    line_end = at + len(raw)
    while True:
        if text[place : place + 1] == '"' and (bare is None or place < line_end):
            quoted = _quoted(text, place, dialect)
            if quoted is not None and _is_sound(text, place, quoted[1], dialect, width):
                places.append((place, quoted[1]))
                value, place = quoted
                fields.append(value)
                if place >= len(text) or text[place] != dialect.delimiter:
                    following = text.find(dialect.end, place)
                    after = len(text) if following < 0 else following + 1
                    return fields, after, bare
                if place > line_end:  # the row goes on behind a field of several lines
                    following = text.find(dialect.end, place)
                    stop = len(text) if following < 0 else following
                    line_end = stop - (text[stop - 1 : stop] == "\r" and dialect.end == "\n")
                place += 1
                continue
            bare = place - at + 1 if bare is None else bare
        cut = text.find(dialect.delimiter, place, line_end)
        if cut < 0:
            fields.append(text[place:line_end])
            places.append((place, line_end))
            return fields, stop + 1, bare
        fields.append(text[place:cut])
        places.append((place, cut))
        place = cut + 1


def _quoted(text: str, start: int, dialect: CsvDialect) -> tuple[str, int] | None:
    """A quoted field that begins at `start`: its value and the place behind it; None: unsound."""
    pattern = _BACKSLASHED if dialect.quoting == "backslash" else _DOUBLED
    found = pattern.match(text, start)
    if found is None:
        return None
    after = found.end()
    if after < len(text) and text[after] not in (dialect.delimiter, "\n", "\r"):
        return None
    value = found[0][1:-1]
    if dialect.quoting == "backslash":
        return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL), after
    return value.replace('""', '"'), after


_DOUBLED = re.compile(r'"(?:[^"]|"")*+"')
_BACKSLASHED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def _is_sound(text: str, start: int, end: int, dialect: CsvDialect, width: int) -> bool:
    """Whether a quoted field of several lines is no row that swallowed others."""
    inner = text[start:end].split(dialect.end)[1:-1]
    if width < 2 or len(inner) < _SWALLOWED_LINES:
        return True
    # Rows that were swallowed end with the line: what follows the field belongs to no row of them.
    after = text.find(dialect.end, end)
    last = text[text.rfind(dialect.end, start, end) + 1 : len(text) if after < 0 else after]
    return not all(line.count(dialect.delimiter) == width - 1 for line in (*inner, last))


def _unique(names: list[str]) -> list[str]:
    """`names` with those that occur again numbered, as a table needs them."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        count = seen[name] = seen.get(name, -1) + 1
        unique.append(f"{name}_{count}" if count else name)
    return unique
