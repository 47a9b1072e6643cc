"""Which threshold holds: the one asked for, else the scorer's own, else a guess.

Each scorer, and each side of preference data, has its own.
"""

from __future__ import annotations

import contextlib

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.threshold import Direction, Threshold, ThresholdRequest, parse_threshold
from engine.session.live_scoring import LiveScoring
from engine.session.settings import SessionSettings


class ThresholdChoice:
    """The threshold for the scorer at work and the side under review."""

    def __init__(
        self, scoring: LiveScoring, settings: SessionSettings, broken: NDArray[np.bool_]
    ) -> None:
        """Decide by the scores of `scoring`.

        Args:
            scoring: knows the scorer and the side, too.
            settings: where what was asked for is kept.
            broken: rows that will never have a score.  (rows,)
        """
        self._scoring = scoring
        self._settings = settings
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
        scorer = self._scoring.scorer
        return scorer.direction if scorer is not None else Direction.AT_LEAST

    def set(self, text: str, *, save: bool = True) -> Threshold | None:
        """Set what was typed: `1.5`, `top 1000`, `25%`, each with a direction if one likes.

        Args:
            text: what was typed.
            save: remember it; False while the mark is still being dragged.

        Returns:
            The bound it means now; None while there is no score to count rows by.

        Raises:
            UsageError: not understood.
        """
        self._request = parse_threshold(text, self.direction)
        self._resolved_at = -1
        self.preferred = False
        if save:
            self._settings.remember(self._setting, _exact(self._request))
        return self.resolve()

    def bound_of(self, text: str) -> Threshold | None:
        """What `text` would mean now, without setting it.

        Raises:
            UsageError: not understood.
        """
        return parse_threshold(text, self.direction).resolve(self._scoring.scores)

    def resolve(self) -> Threshold | None:
        """The bound for the scores known now; cheap unless scores came since the last call."""
        scoring, request = self._scoring, self._request
        if request is not None and request.value is not None:
            self.threshold = Threshold(request.value, request.direction)
        elif self._resolved_at != scoring.board.version:
            self._resolved_at = scoring.board.version
            if request is not None:
                self.threshold = request.resolve(scoring.scores)
            elif scoring.scorer is not None and scoring.scorer.start_threshold is not None:
                self.threshold = Threshold(scoring.scorer.start_threshold, scoring.scorer.direction)
            else:
                self._guess()
        return self.threshold

    def forget(self) -> None:
        """Back to the scorer's own, for now; what is remembered stays."""
        self.threshold, self._request, self._resolved_at, self._guessed_from = None, None, -1, 0
        self.preferred = False

    def recall(self) -> None:
        """Back to what was set for this scorer and side the last time, else what is preferred."""
        self.forget()
        remembered = self._settings.get(self._setting)
        preferred = self._settings.config.threshold
        if isinstance(remembered, str):
            with contextlib.suppress(UsageError):  # of a version that knows more kinds
                self._request = parse_threshold(remembered)
        elif preferred:
            self._request = parse_threshold(preferred, self.direction)
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
    def _setting(self) -> str:
        return f"threshold of {self._scoring.spec} ({self._scoring.side})"


def _exact(request: ThresholdRequest) -> str:
    """A request as text from which the same one is read: every digit, always the direction."""
    if request.value is not None:
        text = repr(request.value)
    else:
        text = f"top {request.top}" if request.top else f"{request.share_or_zero * 100!r}%"
    return f"{request.direction.value} {text}"
