"""Similarities asked for by several threads at once: the screen, the list, the count, an export."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.duplicates import similarity as verifier_module
from engine.duplicates.content import PairContent
from engine.duplicates.large import LargeComponents
from engine.duplicates.settings import SearchSettings
from engine.duplicates.similarity import Verifier
from tests.engine.duplicates.making import SINGLE_WORDS, in_prompts

HOW = SearchSettings(shingling=SINGLE_WORDS)
TEXTS = pl.Series(
    [
        " ".join(f"{words}{n}" for n in range(words) if n != out)
        for words in (8, 9)
        for out in range(8)
    ]
)
A, B = np.arange(8), np.arange(8, 16)
LIMIT_S = 60


class HeldUp:
    """The first call waits in its middle until `meanwhile` has been done by another thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: object, name: str) -> None:
        self._real = getattr(module, name)
        self._first = threading.Lock()
        self._waits, self._goes_on = threading.Event(), threading.Event()
        monkeypatch.setattr(module, name, self)

    def __call__(self, *given: Any, **named: Any) -> Any:
        if self._first.acquire(blocking=False):
            self._waits.set()
            assert self._goes_on.wait(LIMIT_S)
        return self._real(*given, **named)

    def results(self, first: Callable[[], Any], meanwhile: Callable[[], Any]) -> tuple[Any, Any]:
        with ThreadPoolExecutor(2) as pool:
            held_up = pool.submit(first)
            assert self._waits.wait(LIMIT_S)
            try:
                other = pool.submit(meanwhile).result(LIMIT_S)
            finally:
                self._goes_on.set()
            return held_up.result(LIMIT_S), other


@pytest.mark.parametrize("others", [A, B, np.arange(4, 12)], ids=["same", "other", "some"])
def test_rows_that_two_threads_ask_for_at_once_are_compared_as_by_one(
    monkeypatch: pytest.MonkeyPatch, others: np.ndarray
) -> None:
    alone = Verifier(TEXTS, HOW)
    expected = alone(A, A[::-1]), alone(others, others[::-1])
    both = Verifier(TEXTS, HOW)
    held_up = HeldUp(monkeypatch, verifier_module, "shingle")
    found = held_up.results(lambda: both(A, A[::-1]), lambda: both(others, others[::-1]))
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])
    assert np.array_equal(both(A, A[::-1]), expected[0])


def test_a_large_component_says_the_same_to_two_threads_and_remembers_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = pl.Series([f"one and the same text but for its number {n % 2}" for n in range(8)])
    content = PairContent(in_prompts(texts), HOW)
    alike = LargeComponents(texts, HOW, (A,), content).similarities(0, 0)
    assert (alike[0] > 0).all()
    assert (alike[1] == 0).tolist() == [False, True] * 4  # other numbers
    shared = LargeComponents(texts, HOW, (A,), content)
    held_up = HeldUp(monkeypatch, content, "compare")
    found = held_up.results(lambda: shared.similarities(0, 0), lambda: shared.similarities(0, 0))
    assert np.array_equal(found[0], alike)
    assert np.array_equal(found[1], alike)
    assert shared._held == sum(known.size for known in shared._known.values())
