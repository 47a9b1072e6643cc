"""Clusters in a session: found in the background, kept, shown, split, and decided by verdicts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dataset.editing import Part
from engine.duplicates import finder, shingles
from engine.duplicates.clusters import Clusters
from engine.duplicates.clusters import cut as real_cut
from engine.duplicates.finder import Finder
from engine.duplicates.meaning import MeaningFinder
from engine.duplicates.rule import Preference
from engine.duplicates.settings import ComparedUnit, SearchSettings, ShingleKind, Shingling
from engine.errors import Cancelled, ScorerError, StoreError, UsageError
from engine.review.decision import Verdict
from engine.review.policy import Outcome
from engine.session import OpenOptions, Session, searching
from engine.session.cluster_review import _Latest
from engine.session.cluster_verdicts import carry_out, keep_one, plan_keeping
from engine.session.searching import SearchState
from engine.store import Store

STORY = "the quick brown fox jumps over the lazy dog and runs into the green forest at night"
ANSWER = "there are seven of them in the whole country and all of them are green"
ROWS: list[dict[str, object]] = [
    {"prompt": "tell a story", "response": STORY, "q": 3.0},
    {"prompt": "tell a story", "response": STORY, "q": 5.0},
    {"prompt": "tell a story", "response": STORY + " alone", "q": 1.0},
    {"prompt": "how many frogs are there", "response": ANSWER, "q": 2.0},
    {"prompt": "how many frogs are there?", "response": "nobody has ever counted", "q": 4.0},
    {"prompt": "is this about something else", "response": ANSWER, "q": 4.5},
]
"""0, 1, 2 are alike; 3 and 4 ask the same; 3 and 5 answer the same."""

LIMIT_S = 60

Open = Callable[..., Session]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    sessions: list[Session] = []

    def make(rows: list[dict[str, object]] = ROWS, *, read_only: bool = False) -> Session:
        for session in sessions:
            session.close()
        path = tmp_path / "data.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        options = OpenOptions(session=tmp_path / "s.db", read_only=read_only)
        session = Session.open(path, options)
        sessions.append(session)
        session.start_scoring("column:q")
        session.scoring.wait(lambda _: False)
        session.set_threshold(">= 0")
        return session

    yield make
    for session in sessions:
        session.close()


def searched(session: Session) -> Session:
    session.duplicates.search()
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    return session


def clusters_of(session: Session, unit: ComparedUnit) -> Clusters:
    clusters = session.duplicates.clusters_of(unit)
    assert clusters is not None
    return clusters


def shown(session: Session, unit: ComparedUnit) -> list[list[int]]:
    clusters = clusters_of(session, unit)
    return [clusters.rows_of(number).tolist() for number in range(len(clusters))]


def suggestion(session: Session) -> tuple[int, str]:
    session.clusters.refresh()
    session.clusters.wait()
    listed = session.clusters.listed
    assert listed is not None
    return session.clusters.keeper(listed, 0)


def verdicts(session: Session) -> list[str]:
    return [Verdict(value).name for value in session.verdicts]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Rows shingled by searches from here on."""
    rows: list[int] = []
    real = shingles.shingle

    def counting(texts: object, settings: SearchSettings) -> object:
        rows.append(len(texts))  # type: ignore[arg-type]
        return real(texts, settings)  # type: ignore[arg-type]

    monkeypatch.setattr(finder, "shingle", counting)
    return rows


def test_whole_samples_prompts_and_responses_are_apart_and_nothing_is_dropped(
    opened: Open,
) -> None:
    session = opened()
    assert session.duplicates.clusters_of(ComparedUnit.BOTH) is None
    assert session.kept_duplication() is None
    searched(session)
    assert shown(session, ComparedUnit.BOTH) == [[0, 1, 2]]
    assert shown(session, ComparedUnit.PROMPT) == [[0, 1, 2], [3, 4]]
    assert shown(session, ComparedUnit.RESPONSE) == [[0, 1, 2], [3, 5]]
    assert session.summary().kept == 6
    found = session.duplicates.contradictions
    assert found is not None
    assert [group.rows for group in found.groups] == [(3, 4)]
    assert found.share == pytest.approx(1 / 3)
    assert found.groups[0].entropy == 1


def test_what_was_found_is_there_at_once_in_the_next_visit(
    opened: Open, counted: list[int]
) -> None:
    searched(opened())
    assert counted
    counted.clear()
    again = searched(opened())
    assert counted == []
    assert shown(again, ComparedUnit.BOTH) == [[0, 1, 2]]
    assert again.duplicates.contradictions is not None


def test_only_rows_that_were_edited_or_added_are_signed_again(
    opened: Open, counted: list[int]
) -> None:
    searched(opened())
    counted.clear()
    rows = [*ROWS, {"prompt": "tell a story!", "response": STORY + " again", "q": 1.0}]
    rows[3] = {"prompt": "tell a story", "response": STORY + " then", "q": 2.0}
    session = opened(rows[::-1])
    session.duplicates.search([ComparedUnit.BOTH])
    session.duplicates.wait(lambda _: None)
    assert counted == [2]
    assert shown(session, ComparedUnit.BOTH) == [[0, 3, 4, 5, 6]]


def test_an_edit_is_searched_again_with_one_row_signed_and_undo_takes_it_back(
    opened: Open, counted: list[int]
) -> None:
    session = opened()
    session.duplicates.search([ComparedUnit.BOTH])
    session.duplicates.wait(lambda _: None)
    session.duplicates.set_rule(0.75)
    counted.clear()
    session.edits.revise(0, Part.RESPONSE, "nothing of the kind")
    session.duplicates.wait(lambda _: None)
    assert counted == [1]
    assert session.duplicates.ready
    assert shown(session, ComparedUnit.BOTH) == [[1, 2]]
    assert np.flatnonzero(session.outcomes().outcome == Outcome.DROPPED).tolist() == [2]
    session.undo()
    session.duplicates.wait(lambda _: None)
    assert shown(session, ComparedUnit.BOTH) == [[0, 1, 2]]


def test_going_up_needs_no_search_and_going_below_signs_nothing_again(
    opened: Open, counted: list[int]
) -> None:
    session = opened()
    session.duplicates.search([ComparedUnit.BOTH])
    session.duplicates.wait(lambda _: None)
    session.close()
    session = opened()
    session.duplicates.search([ComparedUnit.BOTH])
    session.duplicates.wait(lambda _: None)
    counted.clear()
    session.duplicates.move(0.98)
    assert shown(session, ComparedUnit.BOTH) == [[0, 1]]
    assert session.duplicates.status.state is SearchState.DONE
    session.duplicates.move(0.2)
    clusters = session.duplicates.clusters_of(ComparedUnit.BOTH)
    assert clusters is not None  # as far as known
    session.duplicates.wait(lambda _: None)
    clusters = session.duplicates.clusters_of(ComparedUnit.BOTH)
    assert clusters is not None
    assert clusters.is_complete
    assert sorted(map(len, shown(session, ComparedUnit.BOTH))) == [
        2,
        3,
    ]  # 3 and 5 share their answer
    assert counted == []


def test_below_the_stored_similarity_it_is_incomplete_until_it_is_done(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = searched(opened())
    real = Finder.run
    monkeypatch.setattr(Finder, "run", stopped)
    session.duplicates.move(0.2)
    session.duplicates.wait(lambda _: None)
    clusters = session.duplicates.clusters_of(ComparedUnit.BOTH)
    assert clusters is not None
    assert not clusters.is_complete
    assert session.duplicates.clusters is None
    monkeypatch.setattr(Finder, "run", real)
    assert searched(session).duplicates.clusters is not None


def stopped(*_: object, **__: object) -> None:
    raise Cancelled("stopped")


def test_clusters_appear_while_the_search_runs(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened([dict(row) for row in ROWS] * 40)
    monkeypatch.setattr(finder, "BATCH_BYTES", 2000)
    monkeypatch.setattr(finder, "FIRST_LOOK_BYTES", 4000)
    seen: list[tuple[int, bool]] = []
    look = session.duplicates._searches._changed

    def changed() -> None:
        look()
        clusters = session.duplicates.clusters_of(ComparedUnit.BOTH)
        if clusters is not None:
            seen.append((len(clusters.members), clusters.is_complete))

    monkeypatch.setattr(session.duplicates._searches, "_changed", changed)
    session.duplicates.search([ComparedUnit.BOTH])
    session.duplicates.wait(lambda _: None)
    partial = [members for members, complete in seen if not complete]
    assert partial == sorted(partial)
    assert 0 < partial[0] < 240
    assert seen[-1] == (240, True)


def test_it_stops_and_goes_on_where_it_was(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened([dict(row) for row in ROWS] * 40)
    monkeypatch.setattr(finder, "BATCH_BYTES", 2000)
    searches = session.duplicates._searches
    real = Finder._take
    signed: list[int] = []

    def until(finder: Finder, rows: slice, signatures: Any) -> None:
        signed.append(rows.start)
        real(finder, rows, signatures)
        if len(signed) == 3:
            searches._stop.set()

    monkeypatch.setattr(Finder, "_take", until)
    session.duplicates.search([ComparedUnit.BOTH])
    status = session.duplicates.wait(lambda _: None)
    assert status.state is SearchState.STOPPED
    assert 0 < status.done < 240
    session.duplicates.search([ComparedUnit.BOTH])
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    assert signed == sorted(set(signed))  # no batch twice


class HeldUp:
    """The first search waits at its begin until `goes_on` is set; counts those at work at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, finder: Any = Finder) -> None:
        self.waits, self.goes_on = threading.Event(), threading.Event()
        self.most = 0
        at_work: list[None] = []
        real = finder.run

        def run(*given: Any, **how: Any) -> Any:
            at_work.append(None)
            self.most = max(self.most, len(at_work))
            try:
                if not self.waits.is_set():
                    self.waits.set()
                    assert self.goes_on.wait(LIMIT_S)
                return real(*given, **how)
            finally:
                at_work.pop()

        monkeypatch.setattr(finder, "run", run)


def all_known(session: Session) -> bool:
    units = (ComparedUnit.BOTH, ComparedUnit.PROMPT, ComparedUnit.RESPONSE)
    known = [session.duplicates.clusters_of(unit) for unit in units]
    complete = all(clusters is not None and clusters.is_complete for clusters in known)
    return complete and session.duplicates.contradictions is not None


@pytest.mark.parametrize("change", ["similarity", "lower", "edit", "rule"])
def test_what_is_changed_while_the_search_runs_costs_none_of_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    session = opened()
    held_up = HeldUp(monkeypatch)
    session.duplicates.search()
    assert held_up.waits.wait(LIMIT_S)
    match change:
        case "similarity":
            session.duplicates.move(0.9)
        case "lower":
            session.duplicates.move(0.3)
        case "edit":
            session.edits.revise(0, Part.RESPONSE, "nothing of the kind")
        case "rule":
            session.duplicates.set_rule(0.9)
    held_up.goes_on.set()  # the change did not wait for the search
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    assert all_known(session)
    assert not session.duplicates.missing
    assert session.duplicates.ready
    assert held_up.most == 1
    if change == "edit":
        assert shown(session, ComparedUnit.BOTH) == [[1, 2]]


def test_the_rule_of_the_last_visit_leaves_the_rest_to_be_searched(opened: Open) -> None:
    session = opened()
    session.duplicates.set_rule(0.8)
    session.duplicates.wait(lambda _: None)
    assert session.duplicates.status.state is SearchState.DONE
    assert session.duplicates.missing
    assert all_known(searched(session))
    assert not session.duplicates.missing


def test_searches_started_at_once_take_turns(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    session = opened()
    held_up = HeldUp(monkeypatch)
    session.duplicates.search()
    assert held_up.waits.wait(LIMIT_S)
    gate = threading.Barrier(4)

    def move(similarity: float) -> None:
        gate.wait(LIMIT_S)
        session.duplicates.move(similarity)

    with ThreadPoolExecutor(4) as pool:
        moves = [pool.submit(move, similarity) for similarity in (0.3, 0.4, 0.5, 0.6)]
        for moved in moves:
            moved.result(LIMIT_S)
    held_up.goes_on.set()
    session.duplicates.wait(lambda _: None)
    assert held_up.most == 1
    assert all_known(session)  # from the similarity that was set last
    session.duplicates.move(0.1)
    session.duplicates.stop()
    assert session.duplicates.status.state is not SearchState.RUNNING


def test_clusters_are_cut_before_anybody_sees_what_was_found(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened()
    cut_by: list[str] = []

    def cut(*given: Any, **how: Any) -> Any:
        cut_by.append(threading.current_thread().name)
        assert session.duplicates.clusters is None
        return real_cut(*given, **how)

    monkeypatch.setattr("engine.session.duplication.cut", cut)
    session.duplicates.search([ComparedUnit.BOTH])
    session.duplicates.wait(lambda _: None)
    assert session.duplicates.clusters is not None
    assert cut_by == ["duplicates"]


def test_a_full_disk_costs_the_cache_and_nothing_else(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreError("duplicates not saved: the disk is full")

    session = opened()
    monkeypatch.setattr(Store, "keep_search", full)
    searched(session)
    assert shown(session, ComparedUnit.BOTH) == [[0, 1, 2]]
    assert session.notices.count("duplicates not saved: the disk is full") == 1


def test_a_reader_beside_a_desk_uses_what_was_found_and_writes_nothing(opened: Open) -> None:
    searched(opened())
    session = opened(read_only=True)
    searched(session)
    assert shown(session, ComparedUnit.BOTH) == [[0, 1, 2]]
    session.duplicates.move(0.2)
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE


def test_the_rule_is_on_again_in_the_next_visit(opened: Open) -> None:
    session = opened()
    session.duplicates.set_rule(0.75)
    session.duplicates.wait(lambda _: None)
    assert session.summary().kept == 4
    session = opened()
    assert session.duplicates.similarity == 0.75
    assert not session.duplicates.ready
    session.duplicates.require()
    session.duplicates.wait(lambda _: None)
    assert session.summary().kept == 4
    session.duplicates.set_rule(None)
    session.duplicates.set_rule(0.9, save=False)
    session = opened()
    assert (session.duplicates.similarity, session.duplicates.at) == (None, 0.75)


def test_a_line_for_each_cluster(opened: Open) -> None:
    session = searched(opened())
    table = session.duplicates.table_of(clusters_of(session, ComparedUnit.BOTH))
    assert (table.keeper.tolist(), table.survivors.tolist()) == ([1], [3])
    assert table.untouched.tolist() == [True]
    assert suggestion(session) == (1, "highest score, 5")
    session.decide(np.array([0]), Verdict.ACCEPT)
    table = session.duplicates.table_of(clusters_of(session, ComparedUnit.BOTH))
    assert (table.keeper.tolist(), table.untouched.tolist()) == ([0], [False])
    assert suggestion(session) == (0, "accepted by hand")
    session.undo()
    session.set_threshold("<= 4")
    assert suggestion(session) == (2, "lowest score, 1")
    session.duplicates.prefer(Preference.LONGEST)
    assert suggestion(session)[1].startswith("longest")


def test_the_rule_keeps_what_is_preferred_among_survivors(opened: Open) -> None:
    session = searched(opened())
    session.duplicates.prefer(Preference.LONGEST)
    session.duplicates.set_rule(0.75)
    assert np.flatnonzero(session.outcomes().outcome == Outcome.KEPT).tolist() == [2, 3, 4, 5]
    session.set_threshold(">= 2")  # row 2 does not survive: another one must
    assert np.flatnonzero(session.outcomes().outcome == Outcome.KEPT).tolist() == [1, 3, 4, 5]
    assert session.summary().kept == 4
    assert "keeps: 3 rows" in session.preview_threshold(">= 4")
    assert session.simulator_link.live().point is not None
    assert round(session.simulator_link.live().point.rows) == 4  # type: ignore[union-attr]


def test_a_cluster_can_be_split_higher_than_the_others_and_joined_again(opened: Open) -> None:
    chain = [
        {"prompt": "p", "response": " ".join("abcdefghijklmn"[start : start + 12]), "q": 1.0}
        for start in range(3)
    ]
    session = opened([*chain, *ROWS])
    session.duplicates.configure(
        SearchSettings(ComparedUnit.BOTH, Shingling(ShingleKind.WORD, 1), similarity=0.7)
    )
    session.duplicates.move(0.75)
    searched(session)
    clusters = session.duplicates.clusters_of(ComparedUnit.BOTH)
    assert clusters is not None
    assert shown(session, ComparedUnit.BOTH)[0] == [0, 1, 2]
    assert clusters.lowest[0] < 0.75  # 0 is not like 2
    session.duplicates.split(ComparedUnit.BOTH, 1, 0.95)
    assert shown(session, ComparedUnit.BOTH) == [[3, 4, 5]]
    session = opened([*chain, *ROWS])
    assert session.duplicates.splits.of(ComparedUnit.BOTH, 1) == 0.95
    assert session.duplicates.settings_of(ComparedUnit.BOTH).shingling.size == 1
    session.duplicates.split(ComparedUnit.BOTH, 0, 0.76)
    assert session.duplicates.splits.of(ComparedUnit.BOTH, 2) == 0.76
    session.duplicates.split(ComparedUnit.BOTH, 2, None)
    assert session.duplicates.splits.of(ComparedUnit.BOTH, 0) is None
    with pytest.raises(UsageError, match="similarity"):
        session.duplicates.split(ComparedUnit.BOTH, 0, 1.2)


def test_keeping_one_accepts_it_and_rejects_the_others_in_one_event(opened: Open) -> None:
    session = searched(opened())
    change = keep_one(session, 2, np.array([0, 1, 2]))
    assert change is not None
    assert verdicts(session)[:4] == ["REJECT", "REJECT", "ACCEPT", "UNDECIDED"]
    last = session.last_decision(0)
    assert last is not None
    assert (last.said.reason, last.said.note) == ("duplicate", "like row 2")
    session.undo()
    assert set(verdicts(session)) == {"UNDECIDED"}
    session.redo()
    assert verdicts(searched(opened()))[:3] == ["REJECT", "REJECT", "ACCEPT"]


def test_what_was_accepted_stays_unless_another_is_kept_firmly(opened: Open) -> None:
    session = searched(opened())
    session.decide(np.array([0, 2]), Verdict.ACCEPT)
    keep_one(session, 1, np.array([0, 1, 2]), firmly=False)
    assert verdicts(session)[:3] == ["ACCEPT"] * 3
    keep_one(session, 1, np.array([0, 1, 2]))
    assert verdicts(session)[:3] == ["REJECT", "ACCEPT", "REJECT"]
    assert keep_one(session, 1, np.array([0, 2])) is None


def test_a_bulk_says_what_it_would_do_and_leaves_alone_what_a_person_should_see(
    opened: Open,
) -> None:
    backwards = " ".join(reversed(STORY.split()))
    numbers: list[dict[str, object]] = [
        {"prompt": str(n), "response": backwards, "q": float(n)} for n in (2, 3)
    ]
    low: list[dict[str, object]] = [{"prompt": "say", "response": ANSWER, "q": -1.0}] * 2
    done: list[dict[str, object]] = [
        {"prompt": "one two three four", "response": "x", "q": 1.0}
    ] * 2
    session = searched(opened([*ROWS[:3], *numbers, *low, *done]))
    session.decide(np.array([8]), Verdict.REJECT)
    clusters = clusters_of(session, ComparedUnit.BOTH)
    plan = plan_keeping(session, clusters, np.arange(len(clusters)))
    assert (plan.clusters, plan.accepted, plan.rejected, plan.left) == (2, 2, 2, 2)
    assert plan_keeping(session, clusters, clusters.label[[5, 7]]).clusters == 0
    session.duplicates.move(1.0)  # what was shown counts, not what would be shown now
    assert plan_keeping(session, clusters, clusters.label[[2]]).rows.tolist() == [0, 1, 2]
    change = carry_out(session, plan)
    assert change is not None
    # 3 and 4 differ in their numbers: the better one is kept, the other one is left to a person.
    assert verdicts(session)[:5] == ["REJECT", "ACCEPT", "REJECT", "UNDECIDED", "ACCEPT"]
    assert verdicts(session)[5:] == ["UNDECIDED"] * 3 + ["REJECT"]
    session.undo()
    assert verdicts(session) == ["UNDECIDED"] * 8 + ["REJECT"]


class FakeModel:
    """Embeds by the first letter of the prompt."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        self.texts += texts
        return np.eye(26, dtype=np.float32)[[ord(text[0]) - ord("a") for text in texts]]


def test_meaning_is_shown_apart_kept_for_the_next_visit_and_drops_nothing(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = FakeModel()
    monkeypatch.setattr(searching, "load", lambda _: model)
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    session = searched(opened())
    session.duplicates.search_meaning(folder, 0.95)
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    assert shown(session, ComparedUnit.MEANING) == [[0, 1, 2], [3, 4]]
    assert len(model.texts) == 5  # the same text once
    session.duplicates.set_rule(0.95)
    assert session.summary().kept == 5
    keep_one(session, 4, np.array([3, 4]))
    assert verdicts(session)[3:5] == ["REJECT", "ACCEPT"]
    session = opened()
    session.duplicates.search_meaning(folder, 0.95)
    session.duplicates.wait(lambda _: None)
    assert shown(session, ComparedUnit.MEANING) == [[0, 1, 2], [3, 4]]
    assert len(model.texts) == 5
    monkeypatch.setattr(searching, "load", unusable)
    session.duplicates.search_meaning(folder, 0.5)
    status = session.duplicates.wait(lambda _: None)
    assert status.state is SearchState.FAILED
    assert "pip install" in status.error


def test_a_comparison_by_meaning_that_was_stopped_goes_on_with_the_texts_of_now(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = FakeModel()
    monkeypatch.setattr(searching, "load", lambda _: model)
    monkeypatch.setattr(MeaningFinder, "_pairs", stopped)
    session = opened()
    session.duplicates.search_meaning(tmp_path)
    assert session.duplicates.wait(lambda _: None).state is SearchState.STOPPED
    monkeypatch.undo()
    monkeypatch.setattr(searching, "load", lambda _: model)
    session.edits.revise(0, Part.PROMPT, "write a poem")
    session.duplicates.wait(lambda _: None)
    assert session.duplicates.clusters_of(ComparedUnit.BOTH) is None  # nobody has asked for it
    session.duplicates.search_meaning(tmp_path)
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    assert shown(session, ComparedUnit.MEANING) == [[1, 2], [3, 4]]


def test_an_edit_during_a_comparison_by_meaning_starts_that_anew_and_nothing_else(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "load", lambda _: FakeModel())
    session = opened()
    held_up = HeldUp(monkeypatch, MeaningFinder)
    session.duplicates.search_meaning(tmp_path)
    assert held_up.waits.wait(LIMIT_S)
    session.edits.revise(0, Part.PROMPT, "write a poem")
    held_up.goes_on.set()
    assert session.duplicates.wait(lambda _: None).state is SearchState.DONE
    assert session.duplicates.clusters_of(ComparedUnit.BOTH) is None
    assert shown(session, ComparedUnit.MEANING) == [[1, 2], [3, 4]]


def unusable(_: Path) -> None:
    raise ScorerError("not installed", "pip install 'tamis[semantic]'")


def test_a_list_that_fails_is_told_and_the_next_one_is_made() -> None:
    def failing() -> None:
        raise RuntimeError("not this time")

    notices: list[str] = []
    made: list[str] = []
    lists = _Latest("listing clusters", notices)
    lists.call(failing)
    waiting = threading.Thread(target=lists.wait, daemon=True)
    waiting.start()
    waiting.join(timeout=30)
    assert not waiting.is_alive()
    assert notices == ["listing clusters failed: RuntimeError: not this time"]
    lists.call(lambda: made.append("a list"))
    lists.wait()
    assert made == ["a list"]


def test_the_duplication_rate_counts_what_is_kept_and_its_copies(opened: Open) -> None:
    session = searched(opened())
    found = session.kept_duplication()
    assert found is not None
    assert (found.rows, found.groups) == (6, 4)
    session.duplicates.set_rule(0.8)
    assert session.kept_duplication().duplication_rate == 0  # type: ignore[union-attr]
    session.set_copies(np.array([3, 0]), 3)  # 0 is dropped: what is not kept is not repeated
    found = session.kept_duplication()
    assert found is not None
    assert (found.rows, found.groups) == (6, 4)
    live = session.simulator_link.live().duplication
    assert live is not None
    assert (live.rows, live.distinct) == (6, 4)
    session.undo()
    assert session.kept_duplication().rows == 4  # type: ignore[union-attr]
