from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import Footer, Input, OptionList

from tests.tui.screen import screen_text
from tests.tui.table_app import FakeRows, TableApp, ThemedApp
from tui.sample_table import SampleTable
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


@pytest.mark.parametrize("name", ["tamis-dark", "tamis-light", "tamis-colour-blind"])
def test_text_can_be_read_on_its_background(name: str) -> None:
    theme = SHIPPED.themes[name]
    ground = Color.parse(theme.background or "")
    for variable in ("muted", "dim-text", "kept", "accepted", "rejected", "problem"):
        assert contrast(Color.parse(theme.variables[variable]), ground) >= 4.0, variable


def test_high_contrast_means_seven_to_one() -> None:
    theme = SHIPPED.themes["tamis-high-contrast"]
    ground = Color.parse(theme.background or "")
    for variable in ("muted", "dim-text", "kept", "accepted", "rejected", "problem", "dropped"):
        assert contrast(Color.parse(theme.variables[variable]), ground) >= 7.0, variable


def contrast(one: Color, other: Color) -> float:
    """Contrast ratio.  Source: WCAG 2.2, relative luminance."""

    def luminance(colour: Color) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in colour.normalized
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


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
