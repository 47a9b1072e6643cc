"""From rows or whole columns to the three texts of a sample: prompt, response, rejected.

Flat families (every part one text in one column) are assembled by column, and where a
source column is the text itself its buffers are shared, not copied. All others are read row
by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.dataset.reading import rows as row_shapes
from engine.dataset.reading.answers import SIGNED, which_side
from engine.dataset.reading.cells import MalformedRowError, Remarks, text_of
from engine.dataset.reading.families import Spelling, counts_from
from engine.dataset.reading.options import AROUND, LONGEST_PLACEHOLDER, is_placeholder
from engine.dataset.reading.problems import ProblemLog
from engine.dataset.reading.rows import NO_BETTER, PART_NAMES, Unreadable, read_row
from engine.dataset.reading.talks import Talks
from engine.sample import Family

SCHEMA = {"prompt": pl.String(), "response": pl.String(), "rejected": pl.String()}
_COUNTED_ROWS = 8_192
"""Some megabytes of bytes at once: what fits into a processor's cache."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one file.

    `user` and `system` are the turns that a flat file's prompt is made of, so that its samples
    can be rebuilt without the source; None where rows have to be read again for their turns.
    """

    frame: pl.DataFrame  # (rows,) prompt, response, rejected
    spelling: Spelling
    user: pl.Series | None = None
    system: pl.Series | None = None
    stated: pl.Series | None = None
    """`user` with the cells as they stand, where a placeholder was read as no input."""
    others: Mapping[int, Spelling] = field(default_factory=dict)
    """Rows that spell their sample in another way than most of the file."""

    def spelling_of(self, row: int) -> Spelling:
        """How one row of the file spells its sample."""
        return self.others.get(row, self.spelling)

    @property
    def has_turns(self) -> bool:
        """Whether samples can be rebuilt from these columns alone."""
        return self.spelling.flat


def text_series(
    values: list[Any], part: str, first_row: int, log: ProblemLog, *, numbers: bool
) -> pl.Series:
    """`values` as text; what is no text is noted and becomes null.

    `numbers`: the whole column is numbers, which is no remark about any one row.
    """
    try:
        return pl.Series(part, values, dtype=pl.String, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return pl.Series(
            part,
            [
                _text_or_none(value, part, first_row + index, log, numbers=numbers)
                for index, value in enumerate(values)
            ],
            dtype=pl.String,
        )


def _text_or_none(value: Any, part: str, row: int, log: ProblemLog, *, numbers: bool) -> str | None:
    if value is None or isinstance(value, str):
        return value
    remarks = Remarks()
    try:
        text = text_of(value, PART_NAMES.get(part, PART_NAMES["prompt"]), remarks)
    except MalformedRowError as error:
        log.add(row, str(error), broken=True)
        return None
    for remark in remarks if not numbers and part != "label" else ():
        log.add(row, remark, broken=False)
    return text


def assemble(parts: dict[str, pl.Series], spelling: Spelling, log: ProblemLog) -> Texts:
    """The texts of a flat file from its columns, with what is empty or null noted in `log`."""
    frame = pl.DataFrame([series.alias(part) for part, series in parts.items()])
    _note_nothing_there(frame, spelling, log)
    if "label" in parts:
        spelling = _counted(spelling, frame["label"])
        frame = _by_label(frame, spelling.columns.counts_from, log)
    broken = log.mask(frame.height, broken=True)
    stated, frame = frame, _without_placeholders(frame, spelling)
    user = _user(frame)
    system = frame["system"] if "system" in parts and _any_text(frame["system"]) else None
    texts = pl.DataFrame(
        {
            "prompt": _empty(frame.height, "") if user is None else _with_system(user, system),
            "response": _part(frame, "response"),
            "rejected": _part(frame, "rejected"),
        }
    )
    _note_texts(frame, texts, ~broken, log)
    texts = _without_nulls(texts, set(parts), spelling)
    as_it_stands = None if stated is frame else _user(stated)
    return Texts(_blanked(texts, broken), spelling, user, system, as_it_stands)


def _counted(spelling: Spelling, labels: pl.Series) -> Spelling:
    """`spelling` with what the whole column says of its labels: one 0 far down tells."""
    before = spelling.columns.counts_from
    if before == SIGNED:
        return spelling
    known = labels.drop_nulls().unique().to_list()
    first = counts_from([*known, 0] if before == 0 else known)
    return replace(spelling, columns=replace(spelling.columns, counts_from=first))


def _without_placeholders(frame: pl.DataFrame, spelling: Spelling) -> pl.DataFrame:
    """`frame` with inputs that say that there is none as empty ones; itself where none does."""
    placeholders = spelling.columns.placeholders
    names = [name for name in frame.columns if name == "input" or name.startswith("more_")]
    words = "|".join(pl.escape_regex(word) for word in sorted(placeholders))
    around = f"[\\s{pl.escape_regex(AROUND)}]*"
    changed: list[pl.Series] = []
    for name in names if placeholders else ():
        sizes = frame[name].str.len_bytes().fill_null(0)
        short = ((sizes > 0) & (sizes <= 4 * LONGEST_PLACEHOLDER)).arg_true()
        cells = frame[name].gather(short)
        near = cells.str.contains(f"(?i)^{around}(?:{words}){around}$")  # few of a million
        found = [cell for cell in cells.filter(near).unique() if is_placeholder(cell, placeholders)]
        if found:
            rows = short.filter(cells.is_in(found))
            changed.append(frame[name].clone().scatter(rows, "").alias(name))
    return frame.with_columns(changed) if changed else frame


def _part(frame: pl.DataFrame, name: str) -> pl.Series:
    return frame[name] if name in frame.columns else _empty(frame.height, None)


def _empty(rows: int, value: str | None) -> pl.Series:
    return pl.repeat(value, rows, dtype=pl.String, eager=True)


def _any_text(series: pl.Series) -> bool:
    return bool((series.str.len_bytes() > 0).any())


def _note_nothing_there(frame: pl.DataFrame, spelling: Spelling, log: ProblemLog) -> None:
    nothing = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    if nothing.any():
        nothing = nothing & ~log.mask(frame.height, broken=True)
        cause = row_shapes.nothing_there(spelling.columns)
        log.add_rows(np.flatnonzero(nothing), cause, broken=True)


def _by_label(frame: pl.DataFrame, counts_from: int, log: ProblemLog) -> pl.DataFrame:
    """The two outputs as chosen and rejected, by the label that says which is better."""
    label = frame["label"]
    broken = log.mask(frame.height, broken=True)
    turned: list[str] = []
    noted: dict[tuple[str, bool], NDArray[np.bool_]] = {}
    for value in label.unique():
        rows = (label.is_null() if value is None else label == value).fill_null(value=False)
        cause, side = NO_BETTER, None
        try:
            side = which_side(value, counts_from)
        except MalformedRowError as error:
            cause = str(error)
        if side is None:
            mine = rows.to_numpy() & ~broken
            key = (cause, cause != NO_BETTER)
            noted[key] = noted[key] | mine if key in noted else mine
        elif side == 1 and value is not None:
            turned.append(value)
    for (cause, breaks), mine in noted.items():
        log.add_rows(np.flatnonzero(mine), cause, broken=breaks)
    second = label.is_in(turned).fill_null(value=False)
    first_output, second_output = frame["response"], frame["rejected"]
    return frame.with_columns(
        second_output.zip_with(second, first_output).alias("response"),
        first_output.zip_with(second, second_output).alias("rejected"),
    )


def _user(frame: pl.DataFrame) -> pl.Series | None:
    """The user's turn: instruction, input and further columns joined, those that say something."""
    if "prompt" not in frame.columns:
        return None
    prompt = frame["prompt"]
    beside = [name for name in frame.columns if name == "input" or name.startswith("more_")]
    beside = [name for name in beside if _any_text(frame[name])]
    if not beside:
        return prompt.fill_null("") if prompt.null_count() else prompt
    parts = ["prompt", *beside]
    nulls = [name for name in parts if frame[name].null_count()]
    filled = frame.with_columns(pl.col(nulls).fill_null("")) if nulls else frame
    joined = pl.col("prompt")
    for name in beside:
        extra = pl.col(name)
        joined = (
            pl.when(extra == "")
            .then(joined)
            .when(joined == "")
            .then(extra)
            .otherwise(joined + "\n" + extra)
        )
    return filled.select(joined.alias("prompt")).to_series()


def _with_system(user: pl.Series, system: pl.Series | None) -> pl.Series:
    """The prompt as text, in the words of `engine.sample.prompt_text`."""
    if system is None:
        return user
    labelled = pl.format("system: {}\n\nuser: {}", pl.col("system"), pl.col("user"))
    return (
        pl.DataFrame({"system": system.fill_null(""), "user": user})
        .select(pl.when(pl.col("system") == "").then(pl.col("user")).otherwise(labelled))
        .to_series()
        .alias("prompt")
    )


def _note_texts(
    frame: pl.DataFrame,
    texts: pl.DataFrame,
    readable: NDArray[np.bool_],
    log: ProblemLog,
) -> None:
    """Empty, null and merged texts, in the words of `engine.dataset.reading.rows`."""
    for part in SCHEMA:
        if part not in frame.columns:
            continue
        what = PART_NAMES[part]
        null = frame[part].is_null().to_numpy() & readable
        log.add_rows(np.flatnonzero(null), f"{what} is null", broken=False)
        text = texts[part].fill_null("") if texts[part].null_count() else texts[part]
        empty = (~text.str.contains(r"[^\s\x1c-\x1f]")).to_numpy() & readable & ~null
        log.add_rows(np.flatnonzero(empty), f"{what} is empty", broken=False)
    merged = _holds(texts["response"], row_shapes.MERGED_MARK)
    log.add_rows(np.flatnonzero(merged & readable), row_shapes.MERGED_RESPONSE, broken=False)
    nul = _holds(texts["prompt"], "\0") | _holds(texts["response"], "\0")
    nul |= _holds(texts["rejected"], "\0")
    log.add_rows(np.flatnonzero(nul & readable), row_shapes.NUL_CHARACTER, broken=False)


def _holds(texts: pl.Series, mark: str) -> NDArray[np.bool_]:
    if texts.null_count() == len(texts):
        return np.zeros(len(texts), np.bool_)
    found = texts.str.contains(mark, literal=True)
    return found.fill_null(value=False).to_numpy()


def _without_nulls(texts: pl.DataFrame, parts: set[str], spelling: Spelling) -> pl.DataFrame:
    """A null answer is an empty one; null stays where a family has no such part."""
    present = [part for part in ("response", "rejected") if part in parts]
    filled = [part for part in present if texts[part].null_count()]
    if spelling.family is Family.OTHER or not filled:
        return texts
    return texts.with_columns(pl.col(filled).fill_null(""))


def _blanked(texts: pl.DataFrame, broken: NDArray[np.bool_]) -> pl.DataFrame:
    """`texts` with all three null in broken rows."""
    if not broken.any():
        return texts
    keep = pl.lit(pl.Series(~broken))
    return texts.select(pl.when(keep).then(pl.col(name)).alias(name) for name in SCHEMA)


class RowTexts:
    """Collects the texts of a file that is read row by row."""

    def __init__(self, spelling: Spelling, log: ProblemLog) -> None:
        self._spelling = spelling
        self._log = log
        self._frames: list[pl.DataFrame] = []
        self._row = 0

    def add(self, rows: Sequence[Mapping[str, Any] | None]) -> None:
        """Read the next rows; None is one that is known to be broken."""
        self._frames.append(self._frame(rows, range(self._row, self._row + len(rows))))
        self._row += len(rows)

    def add_talks(self, talks: Talks, rest: Sequence[Mapping[str, Any] | None]) -> None:
        """Take the next rows, of which those that are plain are read; `rest` are the others."""
        others = np.flatnonzero(~talks.plain)
        read = self._frame(rest, (others + self._row).tolist())
        known = talks.texts.with_columns(pl.lit(None, pl.String).alias("rejected"))
        places = np.concatenate([np.flatnonzero(talks.plain), others])
        self._frames.append(pl.concat([known.select(list(SCHEMA)), read])[np.argsort(places)])
        self._row += len(talks.plain)

    def _frame(
        self, rows: Sequence[Mapping[str, Any] | None], numbers: Iterable[int]
    ) -> pl.DataFrame:
        columns: dict[str, list[str | None]] = {name: [] for name in SCHEMA}
        for row, number in zip(rows, numbers, strict=True):
            texts = (None, None, None) if row is None else self._read(row, number)
            for column, text in zip(columns.values(), texts, strict=True):
                column.append(text)
        return pl.DataFrame(columns, schema=SCHEMA)

    def _read(
        self, row: Mapping[str, Any], number: int
    ) -> tuple[str | None, str | None, str | None]:
        if self._spelling.family is Family.OTHER:
            return None, None, None
        reading = read_row(row, self._spelling.family, self._spelling.columns)
        if isinstance(reading, Unreadable):
            self._log.add(number, reading.cause, broken=True)
            return None, None, None
        for remark in reading.remarks:
            self._log.add(number, remark, broken=False)
        return reading.texts

    def finish(self) -> Texts:
        """All texts."""
        frame = (
            pl.concat(self._frames, rechunk=True) if self._frames else pl.DataFrame(schema=SCHEMA)
        )
        return Texts(frame, self._spelling)


def count_words(texts: pl.Series) -> NDArray[np.int32]:
    """Words of each text: runs of anything between ASCII white space; null has none.

    The bytes of many texts are looked at together, which takes half the time of a regular
    expression.
    """
    counts = np.zeros(len(texts), np.int32)
    for start in range(0, len(texts), _COUNTED_ROWS):
        piece = texts[start : start + _COUNTED_ROWS].fill_null("")
        ends = np.cumsum(piece.str.len_bytes().to_numpy().astype(np.int64) + 1)  # and a newline
        joined = ("\n" + piece.str.join("\n")[0]).encode("utf-8", "surrogatepass")
        data = np.frombuffer(joined, np.uint8)
        space = (data == ord(" ")) | ((data >= ord("\t")) & (data <= ord("\r")))
        begins = np.flatnonzero(space[:-1] & ~space[1:])
        counts[start : start + len(piece)] = np.diff(np.searchsorted(begins, ends), prepend=0)
    return counts
