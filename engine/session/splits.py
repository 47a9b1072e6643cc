"""Clusters that a person has cut at a higher similarity than the others; undo takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.duplicates.settings import ComparedUnit, check_similarity
from engine.errors import UsageError
from engine.review.decision import Aspect
from engine.session.choices import Choices, as_json, of_json


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    rows: NDArray[np.int64]  # (n,) of the whole cluster
    similarity: float


class Splits:
    """Which rows need a higher similarity to be in one cluster; rows of one dataset's content."""

    def __init__(self, choices: Choices, digest: str) -> None:
        """Nothing is split before `recall`.

        Args:
            choices: where they are kept.
            digest: of the dataset open now.
        """
        self.version = 0
        """Grows with every change."""
        self._choices, self._digest = choices, digest
        self._splits: dict[ComparedUnit, list[_Split]] = {unit: [] for unit in ComparedUnit}

    def recall(self) -> None:
        """Back to what was chosen, where the dataset is still the same.

        What another version wrote is no obstacle.
        """
        known: Any = of_json(self._choices.get(Aspect.CUT))
        self._splits = {unit: [] for unit in ComparedUnit}
        self.version += 1
        if not isinstance(known, dict) or known.get("dataset") != self._digest:
            return
        try:
            for unit, rows, similarity in known["splits"]:
                check_similarity(similarity)
                self._splits[ComparedUnit(unit)].append(
                    _Split(np.array(rows, np.int64), similarity)
                )
        except (KeyError, TypeError, ValueError, UsageError):
            self._splits = {unit: [] for unit in ComparedUnit}

    def bars(self, unit: ComparedUnit, rows: int) -> NDArray[np.float32] | None:
        """The similarity that each row needs, 0 for most; None where no cluster is split."""
        if not self._splits[unit]:
            return None
        bars = np.zeros(rows, np.float32)
        for split in self._splits[unit]:
            bars[split.rows] = np.maximum(bars[split.rows], np.float32(split.similarity))
        return bars

    def split(
        self, unit: ComparedUnit, cluster: NDArray[np.int64], row: int, similarity: float
    ) -> None:
        """Cut the cluster of `row` anew, as it was before it was cut the last time.

        Args:
            unit: whose clusters.
            cluster: the rows that are in it now, none where it was cut to pieces.  (n,)
            row: of the cluster, now or before.
            similarity: in (0, 1].
        """
        before = [split.rows for split in self._holding(unit, row)]
        self._without(unit, row)
        rows = np.unique(np.concatenate([cluster, *before]))
        if not len(rows):
            return
        self._splits[unit].append(_Split(rows, similarity))
        self._changed()

    def of(self, unit: ComparedUnit, row: int) -> float | None:
        """The similarity at which the cluster of `row` was cut; None where it was not."""
        return max((split.similarity for split in self._holding(unit, row)), default=None)

    def join(self, unit: ComparedUnit, row: int) -> None:
        """Let the cluster of `row` be one again."""
        self._without(unit, row)
        self._changed()

    def _holding(self, unit: ComparedUnit, row: int) -> list[_Split]:
        return [split for split in self._splits[unit] if row in split.rows]

    def _without(self, unit: ComparedUnit, row: int) -> None:
        self._splits[unit] = [split for split in self._splits[unit] if row not in split.rows]

    def _changed(self) -> None:
        self.version += 1
        splits = [
            (unit.value, split.rows.tolist(), split.similarity)
            for unit, known in self._splits.items()
            for split in known
        ]
        known = {"dataset": self._digest, "splits": splits} if splits else None
        self._choices.move(Aspect.CUT, as_json(known))
