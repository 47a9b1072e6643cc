"""Terms joined by and, or and not; cheap ones are evaluated first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import Cancelled
from engine.filter.terms import Term
from engine.filter.view import FilterView


@dataclass(frozen=True, slots=True)
class AllOf:
    """Terms that must all hold, in parentheses within another term."""

    terms: tuple[Term, ...]

    @property
    def cost(self) -> int:
        """That of its dearest term."""
        return max((term.cost for term in self.terms), default=0)

    def rows(self, view: FilterView, within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows pass every term.  -> (rows,)."""
        mask = within.copy()
        for term in sorted(self.terms, key=lambda term: term.cost):
            _check(view)
            if not mask.any():
                break
            mask &= term.rows(view, mask)
        return mask

    def __str__(self) -> str:
        return " ".join(
            f"({term})" if isinstance(term, AnyOf) else str(term) for term in self.terms
        )


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Terms of which one must hold."""

    terms: tuple[Term, ...]

    @property
    def cost(self) -> int:
        """That of its dearest term."""
        return max((term.cost for term in self.terms), default=0)

    def rows(self, view: FilterView, within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows pass one of the terms.  -> (rows,)."""
        mask = np.zeros(len(within), np.bool_)
        open_rows = within.copy()
        for term in sorted(self.terms, key=lambda term: term.cost):
            _check(view)
            mask |= term.rows(view, open_rows) & open_rows
            open_rows &= ~mask
        return mask

    def __str__(self) -> str:
        return " or ".join(str(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Not:
    """A term that must not hold."""

    term: Term

    @property
    def cost(self) -> int:
        """That of its term."""
        return self.term.cost

    def rows(self, view: FilterView, within: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows do not pass the term.  -> (rows,)."""
        return ~self.term.rows(view, within)

    def __str__(self) -> str:
        joined = isinstance(self.term, AllOf | AnyOf)
        return f"not ({self.term})" if joined else f"not {self.term}"


@dataclass(frozen=True, slots=True)
class Filter:
    """Terms that must all hold; no terms match every row."""

    terms: tuple[Term, ...] = ()

    def rows(self, view: FilterView) -> NDArray[np.bool_]:
        """Which rows pass.  -> (rows,).

        Raises:
            Cancelled: the view says so.
            UsageError: a column or a mark that is not there to be looked at.
        """
        return AllOf(self.terms).rows(view, np.ones(view.rows, np.bool_))

    def __str__(self) -> str:
        return str(self.terms[0] if len(self.terms) == 1 else AllOf(self.terms))


def _check(view: FilterView) -> None:
    if view.cancelled():
        raise Cancelled
