"""Which of identical samples a decision is about: known on file once every row is hashed."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.review.decision import Verdict
from engine.sample import Family
from engine.session import OpenOptions, Session

ROWS = 3_000
SAME = {"shape": "round", "size": 3}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """No column of it is a prompt or a response, so that all rows have equal texts: none."""
    rows = [SAME if row % 3 else {"shape": "square", "size": row} for row in range(ROWS)]
    return write(tmp_path / "shapes.jsonl", rows)


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def opened(path: Path, *, read_only: bool = False) -> Session:
    return Session.open(path, OpenOptions(reviewer="ann", read_only=read_only))


def rows_hashed(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every row that is hashed from now on."""
    hashed: list[int] = []
    hash_rows = session.dataset.identities

    def counting(rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        hashed.extend(rows.tolist())
        return hash_rows(rows)

    monkeypatch.setattr(session.identities, "_identify", counting)
    return hashed


def occurrences(session: Session) -> list[list[int]]:
    return [stored.occurrences.tolist() for stored in session.store.events()]


def check_among_others(data: Path) -> None:
    """In another version of the dataset, the 1,999th and the 7th of the same are decided."""
    write(data, [{"shape": "square", "size": -1}, *[SAME] * 2_000])
    session = opened(data)
    assert np.flatnonzero(session.verdicts).tolist() == [7, 2_000]
    assert session.verdicts[[7, 2_000]].tolist() == [Verdict.ACCEPT, Verdict.REJECT]
    session.close()


def test_a_decision_hashes_its_row_alone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened(data)
    assert session.dataset.family is Family.OTHER
    hashed = rows_hashed(session, monkeypatch)
    session.decide(np.array([ROWS - 1]), Verdict.REJECT)
    session.decide(np.array([10]), Verdict.ACCEPT)
    assert hashed == [ROWS - 1, 10]
    session.close()
    check_among_others(data)


def test_what_was_decided_before_a_kill_is_counted_at_the_next_visit(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(data)
    session.decide(np.array([10]), Verdict.ACCEPT)
    session.decide(np.array([ROWS - 1]), Verdict.REJECT)
    session.store.close()  # all that a killed process does: its lock is let go of
    assert session.review.uncounted
    session = opened(data)
    assert session.verdicts[[10, ROWS - 1]].tolist() == [Verdict.ACCEPT, Verdict.REJECT]
    counted = threading.Event()
    count = session.review.count_occurrences

    def counting() -> None:
        count()
        counted.set()

    monkeypatch.setattr(session.review, "count_occurrences", counting)
    session.hash_in_background()
    assert counted.wait(30)
    assert occurrences(session) == [[6], [1_999]]
    hashed = rows_hashed(session, monkeypatch)
    session.decide(np.array([1]), Verdict.SKIP)
    session.undo()
    assert not hashed
    session.close()
    check_among_others(data)


def test_a_read_only_visit_counts_nothing_on_file(data: Path) -> None:
    session = opened(data)
    session.decide(np.array([ROWS - 1]), Verdict.REJECT)
    session.store.close()
    session = opened(data, read_only=True)
    before = occurrences(session)
    session.review.count_occurrences()
    assert occurrences(session) == before != [[1_999]]
    session.close()
