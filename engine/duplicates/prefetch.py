"""Work done ahead by two threads, its results taken in order."""

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
    return ThreadPoolExecutor(THREADS, thread_name_prefix="ahead")


def ahead(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
    """Every item with its result, in order; a few are worked on before they are asked for.

    Pays where the work leaves the interpreter's lock alone, as numpy and polars do. On Linux the
    threads are as nice as the one that asked first. Who stops asking waits for what has begun, no
    more. The work itself must not ask for work ahead.
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
