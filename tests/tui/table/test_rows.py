"""What the table and the sample pane get to see of a session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from engine.session.table_columns import COLUMNS
from tests.tui.desk_app import write_rows
from tui.sample.detail_content import head_text
from tui.table.rows import SessionRows
from tui.terminal.display import UNICODE_GLYPHS, RowState


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session.open(write_rows(tmp_path / "rows.jsonl"), OpenOptions(reviewer="ada"))
    session.start_scoring("heuristic")
    session.scoring.wait(lambda _: False)
    session.threshold_choice.resolve()
    return session


def test_marks_of_a_row_without_a_score_are_like_themselves(tmp_path: Path) -> None:
    session = Session.open(write_rows(tmp_path / "rows.jsonl"))
    rows, columns = SessionRows(session), [COLUMNS["score"]]
    assert rows.marks(0, columns).values == (None,)
    assert rows.marks(0, columns) == rows.marks(0, columns)
    assert rows.marks(0, columns) != replace(rows.marks(0, columns), values=(1.0,))
    assert rows.marks(0, columns) != replace(rows.marks(0, columns), noted=True)
    session.close()


def test_blind_shows_neither_scores_nor_what_follows_from_them(session: Session) -> None:
    rows = SessionRows(session)
    told = [column for column in COLUMNS.values() if column.reveals]
    session.decide(np.array([1], np.int64), Verdict.REJECT)
    assert rows.marks(0, told).state is RowState.DROPPED
    assert rows.marks(0, [COLUMNS["score"]]).values != (None,)
    assert "score" in head_text(rows.content(0), UNICODE_GLYPHS)
    session.set_blind(on=True)
    for row in (0, 1, 2):
        content = rows.content(row)
        assert set(rows.marks(row, told).values) == {None}
        assert np.isnan([content.score, content.before]).all()
        assert (content.why, content.scorer) == ((), "")
        assert "score" not in head_text(content, UNICODE_GLYPHS).replace("scores hidden", "")
        assert "score" not in content.reason
    assert [rows.state(row) for row in (0, 1, 2)] == [
        RowState.HIDDEN,
        RowState.REJECTED,
        RowState.HIDDEN,
    ]
    assert rows.content(1).reason.startswith("ada, ")
    session.close()


def test_outcomes_follow_threshold_verdicts_and_scores(session: Session) -> None:
    rows = SessionRows(session)
    states = [rows.state(row) for row in range(30)]
    assert set(states) == {RowState.KEPT, RowState.DROPPED}
    session.set_threshold("0.0")
    assert {rows.state(row) for row in range(30)} == {RowState.KEPT}
    session.decide(np.array([2], np.int64), Verdict.REJECT)
    assert rows.state(2) is RowState.REJECTED
    session.undo()
    assert rows.state(2) is RowState.KEPT
    session.board.scores[:, 3] = np.nan
    session.board.version += 1
    assert rows.state(3) is RowState.PENDING
    session.start_scoring("none")
    assert rows.state(4) is RowState.PENDING
    session.close()
