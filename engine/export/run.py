"""The export itself: check, build beside the place, look once more, put in place."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset, Origin
from engine.dataset.reading.card_configs import TRAIN
from engine.dataset.reading.json_rows import MAX_ROW_BYTES, parse_record
from engine.errors import Cancelled, ExportError, InputError
from engine.export.card import DECISIONS, RowFile, card
from engine.export.features import card_features
from engine.export.formats import format_named
from engine.export.manifest import WrittenFile, manifest, seal
from engine.export.parquet import write_parquet
from engine.export.place import MANIFEST, check_place, staged
from engine.export.plan import (
    Conversion,
    Edited,
    ExportPlan,
    ExportReport,
    ReviewState,
    check_pending,
)
from engine.export.table import Tick, decisions_table, free_columns, has_lines
from engine.review.policy import Outcome

UNREADABLE = "unreadable.jsonl"
UNSPLIT = "other"
"""The split of rows that belong to none, where others do."""
_NO_SPLIT_NAME = re.compile(r"[^A-Za-z0-9_]+")
CARD = "README.md"


@dataclass(slots=True)
class _Progress:
    """Counts rows, tells who asked, and stops when told to."""

    total: int
    report: Callable[[int, int], None] | None
    cancelled: Callable[[], bool] | None
    done: int = field(default=0)

    def tick(self, rows: int) -> None:
        self.done += rows
        if self.cancelled is not None and self.cancelled():
            raise Cancelled("export cancelled; nothing was written")
        if self.report is not None:
            self.report(self.done, self.total)


def export(
    state: ReviewState,
    plan: ExportPlan,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ExportReport:
    """Write the export that `plan` describes, whole or not at all.

    Args:
        state: the review; its arrays must not change while this runs.
        plan: where, which rows, in which form.
        progress: called with rows done and rows in all, after every chunk.
        cancelled: asked after every chunk.

    Raises:
        PendingRowsError: rows without an outcome, and the plan does not allow them.
        ExportError: the place is refused, cannot be written, or the source changed meanwhile.
        Cancelled: `cancelled` said so.
    """
    state = replace(state, applies_edits=plan.edits is Edited.APPLY)
    target = check_place(state, plan)
    check_pending(state, plan)
    before = _stamps(state.dataset)
    try:
        _ = state.dataset.fingerprint  # of what was opened, so before anything can change it
        with staged(target, plan) as folder:
            described = _write(state, plan, folder, progress, cancelled)
            if _stamps(state.dataset) != before:
                raise _changed(state.dataset)
    except InputError as error:
        raise ExportError(error.message, error.hint) from error
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ExportError(
            f"cannot write {plan.output}: {_cause(error)}",
            "free some space or choose another place; nothing was written",
        ) from error
    files = {name: file["size_bytes"] for name, file in described["files"].items()}
    files[MANIFEST] = (target / MANIFEST).stat().st_size
    return ExportReport(target, described["counts"], files, described)


def _write(
    state: ReviewState,
    plan: ExportPlan,
    folder: Path,
    progress: Callable[[int, int], None] | None,
    cancelled: Callable[[], bool] | None,
) -> dict[str, Any]:
    """Fill `folder` and return the manifest that is in it."""
    form = format_named(plan.format)
    unreadable = _unreadable_rows(state.dataset)
    parts = {outcome: state.written(outcome, plan.copies) for outcome in plan.keep.outcomes}
    again = 1 if form.write_table is None else 2
    total = sum(len(rows) for rows in parts.values()) + again * state.dataset.rows
    tick = _Progress(total, progress, cancelled).tick
    tick(0)
    extra = free_columns(state.dataset, plan)
    files: list[WrittenFile] = []
    row_files: list[RowFile] = []
    changes: dict[Conversion, None] = {}
    for outcome, all_rows in parts.items():
        rows = all_rows
        if outcome is Outcome.DROPPED:
            rows = np.setdiff1d(all_rows, unreadable, assume_unique=True)
        config = outcome.name.lower()
        for split, of_split in _by_split(state.dataset, rows).items():
            apart = f"-{split}" if len(state.dataset.splits) > 1 else ""
            path = folder / f"{config}{apart}{form.suffix}"
            written = form.write(path, state, of_split, extra, tick)
            changes |= dict.fromkeys(written.changes)
            files.append(seal(path, len(of_split)))
            row_files.append(RowFile(config, split, path.name, len(of_split), written.features))
    if len(unreadable) and Outcome.DROPPED in parts:
        path = folder / UNREADABLE
        _write_unreadable(path, state.dataset, unreadable, tick)
        files.append(seal(path, len(unreadable)))
    files.append(_write_decisions(state, folder / DECISIONS, tick))
    decided = RowFile("decisions", TRAIN, DECISIONS, state.dataset.rows, None)
    if form.write_table is not None:
        table, every = decisions_table(state), np.arange(state.dataset.rows)
        path = folder / f"decisions{form.suffix}"
        form.write_table(path, table, every, np.zeros(len(every), np.int32), tick)
        files.append(seal(path, len(every)))
        is_csv = form.suffix == ".csv"  # where lists are text
        named = None if is_csv else card_features(table.schema)
        decided = replace(decided, name=path.name, features=named)
    described = manifest(state, plan, files, len(unreadable), extra.weight, changes)
    _write_text(folder / CARD, card(described, plan, [*row_files, decided]))
    files = [*files, seal(folder / CARD, None)]
    described = manifest(state, plan, files, len(unreadable), extra.weight, changes)
    _write_text(folder / MANIFEST, json.dumps(described, indent=2, ensure_ascii=False) + "\n")
    seal(folder / MANIFEST, None)
    return described


def _by_split(dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Rows by the split that they belong to; those of none are together in one of their own.

    Names are made such as `datasets` allows.
    """
    if not dataset.splits:
        return {TRAIN: rows}
    origin = dataset.origin(Origin.SPLIT, rows).fill_null("")
    found: dict[str, NDArray[np.int64]] = {}
    for name in (*dataset.splits, ""):
        of_split = rows[np.asarray((origin == name).to_numpy(), np.bool_)]
        if name or len(of_split):
            split = _NO_SPLIT_NAME.sub("_", name) or UNSPLIT
            found[split] = np.sort(np.concatenate([found.get(split, of_split[:0]), of_split]))
    return found


def _unreadable_rows(dataset: Dataset) -> NDArray[np.int64]:
    """Rows of a JSON source that no reader can make a row of; their text is written apart."""
    broken = np.flatnonzero(dataset.broken) if has_lines(dataset) else np.zeros(0, np.int64)
    return np.array([row for row in broken.tolist() if not _is_json(dataset.raw(row))], np.int64)


def _is_json(raw: bytes | None) -> bool:
    """Whether a broken row is JSON all the same, if not a sample; None is a row of columns."""
    try:
        return raw is None or (len(raw) <= MAX_ROW_BYTES and bool(parse_record(raw)))
    except ValueError:
        return False


def _write_unreadable(path: Path, dataset: Dataset, rows: NDArray[np.int64], tick: Tick) -> None:
    """One JSON object a line for every unreadable row, its bytes as Base64 where not UTF-8."""
    with path.open("wb") as file:
        for row in rows.tolist():
            raw = dataset.raw(row) or b""
            line: dict[str, object] = {"row": row, "problem": dataset.problem(row)}
            try:
                line["text"] = raw.decode()
            except UnicodeDecodeError:
                line["base64"] = base64.b64encode(raw).decode()
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
            tick(1)


def _write_decisions(state: ReviewState, path: Path, tick: Callable[[int], None]) -> WrittenFile:
    rows: NDArray[np.int64] = np.arange(state.dataset.rows)
    write_parquet(path, decisions_table(state), rows, np.zeros(len(rows), np.int32), tick)
    return seal(path, len(rows))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace")


def _stamps(dataset: Dataset) -> list[tuple[int, int, int]]:
    """Inode, size and time of change of every file of the source.

    Raises:
        ExportError: a file is gone, or is not the one that was opened.
    """
    try:
        stats = [path.stat() for path in dataset.files]
    except OSError as error:
        raise _changed(dataset) from error
    for stat, opened in zip(stats, dataset.quick_print, strict=True):
        if (stat.st_size, stat.st_mtime_ns) != (opened.size_bytes, opened.modified_ns):
            raise _changed(dataset)
    return [(stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in stats]


def _changed(dataset: Dataset) -> ExportError:
    return ExportError(
        f"{dataset.path} changed while it was open",
        "open it again: verdicts are kept; nothing was written",
    )


def _cause(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0]
