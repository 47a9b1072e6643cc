"""What `tamis info` says of a dataset, as plain values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.dataset.dataset import Dataset, Origin
from engine.errors import Cancelled
from engine.sample import Family, Role

CHUNK_ROWS = 4096

FLAT = (Family.ALPACA, Family.PROMPT_RESPONSE, Family.PROMPT, Family.TEXT, Family.OTHER)
"""Families without system or tool turns: their rows need not be read for the count."""


def describe(dataset: Dataset, cancelled: Callable[[], bool] | None = None) -> dict[str, Any]:
    """Family, columns used, rows, problems, the longest sample, system and tool turns.

    Returns:
        JSON values. `rows` counts every row of the source, the broken ones too; `problems` holds
        at most 1,000 of `problems_total`.

    Raises:
        Cancelled: `cancelled` said so.
    """
    system, tool = _turns(dataset, cancelled)
    longest = int(np.argmax(dataset.lengths)) if dataset.rows else None
    return {
        "path": str(dataset.path),
        "name": dataset.name,
        "family": dataset.family.value,
        "families": {family.value: rows for family, rows in dataset.families.items()},
        "format": dataset.layout,
        "files": len(dataset.files),
        "splits": _rows_of(dataset, Origin.SPLIT, dataset.splits),
        "configs": _rows_of(dataset, Origin.CONFIG, dataset.configs),
        "columns": dataset.columns.used(),
        "all_columns": list(dataset.column_names),
        "rows": dataset.rows,
        "source_rows": dataset.source_row_count,
        "broken": int(np.count_nonzero(dataset.broken)),
        "longest": None
        if longest is None
        else {"row": longest, "characters": int(dataset.lengths[longest])},
        "system_turns": system,
        "tool_turns": tool,
        "problems": [
            {"file": problem.file, "line": problem.line, "row": problem.row, "cause": problem.cause}
            for problem in dataset.problems
        ],
        "problems_total": dataset.problems_total,
    }


def _rows_of(dataset: Dataset, of: Origin, names: tuple[str, ...]) -> dict[str, int]:
    """Rows of each split or configuration."""
    origin = dataset.origin(of)
    return {name: int((origin == name).sum()) for name in names}


def _turns(dataset: Dataset, cancelled: Callable[[], bool] | None) -> tuple[int, int]:
    """System and tool turns over all samples."""
    if all(family in FLAT for family in dataset.families):
        return 0, 0
    system = tool = 0
    for start in range(0, dataset.rows, CHUNK_ROWS):
        if cancelled is not None and cancelled():
            raise Cancelled
        rows = np.arange(start, min(start + CHUNK_ROWS, dataset.rows), dtype=np.int64)
        for sample in dataset.samples(rows):
            for turn in sample.turns:
                system += turn.role is Role.SYSTEM
                tool += turn.role is Role.TOOL
    return system, tool
