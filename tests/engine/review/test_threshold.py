from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.errors import UsageError
from engine.review.threshold import Direction, Threshold, parse_threshold

scores = hnp.arrays(
    np.float32,
    st.integers(1, 60),
    elements=st.one_of(st.just(float("nan")), st.floats(-5, 5, width=16)),
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1.5", ">= 1.5"),
        (" -0.25 ", ">= -0.25"),
        ("<= 3", "<= 3"),
        ("≤.5", "<= 0.5"),
        ("1e-3", ">= 0.001"),
        ("top 1000", "top 1000"),
        ("TOP 9,229", "top 9229"),
        ("25%", "25%"),
        ("12.5 %", "12.5%"),
    ],
)
def test_what_can_be_typed(text: str, shown: str) -> None:
    assert str(parse_threshold(text)) == shown


@pytest.mark.parametrize(
    "text", ["", "abc", "top", "top 0", "top -3", "0%", "101%", "1..5%", "1.5 rows", "nan", "1e999"]
)
def test_what_makes_no_sense_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_threshold(text)
    assert caught.value.hint or "finite" in caught.value.message


def test_a_typed_threshold_keeps_the_direction_in_use() -> None:
    assert parse_threshold("2", Direction.AT_MOST).direction is Direction.AT_MOST
    assert parse_threshold(">= 2", Direction.AT_MOST).direction is Direction.AT_LEAST


def test_a_typed_score_equals_the_scored_one_in_float32() -> None:
    assert Threshold(0.1).keeps(np.array([0.1], np.float32)).all()


def test_the_text_states_the_direction() -> None:
    assert str(Threshold(1.5)) == "score >= 1.5 keeps"
    assert str(Threshold(0.2, Direction.AT_MOST)) == "score <= 0.2 keeps"
