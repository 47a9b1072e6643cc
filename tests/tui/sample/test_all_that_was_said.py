"""All that was said is in the identity, on the screen and in the text that is compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dataset.reading.identify import row_identity
from engine.dataset.reading.rows import Columns, RowContent, read_row
from engine.dataset.reading.samples import sample_of
from engine.sample import Family, Side
from tui.sample.detail_content import DetailContent, make_body
from tui.terminal.display import UNICODE_GLYPHS, RowState

WORDS = st.text(st.sampled_from("abc é中{}[]<>&\"'\n"), min_size=1, max_size=12).map("w".__add__)
NAMES = st.sampled_from(["f", "g", "look_up"])
WIDTH = 80


@dataclass(frozen=True)
class Said:
    """A content that a change must show in; everything else of a row describes."""

    value: str


def call(name: str, argument: str) -> dict[str, Any]:
    return {"id": "c1", "function": {"name": Said(name), "arguments": {"x": Said(argument)}}}


def image(name: str) -> dict[str, Any]:
    return {"type": "image", "image": Said(name)}


CONTENTS = st.one_of(
    WORDS.map(Said),
    st.builds(lambda text, name: [{"type": "text", "text": Said(text)}, image(name)], WORDS, WORDS),
    st.builds(
        lambda text, thought: [
            {"type": "thinking", "thinking": Said(thought)},
            {"type": "text", "text": Said(text)},
        ],
        WORDS,
        WORDS,
    ),
    st.builds(
        lambda name, argument: [
            {"type": "tool_use", "id": "t", "name": Said(name), "input": {"x": Said(argument)}}
        ],
        NAMES,
        WORDS,
    ),
    WORDS.map(lambda text: [{"type": "tool_result", "tool_use_id": "t", "content": Said(text)}]),
    WORDS.map(lambda text: [{"type": "hologram", "data": Said(text)}]),
)
EXTRAS = st.one_of(
    st.just({}),
    WORDS.map(lambda text: {"reasoning_content": Said(text)}),
    WORDS.map(lambda text: {"mood": Said(text)}),
    st.builds(lambda name, argument: {"tool_calls": [call(name, argument)]}, NAMES, WORDS),
)
ROLES = st.sampled_from(["system", "user", "assistant", "tool"])


def message(role: str, content: Any, extra: dict[str, Any]) -> dict[str, Any]:
    """A message; of a tool's result it is the tool that speaks, whoever passes it on."""
    passed_on = isinstance(content, list) and content[0]["type"] == "tool_result"
    return {"role": "user" if passed_on else Said(role), "content": content, **extra}


MESSAGES = st.builds(message, ROLES, CONTENTS, EXTRAS)
TALKS = st.lists(MESSAGES, min_size=1, max_size=4)
ANSWERS = st.builds(
    lambda content, extra: [{"role": "assistant", "content": content, **extra}], CONTENTS, EXTRAS
)
TOOLS = st.builds(
    lambda name, text: [{"name": Said(name), "description": Said(text)}], NAMES, WORDS
)
PAIRS = st.lists(st.tuples(WORDS.map(Said), WORDS.map(Said)).map(list), min_size=1, max_size=2)
SAID = WORDS.map(Said)


def rows(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(columns)


SHAPES: dict[str, tuple[Family, Columns, st.SearchStrategy[dict[str, Any]]]] = {
    "alpaca": (
        Family.ALPACA,
        Columns("s", "p", "i", history="h", response="r", tools="t", media=("images",)),
        rows(s=SAID, p=SAID, i=SAID, h=PAIRS, r=SAID, t=TOOLS, images=st.lists(SAID, max_size=2)),
    ),
    "prompt/response": (
        Family.PROMPT_RESPONSE,
        Columns(prompt="p", more=("choices",), reasoning="cot", response="r"),
        rows(p=SAID, choices=st.lists(SAID, min_size=1, max_size=3), cot=SAID, r=SAID),
    ),
    "messages": (Family.MESSAGES, Columns(messages="m", tools="t"), rows(m=TALKS, t=TOOLS)),
    "preference": (
        Family.PREFERENCE,
        Columns(messages="m", response="c", rejected="r"),
        rows(m=TALKS, c=ANSWERS, r=ANSWERS),
    ),
    "tool-call": (
        Family.TOOL_CALL,
        Columns(prompt="p", response="r", tools="t"),
        rows(p=SAID, r=st.builds(lambda n, a: [call(n, a)], NAMES, WORDS), t=TOOLS),
    ),
    "candidates": (
        Family.CANDIDATES,
        Columns(prompt="p", candidates="c"),
        rows(p=SAID, c=st.lists(SAID.map(lambda t: {"response": t}), min_size=1, max_size=4)),
    ),
    "prompt": (Family.PROMPT, Columns(prompt="p"), rows(p=TALKS)),
    "text": (Family.TEXT, Columns(response="r"), rows(r=SAID)),
}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, Said):
        yield path
    elif isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*path, key))


def plain(value: Any, place: tuple[Any, ...] | None = None) -> Any:
    """A row as its dataset has it, with another content at `place`."""
    if isinstance(value, Said):
        return other(value.value) if place == () else value.value
    if not isinstance(value, dict | list):
        return value
    found = {
        key: plain(each, place[1:] if place and place[0] == key else None)
        for key, each in (value.items() if isinstance(value, dict) else enumerate(value))
    }
    return found if isinstance(value, dict) else list(found.values())


def other(text: str) -> str:
    return {"user": "system", "system": "user", "assistant": "tool", "tool": "assistant"}.get(
        text, text + " zz"
    )


def screen(reading: RowContent, family: Family) -> str:
    sample = sample_of(reading, family, 0, Side.CHOSEN)
    content = DetailContent(
        row=0,
        state=RowState.KEPT,
        turns=sample.turns,
        other=sample.other,
        tools=sample.tools,
        candidates=sample.candidates,
        candidate_details=sample.candidate_details,
    )
    body = make_body(content, 1_000_000, WIDTH, UNICODE_GLYPHS)
    lines = (flow.runs(y, None, UNICODE_GLYPHS) for flow in body.flows for y in range(len(flow)))
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=40)
@given(data=st.data())
def test_changing_any_content_changes_identity_screen_and_text(
    shape: str, data: st.DataObject
) -> None:
    family, columns, making = SHAPES[shape]
    row = data.draw(making)
    before = read_row(plain(row), family, columns)
    assert isinstance(before, RowContent), before
    for place in places(row):
        changed = plain(row, place)
        after = read_row(changed, family, columns)
        assert isinstance(after, RowContent), after
        assert row_identity(after, changed) != row_identity(before, plain(row)), place
        assert after.texts != before.texts, place
        assert screen(after, family) != screen(before, family), place


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=15)
@given(data=st.data())
def test_columns_in_another_order_and_further_ones_change_nothing(
    shape: str, data: st.DataObject
) -> None:
    family, columns, making = SHAPES[shape]
    row = plain(data.draw(making))
    names = [*row, "id", "score"]
    data.draw(st.randoms(use_true_random=False)).shuffle(names)
    again = {name: row.get(name, 7) for name in names}
    before, after = read_row(row, family, columns), read_row(again, family, columns)
    assert isinstance(before, RowContent)
    assert before == after
    assert row_identity(before, row) == row_identity(before, again)
