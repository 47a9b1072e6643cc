from __future__ import annotations

import math
import re
from dataclasses import fields
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.terminal.display import (
    ASCII_GLYPHS,
    REPLACEMENT,
    UNICODE_GLYPHS,
    Glyphs,
    cells,
    count_text,
    cut_index,
    lines_of,
    one_line,
    sanitize,
    score_text,
)

HOSTILE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "Mn"]),
        st.sampled_from("a \n\t\r\x1b\u202e日本👩\u200d👧\ufe0f\u0301\u2028"),
    ),
    max_size=300,
)


@given(ANY_TEXT)
def test_sanitize_leaves_nothing_that_a_terminal_obeys(text: str) -> None:
    assert not HOSTILE.search(sanitize(text))


@given(ANY_TEXT)
def test_sanitize_changes_nothing_else(text: str) -> None:
    assert len(sanitize(text)) == len(text.replace("\r\n", "\n"))
    kept = [(a, b) for a, b in zip(text.replace("\r\n", "\n"), sanitize(text), strict=True)]
    assert all(a == b or (HOSTILE.match(a) and b == REPLACEMENT) for a, b in kept)


@given(ANY_TEXT, st.integers(0, 60), st.booleans())
def test_one_line_is_safe_and_exactly_as_wide_as_asked(text: str, width: int, pad: bool) -> None:
    line = one_line(text, width, pad=pad)
    assert not HOSTILE.search(line)
    assert "\n" not in line
    assert "\t" not in line
    assert cell_len(line) <= width
    if pad:
        assert cell_len(line) == width
    assert cells(line) == cell_len(line)


@given(ANY_TEXT)
def test_lines_have_no_breaks_tabs_or_hostile_characters(text: str) -> None:
    for line in lines_of(text):
        assert not HOSTILE.search(line)
        assert not set(line) & set("\n\t\u2028\u2029\u200d\ufe0f")


@given(ANY_TEXT, st.integers(1, 30))
def test_a_cut_never_exceeds_its_cells(text: str, width: int) -> None:
    line = one_line(text, 100)
    assert cells(line[: cut_index(line, width)]) <= width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b]52;c;aGk=\x07", "\ufffd[31mred\ufffd]52;c;aGk=\ufffd"),
        ("a\u202eb", "a\ufffdb"),
        ("\x9b2J", "\ufffd2J"),
        ("\ud800", "\ufffd"),
        ("a\r\nb\rc", "a\nb\ufffdc"),
        ("tab\tnewline\n", "tab\tnewline\n"),
        ("日本語", "日本語"),
    ],
)
def test_sanitize_examples(text: str, shown: str) -> None:
    assert sanitize(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("hello", 5, "hello"),
        ("hello!", 5, "hell…"),
        ("two words", 5, "two…"),
        ("a\r\n\r\n  b\tc", 10, "a b c"),
        ("日本語", 5, "日本…"),
        ("日本語", 6, "日本語"),
        ("👩\u200d👩\u200d👧", 6, "👩👩👧"),
        ("e\u0301" * 3, 3, "e\u0301" * 3),
        ("anything", 0, ""),
        ("[/x][@click=app.quit]", 30, "[/x][@click=app.quit]"),
    ],
)
def test_one_line_examples(text: str, width: int, shown: str) -> None:
    assert one_line(text, width) == shown


def test_an_ascii_terminal_gets_an_ascii_cut() -> None:
    assert one_line("hello world", 8, ascii_only=True) == "hello w~"


def test_only_what_can_be_seen_is_looked_at() -> None:
    class Watched(str):
        __slots__ = ()
        asked: ClassVar[int] = 0

        def __getitem__(self, key: object) -> str:
            assert isinstance(key, slice)
            piece = super().__getitem__(key)
            Watched.asked += len(piece)
            return piece

    one_line(Watched("word " * 2_000_000), 40)
    assert Watched.asked < 1000


def test_marks_do_not_pile_up_over_other_lines() -> None:
    assert one_line("e" + "\u0301" * 500, 10) == "e" + "\u0301" * 4


def test_hidden_tag_characters_are_shown() -> None:
    assert one_line("ok\U000e0041\U000e0042", 10) == "ok" + REPLACEMENT * 2


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_scores_keep_their_column(score: float) -> None:
    assert len(score_text(score)) == 7


def test_score_and_count_examples() -> None:
    assert score_text(1.5) == "  1.500"
    assert score_text(-123.456) == "-123.46"
    assert score_text(math.nan) == " " * 7
    assert count_text(1234, 6) == "  1234"
    assert count_text(12_345_678, 6) == "12346k"
    assert count_text(12_345_678_901, 6) == "12346M"


@pytest.mark.parametrize("glyphs", [UNICODE_GLYPHS, ASCII_GLYPHS])
def test_every_state_has_its_own_sign_of_one_cell(glyphs: Glyphs) -> None:
    states = glyphs.states
    assert len(set(states.values())) == len(states)
    assert all(cell_len(sign) == 1 for sign in states.values())


def test_ascii_signs_are_ascii() -> None:
    for field in fields(ASCII_GLYPHS):
        value = getattr(ASCII_GLYPHS, field.name)
        signs = value.values() if isinstance(value, dict) else [str(value)]
        assert all(sign.isascii() for sign in signs), field.name
