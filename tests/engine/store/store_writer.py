"""A reviewer in a hurry, to be killed: decides, undoes, scores and re-opens until then.

    python -m tests.engine.store.store_writer SESSION JOURNAL SEED

What is about to be said and what was acknowledged goes to JOURNAL, a line each.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from pathlib import Path

import numpy as np

from engine.review.decision import (
    Aspect,
    Circumstances,
    Event,
    EventKind,
    Said,
    StoredEvent,
    Verdict,
)
from engine.store import Store
from tests.engine.store.store_help import (
    append,
    content,
    event_about,
    identities,
    occurrences,
    score,
)

SCORES_PER_FLUSH = 400


def words(number: int) -> Said:
    """A decision, or one of the annotations in their turn."""
    text = f"\x1b[31m [b] \u202e {number}"
    annotations = {
        0: Said(aspect=Aspect.REASON, text=text),
        1: Said(aspect=Aspect.NOTE, text=text * 40 + "\n"),
        2: Said(aspect=Aspect.TAG, subject=text, text=text),
        3: Said(aspect=Aspect.TAG, subject=text),
        4: Said(aspect=Aspect.EDIT, subject="response", text=text * 400),
    }
    return annotations.get(number % 8, Said(Verdict(number % 4)))


class Writer:
    """One life of the process."""

    def __init__(self, session: Path, journal: Path, seed: int) -> None:
        self.session = session
        self.random = np.random.default_rng(seed)
        self.journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.undo: list[int] = []
        self.redo: list[int] = []
        self.events: dict[int, Event] = {}

    def say(self, *words: object) -> None:
        os.write(self.journal, (" ".join(map(str, words)) + "\n").encode())

    def run(self) -> None:
        store = self.open()
        for stored in store.events():
            self.follow(stored.event)
        self.say("ready")
        while True:
            stop = threading.Event()
            scorer = threading.Thread(target=self.flush_scores, args=(store, stop), daemon=True)
            scorer.start()
            for _ in range(int(self.random.integers(5, 200))):
                self.step(store)
            stop.set()
            scorer.join()
            store.close()
            store = self.open()

    def open(self) -> Store:
        return Store.open(self.session, reviewer="ann")

    def follow(self, event: Event) -> None:
        self.events[event.id] = event
        if event.kind not in (EventKind.UNDO, EventKind.REDO):
            self.undo.append(event.id)
            self.redo.clear()
            return
        source, target = (
            (self.undo, self.redo) if event.kind is EventKind.UNDO else (self.redo, self.undo)
        )
        about = source.pop()
        if about != event.about:
            raise SystemExit(f"history out of order at {event.id}")
        target.append(about)

    def step(self, store: Store) -> None:
        dice = self.random.random()
        if dice < 0.15 and self.undo:
            self.repeat(store, EventKind.UNDO, self.events[self.undo[-1]])
        elif dice < 0.25 and self.redo:
            self.repeat(store, EventKind.REDO, self.events[self.redo[-1]])
        elif dice < 0.3:
            value = int(self.random.integers(1 << 30))
            self.say("setting", value)
            store.set_setting("cursor", value)
            self.say("set", value)
        else:
            many = int(self.random.integers(2, 20_000)) if dice > 0.9 else 1
            rows = self.random.integers(0, 1 << 40, many)
            self.append(store, event_about(words(int(dice * 1000)), rows))

    def repeat(self, store: Store, kind: EventKind, event: Event) -> None:
        step = event_about(
            event.said, event.rows, kind=kind, about=event.id, circumstances=Circumstances()
        )
        self.append(store, step)

    def append(self, store: Store, event: Event) -> None:
        saying = StoredEvent(event, identities(event.rows), occurrences(event.rows))
        self.say("saying", content(saying))
        stored = append(store, event)
        self.say("said", stored.event.id, content(saying))
        self.follow(stored.event)

    def flush_scores(self, store: Store, stop: threading.Event) -> None:
        first = int.from_bytes(os.urandom(4)) << 20
        for start in itertools.count(first, SCORES_PER_FLUSH):
            if stop.wait(0.002):
                return
            score(store, np.arange(start, start + SCORES_PER_FLUSH))
            self.say("scored", start)


if __name__ == "__main__":
    Writer(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])).run()
