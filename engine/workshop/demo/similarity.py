"""How alike two texts are, so that only the planted duplicates of the demo are duplicates."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

WORDS, CHARACTERS = 3, 5
"""Shingle sizes: words for whole texts, characters for prompts."""


def words(text: str) -> frozenset[str]:
    """Word 3-grams of the text in lower case; the whole text where it has fewer words."""
    tokens = re.findall(r"\w+", unicodedata.normalize("NFKC", text).lower())
    if len(tokens) < WORDS:
        return frozenset((" ".join(tokens),))
    return frozenset(" ".join(tokens[i : i + WORDS]) for i in range(len(tokens) - WORDS + 1))


def characters(text: str) -> frozenset[str]:
    """Character 5-grams of the text in lower case with white space folded."""
    folded = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    return frozenset(
        folded[i : i + CHARACTERS] for i in range(max(1, len(folded) - CHARACTERS + 1))
    )


def jaccard(first: frozenset[str], second: frozenset[str]) -> float:
    """Shared shingles over all shingles, in [0, 1]."""
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared)


@dataclass(slots=True)
class Novelty:
    """Remembers texts and turns away those too like an earlier one.

    Args:
        most: the highest Jaccard similarity of two prompts, responses or whole texts.
    """

    most: float
    _seen: list[tuple[frozenset[str], ...]] = field(default_factory=list)

    def admits(self, prompt: str, response: str) -> bool:
        """Whether the pair is new enough; if so it is remembered."""
        shingles = (
            characters(prompt),
            words(prompt),
            words(f"{prompt}\n{response}"),
            words(response),
        )
        for earlier in self._seen:
            if any(self._alike(*pair) for pair in zip(shingles, earlier, strict=True)):
                return False
        self._seen.append(shingles)
        return True

    def _alike(self, first: frozenset[str], second: frozenset[str]) -> bool:
        smaller, larger = sorted((len(first), len(second)))
        # Very short texts ("Yes.") may repeat: they say too little to be a duplicate.
        if larger < 8 or smaller < self.most * larger:
            return False
        return jaccard(first, second) >= self.most
