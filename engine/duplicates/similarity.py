"""How alike one text is to some others: for what a person looks at, computed when it is shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.settings import Settings
from engine.duplicates.texts import folded, normalised, number_keys
from engine.duplicates.verifier import Verifier

LONGEST_BYTES = 2_000_000
"""A longer text is not compared: nobody waits seconds for a number beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Of one text to each of some, itself among them."""

    similarity: NDArray[np.float32]  # (n,) exact; NaN where one of both is too long
    same_numbers: NDArray[np.bool_]  # (n,) the same numbers stand in both


def likeness(texts: pl.Series, reference: int, settings: Settings) -> Likeness:
    """Compare every one of a few `texts` (nullable) with the one at place `reference`."""
    here = np.arange(len(texts))
    short = (texts.str.len_bytes().fill_null(0) <= LONGEST_BYTES).to_numpy()
    usable = np.flatnonzero(short & short[reference])
    shown = texts.clone().scatter(np.flatnonzero(~short), None) if not short.all() else texts
    verify = Verifier(shown, settings)
    similarity = np.full(len(texts), np.nan, np.float32)
    similarity[usable] = verify(np.full(len(usable), reference), here[usable])
    how = settings.normalisation
    same = folded(normalised(shown, how), how)
    similarity[usable[(same == same[reference]).to_numpy()[usable]]] = 1
    numbers = number_keys(shown)
    return Likeness(similarity, numbers == numbers[reference])
