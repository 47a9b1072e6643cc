"""A curator's day in a real terminal: what the desk is for, from the first key to the merge."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from engine.decision import Verdict
from engine.session import OpenOptions, Session
from tests.tui.desk_app import write_rows
from tests.tui.terminal import TAMIS, Terminal

ROWS = 130
GIVEN = "axa x" * 20
CODES = {"a": Verdict.ACCEPT, "x": Verdict.REJECT, " ": Verdict.SKIP}
SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl", ROWS)


def desk_of(
    rows: Path, reviewer: str, size: tuple[int, int], editor: Path | None = None
) -> Terminal:
    """The desk of a reviewer with a session of their own."""
    command = [*TAMIS, str(rows), "--scorer", "heuristic", "--reviewer", reviewer]
    command += ["--session", str(session_of(rows, reviewer))]
    env = {"VISUAL": "", "EDITOR": str(editor)} if editor else {}
    return Terminal(command, size=size, env=env)


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
    terminal.wait_for(lambda screen: f"{counted} · filter: {text[:14]}" in screen)


@pytest.mark.parametrize("size", SIZES)
def test_a_hundred_decisions_three_filters_a_bulk_an_edit_and_a_note(
    rows: Path, size: tuple[int, int]
) -> None:
    editor = rows.with_name("editor.sh")
    editor.write_text('#!/bin/sh\nsed -i "s/method/fashion/" "$1"\n')
    editor.chmod(0o755)
    expected = [int(CODES[key]) for key in GIVEN] + [0] * (ROWS - len(GIVEN))
    with desk_of(rows, "ann", size, editor) as terminal:
        terminal.wait_for("scored 100%")

        terminal.send("\r")
        terminal.wait_for(f"sample 1 of {ROWS}")
        for number, key in enumerate(GIVEN, 1):
            terminal.send(key)
            if number in (1, 50, 100):
                terminal.wait_for(f"sample {number + 1} of {ROWS}")
                terminal.wait_for(f"{number} decided, {ROWS - number} left")
        assert on_disk(rows, "ann") == expected, "durable before the desk is left"
        terminal.send("\x1b")
        terminal.wait_for(lambda screen: "▌100 " in screen and "sample 101" not in screen)

        rejected = expected.count(Verdict.REJECT)
        filter_by(terminal, "state:rejected", rejected)
        by_rule = ROWS - len(GIVEN)
        filter_by(terminal, 'prompt~"explain the"', ROWS)
        filter_by(terminal, "state:undecided words>1", by_rule)

        terminal.send("V")
        terminal.wait_for(f"{by_rule} rows selected")
        terminal.send("x")
        terminal.wait_for(f"{by_rule} rows, {by_rule} of them change")
        terminal.wait_for("0 verdicts given by hand are overruled")
        assert on_disk(rows, "ann") == expected, "nothing before the answer"
        terminal.send("y")
        terminal.wait_for(f"rejected {by_rule} rows; U takes it back")
        assert on_disk(rows, "ann") == expected[:100] + [int(Verdict.REJECT)] * by_rule
        terminal.send("U")
        terminal.wait_for(f"undone: rejected {by_rule} rows")
        assert on_disk(rows, "ann") == expected

        terminal.send("f\x15\rg")
        terminal.wait_for("row 0 ")
        terminal.send("E")
        terminal.wait_for("Edit row 0")
        terminal.send("kk\r")
        terminal.wait_for("take it")
        terminal.wait_for("fashion")
        terminal.send("y")
        terminal.wait_for("edited the prompt of row 0")
        terminal.wait_for("edited: prompt (see its history)")
        terminal.send("U")
        terminal.wait_for("undone: edit of the prompt of row 0")
        terminal.wait_for(lambda screen: "edited: prompt" not in screen)

        terminal.send("iworth a second look\r")
        terminal.wait_for("noted on row 0")
        terminal.wait_for("worth a second look")
        leave(terminal)
    with desk_of(rows, "ann", size) as terminal:
        terminal.wait_for("worth a second look")
        leave(terminal)
    assert on_disk(rows, "ann") == expected


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
