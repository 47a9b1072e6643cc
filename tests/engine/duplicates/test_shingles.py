from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from engine.duplicates import shingles as module
from engine.duplicates.settings import Normalisation, SearchSettings, ShingleKind, Shingling
from engine.duplicates.shingles import Shingles, shingle
from tests.engine.duplicates.truth import characters, words

ALPHABET = st.sampled_from("aAbB é ÉßΣ \n\t\u3000\u00a0.,!-_x²１2漢字かなไทย🙂\u200fעם")
TEXTS = st.lists(st.text(ALPHABET, max_size=24), max_size=8)


def hashes_by_row(found: Shingles) -> list[list[int]]:
    cuts = found.starts[1:-1].tolist()
    return [part.tolist() for part in np.split(found.hashes, cuts)] if len(found.starts) > 1 else []


def word(size: int) -> SearchSettings:
    return SearchSettings(shingling=Shingling(ShingleKind.WORD, size))


def char(size: int) -> SearchSettings:
    return SearchSettings(shingling=Shingling(ShingleKind.CHAR, size))


@trying(max_examples=40)
@given(TEXTS, st.integers(1, 4))
def test_words_are_shingled_as_plain_python_does_it(texts: list[str], size: int) -> None:
    found = hashes_by_row(shingle(pl.Series(texts, dtype=pl.String), word(size)))
    names: dict[str, int] = {}
    for row, text in zip(found, texts, strict=True):
        true = words(text, size)
        assert len(set(row)) == len(true)
        # The same shingle has the same hash in every row, and no other has it.
        alone = {gram: hashes_by_row(shingle(pl.Series([gram]), word(size)))[0] for gram in true}
        assert {one for hashes in alone.values() for one in hashes} == set(row)
        for gram, hashes in alone.items():
            assert names.setdefault(gram, hashes[0]) == hashes[0]
    assert len(set(names.values())) == len(names)


@trying(max_examples=40)
@given(TEXTS, st.integers(1, 6))
def test_characters_are_shingled_as_plain_python_does_it(texts: list[str], size: int) -> None:
    found = hashes_by_row(shingle(pl.Series(texts, dtype=pl.String), char(size)))
    names: dict[str, int] = {}
    for row, text in zip(found, texts, strict=True):
        true = characters(text, size)
        assert len(set(row)) == len(true)
        for gram in true:
            hashes = hashes_by_row(shingle(pl.Series([f"{gram}"]), char(size)))[0]
            if len(gram) == size and gram.strip() == gram:
                assert hashes == [names.setdefault(gram, hashes[0])]
                assert hashes[0] in row
    assert len(set(names.values())) == len(names)


@trying(max_examples=40)
@given(TEXTS, st.sampled_from([word(3), char(5)]))
def test_where_the_work_is_cut_changes_nothing(texts: list[str], settings: SearchSettings) -> None:
    whole = shingle(pl.Series(texts, dtype=pl.String), settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_BYTES", 7)
        pieces = shingle(pl.Series(texts, dtype=pl.String), settings)
    assert np.array_equal(whole.hashes, pieces.hashes)
    assert np.array_equal(whole.starts, pieces.starts)


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        ("ＡＢＣ def ghi", "ABC def ghi", Normalisation(case=False)),
        ("ABC def ghi", "abc def ghi", Normalisation(nfkc=False)),
        ("ﬁne old words", "fine old words", Normalisation()),
    ],
)
def test_what_is_normalised_is_the_same(first: str, second: str, how: Normalisation) -> None:
    for kind in (ShingleKind.WORD, ShingleKind.CHAR):
        settings = SearchSettings(shingling=Shingling(kind, 3), normalisation=how)
        a, b = hashes_by_row(shingle(pl.Series([first, second]), settings))
        assert a == b


def test_each_normalisation_can_be_switched_off() -> None:
    pairs = {
        "nfkc": ("ﬁne old words", "fine old words"),
        "case": ("Fine old words", "fine old words"),
        "white_space": ("fine  old words", "fine old words"),
    }
    for name, texts in pairs.items():
        settings = SearchSettings(
            shingling=Shingling(ShingleKind.CHAR, 5), normalisation=Normalisation(**{name: False})
        )
        a, b = hashes_by_row(shingle(pl.Series(texts), settings))
        assert a != b, name


def test_marks_belong_to_their_word_and_unspaced_scripts_are_cut_into_characters() -> None:
    found = shingle(pl.Series(["हिन्दी में", "漢字かな", "e\u0301te\u0301 la"]), word(1))
    assert found.counts.tolist() == [2, 4, 2]


def test_texts_without_a_word_have_no_word_shingles() -> None:
    found = shingle(pl.Series(["", "  \n", "?!", "🙂🙂", "\u200f", None]), word(3))
    assert found.counts.tolist() == [0] * 6


def test_a_giant_text_and_a_giant_word_are_taken_as_they_are() -> None:
    giant = "x" * 3_000_000
    many = "some words of a long text " * 40_000
    found = shingle(pl.Series([giant, many, giant + "y"]), word(3))
    assert found.counts.tolist() == [1, 240_000 - 2, 1]
    assert found.hashes[0] != found.hashes[-1]
    assert len(np.unique(found.hashes[1:-1])) == 6
