"""A row's other columns as lines: folded, on one line, safe."""

from __future__ import annotations

from tui.sample.beside import beside_line, beside_lines
from tui.terminal.display import ASCII_GLYPHS, UNICODE_GLYPHS, cells

COLUMNS = [("source", "self-instruct"), ("empty", ""), ("none", "null"), ("long", "word " * 200)]


def test_long_values_are_folded_and_say_how_much_is_hidden() -> None:
    lines = [line.text for line in beside_lines(COLUMNS, 60, UNICODE_GLYPHS, whole=False)]
    assert lines[1] == "source  self-instruct"
    assert lines[-1].endswith(" more characters")
    assert len(lines) == 6
    assert all(cells(line) <= 60 for line in lines)
    shown = len(lines[-2]) - 8 + len(lines[-1].partition(" …")[0]) - 8
    hidden = int(lines[-1].partition("… ")[2].split()[0])
    assert abs(shown + hidden - 1000) <= 1


def test_wide_characters_and_markup_keep_the_width() -> None:
    hostile = [("名前" * 20, "漢字" * 500), ("a\x1b[31m", "[b]x[/b]\n\x07" * 99)]
    for glyphs in (UNICODE_GLYPHS, ASCII_GLYPHS):
        for width in (24, 40, 79):
            lines = beside_lines(hostile, width, glyphs, whole=False)
            assert all(cells(line.text) <= width for line in lines)
            assert not any("\x1b" in line.text or "\x07" in line.text for line in lines)
            runs = beside_line(hostile, width, '"', glyphs)
            assert sum(cells(text) for text, _ in runs) == width
            assert runs[-1][0].endswith('" more')


def test_whole_values_keep_their_lines_and_are_cut_far_down() -> None:
    columns = [
        ("code", "a = 1\nb = 2"),
        ("json", '{"a": [' + "1, " * 50 + "1]}"),
        ("x", "y" * 30_000),
    ]
    lines = [line.text for line in beside_lines(columns, 40, UNICODE_GLYPHS, whole=True)]
    assert lines[1:4] == ["code", "a = 1", "b = 2"]
    assert '  "a": [' in lines
    assert lines[-1] == "… 10,000 more characters"
    assert beside_lines([], 40, UNICODE_GLYPHS, whole=True) == []


def test_one_line_leaves_out_what_says_nothing_and_what_has_no_room() -> None:
    text = "".join(part for part, _ in beside_line(COLUMNS, 40, '"', UNICODE_GLYPHS))
    assert text.startswith("source self-instruct · long wor")
    assert text.endswith('…  " more')
    assert "none" not in text
