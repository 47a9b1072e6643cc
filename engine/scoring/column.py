"""Scores that somebody else computed: a column of the dataset, or a file beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.nested import member_names
from engine.dataset.reading.cells import PATH_SIGN, kind_of, parsed, path_in, value_at
from engine.errors import ScorerError
from engine.sample import Sample, Side
from engine.scoring.models.model_files import revision_of_file
from engine.scoring.scorer import Encoded, Failed, Scored, ScoreKey, WithoutModel, length_in_tokens
from engine.scoring.worker.cached import HasIdentities

SHOWN_CHARACTERS = 30
LOOKED_AT_ROWS = 256
"""Rows in which the column is looked for before scoring begins."""
JOINS = "an `identity` column (hex), `prompt` and `response` columns, or a `row` column"

Cells = Callable[[Sequence[Sample]], list[object]]
"""The cell that belongs to each sample; `MISSING` where there is none."""

MISSING = Failed("no score for this sample in the file")


class _Fingerprint(Protocol):
    @property
    def digest(self) -> str: ...


class DatasetWithColumns(HasIdentities, Protocol):
    """The part of a dataset that these scorers need."""

    @property
    def rows(self) -> int:
        """How many there are."""
        ...

    @property
    def fingerprint(self) -> _Fingerprint:
        """What the source's content is."""
        ...

    def frame(self, rows: NDArray[np.int64]) -> pl.DataFrame:
        """The original columns of some rows."""
        ...


class ColumnScorer(WithoutModel):
    """Numbers looked up per row; a cell that is none fails its row, with the reason.

    A score belongs to the row: both sides of preference data get it, unless it was found by
    the content of the response.
    """

    def __init__(self, name: str, label: str, revision: str, cells: Cells) -> None:
        """Take what the scorer is called, the revision of its source, and the lookup."""
        self.name, self.label = name, label
        self._revision, self._cells = revision, cells

    def key(self, side: Side) -> ScoreKey:
        """The source's content stands for the model."""
        return ScoreKey(scorer=self.name, revision=self._revision, side=side)

    def encode(self, samples: Sequence[Sample]) -> Sequence[Encoded | Failed]:
        """Look the cells up."""
        return [
            cell if isinstance(cell, Failed) else Encoded(length_in_tokens(sample), payload=cell)
            for sample, cell in zip(samples, self._cells(samples), strict=True)
        ]

    def score(self, batch: Sequence[Encoded]) -> Sequence[Scored | Failed]:
        """Read each cell as a number."""
        numbers = [(as_number(encoded.payload), encoded.tokens) for encoded in batch]
        return [
            number if isinstance(number, Failed) else Scored(number, tokens)
            for number, tokens in numbers
        ]


def column_scorer(dataset: DatasetWithColumns, column: str) -> ColumnScorer:
    """A numeric column of the dataset as scores, or a member of one: `a.b`.

    Raises:
        ScorerError: there is no such column, or no single number in a row of it.
    """
    first = dataset.frame(np.arange(min(dataset.rows, LOOKED_AT_ROWS)))
    path = path_in(first.columns, column)
    if path is None:
        raise ScorerError(f"no column {column!r} in the dataset", _listed(first.columns))
    root = str(path[0])
    _check_single(first[root].to_list(), root, column)

    def cells(samples: Sequence[Sample]) -> list[object]:
        frame = dataset.frame(np.array([sample.row for sample in samples], np.int64))
        if root not in frame.columns:  # a shard or a stretch of rows without it
            return [None] * len(samples)
        return [value_at({root: value}, column) for value in frame[root].to_list()]

    label = f"column {column}"
    return ColumnScorer(f"column:{column}", label, dataset.fingerprint.digest, cells)


def _check_single(values: Sequence[object], root: str, column: str) -> None:
    """See in the first rows that `column` leads to single values.

    Raises:
        ScorerError: it leads to lists or objects, into a list, or nowhere.
    """
    present = [value for value in values if value is not None]
    found = [value_at({root: value}, column) for value in present]
    kinds = {kind_of(parsed(value) if isinstance(value, str) else value) for value in found}
    kinds -= {kind_of(None)}
    if kinds and kinds <= {kind_of([]), kind_of({})}:
        members = member_names({column: value} for value in found).get(column, ())
        example = members[0] if members else f"{column}{PATH_SIGN}0"
        raise ScorerError(
            f"column {column!r} holds {' or '.join(sorted(kinds))} in a row, not a number",
            f"name what is in it: column:{ascii(example)[1:-1]}",
        )
    if column == root or kinds or not present:
        return
    for steps in range(1, column.count(PATH_SIGN) + 1):
        above = column.rsplit(PATH_SIGN, steps)[0]
        outer = next(filter(None, (value_at({root: each}, above) for each in present)), None)
        outer = parsed(outer) if isinstance(outer, str) else outer
        if isinstance(outer, list):
            raise ScorerError(
                f"column {column!r}: {above!r} is a list, whose members have numbers, no names",
                f"name one of them: column:{ascii(above)[1:-1]}{PATH_SIGN}0",
            )
        if isinstance(outer, dict):
            raise ScorerError(f"no {column!r} in the dataset", _listed([*outer], f"{above!r} has"))
        if above == root:
            break
    raise ScorerError(f"no {column!r} in the dataset", f"{root!r} holds no objects")


def file_scorer(dataset: DatasetWithColumns, place: str) -> ColumnScorer:
    """A file's scores, joined by identity, by content, or by row number.

    Args:
        dataset: what they belong to.
        place: `PATH` or `PATH:COLUMN`; without a column, `score` or the only numeric one.

    Raises:
        ScorerError: the file cannot be read or joined, or has no such column.
    """
    path, column = _split_place(place)
    table = _read_table(path)
    column = _choose_column(table, column, path)
    scores = table[column].to_list()
    names = set(table.columns) - {column}
    if "identity" in names:
        cells = _by_identity(dataset, table["identity"].to_list(), scores)
    elif {"prompt", "response"} <= names:
        pairs = table.select("prompt", "response").rows()
        texts = [(prompt or "", answer or "") for prompt, answer in pairs]
        cells = _by_key(texts, scores, lambda sample: (sample.prompt, sample.response))
    elif "row" in names and len(scores) == dataset.rows:
        cells = _by_key(table["row"].to_list(), scores, lambda sample: sample.row)
    else:
        hint = f"the file needs {JOINS} with one line per row of the dataset"
        raise ScorerError(f"scores cannot be joined to the dataset: {path}", hint)
    label = f"{path.name}:{column}"
    return ColumnScorer(f"file:{path}:{column}", label, revision_of_file(path), cells)


def as_number(cell: object) -> float | Failed:
    """A cell as a finite number; text that spells one counts (CSV has nothing else)."""
    if cell is None or cell == "":
        return Failed("the score's cell is empty")
    if isinstance(cell, str | int | float) and not isinstance(cell, bool):
        try:
            number = float(cell)
        except (ValueError, OverflowError):
            number = math.nan
        if math.isfinite(number):
            return number
    return Failed(f"not a finite number: {ascii(cell)[:SHOWN_CHARACTERS]}")


def _by_identity(
    dataset: DatasetWithColumns, identities: Sequence[object], scores: Sequence[object]
) -> Cells:
    known = dict(zip((str(each).lower() for each in identities), scores, strict=True))

    def cells(samples: Sequence[Sample]) -> list[object]:
        rows = np.array([sample.row for sample in samples], np.int64)
        return [known.get(each.tobytes().hex(), MISSING) for each in dataset.identities(rows)]

    return cells


def _by_key(
    keys: Iterable[object], scores: Sequence[object], key_of: Callable[[Sample], object]
) -> Cells:
    known = dict(zip(keys, scores, strict=True))
    return lambda samples: [known.get(key_of(sample), MISSING) for sample in samples]


def _split_place(place: str) -> tuple[Path, str]:
    path = Path(place).expanduser()
    if path.is_file() or ":" not in place:
        return path, ""
    file, _, column = place.rpartition(":")
    return Path(file).expanduser(), column


def _read_table(path: Path) -> pl.DataFrame:
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        ".parquet": pl.read_parquet,
        ".csv": lambda file: pl.read_csv(file, infer_schema_length=None),
        ".tsv": lambda file: pl.read_csv(file, separator="\t", infer_schema_length=None),
        ".jsonl": lambda file: pl.read_ndjson(file, infer_schema_length=None),
        ".json": lambda file: pl.read_json(file, infer_schema_length=None),
    }
    hint = "a Parquet, CSV, TSV, JSON or JSON Lines file is expected"
    if path.suffix.lower() not in readers:
        raise ScorerError(f"scores in an unknown format: {path}", hint)
    if not path.is_file():
        raise ScorerError(f"no such file of scores: {path}", hint)
    try:
        return readers[path.suffix.lower()](path)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        line = (str(error).splitlines() or [""])[0]
        raise ScorerError(f"scores cannot be read: {path}: {line[:150]}", hint) from error


def _choose_column(table: pl.DataFrame, column: str, path: Path) -> str:
    if column:
        if column in table.columns:
            return column
        raise ScorerError(f"no column {column!r} in {path}", _listed(table.columns))
    if "score" in table.columns:
        return "score"
    numeric = [name for name in table.columns if name != "row" and table[name].dtype.is_numeric()]
    if len(numeric) == 1:
        return numeric[0]
    raise ScorerError(f"which column of {path} is the score?", f"name it: file:{path}:COLUMN")


def _listed(columns: Sequence[str], these_are: str = "its columns are") -> str:
    shown = ", ".join(ascii(name)[1:-1] for name in columns[:20])
    return f"{these_are} {shown}" + (" …" if len(columns) > 20 else "")
