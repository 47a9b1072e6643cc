"""Looking for text in a million samples: what to look for, and which rows hold it.

Rust's regular expressions do all the matching, literal or not: they take time in proportion to
the text whatever the pattern, so a pattern can be slow but never hang. Work goes in chunks of
rows, between which it can be cancelled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.errors import Cancelled, UsageError

REGEX_SIGN = "/"
"""What a search starts with to be a regular expression."""

CHUNK_ROWS = 65_536
"""Rows between two looks at whether it is still wanted; some 5 ms of plain text."""

FIRST_ROWS = 4_096
"""Rows of the first chunk: the next match is most often near."""

PROBE_ROWS = 131_072
"""Rows of a sorted view in which the next match is looked for before all rows are."""

START, END = "\x00", "\x01"
"""Put around matches; text on its way to the screen holds neither."""

TEXT_COLUMNS = ("prompt", "response", "rejected")


@dataclass(frozen=True)
class Query:
    """What to look for. Without an upper-case letter in it, case is ignored."""

    text: str
    is_regex: bool = False

    @classmethod
    def read(cls, typed: str) -> Query:
        """What a person typed: a regular expression where it starts with `/`.

        Raises:
            UsageError: no regular expression; names the place.
        """
        if not typed.startswith(REGEX_SIGN):
            return cls(typed)
        query = cls(typed.removeprefix(REGEX_SIGN), is_regex=True)
        query.check()
        return query

    def __str__(self) -> str:
        return (REGEX_SIGN if self.is_regex else "") + self.text

    def check(self) -> None:
        """Refuse what cannot be compiled.

        Raises:
            UsageError: names the place.
        """
        if not self.is_regex:
            return
        for pattern in (self.text, self.pattern):
            try:
                pl.Series([""]).str.contains(pattern)
            except pl.exceptions.PolarsError as error:
                raise UsageError(
                    f"no regular expression: {_cause(str(error))}",
                    "Rust's syntax: no look-around, no back-references",
                ) from None

    @cached_property
    def is_exact(self) -> bool:
        """Whether case matters."""
        text = re.sub(r"\\[pP]\{[^}]*\}|\\.", "", self.text) if self.is_regex else self.text
        return any(letter.isupper() for letter in text)

    @cached_property
    def pattern(self) -> str:
        """As a pattern of Rust's regex crate."""
        if self.is_regex:
            return self.text if self.is_exact else f"(?i){self.text}"
        if self.is_exact:
            return _escaped(self.text)
        # With an ASCII needle, Unicode case folding would only add the Kelvin sign and the long
        # s, and cost the regex engine its literal prefilters.
        flags = "i-u" if self.text.isascii() else "i"
        return f"(?{flags}:{_escaped(self.text)})"

    def found_in(self, texts: pl.Series) -> NDArray[np.bool_]:
        """Which of `texts` (strings, null = none) hold it.  (n,) -> (n,)."""
        if self.is_exact and not self.is_regex:
            found = texts.str.contains(self.text, literal=True)
        else:
            found = texts.str.contains(self.pattern)
        mask: NDArray[np.bool_] = found.fill_null(value=False).to_numpy()
        return mask

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where in `text` it is found: start and end, none of them empty."""
        if not self.text or not text:
            return []
        if not self.is_regex:
            return [match.span() for match in self._literal.finditer(text)]
        if START in text or END in text:
            return []
        marked = pl.Series([text]).str.replace_all(self.pattern, f"{START}${{0}}{END}")[0]
        spans: list[tuple[int, int]] = []
        at = start = 0
        for piece in re.split(f"([{START}{END}])", marked):
            if piece == START:
                start = at
            elif piece == END:
                if at > start:
                    spans.append((start, at))
            else:
                at += len(piece)
        return spans

    def first_in(self, texts: Sequence[str]) -> tuple[int, int] | None:
        """The first of `texts` that holds it, and where in it; None where none does."""
        if not self.text or not texts:
            return None
        for at in np.flatnonzero(self.found_in(pl.Series(texts, dtype=pl.String))):
            spans = self.spans(texts[int(at)])
            if spans:
                return int(at), spans[0][0]
        return None

    @cached_property
    def _literal(self) -> re.Pattern[str]:
        return re.compile(re.escape(self.text), 0 if self.is_exact else re.IGNORECASE)


def search(
    texts: pl.DataFrame,
    query: Query,
    columns: Sequence[str] = TEXT_COLUMNS,
    *,
    cancelled: Callable[[], bool] | None = None,
) -> NDArray[np.bool_]:
    """Which rows hold what is looked for in one of `columns`. An empty text is everywhere.

    Args:
        texts: strings, nullable.
        query: what to look for.
        columns: where to look; a column that `texts` lacks counts as empty.
        cancelled: asked between chunks.

    Raises:
        Cancelled: `cancelled` said so.
    """
    mask = np.full(texts.height, not query.text)
    if query.text:
        for chunk in chunks(0, texts.height, cancelled):
            mask[chunk] = found_in_rows(texts[chunk], query, columns)
    return mask


def found_in_rows(texts: pl.DataFrame, query: Query, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Which of these few rows hold it.  -> (rows,)."""
    mask = np.zeros(texts.height, np.bool_)
    for column in columns:
        if column in texts.columns and texts.schema[column] == pl.String:
            mask |= query.found_in(texts[column])
    return mask


def chunks(
    start: int, end: int, cancelled: Callable[[], bool] | None, first: int = CHUNK_ROWS
) -> Iterator[slice]:
    """Rows from `start` to `end` in chunks, the first of which may be smaller.

    Raises:
        Cancelled: `cancelled` said so.
    """
    size = first
    while start < end:
        if cancelled is not None and cancelled():
            raise Cancelled
        yield slice(start, min(start + size, end))
        start += size
        size = CHUNK_ROWS


class Search:
    """A search at work in a thread of its own: the next match first, then the rest.

    The screen reads its fields whenever it looks.
    """

    def __init__(
        self, texts: pl.DataFrame, query: Query, order: NDArray[np.int64], line: int
    ) -> None:
        """Look for `query`, beginning at a line of the view.

        Args:
            texts: of all rows.
            query: what to look for.
            order: row numbers as they are shown.  (lines,)
            line: of the view; the match at it or after it is found first.
        """
        self.query = query
        self.found = np.zeros(texts.height, np.bool_)
        """Which rows hold it, as far as they are searched.  (rows,)."""
        self.searched = 0
        """Rows."""
        self.done = False
        """Whether every row was searched."""
        self.ended = False
        """Whether it is over, done or stopped."""
        self._texts, self._order, self._line = texts, order, line
        self._cancelled = False
        self._told = False

    def cancel(self) -> None:
        """Stop at the next chunk; what is found stays."""
        self._cancelled = True

    def run(self, tell: Callable[[int], None]) -> None:
        """Search to the end.

        Args:
            tell: told the row of the next match as soon as it is known, at most once.
        """
        try:
            self._run(tell)
            self.done = True
        except Cancelled:
            pass
        finally:
            self.ended = True

    def _run(self, tell: Callable[[int], None]) -> None:
        order, stopped = self._order, lambda: self._cancelled
        ascending = bool((np.diff(order) > 0).all())
        if not ascending:
            self._probe(tell)
        start = int(order[self._line]) if ascending and len(order) else 0
        shown = np.zeros(len(self.found), np.bool_)
        shown[order] = True
        for first, last in ((start, len(self.found)), (0, start)):
            for chunk in chunks(first, last, stopped, FIRST_ROWS):
                mask = found_in_rows(self._texts[chunk], self.query, TEXT_COLUMNS)
                self.found[chunk] = mask
                self.searched += len(mask)
                hits = np.flatnonzero(mask & shown[chunk])
                if ascending and len(hits):
                    self._tell(tell, chunk.start + int(hits[0]))
        if not self._told and len(order):
            lines = np.flatnonzero(self.found[order])
            if len(lines):
                after = int(np.searchsorted(lines, self._line)) % len(lines)
                self._tell(tell, int(order[lines[after]]))

    def _probe(self, tell: Callable[[int], None]) -> None:
        """Look for the next match in a sorted view, not too far."""
        order, line = self._order, self._line
        end = min(line + PROBE_ROWS, len(order))
        for chunk in chunks(line, end, lambda: self._cancelled, FIRST_ROWS):
            rows = order[chunk]
            hits = np.flatnonzero(found_in_rows(self._texts[rows], self.query, TEXT_COLUMNS))
            if len(hits):
                self._tell(tell, int(rows[hits[0]]))
                return

    def _tell(self, tell: Callable[[int], None], row: int) -> None:
        if not self._told:
            self._told = True
            tell(row)


def _escaped(needle: str) -> str:
    """`needle` as a pattern of Rust's regex crate that matches it literally."""
    return "".join(
        f"\\{character}" if character in r"\.+*?()|[]{}^$#&-~/" else character
        for character in needle
    )


def _cause(message: str) -> str:
    """What Rust says is wrong, and the column that its caret points at."""
    lines = message.removeprefix("regex error: ").splitlines()
    cause = next((line.removeprefix("error: ") for line in lines if line.startswith("error:")), "")
    caret = next((line for line in lines if line.strip() and not line.strip(" ^-")), "")
    if cause and caret:
        return f"{cause}, at its column {caret.index('^') - _INDENT + 1}"
    return cause or (lines[0] if lines else "not understood")


_INDENT = 4
"""Spaces before the pattern and the caret in a message of Rust's regex crate."""
