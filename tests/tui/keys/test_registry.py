"""Every action of the registry: reachable by key or palette, in the help, and driven here.

An action without a scenario fails the first test; one of its own module may be named in
`DRIVEN_ELSEWHERE` instead, where a test of that name must exist and press it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from textual.command import CommandPalette

from engine.review.decision import Verdict
from tests.tui.desk_app import DeskDriver, open_desk, write_rows
from tui.clusters.screen import ClusterScreen
from tui.desk import Desk
from tui.dialogs.dialogs import ChoiceDialog, ConfirmDialog, TextDialog
from tui.dialogs.export_dialog import ExportDialog
from tui.dialogs.order_dialog import OrderDialog
from tui.dialogs.palette import ActionProvider
from tui.dialogs.scorer_dialog import ScorerDialog
from tui.dialogs.session_log import SessionLogDialog
from tui.keys.actions import ACTIONS, BY_ID, Action, Group, actions_on
from tui.keys.help import help_text
from tui.widgets.prompt_bar import PromptBar

Check = Callable[[DeskDriver], bool]

TESTS = Path(__file__).parents[1]


def verdict(row: int, value: Verdict) -> Check:
    return lambda desk: int(desk.session.verdicts[row]) == value


def cursor(line: int) -> Check:
    return lambda desk: desk.desk.table.cursor == line


def shows(kind: type) -> Check:
    return lambda desk: isinstance(desk.app.screen, kind)


def says(text: str) -> Check:
    return lambda desk: text in desk.said()


def asks(label: str) -> Check:
    return lambda desk: (
        desk.desk.query_one(PromptBar).is_open and label in desk.screen.splitlines()[-1]
    )


def threshold(holds: Callable[[float], bool]) -> Check:
    return lambda desk: desk.session.threshold is not None and holds(desk.session.threshold.value)


DRIVEN: Mapping[str, tuple[tuple[str, ...], Check]] = {
    "accept": ((), verdict(0, Verdict.ACCEPT)),
    "reject": ((), verdict(0, Verdict.REJECT)),
    "skip": ((), verdict(0, Verdict.SKIP)),
    "clear": (("a", "k"), verdict(0, Verdict.UNDECIDED)),
    "note": ((), asks("note")),
    "session_log": (("a",), shows(SessionLogDialog)),
    "tag": ((), asks("tag")),
    "undo": (("a",), verdict(0, Verdict.UNDECIDED)),
    "redo": (("a", "U"), verdict(0, Verdict.ACCEPT)),
    "range": ((), lambda desk: desk.desk.table.selection_anchor == 0),
    "blind": ((), lambda desk: "blind" in desk.screen),
    "select_all": ((), lambda desk: len(desk.desk.table.selected_rows()) == 30),
    "repeat": (("x",), verdict(1, Verdict.REJECT)),
    "bulk_accept": ((), shows(ConfirmDialog)),
    "bulk_reject": ((), shows(ConfirmDialog)),
    "bulk_clear": (("a",), shows(ConfirmDialog)),
    "bulk_tag": ((), asks("tag")),
    "down": ((), cursor(1)),
    "up": (("j", "j"), cursor(1)),
    "half_down": ((), lambda desk: desk.desk.table.cursor > 1),
    "half_up": (("G",), lambda desk: 0 < desk.desk.table.cursor < 28),
    "first": (("G",), cursor(0)),
    "last": ((), cursor(29)),
    "zoom": ((), lambda desk: not desk.desk.table.display),
    "next_sample": ((), cursor(1)),
    "previous_sample": (("j", "j"), cursor(1)),
    "next_undecided": (("j", "a", "k", "k"), cursor(2)),
    "previous_undecided": (("j", "a", "a", "k"), cursor(0)),
    "next_pane": ((), lambda desk: desk.desk.detail.has_focus),
    "close": (("v",), lambda desk: desk.desk.table.selection_anchor is None),
    "threshold_down": ((), threshold(lambda value: 0.4 < value < 0.5)),
    "threshold_up": ((), threshold(lambda value: 0.5 < value < 0.6)),
    "threshold_far_down": ((), threshold(lambda value: value < 0.5)),
    "threshold_far_up": ((), threshold(lambda value: value > 0.5)),
    "type_threshold": ((), asks("threshold")),
    "search": ((), asks("search")),
    "filter": ((), asks("filter")),
    "sort": ((), shows(ChoiceDialog)),
    "queue": ((), shows(OrderDialog)),
    "simulate": ((), lambda desk: desk.desk.at_panel),
    "link": (("S",), says("unlinked")),
    "pin": (("S",), says("pinned")),
    "swap_model": (("S",), lambda desk: "book" in desk.screen),
    "take_best": (("S",), says("threshold")),
    "about_number": (("S",), shows(TextDialog)),
    "explain": (("S",), lambda desk: "rows a model would be trained on" in desk.screen),
    "model": ((), shows(ScorerDialog)),
    "retry": ((), says("no row has failed")),
    "settle": ((), lambda desk: bool(desk.said())),
    "stop": ((), lambda desk: desk.session.scoring.worker is None or "stopped" in desk.screen),
    "side": ((), says("only preference data")),
    "export": ((), shows(ExportDialog)),
    "copy": ((), says("sent to the clipboard")),
    "copy_to_file": ((), asks("copy to")),
    "help": ((), shows(TextDialog)),
    "palette": ((), shows(CommandPalette)),
    "problems": ((), says("every row could be read")),
    "theme": ((), shows(ChoiceDialog)),
    "spot_check": ((), asks("spot check")),
    "boost_shown": ((), asks("copies of all rows shown")),
    "similarity_up": (("D",), lambda desk: "similarity >= 0.81" in desk.screen),
    "slider_less": (("S",), says("unlinked")),
    "slider_more": (("S",), says("unlinked")),
    "slider_far_less": (("S",), says("unlinked")),
    "slider_far_more": (("S",), says("unlinked")),
    "quit": ((), lambda desk: not desk.app.is_running or desk.app._exit),
}
"""Action -> keys that come before it, and what holds afterwards."""

IN_ORDER: Mapping[str, tuple[tuple[str, ...], Check]] = {
    "bulk_accept": (("V", "a"), shows(ConfirmDialog)),
    "bulk_reject": (("V", "x"), shows(ConfirmDialog)),
    "bulk_clear": (("a", "V", "c"), shows(ConfirmDialog)),
    "bulk_tag": (("V", "number_sign"), asks("tag")),
    "boost_shown": (("V", "w"), asks("copies of")),
    "save_filter": (("f", *"row<9", "enter", "ctrl+f", "s"), asks("save filter")),
    "queue_again": (("o", "u", "enter", "a", "o", "o"), lambda d: len(d.desk.table.order) == 29),
    "spot_check": (("o", "end", "enter"), asks("spot check")),
    "about_number": (("S", "question_mark"), shows(TextDialog)),
}
"""Action without a key of its own -> keys that do it one after the other, and what holds then."""

CLUSTERS = "clusters/test_clusters.py::test_"
DRIVEN_ELSEWHERE: Mapping[str, str] = {
    "mapping": "dialogs/test_mapping_dialog.py::"
    "test_the_dialog_opens_by_itself_and_the_dataset_is_read_so",
    "import_verdicts": "desk/test_importing.py::"
    "test_carried_verdicts_are_offered_counted_taken_over_and_undone",
    "other_columns": "desk/test_columns.py::"
    "test_a_key_shows_all_other_columns_none_or_one_line_and_that_is_remembered",
    "columns": "desk/test_columns.py::test_columns_are_chosen_moved_widened_and_there_again",
    "frequencies": "desk/test_columns.py::test_a_column_is_counted_and_a_value_makes_the_filter",
    "code": "desk/test_annotations.py::"
    "test_a_digit_codes_the_last_rejection_and_undo_takes_it_back",
    "long_note": "desk/test_annotations.py::test_a_note_of_several_lines_comes_from_the_editor",
    "edit": "desk/test_edits.py::test_an_edit_is_shown_taken_scored_exported_and_undone",
    "history": "desk/test_annotations.py::"
    "test_the_history_says_who_when_old_new_and_what_was_on_screen",
    "next_match": "desk/test_desk.py::test_search_goes_from_match_to_match",
    "previous_match": "desk/test_desk.py::test_search_goes_from_match_to_match",
    "bar": "desk/test_filters.py::test_a_bar_is_a_filter_by_key",
    "filters": "desk/test_filters.py::test_filters_are_saved_as_rules_and_come_back",
    "save_filter": "desk/test_filters.py::test_a_name_is_needed_to_save",
    "queue_again": "desk/test_ordering.py::test_what_cannot_be_ordered_is_said",
    "clusters": f"{CLUSTERS}it_opens_at_the_clusters_of_the_row_and_goes_back_to_it",
    "boost": f"{CLUSTERS}boosts_are_shown_counted_and_undone",
    "take_keeper": f"{CLUSTERS}the_suggested_row_is_kept_with_one_key_and_undone_with_one",
    "keep_this": f"{CLUSTERS}another_row_is_kept_or_all_are",
    "keep_all": f"{CLUSTERS}another_row_is_kept_or_all_are",
    "keep_suggested": f"{CLUSTERS}a_bulk_is_counted_first_and_undone_as_one",
    "kind": f"{CLUSTERS}contradictions_are_shown_with_their_share_and_entropy",
    "similarity_down": f"{CLUSTERS}the_similarity_moves_all_clusters_or_splits_one",
    "similarity_far_down": f"{CLUSTERS}the_similarity_moves_all_clusters_or_splits_one",
    "similarity_far_up": f"{CLUSTERS}the_bulk_is_about_the_clusters_of_the_filter",
    "type_similarity": f"{CLUSTERS}the_similarity_moves_all_clusters_or_splits_one",
    "rule": f"{CLUSTERS}the_rule_is_off_until_it_is_switched_on_after_a_count",
    "list_filter": f"{CLUSTERS}the_bulk_is_about_the_clusters_of_the_filter",
    "list_sort": f"{CLUSTERS}filter_errors_are_said_and_rows_can_be_asked_for",
    "keeper": f"{CLUSTERS}what_makes_a_row_the_suggested_one_is_chosen_and_remembered",
    "next_change": f"{CLUSTERS}nothing_alike_is_said",
    "previous_change": f"{CLUSTERS}nothing_alike_is_said",
    "search_duplicates": f"{CLUSTERS}a_search_can_be_stopped_and_gone_on_with",
    "compare_meaning": f"{CLUSTERS}clusters_of_meaning_are_listed_with_their_cosine",
    "leave_at": f"{CLUSTERS}it_opens_at_the_clusters_of_the_row_and_goes_back_to_it",
    "training_run": "simulator/test_simulator.py::test_about_this_number_and_the_cost_of_training",
    "pause": "desk/test_desk.py::test_pause_and_resume",
    "suspend": "terminal/test_terminals.py::test_suspended_it_leaves_the_terminal_and_comes_back",
}
"""Action -> the test that drives it, `module.py::test`."""


def test_every_action_is_driven_by_a_test() -> None:
    known = {action.id for action in ACTIONS}
    assert set(DRIVEN) | set(DRIVEN_ELSEWHERE) == known
    assert not set(DRIVEN) & set(DRIVEN_ELSEWHERE)
    for action, place in DRIVEN_ELSEWHERE.items():
        module, _, name = place.partition("::")
        source = (TESTS / module).read_text()
        body = source.partition(f"def {name}(")[2].partition("\nasync def ")[0]
        assert body, f"{action}: {place} does not exist"
        keys = "|".join(re.escape(f'"{key}"') for key in (action, *BY_ID[action].keys))
        keys += f"|action_{action}\\b"
        assert re.search(keys, body), f"{action}: {place} does not press it"


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_action_can_be_found_and_done(action: Action) -> None:
    screen = ClusterScreen if action.group is Group.CLUSTERS else Desk
    assert callable(getattr(screen, f"action_{action.id}"))
    assert action.title
    assert action.help.rstrip().endswith(".")
    assert action.title in help_text().plain
    assert re.fullmatch(r"[a-z_]+", action.id)
    bound = {
        key
        for binding in screen.BINDINGS
        if getattr(binding, "action", "").partition("(")[0] == action.id
        for key in getattr(binding, "key", "").split(",")
    }
    assert set(action.keys) <= bound


async def test_the_palette_offers_every_action(tmp_path: Path) -> None:
    async with open_desk(write_rows(tmp_path / "rows.jsonl")) as desk:
        provider = ActionProvider(desk.desk)
        found = [hit.text async for hit in provider.discover()]
        offered = [action for action in ACTIONS if action.group is not Group.CLUSTERS]
        assert found == [action.title for action in offered]


async def test_the_palette_finds_every_action_by_its_words(tmp_path: Path) -> None:
    async with open_desk(write_rows(tmp_path / "rows.jsonl")) as desk:
        await desk.press("ctrl+p")
        await desk.type("next undec")
        palette = desk.app.screen
        assert isinstance(palette, CommandPalette)
        await desk.until(
            lambda: any("Next undecided" in line for line in desk.screen.splitlines()), "the hit"
        )
        await desk.press("enter")
        await desk.until(lambda: desk.at_desk and desk.desk.table.cursor == 1, "done by palette")
        await _search_all(ActionProvider(desk.desk), actions_on(None))
        await desk.press("D")
        await desk.until(lambda: not desk.at_desk, "the clusters")
        await _search_all(ActionProvider(desk.app.screen), actions_on(Group.CLUSTERS))


async def _search_all(provider: ActionProvider, actions: tuple[Action, ...]) -> None:
    """Look each action up by its title, which finds it first, and by one word of that."""
    by_word: dict[str, set[str]] = {}
    for action in actions:
        hits = [hit async for hit in provider.search(action.title.lower())]
        assert max(hits, key=lambda hit: hit.score).text == action.title
        by_word.setdefault(max(action.title.split(), key=len).lower(), set()).add(action.title)
    for word, titles in by_word.items():
        assert titles <= {str(hit.text) async for hit in provider.search(word)}, word


def test_every_action_has_a_key_or_keys_in_order() -> None:
    assert {action.id for action in ACTIONS if not action.keys} == set(IN_ORDER)


@pytest.mark.parametrize("action", IN_ORDER)
async def test_keys_in_order_do_what_an_action_does(tmp_path: Path, action: str) -> None:
    keys, check = IN_ORDER[action]
    async with open_desk(write_rows(tmp_path / "rows.jsonl"), threshold="0.5") as desk:
        await desk.scored()
        await desk.press(*keys[:-1])
        assert not check(desk), "it holds already"
        await desk.press(keys[-1])
        await desk.until(lambda: check(desk), action)


@pytest.mark.parametrize("action", DRIVEN)
async def test_an_action_does_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before, check = DRIVEN[action]
    async with open_desk(write_rows(tmp_path / "rows.jsonl"), threshold="0.5") as desk:
        await desk.scored()
        await desk.press(*before)
        if before == ("D",):
            await desk.until(lambda: not desk.at_desk, "the clusters")
        if before == ("S",):
            await desk.until(lambda: desk.desk.at_panel, "the sliders")
        assert not check(desk), "it holds already"
        keys = BY_ID[action].keys
        if keys:
            await desk.press(keys[0])
        else:
            await desk.desk.run_action(action)
            await desk.pilot.pause()
        await desk.until(lambda: check(desk), action)


@pytest.mark.parametrize(
    ("word", "title"),
    [
        *(
            (word, "Duplicates and contradictions")
            for word in ("duplicate", "dedup", "cluster", "merge", "kappa", "agreement")
        ),
        ("save", "Export"),
        ("write", "Export"),
        ("cutoff", "Type the threshold"),
        ("reward", "Score with another scorer"),
        ("boost", "Copies in the export"),
    ],
)
async def test_the_palette_finds_actions_by_the_words_of_the_field(
    tmp_path: Path, word: str, title: str
) -> None:
    async with open_desk(write_rows(tmp_path / "rows.jsonl")) as desk:
        assert title in [hit.text async for hit in ActionProvider(desk.desk).search(word)]
