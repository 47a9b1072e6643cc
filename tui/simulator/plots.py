"""Performance over size at this noise, and size against noise at equal performance."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.session.simulation import Shown
from engine.simulator import Prediction
from engine.simulator.band import SWEEP_DRAWS
from engine.simulator.prediction import (
    LARGEST_NOISE,
    LARGEST_ROWS,
    SMALLEST_ROWS,
    Model,
    frontier_rows,
    size_curve,
)
from tui.simulator import words
from tui.terminal.display import one_line
from tui.widgets import curves
from tui.widgets.cell_widget import Cell, CellWidget, blank_lines, write

Floats = NDArray[np.float64]

LABEL_CELLS = 5
"""Left of every plot: four for the number, one for the axis."""

SIZES = ((1e2, "100"), (1e3, "1k"), (1e4, "10k"), (1e5, "100k"), (1e6, "1M"))
DECADES = math.log10(LARGEST_ROWS / SMALLEST_ROWS)

POINTS_STEP = 5.0
"""The axis of points ends at multiples of this, so that it stays while the line moves a little."""


def size_share(rows: float) -> float:
    """How far along the axis of sizes; 0 and 1 at its ends."""
    return math.log10(max(rows, 1.0) / SMALLEST_ROWS) / DECADES


class Plot(CellWidget):
    """Title, plot with labels on its left, axis with labels below, and perhaps a foot."""

    STYLES = "simulator"

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"simulator--{name}"
        for name in ("head", "text", "label", "axis", "line", "band", "mark", "pinned")
    }

    shown: Shown | None = None

    def show(self, shown: Shown) -> None:
        """Show another point."""
        self.shown = shown
        self.repaint_changes()

    def draw(self, width: int, height: int) -> list[list[Cell]]:
        """Everything, or nothing where there is no point or no room."""
        lines = blank_lines(width, height)
        shown = self.shown
        if shown is None or shown.prediction is None or width < 3 * LABEL_CELLS or height < 4:
            return lines
        title, foot = self.texts(shown.prediction, width)
        write(lines[0], 1, one_line(title, width - 1, ascii_only=self.glyphs.ascii_only), "head")
        last = height - 1
        if foot and height > 5:
            write(lines[last], 1, foot, "text")
            last -= 1
        body = [[(" ", "")] * (width - LABEL_CELLS) for _ in range(last - 1)]
        ups, acrosses = self.plot(shown, shown.prediction, body)
        for y, cells in enumerate(body, 1):
            lines[y][LABEL_CELLS:] = cells
            lines[y][LABEL_CELLS - 1] = (self.glyphs.divider, "axis")
        for share, text in ups:
            y = 1 + min(int((1 - share) * len(body)), len(body) - 1)
            write(lines[y], LABEL_CELLS - 1 - len(text), text, "label")
        self._below(lines[last], acrosses)
        return lines

    def _below(self, line: list[Cell], labels: list[tuple[float, str]]) -> None:
        """Labels under their places, as many as do not touch."""
        room = len(line) - LABEL_CELLS
        free = 0
        for share, text in labels:
            x = LABEL_CELLS + min(
                max(round(share * (room - 1)) - len(text) // 2, 0), room - len(text)
            )
            if x >= free:
                write(line, x, text, "label")
                free = x + len(text) + 1

    @abstractmethod
    def texts(self, prediction: Prediction, width: int) -> tuple[str, str]:
        """Title and foot."""

    @abstractmethod
    def plot(
        self, shown: Shown, prediction: Prediction, body: list[list[Cell]]
    ) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
        """Draw into `body`; labels of the axis at the left and of the one below, with shares."""


class SizePlot(Plot):
    """Performance over size, all else as it is."""

    def texts(self, prediction: Prediction, width: int) -> tuple[str, str]:  # noqa: ARG002 - the other plot needs it
        """What else is."""
        return f"points over rows at {100 * prediction.point.noise:.1f} % noise", ""

    def plot(
        self, shown: Shown, prediction: Prediction, body: list[list[Cell]]
    ) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
        """Band, line, points."""
        width = len(body[0])
        along = (np.arange(width) + 0.5) / width
        sizes = SMALLEST_ROWS * (LARGEST_ROWS / SMALLEST_ROWS) ** along
        curve = size_curve(prediction.model, prediction.point, sizes, draws=SWEEP_DRAWS)
        marks = [prediction, shown.pinned] if shown.pinned is not None else [prediction]
        ends = [curve.performance, curve.low, curve.high]
        everything = np.concatenate(
            [part for part in ends if part is not None] + [[mark.performance] for mark in marks]
        )
        bottom = math.floor(everything.min() / POINTS_STEP) * POINTS_STEP
        top = max(math.ceil(everything.max() / POINTS_STEP) * POINTS_STEP, bottom + POINTS_STEP)

        def up(points: Floats) -> Floats:
            shares: Floats = (points - bottom) / (top - bottom)
            return shares

        if curve.low is not None and curve.high is not None:
            curves.shade(body, up(curve.low), up(curve.high), "band", self.glyphs)
        number = curves.columns(width, self.glyphs)
        finer = np.interp((np.arange(number) + 0.5) / number, along, curve.performance)
        curves.trace(body, up(finer), "line", self.glyphs)
        signs = [(self.glyphs.point, "mark"), (self.glyphs.pinned, "pinned")]
        for mark, (sign, style) in reversed(list(zip(marks, signs, strict=False))):
            height = (mark.performance - bottom) / (top - bottom)
            curves.spot(body, size_share(mark.point.rows), height, sign, style)
        middle = (bottom + top) / 2
        ups = [(1.0, f"{top:.0f}"), (0.0, f"{bottom:.0f}")]
        if len(body) >= 5 and middle == round(middle):
            ups.insert(1, (0.5, f"{middle:.0f}"))
        return ups, [(size_share(rows), text) for rows, text in SIZES]


class FrontierPlot(Plot):
    """Rows against noise that give the points of now: above the line is better."""

    def texts(self, prediction: Prediction, width: int) -> tuple[str, str]:
        """Whose line it is, and its two rates."""
        title = f"rows over noise % for {prediction.performance:.1f} points"
        return title, words.rates(prediction, width - 1)

    def plot(
        self, shown: Shown, prediction: Prediction, body: list[list[Cell]]
    ) -> tuple[list[tuple[float, str]], list[tuple[float, str]]]:
        """Line, points, and which side is the better one."""
        width = len(body[0])
        number = curves.columns(width, self.glyphs)
        noise = (np.arange(number) + 0.5) / number * LARGEST_NOISE
        up = self._heights(prediction, noise)
        better, steep = "better", up[: curves.columns(len("better") + 1, self.glyphs)]
        if not (np.nan_to_num(steep, nan=0.0) > 1 - 1 / len(body)).any():
            write(body[0], 0, better, "label")
        curves.trace(body, up, "line", self.glyphs)
        marks = [(prediction, self.glyphs.point, "mark")]
        if shown.pinned is not None:
            marks.insert(0, (shown.pinned, self.glyphs.pinned, "pinned"))
        for mark, sign, style in marks:
            point = mark.point
            curves.spot(body, point.noise / LARGEST_NOISE, size_share(point.rows), sign, style)
        across = [(share / LARGEST_NOISE, f"{100 * share:.0f}") for share in NOISE_LABELS]
        ups = [(size_share(rows), text) for rows, text in SIZES]
        return ups if len(body) >= 5 else [ups[0], ups[-1]], across

    def _heights(self, prediction: Prediction, noise: Floats) -> Floats:
        target = prediction.performance
        if not 0 < target < 100:
            return np.full(len(noise), np.nan)
        rows = frontier_rows(prediction.model, target, prediction.point, noise)
        shares: Floats = np.log10(np.maximum(rows, 1.0) / SMALLEST_ROWS) / DECADES
        if prediction.model is Model.BOOK:
            # Below the box every size is held at its end: there is no line there.
            shares = np.where(shares <= 0, np.nan, shares)
        beyond = ~np.isfinite(shares) | (shares > 1) | (shares < 0)
        if beyond.all():
            return np.full(len(noise), np.nan)
        return np.where(beyond, np.nan, shares)


NOISE_LABELS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
