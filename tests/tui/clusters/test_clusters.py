"""Clusters in the desk, as a person finds, compares and decides them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from textual.widgets import Input, OptionList

from engine.demo import FaultKind, demo_folder, labels
from engine.duplicates.finder import Finder
from engine.duplicates.rule import Preference
from engine.duplicates.settings import ComparedUnit
from engine.errors import Cancelled
from engine.preferences.folded import fold, folded
from engine.review.decision import Verdict
from engine.session import OpenOptions
from engine.session.cluster_review import Kind
from engine.session.duplication import SearchState
from tests.engine.scoring.built_models import sentence_model
from tests.tui.desk_app import DeskDriver, open_desk
from tests.tui.screen import style_of
from tui.clusters.base import EXPLAINED
from tui.clusters.screen import ClusterScreen
from tui.clusters.words import about_numbers
from tui.dialogs.dialogs import ChoiceDialog, ConfirmDialog, TextDialog
from tui.dialogs.export_dialog import ExportDialog
from tui.keys.actions import Group, actions_on

SIZES = [(80, 24), (120, 40), (160, 48)]

STORY = "the quick brown fox jumps over the lazy dog and runs into the green forest at night"
SPRING = "in the early spring a farmer walks along the river and counts the birds on the water"
SUM = (
    "a very long way of saying what the sum of the two numbers in the question comes to in the end "
)
SUM += (
    "so that this one and that one are alike in nearly all of their many words and in all but one"
)
ROWS: list[dict[str, Any]] = [
    {"prompt": "tell me a story, please", "response": STORY, "q": 0.3},
    {"prompt": "tell me a story, please", "response": STORY, "q": 0.5},
    {"prompt": "tell me a story, please", "response": f"{STORY} alone", "q": 0.4},
    {"prompt": "name three colours of the sky", "response": "red green and blue", "q": 0.9},
    {"prompt": "what does the farmer do", "response": SPRING, "q": 0.8},
    {"prompt": "what does the farmer do", "response": f"{SPRING} today", "q": 0.2},
    {"prompt": "add 3 and 4 for me", "response": f"{SUM} 7", "q": 0.6},
    {"prompt": "add 3 and 5 for me", "response": f"{SUM} 8", "q": 0.7},
    {"prompt": "which city is the capital of the land", "response": "It is Ottersea.", "q": 0.6},
    {"prompt": "which city is the capital of the land", "response": "Harnbeck, surely.", "q": 0.7},
]
"""0, 1, 2 alike; 4, 5 too; 6, 7 but for their numbers; 8 and 9 contradict each other."""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write(tmp_path, ROWS)


def write(folder: Path, rows: list[dict[str, Any]]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def screen_of(desk: DeskDriver) -> ClusterScreen:
    screen = desk.app.screen
    assert isinstance(screen, ClusterScreen)
    return screen


async def opened(desk: DeskDriver, *, threshold: str = ">= 0") -> ClusterScreen:
    """At the clusters, everything found, listed, counted and compared."""
    await desk.scored()
    desk.session.set_threshold(threshold, save=False)
    await desk.press("D")
    await desk.until(lambda: isinstance(desk.app.screen, ClusterScreen), "the screen")
    await found(desk)
    return screen_of(desk)


async def found(desk: DeskDriver) -> None:
    duplicates = desk.session.duplicates
    await desk.until(lambda: duplicates.status.state is SearchState.DONE, "the search")
    await desk.until(screen_of(desk).is_at_rest, "the list")


def shows(desk: DeskDriver, text: str) -> bool:
    return text in desk.screen


def members(desk: DeskDriver) -> list[int]:
    order: list[int] = screen_of(desk).members.order.tolist()
    return order


@pytest.mark.parametrize("size", SIZES)
async def test_clusters_are_listed_compared_and_counted(rows: Path, size: tuple[int, int]) -> None:
    async with open_desk(rows, size=size, scorer="column:q") as desk:
        await opened(desk)
        for text in (
            "duplicates: whole samples", "similarity >= 0.80", "3 with 7 rows", "undecided",
            "keep", "enter suggested",
            "40.0% of 10 kept are duplicates", "rule off: d would drop 3",
        ):  # fmt: skip
            assert text in desk.screen, text
        assert members(desk) == [0, 1, 2]
        if size[1] > 24:
            assert "suggested: highest score, 0.5" in desk.screen
            assert "the same in both" in desk.screen
        await desk.press("l", "G")  # a key that does nothing, and the last cluster
        await desk.until(lambda: changed(desk) == ["4", "5", "7", "8"], "the numbers")
        assert "#" in desk.screen


def changed(desk: DeskDriver) -> list[str]:
    """What is marked as different in the two samples, sorted."""
    lines = screen_of(desk).comparison._laid.lines
    return sorted(text for line in lines for text, style in line if style == "changed")


async def test_it_opens_at_the_clusters_of_the_row_and_goes_back_to_it(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await desk.scored()
        await desk.press("j", "j", "j", "j", "j")
        screen = await opened(desk)
        assert members(desk) == [4, 5]
        assert screen.members.cursor_row == 5
        await desk.press("j", "escape")
        assert desk.at_desk
        assert desk.desk.table.cursor_row == 5
        await desk.press("D")
        await desk.until(lambda: members(desk) == [4, 5], "the cluster")
        await desk.press("j")
        await desk.until(lambda: members(desk) == [6, 7], "the next cluster")
        await desk.press("D")
        assert desk.at_desk
        assert desk.desk.table.cursor_row == 6


async def test_the_suggested_row_is_kept_with_one_key_and_undone_with_one(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        await desk.press("enter")
        assert desk.session.verdicts[:3].tolist() == [2, 1, 2]
        assert len(desk.session.review.events) == 1
        last = desk.session.last_decision(0)
        assert last is not None
        assert (last.said.reason, last.said.note) == ("duplicate", "like row 1")
        assert "kept row 1 (highest score, 0.5)" in desk.said()
        assert members(desk) == [4, 5]
        await desk.until(partial(shows, desk, "1 decided"), "the count")
        await desk.press("U")
        assert not desk.session.verdicts.any()
        await desk.until(lambda: members(desk) == [0, 1, 2], "back at the cluster")
        assert "undone" in desk.said()
        await desk.press("R")
        assert desk.session.verdicts[:3].tolist() == [2, 1, 2]
        assert screen.is_current


async def test_rows_with_other_numbers_stay_when_the_suggested_one_is_kept(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        await desk.press("G")
        await desk.until(lambda: "other numbers" in desk.screen, "the comparison")
        await desk.press("enter")
        assert desk.session.verdicts[6:8].tolist() == [Verdict.UNDECIDED, Verdict.ACCEPT]
        await desk.press("equals_sign")
        assert sorted(desk.session.verdicts[6:8].tolist()) == [Verdict.ACCEPT, Verdict.REJECT]


async def test_another_row_is_kept_or_all_are(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        assert screen.members.cursor_row == 0
        await desk.press("equals_sign")
        assert desk.session.verdicts[:3].tolist() == [1, 2, 2]
        await desk.press("asterisk")
        assert desk.session.verdicts[4:6].tolist() == [1, 1]
        assert "kept all" in desk.screen
        await desk.press("U", "U")
        assert not desk.session.verdicts.any()


async def test_members_are_decided_by_the_same_keys(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        await desk.press("x")
        assert desk.session.verdicts[0] == Verdict.REJECT
        assert screen.members.cursor_row == 1
        await desk.press("a", "space")
        assert desk.session.verdicts[:3].tolist() == [2, 1, 3]
        await desk.press("c")
        assert desk.session.verdicts[2] == Verdict.UNDECIDED
        await desk.press("U")
        assert desk.session.verdicts[2] == Verdict.SKIP
        await desk.press("escape")
        assert desk.at_desk
        assert "✗" in desk.screen
        assert "»" in desk.screen


async def test_a_bulk_is_counted_first_and_undone_as_one(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        await desk.press("K")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        assert "One undo (U)" in desk.screen
        await desk.press("n")
        assert not desk.session.review.events
        await desk.press("K")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        await desk.press("y")
        await desk.until(lambda: len(desk.session.review.events) == 1, "the decision")
        verdicts = desk.session.verdicts.tolist()
        assert verdicts[:6] == [2, 1, 2, 0, 1, 2]
        assert Verdict.REJECT not in verdicts[6:]
        await desk.press("U")
        assert not desk.session.verdicts.any()


async def test_the_bulk_is_about_the_clusters_of_the_filter(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        await desk.press("f")
        await desk.type("size")
        await desk.press("greater_than_sign")
        await desk.type("2")
        await desk.press("enter")
        assert "1 of 3" in desk.screen
        await desk.press("K")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        assert "1 clusters: 1 rows accepted, 2 rejected" in desk.screen
        await desk.press("y")
        await desk.until(lambda: len(desk.session.review.events) == 1, "the decision")
        assert not desk.session.verdicts[3:].any()


async def test_filter_errors_are_said_and_rows_can_be_asked_for(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        await desk.press("f")
        await desk.type("is:odd")
        await desk.press("enter")
        assert "no such state" in desk.screen
        await desk.press("ctrl+u")
        await desk.type("farmer")
        await desk.press("enter")
        assert len(screen.cluster_list.order) == 1
        assert members(desk) == [4, 5]
        await desk.press("f", "ctrl+u", "enter")
        assert len(screen.cluster_list.order) == 3
        await desk.press("s")
        assert isinstance(desk.app.screen, ChoiceDialog)
        await desk.press("j", "enter")
        assert screen.cluster_list.order.tolist() == [0, 1, 2]
        await desk.press("s", "enter")
        assert screen.cluster_list.order.tolist() == [1, 2, 0]


async def test_the_similarity_moves_all_clusters_or_splits_one(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        await desk.press("t")
        await desk.type("1.5")
        await desk.press("enter")
        assert "at most 1" in desk.screen
        await desk.press("ctrl+u")
        await desk.type("1")
        await desk.press("enter")
        await desk.until(lambda: "1 with 2 rows" in desk.screen, "exact duplicates only")
        assert desk.session.duplicates.at == 1
        await desk.press("left_curly_bracket", "left_curly_bracket", "minus")
        await desk.until(lambda: desk.session.duplicates.at == pytest.approx(0.89), "the move")
        await desk.press("t")
        await desk.type("80%")
        await desk.press("enter")
        await desk.until(lambda: "3 with 7 rows" in desk.screen, "all")
        await desk.until(lambda: members(desk) == [0, 1, 2], "the first")
        await desk.press("tab")
        assert screen.members.has_focus
        await desk.press("t")
        assert "split this cluster" in desk.screen
        await desk.type("1")
        await desk.press("enter")
        await desk.until(lambda: "3 with 6 rows" in desk.screen, "the split")
        assert desk.session.duplicates.at == pytest.approx(0.8)
        await desk.until(lambda: members(desk) == [0, 1], "what is left of it")
        await desk.press("left_square_bracket")
        await desk.until(lambda: "3 with 6 rows" in desk.screen, "still split")


async def test_what_makes_a_row_the_suggested_one_is_chosen_and_remembered(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q", size=(160, 48)) as desk:
        await opened(desk)
        await desk.until(lambda: "suggested: highest score, 0.5" in desk.screen, "by score")
        await desk.press("o")
        assert isinstance(desk.app.screen, ChoiceDialog)
        desk.app.screen.query_one(OptionList).highlighted = list(Preference).index(
            Preference.LONGEST
        )
        await desk.press("enter")
        await desk.until(lambda: "suggested: longest" in desk.screen, "by length")
        await desk.press("enter")
        await desk.until(lambda: desk.session.verdicts[2] == Verdict.ACCEPT, "the longest is kept")
        assert desk.session.verdicts[:3].tolist() == [
            Verdict.REJECT,
            Verdict.REJECT,
            Verdict.ACCEPT,
        ]
    async with open_desk(rows, scorer="column:q") as desk:
        assert desk.session.duplicates.preferences[0] is Preference.LONGEST


async def test_the_rule_is_off_until_it_is_switched_on_after_a_count(rows: Path) -> None:
    async with open_desk(rows, size=(160, 48), scorer="column:q") as desk:
        await opened(desk)
        assert desk.session.summary().duplicates == 0
        await desk.press("d")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        assert "3 of 10 rows kept now" in desk.screen
        assert "40.0% before, 14.3% after" in desk.screen
        await desk.press("y")
        await desk.until(lambda: desk.session.summary().duplicates == 3, "the rule")
        await desk.until(
            lambda: "rule on at >= 0.80: drops 3" in desk.screen, "the duplication rate"
        )
        assert "14.3% of 7 kept are duplicates" in desk.screen
        await desk.press("escape")
        await desk.until(lambda: "duplicates dropped 3" in desk.screen, "the summary")
        assert "duplicate of row 1, similarity 1.00" in desk.screen
        await desk.press("D", "d")
        assert desk.session.summary().duplicates == 0
        assert "rule off" in desk.said()


async def test_contradictions_are_shown_with_their_share_and_entropy(rows: Path) -> None:
    async with open_desk(rows, size=(160, 48), scorer="column:q") as desk:
        await opened(desk)
        await desk.press("v", "v", "v")
        assert desk.session.clusters.kind is Kind.CONTRADICTIONS
        await desk.until(lambda: members(desk) == [8, 9], "the question")
        for text in ("bits", "answer A", "answer B", "20.00 % of all rows", "at least 10.00 %"):
            await desk.until(partial(shows, desk, text), text)
        assert changed(desk) == ["Harnbeck, surely", "It is Ottersea"]
        await desk.press("K")
        assert "one by one" in desk.said()
        await desk.press("enter")
        assert desk.session.verdicts[8:].tolist() == [2, 1]


async def test_the_table_shows_clusters_and_filters_and_sorts_by_them(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await desk.scored()
        assert "alike" not in desk.screen
        await opened(desk)
        await desk.press("escape")
        assert "alike" in desk.screen
        assert desk.screen.count("≈0") >= 3
        await desk.press("s")
        options = desk.app.screen.query_one(OptionList)
        options.highlighted = options.get_option_index("cluster")
        await desk.press("enter")
        assert desk.desk.table.order.tolist() == [0, 1, 2, 4, 5, 6, 7, 3, 8, 9]


async def test_boosts_are_shown_counted_and_undone(rows: Path) -> None:
    async with open_desk(rows, size=(160, 48), scorer="column:q") as desk:
        await desk.scored()
        await desk.press("w", "w")
        assert desk.session.copies[0] == 3
        assert "×3" in desk.screen
        assert "exported ×3" in desk.screen
        await desk.press("w")
        assert desk.session.copies[0] == 1
        await desk.press("U")
        assert desk.session.copies[0] == 3
        assert "undone" in desk.said()
        await desk.press("j", "v", "j", "w", "enter")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        assert "2 rows, 2 of them change" in desk.screen
        await desk.press("y")
        assert desk.session.copies[:4].tolist() == [3, 2, 2, 1]
        await desk.press("U", "U", "U", "U")
        assert desk.session.copies.tolist() == [1] * 10
        await opened(desk)
        await desk.press("w")
        assert desk.session.copies[0] == 2
        await desk.until(lambda: "of 11 kept are duplicates" in desk.screen, "the duplication rate")


async def test_an_export_after_triage_says_why(rows: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        await desk.press("enter", "d")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        await desk.press("y")
        await desk.until(lambda: desk.session.summary().duplicates == 1, "the rule")
        await desk.press("escape", "e")
        assert isinstance(desk.app.screen, ExportDialog)
        desk.app.screen.query_one(Input).value = str(out)
        await desk.press("y")
        await desk.until((out / "manifest.json").exists, "the export")
    decisions = pl.read_parquet(out / "decisions.parquet").sort("row")
    told = {row["row"]: row for row in decisions.to_dicts()}
    assert told[0]["outcome"] == told[2]["outcome"] == "dropped"
    assert "like row 1" in (told[0]["note"] or "")
    assert told[5]["matched_row"] == 4
    assert told[5]["similarity"] >= 0.8


HOSTILE = (
    "\x1b]52;c;aGk=\x07 [red]x[/red] [@click=app.quit]y[/] \x9b31m \u202eevil\u202c \ud800 {0}"
)


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_reaches_no_terminal(tmp_path: Path, size: tuple[int, int]) -> None:
    hostile = HOSTILE.replace("{0}", STORY)
    path = tmp_path / "hostile.jsonl"
    lines = [
        {"prompt": hostile, "response": f"{hostile} {word}".strip(), "q": 1.0}
        for word in ("", "one", "two")
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in lines))
    async with open_desk(path, size=size, scorer="column:q") as desk:
        await opened(desk)
        for keys in ((), ("tab", "j"), ("f", "q", "escape"), ("v",), ("v",)):
            await desk.press(*keys)
            screen = desk.screen
            assert not any(ord(sign) < 32 and sign != "\n" for sign in screen)
            assert not set(screen) & set("\x9b\x07\u202e\u202c\ud800")
        await desk.until(lambda: "[red]x" in desk.screen, "the last kind's clusters")


async def test_a_search_can_be_stopped_and_gone_on_with(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(_self: Finder, **options: Any) -> None:
        options["progress"]("comparing", 4, 10)
        while not options["cancelled"]():
            np.sort(np.random.default_rng(0).random(1000))
        raise Cancelled("stopped")

    async with open_desk(rows, scorer="column:q") as desk:
        await desk.scored()
        with monkeypatch.context() as patched:
            patched.setattr(Finder, "run", never)
            await desk.press("D")
            await desk.until(
                lambda: "comparing 40%, incomplete (C stops)" in desk.screen, "progress"
            )
            await desk.press("escape")
            await desk.until(lambda: "looking for duplicates 40%" in desk.screen, "the title")
            await desk.press("D", "C")
            await desk.until(lambda: "C goes on" in desk.screen, "stopped")
        await desk.press("C")
        await found(desk)
        assert "3 with 7 rows" in desk.screen
        await desk.press("C")
        assert "everything has been searched" in desk.said()


async def test_nothing_alike_is_said(tmp_path: Path) -> None:
    path = write(
        tmp_path, [{"prompt": f"{n} {n}", "response": f"word{n}", "q": n} for n in range(5)]
    )
    async with open_desk(path, scorer="column:q") as desk:
        await desk.scored()
        await desk.press("D")
        await desk.until(lambda: "no clusters at this similarity" in desk.screen, "the list")
        await desk.press(
            "enter", "equals_sign", "asterisk", "a", "x", "w", "K", "n", "N", "tab", "j"
        )
        assert not desk.session.review.events
        await desk.press("t")
        await desk.type("0.5")
        await desk.press("enter", "escape", "escape")
        assert desk.at_desk


async def test_what_was_found_is_there_again_after_a_restart(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        await desk.press("enter")
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        assert "1 decided" in desk.screen


async def test_a_read_only_desk_compares_and_decides_nothing(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await desk.scored()
    options = OpenOptions(read_only=True, reviewer="ada")
    async with open_desk(rows, scorer="column:q", options=options) as desk:
        await opened(desk)
        await desk.press("enter", "equals_sign", "asterisk", "a", "w", "K")
        assert not desk.session.review.events
        assert "read-only" in desk.said()


async def test_every_action_of_the_screen_exists_and_is_in_its_help_and_palette(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        shown = actions_on(Group.CLUSTERS)
        keys: dict[str, str] = {}
        for action in shown:
            assert hasattr(screen, f"action_{action.id}"), action.id
            for key in action.keys:
                assert keys.setdefault(key, action.id) == action.id, key
        await desk.press("question_mark")
        assert isinstance(desk.app.screen, TextDialog)
        assert "Keep the suggested row" in desk.screen
        await desk.press("escape", "ctrl+p")
        await desk.type("keep this row")
        await desk.until(lambda: "Keep this row only" in desk.screen, "the palette's hit")
        await desk.press("enter")
        await desk.until(lambda: desk.session.review.undoable == 1, "the decision")


@pytest.mark.parametrize("theme", ["tamis-light", "tamis-mono", "tamis-ansi16"])
async def test_differences_are_not_told_by_colour_alone_without_colours(
    rows: Path, theme: str
) -> None:
    async with open_desk(rows, size=(160, 48), scorer="column:q") as desk:
        desk.app.theme = theme
        await opened(desk)
        await desk.press("j")
        await desk.until(lambda: "today" in desk.screen, "the comparison")
        style, plain = style_of(desk.app, "today"), style_of(desk.app, "farmer walks")
        assert style != plain
        if theme == "tamis-mono":
            assert style.reverse or style.underline or style.bold


@pytest.mark.parametrize("size", [(40, 12), (60, 20), (200, 60)])
async def test_odd_sizes_do_not_break_it(rows: Path, size: tuple[int, int]) -> None:
    async with open_desk(rows, size=size, scorer="column:q") as desk:
        await desk.scored()
        await desk.press("D")
        await desk.until(
            lambda: desk.session.duplicates.status.state is SearchState.DONE, "the search"
        )
        await desk.press("tab", "j", "tab", "G", "n", "N", "v", "v", "v", "v", "escape", "escape")
        assert desk.at_desk


async def test_keys_typed_right_behind_each_other_lose_nothing(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        await desk.pilot.press("j", "k", "j", "enter", "a", "x", "U", "j", "k")
        await desk.pilot.pause()
        assert desk.session.review.undoable == 2


async def test_the_demo_contradicts_itself_exactly_where_it_was_planted(tmp_path: Path) -> None:
    planted = {
        frozenset([label.row, *label.partners])
        for label in labels()
        if label.kind is FaultKind.CONTRADICTION
    }
    options = OpenOptions(session=tmp_path / "demo.db", reviewer="ada")
    async with open_desk(demo_folder(), scorer="none", options=options) as desk:
        await desk.press("D")
        await desk.until(lambda: isinstance(desk.app.screen, ClusterScreen), "the screen")
        await desk.press("v", "v", "v")
        clusters = desk.session.clusters
        await desk.until(
            lambda: clusters.listed is not None and clusters.listed.contradictions is not None,
            "contradictions",
        )
        assert clusters.listed is not None
        groups = clusters.listed.listing.groups
        shown = {frozenset(groups.rows_of(group).tolist()) for group in range(len(groups))}
        assert shown == planted
        await desk.until(lambda: f"{len(planted)} with" in desk.screen, "the count")


async def test_a_rule_of_the_last_visit_does_not_keep_the_rest_from_being_searched(
    rows: Path,
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await desk.scored()
        duplicates = desk.session.duplicates
        duplicates.set_rule(0.8)
        await desk.until(lambda: duplicates.status.state is SearchState.DONE, "what the rule needs")
        await opened(desk)
        for kind in ("duplicates: prompts", "duplicates: responses", "contradictions"):
            await desk.press("v")
            await desk.until(partial(shows, desk, kind), kind)
            await desk.until(lambda: desk.session.clusters.listed is not None, "their list")


async def test_a_kind_that_was_not_searched_says_which_key_searches_it(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        duplicates = desk.session.duplicates
        duplicates._searches.forget(ComparedUnit.RESPONSE)
        desk.session.clusters._listed.pop(Kind.RESPONSES, None)
        await desk.press("v", "v")
        key = screen.key("search_duplicates")
        await desk.until(lambda: f"nothing is known yet: {key} searches" in desk.screen, "the key")
        await desk.press(key)
        await desk.until(lambda: desk.session.clusters.listed is not None, "the responses")


async def test_clusters_of_meaning_are_listed_with_their_cosine(rows: Path, tmp_path: Path) -> None:
    model = sentence_model(tmp_path)
    async with open_desk(rows, size=(160, 48), scorer="column:q") as desk:
        screen = await opened(desk)
        screen.action_compare_meaning()
        await desk.type("/no/such/model")
        await desk.press("enter")
        await desk.until(lambda: "the search failed" in desk.screen, "why not")
        screen.action_compare_meaning()
        await desk.type(str(model))
        await desk.press("enter")
        await desk.until(lambda: screen.is_at_rest() and len(members(desk)) > 0, "the clusters")
        listed = desk.session.clusters.listed
        assert listed is not None
        assert listed.kind is Kind.MEANING
        assert "duplicates: meaning" in desk.screen
        copies = [row for row, sample in enumerate(ROWS) if sample["response"] == STORY]
        assert {0, 1} <= set(copies)
        assert listed.clusters.label[0] == listed.clusters.label[1] >= 0
        assert desk.session.clusters.similarity_to(listed, np.array([0, 1]), 0).similarity[1] == 1
        await desk.press("v")
        assert desk.session.clusters.kind is Kind.WHOLE
        assert not desk.session.duplicates.rule_on


@pytest.mark.parametrize("size", SIZES)
async def test_each_number_has_a_plain_sentence_until_they_are_folded(
    rows: Path, size: tuple[int, int]
) -> None:
    fold(EXPLAINED, on=False)
    async with open_desk(rows, size=size, scorer="column:q") as desk:
        screen = await opened(desk)
        for sentence in about_numbers(Kind.WHOLE, 0.8):
            assert sentence in desk.screen
        assert "40.0% of 10 kept are duplicates" in desk.screen
        assert screen.comparison.size.height >= 4
        await desk.press("v", "v", "v")
        await desk.until(lambda: "bits: how divided" in desk.screen, "those of contradictions")
        await desk.press("colon")
        assert "bits: how divided" not in desk.screen
    assert EXPLAINED in folded()
    async with open_desk(rows, size=size, scorer="column:q") as desk:
        await opened(desk)
        assert about_numbers(Kind.WHOLE, 0.8)[1] not in desk.screen


async def test_of_nearly_equal_scores_the_longer_is_suggested_and_says_so(tmp_path: Path) -> None:
    alike = [{**ROWS[0], "q": 0.501}, {**ROWS[2], "q": 0.5}]
    async with open_desk(write(tmp_path, alike + ROWS[3:]), scorer="column:q") as desk:
        await opened(desk)
        assert "suggested: longest" in desk.screen
        await desk.press("enter")
        assert "at nearly equal scores (0.5, 0.501)" in desk.said()
        assert desk.session.verdicts[:2].tolist() == [Verdict.REJECT, Verdict.ACCEPT]
