"""`Store`: what the session remembers, and the promise that it is on disk.

One connection, guarded by one lock, serves the screen's thread and the scorer's: what takes
time (packing, unpacking, merging) happens outside it, so a decision never waits for more than
one block of scores.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.errors import StoreError
from engine.review.decision import Event, EventKind, SampleTable, StoredEvent
from engine.store import (
    cache,
    datasets,
    events,
    identity_tables,
    journal,
    packing,
    schema,
    searches,
    stored_orders,
)
from engine.store.cache import CachedScores, Failure, ScoreState
from engine.store.datasets import Bindable, BindState, KnownDataset
from engine.store.events import TakenOver
from engine.store.faults import explained
from engine.store.opening import Opened, open_reader, open_writer
from engine.store.searches import StoredSearch
from engine.store.stored_orders import StoredOrder

if TYPE_CHECKING:
    from engine.scoring.scorer import ScoreKey

_SPAN_SAMPLES = 65_536
"""Samples read at once from the history, about 2 MB; a larger bulk is read by itself."""

_BREATH_S = 0.001
"""Pause between two blocks of scores: a lock released and taken again at once wakes nobody."""


OCCURRENCES = "occurrences"
"""The setting that holds occurrences counted after an event was written, by its number."""


class Store:
    """One session file, open.

    Use `Store.open`; `close` when done, or use it as a context manager. Every method may be
    called from any thread.
    """

    def __init__(self, path: Path, opened: Opened, *, reviewer: str, read_only: bool) -> None:
        self.path = path
        self.reviewer = reviewer
        self.read_only = read_only
        self.warnings = opened.warnings
        self._connection = opened.connection
        self._release = opened.release
        self._guard = threading.RLock()
        self._digest = self._bound_reading = ""
        self._closed = False
        self._file = path.stat()
        self._logged = journal.is_logged(opened.connection)

    @classmethod
    def open(
        cls, path: Path, *, reviewer: str, read_only: bool = False, fresh: bool = False
    ) -> Store:
        """Open the session at `path`, made or migrated where needed.

        Args:
            path: the session file, see `session_path`.
            reviewer: who decides from now on.
            read_only: look on, beside someone who writes or where nothing can be written.
            fresh: forget everything in it first; means nothing with `read_only`.

        Raises:
            SessionLockedError: someone else is writing to it.
            StoreError: it is damaged, newer, another program's, or cannot be written.
        """
        real = Path(os.path.realpath(path))
        opened = open_reader(real) if read_only else open_writer(real, fresh=fresh)
        return cls(real, opened, reviewer=reviewer, read_only=read_only)

    def append(
        self,
        event: Event,
        identities: NDArray[np.uint8],
        occurrences: NDArray[np.uint32],
        samples: SampleTable | None = None,
    ) -> StoredEvent:
        """Write one event, a single decision or a bulk, and give it its number, time and reviewer.

        On return it is on disk, whole; on an error nothing of it is.

        Args:
            event: what was said; its rows are those of the dataset bound now.
            identities: of its samples.  (n, 16)
            occurrences: which of the identical samples each one is.  (n,)
            samples: all of the dataset, for a bulk; its rows are ascending then.

        Raises:
            StoreError: it was not saved: disk full, file gone, or opened read-only.
        """
        at_ms = _now_ms()
        said = events.storable_words(event.said)
        event = replace(event, said=said, at=events.instant(at_ms), who=self.reviewer)
        stored = StoredEvent(
            event, identities, occurrences, self._digest, self._bound_reading, samples=samples
        )
        encoded = events.encode(stored, at_ms)
        with self._writing("decision not saved", durable=True) as connection:
            number = events.insert(connection, stored, encoded)
        return replace(stored, event=replace(event, id=number))

    def append_given(self, given: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Write what others said about the dataset bound now, each with its own who and when.

        Where an event names no reviewer or time, it gets the present ones. All of it is written,
        or nothing.

        Returns:
            The events as they are on file, numbered.

        Raises:
            StoreError: it was not saved.
        """
        now_ms, written = _now_ms(), []
        with self._writing("verdicts not saved", durable=True) as connection:
            for each in given:
                event = each.event
                at_ms = events.milliseconds(event.at) if event.at else now_ms
                event = replace(
                    event, said=events.storable_words(event.said), at=events.instant(at_ms),
                    who=event.who or self.reviewer,
                )  # fmt: skip
                stored = replace(
                    each, event=event, dataset_digest=self._digest, reading=self._bound_reading
                )
                number = events.insert(connection, stored, events.encode(stored, at_ms))
                written.append(replace(stored, event=replace(event, id=number)))
        return written

    def take_over(self, dataset: KnownDataset, said: Iterable[TakenOver]) -> None:
        """Write what was said in other sessions of `dataset`, each with its own who and when.

        Events without a time get the present one. All of it is written, or nothing.

        Raises:
            StoreError: it was not saved.
        """
        with self._writing("sessions not merged", durable=True) as connection:
            datasets.take_over(connection, dataset)
            for each in said:
                event, undo = each.stored.event, each.undo
                at_ms = events.milliseconds(event.at) if event.at else _now_ms()
                number = events.insert(connection, each.stored, events.encode(each.stored, at_ms))
                if undo is not None:
                    back = replace(
                        event, kind=EventKind.UNDO, said=replace(event.said, values=None),
                        who=undo.who, about=number,
                    )  # fmt: skip
                    undoing = replace(each.stored, event=back)
                    encoded = events.encode(undoing, events.milliseconds(undo.at))
                    events.insert(connection, undoing, encoded)

    def latest_dataset(self) -> KnownDataset | None:
        """The dataset that this session was opened with last; None before the first.

        Raises:
            StoreError: what is known of it is damaged.
        """
        return next(iter(self.datasets()), None)

    def datasets(self) -> list[KnownDataset]:
        """Every dataset that this session was ever opened with, the latest first.

        Raises:
            StoreError: what is known of one is damaged.
        """
        try:
            with self._reading() as connection:
                return datasets.known(connection)
        except ValueError as error:
            raise self._damaged(f"a dataset ({error})") from error

    def score_keys(self) -> list[dict[str, Any]]:
        """The fields of every key that something was scored under."""
        with self._reading() as connection:
            return cache.keys(connection)

    def cached_score_count(self) -> int:
        """Scores in the cache, under any key; one that was scored again counts twice."""
        ((count,),) = self._rows("SELECT coalesce(sum(n), 0) FROM score_blocks", ())
        return int(count)

    def events(self, after: int = 0) -> Iterator[StoredEvent]:
        """The events in their order; those numbered above `after`, for a reader that follows.

        Raises:
            StoreError: an event is damaged.
        """
        right = self.get_setting(OCCURRENCES, {})
        samples_of = functools.lru_cache(maxsize=1)(self._samples)
        while sizes := self._rows(events.SIZES, (after,)):
            try:
                last = _span_end(sizes)
            except ValueError as error:
                raise self._damaged(f"the number of rows of an event ({error})") from error
            places = {values[0]: values for values in self._rows(events.PLACES, (after, last))}
            for values in self._rows(events.SPAN, (after, last)):
                try:
                    stored = events.decode(values, samples_of)
                    if (place := places.get(stored.event.id)) is not None:
                        stored = events.placed(stored, place)
                except ValueError as error:
                    raise self._damaged(f"event {values[0]} ({error})") from error
                if (known := right.get(str(stored.event.id))) is not None:
                    stored = replace(stored, occurrences=np.array(known, np.uint32))
                yield stored
            after = last

    def place(self, stored: Sequence[StoredEvent]) -> None:
        """Let `events` give these events of format 1 with the samples as they are known now.

        Raises:
            StoreError: it was not saved.
        """
        with self._writing("verdicts not brought to this format", durable=True) as connection:
            connection.executemany(events.PLACE, map(events.encode_place, stored))

    def correct_occurrences(self, right: Mapping[int, NDArray[np.uint32]]) -> None:
        """Let `events` give the events of these numbers with other occurrences.  Each (n,).

        An event is never changed, so what is right stands beside it, as a setting.

        Raises:
            StoreError: it was not saved.
        """
        known = self.get_setting(OCCURRENCES, {})
        more = {str(number): occurrences.tolist() for number, occurrences in right.items()}
        self.set_setting(OCCURRENCES, known | more)

    def cached_scores(self, key: ScoreKey) -> CachedScores:
        """All scores under `key`, with all that is known of each.

        Raises:
            StoreError: the cache cannot be read.
        """
        while True:
            blocks = self._block_ids(key)
            try:
                return cache.merge([self._block(block) for block in blocks])
            except LookupError as error:
                # The desk that was open on this file may have put its blocks together meanwhile.
                if self._block_ids(key) == blocks:
                    raise self._damaged(f"scores ({error})") from error
            except ValueError as error:
                raise self._damaged(f"scores ({error})") from error

    def add_scores(
        self,
        key: ScoreKey,
        identities: NDArray[np.uint8],
        scores: NDArray[np.float32],
        tokens: NDArray[np.int32],
        truncated: NDArray[np.bool_],
        lengths: NDArray[np.int32] | None = None,
        states: NDArray[np.uint8] | None = None,
        details: NDArray[np.object_] | None = None,
    ) -> None:
        """Add scores under `key`; a NaN that was not given as an answer is no score and left out.

        A killed process loses none of them, a power cut perhaps the last seconds.

        Args:
            key: scorer, revision and all else that a score depends on.
            identities: the samples.  (n, 16)
            scores: their scores.  (n,)
            tokens: how many of each the scorer read.  (n,)
            truncated: whether the scorer saw only a part.  (n,)
            lengths: tokens of all of each; by default unknown where it was truncated.  (n,)
            states: of `ScoreState`; by default all are scored.  (n,)
            details: what the scorer said of each, as a JSON object or None.  (n,)

        Raises:
            StoreError: they were not saved.
        """
        given = CachedScores.of(identities, scores, tokens, truncated, lengths, states, details)
        answered = ~np.isnan(scores) | (given.states == ScoreState.NOT_JUDGED)
        for number, block in enumerate(given.take(answered).blocks()):
            if number:
                time.sleep(_BREATH_S)
            with self._writing("scores not saved", durable=False) as connection:
                cache.insert(connection, cache.require_key(connection, key), block)

    def add_failures(
        self, key: ScoreKey, identities: NDArray[np.uint8], failures: Sequence[Failure]
    ) -> None:
        """Note under `key` what could not be scored; a score of the sample takes it away again.

        Args:
            key: as of `add_scores`.
            identities: the samples.  (n, 16)
            failures: of each.  (n,)

        Raises:
            StoreError: they were not saved.
        """
        with self._writing("failures not saved", durable=False) as connection:
            number = cache.require_key(connection, key)
            cache.add_failures(connection, number, identities, failures, _now_ms())

    def failures(self, key: ScoreKey) -> dict[bytes, Failure]:
        """What could not be scored under `key`, by identity.

        Raises:
            StoreError: the session cannot be read.
        """
        with self._reading() as connection:
            number = cache.key_id(connection, key)
            return {} if number is None else cache.failures(connection, number)

    def search(self, settings: str) -> StoredSearch | None:
        """The last result of a search under these settings; `search_array` reads its arrays.

        Raises:
            StoreError: the session cannot be read.
        """
        with self._reading() as connection:
            return searches.newest(connection, settings)

    def search_array(self, search: StoredSearch, name: str) -> NDArray[Any]:
        """One array of a result, read-only where it is in one part.

        Raises:
            StoreError: it is damaged, or another result has taken its place.
        """
        with self._reading() as connection:
            try:
                return searches.array(connection, search.id, name)
            except ValueError as error:
                raise self._damaged(f"duplicates ({error})") from error

    def keep_search(
        self,
        settings: str,
        content: str,
        similarity: float,
        fields: Mapping[str, Any],
        arrays: Mapping[str, NDArray[Any]],
    ) -> None:
        """Keep the result of a search in place of earlier ones under the same settings.

        Args:
            settings: digest of what it depends on besides content and similarity.
            content: digest of what was searched.
            similarity: from where on, in (0, 1].
            fields: what else is to be known of it; JSON values.
            arrays: by name.

        Raises:
            StoreError: it was not saved.
        """
        doing = "duplicates not saved"
        with self._writing(doing, durable=False) as connection:
            number = searches.begin(connection, settings, content, similarity, fields)
        for name, whole in arrays.items():
            for part, piece in enumerate(searches.parts(whole)):
                with self._writing(doing, durable=False) as connection:
                    searches.add_part(connection, number, name, part, piece)
                time.sleep(_BREATH_S)
        with self._writing(doing, durable=False) as connection:
            searches.finish(connection, number, settings)

    def get_setting(self, name: str, default: Any = None) -> Any:
        """The value last set under `name`.

        Raises:
            StoreError: it is damaged.
        """
        found = self._rows("SELECT value FROM settings WHERE name = ?", (name,))
        try:
            return json.loads(found[0][0]) if found else default
        except (ValueError, TypeError) as error:
            raise self._damaged(f"the setting {name!r}") from error

    def settings(self) -> dict[str, Any]:
        """Every value by its name.

        Raises:
            StoreError: one is damaged.
        """
        try:
            found = self._rows("SELECT name, value FROM settings", ())
            for name, _ in found:
                packing.check_kinds((name,), (str,))
            return {name: json.loads(value) for name, value in found}
        except (ValueError, TypeError) as error:
            raise self._damaged("a setting") from error

    def set_setting(self, name: str, value: Any) -> None:
        """Remember a JSON value; survives a kill at once, a power cut after the next decision.

        Raises:
            StoreError: it was not saved.
        """
        with self._writing("setting not saved", durable=False) as connection:
            connection.execute(
                "INSERT INTO settings (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, json.dumps(value)),
            )

    def add_order(self, order: StoredOrder) -> StoredOrder:
        """Write a review order and give it its number and time; on disk when this returns.

        One that does not last takes the place of the one before it.

        Raises:
            StoreError: it was not saved.
        """
        at_ms = _now_ms()
        with self._writing("review order not saved", durable=order.lasting) as connection:
            number = stored_orders.insert(
                connection,
                order,
                at_ms=at_ms,
                who=self.reviewer,
                digest=self._digest,
                reading=self._bound_reading,
            )
        return replace(
            order, id=number, at=events.instant(at_ms), who=self.reviewer,
            dataset_digest=self._digest, reading=self._bound_reading,
        )  # fmt: skip

    def order(self, number: int) -> StoredOrder | None:
        """The review order `number`; None where it is not on file.

        Raises:
            StoreError: it is damaged.
        """
        try:
            with self._reading() as connection:
                return stored_orders.one(connection, number)
        except ValueError as error:
            raise self._damaged(f"review order {number} ({error})") from error

    def lasting_orders(self) -> list[StoredOrder]:
        """Every review order that stays on file, oldest first.

        Raises:
            StoreError: one is damaged.
        """
        try:
            with self._reading() as connection:
                return stored_orders.lasting(connection)
        except ValueError as error:
            raise self._damaged(f"review orders ({error})") from error

    def bind(self, dataset: Bindable) -> BindState:
        """Take the dataset that decisions from now on are about; tell if it is another one.

        Read-only, nothing is remembered.

        Raises:
            StoreError: it was not saved.
        """
        fingerprint, previous = dataset.fingerprint, self.latest_dataset()
        if not self.read_only:
            with self._writing("dataset not remembered", durable=True) as connection:
                datasets.remember(connection, fingerprint, _now_ms())
        self._digest, self._bound_reading = fingerprint.digest, fingerprint.reading
        return BindState(fingerprint.digest, previous)

    def close(self) -> None:
        """Tidy up and let go of the file; again is nothing.

        Closing never fails: what was acknowledged is on disk already, and tidying is tried
        again next time.
        """
        with self._guard:
            if self._closed:
                return
            self._closed = True
            if not self.read_only:
                with contextlib.suppress(sqlite3.Error, ValueError):
                    self._tidy()
            self._connection.close()
            self._release()

    def _tidy(self) -> None:
        if self._in_place():
            with schema.transaction(self._connection):
                cache.compact(self._connection)
            journal.rest(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self, doing: str, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """One transaction; `doing` is how the person is told that it failed."""
        with self._guard, explained(self.path, doing):
            self._check_writable(doing)
            if self._logged:
                # With a log, NORMAL may lose the last commits to a power cut but never damages
                # the file, and the next FULL commit makes all before it durable too.
                level = "FULL" if durable else "NORMAL"
                self._connection.execute(f"PRAGMA synchronous = {level}")
            with schema.transaction(self._connection):
                yield self._connection

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._guard, explained(self.path, "session not read"):
            self._check_open("session not read")
            yield self._connection

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._reading() as connection:
            return connection.execute(statement, values).fetchall()

    def _block_ids(self, key: ScoreKey) -> list[int]:
        with self._reading() as connection:
            number = cache.key_id(connection, key)
            return [] if number is None else cache.block_ids(connection, number)

    def _samples(self, number: int) -> SampleTable:
        with self._reading() as connection:
            return identity_tables.read(connection, number)

    def _block(self, number: int) -> CachedScores:
        with self._reading() as connection:
            return cache.read(connection, number)

    def _check_open(self, doing: str) -> None:
        if self._closed:
            raise StoreError(f"{doing}: the session is closed: {self.path}")

    def _check_writable(self, doing: str) -> None:
        """Refuse what would seem to be saved and would not be."""
        self._check_open(doing)
        if self.read_only:
            raise StoreError(
                f"{doing}: the session was opened read-only: {self.path}",
                "open it without --read-only to decide",
            )
        if not self._in_place():
            raise StoreError(
                f"{doing}: the session file was moved or removed while open: {self.path}",
                "put it back, or quit and open it where it is now",
            )

    def _in_place(self) -> bool:
        """Whether the path still leads to the open file; SQLite would write to it regardless."""
        try:
            return os.path.samestat(self.path.stat(), self._file)
        except OSError:
            return False

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"{what} cannot be read, the file is damaged: {self.path}",
            "restore it from a copy, or start anew with --session PATH",
        )


def _span_end(sizes: list[tuple[int, int]]) -> int:
    """The last event to read together with the first: as many as `_SPAN_SAMPLES` allows.

    Raises:
        ValueError: a size is no number.
    """
    for values in sizes:
        packing.check_kinds(values, (int, int))
    (last, total), *more = sizes
    for number, count in more:
        total += count
        if total > _SPAN_SAMPLES:
            break
        last = number
    return last


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
