"""What the simulator shows: linked to the data, or numbers of one's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.threshold import Direction
from engine.scoring.figures import read_start_auc, start_auc
from engine.session import OpenOptions, Session
from engine.session import simulator_link as coupling_module
from engine.session.simulation import (
    OF_THE_POINT,
    RANGES,
    START,
    Control,
    read_number,
    slider_share,
    slider_value,
)
from engine.simulator import Model
from engine.simulator.cumulative_counts import CumulativeCounts
from engine.simulator.duplication import DuplicateGroups

ROWS = 200


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    rows = [{"instruction": f"ask {n}", "output": "say", "q": n / ROWS} for n in range(ROWS)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def session(data: Path) -> Iterator[Session]:
    session = Session.open(data, OpenOptions(reviewer="ada"))
    session.start_scoring("column:q")
    session.scoring.wait(lambda _: False)
    session.set_threshold("0.5")
    yield session
    session.close()


def test_linked_it_shows_the_kept_rows_and_follows_the_threshold(session: Session) -> None:
    shown = session.simulation.show()
    assert shown.linked
    assert shown.values[Control.SIZE] == 100
    assert shown.sweep is not None
    assert shown.assumption is not None
    assert shown.controls == tuple(Control)
    session.set_threshold("0.9")
    after = session.simulation.show()
    assert after.values[Control.SIZE] == 20
    assert after.values[Control.NOISE] < shown.values[Control.NOISE]


def test_unlinked_it_starts_from_there_and_stays(session: Session) -> None:
    simulation = session.simulation
    before = simulation.show()
    simulation.link(linked=False)
    shown = simulation.show()
    assert shown.values[Control.SIZE] == 100
    assert shown.values[Control.NOISE] == before.values[Control.NOISE]
    assert shown.controls == OF_THE_POINT
    assert shown.sweep is None
    session.set_threshold("0.9")
    assert simulation.show().values == shown.values
    simulation.link(linked=True)
    assert simulation.show().values[Control.SIZE] == 20


def test_moving_a_slider_of_the_point_unlinks(session: Session) -> None:
    simulation = session.simulation
    simulation.step(Control.SIZE, 1)
    assert not simulation.linked
    assert simulation.own.rows == 110
    simulation.step(Control.SIZE, -1, coarse=True)
    assert simulation.own.rows == 100  # held at the slider's end
    simulation.set(Control.NOISE, 0.07)
    simulation.step(Control.NOISE, 1, coarse=True)
    assert simulation.own.noise == pytest.approx(0.1)
    simulation.step(Control.DUPLICATION, -1)
    assert simulation.own.duplication == 0


def test_what_is_assumed_can_be_moved_while_linked(session: Session) -> None:
    simulation = session.simulation
    before = simulation.show()
    simulation.step(Control.WHOLE_NOISE, 2, coarse=True)
    simulation.set_text(Control.AUC, ".9")
    after = simulation.show()
    assert after.linked
    assert after.values[Control.WHOLE_NOISE] == pytest.approx(0.25)
    assert after.values[Control.AUC] == 0.9
    assert before.sweep is not None
    assert after.sweep is not None
    assert after.sweep.best != before.sweep.best


def test_a_pin_is_read_by_the_model_shown(session: Session) -> None:
    simulation = session.simulation
    assert simulation.show().gained is None
    simulation.pin()
    assert simulation.show().gained == pytest.approx(0)
    session.set_threshold("0.9")
    shown = simulation.show()
    assert shown.gained is not None
    assert shown.gained < 0
    simulation.swap_model()
    booked = simulation.show()
    assert booked.model is Model.BOOK
    assert booked.pinned is not None
    assert booked.pinned.model is Model.BOOK
    simulation.pin()
    assert simulation.show().pinned is None


def test_the_best_threshold_is_the_top_of_the_sweep(session: Session) -> None:
    session.set_threshold("0.001")
    session.simulator_link.assume(noise=0.3, auc=0.95)
    best = session.simulation.best()
    assert best is not None
    value, assumed = best
    assert assumed
    session.set_threshold(f"{value:.10g}")
    shown = session.simulation.show()
    assert shown.sweep is not None
    assert shown.prediction is not None
    top = float(np.nanmax(shown.sweep.performance))
    assert shown.prediction.performance == pytest.approx(top, abs=0.05)
    assert session.simulation.best() is None, "none is clearly better than the best"


def test_nothing_kept_is_said_not_computed(session: Session) -> None:
    session.set_threshold("7")
    shown = session.simulation.show()
    assert shown.prediction is None
    session.simulation.pin()
    assert session.simulation.pinned is None
    session.simulation.step(Control.SIZE, 1)
    assert session.simulation.show().prediction is not None


def test_it_is_as_it_was_left(session: Session, data: Path) -> None:
    simulation = session.simulation
    simulation.set_text(Control.SIZE, "52k")
    simulation.set_text(Control.NOISE, "17")
    simulation.swap_model()
    session.close()
    again = Session.open(data)
    assert not again.simulation.linked
    assert again.simulation.model is Model.BOOK
    assert again.simulation.own.rows == 52_000
    assert again.simulation.own.noise == 0.17
    again.remember("simulator", {"model": "oracle", "rows": []})
    again.close()
    odd = Session.open(data)
    assert odd.simulation.linked
    assert odd.simulation.own == START
    odd.close()


def test_numbers_are_read_as_people_type_them() -> None:
    assert read_number(Control.SIZE, "1.5M") == 1_500_000
    assert read_number(Control.NOISE, "17 %") == pytest.approx(0.17)
    assert read_number(Control.AUC, ".85") == 0.85
    for control, text in (
        (Control.SIZE, "many"), (Control.NOISE, "170"), (Control.AUC, "85"), (Control.AUC, "nan"),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            read_number(control, text)


@given(st.sampled_from(list(Control)), st.floats(0, 1))
def test_a_slider_can_be_put_anywhere_and_read_back(control: Control, share: float) -> None:
    value = slider_value(control, share)
    low, high = RANGES[control]
    assert low <= value <= high
    assert slider_share(control, value) == pytest.approx(share, abs=0.02)
    assert slider_value(control, 0.0) == low
    assert slider_value(control, 1.0) == pytest.approx(high, abs=1e-3)


def test_many_copies_are_counted_beside_the_screen(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_count = threading.Event()

    class SlowLadder(CumulativeCounts):
        def __init__(self, *args: Any, **more: Any) -> None:
            assert may_count.wait(100)
            super().__init__(*args, **more)

    monkeypatch.setattr(coupling_module, "SLOW_DUPLICATES", 0)
    link = session.simulator_link
    link.clusters = DuplicateGroups(np.arange(ROWS) // 2, ROWS // 2, "pairs")
    first = link.counts()
    monkeypatch.setattr(coupling_module, "CumulativeCounts", SlowLadder)
    session.decide(np.array([199], np.int64), Verdict.REJECT)
    assert link.counts(wait=False) is first
    assert link.counting
    may_count.set()
    assert link._counting is not None
    link._counting.join()
    assert not link.counting
    second = link.counts(wait=False)
    assert second is not first
    live = link.live(wait=False)
    assert live.point is not None
    assert live.point.rows == 99


def test_what_a_thread_counts_is_of_the_moment_in_which_it_was_asked_for(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_count = threading.Event()

    def dropped_later() -> None:
        assert may_count.wait(60)

    monkeypatch.setattr(coupling_module, "SLOW_ROWS", 0)
    link = session.simulator_link
    link.counts()
    monkeypatch.setattr(session.duplicates, "dropped", dropped_later)
    session.set_threshold("<= 0.5")
    link.counts(wait=False)
    session.set_threshold(">= 0.5")
    may_count.set()
    assert link._counting is not None
    link._counting.join()
    session.set_threshold("<= 0.5")
    assert link.counts(wait=False).direction is Direction.AT_MOST


def test_the_auc_of_a_bundled_scorer_is_read_from_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert read_start_auc(file) is None
    wrong: list[object] = [
        {}, [], {"start_auc": {"value": 0.9, "low": 0.95, "high": 0.99, "from": "x"}},
        {"start_auc": {"value": "much", "low": 0, "high": 1, "from": "x"}},
    ]  # fmt: skip
    for bad in wrong:
        file.write_text(json.dumps(bad))
        assert read_start_auc(file) is None
    file.write_text(
        json.dumps({"start_auc": {"value": 0.9, "low": 0.87, "high": 0.93, "from": "the demo"}})
    )
    known = read_start_auc(file)
    assert known is not None
    assert (known.value, known.low, known.high, known.source) == (0.9, 0.87, 0.93, "the demo")
    assert start_auc("column:q") is None
    shipped = start_auc("builtin")
    assert shipped is not None
    assert 0.5 <= shipped.low < shipped.value < shipped.high < 1


def test_a_measured_auc_is_assumed_until_one_is_set(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "figures.json"
    file.write_text(
        json.dumps({"start_auc": {"value": 0.9, "low": 0.87, "high": 0.93, "from": "the demo"}})
    )
    monkeypatch.setattr(coupling_module, "start_auc", lambda _: read_start_auc(file))
    assumed = session.simulator_link.assumption
    assert (assumed.auc, assumed.auc_low, assumed.auc_from) == (0.9, 0.87, "the demo")
    session.simulator_link.assume(auc=0.7)
    assumed = session.simulator_link.assumption
    assert (assumed.auc, assumed.auc_low, assumed.auc_from) == (0.7, None, "set by you")
