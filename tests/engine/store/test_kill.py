"""Killed at a random moment, again and again: what was acknowledged is there, nothing is half."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from engine.store import Store
from tests.engine.store.store_help import KEY, content, identities, old_session
from tests.engine.store.store_writer import SCORES_PER_FLUSH

ROOT = Path(__file__).parents[3]
KILLS = 5
"""Per seed, all on one session: a life that ends in a kill begins on what a kill left."""


@dataclass
class Journal:
    """What the killed process said of itself."""

    said: list[tuple[int, str]] = field(default_factory=list)
    saying: str = ""
    settings: list[int] = field(default_factory=list)
    """The last one acknowledged and those begun after it; empty where there is none."""
    is_set: bool = False
    """Whether one was acknowledged: until then the one of an earlier life may still be there."""
    scored: list[int] = field(default_factory=list)


def read_journal(path: Path) -> Journal:
    journal = Journal()
    text = path.read_text(encoding="utf-8")
    for line in text[: text.rfind("\n") + 1].splitlines():
        word, *values = line.split()
        if word == "saying":
            journal.saying = values[0]
        elif word == "said":
            journal.said.append((int(values[0]), values[1]))
            journal.saying = ""
        elif word == "setting":
            journal.settings.append(int(values[0]))
        elif word == "set":
            journal.settings = [int(values[0])]
            journal.is_set = True
        elif word == "scored":
            journal.scored.append(int(values[0]))
    return journal


def live_and_die(session: Path, path: Path, chance: random.Random, *, says: bytes = b"") -> Journal:
    """Start a writer and kill it: now and then while it opens, mostly while it writes.

    With `says` it lives until its journal holds that.
    """
    path.touch()
    writer = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.engine.store.store_writer",
            session,
            path,
            str(chance.random())[2:],
        ],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    try:
        if says or chance.random() < 0.8:
            while (path.stat().st_size == 0 or says not in path.read_bytes()) and (
                writer.poll() is None
            ):
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.1))
        else:
            time.sleep(chance.uniform(0.1, 0.3))
    finally:
        writer.kill()
        _, complaint = writer.communicate()
    assert writer.returncode == -signal.SIGKILL, complaint.decode()
    return read_journal(path)


def survive(folder: Path, seed: int) -> int:
    """Kill `KILLS` writers of one session; how many events they left."""
    chance = random.Random(seed)
    session = folder / "train.json.tamis.db"
    history: dict[int, str] = {}
    if seed % 2:
        old_session(session)
        with Store.open(session, reviewer="bob", read_only=True) as store:
            history = contents(store)
    scored: list[int] = []
    before: int | None = None
    for life in range(KILLS):
        says = b"said " if life == KILLS - 1 else b""
        journal = live_and_die(session, folder / f"journal-{life}", chance, says=says)
        with Store.open(session, reviewer="bob") as store:
            found = contents(store)
            setting = store.get_setting("cursor")
            cached = store.cached_scores(KEY)
        history.update(journal.said)
        extra = [found[number] for number in found.keys() - history.keys()]
        assert extra in ([], [journal.saying]), "an event that nobody said, or half of one"
        assert {number: found.get(number) for number in history} == history
        history = found
        if journal.settings:
            assert setting in journal.settings or (setting == before and not journal.is_set)
        before = setting
        scored += journal.scored
        check_scores(cached.identities, cached.scores, scored)
    assert sorted(history) == list(range(1, len(history) + 1))
    return len(history)


def contents(store: Store) -> dict[int, str]:
    return {stored.event.id: content(stored) for stored in store.events()}


def check_scores(
    known: np.ndarray[tuple[int, int], np.dtype[np.uint8]],
    scores: np.ndarray[tuple[int], np.dtype[np.float32]],
    scored: list[int],
) -> None:
    cache = dict(zip((bytes(key) for key in known), scores.tolist(), strict=True))
    for start in scored:
        numbers = np.arange(start, start + SCORES_PER_FLUSH)
        found = [cache.get(bytes(key)) for key in identities(numbers)]
        assert found == numbers.astype(np.float32).tolist()


@pytest.mark.parametrize("seed", range(10))
def test_fifty_kills(tmp_path: Path, seed: int) -> None:
    assert survive(tmp_path, seed) > 0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 140))
def test_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    assert survive(tmp_path, seed) > 0
