"""The rows of one cluster as the sample table shows them, with how alike each is to the keeper."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.session.table_columns import COLUMNS, TableColumn, ViewedSession
from tui.clusters.cluster_list import similarity_text
from tui.terminal.display import Glyphs

LEAD_CELLS = 8

COMPARED_MEMBERS = 200
"""So many rows around the cursor are compared with the keeper; a cluster may have thousands."""


@dataclass(frozen=True, slots=True)
class MemberSimilarities:
    """What is known about the members of the cluster shown."""

    keeper: int = -1
    """The row that the others are compared with."""
    similarity: dict[int, float] = field(default_factory=dict)
    """Of compared rows to it."""
    why_kept: dict[int, str] = field(default_factory=dict)
    """Rows that the rule leaves beside the keeper, however alike, and why."""
    answers: dict[int, int] = field(default_factory=dict)
    """Which answer each row agrees with, from 0; empty unless it is a contradiction."""


class MemberColumns:
    """The desk's columns, led by how alike a member is to the keeper."""

    def __init__(self, glyphs: Glyphs) -> None:
        self._glyphs = glyphs
        self.similarities = MemberSimilarities()

    @property
    def columns(self) -> list[TableColumn]:
        """As in the desk, but for what the cluster's column shows."""
        lead = replace(COLUMNS["cluster"], width=lambda _room: LEAD_CELLS, value=self._lead)
        return list((COLUMNS | {"cluster": lead}).values())

    def _lead(self, _session: ViewedSession, row: int) -> str:
        """An answer's letter, a similarity, two signs."""
        similarities = self.similarities
        letter = (
            answer_letter(similarities.answers[row]) + " " if row in similarities.answers else ""
        )
        if row == similarities.keeper:
            return f"{letter}{self._glyphs.best} keep"
        known = similarities.similarity.get(row)
        text = letter + (similarity_text(known) if known is not None else "")
        return text + (" #" if row in similarities.why_kept else "")


def answer_letter(number: int) -> str:
    """A, B … Z, and + for all that follow."""
    return chr(ord("A") + number) if number < 26 else "+"


def compared_rows(rows: NDArray[np.int64], keeper: int, row: int) -> NDArray[np.int64]:
    """The members to compare with the keeper: all, or those around the row under the cursor."""
    if len(rows) <= COMPARED_MEMBERS:
        return rows
    at = int(np.flatnonzero(rows == row)[0])
    first = max(at - COMPARED_MEMBERS // 2, 0)
    near = rows[first : first + COMPARED_MEMBERS]
    return np.unique(np.append(near, [keeper, row]))
