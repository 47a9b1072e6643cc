from __future__ import annotations

import polars as pl
import pytest

from engine.duplicates.finder import Finder
from engine.duplicates.lookup import Lookup
from engine.duplicates.settings import Settings
from tests.engine.duplicates.test_finder import SENTENCES
from tests.engine.duplicates.truth import all_pairs, planted, words


def test_edited_and_added_rows_are_matched_as_a_new_search_would() -> None:
    rows = planted(SENTENCES)
    known, added = rows[:-60], rows[-60:]
    finder = Finder(pl.Series(known), Settings())
    finder.run()
    lookup = Lookup(finder.settings, finder.signatures, pl.Series(known))
    for row, text in enumerate(added, start=len(known)):
        lookup.put(row, text)
    lookup.put(3, added[0])
    rows[3] = added[0]
    true = all_pairs([words(text) for text in rows], 0.7)
    for row in (3, *range(len(known), len(rows))):
        expected = {a + b - row: alike for (a, b), alike in true.items() if row in (a, b)}
        found = dict(lookup.matches(rows[row]))
        assert found.pop(row) == 1.0
        assert found == pytest.approx(expected)


def test_the_most_similar_comes_first_and_nothing_matches_nothing() -> None:
    texts = ["one two three four five six", "one two three four five", "quite another text"]
    finder = Finder(pl.Series(texts), Settings(similarity=0.5))
    finder.run()
    lookup = Lookup(finder.settings, finder.signatures, pl.Series(texts))
    assert [row for row, _ in lookup.matches("One two three four five!")] == [1, 0]
    assert lookup.matches("nothing like it at all") == []
