"""JSON of every layout, whole and broken: what is lost, where, and that the rest is there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.reading import json_rows
from engine.dataset.reading.json_rows import ArrayReader, RowBatch, line_rows, parse_row
from engine.dataset.reading.json_shard import JsonLayout, json_layout
from engine.dataset.reading.options import ColumnMapping, ReadOptions
from engine.dataset.reading.source import HeldSource, ReadProgress
from engine.errors import InputError

GOOD = [{"instruction": f"Say {i}", "input": "", "output": f"é {i}"} for i in range(5)]


def opened(path: Path, data: bytes | str, name: str = "data.json") -> Dataset:
    file = path / name
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return open_dataset(file)


def lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def answers(dataset: Dataset) -> list[str | None]:
    return dataset.texts["response"].to_list()


def rows_of(batches: Iterator[RowBatch]) -> tuple[list[Any], list[str], list[str]]:
    """Values, causes of broken rows, and what was noted about the whole file."""
    values: list[Any] = []
    broken: list[str] = []
    of_file: list[str] = []
    for batch in batches:
        values += batch.values
        broken += batch.broken.values()
        of_file += [cause for cause, _ in batch.of_file]
    return values, broken, of_file


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        (json.dumps(GOOD), "json array"),
        (json.dumps(GOOD, indent=2), "json array"),
        ("[\n" + ",\n".join(json.dumps(row) for row in GOOD) + "\n]\n", "json array"),
        (lines(GOOD), "json lines"),
        (lines(GOOD).rstrip("\n"), "json lines"),
        (lines(GOOD).replace("\n", "\r\n"), "json lines"),
        (lines(GOOD).replace("\n", "\n\n \n"), "json lines"),
        ("\n".join(json.dumps(row, indent=1) for row in GOOD), "json object"),
        ("\ufeff" + lines(GOOD), "json lines"),
        ("\ufeff" + json.dumps(GOOD), "json array"),
    ],
)
def test_every_layout_gives_the_same_rows(tmp_path: Path, text: str, layout: str) -> None:
    dataset = opened(tmp_path, text)
    assert dataset.layout == layout
    assert answers(dataset) == [row["output"] for row in GOOD]
    assert [dataset.record(row) for row in range(5)] == GOOD
    assert dataset.problems == []


def test_raw_bytes_are_exactly_those_of_the_row(tmp_path: Path) -> None:
    pieces = [
        b'{"instruction" : "a", "output":"\xc3\xa9"}',
        b'{"output":"\\u00e9","instruction":"b"}',
    ]
    for data in (b"[" + b" ,\r\n ".join(pieces) + b"]", b"  \r\n".join(pieces)):
        dataset = opened(tmp_path, data)
        assert [dataset.raw(row) for row in range(2)] == pieces
        dataset.close()


def test_a_lone_object_is_one_row(tmp_path: Path) -> None:
    for text in (json.dumps(GOOD[0]), json.dumps(GOOD[0], indent=4)):
        assert answers(opened(tmp_path, text)) == [GOOD[0]["output"]]


def test_a_broken_line_is_one_problem_row_and_the_rest_loads(tmp_path: Path) -> None:
    rows = lines(GOOD).splitlines()
    rows.insert(2, '{"instruction": "cut of')
    dataset = opened(tmp_path, "\n".join(["", *rows]))
    assert dataset.rows == 6
    assert dataset.broken.tolist() == [False, False, True, False, False, False]
    assert answers(dataset)[2] is None
    (problem,) = dataset.problems
    assert (problem.row, problem.line, problem.broken) == (2, 4, True)
    assert problem.file == str(tmp_path / "data.json")
    assert problem.cause.startswith("invalid JSON: ")
    assert dataset.raw(2) == b'{"instruction": "cut of'
    assert dataset.record(2) == {}
    assert dataset.sample(2).turns == ()


BROKEN = {
    "no value": '{"instruction": "x", "output": }',
    "a bare word": '{"instruction": "x", "output": tru}',
    "an open string": '{"instruction": "x", "output": "never closed}',
    "an open object": '{"instruction": "x", "output": "y"',
    "an open list": '{"instruction": ["x", "output": "y"}',
    "a missing colon": '{"instruction" "x"}',
    "garbage": "@@@@",
    "too deep": '{"instruction": ' + "[" * 5000 + "]" * 5000 + "}",
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("at", [0, 2, 5])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_element_of_an_array_is_skipped(
    tmp_path: Path, kind: str, at: int, indent: int | None
) -> None:
    elements = [json.dumps(row, indent=indent) for row in GOOD]
    elements.insert(at, BROKEN[kind])
    dataset = opened(tmp_path, "[\n" + ",\n".join(elements) + "\n]")
    good = [answer for answer in answers(dataset) if answer is not None]
    assert good == [row["output"] for row in GOOD]
    assert dataset.rows == 6
    (problem,) = dataset.problems
    assert (problem.row, problem.broken) == (at, True)
    assert problem.line == 2 + sum(element.count("\n") + 1 for element in elements[:at])


def test_reading_goes_on_at_rows_and_not_inside_a_broken_one(tmp_path: Path) -> None:
    good = {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
    bad = json.dumps(good).replace('"a"', '"a')
    text = f"[{json.dumps(good)}, {bad}, {json.dumps(good)}]"
    dataset = opened(tmp_path, text)
    assert dataset.broken.tolist() == [False, True, False]
    first_is_bad = opened(tmp_path, f"[{bad}, {json.dumps(good)}]")
    assert first_is_bad.broken.tolist() == [True, False]


def test_a_truncated_array_gives_the_rows_read_and_one_problem(tmp_path: Path) -> None:
    text = json.dumps(GOOD)
    for cut in (len(text) - 1, len(text) - 4, text.rindex("{") + 1, text.rindex(",")):
        dataset = opened(tmp_path, text[:cut])
        assert dataset.rows in (4, 5)
        assert not dataset.broken.any()
        (problem,) = dataset.problems
        assert (problem.row, problem.line) == (None, 1)
        assert "truncated" in problem.cause
        dataset.close()


def test_small_sins_of_arrays_are_forgiven(tmp_path: Path) -> None:
    first, second = (json.dumps(row) for row in GOOD[:2])
    trailing = opened(tmp_path, f"[{first}, {second},]")
    assert (trailing.rows, trailing.problems_total) == (2, 0)
    missing = opened(tmp_path, f"[{first}\n{second}]")
    assert missing.rows == 2
    assert missing.problem(1) == "a comma is missing before this row"
    after = opened(tmp_path, f"[{first}] and more")
    assert after.rows == 1
    assert [p.cause for p in after.problems] == [json_rows.AFTER_ARRAY]


def test_invalid_utf8_is_replaced_and_remarked_but_raw_stays(tmp_path: Path) -> None:
    bad = b'{"instruction": "x", "output": "a\xff\xfeb"}'
    data = lines(GOOD[:1]).encode() + bad + b"\n" + lines(GOOD[1:2]).encode()
    dataset = opened(tmp_path, data)
    assert answers(dataset)[1] == "a��b"
    assert dataset.problem(1) == "invalid UTF-8, replaced by U+FFFD"
    assert dataset.remarked.tolist() == [False, True, False]
    assert dataset.raw(1) == bad
    array = opened(tmp_path, b"[" + b",".join([bad, json.dumps(GOOD[0]).encode()]) + b"]")
    assert answers(array) == ["a��b", GOOD[0]["output"]]


def test_a_lone_surrogate_is_replaced_everywhere(tmp_path: Path) -> None:
    text = '{"instruction": "\\ud800", "output": "a\\uDFFFb", "k\\udc00": ["\\ud83d\\ude00"]}\n'
    dataset = opened(tmp_path, text)
    assert dataset.texts.row(0) == ("�", "a�b", None)
    assert dataset.record(0)["k�"] == ["😀"]
    assert dataset.problem(0) == "a lone surrogate, replaced by U+FFFD"
    dataset.sample(0).response.encode()


def test_nul_and_escapes_and_markup_are_kept_as_they_are(tmp_path: Path) -> None:
    said = "a\0b \x1b[31mred\x1b]0;t\x07 [INST] [/x] [@click=app.quit]"
    dataset = opened(tmp_path, lines([{"instruction": said, "output": said}]))
    assert dataset.texts["response"][0] == said
    assert dataset.problem(0) == "the text holds NUL characters"


def test_a_file_name_can_hold_anything(tmp_path: Path) -> None:
    name = "\x1b[31m[bold]*?.jsonl"
    assert opened(tmp_path, lines(GOOD), name).rows == 5


def test_not_quite_json_is_read_with_a_remark(tmp_path: Path) -> None:
    text = '{"instruction": "tab\there", "output": "x", "n": NaN, "i": -Infinity}\n'
    dataset = opened(tmp_path, text)
    assert dataset.texts["prompt"][0] == "tab\there"
    assert dataset.problem(0) == json_rows.NOT_STRICT


@pytest.mark.parametrize("indent", [None, 1])
def test_joined_files_keep_their_byte_order_marks_out_of_the_rows(
    tmp_path: Path, indent: int | None
) -> None:
    one = "\ufeff" + "".join(json.dumps(row, indent=indent) + "\r\n" for row in GOOD[:2])
    dataset = opened(tmp_path, one + one + "\ufeff")
    assert [dataset.record(row) for row in range(dataset.rows)] == [*GOOD[:2], *GOOD[:2]]
    assert not dataset.broken.any()
    assert (dataset.raw(2) or b"").startswith(b"{")


def test_a_byte_order_mark_before_a_line_is_remarked_with_its_line(tmp_path: Path) -> None:
    one = "\ufeff" + lines(GOOD[:2])
    dataset = opened(tmp_path, one + one)
    assert [(p.line, p.cause) for p in dataset.problems] == [(3, json_rows.INNER_BOM)]


def test_a_huge_number_where_a_text_belongs_is_text(tmp_path: Path) -> None:
    digits = "9" * 400
    dataset = opened(tmp_path, lines(GOOD) + f'{{"instruction": "a", "output": {digits}}}')
    assert dataset.texts["response"][5] == digits


def test_huge_numbers_do_no_harm(tmp_path: Path) -> None:
    digits = "9" * 30_000
    text = f'{{"instruction": "a", "output": "b", "n": {digits}}}\n'
    for data in (text, f"[{text}]"):
        dataset = opened(tmp_path, data)
        assert answers(dataset) == ["b"]
        assert dataset.raw(0) == text.strip().encode()
        assert json_rows.TOO_MANY_DIGITS in dataset.problem(0)


def test_of_duplicate_keys_the_last_counts(tmp_path: Path) -> None:
    dataset = opened(tmp_path, '{"instruction": "a", "output": "b", "output": "c"}')
    assert answers(dataset) == ["c"]


@pytest.mark.parametrize("bomb", ["[" * 100_000, '{"a":' * 100_000, "[" * 50_000 + "]" * 50_000])
def test_nesting_bombs_break_their_row_only(tmp_path: Path, bomb: str) -> None:
    dataset = opened(tmp_path, lines(GOOD[:1]) + bomb + "\n" + lines(GOOD[1:2]))
    assert dataset.broken.tolist() == [False, True, False]
    with pytest.raises(InputError):
        opened(tmp_path, bomb)


def test_rows_that_are_no_objects_are_broken_among_objects(tmp_path: Path) -> None:
    dataset = opened(tmp_path, lines([GOOD[0], "bare", 7, None, [1], GOOD[1]]))
    assert dataset.broken.tolist() == [False, True, True, True, True, False]
    assert dataset.problem(1) == "the row is a string where an object belongs"
    assert dataset.problem(3) == "the row is null where an object belongs"


def test_a_file_of_bare_strings_has_one_column(tmp_path: Path) -> None:
    dataset = opened(tmp_path, lines(["one", "two"]))
    assert (dataset.family.value, dataset.column_names) == ("other", ("value",))
    assert dataset.record(1) == {"value": "two"}
    assert dataset.raw(1) == b'"two"'
    named = open_dataset(dataset.path, ReadOptions(ColumnMapping(prompt=("value",))))
    assert named.texts["prompt"].to_list() == ["one", "two"]


def test_a_wrong_type_in_one_row_breaks_that_row(tmp_path: Path) -> None:
    rows: list[Any] = [GOOD[0], {"instruction": "a", "output": True}, GOOD[1]]
    rows.append({"instruction": ["a"], "output": "b"})
    dataset = opened(tmp_path, lines(rows))
    assert dataset.broken.tolist() == [False, True, False, True]
    assert dataset.problems[0].cause == "the response is a boolean where text belongs"
    assert [problem.line for problem in dataset.problems] == [2, 4]
    assert dataset.sample(1).prompt == "a"


def test_a_null_and_an_empty_answer_are_remarks_with_their_line(tmp_path: Path) -> None:
    rows: list[Any] = [GOOD[0], {"instruction": "a", "output": None}]
    rows.append({"instruction": "a", "input": "", "output": ""})
    dataset = opened(tmp_path, lines(rows))
    found = [(problem.line, problem.cause, problem.broken) for problem in dataset.problems]
    assert found == [(2, "the response is null", False), (3, "the response is empty", False)]
    assert dataset.texts["response"].to_list()[1:] == ["", ""]


def test_ten_thousand_columns_open(tmp_path: Path) -> None:
    row = {**GOOD[0], **{f"c{i}": i for i in range(10_000)}}
    dataset = opened(tmp_path, lines([row, row]))
    assert dataset.family.value == "alpaca"
    assert len(dataset.record(0)) == 10_003


def test_a_hundred_megabyte_line_is_a_broken_row(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    with file.open("w") as out:
        out.write(lines(GOOD[:1]))
        out.write('{"instruction": "' + "x" * 100_000_000 + '", "output": "y"}\n')
        out.write(lines(GOOD[1:2]))
    dataset = open_dataset(file)
    assert dataset.broken.tolist() == [False, True, False]
    assert dataset.problem(1) == json_rows.TOO_LONG
    assert dataset.problems[0].line == 2
    assert dataset.record(1) == {}


def test_too_long_rows_are_skipped_in_lines_and_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "CHUNK_BYTES", 64)
    long = {"instruction": "x" * 1000, "output": "y"}
    rows = [GOOD[0], long, GOOD[1], long]
    text = lines(rows)
    found = rows_of(line_rows(HeldSource(text.encode(), "f"), ReadProgress(), max_row_bytes=500))
    assert found[0] == [GOOD[0], None, GOOD[1], None]
    assert found[1] == [json_rows.TOO_LONG] * 2
    source = HeldSource(json.dumps(rows).encode(), "f")
    reader = ArrayReader(source, ReadProgress(), max_row_bytes=500)
    values, broken, _ = rows_of(reader.batches(array=True))
    assert [value for value in values if value] == [GOOD[0], GOOD[1]]
    assert broken


def test_a_file_of_nothing_readable_is_an_input_error(tmp_path: Path) -> None:
    for data in ("{]\n{]\n", "[", "[]", "not json at all", "[@@@]"):
        with pytest.raises(InputError) as caught:
            opened(tmp_path, data)
        assert caught.value.message.startswith(f"{tmp_path / 'data.json'}: ")
        assert caught.value.hint


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=1, max_size=8)


@given(ROWS, st.integers(5, 40), st.sampled_from([None, 0, 2]), st.booleans())
def test_windows_of_any_size_find_the_same_rows(
    rows: list[Any], chunk: int, indent: int | None, ascii_only: bool
) -> None:
    data = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
    encoded = data.encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "CHUNK_BYTES", chunk)
        source = HeldSource(encoded, "f")
        batches = list(ArrayReader(source, ReadProgress()).batches(array=True))
    expected = [parse_row(json.dumps(row).encode())[0] for row in rows]
    assert [value for batch in batches for value in batch.values] == expected
    assert not any(batch.remarks or batch.of_file for batch in batches)
    spans = [pair for b in batches for pair in zip(b.spans[::3], b.spans[1::3], strict=True)]
    assert [json.loads(encoded[start:end]) for start, end in spans] == rows
    breaks = [encoded[:start].count(b"\n") + 1 for start, _ in spans]
    assert [line for batch in batches for line in batch.spans[2::3]] == breaks


@given(ROWS, st.integers(5, 40), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_lines_in_chunks_of_any_size_are_the_same_rows(
    rows: list[Any], chunk: int, newline: str
) -> None:
    data = newline.join(json.dumps(row) for row in rows).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_rows, "CHUNK_BYTES", chunk)
        batches = list(line_rows(HeldSource(data, "f"), ReadProgress()))
    spans = [pair for b in batches for pair in zip(b.spans[::3], b.spans[1::3], strict=True)]
    assert [json.loads(data[start:end]) for start, end in spans] == rows
    breaks = [data[:start].count(b"\n") + 1 for start, _ in spans]
    assert [line for batch in batches for line in batch.spans[2::3]] == breaks


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b'{"a": 1}', b"[", b"{", b'"', b","])))
def test_no_bytes_whatever_they_are_raise_anything_but_an_input_error(pieces: list[bytes]) -> None:
    data = b"[" + b"".join(pieces)
    for array in (True, False):
        rows_of(ArrayReader(HeldSource(data, "f"), ReadProgress()).batches(array=array))
    rows_of(line_rows(HeldSource(data, "f"), ReadProgress()))
    json_layout(data, len(data))


def test_layout_is_judged_by_content() -> None:
    assert json_layout(b"a,b\n1,2\n", 8) is None
    assert json_layout(b"", 0) is None
    assert json_layout(b'{"a": \n{"a": 1}\n{"a": 2}\n', 26) is JsonLayout.LINES
    assert json_layout(b'{\n "a": [\n{"b": 1}\n]\n}', 23) is JsonLayout.OBJECTS
    assert json_layout(b"[1]\n[2]\n", 8) is JsonLayout.LINES


@pytest.mark.parametrize("data", ["[]", "[ ]\n", "\ufeff[]"])
def test_an_array_without_rows_says_so(tmp_path: Path, data: str) -> None:
    with pytest.raises(InputError, match="holds no rows"):
        opened(tmp_path, data)


LONG = ["9223372036854775808", "-9223372036854775809", "12345678901234567890123", "7" * 308]
LONG += ["-" + "7" * 309, "8" * 4000, "-" + "8" * 4000]


@pytest.mark.parametrize("digits", LONG, ids=lambda digits: f"{len(digits)} characters")
@pytest.mark.parametrize("shape", ["{}\n{}\n", "[{},{}]", "[{},\n {}]"])
def test_an_integer_of_more_than_64_bits_keeps_every_digit(
    tmp_path: Path, digits: str, shape: str
) -> None:
    row = f'{{"instruction": "a", "output": {digits}, "n": {{"deep": [[{digits}], 1.5]}}}}'
    dataset = opened(tmp_path, shape.replace("{}", json.dumps(GOOD[0]), 1).replace("{}", row))
    assert dataset.texts["response"][1] == digits
    deep = {"deep": [[int(digits)], 1.5]}
    assert dataset.record(1) == {"instruction": "a", "output": int(digits), "n": deep}
    assert dataset.problems_total == 1, "the number where a text belongs"


@pytest.mark.parametrize("before", range(12))
@pytest.mark.parametrize("length", [18, 19, 20, 40])
def test_long_numbers_are_found_wherever_they_stand(before: int, length: int) -> None:
    noise = b"1 22 333 2024, 2025, 2026, 12345678-1234 "
    data = noise * 3 + b" " * before + b"9" * length + b" " + noise
    assert json_rows.has_long_number(data) is (length >= 19)
    assert json_rows.has_long_number(b"9" * length) is (length >= 19)


def test_a_number_that_no_float_holds_is_remarked_for_what_it_is(tmp_path: Path) -> None:
    dataset = opened(tmp_path, '{"instruction": "a", "output": "b", "n": [1e400, 1E5, -0.0]}\n')
    assert dataset.problem(0) == json_rows.TOO_LARGE
    assert dataset.record(0)["n"] == [float("inf"), 1e5, 0.0]


def test_rows_that_are_made_of_others_keep_long_integers(tmp_path: Path) -> None:
    digits = "1" * 30
    columns = f'{{"instruction": ["a", "b"], "output": ["c", "d"], "n": [{digits}, 2]}}'
    dataset = opened(tmp_path, columns, "columns.json")
    assert [dataset.record(row)["n"] for row in range(2)] == [int(digits), 2]


@pytest.mark.parametrize("number", ["1e400", "NaN", "-Infinity", "1" + "0" * 400])
@pytest.mark.parametrize(
    "row",
    [
        '{"question": "a", "choices": ["x", "y"], "answer": NUMBER}',
        '{"instruction": "a", "output_1": "x", "output_2": "y", "preference": NUMBER}',
        '{"prompt": "a", "completion": "x", "label": NUMBER}',
    ],
)
def test_a_number_out_of_reach_chooses_nothing_and_stops_nothing(
    tmp_path: Path, row: str, number: str
) -> None:
    good = row.replace("NUMBER", "1")
    dataset = opened(tmp_path, f"{good}\n{row.replace('NUMBER', number)}\n{good}\n")
    assert dataset.rows == 3
    assert [dataset.sample(at).prompt.splitlines()[0] for at in (0, 2)] == ["a", "a"]
