"""Small texts that are alike on purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from hypothesis import strategies as st

from engine.duplicates.clusters import Clusters, cut
from engine.duplicates.finder import Finder
from engine.duplicates.matches import Matches
from engine.duplicates.rule import PREFERENCES, Candidates, Preference, Ranking
from engine.duplicates.settings import SearchSettings, ShingleKind, Shingling
from engine.review.threshold import Direction
from tests.engine.duplicates.truth import Pair

SINGLE_WORDS = Shingling(ShingleKind.WORD, 1)
"""With single words, similarities are easy to reckon: shared words over all words."""

TEXTS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"]), max_size=8).map(" ".join),
    max_size=14,
)


def find(texts: pl.Series, settings: SearchSettings) -> Matches:
    return Finder(texts, settings).run()


def in_prompts(texts: pl.Series) -> pl.DataFrame:
    """Samples that are a prompt each."""
    nothing = pl.repeat(None, len(texts), dtype=pl.String, eager=True)
    return pl.DataFrame({"prompt": texts, "response": nothing, "rejected": nothing})


def as_same(matches: Matches) -> Matches:
    """As if no pair differed in content: for what is not about that."""
    pairs = len(matches.a)
    return replace(
        matches, same_content=np.ones(pairs, np.bool_), responses=np.ones(pairs, np.float32)
    )


def clusters_of(texts: list[str], similarity: float = 0.5) -> Clusters:
    settings = SearchSettings(shingling=SINGLE_WORDS, similarity=similarity)
    return cut(as_same(find(pl.Series(texts, dtype=pl.String), settings)), similarity)


def candidates(
    rows: int, *, survives: list[bool] | None = None, accepted: list[bool] | None = None
) -> Candidates:
    return Candidates(
        survives=np.array(survives if survives is not None else [True] * rows, np.bool_),
        accepted=np.array(accepted if accepted is not None else [False] * rows, np.bool_),
    )


def ranking(
    rows: int,
    *preferences: Preference,
    scores: list[float] | None = None,
    lengths: list[int] | None = None,
    direction: Direction = Direction.AT_LEAST,
) -> Ranking:
    return Ranking(
        scores=np.array(scores if scores is not None else [np.nan] * rows, np.float32),
        lengths=np.array(lengths if lengths is not None else [1] * rows, np.int32),
        direction=direction,
        preferences=preferences or PREFERENCES,
    )


def members(clusters: Clusters) -> list[list[int]]:
    return [clusters.rows_of(number).tolist() for number in range(len(clusters))]


def found_pairs(matches: Matches, similarity: float) -> dict[Pair, float]:
    """Every pair of rows found, copies of the same text included."""
    holders: dict[int, list[int]] = {}
    for row, first in enumerate(matches.first.tolist()):
        holders.setdefault(first, []).append(row)
    pairs = {
        (a, b): 1.0
        for group in holders.values()
        for i, a in enumerate(group)
        for b in group[i + 1 :]
    }
    near = matches.similarity >= np.float32(similarity)
    for a, b, alike in zip(
        matches.a[near].tolist(),
        matches.b[near].tolist(),
        matches.similarity[near].tolist(),
        strict=True,
    ):
        for one in holders[a]:
            for other in holders[b]:
                pairs[min(one, other), max(one, other)] = alike
    return pairs
