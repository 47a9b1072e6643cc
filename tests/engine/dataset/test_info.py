"""What `tamis info` is made of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.info import describe
from engine.errors import Cancelled

TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the time?"},
    {"role": "tool", "content": "12:00"},
    {"role": "assistant", "content": "Noon."},
]


def opened(path: Path, *lines: str) -> Dataset:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return open_dataset(path)


def test_a_chat_has_its_turns_counted(tmp_path: Path) -> None:
    chat = json.dumps({"messages": TURNS})
    found = describe(opened(tmp_path / "a.jsonl", chat, chat, json.dumps({"messages": TURNS[1:]})))
    assert (found["system_turns"], found["tool_turns"]) == (2, 3)
    assert found["family"] == "messages"
    assert found["families"] == {"messages": 3}
    assert found["columns"] == {"messages": "messages"}
    assert found["longest"]["row"] == 0
    json.dumps(found)


def test_flat_rows_are_described_with_their_problems(tmp_path: Path) -> None:
    rows = ['{"prompt": "a", "response": "b"}', '{"prompt": "a long one", "response": ""}', "{"]
    found = describe(opened(tmp_path / "a.jsonl", *rows))
    assert (found["rows"], found["broken"], found["problems_total"]) == (3, 1, 2)
    assert [(each["row"], each["line"]) for each in found["problems"]] == [(1, 2), (2, 3)]
    assert found["problems"][0]["file"].endswith("a.jsonl")
    assert found["longest"] == {"row": 1, "characters": 10}
    assert (found["system_turns"], found["tool_turns"]) == (0, 0)
    assert found["all_columns"] == ["prompt", "response"]


def test_counting_can_be_cancelled(tmp_path: Path) -> None:
    dataset = opened(tmp_path / "a.jsonl", json.dumps({"messages": TURNS}))
    assert describe(dataset, lambda: False)["tool_turns"] == 1
    with pytest.raises(Cancelled):
        describe(dataset, lambda: True)
