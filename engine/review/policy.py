"""From verdicts, scores and the threshold to outcomes, each with its reason.

Rules in their order: the manual verdict; an empty response; pending (no score yet, or scoring
failed); the threshold. The first that speaks decides. Everything here is pure and vectorised: one
slot per row, no I/O.

Last come duplicates, among the rows that are kept by then: see `without_duplicates`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.review.decision import Verdict
from engine.review.threshold import Threshold


class Outcome(IntEnum):
    """What happens to a row on export (int8)."""

    PENDING = 0
    KEPT = 1
    DROPPED = 2


class Reason(IntEnum):
    """Which rule decided (int8). The texts for people are in `REASON_TEXT`."""

    ACCEPTED = 0
    REJECTED = 1
    NOT_SCORED = 2
    SCORING_FAILED = 3
    THRESHOLD_KEEPS = 4
    THRESHOLD_DROPS = 5
    BROKEN = 6
    """The row could not be read; it has no score, and no verdict can keep it."""
    NO_THRESHOLD = 7
    """Scored, but no threshold is set: nothing speaks for or against it yet."""
    DUPLICATE = 8
    """Kept by the rules before, and too like a row that is kept."""
    EMPTY_RESPONSE = 9
    """There is nothing to train on."""


GATE = "gate:"
"""What the code of a threshold begins with; the name of its score follows."""

REASON_CODE = {
    Reason.ACCEPTED: "accepted",
    Reason.REJECTED: "rejected",
    Reason.NOT_SCORED: "not_scored",
    Reason.SCORING_FAILED: "scoring_failed",
    Reason.THRESHOLD_KEEPS: GATE,
    Reason.THRESHOLD_DROPS: GATE,
    Reason.BROKEN: "broken",
    Reason.NO_THRESHOLD: "no_threshold",
    Reason.DUPLICATE: "duplicate",
    Reason.EMPTY_RESPONSE: "empty_response",
}
"""Reasons as files have them, for programs."""

REASON_TEXT = {
    Reason.ACCEPTED: "accepted by hand",
    Reason.REJECTED: "rejected by hand",
    Reason.NOT_SCORED: "not scored yet",
    Reason.SCORING_FAILED: "scoring failed",
    Reason.THRESHOLD_KEEPS: "score on the keeping side of the threshold",
    Reason.THRESHOLD_DROPS: "score on the dropping side of the threshold",
    Reason.BROKEN: "row could not be read",
    Reason.NO_THRESHOLD: "no threshold set",
    Reason.DUPLICATE: "duplicate of a row that is kept",
    Reason.EMPTY_RESPONSE: "the response is empty",
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """An outcome and the rule behind it for every row."""

    outcome: NDArray[np.int8]  # (rows,) of Outcome
    reason: NDArray[np.int8]  # (rows,) of Reason
    matched: NDArray[np.int64] | None = None  # (rows,) the kept row it duplicates, -1: none
    """None while the duplicate rule is off."""
    similarity: NDArray[np.float32] | None = None  # (rows,) to that row, NaN: none


def decide(
    verdicts: NDArray[np.int8],
    scores: NDArray[np.float32],
    failed: NDArray[np.bool_],
    broken: NDArray[np.bool_],
    threshold: Threshold | None,
    empty: NDArray[np.bool_] | None = None,
) -> Outcomes:
    """Apply the rules to every row.

    Args:
        verdicts: `Verdict` per row.  (rows,)
        scores: of the side under review, NaN where there is none; under a rank rule those that
            decide, see `Ranked.deciding`.  (rows,)
        failed: the scorer tried and could not.  (rows,)
        broken: the row could not be read at all; it stays dropped whatever is said.  (rows,)
        threshold: None while none is known.
        empty: the response has nothing to train on; None: of no row.  (rows,)
    """
    outcome = np.zeros(len(verdicts), np.int8)
    reason = np.full(len(verdicts), Reason.NOT_SCORED, np.int8)
    reason[failed] = Reason.SCORING_FAILED
    scored = ~np.isnan(scores)
    if threshold is None:
        reason[scored] = Reason.NO_THRESHOLD
    else:
        keeps = threshold.keeps(scores)
        outcome[scored] = Outcome.DROPPED
        reason[scored] = Reason.THRESHOLD_DROPS
        outcome[keeps] = Outcome.KEPT
        reason[keeps] = Reason.THRESHOLD_KEEPS
    if empty is not None:
        outcome[empty] = Outcome.DROPPED
        reason[empty] = Reason.EMPTY_RESPONSE
    for verdict, result, why in (
        (Verdict.ACCEPT, Outcome.KEPT, Reason.ACCEPTED),
        (Verdict.REJECT, Outcome.DROPPED, Reason.REJECTED),
    ):
        said = verdicts == verdict
        outcome[said] = result
        reason[said] = why
    outcome[broken] = Outcome.DROPPED
    reason[broken] = Reason.BROKEN
    return Outcomes(outcome, reason)


def without_duplicates(
    outcomes: Outcomes, matched: NDArray[np.int64], similarity: NDArray[np.float32]
) -> Outcomes:
    """Drop the duplicates of kept rows, where the rules before have kept them.

    Args:
        outcomes: of those rules.
        matched: the kept row that each would be dropped for, -1: none; never an accepted row's.
            (rows,)
        similarity: to that row.  (rows,)
    """
    lost = (outcomes.outcome == Outcome.KEPT) & (matched >= 0)
    return Outcomes(
        np.where(lost, np.int8(Outcome.DROPPED), outcomes.outcome),
        np.where(lost, np.int8(Reason.DUPLICATE), outcomes.reason),
        np.where(lost, matched, np.int64(-1)),
        np.where(lost, similarity, np.float32(np.nan)),
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """What the policy does with the whole dataset, split by hand and by rule; counts of rows."""

    rows: int
    kept_by_hand: int
    kept_by_rule: int
    dropped_by_hand: int
    dropped_by_rule: int
    pending: int
    broken: int
    """Rows that could not be read; counted in `rows` and in nothing else."""
    failed: int
    """Rows whose scoring failed; those without a verdict are also in `pending`."""
    tokens_kept: int
    """Of prompts and responses as they are, whatever the scorer read of them."""
    tokens: int
    accepted_but_dropped: int
    """Accepted by hand though the threshold alone would drop them."""
    rejected_but_kept: int
    """Rejected by hand though the threshold alone would keep them."""
    kept_estimated: bool = False
    """Whether `tokens_kept` has estimates in it."""
    estimated: bool = False
    """Whether `tokens` has estimates in it."""
    empty: int = 0
    """Rows without a verdict whose response is empty; part of `dropped_by_rule`."""
    duplicates: int = 0
    """Rows that the threshold keeps and that duplicate a kept one; part of `dropped_by_rule`."""

    def without_duplicates(self, rows: int, tokens: int) -> Summary:
        """The same after `rows` with `tokens`, kept by rule so far, were dropped as duplicates."""
        return replace(
            self,
            kept_by_rule=self.kept_by_rule - rows,
            dropped_by_rule=self.dropped_by_rule + rows,
            tokens_kept=self.tokens_kept - tokens,
            duplicates=self.duplicates + rows,
        )

    @property
    def kept(self) -> int:
        """Rows that an export writes as kept."""
        return self.kept_by_hand + self.kept_by_rule

    @property
    def dropped(self) -> int:
        """Rows that an export writes as dropped; broken ones are counted apart."""
        return self.dropped_by_hand + self.dropped_by_rule

    @property
    def share_kept(self) -> float:
        """Kept rows over all rows, in [0, 1]."""
        return self.kept / self.rows if self.rows else 0.0


class Tally:
    """Counts what `decide` would do, without building its arrays.

    All that does not depend on the threshold is counted once, so that moving the threshold over
    a million rows takes about a millisecond. Made anew when scores or verdicts change.
    """

    def __init__(
        self,
        verdicts: NDArray[np.int8],
        scores: NDArray[np.float32],
        failed: NDArray[np.bool_],
        broken: NDArray[np.bool_],
        tokens: NDArray[np.int32],
        estimated: NDArray[np.bool_] | None = None,
        empty: NDArray[np.bool_] | None = None,
    ) -> None:
        """Take the arguments of `decide`, and lengths.

        Args:
            verdicts: as of `decide`.  (rows,)
            scores: as of `decide`.  (rows,)
            failed: as of `decide`.  (rows,)
            broken: as of `decide`.  (rows,)
            tokens: length of each row, 0 or more.  (rows,)
            estimated: whether that is an estimate; None: none is.  (rows,)
            empty: as of `decide`.  (rows,)
        """
        self._scores, self._tokens = scores, tokens
        readable = ~broken
        self._estimated = estimated if estimated is not None and estimated.any() else None
        self._accepted = np.flatnonzero((verdicts == Verdict.ACCEPT) & readable)
        self._rejected = np.flatnonzero((verdicts == Verdict.REJECT) & readable)
        self._by_rule = readable
        self._by_rule[self._accepted] = False
        self._by_rule[self._rejected] = False
        self._empty = 0
        if empty is not None and empty.any():
            self._empty = int(np.count_nonzero(self._by_rule & empty))
            self._by_rule &= ~empty
        # NaN is the only value unlike itself.
        there = scores == scores  # noqa: PLR0124 - NaN is not itself
        self._scored = int(np.count_nonzero(there & self._by_rule))
        self._broken = int(np.count_nonzero(broken))
        self._failed = int(np.count_nonzero(failed))
        self._tokens_total = int(np.add.reduce(tokens, dtype=np.int64))
        self._tokens_accepted = int(tokens[self._accepted].sum(dtype=np.int64))
        self._last: tuple[Threshold | None, Summary] | None = None

    def summary(self, threshold: Threshold | None) -> Summary:
        """What a threshold does; None keeps nothing by rule and leaves the scored rows pending."""
        if self._last is None or self._last[0] != threshold:
            self._last = (threshold, self._counted(threshold))
        return self._last[1]

    def _counted(self, threshold: Threshold | None) -> Summary:
        rows = len(self._scores)
        by_hand = len(self._accepted) + len(self._rejected)
        guessed = self._estimated is not None and bool(self._estimated[self._accepted].any())
        if threshold is None:
            kept_by_rule = tokens_kept = against_accept = against_reject = 0
            dropped_by_rule = self._empty
        else:
            kept = threshold.keeps(self._scores)
            against_reject = int(np.count_nonzero(kept[self._rejected]))
            doubted = self._scores[self._accepted]
            against_accept = int(np.count_nonzero(~threshold.keeps(doubted) & ~np.isnan(doubted)))
            kept &= self._by_rule
            guessed = guessed or (
                self._estimated is not None and bool((self._estimated & kept).any())
            )
            kept_by_rule = int(np.count_nonzero(kept))
            dropped_by_rule = self._scored - kept_by_rule + self._empty
            tokens_kept = int(np.add.reduce(self._tokens * kept, dtype=np.int64))
        return Summary(
            rows=rows,
            kept_by_hand=len(self._accepted),
            kept_by_rule=kept_by_rule,
            dropped_by_hand=len(self._rejected),
            dropped_by_rule=dropped_by_rule,
            pending=rows - self._broken - by_hand - kept_by_rule - dropped_by_rule,
            broken=self._broken,
            failed=self._failed,
            tokens_kept=tokens_kept + self._tokens_accepted,
            tokens=self._tokens_total,
            kept_estimated=guessed,
            empty=self._empty,
            estimated=self._estimated is not None,
            accepted_but_dropped=against_accept,
            rejected_but_kept=against_reject,
        )
