"""Verdicts that a dataset carries in columns of its own, as other tools and tamis write them.

They are no verdicts of a review until somebody says so: `engine.session.verdict_import` takes
them over. Another way of writing them is a row of `CARRIERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.dataset.reading.columns import as_text
from engine.dataset.reading.facts import normal
from engine.review.decision import Verdict

GIVEN = (Verdict.ACCEPT, Verdict.REJECT, Verdict.SKIP)

_OWN_WORDS = {verdict.name.lower(): verdict for verdict in GIVEN}
"""As an export of tamis writes them."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """One way of writing verdicts beside rows; columns match however they are spelled."""

    name: str
    verdict: str
    """The column that holds it."""
    words: Mapping[str, Verdict]
    """What a cell means, whatever its case; any other cell is no verdict."""
    beside: str = ""
    """A column without which `verdict` is nothing of the kind."""
    reviewer: str = ""
    """The column that says who gave it."""
    nobody: str = ""
    """Who gave it where no column says so; empty: nobody knows."""
    time: str = ""
    """The column that says when, in seconds since 1970."""
    reason: str = ""
    """The column that says why it was a rejection."""


CARRIERS = (
    # What `tamis export --annotate` adds; it comes first, for what it exports was reviewed since.
    Carrier(
        "tamis",
        "tamis_verdict",
        _OWN_WORDS,
        reviewer="tamis_reviewer",
        reason="tamis_reject_reason",
    ),
    Carrier(
        "Prodigy",
        "answer",
        {"accept": Verdict.ACCEPT, "reject": Verdict.REJECT, "ignore": Verdict.SKIP},
        beside="_task_hash",
        reviewer="_annotator_id",
        nobody="prodigy",
        time="_timestamp",
    ),
    # As in `decisions.parquet`, joined to the rows.
    Carrier("column", "verdict", _OWN_WORDS, reviewer="reviewer", reason="reject_reason"),
)
"""Ways in which datasets carry verdicts; the first one that a dataset has verdicts by counts.

Prodigy's `accept` is the list of what was chosen among options, and no verdict.
Source: prodi.gy/docs/api-web-app (accept, reject, ignore); support.prodi.gy/t/1022 (what db-out
writes) and support.prodi.gy/t/4423 (`_timestamp`, since version 1.11).
"""


@dataclass(frozen=True, slots=True, eq=False)
class CarriedVerdicts:
    """What a dataset says of its rows by one carrier."""

    carrier: Carrier
    column: str
    """The column of the verdicts as the dataset spells it."""
    verdicts: NDArray[np.int8]  # (rows,) UNDECIDED where a row carries none
    by: pl.DataFrame
    """(rows,) of each row: `reviewer` ("" where nobody knows), `reason`, `seconds`, the last two
    null where not known."""
    unread: int
    """Cells that hold something else than one of the carrier's words."""

    @property
    def label(self) -> str:
        """Where they are from, for a person: Prodigy `answer`."""
        return f"{self.carrier.name} `{self.column}`"

    def __str__(self) -> str:
        carrying = int(np.count_nonzero(self.verdicts))
        rows = "1 row carries" if carrying == 1 else f"{carrying:,} rows carry"
        return f"{rows} a verdict ({self.label}: {counted(self.verdicts)})"


def carriers_of(names: Sequence[str]) -> Iterator[tuple[Carrier, str]]:
    """The carriers whose columns are among `names`, each with the column of its verdicts."""
    spelled = {normal(name): name for name in reversed(names)}
    for carrier in CARRIERS:
        column = spelled.get(normal(carrier.verdict))
        if column is not None and (not carrier.beside or normal(carrier.beside) in spelled):
            yield carrier, column


def carried_verdicts(
    dataset: Dataset, cancelled: Callable[[], bool] | None = None
) -> CarriedVerdicts | None:
    """The verdicts that `dataset` carries; None where it carries none that tamis knows.

    Its columns are read for it, where it has such: a JSON file is read again.

    Raises:
        InputError: the file was changed in place since it was opened.
        Cancelled: `cancelled` said so.
    """
    spelled = {normal(name): name for name in reversed(dataset.all_column_names)}

    def texts(name: str) -> pl.Series:
        column = spelled.get(normal(name)) if name else None
        if column is None:
            return pl.Series([None] * dataset.rows, dtype=pl.String)
        text = as_text(dataset.column(column, cancelled)).str.strip_chars()
        return text.set(text == "", None)

    for carrier, column in carriers_of(dataset.all_column_names):
        said = texts(carrier.verdict)
        verdicts = _verdicts(said, carrier.words)
        if not verdicts.any():
            continue
        by = {
            "reviewer": texts(carrier.reviewer).fill_null(carrier.nobody),
            "reason": texts(carrier.reason),
            "seconds": texts(carrier.time).cast(pl.Float64, strict=False),
        }
        unread = len(said) - said.null_count() - int(np.count_nonzero(verdicts))
        return CarriedVerdicts(carrier, column, verdicts, pl.DataFrame(by), unread)
    return None


def counted(verdicts: NDArray[np.int8]) -> str:
    """How many of each verdict there are, in words."""
    counts = {each: int(np.count_nonzero(verdicts == each)) for each in GIVEN}
    return ", ".join(f"{count:,} {each.name.lower()}" for each, count in counts.items() if count)


def _verdicts(said: pl.Series, words: Mapping[str, Verdict]) -> NDArray[np.int8]:
    """What cells mean; UNDECIDED where they are none of `words`.  (rows,) -> (rows,)."""
    codes = [int(verdict) for verdict in words.values()]
    found = said.str.to_lowercase().replace_strict(
        list(words), codes, default=int(Verdict.UNDECIDED), return_dtype=pl.Int8
    )
    return np.array(found.fill_null(int(Verdict.UNDECIDED)).to_numpy(), np.int8)
