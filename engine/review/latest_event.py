"""Which of the events about one thing holds for each row: the last one that stands.

There is one `LatestEvent` for each thing that can be said about a row: a verdict for each side, a
reason, a note, every tag. Events are known here by their position in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
from numpy.typing import NDArray


class LatestEvent:
    """The event that holds for each row, and the one that held before each event."""

    def __init__(self, rows: int) -> None:
        self.position = np.full(rows, -1, np.int32)
        """(rows,) position of the last event that stands; -1 where there is none."""
        self._said: dict[int, tuple[NDArray[np.int64], NDArray[np.int32]]] = {}
        """The rows of an event, and what `position` was for them when it was made."""

    def say(self, position: int, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Let a new event hold for `rows`.  -> (m,) the rows for which it does."""
        self._said[position] = (rows, self.position[rows])
        return self.stand(position)

    def stand(self, position: int) -> NDArray[np.int64]:
        """Let an event hold again, but for rows about which more was said later.

        Returns:
            (m,) the rows for which it holds now.
        """
        rows, _ = self._said[position]
        rows = rows[self.position[rows] < position]
        self.position[rows] = position
        return rows

    def fall(self, position: int, undone: Collection[int]) -> NDArray[np.int64]:
        """Let the event before it hold again for the rows of an event that is undone.

        Args:
            position: of the event that is undone.
            undone: positions of all that do not stand.

        Returns:
            (m,) the rows for which it held.
        """
        said, before = self._said[position]
        held = self.position[said] == position
        rows: NDArray[np.int64] = said[held]
        below = before[held]
        for at in np.flatnonzero(np.isin(below, list(undone))):
            below[at] = self._last_that_stands(int(rows[at]), int(below[at]), undone)
        self.position[rows] = below
        return rows

    def below(self, position: int, row: int) -> int:
        """The event that held for `row` when the one at `position` was made; -1 for none."""
        rows, before = self._said[position]
        return int(before[np.flatnonzero(rows == row)[0]])

    def where(self, holds: Callable[[int], bool]) -> NDArray[np.bool_]:
        """The rows whose event is one that `holds` says yes to.  -> (rows,)."""
        yes = np.zeros(max(self._said, default=-1) + 2, np.bool_)  # the last one is for -1
        for position in self._said:
            yes[position] = holds(position)
        return yes[self.position]

    def _last_that_stands(self, row: int, position: int, undone: Collection[int]) -> int:
        """The last event about `row` at or before `position` that stands; -1 for none."""
        while position in undone:
            position = self.below(position, row)
        return position
