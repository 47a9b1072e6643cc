"""Performance over the threshold, drawn on top of the histogram: line, band and best point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.simulator.sweep import Sweep
from tui.terminal.display import Glyphs
from tui.widgets import curves
from tui.widgets.cell_widget import BLANK, Cell, blank_lines, write

Floats = NDArray[np.float64]

SHOWN_POINTS = 12.0
"""So many points below the best are drawn: what keeps next to nothing would flatten the rest."""

DOTTED = 2
"""Every second cell of the band's ends has a dot, so that bars stay to be seen."""

UNDER_ASSUMPTIONS = "under these assumptions"

NONE_BETTER, NONE_SHORT = "no threshold is clearly better", "none clearly better"


_Layer = dict[tuple[int, int], Cell]
"""Cells by column and row."""


class SweepLine:
    """A sweep as the slider draws it; drawn once, however often the threshold moves under it."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._drawn: tuple[object, _Layer] | None = None
        self._found: dict[int, int | None] = {}

    def _better(self, now: float | None) -> int | None:
        """The number of the threshold that is clearly better than `now`; worked out once."""
        place = self.sweep.place(now)
        if place not in self._found:
            self._found[place] = self.sweep.clearly_better(now)
        return self._found[place]

    def best(self, now: float | None) -> float | None:
        """The best threshold, where it is clearly better than the one that holds now."""
        index = self._better(now)
        return None if index is None else float(self.sweep.thresholds[index])

    def words(self, room: int, glyphs: Glyphs, now: float | None) -> str:
        """The best point, in the fullest words that fit into `room` cells."""
        if self.sweep.best is None:
            return ""
        index = self._better(now)
        if index is None:
            return next((text for text in (NONE_BETTER, NONE_SHORT) if len(text) <= room), "")
        short = f"{glyphs.best} best {self.sweep.thresholds[index]:.4g}"
        points = f"{short}: {self.sweep.performance[index]:.1f} points"
        under = UNDER_ASSUMPTIONS if self.sweep.assumed else ""
        texts = [points, short]
        if under:
            texts = [f"{points} {under}", f"{short} {under}", f"{short} (assumed)"]
        # The place alone, without what it rests on, is the mark on the axis.
        return next((text for text in texts if len(text) <= room), "")

    def over(self, lines: list[list[Cell]], edges: Floats, glyphs: Glyphs) -> None:
        """Draw over bars.

        Args:
            lines: the bars.  (height) of (width)
            edges: of the bars' axis.  (bins + 1,)
            glyphs: the signs.
        """
        wanted = (len(lines[0]), len(lines), float(edges[0]), float(edges[-1]), glyphs.ascii_only)
        if self._drawn is None or self._drawn[0] != wanted:
            layer = blank_lines(len(lines[0]), len(lines))
            self._draw(layer, edges, glyphs)
            cells = {
                (x, y): cell
                for y, line in enumerate(layer)
                for x, cell in enumerate(line)
                if cell != BLANK
            }
            self._drawn = (wanted, cells)
        for (x, y), cell in self._drawn[1].items():
            lines[y][x] = cell

    def _draw(self, lines: list[list[Cell]], edges: Floats, glyphs: Glyphs) -> None:
        sweep, width, height = self.sweep, len(lines[0]), len(lines)
        known = np.isfinite(sweep.performance)
        if known.sum() < 2:
            return
        bottom, top = self.ends()
        low, high = float(edges[0]), float(edges[-1])

        def heights(values: Floats, number: int) -> Floats:
            at = low + (np.arange(number) + 0.5) / number * (high - low)
            there = sweep.thresholds[known]
            found = np.interp(at, there, values[known], left=np.nan, right=np.nan)
            shares: Floats = (found - bottom) / (top - bottom)
            return shares

        for ends in (sweep.low, sweep.high):
            for x, share in enumerate(heights(ends, width).tolist()):
                if x % DOTTED == 0 and 0 <= share <= 1:
                    y = min(int((1 - share) * height), height - 1)
                    lines[y][x] = (glyphs.dot, "band")
        inner = heights(sweep.performance, curves.columns(width, glyphs))
        curves.trace(lines, inner, "sweep", glyphs)
        for y, points in ((0, top), (height - 1, bottom)):
            text = f"{points:.0f}"
            write(lines[y], width - len(text), text, "label")

    def ends(self) -> tuple[float, float]:
        """The points at the bottom and the top of what is drawn: whole ones."""
        best = float(np.nanmax(self.sweep.performance))
        low, high = float(np.nanmin(self.sweep.low)), float(np.nanmax(self.sweep.high))
        bottom = np.floor(max(low, best - SHOWN_POINTS))
        top = np.ceil(min(high, best + SHOWN_POINTS))
        return float(bottom), float(max(top, bottom + 1))
