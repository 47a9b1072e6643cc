"""What tamis knows of each row, as columns: `decisions.parquet`, or `tamis_*` beside the rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Origin
from engine.export.plan import Given, ReviewState
from engine.review.decision import Verdict
from engine.review.policy import GATE, REASON_CODE, REASON_TEXT, Outcome, Reason
from engine.scoring.kinds import without_folder

_OUTCOMES = pl.Series([outcome.name.lower() for outcome in Outcome])
_REASON_TEXTS = pl.Series([REASON_TEXT[reason] for reason in Reason])
_VERDICTS = pl.Series(
    [None if verdict is Verdict.UNDECIDED else verdict.name.lower() for verdict in Verdict]
)


_NOTHING = Given()


def decisions_schema(state: ReviewState) -> pl.Schema:
    """The columns of `decisions`; preference data has the scores of both sides."""
    paired = len(state.scores) > 1
    scores = ("score_chosen", "score_rejected", "margin") if paired else ("score",)
    columns: dict[str, pl.DataType | type[pl.DataType]] = {
        "row": pl.Int64,
        "identity": pl.String,
        "occurrence": pl.UInt32,
        "outcome": pl.String,
        "reason": pl.String,
        "reason_text": pl.String,
        **dict.fromkeys(scores, pl.Float32),
        "verdict": pl.String,
        "reviewer": pl.String,
        "reject_reason": pl.String,
        "note": pl.String,
        "tags": pl.List(pl.String),
        "matched_row": pl.Int64,
        "similarity": pl.Float32,
        "copies": pl.Int32,
        "edited": pl.List(pl.String),
        "original_identity": pl.String,
        "file": pl.String,
        "split": pl.String,
        "config": pl.String,
        "problem": pl.String,
    }
    if state.dataset.has_paths:
        columns |= {"source_rows": pl.List(pl.Int64), "path": pl.String}
    return pl.Schema(columns)


def decisions(state: ReviewState, rows: NDArray[np.int64]) -> pl.DataFrame:
    """What is known of `rows`, one line each, in their order.

    `row` is the position in the source, counted from 0. `identity` is that of the row as it is
    written; for an edited one `original_identity` is that of the source. `matched_row` and
    `similarity` are for duplicates and null for rows that no such rule has dropped. `copies` is
    how often the row is exported, or would be, where it is kept. `occurrence` is how many earlier
    rows are the identical sample, `file` which file of the dataset the row is in, `split` and
    `config` which part of it.
    """
    given = [
        state.given(row) if said else _NOTHING
        for row, said in zip(rows.tolist(), state.said[rows].tolist(), strict=True)
    ]
    originals = _hexadecimal(state.identities[rows])
    identities, edited = _edited(state, rows, originals)
    troubled = state.dataset.broken[rows] | state.dataset.remarked[rows]
    columns = {
        "row": pl.Series(rows),
        "identity": identities,
        "occurrence": state.occurrences[rows],
        "outcome": _OUTCOMES.gather(state.outcomes.outcome[rows]),
        "reason": pl.Series(reason_codes(state)).gather(state.outcomes.reason[rows]),
        "reason_text": _REASON_TEXTS.gather(state.outcomes.reason[rows]),
        **_scores(state, rows),
        "verdict": _VERDICTS.gather(state.verdicts[rows]),
        "reviewer": _texts(given, lambda word: word.reviewer),
        "reject_reason": _texts(given, lambda word: word.reject_reason),
        "note": _texts(given, lambda word: word.note),
        "tags": pl.Series([word.tags or None for word in given], dtype=pl.List(pl.String)),
        **_matched(state, rows),
        "copies": np.ones(len(rows), np.int32) if state.copies is None else state.copies[rows],
        "edited": edited,
        "original_identity": originals.set(edited.is_null(), None),
        **{of.value: state.dataset.origin(of, rows) for of in Origin},
        "problem": pl.Series(
            [
                (state.dataset.problem(row) or None) if trouble else None
                for row, trouble in zip(rows.tolist(), troubled.tolist(), strict=True)
            ],
            dtype=pl.String,
        ),
    }
    if state.dataset.has_paths:
        made_of = [list(state.dataset.source_rows(row)) for row in rows.tolist()]
        columns["source_rows"] = pl.Series(made_of, dtype=pl.List(pl.Int64))
        columns["path"] = pl.Series(map(state.dataset.path_of, rows.tolist()), dtype=pl.String)
    return pl.DataFrame(columns, schema=decisions_schema(state))


def reason_codes(state: ReviewState) -> list[str]:
    """The code of every reason, by its number; that of a threshold names its score."""
    gate = f"{GATE}{without_folder(state.scorer)}"
    return [gate if REASON_CODE[reason] == GATE else REASON_CODE[reason] for reason in Reason]


def _edited(
    state: ReviewState, rows: NDArray[np.int64], originals: pl.Series
) -> tuple[pl.Series, pl.Series]:
    """The identity of each row as it is written, and which parts of it were edited."""
    parts: list[list[str] | None] = [None] * len(rows)
    found = originals.clone()
    for at, row in enumerate(rows.tolist()) if state.revisions else ():
        revision = state.revisions.get(row)
        if revision is None:
            continue
        parts[at] = [part.value for part in revision.parts]
        if state.applies_edits:
            found.scatter(at, revision.identity.hex())
    return found, pl.Series(parts, dtype=pl.List(pl.String))


def _matched(state: ReviewState, rows: NDArray[np.int64]) -> dict[str, pl.Series]:
    matched, similarity = state.outcomes.matched, state.outcomes.similarity
    if matched is None or similarity is None:
        return {
            "matched_row": pl.Series([None] * len(rows), dtype=pl.Int64),
            "similarity": pl.Series([None] * len(rows), dtype=pl.Float32),
        }
    found = pl.Series(matched[rows])
    return {
        "matched_row": found.set(found < 0, None),
        "similarity": pl.Series(similarity[rows]).fill_nan(None),
    }


def _scores(state: ReviewState, rows: NDArray[np.int64]) -> dict[str, pl.Series]:
    scores = state.scores[:, rows]
    if len(scores) > 1:
        named = {
            "score_chosen": scores[0],
            "score_rejected": scores[1],
            "margin": scores[0] - scores[1],
        }
    else:
        named = {"score": scores[0]}
    return {name: pl.Series(values).fill_nan(None) for name, values in named.items()}


def _texts(given: list[Given], part: Callable[[Given], str]) -> pl.Series:
    return pl.Series([part(word) or None for word in given], dtype=pl.String)


def _hexadecimal(identities: NDArray[np.uint8]) -> pl.Series:
    digits = identities.tobytes().hex()
    width = 2 * identities.shape[1]
    return pl.Series(
        [digits[at : at + width] for at in range(0, len(digits), width)], dtype=pl.String
    )
