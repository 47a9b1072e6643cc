"""Samples from texts in bulk, and from one row read for its turns."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading.cells import value_at
from engine.dataset.reading.families import Spelling
from engine.dataset.reading.rows import RowContent
from engine.dataset.reading.texts import Texts
from engine.sample import Family, Message, Role, Sample, Side

FEW_ROWS = 64
"""Up to this many texts are taken one by one, at 1 us each; to take several at once goes through
a pool of threads, which costs milliseconds on a busy machine."""


def flat_samples(texts: Texts, rows: NDArray[np.int64], first_row: int, side: Side) -> list[Sample]:
    """The samples at some rows, from the texts alone: all that there is to a flat file.

    For other files it is what can be shown when the source cannot be read again: the prompt
    as one turn.
    """
    family = texts.spelling.family
    turned = family is Family.PREFERENCE and side is Side.REJECTED
    answers, others = ("rejected", "response") if turned else ("response", "rejected")
    frame = texts.frame
    columns = zip(
        rows.tolist(),
        _list(texts.system, rows),
        _list(texts.user if texts.has_turns else frame["prompt"], rows),
        _list(frame["prompt"], rows),
        _list(frame[answers], rows),
        _list(frame[others], rows),
        strict=True,
    )
    return [
        Sample(
            first_row + row,
            family,
            _turns(system, user, response),
            prompt or "",
            response or "",
            other,
        )
        for row, system, user, prompt, response, other in columns
    ]


def _list(series: pl.Series | None, rows: NDArray[np.int64]) -> list[str | None]:
    if series is None:
        return [None] * len(rows)
    if len(rows) <= FEW_ROWS:
        return [series[row] for row in rows.tolist()]
    return series[rows].to_list()


def _turns(system: str | None, user: str | None, response: str | None) -> tuple[Message, ...]:
    turns = () if user is None else (Message(Role.USER, user),)
    if system:
        turns = (Message(Role.SYSTEM, system), *turns)
    return turns if response is None else (*turns, Message(Role.ASSISTANT, response))


def sample_of(reading: RowContent, family: Family, row: int, side: Side) -> Sample:
    """The sample of a row that was read for its turns."""
    response, other = reading.response, reading.rejected
    turns = reading.turns
    if side is Side.REJECTED and other is not None:
        response, other, turns = other, response, reading.rejected_turns
    return Sample(
        row,
        family,
        turns,
        reading.prompt,
        response or "",
        other,
        reading.tools,
        reading.candidates,
        reading.candidate_details,
    )


def blank_sample(record: dict[str, Any], spelling: Spelling, row: int) -> Sample:
    """A broken row, with the prompt and the response shown where they are text."""
    columns = spelling.columns
    prompt, response = value_at(record, columns.prompt), value_at(record, columns.response)
    return Sample(
        row,
        spelling.family,
        (),
        prompt if isinstance(prompt, str) else "",
        response if isinstance(response, str) else "",
    )
