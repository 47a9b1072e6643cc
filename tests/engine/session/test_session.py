"""Sessions over real files: what a person did is there again, and belongs to the same samples."""

from __future__ import annotations

import getpass
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dataset.dataset import Dataset
from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.errors import (
    Cancelled,
    InputError,
    ScorerError,
    SessionLockedError,
    StoreError,
    UsageError,
)
from engine.export.formats import native_format
from engine.export.plan import ExportPlan
from engine.review.decision import Verdict
from engine.review.policy import Outcome
from engine.review.review import Change, Review
from engine.review.threshold import Direction, Threshold
from engine.sample import Sample, Side
from engine.scoring import ScorerOptions
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey
from engine.scoring.worker.worker import WorkerState
from engine.session import OpenOptions, Session, live_scoring
from engine.session.exporting import (
    check_plan,
    default_plan,
    describe_plan,
    export_session,
    review_state,
)
from engine.session.matching import rows_matching
from engine.session.table_columns import COLUMNS, Sort, rows_in_order

Rows = Sequence[dict[str, Any]]


def write(path: Path, rows: Rows) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def plain(count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {"instruction": f"question {n}", "input": "", "output": f"answer {n}", "q": float(n)}
        for n in range(start, start + count)
    ]


def pairs(count: int) -> list[dict[str, Any]]:
    return [
        {"prompt": f"ask {n}", "chosen": f"good {n}", "rejected": f"bad {n}"} for n in range(count)
    ]


def at(*rows: int) -> np.ndarray:
    return np.array(rows, np.int64)


def settle(session: Session, spec: str | None = "heuristic", **options: Any) -> None:
    session.start_scoring(spec, ScorerOptions(**options))
    session.scoring.wait(lambda _: False)
    session.threshold_choice.resolve()


class ByWord:
    """Scores a sample by the number its response ends in; counts what it was asked for."""

    name = label = "by word"
    device = ""
    start_threshold: float | None = None
    direction = Direction.AT_LEAST
    warnings: tuple[str, ...] = ()
    token_budget = 0

    def __init__(self, *, fails: Sequence[int] = ()) -> None:
        self.asked = 0
        self._fails = fails

    def key(self, side: Side) -> ScoreKey:
        return ScoreKey("by word", "1", side=side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        return [Encoded(1, payload=int(sample.response.split()[-1])) for sample in samples]

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        self.asked += len(batch)
        numbers = [int(str(encoded.payload)) for encoded in batch]
        return [
            Failed("will not") if number in self._fails else Scored(float(number), 1)
            for number in numbers
        ]

    def close(self) -> None:
        pass


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Let every spec make this scorer."""

    def install(make: Callable[[], Any]) -> None:
        monkeypatch.setattr(live_scoring, "make_scorer", lambda *_, **__: make())

    return install


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "train.jsonl", plain(10))


def opened(path: Path, **options: Any) -> Session:
    return Session.open(path, OpenOptions(**options))


def said(path: Path, **options: Any) -> dict[int, str]:
    session = opened(path, **options)
    verdicts = {
        int(row): Verdict(session.verdicts[row]).name for row in np.flatnonzero(session.verdicts)
    }
    session.close()
    return verdicts


# -- verdicts ----------------------------------------------------------------------------------


def test_decisions_undo_and_redo_are_there_again(data: Path) -> None:
    session = opened(data, reviewer="ann")
    session.decide_each(at(1), np.array([Verdict.ACCEPT], np.int8), note="fine")
    session.decide(at(2, 3, 4), Verdict.REJECT)
    session.decide(at(5), Verdict.SKIP)
    session.undo()
    session.close()
    assert said(data) == {1: "ACCEPT", 2: "REJECT", 3: "REJECT", 4: "REJECT"}
    session = opened(data)
    change = session.redo()
    assert change is not None
    assert change.rows.tolist() == [5]
    session.undo()
    session.undo()
    session.close()
    assert said(data) == {1: "ACCEPT"}
    session = opened(data)
    event = session.last_decision(1)
    assert event is not None
    assert (event.who, event.said.note) == ("ann", "fine")
    assert session.last_decision(2) is None
    session.close()


def test_each_row_its_own_verdict_is_one_event_that_comes_back(data: Path) -> None:
    session = opened(data)
    session.decide(at(3), Verdict.REJECT)
    given = np.array([Verdict.ACCEPT, Verdict.REJECT, Verdict.REJECT], np.int8)
    change = session.decide_each(at(2, 3, 4), given, reason="duplicate")
    assert change is not None
    assert change.rows.tolist() == [2, 4]  # 3 is rejected already
    assert session.decide_each(at(2, 3, 4), given) is None
    session.close()
    assert said(data) == {2: "ACCEPT", 3: "REJECT", 4: "REJECT"}
    session = opened(data)
    event = session.last_decision(4)
    assert event is not None
    assert (event.verdict_of(4), event.verdict_of(2)) == (Verdict.REJECT, Verdict.ACCEPT)
    session.undo()
    session.close()
    assert said(data) == {3: "REJECT"}


def test_boosts_share_the_undo_of_verdicts_and_follow_their_samples(data: Path) -> None:
    session = opened(data)
    session.set_copies(at(1, 2), 3)
    session.decide(at(2), Verdict.REJECT)
    assert session.set_copies(at(1), 3) is None
    session.set_copies(at(2), 1)
    assert session.copies[:4].tolist() == [1, 3, 1, 1]
    session.undo()
    assert session.copies[:4].tolist() == [1, 3, 3, 1]
    for wrong in (0, -1, 101):
        with pytest.raises(UsageError, match="1 to 100 times"):
            session.set_copies(at(1), wrong)
    session.close()
    write(data, plain(11, start=0)[1:])  # the first row is gone: all others move up
    session = opened(data)
    assert np.flatnonzero(session.copies == 3).tolist() == [0, 1]
    assert session.verdicts[1] == Verdict.REJECT
    session.undo()
    session.undo()
    assert session.copies.max() == 1
    session.close()


def test_what_changes_nothing_is_not_an_event(data: Path) -> None:
    session = opened(data)
    assert session.decide(at(1, 2), Verdict.ACCEPT) is not None
    assert session.decide(at(2), Verdict.ACCEPT) is None
    change = session.decide(at(2, 3), Verdict.ACCEPT)
    assert change is not None
    assert change.rows.tolist() == [3]
    assert session.review.undoable == 2
    session.close()


def test_a_decision_keeps_what_was_on_the_screen(data: Path) -> None:
    session = opened(data)
    settle(session, "column:q")
    session.set_threshold("<= 3.5")
    session.decide(at(4), Verdict.ACCEPT)
    event = session.last_decision(4)
    assert event is not None
    assert event.scores.tolist() == [4.0]
    assert event.circumstances.threshold == 3.5
    assert event.circumstances.direction is Direction.AT_MOST
    assert event.circumstances.scorer == "column:q"
    session.close()


def test_a_broken_row_takes_no_verdict(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", plain(3))
    path.write_text(path.read_text() + '{"instruction": \n')
    session = opened(path)
    assert session.decide(at(3), Verdict.ACCEPT) is None
    change = session.decide(at(2, 3), Verdict.ACCEPT)
    assert change is not None
    assert change.rows.tolist() == [2]
    settle(session)
    assert session.outcomes().outcome[3] == Outcome.DROPPED
    assert session.summary().broken == 1
    session.close()


def test_verdicts_follow_their_samples(data: Path) -> None:
    session = opened(data)
    session.decide(at(1, 2), Verdict.ACCEPT)
    session.decide(at(7), Verdict.REJECT)
    session.close()
    rows = plain(10)
    changed = [rows[7], *rows[8:], {**rows[1], "new": 1}, rows[0], *plain(2, start=50)]
    write(data, changed)
    session = opened(data)
    assert session.review.lost == 1
    assert any("2 verdicts still match" in notice for notice in session.notices)
    assert any("1 of samples that are gone" in notice for notice in session.notices)
    session.close()
    assert said(data) == {0: "REJECT", 3: "ACCEPT"}
    write(data, rows)
    assert said(data) == {1: "ACCEPT", 2: "ACCEPT", 7: "REJECT"}


def test_identical_rows_are_told_apart(tmp_path: Path) -> None:
    row = plain(1)[0]
    path = write(tmp_path / "a.jsonl", [row, row, row])
    session = opened(path)
    session.decide(at(1), Verdict.REJECT)
    session.decide(at(2), Verdict.ACCEPT)
    session.close()
    write(path, [*plain(1, start=9), row, row])
    assert said(path) == {2: "REJECT"}


def named(prompt: str) -> ReadOptions:
    return ReadOptions(ColumnMapping(prompt=(prompt,), response="c"))


def test_verdicts_are_about_rows_under_any_reading_of_the_same_bytes(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl",
        [{"a": f"first {n}", "b": f"second {n}", "c": "same"} for n in range(4)],
    )
    session = opened(path, reading=named("a"))
    session.decide(at(0, 3), Verdict.ACCEPT)
    session.close()
    assert said(path, reading=named("b")) == {0: "ACCEPT", 3: "ACCEPT"}
    session = opened(path, reading=named("b"))
    session.decide(at(1), Verdict.REJECT)
    session.close()
    expected = {0: "ACCEPT", 1: "REJECT", 3: "ACCEPT"}
    assert said(path, reading=named("a")) == expected


def test_read_only_looks_on_beside_a_writer(data: Path) -> None:
    writer = opened(data)
    settle(writer, "column:q")
    writer.set_threshold("4")
    writer.decide(at(1), Verdict.ACCEPT)
    with pytest.raises(SessionLockedError):
        opened(data)
    reader = opened(data, read_only=True)
    assert reader.verdicts[1] == Verdict.ACCEPT
    changes: list[Callable[[], Change | None]] = [
        lambda: reader.decide(at(1), Verdict.REJECT),
        lambda: reader.decide_each(at(1), np.array([Verdict.REJECT], np.int8)),
        lambda: reader.set_copies(at(1), 2),
        reader.undo,
        reader.redo,
    ]
    for change in changes:
        with pytest.raises(UsageError, match="read-only"):
            change()
    settle(reader, None)
    assert reader.scoring.spec == "column:q"
    reader.set_threshold("9")
    reader.review_side(Side.CHOSEN)
    reader.close()
    writer.close()
    session = opened(data)
    settle(session, None)
    assert session.threshold == Threshold(4.0)
    session.close()


def test_a_session_that_cannot_be_replayed_lets_go_of_its_file(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(data).close()

    def broken(*_: object) -> None:
        raise StoreError("damaged")

    with monkeypatch.context() as patched:
        patched.setattr(Review, "replay", broken)
        with pytest.raises(StoreError):
            opened(data)
    opened(data).close()


def test_a_reviewer_without_a_name_gets_a_number(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    session = opened(data)
    assert session.reviewer.startswith("user ")
    session.close()


# -- scores ------------------------------------------------------------------------------------


def test_scores_are_there_again_after_another_scorer(data: Path) -> None:
    session = opened(data)
    settle(session, "heuristic")
    first = session.scores.copy()
    assert session.scoring.new_scores == 10
    settle(session, "column:q")
    assert session.scores.tolist() == [float(n) for n in range(10)]
    settle(session, "heuristic")
    assert session.scores.tolist() == first.tolist()
    assert session.scoring.new_scores == 20
    session.close()
    session = opened(data)
    settle(session, None)
    assert session.scores.tolist() == first.tolist()
    assert session.scoring.new_scores == 0
    session.close()


def test_only_new_samples_are_scored_when_a_dataset_grows(
    data: Path, use: Callable[[Callable[[], Any]], None]
) -> None:
    scorers = [ByWord(), ByWord()]
    use(iter(scorers).__next__)
    session = opened(data)
    settle(session)
    session.close()
    write(data, plain(13)[::-1])
    session = opened(data)
    settle(session)
    assert session.scores.tolist() == [float(n) for n in range(13)][::-1]
    assert [scorer.asked for scorer in scorers] == [10, 3]
    session.close()


def test_a_failed_row_is_no_cached_score_and_is_tried_again(
    data: Path, use: Callable[[Callable[[], Any]], None]
) -> None:
    scorers = [ByWord(fails=(3, 4)), ByWord()]
    use(iter(scorers).__next__)
    session = opened(data)
    settle(session)
    assert np.flatnonzero(session.failed).tolist() == [3, 4]
    assert session.summary().failed == 2
    assert session.outcomes().outcome[3] == Outcome.PENDING
    session.close()
    session = opened(data)
    settle(session)
    assert not session.failed.any()
    assert scorers[1].asked == 2
    session.close()


def test_a_scorer_that_cannot_be_loaded_raises_its_own_error(data: Path) -> None:
    session = opened(data)
    session.start_scoring("hf:no/such-model")
    with pytest.raises(ScorerError, match="not on disk") as caught:
        session.scoring.wait(lambda _: False)
    assert caught.value.hint
    status = session.scoring.status()
    assert status is not None
    assert status.state is WorkerState.FAILED
    assert session.decide(at(1), Verdict.ACCEPT) is not None
    session.close()


def test_a_scorer_that_crashes_while_loading_is_a_message(
    data: Path, use: Callable[[Callable[[], Any]], None]
) -> None:
    def crash() -> None:
        raise ZeroDivisionError("by nought")

    use(crash)
    session = opened(data)
    session.start_scoring("heuristic")
    with pytest.raises(ScorerError, match="by nought"):
        session.scoring.wait(lambda _: False)
    session.close()


def test_after_a_scorer_that_cannot_be_loaded_the_one_before_goes_on(data: Path) -> None:
    session = opened(data)
    assert session.fall_back() == ""
    session.start_scoring("column:missing")
    with pytest.raises(ScorerError):
        session.scoring.wait(lambda _: False)
    assert session.fall_back() == "", "there was none before"
    for _ in range(2):
        settle(session)
        assert session.fall_back() == ""
        assert session.scoring.before_label == "", "it does not come before itself"
    scores = session.scores.copy()
    for _ in range(2):
        session.start_scoring("hf:no/such-model")
        with pytest.raises(ScorerError):
            session.scoring.wait(lambda _: False)
        assert np.isnan(session.scores).all()
        assert session.fall_back() == "heuristic"
        session.scoring.wait(lambda _: False)
        assert session.scores.tolist() == scores.tolist()
        assert session.scoring.new_scores == len(scores), "they came from the cache"
        assert session.scoring.before_label == ""
    session.close()


def test_only_a_scorer_that_could_be_used_is_remembered(data: Path) -> None:
    session = opened(data)
    settle(session, "column:q", label="a")
    for wrong in ("no such", "column:none", "hf:no/such-model"):
        session.start_scoring(wrong)
        with pytest.raises((ScorerError, UsageError)):
            session.scoring.wait(lambda _: False)
    session.close()
    session = opened(data)
    assert session.scoring.last_spec == "column:q"
    session.start_scoring("none")
    assert session.scoring.wait(lambda _: False) is None
    assert session.scoring.status() is None
    session.close()
    session = opened(data)
    assert session.scoring.last_spec == "none"
    session.close()


def test_the_last_scorer_comes_back_in_the_way_it_was_used(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[ScorerOptions] = []

    def make(_spec: str, *, dataset: Dataset, options: ScorerOptions, **_: object) -> ByWord:
        assert dataset.rows
        seen.append(options)
        return ByWord()

    monkeypatch.setattr(live_scoring, "make_scorer", make)
    session = opened(data)
    settle(session, "hf:x", input_format="chapter", max_length=64, download=True, device="cpu")
    settle(session, None, max_length=32)
    settle(session, "hf:x")
    session.close()
    assert seen == [
        ScorerOptions(input_format="chapter", max_length=64, download=True, device="cpu"),
        ScorerOptions(input_format="chapter", max_length=32),
        ScorerOptions(),
    ]


def test_a_file_of_scores_is_found_from_another_folder(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"{row},{row / 10}\n" for row in range(10))
    (tmp_path / "s.csv").write_text("row,other\n" + lines)
    monkeypatch.chdir(tmp_path)
    session = opened(data)
    settle(session, "file:s.csv:other")
    assert session.scoring.spec == f"file:{tmp_path / 's.csv'}:other"
    session.close()
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    session = opened(data)
    settle(session, None)
    assert session.scores[9] == np.float32(0.9)
    session.close()


def test_scores_of_a_column_stay_with_their_rows(tmp_path: Path) -> None:
    row = plain(1)[0]
    path = write(tmp_path / "a.jsonl", [{**row, "q": 1.0}, {**row, "q": 2.0}])
    for _ in range(2):
        session = opened(path)
        settle(session, "column:q")
        assert session.scores.tolist() == [1.0, 2.0]
        session.close()


def test_waiting_can_be_cancelled(data: Path, use: Callable[[Callable[[], Any]], None]) -> None:
    go = threading.Event()

    class Slow(ByWord):
        def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
            go.wait(0.05)
            return super().score(batch[:1]) if len(batch) == 1 else self._refuse()

        def _refuse(self) -> Sequence[Scored | Failed]:
            raise ValueError("one at a time")

    use(Slow)
    session = opened(data)
    session.start_scoring("heuristic")
    status = session.scoring.wait(lambda status: status.done > 1)
    assert status is not None
    assert status.state is WorkerState.CANCELLED
    kept = int(np.count_nonzero(~np.isnan(session.scores)))
    session.close()
    session = opened(data)
    use(ByWord)
    settle(session)
    assert session.scoring.new_scores == 10 - kept
    session.close()


def test_closing_does_not_wait_for_a_model_that_loads(
    data: Path, use: Callable[[Callable[[], Any]], None]
) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def load() -> ByWord:
        loading.set()
        go_on.wait(30)
        return ByWord()

    use(load)
    session = opened(data)
    session.start_scoring("heuristic")
    assert loading.wait(10)
    session.close()
    assert not go_on.is_set()
    session.close()
    opened(data).close()
    go_on.set()


def test_a_scorer_that_arrives_late_is_not_the_scorer(data: Path) -> None:
    loading, go_on = threading.Event(), threading.Event()

    def load() -> ByWord:
        loading.set()
        go_on.wait(30)
        return ByWord()

    session = opened(data)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(live_scoring, "make_scorer", lambda *_, **__: load())
        session.start_scoring("column:never")
        assert loading.wait(10)
        late = session.scoring.worker
    settle(session, "column:q")
    go_on.set()
    assert late is not None
    assert late.join(10)
    assert session.scoring.scorer is not None
    assert session.scoring.scorer.name == "column:q"
    assert session.scoring.last_spec == "column:q"
    session.close()


def test_a_source_that_changes_while_open_ends_no_thread_with_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", crashed.append)
    turns = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    path = write(tmp_path / "a.jsonl", [{"messages": turns, "n": n} for n in range(9000)])
    session = opened(path)
    path.write_text("{}\n")
    session.hash_in_background()
    assert session._hasher is not None
    session._hasher.join(100)
    with pytest.raises(InputError, match="changed"):
        review_state(session)
    session.close()
    assert crashed == []


def test_what_an_export_says_is_of_one_moment_while_scores_come(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(data)
    session.set_threshold("0.5")
    board, outcomes = session.board, session.outcomes
    one = np.ones(1, np.int32)
    scored = threading.Thread(
        target=lambda: board.write(0, at(3), np.ones(1, np.float32), one, one)
    )

    def scored_meanwhile(*rows: slice) -> Any:
        found = outcomes(*rows)
        scored.start()
        scored.join(timeout=0.2)
        return found

    monkeypatch.setattr(session, "outcomes", scored_meanwhile)
    state = review_state(session)
    scored.join()
    pending = state.outcomes.outcome == Outcome.PENDING
    assert pending[3]
    assert np.isnan(state.scores[0, pending]).all()
    assert state.summary.pending == np.count_nonzero(pending)
    assert board.scores[0, 3] == 1
    session.close()


def test_explanations_come_from_the_heuristic_only(data: Path) -> None:
    session = opened(data)
    assert session.scoring.explain(0) == ()
    settle(session, "column:q")
    assert session.scoring.explain(0) == ()
    settle(session, "heuristic")
    assert session.scoring.explain(0)
    session.close()


# -- the threshold -----------------------------------------------------------------------------


def arrive(session: Session, values: Sequence[float]) -> Threshold | None:
    """Put scores on the board as the worker does."""
    rows = np.flatnonzero(np.isnan(session.scores))[: len(values)]
    count = len(values)
    session.board.write(
        0,
        rows,
        np.array(values, np.float32),
        np.ones(count, np.int32),
        np.ones(count, np.int32),
    )
    return session.threshold_choice.resolve()


def test_a_guess_is_the_median_and_moves_only_when_scores_have_doubled(tmp_path: Path) -> None:
    session = opened(write(tmp_path / "a.jsonl", plain(10)))
    assert session.threshold_choice.resolve() is None
    assert session.summary().pending == 10
    assert arrive(session, [1, 3]) == Threshold(2.0, guess=True)
    assert arrive(session, [9]) == Threshold(2.0, guess=True)
    assert arrive(session, [9]) == Threshold(6.0, guess=True)
    assert arrive(session, [0, 0, 0]) == Threshold(6.0, guess=True)
    session.board.fail(0, 9, "will not")
    assert arrive(session, [0, 0]) == Threshold(0.0, guess=True)
    assert any("guess" in line for line in describe_plan(session, default_plan(session)))
    session.close()


@pytest.mark.parametrize(
    ("typed", "bound"),
    [
        ("0.123456789", Threshold(0.123456789)),
        ("<= 12345678.25", Threshold(12345678.25, Direction.AT_MOST)),
        ("top 3", Threshold(7.0)),
        ("<= top 3", Threshold(2.0, Direction.AT_MOST)),
        ("<= 33.33333333%", Threshold(3.0, Direction.AT_MOST)),
    ],
)
def test_a_threshold_is_remembered_to_the_last_digit(
    data: Path, typed: str, bound: Threshold
) -> None:
    session = opened(data)
    settle(session, "column:q")
    assert session.set_threshold(typed) == bound
    session.close()
    session = opened(data)
    settle(session, None)
    assert session.threshold == bound
    assert session.threshold_choice.direction is bound.direction
    session.close()


def test_each_scorer_has_its_own_threshold(data: Path) -> None:
    session = opened(data)
    settle(session, "column:q")
    session.set_threshold("7")
    settle(session, "heuristic")
    assert session.threshold == Threshold(0.5)
    assert session.threshold_choice.text == ""
    session.set_threshold("0.9")
    session.set_threshold("0.1", save=False)
    settle(session, "column:q")
    assert session.threshold == Threshold(7.0)
    settle(session, "heuristic")
    assert session.threshold == Threshold(0.9)
    session.threshold_choice.forget()
    assert session.threshold_choice.resolve() == Threshold(0.5)
    session.close()


def test_a_remembered_threshold_of_an_unknown_kind_is_left_alone(data: Path) -> None:
    session = opened(data)
    session.store.set_setting("threshold of heuristic (chosen)", "the best ones")
    settle(session, "heuristic")
    assert session.threshold == Threshold(0.5)
    session.close()


def test_a_threshold_is_previewed_before_it_is_set(data: Path) -> None:
    session = opened(data)
    assert "0 rows (0.0%)" in session.preview_threshold("3")
    assert session.preview_threshold("top 3") == "no scores yet"
    settle(session, "column:q")
    assert "4 kept: 0 by hand, 4 by rule" in session.preview_threshold("top 4")
    with pytest.raises(UsageError):
        session.preview_threshold("many")
    session.close()


# -- preference data ---------------------------------------------------------------------------


def test_each_side_has_its_own_verdicts_scores_and_threshold(
    tmp_path: Path, use: Callable[[Callable[[], Any]], None]
) -> None:
    class Sides(ByWord):
        def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
            return [
                Encoded(1, payload=int(each.response.split()[-1]) + 5 * ("bad" in each.response))
                for each in samples
            ]

    use(Sides)
    path = write(tmp_path / "a.jsonl", pairs(4))
    session = opened(path)
    settle(session)
    assert session.scores.tolist() == [0, 1, 2, 3]
    assert session.scoring.margin().tolist() == [-5] * 4
    session.set_threshold("2")
    session.decide(at(0), Verdict.ACCEPT)
    session.review_side(Side.REJECTED)
    assert session.reviews_rejected
    assert session.scores.tolist() == [5, 6, 7, 8]
    assert not session.verdicts.any()
    session.decide(at(3), Verdict.REJECT)
    session.set_threshold("6")
    session.close()
    session = opened(path)
    settle(session)
    assert session.side is Side.REJECTED
    assert session.verdicts.tolist() == [0, 0, 0, Verdict.REJECT]
    assert session.threshold == Threshold(6.0)
    session.review_side(Side.CHOSEN)
    assert session.threshold_choice.resolve() == Threshold(2.0)
    assert session.verdicts.tolist() == [Verdict.ACCEPT, 0, 0, 0]
    order = rows_in_order(session, Sort("rejected score", descending=True))
    assert order.tolist() == [3, 2, 1, 0]
    session.close()


def test_a_remembered_side_means_nothing_without_sides(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", pairs(3))
    session = opened(path)
    session.review_side(Side.REJECTED)
    session.decide(at(1), Verdict.REJECT)
    session.close()
    write(path, [{"prompt": f"ask {n}", "response": f"good {n}"} for n in range(3)])
    session = opened(path)
    assert session.side is Side.CHOSEN
    assert not session.verdicts.any()
    assert session.scoring.margin().tolist() == pytest.approx([np.nan] * 3, nan_ok=True)
    session.decide(at(0), Verdict.ACCEPT)
    session.close()
    assert said(path) == {0: "ACCEPT"}


# -- the view and the way out ------------------------------------------------------------------


def test_orders_and_filters(data: Path) -> None:
    session = opened(data)
    settle(session, "column:q")
    session.set_threshold("5")
    session.decide(at(9), Verdict.REJECT)
    wanted, matching = rows_matching(session, "state:kept")
    assert wanted is not None
    assert np.flatnonzero(matching).tolist() == [5, 6, 7, 8]
    down = Sort("score", descending=True)
    assert rows_in_order(session, down, matching).tolist() == [8, 7, 6, 5]
    for column in COLUMNS:
        for descending in (False, True):
            order = rows_in_order(session, Sort(column, descending))
            assert sorted(order.tolist()) == list(range(10))
    assert str(down) == "score descending"
    assert rows_in_order(session, Sort("response", descending=True))[0] == 9
    bins = session.score_bins(5)
    assert bins is not None
    assert bins.rejected.sum() == 1
    session.close()


def test_an_export_is_planned_described_and_written(data: Path, tmp_path: Path) -> None:
    session = opened(data)
    lines = describe_plan(session, default_plan(session))
    assert any("refused: 10 rows are pending" in line for line in lines)
    settle(session, "column:q")
    session.set_threshold("5")
    session.decide(at(0), Verdict.ACCEPT)
    plan = default_plan(session)
    assert plan.format == "jsonl"
    check_plan(session, plan)
    report = export_session(session, plan)
    assert report.counts["kept"] == 6
    assert report.counts["kept_by_hand"] == 1
    assert report.output == tmp_path / "train-kept"
    session.close()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.csv", "csv"), ("a.parquet", "parquet")],
)
def test_the_format_of_the_source_is_the_default(tmp_path: Path, name: str, expected: str) -> None:
    import polars as pl

    frame = pl.DataFrame({"prompt": ["a"], "response": ["b"]})
    path = tmp_path / name
    if path.suffix == ".csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)
    session = opened(path)
    assert native_format(session.dataset.source_kind) == expected
    session.close()


def test_the_demo_is_scored_and_reviewed(tmp_path: Path) -> None:
    from engine.demo import demo_folder

    session = Session.open(
        demo_folder(), OpenOptions(demo=True, fresh=True, session=tmp_path / "demo.tamis.db")
    )
    session.hash_in_background()
    settle(session)
    assert session.summary().pending == 0
    assert len(session.dataset.families) == 2
    session.decide(np.arange(session.dataset.rows), Verdict.SKIP)
    session.undo()
    plan = ExportPlan(tmp_path / "out", format=native_format(session.dataset.source_kind))
    report = export_session(session, plan)
    assert 0 < report.counts["kept"] < session.dataset.rows
    session.close()


def test_opening_can_be_watched_and_cancelled(data: Path) -> None:
    told: list[str] = []
    opened(data).close()
    write(data, plain(11))
    Session.open(data, progress=lambda what, *_: told.append(what)).close()
    assert any("changed" in what for what in told)
    with pytest.raises(Cancelled):
        Session.open(data, cancelled=lambda: True)


# -- deciding blind ----------------------------------------------------------------------------


def test_blind_is_remembered(data: Path) -> None:
    session = opened(data)
    assert not session.blind
    session.set_blind(on=True)
    assert session.hides(3)
    session.close()
    session = opened(data)
    assert session.blind
    session.set_blind(on=False)
    assert not session.hides(3)
    session.close()
