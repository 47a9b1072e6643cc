"""Verdicts that the dataset carries, in the desk: offered, asked about, taken over, undone."""

from __future__ import annotations

import json
from pathlib import Path

from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.deciding import INLINE_ROWS
from tui.dialogs.dialogs import ConfirmDialog

ANSWERS = ("accept", "reject", "ignore")
OFFER = "press _ to take them over"


def write_tasks(path: Path, count: int = 6) -> Path:
    rows = [
        {
            "text": f"Kiln {number} is fired with beech wood.",
            "_input_hash": number,
            "_task_hash": number,
            "answer": ANSWERS[number % 3],
            "_annotator_id": f"kilns-{number % 2}",
        }
        for number in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


async def asked(desk: DeskDriver) -> None:
    await desk.press("_")
    await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")


async def test_carried_verdicts_are_offered_counted_taken_over_and_undone(tmp_path: Path) -> None:
    path = write_tasks(tmp_path / "kilns.jsonl")
    async with open_desk(path, size=(80, 24)) as desk:
        await desk.until(lambda: OFFER in desk.said(), "the offer")
        assert (
            "6 rows carry a verdict (Prodigy `answer`: 2 accept, 2 reject, 2 skip)" in desk.said()
        )
        await asked(desk)
        assert "given by kilns-0 3, kilns-1 3" in desk.screen
        await desk.press("n")
        assert not desk.session.verdicts.any(), "nothing without a yes"
        await desk.press("x")
        await desk.desk.run_action("import_verdicts")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        assert "5 to import: 1 accept, 2 reject, 2 skip" in desk.screen
        assert "1 decided in this session already: left as is" in desk.screen
        await desk.press("y")
        assert "imported 5 verdicts; U takes it back" in desk.said()
        assert desk.session.verdicts.tolist() == [2, 2, 3, 1, 2, 3]
        await desk.press("_")
        assert "nothing to import" in desk.said()
        await desk.press("U")
        assert "undone: accepted 1, rejected 2, skipped 2: 5 rows" in desk.said()
        assert desk.session.verdicts.tolist() == [2, 0, 0, 0, 0, 0]
        await desk.press("R")
        assert desk.session.verdicts.tolist() == [2, 2, 3, 1, 2, 3]
    async with open_desk(path) as desk:
        await desk.scored()
        assert OFFER not in desk.said(), "there are decisions"


async def test_many_are_read_and_written_under_a_dialog(tmp_path: Path) -> None:
    count = INLINE_ROWS + 2
    async with open_desk(write_tasks(tmp_path / "kilns.jsonl", count), scorer="none") as desk:
        await asked(desk)
        await desk.press("enter")
        await desk.until(lambda: f"imported {count:,} verdicts" in desk.said(), "the import")
        assert desk.session.verdicts.all()


async def test_a_dataset_without_verdicts_says_so(tmp_path: Path) -> None:
    async with open_desk(write_rows(tmp_path / "rows.jsonl")) as desk:
        await desk.press("_")
        assert "no column of this dataset is known to hold verdicts" in desk.said()
        assert "no column" in desk.desk.obstacles()["import_verdicts"]
