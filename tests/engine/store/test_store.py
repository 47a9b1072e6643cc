"""What the session file remembers: decisions, scores, settings, datasets."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import zlib
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from engine.dataset.dataset import Fingerprint
from engine.errors import StoreError
from engine.review.decision import Circumstances, EventKind, Said, SampleTable, Verdict
from engine.review.threshold import Direction
from engine.sample import Side
from engine.store import Store, cache, packing
from engine.store.cache import UNKNOWN_LENGTH, CachedScores, Failure, ScoreState
from tests.engine.store.store_help import (
    KEY,
    content,
    decide,
    event_about,
    identities,
    occurrences,
    score,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "train.json.tamis.db"


def open_store(path: Path, reviewer: str = "ann") -> Store:
    return Store.open(path, reviewer=reviewer)


@dataclass
class FakeDataset:
    fingerprint: Fingerprint


def dataset(digest: str, rows: int = 10) -> FakeDataset:
    return FakeDataset(
        Fingerprint(path="train.json", files=1, size_bytes=100, rows=rows, digest=digest)
    )


def test_a_decision_comes_back_as_it_was_said(path: Path) -> None:
    seen = Circumstances(-0.5, Direction.AT_MOST, "hf:some/model", "a1b2", Side.REJECTED)
    with open_store(path) as store:
        store.bind(dataset("d1"))
        given = decide(
            store, [7], Verdict.REJECT, note="ünï\0 ✓", reason="refusal", circumstances=seen
        )
    with open_store(path, "bob") as store:
        (found,) = store.events()
    assert content(found) == content(given)
    event = found.event
    assert (event.id, event.at, event.who) == (1, given.event.at, "ann")
    assert found.dataset_digest == "d1"
    assert event.circumstances == seen
    assert datetime.fromisoformat(event.at).utcoffset() is not None
    assert event.at.endswith("Z")


def test_scores_that_were_not_there_stay_absent(path: Path) -> None:
    with open_store(path) as store:
        decide(store, [5, 6], circumstances=Circumstances())
        event = next(store.events()).event
    assert np.isnan(event.scores[0])
    assert event.scores[1] == np.float32(6 / 7)
    assert event.circumstances == Circumstances()


@pytest.mark.parametrize("rows", [[], [3], [5, 4, 9], list(range(200_000))])
def test_a_bulk_is_one_event_of_any_size(path: Path, rows: list[int]) -> None:
    with open_store(path) as store:
        given = decide(store, rows)
        (found,) = store.events()
    assert found.event.rows.tolist() == rows
    assert content(found) == content(given)


def test_a_range_costs_little_more_than_its_identities_and_scores(path: Path) -> None:
    with open_store(path) as store:
        decide(store, list(range(100_000)))
    assert path.stat().st_size < 100_000 * (16 + 4) * 1.2


def test_events_keep_their_order_beside_large_ones(path: Path) -> None:
    sizes = [1] * 700 + [50_000, 50_000, 1, 70_000] + [1] * 5
    with open_store(path) as store:
        for size in sizes:
            decide(store, np.arange(size))
        assert [len(stored.identities) for stored in store.events()] == sizes
        assert [stored.event.id for stored in store.events()] == list(range(1, len(sizes) + 1))
        assert [stored.event.id for stored in store.events(after=705)] == list(
            range(706, len(sizes) + 1)
        )


def test_history_may_grow_while_it_is_read(path: Path) -> None:
    with open_store(path) as store:
        decide(store, [1])
        reading = store.events()
        next(reading)
        decide(store, [2])
        assert [stored.event.rows.tolist() for stored in reading] == [[2]]


def test_undo_and_redo_are_events_about_an_event(path: Path) -> None:
    with open_store(path) as store:
        first = decide(store, [1, 2])
        undo = decide(store, [1, 2], kind=EventKind.UNDO, about=first.event.id)
        decide(store, [1, 2], kind=EventKind.REDO, about=first.event.id)
    with open_store(path) as store:
        kinds = [(stored.event.kind, stored.event.about) for stored in store.events()]
    assert kinds == [("decide", None), ("undo", first.event.id), ("redo", first.event.id)]
    assert undo.event.id == 2


def test_an_undo_of_nothing_is_refused_and_leaves_nothing(path: Path) -> None:
    with open_store(path) as store:
        with pytest.raises(StoreError, match="decision not saved"):
            decide(store, [1], kind=EventKind.UNDO, about=99)
        with pytest.raises(StoreError, match="decision not saved"):
            decide(store, [1], kind=EventKind.UNDO)
        assert list(store.events()) == []
        assert decide(store, [1]).event.id == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET verdict = 2",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT * FROM events",
    ],
)
def test_events_cannot_be_changed_by_anyone(path: Path, statement: str) -> None:
    with open_store(path) as store:
        decide(store, [1])
        before = content(next(store.events()))
    with (
        closing(sqlite3.connect(path)) as other,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        other.execute(statement)
    with open_store(path) as store:
        assert [content(event) for event in store.events()] == [before]


def test_arrays_of_different_lengths_are_a_slip_of_the_caller(path: Path) -> None:
    event = event_about(Said(Verdict.ACCEPT), [0, 1, 2])
    with open_store(path) as store, pytest.raises(ValueError, match="3 values for 2 samples"):
        store.append(event, identities(np.arange(2)), np.zeros(2, np.uint32))


def test_occurrences_counted_later_stand_beside_an_event_that_stays_as_it_is(path: Path) -> None:
    with open_store(path) as store:
        for rows in ([3, 4], [5], [6]):
            decide(store, rows)
        store.correct_occurrences({1: np.array([7, 8], np.uint32), 2: np.array([9], np.uint32)})
        store.correct_occurrences({2: np.array([2], np.uint32)})
    with open_store(path) as store:
        found = [stored.occurrences.tolist() for stored in store.events()]
        assert [stored.occurrences.tolist() for stored in store.events(after=1)] == found[1:]
    assert found == [[7, 8], [2], [0]]


def test_text_that_is_no_unicode_is_kept_as_far_as_it_can_be(path: Path) -> None:
    with open_store(path, "a\udcffnn") as store:
        decide(store, [1], note="half \ud83d a pair")
        store.set_setting("search", "\ud83d")
        event = next(store.events()).event
        assert store.get_setting("search") == "\ud83d"
    assert (event.who, event.said.note) == ("a?nn", "half ? a pair")


def test_a_damaged_event_is_named(path: Path) -> None:
    with open_store(path) as store:
        decide(store, [1])
        decide(store, [2])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("DROP TRIGGER events_are_never_changed")
        other.execute("UPDATE events SET rows = x'7a00' WHERE id = 2")
    with open_store(path) as store:
        events = store.events()
        next(events)
        with pytest.raises(StoreError, match="event 2") as caught:
            next(events)
    assert str(path) in caught.value.message
    assert "--session" in caught.value.hint


def test_damaged_scores_are_said_and_cost_no_decision(path: Path) -> None:
    with open_store(path) as store:
        score(store, np.arange(3))
        decide(store, [1])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE score_blocks SET truncated = x'00'")
    with open_store(path) as store:
        with pytest.raises(StoreError, match=r"scores .* damaged"):
            store.cached_scores(KEY)
        decide(store, [2])
        assert len(list(store.events())) == 2


def test_scores_come_back_the_latest_of_each(path: Path) -> None:
    with open_store(path) as store:
        score(store, np.arange(10))
        score(store, np.arange(5, 15), shift=0.5)
    with open_store(path) as store:
        cached = store.cached_scores(KEY)
    found = dict(zip((bytes(key) for key in cached.identities), cached.scores, strict=True))
    wanted = {number: number + (0.5 if number >= 5 else 0) for number in range(15)}
    assert found == {bytes(identities(np.array([n]))[0]): s for n, s in wanted.items()}
    assert cached.truncated.tolist() == [token % 2 == 0 for token in cached.tokens.tolist()]


def test_every_part_of_the_key_counts(path: Path) -> None:
    with open_store(path) as store:
        score(store, np.arange(3))
        for other in (
            replace(KEY, scorer="hf:x"),
            replace(KEY, revision="2"),
            replace(KEY, input_format="pair"),
            replace(KEY, max_length=512),
            replace(KEY, dtype="bfloat16"),
            replace(KEY, label="good"),
            replace(KEY, side=Side.REJECTED),
            replace(KEY, plan_version=99),
        ):
            assert len(store.cached_scores(other).scores) == 0
        assert len(store.cached_scores(KEY).scores) == 3


def test_a_failure_is_never_cached(path: Path) -> None:
    with open_store(path) as store:
        store.add_scores(
            KEY,
            identities(np.arange(3)),
            np.array([1, np.nan, 3], np.float32),
            np.zeros(3, np.int32),
            np.zeros(3, np.bool_),
        )
        assert store.cached_scores(KEY).scores.tolist() == [1, 3]


def test_what_a_scorer_said_of_a_score_is_kept_with_it(path: Path) -> None:
    keys = identities(np.arange(4))
    details = np.full(4, None, np.object_)
    details[[1, 3]] = {"rationale": "vague – “at best”"}, {"reply": "I cannot judge this."}
    with open_store(path) as store:
        store.add_scores(
            KEY,
            keys,
            np.array([1, 2, np.nan, np.nan], np.float32),
            np.array([256, 14, 9, 8], np.int32),
            np.array([True, False, False, False]),
            lengths=np.array([1471, 14, 9, 8], np.int32),
            states=np.array([0, 0, ScoreState.SCORED, ScoreState.NOT_JUDGED], np.uint8),
            details=details,
        )
    with open_store(path) as store:
        found = store.cached_scores(KEY)
        assert found.identities.tolist() == keys[[0, 1, 3]].tolist(), "a NaN alone is no score"
        assert found.lengths.tolist() == [1471, 14, 8]
        assert found.tokens.tolist() == [256, 14, 8]
        assert found.states.tolist() == [0, 0, ScoreState.NOT_JUDGED]
        assert found.details.tolist() == [None, details[1], details[3]]
        for start in range(100, 300, 10):
            score(store, np.arange(start, start + 10))
    with open_store(path) as store:
        again = store.cached_scores(KEY)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT count(*) FROM score_blocks").fetchone() == (1,)
    assert again.lengths[:3].tolist() == [1471, 14, 8]
    assert again.details[:4].tolist() == [None, details[1], details[3], None]


def test_of_scores_of_before_only_what_was_read_whole_has_a_length(path: Path) -> None:
    with open_store(path) as store:
        score(store, np.arange(4))
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE score_blocks SET states = NULL, lengths = NULL, details = NULL")
        file.commit()
    with open_store(path) as store:
        found = store.cached_scores(KEY)
    assert found.lengths.tolist() == [UNKNOWN_LENGTH, 1, UNKNOWN_LENGTH, 3]
    assert found.states.tolist() == [ScoreState.SCORED] * 4
    assert found.details.tolist() == [None] * 4


@pytest.mark.parametrize("blob", [b"no deflate", zlib.compress(b"[1]"), zlib.compress(b"\xff")])
def test_damaged_details_are_told(path: Path, blob: bytes) -> None:
    with open_store(path) as store:
        score(store, np.arange(4))
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE score_blocks SET details = ?", (blob,))
        file.commit()
    with open_store(path) as store, pytest.raises(StoreError, match=r"scores .* cannot be read"):
        store.cached_scores(KEY)


def test_failures_are_no_scores_and_go_when_the_sample_is_scored(path: Path) -> None:
    keys = identities(np.arange(3))
    with open_store(path) as store:
        assert store.failures(KEY) == {}
        store.add_failures(KEY, keys[:2], [Failure("timed out"), Failure("no number", "Great!")])
        store.add_failures(KEY, keys[:1], [Failure("refused")])
        score(store, np.array([2]))
    with open_store(path) as store:
        assert store.cached_scores(KEY).identities.tolist() == keys[2:].tolist()
        failed = store.failures(KEY)
        assert failed[bytes(keys[0])] == Failure("refused")
        assert failed[bytes(keys[1])] == Failure("no number", "Great!")
        score(store, np.array([0]))
        assert list(store.failures(KEY)) == [bytes(keys[1])]


def test_a_bulk_without_its_samples_is_damage_that_is_told(path: Path) -> None:
    rows = np.arange(10)
    samples = SampleTable(identities(rows), occurrences(rows))
    event = event_about(Said(Verdict.ACCEPT), rows[2:7])
    with open_store(path) as store:
        store.append(event, identities(rows[2:7]), occurrences(rows[2:7]), samples)
        (stored,) = store.events()
    assert stored.identities.tolist() == identities(rows[2:7]).tolist()
    assert stored.event.rows.tolist() == [2, 3, 4, 5, 6]
    for harm in ("DROP TRIGGER identity_tables_are_never_removed", "DELETE FROM identity_tables"):
        with closing(sqlite3.connect(path)) as file:
            file.execute(harm)
            file.commit()
    with open_store(path) as store, pytest.raises(StoreError, match="no identity table 1"):
        list(store.events())


def test_no_scores_are_no_block(path: Path) -> None:
    with open_store(path) as store:
        score(store, np.arange(0))
        identities_, scores, tokens, truncated, *_ = store.cached_scores(KEY)
    assert identities_.shape == (0, 16)
    assert len(scores) == len(tokens) == len(truncated) == 0


def test_closing_merges_small_blocks_and_loses_none(path: Path) -> None:
    with open_store(path) as store:
        for start in range(0, 300, 10):
            score(store, np.arange(start, start + 20))
        before = store.cached_scores(KEY)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM score_blocks").fetchone() == (1,)
    with open_store(path) as store:
        after = store.cached_scores(KEY)
    assert before.identities.tolist() == after.identities.tolist()
    assert before.scores.tolist() == after.scores.tolist()
    assert before.tokens.tolist() == after.tokens.tolist()
    assert before.truncated.tolist() == after.truncated.tolist()


def test_blocks_merged_by_another_process_while_they_are_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = open_store(path)
    for start in range(0, 300, 10):
        score(writer, np.arange(start, start + 20))
    before = writer.cached_scores(KEY)
    with Store.open(path, reviewer="bob", read_only=True) as reader:
        block = reader._block

        def closed_meanwhile(number: int) -> CachedScores:
            writer.close()
            return block(number)

        monkeypatch.setattr(reader, "_block", closed_meanwhile)
        after = reader.cached_scores(KEY)
    assert after.identities.tolist() == before.identities.tolist()
    assert after.scores.tolist() == before.scores.tolist()


def test_a_block_that_is_gone_is_damage(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(path) as store:
        score(store, np.arange(10))
        monkeypatch.setattr(cache, "block_ids", lambda *_: [1, 99])
        with pytest.raises(StoreError, match="block 99 is gone"):
            store.cached_scores(KEY)


def test_a_large_flush_is_split_so_that_a_decision_can_pass(path: Path) -> None:
    rows = cache.BLOCK_ROWS * 2 + 5
    with open_store(path) as store:
        score(store, np.arange(rows))
        (blocks,) = store._rows("SELECT max(n), count(*) FROM score_blocks", ())
        assert blocks == (cache.BLOCK_ROWS, 3)
        assert len(store.cached_scores(KEY).scores) == rows


def test_threads_decide_and_score_at_once(path: Path) -> None:
    decisions, flushes = 200, 60

    def flush(part: int) -> None:
        for step in range(flushes):
            start = (part * flushes + step) * 100
            score(store, np.arange(start, start + 100))

    with open_store(path) as store:
        threads = [threading.Thread(target=flush, args=(part,)) for part in range(3)]
        for thread in threads:
            thread.start()
        ids = [decide(store, [row]).event.id for row in range(decisions)]
        for thread in threads:
            thread.join()
        assert ids == list(range(1, decisions + 1))
        assert len(store.cached_scores(KEY).scores) == 3 * flushes * 100
        assert [stored.event.rows.tolist() for stored in store.events()] == [
            [n] for n in range(decisions)
        ]


def test_settings_hold_any_json_and_the_last_value(path: Path) -> None:
    with open_store(path) as store:
        assert store.get_setting("threshold", "none") == "none"
        store.set_setting("threshold", "top 10")
        store.set_setting("filter", {"state": ["pending"], "score": [None, 1.5]})
        store.set_setting("threshold", None)
    with open_store(path) as store:
        assert store.get_setting("threshold", "none") is None
        assert store.get_setting("filter") == {"state": ["pending"], "score": [None, 1.5]}


def test_a_dataset_that_changed_is_recognised(path: Path) -> None:
    with open_store(path) as store:
        first = store.bind(dataset("d1"))
        decide(store, [1])
    assert (first.changed, first.previous, first.digest) == (False, None, "d1")
    with open_store(path) as store:
        assert not store.bind(dataset("d1")).changed
    with open_store(path) as store:
        second = store.bind(dataset("d2", rows=12))
        decide(store, [2])
        assert [event.dataset_digest for event in store.events()] == ["d1", "d2"]
    assert second.changed
    assert second.previous is not None
    assert (second.previous.digest, second.previous.rows) == ("d1", 10)


def test_the_order_of_openings_survives_a_clock_set_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(path) as store:
        store.bind(dataset("d1"))
        monkeypatch.setattr("engine.store.store._now_ms", lambda: 1_000)
        store.bind(dataset("d2"))
        assert not store.bind(dataset("d2")).changed
        assert store.bind(dataset("d1")).changed


def test_a_closed_session_says_so(path: Path) -> None:
    store = open_store(path)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        decide(store, [1])
    with pytest.raises(StoreError, match="closed"):
        list(store.events())


def test_importing_the_store_imports_nothing_large() -> None:
    code = (
        "import sys, engine.store; "
        "print({'polars', 'torch', 'transformers', 'datasketch', 'textual'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


@given(npst.arrays(np.int64, st.integers(0, 300)))
def test_packing_gives_back_what_it_got(rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
    assert packing.unpack_steps(packing.pack_steps(rows), len(rows)).tolist() == rows.tolist()
    bytes_ = (rows % 4).astype(np.int8)
    assert packing.unpack(packing.pack(bytes_, "i1"), "i1", len(rows)).tolist() == bytes_.tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40))
def test_the_latest_of_each_identity_even_where_half_of_it_agrees(
    halves: list[tuple[int, int]],
) -> None:
    table = np.array(halves, "<u8").reshape(-1, 2).view(np.uint8).reshape(-1, 16)
    values = np.arange(len(halves), dtype=np.float32)
    tokens = np.arange(len(halves), dtype=np.int32)
    merged = cache.merge([CachedScores.of(table, values, tokens, values > 3)])
    found = dict(zip((bytes(key) for key in merged.identities), merged.scores, strict=True))
    assert found == dict(zip((bytes(key) for key in table), values, strict=True))
    assert len(found) == len(merged.scores)
