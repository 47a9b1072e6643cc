"""Which words and signs of a text are content, and which merely hold a sentence together.

Two samples whose content differs are never duplicates, however many words they share: one asks
for a sum and the other for a difference. The lists are of English; in other languages every word
is content, so that less is dropped and nothing wrongly.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.settings import SearchSettings, ShingleKind, Shingling
from engine.duplicates.shingles import Shingles, shingle
from engine.duplicates.texts import NUMBERS

_SIGNS = r"!=+|[\p{S}--[`\u00B4\u00A8]]|[%&#@*/\\§¶†‡\[\]{}\-]"
"""Operators, currencies, emoji; other punctuation, quotes and round brackets are no content."""

_NEGATIONS = (
    *("not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot"),
    *("cant", "dont", "doesnt", "didnt", "isnt", "arent", "wasnt", "werent", "wont", "wouldnt"),
    *("shouldnt", "couldnt", "hasnt", "havent", "hadnt", "aint", "mustnt", "neednt", "except"),
)
_QUANTIFIERS = (
    *("all", "any", "some", "every", "each", "many", "much", "few", "several", "both", "either"),
    *("half", "only", "more", "most", "less", "least", "fewer", "fewest"),
)
_COMPARATIVES = (
    *("greater", "greatest", "smaller", "smallest", "larger", "largest", "bigger", "biggest"),
    *("higher", "highest", "lower", "lowest", "longer", "longest", "shorter", "shortest"),
    *("better", "best", "worse", "worst", "older", "oldest", "younger", "youngest"),
    *("earlier", "earliest", "later", "latest", "faster", "slower", "first", "last", "same"),
    *("different", "maximum", "minimum", "positive", "negative", "true", "false", "yes"),
    *("ascending", "descending", "increase", "decrease", "increasing", "decreasing"),
    *("maximize", "minimize", "maximise", "minimise", "maximal", "minimal", "former", "latter"),
)
_DIRECTIONS = (
    *("from", "into", "onto", "out", "up", "down", "over", "under", "above", "below", "before"),
    *("after", "between", "within", "inside", "outside", "left", "right", "forward", "forwards"),
    *("backward", "backwards", "toward", "towards", "across", "through", "against", "off", "until"),
)
_MODALS = ("must", "may", "might", "shall", "should", "or", "if", "unless")

DECISIVE = frozenset((*_NEGATIONS, *_QUANTIFIERS, *_COMPARATIVES, *_DIRECTIONS, *_MODALS))
"""Words that turn what a sentence says: content wherever they stand."""

FUNCTION_WORDS = frozenset(
    (
        *("a", "an", "the", "this", "that", "these", "those", "and", "but", "so", "then", "also"),
        *("of", "to", "in", "on", "at", "for", "with", "by", "as", "about", "per"),
        *("is", "are", "was", "were", "be", "been", "being", "am", "do", "does", "did"),
        *("have", "has", "had", "having", "can", "could", "will", "would"),
        *("i", "me", "my", "we", "us", "our", "you", "your", "it", "its"),
        *("im", "ive", "id", "ill", "youre", "youve", "youd", "youll", "weve", "lets", "thats"),
        *("please", "kindly", "just", "really", "very", "quite", "simply", "well", "too"),
    )
)
"""Words that may come and go without changing what is asked.

Source: closed classes of English (Quirk et al. 1985, chapter 2) without those in `DECISIVE` and
without pronouns that stand for somebody else.
"""

_APOSTROPHE = r"(\p{L})['\u2019](\p{L})"
_HYPHEN = r"(\p{L})[-\u2010\u2011](\p{L})"
_MARKS = rf"{NUMBERS}|\b(?:{'|'.join(sorted(DECISIVE))})\b|{_SIGNS}"
_COURTESY = (
    r"^\W*(?:hi|hello|hey|good (?:morning|day|evening))\b[ ,.!]+"
    r"|(?m:[.!?,;:][ \t]*(?:thanks|thank you|thx)"
    r"(?: a lot| so much| very much| in advance)?[.! \t]*$)"
)
"""How a question is opened, or a line of it closed, and no part of it."""
_SINGLE_WORDS = SearchSettings(shingling=Shingling(ShingleKind.WORD, 1))


def plain_words(texts: pl.Series) -> pl.Series:
    """`texts` in lower case, "don't" as one word and "well-known" as two; null becomes empty."""
    found = texts.fill_null("").str.to_lowercase().str.replace_all(_APOSTROPHE, "$1$2")
    # Twice: matches do not overlap, as in "x-y-z".
    return found.str.replace_all(_HYPHEN, "$1 $2").str.replace_all(_HYPHEN, "$1 $2")


def marks(texts: pl.Series) -> pl.Series:
    """The numbers, signs and decisive words of each text, in order, with blanks between them."""
    return plain_words(texts).str.extract_all(_MARKS).list.join(" ")


def asked(texts: pl.Series) -> pl.Series:
    """`texts` as `plain_words` has them, without the courtesies around a question."""
    return plain_words(texts).str.replace_all(_COURTESY, " ")


def word_hashes(texts: pl.Series) -> Shingles:
    """The words of each text, in order, as hashes."""
    return shingle(texts, _SINGLE_WORDS)


def content_hashes(texts: pl.Series) -> Shingles:
    """The words of each text that are content, in order, as hashes."""
    found = word_hashes(texts)
    kept = ~np.isin(found.hashes, _function_hashes())
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept, dtype=np.int64)])
    return Shingles(found.hashes[kept], before[found.starts])


@cache
def _function_hashes() -> NDArray[np.uint64]:
    return word_hashes(pl.Series(sorted(FUNCTION_WORDS))).hashes
