"""Background threads give way to the screen, and still get on."""

from __future__ import annotations

import time

import pytest

from engine.ui_priority import KEY_S, UiPriority


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def test_nobody_waits_where_nothing_is_asked(slept: list[float]) -> None:
    UiPriority().wait()
    assert slept == []


def test_a_key_makes_the_others_wait(slept: list[float]) -> None:
    way = UiPriority()
    way.ask()
    way.wait()
    assert len(slept) == 1
    assert 0 < slept[0] <= KEY_S


def test_a_shorter_wish_does_not_shorten_a_longer_one(slept: list[float]) -> None:
    way = UiPriority()
    way.ask(60)
    way.ask(0)
    way.wait()
    assert len(slept) == 1


def test_a_wish_without_end_costs_a_step_no_more_than_one_key(slept: list[float]) -> None:
    way = UiPriority()
    way.ask(3600)
    for _ in range(3):
        way.wait()
    assert slept == [KEY_S] * 3
