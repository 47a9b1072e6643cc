"""Two reviewers in real terminals, from their own sessions to the merged one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine.session import OpenOptions, Session
from tests.tui.desk_app import write_rows
from tests.tui.pty_terminal import TAMIS, Terminal

ROWS = 130
SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", ROWS)


def desk_of(rows: Path, reviewer: str, size: tuple[int, int]) -> Terminal:
    """The desk of a reviewer with a session of their own."""
    command = [*TAMIS, str(rows), "--scorer", "heuristic", "--reviewer", reviewer]
    command += ["--session", str(session_of(rows, reviewer))]
    return Terminal(command, size=size)


def session_of(rows: Path, reviewer: str) -> Path:
    return rows.with_name(f"{reviewer}.db")


def on_disk(rows: Path, reviewer: str) -> list[int]:
    """The verdicts in a reviewer's file, while the desk may have it open."""
    options = OpenOptions(read_only=True, session=session_of(rows, reviewer))
    session = Session.open(rows, options)
    try:
        return [int(verdict) for verdict in session.verdicts]
    finally:
        session.close()


def leave(terminal: Terminal) -> None:
    terminal.quiet()
    terminal.send("q")
    assert terminal.wait() == 0


def filter_by(terminal: Terminal, text: str, count: int) -> None:
    """Type a filter, which counts its rows before it is applied, and apply it."""
    terminal.send("f\x15" + text)
    counted = f"{count} of {ROWS} rows"
    terminal.wait_for(lambda screen: counted in screen.splitlines()[-1])
    terminal.send("\r")
    terminal.wait_for(lambda screen: f"filter: {text[:14]}" in screen and f"({count}" in screen)


@pytest.mark.parametrize("size", SIZES)
def test_two_reviewers_sessions_are_merged_and_a_conflict_adjudicated(
    rows: Path, size: tuple[int, int]
) -> None:
    for reviewer, keys in (("ann", "aax"), ("bob", "axx")):
        with desk_of(rows, reviewer, size) as terminal:
            terminal.wait_for("scored 100%")
            terminal.send(f"{keys}giseen by {reviewer}\r")
            terminal.wait_for(f"seen by {reviewer}")
            leave(terminal)
    both = session_of(rows, "both")
    files = [str(session_of(rows, reviewer)) for reviewer in ("ann", "bob")]
    merged = subprocess.run(
        [*TAMIS, "merge", *files, "--output", str(both), "--reviewer", "cy"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "conflicts: 1" in merged.stdout
    assert "1 samples were noted differently" in merged.stdout
    with desk_of(rows, "both", size) as terminal:
        terminal.wait_for("ann: seen by ann")
        terminal.wait_for("bob: seen by bob")
        filter_by(terminal, "conflict:open", 1)
        terminal.wait_for("conflict: ann accepts, bob rejects")
        terminal.send("x")
        terminal.wait_for("1 wrong")
        leave(terminal)
    assert on_disk(rows, "both")[:4] == [1, 2, 2, 0]
    assert [on_disk(rows, reviewer)[:3] for reviewer in ("ann", "bob")] == [[1, 1, 2], [1, 2, 2]]
