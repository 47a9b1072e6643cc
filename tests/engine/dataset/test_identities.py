from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset.identities import IdentityTable
from tests.engine.fakes import FakeDataset

words = st.lists(st.sampled_from("abcde"), max_size=40)


@given(words)
def test_occurrences_count_the_identical_rows_before(texts: list[str]) -> None:
    table = IdentityTable(len(texts), FakeDataset(texts).identities)
    expected = [texts[:row].count(text) for row, text in enumerate(texts)]
    assert table.occurrences().tolist() == expected
    everything = np.arange(len(texts), dtype=np.int64)
    assert table.occurrences_of(everything[::-1]).tolist() == expected[::-1]


@given(words, st.data())
def test_before_all_is_hashed_the_identical_rows_that_are_hashed_count(
    texts: list[str], data: st.DataObject
) -> None:
    dataset = FakeDataset(texts)
    table = IdentityTable(dataset.rows, dataset.identities)
    hashed: set[int] = set()
    for rows in data.draw(
        st.lists(st.lists(st.sampled_from(range(len(texts)) or [0])), max_size=4)
    ):
        if not texts:
            return
        hashed |= set(rows)
        expected = [sum(texts[row] == texts[e] for e in hashed if e < row) for row in rows]
        assert table.occurrences_of(np.array(rows, np.int64)).tolist() == expected
    assert not table.counted
    assert set(dataset.hashed) == hashed


@given(words, words)
def test_locate_finds_the_same_sample_in_another_order(before: list[str], after: list[str]) -> None:
    old, new = (
        IdentityTable(len(before), FakeDataset(before).identities),
        IdentityTable(len(after), FakeDataset(after).identities),
    )
    rows = new.locate(old.all(), old.occurrences())
    for row, place, occurrence in zip(
        range(len(before)), rows.tolist(), old.occurrences().tolist(), strict=True
    ):
        if place >= 0:
            assert after[place] == before[row]
            assert after[:place].count(before[row]) == occurrence
        else:
            assert after.count(before[row]) <= occurrence
    found = [row for row in rows.tolist() if row >= 0]
    assert len(found) == len(set(found))


def test_hashing_everything_can_be_stopped() -> None:
    table = IdentityTable(len(["a", "b"]), FakeDataset(["a", "b"]).identities)
    assert not table.complete(lambda: True)
    assert table.complete(lambda: False)
    assert np.array_equal(table.all(), FakeDataset(["a", "b"]).identities(np.arange(2)))
