"""A reviewer in a hurry, to be killed: decides, undoes, scores and re-opens until then.

    python -m tests.engine.store.store_writer SESSION JOURNAL SEED

What is about to be said and what was acknowledged goes to JOURNAL, a line each.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.review.decision import Aspect, Circumstances, EventKind, Verdict
from engine.store import Store, StoredEvent
from tests.engine.store.store_help import SEEN, content, identities, score

SCORES_PER_FLUSH = 400


@dataclass(frozen=True)
class Words:
    """What an event says beside its kind."""

    verdict: Verdict = Verdict.UNDECIDED
    aspect: Aspect = Aspect.VERDICT
    subject: str = ""
    text: str = ""


def words(number: int) -> Words:
    """A decision, or one of the remarks in their turn."""
    text = f"\x1b[31m [b] \u202e {number}"
    remarks = {
        0: Words(aspect=Aspect.REASON, text=text),
        1: Words(aspect=Aspect.NOTE, text=text * 40 + "\n"),
        2: Words(aspect=Aspect.TAG, subject=text, text=text),
        3: Words(aspect=Aspect.TAG, subject=text),
        4: Words(aspect=Aspect.EDIT, subject="response", text=text * 400),
    }
    return remarks.get(number % 8, Words(Verdict(number % 4)))


class Writer:
    """One life of the process."""

    def __init__(self, session: Path, journal: Path, seed: int) -> None:
        self.session = session
        self.random = np.random.default_rng(seed)
        self.journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.undo: list[int] = []
        self.redo: list[int] = []
        self.events: dict[int, StoredEvent] = {}

    def say(self, *words: object) -> None:
        os.write(self.journal, (" ".join(map(str, words)) + "\n").encode())

    def run(self) -> None:
        store = self.open()
        for event in store.events():
            self.follow(event)
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

    def follow(self, event: StoredEvent) -> None:
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
            self.append(store, EventKind.DECIDE, words(int(dice * 1000)), rows)

    def repeat(self, store: Store, kind: EventKind, event: StoredEvent) -> None:
        said = Words(event.verdict, event.aspect, event.subject, event.text)
        self.append(store, kind, said, event.rows, event.id)

    def append(
        self,
        store: Store,
        kind: EventKind,
        said: Words,
        rows: np.ndarray[tuple[int], np.dtype[np.int64]],
        about: int | None = None,
    ) -> None:
        event = StoredEvent(
            id=0,
            at="",
            who="ann",
            kind=kind,
            verdict=said.verdict,
            identities=identities(rows),
            occurrences=(rows % 3).astype(np.uint32),
            rows=rows,
            old=(rows % 4).astype(np.int8),
            scores=(rows / 7).astype(np.float32),
            circumstances=SEEN if about is None else Circumstances(),
            reason="",
            note="",
            about=about,
            dataset_digest="",
            aspect=said.aspect,
            subject=said.subject,
            text=said.text,
        )
        self.say("saying", content(event))
        stored = store.append(
            kind=kind,
            verdict=said.verdict,
            identities=event.identities,
            occurrences=event.occurrences,
            rows=rows,
            old=event.old,
            scores=event.scores,
            circumstances=event.circumstances,
            about=about,
            aspect=said.aspect,
            subject=said.subject,
            text=said.text,
        )
        self.say("said", stored.id, content(event))
        self.follow(stored)

    def flush_scores(self, store: Store, stop: threading.Event) -> None:
        first = int.from_bytes(os.urandom(4)) << 20
        for start in itertools.count(first, SCORES_PER_FLUSH):
            if stop.wait(0.002):
                return
            score(store, np.arange(start, start + SCORES_PER_FLUSH))
            self.say("scored", start)


if __name__ == "__main__":
    Writer(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])).run()
