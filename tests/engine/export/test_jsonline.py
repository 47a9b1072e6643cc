"""A JSON row as one line: the same bytes, or the same tokens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.export.jsonline import is_line, one_line, with_members

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.sampled_from([None, 1, 4, "\t"]), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_a_row_on_several_lines_reads_the_same_on_one(
    value: object, indent: int | str | None, escape: bool, newline: str
) -> None:
    raw = json.dumps(value, indent=indent, ensure_ascii=escape).replace("\n", newline)
    raw_bytes = raw.encode("utf-8", "surrogatepass")
    line = one_line(raw_bytes)
    assert b"\n" not in line
    assert b"\r" not in line
    assert json.loads(line.decode("utf-8", "surrogatepass")) == value


@given(values, st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]))
def test_a_row_on_one_line_keeps_every_byte(value: object, separators: tuple[str, str]) -> None:
    raw = json.dumps(value, separators=separators).encode()
    assert one_line(raw) == raw
    assert one_line(b" " + raw + b"\r") == raw


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b'{\n  "a": 1.0,\n  "b": 1e5, "a": 0.10\n}', b'{"a":1.0,"b":1e5,"a":0.10}'),
        (b'{\n"a": "x \\n \\" { , } \\u00e9"}', b'{"a":"x \\n \\" { , } \\u00e9"}'),
        (b'{\n"a": "\xff\xfe  \xc3"}', b'{"a":"\xff\xfe  \xc3"}'),
        (b'{"a": "one\ntwo\r\nthree"}', b'{"a":"one\\ntwo\\r\\nthree"}'),
        (b'{\n"a": "back\\\\", "b": " c "}', b'{"a":"back\\\\","b":" c "}'),
        (b"[1,\n 2]", b"[1,2]"),
    ],
)
def test_values_are_untouched_bytes(raw: bytes, line: bytes) -> None:
    assert one_line(raw) == line


@pytest.mark.parametrize("raw", [b"", b'{"a": ', b'{"a"\n:1}', b'{"a": "\xff"}', b"{} {}", b"nul"])
def test_what_cannot_stand_as_a_line(raw: bytes) -> None:
    assert not is_line(raw)


def test_a_line_too_deep_to_read_cannot_stand() -> None:
    assert not is_line(b"[" * 200_000 + b"]" * 200_000)


@given(st.dictionaries(st.text(), values, max_size=4), st.sampled_from([None, 2]))
def test_members_are_added_and_the_original_bytes_stay(
    row: dict[str, object], indent: int | None
) -> None:
    raw = one_line(json.dumps(row, indent=indent).encode())
    grown = with_members(raw, b'"tamis_row":3,"tamis_note":null')
    assert grown.startswith(raw[:-1])
    assert json.loads(grown) == {**row, "tamis_row": 3, "tamis_note": None}


def test_a_row_that_is_no_object_becomes_a_member() -> None:
    assert json.loads(with_members(b'"text"', b'"tamis_row":3')) == {
        "value": "text",
        "tamis_row": 3,
    }
    assert with_members(b"{ }", b'"a":1') == b'{ "a":1}'
