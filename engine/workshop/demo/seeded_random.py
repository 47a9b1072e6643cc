"""Seeded choices that are the same on every Python.

Only `random.Random.random()` is promised to keep its sequence between versions of Python, so
every choice of the demo's generator is derived from that.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """A source of reproducible choices.

    Args:
        seed: a name; equal names give equal choices.
    """

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)  # noqa: S311 - reproducible, not secret

    def between(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`, each as likely as the others."""
        return options[self.between(0, len(options) - 1)]

    def chance(self, share: float) -> bool:
        """True in `share` (in [0, 1]) of all calls."""
        return self._random.random() < share

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All of `options` in random order (Fisher and Yates)."""
        result = list(options)
        for last in range(len(result) - 1, 0, -1):
            other = self.between(0, last)
            result[last], result[other] = result[other], result[last]
        return result

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different ones of `options`, in random order."""
        return self.shuffled(options)[:count]
