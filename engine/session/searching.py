"""Searches for duplicates in the background: what a session file knows already is not searched.

One thread takes one part of the samples after the other. It can be stopped at any time, and goes
on where it was. What it finds is there as soon as it is found.

Starting a search never waits: a new thread takes over from the one at work, waits for its end, and
goes on with what is still wanted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import polars as pl
from numpy.typing import NDArray

from engine.dataset.dataset import Dataset
from engine.duplicates.archive import (
    NAMES,
    Content,
    from_arrays,
    signature_arrays,
    still_good,
    to_arrays,
)
from engine.duplicates.clusters import Clusters
from engine.duplicates.content import PairContent, judged
from engine.duplicates.finder import Finder, KnownSignatures
from engine.duplicates.large import LargeComponents
from engine.duplicates.matches import Matches
from engine.duplicates.meaning import MeaningFinder, load, meaning_digest
from engine.duplicates.settings import ComparedUnit, SearchSettings
from engine.duplicates.texts import compared_texts
from engine.errors import Cancelled, StoreError, TamisError
from engine.scoring.worker.status import one_line
from engine.store import Store
from engine.ui_priority import UiPriority

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
    unit: ComparedUnit = ComparedUnit.BOTH
    """The part of the samples that is being compared."""


@dataclass(slots=True, eq=False)
class Found:
    """What is known of one part: a whole search, or one that still runs."""

    matches: Matches
    content: PairContent | None = None
    """Tells what pairs differ in; None while the search runs."""
    large: LargeComponents | None = None
    cut: tuple[object, Clusters] | None = None
    """The clusters cut last, behind what they were cut at."""

    def reaches(self, similarity: float) -> bool:
        """Whether every pair from this similarity on is known."""
        return self.matches.is_complete and self.matches.settings.similarity <= similarity


@dataclass(slots=True)
class _Search:
    """A part that is being looked at: from its texts to a search that was begun."""

    edition: int
    """Of the texts: an edit makes another one."""
    frame: pl.DataFrame
    texts: pl.Series
    content: Content
    finder: Finder | None = None
    meaning: tuple[object, MeaningFinder] | None = None
    """Behind what tells model and settings."""


class Searches:
    """See the module's docstring; one per session."""

    def __init__(
        self,
        dataset: Dataset,
        store: Store,
        ui_priority: UiPriority,
        notices: list[str],
        texts: Callable[[], pl.DataFrame],
        settings_of: Callable[[ComparedUnit], SearchSettings],
        prepare: Callable[[ComparedUnit, Found], object],
        known: Callable[[ComparedUnit], None],
        changed: Callable[[], None],
    ) -> None:
        """Prepare; nothing is searched.

        Args:
            dataset: whose rows.
            store: keeps what was found.
            ui_priority: lets the screen go first.
            notices: where it is told that something could not be kept.
            texts: columns prompt, response, rejected of every row, as they read now.
            settings_of: how a part is compared; asked when its turn comes.
            prepare: given what was found before anybody else sees it, in the thread of the search.
            known: called when all of a part is known, in the same thread.
            changed: called whenever there is more to see.
        """
        self._dataset, self._store, self._ui_priority = dataset, store, ui_priority
        self._notices, self._texts, self._settings_of = notices, texts, settings_of
        self._prepare, self._known, self._changed = prepare, known, changed
        self.found: dict[ComparedUnit, Found] = {}
        """By part; grows while a search runs."""
        self.outdated: set[ComparedUnit] = set()
        """Parts of which texts have changed since they were found."""
        self.wanted: set[ComparedUnit] = set()
        """Parts that the search at work has not finished."""
        self.status = SearchStatus(SearchState.IDLE)
        self.model: Path | None = None
        """The folder of the embedding model that rows are compared by meaning with."""
        self._begun: dict[ComparedUnit, _Search] = {}
        self._edition = 0
        self._lock = threading.RLock()
        """Held for a moment, by threads that start and stop, and by the one at work."""
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        """Of the search started last: each has its own."""

    def start(self, units: Iterable[ComparedUnit]) -> None:
        """Search in the background for these parts, and for what is wanted still.

        Returns at once. What is known is not searched; what was begun goes on.
        """
        with self._lock:
            self.wanted.update(units)
            self._stop.set()
            self._stop = threading.Event()
            self.status = SearchStatus(SearchState.RUNNING, "comparing", 0, self._dataset.rows)
            self._thread = threading.Thread(
                target=self._run, args=(self._stop, self._thread), name="duplicates", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for the end of it; starting again goes on. Safe to call at any time."""
        with self._lock:
            self._stop.set()
            self.wanted.clear()
            thread = self._thread
        if thread is not None:
            thread.join()

    def wait(self, tick: Callable[[SearchStatus], None]) -> SearchStatus:
        """Wait for the end of the search, telling how far it is.

        Args:
            tick: called from time to time, and at the end.
        """
        while (thread := self._thread) is not None and thread.is_alive():
            tick(self.status)
            thread.join(WAIT_S)
        tick(self.status)
        return self.status

    def recall(self, settings: SearchSettings) -> bool:
        """Take what the session file knows of one part; False where that is not all of it."""
        found = self.found.get(settings.unit)
        fresh = settings.unit not in self.outdated
        if fresh and found is not None and found.reaches(settings.similarity):
            return True
        return self._recall(settings.digest(), settings)

    def _recall(self, digest: str, settings: SearchSettings) -> bool:
        stored = self._store.search(digest)
        if stored is None or stored.similarity > settings.similarity:
            return False
        part = self._part(settings.unit)
        if stored.content != part.content.digest:
            return False
        arrays = {name: self._store.search_array(stored, name) for name in NAMES}
        settings = replace(settings, similarity=stored.similarity)
        self._take(from_arrays(settings, arrays), part)
        return True

    def outdate(self) -> None:
        """Texts have changed: search again what was found and what is wanted; returns at once.

        Only a comparison by meaning that has ended is left as it is.
        """
        with self._lock:
            self._edition += 1
            self.outdated = set(self.found)
            units = self.wanted | self.outdated - {ComparedUnit.MEANING}
            if units:
                self.start(units)

    def forget(self, unit: ComparedUnit) -> None:
        """Let nothing be known of one part; only while no search runs."""
        self.found.pop(unit, None)
        self._begun.pop(unit, None)

    # -- in the thread -----------------------------------------------------------------------

    def _run(self, stop: threading.Event, before: threading.Thread | None) -> None:
        """Search for all that is wanted when the thread before this one has ended."""
        if before is not None:
            before.join()
        rows = self._dataset.rows
        try:
            for unit in ComparedUnit:
                if unit in self.wanted:
                    self._end_with(unit, stop)
            self._go_on(stop)
        except Cancelled:
            done = self.status
            ended = SearchStatus(SearchState.STOPPED, "stopped", done.done, rows, unit=done.unit)
        except Exception as error:  # noqa: BLE001 - whatever it is, the review goes on
            self._begun.clear()
            why = str(error) if isinstance(error, TamisError) else one_line(error)
            ended = SearchStatus(SearchState.FAILED, error=why)
        else:
            ended = SearchStatus(SearchState.DONE, "done", rows, rows)
        with self._lock:
            if self._stop is stop:
                self.wanted.clear()
                self.status = ended
        self._changed()

    def _go_on(self, stop: threading.Event) -> None:
        if stop.is_set():
            raise Cancelled("the search for duplicates was stopped", "start it again to go on")

    def _end_with(self, unit: ComparedUnit, stop: threading.Event) -> None:
        """Search for one part until all of it is known, and want it no more."""
        self._go_on(stop)
        settings = self._settings_of(unit)
        if unit is ComparedUnit.MEANING:
            self._know_meaning(settings, stop)
        else:
            self._know(settings, stop)
        self._known(unit)
        with self._lock:
            if self._stop is stop:  # else it is wanted anew
                self.wanted.discard(unit)

    def _know(self, settings: SearchSettings, stop: threading.Event) -> None:
        known = False
        try:
            known = self.recall(settings)
        except StoreError as error:
            self._tell_once(error)
        if not known:
            self._search(settings, stop)

    def _know_meaning(self, settings: SearchSettings, stop: threading.Event) -> None:
        assert self.model is not None
        folder = self.model
        digest = meaning_digest(settings, folder)
        try:
            if self._recall(digest, settings):
                return
        except StoreError as error:
            self._tell_once(error)
        part = self._part(settings.unit)
        known = part.meaning
        if known is None or known[0] != (digest, settings):
            finder = MeaningFinder(part.texts, settings, load(folder))
            known = part.meaning = ((digest, settings), finder)
        matches = known[1].run(
            progress=self._teller(settings.unit),
            cancelled=stop.is_set,
            wait_for_ui=self._ui_priority.wait,
        )
        matches, content = self._judged(matches, part, stop)
        self._take(matches, part, content)
        self._keep(digest, settings, part.content, matches, {})

    def _teller(self, unit: ComparedUnit) -> Callable[[str, int, int], None]:
        def tell(what: str, done: int, total: int) -> None:
            self.status = SearchStatus(SearchState.RUNNING, what, done, total, unit=unit)

        return tell

    def _search(self, settings: SearchSettings, stop: threading.Event) -> None:
        unit = settings.unit
        part = self._part(unit)
        if part.finder is None or part.finder.settings != settings:
            part.finder = Finder(part.texts, settings, self._signatures(settings, part.content))
        finder = part.finder
        tell = self._teller(unit)
        tell("comparing", finder.done, finder.rows)
        matches = finder.run(
            progress=tell,
            cancelled=stop.is_set,
            found=self._found_so_far,
            wait_for_ui=self._ui_priority.wait,
        )
        matches, content = self._judged(matches, part, stop)
        self._take(matches, part, content)
        tell("keeping", finder.rows, finder.rows)
        signatures = signature_arrays(finder, part.content)
        self._keep(settings.digest(), settings, part.content, matches, signatures)

    def _judged(
        self, matches: Matches, part: _Search, stop: threading.Event
    ) -> tuple[Matches, PairContent]:
        """What was found, with what its pairs differ in."""
        settings = matches.settings
        self._teller(settings.unit)("reading pairs", 0, matches.rows)

        def pause_point() -> None:
            self._go_on(stop)
            self._ui_priority.wait()

        content = PairContent(part.frame, settings)
        return judged(matches, content, pause_point), content

    def _part(self, unit: ComparedUnit) -> _Search:
        """As its texts read now: what was begun with those before an edit is not gone on with."""
        known, edition = self._begun.get(unit), self._edition
        if known is None or known.edition != edition:
            frame = self._texts()
            texts = compared_texts(frame, unit, self._dataset.broken)
            known = self._begun[unit] = _Search(edition, frame, texts, Content.of(texts))
        return known

    def _signatures(self, settings: SearchSettings, content: Content) -> KnownSignatures | None:
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

    def _take(
        self, matches: Matches, part: _Search | None, content: PairContent | None = None
    ) -> None:
        unit, found = matches.settings.unit, Found(matches)
        if part is not None:
            found.content = content or PairContent(part.frame, matches.settings)
            if matches.large:
                found.large = LargeComponents(
                    part.texts, matches.settings, matches.large, found.content
                )
        self._prepare(unit, found)
        with self._lock:
            self.found[unit] = found
            if part is not None:
                self._begun.pop(unit, None)
                if part.edition == self._edition:
                    self.outdated.discard(unit)
                else:
                    self.outdated.add(unit)
        self._changed()

    def _keep(
        self,
        digest: str,
        settings: SearchSettings,
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
