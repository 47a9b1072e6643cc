"""What could not be read, and what is odd, per row and kept small.

A million rows with an empty answer are one cause and an array of rows, not a million
objects; `Problem` values are made only for the first thousand that are listed.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_PROBLEMS = 1000
"""How many problems are listed; the total counts all."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong at one place.

    `row` is None when it is about a whole file. `line` is the 1-based line of the
    (decompressed) file where the row starts, None where a format has no lines. `broken`: no
    sample could be read from the row; otherwise it is a remark about one that could.
    """

    row: int | None
    file: str
    line: int | None
    cause: str
    broken: bool


class ProblemLog:
    """The problems of one file, by cause; rows are the file's own, from 0."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.of_file: list[Problem] = []
        self._rows: dict[tuple[str, bool], array[int]] = {}

    def add(self, row: int, cause: str, *, broken: bool) -> None:
        """Note `cause` at `row`; rows come in ascending order for every cause."""
        self._rows.setdefault((cause, broken), array("q")).append(row)

    def add_rows(self, rows: NDArray[np.int64], cause: str, *, broken: bool) -> None:
        """Note `cause` at all `rows`, ascending."""
        if len(rows):
            known = self._rows.setdefault((cause, broken), array("q"))
            if known and rows[0] <= known[-1]:  # rows that are read again come late
                rows = np.union1d(np.frombuffer(known, np.int64), rows)
                known = self._rows[cause, broken] = array("q")
            known.frombytes(np.ascontiguousarray(rows, np.int64).tobytes())

    def remove(self, rows: NDArray[np.int64], cause: str, *, broken: bool) -> None:
        """Take back that `cause` was noted at `rows`."""
        noted = self._rows.pop((cause, broken), None)
        if noted is not None:
            left = np.setdiff1d(np.frombuffer(noted, np.int64), rows)
            self.add_rows(left, cause, broken=broken)

    def rows_of(self, cause: str, *, broken: bool) -> NDArray[np.int64]:
        """The rows at which `cause` was noted, ascending.  (n,)."""
        return np.frombuffer(self._rows.get((cause, broken), array("q")), np.int64).copy()

    def add_file(self, cause: str, *, line: int | None = None) -> None:
        """Note `cause` for the file as a whole."""
        self.of_file.append(Problem(None, self.file, line, cause, broken=True))

    @property
    def total(self) -> int:
        """All problems, listed or not."""
        return len(self.of_file) + sum(len(rows) for rows in self._rows.values())

    def mask(self, rows: int, *, broken: bool) -> NDArray[np.bool_]:
        """Which rows are broken, or which have a remark."""
        mask = np.zeros(rows, np.bool_)  # (rows,)
        for (_, is_broken), at in self._rows.items():
            if is_broken is broken:
                mask[np.frombuffer(at, np.int64)] = True
        return mask

    def causes(self, row: int) -> str:
        """Everything that was noted at `row` in a steady order, "" if nothing."""
        noted = sorted(cause for (cause, _), at in self._rows.items() if _holds(at, row))
        return "; ".join(noted)

    def listed(
        self, limit: int, line_of: Callable[[NDArray[np.int64]], Iterable[int | None]]
    ) -> list[Problem]:
        """The first `limit` problems: those of the whole file, then in the order of rows.

        `line_of` gives the line at which each of some ascending rows starts.
        """
        found = sorted(
            (row, cause, broken) for (cause, broken), at in self._rows.items() for row in at[:limit]
        )[:limit]
        rows = np.fromiter((row for row, _, _ in found), np.int64, len(found))
        lines = line_of(rows) if found else ()
        listed = [
            Problem(row, self.file, line, cause, broken)
            for (row, cause, broken), line in zip(found, lines, strict=True)
        ]
        return (self.of_file + listed)[:limit]


def _holds(rows: array[int], row: int) -> bool:
    at = bisect_left(rows, row)
    return at < len(rows) and rows[at] == row
