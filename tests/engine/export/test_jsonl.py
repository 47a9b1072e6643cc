"""A JSON row as one line: the same bytes, or the same tokens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.export.jsonl import one_line, strict, with_members

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


DIGITS = b"1" * 4500


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        (b'{"a": 1.0, "a": "\\ud83d\\ude00 \xc3\xa9"}', None),
        (b'{"n": ' + DIGITS + b', "m": 1e999}', None),
        (b'{"n": ' + DIGITS + b', "x": NaN}', b'{"n": ' + DIGITS + b', "x": null}'),
        (b'{"a": [Infinity, -Infinity], "b": "NaN"}', b'{"a": [null, null], "b": "NaN"}'),
        (b'{"a": "tab\there\x00"}', b'{"a": "tab\\u0009here\\u0000"}'),
        (b'{"a": "\xff"}', b'{"a": "\xef\xbf\xbd"}'),
        (b'{"a": "\\ud800", "\\udC00x": 1}', b'{"a": "\\ufffd", "\\ufffdx": 1}'),
        (b'{"a": "\\ud800\\ud83d\\ude00"}', b'{"a": "\\ufffd\\ud83d\\ude00"}'),
        (b'{"a": "\\\\ud800 \t"}', b'{"a": "\\\\ud800 \\u0009"}'),
    ],
)
def test_what_only_a_lenient_reader_accepts_is_mended(line: bytes, mended: bytes | None) -> None:
    assert strict(line) == (line if mended is None else mended)
    json.loads(strict(line).decode(), parse_int=len, parse_constant=pytest.fail)


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
