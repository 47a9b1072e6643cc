"""Which threshold holds: the one asked for, else the scorer's own, else a guess.

Each scorer, and each side of preference data, has its own. A rank rule is resolved anew whenever
scores, verdicts or duplicates change.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dataset.identities import IdentityTable
from engine.errors import UsageError
from engine.review.decision import Aspect
from engine.review.rank import Population, Ranked, rank
from engine.review.threshold import Direction, Threshold, ThresholdRequest, parse_threshold
from engine.session.choices import Choices, threshold_of
from engine.session.live_scoring import LiveScoring


@dataclass(frozen=True, slots=True)
class RankBasis:
    """What a rank rule looks at beside the scores; asked for when it is resolved."""

    population: Callable[[], Population]
    """The rows that it counts."""
    kept_after: Callable[[], Callable[[NDArray[np.bool_]], int] | None]
    """How many of some rows are left without duplicates; None while that rule is off."""
    version: Callable[[], object]
    """Unlike after every change of those two."""


class ThresholdChoice:
    """The threshold for the scorer at work and the side under review."""

    def __init__(
        self,
        scoring: LiveScoring,
        choices: Choices,
        preferred: str,
        broken: NDArray[np.bool_],
        identities: IdentityTable,
        basis: RankBasis,
    ) -> None:
        """Decide by the scores of `scoring`.

        Args:
            scoring: knows the scorer and the side, too.
            choices: where what was asked for is kept.
            preferred: what is asked for where nobody has chosen here; empty: nothing.
            broken: rows that will never have a score.  (rows,)
            identities: decide between equal scores.
            basis: for rank rules.
        """
        self._identities, self._basis = identities, basis
        self.ranked: Ranked | None = None
        """What the rank rule takes, where one holds."""
        self.version = 0
        """Grows when a rank rule takes other rows."""
        self._deciding: tuple[object, NDArray[np.float32]] | None = None
        self._ranked_at: object = None
        self._scoring = scoring
        self._choices, self._preferred = choices, preferred
        self._broken = broken
        self.threshold: Threshold | None = None
        """As last resolved; None while there is nothing to go by."""
        self._request: ThresholdRequest | None = None
        self._resolved_at = -1  # board version
        self._guessed_from = 0  # scores behind the present guess
        self.preferred = False
        """Whether it is the one of the config file: nobody has set one here."""

    @property
    def text(self) -> str:
        """The threshold as it was asked for; empty where it is the scorer's own or a guess."""
        return str(self._request) if self._request is not None else ""

    @property
    def direction(self) -> Direction:
        """Which side of the threshold is kept."""
        if self.threshold is not None:
            return self.threshold.direction
        if self._request is not None:
            return self._request.direction
        return self._own_direction

    @property
    def _own_direction(self) -> Direction:
        """The scorer's: that of a number that is typed without one."""
        scorer = self._scoring.scorer
        return scorer.direction if scorer is not None else Direction.AT_LEAST

    @property
    def holding(self) -> str:
        """What holds now, as it would be typed; empty while there is nothing."""
        if self._request is not None:
            sign = f"{self._request.direction.value} " if self._request.is_rank else ""
            return f"{sign}{self._request}"
        threshold = self.threshold
        return "" if threshold is None else f"{threshold.direction.value} {threshold.value:.4g}"

    def set(self, text: str, *, save: bool = True) -> Threshold | None:
        """Set what was typed: `1.5`, `top 1000`, `25%`, each with a direction if one likes.

        Args:
            text: what was typed.
            save: keep it, as a step that undo takes back; False: for one run of a command.

        Returns:
            The bound it means now; None while there is no score to count rows by.

        Raises:
            UsageError: not understood.
            StoreError: it could not be written; nothing has changed.
        """
        request = parse_threshold(text, self._own_direction)
        if save:
            self._choices.say(Aspect.THRESHOLD, _exact(request), self._subject)
        return self._take(request)

    def move(self, text: str) -> Threshold | None:
        """The same as part of a run of nudges, which is kept as one step when it ends.

        Raises:
            UsageError: not understood.
        """
        request = parse_threshold(text, self._own_direction)
        self._choices.move(Aspect.THRESHOLD, _exact(request), self._subject)
        return self._take(request)

    def _take(self, request: ThresholdRequest) -> Threshold | None:
        self._request = request
        self._resolved_at, self._ranked_at = -1, None
        self.preferred = False
        return self.resolve()

    def bound_of(self, text: str) -> Threshold | Ranked | None:
        """What `text` would mean now, without setting it; None while a rank rule has no scores.

        Raises:
            UsageError: not understood.
        """
        request = parse_threshold(text, self._own_direction)
        if request.value is not None:
            return Threshold(request.value, request.direction)
        return self._rank(request)

    def _rank(self, request: ThresholdRequest) -> Ranked | None:
        basis = self._basis
        return rank(
            request, self._scoring.scores, basis.population(),
            identities=self._identities.identities, kept_after=basis.kept_after(),
        )  # fmt: skip

    @property
    def deciding(self) -> NDArray[np.float32]:
        """Scores of the side under review by which the threshold keeps what it should.  (rows,).

        Those on the board, but for rows that a rank rule leaves out of a tie.
        """
        scores, ranked, known = self._scoring.scores, self.ranked, self._deciding
        if ranked is None or not len(ranked.left):
            return scores
        basis = (self.version, self._scoring.board.version)
        if known is None or known[0] != basis:
            known = self._deciding = (basis, ranked.deciding(scores))
        return known[1]

    def _resolve_rank(self, request: ThresholdRequest) -> None:
        board, side = self._scoring.board, self._scoring.side
        basis = (id(board), board.version, side, self._basis.version())
        if self._ranked_at != basis:
            self._ranked_at = basis
            self.ranked = self._rank(request)
            self.version += 1
            self.threshold = None if self.ranked is None else self.ranked.threshold

    @property
    def is_rank(self) -> bool:
        """Whether a rank rule holds: verdicts and duplicates move it, too."""
        return self._request is not None and self._request.is_rank

    def resolve(self) -> Threshold | None:
        """The bound for what is known now; cheap unless something changed since the last call."""
        scoring, request = self._scoring, self._request
        if request is not None and request.is_rank:
            self._resolve_rank(request)
            return self.threshold
        if self.ranked is not None:
            self.ranked = None
            self.version += 1
        if request is not None and request.value is not None:
            self.threshold = Threshold(request.value, request.direction)
        elif self._resolved_at != scoring.board.version:
            self._resolved_at = scoring.board.version
            if scoring.scorer is not None and scoring.scorer.start_threshold is not None:
                self.threshold = Threshold(scoring.scorer.start_threshold, scoring.scorer.direction)
            else:
                self._guess()
        return self.threshold

    def forget(self) -> None:
        """Back to the scorer's own, for now; what is remembered stays."""
        self.threshold, self._request, self._resolved_at, self._guessed_from = None, None, -1, 0
        self.ranked, self._ranked_at = None, None
        self.version += 1
        self.preferred = False

    def recall(self) -> None:
        """Back to what was set for this scorer and side the last time, else what is preferred."""
        self.forget()
        chosen = self._choices.get(Aspect.THRESHOLD, self._subject)
        if chosen is not None:
            with contextlib.suppress(UsageError):  # of a version that knows more kinds
                self._request = parse_threshold(chosen)
        elif self._preferred:
            self._request = parse_threshold(self._preferred, self._own_direction)
            self.preferred = True

    def _guess(self) -> None:
        """Take the median, anew only when the scores have doubled: a guess must not wobble."""
        scores = self._scoring.scores
        known = scores[~np.isnan(scores)]
        grown = known.size >= max(2 * self._guessed_from, 1)
        answered = known.size + int(np.count_nonzero(self._scoring.failed | self._broken))
        finished = answered >= scores.size
        if grown or (finished and known.size > self._guessed_from):
            self._guessed_from = known.size
            self.threshold = Threshold(float(np.median(known)), self.direction, guess=True)

    @property
    def _subject(self) -> str:
        return threshold_of(self._scoring.spec, self._scoring.side)


def _exact(request: ThresholdRequest) -> str:
    """A request as text from which the same one is read: every digit, always the direction."""
    if request.value is not None:
        text = repr(request.value)
    else:
        text = f"top {request.top}" if request.top else f"{request.share_or_zero * 100!r}%"
    return f"{request.direction.value} {text}"
