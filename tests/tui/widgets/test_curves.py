"""Lines made of cells."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tui.terminal.display import ASCII_GLYPHS, UNICODE_GLYPHS
from tui.widgets import curves
from tui.widgets.cell_widget import blank_lines


def drawn(heights: list[float], height: int, *, ascii_only: bool = True) -> list[str]:
    glyphs = ASCII_GLYPHS if ascii_only else UNICODE_GLYPHS
    across = 1 if ascii_only else curves.DOTS_ACROSS
    lines = blank_lines(len(heights) // across, height)
    curves.trace(lines, np.array(heights), "line", glyphs)
    return ["".join(sign for sign, _ in line) for line in lines]


def test_a_line_goes_from_its_bottom_to_its_top() -> None:
    assert drawn([0.0, 0.3, 0.7, 1.0], 4) == ["   *", "  * ", " *  ", "*   "]


def test_steep_pieces_have_no_holes_and_gaps_stay_gaps() -> None:
    assert drawn([0.1, 0.9, math.nan, 0.9], 4) == [" * *", " *  ", " *  ", "*   "]


def test_eight_dots_a_cell() -> None:
    assert drawn([0.0, 0.3, 0.6, 0.9], 1, ascii_only=False) == ["⡠⠊"]
    assert drawn([0.5, 0.5], 1, ascii_only=False) in (["⠤"], ["⠒"])


def test_what_lies_beyond_is_cut_off() -> None:
    assert drawn([-9.0, -9.0, 9.0], 2) == ["  *", "  *"]


@given(
    arrays(np.float64, 12, elements=st.floats(0, 1)),
    st.integers(1, 6),
    st.sampled_from([ASCII_GLYPHS, UNICODE_GLYPHS]),
)
def test_every_column_has_a_sign_and_no_row_is_skipped(
    heights: np.ndarray, height: int, glyphs: object
) -> None:
    assert glyphs in (ASCII_GLYPHS, UNICODE_GLYPHS)
    signs = ASCII_GLYPHS if glyphs is ASCII_GLYPHS else UNICODE_GLYPHS
    found = curves.line_cells(heights, height, signs)
    columns = {x for x, _ in found}
    assert columns == set(range(12 if signs.ascii_only else 6))
    assert all(0 <= y < height for _, y in found)
    for x in columns:
        rows = sorted(y for column, y in found if column == x)
        if signs.ascii_only:
            assert rows == list(range(rows[0], rows[-1] + 1))


def test_a_band_fills_what_lies_between_and_is_never_empty() -> None:
    lines = blank_lines(3, 4)
    low, high = np.array([0.25, 0.5, math.nan]), np.array([0.75, 0.5, 1.0])
    curves.shade(lines, low, high, "band", ASCII_GLYPHS)
    text = ["".join(sign for sign, _ in line) for line in lines]
    assert [line[0] for line in text] == [" ", ":", ":", " "]
    assert [line[1] for line in text].count(":") == 1
    assert [line[2] for line in text].count(":") == 0


def test_a_spot_beyond_the_plot_stands_at_its_edge() -> None:
    lines = blank_lines(3, 2)
    curves.spot(lines, 7.0, -3.0, "@", "mark")
    assert lines[1][2] == ("@", "mark")
