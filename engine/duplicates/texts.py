"""The texts that are compared: which part of a sample, and in what form."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.duplicates.settings import ComparedUnit, Normalisation

LEAST_RESPONSE_WORDS = 10
"""Shorter responses ("Yes.", a label) may well be the same.  Source: Alpaca has 1,928 identical
responses, of which 65 have ten words or more."""

NUMBERS = r"[+\-\u2212]?[\p{L}\p{M}]*\p{N}[\p{L}\p{M}\p{N}]*(?:[.,:/]\p{N}+)*"
"""Numbers with their signs, decimals and the letters around digits."""


def unit_texts(texts: pl.DataFrame, unit: ComparedUnit) -> pl.Series:
    """The text of every row that is compared; null where the row has none.

    Args:
        texts: columns prompt, response, rejected (strings, nullable).
        unit: a whole sample of preference data is its prompt and both answers.
    """
    prompt, response, rejected = (pl.col(name) for name in ("prompt", "response", "rejected"))
    if unit in (ComparedUnit.BOTH, ComparedUnit.MEANING):
        # An absent part (a prompt without a response) leaves no trace.
        whole = pl.concat_str(prompt, response, rejected, separator="\n", ignore_nulls=True)
        chosen = pl.when(prompt.is_null() & response.is_null()).then(None).otherwise(whole)
        if texts["prompt"].null_count() == texts["response"].null_count() == 0:
            chosen = whole
    elif unit is ComparedUnit.PROMPT:
        chosen = prompt
    else:
        chosen = response
    return texts.select(chosen.alias("text")).to_series()


def compared_texts(texts: pl.DataFrame, unit: ComparedUnit, broken: NDArray[np.bool_]) -> pl.Series:
    """The text of every row that a search compares; null where there is nothing to say.

    Args:
        texts: columns prompt, response, rejected (strings, nullable).
        unit: responses count from `LEAST_RESPONSE_WORDS` on.
        broken: rows that could not be read.  (rows,)
    """
    found = unit_texts(texts, unit).rechunk()
    out = broken | ~long_enough(found) if unit is ComparedUnit.RESPONSE else broken
    return found.scatter(np.flatnonzero(out), None) if out.any() else found


def normalised(texts: pl.Series, how: Normalisation) -> pl.Series:
    """`texts` without the differences in characters that do not count; nulls become empty.

    White space stays as it is: words do not see it, and `folded` is for those who do.
    """
    texts = texts.fill_null("") if texts.null_count() else texts
    if how.nfkc:
        odd = texts.str.len_bytes() != texts.str.len_chars()
        if odd.any():  # ASCII is in this form already
            rows = odd.arg_true()
            texts = texts.clone().scatter(rows, texts.gather(rows).str.normalize("NFKC"))
    return texts.str.to_lowercase() if how.case else texts


def folded(texts: pl.Series, how: Normalisation) -> pl.Series:
    """Normalised `texts` with their white space folded, where that is asked for."""
    if not how.white_space:
        return texts
    return texts.str.replace_all(r"[\s\x1c-\x1f]+", " ").str.strip_chars(" ")


def numbers(texts: pl.Series) -> pl.Series:
    """The numbers in each text, in order, with blanks between them.

    Taken before compatibility forms are folded: x² is not x2. Signs, decimals and the letters
    around digits belong to a number.
    """
    return texts.fill_null("").str.to_lowercase().str.extract_all(NUMBERS).list.join(" ")


def number_keys(texts: pl.Series) -> NDArray[np.int64]:
    """A key for the numbers in each text: equal where the same ones stand in the same order."""
    return numbers(texts).rank("dense").fill_null(0).cast(pl.Int64).to_numpy()


def long_enough(responses: pl.Series) -> NDArray[np.bool_]:
    """Which responses have so many words that being alike means something."""
    words = responses.fill_null("").str.count_matches(r"\S+")
    enough: NDArray[np.bool_] = (words >= LEAST_RESPONSE_WORDS).to_numpy()
    return enough


def first_with_same_text(
    texts: pl.Series, rows: NDArray[np.int64], how: Normalisation
) -> NDArray[np.int64]:
    """The first of `rows` with the same text as each of them.  (n,) -> (n,).

    Numbers and the indentation of code count as they stand, before anything is folded.

    Args:
        texts: of these rows.  (n,)
        rows: ascending.  (n,)
        how: what texts may differ in.
    """
    same = pl.DataFrame(
        {
            "row": rows,
            "text": folded(normalised(texts, how), how),
            "numbers": number_keys(texts),
            "indentation": indentations(texts),
        }
    )
    first = same.select(pl.col("row").first().over("text", "numbers", "indentation")).to_series()
    return first.to_numpy().copy()


_INDENTED = r"\n[ \t]+\S"
_CODE_LINE = r"(?m)[:{};]\s*$|^\s*(?:```|def |class |for |while |if |return |import |function )"


def indentations(texts: pl.Series) -> pl.Series:
    """How far the lines of code in each text are indented; empty for prose and where none is.

    A text is code where a line is indented and one opens a block, ends a statement or begins with
    a keyword; a tab counts as it stands.
    """
    texts = texts.fill_null("")
    code = (texts.str.contains(_INDENTED) & texts.str.contains(_CODE_LINE)).arg_true()
    found = pl.repeat("", len(texts), dtype=pl.String, eager=True)
    if not len(code):
        return found
    of_code = pl.Series([_indentation(text) for text in texts.gather(code)], dtype=pl.String)
    return found.scatter(code, of_code)


def _indentation(text: str) -> str:
    lines = (line for line in text.splitlines() if line.strip())
    return "|".join(line[: len(line) - len(line.lstrip())] for line in lines)
