from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import ComposeResult

from engine.dataset.text_search import Query
from engine.sample import Message, Role, Side
from tests.tui.screen import screen_lines, screen_text, style_of
from tests.tui.table.table_app import ThemedApp
from tests.tui.terminal.test_display import ANY_TEXT, HOSTILE
from tui.sample.detail import SampleDetail
from tui.sample.detail_content import DetailContent, head_text, make_body
from tui.sample.document import json_lines, said_lines, text_lines, turn_lines, wrap
from tui.sample.wrapping import Flow
from tui.terminal.display import ASCII_GLYPHS, UNICODE_GLYPHS, Glyphs, RowState


class DetailApp(ThemedApp):
    """The pane alone."""

    def __init__(self, glyphs: Glyphs = UNICODE_GLYPHS) -> None:
        super().__init__()
        self.detail = SampleDetail(glyphs=glyphs)

    def compose(self) -> ComposeResult:
        yield self.detail


def content(response: str, prompt: str = "Say it.") -> DetailContent:
    turns = (Message(Role.USER, prompt), Message(Role.ASSISTANT, response))
    return DetailContent(7, RowState.KEPT, turns, score=1.25, scorer="heuristic", tokens=1234)


@given(ANY_TEXT, st.integers(2, 60))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    lines = text_lines(text)
    pieces = wrap(lines, width)
    for piece in pieces:
        shown = " " * piece.indent + lines[piece.line].text[piece.start : piece.end]
        assert not HOSTILE.search(shown)
        assert cell_len(shown) <= width
    for index, line in enumerate(lines):
        own = [piece for piece in pieces if piece.line == index]
        shown = "".join(line.text[piece.start : piece.end] for piece in own)
        assert shown.replace(" ", "") == line.text.replace(" ", "")


@given(ANY_TEXT, st.integers(2, 60))
def test_every_drawn_line_fills_the_width(text: str, width: int) -> None:
    flow = Flow(text_lines("```python\n" + text + "\n```\n" + text), width)
    for y in range(len(flow) + 1):
        runs = flow.runs(y, Query("a"), UNICODE_GLYPHS)
        assert sum(cell_len(run) for run, _ in runs) == width


async def test_the_pane_as_a_person_sees_it() -> None:
    app = DetailApp()
    text = "# Steps\n1. First do **this**, which takes a while to say.\n\n```python\nx = 1\n```"
    async with app.run_test(size=(50, 16)) as pilot:
        shown = replace(content(text), reason="score >= 1 keeps", problem="empty input", note="odd")
        app.detail.show(shown)
        await pilot.pause()
        assert screen_lines(app) == [
            " row 7 + kept by rule · score 1.250 · 1,234 toke…",
            " score >= 1 keeps",
            " ! empty input",
            " * odd",
            "",
            " » user ────────────────────────────────────────",
            " Say it.",
            "",
            " ● assistant ───────────────────────────────────",
            " # Steps",
            " 1. First do **this**, which takes a while to",
            "    say.",
            "",
            " ```python",
            " x = 1",
            " ```                                             ▇",
        ]


async def test_code_and_markdown_are_told_apart() -> None:
    app = DetailApp()
    code = "```python\ndef name(): return 'text' # why\n```"
    text = "plain **strong** `inline`\n## Heading\n> quoted\n" + code
    async with app.run_test(size=(80, 20)) as pilot:
        app.detail.show(content(text))
        await pilot.pause()
        parts = [
            "plain",
            "**strong**",
            "`inline`",
            "## Heading",
            "> quoted",
            "def",
            "'text'",
            "# why",
        ]
        styles = [style_of(app, part) for part in parts]
        assert len(set(map(str, styles))) == len(styles)
        assert style_of(app, "**strong**").bold


async def test_hostile_text_and_markup_show_as_text() -> None:
    app = DetailApp()
    hostile = "[INST] \x1b[31mred\x1b]52;c;aGk=\x07 [/INST] [/x] [@click=app.quit]quit[/] \u202eabc"
    async with app.run_test(size=(100, 24)) as pilot:
        app.detail.show(
            replace(content(hostile, hostile), problem=hostile, reason=hostile, note=hostile,
                    scorer=hostile, why=(hostile,), tools=hostile, other=hostile)
        )  # fmt: skip
        await pilot.pause()
        assert (
            "[INST] \ufffd[31mred\ufffd]52;c;aGk=\ufffd [/INST] [/x] [@click=app.quit]quit[/]"
            in (screen_text(app))
        )
        assert not HOSTILE.search(screen_text(app).replace("\n", ""))
        await pilot.click(app.detail, offset=(60, 3))
        assert app.is_running


async def test_columns_of_an_unknown_family_are_shown_by_name() -> None:
    columns = (("task\x1b[31m", "a/1"), ("code", "def f():\n    pass"), ("turns", '[{"x": 1}]'))
    app = DetailApp()
    async with app.run_test(size=(60, 40)) as pilot:
        app.detail.show(DetailContent(1, RowState.PENDING, (), columns=columns))
        await pilot.pause()
        lines = [line.strip() for line in screen_lines(app)]
        titles = [line.split()[1] for line in lines if line.endswith("───")]
        assert titles == ["task\ufffd[31m", "code", "turns"]
        assert "def f():" in lines
        assert '"x": 1' in lines


async def test_tool_calls_and_tools_are_indented_json() -> None:
    call = json.dumps({"name": "weather", "arguments": {"city": "Zürich"}})
    turns = (
        Message(Role.USER, "Weather?"),
        Message(Role.ASSISTANT, "", (call,)),
        Message(Role.TOOL, "18 degrees"),
        Message(Role.ASSISTANT, "It is 18 degrees."),
    )
    app = DetailApp()
    async with app.run_test(size=(60, 40)) as pilot:
        app.detail.show(DetailContent(1, RowState.PENDING, turns, tools='[{"name": "weather"}]'))
        await pilot.pause()
        lines = [line.strip() for line in screen_lines(app)]
        assert '"city": "Zürich"' in lines
        assert "tool call" in lines
        titles = [line.split()[1] for line in lines if line.endswith("───")]
        assert titles == ["user", "assistant", "tool", "assistant", "tools"]


def test_json_that_cannot_be_parsed_stays_as_it_is() -> None:
    assert [line.text for line in json_lines('{"a": ')] == ['{"a": ']
    assert json_lines("[" * 20_000)[0].text.startswith("[[[")
    assert [line.text for line in turn_lines(Message(Role.TOOL, ""))] == [""]


def pair(side: Side = Side.CHOSEN) -> DetailContent:
    mine, other = ("better", "worse") if side is Side.CHOSEN else ("worse", "better")
    base = replace(content(mine), other=other, side=side)
    scores = (2.0, 1.5) if side is Side.CHOSEN else (1.5, 2.0)
    return replace(base, score=scores[0], other_score=scores[1])


@pytest.mark.parametrize("side", [Side.CHOSEN, Side.REJECTED])
async def test_a_pair_stands_side_by_side_where_it_is_wide(side: Side) -> None:
    app = DetailApp()
    async with app.run_test(size=(130, 12)) as pilot:
        app.detail.show(pair(side))
        await pilot.pause()
        assert re.search(r"● chosen 2\.000 ─+ │ ◆ rejected 1\.500 ─+", screen_text(app))
        assert re.search(r"better +│ worse", screen_text(app))
        assert "margin +0.500" in screen_lines(app)[0]
        await pilot.resize_terminal(80, 16)
        await pilot.pause()
        text = screen_text(app)
        assert text.index("chosen") < text.index("better") < text.index("◆ rejected 1.500")
        assert text.index("◆ rejected 1.500") < text.index("worse")
        assert "│" not in text


async def test_scrolling_has_ends_and_a_pinned_line() -> None:
    app = DetailApp()
    async with app.run_test(size=(40, 11)) as pilot:
        app.detail.show(content("\n".join(f"line {i}" for i in range(100))))
        await pilot.pause()
        app.detail.go_last()
        await pilot.pause()
        assert screen_lines(app)[0].startswith(" row 7")
        assert "line 99" in screen_text(app)
        app.detail.half_page(-1)
        app.detail.move(1)
        await pilot.pause()
        assert "line 99" not in screen_text(app)
        app.detail.go_first()
        await pilot.pause()
        assert "user" in screen_lines(app)[1]


async def test_the_same_row_keeps_its_place_another_starts_at_the_top() -> None:
    app = DetailApp()
    async with app.run_test(size=(60, 11)) as pilot:
        long = content("\n".join(f"line {i}" for i in range(100)))
        app.detail.show(long)
        await pilot.pause()
        app.detail.half_page(1)
        await pilot.pause()
        app.detail.show(replace(long, state=RowState.ACCEPTED, score=9.0))
        await pilot.pause()
        assert app.detail.scroll_offset.y == 5
        assert "✓ accepted by hand · score 9.000" in screen_lines(app)[0]
        app.detail.show(replace(long, row=8))
        await pilot.pause()
        assert app.detail.scroll_offset.y == 0


async def test_a_long_sample_is_loaded_in_parts() -> None:
    app = DetailApp()
    async with app.run_test(size=(80, 11)) as pilot:
        app.detail.show(content("word " * 100_000))
        await pilot.pause()
        app.detail.go_last()
        await pilot.pause()
        assert "… 300,007 more characters, scroll on to load them" in screen_text(app)
        for left_out in (100_007, 0):
            app.detail.half_page(1)
            await pilot.pause()
            assert app.detail.left_out == left_out
            app.detail.go_last()
            await pilot.pause()
        assert "more characters" not in screen_text(app)
        assert not app.detail.load_more()


async def test_search_is_marked_and_brought_into_view() -> None:
    app = DetailApp()
    async with app.run_test(size=(60, 11)) as pilot:
        app.detail.show(content("\n".join(f"line {i}" for i in range(100)) + " needle"))
        await pilot.pause()
        assert not app.detail.scroll_to_match()
        app.detail.set_search(Query("needle"))
        assert app.detail.scroll_to_match()
        await pilot.pause()
        assert style_of(app, "needle").bgcolor != style_of(app, "line 98").bgcolor


async def test_nothing_to_show() -> None:
    app = DetailApp(ASCII_GLYPHS)
    async with app.run_test(size=(40, 6)) as pilot:
        await pilot.pause()
        assert "no sample" in screen_text(app)
        app.detail.show(DetailContent(3, RowState.BROKEN, (), problem="line 3: not JSON"))
        await pilot.pause()
        assert "row 3 # could not be read" in screen_lines(app)[0]
        assert "! line 3: not JSON" in screen_text(app)
        app.detail.show(None)
        await pilot.pause()
        assert "no sample" in screen_text(app)


def test_a_fence_that_is_never_closed_is_still_code() -> None:
    lines = text_lines("before\n```json\n{}\n")
    assert [line.style for line in lines] == ["text", "muted", "code", "code"]


def test_a_fence_inside_a_longer_fence_does_not_end_it() -> None:
    lines = text_lines("````\n```\ncode\n````\nafter")
    assert [line.style for line in lines] == ["muted", "code", "code", "muted", "text"]


def test_the_head_says_state_in_words() -> None:
    shown = head_text(content("x"), ASCII_GLYPHS)
    assert shown == "row 7 + kept by rule | score 1.250 | 1,234 tokens | heuristic"


def drawn(shown: DetailContent, width: int = 76) -> list[tuple[str, set[str]]]:
    """The lines of a sample, each with the styles of what is written in it."""
    body = make_body(shown, 100_000, width, UNICODE_GLYPHS)
    lines = [flow.runs(y, None, UNICODE_GLYPHS) for flow in body.flows for y in range(len(flow))]
    return [
        (
            "".join(text for text, _ in line).rstrip(),
            {style for text, style in line if text.strip()},
        )
        for line in lines
    ]


def test_reasoning_calls_images_and_what_is_not_understood_are_told_apart() -> None:
    answer = Message(
        Role.ASSISTANT,
        "Done.",
        ('{"name": "f"}',),
        "A *thought*\nof two lines",
        raw=('mood: {"calm": true}',),
    )
    asked = Message(Role.USER, "[image a.png]\nLook.", media=("image a.png",))
    lines = drawn(DetailContent(0, RowState.KEPT, (asked, answer), tools='[{"name": "f"}]'))
    texts = [text for text, _ in lines]
    styles = dict(lines)
    assert texts.index("reasoning") < texts.index("A *thought*") < texts.index("Done.")
    assert styles["A *thought*"] == styles["of two lines"] == {"muted"}
    assert styles["Done."] == {"text"}
    assert texts.index("Done.") < texts.index("tool call")
    assert "[image a.png]" in texts
    assert "not understood: mood" in texts
    assert any("calm" in text for text in texts)
    assert any("tools" in text for text in texts)


@pytest.mark.parametrize("closed", [True, False])
def test_tags_in_the_text_are_told_apart_and_nothing_is_taken_away(closed: bool) -> None:
    end = "</think>" if closed else ""
    said = f"Before\n<think>\nhm *x*\n{end}"
    said += "\nAfter <b>\n<tool_call>{}</tool_call>" if closed else ""
    lines = drawn(content(said))
    styles = dict(lines)
    assert styles["hm *x*"] == {"muted"}
    assert styles["Before"] == {"text"}
    texts = [text for text, _ in lines]
    assert texts[texts.index("Before") :][:4] == ["Before", "<think>", "hm *x*", end]
    if closed:
        assert texts[-6:][:5] == ["</think>", "After <b>", "<tool_call>", "{}", "</tool_call>"]


@given(ANY_TEXT, ANY_TEXT)
def test_no_word_of_a_tagged_text_is_lost(before: str, inside: str) -> None:
    tagged = f"{before}<think>{inside}</think>{before}"
    shown = "".join(line.text for line in said_lines(tagged))
    plain = "".join(line.text for line in text_lines(tagged))
    assert "".join(shown.split()) == "".join(plain.split())


def test_candidates_are_listed_each_under_its_number() -> None:
    turns = (Message(Role.USER, "q"), Message(Role.ASSISTANT, "one"))
    shown = DetailContent(
        0,
        RowState.KEPT,
        turns,
        candidates=("one", "two"),
        candidate_details=("score 1\x1b[31m", ""),
    )
    texts = [text for text, _ in drawn(shown)]
    titles = [text for text in texts if "of 2 candidates" in text]
    assert "1 of 2 candidates, score 1" in titles[0]
    assert "\x1b" not in titles[0]
    assert texts.index(titles[0]) < texts.index("one") < texts.index(titles[1])
    assert texts.index(titles[1]) < texts.index("two")
