"""The duplicate rule in a session: off until set, among survivors, the keeper chosen anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.duplicates.finder import Finder
from engine.errors import Cancelled, ExportError, UsageError
from engine.export.plan import ExportPlan
from engine.review.decision import Verdict
from engine.review.policy import Outcome, Reason
from engine.session import OpenOptions, Session
from engine.session.duplication import SearchState
from engine.session.exporting import describe_plan, export_session

STORY = "the quick brown fox jumps over the lazy dog and runs into the green forest at night"
BACKWARDS = " ".join(reversed(STORY.split()))
ROWS = [
    {"prompt": "tell a story", "response": STORY, "q": 3.0},
    {"prompt": "tell a story", "response": STORY, "q": 5.0},
    {"prompt": "tell a story", "response": STORY + " alone", "q": 1.0},
    {"prompt": "name three colours", "response": "red green and blue", "q": 2.0},
    {"prompt": "add 3", "response": f"7 {BACKWARDS}", "q": 4.0},
    {"prompt": "add 4", "response": f"8 {BACKWARDS}", "q": 4.5},
]
"""0, 1 and 2 are alike; 4 and 5 are too, but for their numbers."""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[list[dict[str, object]]], Session]]:
    sessions: list[Session] = []

    def make(rows: list[dict[str, object]]) -> Session:
        path = tmp_path / "data.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        session = Session.open(path, OpenOptions(session=tmp_path / "s.db"))
        sessions.append(session)
        session.start_scoring("column:q")
        session.scoring.wait(lambda _: False)
        session.set_threshold(">= 0")
        return session

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def session(opened: Callable[[list[dict[str, object]]], Session]) -> Session:
    return opened([dict(row) for row in ROWS])


def found(session: Session, similarity: float = 0.7) -> Session:
    session.duplicates.set_rule(similarity)
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    return session


def kept(session: Session) -> list[int]:
    return np.flatnonzero(session.outcomes().outcome == Outcome.KEPT).tolist()


def decide(session: Session, row: int, verdict: Verdict) -> None:
    session.decide(np.array([row]), verdict)


def consistent(session: Session) -> None:
    """What the summary counts is what the outcomes say."""
    outcomes, summary = session.outcomes(), session.summary()
    assert summary.kept == (outcomes.outcome == Outcome.KEPT).sum()
    assert summary.dropped == (outcomes.outcome == Outcome.DROPPED).sum()
    assert summary.duplicates == (outcomes.reason == Reason.DUPLICATE).sum()
    tokens = session.scoring.tokens
    assert summary.tokens_kept == tokens[outcomes.outcome == Outcome.KEPT].sum()


def test_the_rule_is_off_until_it_is_set(session: Session) -> None:
    assert kept(session) == [0, 1, 2, 3, 4, 5]
    assert session.outcomes().matched is None
    assert session.duplicates.status.state is SearchState.IDLE


def test_the_best_row_stays_and_the_others_name_it(session: Session) -> None:
    found(session)
    outcomes = session.outcomes()
    assert kept(session) == [1, 3, 4, 5]
    assert outcomes.reason[[0, 2]].tolist() == [Reason.DUPLICATE] * 2
    assert outcomes.matched is not None
    assert outcomes.similarity is not None
    assert outcomes.matched.tolist() == [1, -1, 1, -1, -1, -1]
    assert outcomes.similarity[0] == 1
    assert 0.7 <= outcomes.similarity[2] < 1
    consistent(session)


def test_one_row_has_the_outcome_that_it_has_among_all(session: Session) -> None:
    found(session)
    whole = session.outcomes()
    for row in range(len(ROWS)):
        one = session.outcomes(slice(row, row + 1))
        assert one.outcome[0] == whole.outcome[row]
        assert one.matched is not None
        assert whole.matched is not None
        assert one.matched[0] == whole.matched[row]


def test_rows_whose_numbers_differ_are_never_dropped(session: Session) -> None:
    found(session, 0.5)
    assert {4, 5} <= set(kept(session))
    clusters = session.duplicates.clusters
    assert clusters is not None
    assert clusters.label[4] == clusters.label[5] >= 0


def test_the_keeper_is_chosen_anew_when_it_is_rejected_and_again_after_undo(
    session: Session,
) -> None:
    found(session)
    decide(session, 1, Verdict.REJECT)
    assert kept(session) == [0, 3, 4, 5]
    consistent(session)
    session.undo()
    assert kept(session) == [1, 3, 4, 5]


def test_a_row_accepted_by_hand_is_the_keeper_and_never_a_duplicate(session: Session) -> None:
    found(session)
    decide(session, 2, Verdict.ACCEPT)
    assert kept(session) == [2, 3, 4, 5]
    decide(session, 0, Verdict.ACCEPT)
    assert kept(session) == [0, 2, 3, 4, 5]
    consistent(session)


def test_duplicates_are_judged_among_what_the_threshold_keeps(session: Session) -> None:
    found(session)
    session.set_threshold("<= 3")
    assert kept(session) == [2, 3]
    outcomes = session.outcomes()
    assert outcomes.reason[1] == Reason.THRESHOLD_DROPS
    assert outcomes.matched is not None
    assert outcomes.matched[0] == 2
    consistent(session)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sign", [">=", "<="])
def test_every_cluster_with_a_survivor_keeps_one_at_any_threshold(
    opened: Callable[[list[dict[str, object]]], Session], seed: int, sign: str
) -> None:
    made = np.random.default_rng(seed)
    words = STORY.split()
    rows: list[dict[str, object]] = []
    for number in range(60):
        said = list(words)
        for place in made.integers(0, len(said), made.integers(0, 3)):
            said[place] = "other"
        rows.append({"prompt": "tell", "response": " ".join(said), "q": float(number % 13)})
    session = opened(rows)
    for row in made.integers(0, 60, 5).tolist():
        decide(session, row, Verdict(int(made.integers(1, 3))))
    for value in range(0, 13, 3):
        session.duplicates.set_rule(None)
        session.set_threshold(f"{sign} {value}")
        survivors = session.outcomes().outcome == Outcome.KEPT
        found(session, 0.6)
        outcomes = session.outcomes()
        clusters = session.duplicates.clusters
        assert clusters is not None
        for number in range(len(clusters)):
            members = clusters.rows_of(number)
            if survivors[members].any():
                assert (outcomes.outcome[members] == Outcome.KEPT).any()
        dropped = np.flatnonzero(outcomes.reason == Reason.DUPLICATE)
        assert survivors[dropped].all()
        assert outcomes.matched is not None
        assert (outcomes.outcome[outcomes.matched[dropped]] == Outcome.KEPT).all()
        consistent(session)


def test_raising_the_similarity_needs_no_search_and_lowering_it_below_the_stored_one_does(
    session: Session,
) -> None:
    found(session, 0.7)
    session.duplicates.set_rule(1.0)
    assert session.duplicates.ready
    assert kept(session) == [1, 2, 3, 4, 5]
    session.duplicates.set_rule(0.4)
    assert session.duplicates.dropped() is None or session.duplicates.ready
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    assert session.duplicates.ready
    session.duplicates.set_rule(None)
    assert kept(session) == [0, 1, 2, 3, 4, 5]


def test_a_similarity_outside_the_range_is_refused_and_changes_nothing(session: Session) -> None:
    found(session)
    for wrong in (0.0, -1.0, 1.5, 80.0, float("nan")):
        with pytest.raises(UsageError, match="similarity"):
            session.duplicates.set_rule(wrong)
    assert session.duplicates.similarity == 0.7


def test_a_stopped_search_goes_on_and_a_failed_one_says_why(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise Cancelled("stopped")

    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("nobody foresaw this")

    search = Finder.run
    monkeypatch.setattr(Finder, "run", stopped)
    session.duplicates.set_rule(0.8)
    assert session.duplicates.wait(lambda _: None).state is SearchState.STOPPED
    assert session.duplicates.dropped() is None
    monkeypatch.setattr(Finder, "run", failing)
    session.duplicates.set_rule(0.8)
    status = session.duplicates.wait(lambda _: None)
    assert (status.state, status.error) == (
        SearchState.FAILED, "RuntimeError: nobody foresaw this",
    )  # fmt: skip
    monkeypatch.setattr(Finder, "run", search)
    found(session)
    assert kept(session) == [1, 3, 4, 5]


def test_rows_that_could_not_be_read_are_no_duplicates(
    opened: Callable[[list[dict[str, object]]], Session],
) -> None:
    session = opened([{"prompt": "a b c d", "response": "e f g h", "q": 1.0}])
    path = session.dataset.path
    session.close()
    path.write_text(path.read_text() + "{broken\n{broken\n")
    again = Session.open(path, OpenOptions(session=path.with_name("t.db")))
    try:
        found(again)
        assert again.duplicates.clusters is not None
        assert len(again.duplicates.clusters) == 0
    finally:
        again.close()


def test_an_export_names_what_each_dropped_row_repeats(session: Session, tmp_path: Path) -> None:
    session.duplicates.set_rule(0.7)
    session.duplicates.wait(lambda _: None)
    export_session(session, ExportPlan(tmp_path / "out", format="jsonl"))
    told = pl.read_parquet(tmp_path / "out" / "decisions.parquet")
    assert told["matched_row"].to_list() == [1, None, 1, None, None, None]
    assert told["similarity"].is_null().to_list() == told["matched_row"].is_null().to_list()
    assert told["similarity"][0] == 1
    assert told["reason_text"][0] == "duplicate of a row that is kept"
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    rule = manifest["duplicates"]
    assert (rule["similarity"], rule["dropped"], rule["shingles"]) == (0.7, 2, "word:3")
    assert manifest["counts"]["dropped_by_rule"] == 2
    assert rule["clusters"] == 2
    assert rule["duplication_rate_kept"] == pytest.approx(1 / 4)  # 4 and 5: numbers differ
    card = (tmp_path / "out" / "README.md").read_text()
    assert "2 rows were dropped for being at least 0.7 similar" in card


def test_without_the_rule_an_export_says_nothing_of_duplicates(
    session: Session, tmp_path: Path
) -> None:
    export_session(session, ExportPlan(tmp_path / "out", format="jsonl"))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["duplicates"] is None
    assert "Duplicates" not in (tmp_path / "out" / "README.md").read_text()


def test_nothing_is_exported_while_the_rule_waits_for_its_search(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise Cancelled("stopped")

    monkeypatch.setattr(Finder, "run", stopped)
    session.duplicates.set_rule(0.7)
    session.duplicates.wait(lambda _: None)
    plan = ExportPlan(tmp_path / "out", format="jsonl")
    assert "refused: the search for duplicates has not ended" in describe_plan(session, plan)
    with pytest.raises(ExportError, match="has not ended"):
        export_session(session, plan)
    assert not plan.output.exists()


def test_the_simulator_counts_near_duplicates_and_keeps_what_the_rule_keeps(
    session: Session,
) -> None:
    link = session.simulator_link
    link.find_duplicates()
    before = link.live()
    assert before.found_by == "exact duplicates only"
    found(session)
    after = link.live()
    assert after.found_by == "near duplicates at 0.70"
    assert after.duplication is not None
    assert after.duplication.rows == session.summary().kept == 4
    assert after.duplication.rate == pytest.approx(1 / 4)  # 4 and 5: numbers differ
    for bound in (">= 2", ">= 4.5", "<= 3"):
        session.set_threshold(bound)
        assert link.live().duplication.rows == session.summary().kept  # type: ignore[union-attr]
    session.duplicates.set_rule(None)
    session.set_threshold(">= 0")
    live = link.live()
    assert live.duplication is not None
    assert (live.duplication.rows, live.duplication.distinct) == (6, 3)


@pytest.mark.parametrize("direction", [">=", "<="])
def test_a_threshold_between_nearly_equal_scores_chooses_the_keeper_anew(
    opened: Callable[[list[dict[str, object]]], Session], direction: str
) -> None:
    sign = 1 if direction == ">=" else -1
    rows: list[dict[str, object]] = [
        {"prompt": "tell a story", "response": STORY, "q": sign * score} for score in (2.0, 2.01)
    ]
    rows += [{"prompt": f"say {n}", "response": f"word{n} " * 20, "q": n} for n in range(-9, 10)]
    session = found(opened(rows))
    for threshold, keeper in ((2.0, 0), (2.005, 1), (1.0, 0), (2.005, 1), (2.01, 1)):
        session.set_threshold(f"{direction} {sign * threshold}")
        assert [row for row in kept(session) if row < 2] == [keeper]
        review = session.clusters
        review.refresh()
        review.wait()
        assert review.listed is not None
        assert review.keeper(review.listed, 0)[0] == keeper
        consistent(session)
