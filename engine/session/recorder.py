"""What a person says goes on file here, with what was on screen when they said it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.errors import UsageError
from engine.review.decision import Circumstances, Said
from engine.review.review import Change, Review
from engine.review.threshold import Direction
from engine.sample import Side
from engine.session.choices import Choices
from engine.session.live_scoring import LiveScoring
from engine.session.threshold_choice import ThresholdChoice


class Recorder:
    """Verdicts, copies, annotations and edits are all said through it; one per session."""

    def __init__(
        self,
        review: Review,
        scoring: LiveScoring,
        threshold_choice: ThresholdChoice,
        choices: Choices,
        *,
        read_only: bool,
    ) -> None:
        """Append to `review` what is said, behind what `choices` has to keep.

        Where `read_only`, refuse it.
        """
        self._review = review
        self._scoring = scoring
        self._threshold_choice = threshold_choice
        self._choices = choices
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

    def say(
        self,
        said: Said,
        rows: NDArray[np.int64],
        side: Side | None = None,
        *,
        together: int | None = None,
    ) -> Change:
        """Say something about `rows` as one event; on disk when this returns.

        Args:
            said: what.
            rows: at least one.  (n,)
            side: that it is about; by default the one under review.
            together: the `Event.step` of what one undo takes back together with this.

        Raises:
            StoreError: it could not be written; nothing has changed.
        """
        self._choices.keep()
        side = self._scoring.side if side is None else side
        scores = self._scoring.board.scores[side, rows]
        seen = self.seen(side)
        return self._review.say(said, rows, scores=scores, circumstances=seen, together=together)

    def seen(self, side: Side) -> Circumstances:
        """What is on screen of a side at this moment."""
        key, threshold = self._scoring.key, self._threshold_choice.threshold
        if side is not self._scoring.side:
            threshold = None  # it decides about the side on screen
        return Circumstances(
            threshold=threshold.value if threshold else None,
            direction=threshold.direction if threshold else Direction.AT_LEAST,
            scorer=key.scorer if key else None,
            revision=key.revision if key else None,
            side=side,
        )
