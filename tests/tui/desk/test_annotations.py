"""Reasons, notes and tags in the running desk."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from engine.preferences.config import Config
from engine.review.decision import Aspect, Verdict
from engine.session import OpenOptions
from tests.tui.desk_app import open_desk, write_rows
from tui.dialogs.dialogs import ChoiceDialog, ConfirmDialog
from tui.widgets.prompt_bar import PromptBar

HOSTILE = "\x1b]52;c;AAAA\x07 \x9b31m \u202e[bold]x[/y] [@click=app.quit]"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


def editor(folder: Path, body: str) -> str:
    """An editor that does what `body`, a shell script, does with the file `$1`."""
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_a_digit_codes_the_last_rejection_and_undo_takes_it_back(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("j", "x")
        assert "1 wrong 2 off-topic 3 refusal" in desk.said()
        assert desk.desk.table.cursor == 2, "x never waits"
        await desk.press("3")
        assert desk.session.review.reason(1) == "refusal"
        assert "row 1: refusal" in desk.said()
        assert "1 ✗3" in desk.screen
        await desk.press("1")
        assert desk.session.review.reason(1) == "wrong"
        await desk.press("k")
        await desk.until(lambda: "rejected by hand: wrong" in desk.screen, "the reason")
        await desk.press("U", "U")
        assert desk.session.review.reason(1) == ""
        assert "undone: reject of row 1 (refusal)" in desk.said()
        assert desk.session.verdicts[1] == Verdict.UNDECIDED
    async with open_desk(rows, options=OpenOptions(reviewer="bob")) as desk:
        await desk.press("R")
        assert "done again: reject of row 1 (refusal)" in desk.said()
        assert desk.session.verdicts[1] == Verdict.REJECT
        assert desk.session.review.reason(1) == "refusal"
        await desk.press("0")
        assert desk.session.review.reason(1) == ""
        assert desk.session.review.events[-1].said.aspect is Aspect.REASON
        assert desk.session.review.events[-1].who == "bob"


async def test_a_digit_without_a_rejection_says_so(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("3")
        assert "row 0 is not rejected: x first, then a digit" in desk.said()
        await desk.press("x", "9")
        assert "no reason has the digit 9" in desk.said()
        assert len(desk.session.review.events) == 1


async def test_other_reasons_can_be_given(rows: Path) -> None:
    options = OpenOptions(reviewer="ada", config=Config(reasons=("dull", HOSTILE)))
    async with open_desk(rows, options=options) as desk:
        await desk.press("x", "2", "k")
        assert desk.session.review.reason(0) == HOSTILE
        await desk.desk.run_action("code")
        await desk.until(lambda: isinstance(desk.app.screen, ChoiceDialog), "the list")
        assert "\x1b" not in desk.screen
        await desk.press("j", "j", "enter")
        assert desk.session.review.reason(0) == ""


async def test_a_range_is_rejected_and_coded_as_one(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("v", "j", "j", "x", "y", "4")
        assert [desk.session.review.reason(row) for row in range(4)] == ["unsafe"] * 3 + [""]
        assert len(desk.session.review.events) == 2


async def test_a_note_is_written_shown_and_taken_back(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("j", "i")
        await desk.type("see row 4")
        await desk.press("enter")
        assert desk.session.review.note(1) == "see row 4"
        assert "* see row 4" in desk.screen
        await desk.press("i")
        await desk.type("7")
        await desk.press("enter")
        assert desk.session.review.note(1) == "see row 47"
        await desk.press("i", "escape", "U")
        assert desk.session.review.note(1) == "see row 4"
        assert "undone: note on row 1" in desk.said()
    async with open_desk(rows) as desk:
        assert desk.session.review.note(1) == "see row 4"
        await desk.press("R", "g", "j", "i", "ctrl+u", "enter")
        assert desk.session.review.note(1) == ""
        assert not desk.session.review.noted().any()


async def test_a_note_of_several_lines_comes_from_the_editor(
    rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "printf 'two\\nlines\\n' >> \"$1\""))
    async with open_desk(rows) as desk:
        await desk.press("I")
        assert desk.session.review.note(0) == "two\nlines"
        await desk.press("i")
        assert desk.session.review.note(0) == "two\nlinestwo\nlines"
        monkeypatch.setenv("VISUAL", editor(tmp_path, "exit 3"))
        await desk.press("I")
        assert "ended with 3" in desk.said()
        monkeypatch.setenv("VISUAL", str(tmp_path / "no such"))
        await desk.press("I")
        assert "cannot be started" in desk.said()
        assert len(desk.session.review.events) == 2


async def test_tags_are_added_completed_and_taken_off(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("number_sign")
        await desk.type("maths")
        await desk.press("enter")
        assert desk.session.review.tags(0) == ("maths",)
        assert "#maths" in desk.screen
        await desk.press("j", "number_sign")
        assert "in use: maths 1" in desk.screen
        await desk.type("ma")
        await desk.press("tab", "enter")
        assert desk.session.review.tag_counts() == {"maths": 2}
        await desk.press("number_sign")
        await desk.type("-m")
        await desk.press("tab", "enter")
        assert desk.session.review.tag_counts() == {"maths": 1}
        await desk.press("number_sign")
        await desk.type("two words")
        await desk.press("enter")
        assert desk.desk.query_one(PromptBar).is_open
        assert "one word" in desk.screen
        await desk.press("escape", "U")
        assert "undone: taking tag maths off row 1" in desk.said()
        assert desk.session.review.tag_counts() == {"maths": 2}


async def test_all_rows_of_a_filter_are_tagged_as_one_after_a_count(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("f")
        await desk.type("cannot")
        await desk.press("enter")
        await desk.desk.run_action("bulk_tag")
        await desk.type("refusal")
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the count")
        assert "10 rows, 10 of them change" in desk.screen
        await desk.press("y")
        assert desk.session.review.tag_counts() == {"refusal": 10}
        await desk.press("g", "v", "j", "number_sign")
        await desk.type("-refusal")
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the count")
        await desk.press("y")
        assert desk.session.review.tag_counts() == {"refusal": 8}
        await desk.press("U", "U")
        assert desk.session.review.tag_counts() == {}


async def test_hostile_words_reach_no_cell(rows: Path) -> None:
    async with open_desk(rows, size=(160, 48)) as desk:
        desk.session.annotations.set_note(0, HOSTILE)
        desk.session.annotations.tag(desk.desk.table.order[:1], "[bold]x[/y]")
        for keys in (["j", "k"], ["i"], ["escape"], ["number_sign"], ["escape"], ["enter"]):
            await desk.press(*keys)
            assert not any(character in desk.screen for character in "\x1b\x9b\x07\u202e")
        assert "#[bold]x[/y]" in desk.screen
        assert "[@click=app.quit]" in desk.screen
        await desk.press("escape", "i", "enter")
        assert desk.session.review.note(0) == HOSTILE, "an untouched note stays as it was"


async def test_nothing_can_be_said_in_a_read_only_desk(rows: Path) -> None:
    async with open_desk(rows) as first:
        await first.press("x")
        options = OpenOptions(reviewer="bob", read_only=True)
        async with open_desk(rows, options=options) as second:
            for key in ("3", "i", "I", "number_sign"):
                await second.press(key)
                assert "read-only" in second.said()
            assert len(second.session.review.events) == 1


async def test_remarks_can_be_filtered_by(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("x", "3", "x", "1", "i")
        await desk.type("Look")
        await desk.press("enter", "j", "number_sign")
        await desk.type("maths")
        await desk.press("enter")
        for line, found in (
            ("reason:refusal", [0]),
            ("reason:any", [0, 1]),
            ("note:any", [1]),
            ("note:look", [1]),
            ("tag:maths", [3]),
            ("tag:any or note:any", [1, 3]),
        ):
            await desk.press("f", "ctrl+u")
            await desk.type(line)
            await desk.press("enter")
            await desk.until(lambda: f"filter: {line}" in desk.screen, line)  # noqa: B023 - awaited
            assert desk.desk.table.order.tolist() == found


async def test_the_history_says_who_when_old_new_and_what_was_on_screen(rows: Path) -> None:
    async with open_desk(rows, threshold="0.5") as desk:
        await desk.scored()
        await desk.press("x", "3", "k", "a", "U", "k", "number_sign")
        await desk.type("odd")
        await desk.press("enter")
    async with open_desk(rows, options=OpenOptions(reviewer="bob"), size=(100, 60)) as desk:
        desk.session.annotations.set_note(0, f"two\nlines {HOSTILE}")
        await desk.press("g", "h")
        shown = desk.screen
        assert "History of row 0" in shown
        for said in (
            "undecided → reject: dropped",
            "reason: refusal",
            "reject → accept: kept",
            "Now dropped: rejected by hand",
            "by ada",
            "tag odd added",
            "bob",
            "note: two",
            "by heuristic",
            "score >= 0.5 kept",
        ):
            assert said in shown, said
        assert shown.index("undone") > shown.index("reject → accept")
        assert not any(character in shown for character in "\x1b\x9b\x07\u202e")
        await desk.press("h")
        assert desk.at_desk
        desk.session.set_blind(on=True)
        await desk.press("h")
        assert "by heuristic" not in desk.screen


async def test_notes_and_digits_go_to_the_row_just_decided_until_the_cursor_moves(
    rows: Path,
) -> None:
    async with open_desk(rows) as desk:
        await desk.press("x", "i")
        assert "note on row 0, just rejected" in desk.screen
        await desk.type("first")
        await desk.press("enter")
        await desk.press("x", "i")
        assert "note on row 1, just rejected" in desk.screen
        await desk.press("escape", "i")
        assert "note on row 2" in desk.screen
        assert "just" not in desk.screen.splitlines()[-1]
        await desk.press("escape", "k", "k", "5")
        assert [desk.session.review.note(row) for row in range(3)] == ["first", "", ""]
        assert [desk.session.review.reason(row) for row in range(3)] == ["truncated", "", ""]
        await desk.press("j", "j", "a", "5")
        assert "row 2 was just accepted" in desk.said()
        assert desk.session.review.reason(1) == ""
        await desk.press("space", "i")
        assert "note on row 4" in desk.screen, "a skip decides nothing"


async def test_a_reason_after_an_undo_is_for_the_row_under_the_cursor(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("x", "x", "U", "3")
        assert "row 1 is not rejected" in desk.said()
        assert not desk.session.review.reason(0)
