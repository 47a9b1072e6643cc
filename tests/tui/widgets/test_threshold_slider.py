from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import ComposeResult
from textual.geometry import Size

from engine.review.histogram import Histogram
from engine.review.threshold import Direction, Threshold
from tests.tui.screen import screen_lines, screen_text
from tests.tui.table.table_app import ThemedApp
from tui.terminal.display import ASCII_GLYPHS, UNICODE_GLYPHS, Glyphs
from tui.widgets.threshold_slider import ThresholdSlider


class SliderApp(ThemedApp):
    """A slider of six lines, 40 cells wide."""

    CSS = "ThresholdSlider { height: 6; width: 40; }"

    def __init__(self, glyphs: Glyphs = UNICODE_GLYPHS) -> None:
        super().__init__()
        self.slider = ThresholdSlider(glyphs=glyphs)
        self.moved: list[tuple[float, bool]] = []

    def compose(self) -> ComposeResult:
        yield self.slider

    def on_threshold_slider_moved(self, event: ThresholdSlider.Moved) -> None:
        self.moved.append((event.value, event.released))


def hill(bins: int, cut: int) -> Histogram:
    """A triangle over [-2, 2], dropped below bin `cut`."""
    counts = np.minimum(np.arange(bins) + 1, np.arange(bins)[::-1] + 1).astype(np.int64)
    kept = np.where(np.arange(bins) >= cut, counts, 0)
    return Histogram(np.linspace(-2, 2, bins + 1), kept, counts - kept)


async def test_the_slider_as_a_person_sees_it() -> None:
    app = SliderApp(ASCII_GLYPHS)
    async with app.run_test(size=(40, 6)) as pilot:
        app.slider.show(hill(40, 25), Threshold(0.5, guess=True))
        await pilot.pause()
        assert screen_lines(app) == [
            "             ....::::::.....",
            "      ...::::::::::::::::#####ooo..",
            " ..::::::::::::::::::::::###########oo.",
            ":::::::::::::::::::::::::###############",
            "-------------------------^==============",
            "-2             >= 0.5 keeps > (guess)  2",
        ]


async def test_without_scores_it_says_so() -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        assert "no scores yet" in screen_text(app)
        assert app.slider.axis is None
        zeros = np.zeros(4, np.int64)
        app.slider.show(Histogram(np.linspace(0, 1, 5), zeros, zeros), None)
        await pilot.pause()
        assert "no scores yet" in screen_text(app)
        await pilot.click(app.slider, offset=(3, 3))
        assert app.moved == []


async def test_kept_and_dropped_differ_without_colour_and_follow_the_direction() -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.slider.show(hill(40, 20), Threshold(0.0))
        await pilot.pause()
        bottom, axis, label = screen_lines(app)[3:6]
        assert set(bottom[5:20]) <= set("│╷.")
        assert set(bottom[21:35]) <= set("▁▂▃▄▅▆▇█")
        assert axis.index("▲") == 20
        assert axis[0] == "╌"
        assert axis[39] == "━"
        assert "≥ 0 keeps ►" in label
        app.slider.show(hill(40, 20), Threshold(0.0, Direction.AT_MOST))
        await pilot.pause()
        axis, label = screen_lines(app)[4:6]
        assert axis[0] == "━"
        assert axis[39] == "╌"
        assert "◄ keeps ≤ 0" in label


async def test_every_bin_that_is_not_empty_shows() -> None:
    counts = np.zeros(40, np.int64)
    counts[[0, 7, 39]] = 1
    counts[20] = 1_000_000
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.slider.show(Histogram(np.linspace(0, 1, 41), counts, counts * 0), None)
        await pilot.pause()
        bottom = screen_lines(app)[3].ljust(40)
        assert [index for index, sign in enumerate(bottom) if sign != " "] == [0, 7, 20, 39]


async def test_a_threshold_beyond_the_axis_points_outwards() -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.slider.show(hill(40, 0), Threshold(-9.0))
        await pilot.pause()
        assert screen_lines(app)[4][0] == "◄"
        app.slider.show(hill(40, 0), Threshold(9.0))
        await pilot.pause()
        assert screen_lines(app)[4][39] == "►"


async def test_the_mouse_moves_it() -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.slider.show(hill(40, 0), Threshold(0.0))
        await pilot.pause()
        await pilot.mouse_down(app.slider, offset=(30, 1))
        await pilot.hover(app.slider, offset=(10, 1))
        await pilot.mouse_up(app.slider, offset=(10, 1))
        await pilot.pause()
        assert app.moved[0] == (1.0, False)
        assert app.moved[-1] == (-1.0, True)
        count = len(app.moved)
        await pilot.hover(app.slider, offset=(20, 1))
        assert len(app.moved) == count


@pytest.mark.parametrize("bins", [1, 13, 40, 200])
async def test_any_number_of_bins_is_drawn_over_the_whole_width(bins: int) -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.slider.show(hill(bins, 0), Threshold(0.0))
        await pilot.pause()
        bottom = screen_lines(app)[3]
        assert len(bottom) == 40
        assert " " not in bottom
        assert abs(app.slider.column_of(0.0) - 20) <= 20 // bins + 1


@pytest.mark.parametrize("height", range(1, 10))
async def test_any_height_works(height: int) -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 12)) as pilot:
        app.slider.styles.min_height = 1
        app.slider.styles.height = height
        app.slider.show(hill(40, 20), Threshold(0.0))
        await pilot.pause()
        assert any(sign in "█▇" for sign in screen_text(app))


async def test_nothing_is_repainted_where_nothing_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.slider.show(hill(40, 20), Threshold(0.0))
        await pilot.pause()
        regions: list[object] = []
        monkeypatch.setattr(app.slider, "refresh", lambda *region, **_: regions.extend(region))
        app.slider.show(hill(40, 20), Threshold(0.0))
        assert regions == []
        app.slider.show(hill(40, 20), Threshold(0.1))
        assert {region.height for region in regions} == {1}  # type: ignore[attr-defined]
        assert len(regions) == 2


async def test_steps_are_round_parts_of_the_axis() -> None:
    app = SliderApp()
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        assert app.slider.fine_step() == pytest.approx(0.01)
        app.slider.show(hill(40, 20), None)
        assert app.slider.fine_step() == pytest.approx(0.02)
        assert app.slider.coarse_step() == pytest.approx(0.2)


@given(
    low=st.floats(-1e3, 1e3),
    span=st.floats(1e-3, 1e4),
    bins=st.integers(1, 200),
    column=st.integers(0, 39),
    at_most=st.booleans(),
)
def test_a_value_lies_within_a_tenth_of_a_bin_of_its_edge(
    low: float, span: float, bins: int, column: int, at_most: bool
) -> None:
    class Sized(ThresholdSlider):
        @property
        def size(self) -> Size:
            return Size(40, 6)

    slider = Sized()
    slider._histogram = Histogram(
        np.linspace(low, low + span, bins + 1), np.ones(bins, np.int64), np.ones(bins, np.int64)
    )
    slider._threshold = Threshold(0.0, Direction.AT_MOST if at_most else Direction.AT_LEAST)
    value = slider.value_at(column)
    assert value is not None
    edges = slider._histogram.edges
    assert np.abs(edges - value).min() <= (edges[1] - edges[0]) / 9.9
    if bins <= 40:
        assert slider.column_of(value) * bins // 40 == column * bins // 40
