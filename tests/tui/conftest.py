"""What the tests of the screen share: a pilot that waits for messages and not for time."""

from __future__ import annotations

import asyncio
import time

import pytest
import textual.app
import textual.pilot
from textual._context import active_app

from engine.preferences.folded import fold
from tui import app

ROUNDS = 2
"""What a message is answered with may lie in no queue for one round."""

LONGEST_S = 20.0
"""A screen that never comes to rest is the test's to judge."""


async def settled(*_: float) -> None:
    """Wait until no widget has a message left, and what waits for a refresh is done."""
    running = active_app.get()
    rounds, limit = 0, time.monotonic() + LONGEST_S
    while rounds < ROUNDS and running.is_running and time.monotonic() < limit:
        screen = running.screen
        pumps = [running, *screen.walk_children(with_self=True)]
        await textual.pilot.Pilot(running)._wait_for_screen()
        screen._on_timer_update()
        await asyncio.sleep(0)
        idle = all(pump._message_queue.empty() for pump in pumps) and running.screen is screen
        rounds = rounds + 1 if idle and running._resize_timer is None else 0


@pytest.fixture(autouse=True)
def _steady_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between keys, wait for what they do.

    Textual waits for the process to be idle: 40 ms a key, and a process that gets no processor
    counts as idle. What comes with a timer or from a thread is still to be waited for by name.
    """
    monkeypatch.setattr(textual.app, "wait_for_idle", settled)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", settled)


@pytest.fixture(autouse=True)
def _desks_are_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A desk expects to live as long as its process, and tells the collector so."""
    monkeypatch.setattr(app, "freeze_memory", lambda: None)


@pytest.fixture(autouse=True)
def _numbers_are_known(_isolated_home: None) -> None:
    """Nobody who tests has their numbers explained, unless it is that which is tested."""
    for name in ("simulate", "clusters"):
        fold(name, on=True)
