"""The simulator coupled to a session: it follows scores, verdicts and the threshold."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.duplicates.settings import ComparedUnit
from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from engine.session import simulator_link as coupling_module
from engine.simulator import Model
from engine.simulator.cost import TrainingRun
from engine.simulator.noise import NoiseSource
from engine.statistics import exact_interval

ROWS = 200


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Scores from 0 to 1; every tenth row stands twice."""
    path = tmp_path / "rows.jsonl"
    rows = [
        {"instruction": f"ask {n - n % 10 if n % 10 == 1 else n}", "output": "say", "q": n / ROWS}
        for n in range(ROWS)
    ]
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


def at(*rows: int) -> np.ndarray:
    return np.array(rows, np.int64)


def test_size_and_duplication_are_those_of_the_kept_rows(session: Session) -> None:
    link = session.simulator_link
    live = link.live()
    assert live.duplication is None
    assert live.point is not None
    assert live.point.rows == 100
    link.find_duplicates()
    live = link.live()
    assert live.duplication is not None
    assert live.duplication.distinct == 90
    assert live.duplication.rate == pytest.approx(0.1)
    assert live.point is not None
    assert live.point.duplication == pytest.approx(0.1)
    assert "exact" in live.found_by
    session.set_threshold("0.9")
    live = link.live()
    assert live.point is not None
    assert live.point.rows == 20
    assert live.duplication is not None


def test_a_verdict_counts_at_once(session: Session) -> None:
    before = session.simulator_link.live()
    session.decide(at(0, 1, 2), Verdict.ACCEPT)
    session.decide(at(199), Verdict.REJECT)
    after = session.simulator_link.live()
    assert before.point is not None
    assert after.point is not None
    assert after.point.rows == 102
    assert after.point.noise < before.point.noise


def test_noise_is_assumed_until_there_are_labels(session: Session) -> None:
    link = session.simulator_link
    live = link.live()
    assert live.noise is not None
    assert live.noise.source is NoiseSource.ASSUMED
    assert 0 < live.noise.low < live.noise.share < live.noise.high
    assert "assumed" in link.noise_basis()
    session.set_threshold("0.1")
    queue = session.orders.draw(60, seed=1).rows
    session.set_threshold("0.5")
    session.decide(queue[:29][queue[:29] >= 60], Verdict.ACCEPT)
    session.decide(queue[:29][queue[:29] < 60], Verdict.REJECT)
    assert not link.labels().enough
    session.decide(queue[29:][queue[29:] >= 60], Verdict.ACCEPT)
    session.decide(queue[29:][queue[29:] < 60], Verdict.REJECT)
    live = link.live()
    assert live.noise is not None
    assert live.noise.source is NoiseSource.LABELS
    assert live.noise.share == pytest.approx(0, abs=0.02)
    basis = link.noise_basis()
    assert basis["labels"] == 60
    assert basis["kept_bad"] == 0
    assert "exact" in basis
    assert "with_scores" in basis
    line = link.sweep()
    assert line is not None
    assert not line.assumed
    assert line.best is not None
    assert line.thresholds[line.best] == pytest.approx(0.3, abs=0.02)


def test_a_finished_check_is_the_source_however_small(session: Session) -> None:
    link = session.simulator_link
    check = session.orders.draw(8, seed=4)
    session.decide(check.rows[:7], Verdict.ACCEPT)
    noise = link.live().noise
    assert noise is not None
    assert noise.source is NoiseSource.ASSUMED
    session.decide(check.rows[7:], Verdict.SKIP)
    noise = link.live().noise
    assert noise is not None
    assert noise.source is NoiseSource.LABELS
    assert noise.share == 0
    summary = session.summary()  # what was accepted by hand is sound
    by_rule = summary.kept_by_rule / summary.kept
    assert noise.high == pytest.approx(exact_interval(0, 7)[1] * by_rule, abs=0.01)


def test_labels_say_nothing_of_rows_that_could_not_be_drawn(session: Session) -> None:
    check = session.orders.draw(60, seed=2)
    session.decide(check.rows, Verdict.ACCEPT)
    live, line = session.simulator_link.live(), session.simulator_link.sweep()
    assert live.noise is not None
    assert live.noise.share == 0
    assert live.noise.high < 0.1
    assert live.unchecked_beyond is None
    assert line is not None
    assert line.best is not None
    assert line.thresholds[line.best] == pytest.approx(0.5, abs=0.01)
    session.set_threshold("0.1")
    looser = session.simulator_link.live().noise
    assert looser is not None
    assert looser.high > 0.4
    assert session.simulator_link.live().unchecked_beyond == 0.5
    session.set_threshold("0.5")
    assert session.orders.result(check).complete


def test_contradictions_among_the_kept_rows_are_the_floor(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    answers = [("oxygen", 0.9), ("carbon dioxide", 0.8), ("carbon dioxide", 0.1), ("argon", 0.2)]
    rows = [
        {"instruction": "Which of the gases in the air do green plants take in?", "output": answer,
         "q": score}
        for answer, score in answers
    ]  # fmt: skip
    rows += [{"instruction": f"Count to {n}", "output": f"{n}", "q": 0.7} for n in range(6)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    session = Session.open(path)
    session.start_scoring("column:q")
    session.scoring.wait(lambda _: False)
    session.set_threshold("0")
    assert session.simulator_link.live().floor is None
    session.duplicates.search([ComparedUnit.PROMPT])
    session.duplicates.wait(lambda _: None)
    assert session.simulator_link.live().floor == pytest.approx(2 / 10)
    session.set_threshold("0.5")
    assert session.simulator_link.live().floor == pytest.approx(1 / 8)
    session.decide(at(0), Verdict.REJECT)
    assert session.simulator_link.live().floor == 0
    session.close()


def test_labels_belong_to_the_scorer_they_were_drawn_under(session: Session) -> None:
    session.decide(session.orders.draw(60, seed=2).rows, Verdict.ACCEPT)
    assert session.simulator_link.labels().enough
    session.start_scoring("heuristic")
    session.scoring.wait(lambda _: False)
    assert not session.simulator_link.labels().enough


def test_the_sweep_follows_the_assumption_and_is_counted_once(session: Session) -> None:
    link = session.simulator_link
    first = link.sweep()
    assert first is not None
    assert link.sweep() is first
    session.set_threshold("0.7")
    assert link.sweep() is first
    link.assume(noise=0.4)
    noisier = link.sweep()
    assert noisier is not None
    assert noisier.performance[0] < first.performance[0]
    assert link.sweep(Model.BOOK) is not noisier


def test_the_other_direction(session: Session) -> None:
    session.set_threshold("<= 0.2")
    live, line = session.simulator_link.live(), session.simulator_link.sweep()
    assert live.point is not None
    assert live.point.rows == 41
    assert line is not None
    assert line.rows[0] < line.rows[-1]


def test_what_was_assumed_is_there_again(session: Session, data: Path) -> None:
    session.simulator_link.assume(noise=0.3, auc=0.9)
    session.simulator_link.train_with(TrainingRun(1000.0, 2.0, 1.0))
    with pytest.raises(UsageError, match="noise"):
        session.simulator_link.assume(noise=30)
    with pytest.raises(UsageError, match="tokens per second"):
        session.simulator_link.train_with(TrainingRun(0.0))
    session.close()
    again = Session.open(data)
    assert again.simulator_link.assumption.noise == 0.3
    assert again.simulator_link.assumption.auc == 0.8  # an AUC is that of one scorer
    again.start_scoring("column:q")
    assert again.simulator_link.assumption.auc == 0.9
    assert again.simulator_link.assumption.auc_from == "set by you"
    assert again.simulator_link.run == TrainingRun(1000.0, 2.0, 1.0)
    again.remember("assumed noise", {"noise": "much", "auc": [], "more": 1})
    again.remember("training run", "fast")
    again.close()
    odd = Session.open(data)
    assert odd.simulator_link.assumption.noise == 0.17
    assert odd.simulator_link.run == TrainingRun()
    odd.close()


def looking_ends() -> None:
    """Wait until duplicates are looked for no more."""
    for thread in threading.enumerate():
        if thread.name == "exact duplicates":
            thread.join(timeout=30)


def test_repeats_are_found_beside_the_work(session: Session) -> None:
    session.hash_in_background()
    session.simulator_link.find_duplicates_in_background()
    session.simulator_link.find_duplicates_in_background()
    looking_ends()
    assert session.simulator_link.clusters is not None
    assert session.simulator_link.clusters.count == 20


def test_it_says_why_repeats_cannot_be_found_and_looks_again_when_asked(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> None:
        raise RuntimeError("no way to tell")

    def looked_for() -> str:
        link.find_duplicates_in_background()
        looking_ends()
        return link.live().found_by

    link = session.simulator_link
    assert link.live().found_by == "not counted yet"
    with monkeypatch.context() as patched:
        patched.setattr(coupling_module, "exact_duplicates", failing)
        assert looked_for() == "not counted: RuntimeError: no way to tell"
    with monkeypatch.context() as patched:
        patched.setattr(link, "_identities", lambda: None)
        assert looked_for() == "not counted: the file has changed since it was opened"
    assert looked_for() == "exact duplicates only"


def test_a_session_closed_in_the_middle_is_no_crash(data: Path) -> None:
    session = Session.open(data)
    session.close()
    session.simulator_link.find_duplicates()
    assert session.simulator_link.clusters is None


def test_without_scores_only_what_was_accepted_counts(data: Path) -> None:
    session = Session.open(data)
    assert session.simulator_link.live().point is None
    assert session.simulator_link.sweep() is None
    session.decide(at(1, 2), Verdict.ACCEPT)
    live = session.simulator_link.live()
    assert live.point is not None
    assert (live.point.rows, live.point.noise) == (2, 0.0)
    assert live.noise is None
    session.close()


def test_savings_and_pace(session: Session) -> None:
    savings = session.simulator_link.live().savings
    assert savings.whole.rows == ROWS
    assert savings.kept.rows == 100
    assert 0 < savings.saved.price < savings.whole.price
    for row in range(30):
        session.decide(at(row), Verdict.SKIP)
    pace = session.simulator_link.pace()
    assert pace.rows_per_hour > 0
