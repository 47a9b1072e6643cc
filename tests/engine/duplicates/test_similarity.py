from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from engine.duplicates import similarity as module
from engine.duplicates.settings import ComparedUnit, default_settings
from engine.duplicates.similarity import similarity_to
from tests.engine.duplicates.making import find

STORY = "the quick brown fox jumps over the lazy dog and runs into the green forest at night"
SETTINGS = default_settings(ComparedUnit.BOTH)


def test_it_is_what_a_search_has_found() -> None:
    texts = pl.Series([STORY, STORY.upper(), STORY + " alone", "unlike all of it", None, ""])
    alike = similarity_to(texts, 0, SETTINGS)
    assert alike[0] == alike[1] == 1
    matches = find(texts, SETTINGS)
    pairs = zip(matches.a, matches.b, matches.similarity, strict=True)
    assert alike[2] == pytest.approx({(a, b): s for a, b, s in pairs}[0, 2])
    assert alike[3:].tolist() == [0, 0, 0]


def test_a_giant_text_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_BYTES", 100)
    texts = pl.Series([STORY, STORY, STORY * 9])
    assert np.isnan(similarity_to(texts, 0, SETTINGS)).tolist() == [False, False, True]
    assert np.isnan(similarity_to(texts, 2, SETTINGS)).all()
