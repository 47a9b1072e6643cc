"""What is compared and how: the unit, its shingles, and when two of them are too alike."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Self

from engine.errors import UsageError

VERSION = 2
"""Grows when the same settings would find other pairs: earlier results are not used any more."""

SCHEME = "affine32"
"""Which of datasketch's families of permutations signs; its default has changed before."""

DROP_FROM = 0.8
"""The similarity at which the rule drops where nobody has said another."""

STORE_FROM = 0.7
"""Pairs are kept from here on, so that raising the similarity needs no new search."""

MOST_PERMUTATIONS = 4096
MOST_SIZE = 100


class ComparedUnit(StrEnum):
    """The part of a sample that is compared. Only `BOTH` ever drops a row."""

    BOTH = "both"
    PROMPT = "prompt"
    RESPONSE = "response"
    MEANING = "meaning"
    """The whole sample, by an embedding model: see `engine.duplicates.meaning`."""


class ShingleKind(StrEnum):
    """What a shingle is a run of."""

    WORD = "word"
    CHAR = "char"


@dataclass(frozen=True, slots=True)
class Shingling:
    """Runs of `size` words or characters; a text with fewer is compared as a whole."""

    kind: ShingleKind
    size: int

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.size}"


WORDS = Shingling(ShingleKind.WORD, 3)
CHARACTERS = Shingling(ShingleKind.CHAR, 5)

SHINGLING_OF = {
    ComparedUnit.BOTH: WORDS,
    ComparedUnit.RESPONSE: WORDS,
    ComparedUnit.PROMPT: CHARACTERS,
    ComparedUnit.MEANING: WORDS,  # of no consequence
}
"""Prompts are short: one word replaced would take three of their word 3-grams."""


@dataclass(frozen=True, slots=True)
class Normalisation:
    """What two texts may differ in and still be the same; each can be switched off."""

    nfkc: bool = True
    """Unicode's compatibility form: full-width letters, ligatures, superscripts."""
    case: bool = True
    white_space: bool = True
    """Every run of white space is one space, and none at the ends."""


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Everything that the pairs found depend on, besides the texts."""

    unit: ComparedUnit = ComparedUnit.BOTH
    shingling: Shingling = WORDS
    similarity: float = STORE_FROM
    """The lowest similarity that is looked for, in (0, 1]."""
    permutations: int = 128
    seed: int = 1
    normalisation: Normalisation = field(default_factory=Normalisation)

    def __post_init__(self) -> None:
        check_similarity(self.similarity)
        if not 1 <= self.permutations <= MOST_PERMUTATIONS:
            raise UsageError(
                f"permutations must lie between 1 and {MOST_PERMUTATIONS:,}, "
                f"not {self.permutations:,}",
                "128 is usual",
            )
        if not 0 <= self.seed < 2**32:
            raise UsageError(f"the seed must lie between 0 and 2**32 - 1, not {self.seed}")
        if not 1 <= self.shingling.size <= MOST_SIZE:
            raise UsageError(
                f"a shingle has 1 to {MOST_SIZE} words or characters, not {self.shingling.size}",
                "word:3 and char:5 are usual",
            )

    def fields(self) -> dict[str, Any]:
        """What signatures depend on besides the texts, by name; the similarity is not part."""
        fields = {"version": VERSION, "scheme": SCHEME, **asdict(self)}
        del fields["similarity"]
        return fields

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Self:
        """The settings that `fields` is of, from the usual similarity on.

        Raises:
            KeyError, TypeError, ValueError, UsageError: it is of none.
        """
        shingling = fields["shingling"]
        return cls(
            unit=ComparedUnit(fields["unit"]),
            shingling=Shingling(ShingleKind(shingling["kind"]), int(shingling["size"])),
            permutations=int(fields["permutations"]),
            seed=int(fields["seed"]),
            normalisation=Normalisation(**fields["normalisation"]),
        )

    def digest(self) -> str:
        """A name for signatures, and for results down to any similarity; hexadecimal."""
        fields = json.dumps(self.fields(), sort_keys=True)
        return blake2b(fields.encode(), digest_size=16).hexdigest()


def default_settings(unit: ComparedUnit, similarity: float = STORE_FROM) -> SearchSettings:
    """The settings for `unit` where nobody has said anything else."""
    return SearchSettings(unit, SHINGLING_OF[unit], similarity)


def check_similarity(similarity: float) -> float:
    """`similarity` itself, if it is one.

    Raises:
        UsageError: not in (0, 1].
    """
    if math.isfinite(similarity) and 0 < similarity <= 1:
        return similarity
    hint = "0.8 is usual: 1 is the same, 0 has nothing in common"
    if 1 < similarity <= 100:
        hint = f"did you mean {similarity / 100:.2f}?"
    raise UsageError(f"a similarity lies above 0 and is at most 1, not {similarity:g}", hint)


def parse_similarity(text: str) -> float:
    """Read `0.8`, or `80%`.

    Raises:
        UsageError: no number, or outside (0, 1].
    """
    stripped = text.strip()
    share = stripped.endswith("%")
    try:
        number = float(stripped.removesuffix("%"))
    except ValueError:
        raise UsageError(
            f"similarity not understood: {text!r}", "type a number such as 0.8"
        ) from None
    return check_similarity(number / 100 if share else number)


_SHINGLING = re.compile(r"(word|char)s?:(\d{1,9})", re.IGNORECASE)


def parse_shingling(text: str) -> Shingling:
    """Read `word:3` or `char:5`.

    Raises:
        UsageError: neither.
    """
    match = _SHINGLING.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"shingles not understood: {text!r}", "write word:3 or char:5")
    shingling = Shingling(ShingleKind(match[1].lower()), int(match[2]))
    SearchSettings(shingling=shingling)
    return shingling
