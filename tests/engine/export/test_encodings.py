"""CSV and JSON lines in every encoding: kept rows as they stood, edited ones but for the edit."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.dataset.dataset import open_dataset
from engine.dataset.edited_rows import Revision
from engine.dataset.editing import Part, with_text
from engine.errors import ExportError, InputError
from engine.export.json_edit import with_edits
from engine.export.plan import ReviewState
from engine.export.run import export
from engine.review.decision import Verdict
from tests.engine.export.exporting import plan, review

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "utf-16 little": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16 big": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16 little without a mark": lambda text: text.encode("utf-16-le"),
    "utf-16 big without a mark": lambda text: text.encode("utf-16-be"),
    "utf-32 little": lambda text: codecs.BOM_UTF32_LE + text.encode("utf-32-le"),
    "utf-32 big": lambda text: codecs.BOM_UTF32_BE + text.encode("utf-32-be"),
    "windows-1252": lambda text: text.encode("cp1252"),
    "latin-1": lambda text: text.encode("latin-1"),
}
NEWLINES = {"unix": "\n", "windows": "\r\n", "old mac": "\r"}
EDITED = 'né "quoted", x\nline 2'

LINES = [
    "prompt,response,n",
    'Ünö,"süß ""q"", x",1',
    '"a é"," left as it is ",2',
    "dropped,too,3",
    '"last","one","4"',
]


def edit(state: ReviewState, row: int, text: str) -> ReviewState:
    dataset = state.dataset
    family, columns = dataset.spelling_of(row)
    record, reading = with_text(dataset.record(row), family, columns, Part.RESPONSE, text)
    revision = Revision(record, reading, family, bytes(16), (Part.RESPONSE,))
    return replace(state, revisions={row: revision})


def kept(state: ReviewState, form: str) -> bytes:
    out = state.dataset.path.parent / f"out-{form}-{len(state.revisions)}"
    export(state, plan(out, form))
    return (out / f"kept.{form}").read_bytes()


@pytest.mark.parametrize("newline", NEWLINES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_kept_rows_of_a_csv_stand_as_they_stood(
    tmp_path: Path, encoding: str, newline: str
) -> None:
    end, encoded = NEWLINES[newline], ENCODINGS[encoding]
    (tmp_path / "data.csv").write_bytes(encoded(end.join(LINES) + end))
    state = review(tmp_path / "data.csv", scores=[1.0] * 4, verdicts={2: Verdict.REJECT})
    without = [line for line in LINES if not line.startswith("dropped")]
    assert kept(state, "csv") == encoded(end.join(without) + end)
    without[2] = '"a é","né ""quoted"", x\nline 2",2'
    assert kept(edit(state, 1, EDITED), "csv") == encoded(end.join(without) + end)
    again = open_dataset(tmp_path / "out-csv-1" / "kept.csv")
    assert [again.record(row)["response"] for row in range(3)] == ['süß "q", x', EDITED, "one"]


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        (b'"prompt","response"\n"a","b"\n', "c", b'"prompt","response"\n"a","c"\n'),
        (b"prompt,response\r\na,b", "c\nd", b'prompt,response\r\na,"c\nd"\r\n'),
        (b"prompt;response\na;b\n", "c, d", b"prompt;response\na;c, d\n"),
        (b"prompt;response\na;b\n", "c; d", b'prompt;response\na;"c; d"\n'),
        (b"prompt,response\n\xff bad,b\n", "c", b"prompt,response\n\xff bad,c\n"),
        (b"prompt,response\na,b,more\n", "c", b"prompt,response\na,c,more\n"),
        (b"prompt,response,n,m\na,b\n", "c", b"prompt,response,n,m\na,c\n"),
        (b'prompt,response\n"a\nb",c\n', "d", b'prompt,response\n"a\nb",d\n'),
        (
            b'prompt,response\n"a \\"q\\" b","c \\\\ d"\n',
            'x \\ "y"',
            b'prompt,response\n"a \\"q\\" b","x \\\\ \\"y\\""\n',
        ),
    ],
    ids=range(9),
)
def test_an_edited_field_is_written_like_the_one_before(
    tmp_path: Path, source: bytes, text: str, expected: bytes
) -> None:
    (tmp_path / "data.csv").write_bytes(source)
    state = edit(review(tmp_path / "data.csv", scores=[1.0], verdicts={}), 0, text)
    assert kept(state, "csv") == expected
    again = open_dataset(tmp_path / "out-csv-1" / "kept.csv")
    assert again.record(0)["response"] == text


def test_an_edit_that_the_encoding_cannot_hold_names_its_row(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_bytes("prompt,response\né,b\n".encode("cp1252"))
    state = edit(review(tmp_path / "data.csv", scores=[1.0], verdicts={}), 0, "☃")
    with pytest.raises(ExportError, match="row 0 was edited, and its CSV cannot hold"):
        kept(state, "csv")


# --- JSON

ROWS = [
    '{"prompt": "Ünö", "n": [1e400, -0.0, 1E5, 0.10], "response": "\\u00fc \\/ x"}',
    '{ "n" : 12345678901234567890123 , "prompt":"a é","x":1, "response" : "b" ,"x": 2.50 }',
    '{"prompt": "dropped", "response": "too"}',
    '{"prompt": "last", "response": "one", "n": NaN}',
]
EDITED_ROW = ROWS[1].replace('"b"', "EDIT")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_kept_rows_of_json_stand_as_they_stood(
    tmp_path: Path, encoding: str, newline: str, form: str
) -> None:
    text = newline.join(ROWS) + newline
    if form == "json":
        text = "[" + f",{newline}".join(ROWS) + "]"
    path = tmp_path / f"data.{form}"
    path.write_bytes(text.encode(encoding))
    state = review(path, scores=[1.0] * 4, verdicts={2: Verdict.REJECT})
    end = newline if form == "jsonl" else "\n"
    expected = [ROWS[0], ROWS[1], ROWS[3]]
    assert kept(state, "jsonl") == "".join(row + end for row in expected).encode(encoding)
    escaped = json.dumps(EDITED, ensure_ascii=encoding != "utf-8")
    expected[1] = EDITED_ROW.replace("EDIT", escaped)
    written = kept(edit(state, 1, EDITED), "jsonl")
    assert written == "".join(row + end for row in expected).encode(encoding)
    again = open_dataset(tmp_path / "out-jsonl-1" / "kept.jsonl")
    assert again.record(1)["response"] == EDITED


def test_a_byte_order_mark_is_no_part_of_a_row(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_bytes(codecs.BOM_UTF8 + ROWS[0].encode() + b"\n")
    state = review(tmp_path / "data.jsonl", scores=[1.0], verdicts={})
    assert kept(state, "jsonl") == ROWS[0].encode() + b"\n"


def test_an_edit_deep_inside_leaves_the_rest_of_a_row(tmp_path: Path) -> None:
    row = (
        '{"messages": [ {"role":"user", "content":"q", "w": 0.10},\n'
        '  {"role":"assistant","w":1E5,"content":"old"} ], "m": {"n": -0.0}, "m": {"n":1.0} }'
    )
    (tmp_path / "data.json").write_text(f"[{row}]")
    state = edit(review(tmp_path / "data.json", scores=[1.0], verdicts={}), 0, "new")
    assert kept(state, "jsonl").decode() == (
        '{"messages":[{"role":"user","content":"q","w":0.10},'
        '{"role":"assistant","w":1E5,"content":"new"}],"m":{"n":-0.0},"m":{"n":1.0}}\n'
    )


def test_an_edited_bare_text_stays_bare(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_text('"one text"\n"another"\n')
    state = review(tmp_path / "data.jsonl", scores=[1.0, 1.0], verdicts={})
    assert with_edits(b' "one text"', {"value": "new"}, ascii_only=False) == b'"new"'
    assert kept(state, "jsonl") == b'"one text"\n"another"\n'


@pytest.mark.parametrize("name", ["data.json", "data.jsonl"])
@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if name.startswith("utf-16")])
def test_json_in_utf_16_is_refused_by_that_name(tmp_path: Path, encoding: str, name: str) -> None:
    (tmp_path / name).write_bytes(ENCODINGS[encoding](ROWS[0] + "\n"))
    with pytest.raises(InputError, match="the file is UTF-16"):
        open_dataset(tmp_path / name)


def test_json_in_utf_32_is_refused_by_that_name(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_bytes(ENCODINGS["utf-32 little"](ROWS[0] + "\n"))
    with pytest.raises(InputError, match="the file is UTF-32") as told:
        open_dataset(tmp_path / "data.jsonl")
    assert "iconv -f UTF-32 " in told.value.hint
