"""The desk on a dataset of the hub: a yes before it is asked for, another one before it comes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine.errors import Cancelled
from engine.hub.address import HubAddress
from engine.session import OpenOptions
from tests.engine.hub.rows import dataset, lines
from tests.fake_hub import FakeHub, Fault
from tests.tui.desk_app import DeskDriver
from tests.tui.screen import screen_text
from tui.app import Opening, TamisApp
from tui.desk import Desk
from tui.dialogs.dialogs import ConfirmDialog
from tui.dialogs.hub_questions import HubWish

ADDRESS = HubAddress("org/name")


@asynccontextmanager
async def opening(*, may_fetch: bool = False, split: str = "") -> AsyncIterator[DeskDriver]:
    wish = HubWish(ADDRESS, split=split, may_fetch=may_fetch)
    app = TamisApp(Path(str(ADDRESS)), OpenOptions(reviewer="ada"), scorer="heuristic", hub=wish)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            yield DeskDriver(app, pilot)
    finally:
        if app.session is not None:
            app.session.close()


def asks(driver: DeskDriver, title: str) -> bool:
    screen = driver.app.screen
    return isinstance(screen, ConfirmDialog) and title in screen_text(driver.app)


def shows(driver: DeskDriver, text: str) -> bool:
    return text in screen_text(driver.app)


async def test_a_no_sends_nothing(fake_hub: FakeHub) -> None:
    fake_hub.add("org/name", dataset())
    async with opening() as desk:
        await desk.until(lambda: asks(desk, "Not on this disk"), "the first question")
        assert shows(desk, "is not on this disk; looked in")
        assert fake_hub.requests == []
        await desk.pilot.press("n")
        await desk.until(lambda: desk.app.failure is not None, "the end")
    assert isinstance(desk.app.failure, Cancelled)
    assert "nothing was sent" in desk.app.failure.message
    assert fake_hub.requests == []


async def test_after_two_yes_the_desk_opens_and_keeps_its_session_elsewhere(
    fake_hub: FakeHub,
) -> None:
    commit = fake_hub.add("org/name", dataset())
    async with opening(split="train") as desk:
        await desk.until(lambda: asks(desk, "Not on this disk"), "the first question")
        await desk.pilot.press("y")
        await desk.until(lambda: asks(desk, "Download this dataset?"), "the second question")
        for line in ("from       127.0.0.1", "dataset    org/name", "to fetch   2 files, "):
            assert shows(desk, line)
        assert not fake_hub.asked("data/"), "only what there is was asked"
        await desk.pilot.press("y")
        await desk.until(lambda: isinstance(desk.app.screen, Desk), "the desk")
        assert desk.session.dataset.rows == 40
        assert desk.session.title == f"org/name@{commit[:7]}"
        place = desk.session.store.path
        assert place.parent == Path(os.environ["XDG_STATE_HOME"]) / "tamis"
        assert place.name.startswith("datasets-org-name-config-plain-split-train-")


async def test_a_no_to_the_second_question_fetches_nothing(fake_hub: FakeHub) -> None:
    fake_hub.add("org/name", dataset())
    async with opening() as desk:
        await desk.until(lambda: asks(desk, "Not on this disk"), "the first question")
        await desk.pilot.press("y")
        await desk.until(lambda: asks(desk, "Download this dataset?"), "the second question")
        await desk.pilot.press("escape")
        await desk.until(lambda: desk.app.failure is not None, "the end")
    assert isinstance(desk.app.failure, Cancelled)
    assert not fake_hub.asked("data/|/storage/")


async def test_a_download_shows_how_far_it_is_and_is_stopped_by_a_key(fake_hub: FakeHub) -> None:
    fake_hub.add("org/name", {"train.jsonl": lines(10_000)})
    fake_hub.faults.append(Fault("GET /storage/", slow_s=0.02))
    async with opening(may_fetch=True) as desk:
        await desk.until(lambda: shows(desk, "fetching org/name: "), "progress")
        assert isinstance(desk.app.screen, Opening)
        assert shows(desk, "opening hf://datasets/org/name")
        assert shows(desk, " MB   (q cancels)")
        await desk.pilot.press("q")
        await desk.until(lambda: desk.app.failure is not None, "the end")
    assert isinstance(desk.app.failure, Cancelled)
    assert "goes on from there" in desk.app.failure.message


@pytest.mark.parametrize("status", [401, 500])
async def test_what_the_hub_refuses_ends_with_a_message(fake_hub: FakeHub, status: int) -> None:
    fake_hub.faults.append(Fault("/api/", status=status))
    async with opening(may_fetch=True) as desk:
        await desk.until(lambda: desk.app.failure is not None, "the end")
    assert f"({status})" in str(desk.app.failure)
    assert desk.app.return_code == 3
