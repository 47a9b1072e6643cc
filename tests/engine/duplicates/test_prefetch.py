from __future__ import annotations

import threading

import pytest

from engine.duplicates.prefetch import THREADS, prefetched


def test_results_come_in_the_order_of_the_items() -> None:
    late = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            late.wait(10)
        else:
            late.set()
        return item * item

    assert list(prefetched(work, range(20))) == [(item, item * item) for item in range(20)]


def test_no_more_is_begun_than_there_are_threads() -> None:
    begun: list[int] = []
    results = prefetched(begun.append, iter(range(100)))
    next(results)
    results.close()  # type: ignore[attr-defined] # a generator
    assert len(begun) <= 1 + THREADS


def test_a_failure_reaches_whoever_asks() -> None:
    def work(item: int) -> float:
        return 1 / item

    results = prefetched(work, [1, 0, 2])
    assert next(results) == (1, 1.0)
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_to_do_is_nothing() -> None:
    assert list(prefetched(str, [])) == []
