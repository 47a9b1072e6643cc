"""What the desk shows beside the main way through: odd datasets, dialogs, themes, the mouse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from textual import events
from textual.widgets import Input

from engine.review.decision import Aspect, Verdict
from engine.scoring import ScorerOptions
from engine.session import OpenOptions, Session
from engine.session.choices import SCORER
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tests.tui.screen import style_of
from tui.dialogs.dialogs import ChoiceDialog, ConfirmDialog, TextDialog
from tui.theme import user_theme_folder
from tui.widgets.threshold_slider import ThresholdSlider


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


async def run(desk: DeskDriver, action: str) -> None:
    """What the palette does with an action that has no key."""
    await desk.desk.run_action(action)
    await desk.pilot.pause()


async def test_columns_that_no_family_fits_are_shown_and_a_prompt_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"shelf": "B 12", "colour": "green"}\n{"shelf": "C 3", "colour": "red"}\n')
    async with open_desk(path, size=(160, 48)) as desk:
        await desk.until(lambda: not desk.at_desk, "the dialog")
        await desk.press("escape")
        await desk.until(lambda: "--prompt-column" in desk.said(), "the advice")
        assert "shelf, colour" in desk.said()
        assert "shelf = B 12" in desk.screen
        assert "colour" in desk.screen
        assert "green" in desk.screen
        assert desk.session.summary().pending == 2
        assert desk.session.scoring.worker is None


async def test_a_filter_by_score_is_back_with_the_scores(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("f")
        await desk.type("score<0.5")
        await desk.press("enter", "j", "j")
        row = desk.desk.table.cursor_row
        shown = desk.desk.table.order.tolist()
        assert 0 < len(shown) < 30
        await desk.press("q")
    async with open_desk(rows) as desk:
        await desk.until(lambda: desk.desk.table.order.tolist() == shown, "the filtered rows")
        await desk.until(lambda: desk.desk.table.cursor_row == row, "the cursor")


async def test_rows_do_not_move_while_scores_arrive(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "many.jsonl", 3000)
    async with open_desk(path) as desk:
        await desk.press("s", "j", "j", "enter", "j", "j", "j")
        order = desk.desk.table.order.copy()
        await desk.scored()
        assert np.array_equal(desk.desk.table.order, order)


async def test_a_large_bulk_runs_in_the_background_and_is_undone_as_one(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "many.jsonl", 3000)
    async with open_desk(path) as desk:
        await desk.scored()
        await run(desk, "bulk_accept")
        assert isinstance(desk.app.screen, ConfirmDialog)
        assert "3,000 rows, 3,000 of them change" in desk.screen
        await desk.press("y")
        await desk.until(lambda: desk.session.summary().kept_by_hand == 3000, "the bulk")
        await desk.until(lambda: desk.at_desk, "the end of the dialog")
        await run(desk, "bulk_accept")
        assert "nothing to change" in desk.said()
        await desk.press("U")
        await desk.until(lambda: not desk.session.verdicts.any(), "the undo")
        await desk.until(lambda: desk.at_desk, "the end of the dialog")
        await run(desk, "bulk_clear")
        assert "nothing to change" in desk.said()


async def test_the_other_bulks_ask_too(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("a")
        await run(desk, "bulk_clear")
        assert "1 verdicts given by hand are overruled" in desk.screen
        await desk.press("escape")
        assert desk.session.verdicts[0] == Verdict.ACCEPT
        await run(desk, "bulk_clear")
        await desk.press("y")
        assert not desk.session.verdicts.any()


async def test_problems_are_listed_with_their_place(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 3)
    path.write_text(path.read_text() + "{oops\n")
    async with open_desk(path) as desk:
        await run(desk, "problems")
        assert isinstance(desk.app.screen, TextDialog)
        assert "rows.jsonl:4" in desk.screen
        await desk.press("G", "g", "j", "k", "ctrl+d", "ctrl+u", "q")
        assert desk.at_desk


async def test_a_dataset_without_problems_says_so(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await run(desk, "problems")
        assert "every row could be read" in desk.said()


async def test_another_theme(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await run(desk, "theme")
        assert isinstance(desk.app.screen, ChoiceDialog)
        await desk.press("k", "enter")
        assert desk.app.theme.startswith("tamis-")
        assert desk.app.theme != "tamis-dark"
        await run(desk, "theme")
        await desk.press("escape")
        assert desk.at_desk


async def test_no_color_asks_for_the_terminals_own(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with open_desk(rows) as desk:
        await desk.scored()
        assert desk.app.theme == "tamis-mono"
        colour = style_of(desk.app, "kept").color
        assert colour is None or colour.is_default


async def test_a_broken_theme_is_named_and_skipped(rows: Path) -> None:
    folder = user_theme_folder()
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('primary = "not a colour"\n')
    async with open_desk(rows) as desk:
        await desk.until(lambda: "mine.toml" in desk.said(), "the message")


async def test_the_mouse_moves_the_threshold_sorts_and_selects(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.pilot.click(ThresholdSlider, offset=(60, 2))
        await desk.pilot.pause()
        assert desk.session.threshold is not None
        assert desk.desk.slider.axis is not None
        middle = sum(desk.desk.slider.axis) / 2
        assert desk.session.threshold.value == pytest.approx(middle, abs=0.02)
        assert desk.session.threshold_choice.text
        await desk.pilot.click("#table", offset=(20, 5))
        await desk.pilot.pause()
        assert desk.desk.table.cursor == 4
        layout = {span.column.name: span.start for span in desk.desk.table._layout.spans}
        await desk.pilot.click("#table", offset=(layout["score"] + 4, 0))
        await desk.pilot.pause()
        await desk.until(lambda: "sort: score ascending" in desk.screen, "the sort")


async def test_scoring_can_be_stopped_and_failed_rows_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "numbers.jsonl"
    values = [0.5, "many", 0.7, None]
    path.write_text(
        "\n".join(
            json.dumps({"prompt": f"Question {number}?", "response": "An answer.", "rating": value})
            for number, value in enumerate(values)
        )
        + "\n"
    )
    async with open_desk(path, scorer="column:rating") as desk:
        await desk.scored()
        assert desk.session.failed.tolist() == [False, True, False, True]
        await desk.until(lambda: "2 failed" in desk.screen, "the failures in the title")
        await desk.press("j")
        await desk.until(lambda: "scoring failed" in desk.screen, "the reason")
        await run(desk, "retry")
        assert "trying 2 rows again" in desk.said()
        await desk.scored()
        assert desk.session.failed.sum() == 2
        await run(desk, "stop")
        await desk.until(lambda: "stopped" in desk.screen, "the end of scoring")
        await run(desk, "pause")
        assert "nothing is being scored" in desk.said()
        await run(desk, "retry")
        assert "no row has failed" in desk.said()


async def test_the_scorer_of_the_last_visit_is_used_as_it_was(rows: Path) -> None:
    session = Session.open(rows)
    session.start_scoring(
        "heuristic", ScorerOptions(input_format="chapter", max_length=64, label="good")
    )
    session.scoring.wait(lambda _: False)
    as_used = session.choices.get(Aspect.FOCUS, SCORER)
    session.close()
    async with open_desk(rows, scorer=None) as desk:
        await desk.scored()
        assert desk.session.scoring.spec == "heuristic"
        assert desk.session.choices.get(Aspect.FOCUS, SCORER) == as_used
    async with open_desk(rows, scorer="heuristic") as desk:
        await desk.scored()
        assert desk.session.choices.get(Aspect.FOCUS, SCORER) != as_used
        await desk.press("U")
        assert "undone: scorer heuristic (input_format chapter" in desk.said()
        assert desk.session.choices.get(Aspect.FOCUS, SCORER) == as_used


async def test_tab_goes_to_the_sample_and_the_motions_with_it(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    text = "\n".join(f"line {number}" for number in range(100))
    path.write_text(json.dumps({"prompt": "Count.", "response": text}) + "\n")
    async with open_desk(path, size=(80, 24)) as desk:
        await desk.press("tab", "j", "ctrl+d", "G")
        await desk.until(lambda: "line 99" in desk.screen, "the end of the sample")
        await desk.press("g")
        await desk.until(lambda: "Count." in desk.screen, "its beginning")
        await desk.press("a")
        assert desk.session.verdicts[0] == Verdict.ACCEPT
        await desk.press("escape")
        assert desk.desk.table.has_focus


async def test_escape_forgets_the_search(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("n")
        assert "no search yet" in desk.said()
        await desk.press("slash")
        await desk.type("absent from all")
        await desk.press("enter")
        assert "not found" in desk.said()
        await desk.press("escape", "n")
        assert "no search yet" in desk.said()


async def test_an_undone_row_outside_the_view_is_said_to_be(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a", "f")
        await desk.type("score>0.5")
        await desk.press("enter", "U")
        assert "not in this view" in desk.said()
        assert not desk.session.verdicts.any()


async def test_no_threshold_without_scores(rows: Path) -> None:
    async with open_desk(rows, scorer="none") as desk:
        await desk.press("right_square_bracket")
        assert "no scores yet" in desk.said()
        await desk.press("e")
        assert "30 rows are pending" in desk.screen
        await desk.press("escape")
        assert desk.at_desk


async def test_a_threshold_from_the_command_line_is_set(rows: Path) -> None:
    async with open_desk(rows, threshold="0.9") as desk:
        await desk.scored()
        assert desk.session.threshold is not None
        assert desk.session.threshold.value == pytest.approx(0.9)


async def test_letters_typed_right_behind_a_key_reach_its_input(rows: Path) -> None:
    async with open_desk(rows) as desk:
        for key in ("f", "x", "a", "q"):
            desk.app.post_message(events.Key(key, key))
        await desk.until(lambda: desk.desk.query_one(Input).value == "xaq", "the letters")
        assert not desk.session.review.events


async def test_the_palette_opens_at_the_desk_only(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("question_mark", "ctrl+p")
        assert isinstance(desk.app.screen, TextDialog)


async def test_a_session_file_that_is_gone_is_said_and_nothing_seems_decided(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a")
        desk.session.store.path.unlink()
        await desk.press("x")
        assert "not saved" in desk.said()
        assert desk.session.verdicts[:3].tolist() == [1, 0, 0]
        assert desk.desk.table.cursor == 1
        await desk.press("right_square_bracket", "s", "enter", "U")
        assert desk.session.verdicts[0] == Verdict.ACCEPT
        await desk.press("q")
        assert desk.app.return_code == 0


async def test_a_scorer_that_cannot_be_meant_leaves_the_one_at_work(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        for wrong in ("nonsense", "column:absent", "file:absent.parquet", "hf:absent/model"):
            await desk.press("m", "ctrl+u")
            await desk.type(wrong)
            await desk.press("enter")
            await desk.press("escape")
            assert desk.session.scoring.spec == "heuristic"
        assert desk.session.summary().pending == 0


async def test_a_read_only_desk_says_why_nothing_is_decided(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("a")
    async with open_desk(rows, options=OpenOptions(read_only=True)) as desk:
        for key in ("x", "U", "R"):
            await desk.press(key)
            assert "read-only" in desk.said()
        await run(desk, "bulk_reject")
        assert "read-only" in desk.said()
        assert desk.session.verdicts[0] == Verdict.ACCEPT
