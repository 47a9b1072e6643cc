"""The list of clusters: one line each, a hundred thousand as easily as ten.

Only the visible lines exist; what one shows is asked of the screen when it is drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from rich.segment import Segment
from textual import events
from textual.strip import Strip

from tui.terminal.display import Glyphs, count_text, one_line, score_text
from tui.widgets.line_pane import LineList

SIZE_CELLS = 6
SIMILARITY_CELLS = 4
SCORE_CELLS = 6
STATE_CELLS = 10
LEAST_TEXT_CELLS = 12


@dataclass(frozen=True, slots=True)
class ListedCluster:
    """What a line says."""

    number: int
    size: int
    lowest: float
    """Similarity of the two members least alike, in [0, 1]."""
    mean: float
    """Similarity of two members, in [0, 1]; the entropy in bits of a contradiction."""
    scores: tuple[float, float] | None
    """The lowest and the highest; None where no member has one."""
    state: str
    """How far it is decided, in a word of tamis: never text of a row."""
    is_open: bool
    """Whether something is left to decide."""
    text: str
    """Of its first member; raw."""


class ListsClusters(Protocol):
    """The screen, as the list asks it."""

    @property
    def mean_title(self) -> str:
        """The title of what `ListedCluster.mean` is."""
        ...

    def listed(self, cluster: int) -> ListedCluster:
        """A line of the list."""
        ...

    def moved(self) -> None:
        """The person has gone to another cluster."""
        ...


class ClusterList(LineList):
    """The clusters in view under a header line."""

    STYLES = "cluster-list"

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"cluster-list--{name}" for name in ("header", "number", "open", "done", "muted", "cursor")
    }

    def __init__(self, screen: ListsClusters, *, glyphs: Glyphs, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(glyphs=glyphs, empty_text="", id=id)
        self._clusters = screen

    @property
    def cluster(self) -> int | None:
        """The cluster under the cursor; None in an empty list."""
        return self._current

    def set_order(self, order: NDArray[np.int64], keep: int | None) -> None:
        """Show other clusters; the cursor goes to cluster `keep`, or stays on its line."""
        self._order = order
        line = None if keep is None else self.line_of(keep)
        if line is None:
            line = min(self.cursor, max(len(order) - 1, 0))
        self.set_reactive(ClusterList.cursor, line)
        self._set_height(len(order) + 1)
        self._drawn.clear()
        self._keep_cursor_in_view()
        self.refresh()

    def _said(self, number: int) -> ListedCluster:
        return self._clusters.listed(number)

    def _tell_moved(self) -> None:
        """At once, by no message: a key that waits already must find the members listed."""
        self._clusters.moved()

    def on_click(self, event: events.Click) -> None:
        """A line takes the cursor."""
        offset = event.get_content_offset(self)
        if offset is not None and 0 < offset.y <= len(self.visible_rows()):
            event.stop()
            self.cursor = self._top + offset.y - 1

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The header, a cluster, or what an empty list says."""
        width = self.scrollable_content_region.width
        if y == 0:
            return self._strip([(self._header(width - 1), "header")], width, "header")
        line = self._top + y - 1
        if line >= len(self._order):
            text = self.empty_text if not len(self._order) and y == 2 else ""
            shown = one_line(text, width - 2, ascii_only=self.glyphs.ascii_only)
            return self._strip([(" " + shown, "muted")], width, "muted")
        listed = self._said(int(self._order[line]))
        self._remember_drawn(line, listed)
        pieces = self._pieces(listed, width - 1, at_cursor=line == self.cursor)
        if line == self.cursor:
            pieces = [("".join(text for text, _ in pieces), "cursor")]
        return self._strip(pieces, width, pieces[-1][1])

    def _strip(self, pieces: list[tuple[str, str]], width: int, fill: str) -> Strip:
        strip = Strip(self._segments(pieces)).adjust_cell_length(width - 1, self._style(fill))
        last = self._style("header" if fill == "header" else "muted")
        return Strip([*strip, Segment(" ", last)], width)

    @property
    def _number_cells(self) -> int:
        return max(len(str(int(self._order.max(initial=0)))), 3)

    def _header(self, width: int) -> str:
        text = " " + "no".rjust(self._number_cells) + "rows".rjust(SIZE_CELLS + 1)
        text += " " + "low".rjust(SIMILARITY_CELLS)
        text += " " + self._clusters.mean_title.rjust(SIMILARITY_CELLS)
        text += "  " + "scores".ljust(2 * SCORE_CELLS + 1) + "  " + "state".ljust(STATE_CELLS)
        return (text + " first member")[:width].ljust(width)

    def _pieces(
        self, listed: ListedCluster, width: int, *, at_cursor: bool
    ) -> list[tuple[str, str]]:
        glyphs = self.glyphs
        number = (glyphs.cursor if at_cursor else " ") + str(listed.number).rjust(
            self._number_cells
        )
        facts = " " + count_text(listed.size, SIZE_CELLS)
        facts += " " + similarity_text(listed.lowest) + " " + similarity_text(listed.mean)
        scores = " " * (2 * SCORE_CELLS + 1)
        if listed.scores is not None:
            scores = " ".join(score_text(score, SCORE_CELLS) for score in listed.scores)
        state = "  " + listed.state.ljust(STATE_CELLS)[:STATE_CELLS]
        name = "open" if listed.is_open else "done"
        pieces = [(number, "number"), (facts + "  " + scores + state, name)]
        room = width - sum(len(text) for text, _ in pieces) - 1
        if room >= LEAST_TEXT_CELLS:
            text = one_line(listed.text, room, pad=True, ascii_only=glyphs.ascii_only)
            pieces.append((" " + text, name))
        return pieces


def similarity_text(value: float) -> str:
    """A similarity, or an entropy, in 4 cells: `.93`, `1`, `1.58`; blank for NaN."""
    if math.isnan(value):
        return " " * SIMILARITY_CELLS
    if value == 1:
        return "1".rjust(SIMILARITY_CELLS)
    # Never shown as more than it is: .999 is not the same text.
    text = f"{math.floor(round(value * 100, 3)) / 100:.2f}"
    return text.removeprefix("0").rjust(SIMILARITY_CELLS)
