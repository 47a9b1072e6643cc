"""Against brute force on Alpaca: raw, and with a quarter of the rows made edited copies."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.duplicates.clusters import cut
from engine.duplicates.matches import Matches
from engine.duplicates.rule import drop
from engine.duplicates.settings import CHARACTERS, WORDS, ComparedUnit, SearchSettings
from tests.engine.duplicates.making import candidates, find, found_pairs, ranking
from tests.engine.duplicates.truth import (
    Pair,
    Shingled,
    all_pairs,
    characters,
    connected,
    planted,
    words,
)


@lru_cache(maxsize=2)
def texts(folder: Path, unit: ComparedUnit) -> list[str]:
    rows = json.loads((folder / "alpaca" / "alpaca_data.json").read_text(encoding="utf-8"))
    prompts = [r["instruction"] + ("\n" + r["input"] if r["input"] else "") for r in rows]
    if unit is ComparedUnit.PROMPT:
        return prompts
    return [f"{prompt}\n{r['output']}" for prompt, r in zip(prompts, rows, strict=True)]


def compare(matches: Matches, true: dict[Pair, float], sets: list[Shingled]) -> None:
    similarity = matches.settings.similarity
    expected = {pair: alike for pair, alike in true.items() if alike >= similarity}
    # Texts without a word are the same only as they stand; the truth has no set for them.
    seen = {
        pair: alike
        for pair, alike in found_pairs(matches, similarity).items()
        if sets[pair[0]] and sets[pair[1]]
    }
    assert seen.keys() <= expected.keys()
    assert max(abs(alike - expected[pair]) for pair, alike in seen.items()) < 1e-6
    assert len(seen) >= 0.995 * len(expected)


@pytest.mark.parametrize(
    ("unit", "at_seven", "at_eight"), [(ComparedUnit.BOTH, 13, 3), (ComparedUnit.PROMPT, 34, 15)]
)
def test_raw_alpaca_agrees_with_brute_force(
    shared_data: Path, unit: ComparedUnit, at_seven: int, at_eight: int
) -> None:
    rows = texts(shared_data, unit)
    true = all_pairs([words(text) for text in rows], 0.7)
    matches = find(pl.Series(rows), SearchSettings(unit, WORDS))
    assert found_pairs(matches, 0.7).keys() == true.keys()
    assert len(true) == at_seven
    assert len(found_pairs(matches, 0.8)) == at_eight


def test_a_planted_quarter_is_found_and_nothing_else(shared_data: Path) -> None:
    rows = planted(texts(shared_data, ComparedUnit.BOTH))
    sets = [words(text) for text in rows]
    true = all_pairs(sets, 0.7)
    compare(find(pl.Series(rows), SearchSettings(similarity=0.7)), true, sets)
    matches = find(pl.Series(rows), SearchSettings(similarity=0.8))
    compare(matches, true, sets)
    clusters = cut(matches, 0.8)
    exact = connected(len(rows), (pair for pair, alike in true.items() if alike >= 0.8))
    mine = {frozenset(clusters.rows_of(n).tolist()) for n in range(len(clusters))}
    assert len(mine & set(exact)) >= 0.99 * len(exact)
    order = ranking(len(rows), lengths=[len(text) for text in rows])
    dropped = drop(clusters, candidates(len(rows)), order.best_first(clusters.members))
    lost = np.flatnonzero(dropped.matched >= 0)
    assert len(lost) > 5000
    for row in lost.tolist():
        kept = int(dropped.matched[row])
        assert dropped.matched[kept] < 0
        assert true[min(row, kept), max(row, kept)] >= 0.8


def test_characters_on_a_part(shared_data: Path) -> None:
    rows = planted(texts(shared_data, ComparedUnit.BOTH)[:8000])
    sets = [characters(text) for text in rows]
    true = all_pairs(sets, 0.7)
    for similarity in (0.7, 0.8):
        settings = SearchSettings(shingling=CHARACTERS, similarity=similarity)
        compare(find(pl.Series(rows), settings), true, sets)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_characters_on_the_whole(shared_data: Path) -> None:
    rows = planted(texts(shared_data, ComparedUnit.BOTH))
    sets = [characters(text) for text in rows]
    settings = SearchSettings(shingling=CHARACTERS, similarity=0.8)
    compare(find(pl.Series(rows), settings), all_pairs(sets, 0.8), sets)
