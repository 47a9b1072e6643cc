"""Samples, decisions and keys for the store's tests; no data set, no scorer."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import (
    Aspect,
    Circumstances,
    Event,
    EventKind,
    Said,
    StoredEvent,
    Verdict,
)
from engine.scoring.scorer import ScoreKey
from engine.store import Store

KEY = ScoreKey(scorer="heuristic", revision="1")
SEEN = Circumstances(threshold=1.5, scorer="heuristic", revision="1")
VERSION_1 = Path(__file__).parents[2] / "data" / "session-v1.sql"
NOBODY = 65_534


def identities(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """A made-up identity per number, equal for equal numbers.  (n,) -> (n, 16)."""
    spread = np.random.default_rng(0).integers(1, 2**62, 2, dtype=np.uint64) * 2 + 1
    halves = numbers.astype(np.uint64)[:, None] * spread[None, :]
    return np.ascontiguousarray(halves.astype("<u8")).view(np.uint8).reshape(-1, 16)


def decide(
    store: Store,
    rows: list[int] | NDArray[np.int64],
    verdict: Verdict = Verdict.ACCEPT,
    *,
    kind: EventKind = EventKind.DECIDE,
    about: int | None = None,
    note: str = "",
    reason: str = "",
    aspect: Aspect = Aspect.VERDICT,
    subject: str = "",
    text: str = "",
    circumstances: Circumstances = SEEN,
) -> StoredEvent:
    said = Said(verdict, reason, note, aspect, subject=subject, text=text)
    event = event_about(said, rows, kind=kind, about=about, circumstances=circumstances)
    return append(store, event)


def event_about(
    said: Said,
    rows: list[int] | NDArray[np.int64],
    *,
    kind: EventKind = EventKind.DECIDE,
    about: int | None = None,
    circumstances: Circumstances = SEEN,
) -> Event:
    """An event with made-up scores and former verdicts."""
    where = np.asarray(rows, np.int64)
    return Event(
        kind,
        said,
        where,
        old=(where % 4).astype(np.int8),
        scores=np.where(where % 5 == 0, np.nan, where / 7).astype(np.float32),
        circumstances=circumstances,
        about=about,
    )


def append(store: Store, event: Event) -> StoredEvent:
    return store.append(event, identities(event.rows), occurrences(event.rows))


def occurrences(rows: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Made-up ones.  (n,) -> (n,)."""
    return (rows % 3).astype(np.uint32)


def content(stored: StoredEvent) -> str:
    """A digest of all that a reviewer said in an event."""
    event, said = stored.event, stored.event.said
    digest = blake2b(digest_size=12)
    for array in (stored.identities, stored.occurrences, event.rows, event.old, event.scores):
        digest.update(array.tobytes() + b"|")
    words = (event.kind, said.verdict, event.about, said.reason, said.note, event.circumstances)
    digest.update(repr(words).encode() + f"|{said.aspect}|{said.subject}|{said.text}".encode())
    return digest.hexdigest()


def score(store: Store, numbers: NDArray[np.int64], shift: float = 0.0) -> None:
    store.add_scores(
        KEY,
        identities(numbers),
        (numbers + shift).astype(np.float32),
        numbers.astype(np.int32),
        numbers % 2 == 0,
    )


def old_session(path: Path) -> None:
    """A session as format 1 left it."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1.read_text(encoding="utf-8"))


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """Run the block as someone whom file permissions hold, also where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
