"""Clusters in the desk while threads list, cut, count and compare: what a key is about then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from textual import events

from engine.duplicates.clusters import Clusters, Edges
from engine.duplicates.listing import Groups, Listing
from engine.duplicates.settings import ComparedUnit
from engine.session.cluster_review import ClusterReview, Listed
from tests.tui.clusters.test_clusters import ROWS, members, opened, shows, write
from tests.tui.desk_app import DeskDriver, open_desk
from tui.clusters import base, deciding
from tui.clusters.comparison import compare
from tui.clusters.screen import ClusterScreen
from tui.dialogs.dialogs import ConfirmDialog

LIMIT_S = 60


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write(tmp_path, ROWS)


def list_instead(desk: DeskDriver, clusters: Clusters) -> None:
    """As the thread that lists does it, at a moment that a test chooses."""
    session, review = desk.session, desk.session.clusters
    listing = Listing(Groups.of_clusters(clusters), session.scores, session.verdicts)
    review._listed[review.kind] = Listed(review.kind, clusters, None, listing)
    review.version += 1


def listed(desk: DeskDriver) -> Clusters:
    found = desk.session.clusters.listed
    assert found is not None
    return found.clusters


def without_the_first(desk: DeskDriver) -> Clusters:
    """The clusters but for 0, 1, 2, as if those were found last: every number means other rows."""
    known = listed(desk)
    rows = int(known.sizes[0])
    assert known.members[:rows].tolist() == [0, 1, 2]
    a, b = known.edges.a, known.edges.b
    others = known.label[a] > 0
    edges = Edges(
        a[others], b[others], known.edges.similarity[others], known.edges.droppable[others]
    )
    return replace(
        known, label=np.maximum(known.label - 1, -1), members=known.members[rows:],
        starts=known.starts[1:] - rows, lowest=known.lowest[1:], mean=known.mean[1:],
        sampled=known.sampled[1:], edges=edges,
    )  # fmt: skip


def first(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str, meanwhile: Callable[[], None]
) -> None:
    """Have something happen just before a method does its work."""
    real = getattr(owner, name)

    def wrapped(*arguments: Any) -> Any:
        meanwhile()
        return real(*arguments)

    monkeypatch.setattr(owner, name, wrapped)


def send(desk: DeskDriver, *keys: str) -> None:
    """Keys that come in one piece, as over a slow line: the second waits while the first works."""
    for key in keys:
        event = events.Key(key, key if len(key) == 1 else None)
        event.set_sender(desk.app)
        desk.app.post_message(event)


# -- the wrong rows ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "action", "verdicts"),
    [
        ("enter", "take_keeper", [2, 1, 2]),
        ("equals_sign", "keep_this", [1, 2, 2]),
        ("asterisk", "keep_all", [1, 1, 1]),
        ("x", "reject", [2, 0, 0]),
    ],
)
async def test_a_key_is_about_the_cluster_shown_not_about_what_is_listed_since(
    rows: Path, monkeypatch: pytest.MonkeyPatch, key: str, action: str, verdicts: list[int]
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        other = without_the_first(desk)
        first(monkeypatch, ClusterScreen, f"action_{action}", lambda: list_instead(desk, other))
        await desk.press(key)
        assert desk.session.verdicts.tolist() == verdicts + [0] * 7


async def test_a_large_cluster_is_decided_as_it_was_shown(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        other = without_the_first(desk)
        monkeypatch.setattr(deciding, "INLINE_ROWS", 0)
        first(monkeypatch, ClusterReview, "beaten", lambda: list_instead(desk, other))
        await desk.press("enter")
        await desk.until(lambda: desk.session.review.events, "the decision")
        assert desk.session.verdicts.tolist() == [2, 1, 2] + [0] * 7


async def test_the_bulk_is_about_the_clusters_shown_not_about_what_is_listed_since(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        await desk.press("f")
        await desk.type("size")
        await desk.press("greater_than_sign")
        await desk.type("2")
        await desk.press("enter")
        assert members(desk) == [0, 1, 2]
        other = without_the_first(desk)
        first(
            monkeypatch, ClusterScreen, "action_keep_suggested", lambda: list_instead(desk, other)
        )
        await desk.press("K")
        await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
        assert "1 clusters: 1 rows accepted, 2 rejected" in desk.screen
        await desk.press("y")
        await desk.until(lambda: desk.session.review.events, "the decision")
        assert desk.session.verdicts.tolist() == [2, 1, 2] + [0] * 7


@pytest.mark.parametrize(
    ("key", "verdicts"),
    [("enter", [1, 2]), ("equals_sign", [2, 1]), ("asterisk", [1, 1]), ("x", [0, 2])],
)
async def test_a_verdict_right_behind_a_motion_is_about_where_it_went(
    rows: Path, key: str, verdicts: list[int]
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        send(desk, "j", key)
        await desk.until(lambda: desk.session.review.events, "the decision")
        assert desk.session.verdicts.tolist() == [0] * 4 + verdicts + [0] * 4


async def test_another_list_leaves_the_cursor_on_its_member(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        await desk.press("tab", "G")
        await desk.until(screen.is_at_rest, "the comparison")
        assert screen.members.cursor_row == 2
        list_instead(desk, listed(desk))
        await desk.until(lambda: screen.found is desk.session.clusters.listed, "the list")
        assert screen.members.cursor_row == 2
        await desk.press("x")
        assert desk.session.verdicts.tolist() == [0, 0, 2] + [0] * 7


async def test_another_list_right_behind_a_motion_does_not_take_it_back(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        move = screen.action_down

        def down(_screen: ClusterScreen) -> None:
            move()
            list_instead(desk, listed(desk))
            screen._tick()

        monkeypatch.setattr(ClusterScreen, "action_down", down)
        await desk.press("j", "enter")
        assert desk.session.verdicts.tolist() == [0, 0, 0, 0, 1, 2] + [0] * 4


@pytest.mark.parametrize(("key", "shown"), [("j", [4, 5]), ("x", [0, 1, 2])])
async def test_a_row_found_late_calls_nobody_away(rows: Path, key: str, shown: list[int]) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await desk.scored()
        await desk.press("G", "k")
        screen = await opened(desk)  # row 8 is in no cluster of whole samples
        assert members(desk) == [0, 1, 2]
        await desk.press(key)
        prompts = desk.session.duplicates.clusters_of(ComparedUnit.PROMPT)
        assert prompts is not None
        assert prompts.label[8] >= 0
        list_instead(desk, prompts)
        await desk.until(lambda: screen.found is desk.session.clusters.listed, "the list")
        assert members(desk) == shown


# -- what was drawn, and what is drawn ------------------------------------------------------------


async def test_a_list_replaced_while_the_screen_is_drawn_is_drawn_next(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        others = [without_the_first(desk)]

        def meanwhile() -> None:
            if others:
                list_instead(desk, others.pop())

        first(monkeypatch, ClusterScreen, "_draw_lines", meanwhile)
        desk.session.clusters.version += 1
        await desk.until(lambda: shows(desk, "2 with 4 rows"), "the other list")
        assert members(desk) == [4, 5]


async def test_it_is_settled_only_when_the_counts_are_drawn(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = threading.Event()
    tick = ClusterScreen._tick

    def held_back(screen: ClusterScreen) -> None:
        if not held.is_set():
            tick(screen)

    monkeypatch.setattr(ClusterScreen, "_tick", held_back)
    async with open_desk(rows, size=(160, 48), scorer="column:q") as desk:
        screen = await opened(desk)
        assert shows(desk, "of 10 kept are duplicates")
        held.set()
        desk.session.set_threshold(">= 0.45")
        assert not screen.is_at_rest()
        await desk.until(lambda: not screen.review.behind, "the count")
        assert not screen.is_at_rest()
        held.clear()
        await desk.until(screen.is_at_rest, "the duplication rate")
        assert shows(desk, "of 7 kept are duplicates")


async def test_a_comparison_that_ends_while_the_screen_is_taken_down_is_dropped(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, bare, ended = threading.Event(), threading.Event(), threading.Event()
    make = ClusterScreen._make

    def slow(*arguments: Any) -> Any:
        started.set()
        bare.wait(LIMIT_S)
        return compare(*arguments)

    def to_the_end(*arguments: Any) -> None:
        try:
            make(*arguments)
        finally:
            ended.set()

    async def without_widgets(_screen: ClusterScreen) -> None:
        bare.set()
        await asyncio.to_thread(ended.wait, LIMIT_S)

    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        monkeypatch.setattr(base, "compare", slow)
        monkeypatch.setattr(ClusterScreen, "_make", to_the_end)
        monkeypatch.setattr(ClusterScreen, "on_unmount", without_widgets, raising=False)
        await desk.press("j")
        await desk.until(started.is_set, "the comparison")
        await desk.press("escape")
        await desk.until(ended.is_set, "its end")
        assert desk.at_desk
        await desk.press("a")
        assert len(desk.session.review.events) == 1


async def test_a_comparison_that_ends_after_a_newer_one_is_dropped(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, released, ended = threading.Event(), threading.Event(), threading.Event()
    make = ClusterScreen._make

    def first_is_slow(*arguments: Any) -> Any:
        if not started.is_set():
            started.set()
            released.wait(LIMIT_S)
        return compare(*arguments)

    def to_the_end(*arguments: Any) -> None:
        make(*arguments)
        if released.is_set():
            ended.set()

    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        monkeypatch.setattr(base, "compare", first_is_slow)
        monkeypatch.setattr(ClusterScreen, "_make", to_the_end)
        await desk.press("j")
        await desk.until(started.is_set, "the first comparison")
        await desk.press("j")
        await desk.until(screen.is_at_rest, "the second one")
        released.set()
        await desk.until(ended.is_set, "the end of the first one")
        assert screen.is_at_rest()
        assert shows(desk, "other numbers")


# -- the similarity ---------------------------------------------------------------------------


async def test_similarity_keys_count_while_clusters_are_cut_and_the_last_one_holds(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        screen = await opened(desk)
        duplicates = desk.session.duplicates
        move = duplicates.move
        moves: list[float] = []
        started, released = threading.Event(), threading.Event()

        def slow(similarity: float) -> None:
            moves.append(similarity)
            started.set()
            released.wait(LIMIT_S)
            move(similarity)

        monkeypatch.setattr(duplicates, "move", slow)
        await desk.press("right_square_bracket")
        await desk.until(started.is_set, "the first move")
        for similarity in ("0.82", "0.83"):
            await desk.press("right_square_bracket")
            assert shows(desk, f"similarity >= {similarity}")
        released.set()
        await desk.until(screen.is_at_rest, "the last one")
        assert duplicates.at == pytest.approx(0.83)
        assert moves == pytest.approx([0.81, 0.83])


async def test_a_similarity_key_holds_when_the_screen_is_left_at_once(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q") as desk:
        await opened(desk)
        send(desk, "right_square_bracket", "escape")
        await desk.until(lambda: desk.session.duplicates.at == pytest.approx(0.81), "the move")
        assert desk.at_desk
