"""Terminals of every kind through a pty: what they are sent, and how they are left."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.tui.desk_app import write_rows
from tests.tui.pty_terminal import TAMIS, Terminal
from tests.tui.terminal.test_terminal import LEFT_SCREEN, MOUSE_OFF, verdicts
from tui.terminal.display import UNICODE_GLYPHS
from tui.terminal.screen_log import log_lines

SIGNS = set("".join(UNICODE_GLYPHS.states.values()) + "»▌╸━╌▁█") - set("+-?!·")
CONTROL = {"ctrl+z": "\x1a"}
MOUSE_ON = b"\x1b[?1000h"
ENTERED_SCREEN = b"\x1b[?1049h"
TRUECOLOR = re.compile(rb"[34]8;2;\d")
INDEXED = re.compile(rb"[34]8;5;\d")
ANY_COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[\d;]+)m")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


def desk_on(rows: Path) -> list[str]:
    """The desk with a scorer that needs no moment to load."""
    return [*TAMIS, str(rows), "--scorer", "heuristic"]


@pytest.mark.parametrize(
    ("term", "env", "colours"),
    [
        ("xterm", {}, 16),
        ("screen", {}, 16),
        ("linux", {}, 16),
        ("vt100", {}, 16),
        ("tmux-256color", {}, 256),
        ("screen-256color", {}, 256),
        ("xterm-256color", {"COLORTERM": "truecolor"}, 1 << 24),
        ("xterm-256color", {"NO_COLOR": "1"}, 0),
        ("xterm", {"NO_COLOR": "1"}, 0),
    ],
)
def test_a_terminal_gets_the_colours_that_it_has(
    rows: Path, term: str, env: dict[str, str], colours: int
) -> None:
    environ = {"TERM": term, "COLORTERM": "", "LANG": "C.UTF-8", **env}
    with Terminal(desk_on(rows), size=(80, 24), env=environ) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("ax")
        screen = terminal.wait_for(lambda screen: "? help" in screen and "row 2 " in screen)
        assert "kept" in screen
        terminal.send("?")
        terminal.wait_for("Help: the table")
        terminal.send("\x1b")
        terminal.wait_for(lambda screen: "Help: the table" not in screen)
        terminal.send("q")
        assert terminal.wait() == 0
        raw = bytes(terminal.raw)
    assert bool(TRUECOLOR.search(raw)) is (colours > 256)
    if colours <= 16:
        assert not INDEXED.search(raw)
    assert bool(ANY_COLOUR.search(raw)) is (colours > 0)
    if term in ("linux", "vt100"):
        assert not set(screen) & SIGNS
        assert re.search(r"1 X", screen)
    assert verdicts(rows)[:3] == [1, 2, 0]


@pytest.mark.parametrize("flags", [["--no-mouse"], []])
def test_the_mouse_is_optional(rows: Path, flags: list[str]) -> None:
    with Terminal([*desk_on(rows), *flags]) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("q")
        assert terminal.wait() == 0
        assert (MOUSE_ON in terminal.raw) is (not flags)


def test_a_smaller_window_than_supported_works_and_grows(rows: Path) -> None:
    with Terminal(desk_on(rows), size=(60, 15)) as terminal:
        terminal.wait_for("row 0 ")
        terminal.send("a")
        terminal.wait_for("row 1 ")
        for size in ((10, 4), (200, 60), (80, 24)):
            terminal.resize(*size)
            terminal.quiet()
        terminal.send("x")
        terminal.wait_for("row 2 ")
        terminal.send("q")
        assert terminal.wait() == 0
    assert verdicts(rows)[:3] == [1, 2, 0]


def test_suspended_it_leaves_the_terminal_and_comes_back(rows: Path) -> None:
    with Terminal(desk_on(rows)) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("a")
        terminal.wait_for("row 1 ")
        terminal.send(CONTROL["ctrl+z"])
        terminal.wait_until_stopped()
        terminal.quiet()
        assert LEFT_SCREEN in terminal.raw
        assert MOUSE_OFF in terminal.raw
        before = len(terminal.raw)
        terminal.kill(signal.SIGCONT)
        terminal.wait_for(lambda _: ENTERED_SCREEN in terminal.raw[before:])
        terminal.send("x")
        terminal.wait_for("row 2 ")
        terminal.send("q")
        assert terminal.wait() == 0
    assert verdicts(rows)[:3] == [1, 2, 0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("keys", ["?", "e", "/ab", "S"])
def test_a_signal_ends_it_sanely_from_every_screen(rows: Path, number: int, keys: str) -> None:
    with Terminal(desk_on(rows)) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("a")
        terminal.wait_for("row 1 ")
        terminal.send(keys)
        terminal.quiet()
        terminal.kill(number)
        terminal.wait()
        assert LEFT_SCREEN in terminal.raw
        assert MOUSE_OFF in terminal.raw
    assert verdicts(rows)[:2] == [1, 0]


def test_a_lost_connection_ends_it_and_loses_nothing(rows: Path) -> None:
    with Terminal(desk_on(rows)) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("axa")
        terminal.wait_for("row 3 ")
        terminal.hang_up()
        terminal.wait()
    assert verdicts(rows)[:4] == [1, 2, 1, 0]
    with Terminal(desk_on(rows)) as terminal:  # nobody holds the session
        terminal.wait_for("row 3 ")
        terminal.send("q")
        assert terminal.wait() == 0


def test_raw_mouse_bytes_move_the_cursor_and_decide_nothing(rows: Path) -> None:
    with Terminal(desk_on(rows), size=(160, 40)) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send_bytes(b"\x1b[M %%\x1b[M#%%")  # a click in column 5, line 5
        terminal.wait_for("row 2 ")
        for byte in (b"\xe1", b"\xff", b"a", b"x", b" "):
            terminal.send_bytes(b"\x1b[M " + byte + b"\x21\x1b[M#" + byte + b"\x21")
        terminal.send_bytes(b"\xff\xfe")
        terminal.quiet()
        terminal.send("j")
        terminal.wait_for("row 3 ")
        terminal.send("q")
        assert terminal.wait() == 0
    assert verdicts(rows) == [0] * 30


PRINTING = """
import os, sys, threading, warnings
from tui import app
start = app.TamisApp._open_on
def noisy(self, session):
    os.write(1, b"C on one\\n"); os.write(2, b"C on two\\n")
    print("python on out"); warnings.warn("a warning")
    threading.Thread(target=lambda: 1 / 0).start()
    start(self, session)
app.TamisApp._open_on = noisy
from tui.cli.main import main
main()
"""


def test_nothing_that_a_library_prints_reaches_the_screen(rows: Path) -> None:
    with Terminal([TAMIS[0], "-c", PRINTING, str(rows), "--scorer", "heuristic"]) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("q")
        assert terminal.wait() == 0
        raw = bytes(terminal.raw)
    for text in (b"C on", b"python on", b"a warning", b"ZeroDivisionError"):
        assert text not in raw
    logged = "\n".join(log_lines(50))
    for said in ("C on one", "C on two", "ZeroDivisionError"):
        assert said in logged


def test_the_clipboard_sequence_holds_the_sample_and_nothing_raw(rows: Path) -> None:
    with Terminal(desk_on(rows)) as terminal:
        terminal.wait_for("scored 100%")
        terminal.send("Y")
        terminal.wait_for("sent to the clipboard")
        terminal.send("q")
        assert terminal.wait() == 0
        found = re.findall(rb"\x1b\]52;c;([A-Za-z0-9+/=]+)\x07", bytes(terminal.raw))
    assert len(found) == 1
