from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from textual.widgets import Input

from engine.dataset.editing import Part
from engine.review.decision import EventKind, Verdict
from engine.session import OpenOptions
from tests.tui.desk_app import open_desk, write_rows
from tui.desk import Desk
from tui.dialogs.dialogs import ConfirmDialog, TextDialog
from tui.dialogs.export_dialog import ExportDialog
from tui.keys.actions import actions_on
from tui.widgets.prompt_bar import PromptBar


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_scores_arrive_and_the_counts_follow(rows: Path, size: tuple[int, int]) -> None:
    async with open_desk(rows, size=size) as desk:
        await desk.scored()
        summary = desk.session.summary()
        assert summary.pending == 0
        assert 0 < summary.kept < 30
        assert f"kept {summary.kept} " in desk.screen
        assert f"0 by hand, {summary.kept} by rule" in desk.screen
        assert "732 tokens" in desk.screen
        assert "help" in desk.screen
        assert "heuristic" in desk.screen
        assert "30 rows" in desk.screen
        assert ">= 0.5 keeps" in desk.screen


async def test_a_verdict_is_kept_and_the_cursor_goes_on(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a", "x", "space", "j", "c")
        assert desk.session.verdicts[:4].tolist() == [1, 2, 3, 0]
        assert desk.desk.table.cursor == 4
        last = desk.session.last_decision(1)
        assert last is not None
        assert (last.who, last.said.verdict) == ("ada", Verdict.REJECT)
        assert last.circumstances.scorer == "heuristic"
        assert last.circumstances.threshold == pytest.approx(0.5)
        assert last.scores[0] == desk.session.scores[1]


async def test_clear_takes_the_verdict_back_and_stays(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("a", "k", "c")
        assert desk.session.verdicts[0] == Verdict.UNDECIDED
        assert desk.desk.table.cursor == 0
        assert [event.said.verdict for event in desk.session.review.events] == [
            Verdict.ACCEPT,
            Verdict.UNDECIDED,
        ]


async def test_undo_and_redo_go_to_the_row_and_survive_a_restart(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("a", "x", "j", "j", "U")
        assert desk.session.verdicts[:2].tolist() == [1, 0]
        assert desk.desk.table.cursor == 1
        assert "undone: reject of row 1" in desk.said()
    async with open_desk(rows) as desk:
        assert desk.session.verdicts[:2].tolist() == [1, 0]
        await desk.press("R")
        assert desk.session.verdicts[:2].tolist() == [1, 2]
        await desk.press("U", "U", "U")
        assert desk.session.verdicts.any() == False  # noqa: E712 - a numpy value
        assert "nothing to undo" in desk.said()
        kinds = [event.kind for event in desk.session.review.events]
        assert kinds.count(EventKind.UNDO) == 3


async def test_a_range_is_counted_first_and_undone_as_one(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("j", "a", "k", "v", "j", "j", "j", "x")
        assert isinstance(desk.app.screen, ConfirmDialog)
        assert "4 rows, 4 of them change" in desk.screen
        assert "1 verdicts given by hand are overruled" in desk.screen
        await desk.press("n")
        assert desk.session.verdicts[1:5].tolist() == [1, 0, 0, 0]
        await desk.press("x", "y")
        assert desk.session.verdicts[1:5].tolist() == [2, 2, 2, 2]
        assert desk.desk.table.selection_anchor is None
        await desk.press("U")
        assert desk.session.verdicts[1:5].tolist() == [1, 0, 0, 0]


async def test_escape_leaves_the_range_and_decides_nothing(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("v", "j", "escape")
        assert desk.desk.table.selection_anchor is None
        assert not desk.session.review.events


async def test_all_rows_of_a_filter_are_decided_from_the_palette(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("f")
        await desk.type("cannot")
        await desk.press("enter")
        assert len(desk.desk.table.order) == 10
        await desk.press("ctrl+p")
        await desk.type("reject all rows shown")
        await desk.until(lambda: "Reject all rows shown" in desk.screen, "the palette's hit")
        await desk.press("enter")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        await desk.press("y")
        assert (desk.session.verdicts == Verdict.REJECT).sum() == 10
        assert len(desk.session.review.events) == 1


async def test_backspace_does_nothing(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("backspace")
        assert not desk.session.review.events
        assert desk.desk.table.cursor == 0


@pytest.mark.parametrize(
    ("keys", "moves"),
    [
        (["right_square_bracket"], 1),
        (["left_square_bracket"], -1),
        (["plus"], 1),
        (["minus"], -1),
        (["right_curly_bracket"], 10),
        (["less_than_sign"], -10),
    ],
)
async def test_keys_move_the_threshold(rows: Path, keys: list[str], moves: int) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        assert desk.session.threshold is not None
        before = desk.session.threshold.value
        await desk.press(*keys)
        step = desk.desk.slider.fine_step()
        assert desk.session.threshold.value == pytest.approx(before + moves * step, abs=step / 2)
        assert f"{desk.session.threshold.value:.4g} keeps" in desk.screen


async def test_a_typed_threshold_counts_rows_and_survives_a_restart(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("t")
        await desk.type("top 12")
        await desk.press("enter")
        assert desk.session.threshold is not None
        assert desk.session.summary().kept == 12
        assert "(top 12: 12 of " in desk.screen
    async with open_desk(rows) as desk:
        await desk.scored()
        assert desk.session.threshold_choice.text == "top 12"
        assert desk.session.summary().kept == 12


async def test_a_threshold_that_makes_no_sense_is_said_in_place(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("t")
        await desk.type("many")
        await desk.press("enter")
        assert desk.desk.query_one(PromptBar).is_open
        assert "not understood" in desk.screen
        await desk.press("escape")
        assert not desk.desk.query_one(PromptBar).is_open
        assert desk.desk.table.has_focus


async def test_letters_in_an_input_decide_nothing(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("slash")
        await desk.type("axUq")
        assert not desk.session.review.events
        assert desk.app.is_running


async def test_contradictions_are_counted_in_both_directions(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a", "x", "x")  # row 0 is a refusal, rows 1 and 2 are good
        both = "drops 1 that you accepted, keeps 2 that you rejected"
        await desk.until(lambda: both in desk.screen, "the contradictions")
        assert desk.session.verdicts[:3].tolist() == [1, 2, 2]


async def test_search_goes_from_match_to_match(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("slash")
        await desk.type("cannot")
        await desk.press("enter")
        assert desk.desk.table.cursor == 0
        await desk.press("n")
        assert desk.desk.table.cursor == 3
        await desk.press("n", "N")
        assert desk.desk.table.cursor == 3
        await desk.press("N", "N")
        assert desk.desk.table.cursor == 27
        assert "wrapped" in desk.said()


async def test_a_filter_narrows_and_an_empty_one_shows_all(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("f")
        await desk.type("state:dropped")
        await desk.until(lambda: "10 of 30 rows" in desk.screen, "the count before it is applied")
        await desk.press("enter")
        assert desk.desk.table.order.tolist() == list(range(0, 30, 3))
        assert "filter: state:dropped" in desk.screen
        await desk.press("f", "ctrl+u", "enter")
        assert len(desk.desk.table.order) == 30


async def test_a_filter_that_cannot_be_read_is_said_in_place(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("f")
        await desk.type("state:purple")
        await desk.press("enter")
        assert desk.desk.query_one(PromptBar).is_open
        assert len(desk.desk.table.order) == 30


async def test_sorting_keeps_the_cursor_on_its_sample(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("j", "j", "j", "s")
        await desk.press("j", "j", "enter")  # row, state, score
        scores = desk.session.scores[desk.desk.table.order]
        assert (scores[:-1] <= scores[1:]).all()
        assert desk.desk.table.cursor_row == 3
        await desk.press("s", "enter")
        scores = desk.session.scores[desk.desk.table.order]
        assert (scores[:-1] >= scores[1:]).all()
        assert desk.desk.table.cursor_row == 3


async def test_everything_is_where_it_was(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("f")
        await desk.type("method")
        await desk.press("enter", "s", "j", "j", "enter", "j", "j", "j", "j")
        row = desk.desk.table.cursor_row
        order = desk.desk.table.order.tolist()
        await desk.press("q")
    async with open_desk(rows) as desk:
        await desk.scored()
        assert desk.desk.table.cursor_row == row
        assert "filter: method" in desk.screen
        await desk.press("s", "enter", "s", "enter")  # the order of scores that are all there
        assert desk.desk.table.order.tolist() == order


async def test_export_shows_the_count_and_writes_it(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a", "e")
        await desk.until(lambda: isinstance(desk.app.screen, ExportDialog), "the export dialog")
        assert "21 kept, 9 dropped, 0 pending" in desk.screen
        await desk.press("y")
        out = rows.parent / "rows-kept"
        await desk.until((out / "manifest.json").exists, "the export")
        kept = [json.loads(line) for line in (out / "kept.jsonl").read_text().splitlines()]
        assert len(kept) == 21
        source = [json.loads(line) for line in rows.read_text().splitlines()]
        assert kept[0] == source[0]
        decisions = pl.read_parquet(out / "decisions.parquet")
        assert decisions.height == 30
        await desk.until(lambda: "21 kept" in desk.said(), "the report")


async def test_an_export_that_cannot_be_written_is_a_message(rows: Path) -> None:
    (rows.parent / "rows-kept").mkdir()
    (rows.parent / "rows-kept" / "mine.txt").write_text("mine")
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("e", "tab")
        desk.app.screen.query_one(Input).value = str(rows.parent / "rows-kept")
        await desk.until(lambda: "refused" in desk.screen, "the message")
        await desk.press("enter", "y", "escape")
        assert (rows.parent / "rows-kept" / "mine.txt").read_text() == "mine"
        await desk.press("a")
        assert desk.session.verdicts[0] == Verdict.ACCEPT


async def test_a_model_that_cannot_be_loaded_is_a_message_and_the_review_goes_on(
    rows: Path, tmp_path: Path
) -> None:
    async with open_desk(rows, scorer=f"hf:{tmp_path / 'no-such-model'}") as desk:
        await desk.until(lambda: "no-such-model" in desk.said(), "the message")
        await desk.press("a")
        assert desk.session.verdicts[0] == Verdict.ACCEPT
        await desk.press("m", "ctrl+u")
        await desk.type("heuristic")
        await desk.press("enter")
        await desk.until(lambda: desk.session.scoring.spec == "heuristic", "the switch")
        await desk.scored()
        assert desk.session.summary().pending == 0


async def test_a_model_that_cannot_be_loaded_leaves_the_scores_that_were_there(
    rows: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "config.json").write_text('{"architectures": ["BertForSequenceClassification"]}')
    (damaged / "model.safetensors").write_bytes(b"no weights")
    async with open_desk(rows, scorer="heuristic") as desk:
        await desk.scored()
        kept = desk.session.summary().kept
        await desk.press("m")
        await desk.type(f"hf:{damaged}")
        await desk.press("enter")
        await desk.until(lambda: "heuristic goes on" in desk.said(), "the way back")
        assert "cannot be loaded" in desk.said()
        await desk.scored()
        assert desk.session.summary().kept == kept > 0


@pytest.mark.parametrize("pane", ["#table", "#detail", "#slider"])
async def test_keys_are_answered_wherever_a_click_went_while_a_line_was_open(
    rows: Path, pane: str
) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        for key in ("f", "slash", "t"):
            await desk.press(key)
            await desk.pilot.click(pane, offset=(30, 2))
            await desk.press("escape")
            assert desk.at_desk
        await desk.press("home", "x")
        assert np.count_nonzero(desk.session.verdicts == Verdict.REJECT) == 1


async def test_a_desk_that_was_held_up_counts_again_soon(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.desk.base.SHARE_OF_LOOP", 1e-9)  # as if counting had taken hours
    async with open_desk(rows, scorer="heuristic") as desk:
        await desk.scored()
        assert "pending" not in desk.screen
        await desk.press("a")
        await desk.until(lambda: "1 by hand" in desk.screen, "the count")


async def test_pause_and_resume(tmp_path: Path) -> None:
    async with open_desk(write_rows(tmp_path / "many.jsonl", 4000)) as desk:
        await desk.press("p")
        await desk.until(lambda: "paused" in desk.screen or "scored 100%" in desk.screen, "a pause")
        await desk.press("p")
        await desk.until(lambda: "scored 100%" in desk.screen, "the end")
        assert desk.session.summary().pending == 0


async def test_a_pause_when_everything_is_scored_is_refused_and_holds_up_nothing(
    rows: Path,
) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("p")
        assert "everything is scored" in desk.said()
        desk.session.edits.revise(1, Part.RESPONSE, "As an AI language model, I cannot help.")
        await desk.scored()
        assert "scored 100%" in desk.screen
        await desk.press("ctrl+x", "p")
        assert "nothing is being scored" in desk.said()


async def test_help_names_every_action_and_every_action_exists(rows: Path) -> None:
    async with open_desk(rows, size=(120, 60)) as desk:
        await desk.press("question_mark")
        dialog = desk.app.screen
        assert isinstance(dialog, TextDialog)
        shown = str(dialog._body)
        for action in actions_on(None):
            assert action.title in shown
            assert callable(getattr(Desk, f"action_{action.id}"))
        await desk.press("escape")
        assert desk.at_desk


async def test_enter_reads_the_sample_and_escape_returns(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("j", "enter")
        assert not desk.desk.table.display
        await desk.press("a")
        assert desk.session.verdicts[1] == Verdict.ACCEPT
        await desk.press("escape")
        assert desk.desk.table.display
        assert desk.desk.table.has_focus


async def test_a_second_desk_is_refused_and_may_look(rows: Path) -> None:
    async with open_desk(rows) as first:
        await first.press("a")
        options = OpenOptions(reviewer="bob", read_only=True)
        async with open_desk(rows, options=options) as second:
            assert second.session.verdicts[0] == Verdict.ACCEPT
            await second.press("x")
            assert len(second.session.review.events) == 1
            assert "read-only" in second.screen


async def test_a_changed_dataset_keeps_the_verdicts_that_match_and_says_so(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.press("a", "x", "a")
    lines = rows.read_text().splitlines()
    rows.write_text("\n".join([*lines[5:], lines[2], lines[0]]) + "\n")
    async with open_desk(rows) as desk:
        assert desk.session.verdicts[-2:].tolist() == [1, 1]
        assert desk.session.verdicts[:-2].tolist() == [0] * 25
        assert "2 verdicts still match" in desk.said()
        assert "1 of samples that are gone" in desk.said()


async def test_text_from_the_dataset_is_shown_as_text(tmp_path: Path) -> None:
    hostile = "[INST] [/x] [@click=app.quit] \x1b]52;c;AAAA\x07 \x9b31m \u202eabc [bold]x"
    name = "rows [red]x[bold] \x1b[31m.jsonl"
    path = tmp_path / name
    path.write_text(json.dumps({"prompt": hostile, "response": hostile}) + "\n{broken [/y]\n")
    async with open_desk(path, size=(160, 48)) as desk:
        await desk.scored()
        await desk.press("a", "slash")
        await desk.type("[/x]")
        await desk.press("enter", "f")
        await desk.type('"[/x]"')
        await desk.press("enter")
        for key in ("e", "escape", "enter", "escape", "ctrl+p", "escape"):
            await desk.press(key)
        screen = desk.screen
        assert "[INST] [/x]" in screen
        assert "[@click=app.quit]" in screen
        assert "[red]x[bold]" in screen
        assert not any(ord(character) < 32 and character != "\n" for character in screen)
        assert "\x9b" not in screen
        assert "\u202e" not in screen


async def test_broken_rows_stay_visible_and_cannot_be_decided(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 5)
    path.write_text(path.read_text() + "{not json\n")
    async with open_desk(path) as desk:
        await desk.scored()
        await desk.press("G", "a")
        assert not desk.session.review.events
        assert "could not be read" in desk.said()
        assert desk.session.summary().broken == 1
        assert "6 rows" in desk.screen


async def test_preference_data_shows_both_sides_and_reviews_one(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    pairs = [
        {"prompt": f"Explain {n}.", "chosen": "It is a number.", "rejected": "As an AI, I cannot."}
        for n in range(8)
    ]
    path.write_text("\n".join(json.dumps(pair) for pair in pairs) + "\n")
    async with open_desk(path, size=(160, 48)) as desk:
        await desk.scored()
        assert "margin" in desk.screen
        assert "side: chosen" in desk.screen
        await desk.press("a")
        await desk.desk.run_action("side")
        await desk.pilot.pause()
        assert desk.session.verdicts[0] == Verdict.UNDECIDED
        await desk.press("g", "x")
        assert desk.session.review.verdicts[:, 0].tolist() == [Verdict.ACCEPT, Verdict.REJECT]
