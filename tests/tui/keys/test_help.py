"""The help stays legible on the smallest common screen."""

from __future__ import annotations

from tui.keys.actions import ACTIONS
from tui.keys.help import KEYS_CELLS, LINE_CELLS, help_text


def test_the_help_fits_into_80_columns_and_stays_indented() -> None:
    lines = help_text().plain.splitlines()
    assert max(map(len, lines)) <= LINE_CELLS
    longest = max(ACTIONS, key=lambda action: len(action.help))
    words = longest.help.split()
    second = next(line for line in lines if line.endswith(words[-1]) and words[-2] in line)
    assert second.startswith(" " * (KEYS_CELLS + 3))


def test_titles_stand_in_one_column() -> None:
    lines = help_text().plain.splitlines()
    for action in ACTIONS:
        assert any(line.find(action.title) == KEYS_CELLS + 3 for line in lines), action.title
