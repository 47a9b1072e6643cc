"""The desk in a real terminal: kill and resume, hostile bytes, a sane terminal afterwards."""

from __future__ import annotations

import json
import random
import signal
from pathlib import Path

import pytest

from engine.session import OpenOptions, Session
from tests.tui.desk_app import write_rows
from tests.tui.pty_terminal import TAMIS, Terminal

LEFT_SCREEN = b"\x1b[?1049l"
MOUSE_OFF = b"\x1b[?1000l"


def verdicts(path: Path) -> list[int]:
    session = Session.open(path, OpenOptions(read_only=True))
    try:
        return [int(verdict) for verdict in session.verdicts]
    finally:
        session.close()


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
def test_start_triage_export_and_quit(tmp_path: Path, size: tuple[int, int]) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    with Terminal([*TAMIS, str(path), "--reviewer", "ada"], size=size) as terminal:
        terminal.wait_for("scored 100%", timeout_s=200)  # torch is imported behind the screen
        terminal.send("axa")
        terminal.wait_for(lambda screen: screen.count("✓") >= 2 and "✗" in screen)
        terminal.send("e")
        terminal.wait_for("y write it")
        terminal.send("\r")
        terminal.quiet()
        assert not (tmp_path / "rows-kept").exists()
        terminal.send("y")
        terminal.wait_for(lambda _: (tmp_path / "rows-kept" / "manifest.json").exists())
        terminal.quiet()
        terminal.send("q")
        assert terminal.wait() == 0
        assert LEFT_SCREEN in terminal.raw
    assert verdicts(path)[:4] == [1, 2, 1, 0]


@pytest.mark.parametrize(
    "kills", [5, pytest.param(60, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]
)
def test_no_verdict_is_lost_to_kills_in_the_middle_of_triage(tmp_path: Path, kills: int) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 1000)
    chance = random.Random(7)
    expected: list[int] = []
    for _ in range(kills):
        with Terminal([*TAMIS, str(path), "--scorer", "none"]) as terminal:
            terminal.wait_for("1,000 rows")
            terminal.wait_for(f"row {len(expected)} ")
            for _ in range(chance.randint(1, 9)):
                key, verdict = chance.choice([("a", 1), ("x", 2), (" ", 3)])
                terminal.send(key)
                expected.append(verdict)
                # The next sample is drawn after the decision is on disk, never before.
                terminal.wait_for(f"row {len(expected)} ")
            terminal.kill(signal.SIGKILL)
            assert terminal.wait() == -signal.SIGKILL
        assert verdicts(path)[: len(expected) + 1] == [*expected, 0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_a_sane_terminal_and_a_whole_session(tmp_path: Path, number: int) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    with Terminal([*TAMIS, str(path), "--scorer", "heuristic"]) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("ax")
        terminal.wait_for("✗")
        terminal.kill(number)
        terminal.wait()
        assert LEFT_SCREEN in terminal.raw
        assert MOUSE_OFF in terminal.raw
    assert verdicts(path)[:3] == [1, 2, 0]
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "rows.jsonl",
        "rows.jsonl.tamis.db",
    ]


def test_a_terminal_that_goes_without_a_signal_ends_the_desk(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    ended = tmp_path / "ended"
    # The signal goes to the shell, which ignores it and stays.
    wrapper = ("sh", "-c", 'trap "" HUP; ended=$1; shift; "$@"; echo $? > "$ended"', "sh")
    with Terminal([*wrapper, str(ended), *TAMIS, str(path), "--scorer", "heuristic"]) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("ax")
        terminal.wait_for("✗")
        terminal.hang_up()
        terminal.wait()
    assert ended.read_text() == "0\n"
    assert verdicts(path)[:3] == [1, 2, 0]


def test_no_byte_of_the_data_reaches_the_terminal_as_a_command(tmp_path: Path) -> None:
    evil = {
        "clipboard": "\x1b]52;c;ZXZpbA==\x07",
        "title": "\x1b]2;owned\x1b\\",
        "c1": "\x9d52;c;ZXZpbA==\x9c",
        "bidi": "\u202egnp.exe",
        "markup": "[INST] [/x] [@click=app.quit]quit[/]",
    }
    text = " ".join(evil.values())
    name = "evil \x1b]2;name\x07.jsonl"
    path = tmp_path / name
    chat = {"role": "user", "content": text}
    row = {
        "messages": [chat, {"role": "assistant", "content": text, "tool_calls": [{"x": text}]}],
        text: text,
    }
    path.write_text(json.dumps(row) + "\n{" + json.dumps(text) + ": broken\n", encoding="utf-8")
    command = [*TAMIS, str(path), "--scorer", "heuristic"]
    with Terminal(command, size=(160, 48)) as terminal:
        screen = terminal.wait_for("scored 100%")
        assert "[INST] [/x] [@click=app.quit]" in screen
        terminal.send("\r")
        terminal.quiet()
        terminal.send("\x1b")
        terminal.quiet()
        terminal.send("/[/x]\r")
        terminal.quiet()
        terminal.send('f"[INST]"\r')
        terminal.quiet()
        terminal.send("Ga")
        terminal.quiet()
        terminal.send("?\x1b")
        terminal.quiet()
        terminal.send("q")
        assert terminal.wait() == 0
        raw = bytes(terminal.raw)
        assert b"]52;" in raw  # shown as text, behind a replacement character
        pointer = b"\x1b]22;default\x07"  # the mouse pointer's shape, which Textual sets
        assert b"\x1b]" not in raw.replace(pointer, b"")
        assert "\x9d".encode() not in raw
        assert "\u202e".encode() not in raw


def test_a_dataset_that_cannot_be_opened_is_a_message_after_the_screen(tmp_path: Path) -> None:
    with Terminal([*TAMIS, str(tmp_path / "absent.jsonl")]) as terminal:
        assert terminal.wait() == 3
        assert "absent.jsonl" in terminal.text
        assert "Traceback" not in terminal.text


def test_a_locked_session_says_how_to_look_on(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl")
    with Terminal([*TAMIS, str(path), "--scorer", "heuristic"]) as first:
        first.wait_for("scored 100%")
        with Terminal([*TAMIS, str(path), "--scorer", "heuristic"]) as second:
            assert second.wait() == 5
            assert "--read-only" in second.text
        with Terminal([*TAMIS, str(path), "--scorer", "heuristic", "--read-only"]) as third:
            third.wait_for("read-only")
            third.wait_for("scored 100%")
            third.send("q")
            assert third.wait() == 0
