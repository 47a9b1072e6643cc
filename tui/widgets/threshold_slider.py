"""The threshold on the histogram's own axis: what it keeps and drops is seen where it is set.

One column of cells is one true bin. What is kept is drawn solid and bright, what is dropped
dotted and dim, so that the two differ without colour; the axis below is heavy on the keeping
side. Heights are square roots of counts (Tukey's rootogram), so that the tail where a threshold
lies can be read beside a peak a hundred times as tall. Only the cells that differ from what is on
screen are repainted.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from engine.filter import Comparison
from engine.review.histogram import Histogram, nice_step
from engine.review.threshold import Direction, Threshold
from tui.terminal.display import UNICODE_GLYPHS, Glyphs, one_line
from tui.widgets.cell_widget import Cell, CellWidget, blank_lines, write
from tui.widgets.sweep_line import SweepLine

FINE_STEPS = 200
COARSE_STEPS = 20

RIGHT_BUTTON = 3

NO_SCORES = "no scores yet"


class ThresholdSlider(CellWidget):
    """Histogram, axis, mark and labels, in as many lines as it is given (at least three)."""

    STYLES = "threshold-slider"

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"threshold-slider--{name}"
        for name in ("kept", "dropped", "mark", "label", "sweep", "band")
    }

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h,k,up", "bar(-1)", show=False),
        Binding("right,l,j,down", "bar(1)", show=False),
        Binding("enter", "take_bar", show=False),
        Binding("escape,q", "leave_bar", show=False),
    ]

    DEFAULT_CSS = """
    ThresholdSlider {
        height: 5;
        min-height: 3;
    }
    """

    class Moved(Message):
        """The mark was dragged or clicked to a value.

        `released` is False while the button is still down: more may follow.
        """

        def __init__(self, value: float, *, released: bool) -> None:
            super().__init__()
            self.value, self.released = value, released

    class BarChosen(Message):
        """A bar was chosen, to look at its rows."""

        def __init__(self, bounds: tuple[tuple[Comparison, float], ...]) -> None:
            super().__init__()
            self.bounds = bounds
            """How scores compare that are counted in it."""

    class BarLeft(Message):
        """No bar was chosen after all."""

    def __init__(self, *, glyphs: Glyphs = UNICODE_GLYPHS, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(glyphs=glyphs, id=id)
        self.empty_text = NO_SCORES
        self._histogram: Histogram | None = None
        self._columns_of = (0.0, 0)
        self._columns: dict[tuple[int, int], list[Cell]] = {}
        """Cells of a bin by its counts: a step of the threshold changes few of them."""
        self._threshold: Threshold | None = None
        self._sweep: SweepLine | None = None
        self._dragging = False
        self._bar: int | None = None
        """The bin under the cursor while one is being chosen."""

    # What is shown

    def show(self, histogram: Histogram | None, threshold: Threshold | None) -> None:
        """Show other counts and the mark elsewhere; no counts is the empty state, None no mark."""
        self._threshold = threshold
        if histogram is not None and not int(histogram.kept.sum() + histogram.dropped.sum()):
            histogram = None
        self._histogram = histogram
        if self._bar is not None and (histogram is None or self._bar >= len(histogram.kept)):
            self._bar = None
        self.repaint_changes()

    def set_sweep(self, line: SweepLine | None) -> None:
        """Draw performance over the thresholds on top of the bars; None takes it away."""
        if line is not self._sweep:
            self._sweep = line
            self.repaint_changes()

    @property
    def axis(self) -> tuple[float, float] | None:
        """The scores at the left and the right end; None while there are none."""
        if self._histogram is None:
            return None
        edges = self._histogram.edges
        return float(edges[0]), float(edges[-1])

    def fine_step(self) -> float:
        """About a 200th of the axis, as a round number; 0.01 without an axis."""
        return self._step(FINE_STEPS)

    def coarse_step(self) -> float:
        """About a 20th of the axis, as a round number."""
        return self._step(COARSE_STEPS)

    def _step(self, steps: int) -> float:
        low, high = self.axis or (0.0, 2.0)
        return nice_step((high - low) / steps)

    def column_of(self, value: float) -> int:
        """The column of cells whose bin holds `value`; the nearest end where none does."""
        width = self.size.width
        if self._histogram is None or not width:
            return 0
        edges = self._histogram.edges
        bins = len(edges) - 1
        return min(-(-self._bin_of(value) * width // bins), width - 1)

    def _bin_of(self, value: float) -> int:
        """The bin that holds `value`; the nearest end where none does."""
        assert self._histogram is not None
        edges = self._histogram.edges
        # On an edge the mark stands in the first bin that is kept, whatever binary fractions say.
        hair = float(edges[1] - edges[0]) * 1e-6
        if self._at_most:
            bin_index = int(np.searchsorted(edges, value - hair, side="left")) - 1
        else:
            bin_index = int(np.searchsorted(edges, value + hair, side="right")) - 1
        return min(max(bin_index, 0), len(edges) - 2)

    def value_at(self, column: int) -> float | None:
        """The threshold that keeps the bin of `column` and all beyond it.

        It is rounded to be read, by less than a tenth of a bin and into the bin, so that the
        mark stays where it was put.
        """
        if self._histogram is None or self.size.width < 1:
            return None
        edges = self._histogram.edges
        bins = len(edges) - 1
        index = min(max(column, 0) * bins // self.size.width, bins - 1)
        edge = float(edges[index + 1] if self._at_most else edges[index])
        bin_width = float(edges[index + 1] - edges[index])
        if not bin_width > 0:
            return edge
        digits = max(0, math.ceil(-math.log10(bin_width)) + 1)
        scaled = edge * 10.0**digits
        whole = math.floor(scaled + 1e-6) if self._at_most else math.ceil(scaled - 1e-6)
        return round(whole / 10.0**digits, digits)

    @property
    def _at_most(self) -> bool:
        return self._threshold is not None and self._threshold.direction is Direction.AT_MOST

    # Choosing a bar

    def choose_bar(self, score: float) -> bool:
        """Let a bar be chosen by key, beginning with that of `score`; False without bars."""
        if self._histogram is None:
            return False
        counts = self._histogram.kept + self._histogram.dropped
        self._bar = int(counts.argmax()) if math.isnan(score) else self._bin_of(score)
        self.can_focus = True
        self.screen.set_focus(self)
        self.repaint_changes()
        return True

    def action_bar(self, step: int) -> None:
        """To the next bar that is not empty."""
        if self._histogram is None or self._bar is None:
            return
        counts = self._histogram.kept + self._histogram.dropped
        held = np.flatnonzero(counts)
        beyond = held[held > self._bar] if step > 0 else held[held < self._bar]
        if len(beyond):
            self._bar = int(beyond[0] if step > 0 else beyond[-1])
            self.repaint_changes()

    def action_take_bar(self) -> None:
        """Look at the rows of the bar."""
        if self._bar is not None:
            self.post_message(self.BarChosen(self._bounds(self._bar)))
        self._leave_bar()

    def action_leave_bar(self) -> None:
        """Choose none."""
        self._leave_bar()
        self.post_message(self.BarLeft())

    def _leave_bar(self) -> None:
        self._bar = None
        self.can_focus = False
        self.repaint_changes()

    def on_blur(self) -> None:
        """Whoever goes elsewhere chooses none."""
        if self._bar is not None:
            self._leave_bar()

    def _bounds(self, bar: int) -> tuple[tuple[Comparison, float], ...]:
        """How scores in a bar compare; the last one holds its upper edge too."""
        assert self._histogram is not None
        edges = self._histogram.edges
        last = bar == len(edges) - 2
        return (
            (Comparison.AT_LEAST, float(f"{edges[bar]:.7g}")),
            (Comparison.AT_MOST if last else Comparison.LESS, float(f"{edges[bar + 1]:.7g}")),
        )

    def _bar_text(self, bar: int) -> str:
        """What the bar holds, in words."""
        assert self._histogram is not None
        (_, low), (_, high) = self._bounds(bar)
        rows = int(self._histogram.kept[bar] + self._histogram.dropped[bar])
        return f"score {low:.4g} to {high:.4g}: {rows:,} rows   enter shows them"

    # Drawing

    def draw(self, width: int, height: int) -> list[list[Cell]]:
        """Bars, axis, labels, as far as they go; the line of the simulator over the bars."""
        blank = blank_lines(width, height)
        if width < 1 or height < 1:
            return blank
        if self._histogram is None:
            text = one_line(self.empty_text, width, ascii_only=self.glyphs.ascii_only)
            blank[height // 2] = [(c, "label") for c in text.center(width)]
            if self._threshold is not None and height > 1:
                blank[-1] = self._labels(width, None)
            return blank
        bars = max(height - 2, 1)
        lines = self._bars(self._histogram, width, bars)
        if self._sweep is not None:
            self._sweep.over(lines, self._histogram.edges, self.glyphs)
        if height > 1:
            lines.append(self._axis_line(width))
        if height > 2:
            lines.append(self._labels(width, self.axis))
        return lines[:height]

    def _bars(self, histogram: Histogram, width: int, height: int) -> list[list[Cell]]:
        bins = len(histogram.kept)
        columns = np.arange(width) * bins // width
        kept = histogram.kept[columns]
        dropped = histogram.dropped[columns]
        peak = math.sqrt((histogram.kept + histogram.dropped).max())
        if self._columns_of != (peak, height):
            self._columns_of, self._columns = (peak, height), {}
        lines: list[list[Cell]] = [[] for _ in range(height)]
        for one, other in zip(kept.tolist(), dropped.tolist(), strict=True):
            column = self._columns.get((one, other))
            if column is None:
                # The bar's height is the root of its count; its two parts share it as they share
                # that.
                tall = math.sqrt(one + other) / peak * height
                share = one / max(one + other, 1)
                column = _column(tall * share, tall * (1 - share), height, self.glyphs)
                self._columns[one, other] = column
            for y in range(height):
                lines[height - 1 - y].append(column[y])
        return lines

    def _axis_line(self, width: int) -> list[Cell]:
        threshold = self._threshold
        glyphs = self.glyphs
        if threshold is None:
            plain: list[Cell] = [(glyphs.rule, "label")] * width
            if self._bar is not None:
                plain[self._bar_column(width)] = (glyphs.point, "mark")
            return plain
        mark = self.column_of(threshold.value)
        keeps_right = not self._at_most
        left: Cell = (glyphs.axis_dropped, "dropped") if keeps_right else (glyphs.axis_kept, "kept")
        right: Cell = (
            (glyphs.axis_kept, "kept") if keeps_right else (glyphs.axis_dropped, "dropped")
        )
        line: list[Cell] = [left if x < mark else right for x in range(width)]
        best = None if self._sweep is None else self._sweep.best(threshold.value)
        if best is not None:
            line[self.column_of(best)] = (glyphs.best, "sweep")
        line[mark] = (self._mark(threshold.value), "mark")
        if self._bar is not None:
            line[self._bar_column(width)] = (glyphs.point, "mark")
        return line

    def _bar_column(self, width: int) -> int:
        assert self._histogram is not None
        assert self._bar is not None
        return min(-(-self._bar * width // (len(self._histogram.edges) - 1)), width - 1)

    def _mark(self, value: float) -> str:
        """The mark's sign: an arrow outwards where the value lies beyond the axis."""
        axis = self.axis
        if axis and value < axis[0]:
            return self.glyphs.left
        if axis and value > axis[1]:
            return self.glyphs.right
        return self.glyphs.mark

    def threshold_text(self) -> str:
        """The threshold with its direction, as the label says it; empty without one."""
        threshold = self._threshold
        if threshold is None:
            return ""
        glyphs = self.glyphs
        guess = " (guess)" if threshold.guess else ""
        if threshold.direction is Direction.AT_LEAST:
            return f"{glyphs.at_least} {threshold.value:.4g} keeps {glyphs.right}{guess}"
        return f"{glyphs.left} keeps {glyphs.at_most} {threshold.value:.4g}{guess}"

    def _labels(self, width: int, axis: tuple[float, float] | None) -> list[Cell]:
        """Both ends of the axis, and the threshold as near to its mark as they leave room."""
        line: list[Cell] = [(" ", "label")] * width
        if self._bar is not None:
            write(line, 0, self._bar_text(self._bar)[:width], "mark")
            return line
        low, high = (f"{axis[0]:.3g}", f"{axis[1]:.3g}") if axis else ("", "")
        text = one_line(self.threshold_text(), width, ascii_only=self.glyphs.ascii_only)
        if len(low) + len(high) + len(text) + 4 <= width:
            line[: len(low)] = [(c, "label") for c in low]
            line[width - len(high) :] = [(c, "label") for c in high]
            first, last = len(low) + 2, width - len(high) - 2 - len(text)
        else:
            first, last = 0, width - len(text)
        mark = self.column_of(self._threshold.value) if self._threshold and axis else width // 2
        lead = len(text) - 1 if self._at_most else 0
        start = min(max(mark - lead, first), last)
        line[start : start + len(text)] = [(c, "mark") for c in text]
        if self._sweep is not None:
            self._name_best(line, start, start + len(text))
        return line

    def _name_best(self, line: list[Cell], start: int, end: int) -> None:
        """The best threshold in words, in the wider gap beside the text that is there."""
        low, high = (len(f"{end:.3g}") for end in self.axis or (0.0, 0.0))
        gaps = ((low + 2, start - 2), (end + 2, len(line) - high - 2))
        first, last = max(gaps, key=lambda gap: gap[1] - gap[0])
        assert self._sweep is not None
        now = None if self._threshold is None else self._threshold.value
        write(line, first, self._sweep.words(last - first, self.glyphs, now), "sweep")

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the mark, wherever on the axis; with the right button or ctrl, a bar."""
        if self._histogram is not None and (event.button == RIGHT_BUTTON or event.ctrl):
            column = min(max(event.x - self.gutter.left, 0), self.size.width - 1)
            bar = column * (len(self._histogram.edges) - 1) // self.size.width
            self.post_message(self.BarChosen(self._bounds(bar)))
        elif self._histogram is not None and event.button == 1:
            self._dragging = True
            self.capture_mouse()
            self._move_to(event.x, released=False)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the mark."""
        if self._dragging:
            self._move_to(event.x, released=False)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the mark go."""
        if self._dragging:
            self._dragging = False
            self.release_mouse()
            self._move_to(event.x, released=True)

    def _move_to(self, column: int, *, released: bool) -> None:
        value = self.value_at(min(max(column - self.gutter.left, 0), self.size.width - 1))
        if value is not None:
            self.post_message(self.Moved(value, released=released))


def _column(kept: float, dropped: float, height: int, glyphs: Glyphs) -> list[Cell]:
    """The cells of one bin from the bottom, its kept part below its dropped part.

    A bin that is not empty shows at least the lowest sign, or a tail would look like nothing.
    """
    cells: list[Cell] = []
    total = kept + dropped
    for y in range(height):
        fill = min(max(total - y, 0.0), 1.0)
        solid = min(max(kept - y, 0.0), 1.0)
        if not fill:
            cells.append((" ", ""))
            continue
        is_kept = solid * 2 >= fill
        levels = glyphs.column_kept if is_kept else glyphs.column_dropped
        level = round(fill * len(levels))
        if not level and y:
            cells.append((" ", ""))
        else:
            cells.append((levels[max(level, 1) - 1], "kept" if is_kept else "dropped"))
    return cells
