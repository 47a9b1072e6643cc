from __future__ import annotations

import ast
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

import tui
from engine.preferences.toml_lines import TomlValue, read_lined
from engine.review.decision import Verdict
from engine.session.duplication import SearchState
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.clusters.screen import ClusterScreen
from tui.keys.actions import ACTIONS, BY_ID, key_name, share_a_screen
from tui.keys.keymap import PRESETS, UNBOUND, Keymap, make_keymap, read_key
from tui.preferences import Preferences
from tui.working_screen import WorkingScreen

SOURCES = Path(tui.__file__).parent

FIXED = ("actions.py", "keymap.py", "dialogs.py", "diff_dialog.py", "filter_dialog.py")
"""Where keys are given, and small windows whose keys are always the same."""


def keymap(text: str, preset: str | None = None) -> Keymap:
    entries, faults = read_lined(f"[keys]\n{text}")
    assert not faults
    return make_keymap(entries, preset)


def keys_of(found: Keymap, action: str) -> tuple[str, ...]:
    return next(known.keys for known in found.actions if known.id == action)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_gives_a_key_twice_or_names_what_is_not_there(preset: str) -> None:
    assert set(PRESETS[preset]) <= {action.id for action in ACTIONS}
    found = make_keymap((), preset)
    for one, other in combinations(found.actions, 2):
        if share_a_screen(one, other):
            assert not set(one.keys) & set(other.keys), f"{one.id} and {other.id}"
    # Each could be written into a config file as it stands, but for what is built in.
    for action, keys in PRESETS[preset].items():
        if action != "close":
            entry = TomlValue(("keys", action), list(keys), 1)
            assert make_keymap([entry], preset).problems == ()


@pytest.mark.parametrize(
    "key", sorted({key for action in ACTIONS for key in action.keys if not key.isdigit()})
)
def test_the_built_in_keys_can_be_written_as_they_are_named_and_as_they_are_shown(key: str) -> None:
    assert read_key(key) == key
    assert read_key(key_name(key)) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a", "a"), ("A", "A"), ("shift+a", "A"), ("?", "question_mark"), ("/", "slash"),
        (",", "comma"), ("#", "number_sign"), ("é", "é"), ("ctrl+K", "ctrl+k"), ("Esc", "escape"),
        (" ", "space"), ("F5", "f5"), ("shift+left", "shift+left"), ("pgdn", "pagedown"),
        ("ctrl+shift+up", "ctrl+shift+up"), ("|", "vertical_line"), ("-", "minus"), ("+", "plus"),
        ("_", "underscore"), ("question_mark", "question_mark"),
    ],
)  # fmt: skip
def test_a_key_is_read_as_people_write_it(text: str, key: str) -> None:
    assert read_key(text) == key


@pytest.mark.parametrize(
    "text",
    ["", "nokey", "alt+x", "shift+alt+x", "meta+x", "ctrl+m", "ctrl+i", "ctrl+h", "ctrl+j",
     "ctrl+a", "ctrl+b", "ctrl+c", "ctrl+q", "5", "ctrl+nokey", "ctrl+?", "f99", "a,b", "\x1b",
     "ctrl+", "a b"],
)  # fmt: skip
def test_a_key_that_cannot_be_had_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_key(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('accept = "n"', "n belongs to next_match (Next match)"),
        ('accept = "y"\nreject = "y"', "keys.reject: y belongs to accept"),
        ('acccept = "y"', "did you mean accept?"),
        ('frobnicate = "y"', "no such action"),
        ('reject = "backspace"', "backspace can only be undo"),
        ('accept = "escape"', "esc can only be close"),
        ('close = "q"', "escape always closes"),
        ('palette = ""', "needs a key"),
        ("accept = 3", "a key in quotes"),
        ('preset = "emacs"', "one of default, prodigy, visidata"),
        ('accept = ["y", "alt+y"]', "alt is an escape"),
        ('code = "y"', "its keys are fixed"),
    ],
)
def test_what_cannot_be_is_named_with_its_line_and_the_rest_is_used(
    text: str, complaint: str
) -> None:
    found = keymap(f'undo = "ctrl+y"\n{text}')
    assert len(found.problems) == 1
    line, said = found.problems[0]
    assert line == 2 + len(text.splitlines())
    assert complaint in said
    assert keys_of(found, "undo") == ("ctrl+y",)


def test_keys_change_hands_when_both_say_so() -> None:
    found = keymap('accept = "x"\nreject = ["a", "backslash"]\nskip = ""')
    assert found.problems == ()
    assert keys_of(found, "accept") == ("x",)
    assert keys_of(found, "reject") == ("a", "backslash")
    assert keys_of(found, "skip") == ()
    assert found.changes() == {"accept": "x", "reject": "a,backslash", "skip": "unbound"}


def test_a_flag_goes_before_the_preset_of_the_file_and_single_keys_before_both() -> None:
    assert keys_of(keymap('preset = "visidata"'), "accept") == ("s", "a")
    found = keymap('preset = "visidata"\naccept = "y"', preset="prodigy")
    assert keys_of(found, "accept") == ("y",)
    assert keys_of(found, "undo") == ("backspace", "delete", "U")
    assert keys_of(found, "sort") == ("s",)


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


async def test_the_desk_obeys_the_persons_keys_and_no_others(rows: Path) -> None:
    own = keymap('accept = "x"\nreject = "a"\nskip = ""\nundo = ["backspace", "u"]')
    async with open_desk(rows, preferences=Preferences(keymap=own)) as desk:
        assert "x accept" in desk.screen
        assert "a reject" in desk.screen
        await desk.press("x", "a", "space")
        assert desk.session.verdicts[:3].tolist() == [Verdict.ACCEPT, Verdict.REJECT, 0]
        await desk.press("U")
        assert desk.session.verdicts[:2].tolist() == [Verdict.ACCEPT, Verdict.REJECT]
        await desk.press("backspace", "u")
        assert desk.session.verdicts[:2].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("preset", "keys", "verdicts"),
    [
        ("prodigy", ["a", "x", "space", "backspace"], [1, 2, 0]),
        ("visidata", ["s", "d", "z", "k", "k", "u"], [1, 0, 3]),
    ],
)
async def test_presets_decide(
    rows: Path, preset: str, keys: list[str], verdicts: list[int]
) -> None:
    async with open_desk(rows, preferences=Preferences(keymap=make_keymap((), preset))) as desk:
        await desk.press(*keys)
        assert desk.session.verdicts[:3].tolist() == verdicts


async def test_the_palette_opens_on_its_own_key_only(rows: Path) -> None:
    own = keymap('palette = "ctrl+o"')
    async with open_desk(rows, preferences=Preferences(keymap=own)) as desk:
        await desk.press("ctrl+p")
        assert desk.at_desk
        await desk.press("ctrl+o")
        assert not desk.at_desk


def test_digits_that_are_choices_of_one_action_can_be_let_go() -> None:
    kept = ("1", "2")
    actions = tuple(
        replace(action, keys=kept) if action.id == "code" else action for action in ACTIONS
    )
    changes = Keymap(actions=actions).changes()
    assert changes["code-1"] == "1"
    assert changes["code-3"] == UNBOUND


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_leaves_nothing_without_a_key_and_no_key_of_the_table_without_a_use(
    preset: str,
) -> None:
    found = make_keymap((), preset)
    for action, built_in in zip(found.actions, ACTIONS, strict=True):
        assert bool(action.keys) is bool(built_in.keys), action.id
        places = [other for other in found.actions if share_a_screen(action, other)]
        for key in set(built_in.keys) - set(action.keys):
            # Its key went to somebody else in the same place, and it has another one.
            assert action.keys
            assert any(key in other.keys for other in places), key


def test_help_names_the_keys_that_hold() -> None:
    found = keymap('undo = "ctrl+y"\nqueue = "Q"\ndown = ""\npalette = "ctrl+o"')
    texts = {action.id: action.help for action in found.actions}
    assert "ctrl+y takes the edit back" in texts["edit"]
    assert "Q Q makes it anew" in texts["queue"]
    assert "ctrl+o k scroll" in texts["zoom"]  # without a key, the palette's
    assert not any("{" in text for text in texts.values())


OWN = """
accept = "y"
reject = "Y"
copy = ""
skip = "r"
undo = "ctrl+y"
queue = "Q"
filter = "ctrl+g"
blind = "Z"
model = "f5"
link = "f6"
simulate = "f7"
clusters = "f8"
search_duplicates = "f9"
rule = "u"
long_note = "ctrl+n"
type_threshold = "l"
next_pane = "f10"
take_best = "f11"
help = "f1"
threshold_down = "f2"
threshold_up = "f3"
"""
"""None of these actions has a key that it is built with."""

NAMED_KEY = re.compile(
    r"(?:^|(?<=[\s(:;,]))(?:[A-Za-z?]|ctrl\+[a-z]|tab)"
    r"(?= (?:takes?|opens?|shows?|chooses|sets|changes|starts|stops|goes|links?|makes?|switches|"
    r"would|leaves|decide|settle|says)\b|\))"
)
"""A key where a message says what it does."""


async def test_no_message_names_a_key_that_does_not_hold(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    say = WorkingScreen.say

    def heard(screen: WorkingScreen, text: str, **how: object) -> None:
        said.append(text)
        say(screen, text, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(WorkingScreen, "say", heard)
    own = keymap(OWN)
    assert not own.problems
    async with open_desk(rows, preferences=Preferences(keymap=own), size=(160, 48)) as desk:
        await _say_much(desk, said)
    holds = {key_name(key) for action in own.actions for key in action.keys}
    named = {key for text in said for key in NAMED_KEY.findall(text)}
    stale = {key_name(key) for name in ("undo", "queue", "filter", "blind", "model", "link",
             "simulate", "type_threshold") for key in BY_ID[name].keys}  # fmt: skip
    assert named
    assert named <= holds - stale, [text for text in said if NAMED_KEY.search(text)]
    for expected in (
        "ctrl+y takes it back", "Q Q makes it anew", "Q chooses one", "ctrl+g sets one", "Z shows",
        "f6 links them", "f7 opens the simulator", "range: move, then y Y r c", "y Y c decide",
        "(ctrl+y)", "f8", "rule off: u would drop", "f5 chooses", "f1", "f2 f3 threshold",
    ):  # fmt: skip
        assert any(expected in text for text in said), expected


async def _say_much(desk: DeskDriver, said: list[str]) -> None:
    """Walk through what names keys; what is on the screen is heard, too."""

    async def do(*actions: str) -> None:
        for action in actions:
            await desk.app.screen.run_action(action)
            await desk.pilot.pause()
            said.append(desk.screen)

    await desk.scored()
    await desk.until(lambda: "f8" in desk.screen, "the key of the clusters in the footer")
    said.append(desk.screen)
    await do("accept", "range", "down", "close", "select_all", "bulk_reject")
    await desk.press("y")
    await do("close", "queue_again", "save_filter", "link", "simulate", "link", "link", "simulate")
    await do("blind", "blind", "queue")
    await desk.press("j", "Q")
    await desk.until(lambda: desk.at_desk, "the order")
    await do("queue_again", "boost", "note")
    await desk.press("escape")
    await do("help")
    await desk.press("escape")
    await do("clusters")
    await desk.until(lambda: isinstance(desk.app.screen, ClusterScreen), "the clusters")
    await desk.until(lambda: desk.session.duplicates.status.state is SearchState.DONE, "duplicates")
    screen = desk.app.screen
    assert isinstance(screen, ClusterScreen)
    await desk.until(screen.is_at_rest, "the clusters, drawn")
    said.append(desk.screen)
    await do("rule", "search_duplicates", "help")
    await desk.press("escape", "escape")
    await do("stop", "pause")


MESSAGES = [path for path in sorted(SOURCES.rglob("*.py")) if path.name not in FIXED]


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.stem)
def test_no_message_is_written_with_a_key_in_it(path: Path) -> None:
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.value) for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            literal = "" if id(node) in docstrings else node.value
            assert not NAMED_KEY.search(literal), f"{path.name}:{node.lineno}: {literal}"
