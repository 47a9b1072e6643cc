"""CSV as people have it: dialects, encodings, and quotes that nobody closed."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.dataset.dataset import Dataset, open_dataset
from engine.dataset.reading.options import ReadOptions
from engine.errors import InputError

Rows = list[list[str]]

CELLS = st.text(st.sampled_from('abcdefg XYZ,;|"\n\täöüß.?!1250'), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)


def table(folder: Path, data: bytes, name: str = "a.csv", **options: Any) -> Dataset:
    path = folder / name
    path.write_bytes(data)
    return open_dataset(path, ReadOptions(**options))


def cells(dataset: Dataset) -> Rows:
    return [[str(each) for each in dataset.record(row).values()] for row in range(dataset.rows)]


def written(rows: Rows, delimiter: str, *, backslash: bool = False) -> str:
    file = io.StringIO()
    more: dict[str, Any] = {"escapechar": "\\", "doublequote": False} if backslash else {}
    writer = csv.writer(
        file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n", **more
    )
    writer.writerow(["prompt", "response", "note"])
    writer.writerows(rows)
    return file.getvalue()


@settings(max_examples=60)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows, delimiter: str, encoding: str
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    data = written(rows, delimiter).encode(encoding)
    dataset = table(folder, data, delimiter=delimiter, encoding=encoding)
    assert cells(dataset) == rows
    dataset.close()


@settings(max_examples=40)
@given(rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=6))
def test_quotes_behind_a_backslash_are_read_where_that_is_said(
    tmp_path_factory: pytest.TempPathFactory, rows: Rows
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    data = written(rows, ",", backslash=True).encode()
    assert cells(table(folder, data, delimiter=",", quoting="backslash")) == rows


@settings(max_examples=60)
@given(st.data())
def test_one_quote_too_many_costs_one_row_at_most(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    rows = [[f"Say number {n}", f"Number {n}", f"n{n}"] for n in range(30)]
    lines = ["prompt,response,note", *(",".join(row) for row in rows)]
    at = data.draw(st.integers(1, 30))
    place = data.draw(st.integers(0, len(lines[at])))
    lines[at] = lines[at][:place] + '"' + lines[at][place:]
    folder = tmp_path_factory.mktemp("csv")
    dataset = table(folder, ("\n".join(lines) + "\n").encode())
    assert dataset.rows == 30
    found = cells(dataset)
    assert [row for n, row in enumerate(found) if n != at - 1] == [
        row for n, row in enumerate(rows) if n != at - 1
    ]
    assert "".join(found[at - 1]).replace('"', "") == "".join(rows[at - 1])
    told = [problem.cause for problem in dataset.problems]
    assert not told or f"line {at + 1}, column" in told[0]


def test_a_bad_quote_that_seems_to_be_closed_much_later_swallows_nothing(tmp_path: Path) -> None:
    lines = ["prompt,response", 'a,"five']
    lines += [f"Say {n},Number {n}" for n in range(20)]
    lines += ['b,6 inches"', "c,d"]
    dataset = table(tmp_path, "\n".join(lines).encode())
    assert dataset.rows == 23
    assert dataset.record(0) == {"prompt": "a", "response": '"five'}
    assert dataset.record(21) == {"prompt": "b", "response": '6 inches"'}


def test_texts_of_several_lines_are_one_field(tmp_path: Path) -> None:
    text = 'He said:\nfirst, second\nthird\n"fourth", fifth, sixth\nend'
    dataset = table(tmp_path, written([["a", text, "b"], ["c", "d", "e"]], ",").encode())
    assert cells(dataset) == [["a", text, "b"], ["c", "d", "e"]]
    assert not dataset.problems


@pytest.mark.parametrize(
    ("data", "rows", "layout"),
    [
        (b"prompt;response\nWas ist K\xe4se?;Milch\n", [["Was ist Käse?", "Milch"]], "cp1252"),
        (b"sep=;\nprompt;response\na, b;c\n", [["a, b", "c"]], "semicolon"),
        (b"prompt|response\na|b\n", [["a", "b"]], "pipe"),
        (b"prompt,response\ra,b\rc,d\r", [["a", "b"], ["c", "d"]], "comma"),
        (b"id;prompt, long;answer, long\n1;a;b\n2;c;d\n", [["1", "a", "b"], ["2", "c", "d"]], ";"),
        (b'id,prompt\n1,"say \\"go\\", now"\n', [["1", 'say "go", now']], "backslash"),
        (b"prompt,response\r\na,b\r\n\r\nc,d\r\n", [["a", "b"], ["c", "d"]], "csv"),
    ],
)
def test_dialects_are_seen(tmp_path: Path, data: bytes, rows: Rows, layout: str) -> None:
    dataset = table(tmp_path, data)
    assert cells(dataset) == rows
    assert layout.replace(";", "semicolon") in dataset.layout


def test_a_first_line_of_data_is_a_row(tmp_path: Path) -> None:
    dataset = table(tmp_path, b"Name a tree.,Oak.\nName a bird.,Wren.\n")
    assert cells(dataset) == [["Name a tree.", "Oak."], ["Name a bird.", "Wren."]]
    assert dataset.column_names == ("column_1", "column_2")
    assert "no line of names" in dataset.problems[0].cause


def test_quotes_in_a_tsv_are_characters_where_they_close_nothing(tmp_path: Path) -> None:
    data = b'prompt\tresponse\nWhat?\t"Go now\nAnd?\tStop.\nThey?\t"No" is it\n'
    dataset = table(tmp_path, data, "a.tsv")
    assert cells(dataset) == [["What?", '"Go now'], ["And?", "Stop."], ["They?", '"No" is it']]
    assert "line 2, column 7" in dataset.problems[0].cause


def test_what_is_no_dialect_is_refused(tmp_path: Path) -> None:
    for options in ({"delimiter": "ab"}, {"quoting": "odd"}, {"encoding": "klingon"}):
        with pytest.raises(InputError):
            table(tmp_path, b"a,b\nc,d\n", **options)
    with pytest.raises(InputError, match="utf-16"):
        table(tmp_path, b"a,b\nc,d", encoding="utf-16-le")


def test_plain_text_is_decoded_like_a_csv(tmp_path: Path) -> None:
    dataset = table(tmp_path, "Käse\nBrot\n".encode("utf-16"), "a.txt")
    assert [dataset.sample(row).response for row in range(2)] == ["Käse", "Brot"]


def test_questions_as_names_are_names(tmp_path: Path) -> None:
    data = b"Timestamp,What is your name?,Any comment?\n1,Ann,no\n"
    assert table(tmp_path, data).column_names == (
        *("Timestamp", "What is your name?", "Any comment?"),
    )


def test_a_quoted_field_may_hold_lines_that_look_like_rows(tmp_path: Path) -> None:
    code = "Here it is:\na,b\nc,d\ne,f"
    data = f'prompt,response\n"{code}",Good.\nq,a\n"{code}",Bad.'.encode()
    dataset = table(tmp_path, data)
    assert cells(dataset) == [[code, "Good."], ["q", "a"], [code, "Bad."]]
    assert dataset.problems_total == 0


@pytest.mark.parametrize("line", ['"sep=;"\n', "sep=; \n", "SEP=;\r\n", '"sep=;"\r'])
def test_a_line_that_names_the_delimiter_may_be_quoted(tmp_path: Path, line: str) -> None:
    end = line[len(line.rstrip("\r\n")) :]
    data = line + end.join(["prompt;response", "q, q;a", ""])
    assert cells(table(tmp_path, data.encode())) == [["q, q", "a"]]
