"""What a search has found, as named arrays for the session file, and back.

A result is known by what was searched (a hash of every text) and by its settings. Where the texts
have changed, signatures of those that have not are still good.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.finder import Finder, KnownSignatures
from engine.duplicates.matches import Matches
from engine.duplicates.settings import ComparedUnit, SearchSettings
from engine.duplicates.shingles import text_hashes

SIGNATURE_BYTES = 1 << 27
"""128 MiB, a quarter of a million rows at 128 permutations. Larger ones are not kept: signing
again takes less time than reading them."""


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """What is searched, by hash: one for each row and one for all."""

    texts: NDArray[np.uint64]  # (rows,)
    compared: NDArray[np.bool_]  # (rows,) has a text to compare

    @classmethod
    def of(cls, texts: pl.Series) -> Content:
        """Of the texts of a search, null where there is none to compare.  (rows,)."""
        return cls(text_hashes(texts), texts.is_not_null().to_numpy())

    @property
    def digest(self) -> str:
        """Of all rows in their order; hexadecimal."""
        state = blake2b(self.texts.astype("<u8").tobytes(), digest_size=16)
        state.update(np.packbits(self.compared).tobytes())
        return state.hexdigest()


def to_arrays(matches: Matches) -> dict[str, NDArray[Any]]:
    """A complete result, with what its pairs differ in."""
    assert matches.same_content is not None
    assert matches.responses is not None
    return {
        "first": matches.first - np.arange(matches.rows),  # nearly all zero
        "a": matches.a,
        "b": matches.b,
        "similarity": matches.similarity,
        "same_content": matches.same_content,
        "responses": matches.responses,
        "large": np.concatenate([np.empty(0, np.int64), *matches.large]),
        "large_sizes": np.array([len(rows) for rows in matches.large], np.int64),
        "left_out": np.array([matches.left_out], np.int64),
    }


NAMES = (
    *("first", "a", "b", "similarity", "same_content", "responses"),
    *("large", "large_sizes", "left_out"),
)
"""What `from_arrays` asks for."""


def from_arrays(settings: SearchSettings, arrays: dict[str, NDArray[Any]]) -> Matches:
    """The result that `to_arrays` was given.

    Args:
        settings: of the search.
        arrays: those of `NAMES`.
    """
    rows = len(arrays["first"])
    sizes = arrays["large_sizes"]
    large = np.split(arrays["large"], np.cumsum(sizes)[:-1]) if len(sizes) else []
    return Matches(
        settings=settings,
        first=arrays["first"] + np.arange(rows),
        a=arrays["a"],
        b=arrays["b"],
        similarity=arrays["similarity"],
        same_content=arrays["same_content"],
        responses=arrays["responses"],
        large=tuple(large),
        done=rows,
        left_out=int(arrays["left_out"][0]),
    )


def signature_arrays(finder: Finder, content: Content) -> dict[str, NDArray[Any]]:
    """The signatures of a search that has ended, where they are worth keeping.

    Only of whole samples: those decide what is dropped, and are compared anew after an edit.
    """
    worthwhile = finder.settings.unit is ComparedUnit.BOTH
    if not worthwhile or finder.signatures.nbytes > SIGNATURE_BYTES:
        return {}
    return {
        "texts": content.texts,
        "compared": content.compared,
        "signatures": finder.signatures,
    }


def still_good(
    old: Content, signatures: NDArray[np.uint32], content: Content
) -> KnownSignatures | None:
    """Signatures of texts that stand in `content` too, wherever they stood before.

    Args:
        old: what was searched.
        signatures: of its rows.  (old rows, permutations)
        content: what is to be searched.
    """
    order = np.argsort(old.texts, kind="stable")
    if not len(order):
        return None
    place = np.searchsorted(old.texts, content.texts, sorter=order)
    source = order[np.minimum(place, len(order) - 1)]
    rows = old.texts[source] == content.texts
    return KnownSignatures(rows, signatures[source[rows]])
