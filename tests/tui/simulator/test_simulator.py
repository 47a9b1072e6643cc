"""The simulator in the desk, as a person sees and drives it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from textual.events import Key

from engine.preferences.folded import fold, folded
from engine.review.decision import Verdict
from engine.scoring.figures import start_auc
from engine.session import simulator_link as coupling_module
from engine.session.simulation import Control, Shown, Simulation
from engine.simulator import Model
from engine.simulator.cost import Savings, TrainingRun, training_cost
from engine.simulator.duplication import DuplicateGroups, exact_duplicates
from tests.tui.desk_app import DeskDriver, open_desk
from tui.dialogs.dialogs import TextDialog
from tui.simulation_text import about_text
from tui.simulator import SimulatorPanel
from tui.simulator.readout import Readout
from tui.simulator.words import (
    ABOUT_BAND,
    ABOUT_CONTROL,
    ABOUT_ELASTICITY,
    ABOUT_GAIN,
    ABOUT_LOSS,
    ABOUT_POINTS,
    ABOUT_SLOPE,
    savings,
)
from tui.widgets.prompt_bar import PromptBar

SIZES = [(80, 24), (120, 40), (160, 48)]


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """400 rows with a score from 0 to 1; a tenth of them twice."""
    path = tmp_path / "rows.jsonl"
    lines = [
        {"instruction": f"ask {n - 1 if n % 10 == 1 else n}", "output": "say", "q": n / 400}
        for n in range(400)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


async def opened(desk: DeskDriver) -> None:
    await desk.scored()
    await desk.press("S")
    await desk.until(lambda: "points over rows" in desk.screen, "the panel")


@pytest.mark.parametrize("size", SIZES)
async def test_the_panel_shows_what_the_kept_rows_are_worth(
    rows: Path, size: tuple[int, int]
) -> None:
    async with open_desk(rows, size=size, scorer="column:q", threshold="0.5") as desk:
        await opened(desk)
        await desk.until(lambda: "10.0 %" in desk.screen, "the copies")
        shown = desk.session.simulation.show()
        assert shown.prediction is not None
        screen = desk.screen
        for text in (
            "calibrated", "linked", "forecast", f"{shown.prediction.performance:.1f} points",
            "band", "volume", "noise", "irreducible", "duplication", "noise, all", "scores' AUC",
            "assumed", "exact duplicates only",
            "rows over noise %", "elasticity", "slope", "better",
            "clearly better", "min", "$",
        ):  # fmt: skip
            assert text in screen, text
        assert desk.desk.table.display == (size != (80, 24))


@pytest.mark.parametrize("size", SIZES)
async def test_the_threshold_moves_the_point_and_the_best_one_is_taken(
    rows: Path, size: tuple[int, int]
) -> None:
    async with open_desk(rows, size=size, scorer="column:q", threshold="0.1") as desk:
        await opened(desk)
        await desk.press("P", "right_curly_bracket")
        threshold = desk.session.threshold
        assert threshold is not None
        assert threshold.value > 0.1
        kept = desk.session.summary().kept
        assert f" {kept} " in desk.screen
        await desk.press("O")
        assert "no threshold is clearly better" in desk.said()
        assert desk.session.threshold == threshold
        desk.session.simulator_link.assume(noise=0.5, auc=0.95)
        best = desk.session.simulation.best()
        assert best is not None
        await desk.press("O")
        assert desk.session.threshold is not None
        assert desk.session.threshold.value == pytest.approx(best[0])
        assert "the best, under these assumptions" in desk.said()
        assert desk.session.simulation.show().gained != 0


async def test_what_was_measured_of_the_scorer_is_shown_with_its_interval(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = start_auc("builtin")
    assert measured is not None
    monkeypatch.setattr(coupling_module, "start_auc", lambda _: measured)
    async with open_desk(rows, size=(170, 50), scorer="column:q", threshold="0.5") as desk:
        await opened(desk)
        value = f"{measured.value:.2f}"
        line = next(line for line in desk.screen.split("\n") if "scores' AUC" in line)
        assert value in line
        assert f"{measured.low:.2f} to {measured.high:.2f}, its model card" in line
        assert "░" in line


async def test_sliders_by_key_typed_and_by_mouse(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24), scorer="column:q", threshold="0.5") as desk:
        await opened(desk)
        simulation = desk.session.simulation
        await desk.press("L")
        assert not simulation.linked
        assert "unlinked" in desk.screen
        await desk.press("right")
        assert simulation.own.rows == 220
        await desk.press("j", "right", "shift+right", "ctrl+d")
        noise = simulation.own.noise
        assert 0 < noise < 0.5
        await desk.press("g", "5")
        assert desk.desk.query_one(PromptBar).is_open
        await desk.type("2k")
        await desk.press("enter")
        assert simulation.own.rows == 52_000
        assert desk.desk.simulator.has_focus
        await desk.press("G", "enter")
        await desk.type("25")
        await desk.press("enter")
        assert simulation.own.duplication == 0.25
        await desk.press("1")
        await desk.type("70")
        await desk.press("enter")
        assert "between 0 and 100" in desk.screen
        await desk.press("escape")
        assert simulation.own.duplication == 0.25
        readout = desk.desk.query_one(Readout)
        await desk.pilot.click(readout, offset=(readout.size.width - 1, 2))
        await desk.pilot.pause()
        assert simulation.own.noise == 0.5
        assert desk.desk.simulator.control is Control.NOISE


async def test_a_slider_of_the_data_unlinks_and_one_of_the_assumption_does_not(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q", threshold="0.5") as desk:
        await opened(desk)
        simulation = desk.session.simulation
        await desk.press("j", "j", "j", "right")
        assert simulation.linked
        assert desk.session.simulator_link.assumption.noise == pytest.approx(0.18)
        await desk.press("g", "right")
        assert not simulation.linked
        assert "L links them again" in desk.said()


async def test_the_book_says_its_messages(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24), scorer="column:q", threshold="0.5") as desk:
        await opened(desk)
        await desk.press("M")
        assert desk.session.simulation.model is Model.BOOK
        assert 'the book says "too small"' in desk.screen
        assert "no band" in desk.screen
        simulation = desk.session.simulation
        for rows_typed, noise, said in (
            ("10k", "10", "no message"), ("10k", "45", "noise dominates"), ("2M", "10", "held at"),
        ):  # fmt: skip
            simulation.set_text(Control.SIZE, rows_typed)
            simulation.set_text(Control.NOISE, noise)
            desk.desk.draw_panel()
            await desk.pilot.pause()
            assert said in desk.screen, said


async def test_panes_and_escape(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24), scorer="column:q", threshold="0.5") as desk:
        await opened(desk)
        panel = desk.desk.simulator
        assert panel.has_focus
        await desk.press("a", "x")
        assert not desk.session.verdicts.any()
        await desk.press("tab")
        await desk.until(lambda: desk.desk.table.has_focus, "the table")
        assert "prompt" in desk.screen
        await desk.press("a")
        assert desk.session.verdicts[0] == Verdict.ACCEPT
        await desk.press("tab", "tab")
        await desk.until(lambda: panel.has_focus, "the panel")
        assert "points over rows" in desk.screen
        await desk.press("escape")
        await desk.until(lambda: desk.desk.table.has_focus, "the table")
        assert not desk.desk.simulating
        assert "points over rows" not in desk.screen
        assert "best" not in desk.screen
        await desk.press("L")
        assert "S opens the simulator" in desk.said()
        await desk.press("S", "S")
        await desk.until(lambda: desk.desk.table.has_focus, "the table")


async def test_about_this_number_and_the_cost_of_training(rows: Path) -> None:
    async with open_desk(rows, scorer="column:q", threshold="0.5") as desk:
        await opened(desk)
        await desk.press("question_mark")
        assert isinstance(desk.app.screen, TextDialog)
        assert "Help: the simulator" in desk.screen
        assert "Link to the data" in desk.screen
        assert "a what-if aid, not a forecast" in str(desk.app.screen._body)
        assert "What is calibrated on what" in about_text()
        await desk.press("escape")
        desk.desk.action_training_run()
        await desk.type("fast")
        await desk.press("enter")
        assert "not three numbers" in desk.screen
        await desk.press("ctrl+u")
        await desk.type("100 36 2")
        await desk.press("enter")
        assert desk.session.simulator_link.run.price_per_hour == 36
        savings = desk.session.simulator_link.savings()
        assert f"${savings.saved.price:,.2f}" in desk.screen


async def test_the_panel_follows_scores_verdicts_and_copies(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_find = threading.Event()

    def find(identities: NDArray[np.uint8]) -> DuplicateGroups:
        assert may_find.wait(100)
        return exact_duplicates(identities)

    monkeypatch.setattr(coupling_module, "exact_duplicates", find)
    async with open_desk(rows, scorer="none") as desk:
        await desk.press("S")
        await desk.until(lambda: "nothing is kept" in desk.screen, "no scores")
        desk.session.start_scoring("column:q")
        desk.session.set_threshold("0.5")
        await desk.until(lambda: "rows over noise %" in desk.screen, "scores in the panel")
        await desk.scored()
        assert "exact duplicates only" not in desk.screen
        may_find.set()
        await desk.until(lambda: "exact duplicates only" in desk.screen, "duplicates in the panel")
        before = desk.session.simulation.show().values[Control.SIZE]
        await desk.press("tab", "a")
        await desk.until(
            lambda: f"{before + 1:,.0f}" in desk.screen, "the row accepted by hand in the panel"
        )


async def test_copies_found_while_the_panel_is_drawn_are_drawn_too(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_desk(rows, scorer="column:q", threshold="0.5") as desk:
        await desk.scored()
        link, show = desk.session.simulator_link, Simulation.show
        monkeypatch.setattr(link, "find_duplicates_in_background", lambda: None)

        def found_meanwhile(simulation: Simulation) -> Shown:
            shown = show(simulation)
            link.find_duplicates()
            return shown

        monkeypatch.setattr(Simulation, "show", found_meanwhile)
        await desk.press("S")
        await desk.until(lambda: "10.0 %" in desk.screen, "the copies")
        followed = (link.clusters, link.uncounted, link.newest)
        assert desk.desk.simulator._following == followed  # once is enough


async def test_the_panel_says_why_copies_are_not_counted(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> None:
        raise RuntimeError("no way to tell")

    async with open_desk(rows, size=(160, 48), scorer="column:q", threshold="0.5") as desk:
        await desk.scored()
        monkeypatch.setattr(coupling_module, "exact_duplicates", failing)
        await desk.press("S")
        await desk.until(lambda: "not counted: RuntimeError" in desk.screen, "why")
        monkeypatch.undo()
        await desk.press("S", "S")
        await desk.until(lambda: "10.0 %" in desk.screen, "the copies")


@pytest.mark.parametrize(
    "theme", ["tamis-light", "tamis-mono", "tamis-ansi16", "tamis-colour-blind"]
)
async def test_it_can_be_drawn_in_every_theme(rows: Path, theme: str) -> None:
    async with open_desk(rows, size=(80, 24), scorer="column:q", threshold="0.5") as desk:
        desk.app.theme = theme
        await opened(desk)
        assert "●" in desk.screen


@pytest.mark.parametrize("size", [(40, 12), (60, 20), (200, 60)])
async def test_odd_sizes_do_not_break_it(rows: Path, size: tuple[int, int]) -> None:
    async with open_desk(rows, size=size, scorer="column:q", threshold="0.5") as desk:
        await desk.scored()
        await desk.press("S", "P", "M", "L", "right", "M", "L", "tab", "enter", "escape")
        assert desk.at_desk


async def test_keys_typed_right_behind_each_other_go_where_they_belong(rows: Path) -> None:
    async with open_desk(rows, size=(80, 24), scorer="column:q", threshold="0.5") as desk:
        await desk.scored()
        keys = "S L 5 2 k enter j 1 7 enter P g 9 2 2 9 enter j 3 enter"
        for key in keys.split():
            desk.app.post_message(Key(key, key if len(key) == 1 else "\r"))
        simulation = desk.session.simulation
        await desk.until(lambda: simulation.own.noise == 0.03, "all numbers")
        assert simulation.own.rows == 9_229
        assert simulation.pinned is not None
        assert (simulation.pinned.rows, simulation.pinned.noise) == (52_000, 0.17)
        assert not desk.session.verdicts.any()
        await desk.until(lambda: " 9,229 " in desk.screen, "the point")


@pytest.mark.parametrize("size", SIZES)
async def test_enough_verdicts_of_a_spot_check_are_the_noise(
    rows: Path, size: tuple[int, int]
) -> None:
    async with open_desk(rows, size=size, scorer="column:q", threshold="0.5") as desk:
        await desk.scored()
        check = desk.session.orders.draw(40, seed=1)
        desk.session.decide(check.rows[:2], Verdict.REJECT)
        desk.session.decide(check.rows[2:], Verdict.ACCEPT)
        await opened(desk)
        await desk.until(lambda: "from 40 labels" in desk.screen, "the source")
        assert "assumed" not in desk.screen.split("an hour")[0].split("one more")[0]
        assert "scores' AUC" not in desk.screen
        desk.session.set_threshold("0.2")
        await desk.until(lambda: "0.5" in desk.screen and "spot" in desk.screen, "the reach")


def test_savings_are_said_in_the_fullest_words_that_fit() -> None:
    run = TrainingRun()
    spared = Savings(training_cost(run, 52_002, 4_574_866), training_cost(run, 9_229, 800_000))
    assert "4,574,866 → 800,000 tokens" in savings(spared, 100)
    shorter = savings(spared, 76)
    assert "5M → 800k tokens" in shorter
    assert "$" in shorter
    assert savings(spared, 39).startswith("saves 42,773 rows")
    assert all(len(savings(spared, width)) <= width for width in (100, 76, 50))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48), (200, 60)])
async def test_each_number_has_a_plain_sentence_until_they_are_folded(
    rows: Path, size: tuple[int, int]
) -> None:
    fold(SimulatorPanel.opener, on=False)
    async with open_desk(rows, scorer="column:q", size=size) as desk:
        await desk.scored()
        await desk.press("S")
        await desk.until(lambda: "where nothing is lost" in desk.screen, "the sentences")
        controls = desk.session.simulation.show().controls
        said = [ABOUT_CONTROL[control] for control in controls] + [*ABOUT_LOSS.values()]
        said += [ABOUT_BAND, ABOUT_ELASTICITY, ABOUT_SLOPE, ABOUT_POINTS[Model.CALIBRATED]]
        for sentence in said:
            assert sentence in desk.screen or ABOUT_GAIN in desk.screen, sentence
        await desk.press("j", "left")
        assert desk.session.simulation.show().values[controls[1]] != 0
        await desk.press("colon")
        await desk.until(lambda: "where nothing is lost" not in desk.screen, "folded")
        await desk.until(lambda: "points over rows" in desk.screen, "the plots")
        await desk.press("M", "colon")
        await desk.until(lambda: ABOUT_POINTS[Model.BOOK] in desk.screen, "the book's")
        await desk.press("colon", "escape")
        assert desk.desk.slider.display
    assert SimulatorPanel.opener in folded()
