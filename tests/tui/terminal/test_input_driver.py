from __future__ import annotations

from textual._xterm_parser import XTermParser
from textual.events import Key, MouseDown, MouseUp

from tui.terminal.input_driver import LenientDecoder


def read(*pieces: bytes) -> str:
    decoder = LenientDecoder("utf-8")
    return "".join(decoder.decode(piece) for piece in pieces)


def test_a_raw_mouse_report_becomes_one_in_digits() -> None:
    assert read(b"\x1b[M \x21\x22") == "\x1b[<0;1;2M"
    assert read(b"\x1b[M#\x21\x22") == "\x1b[<0;1;2m"
    assert read(b"\x1b[M`\x21\x22") == "\x1b[<64;1;2M"  # the wheel
    assert read(b"\x1b[M \xe1\xff") == "\x1b[<0;193;223M"  # would be half a character


def test_a_report_in_pieces_is_one_report_and_what_is_around_it_stays() -> None:
    assert read(b"a\x1b[M", b"\xc3", b"\xa1", b" b") == "a\x1b[<163;129;0Mb"
    assert read(b"\xc3", b"\xa9") == "é"
    assert read(b"\xffa") == "\ufffda"
    assert read(b"\x1b[A\x1b[<0;1;2M") == "\x1b[A\x1b[<0;1;2M"


def test_a_terminal_that_is_gone_is_said_once() -> None:
    said: list[str] = []
    decoder = LenientDecoder("utf-8", lambda: said.append("gone"))
    assert decoder.decode(b"a") == "a"
    assert [decoder.decode(b"") for _ in range(3)] == [""] * 3
    assert said == ["gone"]
    LenientDecoder("utf-8", lambda: said.append("ended by itself")).decode(b"", final=True)
    assert said == ["gone"]


def test_a_report_is_never_a_key() -> None:
    """A space would be a verdict, and so would an a, which is column 65."""
    parser = XTermParser()
    text = read(b"\x1b[M aa\x1b[M#ax\x1b[M xa\x1b[M#\xe1\xa1k")
    events = list(parser.feed(text))
    assert [event.key for event in events if isinstance(event, Key)] == ["k"]
    assert sum(isinstance(event, MouseDown) for event in events) == 2
    assert sum(isinstance(event, MouseUp) for event in events) == 2
