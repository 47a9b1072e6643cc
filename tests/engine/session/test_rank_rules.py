"""`top N` and shares in a session: exact, and said alike by desk, export, manifest and card."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engine.dataset.editing import Part
from engine.export.plan import ExportPlan
from engine.review.decision import Verdict
from engine.review.policy import Outcome, Reason
from engine.review.threshold import Threshold
from engine.sample import Side
from engine.session import OpenOptions, Session
from engine.session.exporting import export_session


def written(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def rows(scores: Sequence[float]) -> list[dict[str, Any]]:
    return [
        {"prompt": f"count to {number}", "response": f"here is number {number}", "q": score}
        for number, score in enumerate(scores)
    ]


def scored(path: Path) -> Session:
    session = Session.open(path, OpenOptions())
    session.start_scoring("column:q")
    session.scoring.wait(lambda _: False)
    session.threshold_choice.resolve()
    return session


def kept(session: Session) -> list[int]:
    found = session.outcomes()
    summary = session.summary()
    assert summary.kept == np.count_nonzero(found.outcome == Outcome.KEPT)
    assert summary.dropped + summary.broken == np.count_nonzero(found.outcome == Outcome.DROPPED)
    return np.flatnonzero(found.outcome == Outcome.KEPT).tolist()


def test_so_many_rows_are_kept_in_all_whatever_is_tied(tmp_path: Path) -> None:
    session = scored(written(tmp_path / "a.jsonl", rows([3, 1, 2, 2, 2, 2, 0, 2])))
    session.set_threshold("top 3")
    first = kept(session)
    assert (len(first), 0 in first) == (3, True)
    assert "3 kept: 0 by hand, 3 by rule (2 of 5 tied at 2)" in session.preview_threshold("top 3")
    session.decide(np.array([6]), Verdict.ACCEPT)
    second = kept(session)
    assert (len(second), {0, 6} < set(second)) == (3, True)
    assert set(second) - {6} < set(first), "one of the tied goes"
    session.decide(np.array([0]), Verdict.REJECT)
    assert len(kept(session)) == 3
    session.undo()
    assert kept(session) == second
    session.close()
    session = scored(tmp_path / "a.jsonl")
    assert session.threshold_choice.text == "top 3"
    assert kept(session) == second, "as it was"
    session.close()


def test_the_same_rows_of_a_tie_are_taken_in_any_order_of_the_file(tmp_path: Path) -> None:
    texts = rows([2] * 9)
    found = []
    for order in (range(9), range(8, -1, -1), [4, 0, 7, 2, 8, 1, 3, 6, 5]):
        path = written(tmp_path / f"{order[0]}.jsonl", [texts[at] for at in order])
        session = scored(path)
        session.set_threshold("top 4")
        found.append({order[row] for row in kept(session)})
        session.close()
    assert len(found[0]) == 4
    assert found[0] == found[1] == found[2]


def test_a_share_is_of_rows_that_could_be_kept_and_is_rounded_up(tmp_path: Path) -> None:
    lines = rows([5, 5, 4, 3, 2, 1, 1, 1])
    lines[0]["response"] = " \n"
    session = scored(written(tmp_path / "a.jsonl", lines))
    session.decide(np.array([1]), Verdict.REJECT)
    session.set_threshold("25%")  # of six
    assert kept(session) == [2, 3]
    session.set_threshold("100%")
    assert kept(session) == [2, 3, 4, 5, 6, 7]
    session.close()


def test_it_is_filled_up_after_duplicates_are_dropped(tmp_path: Path) -> None:
    lines = rows([9, 8, 7, 6, 5, 4, 4, 4])
    for row in (1, 2):
        lines[row] = {**lines[0], "q": lines[row]["q"]}
    session = scored(written(tmp_path / "a.jsonl", lines))
    session.set_threshold("top 4")
    assert kept(session) == [0, 1, 2, 3]
    session.duplicates.set_rule(0.9)
    session.duplicates.require()
    session.duplicates.wait(lambda _: None)
    after = kept(session)
    assert after[:3] == [0, 3, 4]
    assert len(after) == 4
    report = export_session(session, ExportPlan(tmp_path / "out"))
    rank = report.manifest["threshold"]["rank"]  # type: ignore[index]
    says = "4 kept: 0 by hand, 4 by rule (1 of 3 tied at 4)"
    assert rank == {
        "wanted": 4, "by_hand": 0, "by_rule": 4, "tied": 3, "tied_taken": 1, "says": says,
    }  # fmt: skip
    assert report.counts["kept"] == 4
    assert says in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    session.close()


def test_a_cluster_that_is_cut_by_a_tie_keeps_one(tmp_path: Path) -> None:
    lines = rows([2] * 6)
    for row in (1, 2, 3):
        lines[row] = {**lines[0]}
    session = scored(written(tmp_path / "a.jsonl", lines))
    session.duplicates.set_rule(0.9)
    session.duplicates.require()
    session.duplicates.wait(lambda _: None)
    for number in (1, 2, 3):
        session.set_threshold(f"top {number}")
        assert len(kept(session)) == number
    assert len(set(kept(session)) & {0, 1, 2, 3}) == 1
    session.close()


def test_an_empty_response_is_kept_by_no_rule_but_by_hand(tmp_path: Path) -> None:
    lines = rows([9, 8, 7, 6])
    lines[1]["response"], lines[2]["response"] = "", None
    session = scored(written(tmp_path / "a.jsonl", lines))
    session.set_threshold("0")
    assert kept(session) == [0, 3]
    assert session.summary().empty == 2
    assert (session.outcomes().reason[1:3] == Reason.EMPTY_RESPONSE).all()
    session.decide(np.array([1]), Verdict.ACCEPT)
    assert kept(session) == [0, 1, 3]
    session.edits.revise(0, Part.RESPONSE, "  ")
    session.decide(np.array([3]), Verdict.SKIP)
    assert kept(session) == [1, 3], "an edit can empty it, too"
    report = export_session(session, ExportPlan(tmp_path / "out"))
    assert report.counts["dropped_empty"] == 2
    decisions = pl.read_parquet(tmp_path / "out" / "decisions.parquet")
    assert decisions["reason"].to_list() == [
        "empty_response", "accepted", "empty_response", "gate:column:q",
    ]  # fmt: skip
    session.undo()
    session.undo()
    assert kept(session) == [0, 1, 3]
    session.close()


def test_the_empty_side_of_a_pair_is_its_own(tmp_path: Path) -> None:
    chosen, rejected = ["yes", "", "yes"], ["no", "no", " "]
    lines = [{"prompt": f"say {n}", "chosen": chosen[n], "rejected": rejected[n]} for n in range(3)]
    session = Session.open(written(tmp_path / "a.jsonl", lines), OpenOptions())
    assert np.flatnonzero(session.empty).tolist() == [1]
    session.review_side(Side.REJECTED)
    assert np.flatnonzero(session.empty).tolist() == [2]
    session.close()


def test_chats_without_an_answer_are_prompts_where_none_has_one(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "hello?"}]
    thought = {"role": "assistant", "content": "", "reasoning_content": "hm"}
    answered = [*asked, {"role": "assistant", "content": "hello"}]
    only = written(tmp_path / "p.jsonl", [{"messages": asked}] * 2)
    session = Session.open(only, OpenOptions())
    assert not session.empty.any()
    session.close()
    talks = [asked, answered, [*asked, thought]]
    mixed = written(tmp_path / "m.jsonl", [{"messages": talk} for talk in talks])
    session = Session.open(mixed, OpenOptions())
    assert session.empty.tolist() == [True, False, True]
    session.close()


def test_a_number_without_a_sign_has_the_scorers_own_direction(tmp_path: Path) -> None:
    session = scored(written(tmp_path / "a.jsonl", rows([1, 2, 3])))
    session.set_threshold("<= 2")
    assert session.threshold_choice.holding == "<= 2"
    assert "score >= 3" in session.preview_threshold("3")
    assert session.set_threshold("3") == Threshold(3.0)
    session.set_threshold("<= top 2")
    assert kept(session) == [0, 1]
    assert session.threshold_choice.holding == "<= top 2"
    session.close()
