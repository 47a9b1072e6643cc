"""From texts to shingles, as 64-bit hashes, for a whole chunk of rows at once.

Everything works on the UTF-8 bytes of the chunk. A run of bytes is hashed eight at a time, which
needs no table and reads most words in one load; a shingle of words is a mix of their hashes. The
same text has the same hashes in whatever chunk it stands.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.settings import SearchSettings, ShingleKind
from engine.duplicates.texts import normalised

CHUNK_BYTES = 1 << 18
"""Text worked on at once: its arrays stay in the processor's second cache."""

LONG_RUN_BYTES = 1024
"""A longer run without a space (Base64, a URL) is hashed by itself."""

_WORD_BYTES = 8


@dataclass(frozen=True, slots=True)
class Shingles:
    """The shingles of some rows, in the order of the text; the same one may be there again."""

    hashes: NDArray[np.uint64]  # (n,)
    starts: NDArray[np.int64]  # (rows + 1,) where each row's begin

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many each row has.  (rows,)."""
        return np.diff(self.starts)


class _Class(IntEnum):
    """What a character is to a tokeniser."""

    UNKNOWN = 0
    OTHER = 1
    SPACE = 2
    WORD = 3
    ALONE = 4
    """A word by itself: scripts without spaces would make a clause one word."""


ALONE = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, zero
    (0x3040, 0x30FF),  # Kana
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Myanmar, extended
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x1B000, 0x1B16F),  # Kana, extended
    (0x20000, 0x3FFFF),  # Han, the other planes
)
"""First and last of the characters that are words by themselves."""

_classes = np.zeros(sys.maxunicode + 1, np.uint8)
"""Class of every character met so far, by its number."""


def _class_of(character: str) -> _Class:
    number = ord(character)
    category = unicodedata.category(character)
    if character.isspace():
        return _Class.SPACE
    if not (character.isalnum() or character == "_" or category.startswith("M")):
        return _Class.OTHER
    if any(first <= number <= last for first, last in ALONE):
        return _Class.ALONE
    return _Class.WORD


def _learn(numbers: NDArray[np.int64]) -> None:
    """Find the class of characters that have not been met."""
    new = np.unique(numbers[_classes[numbers] == _Class.UNKNOWN])
    for number in new.tolist():
        _classes[number] = _class_of(chr(number))


_learn(np.arange(128))
_ASCII = np.concatenate([_classes[:128], np.full(128, _Class.OTHER, np.uint8)])
_ASCII_WORD = _ASCII == _Class.WORD
_ASCII_SPACE = _ASCII == _Class.SPACE


def shingle(texts: pl.Series, settings: SearchSettings) -> Shingles:
    """The shingles of raw `texts` (nullable), after normalisation."""
    texts = normalised(texts, settings.normalisation)
    size = settings.shingling.size
    parts = []
    for piece in _pieces(texts):
        text = _Text.of(piece)
        if settings.shingling.kind is ShingleKind.WORD:
            parts.append(_word_shingles(text, size))
        else:
            parts.append(_char_shingles(text, size, fold=settings.normalisation.white_space))
    if not parts:
        return Shingles(np.empty(0, np.uint64), np.zeros(1, np.int64))
    counts = np.concatenate([part.counts for part in parts])
    return Shingles(np.concatenate([part.hashes for part in parts]), _starts(counts))


def text_hashes(texts: pl.Series) -> NDArray[np.uint64]:
    """A hash of every text as it stands, the same on every machine; null and empty are one."""
    parts = [np.empty(0, np.uint64)]
    for piece in _pieces(texts.fill_null("")):
        text = _Text.of(piece)
        parts.append(span_hashes(text.data, text.starts, text.ends - text.starts))
    return np.concatenate(parts)


def _pieces(texts: pl.Series) -> Iterator[pl.Series]:
    """`texts` in runs of rows of about `CHUNK_BYTES`; a longer row is one by itself."""
    ends = np.cumsum(texts.str.len_bytes().to_numpy(), dtype=np.int64)  # (rows,)
    first = 0
    while first < len(ends):
        done = int(ends[first - 1]) if first else 0
        last = int(np.searchsorted(ends, done + CHUNK_BYTES, side="right"))
        last = max(last, first + 1)
        yield texts[first:last]
        first = last


@dataclass(frozen=True, slots=True)
class _Text:
    """The bytes of some rows, one after the other with a byte between them that is no word."""

    data: NDArray[np.uint8]  # (bytes + 8,) UTF-8, then zeros, so that eight can be read anywhere
    starts: NDArray[np.int64]  # (rows,)
    ends: NDArray[np.int64]  # (rows,)

    @classmethod
    def of(cls, texts: pl.Series) -> _Text:
        joined: bytes = texts.str.join("\n").cast(pl.Binary).item()
        data = np.frombuffer(joined + bytes(_WORD_BYTES), np.uint8)
        lengths = texts.str.len_bytes().to_numpy().astype(np.int64)
        starts = _starts(lengths + 1)[:-1]
        return cls(data, starts, starts + lengths)

    @property
    def size(self) -> int:
        """Bytes of text."""
        return len(self.data) - _WORD_BYTES

    @property
    def is_ascii(self) -> bool:
        """Whether every character is one byte."""
        return not len(self.data) or int(self.data.max()) < 128

    def beyond_ascii(
        self,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
        """Characters of several bytes: where each begins, its bytes, its class.  three of (n,)."""
        if self.is_ascii:
            none = np.empty(0, np.int64)
            return none, none, np.empty(0, np.uint8)
        leads = np.flatnonzero(self.data[: self.size] >= 0xC0)
        numbers, widths = _decode(self.data, leads)
        _learn(numbers)
        return leads, widths, _classes[numbers]


def _decode(
    data: NDArray[np.uint8], leads: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The characters whose first bytes are at `leads`, and how many bytes each has.

    Source: RFC 3629, section 3.
    """
    first = data[leads].astype(np.int64)
    widths = 2 + (first >= 0xE0).astype(np.int64) + (first >= 0xF0)
    numbers = first & (0xFF >> (widths + 1))
    for offset in range(1, 4):
        inside = widths > offset
        following = data[leads[inside] + offset].astype(np.int64) & 0x3F
        numbers[inside] = numbers[inside] << 6 | following
    return numbers, widths


# --- words


def _word_shingles(text: _Text, size: int) -> Shingles:
    starts, ends = _words(text)
    hashes = span_hashes(text.data, starts, ends - starts)
    counts = np.diff(np.searchsorted(starts, np.append(text.starts, text.size + 1)))
    return _runs(hashes, counts, size)


def words_of(texts: pl.Series) -> list[list[str]]:
    """The words of each of a few texts, as they are hashed; not normalised."""
    found = _Text.of(texts)
    starts, ends = _words(found)
    data = found.data.tobytes()
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    words = [data[start:end].decode() for start, end in spans]
    cuts = np.searchsorted(starts, np.append(found.starts, found.size + 1)).tolist()
    return [words[start:end] for start, end in pairwise(cuts)]


def _words(text: _Text) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the words of a text begin and end."""
    data = text.data[: text.size]
    word = _ASCII_WORD[data]
    leads, widths, classes = text.beyond_ascii()
    for offset in range(4):
        inside = widths > offset
        word[leads[inside] + offset] = classes[inside] >= _Class.WORD
    edges = _edges(word)
    starts, ends = edges[0::2], edges[1::2]
    alone = classes == _Class.ALONE
    if not alone.any():
        return starts, ends
    lone = leads[alone]
    begins, behind = np.zeros((2, text.size + 1), np.bool_)
    behind[lone + widths[alone]] = True
    begins[lone] = True
    # What begins or ends inside a run of word characters does both: one word ends, one begins.
    begins |= behind
    behind |= begins
    behind[starts], begins[ends] = False, False
    begins[starts], behind[ends] = True, True
    return np.flatnonzero(begins), np.flatnonzero(behind)


def _edges(word: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where runs of True begin and end, in turns."""
    padded = np.zeros(len(word) + 2, np.bool_)
    padded[1:-1] = word
    edges: NDArray[np.int64] = np.flatnonzero(padded[1:] != padded[:-1])
    return edges


def _runs(tokens: NDArray[np.uint64], counts: NDArray[np.int64], size: int) -> Shingles:
    """Every run of `size` tokens within a row; all of them where the row has fewer."""
    shingles = np.maximum(counts - size + 1, (counts > 0).astype(np.int64))
    starts, first = _starts(shingles), _starts(counts)[:-1]
    hashes = np.empty(int(starts[-1]), np.uint64)
    short = np.flatnonzero((counts > 0) & (counts < size))
    whole = np.ones(len(hashes), np.bool_)
    whole[starts[short]] = False
    if size <= len(tokens):
        mixed = tokens[: len(tokens) - size + 1].copy()
        for offset in range(1, size):
            mixed *= _FACTOR
            mixed += tokens[offset : offset + len(mixed)]
        usable = np.ones(len(mixed), np.bool_)
        last = first[counts > 0] + counts[counts > 0]  # where the next row's tokens begin
        for back in range(1, size):
            at = last - back
            usable[at[(at >= 0) & (at < len(mixed))]] = False
        hashes[whole] = mixed[usable]
    if len(short):
        mixed = np.zeros(len(short), np.uint64)
        for offset in range(size - 1):
            there = counts[short] > offset
            mixed[there] = mixed[there] * _FACTOR + tokens[first[short[there]] + offset]
        hashes[starts[short]] = mixed ^ _SHORT
    return Shingles(_stirred(hashes), starts)


# --- characters


def _char_shingles(text: _Text, size: int, *, fold: bool) -> Shingles:
    if fold:
        text = _folded(text)
    data = text.data[: text.size]
    begins = np.arange(text.size) if text.is_ascii else np.flatnonzero((data & 0xC0) != 0x80)
    places = np.append(begins, text.size)  # of every character, separators among them
    first = np.searchsorted(begins, text.starts)
    counts = np.searchsorted(begins, text.ends) - first
    shingles = np.maximum(counts - size + 1, (counts > 0).astype(np.int64))
    starts = _starts(shingles)
    rows = np.repeat(np.arange(len(counts)), shingles)
    at = first[rows] + np.arange(int(starts[-1])) - starts[rows]
    begin = places[at]
    behind = places[at + np.minimum(size, counts)[rows]]
    return Shingles(_stirred(span_hashes(text.data, begin, behind - begin)), starts)


def _folded(text: _Text) -> _Text:
    """The text with every run of white space as one space, and none at the ends of a row."""
    data = text.data[: text.size]
    space = _ASCII_SPACE[data]
    leads, widths, classes = text.beyond_ascii()
    for offset in range(4):
        inside = (classes == _Class.SPACE) & (widths > offset)
        space[leads[inside] + offset] = True
    keep = np.ones(text.size, np.bool_)
    keep[1:] = ~(space[1:] & space[:-1])
    plain = np.where(space, np.uint8(0x20), data)[keep]
    plain = np.concatenate([plain, np.zeros(_WORD_BYTES, np.uint8)])
    kept_before = _starts(keep.astype(np.int64))
    starts, ends = kept_before[text.starts], kept_before[text.ends]
    starts += (starts < ends) & (plain[starts] == 0x20)
    ends -= (starts < ends) & (plain[ends - 1] == 0x20)
    return _Text(plain, starts, ends)


# --- hashing

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that multiplying loses nothing.  Source: Steele et al. 2014, SplitMix."""
_SHORT = np.uint64(0x5851F42D4C957F2D)
"""Keeps a text of two words apart from a shingle that happens to mix to the same."""
_LOW_BYTES = np.array([(1 << 8 * count) - 1 for count in range(_WORD_BYTES + 1)], np.uint64)


def span_hashes(
    data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.uint64]:
    """A hash of each run of bytes.

    Args:
        data: the bytes, and at least eight more.
        starts: where the runs begin.  (n,)
        lengths: of the runs, in bytes.  (n,)
    """
    # Eight bytes from any place: a view whose step is one byte. Little-endian on every machine.
    words = np.ndarray((len(data) - _WORD_BYTES + 1,), "<u8", np.ascontiguousarray(data), 0, (1,))
    hashes = words[starts].astype(np.uint64)
    hashes &= _LOW_BYTES[np.minimum(lengths, _WORD_BYTES)]
    longer = np.flatnonzero(lengths > _WORD_BYTES)
    very = longer[lengths[longer] > LONG_RUN_BYTES]
    longer = longer[lengths[longer] <= LONG_RUN_BYTES]
    read = _WORD_BYTES
    while len(longer):
        rest = np.minimum(lengths[longer] - read, _WORD_BYTES)
        following = words[starts[longer] + read].astype(np.uint64) & _LOW_BYTES[rest]
        hashes[longer] = (_stirred(hashes[longer]) ^ following) * _FACTOR
        read += _WORD_BYTES
        longer = longer[lengths[longer] > read]
    hashes ^= lengths.astype(np.uint64) << np.uint64(56)
    hashes = _stirred(hashes)
    for index in very.tolist():
        run = data[starts[index] : starts[index] + lengths[index]].tobytes()
        hashes[index] = int.from_bytes(blake2b(run, digest_size=8).digest(), "little")
    return hashes


def _stirred(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of the input on every bit of the output; one to one, and in place.

    Source: Stafford 2011, variant 13, the finaliser of SplitMix64.
    """
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where runs of these lengths begin, and where the last ends.  (n,) -> (n + 1,)."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts
