"""One number of the simulator as one line: name, value, track, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

from engine.session.simulation import Control, Shown, slider_share, slider_value
from tui.simulator import words
from tui.terminal.display import Glyphs, one_line
from tui.widgets.cell_widget import BLANK, Cell, write

NAME_AT, VALUE_END = 1, 22
TRACK_AT = VALUE_END + 1
"""Sign of the chosen one, name (11), value (10), track."""

WORDS_CELLS = 36
"""Left behind the track, on a line with room for words."""

NARROWEST_TRACK, WIDEST_TRACK = 12, 34


@dataclass(frozen=True, slots=True)
class Track:
    """Where the track of a slider lies on its line."""

    start: int
    cells: int

    def share(self, x: int) -> float:
        """How far along a cell is, in [0, 1]."""
        return (x - self.start) / max(self.cells - 1, 1)

    def cell(self, share: float) -> int:
        """The cell that is so far along."""
        return self.start + round(share * (self.cells - 1))


def track_on(width: int) -> Track:
    """The track on a line of `width` cells; a wide line has room behind it for words."""
    room = width - TRACK_AT
    if width >= words.ROOMY_CELLS:
        room = min(max(room - WORDS_CELLS, NARROWEST_TRACK), WIDEST_TRACK)
    return Track(TRACK_AT, max(room, 2))


def slider_line(
    shown: Shown, control: Control, width: int, glyphs: Glyphs, *, chosen: bool
) -> list[Cell]:
    """The line of one control."""
    line: list[Cell] = [BLANK] * width
    style = "chosen" if chosen else "text"
    if chosen:
        write(line, 0, glyphs.cursor, "mark")
    write(line, NAME_AT, words.name(control), style)
    value = words.value_text(control, shown.values[control])
    write(line, VALUE_END - len(value), value, style)
    track = track_on(width)
    mark = track.cell(slider_share(control, shown.values[control]))
    for x in range(track.start, min(track.start + track.cells, width)):
        done = x < mark
        line[x] = (glyphs.axis_kept, "filled") if done else (glyphs.axis_dropped, "track")
    _interval(line, shown, control, track, glyphs)
    if mark < width:
        line[mark] = (glyphs.point, "mark")
    behind = track.start + track.cells + 2
    source = one_line(words.rests_on(shown, control), width - behind, ascii_only=glyphs.ascii_only)
    write(line, behind, source, "label")
    return line


def _interval(
    line: list[Cell], shown: Shown, control: Control, track: Track, glyphs: Glyphs
) -> None:
    """How far the noise or the AUC may be from where it stands, as a shade along the track."""
    ends = _ends(shown, control)
    if ends is None:
        return
    first, last = (track.cell(slider_share(control, end)) for end in ends)
    for x in range(first, min(last + 1, len(line))):
        line[x] = (glyphs.shade, "band")


def _ends(shown: Shown, control: Control) -> tuple[float, float] | None:
    noise = shown.live.noise if shown.live is not None else None
    if control is Control.NOISE and noise is not None:
        return noise.low, noise.high
    assumed = shown.assumption
    if control is not Control.AUC or assumed is None or assumed.auc_low is None:
        return None
    return None if assumed.auc_high is None else (assumed.auc_low, assumed.auc_high)


def dragged_to(control: Control, x: int, width: int) -> float:
    """The value under the mouse."""
    return slider_value(control, track_on(width).share(x))
