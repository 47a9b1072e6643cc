from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scoring.scorer import Encoded
from engine.scoring.worker.batches import ScoringUnit, padded_tokens, plan, split

lengths = st.lists(st.integers(1, 400), max_size=200)


def units(tokens: list[int]) -> list[ScoringUnit]:
    return [ScoringUnit(0, row, Encoded(count)) for row, count in enumerate(tokens)]


@given(tokens=lengths, budget=st.integers(1, 2_000), most=st.integers(0, 8))
def test_a_plan_holds_every_unit_once_within_the_budget(
    tokens: list[int], budget: int, most: int
) -> None:
    batches = plan(units(tokens), budget, most)
    assert sorted(unit.row for batch in batches for unit in batch) == list(range(len(tokens)))
    for batch in batches:
        assert len(batch) == 1 or padded_tokens(batch) <= budget
        assert not most or len(batch) <= most


@given(tokens=lengths)
def test_the_longest_batch_comes_first_and_the_plan_is_fixed(tokens: list[int]) -> None:
    batches = plan(units(tokens), 500)
    assert batches == plan(units(tokens), 500)
    if tokens:
        assert batches[0][0].encoded.tokens == max(tokens)


@given(tokens=st.lists(st.integers(1, 400), min_size=1, max_size=50), budget=st.integers(1, 900))
def test_a_split_keeps_order_and_fits(tokens: list[int], budget: int) -> None:
    pieces = split(units(tokens), budget)
    assert [unit for piece in pieces for unit in piece] == units(tokens)
    assert all(len(piece) == 1 or padded_tokens(piece) <= budget for piece in pieces)


@pytest.mark.parametrize(("rows", "most"), [(2_000, 0.02), (200, 0.05)])
def test_sorting_leaves_little_padding(rows: int, most: float) -> None:
    tokens = [1 + (row * 7919) % 300 for row in range(rows)]
    padded = sum(map(padded_tokens, plan(units(tokens), 2_048)))
    assert 1 - sum(tokens) / padded < most


def test_rows_of_one_length_fill_their_batches() -> None:
    assert [len(batch) for batch in plan(units([100] * 60), 2_000)] == [20, 20, 20]
