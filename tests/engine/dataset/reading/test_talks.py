"""Nested columns read by column say the same as their rows read one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset.dataset import open_dataset
from engine.dataset.reading.families import Spelling
from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.rows import Columns
from engine.dataset.reading.talks import plain_talks
from engine.dataset.reading.texts import RowTexts
from engine.sample import Family

SPELLING = Spelling(Family.MESSAGES, Columns(messages="m"))
ROLES = st.sampled_from(["system", "user", "assistant", "gpt", "tool", "thought", "nobody", None])
TEXTS = st.sampled_from(["a", "b\n\nc", "", " \x1c", "Instruction: x", "n\0l", None, "é"])
TURNS = st.fixed_dictionaries(
    {"role": ROLES, "content": TEXTS, "mood": st.sampled_from([None, None, None, "bad"]),
     "weight": st.sampled_from([None, 1])}
)  # fmt: skip
SCHEMA = {
    "m": pl.List(
        pl.Struct({"role": pl.String, "content": pl.String, "mood": pl.String, "weight": pl.Int64})
    )
}
PLAIN = [
    {"role": "user", "content": "q", "mood": None, "weight": 1},
    {"role": "assistant", "content": "a", "mood": None, "weight": None},
]


@given(st.lists(st.none() | st.lists(TURNS | st.none(), max_size=4) | st.just(PLAIN), max_size=6))
def test_by_column_and_row_by_row_read_the_same(talks: list[Any]) -> None:
    frame = pl.DataFrame({"m": talks}, schema=SCHEMA)
    one, two = ProblemLog("f"), ProblemLog("f")
    by_row, by_column = RowTexts(SPELLING, one), RowTexts(SPELLING, two)
    by_row.add(frame.to_dicts())
    found = plain_talks(frame, SPELLING)
    if found is None:
        assert not any(talks)
        return
    by_column.add_talks(found, frame.filter(pl.Series(~found.plain)).to_dicts())
    assert by_column.finish().frame.equals(by_row.finish().frame)
    causes = [[log.causes(row) for row in range(frame.height)] for log in (one, two)]
    assert causes[0] == causes[1]
    expected = [talk == PLAIN for talk in talks]
    assert all(plain or not wanted for plain, wanted in zip(found.plain, expected, strict=True))


def test_a_nested_parquet_of_plain_and_other_rows_opens_in_order(tmp_path: Path) -> None:
    system = [{"role": "system", "content": "s"}, *PLAIN]
    odd = [PLAIN[0], {"role": "assistant", "content": "", "mood": "bad"}]
    frame = pl.DataFrame({"m": [PLAIN, odd, None, system, PLAIN]}, schema=SCHEMA)
    frame.rename({"m": "messages"}).write_parquet(tmp_path / "a.parquet")
    dataset = open_dataset(tmp_path / "a.parquet")
    assert dataset.texts["prompt"].to_list() == ["q", "q", None, "system: s\n\nuser: q", "q"]
    assert dataset.texts["response"].to_list() == ["a", 'mood: "bad"', None, "a", "a"]
    assert dataset.broken.tolist() == [False, False, True, False, False]
    assert "not understood" in dataset.problem(1)
    for row in (0, 1, 3, 4):
        assert dataset.sample(row).prompt == dataset.texts["prompt"][row]
    dataset.close()
