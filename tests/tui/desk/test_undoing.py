"""One undo for everything that changes the export, and the log of all of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.review.decision import Verdict
from engine.review.threshold import Threshold
from engine.sample import Side
from engine.session.duplication import SearchState
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.clusters.screen import ClusterScreen
from tui.dialogs.session_log import SessionLogDialog


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


def write(folder: Path, rows: list[dict[str, object]]) -> Path:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def events(desk: DeskDriver) -> list[str]:
    return [str(event.said.aspect) for event in desk.session.review.events]


async def test_undo_goes_through_everything_in_order_and_says_what_and_where(rows: Path) -> None:
    async with open_desk(rows, threshold="0.5") as desk:
        await desk.scored()
        await desk.press("j", "x", "1", "right_square_bracket", "right_square_bracket")
        moved = desk.session.threshold
        assert moved is not None
        assert events(desk) == ["threshold", "verdict", "reason"], "a nudge is not written at once"
        await desk.press("j", "j", "U")
        assert f"undone: threshold 0.5 → {moved.value:g}" in desk.said()
        assert desk.session.threshold == Threshold(0.5)
        assert desk.session.review.reason(1) == "wrong"
        assert desk.desk.table.cursor == 4
        await desk.press("U")
        assert "undone: reject of row 1 (wrong)" in desk.said()
        assert desk.desk.table.cursor == 1
        await desk.press("R", "R")
        assert f"done again: threshold 0.5 → {moved.value:g}" in desk.said()
        await desk.until(lambda: f"≥ {moved.value:.4g}" in desk.screen, "the threshold")
    async with open_desk(rows) as desk:
        await desk.press("U", "U", "U", "U")
        assert "nothing to undo" in desk.said()
        assert not desk.session.verdicts.any()


async def test_a_run_of_nudges_is_written_when_it_has_paused(rows: Path) -> None:
    async with open_desk(rows, threshold="0.5") as desk:
        await desk.scored()
        await desk.press("left_square_bracket", "left_square_bracket", "left_square_bracket")
        await desk.until(lambda: events(desk) == ["threshold"] * 2, "the end of the run")
        assert desk.session.threshold != Threshold(0.5)
        await desk.press("U")
        assert desk.session.threshold == Threshold(0.5)


async def test_filters_and_sorts_are_not_undone(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await desk.scored()
        await desk.press("a", "f")
        await desk.type("row")
        await desk.press("less_than_sign", "9", "enter", "U")
        assert "undone: accept of row 0" in desk.said()
        assert len(desk.desk.table.order) == 9
        await desk.press("U")
        assert "nothing to undo" in desk.said()


async def test_the_log_lists_all_of_it_and_goes_to_the_row(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24)) as desk:
        await desk.scored()
        await desk.press("j", "j", "x", "3", "i", *"odd", "enter", "right_square_bracket", "g", "U")
        await desk.press("H")
        await desk.until(lambda: isinstance(desk.app.screen, SessionLogDialog), "the log")
        lines = [line for line in desk.screen.splitlines() if " ada " in line]
        told = ["undone: threshold", "threshold", "note on row 2", "reason refusal, row 2",
                "reject of row 2"]  # fmt: skip
        assert len(lines) == len(told)
        assert all(words in line for words, line in zip(told, lines, strict=True))
        assert "(undone)" in lines[1]
        await desk.press("enter")
        assert "that is about no row: threshold" in desk.said()
        await desk.press("H", "G", "enter")
        assert desk.at_desk
        assert desk.desk.table.cursor == 2
        await desk.press("H", "escape")
        assert desk.desk.table.cursor == 2


async def test_a_log_that_is_longer_than_the_screen_is_scrolled(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24)) as desk:
        await desk.press(*"a" * 25, "H")
        assert "accept of row 24" in desk.screen
        assert "accept of row 0" not in desk.screen
        await desk.press("G")
        assert "accept of row 0" in desk.screen
        await desk.press("k", "enter")
        assert desk.desk.table.cursor == 1


async def test_the_side_is_undone_and_shown(tmp_path: Path) -> None:
    pair: dict[str, object] = {"prompt": "Explain it.", "chosen": "A number.", "rejected": "No."}
    async with open_desk(write(tmp_path, [pair] * 3), size=(160, 48)) as desk:
        await desk.scored()
        await desk.press("a", "percent_sign")
        assert desk.session.side is Side.REJECTED
        await desk.press("U")
        assert "undone: side chosen → rejected" in desk.said()
        assert desk.session.side is Side.CHOSEN
        await desk.until(lambda: "side: chosen" in desk.screen, "the side")
        assert desk.session.verdicts[0] == Verdict.ACCEPT
        await desk.press("R", "x", "H")
        assert "reject of row 1, rejected side" in desk.screen


async def test_the_rule_and_the_similarity_are_undone_at_the_desk_and_in_the_clusters(
    tmp_path: Path,
) -> None:
    story = "the quick brown fox jumps over the lazy dog and runs into the green forest"
    row: dict[str, object] = {"prompt": "tell me a story", "response": story, "q": 0.5}
    async with open_desk(write(tmp_path, [row] * 3), scorer="column:q") as desk:
        await desk.scored()
        duplicates = desk.session.duplicates
        await desk.press("D")
        await desk.until(lambda: isinstance(desk.app.screen, ClusterScreen), "the clusters")
        await desk.until(lambda: duplicates.status.state is SearchState.DONE, "the search")
        await desk.press("right_square_bracket", "U")
        assert "undone: similarity of duplicates 0.8 → 0.81" in desk.said()
        assert duplicates.at == 0.8
        await desk.press("d")
        await desk.until(lambda: "drop 2 rows" in desk.screen, "the question")
        await desk.press("y")
        await desk.until(lambda: duplicates.rule_on, "the rule")
        await desk.press("escape", "U")
        assert "undone: dropping duplicates off → on" in desk.said()
        assert desk.session.summary().kept == 3
        await desk.press("R")
        assert desk.session.summary().kept == 1


async def test_other_columns_are_undone_by_reading_the_dataset_again(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"prompt": f"ask {n}", "response": "say"} for n in range(4)]
    async with open_desk(write(tmp_path, rows)) as desk:
        await desk.scored()
        before = desk.session
        mapping = before.reading.mapping
        swapped = type(mapping)(prompt=("response",), response="prompt")
        desk.desk.read_anew(swapped)
        await desk.until(lambda: desk.app.session not in (None, before) and desk.at_desk, "again")
        await desk.scored()
        assert desk.session.dataset.sample(1).prompt == "say"
        await desk.press("a")
        read = desk.session
        await desk.press("D")
        await desk.until(lambda: isinstance(desk.app.screen, ClusterScreen), "the clusters")
        await desk.press("U", "U")
        assert "that is how columns are read" in desk.said()
        await desk.press("escape", "U")
        await desk.until(lambda: desk.app.session not in (None, read) and desk.at_desk, "as before")
        assert desk.session.dataset.sample(1).prompt == "ask 1"
        said = "undone: columns as detected → prompt=response response=prompt"
        await desk.until(lambda: said in desk.said(), "what was undone")
        await desk.scored()
        now = desk.session
        await desk.press("R")
        await desk.until(lambda: desk.app.session not in (None, now) and desk.at_desk, "redone")
        assert desk.session.dataset.sample(1).prompt == "say"
