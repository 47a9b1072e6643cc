"""Prefetching: two threads work on the next items while the results are taken in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from itertools import islice
from typing import TypeVar

THREADS = 2
"""With the thread that takes the results, two cores always have something to do."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@cache
def _pool() -> ThreadPoolExecutor:
    """One for all: threads that come and go would each leave memory of their own behind."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="prefetch")


def prefetched(
    work: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[tuple[Item, Result]]:
    """Every item with its result, in order; the next few are worked on before they are asked for.

    Pays where the work leaves the interpreter's lock alone, as numpy and polars do. On Linux the
    threads have the niceness of the one that asked first. Who stops asking waits only for what has
    begun. The work itself must not prefetch.
    """
    coming, pool = iter(items), _pool()
    begun = deque((item, pool.submit(work, item)) for item in islice(coming, THREADS))
    try:
        while begun:
            item, future = begun.popleft()
            result = future.result()
            begun.extend((item, pool.submit(work, item)) for item in islice(coming, 1))
            yield item, result
    finally:
        wait([future for _, future in begun if not future.cancel()])
