"""Searches for duplicates in the background: what a session file knows already is not searched.

One thread takes one part of the samples after the other. It can be stopped at any time, and goes
on where it was. What it finds is there as soon as it is found.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
from numpy.typing import NDArray

from engine.dataset import Dataset
from engine.duplicates.archive import (
    NAMES,
    Content,
    from_arrays,
    signature_arrays,
    still_good,
    to_arrays,
)
from engine.duplicates.finder import Finder, KnownSignatures
from engine.duplicates.large import LargeComponents
from engine.duplicates.lookup import Lookup
from engine.duplicates.matches import Matches
from engine.duplicates.meaning import MeaningFinder, load, meaning_digest
from engine.duplicates.settings import Settings, Unit
from engine.duplicates.texts import compared_texts
from engine.errors import Cancelled, StoreError, TamisError
from engine.giving_way import GivingWay
from engine.scoring.status import one_line
from engine.store import Store

WAIT_S = 0.05
"""How often someone who waits for the search is told how far it is."""


class SearchState(StrEnum):
    """Where the search is."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPED = "stopped"
    FAILED = "failed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class SearchStatus:
    """How far the search is."""

    state: SearchState
    what: str = ""
    """What is being done."""
    done: int = 0
    """Rows."""
    total: int = 0
    """Rows."""
    error: str = ""
    """Why it failed."""
    unit: Unit = Unit.BOTH
    """The part of the samples that is being compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What is known of one part: a whole search, or one that still runs."""

    matches: Matches
    large: LargeComponents | None = None

    def reaches(self, similarity: float) -> bool:
        """Whether every pair from this similarity on is known."""
        return self.matches.is_complete and self.matches.settings.similarity <= similarity


@dataclass(slots=True)
class _Search:
    """A part that is being looked at: from its texts to a search that was begun."""

    texts: pl.Series
    content: Content
    finder: Finder | None = None


class Searches:
    """See the module's docstring; one per session."""

    def __init__(
        self,
        dataset: Dataset,
        store: Store,
        giving_way: GivingWay,
        notices: list[str],
        changed: Callable[[], None],
        texts: Callable[[], pl.DataFrame],
    ) -> None:
        """Prepare; nothing is searched.

        Args:
            dataset: whose rows.
            store: keeps what was found.
            giving_way: lets the screen go first.
            notices: where it is told that something could not be kept.
            changed: called whenever more has been found, in the thread of the search.
            texts: columns prompt, response, rejected of every row, as they read now.
        """
        self._dataset, self._store, self._giving_way = dataset, store, giving_way
        self._notices, self._changed, self._texts = notices, changed, texts
        self.found: dict[Unit, Found] = {}
        """By part; grows while a search runs."""
        self.outdated: set[Unit] = set()
        """Parts of which texts have changed since they were found."""
        self.status = SearchStatus(SearchState.IDLE)
        self._begun: dict[Unit, _Search] = {}
        self._meaning: tuple[object, MeaningFinder] | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def running(self) -> bool:
        """Whether the thread is at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, wanted: Sequence[Settings], then: Callable[[], None]) -> None:
        """Search in the background for what is not known yet; goes on where it was stopped.

        Args:
            wanted: one for each part, in the order in which they are searched.
            then: called in the same thread at the end of all of them.
        """
        jobs = [partial(self._know, settings) for settings in wanted]
        self._start([*jobs, then])

    def start_meaning(self, settings: Settings, folder: Path) -> None:
        """Compare whole samples by meaning in the background; goes on where it was stopped.

        Args:
            settings: of `Unit.MEANING`; the similarity is a cosine.
            folder: of the embedding model.
        """
        self._start([partial(self._know_meaning, settings, folder)])

    def _start(self, jobs: Sequence[Callable[[], None]]) -> None:
        self.stop()
        self._stop.clear()
        self.status = SearchStatus(SearchState.RUNNING, "reading", 0, self._dataset.rows)
        self._thread = threading.Thread(
            target=self._run, args=(jobs,), name="duplicates", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop; starting again goes on. Safe to call at any time."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    def wait(self, tick: Callable[[SearchStatus], None]) -> SearchStatus:
        """Wait for the end of the search, telling how far it is.

        Args:
            tick: called from time to time, and at the end.
        """
        thread = self._thread
        while thread is not None and thread.is_alive():
            tick(self.status)
            thread.join(WAIT_S)
        tick(self.status)
        return self.status

    def recall(self, settings: Settings) -> bool:
        """Take what the session file knows of one part; False where that is not all of it."""
        found = self.found.get(settings.unit)
        fresh = settings.unit not in self.outdated
        if fresh and found is not None and found.reaches(settings.similarity):
            return True
        return self._recall(settings.digest(), settings)

    def _recall(self, digest: str, settings: Settings) -> bool:
        stored = self._store.search(digest)
        if stored is None or stored.similarity > settings.similarity:
            return False
        part = self._part(settings.unit)
        if stored.content != part.content.digest:
            return False
        arrays = {name: self._store.search_array(stored, name) for name in NAMES}
        settings = replace(settings, similarity=stored.similarity)
        self._take(from_arrays(settings, arrays), part.texts)
        return True

    def lookup(self, settings: Settings) -> Lookup | None:
        """An index over the signatures that the session file holds, for rows that change.

        Filling it takes about ten times as long as the search did: to be made in the background.

        Args:
            settings: of whole samples; the index finds what is so similar.

        Returns:
            None where no search of the dataset as it is now is kept with its signatures.

        Raises:
            StoreError: they cannot be read.
        """
        stored = self._store.search(settings.digest())
        part = self._part(settings.unit)
        kept = stored is not None and stored.fields.get("signatures")
        if stored is None or not kept or stored.content != part.content.digest:
            return None
        signatures = self._store.search_array(stored, "signatures")
        return Lookup(settings, signatures, part.texts)

    def outdate(self) -> None:
        """Let all that was found be of earlier texts; only while no search runs."""
        self._begun.clear()
        self.outdated = set(self.found)

    def forget(self, unit: Unit) -> None:
        """Let nothing be known of one part; only while no search runs."""
        self.found.pop(unit, None)
        self._begun.pop(unit, None)

    # -- in the thread -----------------------------------------------------------------------

    def _run(self, jobs: Sequence[Callable[[], None]]) -> None:
        rows = self._dataset.rows
        try:
            for job in jobs:
                job()
        except Cancelled:
            done = self.status
            self.status = SearchStatus(
                SearchState.STOPPED, "stopped", done.done, rows, unit=done.unit
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the review goes on
            self._begun.clear()
            why = str(error) if isinstance(error, TamisError) else one_line(error)
            self.status = SearchStatus(SearchState.FAILED, error=why)
        else:
            self.status = SearchStatus(SearchState.DONE, "done", rows, rows)
        self._changed()

    def _know(self, settings: Settings) -> None:
        known = False
        try:
            known = self.recall(settings)
        except StoreError as error:
            self._tell_once(error)
        if not known:
            self._search(settings)

    def _know_meaning(self, settings: Settings, folder: Path) -> None:
        digest = meaning_digest(settings, folder)
        try:
            if self._recall(digest, settings):
                return
        except StoreError as error:
            self._tell_once(error)
        part = self._part(settings.unit)
        known = self._meaning
        if known is None or known[0] != (digest, settings):
            finder = MeaningFinder(part.texts, settings, load(folder))
            known = self._meaning = ((digest, settings), finder)
        matches = known[1].run(
            progress=self._teller(settings.unit),
            cancelled=self._stop.is_set,
            give_way=self._giving_way.wait,
        )
        self._meaning = None
        self._take(matches, part.texts)
        self._keep(digest, settings, part.content, matches, {})

    def _teller(self, unit: Unit) -> Callable[[str, int, int], None]:
        def tell(what: str, done: int, total: int) -> None:
            self.status = SearchStatus(SearchState.RUNNING, what, done, total, unit=unit)

        return tell

    def _search(self, settings: Settings) -> None:
        unit = settings.unit
        part = self._part(unit)
        if part.finder is None or part.finder.settings != settings:
            part.finder = Finder(part.texts, settings, self._signatures(settings, part.content))
        finder = part.finder
        tell = self._teller(unit)
        tell("reading", finder.done, finder.rows)
        matches = finder.run(
            progress=tell,
            cancelled=self._stop.is_set,
            found=self._found_so_far,
            give_way=self._giving_way.wait,
        )
        self._take(matches, part.texts)
        tell("keeping", finder.rows, finder.rows)
        signatures = signature_arrays(finder, part.content)
        self._keep(settings.digest(), settings, part.content, matches, signatures)

    def _part(self, unit: Unit) -> _Search:
        known = self._begun.get(unit)
        if known is None:
            texts = compared_texts(self._texts(), unit, self._dataset.broken)
            known = self._begun[unit] = _Search(texts, Content.of(texts))
        return known

    def _signatures(self, settings: Settings, content: Content) -> KnownSignatures | None:
        """Those that the session file holds of the same texts."""
        try:
            stored = self._store.search(settings.digest())
            if stored is None or not stored.fields.get("signatures"):
                return None
            old = Content(
                self._store.search_array(stored, "texts"),
                self._store.search_array(stored, "compared"),
            )
            return still_good(old, self._store.search_array(stored, "signatures"), content)
        except StoreError as error:
            self._tell_once(error)
            return None

    def _found_so_far(self, matches: Matches) -> None:
        known = self.found.get(matches.settings.unit)
        # What an earlier search has found of all rows says more than the first rows do.
        if known is None or not known.matches.is_complete:
            self._take(matches, None)

    def _take(self, matches: Matches, texts: pl.Series | None) -> None:
        large = None
        if matches.large and texts is not None:
            large = LargeComponents(texts, matches.settings, matches.large)
        self.found[matches.settings.unit] = Found(matches, large)
        if matches.is_complete:
            self._begun.pop(matches.settings.unit, None)
            self.outdated.discard(matches.settings.unit)
        self._changed()

    def _keep(
        self,
        digest: str,
        settings: Settings,
        content: Content,
        matches: Matches,
        signatures: Mapping[str, NDArray[Any]],
    ) -> None:
        if self._store.read_only:
            return
        fields = {**settings.fields(), "rows": matches.rows, "signatures": bool(signatures)}
        try:
            self._store.keep_search(
                digest,
                content.digest,
                settings.similarity,
                fields,
                {**to_arrays(matches), **signatures},
            )
        except StoreError as error:
            self._tell_once(error)

    def _tell_once(self, error: StoreError) -> None:
        if str(error) not in self._notices:
            self._notices.append(str(error))
