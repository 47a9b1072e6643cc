from __future__ import annotations

from textual._xterm_parser import XTermParser
from textual.events import Key, MouseDown, MouseUp, Paste

from tui.terminal.input_driver import PASTE_PAUSE_S, LenientDecoder


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


def events_of(*pieces: bytes) -> list[str]:
    """Keys by name, and what was pasted in quotes."""
    parser, decoder = XTermParser(), LenientDecoder("utf-8")
    found: list[str] = []
    for text in filter(None, map(decoder.decode, pieces)):  # as Textual's driver does
        for event in parser.feed(text):
            if isinstance(event, Key):
                found.append(event.key)
            elif isinstance(event, Paste):
                found.append(repr(event.text))
    return found


PASTED = (
    b"j\x1b[200~12:00 \x1b[31mERROR\x1b[0m axx\x1b[M aa \x1b]0;t\x07\x9b1m \x1b[200~ \x1b\x1b[201~k"
)


def test_whatever_is_pasted_is_text_and_never_a_key() -> None:
    keys = events_of(PASTED)
    assert (keys[0], keys[-1], len(keys)) == ("j", "k", 3)
    for word in ("12:00", "ERROR", "axx", "aa", "\\x07"):
        assert word in keys[1]
    assert "\\x1b" not in keys[1]
    for cut in range(1, len(PASTED)):
        again = events_of(PASTED[:cut], PASTED[cut:])
        begun = {"escape", "circumflex_accent", "left_square_bracket"}  # may have been keys
        assert [key for key in again if key not in begun] == keys
    within = b"\x1b[200~a\x1b[201~ x\x1b[201~\x1b[200~x\x1b[201~k"
    assert events_of(within) == ["'a\ufffd[201~ x'", "'x'", "k"]
    assert events_of(*(b"\x1b[200~", b"\xc3", b"\xa9", b"\x1b[201~")) == ["'é'"]


def test_a_paste_without_an_end_ends_with_a_key_that_comes_later() -> None:
    time_s = [0.0]
    decoder = LenientDecoder("utf-8", clock=lambda: time_s[0])
    assert decoder.decode(b"\x1b[200~abc") == ""
    time_s[0] = PASTE_PAUSE_S
    assert decoder.decode(b"d") == "", "it may only be slow"
    time_s[0] = 3 * PASTE_PAUSE_S
    assert decoder.decode(b"the rest of what was held up x x x") == ""
    time_s[0] = 5 * PASTE_PAUSE_S
    said = decoder.decode(b"x")
    assert said == "\x1b[200~abcdthe rest of what was held up x x x\x1b[201~x"
    assert decoder.decode(b"\x1b[200~y\x1b[2") == ""
    assert decoder.decode(b"01~z") == "\x1b[200~y\x1b[201~z"


def test_what_is_left_at_the_end_is_handed_on() -> None:
    decoder = LenientDecoder("utf-8")
    assert decoder.decode(b"\x1b[200~abc") == ""
    assert decoder.decode(b"", final=True) == "\x1b[200~abc\x1b[201~"
    assert LenientDecoder("utf-8").decode(b"a\x1b[20", final=True) == "a\x1b[20"


def test_a_report_is_never_a_key() -> None:
    """A space would be a verdict, and so would an a, which is column 65."""
    parser = XTermParser()
    text = read(b"\x1b[M aa\x1b[M#ax\x1b[M xa\x1b[M#\xe1\xa1k")
    events = list(parser.feed(text))
    assert [event.key for event in events if isinstance(event, Key)] == ["k"]
    assert sum(isinstance(event, MouseDown) for event in events) == 2
    assert sum(isinstance(event, MouseUp) for event in events) == 2
