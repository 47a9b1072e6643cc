from __future__ import annotations

from dataclasses import replace

import pytest

from engine.review.policy import Summary
from engine.review.threshold import Direction, Threshold
from tui.terminal.display import cells
from tui.widgets.status import count, duration, share_text, summary_parts

SUMMARY = Summary(
    rows=52002,
    kept_by_hand=12,
    kept_by_rule=51_664,
    dropped_by_hand=3,
    dropped_by_rule=300,
    pending=20,
    broken=3,
    failed=0,
    tokens_kept=4_550_298,
    tokens=4_600_000,
    accepted_but_dropped=41,
    rejected_but_kept=12,
)


def test_the_summary_in_full() -> None:
    parts = summary_parts(SUMMARY, Threshold(1.5), "1.5", compact=False)
    assert parts == [
        "score >= 1.5 keeps",
        "kept 51,676 of 52,002 (99.4%)",
        "threshold drops 41 that you accepted, keeps 12 that you rejected",
        "12 by hand, 51,664 by rule",
        "4,550,298 tokens",
        "pending 20",
        "unreadable 3",
        "dropped 303: 3 by hand, 300 by rule",
    ]


def test_the_summary_fits_eighty_cells_with_contradictions_and_who_decided() -> None:
    parts = summary_parts(
        replace(SUMMARY, kept_estimated=True), Threshold(1.5), "1.5", compact=True
    )
    assert parts[:3] == [
        "kept 51,676 (99.4%)",
        "rule drops 41 accepted, keeps 12 rejected",
        "12 by hand, 51,664 by rule",
    ]
    assert cells(" · ".join([parts[0], parts[2], parts[3]])) < 78


@pytest.mark.parametrize(
    ("threshold", "typed", "said"),
    [
        (None, "", "no threshold yet"),
        (Threshold(0.25, guess=True), "", "score >= 0.25 keeps (guess: median)"),
        (Threshold(2.5, Direction.AT_MOST), "<= 2.5", "score <= 2.5 keeps"),
        (Threshold(2.5), "top 1000", "score >= 2.5 keeps (top 1000)"),
    ],
)
def test_the_bound_says_where_it_comes_from(
    threshold: Threshold | None, typed: str, said: str
) -> None:
    parts = summary_parts(SUMMARY, threshold, typed, compact=False)
    assert parts[0] == said


def test_a_share_is_all_or_nothing_only_where_it_is() -> None:
    assert share_text(1999, 2000) == "99.9%"
    assert share_text(2000, 2000) == "100.0%"
    assert share_text(1, 100_000) == "0.1%"
    assert share_text(0, 0) == "0.0%"


def test_counts_and_durations_in_few_cells() -> None:
    assert [count(number) for number in (732, 61_234, 4_550_298)] == ["732", "61k", "4.55M"]
    assert [duration(seconds) for seconds in (42, 725, 12_000)] == ["0:42", "12:05", "3:20:00"]
