"""The figures under the sliders: performance on a scale, what is lost to what, what it rests on."""

from __future__ import annotations

from engine.session.simulation import Shown
from engine.simulator import Model, Prediction
from tui import simulation_text
from tui.simulator import words
from tui.terminal.display import Glyphs, one_line
from tui.widgets.cell_widget import BLANK, Cell, write

BARS_AT = 20
"""Name (12) and value (6) of a loss stand before its bar."""


ABOUT_AT = 3
"""Where a sentence begins that stands under its number."""

BESIDE_BAR_CELLS = 12
"""A bar is as long where a sentence stands beside it."""

BESIDE_CELLS = BARS_AT + BESIDE_BAR_CELLS + 2 + 44
"""From this width on, that of a screen of 80, a sentence stands beside a bar, else under it."""


def figure_lines(
    shown: Shown, width: int, height: int, glyphs: Glyphs, take_key: str, *, explained: bool = False
) -> list[list[Cell]]:
    """As many lines as there are, the most important first, at most `height`.

    Args:
        shown: the numbers.
        width: in cells.
        height: in lines.
        glyphs: the signs.
        take_key: the key that takes the best threshold.
        explained: with a sentence to each number.
    """
    prediction = shown.prediction
    if prediction is None:
        return [_text(words.NOTHING_KEPT, width, glyphs, "warning")]
    if explained:
        lines = [
            _performance(shown, prediction, width),
            about_line(words.ABOUT_POINTS[prediction.model], width, glyphs),
            *([] if prediction.band is None else [about_line(words.ABOUT_BAND, width, glyphs)]),
            *_explained_losses(prediction, width, glyphs),
            _text(words.rates(prediction, width - 1), width, glyphs, "text"),
            about_line(words.ABOUT_ELASTICITY, width, glyphs),
            about_line(words.ABOUT_SLOPE, width, glyphs),
        ]
    else:
        lines = [
            _performance(shown, prediction, width),
            _scale(shown, prediction, width, glyphs),
            *_losses(prediction, width, glyphs),
        ]
    roomy = width >= words.ROOMY_CELLS
    lines += [_text(said, width, glyphs, "warning") for said in words.messages(prediction)]
    said = []
    if shown.pinned is not None and (roomy or not shown.linked):
        said.append((f"{glyphs.pinned} {words.pinned(shown, roomy=roomy)}", "label"))
    if shown.live is not None:
        if not roomy:
            found = shown.live.duplication
            hot = ", a few large" if found is not None and found.hot else ""
            said.append((f"noise {words.noise_source(shown)}", "text"))
            said.append((f"duplication: {shown.live.found_by}{hot}", "text"))
        if shown.live.unchecked_beyond is not None:
            said.append((words.unchecked(shown.live.unchecked_beyond, roomy=roomy), "warning"))
        if shown.live.floor is not None:
            said.append((words.floor(shown.live.floor, roomy=roomy), "text"))
        said.append((words.savings(shown.live.savings, width - 1), "text"))
        worth = [step for step in shown.advice if step.gain >= WORTH_POINTS]
        said += [(words.advice(step, width - 1, take_key), "text") for step in worth]
    lines += [_text(text, width, glyphs, style) for text, style in said]
    return lines[:height]


WORTH_POINTS = 0.05
"""Advice that brings less would be shown as 0.0 points."""


def _text(text: str, width: int, glyphs: Glyphs, style: str) -> list[Cell]:
    line: list[Cell] = [BLANK] * width
    write(line, 1, one_line(text, width - 1, ascii_only=glyphs.ascii_only), style)
    return line


def about_line(sentence: str, width: int, glyphs: Glyphs) -> list[Cell]:
    """A sentence to the number above it."""
    line: list[Cell] = [BLANK] * width
    shown = one_line(sentence, width - ABOUT_AT, ascii_only=glyphs.ascii_only)
    write(line, ABOUT_AT, shown, "label")
    return line


def _performance(shown: Shown, prediction: Prediction, width: int) -> list[Cell]:
    line: list[Cell] = [BLANK] * width
    value = f"{prediction.performance:.1f} points"
    write(line, 1, value, "value")
    at = len(value) + 3
    band = words.verdict(prediction)
    write(line, at, band, "text")
    at += len(band) + 2
    if shown.gained is not None:
        against = " against the pin" if width - at > 20 else ""
        style = "gain" if shown.gained >= 0 else "loss"
        write(line, at, simulation_text.points(shown.gained) + against, style)
    return line


def _scale(shown: Shown, prediction: Prediction, width: int, glyphs: Glyphs) -> list[Cell]:
    """From 0 to 100 points: the band shaded, the point on it, the pinned one beside it."""
    line: list[Cell] = [BLANK] * width
    write(line, 1, "0", "label")
    write(line, width - 3, "100", "label")
    start, cells = 3, max(width - 7, 2)

    def cell(points: float) -> int:
        return start + round(points / 100 * (cells - 1))

    here = cell(prediction.performance)
    for x in range(start, start + cells):
        if x < here:
            write(line, x, glyphs.axis_kept, "filled")
        else:
            write(line, x, glyphs.axis_dropped, "track")
    if prediction.band is not None:
        for x in range(cell(prediction.band[0]), cell(prediction.band[1]) + 1):
            write(line, x, glyphs.shade, "band")
    if shown.pinned is not None:
        write(line, cell(shown.pinned.performance), glyphs.pinned, "pinned")
    write(line, here, glyphs.point, "mark")
    return line


def _explained_losses(prediction: Prediction, width: int, glyphs: Glyphs) -> list[list[Cell]]:
    """The waterfall with a sentence to each loss, beside its bar where there is room."""
    beside = width >= BESIDE_CELLS
    lines: list[list[Cell]] = []
    losses = _losses(prediction, BARS_AT + BESIDE_BAR_CELLS + 1 if beside else width, glyphs)
    for (title, points), loss in zip(_steps(prediction), losses, strict=True):
        about = words.ABOUT_GAIN if points <= -WORTH_POINTS else words.ABOUT_LOSS[title]
        if beside:
            line: list[Cell] = [*loss, *[BLANK] * (width - len(loss))]
            write(line, len(loss) + 1, about, "label")
            lines.append(line)
        else:
            lines += [loss, about_line(about, width, glyphs)]
    return lines


def _steps(prediction: Prediction) -> list[tuple[str, float]]:
    """What points are lost to, and how many; fewer than none are won."""
    terms = prediction.terms
    steps = [("volume", terms.volume), ("noise", terms.noise)]
    if prediction.model is Model.CALIBRATED:
        steps.append(("irreducible", terms.irreducible))
    return [*steps, ("duplication", terms.duplication)]


def _losses(prediction: Prediction, width: int, glyphs: Glyphs) -> list[list[Cell]]:
    """A waterfall: each loss begins where the one before it ended."""
    steps = _steps(prediction)
    reached, farthest = 0.0, 1e-9
    for _, points in steps:
        reached += points
        farthest = max(farthest, reached)
    lines, start = [], 0.0
    for title, points in steps:
        line: list[Cell] = [BLANK] * width
        write(line, 1, title, "label")
        amount = f"{-points:+.1f}" if abs(points) >= WORTH_POINTS else "0.0"
        write(
            line, BARS_AT - 2 - len(amount), amount, "gain" if points <= -WORTH_POINTS else "text"
        )
        bars = max(width - BARS_AT - 1, 1)
        ends = sorted((start / farthest * bars, (start + points) / farthest * bars))
        first, last = round(ends[0]), round(ends[1])
        if abs(points) >= WORTH_POINTS:
            first = min(first, bars - 1)
            last = max(last, first + 1)
        else:
            last = first
        sign, style = (glyphs.gain, "gain") if points < 0 else (glyphs.bar, "loss")
        for x in range(first, min(last, bars)):
            write(line, BARS_AT + x, sign, style)
        lines.append(line)
        start += points
    return lines
