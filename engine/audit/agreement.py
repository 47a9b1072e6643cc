"""How far two reviewers agree, beyond what chance would give.

Source: Cohen (1960), "A coefficient of agreement for nominal scales"; Byrt, Bishop and Carlin
(1993), "Bias, prevalence and kappa", for PABAK. Kappa is low where nearly all rows are of one
kind, however often the two agree; PABAK stands beside it for that.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """What two reviewers said about the rows that both accepted or rejected.

    `table[i][j]`: rows of which the first says i and the second j; 0 is accept, 1 is reject.
    """

    table: tuple[tuple[int, int], tuple[int, int]]

    @property
    def rows(self) -> int:
        """Rows on which both gave a verdict."""
        return sum(map(sum, self.table))

    @property
    def observed(self) -> float | None:
        """The share of those on which they agree, in [0, 1]; None without any."""
        (both_accept, _), (_, both_reject) = self.table
        return (both_accept + both_reject) / self.rows if self.rows else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa, (po - pe) / (1 - pe), in [-1, 1].

        None where it is not defined: without rows, or where chance alone would always agree.
        """
        observed = self.observed
        if observed is None:
            return None
        (aa, ar), (ra, rr) = self.table
        expected = ((aa + ar) * (aa + ra) + (ra + rr) * (ar + rr)) / self.rows**2
        return None if expected == 1 else (observed - expected) / (1 - expected)

    @property
    def pabak(self) -> float | None:
        """Kappa as it would be with both kinds equally frequent, 2 po - 1, in [-1, 1]."""
        return None if self.observed is None else 2 * self.observed - 1
