from __future__ import annotations

import contextlib
import re
from dataclasses import fields
from importlib import resources
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import Footer, Input, OptionList

from tests.tui.colours import (
    DEUTERANOPIA,
    PROTANOPIA,
    Triple,
    ciede2000,
    contrast,
    lab,
    seen_with,
)
from tests.tui.screen import screen_text
from tests.tui.table.table_app import FakeRows, TableApp, ThemedApp
from tui.table.sample_table import SampleTable
from tui.terminal.display import ASCII_GLYPHS, UNICODE_GLYPHS, Glyphs, RowState
from tui.theme import (
    ANSI_THEME,
    DEFAULT_THEME,
    MONOCHROME_THEME,
    VARIABLES,
    ascii_wanted,
    choose_theme,
    load_themes,
    read_theme,
    user_theme_folder,
    variable_defaults,
)

SHIPPED = load_themes(Path("no such folder"))


def test_every_shipped_theme_loads() -> None:
    assert SHIPPED.messages == ()
    files = [path for path in resources.files("themes").iterdir() if path.name.endswith(".toml")]
    assert len(SHIPPED.themes) == len(files)
    assert {DEFAULT_THEME, ANSI_THEME, MONOCHROME_THEME} <= set(SHIPPED.themes)
    assert {"tamis-light", "tamis-high-contrast", "tamis-colour-blind"} <= set(SHIPPED.themes)


@pytest.mark.parametrize("name", sorted(SHIPPED.themes))
async def test_every_theme_dresses_every_kind_of_widget(name: str) -> None:
    class Everything(ThemedApp):
        def compose(self) -> ComposeResult:
            yield SampleTable(FakeRows(5))
            yield Input()
            yield OptionList("one", "two")
            yield Footer()

    app = Everything(name)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.theme == name
        assert "prompt 1" in screen_text(app)


@pytest.mark.parametrize("theme", [*BUILTIN_THEMES.values(), *SHIPPED.themes.values()])
def test_every_variable_has_a_value_in_every_theme(theme: Theme) -> None:
    defaults = variable_defaults(theme)
    assert set(VARIABLES) <= set(defaults)
    assert not any(value.startswith("$") for value in defaults.values())


def test_monochrome_uses_no_colour() -> None:
    theme = SHIPPED.themes[MONOCHROME_THEME]
    assert theme.ansi
    own = {name: value for name, value in theme.variables.items() if name in VARIABLES}
    assert {v for n, v in own.items() if not n.endswith("style")} == {"ansi_default"}


INKS = (
    *("muted", "dim-text", "kept", "dropped", "accepted", "rejected", "pending", "problem"),
    *("heading", "threshold-mark", "role-system", "role-user", "role-assistant", "role-tool"),
)
PAIRS = (
    *((ink, paper) for ink in INKS for paper in ("background", "surface")),
    *((ink, "panel") for ink in ("muted", "heading", "problem")),
    *((ink, "code-background") for ink in VARIABLES if re.fullmatch(r"code(-[a-z]+)?", ink)
      if ink != "code-background"),
    *((f"{name}", f"{name}-background") for name in
      ("cursor", "cursor-blurred", "selected", "match", "block-cursor")),
    ("block-cursor-foreground", "block-cursor-background"),
    ("footer-key-foreground", "footer-background"),
    ("footer-description-foreground", "footer-background"),
)  # fmt: skip
"""Which text is written on what."""


def colours_of(theme: Theme) -> dict[str, Color]:
    """Every variable that is one opaque colour."""
    everything = {
        **theme.to_color_system().generate(), **variable_defaults(theme), **theme.variables
    }  # fmt: skip
    found = {}
    for name, value in everything.items():
        with contextlib.suppress(ColorParseError):
            found[name] = Color.parse(value)
    return found


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("tamis-dark", 4.5),
        ("tamis-light", 4.5),
        ("tamis-colour-blind", 4.5),
        ("tamis-high-contrast", 7.0),
    ],
)
def test_every_pair_of_text_and_ground_has_contrast(name: str, least: float) -> None:
    """Source of 4.5 and 7: WCAG 2.2, success criteria 1.4.3 (AA) and 1.4.6 (AAA)."""
    colours = colours_of(SHIPPED.themes[name])
    low = [
        f"{ink} on {paper}: {ratio:.2f}"
        for ink, paper in PAIRS
        if ink in colours and (ratio := contrast(colours[ink], colours[paper])) < least
    ]
    assert low == []
    # A bar is no text.  Source: WCAG 2.2, success criterion 1.4.11.
    assert contrast(colours["bar-dropped"], colours["surface"]) >= 3.0


KEEPING, DROPPING = ("accepted", "kept"), ("rejected", "dropped")

LEAST_BY_HAND = 40.0
LEAST_ACROSS = 30.0
LEAST_ALIKE = 15.0
"""CIEDE2000 between verdicts by hand, between any keeping and any dropping state, and between the
two ways to drop; a difference of 1 can just be seen, one of 10 at a glance."""


@pytest.mark.parametrize("matrix", [PROTANOPIA, DEUTERANOPIA], ids=["protanopia", "deuteranopia"])
def test_the_colour_blind_tell_keeping_from_dropping(matrix: tuple[Triple, Triple, Triple]) -> None:
    colours = colours_of(SHIPPED.themes["tamis-colour-blind"])

    def apart(one: str, other: str) -> float:
        return ciede2000(*(lab(seen_with(matrix, colours[name])) for name in (one, other)))

    assert apart("accepted", "rejected") >= LEAST_BY_HAND
    for one in KEEPING:
        for other in DROPPING:
            assert apart(one, other) >= LEAST_ACROSS, f"{one}, {other}"
    assert apart("rejected", "dropped") >= LEAST_ALIKE


def test_the_ordinary_theme_would_not_do_for_the_colour_blind() -> None:
    """The test above can fail: green and pink meet for whoever lacks green receptors."""
    colours = colours_of(SHIPPED.themes["tamis-dark"])
    seen = [lab(seen_with(DEUTERANOPIA, colours[name])) for name in ("kept", "rejected")]
    assert ciede2000(*seen) < 5


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.0, 2.0), (50.0, 0.0, 0.0), 2.3669),
        ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((50.0, 2.5, 0.0), (56.0, -27.0, -3.0), 31.9030),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_difference_is_the_published_one(one: Triple, other: Triple, difference: float) -> None:
    """Source: Sharma, Wu, Dalal (2005), table 1."""
    assert ciede2000(one, other) == pytest.approx(difference, abs=5e-5)
    assert ciede2000(other, one) == pytest.approx(difference, abs=5e-5)


@pytest.mark.parametrize("glyphs", [UNICODE_GLYPHS, ASCII_GLYPHS])
def test_every_state_has_a_sign_of_its_own(glyphs: Glyphs) -> None:
    assert set(glyphs.states) == set(RowState)
    assert len(set(glyphs.states.values())) == len(RowState)
    if glyphs.ascii_only:
        signs = [*glyphs.states.values(), *glyphs.roles.values()]
        signs += [
            value for name in fields(glyphs) if isinstance(value := getattr(glyphs, name.name), str)
        ]
        assert all(sign.isascii() for sign in signs)


def test_a_persons_themes_are_found_and_broken_ones_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = user_theme_folder()
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('primary = "#123456"\n[variables]\nkept = "#00ff00 80%"\n')
    (folder / "broken.toml").write_text("primary = ")
    (folder / "binary.toml").write_bytes(b"\xff\xfe")
    (folder / "folder.toml").mkdir()
    (folder / "tamis-dark.toml").write_text('primary = "red"\nname = "tamis-dark"\n')
    (folder / "readme.txt").write_text("not a theme")
    found = load_themes()
    assert found.themes["mine"].primary == "#123456"
    assert found.themes["mine"].variables == {"kept": "#00ff00 80%"}
    assert found.themes["tamis-dark"].primary == "red"
    assert len(found.messages) == 3
    for name in ("broken.toml", "binary.toml", "folder.toml"):
        assert any(name in message for message in found.messages)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "primary is missing"),
        ('primary = "nonsense"', "primary is a colour"),
        ("primary = 3", "primary is a text"),
        ('primary = "red"\ncolour = "blue"', "no such field: colour"),
        ('primary = "red"\ndark = "yes"', "dark is true or false"),
        ('primary = "red"\nvariables = 3', "not a table"),
        ('primary = "red"\n[variables]\nkeptt = "red"', "no such variable: keptt"),
        ('primary = "red"\n[variables]\nkept = "red green"', "kept is a colour"),
        ('primary = "red"\n[variables]\nkept-style = "blink-fast"', "kept-style is a text style"),
        ('primary = "red"\n[variables]\nkept = "red; } * { display: none"', "kept is a colour"),
    ],
)
def test_what_is_wrong_with_a_theme_is_said(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_theme(text, "test")


@pytest.mark.parametrize(
    ("environ", "wanted", "theme"),
    [
        ({}, None, DEFAULT_THEME),
        ({"NO_COLOR": "1"}, "tamis-light", MONOCHROME_THEME),
        ({"NO_COLOR": ""}, None, DEFAULT_THEME),
        ({"TERM": "screen"}, None, ANSI_THEME),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, None, DEFAULT_THEME),
        ({"TERM": "screen"}, "tamis-light", "tamis-light"),
        ({"TERM": "xterm-256color"}, None, DEFAULT_THEME),
    ],
)
def test_the_theme_fits_the_terminal(
    environ: dict[str, str], wanted: str | None, theme: str
) -> None:
    assert choose_theme(wanted, SHIPPED.themes, environ) == (theme, ())


def test_a_theme_that_does_not_exist_is_said_and_the_fitting_one_taken() -> None:
    name, messages = choose_theme("nope\x1b[2J", SHIPPED.themes, {})
    assert name == DEFAULT_THEME
    assert "no theme nope" in messages[0]
    assert "\x1b" not in messages[0]
    assert choose_theme("light", SHIPPED.themes, {}) == ("tamis-light", ())


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"TERM": "linux"}, True),
        ({"LANG": "de_CH.UTF-8"}, False),
        ({"LANG": "de_CH.ISO-8859-1"}, True),
        ({"LC_ALL": "en_US.utf8", "LANG": "de_CH.ISO-8859-1"}, False),
        ({"LANG": "C"}, False),
    ],
)
def test_ascii_where_the_terminal_has_nothing_else(environ: dict[str, str], wanted: bool) -> None:
    assert ascii_wanted(environ) is wanted


async def test_switching_themes_repaints_the_table() -> None:
    app: App[None] = TableApp(FakeRows(5))
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        before = app.screen._compositor.render_strips()[3]
        app.theme = "tamis-light"
        await pilot.pause()
        assert list(app.screen._compositor.render_strips()[3]) != list(before)
