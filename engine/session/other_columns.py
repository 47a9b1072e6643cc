"""The columns of a dataset beside those that samples are read from: names, values, frequent ones.

A name may lead into a column (`meta.source`). What columns hold is looked up in the first rows
once, for their widths and the names of their members.
"""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine.dataset.dataset import Dataset
from engine.dataset.nested import member_names
from engine.dataset.reading.cells import bytes_hash, path_in, value_at
from engine.dataset.reading.rows import Columns
from engine.errors import InputError, TamisError
from engine.sample import Family

LOOKED_AT_ROWS = 64
"""Of the first file; what they hold is enough for names and widths."""

KEPT_ROWS = 256
"""Rows whose columns are held: those on screen, and those that were."""

LEAST_CELLS, MOST_CELLS = 4, 20
"""Of a column of the table that nobody gave a width."""

MOST_MEMBERS = 300
"""Names inside of columns that lists offer."""

WAITING_S = 0.05

Frequent = Callable[[str, Callable[[], bool]], Sequence[str]]
"""Finds the frequent values of a column, as a filter has them; asks whether to stop."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What a column holds, by its first rows."""

    is_number: bool
    cells: int
    """What most values take."""
    example: str = ""


class OtherColumns:
    """See the module's docstring; one per session. Safe to call from another thread."""

    def __init__(self, dataset: Dataset) -> None:
        """Of `dataset`."""
        self._dataset = dataset
        self._rows: OrderedDict[int, Mapping[str, Any]] = OrderedDict()
        self._looks: dict[str, Looks] = {}
        self._lock = threading.Lock()

    @cached_property
    def _head(self) -> list[dict[str, Any]]:
        shard = self._dataset.shards[0]
        try:
            return shard.records(np.arange(min(shard.rows, LOOKED_AT_ROWS), dtype=np.int64))
        except InputError:  # changed in place: its texts are still there
            return []

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """The members of columns that hold objects, by column."""
        return member_names(self._head)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All columns that no sample is read from, each followed by its members."""
        dataset = self._dataset
        used = set() if dataset.family is Family.OTHER else _roots(dataset.columns)
        return self._with_members([name for name in dataset.all_column_names if name not in used])

    @cached_property
    def all_names(self) -> tuple[str, ...]:
        """All columns, each followed by its members."""
        return self._with_members(self._dataset.all_column_names)

    def _with_members(self, names: Sequence[str]) -> tuple[str, ...]:
        inner = sum((self.members.get(name, ()) for name in names), ())[:MOST_MEMBERS]
        offered = set(inner)
        found: list[str] = []
        for name in names:
            found.append(name)
            found += [each for each in self.members.get(name, ()) if each in offered]
        return tuple(dict.fromkeys(found))

    def value(self, row: int, name: str) -> Any:
        """What a row has in a column; None where there is nothing."""
        return value_at(self._record(row), name)

    def of_row(self, row: int) -> tuple[tuple[str, str], ...]:
        """Names and values of a row's other columns, as text."""
        if self._dataset.family is Family.OTHER or not self.names:
            return ()
        _, columns = self._dataset.spelling_of(row)
        record = _without(self._record(row), columns)
        return tuple((str(name), value_text(value)) for name, value in record.items())

    def looks(self, name: str) -> Looks:
        """What a column holds."""
        known = self._looks.get(name)
        if known is None:
            found = [value_at(record, name) for record in self._head]
            known = self._looks[name] = _looks([each for each in found if each is not None])
        return known

    def _record(self, row: int) -> Mapping[str, Any]:
        with self._lock:
            if (known := self._rows.get(row)) is not None:
                self._rows.move_to_end(row)
                return known
        record = self._dataset.record(row)
        with self._lock:
            self._rows[row] = record
            while len(self._rows) > KEPT_ROWS:
                self._rows.popitem(last=False)
        return record


class FrequentValues:
    """Frequent values of columns, counted in a thread when they are first asked for."""

    def __init__(self, count: Frequent) -> None:
        """Found by `count`."""
        self._count = count
        self._known: dict[str, Sequence[str]] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._closing = threading.Event()

    def get(self, name: str) -> Sequence[str]:
        """Those of a column; none while they are still counted."""
        if name not in self._known and name not in self._threads and not self._closing.is_set():
            thread = threading.Thread(target=self._find, args=(name,), name="frequent", daemon=True)
            self._threads[name] = thread
            thread.start()
        return self._known.get(name, ())

    def settle(self, cancelled: Callable[[], bool] = lambda: False) -> None:
        """Wait until all that were asked for are there, or nobody waits any more."""
        for thread in list(self._threads.values()):
            while thread.is_alive() and not cancelled():
                thread.join(WAITING_S)

    def stop(self) -> None:
        """Count no more; waits for what is under way."""
        self._closing.set()
        for thread in list(self._threads.values()):
            thread.join()

    def _find(self, name: str) -> None:
        try:
            self._known[name] = self._count(name, self._closing.is_set)
        except TamisError:  # a file that was changed, or the session is closing: nothing to offer
            self._known[name] = ()


def value_text(value: Any) -> str:
    """A value as text: nested ones as JSON, bytes by their hash."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return _hashed(value)
    try:
        return json.dumps(value, ensure_ascii=False, default=_hashed)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def cell_text(value: Any) -> str:
    """The same for a cell of the table: blank where there is none, numbers in six digits."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value_text(value)


def _hashed(value: Any) -> str:
    return f"blake2b:{bytes_hash(value)}" if isinstance(value, bytes) else str(value)


def _looks(values: Sequence[Any]) -> Looks:
    if not values:
        return Looks(is_number=False, cells=LEAST_CELLS)
    sizes = sorted(len(cell_text(value)) for value in values)
    most = sizes[int(0.9 * (len(sizes) - 1))]
    numbers = all(
        isinstance(value, int | float) and not isinstance(value, bool) for value in values
    )
    cells = min(max(most, LEAST_CELLS), MOST_CELLS)
    return Looks(numbers, cells, cell_text(values[0]))


def _roots(columns: Columns) -> set[str]:
    """The columns that are parts of a sample as a whole: of a nested one there may be a rest."""
    return set(columns.used().values())


def _without(record: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """A row without what its sample is read from."""
    left = dict(record)
    for name in columns.used().values():
        path = path_in(record, name)
        if path is None:
            continue
        root, *steps = path
        if not steps:
            left.pop(str(root), None)
            continue
        value = left.get(str(root))
        if len(steps) > 1 or not isinstance(value, dict):
            left.pop(str(root), None)
            continue
        rest = {key: each for key, each in value.items() if key != steps[0]}
        left[str(root)] = rest
        if not rest:
            left.pop(str(root))
    return left
