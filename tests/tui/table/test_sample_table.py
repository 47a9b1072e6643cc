from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset.text_search import Query
from engine.session.table_columns import COLUMNS, Room
from tests.tui.screen import screen_lines, screen_text, style_of
from tests.tui.table.table_app import FakeRows, TableApp
from tui.table.sample_table import SampleTable
from tui.table.table_layout import bar, plan_layout
from tui.terminal.display import ASCII_GLYPHS, UNICODE_GLYPHS, RowState

REPOSITORY = Path(__file__).resolve().parents[3]


@given(st.integers(20, 300), st.integers(0, 10_000_000), st.sampled_from([1, 2]))
def test_columns_fill_the_width_without_overlap(width: int, rows: int, sides: int) -> None:
    spans = plan_layout(list(COLUMNS.values()), Room(width, rows, sides)).spans
    for span, following in pairwise(spans):
        assert span.start + span.cells + span.gap == following.start
    if width >= 60:
        assert spans[-1].start + spans[-1].cells <= width


def test_a_bar_shows_its_share_of_the_range() -> None:
    assert bar(3.0, (-3.0, 3.0), 4, UNICODE_GLYPHS) == "━━━━"
    assert bar(0.0, (-3.0, 3.0), 4, UNICODE_GLYPHS) == "━━  "
    assert bar(-99.0, (-3.0, 3.0), 4, UNICODE_GLYPHS) == "╸   "
    assert bar(None, (-3.0, 3.0), 4, UNICODE_GLYPHS) == "    "
    assert bar(1.0, None, 4, UNICODE_GLYPHS) == "    "
    assert bar(1.0, (1.0, 1.0), 2, ASCII_GLYPHS) == "=="


async def test_the_table_as_a_person_sees_it() -> None:
    source = FakeRows(100)
    source.states = {
        0: RowState.ACCEPTED,
        1: RowState.REJECTED,
        2: RowState.FAILED,
        3: RowState.BROKEN,
    }
    source.scores[[2, 3, 4]] = np.nan
    app = TableApp(source)
    async with app.run_test(size=(80, 9)) as pilot:
        app.table.set_sort("score", descending=True)
        await pilot.pause()
        assert screen_lines(app) == [
            " row     score▼       prompt              response                   tokens",
            "▌  0 ✓    0.000 ━━    prompt 0 Describe…  Describe the structure o…       0",
            "   1 ✗    2.524 ━━━╸  prompt 1 the stru…  the structure of an atom…       1",
            "   2 !   failed       prompt 2 structur…  structure of an atom and…       2",
            "   3 ∅   broken       prompt 3 of an at…  of an atom and how it wa…       3",
            "   4 ?                prompt 4 an atom…   an atom and how it was f…       4",
            "   5 -   -2.877 ╸     prompt 5 atom and…  atom and how it was foun…       5",
            "   6 -   -0.838 ━╸    prompt 6 and how…   and how it was found Des…       6",
            "   7 +    1.971 ━━━╸  prompt 7 how it w…  how it was found Describ…       7",
        ]


async def test_a_preference_table_has_both_scores_and_the_margin() -> None:
    app = TableApp(FakeRows(3, has_sides=True))
    async with app.run_test(size=(160, 6)) as pilot:
        await pilot.pause()
        lines = screen_lines(app)
        assert lines[0].split()[:8] == [
            *("row", "chosen", "reject", "margin"),
            *("prompt", "chosen", "rejected", "tokens"),
        ]
        assert lines[2].split()[:5] == ["1", "+", "2.524", "2.024", "0.500"]


async def test_ascii_signs_only_where_asked() -> None:
    app = TableApp(FakeRows(100), glyphs=ASCII_GLYPHS)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        assert all(line[:79].isascii() for line in screen_lines(app))


async def test_hostile_text_shows_as_text() -> None:
    source = FakeRows(10)
    source.own_texts[0] = ("[INST] \x1b[31mx\x9b [/INST]", "[/x][@click=app.quit]q[/]\u202e")
    app = TableApp(source)
    async with app.run_test(size=(120, 10)) as pilot:
        await pilot.pause()
        line = screen_lines(app)[1]
        assert "[INST] \ufffd[31mx\ufffd [/INST]" in line
        assert "[/x][@click=app.quit]q[/]\ufffd" in line
        await pilot.click(app.table, offset=(80, 1))
        assert app.is_running


async def test_wide_characters_keep_the_columns() -> None:
    source = FakeRows(3)
    source.own_texts[1] = ("日本語" * 50, "👩\u200d👩\u200d👧" * 50)
    app = TableApp(source)
    async with app.run_test(size=(100, 5)) as pilot:
        await pilot.pause()
        widths = {strip.cell_length for strip in app.screen._compositor.render_strips()}
        assert widths == {100}


async def test_a_million_rows_ask_only_for_what_is_visible() -> None:
    source = FakeRows(1_000_000)
    app = TableApp(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert len(set(source.asked)) <= 40
        app.table.go_last()
        await pilot.pause()
        assert app.table.cursor_row == 999_999
        assert "999999" in screen_lines(app)[-1]
        app.table.go_first()
        await pilot.pause()
        assert len(set(source.asked)) <= 80


async def test_motions() -> None:
    app = TableApp(FakeRows(100))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        table = app.table
        assert table.page_lines == 20
        table.move(-1)
        assert table.cursor_row == 0
        table.half_page(1)
        await pilot.pause()
        assert (table.cursor_row, table.visible_rows()[0]) == (10, 10)
        table.half_page(1)
        await pilot.pause()
        assert (table.cursor_row, table.visible_rows()[0]) == (20, 20)
        table.half_page(-1)
        table.half_page(-1)
        await pilot.pause()
        assert (table.cursor_row, table.visible_rows()[0]) == (0, 0)
        table.move(1000)
        assert table.cursor_row == 99
        assert table.go_to_row(50)
        assert not table.go_to_row(1000)
        assert table.cursor_row == 50


async def test_leaving_the_screen_scrolls_by_half_a_page() -> None:
    app = TableApp(FakeRows(100))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        for _ in range(19):
            app.table.move(1)
        await pilot.pause()
        assert app.table.visible_rows()[0] == 0
        app.table.move(1)
        await pilot.pause()
        assert app.table.visible_rows()[0] == 10
        assert app.table.cursor_row == 20


async def test_messages_tell_of_cursor_and_view() -> None:
    app = TableApp(FakeRows(100))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        app.heard.clear()
        app.table.move(1)
        await pilot.pause()
        assert [type(event) for event in app.heard] == [SampleTable.CursorMoved]
        assert app.table.cursor_row == 1
        app.heard.clear()
        app.table.half_page(1)
        await pilot.pause()
        kinds = {type(event) for event in app.heard}
        assert kinds == {SampleTable.CursorMoved, SampleTable.ViewChanged}


async def test_mouse_selects_activates_and_sorts() -> None:
    app = TableApp(FakeRows(100))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        app.heard.clear()
        await pilot.click(app.table, offset=(30, 5))
        assert app.table.cursor_row == 4
        await pilot.click(app.table, offset=(30, 5), times=2)
        assert [type(e) for e in app.heard].count(SampleTable.RowActivated) == 1
        assert app.table.cursor_row == 4
        await pilot.click(app.table, offset=(13, 0))
        columns = [e.column for e in app.heard if isinstance(e, SampleTable.HeaderClicked)]
        assert columns == ["score"]


async def test_a_new_order_keeps_the_cursor_on_its_sample_and_line() -> None:
    app = TableApp(FakeRows(1000))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        app.table.go_to_row(500)
        await pilot.pause()
        line = app.table.visible_rows().tolist().index(500)
        app.table.set_order(np.arange(999, -1, -1))
        await pilot.pause()
        assert app.table.cursor_row == 500
        assert app.table.visible_rows().tolist().index(500) == line


@pytest.mark.parametrize(
    ("order", "expected"),
    [([0, 10, 20], 10), ([7, 3, 0], 7), ([2, 1], 2), ([5, 4], 5), ([], None)],
)
async def test_a_filtered_out_cursor_goes_to_what_followed_it(
    order: list[int], expected: int | None
) -> None:
    app = TableApp(FakeRows(30))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        app.table.go_to_row(5)
        app.table.set_order(np.array(order, np.int64))
        await pilot.pause()
        assert app.table.cursor_row == expected
        if not order:
            assert "no rows" in screen_text(app)


async def test_a_shrinking_view_stays_on_screen() -> None:
    app = TableApp(FakeRows(10_000))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        app.table.go_last()
        await pilot.pause()
        app.table.set_order(np.arange(3))
        await pilot.pause()
        assert app.table.visible_rows().tolist() == [0, 1, 2]
        app.table.set_order(np.arange(10_000))
        await pilot.pause()
        assert len(app.table.visible_rows()) == 20


async def test_a_range_is_marked_and_told() -> None:
    app = TableApp(FakeRows(100))
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        app.table.go_to_row(5)
        assert app.table.selected_rows().tolist() == []
        app.table.start_selection()
        app.table.move(-2)
        await pilot.pause()
        assert app.table.selected_rows().tolist() == [3, 4, 5]
        gutter = [line[:1] for line in screen_lines(app)]
        assert gutter[3:8] == [" ", "▌", "│", "│", " "]
        app.table.move(4)
        await pilot.pause()
        assert app.table.selected_rows().tolist() == [5, 6, 7]
        app.table.clear_selection()
        await pilot.pause()
        assert app.table.selected_rows().tolist() == []
        assert "│" not in screen_text(app)


async def test_streaming_scores_repaint_only_changed_visible_lines() -> None:
    source = FakeRows(1000)
    source.scores[:] = np.nan
    app = TableApp(source)
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        assert app.table.refresh_changed() == 0
        source.scores[[3, 4, 900]] = 1.25
        assert app.table.refresh_changed() == 2
        await pilot.pause()
        assert "1.250" in screen_lines(app)[4]
        assert app.table.refresh_changed() == 0


async def test_a_verdict_shows_after_refresh_rows() -> None:
    source = FakeRows(100)
    app = TableApp(source)
    async with app.run_test(size=(80, 21)) as pilot:
        await pilot.pause()
        source.states[2] = RowState.ACCEPTED
        app.table.refresh_rows([2, 99])
        await pilot.pause()
        assert "2 ✓" in screen_lines(app)[3]


async def test_search_marks_matches_and_brings_far_ones_into_the_cell() -> None:
    source = FakeRows(10)
    source.own_texts[1] = ("x" * 500 + " needle in hay", "nothing")
    app = TableApp(source)
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        app.table.set_search(Query("needle"))
        await pilot.pause()
        assert "…xxx needle in hay" in screen_lines(app)[2]
        assert style_of(app, "needle").bgcolor != style_of(app, "nothing").bgcolor
        app.table.set_search(None)
        await pilot.pause()
        assert "needle" not in screen_text(app)


async def test_the_cursor_is_seen_with_and_without_focus_and_in_every_theme() -> None:
    app = TableApp(FakeRows(10))
    async with app.run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        focused = style_of(app, "prompt 0")
        app.set_focus(None)
        await pilot.pause()
        assert style_of(app, "prompt 0") != focused
        for theme in [name for name in app.available_themes if name.startswith("tamis-")]:
            app.theme = theme
            await pilot.pause()
            assert style_of(app, "prompt 0") != style_of(app, "prompt 1"), theme


async def test_a_tiny_screen_does_not_break_it() -> None:
    app = TableApp(FakeRows(10))
    async with app.run_test(size=(12, 3)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert app.table.page_lines == 9


def _read(descriptor: int, *, quiet_s: float = 0.4, limit_s: float = 20.0) -> bytes:
    """What comes until nothing has come for a while."""
    heard = b""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if select.select([descriptor], [], [], quiet_s)[0]:
            heard += os.read(descriptor, 65536)
        elif heard:
            break
    return heard


def test_a_cursor_move_is_at_most_500_bytes_through_a_pty() -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    environ = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "LINES", "NO_COLOR"}}
    environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "TEXTUAL_ANIMATIONS": "none"}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.tui.table.table_app", "1000000"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=REPOSITORY,
        env=environ,
        start_new_session=True,
    )
    try:
        started = _read(ours)
        while b"prompt 38" not in started:
            more = _read(ours)
            assert more, started[-2000:]
            started += more
        sizes = []
        for _ in range(8):
            os.write(ours, b"j")
            sizes.append(len(_read(ours)))
        assert 100 < max(sizes) <= 500, sizes
    finally:
        child.kill()
        child.wait()
        os.close(theirs)
        os.close(ours)
