"""What m opens: scorers and models to choose from, and a download after a yes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList

from engine.errors import Cancelled, ScorerError
from engine.scoring.models.model_list import ListedModel
from tests.engine.scoring.built_models import cache_model, deberta
from tests.tui.desk_app import open_desk, write_rows
from tui.cli.models import models_text
from tui.desk import scoring
from tui.dialogs import scorer_dialog
from tui.dialogs.dialogs import ConfirmDialog
from tui.dialogs.scorer_dialog import ScorerDialog

HERE = ListedModel("some/model", "a model", True, "pair", 70_000_000, 140_000_000)
THERE = ListedModel(
    "OpenAssistant/reward-model-deberta-v3-base", "DeBERTa", False, "pair", 0, 736_000_000, "mit"
)
BROKEN = ListedModel("some/pickle", "x", True, "", 5, 0, problem="pickled", hint="do not")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "rows.jsonl")


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a list that is known."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(
        scorer_dialog.ScorerDialog.__init__, "__defaults__", (lambda: [HERE, BROKEN, THERE],)
    )
    return tmp_path / "hub"


async def listed(desk: Any) -> OptionList:
    """The list, when the models are in it."""
    await desk.press("m")
    await desk.until(lambda: isinstance(desk.app.screen, ScorerDialog), "the dialog")
    options = desk.app.screen.query_one(OptionList)
    await desk.until(lambda: options.option_count == 6, "the models")
    await desk.pilot.pause()
    assert isinstance(options, OptionList)
    return options


async def test_m_lists_what_there_is_and_a_choice_is_taken(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24)) as desk:
        await desk.scored()
        await listed(desk)
        shown = desk.screen
        assert "surface checks" in shown
        (line,) = [each for each in shown.splitlines() if "some/model" in each]
        assert line.split()[1:5] == ["some/model", "pair", "0.1", "GB"]
        assert "download" in shown
        assert "refused" in shown
        assert "esc cancel" in shown
        await desk.press("down", "j", "k", "down", "down", "enter")
        assert desk.at_desk
        assert desk.session.scoring.spec == "none"


async def test_what_cannot_be_meant_is_said_and_the_dialog_stays(rows: Path) -> None:
    async with open_desk(rows) as desk:
        await listed(desk)
        await desk.press("ctrl+u")
        await desk.type("nonsense")
        await desk.press("enter")
        assert "no such scorer: nonsense" in desk.screen
        assert not desk.at_desk
        await desk.press("escape")
        assert desk.at_desk
        assert desk.session.scoring.spec == "heuristic"


async def ask_to_fetch(desk: Any) -> str:
    options = await listed(desk)
    await desk.press("down", "up")
    options.highlighted = 5
    await desk.press("enter")
    await desk.until(lambda: isinstance(desk.app.screen, ConfirmDialog), "the question")
    await desk.until(lambda: "y download" in desk.screen, "the question on screen")
    return str(desk.screen)


async def test_nothing_is_downloaded_without_a_yes(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> Path:
        raise AssertionError

    monkeypatch.setattr(scoring, "fetch_model", never)
    async with open_desk(rows) as desk:
        asked = await ask_to_fetch(desk)
        assert "not on this disk" in asked
        assert "0.7 GB" in asked
        assert "licence mit" in asked
        await desk.press("n")
        assert desk.at_desk
        assert desk.session.scoring.spec == "heuristic"


async def test_after_a_yes_it_is_fetched_and_used(
    rows: Path, hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(
        name: str, _options: object, *, progress: Callable[[int, int], None], **_: Any
    ) -> Path:
        progress(50, 100)
        return cache_model(hub, name, deberta(hub.parent / "made"), "a" * 40, "main")

    monkeypatch.setattr(scoring, "fetch_model", fetch)
    async with open_desk(rows) as desk:
        await ask_to_fetch(desk)
        await desk.press("y")
        await desk.until(lambda: desk.session.scoring.spec == THERE.spec, "the switch")
        await desk.until(lambda: desk.at_desk, "the desk")
        await desk.scored()  # a model that is still being loaded would be met by the next test


async def test_a_download_can_be_stopped_and_can_fail(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait(_name: str, _options: object, *, cancelled: Callable[[], bool], **_: Any) -> Path:
        ends = time.monotonic() + 100
        while not cancelled():
            assert time.monotonic() < ends
            time.sleep(0.01)
        raise Cancelled("the download was stopped")

    def fail(*_: object, **__: object) -> Path:
        raise ScorerError("no network", "try later")

    monkeypatch.setattr(scoring, "fetch_model", wait)
    async with open_desk(rows) as desk:
        await ask_to_fetch(desk)
        await desk.press("y")
        await desk.until(lambda: "esc cancel" in desk.screen, "the progress")
        await desk.press("escape")
        await desk.until(lambda: "was stopped" in desk.said(), "the message")
        monkeypatch.setattr(scoring, "fetch_model", fail)
        await ask_to_fetch(desk)
        await desk.press("y")
        await desk.until(lambda: "no network" in desk.said(), "the message")
        assert desk.session.scoring.spec == "heuristic"
        await desk.scored()


def test_the_list_for_people_has_a_line_for_each() -> None:
    text = models_text([HERE, BROKEN, THERE], 8_000_000_000)
    assert "some/model" in text
    assert "pickled" in text
    assert (
        text.index("some/pickle") < text.index("Known, not on this disk") < text.index(THERE.name)
    )
    assert "8.0 GB of memory are free" in text
    assert "none in the hub's cache" in models_text([THERE], None)


async def test_the_scores_of_the_scorer_before_stay_as_a_column(rows: Path) -> None:
    async with open_desk(rows, size=(160, 40)) as desk:
        await desk.scored()
        old = desk.session.scores.copy()
        await desk.press("m", "ctrl+u")
        await desk.type("none")
        await desk.press("enter")
        await desk.until(lambda: desk.session.scoring.spec == "none", "the switch")
        assert desk.session.scoring.before.tolist() == old.tolist()
        await desk.press("j")
        await desk.until(lambda: "before 0." in desk.screen, "the score before")
        await desk.press("f")
        await desk.type("before<0.5")
        await desk.press("enter")
        assert len(desk.desk.table.order) == int((old < 0.5).sum()) > 0
        await desk.press("s")
        await desk.until(lambda: "score before" in desk.screen, "the column")
