"""What a person says goes on file here, with what was on screen when they said it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.decision import Circumstances, Said
from engine.review.review import Change, Review
from engine.review.threshold import Direction
from engine.sample import Side
from engine.session.live_scoring import LiveScoring
from engine.session.threshold_choice import ThresholdChoice


class Recorder:
    """Verdicts, copies, annotations and edits are all said through it; one per session."""

    def __init__(
        self,
        review: Review,
        scoring: LiveScoring,
        threshold_choice: ThresholdChoice,
        *,
        read_only: bool,
    ) -> None:
        """Append to `review` what is said; where `read_only`, refuse it."""
        self._review = review
        self._scoring = scoring
        self._threshold_choice = threshold_choice
        self._read_only = read_only

    def check_writable(self) -> None:
        """Refuse what could not be kept.

        Raises:
            UsageError: the session is open read-only.
        """
        if self._read_only:
            raise UsageError(
                "this session is open read-only",
                "close the other desk, or open without --read-only",
            )

    def say(self, said: Said, rows: NDArray[np.int64], side: Side | None = None) -> Change:
        """Say something about `rows` as one event; on disk when this returns.

        Args:
            said: what.
            rows: at least one.  (n,)
            side: that it is about; by default the one under review.

        Raises:
            StoreError: it could not be written; nothing has changed.
        """
        side = side or self._scoring.side
        key, threshold = self._scoring.key, self._threshold_choice.threshold
        if side is not self._scoring.side:
            threshold = None  # it decides about the side on screen
        seen = Circumstances(
            threshold=threshold.value if threshold else None,
            direction=threshold.direction if threshold else Direction.AT_LEAST,
            scorer=key.scorer if key else None,
            revision=key.revision if key else None,
            side=side,
        )
        scores = self._scoring.board.scores[side, rows]
        return self._review.say(said, rows, scores=scores, circumstances=seen)
