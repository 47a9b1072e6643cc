"""The other columns without a screen: sorted by, chosen, counted, completed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engine.errors import Cancelled, UsageError
from engine.filter import complete, parse_filter
from engine.review.decision import Verdict
from engine.session import OpenOptions, Session
from engine.session.column_choice import DEFAULT, ChosenColumn
from engine.session.frequencies import Frequency, filter_of, frequencies
from engine.session.matching import filter_names
from engine.session.table_columns import COLUMNS, Cell, Room, last_asked, sort_choices

ROWS = 60
HOSTILE = 'a "b"\x1b[31m'
SOURCES = ["wiki", "two words", "null", "7", "", HOSTILE]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "a.jsonl"
    rows = [
        {
            "prompt": f"ask {n}",
            "response": f"good {n}",
            "source": None if n == 59 else SOURCES[n % 6],
            "rating": None if n % 10 == 9 else ROWS - n,
            "grade": str(n % 3),
            "flag": n % 2 == 0,
            "meta": {"by": {"who": f"p{n % 4}"}, "score": n / 7},
        }
        for n in range(ROWS)
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n")
    return path


@pytest.fixture
def session(data: Path) -> Iterator[Session]:
    session = Session.open(data, OpenOptions(reviewer="ada"))
    yield session
    session.close()


def test_the_other_columns_are_those_no_sample_is_read_from(session: Session) -> None:
    names = ("source", "rating", "grade", "flag", "meta", "meta.by.who", "meta.score")
    assert session.other_columns.names == names
    assert dict(session.other_columns.of_row(1)) == {
        "source": "two words", "rating": "59", "grade": "1", "flag": "false",
        "meta": '{"by": {"who": "p1"}, "score": 0.14285714285714285}',
    }  # fmt: skip
    assert sort_choices(session)[-len(names) :] == [f"column:{name}" for name in names]


def test_of_a_column_that_is_read_in_part_the_rest_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [{"body": {"ask": "a", "lang": "en"}, "only": {"answer": "b"}} for _ in range(3)]
    path.write_text("\n".join(map(json.dumps, rows)))
    mapping = OpenOptions().reading.mapping
    options = OpenOptions(reviewer="ada")
    reading = type(options.reading)(
        mapping=type(mapping)(prompt=("body.ask",), response="only.answer")
    )
    session = Session.open(path, OpenOptions(reviewer="ada", reading=reading))
    assert session.other_columns.of_row(0) == (("body", '{"lang": "en"}'),)
    session.close()


def test_rows_sort_by_any_column_with_nothing_last_in_both_directions(
    session: Session, data: Path
) -> None:
    without = list(range(9, ROWS, 10))
    shown = session.view.sort_by("column:rating").result()
    assert shown.rows.tolist()[-6:] == without
    assert shown.rows.tolist()[:2] == [58, 57]
    shown = session.view.sort_by("column:rating").result()
    assert shown.rows.tolist()[-6:] == without
    assert shown.rows.tolist()[:2] == [0, 1]
    assert str(shown.sort) == "rating descending"
    assert session.view.sort_by("column:grade").result().rows.tolist()[:3] == [0, 3, 6]
    assert session.view.sort_by("column:meta.by.who").result().rows.tolist()[:3] == [0, 4, 8]
    session.close()
    again = Session.open(data, OpenOptions(reviewer="ada"))
    restored = again.view.restore()
    assert restored is not None
    assert restored.result().rows.tolist()[:3] == [0, 4, 8]
    again.remember("sort", ["column:gone", True])
    again.close()
    third = Session.open(data, OpenOptions(reviewer="ada"))
    assert third.view.restore() is None
    third.close()


def test_columns_are_chosen_ordered_sized_and_remembered(session: Session, data: Path) -> None:
    choice = session.column_choice
    assert choice.columns() == tuple(COLUMNS.values())
    assert choice.offered()[-2:] == ["column:meta.by.who", "column:meta.score"]
    chosen = [ChosenColumn("column:rating"), ChosenColumn("prompt", 12), ChosenColumn("read")]
    choice.set([*chosen, ChosenColumn("column:source", 9)])
    session.close()
    again = Session.open(data, OpenOptions(reviewer="ada"))
    rating, prompt, read, source = again.column_choice.columns()
    room = Room(120, ROWS)
    assert [each.width(room) for each in (rating, prompt, read, source)] == [6, 12, 6, 9]
    assert (rating.kind, source.kind, prompt.fixed) == (Cell.FIGURE, Cell.FIELD, True)
    assert [rating.value(again, row) for row in (0, 9)] == ["60", ""]
    again.column_choice.set(DEFAULT)
    assert again.column_choice.columns() == tuple(COLUMNS.values())
    again.remember("columns", [["column:gone", 3], "odd", ["prompt", 9999], ["flag", "x"]])
    again.close()
    third = Session.open(data, OpenOptions(reviewer="ada"))
    assert third.column_choice.chosen == (ChosenColumn("prompt", 200),)
    third.close()


def test_every_line_of_a_count_has_the_filter_that_shows_its_rows(session: Session) -> None:
    session.decide(np.arange(10), Verdict.ACCEPT)
    for column in ("source", "grade", "flag", "rating", "meta.score", "meta.by.who", "meta"):
        found = frequencies(session, column)
        assert sum(line.rows for line in found.lines) == found.rows == ROWS
        assert sum(line.kept for line in found.lines) == 10
        for line in found.lines:
            rows = session.view.filter_by(filter_of(line)).result().rows
            assert len(rows) == line.rows, line
            assert np.count_nonzero(rows < 10) == line.kept, line


def test_the_most_frequent_come_first_and_numbers_are_binned(session: Session) -> None:
    found = frequencies(session, "source")
    assert [(line.label, line.rows) for line in found.lines] == [
        ("", 10), ("7", 10), ("null", 10), ("two words", 10), ("wiki", 10), (HOSTILE, 9),
        ("null", 1),
    ]  # fmt: skip
    assert found.values == 7
    binned = frequencies(session, "rating")
    assert binned.binned
    assert binned.lines[0].label == "0 … 5"
    assert str(parse_filter(filter_of(binned.lines[0]), filter_names(session))) == (
        "rating>=0 rating<5"
    )
    assert binned.lines[-1] == Frequency("no number", 6, 0, binned.lines[-1].terms)


def test_only_the_rows_of_a_filter_are_counted_and_joined_with_it(session: Session) -> None:
    shown = session.view.filter_by("row<12 or row>=54").result()
    found = frequencies(session, "flag", shown.matching)
    assert (found.rows, found.of_filter) == (18, True)
    assert [(line.label, line.rows) for line in found.lines] == [("false", 9), ("true", 9)]
    present = parse_filter(shown.filter_text, filter_names(session))
    assert filter_of(found.lines[1], present) == "(row<12 or row>=54) flag=true"


def test_a_count_tells_nothing_while_blind_can_be_stopped_and_knows_its_columns(
    session: Session,
) -> None:
    session.decide(np.arange(10), Verdict.ACCEPT)
    session.set_blind(on=True)
    found = frequencies(session, "flag")
    assert not found.kept_known
    assert {line.kept for line in found.lines} == {0}
    with pytest.raises(Cancelled):
        frequencies(session, "flag", cancelled=lambda: True)
    with pytest.raises(UsageError, match="no column"):
        frequencies(session, "nothing")
    told: list[str] = []
    frequencies(session, "flag", progress=lambda what, _done, _total: told.append(what))
    assert set(told) == {"counting flag…"}


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1.5, None, float("nan"), 1.5], ["1.5", "NaN", "null"]),
        ([None, None], ["null"]),
        ([float("inf"), 1.0], ["1", "inf"]),
    ],
)
def test_odd_numbers_are_counted_too(
    tmp_path: Path, values: list[float | None], labels: list[str]
) -> None:
    frame = pl.DataFrame({"prompt": ["a"] * len(values), "response": ["b"] * len(values)})
    frame.with_columns(pl.Series("x", values, pl.Float64)).write_parquet(tmp_path / "a.parquet")
    session = Session.open(tmp_path / "a.parquet", OpenOptions(reviewer="ada"))
    found = frequencies(session, "x")
    assert sorted(line.label.replace("nan", "NaN") for line in found.lines) == sorted(labels)
    session.close()


def test_many_values_are_counted_over_chunks(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.session import frequencies as module

    whole = frequencies(session, "source"), frequencies(session, "rating")
    monkeypatch.setattr(module, "CHUNK_ROWS", 7)
    assert (frequencies(session, "source"), frequencies(session, "rating")) == whole
    monkeypatch.setattr(module, "MANY_VALUES", 2)
    assert frequencies(session, "source") == whole[0]


def test_frequent_values_complete_a_filter_quoted_where_they_have_to_be(session: Session) -> None:
    names = filter_names(session)
    names.values("source")
    session.frequent_values.settle()

    def choices(text: str) -> list[str]:
        found = complete(text, len(text), names)
        return [text[: found.start] + choice for choice in found.choices]

    assert choices("source=wi") == ["source=wiki"]
    assert choices("row<9 source!=tw") == ['row<9 source!="two words"']
    assert choices('source="tw') == ['source="two words"']
    assert set(choices("source = ")) == {
        "source = wiki", 'source = "two words"', 'source = "null"', 'source = "7"', 'source = ""',
        "source = null", 'source = "a \\"b\\"\x1b[31m"',
    }  # fmt: skip
    names.values("meta.by.who")
    session.frequent_values.settle()
    assert choices("meta.by.who=p1") == []
    assert choices("META.BY.WHO=p")[0] == "META.BY.WHO=p0"
    assert choices("meta.b") == ["meta.by.who"]
    assert choices("score=1") == []
    for choice in choices("source="):
        session.view.filter_by(choice).result()


def test_the_last_user_turn_is_what_was_asked() -> None:
    assert last_asked("system: s\n\nuser: q1\n\nassistant: a\n\nuser: q2\n\nmore") == "q2\n\nmore"
    assert last_asked("system: s\n\nuser: q\n\ntool: found") == "q"
    assert last_asked("user: q\n\nassistant: a") == "q"
    for text in ("", "plain", "system: alone", "plain\n\nuser: x"):
        assert last_asked(text) == text
