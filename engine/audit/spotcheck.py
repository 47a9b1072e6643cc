"""The spot check: how many of the kept rows are bad, told from a few drawn at random.

Seed and sample are fixed and on file before the first row is shown, the scores of its rows are
hidden while it is under way, and its interval is told only when every row has been answered:
looking after each one and stopping when it suits gave 18 % false passes at a nominal 5 %. What was
said of them before it was drawn is no answer, and a skipped row is not judged: the interval is that
of the rows judged, and beside it stands what it may be with all others counted bad.

It is drawn from the rows that the rules keep; what was accepted by hand counts as sound, as it
does everywhere. A row that is found bad is rejected and so leaves the kept set, which is what
the check is for; any other change of the kept set makes it stale.

Source: `engine.statistics` for the interval; Steele, Lea and Flood 2014 (SplitMix64) for the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.decision import Verdict
from engine.review.threshold import Direction
from engine.sample import Side
from engine.statistics import CONFIDENCE, exact_interval

ROWS = 100
"""Rows of a check unless another number is asked for."""

SEED_BITS = 32

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True, eq=False)
class SpotCheck:
    """A sample as it was drawn; what was said of its rows is in the verdicts."""

    id: int
    """Of the review order on file; 0 where the session could not be written."""
    rows: NDArray[np.int64]  # (n,) in the order of review; those gone from the dataset left out
    seed: int
    drawn_at: str
    """UTC, ISO 8601."""
    drawn_by: str
    side: Side
    scorer: str
    bound: float
    """The threshold's value."""
    direction: Direction
    """Which side of it was kept."""
    population: int
    """Rows that it was drawn from: kept by rule."""
    kept: int
    """Rows kept then, those accepted by hand too."""
    kept_digest: str
    """Of the kept rows then, see `digest_of`."""
    drawn: int
    """Rows when it was drawn, those gone since too."""
    after: int | None = None
    """The event before it was drawn: what was said up to it is no answer. None: of a version that
    did not keep it, for which every verdict is one."""


@dataclass(frozen=True, slots=True)
class SpotCheckResult:
    """What came of a check, so far or in the end."""

    rows: int
    sound: int
    bad: int
    skipped: int
    population: int
    """Rows that they were drawn from."""
    stale: bool
    """The kept set is another than the one that was checked."""

    @property
    def answered(self) -> int:
        """Rows judged sound or bad; the share is among these."""
        return self.sound + self.bad

    @property
    def seen(self) -> int:
        """Rows with any verdict since it was drawn."""
        return self.answered + self.skipped

    @property
    def complete(self) -> bool:
        """Whether every row has been seen, so that the result may be told."""
        return self.seen == self.rows and self.answered > 0

    @property
    def under_way(self) -> bool:
        """Whether rows are left, so that their scores are hidden."""
        return self.seen < self.rows

    @property
    def share(self) -> float | None:
        """Bad rows among those answered; None before the end."""
        return self.bad / self.answered if self.complete else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of the share, exact, at `CONFIDENCE`; None before the end."""
        if not self.complete:
            return None
        return exact_interval(self.bad, self.answered, max(self.population, self.answered))

    @property
    def at_worst(self) -> float | None:
        """The interval's upper end with every row that was not judged counted bad."""
        if not self.complete:
            return None
        bad = self.bad + self.skipped
        return exact_interval(bad, self.rows, max(self.population, self.rows))[1]

    def __str__(self) -> str:
        stale = ", stale" if self.stale else ""
        interval = self.interval
        if interval is None:
            return f"{self.seen} of {self.rows} seen{stale}"
        low, high = interval
        skipped = (
            f"; {self.skipped} not judged: at most {self.at_worst:.1%} if all of them are bad"
            if self.skipped
            else ""
        )
        return (
            f"{self.bad} of {self.answered} judged are bad, {self.bad / self.answered:.1%} "
            f"({low:.1%} to {high:.1%}){skipped}{stale}"
        )


def draw(kept: NDArray[np.int64], rows: int, seed: int) -> NDArray[np.int64]:
    """Draw `rows` of the `kept` ones, in the order in which they are shown.

    Every row has the key SplitMix64(seed, row); the smallest keys are drawn. So the same seed and
    the same kept rows give the same sample on every machine and in every version, and whoever
    doubts a sample can draw it again.

    Args:
        kept: row numbers.  (n,)
        rows: how many, > 0; all of them where there are fewer.
        seed: in [0, 2^32).

    Raises:
        UsageError: no such number of rows or seed, or nothing is kept.
    """
    check_rows(rows)
    if not 0 <= seed < 1 << SEED_BITS:
        raise UsageError(f"a seed lies between 0 and {(1 << SEED_BITS) - 1:,}, not {seed}")
    if not len(kept):
        raise UsageError(
            "no row is kept by rule, so there is nothing to check", "set a threshold, or score rows"
        )
    with np.errstate(over="ignore"):
        start = _mix(np.full(1, seed, np.uint64) * _GOLDEN)
        keys = _mix(start + (kept.astype(np.uint64) + np.uint64(1)) * _GOLDEN)
    return kept[np.argsort(keys, kind="stable")[:rows]]


def check_rows(rows: int) -> None:
    """Refuse a check of no rows.

    Raises:
        UsageError: why.
    """
    if rows < 1:
        raise UsageError(f"a spot check needs at least one row, not {rows}")


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def digest_of(kept: NDArray[np.bool_], dataset_digest: str) -> str:
    """What the kept rows of a dataset are known by: BLAKE2b-128 of its digest and a bit per row.

    Args:
        kept: whether each row is.  (rows,)
        dataset_digest: of the file's bytes and of how they are read.
    """
    hashed = blake2b(dataset_digest.encode(), digest_size=16)
    hashed.update(np.packbits(kept).tobytes())
    return hashed.hexdigest()


def is_stale(check: SpotCheck, kept: NDArray[np.bool_], dataset_digest: str) -> bool:
    """Whether other rows are kept now than those that were checked.

    Rows of the sample are taken as kept: to reject those is what a check does.

    Args:
        check: when it was drawn, all its rows were kept.
        kept: whether each row is kept now.  (rows,)
        dataset_digest: as for `digest_of`.
    """
    if len(check.rows) < check.drawn:
        return True
    now = kept.copy()
    now[check.rows] = True
    return digest_of(now, dataset_digest) != check.kept_digest


def result(check: SpotCheck, answers: NDArray[np.int8], *, stale: bool) -> SpotCheckResult:
    """Count what was said of the rows of `check`.

    Args:
        check: which rows.
        answers: verdicts given to them since it was drawn.  (n,)
        stale: see `is_stale`.
    """
    said = np.bincount(answers, minlength=len(Verdict))
    return SpotCheckResult(
        rows=len(check.rows),
        sound=int(said[Verdict.ACCEPT]),
        bad=int(said[Verdict.REJECT]),
        skipped=int(said[Verdict.SKIP]),
        population=check.population,
        stale=stale,
    )


def values(check: SpotCheck, outcome: SpotCheckResult) -> dict[str, Any]:
    """A check and its result as plain values, for the manifest and the command line."""
    interval = outcome.interval
    return {
        "rows": check.drawn,
        "seed": check.seed,
        "drawn_at": check.drawn_at,
        "drawn_by": check.drawn_by,
        "population": check.population,
        "kept_then": check.kept,
        "kept_digest": check.kept_digest,
        "scorer": check.scorer,
        "drawn_at_threshold": {"value": check.bound, "direction": check.direction.value},
        "seen": outcome.seen,
        "sound": outcome.sound,
        "bad": outcome.bad,
        "skipped": outcome.skipped,
        "complete": outcome.complete,
        "stale": outcome.stale,
        "share_bad": outcome.share,
        "interval": None
        if interval is None
        else {
            "low": interval[0],
            "high": interval[1],
            "method": "exact, drawn without replacement",
            "confidence": CONFIDENCE,
        },
        "high_if_skipped_are_bad": outcome.at_worst,
    }
