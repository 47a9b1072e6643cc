"""A review against a plain model of it: what stands is what was said last and not taken back."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from engine.dataset.dataset import Fingerprint
from engine.dataset.identities import IdentityTable
from engine.dataset.reading.options import ReadOptions
from engine.review import review as reviewing
from engine.review.decision import (
    BITMAP_ROWS,
    Aspect,
    Circumstances,
    Event,
    EventKind,
    Said,
    SampleTable,
    StoredEvent,
    Verdict,
)
from engine.review.review import Review
from engine.sample import Side
from engine.session.binding import Binding
from engine.store import Store
from tests.engine.fakes import FakeDataset

Lane = Side | Aspect
SIDES = (Side.CHOSEN, Side.REJECTED)
LANES: tuple[Lane, ...] = (*SIDES, Aspect.COPIES)

Key = tuple[str, int, Lane]
"""A text, which of the equal ones it is, and the side under review, or its copies."""

Choice = tuple[Aspect, str]
CHOSEN: tuple[Choice, ...] = (
    (Aspect.THRESHOLD, "builtin"), (Aspect.THRESHOLD, "heuristic"), (Aspect.RULE, ""),
)  # fmt: skip
"""What is said of the review as a whole."""

VERDICTS = st.sampled_from(list(Verdict))


@dataclass
class Named:
    """What the store wants to know of a dataset."""

    fingerprint: Fingerprint


class Opened:
    """A dataset and its review; closed and opened again like a program that is restarted."""

    def __init__(self, folder: Path, texts: list[str], sides: int = 2) -> None:
        self.dataset = FakeDataset(texts)
        self.store = Store.open(folder / "a.tamis.db", reviewer="me")
        self.identities = IdentityTable(len(texts), self.dataset.identities)
        self.review = Review(self.store, self.identities, sides=sides, rows=len(texts))
        digest, reading = repr((texts, sides)), f"reading/{len(texts)}"
        named = Named(Fingerprint("train.json", 1, 100, len(texts), digest, reading))
        self.store.bind(named)
        source: Any = SimpleNamespace(source_digest=digest, rows=len(texts), shards=())
        binding = Binding(source, self.identities, self.store.datasets(), ReadOptions())
        history = list(self.store.events())
        places, _ = binding.places(history, sides)
        self.review.replay(history, places, filter(binding.counts, history))

    def decide(self, rows: list[int], verdict: Verdict, side: Side = Side.CHOSEN) -> None:
        self.say(rows, Said(verdict), side)

    def decide_each(self, rows: list[int], verdicts: list[Verdict], side: Side) -> None:
        self.say(rows, Said(verdicts[0], values=np.array(verdicts, np.int32)), side)

    def set_copies(self, rows: list[int], times: int, side: Side = Side.CHOSEN) -> None:
        said = Said(aspect=Aspect.COPIES, values=np.full(len(rows), times, np.int32))
        self.say(rows, said, side)

    def say(self, rows: list[int], said: Said, side: Side) -> None:
        self.review.say(
            said,
            np.array(rows, np.int64),
            scores=np.full(len(rows), np.nan, np.float32),
            circumstances=Circumstances(side=side),
        )

    def choose(self, choice: Choice, text: str) -> None:
        aspect, subject = choice
        self.say([], Said(aspect=aspect, subject=subject, text=text), Side.CHOSEN)

    def keys(self, lane: Lane) -> list[Key]:
        texts = self.dataset.texts
        return [(text, texts[:row].count(text), lane) for row, text in enumerate(texts)]

    def close(self, *, killed: bool = False) -> None:
        if not killed:
            self.review.count_occurrences()
        self.store.close()


class Model(RuleBasedStateMachine):
    """Decisions as a list; each stands or does not."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.said: list[dict[Key, int] | tuple[Choice, str]] = []
        self.stands: list[int] = []
        self.undone: list[int] = []

    @initialize(texts=st.lists(st.sampled_from("abc"), min_size=1, max_size=4))
    def open(self, texts: list[str]) -> None:
        self.opened = Opened(Path(self.folder.name), texts)

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.close()
        self.folder.cleanup()

    @rule(data=st.data(), verdict=VERDICTS, side=st.sampled_from(SIDES))
    def decide(self, data: st.DataObject, verdict: Verdict, side: Side) -> None:
        everything = range(self.opened.dataset.rows)
        if not everything:
            return
        rows = data.draw(st.lists(st.sampled_from(everything), min_size=1, unique=True))
        self.opened.decide(rows, verdict, side)
        self.say(side, dict.fromkeys(rows, verdict))

    @rule(data=st.data(), side=st.sampled_from(SIDES))
    def decide_each(self, data: st.DataObject, side: Side) -> None:
        everything = range(self.opened.dataset.rows)
        if not everything:
            return
        given = data.draw(st.dictionaries(st.sampled_from(everything), VERDICTS, min_size=1))
        self.opened.decide_each(list(given), list(given.values()), side)
        self.say(side, given)

    @rule(data=st.data(), times=st.integers(1, 3), side=st.sampled_from(SIDES))
    def set_copies(self, data: st.DataObject, times: int, side: Side) -> None:
        everything = range(self.opened.dataset.rows)
        if not everything:
            return
        rows = data.draw(st.lists(st.sampled_from(everything), min_size=1, unique=True))
        self.opened.set_copies(rows, times, side)
        self.say(Aspect.COPIES, dict.fromkeys(rows, times))

    def say(self, lane: Lane, given: Mapping[int, int]) -> None:
        keys = self.opened.keys(lane)
        self.stands.append(len(self.said))
        self.said.append({keys[row]: value for row, value in given.items()})
        self.undone.clear()

    @rule(choice=st.sampled_from(CHOSEN), text=st.sampled_from(["", "1.5", "top 10"]))
    def choose(self, choice: Choice, text: str) -> None:
        self.opened.choose(choice, text)
        self.stands.append(len(self.said))
        self.said.append((choice, text))
        self.undone.clear()

    @rule()
    def undo(self) -> None:
        self.step(self.opened.review.undo() is not None, self.stands, self.undone)

    @rule()
    def redo(self) -> None:
        self.step(self.opened.review.redo() is not None, self.undone, self.stands)

    def step(self, done: bool, source: list[int], target: list[int]) -> None:
        here = self.here()
        steps = [number for number in reversed(source) if self.is_here(number, here)]
        assert done == bool(steps)
        if steps:
            source.remove(steps[0])
            target.append(steps[0])

    def is_here(self, number: int, here: set[Key]) -> bool:
        said = self.said[number]
        return isinstance(said, tuple) or bool(said.keys() & here)

    @rule()
    def reopen(self) -> None:
        self.change(self.opened.dataset.texts)

    @rule()
    def be_killed(self) -> None:
        self.opened.close(killed=True)
        self.opened = Opened(Path(self.folder.name), self.opened.dataset.texts)

    @rule(texts=st.lists(st.sampled_from("abc"), max_size=4))
    def change(self, texts: list[str]) -> None:
        self.opened.close()
        self.opened = Opened(Path(self.folder.name), texts)
        expected = {key for key, value in self.told().items() if value and key[2] in SIDES}
        assert self.opened.review.lost == len(expected - self.here())

    def here(self) -> set[Key]:
        return {key for lane in LANES for key in self.opened.keys(lane)}

    def told(self) -> dict[Key, int]:
        told: dict[Key, int] = {}
        for number in sorted(self.stands):
            said = self.said[number]
            if not isinstance(said, tuple):
                told.update(said)
        return told

    def chosen(self) -> dict[Choice, str]:
        said = [self.said[number] for number in sorted(self.stands)]
        return dict(each for each in said if isinstance(each, tuple))

    @invariant()
    def what_was_chosen_last_holds(self) -> None:
        if hasattr(self, "opened"):
            expected = self.chosen()
            for choice in CHOSEN:
                assert self.opened.review.choice(*choice) == expected.get(choice)

    @invariant()
    def every_row_has_the_verdict_that_stands(self) -> None:
        if not hasattr(self, "opened"):
            return
        expected = self.told()
        copies = [expected.get(key, 1) for key in self.opened.keys(Aspect.COPIES)]
        assert self.opened.review.copies.tolist() == copies
        for index, side in enumerate(SIDES):
            keys = self.opened.keys(side)
            told = self.opened.review.verdicts[index].tolist()
            assert told == [expected.get(key, Verdict.UNDECIDED) for key in keys]
            for row, verdict in enumerate(told):
                last = self.opened.review.last(row, side)
                assert (last.verdict_of(row) if last else Verdict.UNDECIDED) == verdict


Model.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestReview = Model.TestCase


class BitmapModel(Model):
    """The same where every event of more than one row is kept as a bitmap."""

    def __init__(self) -> None:
        super().__init__()
        self.small = mock.patch.object(reviewing, "BITMAP_ROWS", 1)
        self.small.start()

    def teardown(self) -> None:
        super().teardown()
        self.small.stop()


BitmapModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestReviewOfBulks = BitmapModel.TestCase


def test_a_large_bulk_names_its_rows_by_a_bitmap_and_the_samples_are_kept_once(
    tmp_path: Path,
) -> None:
    texts = [f"text {number}" for number in range(BITMAP_ROWS + 1000)]
    texts[5] = texts[4]
    opened = Opened(tmp_path, texts)
    bulk = list(range(BITMAP_ROWS + 500, 0, -1))
    verdicts = [Verdict.ACCEPT if row % 3 else Verdict.REJECT for row in bulk]
    opened.decide_each(bulk, verdicts, Side.CHOSEN)
    opened.review.undo()
    opened.review.redo()
    opened.decide([0], Verdict.SKIP)
    expected = opened.review.verdicts[0].copy()
    assert expected[[0, 1, 3, 4, 5, 6, BITMAP_ROWS + 501]].tolist() == [3, 1, 2, 1, 1, 2, 0]
    opened.close()
    with contextlib.closing(sqlite3.connect(opened.store.path)) as file:
        form = "SELECT identity_table, length(identities), length(rows) < 100 FROM events"
        assert file.execute(form).fetchall() == [(1, 0, 1)] * 3 + [(None, 16, 1)]
        assert file.execute("SELECT n FROM identity_tables").fetchall() == [(len(texts),)]
    opened = Opened(tmp_path, texts)
    assert opened.review.verdicts[0].tolist() == expected.tolist()
    opened.close()
    opened = Opened(tmp_path, texts[::-1])
    kept = opened.review.verdicts[0]
    assert kept.tolist() == expected[::-1].tolist()
    assert opened.review.undo() is not None
    assert opened.review.undo() is not None
    assert not opened.review.verdicts.any()
    opened.close()


def test_a_bulk_is_undone_as_one_and_says_how_large_it_is(tmp_path: Path) -> None:
    opened = Opened(tmp_path, [f"text {number}" for number in range(20)])
    opened.decide([3], Verdict.REJECT)
    opened.decide(list(range(10)), Verdict.ACCEPT)
    review = opened.review
    assert (review.undoable, review.redoable, review.largest_step) == (2, 0, 10)
    change = review.undo()
    assert change is not None
    assert change.kind is EventKind.UNDO
    assert change.rows.tolist() == list(range(10))
    assert np.flatnonzero(review.verdicts[0]).tolist() == [3]
    assert (review.undoable, review.redoable) == (1, 1)
    opened.close()


def test_a_new_decision_ends_what_could_be_redone(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["a", "b"])
    opened.decide([0], Verdict.REJECT)
    opened.review.undo()
    opened.decide([1], Verdict.ACCEPT)
    assert opened.review.redo() is None
    assert opened.review.verdicts[0].tolist() == [Verdict.UNDECIDED, Verdict.ACCEPT]
    opened.close()


def test_what_is_undone_without_some_of_its_rows_is_undone_for_those_too(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["a", "b"])
    opened.decide([0, 1], Verdict.ACCEPT)
    opened.close()
    opened = Opened(tmp_path, ["a"])
    assert opened.review.lost == 1
    opened.review.undo()
    opened.close()
    for texts in (["b"], ["a", "b"], ["c"]):
        opened = Opened(tmp_path, texts)
        assert not opened.review.verdicts.any()
        assert opened.review.lost == 0
        opened.close()


def test_a_buried_decision_does_not_come_back_through_one_above_it(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["x", "y", "z"])
    opened.decide([0, 1], Verdict.ACCEPT)
    opened.decide([0], Verdict.REJECT)
    opened.close()
    opened = Opened(tmp_path, ["y", "z"])
    opened.review.undo()  # the first: nothing of the second is here
    opened.decide([1], Verdict.SKIP)
    opened.close()
    opened = Opened(tmp_path, ["x", "y", "z"])
    assert opened.review.verdicts[0].tolist() == [Verdict.REJECT, 0, Verdict.SKIP]
    opened.review.undo()
    opened.review.undo()
    assert not opened.review.verdicts.any()
    assert opened.review.undo() is None
    opened.close()


def test_what_is_redone_stays_below_what_was_said_after_it(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["x", "y"])
    opened.decide([0, 1], Verdict.ACCEPT)
    opened.decide([0], Verdict.REJECT)
    opened.close()
    opened = Opened(tmp_path, ["y"])
    opened.review.undo()
    opened.review.redo()
    opened.close()
    opened = Opened(tmp_path, ["x", "y"])
    assert opened.review.verdicts[0].tolist() == [Verdict.REJECT, Verdict.ACCEPT]
    opened.close()


def test_what_is_redone_is_there_when_what_covered_it_is_undone(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["x"])
    opened.decide([0], Verdict.ACCEPT)
    opened.review.undo()
    opened.review.redo()
    opened.decide([0], Verdict.REJECT)
    opened.review.undo()
    assert opened.review.verdicts[0].tolist() == [Verdict.ACCEPT]
    opened.close()


def test_a_verdict_on_a_side_that_is_gone_touches_no_other(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["a", "b"])
    opened.decide([0], Verdict.ACCEPT, Side.REJECTED)
    opened.close()
    opened = Opened(tmp_path, ["a", "b"], sides=1)
    assert not opened.review.verdicts.any()
    assert opened.review.lost == 1
    assert opened.review.undo() is None
    opened.close()
    opened = Opened(tmp_path, ["a", "b"])
    assert opened.review.verdicts.tolist() == [[0, 0], [Verdict.ACCEPT, 0]]
    opened.close()


def test_reviewers_are_named_once_in_their_order(tmp_path: Path) -> None:
    for name, row in itertools.product(("ann", "bob"), (0, 1)):
        opened = Opened(tmp_path, ["a", "b"])
        opened.store.reviewer = name
        opened.decide([row], Verdict.SKIP)
        opened.close()
    opened = Opened(tmp_path, ["a", "b"])
    assert opened.review.reviewers() == ["ann", "bob"]
    opened.close()


MANY = 300_000


def test_a_decision_hashes_its_own_rows_however_many_are_identical(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["same"] * MANY)
    for row in (MANY - 1, 7, 200_000):
        opened.decide([row], Verdict.REJECT)
    opened.review.undo()
    assert opened.dataset.hashed == [MANY - 1, 7, 200_000]
    opened.review.count_occurrences()
    assert opened.identities.counted
    opened.dataset.hashed.clear()
    opened.decide([200_000], Verdict.ACCEPT)
    opened.review.count_occurrences()
    assert not opened.review.uncounted
    assert not opened.dataset.hashed
    assert [stored.occurrences.tolist() for stored in opened.store.events()] == [
        [MANY - 1], [7], [200_000], [200_000], [200_000],
    ]  # fmt: skip
    opened.close()


@pytest.mark.parametrize("killed", [False, True])
def test_the_right_one_of_identical_rows_is_found_in_another_order(
    tmp_path: Path, killed: bool
) -> None:
    opened = Opened(tmp_path, ["a", "same", "b", "same", "same", "c"])
    opened.decide([4], Verdict.REJECT)
    opened.decide([3], Verdict.ACCEPT)
    opened.close(killed=killed)
    if killed:
        opened = Opened(tmp_path, opened.dataset.texts)
        assert opened.review.verdicts[0].tolist() == [0, 0, 0, Verdict.ACCEPT, Verdict.REJECT, 0]
        opened.close()
    opened = Opened(tmp_path, ["c", "b", "a", "same", "same", "same"])
    assert opened.review.verdicts[0].tolist() == [0, 0, 0, 0, Verdict.ACCEPT, Verdict.REJECT]
    opened.close()


class SlowLog:
    """Writes so slowly that all rows are hashed and counted meanwhile."""

    def __init__(self, opened: Opened) -> None:
        self.store = opened.store
        self.review = Review(self, opened.identities, sides=1, rows=opened.dataset.rows)

    def append(
        self,
        event: Event,
        identities: NDArray[np.uint8],
        occurrences: NDArray[np.uint32],
        samples: SampleTable | None = None,
    ) -> StoredEvent:
        self.review.count_occurrences()
        return self.store.append(event, identities, occurrences, samples)

    def correct_occurrences(self, right: Mapping[int, NDArray[np.uint32]]) -> None:
        self.store.correct_occurrences(right)


def test_what_is_decided_while_the_last_rows_are_counted_is_counted_too(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["same"] * 3)
    review = SlowLog(opened).review
    review.say(
        Said(Verdict.REJECT),
        np.array([2]),
        scores=np.zeros(1, np.float32),
        circumstances=Circumstances(),
    )
    assert not review.uncounted
    assert [stored.occurrences.tolist() for stored in opened.store.events()] == [[2]]
    opened.close()


def test_where_nothing_can_be_written_the_next_visit_counts(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["same"] * 3)
    opened.decide([2], Verdict.REJECT)
    opened.store.close()
    opened.review.count_occurrences()
    assert opened.review.uncounted
    opened = Opened(tmp_path, ["same"] * 3)
    opened.close()
    opened = Opened(tmp_path, ["other", *["same"] * 3])
    assert opened.review.verdicts[0].tolist() == [0, 0, 0, Verdict.REJECT]
    opened.close()


def test_a_large_bulk_finds_the_right_ones_of_identical_rows(tmp_path: Path) -> None:
    texts = ["same"] * 30
    opened = Opened(tmp_path, texts)
    opened.decide(list(range(0, 30, 2)), Verdict.REJECT)
    opened.close()
    opened = Opened(tmp_path, ["other", *texts])
    assert np.flatnonzero(opened.review.verdicts[0]).tolist() == list(range(1, 31, 2))
    opened.close()


def test_what_was_said_together_is_taken_back_and_given_again_together(tmp_path: Path) -> None:
    opened = Opened(tmp_path, ["a", "b", "c"])

    def say(row: int, together: int | None) -> None:
        opened.review.say(
            Said(Verdict.ACCEPT),
            np.array([row], np.int64),
            scores=np.full(1, np.nan, np.float32),
            circumstances=Circumstances(),
            together=together,
        )

    for row, together in ((0, None), (1, 7), (2, 7)):
        say(row, together)
    opened.close()
    opened = Opened(tmp_path, ["a", "b", "c"])
    assert opened.review.verdicts[0].tolist() == [1, 1, 1]
    assert opened.review.undo() is not None
    assert opened.review.verdicts[0].tolist() == [1, 0, 0]
    assert opened.review.redo() is not None
    assert opened.review.verdicts[0].tolist() == [1, 1, 1]
    opened.review.undo()
    opened.review.undo()
    assert not opened.review.verdicts.any()
    opened.close()
