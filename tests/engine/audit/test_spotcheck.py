"""The spot check: what is drawn, and what may be said of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audit.spotcheck import SpotCheck, digest_of, draw, is_stale, result
from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.threshold import Direction
from engine.sample import Side
from engine.statistics import exact_interval


def check_of(kept: np.ndarray, rows: list[int]) -> SpotCheck:
    return SpotCheck(
        id=1,
        rows=np.array(rows, np.int64),
        seed=7,
        drawn_at="2026-01-01T00:00:00Z",
        drawn_by="ada",
        side=Side.CHOSEN,
        scorer="heuristic",
        bound=0.5,
        direction=Direction.AT_LEAST,
        population=int(kept.sum()),
        kept=int(kept.sum()),
        kept_digest=digest_of(kept, "abc"),
        drawn=len(rows),
    )


def test_a_seed_gives_the_same_sample_for_ever() -> None:
    kept = np.arange(1_000, dtype=np.int64)
    assert draw(kept, 5, 7).tolist() == [443, 168, 456, 291, 163]
    assert draw(kept, 3, 7).tolist() == draw(kept, 5, 7)[:3].tolist()
    assert draw(kept, 5, 8).tolist() != draw(kept, 5, 7).tolist()


@given(st.integers(1, 300), st.integers(1, 400), st.integers(0, 2**32 - 1))
def test_a_sample_is_of_kept_rows_without_repeats(count: int, rows: int, seed: int) -> None:
    kept = np.arange(0, 3 * count, 3, dtype=np.int64)
    drawn = draw(kept, rows, seed)
    assert len(drawn) == len(set(drawn.tolist())) == min(rows, count)
    assert np.isin(drawn, kept).all()


def test_every_row_is_drawn_about_as_often() -> None:
    kept = np.arange(50, dtype=np.int64)
    times = np.bincount(np.concatenate([draw(kept, 5, seed) for seed in range(4_000)]))
    # 400 each, standard deviation 19.
    assert times.min() > 310
    assert times.max() < 490


def test_an_earlier_row_is_no_likelier_to_come_first() -> None:
    kept = np.arange(100, dtype=np.int64)
    first = np.array([draw(kept, 1, seed)[0] for seed in range(4_000)])
    assert first.mean() == pytest.approx(49.5, abs=2)  # standard deviation .46


@pytest.mark.parametrize(
    ("rows", "seed", "match"), [(0, 1, "at least one"), (5, -1, "seed"), (5, 2**32, "seed")]
)
def test_what_cannot_be_drawn_is_refused(rows: int, seed: int, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        draw(np.arange(10, dtype=np.int64), rows, seed)


def test_nothing_kept_is_nothing_to_check() -> None:
    with pytest.raises(UsageError, match="nothing to check"):
        draw(np.empty(0, np.int64), 5, 1)


def test_the_share_is_told_only_at_the_end() -> None:
    check = check_of(np.ones(10, np.bool_), [4, 2, 7, 9])
    verdicts = np.zeros(10, np.int8)
    verdicts[[4, 2, 7]] = (Verdict.REJECT, Verdict.ACCEPT, Verdict.SKIP)
    verdicts[0] = Verdict.REJECT  # not drawn
    so_far = result(check, verdicts[check.rows], stale=False)
    assert (so_far.seen, so_far.answered, so_far.bad) == (3, 2, 1)
    assert so_far.under_way
    assert so_far.share is None
    assert so_far.interval is None
    assert str(so_far) == "3 of 4 seen"
    verdicts[9] = Verdict.ACCEPT
    end = result(check, verdicts[check.rows], stale=False)
    assert end.complete
    assert end.share == pytest.approx(1 / 3)
    assert end.interval == exact_interval(1, 3, check.population)
    assert end.at_worst == exact_interval(2, 4, check.population)[1]
    assert "1 of 3 judged are bad, 33.3%" in str(end)
    assert f"1 not judged: at most {end.at_worst:.1%} if all of them are bad" in str(end)


def test_a_check_of_which_everything_was_skipped_says_nothing() -> None:
    check = check_of(np.ones(2, np.bool_), [0, 1])
    skipped = result(check, np.full(2, Verdict.SKIP, np.int8), stale=False)
    assert not skipped.under_way
    assert not skipped.complete
    assert skipped.interval is None


@given(st.data())
def test_only_changes_outside_the_sample_make_it_stale(data: st.DataObject) -> None:
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=4, max_size=30)), np.bool_)
    kept[:2] = True
    check = check_of(kept, [0, 1])
    now = kept.copy()
    for row in data.draw(st.lists(st.integers(0, len(kept) - 1), max_size=4)):
        now[row] = ~now[row]
    assert is_stale(check, now, "abc") == bool((now[2:] != kept[2:]).any())
    assert is_stale(check, now, "other bytes")


def test_rows_that_are_gone_make_it_stale() -> None:
    kept = np.ones(4, np.bool_)
    whole = check_of(kept, [0, 1])
    part = SpotCheck(
        **{name: getattr(whole, name) for name in SpotCheck.__slots__ if name != "rows"},
        rows=whole.rows[:1],
    )
    assert is_stale(part, kept, "abc")
