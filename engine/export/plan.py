"""What to export and from what: the plan, the review it is made of, and the counts up front."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.audit.spotcheck import SpotCheck, SpotCheckResult
from engine.dataset.dataset import Dataset
from engine.dataset.edited_rows import Revision
from engine.duplicates.settings import SearchSettings as DuplicateSettings
from engine.errors import ExportError
from engine.review.policy import Outcome, Outcomes, Reason, Summary
from engine.review.rank import Ranked
from engine.review.threshold import Threshold
from engine.sample import Side
from engine.scoring.scorer import ScoreKey


class Keep(StrEnum):
    """Which rows are written out; `decisions.parquet` speaks of every row all the same."""

    KEPT = "kept"
    DROPPED = "dropped"
    PENDING = "pending"
    ALL = "all"

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The outcomes that get a file, in the order in which they are written."""
        if self is Keep.ALL:
            return (Outcome.KEPT, Outcome.DROPPED, Outcome.PENDING)
        return (Outcome[self.name],)


class Copies(StrEnum):
    """How a row that is to be exported more than once is written."""

    ROWS = "rows"
    """As often, one after the other."""
    WEIGHT = "weight"
    """Once, with how often in a column of its own."""


class Edited(StrEnum):
    """What becomes of edited samples."""

    APPLY = "apply"
    """They are written with their edits."""
    IGNORE = "ignore"
    """They are written as they are in the source."""


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What the person asked for."""

    output: Path
    format: str = "jsonl"
    """The name of a row of `engine.export.formats`."""
    keep: Keep = Keep.KEPT
    annotate: bool = False
    """Add what tamis knows as `tamis_*` columns to the rows, besides `decisions.parquet`."""
    overwrite: bool = False
    """Replace `output` where it is an earlier export of tamis, and nothing else."""
    copies: Copies = Copies.ROWS
    """How the copies of kept rows are written; dropped and pending rows are written once."""
    allow_pending: bool = False
    """Export the kept rows though some rows have no outcome yet; those are left out of them."""
    edits: Edited = Edited.APPLY


@dataclass(frozen=True, slots=True)
class Given:
    """What a reviewer said about a row, beside the verdict that it has now."""

    reviewer: str = ""
    """Who gave the verdict; empty where there is none."""
    reject_reason: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnnotationCounts:
    """How many rows have a reject reason, a tag or a note, for the manifest and the card."""

    reject_reasons: dict[str, int] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    notes: int = 0


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """The duplicate rule as it was applied, for the manifest and the card."""

    similarity: float
    """Rows at least so similar to a kept one were dropped."""
    settings: DuplicateSettings
    """Of the search."""
    clusters: int
    """Groups of two or more rows at that similarity, in the whole dataset."""
    duplicate_rows: int
    """Rows beyond one of each group."""
    rate_kept: float
    """Share of the kept rows, copies included, that are beyond one of each group, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What an export has made of values, other than to leave them as they were."""

    what: str
    """A sentence without its full stop."""
    columns: tuple[str, ...] = ()
    """Of these; of all rows where it names none."""


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """What a writer says of the file that it made."""

    changes: tuple[Conversion, ...] = ()
    """Empty where the rows are what they were."""
    features: str | None = None
    """In the words of a dataset card; None where readers find them out."""


@dataclass(frozen=True, slots=True)
class ReviewState:
    """The review at the moment of the export: one slot per row, not changed while it runs."""

    dataset: Dataset
    outcomes: Outcomes
    verdicts: NDArray[np.int8]  # (rows,) of Verdict, for the side under review
    scores: NDArray[np.float32]  # (sides, rows) NaN = no score
    identities: NDArray[np.uint8]  # (rows, 16)
    occurrences: NDArray[np.uint32]  # (rows,) how many earlier rows are the identical sample
    said: NDArray[np.bool_]  # (rows,) rows with a verdict, a note or a tag
    given: Callable[[int], Given]
    """Asked only for rows in `said`."""
    reviewers: Sequence[str]
    summary: Summary
    threshold: Threshold | None
    threshold_text: str
    """The threshold as the person typed it; empty where nobody did."""
    scorer: str
    revision: str
    score_key: ScoreKey | None
    session_path: Path | None
    side: Side = Side.CHOSEN
    remarks: AnnotationCounts = field(default_factory=AnnotationCounts)
    revisions: Mapping[int, Revision] = field(default_factory=dict)
    """Edited rows, with their edits in them."""
    applies_edits: bool = True
    """Whether they are written so, or as they are in the source."""
    duplicates: DuplicateRule | None = None
    """None while the rule is off."""
    copies: NDArray[np.int32] | None = None  # (rows,) how often each is exported where kept
    """None: once."""
    cut: NDArray[np.bool_] | None = None  # (rows,) the scorer read only a part
    """None: of no row."""
    ranked: Ranked | None = None
    """What a rank rule takes; None where the threshold is a score."""

    def written(self, outcome: Outcome, copies: Copies) -> NDArray[np.int64]:
        """The rows that the file of an outcome holds, as often as it holds them, ascending."""
        rows = self.rows_of(outcome)
        if outcome is Outcome.KEPT and copies is Copies.ROWS and self.copies is not None:
            return np.repeat(rows, self.copies[rows])
        return rows

    def times(self, rows: NDArray[np.int64]) -> NDArray[np.int32]:
        """How often each of `rows` counts in an export; 1 where it is not kept.  (n,)."""
        if self.copies is None:
            return np.ones(len(rows), np.int32)
        kept = self.outcomes.outcome[rows] == Outcome.KEPT
        return np.where(kept, self.copies[rows], np.int32(1))

    spot_checks: Sequence[tuple[SpotCheck, SpotCheckResult]] = ()
    """Every one of the side under review, oldest first."""

    def revised(self, row: int) -> dict[str, Any] | None:
        """The columns to be written for an edited row; None for one that stays as it is."""
        revision = self.revisions.get(row) if self.applies_edits else None
        return None if revision is None else revision.record

    def rows_of(self, outcome: Outcome) -> NDArray[np.int64]:
        """The rows with this outcome, in the order of the source."""
        return np.flatnonzero(self.outcomes.outcome == outcome)

    def count(self, outcome: Outcome) -> int:
        """How many rows have this outcome."""
        return int(np.count_nonzero(self.outcomes.outcome == outcome))


@dataclass(frozen=True, slots=True)
class Preview:
    """What an export would write; shown before anything is."""

    kept: int
    dropped: int
    """Unreadable rows included."""
    pending: int
    broken: int
    empty: int
    """Rows that are dropped because their response is empty."""
    written: int
    """Lines that go into kept, dropped or pending files under this plan, copies included."""
    size_bytes: int
    """A guess from the source's size and its characters; compression is not foreseen."""
    pending_blocks: bool
    """The export will be refused until `allow_pending` is set."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export has written."""

    output: Path
    counts: dict[str, int]
    files: dict[str, int]
    """File name → size in bytes."""
    manifest: dict[str, object]


class PendingRowsError(ExportError):
    """Some rows have no outcome yet, so the kept rows are not final."""

    exit_code: ClassVar[int] = 4


def preview(state: ReviewState, plan: ExportPlan) -> Preview:
    """Count what `export` would write, without touching the disk."""
    written = np.concatenate([state.written(each, plan.copies) for each in plan.keep.outcomes])
    characters = int(np.sum(state.dataset.lengths, dtype=np.int64))
    chosen = int(np.sum(state.dataset.lengths[written], dtype=np.int64))
    share = chosen / characters if characters else 0.0
    return Preview(
        kept=state.count(Outcome.KEPT),
        dropped=state.count(Outcome.DROPPED),
        pending=state.count(Outcome.PENDING),
        broken=int(np.count_nonzero(state.dataset.broken)),
        empty=int(np.count_nonzero(state.outcomes.reason == Reason.EMPTY_RESPONSE)),
        written=len(written),
        size_bytes=round(share * sum(file.size_bytes for file in state.dataset.quick_print)),
        pending_blocks=pending_blocks(state, plan),
    )


def pending_blocks(state: ReviewState, plan: ExportPlan) -> bool:
    """Whether rows without an outcome forbid this export."""
    wants_kept = Outcome.KEPT in plan.keep.outcomes
    return wants_kept and not plan.allow_pending and state.count(Outcome.PENDING) > 0


def check_pending(state: ReviewState, plan: ExportPlan) -> None:
    """Refuse to pass off an unfinished selection as the kept rows.

    Raises:
        PendingRowsError: rows are pending and the plan does not allow it.
    """
    if not pending_blocks(state, plan):
        return
    count = state.count(Outcome.PENDING)
    raise PendingRowsError(
        f"{count:,} of {state.dataset.rows:,} rows have no outcome yet",
        "wait for their scores, set a threshold or decide them by hand; "
        "--allow-pending exports without them",
    )
